"""An assessment as text or JSON. `FORMATS` names them all."""

from __future__ import annotations

from collections.abc import Callable

from triage.model import Assessment, RuleBase


def _text(rulebase: RuleBase, assessment: Assessment) -> str:
    from triage import screen
    from triage.report.text import whole

    return "\n".join(whole(rulebase, assessment, screen.width()))


def _json(rulebase: RuleBase, assessment: Assessment) -> str:
    import json

    from triage.report.as_json import as_dict

    return json.dumps(as_dict(rulebase, assessment), indent=2, ensure_ascii=False)


FORMATS: dict[str, Callable[[RuleBase, Assessment], str]] = {"text": _text, "json": _json}
