"""`broker_win.toml`: what a person sets, read with the standard library and checked key by key.

A wrong file is refused with file, key, value and what is allowed. Paths are relative to the file. Nothing secret stands
in it: Kiwoom keeps its own credentials, TLS keys and the hashes of tokens are files of their own.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from broker.security.guard import Security
from broker.security.redaction import redacted
from broker.security.tls import TlsFiles
from broker_win.config import LimitsConfig, UnknownsConfig, WinConfig
from broker_win.dialogs import RULES, Rule
from broker_win.rest_plan import RestPlan
from broker_win.watch import WatchConfig
from domain.errors import ConfigError
from domain.types import ServerKind

FILE_NAME: Final = "broker_win.toml"
EXAMPLE: Final = Path(__file__).with_name("data") / "broker_win.example.toml"
ACCOUNT: Final = re.compile(r"([0-9]{10})?")
SYMBOL: Final = re.compile(r"[0-9A-Z]{6}")
NOT_IN_FILE: Final = ("limits", "unknowns", "rest_windows")  # tables of their own

Bounds = Mapping[str, tuple[float, float]]
T = TypeVar("T")

BROKER_BOUNDS: Final[Bounds] = {
    "port": (0, 65_535),
    "commission_ppm": (0, 100_000),
    "answer_timeout_s": (0.5, 60),
    "login_timeout_s": (5, 900),
    "batch_rows": (1, 10_000),
    "batch_delay_s": (0, 1),
}
LIMIT_BOUNDS: Final[Bounds] = {
    "per_second": (1, 5),  # Kiwoom's own limit, published
    "per_minute": (1, 300),
    "per_hour": (1, 18_000),
    "reserve_per_hour": (0, 18_000),
    "orders_per_second": (1, 5),
    "conditions_per_minute": (1, 60),
}
WATCH_BOUNDS: Final[Bounds] = {
    "start_timeout_s": (5, 900),
    "beat_timeout_s": (2, 300),
    "hang_timeout_s": (2, 300),
    "login_timeout_s": (5, 1_800),
    "mute_timeout_s": (0, 86_400),
    "mute_pause_s": (0, 86_400),
    "memory_soft_mb": (100, 4_096),
    "memory_hard_mb": (100, 4_096),
    "end_grace_s": (1, 120),
    "backoff_first_s": (1, 3_600),
    "backoff_max_s": (1, 3_600),
    "stable_s": (1, 86_400),
    "breaker_starts": (2, 1_000),
    "breaker_window_s": (1, 86_400),
    "unknown_window_s": (1, 3_600),
}


@dataclass(frozen=True, slots=True)
class Protection:
    """Files that protect BrokerService; ca, cert and key together or none of them."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    tokens: str = "tokens.toml"  # made by `hantrade certs token`; a file that is not there asks for no token


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How the host's process is started."""

    python: str = ""  # of 32 bits on Windows; empty: the interpreter of the parent
    state: str = "broker_win.state.json"  # what the parent knows, for `doctor`
    log: str = "broker_win.log"  # of parent and host, turned over at 10 MB, five kept; empty: stderr only


@dataclass(frozen=True, slots=True)
class WinSettings:
    """Everything one file says."""

    path: Path
    broker: WinConfig = field(default_factory=WinConfig)
    protection: Protection = field(default_factory=Protection)
    host: HostSettings = field(default_factory=HostSettings)
    watch: WatchConfig = field(default_factory=WatchConfig)
    rules: tuple[Rule, ...] = RULES

    def beside(self, name: str | Path) -> Path:
        """Give a path as the file means it: relative to its own folder."""
        return self.path.parent / name

    def security(self) -> Security:
        """Give what the server asks of its callers. Raises ConfigError for files that cannot be used."""
        guard = self.protection
        files = None
        if guard.ca:
            files = TlsFiles(self.beside(guard.ca), self.beside(guard.cert), self.beside(guard.key))
            files.read()
        return Security(files, self.beside(guard.tokens) if guard.tokens else None)


def load(path: Path) -> WinSettings:
    """Read a file. Raises ConfigError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a mark in front
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `python -m broker_win example` prints one to begin with") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return settings_of(data, path)


def settings_of(data: Mapping[str, Any], path: Path) -> WinSettings:
    """Check what a file says. Raises ConfigError."""
    tables = ("broker", "limits", "unknowns", "security", "host", "watch", "rest", "dialogs")
    _known(path, "", data, tables)
    limits = _table(path, data, "limits", LimitsConfig, LIMIT_BOUNDS)
    unknowns = _table(path, data, "unknowns", UnknownsConfig, {})
    extra: dict[str, Any] = {"limits": limits, "unknowns": unknowns, "rest_windows": _windows(path, data)}
    broker = _table(path, data, "broker", WinConfig, BROKER_BOUNDS, {key: extra[key] for key in NOT_IN_FILE})
    broker = replace(broker, journal=path.parent / broker.journal)
    settings = WinSettings(
        path,
        broker,
        _table(path, data, "security", Protection, {}),
        _table(path, data, "host", HostSettings, {}),
        _table(path, data, "watch", WatchConfig, WATCH_BOUNDS),
        (*_rules(path, data), *RULES),
    )
    _check(settings)
    return settings


def _check(settings: WinSettings) -> None:
    path, broker, guard, watch = settings.path, settings.broker, settings.protection, settings.watch
    if broker.server_kind is ServerKind.SIMULATED:
        raise _refused(path, "broker.server_kind", "simulated", "mock or real")
    if not ACCOUNT.fullmatch(broker.account):
        raise _refused(
            path, "broker.account", redacted(broker.account), "ten digits, or nothing when the log-in has one account"
        )
    for symbol in broker.symbols:
        if not SYMBOL.fullmatch(symbol):
            raise _refused(path, "broker.symbols", symbol, "codes of six digits or capital letters")
    if len({bool(guard.ca), bool(guard.cert), bool(guard.key)}) > 1:
        raise _refused(path, "security", guard.ca or guard.cert or guard.key, "ca, cert and key together, or none")
    if broker.limits.reserve_per_hour >= broker.limits.per_hour:
        raise _refused(path, "limits.reserve_per_hour", broker.limits.reserve_per_hour, "less than per_hour")
    if watch.memory_soft_mb > watch.memory_hard_mb:
        raise _refused(path, "watch.memory_soft_mb", watch.memory_soft_mb, "at most memory_hard_mb")
    if watch.backoff_first_s > watch.backoff_max_s:
        raise _refused(path, "watch.backoff_first_s", watch.backoff_first_s, "at most backoff_max_s")


def _windows(path: Path, data: Mapping[str, Any]) -> tuple[str, ...]:
    table = data.get("rest", {})
    if not isinstance(table, Mapping):
        raise _refused(path, "rest", table, "a table [rest]")
    _known(path, "rest", table, ("windows",))
    if "windows" not in table:
        return WinConfig().rest_windows
    windows = _value(path, "rest.windows", table["windows"], tuple[str, ...], None)
    try:
        RestPlan(windows)
    except ConfigError as error:
        raise ConfigError(f"{path}: rest.windows: {error}") from None
    found: tuple[str, ...] = windows
    return found


def _rules(path: Path, data: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read rules of one's own; they come before those that are built in."""
    tables = data.get("dialogs", [])
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        raise _refused(path, "dialogs", tables, "tables [[dialogs]] with title and act")
    found = []
    for number, table in enumerate(tables, 1):
        where = f"dialogs[{number}]"
        rule = _fill(path, where, {"why": "as configured", **table}, Rule, {"after_s": (0, 3_600)}, {})
        if not rule.title.strip():
            raise _refused(path, f"{where}.title", rule.title, "a part of the window's title")
        found.append(rule)
    return tuple(found)


def _table(
    path: Path,
    data: Mapping[str, Any],
    name: str,
    kind: type[T],
    bounds: Bounds,
    extra: Mapping[str, Any] | None = None,
) -> T:
    table = data.get(name, {})
    if not isinstance(table, Mapping):
        raise _refused(path, name, table, f"a table [{name}]")
    return _fill(path, name, table, kind, bounds, extra or {})


def _fill(
    path: Path, name: str, table: Mapping[str, Any], kind: type[T], bounds: Bounds, extra: Mapping[str, Any]
) -> T:
    """Make a dataclass of a table; `extra` holds fields that come from elsewhere."""
    hints = get_type_hints(kind)
    own = [one for one in fields(kind) if one.name not in extra]  # type: ignore[arg-type]  # all are dataclasses
    _known(path, name, table, tuple(one.name for one in own))
    given: dict[str, Any] = dict(extra)
    for one in own:
        key = f"{name}.{one.name}"
        if one.name in table:
            given[one.name] = _value(path, key, table[one.name], hints[one.name], bounds.get(one.name))
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ConfigError(f"{path}: {key} is expected and missing")
    return kind(**given)


def _value(path: Path, key: str, value: Any, kind: Any, bounds: tuple[float, float] | None) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _refused(path, key, value, "a list of texts")
        return tuple(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of(path, key, value, kind)
    if isinstance(value, str) and "\0" in value:
        raise _refused(path, key, value, "a text without the character NUL")
    if kind is Path:
        if not isinstance(value, str) or not value:
            raise _refused(path, key, value, "a path")
        return Path(os.path.expandvars(value)).expanduser()
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    if not _fits(value, kind):
        raise _refused(path, key, value, words[kind])
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        raise _refused(path, key, value, f"{bounds[0]:g} to {bounds[1]:g}")
    return float(value) if kind is float else value


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def _one_of(path: Path, key: str, value: Any, kind: type[StrEnum]) -> StrEnum:
    by_word: dict[str, StrEnum] = {str(one).lower(): one for one in kind}
    found = by_word.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise _refused(path, key, value, f"one of {', '.join(by_word)}")
    return found


def _known(path: Path, name: str, table: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in table:
        if key not in allowed:
            where = f"{name}.{key}" if name else str(key)
            raise ConfigError(f"{path}: unknown key {where}; allowed here: {', '.join(allowed)}")


def _refused(path: Path, key: str, value: object, allowed: str) -> ConfigError:
    return ConfigError(f"{path}: {key} must be {allowed}, was {value!r}")
