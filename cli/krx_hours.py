"""The calendar's exceptions as this home has them: the packaged table, `krx.toml` over it, the settings over both.

A long-running process asks `HoursNow.refreshed()` now and then: it reads again only when `krx.toml` has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.errors import ConfigError
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.hours_table import NO_TABLE, HoursTable, parse_hours

HOURS_FILE: Final = "krx.toml"
PACKAGED: Final = "hours.toml"
_Stamp = tuple[int, int, int] | None  # changed at (ns), size, inode; None: no file


@dataclass(frozen=True, slots=True)
class HoursNow:
    """The tables as they were read last."""

    home: Path
    table: HoursTable  # packaged table and krx.toml, with notes and sources
    settings: Overrides  # `[sessions]` of hantrade.toml; wins over the table
    stamp: _Stamp

    @property
    def overrides(self) -> dict[str, tuple[str, str]]:
        """Give ISO date -> (open, close) in KST HH:MM; ("", "") is a closing."""
        return {**self.table.overrides, **self.settings}

    def refreshed(self) -> "HoursNow":
        """Give the tables as they are now: the same object when `krx.toml` has not changed.

        Raises ConfigError in one line for a bad table; whoever runs on keeps what it had.
        """
        if _stamp(self.home / HOURS_FILE) == self.stamp:
            return self
        return load_hours(self.home, self.settings)


def load_hours(home: Path, settings: Overrides = NO_OVERRIDES) -> HoursNow:
    """Read the tables of a home folder; `settings` are the overrides of its configuration.

    Raises ConfigError in one line naming file, field, value and what is allowed.
    """
    path = home / HOURS_FILE
    stamp = _stamp(path)  # before reading: a change meanwhile is read again next time
    own = NO_TABLE if stamp is None else parse_hours(_read(path), str(path))
    return HoursNow(home, own.over(packaged_table()), MappingProxyType(dict(settings)), stamp)


def load_overrides(home: Path, settings: Overrides = NO_OVERRIDES) -> Mapping[str, tuple[str, str]]:
    """Give the calendar's exceptions of a home folder: packaged table < krx.toml < `settings`. Raises ConfigError."""
    return load_hours(home, settings).overrides


def hours_of(home: Path) -> HoursNow:
    """Read tables and settings of a home folder together. Raises ConfigError."""
    from cli.settings import load

    settings, _ = load(home)
    return load_hours(home, settings.sessions)


@cache
def packaged_table() -> HoursTable:
    """Give the table that ships with hantrade."""
    text = files("domain.krx").joinpath(PACKAGED).read_text(encoding="utf-8")
    return parse_hours(text, PACKAGED, rules=True)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
