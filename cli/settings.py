"""Settings: `hantrade.toml` and `watchlist.toml` in the home folder, then HANTRADE_… variables, checked by pydantic.

An unknown key or a bad value is refused with the file, the key, the value and what is allowed.
"""

import os
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cli import strategy_settings
from cli.secrets import VARIABLES
from cli.section import Percent, Section, ppm
from cli.trends_settings import SignalsSection, TrendsSection, signal_config, trend_config
from cli.watchlist import WatchedInstrument, Watchlist, keyword_sets
from domain.accounts import AccountMark, mark_of
from domain.config import (
    CostConfig,
    ExecutionConfig,
    LinkConfig,
    QualityConfig,
    ReconcileConfig,
    RiskConfig,
    RunConfig,
    SimConfig,
)
from domain.errors import ConfigError
from domain.krx.costs import commission_rate
from domain.krx.sessions import regular_session
from domain.maintenance import KIWOOM, parse
from domain.types import Krw

SETTINGS_FILE = "hantrade.toml"
WATCHLIST_FILE = "watchlist.toml"
PREFIX = "HANTRADE_"
NOT_SETTINGS = ("HANTRADE_HOME", "HANTRADE_DEBUG", "HANTRADE_REPLAY_CHILD", *VARIABLES.values())
SERVERS = {"mock": ("", "mock")}  # what [broker] server may say in a mode; others ask for more, or for nothing
COMMISSIONS = {"mock": "mock"}  # named rates of domain/krx/costs; others pay the default


def _endpoint(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError("HOST:PORT is expected, for example 127.0.0.1:50051")
    return value


def _sessions(value: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    for day in value:
        try:
            found = date.fromisoformat(day)
        except ValueError:
            raise ValueError(f"{day!r} is not a date YYYY-MM-DD") from None
        regular_session(found, value)
    return value


def _maintenance(value: tuple[str, ...]) -> tuple[str, ...]:
    parse(value)
    return value


def _checked(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let pydantic tell where a ConfigError of the domain happened."""

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except ConfigError as error:
            raise ValueError(str(error)) from None

    return checked


def check_endpoint(value: str) -> str:
    """Give HOST:PORT back. Raises ConfigError."""
    try:
        return _endpoint(value)
    except ValueError as error:
        raise ConfigError(f"--endpoint: {error}, was {value!r}") from None


def _account(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{10}|", value):
        raise ValueError('the account\'s ten digits in quotes are expected, for example "8012345611"')
    return value


def _optional_endpoint(value: str) -> str:
    return _endpoint(value) if value else value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
OptionalEndpoint = Annotated[str, AfterValidator(_optional_endpoint)]
Strategies = Annotated[dict[str, dict[str, Any]], AfterValidator(_checked(strategy_settings.check))]
Sessions = Annotated[dict[str, tuple[str, str]], AfterValidator(_checked(_sessions))]  # date -> (open, close), KST
Maintenance = Annotated[tuple[str, ...], AfterValidator(_checked(_maintenance)), Field(max_length=32)]
Millis = Annotated[int, Field(ge=1, le=86_400_000)]


class BrokerSection(Section):
    """Where brokers listen, and what must stand behind orders: the kind of server, the account (10 digits)."""

    quotes: Endpoint = "127.0.0.1:50051"
    quotes_backups: Annotated[tuple[Endpoint, ...], Field(max_length=8)] = ()
    orders: OptionalEndpoint = ""
    server: Literal["", "simulated", "mock", "real"] = ""
    account: Annotated[str, BeforeValidator(_account)] = ""

    @field_validator("quotes_backups")
    @classmethod
    def _others(cls, backups: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        seen = [info.data.get("quotes"), *backups]
        twice = sorted({endpoint for endpoint in backups if seen.count(endpoint) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is a source already; another one is expected")
        return backups


class DeskSection(Section):
    """Where the trader listens."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 50052


class PaperSection(Section):
    """The paper account."""

    cash: Annotated[int, Field(ge=1, le=10**15)] = 10_000_000
    seed: Annotated[int, Field(ge=0, le=2**63)] = 1


class SimSection(Section):
    """What the simulated exchange assumes: the paper account's, and that of `broker serve sim`."""

    latency_ms: Annotated[int, Field(ge=0, le=60_000)] = 50
    latency_jitter_ms: Annotated[int, Field(ge=0, le=60_000)] = 50
    cancel_model: Literal["back", "proportional"] = "back"
    auction_share: bool = False
    depth_levels: Annotated[int, Field(ge=1, le=50)] = 10
    interruptions: bool = True


class RiskSection(Section):
    """Limits."""

    max_position_pct: Percent = Decimal(20)
    max_order_krw: Annotated[int, Field(ge=1, le=10**13)] = 3_000_000
    daily_loss_pct: Percent = Decimal(5)
    max_data_age_ms: Millis = 60_000
    duplicate_window_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 2_000
    max_open_orders: Annotated[int, Field(ge=1, le=1000)] = 20
    price_collar_pct: Percent = Decimal(3)
    min_confidence_pct: Percent = Decimal(50)


class CostSection(Section):
    """Costs that depend on the broker."""

    commission_pct: Percent | None = None  # None: what the mode's broker takes, see COMMISSIONS


class ExecutionSection(Section):
    """How orders are worked."""

    submit_timeout_ms: Millis = 5_000
    entry_patience_ms: Millis = 60_000
    exit_patience_ms: Millis = 30_000
    request_ttl_ms: Millis = 3_000
    hurry_hand_orders: bool = False
    stop_steps: bool = True
    flatten_patience_ms: Millis = 60_000


class LinkSection(Section):
    """Heartbeats, back-off, proof of subscriptions, failover of quotes, known maintenance (docs/connections.md).

    A read is tried `read_attempts` times in `read_deadline_ms` (broker/retries.py); signs of life on the order session
    go every `order_heartbeat_ms`.
    """

    heartbeat_timeout_ms: Millis = 5_000
    mute_after_ms: Millis = 10_000
    backoff_first_ms: Millis = 250
    backoff_max_ms: Millis = 15_000
    call_timeout_ms: Millis = 3_000
    read_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    read_deadline_ms: Millis = 8_000
    order_heartbeat_ms: Annotated[int, Field(ge=20, le=12_000)] = 1_000
    first_quote_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 30_000
    symbol_mute_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 120_000
    failover_after_ms: Millis = 10_000
    failback_after_ms: Millis = 60_000
    probe_ms: Annotated[int, Field(ge=500, le=86_400_000)] = 5_000
    maintenance: Maintenance = (KIWOOM,)


class MetricsSection(Section):
    """Figures for Prometheus, on this machine only; port 0 serves none."""

    port: Annotated[int, Field(ge=0, le=65_535)] = 0


class TlsSection(Section):
    """TLS of one service, for whoever serves or calls it: authorities trusted, own certificate, own key.

    Paths are relative to the home folder; all three or none.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""

    @model_validator(mode="after")
    def _all_or_none(self) -> "TlsSection":
        if len({bool(self.ca), bool(self.cert), bool(self.key)}) > 1:
            raise ValueError("ca, cert and key are expected together, or none of them")
        return self


class SecuritySection(Section):
    """Who may connect to both services, and how often one caller may call (docs/security.md)."""

    broker: TlsSection = TlsSection()
    desk: TlsSection = TlsSection()
    reads_a_second: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    commands_a_second: Annotated[int, Field(ge=1, le=10_000)] = 100
    streams: Annotated[int, Field(ge=1, le=1_000)] = 32
    connections: Annotated[int, Field(ge=8, le=100_000)] = 512


class ReconcileSection(Section):
    """How books are compared with the broker's while trading goes on (docs/reconciliation.md); audit_ms 0: never."""

    audit_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 90_000
    close_audit_ms: Millis = 60_000
    settle_ms: Millis = 10_000
    absent_snapshots: Annotated[int, Field(ge=1, le=100)] = 3
    reads: Annotated[int, Field(ge=1, le=20)] = 5
    hourly_reads: Annotated[int, Field(ge=0, le=100_000)] = 850


class QualitySection(Section):
    """What makes quotes doubtful: venue time behind the feed (0: any), and trades that cannot be.

    `deny_bad_quality` denies entries on doubtful quotes: a flag on the last row of an instrument or on rows behind the
    signal, another source that tells otherwise, or too large a share of recent rows refused. A print further away than
    `jump_deviations` usual moves of its instrument (0: never) waits until a trade agrees.
    """

    stale_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 60_000
    strict_trades: bool = True
    deny_bad_quality: bool = True
    jump_deviations: Annotated[int, Field(ge=0, le=10_000)] = 40
    max_refused_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 200_000


class LogSection(Section):
    """The event log."""

    snapshots: bool = True
    snapshot_events: Annotated[int, Field(ge=1_000, le=10**9)] = 50_000
    snapshot_s: Annotated[int, Field(ge=1, le=86_400)] = 120


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
        key = ".".join(str(part) for part in problem["loc"])
        variable = PREFIX + "__".join(str(part).upper() for part in problem["loc"])
        where = f"environment {variable}" if variable in variables else path
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(_known_keys(problem["loc"][:-1], path.name))
            lines.append(f"{where}: unknown key {key}; allowed here: {allowed}")
        elif isinstance(problem["input"], dict) and problem["type"] == "value_error":
            lines.append(f"{where}: {key}: {problem['msg']}")  # of a whole table: the message names the key
        else:
            lines.append(f"{where}: {key} = {problem['input']!r}: {problem['msg']}")
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
    """Read everything of a home folder: settings, watch list and its calendar (`krx.toml`). Raises ConfigError."""
    from cli.krx_hours import load_overrides

    settings, watchlist = load(home)
    if settings.broker.server not in SERVERS.get(mode, (settings.broker.server,)):
        raise ConfigError(
            f'{home / SETTINGS_FILE}: [broker] server must be "mock" or empty to trade on the mock server,'
            f" was {settings.broker.server!r}"
        )
    config = resolve(settings, watchlist, mode, server_kind)
    return settings, replace(config, session_overrides=dict(load_overrides(home, config.session_overrides)))


def resolve(settings: Settings, watchlist: Watchlist, mode: str, server_kind: str) -> RunConfig:
    """Turn settings into the plain values that `RunStarted` carries."""
    risk = settings.risk
    account = dict.fromkeys(("mock", "live"), mark_of(settings.broker.account)).get(mode, AccountMark())
    return RunConfig(
        mode=mode,
        cash=Krw(settings.paper.cash),
        symbols=tuple(item.symbol for item in watchlist.instrument),
        server_kind=server_kind,
        quotes_endpoint=settings.broker.quotes,
        quotes_backups=settings.broker.quotes_backups,
        orders_endpoint=settings.broker.orders,
        risk=RiskConfig(
            max_position_ppm=ppm(risk.max_position_pct),
            max_order_krw=Krw(risk.max_order_krw),
            daily_loss_ppm=ppm(risk.daily_loss_pct),
            max_data_age_ms=risk.max_data_age_ms,
            duplicate_window_ms=risk.duplicate_window_ms,
            max_open_orders=risk.max_open_orders,
            price_collar_ppm=ppm(risk.price_collar_pct),
            min_confidence_ppm=ppm(risk.min_confidence_pct),
            tell_unresolved_twins=True,
        ),
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
        account_end=account.end,
        account_check=account.check,
        reconcile=ReconcileConfig(**settings.reconcile.model_dump()),
    )
