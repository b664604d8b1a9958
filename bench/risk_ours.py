"""A risk manager in the middle of a busy day: 100 positions, 1,000 open orders, every check on; and what it is asked.

Everything comes by messages, as from the log. A decision is the fold of what asked and the verdict; with the fold of
the verdict after it, by which the next one knows of it, it is told once more. Between two the clock goes on by a quote
and the order just approved is closed, unmeasured.
"""

import gc
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from actors.roles.risk_manager import RiskManager
from actors.roles.verdicts import approved
from domain.config import QualityConfig, RunConfig
from domain.instruments import Instrument
from domain.krx.calendar import previous_session
from domain.messages import Message, Stamp
from domain.messages.link import BrokerPosition, BrokerStateReceived, ConnectionChanged, InstrumentsReceived
from domain.messages.market import DayBar, HistoryReceived, QuotesJudged
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import OrderStateChanged
from domain.messages.run import RunStarted
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    EquityMarked,
    GateChanged,
    OrderApproved,
    SessionPlanned,
    SignalFormed,
)
from domain.quotes import Quote, QuoteKind
from domain.risk import RULES, Proposal, cost
from domain.risk.picture import worst_price
from domain.risk.rule import Checks
from domain.risk_config import AccountConfig, RiskConfig, StopTerms
from domain.time import from_kst
from domain.types import (
    PPM,
    ClientOrderId,
    Gate,
    InstrumentFlag,
    Krw,
    LinkName,
    Market,
    OrderKind,
    Purpose,
    Side,
    Symbol,
    UnixNanos,
)

ON = date(2026, 1, 13)
BEGIN = from_kst(ON, 10, 0)
LISTED, HELD, OPEN_ORDERS = 200, 100, 1_000
PRICE, SHARES = 10_000, 100
CASH, EACH_NS = Krw(10**12), 15_000_000  # the same instrument again after 3 s
SESSIONS = 20
CODES = tuple(f"{900_000 + number}" for number in range(LISTED))
ALL_ON = RiskConfig(  # nothing is off, nothing bites
    max_position_ppm=PPM,
    max_order_krw=Krw(3_000_000),
    max_open_orders=10 * OPEN_ORDERS,
    tell_unresolved_twins=True,
    max_quantity=10_000,
    max_position_krw=Krw(10**10),
    max_adv_ppm=PPM,
    max_positions=10 * LISTED,
    max_sector_ppm=PPM,
    max_market_ppm=PPM,
    max_correlated_ppm=PPM,
    max_gross_ppm=PPM,
    sectors={code: f"sector {place % 10}" for place, code in enumerate(CODES)},
    collar_ticks=100,
    max_signal_age_ms=10_000,
    denied_flags=(InstrumentFlag.HALTED.value,),
    check_sessions=True,
    max_orders_per_s=1_000,
    max_orders_per_day=10**7,
    max_cancels_per_day=10**7,
    quiet_open_s=60,
    quiet_close_s=600,
    cool_down_s=60,
    max_losing_streak=10,
    reentry_block_s=300,
    never_sell=("000000",),
    leave_foreign=True,
    tell_arrival=True,
    stops=StopTerms(stop_loss_ppm=50_000),
    account=AccountConfig(is_on=True, drawdown_ppm=100_000, shock_drop_ppm=30_000),
)


KINDS = ("signals", "by hand")


def with_fold(kind: str) -> str:
    """Name what a decision takes with the fold of its verdict."""
    return f"{kind}, verdict folded"


class Watch:
    """Takes the time; the clock of the CPU, a call of the kernel, is read outside of what the other measures."""

    __slots__ = ("_begin", "_spent", "cpu", "wall")

    def __init__(self) -> None:
        """Begin."""
        self.wall = self.cpu = 0
        self.go_on()

    def go_on(self) -> None:
        """Begin again after a stop, what was taken kept."""
        self._spent = time.thread_time_ns()
        self._begin = time.perf_counter_ns()

    def stop(self) -> None:
        """Add what was taken."""
        self.wall += time.perf_counter_ns() - self._begin
        self.cpu += time.thread_time_ns() - self._spent


class Took(NamedTuple):
    """Nanoseconds of each decision."""

    wall: list[int]
    cpu: list[int]  # of the thread: what others on the machine take is not in it

    def keep(self, watch: Watch) -> None:
        """Take one decision in."""
        self.wall.append(watch.wall)
        self.cpu.append(watch.cpu)


class Desk:
    """The risk manager, its clock and its numbers."""

    def __init__(self, risk: RiskConfig = ALL_ON) -> None:
        """Bring it to the middle of the day."""
        self.role = RiskManager()
        self.seq = self.turn = 0
        self.at = UnixNanos(BEGIN)
        for message in _day(risk):
            self.fold(message)
        for number in range(OPEN_ORDERS):
            order = _order(number)
            self.fold(order)
            self.fold(_state(order, "WORKING"))
        self.quote(CODES)

    def stamp(self) -> Stamp:
        """Number the next message."""
        self.seq += 1
        return Stamp(self.seq, self.at, "bench")

    def fold(self, message: Message) -> None:
        """Take in what happened."""
        self.role.evolve(message, self.stamp())

    def quote(self, codes: Iterable[str]) -> None:
        """Trade these instruments now."""
        rows = [_row(code, self.at) for code in codes]
        self.fold(QuotesJudged(self.seq, rows, ()))

    def decide(self, message: Message, took: Took, whole: Took) -> OrderApproved:
        """Have one order judged; `whole` is with the fold of the verdict. Raises RuntimeError when it is denied."""
        role, stamp = self.role, self.stamp()
        watch = Watch()
        role.evolve(message, stamp)
        outputs = list(role.decide(message, stamp))
        watch.stop()
        took.keep(watch)
        watch.go_on()
        for output in outputs:
            role.evolve(output, self.stamp())
        watch.stop()
        whole.keep(watch)
        return _passed(outputs[0])

    def decide_by(self, checks: Checks, signal: SignalFormed, took: Took) -> OrderApproved:
        """Have one order judged by some of the rules alone: as `decide` does, without what the others need to say."""
        role, stamp, state = self.role, self.stamp(), self.role.state
        watch = Watch()
        role.evolve(signal, stamp)
        proposal = Proposal(
            signal.symbol, signal.side, OrderKind.LIMIT, signal.purpose, 10, signal.limit_price, None, signal.venue_time
        )
        picture = state.picture(proposal)
        denial = checks.judge(proposal, picture)
        if denial is not None:
            raise RuntimeError(f"expected every order to pass, was {denial}")
        order_id = ClientOrderId(f"{stamp.log_id}-{stamp.seq}")
        reserved = cost(proposal.quantity, worst_price(proposal, picture), picture.commission_ppm)
        order = approved(order_id, proposal, reserved, signal.strategy, signal.rationale)
        role.evolve(order, self.stamp())
        watch.stop()
        took.keep(watch)
        return order

    def next(self) -> str:
        """Let the clock go on by the next quote of an instrument; give it."""
        self.turn += 1
        code = CODES[(7 * self.turn) % LISTED]
        self.at = UnixNanos(self.at + EACH_NS)
        self.quote((code,))
        return code

    def close(self, order: OrderApproved) -> None:
        """Close an order that was approved."""
        self.fold(_state(order, "CANCELLED"))

    def check(self) -> None:
        """Raise RuntimeError when the desk is not what it should be."""
        state = self.role.state
        if (len(state.positions), state.holds.open_count) != (HELD, OPEN_ORDERS):
            raise RuntimeError(f"expected 100 positions and 1,000 open orders, was {len(state.positions)}")


def times(decisions: int) -> dict[str, Took]:
    """Judge so many signals and as many orders by hand. Raises RuntimeError when one is denied."""
    desk, found = Desk(), {name: Took([], []) for name in (*KINDS, *map(with_fold, KINDS))}
    signals, by_hand = [(found[name], found[with_fold(name)]) for name in KINDS]
    gc.collect()
    gc.freeze()
    for number in range(decisions):
        desk.close(desk.decide(_signal(desk.next(), desk.at), *signals))
        desk.close(desk.decide(_by_hand(desk.next(), number), *by_hand))
    desk.check()
    return found


def times_by(codes: tuple[str, ...], decisions: int) -> Took:
    """Judge so many orders by these rules alone. Raises RuntimeError when one is denied or a code is unknown."""
    rules = tuple(rule for rule in RULES if rule.code in codes)
    if len(rules) != len(codes):
        raise RuntimeError(f"expected rules of these codes, was {codes}")
    # Limits of other rules are off, as with a peer that does not have them.
    desk, took = Desk(replace(ALL_ON, max_correlated_ppm=0, max_adv_ppm=0)), Took([], [])
    checks = Checks(rules)
    gc.collect()
    gc.freeze()
    for _ in range(decisions):
        desk.close(desk.decide_by(checks, _signal(desk.next(), desk.at), took))
    desk.check()
    return took


def _passed(output: Message) -> OrderApproved:
    if not isinstance(output, OrderApproved):
        raise RuntimeError(f"expected every order to pass, was {output!r}")
    return output


def _day(risk: RiskConfig) -> list[Message]:
    limits = (Krw(PRICE), Krw(PRICE * 7 // 10), Krw(PRICE * 13 // 10))
    listed = tuple(
        Instrument(Symbol(code), "", (Market.KOSPI, Market.KOSDAQ)[place % 2], *limits, True)
        for place, code in enumerate(CODES)
    )
    held = tuple(BrokerPosition(code, SHARES, Krw(PRICE * SHARES)) for code in CODES[:HELD])
    equity = Krw(CASH + HELD * PRICE * SHARES)
    nine, auction, close = from_kst(ON, 9, 0), from_kst(ON, 15, 20), from_kst(ON, 15, 30)
    return [
        RunStarted("bench", "0", RunConfig("paper", risk=risk, quality=QualityConfig(deny_bad_quality=True))),
        InstrumentsReceived(listed, ()),
        *(ConnectionChanged(link, "RECONCILING", "READY", "", "", BEGIN) for link in LinkName),
        SessionPlanned(ON.isoformat(), True, nine, auction, close, False),
        BrokerStateReceived(CASH, held, (), "J", 0, UnixNanos(nine)),
        AccountOpened(ON.isoformat(), CASH, equity, UnixNanos(nine)),
        EquityMarked(CASH, equity, Krw(0), Krw(0), Krw(0), HELD, UnixNanos(nine)),
        *(_history(place, code) for place, code in enumerate(CODES)),
        DayChanged("ARMED", "TRADING", "open", "", UnixNanos(nine)),
        GateChanged(Gate.OPEN, ""),
    ]


def _history(place: int, code: str) -> HistoryReceived:
    days = [previous_session(ON)]
    while len(days) <= SESSIONS:
        days.append(previous_session(days[-1]))
    bars = [_bar(place, number, day) for number, day in enumerate(reversed(days))]
    return HistoryReceived(code, ON.isoformat(), tuple(bars), "")


def _bar(place: int, number: int, day: date) -> DayBar:
    close = Krw(PRICE + (place * 7_919 + number * number * 104_729) % 1_000)
    return DayBar(day.isoformat(), close, close, close, close, 1_000_000)


def _row(code: str, at: int) -> Quote:
    return Quote(code, at, PRICE, 10, 1_000, PRICE - 10, PRICE, 100, 100, int(QuoteKind.TRADE))


def _order(number: int) -> OrderApproved:
    is_buy = number % 2 == 0
    code = CODES[number // 2 % (LISTED if is_buy else HELD)]
    price = Krw(PRICE - 200 if is_buy else PRICE + 200)
    return OrderApproved(
        client_order_id=ClientOrderId(f"open-{number}"),
        symbol=code,
        side=Side.BUY if is_buy else Side.SELL,
        kind=OrderKind.LIMIT,
        purpose=Purpose.ENTRY if is_buy else Purpose.EXIT,
        quantity=1,
        limit_price=price,
        reserved_krw=Krw(price + 1 if is_buy else 0),
        origin="bench",
        rationale="",
        venue_time=UnixNanos(BEGIN - 10**10),
    )


def _state(order: OrderApproved, status: str) -> OrderStateChanged:
    is_open = status == "WORKING"
    return OrderStateChanged(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        purpose=order.purpose,
        from_status="NEW",
        to_status=status,
        trigger="",
        quantity=order.quantity,
        filled_qty=0,
        leaves_qty=order.quantity if is_open else 0,
        limit_price=order.limit_price,
        reason="",
        venue_time=order.venue_time,
    )


def _signal(code: str, at: UnixNanos) -> SignalFormed:
    price = Krw(PRICE)
    facts = (code, Side.BUY, Purpose.ENTRY, 0.5, 0.8, 600, price, price, "naver", (), "bench", at)
    return SignalFormed("bench", *facts)


def _by_hand(code: str, number: int) -> ManualOrderRequested:
    return ManualOrderRequested(f"c{number}", "kim", code, Side.BUY, OrderKind.LIMIT, 10, Krw(PRICE), "bench")
