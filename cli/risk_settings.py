"""The tables `[risk]`, `[stops]` and `[account]` of settings, and the operator's file of sectors.

What each limit covers and its reason code: docs/risk.md. 0 switches a limit off.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cli.names import labelled, symbol_of
from cli.section import Percent, Section, ppm
from domain.errors import ConfigError
from domain.risk_config import AccountConfig, RiskConfig, StopTerms
from domain.types import InstrumentFlag, Krw

SECTORS_FILE = "sectors.toml"
MOST_KRW = 10**13
DAY_MS = 86_400_000
DAY_S = 86_400
MOST_HOLD_S = 10 * 365 * DAY_S
MOST_NAME = 64  # letters of a sector


def _codes(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    try:
        return tuple(symbol_of(str(item).strip()) for item in value)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _rising(value: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if list(value) != sorted(set(value)) or any(not 0 < one < 100 for one in value):
        raise ValueError("shares of the limit above 0 and below 100 percent are expected, each larger than the last")
    return value


Count = Annotated[int, Field(ge=0, le=10_000_000)]
Seconds = Annotated[int, Field(ge=0, le=DAY_S)]
Gain = Annotated[Decimal, Field(ge=0, le=1_000)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_codes), Field(max_length=3_000)]


class RiskSection(Section):
    """Limits before an order. `max_correlated_pct` and `max_adv_pct` need daily bars, which are then fetched."""

    max_position_pct: Percent = Decimal(20)
    max_position_krw: Annotated[int, Field(ge=0, le=MOST_KRW)] = 0
    max_adv_pct: Percent = Decimal(1)
    adv_days: Annotated[int, Field(ge=1, le=250)] = 20
    max_order_krw: Annotated[int, Field(ge=1, le=MOST_KRW)] = 3_000_000
    max_quantity: Annotated[int, Field(ge=0, le=10**9)] = 1_000_000
    max_positions: Annotated[int, Field(ge=0, le=1_000)] = 10
    max_sector_pct: Percent = Decimal(40)
    max_market_pct: Percent = Decimal(100)
    max_correlated_pct: Percent = Decimal(60)
    unknown_correlation_pct: Percent = Decimal(50)
    max_gross_pct: Percent = Decimal(100)
    daily_loss_pct: Percent = Decimal(5)
    max_data_age_ms: Annotated[int, Field(ge=1, le=DAY_MS)] = 60_000
    duplicate_window_ms: Annotated[int, Field(ge=0, le=DAY_MS)] = 2_000
    max_open_orders: Annotated[int, Field(ge=1, le=1000)] = 20
    price_collar_pct: Percent = Decimal(3)
    collar_ticks: Annotated[int, Field(ge=0, le=10_000)] = 50
    min_confidence_pct: Percent = Decimal(50)
    max_signal_age_ms: Annotated[int, Field(ge=0, le=DAY_MS)] = 10_000
    denied_flags: tuple[InstrumentFlag, ...] = (
        InstrumentFlag.HALTED,
        InstrumentFlag.ADMINISTRATIVE,
        InstrumentFlag.SUPERVISED,
        InstrumentFlag.WARNING,
        InstrumentFlag.RISK,
        InstrumentFlag.LIQUIDATION,
    )
    check_sessions: bool = True
    max_orders_per_s: Annotated[int, Field(ge=0, le=1_000)] = 3
    max_orders_per_day: Count = 1_000
    max_cancels_per_day: Count = 1_000
    quiet_open_s: Seconds = 60
    quiet_close_s: Seconds = 600
    cool_down_s: Seconds = 60
    max_losing_streak: Annotated[int, Field(ge=0, le=1_000)] = 10
    reentry_block_s: Seconds = 300
    never_sell: Symbols = ()
    leave_foreign: bool = True


class StopsSection(Section):
    """When the risk manager itself sells a position, whoever opened it (docs/exits.md)."""

    stop_loss_pct: Annotated[Decimal, Field(ge=0, lt=100)] = Decimal(5)
    take_profit_pct: Gain = Decimal(0)
    trailing_pct: Annotated[Decimal, Field(ge=0, lt=100)] = Decimal(0)
    hold_s: Annotated[int, Field(ge=0, le=MOST_HOLD_S)] = 0
    escalate_s: Annotated[int, Field(ge=1, le=DAY_S)] = 60

    @model_validator(mode="after")
    def _whole(self) -> "StopsSection":
        for name in ("stop_loss_pct", "take_profit_pct", "trailing_pct"):
            if ppm(getattr(self, name)) != getattr(self, name) * 10_000:
                raise ValueError(f"{name}: at most four decimals are allowed")
        return self


class AccountSection(Section):
    """Limits on the whole account (docs/account-limits.md); the daily loss itself is `[risk] daily_loss_pct`."""

    drawdown_pct: Percent = Decimal(10)
    warn_pct: Annotated[tuple[Percent, ...], AfterValidator(_rising)] = (Decimal(60), Decimal(80))
    reduce_pct: Annotated[Percent, Field(gt=0)] = Decimal(90)
    flatten_on_halt: bool = False
    shock_drop_pct: Percent = Decimal(3)
    shock_window_s: Annotated[int, Field(ge=1, le=DAY_S)] = 300
    no_data_s: Seconds = 60
    dead_man_s: Annotated[int, Field(ge=0, le=7 * DAY_S)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> "AccountSection":
        if any(share >= self.reduce_pct for share in self.warn_pct):
            raise ValueError(f"warn_pct must be below reduce_pct {self.reduce_pct}")
        return self


def risk_config(risk: RiskSection, stops: StopsSection, account: AccountSection, sectors: dict[str, str]) -> RiskConfig:
    """Turn the three tables into what roles see."""
    values: dict[str, Any] = {_field(name): _value(name, value) for name, value in risk}
    values["denied_flags"] = tuple(flag.value for flag in risk.denied_flags)
    values["max_order_krw"], values["max_position_krw"] = Krw(risk.max_order_krw), Krw(risk.max_position_krw)
    terms: dict[str, Any] = {_field(name): _value(name, value) for name, value in stops if name != "escalate_s"}
    limits: dict[str, Any] = {_field(name): _value(name, value) for name, value in account}
    return RiskConfig(
        **values,
        tell_unresolved_twins=True,
        tell_arrival=True,
        sectors=sectors,
        stops=StopTerms(**terms),
        escalate_s=stops.escalate_s,
        account=AccountConfig(is_on=True, **limits),
    )


def _field(name: str) -> str:
    return name.removesuffix("_pct") + "_ppm" if name.endswith("_pct") else name


def _value(name: str, value: Any) -> Any:
    if not name.endswith("_pct"):
        return value
    return tuple(ppm(one) for one in value) if isinstance(value, tuple) else ppm(value)


def read_sectors(home: Path) -> dict[str, str]:
    """Read `sectors.toml`: sector -> codes or Korean names; no file: no sectors, and no limit on them.

    Raises ConfigError naming file, sector and what is wrong with it.
    """
    import tomllib

    path = home / SECTORS_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    found: dict[str, str] = {}
    for sector, members in data.items():
        for symbol in _members(path, sector, members):
            if found.get(symbol) == sector:
                raise ConfigError(f"{path}: {labelled(symbol)} stands twice in {sector!r}, once is expected")
            if symbol in found:
                raise ConfigError(
                    f"{path}: {labelled(symbol)} is in {found[symbol]!r} and {sector!r}, one sector is expected"
                )
            found[symbol] = sector
    return found


def _members(path: Path, sector: str, members: object) -> tuple[str, ...]:
    if not sector.strip() or len(sector) > MOST_NAME:
        raise ConfigError(f"{path}: a sector's name of 1 to {MOST_NAME} letters is expected, was {sector!r}")
    if not isinstance(members, list) or not all(isinstance(item, str) for item in members):
        raise ConfigError(f'{path}: {sector}: a list of codes or names is expected, for example ["005930", "LG전자"]')
    try:
        return tuple(symbol_of(item.strip()) for item in members)
    except ConfigError as error:
        raise ConfigError(f"{path}: {sector}: {error}") from None
