"""The questions and results in the formats of others: FHIR, XLSForm, JSON Schemas. Nothing here is for the screen."""
