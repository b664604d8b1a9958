"""The tables of `hantrade.toml`, but for searches, signals and strategies: names, defaults, what is allowed."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cli import strategy_settings
from cli.section import Percent, Section
from domain.errors import ConfigError
from domain.krx.sessions import regular_session
from domain.maintenance import KIWOOM, parse


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
    remember_cancels: bool = True
    stop_tells_unsold: bool = True


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
