"""Answer sets judged by the expressions of `batch`, and by the engine, as rows of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars

from triage.conversation.interview import missing_from
from triage.knowledge.conditions import Facts
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answers
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.scale.expressions import RESULT, Rules, as_lists

Row = Mapping[str, Any]
NONE: frozenset[str] = frozenset()


def judged(rules: Rules, sets: Sequence[Answers]) -> list[Row]:
    """What the expressions say of answer sets."""
    return as_lists(rules.judged(bits(rules, [as_facts(answers, rules.rulebase.bands) for answers in sets]))).to_dicts()


def bits(rules: Rules, known: Sequence[Facts]) -> polars.DataFrame:
    """Facts as columns of questions."""
    return polars.DataFrame(
        {
            name: polars.Series([rules.bits(name, facts.get(name, NONE)) for facts in known], dtype=polars.UInt64)
            for name in rules.options
        }
    )


def by_the_engine(engine: Engine, answers: Answers) -> Row:
    """What the engine says of one."""
    found = assess(engine, answers, missing_from(engine, answers))
    known = found.see_doctor or not found.missing
    values = (
        found.disposition.id if known else None,
        found.see_doctor if known else None,
        found.pharmacist is not None,
        [f.flag.id for f in found.red_flags],
        [c.cause.id for c in found.causes],
        [c.cause.id for c in found.needs_checking],
        [c.id for c in found.checks],
        list(found.missing),
        found.may_be_explained,
        engine.rulebase.sha256[:12],
    )
    return dict(zip(RESULT, values, strict=True))
