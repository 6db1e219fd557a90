"""A broken rule base is refused: each test breaks a copy of the real one in one place.

A fault must name its file, its line, the rule, the field and what would be right. The line that must be named carries
the comment `# <-` in the broken text; without one it is that of the field, or the entry's header (the line of a list on
which it stands).
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from triage.cli.main import main
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.reasoning.examples import holds, written_out

pytestmark = pytest.mark.usefixtures("texts_parsed_once")

MARK = "# <-"
QUESTIONS, LEVELS, VOICES, FLAGS = "questions.toml", "dispositions.toml", "voices.toml", "red_flags/soon.toml"
CAUSES, ADVICE, CHECKS = "causes/everyday.toml", "advice/relief.toml", "checks.toml"
CLAIMS, SOURCES, RELIEF_NOW = "claims.toml", "sources.toml", "advice/relief_now.toml"
HAZARDS = "hazards.toml"


class Sound(NamedTuple):
    """A sound entry that can be added to a file, and how messages name the part that is broken.

    `text` goes to the end of the file; one line of it to the end of the list that the file is. `needs` are further
    entries, by file, without which it would not be sound; `header` is the number of the part that is broken: of the
    lines with [[...]], and of the lines of a list.
    """

    file: str
    label: str
    text: str
    needs: tuple[tuple[str, str], ...] = ()
    header: int = 0


FLAG = Sound(
    FLAGS,
    'red_flag "test-flag"',
    """
[[red_flag]]
id = "test-flag"
title = "A flag"
disposition = "soon"
when = [{ kind = "k_flick", side = "left" }]
because = "It is a test."
sources = []
draft_because = "it is a test"
fires = [{ kind = ["k_flick"], side = "left" }]
silent = [{ kind = ["k_night"], side = "left" }, { kind = ["k_flick"], side = "both" }]
""",
)
CAUSE = Sound(
    CAUSES,
    'cause "test-cause"',
    """
[[cause]]
id = "test-cause"
name = "A cause"
group = "ask"
order = 900
summary = "It is a test."
draft_because = "it is a test"
sign = [
  { id = "test-cause-left", weight = 2, when = [{ side = "left" }], because = "It is a test." },
  { id = "test-cause-flick", weight = 1, when = [{ kind = "k_flick" }], because = "It is a test." },
]
""",
)
SIGN = CAUSE._replace(label='cause.sign "test-cause-flick"', header=2)
CHECKED_CAUSE = Sound(
    CAUSES,
    'cause "test-cause"',
    """
[[cause]]
id = "test-cause"
name = "A cause"
group = "check"
summary = "It is a test."
because = "It is a test."
draft_because = "it is a test"
when = [{ red_flag = "one-leg-swollen" }]
""",
)
RUB = Sound(
    ADVICE,
    'advice "test-rub"',
    """
[[advice]]
id = "test-rub"
kind = "relief"
title = "A rub"
steps = ["It is a test."]
order = 900
grade = "C"
harm = ["rubbing"]
for = [{ kind = "k_night" }]
only_if = [{ legs = "none" }]
only_because = "not looked at"
draft_because = "it is a test"
fires = [{ kind = ["k_night"], legs = ["none"] }]
silent = [{ kind = ["k_flick"], legs = ["none"] }, { kind = ["k_night"] }]
never = [
  { when = [{ age = "<8" }], because = "it is a test" },
  { when = [{ health = "h_preg" }], because = "it is a test" },
]
""",
)
NEVER = RUB._replace(label="[advice.never]", header=2)
CHECK = Sound(
    CHECKS,
    'check "test-check"',
    """
[[check]]
id = "test-check"
title = "A check"
strength = "may"
when = [{ disposition = ">=soon", side = "left" }]
because = "It is a test."
draft_because = "it is a test"
fires = [{ disposition = ["soon", "urgent"], side = "left" }]
silent = [{ disposition = "routine", side = "left" }, { disposition = "soon", side = "both" }]
""",
)
READER = (
    FLAG.text.replace('kind = "k_flick"', 'test_question = "yes"')
    .replace('kind = ["k_flick"]', 'test_question = "yes"')
    .replace('kind = ["k_night"]', 'test_question = "no"')
)
QUESTION = Sound(
    QUESTIONS,
    'question "test_question"',
    """
[[question]]
id = "test_question"
kind = "one"
text = "Is this a test?"
why = "It is a test."
option = [
  { id = "yes", text = "Yes", means = "a test" },
  { id = "no", text = "No", means = "not a test" },
]
""",
    needs=((FLAGS, READER),),
)
OPTION = QUESTION._replace(label='question.option "no"', header=2)
LIST = QUESTION._replace(
    text="""
[[question]]
id = "test_question"
kind = "many"
text = "Is this a test?"
why = "It is a test."
rivals = [["no", "yes"]]
option = [
  { id = "yes", text = "Yes" },
  { id = "no", text = "No", show = [{ side = "left" }] },
  { id = "none", text = "None", exclusive = true, key = "0" },
  { id = "not_sure", text = "Not sure", key = "n" },
]

[question.clarify]
text = "Again?"
option = [
  { text = "Yes", answer = ["yes"] },
  { text = "Still not sure", answer = ["not_sure"] },
]
""",
    needs=(
        (
            FLAGS,
            READER.replace('"yes" }]\ns', '["yes"] }]\ns').replace('"yes", s', '["yes"], s').replace('"no"', '["no"]'),
        ),
    ),
)
CITING = FLAG.text.replace("sources = []", 'sources = ["test-source"]').replace('draft_because = "it is a test"\n', "")
SOURCE = Sound(
    SOURCES,
    'source "test-source"',
    """
  { id = "test-source", org = "A house", title = "A page", url = "https://example.org/", read = "own page" },
""",
    needs=((FLAGS, CITING),),
)
CLAIM = Sound(
    CLAIMS,
    'claim "T0-01"',
    """
  { ids = ["T0-01"], claim = "It is a test", verdict = "supported", action = "leave_out", left_out = "it is a test" },
""",
)

HAZARD = Sound(
    HAZARDS,
    'hazard "test-hazard"',
    """
[[hazard]]
id = "test-hazard"
title = "A hazard"
cause = "It is a test."
effect = "It is a test."
answers = [{ legs = "l_pop" }]
least = "urgent"
never = ["walk-it-off"]
harm = ["heat"]
told = ["gentle-movement-only"]
words = ["hop"]
controls = ["serious-leg-injury"]
sources = ["nice-ng158"]
""",
)

# Entries that are at fault because of what is, or is not, beside them.
ALONE, UNCITED = QUESTION._replace(needs=()), SOURCE._replace(needs=())
ANSWERED = CLAIM._replace(needs=((FLAGS, FLAG.text.replace("sources = []", 'sources = []\nclaims = ["T0-01"]')),))
SECOND_FLAG = FLAG._replace(needs=((FLAGS, FLAG.text.replace("test-flag", "test-first")),))
SECOND_CHECK = CHECK._replace(needs=((CHECKS, CHECK.text.replace("test-check", "test-first")),))


class Break(NamedTuple):
    """One change of a sound entry, and what has to be said about it."""

    name: str
    entry: Sound
    old: str
    new: str
    field: str  # "" where the fault is about the whole entry
    code: str
    nearest: str = ""  # the id that the hint names
    label: str = ""  # where it is not the entry's

    def __str__(self) -> str:
        return self.name


WHEN = 'when = [{ kind = "k_flick", side = "left" }]'
FLICK = 'when = [{ kind = "k_flick" }]'
LEFT = 'when = [{ side = "left" }]'
SOON = 'when = [{ disposition = ">=soon", side = "left" }]'
GUARD, GUARDED = 'only_if = [{ legs = "none" }]', 'only_because = "not looked at"'
LOWERS = 'lowers = "it is a test"\nlowers_to = "routine"\nlowers_sources = ["nhs-dvt"]'
REORDERED = 'when = [{ side = ["left"], kind = "k_flick" }]'
TWICE = 'when = [{ kind = "k_flick", side = "left" }, { side = "left", kind = "k_flick" }]'
ALIKE = 'same condition and conclusion as "test-first"'
OTHER_SIGN = 'cause.sign "cause-flick"'
FIRST_SIGN = 'cause.sign "test-cause-left"'
WAY_OUT = "[question.clarify.option]"
HOLDS_NOT = "this can never hold"
STRATUM = "only the stratum below may be read"


def when(cell: str) -> str:
    return f"when = [{{ {cell} }}] {MARK}"


UNKNOWN_NAMES = [
    Break("question", FLAG, WHEN, when('kindd = "k_night"'), "when", "LCT202", '"kind"'),
    Break("option", FLAG, WHEN, when('kind = "k_flik"'), "when", "LCT204", '"k_flick"'),
    Break("one of", FLAG, WHEN, when('kind = ["k_night", "k_flik"]'), "when", "LCT204", '"k_flick"'),
    Break("all", FLAG, WHEN, when('legs = { all = ["l_veins", "l_pup"] }'), "when", "LCT204", '"l_pop"'),
    Break("not", FLAG, WHEN, when('legs = { not = ["l_pup"] }'), "when", "LCT204", '"l_pop"'),
    Break("open", FLAG, WHEN, when('legs = { open = ["l_pup"] }'), "when", "LCT204", '"l_pop"'),
    Break("any in a table", FLAG, WHEN, when('legs = { any = ["l_pup"], not = ["l_hot"] }'), "when", "LCT204", '"l_pop"'),
    Break("key of a table", FLAG, WHEN, when('legs = { nott = ["l_pop"] }'), "when", "LCT207"),
    Break("unless", FLAG, WHEN, f"{WHEN}\n{LOWERS}\nunless = [{{ cours = 1 }}] {MARK}", "unless", "LCT202", '"course"'),
    Break("ages", FLAG, WHEN, when('age = "60+"'), "when", "LCT204"),
    Break("field", FLAG, "sources = []", f'sources = []\nbecuase = "x" {MARK}', "becuase", "LCT106", '"because"'),
    Break("gone", FLAG, "sources = []", f'sources = []\nstatus = "draft" {MARK}', "status", "LCT106"),
    Break("level", FLAG, '"soon"', f'"sooon" {MARK}', "disposition", "LCT110", '"soon"'),
    Break("place", FLAG, '"soon"', '"soon"\nplace = "edd"', "place", "LCT301", '"ed"'),
    Break("source", FLAG, "[]\nd", '["nhs-dvtt"]\nd', "sources", "LCT301", '"nhs-dvt"'),
    Break("claim", FLAG, "[]\nd", '[]\nclaims = ["S0-9"]\nd', "claims", "LCT301"),
    Break("waits for", FLAG, "[]\nd", f'[]\nwaits_for = ["syde"] {MARK}\nd', "waits_for", "LCT301", '"side"'),
    Break(
        "lowered to",
        FLAG,
        WHEN,
        f'{WHEN}\nunless = [{{ age = "<8" }}]\nlowers = "x"\nlowers_sources = ["nhs-dvt"]\nlowers_to = "rotine" {MARK}',
        "lowers_to",
        "LCT110",
        '"routine"',
    ),
    Break(
        "source of lowers",
        FLAG,
        WHEN,
        f"{WHEN}\nunless = [{{ age = \"<8\" }}]\n{LOWERS.replace('nhs-dvt', 'nhs-dvtt')}",
        "lowers_sources",
        "LCT301",
        '"nhs-dvt"',
    ),
    Break("sign", SIGN, FLICK, 'when = [{ kid = "k_flick" }]', "when", "LCT202", '"kind"'),
    Break("weight", SIGN, "weight = 1", "weight = 5", "weight", "LCT110"),
    Break("never", NEVER, '"h_preg" }', '"h_prg" }', "when", "LCT204", '"h_preg"'),
    Break("for", RUB, 'for = [{ kind = "k_night" }]', f'for = [{{ kin = "k_night" }}] {MARK}', "for", "LCT202", '"kind"'),
    Break("only if", RUB, '"none" }]\no', f'"nun" }}] {MARK}\no', "only_if", "LCT204"),
    Break("harm", RUB, '["rubbing"]', f'["rubing"] {MARK}', "harm", "LCT110", '"rubbing"'),
    Break("kind", RUB, '"relief"', f'"releif" {MARK}', "kind", "LCT110", '"relief"'),
    Break("grade", RUB, '"C"', f'"D" {MARK}', "grade", "LCT110"),
    Break("beside", RUB, "order = 900", 'order = 900\nbeside = ["test-rob"]', "beside", "LCT301", '"test-rub"'),
    Break("strength", CHECK, '"may"', f'"must" {MARK}', "strength", "LCT110"),
    Break("red flag", CHECK, SOON, when('red_flag = "leg-injry"'), "when", "LCT204", '"leg-injury"'),
    Break("cause", CHECK, SOON, when('cause = "heat-swet"'), "when", "LCT204", '"heat-sweat"'),
    Break("levels", CHECK, SOON, when('disposition = ">=son"'), "when", "LCT204"),
    Break("group", CAUSE, '"ask"', f'"asks" {MARK}', "group", "LCT110", '"ask"'),
    Break("question kind", QUESTION, '"one"', f'"ones" {MARK}', "kind", "LCT110", '"one"'),
    Break("yields", QUESTION, '"one"', f'"one"\nyields = "alway" {MARK}', "yields", "LCT110", '"always"'),
    Break("option field", OPTION, '"not a test"', '"not", meens = "x"', "meens", "LCT106", '"means"'),
    Break("voice", OPTION, '"No",', '"No", voice = "thay",', "voice", "LCT301", '"they"'),
    Break("option shown", LIST._replace(label='question.option "no"', header=2), '"left" }] }', '"lft" }] }', "show", "LCT204", '"left"'),
    Break("rival", LIST, '["no", "yes"]]', f'["no", "yess"]] {MARK}', "rivals", "LCT204", '"yes"'),
    Break("way out", LIST._replace(label=WAY_OUT, header=5), '["yes"] },', '["yess"] },', "answer", "LCT204", '"yes"'),
    Break("next question", LIST._replace(label=WAY_OUT, header=5), 'answer = ["yes"] },', 'go_to = "danjer" },', "go_to", "LCT301", '"danger"'),
    Break("read", SOURCE, '"own page"', '"own pge"', "read", "LCT110", '"own page"'),
]  # fmt: skip
ASKED_WHEN = [
    Break(key, QUESTION, '"one"', f'"one"\n{key} = [{{ kidn = "k_night" }}] {MARK}', key, "LCT202", '"kind"')
    for key in ("ask_when", "ask_unless", "after_urgent", "yields_unless")
]

CONDITIONS = [
    Break("no rows", FLAG, WHEN, f"when = [] {MARK}", "when", "LCT201"),
    Break("row without cells", FLAG, WHEN, f"when = [{{}}] {MARK}", "when", "LCT201"),
    Break("no condition", FLAG, WHEN, "", "when", "LCT107"),
    Break("empty cell", FLAG, WHEN, when("kind = []"), "when", "LCT201"),
    Break("empty list in a table", FLAG, WHEN, when("kind = { not = [] }"), "when", "LCT201"),
    Break("empty table", FLAG, WHEN, when("kind = {}"), "when", "LCT207"),
    Break("empty guard", RUB, GUARD, f"only_if = [{{ legs = [] }}] {MARK}", "only_if", "LCT201"),
    Break("empty never", NEVER, '{ health = "h_preg" }]', "{ health = [] }]", "when", "LCT201"),
    Break("all of one", FLAG, WHEN, when('legs = { all = ["l_veins"] }'), "when", "LCT207"),
    Break("any alone", FLAG, WHEN, when('legs = { any = ["l_veins", "l_hot"] }'), "when", "LCT207"),
    Break("not of a number", FLAG, WHEN, when('age = { not = ["<18"] }'), "when", "LCT207"),
    Break("open of a level", CHECK, SOON, when('disposition = { open = ["soon"] }'), "when", "LCT207"),
    Break("two of one answer", FLAG, WHEN, when('side = { all = ["left", "both"] }'), "when", "LCT205"),
    Break("alone with", FLAG, WHEN, when('legs = { all = ["l_hot", "none"] }'), "when", "LCT205"),
    Break("nobody's age", FLAG, WHEN, when('age = ">120"'), "when", "LCT205"),
    Break("backwards", FLAG, WHEN, when('age = "59-18"'), "when", "LCT205"),
    Break("twice", FLAG, WHEN, when('kind = ["k_night", "k_night"]'), "when", "LCT206"),
    Break("flag in flag", FLAG, WHEN, when('red_flag = "leg-injury"'), "when", "LCT203"),
    Break(
        "flag after unless",
        FLAG,
        WHEN,
        f'{WHEN}\n{LOWERS}\nunless = [{{ red_flag = "leg-injury" }}] {MARK}',
        "unless",
        "LCT203",
        "",
    ),
    Break("cause in a sign", SIGN, FLICK, 'when = [{ cause = "heat-sweat" }]', "when", "LCT203"),
    Break(
        "level in a cause",
        CHECKED_CAUSE,
        'when = [{ red_flag = "one-leg-swollen" }]',
        when('disposition = "soon"'),
        "when",
        "LCT203",
        "",
    ),
    Break(
        "row that can never fire",
        FLAG,
        WHEN,
        f'{WHEN}\n{LOWERS}\nunless = [{{ side = ["left", "right"] }}]',
        "",
        "LCT305",
        "",
    ),
    Break(
        "row that is stopped by what it is not",
        FLAG,
        WHEN,
        f'when = [{{ legs = {{ open = ["l_hot", "l_pop"] }} }}]\n{LOWERS}\nunless = [{{ legs = {{ open = ["l_hot"] }} }}]',
        "",
        "LCT305",
        "",
    ),
    Break("lowers without unless", FLAG, WHEN, f"{WHEN}\n{LOWERS.replace(chr(10), f' {MARK}{chr(10)}', 1)}", "lowers", "LCT107"),
    Break("unless without lowers", FLAG, WHEN, f'{WHEN}\nunless = [{{ age = "<8" }}]', "lowers", "LCT107"),
    Break(
        "unless without its level",
        FLAG,
        WHEN,
        f"{WHEN}\nunless = [{{ age = \"<8\" }}]\nlowers = \"x\" {MARK}\nlowers_sources = [\"nhs-dvt\"]",
        "lowers",
        "LCT107",
    ),
    Break(
        "unless without its sources",
        FLAG,
        WHEN,
        f"{WHEN}\nunless = [{{ age = \"<8\" }}]\nlowers = \"x\" {MARK}\nlowers_to = \"routine\"",
        "lowers",
        "LCT107",
    ),
    Break(
        "waits for what is not asked",
        FLAG._replace(file="red_flags/emergency.toml"),
        '"soon"',
        '"emergency"\nwaits_for = ["course"]',
        "waits_for",
        "LCT311",
    ),
]  # fmt: skip

FIELDS = [
    Break("draft without reason", FLAG, 'draft_because = "it is a test"\n', "", "sources", "LCT303"),
    Break("no title", FLAG, 'title = "A flag"\n', "", "title", "LCT107"),
    Break("empty title", FLAG, '"A flag"', f'" " {MARK}', "title", "LCT108"),
    Break("no because", FLAG, 'because = "It is a test."\nso', "so", "because", "LCT107"),
    Break("no level", FLAG, 'disposition = "soon"\n', "", "disposition", "LCT107"),
    Break("no fires", FLAG, 'fires = [{ kind = ["k_flick"], side = "left" }]\n', "", "fires", "LCT308"),
    Break("empty fires", FLAG, 'fires = [{ kind = ["k_flick"], side = "left" }]', "fires = []", "fires", "LCT308"),
    Break("empty silent", CHECK, '[{ disposition = "routine", side = "left" }, { disposition = "soon", side = "both" }]', "[\n]", "silent", "LCT308"),
    Break("unguarded", RUB, f"{GUARD}\n{GUARDED}\n", "", "only_if", "LCT309"),
    Break("guard without reason", RUB, f"{GUARDED}\n", "", "only_because", "LCT309"),
    Break("never without reason", NEVER, '"h_preg" }], because = "it is a test" }', '"h_preg" }] }', "because", "LCT107"),
    Break("never without when", NEVER, 'when = [{ health = "h_preg" }], ', "", "when", "LCT107"),
    Break("no order", RUB, "order = 900\n", "", "order", "LCT107"),
    Break("no group", CAUSE, 'group = "ask"\n', "", "group", "LCT107"),
    Break("check without when", CHECKED_CAUSE, 'when = [{ red_flag = "one-leg-swollen" }]\n', "", "when", "LCT107"),
    Break("check with signs", CAUSE, '"ask"\norder = 900', f'"check" {MARK}\nwhen = [{{ red_flag = "leg-injury" }}]', "group", "LCT107"),
    Break("no why", QUESTION, 'why = "It is a test."\n', "", "why", "LCT107"),
    Break("no text", OPTION, 'text = "No", ', "", "text", "LCT107"),
    Break("no way to say none", LIST, ", exclusive = true", "", "option", "LCT312"),
    Break("not sure alone", LIST, 'key = "n"', 'exclusive = true, key = "n"', "option", "LCT312"),
    Break("harmless and many", LIST, '"Yes" },\n  { id = "no"', '"Yes", harmless = true },\n  { id = "no"', "option", "LCT313"),
    Break("danger without harmless", QUESTION, '"one"', '"one"\ndanger = true', "option", "LCT313"),
    Break("rival alone", LIST, '[["no", "yes"]]', f'[["no"]] {MARK}', "rivals", "LCT109"),
    Break("way out of nothing", LIST._replace(label=WAY_OUT, header=5), ', answer = ["yes"] },', " },", "answer", "LCT107"),
    Break("two ways out", LIST._replace(label=WAY_OUT, header=5), 'answer = ["yes"] },', 'answer = ["yes"], again = true },', "answer", "LCT107"),
    Break("two ways to clarify", LIST._replace(label="[question.clarify]"), 'text = "Again?"', f'text = "Again?"\neach = true {MARK}', "each", "LCT107"),
    Break("limit without when", QUESTION._replace(label="[question.limit]", header=3), '"not a test" },\n]\n', '"not a test" },\n]\nlimit = [\n  { max = 5, say = "x" },\n]\n', "when", "LCT107"),
    Break("no org", SOURCE, 'org = "A house", ', "", "org", "LCT107"),
    Break("no verdict", CLAIM, 'verdict = "supported", ', "", "verdict", "LCT107", "", "[claim]"),
]  # fmt: skip

YES = '\n  { id = "yes", text = "Yes", means = "a test" },\n  { '
USED = "is already used at rules/red_flags/soon.toml:"
IDS = [
    Break("words", FLAG, '"test-flag"', f'"Test flag" {MARK}', "id", "LCT111", "", 'red_flag "Test flag"'),
    Break("of another cause", SIGN, '"test-cause-flick"', '"cause-flick"', "id", "LCT111", "", OTHER_SIGN),
    Break("of a flag", FLAG, '"test-flag"', f'"leg-injury" {MARK}', "id", "LCT112", "", 'red_flag "leg-injury"'),
    Break("of another kind", CHECK, '"test-check"', f'"leg-injury" {MARK}', "id", "LCT112", "", 'check "leg-injury"'),
    Break("of a sign", SIGN, '"test-cause-flick"', '"test-cause-left"', "id", "LCT112", "", FIRST_SIGN),
    Break("of a source", SOURCE, '"test-source"', '"nhs-dvt"', "id", "LCT112", "", 'source "nhs-dvt"'),
    Break("of an option", QUESTION, f"option = [{YES}id = \"no\"", f"option = [ {MARK}{YES}id = \"yes\"", "option", "LCT112"),
]  # fmt: skip

# A value of another type. What is said must name the field, and no type may end the program.
WRONG_TYPES = [
    Break("text", FLAG, 'title = "A flag"', f"title = 5 {MARK}", "title", "LCT109"),
    Break("list", FLAG, "sources = []", f'sources = "nhs-dvt" {MARK}', "sources", "LCT109"),
    Break("list of texts", FLAG, "sources = []", f"sources = [5] {MARK}", "sources", "LCT109"),
    Break("choice", FLAG, '"soon"', f'["soon"] {MARK}', "disposition", "LCT110"),
    Break("rows", FLAG, WHEN, f'when = "k_flick" {MARK}', "when", "LCT201"),
    Break("row", FLAG, WHEN, f'when = ["k_flick"] {MARK}', "when", "LCT201"),
    Break("cell", FLAG, WHEN, when("kind = 5"), "when", "LCT204"),
    Break("cell of truth", FLAG, WHEN, when("kind = true"), "when", "LCT204"),
    Break("cell table", FLAG, WHEN, when('legs = { not = "l_hot" }'), "when", "LCT207"),
    Break("examples", FLAG, "silent = [{", f"silent = 5 {MARK}\n# [{{", "silent", "LCT109"),
    Break("weight", SIGN, "weight = 1", 'weight = "1"', "weight", "LCT110"),
    Break("weight of truth", SIGN, "weight = 1", "weight = true", "weight", "LCT110"),
    Break("order", RUB, "order = 900", f'order = "900" {MARK}', "order", "LCT109"),
    Break("order of truth", RUB, "order = 900", f"order = true {MARK}", "order", "LCT109"),
    Break("flag", QUESTION, 'kind = "one"', f'kind = "one"\ndanger = "yes" {MARK}', "danger", "LCT109"),
    Break("flag of an option", OPTION, '"No",', '"No", open = "yes",', "open", "LCT109"),
    Break("rivals", LIST, '[["no", "yes"]]', f'"no" {MARK}', "rivals", "LCT109"),
    Break("limits", QUESTION, 'kind = "one"', f'kind = "number"\nmin = 9\nmax = 9 {MARK}', "max", "LCT110"),
    Break("id of a flag", FLAG, '"test-flag"', f"5 {MARK}", "id", "LCT109", "", "[red_flag]"),
    Break("id of a cause", CHECKED_CAUSE, '"test-cause"', f'["x"] {MARK}', "id", "LCT109", "", "[cause]"),
    Break("id of a question", ALONE, '"test_question"', f'["x"] {MARK}', "id", "LCT109", "", "[question]"),
    Break("id of a source", SOURCE, '"test-source"', "[]", "id", "LCT109", "", "[source]"),
]  # fmt: skip

# What must not be said twice, and what must be said somewhere.
BETWEEN_ENTRIES = [
    Break("question not read", ALONE, "", "", "", "LCT307"),
    Break("source not used", UNCITED, "", "", "", "LCT302"),
    Break("claim unanswered", CLAIM, ', left_out = "it is a test"', "", "ids", "LCT304", "", "[claim]"),
    Break("claim of two minds", ANSWERED, "", "", "ids", "LCT304", "", "[claim]"),
    Break("claim twice", CLAIM, '["T0-01"]', '["T0-01", "T0-01"]', "ids", "LCT304", "", "[claim]"),
    Break("flags alike", SECOND_FLAG, WHEN, REORDERED, "", "LCT306"),
    Break("signs alike", SIGN, FLICK, LEFT, "", "LCT306"),
    Break("checks alike", SECOND_CHECK, "", "", "", "LCT306"),
    Break("row twice", FLAG, WHEN, TWICE, "", "LCT306"),
]  # fmt: skip

ASKED = """least = "urgent"
never = ["walk-it-off"]
harm = ["heat"]
told = ["gentle-movement-only"]
"""
CONTROLS = 'controls = ["serious-leg-injury"]\n'

OF_HAZARDS = [
    Break("hazard: level", HAZARD, '"urgent"', f'"urgnt" {MARK}', "least", "LCT110", '"urgent"'),
    Break("hazard: never", HAZARD, "walk-it-off", "walk-it-of", "never", "LCT301", '"walk-it-off"'),
    Break("hazard: harm", HAZARD, '["heat"]', f'["heal"] {MARK}', "harm", "LCT110", '"heat"'),
    Break("hazard: told", HAZARD, "gentle-movement-only", "gentle-rubs", "told", "LCT301", '"gentle-rub"'),
    Break("hazard: told to prevent", HAZARD, "gentle-movement-only", "prevent-warm-up", "told", "LCT301"),
    Break("hazard: control", HAZARD, "serious-leg-injury", "leg-injry", "controls", "LCT301", '"leg-injury"'),
    Break("hazard: no control", HAZARD, CONTROLS, "", "controls", "LCT315"),
    Break("hazard: control of nothing", HAZARD, ASKED, "", "controls", "LCT315"),
    Break("hazard: nothing asked", HAZARD, f'{ASKED}words = ["hop"]\n{CONTROLS}', "", "", "LCT315"),
    Break("hazard: no pattern", HAZARD, '["hop"]', '["(hop"]', "words", "LCT115"),
    Break("hazard: source", HAZARD, "nice-ng158", "nice-ng159", "sources", "LCT301"),
    Break("hazard: no source", HAZARD, '["nice-ng158"]', "[]", "sources", "LCT303"),
    Break("hazard: scenarios", HAZARD, 'least = "urgent"', f'least = "urgent"\nscenarios = ["x"] {MARK}', "scenarios", "LCT106"),
    Break("hazard: no effect", HAZARD, 'effect = "It is a test."\n', "", "effect", "LCT107"),
    Break("hazard: finding", HAZARD, '[{ legs = "l_pop" }]', f'[{{ red_flag = "foot-sore" }}] {MARK}', "answers", "LCT203"),
    Break("hazard: id of a rule", HAZARD, 'id = "test-hazard"', f'id = "foot-sore" {MARK}', "id", "LCT112", "", 'hazard "foot-sore"'),
]  # fmt: skip

ALIKE_BREAKS = [*UNKNOWN_NAMES, *WRONG_TYPES]  # few checks see all of them
BREAKS = [*ASKED_WHEN, *CONDITIONS, *FIELDS, *IDS, *BETWEEN_ENTRIES, *OF_HAZARDS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the rule base, to be broken."""
    return Path(shutil.copytree(rules_folder(), tmp_path / "rules"))


def append(path: Path, text: str) -> None:
    """Add an entry at the end of a file, or a line at the end of the list that the file is."""
    before = path.read_text("utf-8")
    if text.startswith("\n  {"):
        assert before.endswith("\n]\n"), path
        before, text = before.removesuffix("]\n"), f"{text.lstrip(chr(10))}]\n"
    path.write_text(before + text, "utf-8")


def add(folder: Path, entry: Sound) -> None:
    for file, text in (*entry.needs, (entry.file, entry.text)):
        append(folder / file, text)


def marked_line(path: Path) -> int:
    """The line with the mark."""
    lines = path.read_text("utf-8").split("\n")
    [line] = [number for number, text in enumerate(lines, 1) if text.endswith(MARK)]
    return line


def with_mark(entry: Sound, field: str = "") -> Sound:
    """The entry with the line of the field marked, if nothing else is; with its header where it has no such line."""
    if MARK in entry.text:
        return entry
    lines = entry.text.split("\n")
    headers = [number for number, line in enumerate(lines) if line.startswith(("[[", "  {"))]
    own = [number for number, line in enumerate(lines) if not entry.header and line.startswith(f"{field} = ")]
    lines[(own or headers)[0 if own else entry.header]] += f" {MARK}"
    return entry._replace(text="\n".join(lines))


def applied(broken: Break) -> Sound:
    """The entry with its one change."""
    entry = broken.entry
    if not broken.old:
        return with_mark(entry, broken.field)
    assert entry.text.count(broken.old) == 1, broken.old
    return with_mark(entry._replace(text=entry.text.replace(broken.old, broken.new)), broken.field)


def faults(folder: Path) -> list[Fault]:
    """All faults of a rule base; none if it is sound."""
    try:
        load(folder)
    except FaultyInput as error:
        return list(error.faults)
    return []


@pytest.mark.parametrize("entries", [(CAUSE, CHECK, CLAIM, RUB, QUESTION), (FLAG, CHECKED_CAUSE), (SOURCE,), (HAZARD,)])
def test_the_added_entries_are_sound(folder: Path, entries: tuple[Sound, ...]) -> None:
    for entry in entries:
        add(folder, entry)
    rulebase = load(folder)
    engine = Engine(rulebase)
    for entry in rulebase.entries.values():
        if entry.id.startswith("test-"):
            assert all(holds(engine, entry, facts) for e in entry.fires for facts in written_out(rulebase, e))
            assert not any(holds(engine, entry, facts) for e in entry.silent for facts in written_out(rulebase, e))


@pytest.mark.parametrize("broken", BREAKS, ids=str)
def test_a_break_is_told_with_file_line_rule_field_and_hint(folder: Path, broken: Break) -> None:
    check_told(folder, broken)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("broken", ALIKE_BREAKS, ids=str)
def test_a_wrong_name_or_type_is_told_in_the_same_way(folder: Path, broken: Break) -> None:
    check_told(folder, broken)


def check_told(folder: Path, broken: Break) -> None:
    add(folder, applied(broken))
    found = faults(folder)
    label = broken.label or broken.entry.label
    # Nothing but the break is told: no follow-on faults elsewhere.
    place = f"rules/{broken.entry.file}", marked_line(folder / broken.entry.file)
    assert {(fault.file, fault.line) for fault in found} == {place}
    start = f"{label}, {broken.field}: " if broken.field else label
    assert all(fault.what.startswith(start) for fault in found), found
    assert any(fault.code == broken.code and broken.nearest in fault.hint for fault in found), found


class Damage(NamedTuple):
    """Something done to a whole file, and what has to be said about it."""

    name: str
    file: str
    damage: Callable[[Path], None]
    line: int | None  # None: the marked one
    code: str
    nearest: str = ""  # the id that the hint names

    def __str__(self) -> str:
        return self.name


def swapped(pattern: str, new: str) -> Callable[[Path], None]:
    """Replaces the first match of a pattern, which must be there."""

    def damage(path: Path) -> None:
        text, count = re.subn(pattern, new, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
        assert count == 1, pattern
        path.write_text(text, "utf-8")

    return damage


def after_last(start: str, line: str) -> Callable[[Path], None]:
    """Puts a line behind the last one that begins with `start`."""

    def damage(path: Path) -> None:
        lines = path.read_text("utf-8").split("\n")
        last = max(number for number, text in enumerate(lines) if text.startswith(start))
        path.write_text("\n".join([*lines[: last + 1], line, *lines[last + 1 :]]), "utf-8")

    return damage


def with_bytes(raw: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(b"# one\n# two\n" + raw)


def in_last(start: str) -> Callable[[Path], None]:
    """Puts an unknown field into the last line of a list that begins like this."""

    def damage(path: Path) -> None:
        lines = path.read_text("utf-8").split("\n")
        last = max(number for number, text in enumerate(lines) if text.startswith(start))
        lines[last] = lines[last].replace("  { ", '  { extra = "x", ', 1) + f" {MARK}"
        path.write_text("\n".join(lines), "utf-8")

    return damage


EXTRA = f'extra = "x" {MARK}'
DAMAGES = [
    Damage("last flag", FLAGS, after_last("id = ", EXTRA), None, "LCT106"),
    Damage("last sign", CAUSES, in_last("  { id = "), None, "LCT106"),
    Damage("last option", QUESTIONS, in_last("  { id = "), None, "LCT106"),
    Damage("last way out", QUESTIONS, in_last("  { text = "), None, "LCT106"),
    Damage("last clarification", QUESTIONS, after_last("[question.clarify]", EXTRA), None, "LCT106"),
    Damage("last asked when", QUESTIONS, swapped(r"(?s)^(.*)^ask_when = \[\n  \{ \w+", rf"\1ask_when = [ {MARK}\n  {{ helth"), None, "LCT202", '"health"'),
    Damage("last never", ADVICE, in_last("  { when = "), None, "LCT106"),
    Damage("last claim", CLAIMS, in_last("  { ids = "), None, "LCT106"),
    Damage("last source", SOURCES, in_last("  { id = "), None, "LCT106"),
    Damage("relief now", RELIEF_NOW, after_last("title = ", EXTRA), None, "LCT106"),
    Damage("safety net", LEVELS, after_last("say_today = ", EXTRA), None, "LCT106"),
    Damage("place", LEVELS, after_last("[[place]]", EXTRA), None, "LCT106"),
    Damage("most", LEVELS, swapped(r"^most = \d+$", f'most = "many" {MARK}'), None, "LCT109"),
    Damage("shows", LEVELS, swapped(r'^shows = \["replies", "n.*$', f'shows = ["nots"] {MARK}'), None, "LCT110", '"notes"'),
    Damage("causes", LEVELS, swapped(r'^causes = \["[^\n]*$', f'causes = ["asks"] {MARK}'), None, "LCT110", '"ask"'),
    Damage("stops", LEVELS, swapped('^stops = "at_once"$', f'stops = "once" {MARK}'), None, "LCT110", '"at_once"'),
    Damage("clarified", QUESTIONS, swapped(r'answer = \["k_stays"\] \},$', f'answer = ["k_stay"] }}, {MARK}'), None, "LCT204", '"k_stays"'),
    Damage("next question", QUESTIONS, swapped('go_to = "danger" },$', f'go_to = "danjer" }}, {MARK}'), None, "LCT301", '"danger"'),
    Damage("worse at all times", LEVELS, swapped(r'^worse = "the pain gets worse"\nworse_when = [^\n]*$', f'worse = "x" {MARK}'), None, "LCT110"),
    Damage("at once and more", LEVELS, swapped(r'^shows = \["notes"\]', f'shows = ["relief"] {MARK}'), None, "LCT314"),
    Damage("no words for when", LEVELS, swapped(r"\[\[disposition\]\]((?s:.*?))^when_said = [^\n]*$", rf"[[disposition]] {MARK}\1"), None, "LCT107"),
    Damage("no words for instead", LEVELS, swapped(r'^\[\[disposition\]\]\nid = "soon"((?s:.*?))^instead = [^\n]*$', rf'[[disposition]] {MARK}\nid = "soon"\1'), None, "LCT107"),
    Damage("a token less", VOICES, swapped(r'^\[\[voice\]\]\nid = "child"((?s:.*?))^es = [^\n]*$', rf'[[voice]] {MARK}\nid = "child"\1'), None, "LCT110"),
    Damage("a token more", VOICES, swapped(r'^\[\[voice\]\]\nid = "they"((?s:.*?))^es = ', rf'[[voice]] {MARK}\nid = "they"\1een = ""\nes = '), None, "LCT110"),
    Damage("no text for a token", VOICES, swapped(r'^\[\[voice\]\]\nid = "you"((?s:.*?))^es = ""', rf'[[voice]] {MARK}\nid = "you"\1es = 5'), None, "LCT109"),
    Damage("no action for a voice", RELIEF_NOW, swapped(r"^\[relief_now\.action\]((?s:.*?))^child = [^\n]*$", rf"[relief_now.action] {MARK}\1"), None, "LCT110"),
    Damage("an action for nobody", RELIEF_NOW, swapped(r"^\[relief_now\.action\]\n", f'[relief_now.action] {MARK}\ncat = "Purr."\n'), None, "LCT110"),
    Damage("unknown table", FLAGS, lambda path: append(path, f'[[red_flags]] {MARK}\nid = "x"\n'), None, "LCT103", '"red_flag"'),
    Damage("table of another file", LEVELS, lambda path: append(path, CHECK.text.replace("]]", f"]] {MARK}")), None, "LCT103"),
    Damage("not a list of tables", CHECKS, lambda path: path.write_text(f'[check] {MARK}\nid = "x"\n'), None, "LCT105"),
    Damage("a number for tables", CHECKS, lambda path: path.write_text(f"check = 5 {MARK}\n"), None, "LCT105"),
    Damage("a number for flags", FLAGS, lambda path: path.write_text(f"red_flag = 5 {MARK}\n"), None, "LCT105"),
    Damage("not TOML", FLAGS, with_bytes(f"id = flag {MARK}\n".encode()), 3, "LCT004"),
    Damage("not TOML below", FLAGS, lambda path: append(path, f"id = flag {MARK}\n"), None, "LCT004"),
    Damage("end in a string", FLAGS, with_bytes(b'id = "flag'), 3, "LCT004"),
    Damage("NUL", SOURCES, with_bytes(b"# \x00\n"), 3, "LCT004"),
    Damage("not UTF-8", QUESTIONS, with_bytes(b'text = "Caf\xe9"\n'), 3, "LCT003"),
    Damage("too large", CLAIMS, lambda path: append(path, "#" * 6_000_000), 0, "LCT002"),
]  # fmt: skip


@pytest.mark.sampled(3)
@pytest.mark.parametrize("damaged", DAMAGES, ids=str)
def test_damage_to_a_file_is_told_with_its_line(folder: Path, damaged: Damage) -> None:
    path = folder / damaged.file
    damaged.damage(path)
    line = marked_line(path) if damaged.line is None else damaged.line
    told = [fault for fault in faults(folder) if fault.code == damaged.code and damaged.nearest in fault.hint]
    assert {(fault.file, fault.line) for fault in told} == {(f"rules/{damaged.file}", line)}


@pytest.mark.parametrize(
    "pattern",
    [
        QUESTIONS,
        VOICES,
        LEVELS,
        "red_flags/*.toml",
        "causes/*.toml",
        RELIEF_NOW,
        "advice/*.toml",
        CHECKS,
        CLAIMS,
        SOURCES,
    ],
)
def test_a_missing_file_is_told(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        if path != folder / RELIEF_NOW or pattern == RELIEF_NOW:  # it has a line of its own in the layout
            path.unlink()
    assert [(fault.file, fault.what) for fault in faults(folder)] == [(pattern, "no such file in the rule base")]


@pytest.mark.parametrize(
    ("file", "table"), [*((LEVELS, table) for table in ("asking", "ranking", "about")), (RELIEF_NOW, "relief_now")]
)
def test_a_missing_table_is_told(folder: Path, file: str, table: str) -> None:
    swapped(rf"(?s)^\[{table}\]\n.*?(?=^\[(?!{table}\.)|\Z)", "")(folder / file)
    assert [fault.what for fault in faults(folder)] == [f"the table [{table}] is missing"]


def test_a_folder_in_place_of_a_file_is_told(folder: Path) -> None:
    (folder / CHECKS).unlink()
    (folder / CHECKS).mkdir()
    [fault] = faults(folder)
    assert fault.file == f"rules/{CHECKS}"
    assert fault.what.startswith("cannot be read")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    [fault] = faults(tmp_path / "nowhere")
    assert fault.code == "LCT001"


def test_a_question_cannot_have_the_name_of_a_finding(folder: Path) -> None:
    add(folder, QUESTION._replace(text=QUESTION.text.replace("test_question", "cause"), needs=()))
    assert "LCT112" in {fault.code for fault in faults(folder)}


def test_a_question_can_be_there_more_than_twice(folder: Path) -> None:
    for _ in range(3):
        append(folder / QUESTIONS, QUESTION.text.replace("test_question", "age"))
    told = [fault for fault in faults(folder) if '"age" is already used' in fault.what]
    assert len(told) == 3


EXAMPLES = [
    ("question", '{ kindd = ["k_night"] }', "LCT202", '"kind"'),
    ("option", '{ kind = ["k_nigt"] }', "LCT402", '"k_night"'),
    ("no list", '{ kind = "k_night" }', "LCT403", "k_night"),
    ("age", "{ age = 121 }", "LCT404", "120"),
    ("beside an exclusive", '{ legs = ["none", "l_hot"] }', "LCT406", ""),
    ("finding", '{ red_flag = ["leg-injry"] }', "LCT204", '"leg-injury"'),
    ("text", '"k_night"', "LCT208", ""),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("field", ["fires", "silent"])
@pytest.mark.parametrize(("name", "example", "code", "hint"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_a_wrong_example_is_told(folder: Path, field: str, name: str, example: str, code: str, hint: str) -> None:
    text = re.sub(
        rf"^{field} = \[(.*)\]$", rf"{field} = [ {MARK}\n  \1,\n  {example},\n]", FLAG.text, flags=re.MULTILINE
    )
    append(folder / FLAGS, text)
    [fault] = faults(folder)
    assert (fault.file, fault.line, fault.code) == (f"rules/{FLAGS}", marked_line(folder / FLAGS), code), name
    assert fault.what.startswith(f"{FLAG.label}, {field}: ")
    assert hint in fault.hint


def test_examples_that_do_not_come_true_fail_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FLAG.text
    for field, kind in (("fires", "k_night"), ("silent", "k_flick")):
        text = re.sub(
            rf"^{field} = .*$", f'{field} = [{{ kind = ["{kind}"], side = "left" }}]', text, flags=re.MULTILINE
        )
    add(folder, with_mark(FLAG._replace(text=text)))
    assert main(["check", "--rules", str(folder)]) == 1
    place = f"rules/{FLAGS}:{marked_line(folder / FLAGS)}: LCT800 {FLAG.label}"
    assert capsys.readouterr().out.splitlines() == [
        f"{place}: does not fire on its example {{ kind = k_night, side = left }}",
        f"{place}: fires, but must be silent on its example {{ kind = k_flick, side = left }}",
        "2 faults",
    ]


def test_not_sure_may_stand_beside_signs_in_an_example(folder: Path) -> None:
    append(
        folder / FLAGS, FLAG.text.replace('fires = [{ kind = ["k_flick"]', 'fires = [{ kind = ["k_flick", "not_sure"]')
    )
    [example] = load(folder).red_flags["test-flag"].fires
    assert example["kind"] == ["k_flick", "not_sure"]


def test_several_faults_are_told_at_once_in_order(folder: Path) -> None:
    breaks = [b for b in BREAKS if b.name in ("group", "strength", "read", "weight", "level")]
    for broken in breaks:
        add(folder, applied(broken))
    found = faults(folder)
    for broken in breaks:
        assert any(fault.code == broken.code and broken.field in fault.what for fault in found), broken.name
    places = [(fault.file, fault.line) for fault in found]
    assert places == sorted(places)


def test_several_lints_are_told_at_once(folder: Path) -> None:
    breaks = [b for b in BREAKS if b.name in ("source not used", "claim twice", "guard without reason")]
    for broken in breaks:
        add(folder, applied(broken))
    found = faults(folder)
    for broken in breaks:
        assert any(fault.code == broken.code and broken.field in fault.what for fault in found), broken.name
    assert len(found) == len(breaks)


def test_files_that_cannot_be_read_are_told_at_once(folder: Path) -> None:
    (folder / CHECKS).write_text("check = ")
    (folder / SOURCES).write_bytes(b"\xff")
    (folder / CLAIMS).unlink()
    assert {Path(fault.file).name for fault in faults(folder)} == {CHECKS, SOURCES, CLAIMS}


# --- the commands


ANSWERS = """
title = "Somebody"

[answers]
age = 34

[expect]
complete = false
"""


class NobodyThere(io.StringIO):
    """Standard input that must not be read."""

    def readline(self, *_: object) -> str:
        raise AssertionError("something was asked")


@pytest.fixture
def broken_folder(folder: Path) -> Path:
    append(folder / FLAGS, FLAG.text.replace('"soon"', '"sooon"'))
    return folder


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text(ANSWERS)
    return path


COMMANDS = [
    "--plain",
    "ask --plain",
    "ask --plain --answers {answers}",
    "ask --plain --save {folder}/new.toml",
    "run {answers}",
    "run --partial --format json {answers}",
    "run {answers} --output {folder}/new.toml",
    "test {answers}",
    "rules",
    "rules leg-injury",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_broken_rule_base(
    command: str,
    broken_folder: Path,
    answers: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", NobodyThere())
    words = command.format(answers=answers, folder=broken_folder.parent).split()
    assert main([*words, "--rules", str(broken_folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert 'disposition: "sooon" is not allowed (did you mean "soon"?' in told.err
    assert "Question 1" not in told.err
    assert not (broken_folder.parent / "new.toml").exists()


def test_check_prints_every_fault_and_fails(broken_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(broken_folder / CHECKS, CHECK.text.replace('"may"', '"must"'))
    assert main(["check", "--rules", str(broken_folder)]) == 1
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines() == [*map(str, faults(broken_folder)), "2 faults"]


# Relief reads one file only, so that it is there at once; a fault in that file stops it.
RELIEF_BREAKS = {
    "no steps": (r"(?s)^steps = \[\n.*?^\]", ""),
    "empty steps": (r"(?s)^steps = \[\n.*?^\]", "steps = []"),
    "text for steps": (r"(?s)^steps = \[\n.*?^\]", 'steps = "Stretch."'),
    "number for a step": (r"(?s)^steps = \[\n.*?^\]", "steps = [5]"),
    "number for a title": (r"^title = .*$", "title = 5"),
    "no title": (r"^title = .*$", ""),
    "not TOML": (r"^title = .*$", "title ="),
    "list of tables": (r"^\[relief_now\]$", "[[relief_now]]"),
}


@pytest.mark.parametrize("name", RELIEF_BREAKS)
def test_relief_refuses_a_broken_file_of_its_own(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swapped(*RELIEF_BREAKS[name])(folder / RELIEF_NOW)
    assert faults(folder)
    assert main(["relief", "--rules", str(folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "relief_now" in told.err


# --- what is read


def test_every_entry_knows_its_own_line(rulebase: RuleBase) -> None:
    for entry in [*rulebase.entries.values(), *rulebase.questions.values(), *rulebase.sources.values()]:
        header, own = rulebase.texts[entry.at.file].split("\n")[entry.at.line - 1 :][:2]
        assert header.startswith((f'  {{ id = "{entry.id}", ', "[[")), entry.id
        assert f'id = "{entry.id}"' in (own if header.startswith("[[") else header)


# --- what proofs may find


ENTRY = '{ proof = "every-rule-matters", rule = "leg-injury", what = "a change", because = "It is a test." }'
ACCEPTED = f"accepted = [\n  {ENTRY},\n]\n"

NOT_ACCEPTED = {
    "no reason": (ACCEPTED.replace(', because = "It is a test."', ""), 2, "LCT107"),
    "unknown field": (ACCEPTED.replace("{ proof", '{ wy = "x", proof'), 2, "LCT106"),
    "unknown proof": (ACCEPTED.replace("every-rule-matters", "every-rule-matter"), 2, "LCT110"),
    "twice": (f"accepted = [\n  {ENTRY},\n  {ENTRY},\n]\n", 3, "LCT112"),
    "not a list": (f"accepted = {ENTRY}\n", 1, "LCT105"),
    "not TOML": ("accepted =", 1, "LCT004"),
}


@pytest.mark.parametrize("name", NOT_ACCEPTED)
def test_what_is_accepted_is_checked(name: str, folder: Path) -> None:
    text, line, code = NOT_ACCEPTED[name]
    (folder / "accepted.toml").write_text(text)
    [found] = faults(folder)
    assert (found.file, found.line, found.code) == ("rules/accepted.toml", line, code)


def test_what_is_accepted_is_read(folder: Path) -> None:
    (folder / "accepted.toml").unlink(missing_ok=True)
    assert load(folder).accepted == ()
    (folder / "accepted.toml").write_text(ACCEPTED)
    [accepted] = load(folder).accepted
    assert (accepted.proof, accepted.rule, accepted.what) == ("every-rule-matters", "leg-injury", "a change")
    assert accepted.at.line == 2


# --- what could hang or hurt


@pytest.mark.parametrize("name", ["checks.toml", "advice/relief_now.toml"])
def test_what_is_no_plain_file_is_refused(name: str, folder: Path) -> None:
    """A pipe that nobody writes to would be waited for, and a device may never end."""
    (folder / name).unlink()
    os.mkfifo(folder / name)
    [fault] = faults(folder)
    assert (fault.file, fault.code) == (f"rules/{name}", "LCT001")
    assert main(["relief", "--rules", str(folder)]) == (2 if "relief" in name else 0)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    assert [fault.code for fault in faults(folder)] == ["LCT001"]


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|b*)*c", "(?:a{1,99}){1,99}b", "a*a*a*b", r"\\s*\\s*\\s*x", "(unclosed"]
)
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str, folder: Path) -> None:
    wording = folder / "wording.toml"
    wording.write_text(wording.read_text("utf-8").replace(r"'\bdiagnos\w*'", f"'{pattern}'", 1).replace("\\\\", "\\"))
    assert [fault.code for fault in faults(folder)] == ["LCT115"]
