"""The table that a clinician reads first: every exception of a red flag has its row in INTENDED-USE.md."""

import re
from collections import Counter
from pathlib import Path

from triage.knowledge.model import RuleBase

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| \d+ \| ([a-z0-9-]+) \| .+ \| (\S+) \| (\S+) \| (.+) \| no \|$", re.MULTILINE)
SAID = {"today": "urgent", "days": "soon", "weeks": "routine", "self-care": "self_care"}


def rows() -> list[tuple[str, str, str, str]]:
    return ROW.findall((ROOT / "INTENDED-USE.md").read_text("utf-8"))


def test_every_exception_has_a_row_of_its_own(rulebase: RuleBase) -> None:
    told = Counter(name for name, *_ in rows())
    assert told == {
        flag.id: len(flag.condition.unless) for flag in rulebase.red_flags.values() if flag.condition.unless
    }


def test_a_row_says_from_where_and_how_far_it_lowers_and_what_says_so(rulebase: RuleBase) -> None:
    for name, before, after, sources in rows():
        flag = rulebase.red_flags[name]
        assert SAID[before] == flag.disposition, name
        ranks = [rulebase.dispositions[level].rank for level in (SAID[after], flag.lowers_to)]
        assert ranks[0] <= ranks[1], name  # no row leads lower than its rule says
        assert set(re.findall(r"[a-z][a-z0-9-]+", sources)) <= {*flag.lowers_sources, "draft"}, name


def test_the_fate_of_each_red_flag_of_version_1_is_told(rulebase: RuleBase) -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    table = text[text.index("What became of version 1's red flags") : text.index("## Between 1.0.0")]
    fates = re.findall(
        r"^\| ([a-z0-9-]+) \((?:emergency|urgent|soon|routine|pharmacist)\) \| (.+) \|$", table, re.MULTILINE
    )
    assert len(fates) == len({old for old, _ in fates}) == 83
    for old, new in fates:
        named = [old] if new.startswith("the same") else re.findall(r"[a-z0-9-]+(?=,| \(|$)", new)
        assert set(named) <= set(rulebase.red_flags), old
