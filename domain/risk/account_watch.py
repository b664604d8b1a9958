"""Limits on the whole account: daily loss, drawdown, shocks, silence. Folded by the risk manager.

What is in force is what was told (`causes`): so it is durable, and nothing is told twice. `due_changes` and
`due_causes` give what is to be told next; they change nothing.
"""

from dataclasses import dataclass, field
from typing import Any

from domain.hand_adjustments import MOVES
from domain.messages.holdings import AdjustmentBooked, FlowBooked
from domain.messages.link import HeartbeatReceived
from domain.messages.market import IndexReceived, QuotesJudged
from domain.messages.operator import (
    AdjustmentRequested,
    ClaimRequested,
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    ManualModeRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    OrdersRouteRequested,
    PauseRequested,
    PresenceReported,
    ReconcileRequested,
    ReleaseRequested,
    ResumeRequested,
    StopRequested,
    StopsRequested,
)
from domain.messages.risk import Cause, LimitLevelChanged, LimitsUnlocked, ReducingChanged
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, DayChanged, EquityMarked, SessionPlanned
from domain.risk.loss_levels import DAILY_LOSS, DRAWDOWN, STICKY, Loss, Told, change_of
from domain.risk.shock import IndexWindow
from domain.risk_config import AccountConfig
from domain.types import NANOS_PER_SECOND, Krw, LinkName, UnixNanos, VenuePhase
from domain.views import LimitView

OPERATOR_SIGNS = (  # every command of a person
    AdjustmentRequested,
    ClaimRequested,
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    ManualModeRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    OrdersRouteRequested,
    PauseRequested,
    PresenceReported,
    ReconcileRequested,
    ReleaseRequested,
    ResumeRequested,
    StopRequested,
    StopsRequested,
)
MARKET_SHOCK, CIRCUIT_BREAKER, NO_DATA, DEAD_MAN = "MARKET_SHOCK", "CIRCUIT_BREAKER", "NO_DATA", "DEAD_MAN"
_ENDS = "until a person resumes with a note, at most for the date"


@dataclass(slots=True)
class AccountWatch:
    """How far the account is from its limits, and why only exits pass."""

    causes: tuple[Cause, ...] = ()  # in force
    config: AccountConfig = field(default_factory=AccountConfig)
    daily_loss_ppm: int = 0
    # ---- losses: won ----
    trading_date: str = ""  # of the account opened last
    equity: int = 0  # net of what getting out would cost
    base_equity: int = 0  # start of the date, and money that came or went since
    # Its limit is a share of the start alone: a withdrawal that made it smaller could trip it.
    start_equity: int = 0
    high_water: int = 0  # highest net equity over all dates, scaled when money comes or goes; 0 before the first
    told: dict[str, Told] = field(default_factory=lambda: {DAILY_LOSS: Told(), DRAWDOWN: Told()})
    # ---- the market ----
    planned: str = ""  # trading date of the session
    indices: dict[str, IndexWindow] = field(default_factory=dict)  # by market
    shocks: dict[str, str] = field(default_factory=dict)  # market -> what fell, of the trading date
    venue_phase: VenuePhase | None = None  # of the quotes link
    breaker: str = ""  # a circuit breaker of the trading date, in words
    # ---- silence: system time ----
    run_began: UnixNanos = UnixNanos(0)
    trading_since: UnixNanos = UnixNanos(0)  # 0: the day is not TRADING
    quoted_at: UnixNanos = UnixNanos(0)  # newest judged quote; 0 before the first
    is_silent: bool = False  # it was told that no quotes come, and none has come since
    operator_seen: UnixNanos = UnixNanos(0)  # newest command of a person; 0 before the first

    # ---- the fold ----------------------------------------------------------------------------------------------

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in; `now` is system time."""
        match message:
            case QuotesJudged(rows=rows):
                if rows:
                    self.quoted_at, self.is_silent = now, False
            case EquityMarked(equity=equity, exit_costs=exit_costs):
                self.equity = equity - exit_costs
                if self.config.is_on:
                    self.high_water = max(self.high_water, self.equity)
            case HeartbeatReceived(link=LinkName.QUOTES, phase=phase):
                if self.config.is_on and phase is VenuePhase.HALTED and self.venue_phase is not phase:
                    self.breaker = f"the venue interrupted trading (circuit breaker), {_ENDS}"
                self.venue_phase = phase
            case IndexReceived():
                self._index(message)
            case DayChanged(to_state=to_state):
                self.trading_since = now if to_state == "TRADING" else UnixNanos(0)
            case RunStarted(config=config):
                self._begin_run(config.risk.account, config.risk.daily_loss_ppm, now)
            case _ if isinstance(message, OPERATOR_SIGNS):
                self.operator_seen = now
            case _:
                self._fold_account(message)

    def _fold_account(self, message: Any) -> None:
        match message:
            case AccountOpened(trading_date=trading_date, start_equity=start_equity):
                self.trading_date = trading_date
                self.equity = self.base_equity = self.start_equity = start_equity
                if self.config.is_on and not self.high_water:
                    self.high_water = start_equity
            case FlowBooked(amount=amount):
                self._scale_high_water(self.equity - amount)  # the date's start has it in it already
            case SessionPlanned(trading_date=on):
                if on != self.planned:
                    self.planned, self.shocks, self.breaker = on, {}, ""
            case LimitLevelChanged(limit=name):
                self.told[name] = self.told[name].after(message)
            case ReducingChanged(causes=causes):
                self.causes = causes
                self.is_silent = any(cause.code == NO_DATA for cause in causes)
            case LimitsUnlocked():
                self._unlock()

    def _begin_run(self, config: AccountConfig, daily_loss_ppm: int, now: UnixNanos) -> None:
        if config.is_on and not self.config.is_on:
            self.high_water = max(0, self.equity)  # what came before was not watched: money may have come or gone
        if not config.is_on:
            self.causes = ()
        self.config, self.daily_loss_ppm = config, daily_loss_ppm
        self.run_began = now

    def _index(self, message: IndexReceived) -> None:
        config, market = self.config, message.market
        if not config.is_on or not config.shock_drop_ppm or message.value <= 0:
            return
        window = self.indices.setdefault(market.value, IndexWindow())
        window.put(message.value, message.venue_time, config.shock_window_s)
        if market.value not in self.shocks and window.is_shock(config.shock_drop_ppm):
            fall = (window.highest - window.newest) * 10_000 // window.highest
            span = f"{_points(window.highest)} to {_points(window.newest)} within {config.shock_window_s} s"
            limit = f"{_percent(config.shock_drop_ppm // 100)} % or more reduces"
            self.shocks[market.value] = f"{market.value} fell {_percent(fall)} % from {span}; {limit}, {_ENDS}"

    def money_moved(self, amount: int) -> None:
        """Take in that money, or shares at mark, came within the date; negative left. It is no result of trading."""
        if not amount:
            return
        before = self.equity
        self.base_equity += amount
        self.equity += amount
        self._scale_high_water(before)

    def _scale_high_water(self, before: int) -> None:
        """Keep the fall from the high-water mark, as a share, what it was before money moved; rounded up to the won.

        A mark moved by the amount itself would make every withdrawal a deeper drawdown, and every deposit hide one.
        """
        if before > 0:
            self.high_water = -(-self.high_water * max(0, self.equity) // before)
        else:
            self.high_water = max(0, self.equity)  # nothing was left that could have fallen

    def _unlock(self) -> None:
        if self.told[DRAWDOWN].level in STICKY:
            self.high_water = max(0, self.equity)  # else nobody could trade again before it was earned back
        self.told = {name: told.unlocked() for name, told in self.told.items()}
        for market in self.shocks:
            self.indices.pop(market, None)  # the fall that was looked at is no shock a second time
        self.shocks, self.breaker = {}, ""

    # ---- what is to be told ------------------------------------------------------------------------------------

    def losses(self) -> tuple[Loss, Loss]:
        """Give how both limits stand by the numbers alone."""
        daily = Loss(DAILY_LOSS, self.base_equity, self.equity, self.daily_loss_ppm, self.start_equity)
        return daily, Loss(DRAWDOWN, self.high_water, self.equity, self.config.drawdown_ppm)

    @property
    def is_over_daily_loss(self) -> bool:
        """Tell whether the trading date's net loss stands at the daily limit or beyond, to the won."""
        if self.equity >= self.base_equity or not self.trading_date:
            return False  # no loss, so no limit to work out; every order asks
        return self.losses()[0].is_reached

    def due_changes(self, at: UnixNanos, only: str = "") -> list[LimitLevelChanged]:
        """Give the levels to be told at a venue time; `only` looks at one limit."""
        if not self.config.is_on or not self.trading_date:
            return []
        wanted = [loss for loss in self.losses() if only in ("", loss.name)]
        changes = [change_of(self.told[loss.name], loss, self.config, at) for loss in wanted]
        return [change for change in changes if change is not None]

    def due_causes(self, changes: list[LimitLevelChanged], now: UnixNanos) -> tuple[Cause, ...]:
        """Give all that lets only exits pass once `changes` are told; `now` is system time."""
        if not self.config.is_on:
            return ()
        told = self.told | {change.limit: self.told[change.limit].after(change) for change in changes}
        found = [Cause(name.upper(), item.cause, True) for name, item in told.items() if item.reduces]
        found += [Cause(MARKET_SHOCK, text, True) for _, text in sorted(self.shocks.items())]
        found += [Cause(CIRCUIT_BREAKER, self.breaker, True)] if self.breaker else []
        if self._no_data(now):
            text = f"no quote for {self.config.no_data_s} s or more while the market is open, until the next one"
            found.append(Cause(NO_DATA, text, False))
        silent_since = max(self.run_began, self.operator_seen)
        if self.config.dead_man_s and now - silent_since >= self.config.dead_man_s * NANOS_PER_SECOND:
            text = f"no sign of an operator for {self.config.dead_man_s} s or more, until the next command or `checkin`"
            found.append(Cause(DEAD_MAN, text, False))
        return tuple(found)

    def _no_data(self, now: UnixNanos) -> bool:
        limit = self.config.no_data_s
        if not limit or self.is_silent:
            return bool(limit)  # it lasts until a quote comes, whatever the day does meanwhile
        since = max(self.trading_since, self.quoted_at, self.run_began)
        return bool(self.trading_since) and now - since >= limit * NANOS_PER_SECOND

    # ---- questions ---------------------------------------------------------------------------------------------

    def limit_views(self, _state: Any = None) -> tuple[LimitView, ...]:
        """Give how far each limit in force is; empty while limits on the account are off."""
        if not self.config.is_on:
            return ()
        return tuple(
            LimitView(loss.name, self.told[loss.name].level, loss.amount, loss.limit, Krw(loss.base), loss.ppm)
            for loss in self.losses()
            if loss.ppm and self.trading_date
        )


def moved_by(booked: AdjustmentBooked, mark: int | None, cost_before: int) -> int:
    """Give the won that came (left: negative) by a person's adjustment: cash, and shares at mark or else at cost.

    Without a mark a position is worth what it cost, before (`cost_before`) and after. 0 for kinds that are results (a
    dividend, a fee) or put books right (a correction).
    """
    if booked.kind not in MOVES:
        return 0
    shares = booked.position_qty - booked.quantity_before
    return booked.cash - booked.cash_before + (booked.cost_basis - cost_before if mark is None else shares * mark)


def _points(hundredths: int) -> str:
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
