"""A page to answer in: one pure function from a form to the next page, for a server or a static site.

`triage.web:application` speaks WSGI with the built-in rules, for any server; `application_of` makes one with others.
`triage.web.static_site` makes a folder of the same pages for a static host.
"""

from triage.web.server import application, application_of

__all__ = ["application", "application_of"]
