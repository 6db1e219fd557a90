"""The questions as a form for other software, or as a folder of pages."""

from __future__ import annotations

import argparse
from pathlib import Path
from pkgutil import resolve_name

from triage.cli.common import cannot_write, engine_of, write
from triage.cli.console import DONE, fault, say
from triage.cli.formats import FORMS, SITE
from triage.knowledge.rulebase import load


def export(args: argparse.Namespace) -> int:
    """Write the form that is wanted. Raises FaultyInput."""
    if args.form == SITE:
        _write_site(args)
    elif args.folder or args.pyodide:
        raise fault(args.form, "has no FOLDER and no --pyodide", "--output FILE names where it goes", code="LCT633")
    else:
        write(args, resolve_name(FORMS[args.form])(load(args.rules, args.country)), args.form)
    return DONE


def _write_site(args: argparse.Namespace) -> None:
    from triage.web.static_site import OFFLINE, write_site

    folder = Path(args.folder or "")
    if not args.folder or args.output:
        raise fault(SITE, "is written to a folder", "export site FOLDER", code="LCT633")
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / OFFLINE).is_file():
            what = "holds other things, which would be mixed with the site"
            raise fault(args.folder, what, "name a new folder", code="LCT634")
        write_site(folder, engine_of(args.rules, args.country), args.pyodide or "")
    except OSError as error:
        raise cannot_write(args.folder, error) from None
    say(f"The site is in {args.folder}. Any static host can show it: docs/host.md.")
