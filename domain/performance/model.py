"""What performance is made of and what it gives: plain values that reports, pages and tests share."""

from dataclasses import dataclass
from datetime import date

from domain.types import Krw, UnixNanos


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account at one moment."""

    at: UnixNanos  # venue time
    equity: Krw  # cash and positions at mark
    flow: Krw = Krw(0)  # money that came (or left) just before it without a trade; in `equity` already


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One position from its first buy to its last sell."""

    symbol: str
    strategy: str  # origin of its first entry: a strategy's name, operator:NAME, or empty when we did not open it
    opened_at: UnixNanos  # venue time
    closed_at: UnixNanos  # venue time
    quantity: int  # shares bought
    paid: Krw  # notional of the buys
    received: Krw  # notional of the sells
    costs: Krw  # commission and tax of both sides
    realized: Krw  # costs included
    entry_reason: str  # rationale of the entry orders
    exit_reason: str  # rationale of the exit orders; the part before the first colon names the rule
    by_hand: bool  # a person sent one of its orders


@dataclass(frozen=True, slots=True)
class DayLine:
    """One trading date of the account."""

    day: date
    start_equity: Krw  # before what came or left at its opening: what the date before ended with
    end_equity: Krw
    flow: Krw  # came (or left) on the date, the opening included
    realized: Krw
    unrealized: Krw  # of open positions at the end
    commission: Krw
    tax: Krw
    turnover: Krw  # notional of all fills
    orders: int
    fills: int
    trades: int  # closed on the date
    wins: int  # of them, with a profit after costs
    lowest_ppm: int  # deepest fall of equity below the date's start, flows taken out, ppm of the start; 0 or above
    exposure_ppm: int  # highest share of equity in positions


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of the account from a peak, free of flows."""

    ppm: int  # of the peak
    peak_at: UnixNanos
    trough_at: UnixNanos
    recovered_at: UnixNanos | None  # None: not yet


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of a period; None where there is too little to say (formulas and sources: docs/reports.md).

    Ratios are fractions: 0.012 is 1.2 %. Daily returns are time-weighted, free of flows; a year has 252 of them.
    """

    days: int
    total_return: float | None
    cagr: float | None
    volatility: float | None  # a year
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    drawdown: Drawdown | None
    trades: int
    win_rate: float | None
    profit_factor: float | None  # None without a loss
    expectancy_krw: float | None  # won a closed trade
    average_win_krw: float | None
    average_loss_krw: float | None
    exposure: float | None  # mean over the marks of the share of equity in positions
    time_in_market: float | None  # share of session time with a position
    turnover: float | None  # notional of all fills over mean equity
    cost_share: float | None  # costs over gross profit before costs
    costs_of_turnover: float | None  # costs over notional


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Closed trades that share something."""

    key: str  # symbol, strategy, hour of the entry (09), reason of the exit, weekday
    trades: int
    wins: int
    realized: Krw
    costs: Krw
    average_krw: float
    # Two-sided chance of an average so far from 0 if trades earned nothing; None with fewer than 2 trades.
    p_value: float | None
    p_adjusted: float | None  # the same, corrected for looking at so many groups at once (Holm)


@dataclass(frozen=True, slots=True)
class Target:
    """One of the owner's targets or wishes, beside what was measured."""

    name: str  # link_up, signal_precision, reaction, daily_loss, win_rate, automation, drawdown; wish_day, wish_month
    aim: float  # fraction; ms for reaction
    measured: float | None  # in the same unit; None: nothing to measure
    low: float | None  # 95 % interval of what was measured; None where there is none
    high: float | None
    met: bool | None  # None: not measured, or a wish
    n: int  # of the denominator
    denominator: str  # stable code of what `n` counts, e.g. orders, closed_trades, scored_entries, market_ms, quotes
    before: float | None  # the same of the period before; None when there was none
    is_wish: bool = False  # a wish is shown, never judged


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a stated rule makes of the figures. Words in both languages come from `reports/words`."""

    rule: str  # stable name
    figures: dict[str, float | int | str]  # what the words need
    weight: float  # larger is told first
