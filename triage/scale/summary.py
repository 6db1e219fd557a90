"""The summary of a batch: how many rows have which level, red flag or cause. `SUMMARIES` names its formats.

A share is one of the rows that were written: a figure of a file, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.faults import printable
from triage.knowledge.model import CAUSE, DISPOSITION, RED_FLAG, Disposition, Entry, RuleBase
from triage.knowledge.wording import counted
from triage.output import screen
from triage.output.as_json import json_text
from triage.output.contract import SUMMARY_SCHEMA, CountData, SummaryData
from triage.output.frame import rendered
from triage.output.markdown import markdown
from triage.output.screen import wrap
from triage.output.view import HEADINGS
from triage.scale.plan import MISSING, NEEDS_CHECKING, NOT_KNOWN, PENDING, PHARMACIST, STREAM, Counts

LEVELS, BESIDE, FLAGS, CAUSES = "dispositions", "beside", "red_flags", "causes"  # keys of groups
ROWS, SHARE, NONE = "Rows", "Share", "-"
NOT_SHOWN = "What this does not show"
SOME = 0.001  # a share below this, or as near to all, is not rounded to none or all
NOT_KNOWN_YET = "Not known yet: answers are missing"
SEVERAL = "A row can have several."
NO_ROWS = "No row was written, so there is nothing to count."
LIMITS = (
    "It counts the rows that were written. Who did not answer is not in it, and somebody may be in it twice.",
    "So it does not say how common anything is among other people.",
    "A cause that fits is not an illness that somebody has: answers alone cannot show one.",
    "A small number can point to one person. Think of that before you pass it on.",
)


class Line(NamedTuple):
    """So many rows have this. `id` is empty for what is no entry of the rule base; `level` for looks."""

    id: str
    title: str
    rows: int
    level: Disposition | None = None

    @property
    def label(self) -> str:
        """Title and id."""
        return f"{self.title} [{self.id}]" if self.id else self.title


class Group(NamedTuple):
    """Counts of one kind under a heading, and what to know of them. `key` tells which."""

    key: str
    heading: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


class Summary(NamedTuple):
    """What is told of a batch: of which input, by which rules, how many rows, and the counts."""

    name: str
    counts: Counts
    groups: tuple[Group, ...]
    rulebase: RuleBase

    @property
    def totals(self) -> tuple[str, ...]:
        """Sentences on the rows that were read."""
        counts = self.counts
        refused = {"with faults": counts.refused, "with answers missing": counts.unfinished}
        why = ", ".join(f"{rows:,} {what}" for what, rows in refused.items() if rows)
        lost = f"{sum(refused.values()):,} refused" + (f" ({why})" if why else "")
        said = [f"{counted(counts.read, 'row')} read: {counts.written:,} written, {lost}."]
        if not counts.written:
            return *said, NO_ROWS
        said += ["Refused rows are counted nowhere else."] if why else []
        return *said, f"Each share is of the {counted(counts.written, 'row')} written."

    @property
    def version(self) -> str:
        """Which rules it was."""
        return f"Rules {self.rulebase.about.version}, {self.rulebase.sha256[:12]}"

    def share(self, rows: int) -> str:
        """Of the rows written, in words of a table."""
        if not self.counts.written:
            return NONE
        part = rows / self.counts.written
        if 0 < part < SOME:
            return f"<{SOME:.1%}"
        return f">{1 - SOME:.1%}" if 1 > part > 1 - SOME else f"{part:.1%}"


def summary(rulebase: RuleBase, counts: Counts, name: str) -> Summary:
    """The summary of all rows of an input; of its name only the last part is told, not the folders."""
    shown = "standard input" if name == STREAM else printable(Path(name).name)
    return Summary(shown, counts, tuple(_groups(rulebase, counts)), rulebase)


def _groups(rulebase: RuleBase, counts: Counts) -> Iterator[Group]:
    yield _levels(rulebase, counts)
    beside = [level for level in rulebase.dispositions.values() if level.beside][:1]
    if beside:  # what a row can have besides its level
        rows = counts.results[PHARMACIST, ""]
        yield Group(BESIDE, "Said as well", tuple(Line(one.id, one.title, rows, one) for one in beside))
    yield _found(FLAGS, "Red flags", RED_FLAG, rulebase.red_flags.values(), counts, SEVERAL)
    ladder, causes = rulebase.ladder, rulebase.causes.values()
    at_most = f"A row can have up to {rulebase.ranking.shown_at_most}."
    none_named = _none_named_at(level for level in ladder if CAUSES not in level.shows or not level.causes)
    named = [cause for cause in causes if any(cause.group in level.causes for level in ladder)]
    yield _found(CAUSES, HEADINGS[CAUSES], CAUSE, named, counts, at_most, none_named)
    none_named = _none_named_at(level for level in ladder if NEEDS_CHECKING not in level.shows)
    checked = [cause for cause in causes if cause.condition.when]
    yield _found(NEEDS_CHECKING, HEADINGS[NEEDS_CHECKING], NEEDS_CHECKING, checked, counts, SEVERAL, none_named)


def _levels(rulebase: RuleBase, counts: Counts) -> Group:
    """Every level; what is not finished never counts as one at which nobody needs to be seen."""
    results = counts.results
    lines = [Line(level.id, level.title, results[DISPOSITION, level.id], level) for level in rulebase.ladder]
    unfinished = sum(results[MISSING, name] for name in (*(line.id for line in lines), NOT_KNOWN))
    if not unfinished:
        return Group(LEVELS, "How urgent", tuple(lines))
    lines.append(Line(NOT_KNOWN, NOT_KNOWN_YET, results[DISPOSITION, NOT_KNOWN]))
    pending = results[PENDING, ""]  # an open question may take their level back
    but = f", but in {counted(pending, 'row')} an open question may still explain it" if pending else ""
    note = (
        f"Answers are missing in {counted(unfinished, 'row')}. Each is counted as what is known so far, which is the "
        f"least that it can be{but}."
    )
    return Group(LEVELS, "How urgent", tuple(lines), (note,))


def _none_named_at(levels: Iterable[Disposition]) -> str:
    """That results of these levels name none, so that nobody takes the others for all there is."""
    titles = ", ".join(f'"{level.title}"' for level in levels)
    return f"None are named at: {titles}." if titles else ""


def _found(key: str, heading: str, kind: str, entries: Iterable[Entry], counts: Counts, *notes: str) -> Group:
    """Entries that came up, the most frequent first; how many did not."""
    lines = [Line(entry.id, entry.title, counts.results[kind, entry.id]) for entry in entries]
    seen = sorted((line for line in lines if line.rows), key=lambda line: -line.rows)
    absent = f"Came up in no row: {len(lines) - len(seen)} of {len(lines)}."
    return Group(key, heading, tuple(seen), tuple(filter(None, (*notes, absent))))


# --- formats


def lines(told: Summary, columns: int) -> list[str]:
    """The tables for a terminal: figures first, so that they stand in line however long a title is."""
    rows = max(len(f"{told.counts.read:,}"), len(ROWS)) + 2
    text = [
        line
        for said in (f"Summary of {told.name}", " ".join(told.totals), told.version)
        for line in wrap(said, columns)
    ]
    for group in told.groups:
        text += ["", *wrap(group.heading, columns, f"{ROWS:>{rows}}{SHARE:>8}  ")]
        for line in group.lines:
            text += _row(line, f"{line.rows:>{rows},}{told.share(line.rows):>8}  ", columns)
        text += wrap(" ".join(group.notes), columns) if group.notes else []
    return [*text, "", NOT_SHOWN, *(line for limit in LIMITS for line in wrap(limit, columns, "- "))]


def _row(line: Line, figures: str, columns: int) -> list[str]:
    """An id that is too long to stand below the title stands at the right, so that it can be copied whole."""
    tag = f"[{line.id}]"
    if len(figures) + len(tag) <= columns:
        return wrap(line.label, columns, figures)
    return [*wrap(line.title, columns, figures), f"{tag:>{columns}}"]


def as_dict(told: Summary) -> SummaryData:
    """The counts for a program."""
    counts = told.counts
    groups = {group.key: [_count(line) for line in group.lines] for group in told.groups}
    found: SummaryData = {
        "schema": SUMMARY_SCHEMA,
        "input": told.name,
        "rows": {
            "read": counts.read,
            "written": counts.written,
            "with_faults": counts.refused,
            "with_answers_missing": counts.unfinished,
        },
        "dispositions": [{**one, "unfinished": counts.results[MISSING, one["id"]]} for one in groups[LEVELS]],
        "red_flags": groups[FLAGS],
        "causes": groups[CAUSES],
        "needs_checking": groups[NEEDS_CHECKING],
        "rulebase": {"version": told.rulebase.about.version, "sha256": told.rulebase.sha256},
    }
    return {**found, "beside": groups[BESIDE]} if BESIDE in groups else found


def _count(line: Line) -> CountData:
    return {"id": line.id, "title": line.title, "rows": line.rows}


_WORDS = {"rows": ROWS, "share": SHARE, "not_shown": NOT_SHOWN, "limits": LIMITS}

# What a summary is written in; `date`, if any, stands on the page.
SUMMARIES: Mapping[str, Callable[[Summary, date | None], str]] = {
    "text": lambda told, _: "\n".join(lines(told, screen.width())),
    "json": lambda told, _: json_text(as_dict(told), indent=2),
    "markdown": lambda told, _: markdown("summary.md", told=told, **_WORDS),
    "html": lambda told, day: rendered("summary.html", "summary.css", told=told, made=day, **_WORDS),
}
