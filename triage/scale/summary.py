"""The summary of a batch: how many rows have which level, red flag or cause. `SUMMARIES` names its formats.

A share is one of the rows that were written: a figure of a file, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from triage.knowledge.faults import printable
from triage.knowledge.model import CAUSE, DISPOSITION, RED_FLAG
from triage.knowledge.wording import counted
from triage.output.contract import SUMMARY_SCHEMA
from triage.output.screen import wrap
from triage.output.view import HEADINGS
from triage.scale.plan import MISSING, NEEDS_CHECKING, NOT_KNOWN, PENDING, PHARMACIST, STREAM

if TYPE_CHECKING:
    from datetime import date

    from triage.knowledge.model import Cause, Disposition, Entry, RuleBase
    from triage.output.contract import CountData, SummaryData
    from triage.scale.counts import Counts

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


class Group(NamedTuple):
    """Counts of one kind under a heading, and what to know of them. `key` tells which."""

    key: str
    heading: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


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
        lost = counts.refused + counts.unfinished
        said = [f"{counted(counts.read, 'row')} read: {counts.written:,} written, {lost:,} refused{_refused(counts)}."]
        if not counts.written:
            return *said, NO_ROWS
        if lost:
            said.append("Refused rows are in none of the counts below.")
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
    groups = [
        _levels(rulebase, counts),
        *_beside(rulebase, counts),
        _flags(rulebase, counts),
        *_causes(rulebase, counts),
    ]
    return Summary(shown, counts, tuple(groups), rulebase)


def _refused(counts: Counts) -> str:
    why = {"with faults": counts.refused, "with answers missing": counts.unfinished}
    told = [f"{rows:,} {what}" for what, rows in why.items() if rows]
    return f" ({', '.join(told)})" if told else ""


def _levels(rulebase: RuleBase, counts: Counts) -> Group:
    """Every level; what is not finished never counts as one at which nobody needs to be seen."""
    results = counts.results
    lines = [Line(level.id, level.title, results[DISPOSITION, level.id], level) for level in rulebase.ladder]
    unfinished = sum(results[MISSING, name] for name in (*(line.id for line in lines), NOT_KNOWN))
    notes = []
    if unfinished:
        lines.append(Line(NOT_KNOWN, NOT_KNOWN_YET, results[DISPOSITION, NOT_KNOWN]))
        notes.append(
            f"Answers are missing in {counted(unfinished, 'row')}. Each is counted as what is known so far, which is the least "
            f"that it can be{_but(results[PENDING, ''])}."
        )
    return Group(LEVELS, "How urgent", tuple(lines), tuple(notes))


def _but(pending: int) -> str:
    """That some levels are not the least: an open question may take them back."""
    return f", but in {counted(pending, 'row')} an open question may still explain it" if pending else ""


def _beside(rulebase: RuleBase, counts: Counts) -> Iterator[Group]:
    """What a row can have besides its level."""
    levels = [level for level in rulebase.dispositions.values() if level.beside]
    rows = counts.results[PHARMACIST, ""]
    lines = tuple(Line(level.id, level.title, rows, level) for level in levels[:1])
    if lines:
        yield Group(BESIDE, "Said as well", lines, ())


def _flags(rulebase: RuleBase, counts: Counts) -> Group:
    return _found(FLAGS, "Red flags", RED_FLAG, rulebase.red_flags.values(), counts, [SEVERAL])


def _causes(rulebase: RuleBase, counts: Counts) -> Iterator[Group]:
    """Those that a level may name, and those that are never named as likely."""
    every: Iterable[Cause] = rulebase.causes.values()
    groups = {group for level in rulebase.ladder for group in level.causes}
    named = [cause for cause in every if cause.group in groups]
    notes = [f"A row can have up to {rulebase.ranking.shown_at_most}."]
    notes += _without([level for level in rulebase.ladder if CAUSES not in level.shows or not level.causes])
    yield _found(CAUSES, HEADINGS[CAUSES], CAUSE, named, counts, notes)
    checked = [cause for cause in every if cause.condition.when]
    notes = [SEVERAL, *_without([level for level in rulebase.ladder if NEEDS_CHECKING not in level.shows])]
    yield _found(NEEDS_CHECKING, HEADINGS[NEEDS_CHECKING], NEEDS_CHECKING, checked, counts, notes)


def _without(levels: Sequence[Disposition]) -> list[str]:
    """That results of these levels name none, so that nobody takes the others for all there is."""
    titles = ", ".join(f'"{level.title}"' for level in levels)
    return [f"None are named at: {titles}."] if levels else []


def _found(key: str, heading: str, kind: str, entries: Iterable[Entry], counts: Counts, notes: Sequence[str]) -> Group:
    """Entries that came up, the most frequent first; how many did not."""
    lines = [Line(entry.id, entry.title, counts.results[kind, entry.id]) for entry in entries]
    seen = sorted((line for line in lines if line.rows), key=lambda line: -line.rows)
    absent = f"Came up in no row: {len(lines) - len(seen)} of {len(lines)}."
    return Group(key, heading, tuple(seen), (*notes, absent))


# --- formats


def _text(told: Summary, _: date | None) -> str:
    from triage.output import screen

    return "\n".join(lines(told, screen.width()))


def lines(told: Summary, columns: int) -> list[str]:
    """The tables for a terminal: figures first, so that they stand in line however long a title is."""
    rows = max(len(f"{told.counts.read:,}"), len(ROWS)) + 2
    text = [
        *wrap(f"Summary of {told.name}", columns),
        *wrap(" ".join(told.totals), columns),
        *wrap(told.version, columns),
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
        return wrap(_titled(line), columns, figures)
    return [*wrap(line.title, columns, figures), f"{tag:>{columns}}"]


def _titled(line: Line) -> str:
    return f"{line.title} [{line.id}]" if line.id else line.title


def as_dict(told: Summary) -> SummaryData:
    """The counts for a program."""
    counts = told.counts
    groups = {group.key: group.lines for group in told.groups}
    found: SummaryData = {
        "schema": SUMMARY_SCHEMA,
        "input": told.name,
        "rows": {
            "read": counts.read,
            "written": counts.written,
            "with_faults": counts.refused,
            "with_answers_missing": counts.unfinished,
        },
        "dispositions": [{**_count(one), "unfinished": counts.results[MISSING, one.id]} for one in groups[LEVELS]],
        "red_flags": _counts(groups[FLAGS]),
        "causes": _counts(groups[CAUSES]),
        "needs_checking": _counts(groups[NEEDS_CHECKING]),
        "rulebase": {"version": told.rulebase.about.version, "sha256": told.rulebase.sha256},
    }
    return {**found, "beside": _counts(groups[BESIDE])} if BESIDE in groups else found


def _counts(lines: Iterable[Line]) -> list[CountData]:
    return [_count(line) for line in lines]


def _count(line: Line) -> CountData:
    return {"id": line.id, "title": line.title, "rows": line.rows}


def _json(told: Summary, _: date | None) -> str:
    from triage.output.as_json import json_text

    return json_text(as_dict(told), indent=2)


def _markdown(told: Summary, _: date | None) -> str:
    from triage.output.markup import escaped, table

    blocks = [f"# {escaped(f'Summary of {told.name}')}", " ".join(told.totals), told.version]
    for group in told.groups:
        blocks.append(f"## {escaped(group.heading)}")
        rows = [(escaped(_titled(line)), f"{line.rows:,}", escaped(told.share(line.rows))) for line in group.lines]
        blocks += ["\n".join(table([(group.heading, ROWS, SHARE), *rows]))] if rows else []
        blocks += [escaped(" ".join(group.notes))] if group.notes else []
    return "\n\n".join([*blocks, f"## {NOT_SHOWN}", "\n".join(f"- {limit}" for limit in LIMITS)])


def _html(told: Summary, day: date | None) -> str:
    from triage.output.frame import rendered

    words = {"rows": ROWS, "share": SHARE, "not_shown": NOT_SHOWN, "limits": LIMITS}
    return rendered("summary.html", "summary.css", told=told, made=day, **words)


SUMMARIES: Mapping[str, Callable[[Summary, date | None], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
}
