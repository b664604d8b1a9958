"""Questions about money and risk and their answers, asked from outside through `ask`. Money is whole won."""

from dataclasses import dataclass

from domain.messages.link import ExternalOrderSeen
from domain.messages.risk import Cause
from domain.types import Krw, UnixNanos

# ---- portfolio ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PositionsQuery:
    """Ask the portfolio for its holdings; answered by a tuple of PositionView in order of symbol."""


@dataclass(frozen=True, slots=True)
class PositionView:
    """One holding at mark."""

    symbol: str
    quantity: int  # shares
    cost_basis: Krw
    average_price: Krw  # cost basis per share, cut to whole won
    mark: Krw | None  # last judged price; None before the first
    unrealized_pnl: Krw  # 0 without a mark, costs of getting in left out
    realized_pnl: Krw  # of the trading date, costs included
    sellable: int  # shares; open sell orders are not taken off, ask risk for that


@dataclass(frozen=True, slots=True)
class CashQuery:
    """Ask the portfolio for cash and equity; answered by CashView."""


@dataclass(frozen=True, slots=True)
class CashView:
    """Cash after all fills and costs, settled or not, and equity at mark."""

    trading_date: str  # empty before the account was opened
    cash: Krw
    equity: Krw
    start_equity: Krw
    commission: Krw  # of the trading date
    tax: Krw  # of the trading date
    realized_pnl: Krw  # of the trading date, costs included
    unrealized_pnl: Krw  # costs of getting in included
    income: Krw = Krw(0)  # of the trading date: dividends and cash for fractions of a share, tax taken off
    deposit: Krw | None = None  # settled today; None when the broker did not tell
    d1_deposit: Krw | None = None  # settled on the next session
    withdrawable: Krw | None = None  # today, as the broker told it last
    exit_costs: Krw = Krw(0)  # commission and tax if all positions were sold at mark now
    moved: Krw = Krw(0)  # deposits and withdrawals a person booked since the date's start

    @property
    def day_pnl(self) -> Krw:
        """Give what the trading date brought so far at mark, without the money that came or went; 0 before it."""
        return Krw(self.equity - self.start_equity - self.moved if self.trading_date else 0)


@dataclass(frozen=True, slots=True)
class FillsQuery:
    """Ask the portfolio for the trading date's fills, oldest first; answered by a tuple of FillBooked."""

    symbol: str = ""  # empty means all
    limit: int = 1_000  # newest so many


@dataclass(frozen=True, slots=True)
class PerformanceQuery:
    """Ask the portfolio how the trading date goes; answered by PerformanceView."""


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """Round trips, profit and loss of the trading date."""

    trips: int  # positions closed completely
    wins: int  # of them, with a profit after costs
    realized_pnl: Krw  # costs included
    unrealized_pnl: Krw  # costs of getting in included
    costs: Krw
    max_drawdown: Krw  # deepest fall of marked equity from its peak


# ---- risk --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DenialsQuery:
    """Ask risk for the trading date's denials, oldest first; answered by a tuple of OrderDenied."""

    symbol: str = ""  # empty means all
    limit: int = 1_000  # newest so many


@dataclass(frozen=True, slots=True)
class CheckView:
    """One rule of the risk manager and its limit in force."""

    name: str
    limit: int | str
    unit: str
    value: int | str = ""  # how the account stands, in the same unit; empty for what only an order has
    distance: int | str = ""  # what is left until it denies; empty likewise
    denied: int = 0  # orders of the trading date
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit on losses of the account; won."""

    name: str  # daily_loss, drawdown
    level: str  # as in LimitLevelChanged
    loss: Krw
    limit: Krw  # loss that halts
    base_equity: Krw
    limit_ppm: int  # of the base


@dataclass(frozen=True, slots=True)
class StopView:
    """What would make the risk manager sell a position; won per share, None where that stop is off."""

    symbol: str
    quantity: int  # shares held in the account
    ours: int  # shares of them that may be sold
    stop_price: Krw | None
    target_price: Krw | None
    trailing_price: Krw | None
    sell_at: UnixNanos | None  # venue time
    peak_price: Krw | None
    sellable_price: Krw | None  # bid, or the last trade; None before the first
    own_terms: bool
    stuck: str  # why its sale does not get done; empty otherwise
    never_sell: bool


@dataclass(frozen=True, slots=True)
class RiskQuery:
    """Ask risk for its limits and what they leave; answered by RiskView."""


@dataclass(frozen=True, slots=True)
class RiskView:
    """Limits in force, cash held back by open buys and what is left to order and to sell."""

    reserved: Krw
    orderable_cash: Krw
    sellable: dict[str, int]  # symbol -> shares, open sells taken off
    open_orders: int
    denied: int  # of the trading date
    denied_by_reason: dict[str, int]
    entries_denied: str  # the daily loss denies every entry, whatever the gate lets pass, with numbers; else empty
    flattening: tuple[str, ...]  # symbols being sold out
    checks: tuple[CheckView, ...]
    limits: tuple[LimitView, ...] = ()
    reducing: tuple[Cause, ...] = ()
    stops: tuple[StopView, ...] = ()  # by symbol
    manual_mode: bool = False
    operator_seen: UnixNanos = UnixNanos(0)  # system time; 0 before the first


# ---- reconciliation ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ComparisonQuery:
    """Ask the executor how own books compare with the broker's; answered by ComparisonView."""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """What the last comparison left."""

    halted: dict[str, str]  # symbol -> why books differ
    externals: tuple[ExternalOrderSeen, ...]  # open orders in the account that are not ours, oldest first
    unknown_orders: int  # open ones of ours whose fate is unknown
    compared_at: UnixNanos  # system time; 0 before the first
