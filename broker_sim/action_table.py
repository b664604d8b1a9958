"""The table of corporate actions as a file, TOML or CSV, checked row by row.

    [[action]]                      date,symbol,action,ratio,amount,fraction_price
    date = 2026-05-06               2026-05-06,005930,split,5:1,,61000
    symbol = "005930"               2026-06-15,120110,dividend,,361,
    action = "split"                2026-07-01,0155E0,bonus,1:2,,
    ratio = "5:1"

`ratio` is new:old for a split (5:1, or 1:5 for a reverse split) and new:held for a bonus issue; `amount` is won a share
before tax; `fraction_price` (won for a whole share afterwards) is optional and pays for fractions.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from broker_sim.corporate_actions import ActionKind, ActionTable, CorporateAction
from domain.errors import ConfigError, DataError
from domain.krx.calendar import NO_OVERRIDES, is_session
from domain.krx.codes import check_code
from domain.types import Krw

KEYS: Final = ("date", "symbol", "action", "ratio", "amount", "fraction_price")
NEEDS: Final = {ActionKind.SPLIT: "ratio", ActionKind.BONUS: "ratio", ActionKind.DIVIDEND: "amount"}
TAKES: Final = {
    ActionKind.SPLIT: ("ratio", "fraction_price"),
    ActionKind.BONUS: ("ratio", "fraction_price"),
    ActionKind.DIVIDEND: ("amount",),
}
LARGEST_RATIO: Final = 10_000
LARGEST_WON: Final = 10**12
FILE_NAME: Final = "actions.toml"  # beside the paper account's journal


def read_actions(path: Path, overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES) -> ActionTable:
    """Read a table, `.csv` as CSV and anything else as TOML.

    `overrides` are the calendar's corrections. Raises DataError in one line naming file, row, field, value and what is
    allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    rows = _csv_rows(text, path) if path.suffix.lower() == ".csv" else _toml_rows(text, path)
    return _table(rows, path, overrides)


def _toml_rows(text: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not valid TOML: {error}") from None
    listed = data.pop("action", [])
    if data:
        raise DataError(f"{path}: only [[action]] tables are expected, was {', '.join(sorted(data))}")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise DataError(f"{path}: action expected a list of [[action]] tables, was {listed!r}")
    return [(f"{path}: action {number}", item) for number, item in enumerate(listed, 1)]


def _csv_rows(text: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    found = []
    for row in reader:
        where = f"{path}: line {reader.line_num}"
        if None in row or None in row.values():
            raise DataError(f"{where}: {len(reader.fieldnames or ())} columns expected as in the first line")
        found.append((where, {name.strip(): cell.strip() for name, cell in row.items() if cell.strip()}))
    return found


def _table(
    rows: Iterable[tuple[str, dict[str, Any]]], path: Path, overrides: Mapping[str, tuple[str, str]]
) -> ActionTable:
    actions: dict[tuple[date, str, ActionKind], CorporateAction] = {}
    for where, row in rows:
        action = _action(where, row, overrides)
        key = (action.date, action.symbol, action.kind)
        if key in actions:
            raise DataError(
                f"{where}: {action.kind} of {action.symbol} on {action.date} expected once, is listed twice"
            )
        actions[key] = action
    if not actions:
        raise DataError(f"{path}: at least one action is expected, was none")
    return ActionTable(actions.values())


def _action(where: str, row: Mapping[str, Any], overrides: Mapping[str, tuple[str, str]]) -> CorporateAction:
    if odd := [name for name in row if name not in KEYS]:
        raise DataError(f"{where}: fields expected {', '.join(KEYS)}, was {odd[0]!r}")
    kinds = ", ".join(ActionKind)
    try:
        kind = ActionKind(row.get("action", ""))
    except ValueError:
        raise DataError(f"{where}: action expected {kinds}, was {_shown(row.get('action'))}") from None
    for name in ("ratio", "amount", "fraction_price"):
        if name in row and name not in TAKES[kind]:
            raise DataError(f"{where}: {name} expected none for a {kind}, was {row[name]!r}")
    if NEEDS[kind] not in row:
        raise DataError(f"{where}: {NEEDS[kind]} expected for a {kind}, was none")
    new, old = _ratio(where, row["ratio"], kind) if "ratio" in row else (1, 1)
    return CorporateAction(
        date=_date(where, row.get("date"), overrides),
        symbol=_symbol(where, row.get("symbol")),
        kind=kind,
        new=new,
        old=old,
        amount=_won(where, "amount", row["amount"]) if "amount" in row else Krw(0),
        fraction_price=_won(where, "fraction_price", row["fraction_price"]) if "fraction_price" in row else None,
    )


def _shown(value: Any) -> str:
    return "none" if value is None else repr(str(value))


def _symbol(where: str, value: Any) -> Any:
    try:
        return check_code("" if value is None else str(value))
    except ConfigError as error:
        raise DataError(f"{where}: symbol: {error}") from None


def _date(where: str, value: Any, overrides: Mapping[str, tuple[str, str]]) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise DataError(f"{where}: date expected YYYY-MM-DD, was {_shown(value)}")
    if not is_session(day, overrides):
        raise DataError(f"{where}: date expected a trading day, was {day}, when the exchange is closed")
    return day


def _ratio(where: str, value: Any, kind: ActionKind) -> tuple[int, int]:
    parts = str(value).split(":")
    numbers = [
        int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= len(str(LARGEST_RATIO))
    ]
    form = "new:held" if kind is ActionKind.BONUS else "new:old"
    if len(parts) != 2 or len(numbers) != 2 or not all(0 < number <= LARGEST_RATIO for number in numbers):
        raise DataError(f"{where}: ratio expected {form}, each 1 to {LARGEST_RATIO:,}, was {str(value)!r}")
    if kind is ActionKind.SPLIT and numbers[0] == numbers[1]:
        raise DataError(f"{where}: ratio expected two numbers that differ, was {str(value)!r}")
    return numbers[0], numbers[1]


def _won(where: str, name: str, value: Any) -> Krw:
    text = str(value).replace("_", "")
    whole = not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_WON))
    if not whole or not 0 < int(text) <= LARGEST_WON:
        raise DataError(f"{where}: {name} expected whole won, 1 to {LARGEST_WON:,}, was {str(value)!r}")
    return Krw(int(text))
