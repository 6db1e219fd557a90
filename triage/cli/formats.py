"""The formats of results and forms: which module writes each. Nothing is imported before it is wanted."""

# Format of a result -> module and function(rulebase, assessment, wanted).
FORMATS = {
    "text": "triage.output.text:written",
    "json": "triage.output.as_json:written",
    "markdown": "triage.output.markdown:as_markdown",
    "fhir": "triage.exchange.fhir.bundle:written",
    "html": "triage.output.page:page",
}
TEXT = "text"  # the only one that follows the encoding of the terminal; the others are UTF-8 everywhere
LINES = ("json", "fhir")  # where several results follow each other, each is one line
WHOLE = ("html",)  # a document from its first character to its last: two cannot share a file

# Form for other software -> module and function(rulebase), which gives text or bytes.
FORMS = {
    "fhir": "triage.exchange.fhir.questionnaire:as_text",
    "fhir-bundle": "triage.exchange.fhir.terminology:as_text",
    "redcap": "triage.exchange.redcap:as_text",
    "xlsform": "triage.exchange.xlsform:as_xlsx",
}
SITE = "site"  # a folder of pages, beside the forms
