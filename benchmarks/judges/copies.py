"""Larger rule bases: the same one several times over, under other names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from triage.knowledge.conditions import Cell, Condition, Row
from triage.knowledge.model import (
    CAUSE,
    DISPOSITION,
    RED_FLAG,
    Advice,
    Answers,
    Cause,
    Contraindication,
    Entry,
    RedFlag,
    RuleBase,
)

RULES, QUESTIONS = "rules", "questions"


def enlarged(rulebase: RuleBase, kind: str, times: int) -> RuleBase:
    """`times` as many rules; with QUESTIONS, as many questions, too, each copy of a rule reading those of its own.

    A copy reads the red flags and causes that its own copies found. Urgency stays the most urgent of all.
    """
    copies = [rulebase, *(_Copy(n, kind == QUESTIONS).of(rulebase) for n in range(1, times))]
    joined: dict[str, Any] = {}
    for name in ("questions", "bands", "red_flags", "causes", "advice", "notes", "checks"):
        joined[name] = {}
        for copy in copies:
            joined[name].update(getattr(copy, name))
    if kind == QUESTIONS:
        joined["asking"] = replace(rulebase.asking, most=times * rulebase.most_prompts)
    return replace(rulebase, **joined)


def answered(people: Sequence[Answers], kind: str, times: int) -> list[Answers]:
    """The answers of people to enlarged questions: each copy is answered as the next in the list answered."""
    if kind != QUESTIONS:
        return list(people)
    return [
        {
            (_named(name, n) if n else name): answer
            for n in range(times)
            for name, answer in people[(at + n) % len(people)].items()
        }
        for at in range(len(people))
    ]


def _named(name: str, n: int) -> str:
    return f"{name}_c{n}"  # a name that every engine takes


class _Copy:
    """One copy: everything in it is named anew."""

    def __init__(self, n: int, questions: bool) -> None:
        self._n, self._questions = n, questions

    def of(self, rulebase: RuleBase) -> RuleBase:
        """Only what is copied: questions, and the rules of every kind."""
        questions, bands = {}, {}
        if self._questions:
            questions = {
                self._id(q.id): replace(
                    q,
                    id=self._id(q.id),
                    ask_when=self._rows(q.ask_when) if q.ask_when is not None else None,
                    ask_unless=self._rows(q.ask_unless),
                    yields_unless=self._rows(q.yields_unless),
                    after_urgent=self._rows(q.after_urgent) if q.after_urgent is not None else None,
                )
                for q in rulebase.questions.values()
            }
            bands = {self._id(name): found for name, found in rulebase.bands.items()}
        return replace(
            rulebase,
            questions=questions,
            bands=bands,
            red_flags=self._each(rulebase.red_flags, self._flag),
            causes=self._each(rulebase.causes, self._cause),
            advice=self._each(rulebase.advice, self._advice),
            notes=self._each(rulebase.notes, self._entry),
            checks=self._each(rulebase.checks, self._entry),
        )

    def _id(self, name: str) -> str:
        return _named(name, self._n)

    def _each(self, entries: Mapping[str, Any], copy: Callable[[Any], Any]) -> dict[str, Any]:
        return {self._id(name): copy(entry) for name, entry in entries.items()}

    def _entry(self, entry: Entry) -> Any:
        return replace(entry, id=self._id(entry.id), condition=self._condition(entry.condition))

    def _flag(self, flag: RedFlag) -> Any:
        waits_for = tuple(map(self._id, flag.waits_for)) if self._questions else flag.waits_for
        return replace(self._entry(flag), waits_for=waits_for)

    def _cause(self, cause: Cause) -> Any:
        signs = tuple(replace(self._entry(sign), cause=self._id(cause.id)) for sign in cause.signs)
        return replace(self._entry(cause), signs=signs)

    def _advice(self, advice: Advice) -> Any:
        never = tuple(Contraindication(when=self._rows(one.when), because=one.because) for one in advice.never)
        beside = tuple(map(self._id, advice.beside))
        return replace(self._entry(advice), never=never, only_if=self._rows(advice.only_if), beside=beside)

    def _condition(self, condition: Condition) -> Condition:
        return Condition(self._rows(condition.when), self._rows(condition.unless))

    def _rows(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(tuple(map(self._cell, row)) for row in rows)

    def _cell(self, cell: Cell) -> Cell:
        if cell.name in (RED_FLAG, CAUSE):
            return cell._replace(options=frozenset(map(self._id, cell.options)))
        anew = self._questions and cell.name != DISPOSITION
        return cell._replace(name=self._id(cell.name)) if anew else cell
