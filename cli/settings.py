"""Settings: `hantrade.toml` and `watchlist.toml` in the home folder, then HANTRADE_… variables, checked by pydantic.

An unknown key or a bad value is refused with the file, the key, the value and what is allowed.
"""

import os
import tomllib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cli import strategy_settings
from cli.risk_settings import AccountSection, RiskSection, StopsSection, read_sectors, risk_config
from cli.secrets import VARIABLES
from cli.section import ppm
from cli.settings_tables import (
    BrokerSection,
    CostSection,
    DeskSection,
    ExecutionSection,
    LinkSection,
    LogSection,
    MetricsSection,
    PaperSection,
    QualitySection,
    ReconcileSection,
    SecuritySection,
    Sessions,
    SimSection,
    Strategies,
)
from cli.settings_words import complaint, place
from cli.trends_settings import SignalsSection, TrendsSection, signal_config, trend_config
from cli.watchlist import WatchedInstrument, Watchlist, keyword_sets
from domain.accounts import AccountMark, mark_of
from domain.config import CostConfig, ExecutionConfig, LinkConfig, QualityConfig, ReconcileConfig, RunConfig, SimConfig
from domain.errors import ConfigError
from domain.krx.costs import commission_rate
from domain.types import Krw

SETTINGS_FILE = "hantrade.toml"
WATCHLIST_FILE = "watchlist.toml"
PREFIX = "HANTRADE_"
NOT_SETTINGS = ("HANTRADE_HOME", "HANTRADE_DEBUG", "HANTRADE_REPLAY_CHILD", *VARIABLES.values())
SERVERS = {"mock": ("", "mock")}  # what [broker] server may say in a mode; others ask for more, or for nothing
COMMISSIONS = {"mock": "mock"}  # named rates of domain/krx/costs; others pay the default


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    broker: BrokerSection = BrokerSection()
    desk: DeskSection = DeskSection()
    paper: PaperSection = PaperSection()
    sim: SimSection = SimSection()
    risk: RiskSection = RiskSection()
    stops: StopsSection = StopsSection()
    account: AccountSection = AccountSection()
    costs: CostSection = CostSection()
    execution: ExecutionSection = ExecutionSection()
    link: LinkSection = LinkSection()
    reconcile: ReconcileSection = ReconcileSection()
    quality: QualitySection = QualitySection()
    log: LogSection = LogSection()
    security: SecuritySection = SecuritySection()
    metrics: MetricsSection = MetricsSection()
    signals: SignalsSection = SignalsSection()
    trends: TrendsSection = TrendsSection()
    strategies: Strategies = {"attention_momentum": {}}  # pydantic copies defaults
    sessions: Sessions = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings


def load(home: Path) -> tuple[Settings, Watchlist]:
    """Read both files of a home folder (each may be missing) and the environment. Raises ConfigError."""
    data = _read(home / SETTINGS_FILE)
    _check_variables()
    try:
        settings = Settings(**data)
    except ValidationError as error:
        raise ConfigError(_explain(error, home / SETTINGS_FILE)) from None
    except ValueError as error:  # a variable that is not JSON where a table is expected
        raise ConfigError(f"environment {PREFIX}…: {error}") from None
    watched = _read(home / WATCHLIST_FILE)
    try:
        watchlist = Watchlist(**watched)
    except ValidationError as error:
        raise ConfigError(_explain(error, home / WATCHLIST_FILE)) from None
    return settings, watchlist


class FileSettings(Settings):
    """What one file says, the environment left out."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the file alone."""
        return (init_settings,)


def load_file(path: Path) -> Settings:
    """Read one settings file; `model_fields_set` of it and of its sections tells what it says. Raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    try:
        return FileSettings(**_read(path))
    except ValidationError as error:
        raise ConfigError(_explain(error, path, variables=())) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def _explain(error: ValidationError, path: Path, variables: Collection[str] | None = None) -> str:
    lines = []
    variables = _variables() if variables is None else variables
    for problem in error.errors():
        table, key = place(problem["loc"])
        variable = PREFIX + "__".join(str(part).upper() for part in problem["loc"])
        where = f"environment {variable}" if variable in variables else path
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(_known_keys(problem["loc"][:-1], path.name))
            lines.append(f"{where}: {table}unknown key {key}; allowed here: {allowed}")
        else:
            lines.append(f"{where}: {complaint(problem)}")
    return "\n".join(lines)


def _variables() -> list[str]:
    return [name.upper() for name in os.environ if name.upper().startswith(PREFIX)]


def _check_variables() -> None:
    """Refuse a variable that would be ignored silently. Raises ConfigError naming it."""
    for name in _variables():
        section, _, rest = name.removeprefix(PREFIX).partition("__")
        if name in NOT_SETTINGS or section.lower() in Settings.model_fields:
            continue
        sections = ", ".join(sorted(Settings.model_fields))
        hint = f"{PREFIX}SECTION__KEY is expected, SECTION one of {sections}"
        raise ConfigError(f"environment {name}: not a setting{'' if rest else ' (two underscores?)'}; {hint}")


def _known_keys(loc: tuple[int | str, ...], file: str) -> list[str]:
    if file == WATCHLIST_FILE:
        return list(WatchedInstrument.model_fields) if loc else ["instrument"]
    model: Any = Settings
    for part in loc:
        field = model.model_fields.get(str(part))
        model = field.annotation if field is not None else None
    return sorted(getattr(model, "model_fields", {}))


def _commission(costs: CostSection, mode: str) -> int:
    """Give parts per million of each fill."""
    if costs.commission_pct is not None:
        return ppm(costs.commission_pct)
    return commission_rate(COMMISSIONS.get(mode, "default")).ppm


def configured(home: Path, mode: str, server_kind: str) -> tuple[Settings, RunConfig]:
    """Read everything of a home folder: settings, watch list, sectors, calendar (`krx.toml`). Raises ConfigError."""
    from cli.krx_hours import load_overrides

    settings, watchlist = load(home)
    if settings.broker.server not in SERVERS.get(mode, (settings.broker.server,)):
        raise ConfigError(
            f'{home / SETTINGS_FILE}: [broker] server must be "mock" or empty to trade on the mock server,'
            f" was {settings.broker.server!r}"
        )
    config = resolve(settings, watchlist, mode, server_kind)
    overrides = dict(load_overrides(home, config.session_overrides))
    risk = replace(config.risk, sectors=read_sectors(home))
    return settings, replace(config, session_overrides=overrides, risk=risk)


def resolve(settings: Settings, watchlist: Watchlist, mode: str, server_kind: str) -> RunConfig:
    """Turn settings into the plain values that `RunStarted` carries."""
    account = dict.fromkeys(("mock", "live"), mark_of(settings.broker.account)).get(mode, AccountMark())
    return RunConfig(
        mode=mode,
        cash=Krw(settings.paper.cash),
        symbols=tuple(item.symbol for item in watchlist.instrument),
        server_kind=server_kind,
        quotes_endpoint=settings.broker.quotes,
        quotes_backups=settings.broker.quotes_backups,
        orders_endpoint=settings.broker.orders,
        risk=risk_config(settings.risk, settings.stops, settings.account, {}),
        costs=CostConfig(_commission(settings.costs, mode)),
        execution=ExecutionConfig(**settings.execution.model_dump()),
        link=LinkConfig(**settings.link.model_dump(), measures_uptime=True),
        strategies=strategy_settings.configs(settings.strategies, {item.symbol for item in watchlist.instrument}),
        keywords=keyword_sets(watchlist.instrument),
        session_overrides={day: (times[0], times[1]) for day, times in settings.sessions.items()},
        seed=settings.paper.seed,
        sim=SimConfig(**settings.sim.model_dump()),
        quality=QualityConfig(**settings.quality.model_dump()),
        signals=signal_config(settings.signals),
        trends=trend_config(settings.trends, mode),
        tell_flows=True,
        account_end=account.end,
        account_check=account.check,
        reconcile=ReconcileConfig(**settings.reconcile.model_dump()),
    )
