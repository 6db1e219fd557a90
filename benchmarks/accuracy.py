"""How urgent the result is for 61 patients of exam banks, case reports and forums. Writes docs/accuracy.md.

    python benchmarks/accuracy.py [--output FILE]

Two readers have ticked the questions for each story (data/); what it leaves open is answered "none", and once more
"not sure". A few seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]  # this checkout, wherever it is called from

from benchmarks.conversation import DATA, NONE, Scripted, Told, answers_of, interviewed
from triage.conversation.answers import write_whole
from triage.knowledge.model import AT_ONCE, EVERYDAY, NOT_SURE, Answers, chosen
from triage.knowledge.rulebase import load
from triage.output.view import deciding, places
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment, FiredFlag

OUTPUT = ROOT / "docs" / "accuracy.md"
READERS = {"A": "reader1.json", "B": "reader2.json"}
WAYS = {NONE: '"none"', NOT_SURE: '"not sure"'}
OPEN = {"side": "both", "age": "a_na"}  # what is left open where there is no "none", or no "not sure"
APPOINTMENT = {"routine": ("soon", "routine")}  # the labels have one word for both
FIRST = 3  # causes
UNDER, FINE, OVER = range(3)
GOAL, GOAL_OVER = 0.9, 0.1


class Vignette(NamedTuple):
    """A story, the level that its reader gave, all levels that are acceptable, and the causes expected."""

    id: str
    story: str
    label: str
    acceptable: frozenset[str]
    causes: frozenset[str]


class Run(NamedTuple):
    """All stories as one reader ticked them, with one answer to what they leave open."""

    reader: str
    way: str
    told: Mapping[str, Told]

    @property
    def name(self) -> str:
        return f"{self.reader}, {WAYS[self.way]}"


def vignettes() -> list[Vignette]:
    means = tomllib.loads((DATA / "causes.toml").read_text("utf-8"))["means"]
    return [
        Vignette(
            one["id"],
            one["story"],
            _level(one["disposition"]),
            frozenset(map(_level, [one["disposition"], *one["also_acceptable"]])),
            frozenset(cause for words in one["expected_causes"] for cause in means[words]),
        )
        for one in json.loads((DATA / "vignettes.json").read_text("utf-8"))
    ]


def _level(label: str) -> str:
    return label.replace("-", "_")


def encodings(reader: str) -> dict[str, Answers]:
    """What a reader ticked, by story."""
    data = json.loads((DATA / READERS[reader]).read_text("utf-8"))
    return {name: answers_of(table) for name, table in data.items()}


def runs(engine: Engine) -> list[Run]:
    return [
        Run(r, way, {name: interviewed(engine, Scripted(one, way, OPEN)) for name, one in encodings(r).items()})
        for way in WAYS
        for r in READERS
    ]


# --- what is counted


class Accuracy:
    """The stories, the four runs, and what they come to."""

    def __init__(self, engine: Engine) -> None:
        self.rulebase = engine.rulebase
        self.stories = vignettes()
        self.runs = runs(engine)
        self.ranks = {level.id: level.rank for level in self.rulebase.ladder}
        self.labels = [name for name in self.ranks if any(one.label == name for one in self.stories)]

    def verdict(self, run: Run, one: Vignette, apart: bool = False) -> int:
        """UNDER, FINE or OVER; `apart`: "soon" is not what a label "routine" means."""
        named = one.acceptable if apart else {x for name in one.acceptable for x in APPOINTMENT.get(name, (name,))}
        rank, ranks = self.ranks[run.told[one.id].result.disposition.id], [self.ranks[name] for name in named]
        return UNDER if rank > max(ranks) else OVER if rank < min(ranks) else FINE

    def count(self, run: Run, verdict: int, label: str = "", apart: bool = False) -> int:
        return sum(self.verdict(run, one, apart) == verdict for one in self.of(label))

    def of(self, label: str) -> list[Vignette]:
        """The stories of a label, or all."""
        return [one for one in self.stories if label in ("", one.label)]

    def wrong(self, verdict: int, runs: Iterable[Run]) -> list[Vignette]:
        """The stories that come out so in any of the runs."""
        runs = list(runs)
        return [one for one in self.stories if any(self.verdict(run, one) == verdict for run in runs)]

    def way(self, way: str) -> list[Run]:
        return [run for run in self.runs if run.way == way]


def interval(share: int, of: int) -> tuple[float, float]:
    """Within which a share of so few lies, to 95 % (Wilson)."""
    z = 1.96
    p, scale = share / of, 1 + z * z / of
    middle, half = (p + z * z / (2 * of)) / scale, z / scale * (p * (1 - p) / of + z * z / (4 * of * of)) ** 0.5
    return middle - half, middle + half


def causes_shown(result: Assessment) -> list[str]:
    """The causes of a result, in the order in which it names them."""
    ranked = sorted(result.causes, key=lambda one: one.cause.group != EVERYDAY)
    return [one.cause.id for one in (*ranked, *result.needs_checking)]


class Agreement(NamedTuple):
    """How alike two readers ticked."""

    same: int
    answers: int
    both: int
    lines: int


def agreement(one: Mapping[str, Answers], other: Mapping[str, Answers]) -> Agreement:
    """Answers that both gave and how many are the same; lines that either ticked and how many both did."""
    same = answers = both = lines = 0
    for name, mine in one.items():
        theirs = other[name]
        for question in mine.keys() | theirs.keys():
            ours = [_ticked(answers.get(question, ())) for answers in (mine, theirs)]
            both += len(ours[0] & ours[1])
            lines += len(ours[0] | ours[1])
            if question in mine and question in theirs:
                answers += 1
                same += mine[question] == theirs[question]
    return Agreement(same, answers, both, lines)


def _ticked(answer: int | str | tuple[str, ...]) -> set[str]:
    return {str(answer)} if isinstance(answer, int) else set(chosen(answer)) - {NONE}


# --- the page

PAGE = """\
# Accuracy

Written by `python benchmarks/accuracy.py`; do not edit it by hand. Rules {version}.

{count} patients from exam banks, case reports, doctors' columns and forums ([their stories and sources](../benchmarks/data/vignettes.json)), retold in own
words. One reader gave each a level and others that are acceptable. Two further readers (A and B) saw only the questions
and the stories, and ticked what a person who tells this story would tick. The interview then ran as it is, four times: what a story
leaves open was answered "none" (which leg: both; age: not said), and once more "not sure".

## Result

"Under" is less urgent than any acceptable level, "over" is more urgent. The labels have one word for an appointment, "routine":
"within days" and "in the next weeks" both count as that. In the last column only "in the next weeks" does.

{summary}

{goal}

Which of the two ways is nearer to real people was not measured: they know more of themselves than a story tells, and can look at
their legs. "Not sure" everywhere asks for help early, on purpose: no answer is taken for a "no".

## By level

{levels}

What was said (columns) of what was labelled (rows), readers A / B, with "none":

{said}

## Under-triaged, every one

{under}

## Over-triaged

With "none":

{over}

With "not sure" only ({unsure_count}):

{unsure}

## Causes

A cause that the story's reader expected is among the first {first} that the result names (in brackets: anywhere in it), readers
A / B, with "none". An emergency names none, and is left out. What the reader's words mean in the rules is in [causes.toml](../benchmarks/data/causes.toml).

{causes}

## The readers

Both gave {answers} answers to the same question of the same story; {same} are the same in every line ({same_share}). Of {lines} lines that
either ticked, both ticked {both} ({both_share}). The level is the same in {none_levels} of {count} stories with "none", in {unsure_levels} with "not sure".

## Questions and words

The mean of both readers before the result; words with None and Not sure counted on every screen ([how](../benchmarks/README.md)).

{lengths}

## Beside others

| | stories | acceptable | emergencies | self-care |
|---|---|---|---|---|
{ours}
| version 1, two readers of its own, "none" | the same | 47 (77 %), 6 under, 8 or 9 over | 11 of 12 | 17 of 18 |
| 23 published symptom checkers | 45 others | 57 % (52 to 61 %) | 80 % | 33 % (26 to 40 %) |

The last row is Semigran and others, [BMJ 2015;351:h3480](https://pmc.ncbi.nlm.nih.gov/articles/PMC4496786): other illnesses, three levels instead of four, several
checkers. It says what is usual, and is no contest.

## What this does not show

- **The labels are one reader's.** No clinician has checked them, and clinicians differ, too. The reader knew the answer of the
  source, which the person who is ill does not know.
- **It is our own run.** The rules and the questions were written by those who ran it, with version 1's results on the same stories
  in hand. No story has a rule of its own, but the kinds of mistakes were known. A fresh set of stories would be a harder test.
- **One rule came after the first run.** With these readers and the rules before it, 53 (A) and 52 (B) were acceptable, 4 under
  each, 4 and 5 over. `new-cramps-above-with-weakness` was written then. What it changes in HV-U16 and HV-U20 shows nothing about others.
- **The readers are models, not people.** They read carefully and to the end, are not in pain, and know what words mean. A tired
  person may overlook a line, or tick one that does not fit.
- **Stories are short.** They name what mattered in the end. Real people have more to tick, or do not notice what matters.
- **{count} are few.** The ranges in brackets are what chance alone allows. They say nothing about the other points.
- **Rare and common are mixed.** {emergencies} of {count} are emergencies: far more than among people with leg cramps. So the shares are
  not those of any practice.
"""


def page(engine: Engine) -> str:
    """The whole page."""
    found = Accuracy(engine)
    none, unsure = found.way(NONE), found.way(NOT_SURE)
    alike = agreement(encodings("A"), encodings("B"))
    over = found.wrong(OVER, none)
    only_unsure = [one for one in found.wrong(OVER, unsure) if one not in over]
    return PAGE.format(
        version=engine.rulebase.about.version,
        count=len(found.stories),
        first=FIRST,
        emergencies=len(found.of("emergency")),
        summary=_table(_summary(found)),
        goal=_goal(found, none),
        levels=_table(_levels(found)),
        said=_table(_said(found, none)),
        under=_listed(found, UNDER, found.wrong(UNDER, found.runs), found.runs),
        over=_listed(found, OVER, over, none),
        unsure_count=len(only_unsure),
        unsure=_table(_unsure(only_unsure, unsure)),
        causes=_table(_causes(found, none)),
        answers=alike.answers,
        same=alike.same,
        same_share=_percent(alike.same, alike.answers),
        lines=alike.lines,
        both=alike.both,
        both_share=_percent(alike.both, alike.lines),
        none_levels=_same_level(none),
        unsure_levels=_same_level(unsure),
        lengths=_table(_lengths(found)),
        ours="\n".join(_row(cells) for cells in _ours(found, none)),
    )


Cells = Sequence[object]


def _table(rows: Iterable[Cells]) -> str:
    head, *rest = rows
    return "\n".join(map(_row, [head, ["---"] * len(head), *rest]))


def _row(cells: Cells) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.0f} %"


def _summary(found: Accuracy) -> Iterator[Cells]:
    yield "reader, what is left open", "acceptable", "under", "over", "emergencies", "self-care", '"days" apart'
    for run in found.runs:
        fine, of = found.count(run, FINE), len(found.stories)
        low, high = interval(fine, of)
        shares = [f"{found.count(run, FINE, label)} of {len(found.of(label))}" for label in ("emergency", "self_care")]
        counts = [found.count(run, verdict) for verdict in (UNDER, OVER)]
        share = f"{fine} of {of}: {_percent(fine, of)} ({100 * low:.0f} to {100 * high:.0f})"
        yield run.name, share, *counts, *shares, found.count(run, FINE, apart=True)


def _goal(found: Accuracy, none: Sequence[Run]) -> str:
    """What version 2 set out for, by the weaker of the readers."""
    of = len(found.stories)
    fine = min(found.count(run, FINE) for run in none)
    over = max(found.count(run, OVER) for run in none)
    emergencies = max(found.count(run, UNDER, "emergency") for run in none)
    goals = (
        (f"at least {GOAL:.0%} acceptable".replace("%", " %"), f"{fine} of {of}", fine >= GOAL * of),
        ("no emergency under", f"{emergencies} under", not emergencies),
        (f"at most {GOAL_OVER:.0%} over".replace("%", " %"), f"{over} of {of}", over <= GOAL_OVER * of),
    )
    said = [f"{what}: {'kept' if kept else '**missed**'} ({figure})" for what, figure, kept in goals]
    return f'The goals, with "none" and by the weaker reader: {"; ".join(said)}.'


def _levels(found: Accuracy) -> Iterator[Cells]:
    yield "label", "stories", *(run.name for run in found.runs)
    for label in found.labels:
        counts = [[found.count(run, verdict, label) for verdict in (FINE, UNDER, OVER)] for run in found.runs]
        yield label, len(found.of(label)), *(_verdicts(*one) for one in counts)


def _verdicts(fine: int, under: int, over: int) -> str:
    parts = (f"{fine} acceptable", f"{under} under" if under else "", f"{over} over" if over else "")
    return ", ".join(filter(None, parts))


def _said(found: Accuracy, none: Sequence[Run]) -> Iterator[Cells]:
    yield "", *found.ranks
    for label in found.labels:
        stories = found.of(label)
        levels = [[run.told[one.id].result.disposition.id for one in stories] for run in none]
        yield label, *(" / ".join(str(one.count(level)) for one in levels) for level in found.ranks)


def _listed(found: Accuracy, verdict: int, stories: Iterable[Vignette], runs: Sequence[Run]) -> str:
    """Stories by name, with what was said in the runs in which they came out so, and why."""
    parts = []
    for one in stories:
        lines = [f"**{one.id}**, {' or '.join(sorted(one.acceptable, key=found.ranks.__getitem__))}. {one.story}", ""]
        alike: dict[str, list[str]] = {}
        for run in runs:
            if found.verdict(run, one) == verdict:
                alike.setdefault(_given(found, run.told[one.id].result), []).append(run.name)
        lines += [f"- {'; '.join(names)}: {given}" for given, names in alike.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) or "None."


def _given(found: Accuracy, result: Assessment) -> str:
    """The level, all red flags (those that decided first), and where it says to go or whom to ask."""
    flags = [f for f in result.red_flags if f not in deciding(result)]
    names = [*(f"`{f.flag.id}`" for f in deciding(result)), *(f.flag.id for f in flags)]
    place = places(found.rulebase, deciding(result))[:1] if result.disposition.stops else []
    beside = [result.pharmacist.say] if result.pharmacist else []
    said = "".join(f' It says: "{text}"' for text in [*place, *beside])
    return f"{result.disposition.id}, by {', '.join(names) or 'no red flag'}.{said}"


def _unsure(stories: Iterable[Vignette], runs: Sequence[Run]) -> Iterator[Cells]:
    yield "story", "label", *(run.reader for run in runs)
    for one in stories:
        yield one.id, one.label, *(_decided(run.told[one.id].result) for run in runs)


def _decided(result: Assessment) -> str:
    return f"{result.disposition.id}: {', '.join(_ids(deciding(result)))}"


def _ids(flags: Iterable[FiredFlag]) -> list[str]:
    return [f.flag.id for f in flags]


def _causes(found: Accuracy, none: Sequence[Run]) -> Iterator[Cells]:
    yield "label", *(f"reader {run.reader}" for run in none)
    for label in [*found.labels, ""]:
        yield label or "all", *(_named(run, found.of(label)) for run in none)


def _named(run: Run, stories: Iterable[Vignette]) -> str:
    shown = {one: causes_shown(run.told[one.id].result) for one in stories}
    shown = {one: names for one, names in shown.items() if run.told[one.id].result.disposition.stops != AT_ONCE}
    first = sum(not one.causes.isdisjoint(names[:FIRST]) for one, names in shown.items())
    anywhere = sum(not one.causes.isdisjoint(names) for one, names in shown.items())
    return f"{first} of {len(shown)} ({anywhere})" if shown else "no result names causes"


def _same_level(runs: Sequence[Run]) -> int:
    levels = [[told.result.disposition.id for told in run.told.values()] for run in runs]
    return sum(len(set(one)) == 1 for one in zip(*levels, strict=True))


def _lengths(found: Accuracy) -> Iterator[Cells]:
    kinds: dict[str, Callable[[Told], int]] = {
        "questions": lambda told: len(told.shown.prompts),
        "screens": lambda told: told.shown.screens,
        "words": lambda told: told.shown.all_words,
    }
    yield "label", *(f"{kind}, {said}" for said in WAYS.values() for kind in kinds)
    for label in [*found.labels, ""]:
        stories = found.of(label)
        means = (
            mean(count(run.told[one.id]) for run in found.way(way) for one in stories)
            for way in WAYS
            for count in kinds.values()
        )
        yield label or "all", *(f"{one:.0f}" for one in means)


def _ours(found: Accuracy, none: Sequence[Run]) -> Iterator[Cells]:
    for run in none:
        fine, of = found.count(run, FINE), len(found.stories)
        under, over = found.count(run, UNDER), found.count(run, OVER)
        shares = [f"{found.count(run, FINE, label)} of {len(found.of(label))}" for label in ("emergency", "self_care")]
        yield f"reader {run.name}", of, f"{fine} ({_percent(fine, of)}), {under} under, {over} over", *shares


def main() -> int:
    parser = argparse.ArgumentParser(description="Accuracy on 61 stories of other people.")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="default: this checkout's page")
    output = parser.parse_args().output
    write_whole(output, page(Engine(load())))
    output.chmod(0o644)  # a page, not somebody's answers
    return 0


if __name__ == "__main__":
    sys.exit(main())
