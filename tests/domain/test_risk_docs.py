"""docs/risk.md lists every check with its setting, and says who may override it as the code does."""

import re
from pathlib import Path

from cli.risk_settings import RiskSection
from domain.risk import RULES
from domain.risk.conduct_rules import OVERRIDABLE

TEXT = (Path(__file__).parents[2] / "docs" / "risk.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in TEXT.splitlines() if line.startswith("| `")]


def test_given_the_table_of_rules_when_documented_then_every_check_stands_there_in_the_order_it_is_asked() -> None:
    told = [code for row in ROWS for code in re.findall(r"`([A-Z_]+)`", row[0])]
    assert told == [rule.code for rule in RULES]


def test_given_a_check_when_documented_then_it_says_whether_a_person_may_override_it() -> None:
    for row in ROWS:
        for code in re.findall(r"`([A-Z_]+)`", row[0]):
            may = row[4].strip() in ("yes", "the window only")
            assert may == (code in OVERRIDABLE) or row[4].strip() == "–", code


def test_given_a_setting_when_documented_then_it_is_one_of_the_file() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([a-z_]+)`", row[3])}
    assert named - {"deny_bad_quality"} <= set(RiskSection.model_fields), named
    silent = {"unknown_correlation_pct", "adv_days"}  # of a check, told beside the table
    assert set(RiskSection.model_fields) - silent <= named
