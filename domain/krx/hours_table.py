"""The table of exceptional trading hours: its TOML form, checked, and how one table lies over another.

Reading the files is the caller's: `cli/krx_hours.py`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from domain.errors import ConfigError
from domain.krx.calendar import CLOSED
from domain.krx.sessions import REGULAR_HOURS, checked_hours

DAY_KEYS: Final = ("date", "open", "close", "closed", "note", "source", "confirmed")
RULE: Final = "first_session_of_year"
RULE_KEYS: Final = ("open", "close", "note", "source", "confirmed")


@dataclass(frozen=True, slots=True)
class HoursEntry:
    """Hours of one day, or of a rule, with where they come from."""

    hours: tuple[str, str]  # (open, close) in KST HH:MM; ("", "") is a closing
    note: str
    source: str
    confirmed: bool  # False: the exchange's own notice was not seen
    origin: str  # file it stands in


@dataclass(frozen=True, slots=True)
class HoursTable:
    """Exceptional days by date, and the rule of the first session of a year where the file has it."""

    days: Mapping[date, HoursEntry]
    first_session: HoursEntry | None = None

    @property
    def overrides(self) -> dict[str, tuple[str, str]]:
        """Give the days in the form the calendar takes: ISO date -> (open, close)."""
        return {day.isoformat(): self.days[day].hours for day in sorted(self.days)}

    def over(self, lower: "HoursTable") -> "HoursTable":
        """Lay this table over another: its days win."""
        return HoursTable(MappingProxyType({**lower.days, **self.days}), self.first_session or lower.first_session)


NO_TABLE: Final = HoursTable(MappingProxyType({}))


def parse_hours(text: str, origin: str, *, rules: bool = False) -> HoursTable:
    """Read a table from TOML text; `origin` names the file in messages. `rules` allows `[first_session_of_year]`.

    Raises ConfigError in one line naming file, field, value and what is allowed.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: not valid TOML: {error}") from None
    _refuse_unknown(data, ("day", RULE) if rules else ("day",), origin)
    listed = data.get("day", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ConfigError(f"{origin}: day expected a list of [[day]] tables, was {listed!r}")
    days: dict[date, HoursEntry] = {}
    for number, item in enumerate(listed, 1):
        where = f"{origin}: day {number}"
        _refuse_unknown(item, DAY_KEYS, where)
        day = _date(item.get("date"), where)
        if day in days:
            raise ConfigError(f"{where}: date expected once per table, {day} is listed twice")
        days[day] = _entry(item, f"{origin}: {day}", origin)
    rule = data.get(RULE)
    if rule is not None and not isinstance(rule, dict):
        raise ConfigError(f"{origin}: {RULE} expected a table, was {rule!r}")
    if rule is not None:
        _refuse_unknown(rule, RULE_KEYS, f"{origin}: {RULE}")
    first = None if rule is None else _entry(rule, f"{origin}: {RULE}", origin)
    return HoursTable(MappingProxyType(days), first)


def _refuse_unknown(found: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key}; allowed here: {', '.join(known)}")


def _date(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if found.isoformat() == value:
                return found
    raise ConfigError(f"{where}: date expected YYYY-MM-DD, was {'nothing' if value is None else repr(value)}")


def _entry(item: Mapping[str, Any], where: str, origin: str) -> HoursEntry:
    confirmed = _flag(item, "confirmed", True, where)
    note, source = (_text(item, key, where) for key in ("note", "source"))
    if _flag(item, "closed", False, where):
        if "open" in item or "close" in item:
            raise ConfigError(f"{where}: closed = true expected alone, came with open or close")
        return HoursEntry(CLOSED, note, source, confirmed, origin)
    if "open" not in item and "close" not in item:
        raise ConfigError(f"{where}: expected closed = true, or open or close as HH:MM, found none of them")
    opens, closes = (
        _text(item, key, where, usual) for key, usual in zip(("open", "close"), REGULAR_HOURS, strict=True)
    )
    try:
        checked_hours((opens, closes))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return HoursEntry((opens, closes), note, source, confirmed, origin)


def _flag(item: Mapping[str, Any], key: str, default: bool, where: str) -> bool:
    value = item.get(key, default)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: {key} expected true or false, was {value!r}")
    return value


def _text(item: Mapping[str, Any], key: str, where: str, default: str = "") -> str:
    value = item.get(key, default)
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} expected text in quotes, was {value}")
    return value
