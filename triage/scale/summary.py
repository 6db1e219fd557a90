"""The summary of a batch: how many rows have which level, red flag or cause. A share is one of the rows written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from triage.knowledge.faults import printable
from triage.knowledge.model import Disposition, Entry, RuleBase
from triage.output.contract import SUMMARY_SCHEMA, CountData, SummaryData
from triage.scale.expressions import MISSING, NEEDS_CHECKING, PHARMACIST
from triage.scale.run import LEVEL, READ, REFUSED, UNFINISHED, WRITTEN, Counts

FLAGS, CAUSES = "red_flags", "causes"
NOT_KNOWN_YET = "Not known yet: answers are missing"


def countable(rulebase: RuleBase) -> Mapping[str, Sequence[Entry]]:
    """What can come up, by the key under which it is counted."""
    causes, named = rulebase.causes.values(), {group for level in rulebase.ladder for group in level.causes}
    return {
        FLAGS: list(rulebase.red_flags.values()),
        CAUSES: [cause for cause in causes if cause.group in named],
        NEEDS_CHECKING: [cause for cause in causes if cause.condition.when],
    }


def summary(rulebase: RuleBase, counts: Counts, name: str) -> SummaryData:
    """The counts of all rows of an input; of its name only the last part is told, not the folders.

    Every level is listed, what is not finished apart; of the rest what came up, the most frequent first.
    """
    levels = [_line(level, counts[f"{LEVEL}:{level.id}"]) for level in rulebase.ladder]
    if any(counts[f"{MISSING}:{name}"] for name in (*rulebase.dispositions, "")):
        levels.append({"id": "", "title": NOT_KNOWN_YET, "rows": counts[f"{LEVEL}:"]})
    seen = {kind: _seen(kind, some, counts) for kind, some in countable(rulebase).items()}
    told: SummaryData = {
        "schema": SUMMARY_SCHEMA,
        "input": printable(Path(name).name),
        "rows": {
            "read": counts[READ],
            "written": counts[WRITTEN],
            "with_faults": counts[REFUSED],
            "with_answers_missing": counts[UNFINISHED],
        },
        "dispositions": [{**one, "unfinished": counts[f"{MISSING}:{one['id']}"]} for one in levels],
        "red_flags": seen[FLAGS],
        "causes": seen[CAUSES],
        "needs_checking": seen[NEEDS_CHECKING],
        "rulebase": {"version": rulebase.about.version, "sha256": rulebase.sha256},
    }
    beside = [_line(one, counts[f"{PHARMACIST}:"]) for one in rulebase.dispositions.values() if one.beside]
    return {**told, "beside": beside[:1]} if beside else told


def _seen(kind: str, some: Sequence[Entry], counts: Counts) -> list[CountData]:
    lines = (_line(one, counts[f"{kind}:{one.id}"]) for one in some)
    return sorted((line for line in lines if line["rows"]), key=lambda line: -line["rows"])


def _line(entry: Entry | Disposition, rows: int) -> CountData:
    return {"id": entry.id, "title": entry.title, "rows": rows}
