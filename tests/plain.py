"""A plain reading of the rules, straight from the TOML files.

It shares nothing with the program that it is compared with: no grammar, no model, no
engine, no bands of ages. It is slow and simple on purpose: one function a sentence of
rules/README.md. Below it: the cases on which the two are compared.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from math import prod
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "rules"

Case = Mapping[str, Any]  # question or finding -> what was answered or found
Rows = Sequence[Mapping[str, Any]]


class Rule(NamedTuple):
    """One thing that holds or does not: a rule, or a contraindication or `only_if` of an advice."""

    name: str
    when: Rows
    unless: Rows = ()


class Result(NamedTuple):
    """What a result shows, as ids in the order shown, and the names of all rules that hold."""

    shown: dict[str, Any]
    fired: frozenset[str]


# --- one condition


def holds(rule: Rule, case: Case) -> bool:
    """Some row of `when` holds, and no row of `unless`."""
    return any(row_holds(row, case) for row in rule.when) and not any(row_holds(row, case) for row in rule.unless)


def row_holds(row: Mapping[str, Any], case: Case) -> bool:
    return all(name in case and cell_holds(name, wanted, case[name]) for name, wanted in row.items())


def cell_holds(name: str, wanted: Any, given: Any) -> bool:
    """A cell `name = wanted` where `given` was answered: one option, several, or a number."""
    if not isinstance(wanted, dict):
        return any(_is(name, item, given) for item in _listed(wanted))
    return (
        all(_is(name, item, given) for item in wanted.get("all", ()))
        and ("any" not in wanted or any(_is(name, item, given) for item in wanted["any"]))
        and not any(_is(name, item, given) for item in wanted.get("open", ()))
        and ("not" not in wanted or not any(_is(name, item, given) for item in (*wanted["not"], "not_sure")))
    )


def _is(name: str, item: str, given: Any) -> bool:
    if isinstance(given, int):
        low, high = span(item)
        return low <= given <= high
    if name == "disposition":
        return given in _levels(item)
    return item in _listed(given)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


@cache
def span(item: str) -> tuple[float, float]:
    """The first and the last number that `item` means; an option such as `a_na` means none."""
    numbers = [int(digits) for digits in re.findall(r"\d+", item)]
    if not numbers:
        return 1, 0
    first, last = numbers[0], numbers[-1]
    if item.startswith(">"):
        return (first if item[1] == "=" else first + 1), float("inf")
    if item.startswith("<"):
        return float("-inf"), (last if item[1] == "=" else last - 1)
    return first, last


@cache
def _levels(item: str) -> tuple[str, ...]:
    ladder = [level["id"] for level in rules().ladder]
    if item.startswith(">="):
        return tuple(ladder[: ladder.index(item[2:]) + 1])
    if item.startswith("<="):
        return tuple(ladder[ladder.index(item[2:]) :])
    return (item,)


# --- the files


class Rules:
    """The tables of the rule base as they stand in the files."""

    def __init__(self, folder: Path) -> None:
        def tables(name: str, pattern: str) -> list[dict[str, Any]]:
            files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob(pattern))]
            return [table for file in files for table in file.get(name, [])]

        self.questions = {q["id"]: q for q in tables("question", "questions.toml")}
        self.dispositions = tables("disposition", "dispositions.toml")
        single = tomllib.loads((folder / "dispositions.toml").read_text("utf-8"))
        self.ranking, self.most_prompts = single["ranking"], single["asking"]["most"]
        self.red_flags = tables("red_flag", "red_flags/*.toml")
        self.causes = sorted(tables("cause", "causes/*.toml"), key=lambda c: (c.get("order", 0), c["id"]))
        self.signs = [sign for cause in self.causes for sign in cause.get("sign", [])]
        self.advice = sorted(tables("advice", "advice/*.toml"), key=lambda a: (a["order"], a["id"]))
        self.notes = tables("note", "advice/*.toml")
        self.checks = tables("check", "checks.toml")
        country = next(c for c in tables("country", "countries.toml") if c["id"] == single["about"]["country"])
        self.voices = {voice["id"]: country["words"] | voice["words"] for voice in tables("voice", "voices.toml")}

    @property
    def ladder(self) -> list[dict[str, Any]]:
        return [level for level in self.dispositions if not level.get("beside")]

    @property
    def checking(self) -> list[dict[str, Any]]:
        return [cause for cause in self.causes if cause["group"] == "check"]

    def every(self) -> Iterator[Rule]:
        """Every rule, contraindication and `only_if`."""
        for table in (*self.red_flags, *self.signs, *self.checking, *self.notes, *self.checks):
            yield rule_of(table)
        for advice in self.advice:
            yield from rules_of_advice(advice)


@cache
def rules() -> Rules:
    """The rules of this checkout."""
    return Rules(FOLDER)


def rule_of(table: Mapping[str, Any]) -> Rule:
    return Rule(table["id"], table["when"], table.get("unless", []))


def rules_of_advice(advice: Mapping[str, Any]) -> Iterator[Rule]:
    """Whom it is for, each contraindication and `only_if`, by the names that the program gives them."""
    yield Rule(advice["id"], advice.get("for", [{}]), advice.get("unless", []))
    for number, never in enumerate(advice.get("never", [])):
        yield Rule(f"{advice['id']}/never/{number}", never["when"])
    if "only_if" in advice:
        yield Rule(f"{advice['id']}/only_if", advice["only_if"])


# --- the whole result


def read(answers: Case) -> Result:
    """Everything that follows from answers."""
    base = rules()
    flags = [flag for flag in base.red_flags if holds(rule_of(flag), answers)]
    level = worst(flags)
    signs = {sign["id"] for sign in base.signs if holds(rule_of(sign), answers)}
    scores = ranked(signs, level["causes"])
    known = {**answers, "red_flag": _ids(flags), "disposition": level["id"]}
    checking = [cause["id"] for cause in base.checking if holds(rule_of(cause), known)]
    known["cause"] = [*scores, *checking]
    told = {rule.name for advice in base.advice for rule in rules_of_advice(advice) if holds(rule, known)}
    checks = [check for check in base.checks if holds(rule_of(check), known)]
    notes = [note for note in base.notes if holds(rule_of(note), known)]
    to_heed = [note for note in notes if note.get("first") or level.get("stops") != "at_once"]
    given, withheld = settled(told)
    in_order = [level["id"] for level in base.dispositions]
    beside = {disposition["id"] for disposition in base.dispositions if disposition.get("beside")}
    parts: dict[str, Any] = {
        "pharmacist": any(flag["disposition"] in beside for flag in flags),
        "causes": list(scores.items()),
        "needs_checking": checking,
        "checks": _ids(sorted(checks, key=lambda check: check["strength"] != "ask")),  # "may" comes last
        "notes": _ids(to_heed),
        "withheld": [
            (name, [said(text, words_for(answers)) for text in because])
            for name, because in withheld.items()
            if _part(name) in level["shows"]
        ],
        "relief": [name for name in given if _part(name) == "relief"],
        "prevention": [name for name in given if _part(name) == "prevention"],
        "do_not": [name for name in given if _part(name) == "do_not"],
        "myths": [name for name in given if _part(name) == "myths"],
        "replies": [name for name in given if _part(name) == "replies"],
    }
    shown = {part: found if part in level["shows"] else type(found)() for part, found in parts.items()}
    shown["red_flags"] = _ids(sorted(flags, key=lambda flag: in_order.index(flag["disposition"])))
    shown["disposition"] = level["id"]
    return Result(shown, frozenset([*_ids(flags), *signs, *checking, *told, *_ids(checks), *_ids(notes)]))


def words_for(answers: Case) -> Mapping[str, str]:
    """The words of the voice that the answers ask for; else of the first one."""
    voices = rules().voices
    options = [option for question in rules().questions.values() for option in question.get("option", [])]
    speaking = {option["id"]: option["voice"] for option in options if "voice" in option}
    asked = [speaking[option] for given in answers.values() for option in _listed(given) if option in speaking]
    return voices[asked[0] if asked else next(iter(voices))]


def said(text: str, words: Mapping[str, str]) -> str:
    """A text with words for its tokens. No word takes its blank along; after a capital token a sentence begins."""
    for token, word in words.items():
        for written in (token, token.capitalize()):
            while f"{{{written}}}" in text:
                before, _, after = text.partition(f"{{{written}}}")
                rest = after[1:] if not word and after[:1] == " " and before[-1:] in ("", " ") else word + after
                text = before + (rest[:1].upper() + rest[1:] if written != token else rest)
    return text


def worst(flags: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first level of the ladder that a flag reaches, else the last level."""
    reached = {flag["disposition"] for flag in flags}
    return next((level for level in rules().ladder if level["id"] in reached), rules().ladder[-1])


def ranked(signs: set[str], groups: Sequence[str]) -> dict[str, int]:
    """The causes that are shown with their scores, best first."""
    scores = {}
    for cause in rules().causes:
        weights = [sign["weight"] for sign in cause.get("sign", []) if sign["id"] in signs]
        high_enough = any(weight > 0 for weight in weights) and sum(weights) >= rules().ranking["shown_from"]
        if cause["group"] in groups and high_enough:
            scores[cause["id"]] = sum(weights)
    best_first = sorted(scores, key=lambda cause: -scores[cause])
    return {cause: scores[cause] for cause in best_first[: rules().ranking["shown_at_most"]]}


def settled(told: set[str]) -> tuple[list[str], dict[str, list[str]]]:
    """What is given, and what is left out with the reasons, from the names of the rules that hold."""
    given, withheld = [], {}
    for advice in rules().advice:
        if advice["id"] not in told:
            continue
        if reasons := reasons_against(advice, told):
            withheld[advice["id"]] = reasons
        elif _is_printed(advice, told):
            given.append(advice["id"])
    return given, withheld


def reasons_against(advice: Mapping[str, Any], told: set[str]) -> list[str]:
    """The reasons of the contraindications that hold; that of `only_if` only where there is no other."""
    reasons = []
    for number, never in enumerate(advice.get("never", [])):
        if f"{advice['id']}/never/{number}" in told and never["because"] not in reasons:
            reasons.append(never["because"])
    if not reasons and "only_if" in advice and f"{advice['id']}/only_if" not in told:
        reasons.append(advice["only_because"])
    return reasons


def _is_printed(advice: Mapping[str, Any], told: set[str]) -> bool:
    if advice["kind"] == "myth" and "for" not in advice:
        return False
    return "beside" not in advice or any(other in told for other in advice["beside"])


def _part(advice_id: str) -> str:
    kind: str = next(advice["kind"] for advice in rules().advice if advice["id"] == advice_id)
    return {"myth": "myths", "reply": "replies"}.get(kind, kind)


def _ids(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    return [table["id"] for table in tables]


# --- what is still asked


def missing(answers: Case) -> list[str]:
    """The questions that an interview with these answers would still ask, in order."""
    level = worst([flag for flag in raised(answers) if not waits(flag, answers)])
    if level.get("stops") == "at_once":
        return []
    urgent = level.get("stops") == "after_follow_ups"
    asked = [q for q in rules().questions.values() if not q.get("after")]  # the others wait for the result
    left = [q for q in asked if q["id"] not in answers and is_asked(q, answers)]
    return [q["id"] for q in left if (not urgent or follows_up(q, answers)) and not gives_way(q, answers, urgent)]


def raised(answers: Case) -> list[dict[str, Any]]:
    return [flag for flag in rules().red_flags if holds(rule_of(flag), answers)]


def waits(flag: Mapping[str, Any], answers: Case) -> bool:
    """A question that is still to come can take the flag back."""
    waiting = [name for name in flag.get("waits_for", []) if name not in answers]
    return any(is_asked(rules().questions[name], answers) for name in waiting)


def is_asked(question: Mapping[str, Any], answers: Case) -> bool:
    return holds(Rule(question["id"], question.get("ask_when", [{}]), question.get("ask_unless", [])), answers)


def follows_up(question: Mapping[str, Any], answers: Case) -> bool:
    """It is asked after an urgent finding, too."""
    rows = question.get("after_urgent", False)
    return rows is True or (rows is not False and any(row_holds(row, answers) for row in rows))


def gives_way(question: Mapping[str, Any], answers: Case, urgent: bool) -> bool:
    """The interview is as long as one may be: the last prompt is left out, but for those who need it."""
    if "yields" not in question or (question["yields"] == "after_urgent" and not urgent):
        return False
    last = any(row_holds(row, answers) for row in question.get("yields_unless", []))
    asked = [name for name in answers if not rules().questions[name].get("after")]
    return len(asked) >= rules().most_prompts - (not last)


# --- every case that one rule can tell apart

# Above this many combinations a rule is taken row by row (each row of `when` with each of
# `unless`), and a row in which two questions at a time are varied while the others hold.
MOST_TOGETHER = 400


def cases_of(rule: Rule) -> Iterator[dict[str, Any]]:
    """Every combination of what the rule can tell apart, unanswered among it.

    Options that stand in the same cells are alike, so one speaks for all. Then each
    option takes its turn where the rest of a row holds, so that none is passed over.
    """
    by_row = [Rule(rule.name, [row], [stop] if stop else ()) for row in rule.when for stop in (None, *rule.unless)]
    for part in [rule] if _fits(_apart(rule)) else by_row:
        values = _apart(part)
        yield from _together(values) if _fits(values) else _two_at_a_time(part, values)
    for part in by_row:
        held = _holding(part)
        for name in held:
            yield from ({**held, name: value} for value in _each(part, name))


def _apart(rule: Rule) -> dict[str, list[Any]]:
    names = {name for row in (*rule.when, *rule.unless) for name in row}
    return {name: _told_apart(rule, name) for name in sorted(names)}


def _fits(values: Mapping[str, Sequence[Any]]) -> bool:
    return prod(map(len, values.values())) <= MOST_TOGETHER


def _together(values: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for chosen in product(*values.values()):
        yield {name: value for name, value in zip(values, chosen, strict=True) if value is not None}


def _two_at_a_time(rule: Rule, values: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    held = _holding(rule)
    for pair in combinations(values, 2):
        rest = {name: [value] for name, value in held.items() if name not in pair}
        yield from _together({**rest, **{name: values[name] for name in pair}})


def _holding(rule: Rule) -> dict[str, Any]:
    """Answers on which all rows hold, as far as they can hold together."""
    held: dict[str, Any] = {}
    for row in (*rule.when, *rule.unless):
        for name, wanted in row.items():
            items = _needed(name, wanted)
            if _takes_several(name):
                held[name] = list(dict.fromkeys([*held.get(name, ()), *items]))
            elif items:
                held.setdefault(name, _lowest(name, items[0]))
    return {name: given for name, given in held.items() if given}


def _needed(name: str, wanted: Any) -> list[str]:
    """Options with which a cell holds: all of `all`, one of the others, or one that it does not bar."""
    if not isinstance(wanted, dict):
        return _items(name, wanted)[:1]
    barred = {*wanted.get("not", ()), *wanted.get("open", ())}
    free = [option for option in _options(name) if option not in barred and option not in _exclusive(name)]
    positive = [*wanted.get("all", ()), *wanted.get("any", ())[:1]]
    return positive or [option for option in free if option != "not_sure"][:1]


def _told_apart(rule: Rule, name: str) -> list[Any]:
    """Answers that the rule can tell apart; None is "not answered"."""
    if _is_number(name):
        return [None, *_options(name), *_edges(rule, name)]
    alone = [group[0] for group in _options_alike(rule, name).values()]
    if not _takes_several(name):
        return [None, *alone]
    by_two = combinations((option for option in alone if option not in _exclusive(name)), 2)
    return [None, *([option] for option in alone), *map(list, by_two)]


def _each(rule: Rule, name: str) -> list[Any]:
    """Every option; where several can be chosen, each two of those that the rule names and one other."""
    each = _options(name)
    if _is_number(name):
        return [*each, *_edges(rule, name)]
    if not _takes_several(name):
        return each
    named = [option for option in _named(rule, name) if option not in _exclusive(name)]
    other = [option for option in each if option not in named and option not in _exclusive(name)][:1]
    return [*([option] for option in each), *(list(pair) for pair in combinations([*named, *other], 2))]


def _lowest(name: str, item: str) -> Any:
    """The option itself, or the lowest number that it means."""
    if not _is_number(name) or item in _options(name):
        return item
    return int(max(span(item)[0], rules().questions[name]["min"]))


def _edges(rule: Rule, name: str) -> list[int]:
    """The numbers on both sides of each threshold, and the ends of the scale."""
    low, high = rules().questions[name]["min"], rules().questions[name]["max"]
    edges = {low, high}
    for item in _named(rule, name):
        first, last = span(item)
        edges |= {first - 1, first, last, last + 1}
    return sorted(int(edge) for edge in edges if low <= edge <= high)


def _options_alike(rule: Rule, name: str) -> dict[tuple[Any, ...], list[str]]:
    """The options of a question, grouped by the cells of the rule that they stand in."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for option in _options(name):
        cells = [row[name] for row in (*rule.when, *rule.unless) if name in row]
        parts = [part for cell in cells for part in _parts_of(cell)]
        stands_in = tuple(option in _items(name, items) for _, items in parts)
        in_all = option if any(key == "all" and option in items for key, items in parts) else ""
        groups.setdefault((stands_in, in_all, option in _exclusive(name)), []).append(option)
    return groups


def _parts_of(cell: Any) -> list[tuple[str, list[str]]]:
    """The lists of a cell by their keys; "not" bars "not sure" as well."""
    if not isinstance(cell, dict):
        return [("any", list(_listed(cell)))]
    return [(key, [*items, "not_sure"] if key == "not" else list(items)) for key, items in cell.items()]


def _items(name: str, cell: Any) -> list[str]:
    items = [item for _, part in _parts_of(cell) for item in part]
    return [level for item in items for level in _levels(item)] if name == "disposition" else items


def _named(rule: Rule, name: str) -> list[str]:
    cells = [row[name] for row in (*rule.when, *rule.unless) if name in row]
    return list(dict.fromkeys(item for cell in cells for item in _items(name, cell)))


def _options(name: str) -> list[str]:
    if name == "red_flag":
        return _ids(rules().red_flags)
    if name == "cause":
        return _ids(rules().causes)
    if name == "disposition":
        return _ids(rules().ladder)
    return _ids(rules().questions[name]["option"])


@cache
def _exclusive(name: str) -> set[str]:
    question = rules().questions.get(name, {"option": []})
    return {option["id"] for option in question["option"] if option.get("exclusive")}


def _is_number(name: str) -> bool:
    return _kind(name) == "number"


def _takes_several(name: str) -> bool:
    return _kind(name) == "many"


def _kind(name: str) -> str:
    kinds = {"red_flag": "many", "cause": "many", "disposition": "one"}
    return kinds.get(name) or str(rules().questions[name]["kind"])


# --- random whole answer sets


def random_answers(random: Random) -> dict[str, Any]:
    """Answers to all questions (or nearly all), made so that many rules meet on them.

    Rows of some rules are made to hold; the other questions are answered as they come,
    and some again, until no flag is more urgent than a level drawn beforehand.
    """
    answers: dict[str, Any] = {}
    for _ in range(random.randint(0, 5)):
        _make_hold(random, random.choice(_all_rows()), answers)
    for name, question in rules().questions.items():
        if name not in answers:
            answers[name] = _any_answer(random, question)
    _calm(random, random.choice(rules().ladder), answers)
    if random.random() < 0.2:
        for name in random.sample(list(answers), random.randint(1, 6)):
            del answers[name]
    for name, number in answers.items():
        if limit := passed_limit(name, number, answers):
            least = limit.get("min", 0)
            answers[name] = least + number % (limit["max"] - least + 1)
    return answers


def passed_limit(name: str, answer: Any, answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The limit that the other answers set to a number, if it lies beyond."""
    for limit in rules().questions[name].get("limit", []) if isinstance(answer, int) else ():
        if any(row_holds(row, answers) for row in limit["when"]):
            return None if limit.get("min", 0) <= answer <= limit["max"] else limit
    return None


def _calm(random: Random, level: Mapping[str, Any], answers: dict[str, Any]) -> None:
    """Answer anew what raises a flag above `level`, as long as that helps."""
    above = rules().ladder[: rules().ladder.index(level)]
    flags = [flag for flag in rules().red_flags if flag["disposition"] in _ids(above)]
    for _ in range(50):
        raised = next((flag for flag in flags if holds(rule_of(flag), answers)), None)
        if raised is None:
            return
        read = {name for row in raised["when"] if row_holds(row, answers) for name in row}
        for name in sorted(read):
            answers[name] = _any_answer(random, rules().questions[name])


@cache
def _all_rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(row for rule in rules().every() for row in (*rule.when, *rule.unless) if row)


def _make_hold(random: Random, row: Mapping[str, Any], answers: dict[str, Any]) -> None:
    """Answer so that `row` holds, as far as earlier answers allow."""
    for name, wanted in row.items():
        if name in ("red_flag", "cause"):
            _make_found(random, random.choice(_items(name, wanted)), answers)
        elif name != "disposition":
            _answer_so(random, name, wanted, answers)


def _make_found(random: Random, finding: str, answers: dict[str, Any]) -> None:
    tables = [t for t in (*rules().red_flags, *rules().causes) if t["id"] == finding]
    rows = [row for t in tables for s in (t, *t.get("sign", [])) for row in s.get("when", [])]
    _make_hold(random, random.choice(rows), answers)


def _answer_so(random: Random, name: str, wanted: Any, answers: dict[str, Any]) -> None:
    question = rules().questions[name]
    chosen = _needed(name, wanted) if isinstance(wanted, dict) else [random.choice(_items(name, wanted))]
    if not chosen:
        return
    if question["kind"] == "number":
        answers.setdefault(name, _number_in(random, question, chosen[0]))
    elif question["kind"] == "one":
        answers.setdefault(name, chosen[0])
    elif _exclusive(name).isdisjoint([*chosen, *answers.get(name, ())]):
        answers[name] = tuple(dict.fromkeys([*answers.get(name, ()), *chosen]))
    else:
        answers.setdefault(name, tuple(chosen))


def _number_in(random: Random, question: Mapping[str, Any], item: str) -> Any:
    if item in _ids(question["option"]):
        return item
    low, high = span(item)
    low, high = int(max(low, question["min"])), int(min(high, question["max"]))
    return random.choice([low, high, random.randint(low, high)])


def _any_answer(random: Random, question: Mapping[str, Any]) -> Any:
    if question["kind"] == "number":
        return _number_in(random, question, random.choice(["<18", "18-59", ">=60", *_ids(question["option"])]))
    if question["kind"] == "one":
        return random.choice(_ids(question["option"]))
    exclusive = [o for o in _ids(question["option"]) if o in _exclusive(question["id"])]
    free = [o for o in _ids(question["option"]) if o not in exclusive]
    # Danger signs end in an emergency, which hides most of the result: mostly none of them.
    if random.random() < (0.9 if question.get("danger") else 0.5):
        return (exclusive[0] if random.random() < 0.8 else "not_sure",)
    return tuple(random.sample(free, random.randint(1, min(3, len(free)))))
