"""The summary of a batch: how many rows have which level, red flag or cause. A share is one of the rows written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.faults import printable
from triage.knowledge.model import Disposition, Entry, RuleBase
from triage.knowledge.wording import counted
from triage.output import screen
from triage.output.as_json import json_text
from triage.output.contract import SUMMARY_SCHEMA, SummaryData
from triage.output.frame import rendered
from triage.output.markdown import markdown, plain
from triage.output.view import HEADINGS
from triage.scale.expressions import NEEDS_CHECKING, PENDING, PHARMACIST
from triage.scale.run import READ, REFUSED, UNFINISHED, WRITTEN, Counts

LEVELS, BESIDE, FLAGS, CAUSES = "dispositions", "beside", "red_flags", "causes"  # keys of groups
SOME = 0.001  # a share below this, or as near to all, is not rounded to none or all


class Line(NamedTuple):
    """So many rows have this. `id` is empty for what is not known yet; `level` for looks."""

    id: str
    title: str
    rows: int
    level: Disposition | None = None


class Group(NamedTuple):
    """Counts of one kind, and what to know of them."""

    heading: str
    lines: tuple[Line, ...]
    note: str = ""


class Summary(NamedTuple):
    """What is told of a batch: of which input, how many rows, and the counts by their keys."""

    name: str
    counts: Counts
    groups: Mapping[str, Group]
    rulebase: RuleBase

    def share(self, rows: int) -> str:
        """Of the rows written, in words of a table."""
        part = rows / (self.counts[WRITTEN] or 1)
        if 0 < part < SOME:
            return f"<{SOME:.1%}"
        return "-" if not self.counts[WRITTEN] else f">{1 - SOME:.1%}" if 1 > part > 1 - SOME else f"{part:.1%}"


def summary(rulebase: RuleBase, counts: Counts, name: str) -> Summary:
    """The summary of all rows of an input; of its name only the last part is told, not the folders."""
    return Summary(printable(Path(name).name), counts, dict(_groups(rulebase, counts)), rulebase)


def _groups(rulebase: RuleBase, counts: Counts) -> Iterator[tuple[str, Group]]:
    ladder, causes = rulebase.ladder, rulebase.causes.values()
    levels = tuple(Line(level.id, level.title, counts[f"disposition:{level.id}"], level) for level in ladder)
    if unfinished := sum(counts[f"missing:{name}"] for name in (*rulebase.dispositions, "")):
        levels = (*levels, Line("", "Not known yet: answers are missing", counts["disposition:"]))
    but = f", but in {counted(counts[f'{PENDING}:'], 'row')} an open question may still explain it"
    note = f"Answers are missing in {counted(unfinished, 'row')}. Each is counted as what is known so far, which is the least"
    yield (
        LEVELS,
        Group("How urgent", levels, f"{note} that it can be{but * bool(counts[f'{PENDING}:'])}." * bool(unfinished)),
    )
    beside = tuple(Line(o.id, o.title, counts[f"{PHARMACIST}:"], o) for o in rulebase.dispositions.values() if o.beside)
    if beside:  # what a row can have besides its level
        yield BESIDE, Group("Said as well", beside[:1])
    yield FLAGS, _found("Red flags", FLAGS, rulebase.red_flags.values(), counts, "A row can have several.")
    named = [cause for cause in causes if any(cause.group in level.causes for level in ladder)]
    none = (level for level in ladder if CAUSES not in level.shows or not level.causes)
    at_most = f"A row can have up to {rulebase.ranking.shown_at_most}. {_none_at(none)}"
    yield CAUSES, _found(HEADINGS[CAUSES], CAUSES, named, counts, at_most)
    several = f"A row can have several. {_none_at(level for level in ladder if NEEDS_CHECKING not in level.shows)}"
    checked = [cause for cause in causes if cause.condition.when]
    yield NEEDS_CHECKING, _found(HEADINGS[NEEDS_CHECKING], NEEDS_CHECKING, checked, counts, several)


def _none_at(levels: Iterable[Disposition]) -> str:
    """That results of these levels name none, so that nobody takes the others for all there is."""
    titles = ", ".join(f'"{level.title}"' for level in levels)
    return f"None are named at: {titles}. " if titles else ""


def _found(heading: str, kind: str, entries: Iterable[Entry], counts: Counts, note: str) -> Group:
    """Entries that came up, the most frequent first; how many did not."""
    lines = [Line(entry.id, entry.title, counts[f"{kind}:{entry.id}"]) for entry in entries]
    seen = sorted((line for line in lines if line.rows), key=lambda line: -line.rows)
    absent = f"Came up in no row: {len(lines) - len(seen)} of {len(lines)}."
    return Group(heading, tuple(seen), f"{note.strip()} {absent}")


def as_dict(told: Summary) -> SummaryData:
    """The counts for a program."""
    counts, groups = (
        told.counts,
        {name: [line._asdict() for line in group.lines] for name, group in told.groups.items()},
    )
    found = {
        name: [{key: line[key] for key in ("id", "title", "rows")} for line in lines] for name, lines in groups.items()
    }
    return {
        "schema": SUMMARY_SCHEMA,
        "input": told.name,
        "rows": {
            "read": counts[READ],
            "written": counts[WRITTEN],
            "with_faults": counts[REFUSED],
            "with_answers_missing": counts[UNFINISHED],
        },
        **found,  # type: ignore[typeddict-item]
        LEVELS: [{**line, "unfinished": counts[f"missing:{line['id']}"]} for line in found[LEVELS]],
        "rulebase": {"version": told.rulebase.about.version, "sha256": told.rulebase.sha256},
    }


# What a summary is written in; `date`, if any, stands on the page.
SUMMARIES: Mapping[str, Callable[[Summary, date | None], str]] = {
    "text": lambda told, _: "\n".join(plain("summary.txt", screen.width(), told=told)),
    "json": lambda told, _: json_text(as_dict(told), indent=2),
    "markdown": lambda told, _: markdown("summary.md", told=told),
    "html": lambda told, day: rendered("summary.html", "summary.css", told=told, made=day),
}
