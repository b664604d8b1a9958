"""The table of corporate actions: both forms, and one clear line for every mistake."""

from datetime import date
from pathlib import Path

import pytest

from broker_sim.action_table import read_actions
from broker_sim.corporate_actions import ActionKind, CorporateAction
from domain.errors import DataError

TOML = """
[[action]]
date = 2026-05-06
symbol = "005930"
action = "split"
ratio = "5:1"
fraction_price = 61_000
[[action]]
date = "2026-06-15"
symbol = "120110"
action = "dividend"
amount = 361
[[action]]
date = 2026-07-01
symbol = "0155E0"
action = "bonus"
ratio = "1:2"
"""
CSV = """date, symbol, action, ratio, amount, fraction_price
2026-05-06, 005930, split, 5:1, , 61000
2026-06-15, 120110, dividend, , 361,
2026-07-01, 0155E0, bonus, 1:2, ,
"""
SPLIT = {"date": '"2026-05-06"', "symbol": '"005930"', "action": '"split"', "ratio": '"5:1"'}
DIVIDEND = {"date": '"2026-05-06"', "symbol": '"005930"', "action": '"dividend"', "amount": "361"}


def a_file(folder: Path, text: str, name: str = "actions.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def a_row(fields: dict[str, str]) -> str:
    return "\n".join(["[[action]]", *(f"{name} = {value}" for name, value in fields.items() if value), ""])


@pytest.mark.parametrize(("text", "name"), [(TOML, "actions.toml"), (CSV, "Actions.CSV"), ("\ufeff" + CSV, "bom.csv")])
def test_given_either_form_when_read_then_the_rows_are_the_same(tmp_path: Path, text: str, name: str) -> None:
    table = read_actions(a_file(tmp_path, text, name))
    assert table.due(date(2026, 1, 1), date(2026, 12, 31)) == [
        CorporateAction(date(2026, 5, 6), "005930", ActionKind.SPLIT, 5, 1, 0, 61_000),
        CorporateAction(date(2026, 6, 15), "120110", ActionKind.DIVIDEND, 1, 1, 361, None),
        CorporateAction(date(2026, 7, 1), "0155E0", ActionKind.BONUS, 1, 2, 0, None),
    ]


@pytest.mark.parametrize(
    ("row", "change", "says"),
    [
        (SPLIT, {"action": '"spilt"'}, "action expected split, bonus, dividend, was 'spilt'"),
        (SPLIT, {"action": ""}, "action expected split, bonus, dividend, was none"),
        (SPLIT, {"date": '"6 May"'}, "date expected YYYY-MM-DD, was '6 May'"),
        (SPLIT, {"date": ""}, "date expected YYYY-MM-DD, was none"),
        (SPLIT, {"date": "2026-05-06T09:00:00"}, "date expected YYYY-MM-DD, was '2026-05-06 09:00:00'"),
        (SPLIT, {"date": "2026-05-05"}, "date expected a trading day, was 2026-05-05"),
        (SPLIT, {"symbol": "5930"}, "symbol: code expected six characters"),
        (SPLIT, {"ratio": '"5-1"'}, "ratio expected new:old, each 1 to 10,000, was '5-1'"),
        (SPLIT, {"ratio": '"0:1"'}, "ratio expected new:old"),
        (SPLIT, {"ratio": '"10001:1"'}, "ratio expected new:old"),
        (SPLIT, {"ratio": '"2:2"'}, "ratio expected two numbers that differ"),
        (SPLIT, {"ratio": "5.1"}, "ratio expected new:old"),
        (SPLIT, {"action": '"bonus"', "ratio": '"x:1"'}, "ratio expected new:held"),
        (SPLIT, {"ratio": ""}, "ratio expected for a split, was none"),
        (SPLIT, {"amount": "361"}, "amount expected none for a split, was 361"),
        (SPLIT, {"fraction_price": "0"}, "fraction_price expected whole won, 1 to 1,000,000,000,000, was '0'"),
        (SPLIT, {"fraction_price": "true"}, "fraction_price expected whole won"),
        (SPLIT, {"when": '"now"'}, "fields expected date, symbol, action, ratio, amount, fraction_price, was 'when'"),
        (DIVIDEND, {"amount": "361.5"}, "amount expected whole won"),
        (DIVIDEND, {"amount": ""}, "amount expected for a dividend, was none"),
        (DIVIDEND, {"ratio": '"5:1"'}, "ratio expected none for a dividend"),
        (DIVIDEND, {"fraction_price": "5"}, "fraction_price expected none for a dividend"),
    ],
)
def test_given_a_mistake_when_read_then_one_line_names_row_field_value_and_what_is_allowed(
    tmp_path: Path, row: dict[str, str], change: dict[str, str], says: str
) -> None:
    path = a_file(tmp_path, a_row(DIVIDEND | {"symbol": '"120110"'}) + a_row(row | change))
    with pytest.raises(DataError) as caught:
        read_actions(path)
    assert str(caught.value).startswith(f"{path}: action 2: {says}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("[[action]", "a.toml", "not valid TOML"),
        ("", "a.toml", "at least one action is expected"),
        ("action = 5", "a.toml", r"action expected a list of \[\[action\]\] tables, was 5"),
        ('title = "x"', "a.toml", r"only \[\[action\]\] tables are expected, was title"),
        (a_row(SPLIT) * 2, "a.toml", "action 2: split of 005930 on 2026-05-06 expected once, is listed twice"),
        ("date,symbol\n2026-05-06", "a.csv", "line 2: 2 columns expected"),
        ("date,symbol\n2026-05-06,005930,split", "a.csv", "line 2: 2 columns expected"),
        ("date,symbol\n2026-05-06,005930", "a.csv", "line 2: action expected split"),
        ("date,symbol\n", "a.csv", "at least one action is expected"),
    ],
)
def test_given_a_file_that_is_no_table_when_read_then_it_says_so(
    tmp_path: Path, text: str, name: str, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_actions(a_file(tmp_path, text, name))


def test_given_a_file_that_cannot_be_read_when_read_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml: cannot be read"):
        read_actions(tmp_path / "none.toml")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"bytes\.csv: cannot be read"):
        read_actions(tmp_path / "bytes.csv")


def test_given_a_correction_of_the_calendar_when_read_then_it_decides_what_a_trading_day_is(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_row(SPLIT))
    with pytest.raises(DataError, match="date expected a trading day"):
        read_actions(path, {"2026-05-06": ("", "")})
    assert len(read_actions(path, {"2026-05-06": ("10:00", "15:30")})) == 1
