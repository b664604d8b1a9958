"""How the house behaved: pace of orders, past trades, what of the holdings is ours. Folded by the risk manager."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from domain.config import RunConfig
from domain.krx.brakes import INTERRUPTION_NS
from domain.krx.order_phases import INTERRUPTED, OrderDay, OrderPhase, order_day
from domain.krx.sessions import MOST_RANDOM_END
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.operator import CommandAnswered, ResumeRequested
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.messages.risk import HoldingClaimed, LimitsUnlocked, ManualModeChanged
from domain.messages.run import RunStarted
from domain.messages.trading import FillBooked, OrderApproved, OrderDenied, SessionPlanned
from domain.risk.closed_trades import ClosedTrades
from domain.risk.conduct_facts import ConductFacts
from domain.risk.ours import Ours
from domain.types import NANOS_PER_SECOND, Purpose, UnixNanos, Venue

MOST_REQUESTS = 1_000  # kept; no broker takes so many in a second
_BOTH: Final = Venue.SOR  # named once: reading it off its Enum is a call
UNTOUCHED = ("NEVER_SELL", "FOREIGN")  # codes that deny a sale of what is to be left alone
_HEEDED: Final = frozenset(  # what `Conduct.fold` has a case for
    {
        SubmitOrder,
        ModifyOrder,
        CancelOrder,
        OrderApproved,
        OrderDenied,
        FillBooked,
        HoldingBooked,
        FillRevised,
        AdjustmentBooked,
        HoldingClaimed,
        LimitsUnlocked,
        ResumeRequested,
        CommandAnswered,
        ManualModeChanged,
        SessionPlanned,
        RunStarted,
    }
)


def _requests() -> deque[int]:
    return deque(maxlen=MOST_REQUESTS)


@dataclass(slots=True)
class Conduct:
    """What rules of conduct need, of the trading date and of positions."""

    now: int = 0  # system time of the message heard last, quotes left out
    requests: deque[int] = field(default_factory=_requests)  # system times
    orders: int = 0  # approved on the trading date
    cancels: int = 0  # asked of the broker on it
    planned: str = ""  # trading date of the session times
    open_time: int = 0  # UTC ns
    close_auction_time: int = 0  # UTC ns
    day: OrderDay | None = None  # only where order kinds are checked
    overrides: dict[str, tuple[str, str]] = field(default_factory=dict)  # of session hours
    checks_sessions: bool = False
    leaves_foreign: bool = False
    own_clock: bool = False  # the orders' broker has one: its times say nothing beside those of the quotes
    trades: ClosedTrades = field(default_factory=ClosedTrades)
    holdings: Ours = field(default_factory=Ours)
    manual_mode: bool = False
    resume_asked: str | None = None  # command id of a person's resume with a note that the day has not answered yet
    refused_sales: dict[str, tuple[str, int]] = field(default_factory=dict)  # symbol -> code, shares ours when it was

    def fold(self, message: Any, now: UnixNanos, at: int = 0) -> None:
        """Take one message in; `now` is system time, `at` the venue time of the newest quote."""
        self.now = now
        if type(message) not in _HEEDED:
            return  # a look-up instead of a walk through all of them: most messages say nothing here
        match message:
            case SubmitOrder() | ModifyOrder() | CancelOrder():
                self.requests.append(now)
                self.cancels += isinstance(message, CancelOrder)
            case OrderApproved():
                self.orders += 1
            case OrderDenied(purpose=Purpose.EXIT, reason=code) if code in UNTOUCHED:
                if not message.origin.startswith("operator:"):
                    self.refused_sales[message.symbol] = (code, self.holdings.of(message.symbol))
            case FillBooked() | HoldingBooked():
                if not self.holdings.is_again(message):
                    self.trades.fold(message, at if self.own_clock else message.venue_time)
                self.holdings.fold(message)
            case FillRevised() | AdjustmentBooked() | HoldingClaimed() | LimitsUnlocked():
                self.trades.fold(message, at)
                self.holdings.fold(message)
            case ResumeRequested(command_id=command_id, note=note) if note.strip():
                self.resume_asked = command_id
            case CommandAnswered(command_id=command_id) if command_id == self.resume_asked:
                self.resume_asked = None
                if message.accepted:  # nothing else may hold, so no unlocking is told
                    self.trades.fold(message, at)
            case ManualModeChanged(is_on=is_on):
                self.manual_mode = is_on
            case SessionPlanned() | RunStarted():
                self._plan(message)

    def open_account(self, held: Mapping[str, int], unbooked: Iterable[tuple[str, int]]) -> None:
        """Begin a new trading date with the broker's books.

        `unbooked` are shares of our own orders (sold: negative) that these books hold and no booking told.
        """
        self.orders = self.cancels = 0
        self.refused_sales = {}
        self.trades.open_account(set(held))
        self.holdings.open_account(held, unbooked)

    def facts(
        self, symbol: str, venue_time: int, now: int | None = None, interrupted_at: int | None = None
    ) -> ConductFacts:
        """Give what rules look at for an order of an instrument.

        `venue_time` is that of the newest quote; `now` the system time, None: of the message heard last;
        `interrupted_at` the venue time a volatility interruption of the instrument began, None: there is none.
        """
        trades = self.trades
        return ConductFacts(  # by place: names cost a microsecond of every order
            venue_time,
            self._requests_before(self.now if now is None else now) if self.requests else 0,
            self.orders,
            self.cancels,
            self.open_time,
            self.close_auction_time,
            self._phases(venue_time, interrupted_at),
            trades.losing_streak,
            trades.last_loss_at,
            trades.closed_at.get(symbol, 0),
            self.ours(symbol),
            self.manual_mode,
            self.day is not None,
        )

    def ours(self, symbol: str) -> int | None:
        """Give the shares held that are ours; None where others' shares are not told apart: all of them."""
        return self.holdings.of(symbol) if self.leaves_foreign else None

    def has_refused(self, symbol: str, code: str) -> bool:
        """Tell whether a strategy's sale was refused for the same on this date, with as many shares ours as now."""
        return self.refused_sales.get(symbol) == (code, self.holdings.of(symbol))

    def _phases(self, at: int, interrupted_at: int | None) -> tuple[OrderPhase, ...]:
        if self.day is None:
            return ()
        phases = self.day.at(at, _BOTH)
        # Bounded, as its end may not have been told: it then is over all the same.
        if interrupted_at is None or at - interrupted_at > INTERRUPTION_NS + MOST_RANDOM_END:
            return phases
        return tuple(INTERRUPTED.get(phase, phase) for phase in phases)

    def _requests_before(self, now: int) -> int:
        count = 0
        for at in reversed(self.requests):
            if at <= now - NANOS_PER_SECOND:
                break
            count += at <= now  # after it: the clock was set back, and what it said then is no pace
        return count

    def _plan(self, message: SessionPlanned | RunStarted) -> None:
        if isinstance(message, SessionPlanned):
            self.planned = message.trading_date
            self.open_time, self.close_auction_time = message.open_time, message.close_auction_time
        else:
            self._configure(message.config)
        is_wanted = self.checks_sessions and self.planned
        self.day = order_day(date.fromisoformat(self.planned), self.overrides) if is_wanted else None

    def _configure(self, config: RunConfig) -> None:
        self.overrides, self.own_clock = dict(config.session_overrides), config.orders_have_own_clock
        self.checks_sessions, self.leaves_foreign = config.risk.check_sessions, config.risk.leave_foreign
