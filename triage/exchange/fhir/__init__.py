"""FHIR R4: the questionnaire as a Questionnaire, answers as QuestionnaireResponses. Plain dictionaries."""
