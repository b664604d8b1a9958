"""Settings of a file laid over the recorded settings of a run: only the keys in the file are changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from actors.plugins import configured, known_strategies
from cli.settings import Settings, load_file, resolve
from cli.strategy_settings import SYMBOLS, parts
from cli.watchlist import Watchlist
from domain.config import RunConfig, StrategyConfig
from domain.errors import ConfigError
from domain.risk_config import RiskConfig
from strategies.params import read_all
from strategies.registry import build

PPM_PER_PERCENT = 10_000
SECTIONS = ("risk", "costs", "execution", "link", "signals")  # named alike in hantrade.toml and RunConfig
NESTED = {"stops": "stops", "account": "account"}  # tables of their own in hantrade.toml, parts of RunConfig.risk
IDLE = ("broker", "desk")  # where to connect and listen: nothing is decided by it


@dataclass(frozen=True, slots=True)
class Changed:
    """One setting that differs from the recorded one, in the words of hantrade.toml."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        """Say it as `old → new`."""
        return f"{_text(self.old)} → {_text(self.new)}"


class Overlay:
    """The settings of one file."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises ConfigError on an unknown key or a value out of range, as `hantrade start` does."""
        self._path = path
        self._settings = load_file(path)
        self.idle = sorted(key for key in _said(self._settings) if key.partition(".")[0] in IDLE)
        self.changed: dict[Changed, None] = {}  # of all runs it was laid over, in order

    def over(self, recorded: RunConfig) -> RunConfig:
        """Give the settings of a run with those of the file in their place. Raises ConfigError."""
        given = self._settings
        new = resolve(given, Watchlist(), recorded.mode, recorded.server_kind)
        changed: dict[str, Any] = {}
        for section in SECTIONS:
            names = _run_names(getattr(given, section).model_fields_set)
            values = {name: getattr(getattr(new, section), name) for name in names}
            changed[section] = replace(getattr(recorded, section), **values)
        changed["risk"] = _risk(changed["risk"], new.risk, given)
        changed |= {name: getattr(new, name) for name in sorted(given.paper.model_fields_set)}
        changed["strategies"] = self._strategies(recorded)
        if "sessions" in given.model_fields_set:
            changed["session_overrides"] = recorded.session_overrides | new.session_overrides
        config = replace(recorded, **changed)
        self.changed |= dict.fromkeys(_changes(recorded, config))
        return config

    def _strategies(self, recorded: RunConfig) -> tuple[StrategyConfig, ...]:
        """Change parameters of the strategies the file names; one that did not run then is added."""
        if "strategies" not in self._settings.model_fields_set:
            return recorded.strategies
        merged = {one.name: one for one in recorded.strategies}
        try:
            for name, table in self._settings.strategies.items():
                merged[name] = _over(merged.get(name), name, table)
        except ConfigError as error:
            raise ConfigError(f"{self._path}: over the recorded parameters: {error}") from None
        return tuple(merged.values())


def _risk(risk: RiskConfig, new: RiskConfig, given: Settings) -> RiskConfig:
    """Lay the tables of stops and of the account over recorded limits; naming one of the account switches them on."""
    stops = {name: getattr(new.stops, name) for name in _run_names(given.stops.model_fields_set - {"escalate_s"})}
    account = {name: getattr(new.account, name) for name in _run_names(set(given.account.model_fields_set))}
    if account:
        account["is_on"] = True
    risk = replace(risk, stops=replace(risk.stops, **stops), account=replace(risk.account, **account))
    return replace(risk, escalate_s=new.escalate_s) if "escalate_s" in given.stops.model_fields_set else risk


def _over(recorded: StrategyConfig | None, name: str, table: Mapping[str, Any]) -> StrategyConfig:
    """Lay one table over a strategy of the run: what neither names stays what it meant then. Raises ConfigError."""
    params, symbols = parts(name, table)
    if recorded is None:
        return configured(name, params, symbols)
    read = read_all(build(recorded, known_strategies()).PARAMS, params)
    changed = replace(recorded, params=recorded.params | read, symbols=symbols or recorded.symbols)
    build(changed, known_strategies())
    return changed


def _said(settings: Settings) -> Iterator[str]:
    """Give the keys a file names, `section.key`."""
    for section in settings.model_fields_set:
        yield from (f"{section}.{key}" for key in getattr(getattr(settings, section), "model_fields_set", ()))


def _run_names(keys: set[str]) -> list[str]:
    return sorted(f"{key.removesuffix('_pct')}_ppm" if key.endswith("_pct") else key for key in keys)


def _changes(old: RunConfig, new: RunConfig) -> Iterator[Changed]:
    for section in SECTIONS:
        one, two = getattr(old, section), getattr(new, section)
        for name in type(one).__dataclass_fields__:
            yield from _change(NESTED.get(name, f"{section}.{name}"), getattr(one, name), getattr(two, name))
    for name in ("cash", "seed"):
        yield from _change(f"paper.{name}", getattr(old, name), getattr(new, name))
    before = {one.name: one for one in old.strategies}
    for one in new.strategies:
        was = before.get(one.name)
        if was is None:
            yield Changed(f"strategies.{one.name}", None, "runs")
        then = _params(was or replace(one, params={}))
        for param, value in _params(one).items():
            yield from _change(f"strategies.{one.name}.{param}", then[param], value)
        yield from _change(f"strategies.{one.name}.{SYMBOLS}", was.symbols if was else (), one.symbols)
    for day, hours in new.session_overrides.items():
        yield from _change(f"sessions.{day}", old.session_overrides.get(day), hours)


def _params(config: StrategyConfig) -> Mapping[str, Any]:
    return build(config, known_strategies()).params


def _change(key: str, old: Any, new: Any) -> Iterator[Changed]:
    if is_dataclass(old) and is_dataclass(new):
        for item in fields(old):
            yield from _change(f"{key}.{item.name}", getattr(old, item.name), getattr(new, item.name))
    elif old != new:
        if key.endswith("_ppm"):
            key, old, new = f"{key.removesuffix('_ppm')}_pct", _percent(old), _percent(new)
        yield Changed(key, old, new)


def _percent(value: Any) -> Any:
    return tuple(map(_percent, value)) if isinstance(value, tuple) else value / PPM_PER_PERCENT


def _text(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, tuple):
        return " to ".join(map(str, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
