"""The XLSForm compiles, and asks what the interview asks: its XPath against the rule base, on many answers."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import plain
import pytest
from lxml import etree
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange import forms, xlsform
from triage.knowledge.conditions import Row
from triage.knowledge.faults import FaultyInput
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answer, Answers, Question, RedFlag, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.reasoning.assessment import find_flags
from triage.reasoning.engine import Engine
from triage.version import how_to_install

SPACES = {"x": "http://www.w3.org/2002/xforms", "h": "http://www.w3.org/1999/xhtml"}


def _count_selected(_: Any, nodes: list[Any]) -> float:
    return float(len((nodes[0].text or "").split()) if nodes else 0)


def _selected(_: Any, nodes: list[Any], option: str) -> bool:
    return bool(nodes) and option in (nodes[0].text or "").split()


XFORM_FUNCTIONS = {(None, "selected"): _selected, (None, "count-selected"): _count_selected}


class Form:
    """A compiled form: its questions and notes in order, and its expressions, evaluated by libxml2."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.xpath = xlsform.XPath(rulebase)
        self.names = self.xpath.names
        compiled = convert(xlsform=io.BytesIO(xlsform.as_xlsx(rulebase)), validate=False, file_type=".xlsx")
        assert not compiled.warnings
        self.tree = etree.fromstring(compiled.xform.encode())
        named = ((bind.get("nodeset").removeprefix("/data/"), bind) for bind in self.tree.iterfind(".//x:bind", SPACES))
        self.binds = {name: bind for name, bind in named if "/" not in name}
        body = self.tree.iterfind(".//x:itemset", SPACES)
        self.itemsets = {node.getparent().get("ref").removeprefix("/data/"): node.get("nodeset") for node in body}
        self._compiled: dict[str, Any] = {}

    def instance(self, answers: Answers, rulebase: RuleBase) -> dict[str, str]:
        """What the fields hold when somebody gave these answers."""
        held = {}
        for name, answer in answers.items():
            question = rulebase.questions[name]
            if question.kind == "number":
                held[self.xpath.choosing(question)] = forms.SAID if isinstance(answer, int) else str(answer)
            if isinstance(answer, int) or question.kind != "number":
                held[self.names[name]] = " ".join(answer) if isinstance(answer, tuple) else str(answer)
        return held

    def test(self, field: str, what: str, held: dict[str, str]) -> bool:
        """Whether the expression `what` (relevant or constraint) of a field holds; true where it has none."""
        expression = self.binds[field].get(what)
        return expression is None or self._holds(expression, self._data(held).find(field))

    def offered(self, field: str, held: dict[str, str]) -> list[str]:
        """The names of the choices that the filter of a field lets through."""
        name, _, condition = self.itemsets[field].removeprefix("instance('").partition("')/root/item")
        items = self.tree.xpath(f"//x:instance[@id='{name}']//x:item", namespaces=SPACES)
        data, found = self._data(held), []
        for item in items:
            node = etree.SubElement(data, "item")
            for child in item:
                etree.SubElement(node, etree.QName(child).localname).text = child.text
            if not condition or self._holds(condition[1:-1], node):
                found.append(node.findtext("name"))
        return found

    def _data(self, held: dict[str, str]) -> Any:
        root = etree.Element("data")
        for name in self.binds:
            etree.SubElement(root, name).text = held.get(name, "")
        return root

    def _holds(self, expression: str, node: Any) -> bool:
        if expression not in self._compiled:
            self._compiled[expression] = etree.XPath(expression, extensions=XFORM_FUNCTIONS)
        return bool(self._compiled[expression](node))

    def relevant(self, question: Question, held: dict[str, str]) -> bool:
        return self.test(self.xpath.choosing(question), "relevant", held)


@pytest.fixture(scope="module")
def form(rulebase: RuleBase) -> Form:
    return Form(rulebase)


def filled(form: Form, rulebase: RuleBase, random: Random) -> Answers:
    """A form filled in until no required field is empty; a later answer may open an earlier question."""
    whole = plain.random_answers(random)
    answers: dict[str, Answer] = {}
    while True:
        held = form.instance(answers, rulebase)
        asked = [q for q in rulebase.questions.values() if not q.after]
        empty = (q for q in asked if q.id not in answers and form.relevant(q, held))
        if (question := next(empty, None)) is None:
            return answers
        answers[question.id] = whole[question.id] if question.id in whole else some_answer(question, random)


def some_answer(question: Question, random: Random) -> Answer:
    picked = random.choice([option.id for option in question.options])
    if question.kind == "number":
        return random.randint(question.minimum, question.maximum)
    return (picked,) if question.kind == "many" else picked


def test_the_form_asks_every_question_with_its_options(form: Form, rulebase: RuleBase) -> None:
    body = form.tree.find("h:body", SPACES)
    refs = [node.get("ref").removeprefix("/data/") for node in body]
    asked = [name for name in refs if name in form.names.values()]
    assert asked == list(form.names.values())
    for question in rulebase.questions.values():
        listed = form.tree.xpath(f"//x:instance[@id='{form.names[question.id]}']//x:name/text()", namespaces=SPACES)
        assert [name for name in listed if name != forms.SAID] == [option.id for option in question.options]
        field = form.xpath.choosing(question)
        assert form.binds[field].get("required") == (None if question.after else "true()")
        kind = body.find(f"*[@ref='/data/{field}']").tag
        assert kind.endswith("}select" if question.kind == "many" else "}select1")


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed, which ODK Validate needs")
def test_odk_validate_takes_the_form(rulebase: RuleBase) -> None:
    """What ODK Central asks before it takes a form, as pyxform ships it."""
    convert(xlsform=io.BytesIO(xlsform.as_xlsx(rulebase)), validate=True, file_type=".xlsx")  # raises what it finds


def test_no_question_waits_for_one_that_waits_for_it(form: Form) -> None:
    """Or ODK and KoboToolbox refuse the form."""
    waits = {name: re.findall(r" /data/(\w+)", bind.get("relevant", "")) for name, bind in form.binds.items()}
    assert sum(map(len, waits.values())) > 100
    assert list(TopologicalSorter(waits).static_order())  # raises CycleError


def test_it_asks_where_the_interview_would(form: Form, rulebase: RuleBase, answer_sets: list[Answers]) -> None:
    asked = skipped = 0
    for answers in answer_sets[:200]:
        held, facts = form.instance(answers, rulebase), as_facts(answers, rulebase.bands)
        for question in rulebase.questions.values():
            circle = forms.asked_when(rulebase, question) != question.condition  # asked of everybody
            wanted = question.applies(facts) or circle
            assert form.relevant(question, held) == wanted, (question.id, answers)
            asked, skipped = asked + wanted, skipped + (not wanted)
    assert min(asked, skipped) > 1000


def test_it_offers_the_lines_that_the_interview_would(
    form: Form, rulebase: RuleBase, answer_sets: list[Answers]
) -> None:
    """But for lines that open with other lines of their own list: these are always offered."""
    hidden = 0
    for answers in answer_sets[:60]:
        held, facts = form.instance(answers, rulebase), as_facts(answers, rulebase.bands)
        for question in rulebase.questions.values():
            own = [o.id for o in question.options if o.show and question.id in {c.name for row in o.show for c in row}]
            shown = [option.id for option in question.shown(facts)]
            offered = form.offered(form.xpath.choosing(question), held)
            assert [name for name in offered if name not in (*own, forms.SAID)] == [n for n in shown if n not in own]
            assert set(own) <= set(offered)
            hidden += len(question.options) - len(offered)
    assert hidden > 1000


def test_a_line_is_offered_once_what_it_belongs_to_is_ticked(form: Form) -> None:
    alone = form.offered("danger_more", {"danger": "d_breath"})
    assert alone == ["none", "not_sure"]
    assert set(form.offered("danger_more", {"danger": "d_fever d_breath"})) - set(alone) == {"f_ill", "f_mild"}


def test_details_are_hints(rulebase: RuleBase) -> None:
    hints = {row["name"]: row.get("hint", "") for row in xlsform.sheets(rulebase)["survey"]}
    details = [(q, o) for q in rulebase.questions.values() for o in q.options if o.detail]
    assert len(details) > 50
    for question, option in details:
        assert xlsform._label(f"{option.text}: {option.detail}") in hints[question.id]


def test_it_speaks_with_one_voice(rulebase: RuleBase) -> None:
    texts = [text for rows in xlsform.sheets(rulebase).values() for row in rows for text in row.values()]
    assert not [text for text in texts if re.search(r"(?<!\$)\{\w+\}", text)]


def test_it_is_another_form_than_that_of_version_1(rulebase: RuleBase) -> None:
    [settings] = xlsform.sheets(rulebase)["settings"]
    assert settings["form_id"] == "leg_cramp_triage_2"


def test_who_cramps_now_is_told_the_one_safe_action(form: Form, rulebase: RuleBase) -> None:
    labels = {row["name"]: row["label"] for row in xlsform.sheets(rulebase)["survey"]}
    for option in rulebase.questions["start"].options:
        notes = [name for name in labels if name.startswith("start__now_")]
        told = [labels[name] for name in notes if form.test(name, "relevant", {"start": option.id})]
        assert told == ([xlsform._label(rulebase.relief_now.action[option.voice])] if option.now else [])


def test_unanswered_is_no_answer(form: Form, rulebase: RuleBase) -> None:
    for question in rulebase.questions.values():
        circle = forms.asked_when(rulebase, question) != question.condition
        assert form.relevant(question, {}) == (question.applies({}) or circle)


def test_a_number_is_asked_for_only_where_it_will_be_said(form: Form, rulebase: RuleBase) -> None:
    numbers = [q for q in rulebase.questions.values() if q.kind == "number"]
    for question in numbers:
        for option in question.options:
            held = {form.xpath.choosing(question): option.id}
            assert not form.test(form.names[question.id], "relevant", held)
        assert form.test(form.names[question.id], "relevant", {form.xpath.choosing(question): forms.SAID})
    assert numbers


def test_a_filled_in_form_leaves_nothing_open(form: Form, rulebase: RuleBase, engine: Engine) -> None:
    random = Random(5)
    for _ in range(120):
        assert missing_from(engine, filled(form, rulebase, random)) == ()


def test_what_must_not_wait_is_said_where_the_rules_find_it(form: Form, rulebase: RuleBase, engine: Engine) -> None:
    """In a whole form a notice of a level stands if and only if a red flag of that level is raised."""
    random = Random(11)
    stopping = [level for level in rules_in_voice(rulebase).ladder if level.stops]
    seen = dict.fromkeys((level.id for level in stopping), 0)
    words = {level.id: xlsform._label(level.say) for level in stopping}
    rows = xlsform.sheets(rulebase)["survey"]
    for _ in range(400):
        answers = filled(form, rulebase, random)
        held = form.instance(answers, rulebase)
        raised = {f.flag.disposition for f in find_flags(engine, answers)}
        for level in stopping:
            fields = [row["name"] for row in rows if row["label"] == words[level.id]]
            shown = any(form.test(field, "relevant", held) for field in fields)
            assert shown == (level.id in raised), (level.id, answers)
            seen[level.id] += shown
    assert min(seen.values()) > 3


def test_options_that_stand_alone_do(form: Form, rulebase: RuleBase) -> None:
    for question in rulebase.questions.values():
        if question.kind != "many":
            continue
        alone = {option.id for option in question.options if option.exclusive}
        field = form.names[question.id]
        ids = [option.id for option in question.options]
        for ticked in (*combinations(ids, 1), *combinations(ids, 2), tuple(ids)):
            allowed = len(ticked) == 1 or not alone.intersection(ticked)
            assert form.test(field, "constraint", {field: " ".join(ticked)}) == allowed, ticked
        assert form.binds[field].get("{http://openrosa.org/javarosa}constraintMsg")


def test_numbers_keep_their_limits(form: Form, rulebase: RuleBase) -> None:
    for question in rulebase.questions.values():
        if question.kind == "number":
            field = form.names[question.id]
            inside = (question.minimum, question.maximum)
            for number in (*inside, inside[0] - 1, inside[1] + 1):
                within = question.minimum <= number <= question.maximum
                assert form.test(field, "constraint", {field: str(number)}) == within
            for limit in question.limits:
                [(cell, *_), *_] = limit.when
                held = {form.names[cell.name]: min(cell.options)}
                for number in (limit.minimum, limit.maximum, limit.minimum - 1, limit.maximum + 1):
                    within = limit.minimum <= number <= limit.maximum
                    assert form.test(field, "constraint", {**held, field: str(number)}) == within


def test_the_form_says_that_it_gives_no_advice(rulebase: RuleBase) -> None:
    rows = xlsform.sheets(rulebase)["survey"]
    for row in (rows[0], rows[-1]):
        assert row["type"] == "note"
        assert xlsform._label(rulebase.about.statement) in row["label"]
        assert all(xlsform._label(s.text) in row["label"] for s in rules_in_voice(rulebase).safety_net.emergency)


def renamed(rulebase: RuleBase, ids: Iterator[str]) -> RuleBase:
    questions = (replace(question, id=name) for question, name in zip(rulebase.questions.values(), ids, strict=False))
    return replace(rulebase, questions={question.id: question for question in questions})


def test_names_that_xml_cannot_take_are_changed_and_no_two_are_the_same(rulebase: RuleBase) -> None:
    odd = ["2nd", "q_2nd", "meta", "data", "left-leg", "left_leg"]
    names = xlsform.XPath(renamed(rulebase, iter(odd))).names
    assert list(names) == odd
    assert len(set(names.values())) == len(odd)
    assert all(name.isidentifier() and name not in forms.RESERVED for name in names.values())


def test_no_text_becomes_a_formula_or_a_reference(rulebase: RuleBase) -> None:
    first, *rest = rulebase.questions.values()
    hostile = replace(first, text="=1+1 ${no_such} *a* <b>&", why="=cmd()")
    changed = replace(rulebase, questions={q.id: q for q in (hostile, *rest)})
    form = Form(changed)  # pyxform refuses a reference to nothing
    label = form.tree.xpath(f"string(//*[@ref='/data/{form.xpath.choosing(hostile)}']/x:label)", namespaces=SPACES)
    assert label.startswith(r"=1+1 $ {no\_such} \*a\*")
    assert "<b>&" in label
    cells = [cell for row in load_workbook(io.BytesIO(xlsform.as_xlsx(changed)))["survey"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}  # "n": empty


def test_a_missing_library_is_said_with_what_to_do(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(FaultyInput) as caught:
        xlsform.as_xlsx(rulebase)
    assert caught.value.faults[0].hint == how_to_install("xlsform")


def test_export_writes_the_file(tmp_path: Path, rulebase: RuleBase) -> None:
    path = tmp_path / "form.xlsx"
    assert main(["export", "xlsform", "--output", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    book = load_workbook(path)
    assert book.sheetnames == ["survey", "choices", "settings"]
    assert book["survey"].max_row == 1 + len(xlsform.sheets(rulebase)["survey"])


def test_export_to_a_pipe_but_not_to_a_terminal(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["export", "xlsform"]) == 0
    assert load_workbook(io.BytesIO(capfdbinary.readouterr().out)).sheetnames
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["export", "xlsform"]) == 2
    said = capfdbinary.readouterr()
    assert not said.out
    assert b"--output" in said.err


def test_only_export_imports_openpyxl() -> None:
    imported = "import sys; from triage.cli.main import main; main(['rules']); sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", imported], capture_output=True, check=False).returncode == 0


def test_nothing_is_said_and_then_taken_back(rulebase: RuleBase) -> None:
    """A notice stands behind every question that its red flags read, exceptions and what they wait for included."""
    order = list(rulebase.questions)
    rows = 0
    for flag in rulebase.red_flags.values():
        later = {cell.name for row in flag.condition.unless for cell in row} | {*flag.waits_for}
        own = flag.id if flag.condition.unless else flag.disposition
        for question in rulebase.questions.values():
            said = [
                row for notice in forms.notices(rulebase, question) if notice.id == own for row in notice.condition.when
            ]
            for row in set(said) & set(flag.condition.when):
                read = {cell.name for cell in row} | later
                assert max(map(order.index, read)) <= order.index(question.id) or shared(rulebase, flag, row)
                rows += 1
    assert rows > 50


def shared(rulebase: RuleBase, flag: RedFlag, row: Row) -> bool:
    """Whether another red flag of the level has the same row, and may have been said on its account."""
    others = (other for other in rulebase.red_flags.values() if other.id != flag.id)
    return any(row in other.condition.when for other in others if other.disposition == flag.disposition)
