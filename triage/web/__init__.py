"""A page to answer in: one pure function from a form to the next page, and a WSGI application around it.

`triage.web:application` speaks WSGI with the built-in rules, for any server; `application_of` makes one with others.
"""

from triage.web.server import application, application_of

__all__ = ["application", "application_of"]
