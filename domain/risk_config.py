"""Limits of the risk manager, as roles see them. Every default means "as before 0.7.0"; 0 switches a limit off.

What each limit covers, its reason code and how it is measured: docs/risk.md.
"""

from dataclasses import dataclass, field

from domain.types import PPM, Krw


@dataclass(frozen=True, slots=True)
class StopTerms:
    """When the risk manager itself sells a position; every part is off at 0."""

    stop_loss_ppm: int = 0  # loss on cost that is cut
    take_profit_ppm: int = 0  # gain on cost that is taken
    trailing_ppm: int = 0  # fall from the highest sellable price since the position began
    hold_s: int = 0  # longest holding, venue seconds since its first fill, nights included


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """Limits on the whole account: equity is cash and positions at mark, less what selling them would cost."""

    is_on: bool = False  # False: only the daily loss, on gross equity, halts; nothing below counts
    drawdown_ppm: int = 0  # fall of equity from its high-water mark that halts
    warn_ppm: tuple[int, ...] = (600_000, 800_000)  # shares of a limit at which a person is warned
    reduce_ppm: int = 900_000  # share of a limit from which on only exits pass
    flatten_on_halt: bool = False  # a limit that halts also sells every position that is ours
    shock_drop_ppm: int = 0  # fall of an index within the window that is a market shock
    shock_window_s: int = 300  # venue seconds
    no_data_s: int = 0  # system seconds without a judged quote in the session until no entry passes
    dead_man_s: int = 0  # system seconds without a sign of life from an operator until no entry passes


@dataclass(frozen=True, slots=True)
class RiskConfig:
    """Limits of the risk manager."""

    max_position_ppm: int = 200_000  # of equity, per instrument
    max_order_krw: Krw = Krw(3_000_000)  # notional of one order
    daily_loss_ppm: int = 50_000  # of the day's starting equity, realised and unrealised
    # Venue time between the last quote of the instrument and the decision. Silence of one issue is usually normal
    # (facts: krx.md 7); silence of the whole connection makes the link DEGRADED, which denies by itself.
    max_data_age_ms: int = 60_000
    duplicate_window_ms: int = 2_000  # same instrument and side, venue time
    max_open_orders: int = 20
    price_collar_ppm: int = 30_000  # limit price against the mark
    min_confidence_ppm: int = 500_000  # entries below are denied
    # A twin of an order of unknown fate is told apart. False is what runs before 0.4.0 did; settings say True.
    tell_unresolved_twins: bool = False
    # ---- size and concentration, at mark, open buys included ----
    max_quantity: int = 0  # shares of one order
    max_position_krw: Krw = Krw(0)  # per instrument
    max_adv_ppm: int = 0  # shares of a position against the average daily volume
    adv_days: int = 20  # sessions of that average, and of correlations
    max_positions: int = 0  # instruments held or being bought
    max_sector_ppm: int = 0  # of equity, per sector; instruments without one make one sector together
    max_market_ppm: int = 0  # of equity, per listing market
    max_correlated_ppm: int = 0  # of equity: the position and, by their correlation with it, all others
    unknown_correlation_ppm: int = PPM  # counted where a correlation is not known
    max_gross_ppm: int = 0  # of equity, all positions together
    sectors: dict[str, str] = field(default_factory=dict)  # symbol -> sector, from the operator's file
    # ---- prices and signals ----
    collar_ticks: int = 0  # a limit price from the mark
    max_signal_age_ms: int = 0  # venue time between a signal and the newest quote
    denied_flags: tuple[str, ...] = ()  # InstrumentFlag values that deny entries
    check_sessions: bool = False  # an order's kind must be taken by the venue in the phase of the day
    # ---- pace ----
    max_orders_per_s: int = 0  # entries; orders, changes and cancels of the last second count
    max_orders_per_day: int = 0  # entries; all approved orders of the trading date count
    max_cancels_per_day: int = 0  # entries; all cancels asked of the broker on the trading date count
    # ---- time and conduct ----
    quiet_open_s: int = 0  # no entries so long after the open, venue time
    quiet_close_s: int = 0  # no entries so long before the closing auction, venue time
    cool_down_s: int = 0  # no entries so long after a losing trade was closed, venue time
    max_losing_streak: int = 0  # losing trades in a row on the trading date after which no entry passes
    reentry_block_s: int = 0  # no entry in an instrument so long after its position was closed, venue time
    # ---- what is not to be touched ----
    never_sell: tuple[str, ...] = ()  # symbols: counted in exposure, never sold
    leave_foreign: bool = False  # shares in the account that we did not buy are counted and never sold
    # ---- facts for reports ----
    tell_arrival: bool = False  # an approval says the price its instrument stood at
    stops: StopTerms = field(default_factory=StopTerms)  # of every position without terms of its own
    escalate_s: int = 0  # venue seconds a sale of a stop or flatten may stay unfilled until a person is told; 0: never
    account: AccountConfig = field(default_factory=AccountConfig)
