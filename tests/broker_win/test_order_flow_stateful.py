"""The order desk against a truthful venue: events doubled, shuffled, lost; kills; lists read at any moment.

Whatever happens: no order is sent twice, no fact belongs to another order than it says, no share is booked before it
moved or twice; and once the lists were read, shares and won are those of the venue.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest
from broker_win.config import LimitsConfig, WinConfig
from broker_win.control import Chejan
from broker_win.orders.desk import WinOrders
from broker_win.orders.notices import Action
from broker_win.orders.readings import MOST_READINGS
from broker_win.rows import OrderLists
from broker_win.screens import Screens
from domain.messages.orders import (
    CancelOrder,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
    SubmitOrder,
)
from domain.types import (
    ClientOrderId,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    TimeInForce,
    UnixNanos,
    VenueOrderId,
)
from tests.broker_win.order_kit import ACCOUNT, CODE
from tests.broker_win.order_venue import FakeBridge, FakeControl, HandClock, Line, Venue

T = TypeVar("T")
FOR_EVER = UnixNanos(10**18)
PRICES = st.integers(9_990, 10_010)
PICK = st.integers(0, 10_000)
CONFIG = WinConfig(server_kind=ServerKind.REAL, commission_ppm=150, limits=LimitsConfig(orders_per_second=1_000_000))
HOWS = ("well", "well", "well", "-307", "-307 lost", "-308", "hung before", "hung after", "swallowed", "dies")


class Orders(RuleBasedStateMachine):
    """One account through a day."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.hand = HandClock()
        self.venue = Venue(self.hand.venue)
        self.control = FakeControl(self.venue)
        self.owners: dict[str, tuple[str, str]] = {}  # name of a SendOrder -> client order, request
        self.requests: dict[str, tuple[OrderRequest, Any]] = {}  # id -> request, receipt or None
        self.kept_lists: OrderLists | None = None
        self.count = 0
        self.start()

    def start(self) -> None:
        self.journal = OrderJournal(Path(self.directory.name) / "orders.db", durable=False)
        self.screens = Screens()
        self.bridge = FakeBridge(self.control)
        self.desk = WinOrders(
            self.journal,
            self.bridge,
            self.hand.clock,
            CONFIG,
            account=lambda: ACCOUNT,
            screens=self.screens,
            read_lists=self.read_lists,
            market_of=lambda _code: Market.KOSPI,
            may_send=lambda: "",
        )

    async def read_lists(self) -> OrderLists:
        return self.venue.lists()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.settle()
        finally:
            self.run(end_tasks())
            self.journal.close()
            self.loop.close()
            self.directory.cleanup()

    # ---- requests ----------------------------------------------------------------------------------------------

    def new_id(self, letter: str) -> str:
        self.count += 1
        return f"{letter}-{self.count}"

    def send(self, request: OrderRequest, request_id: str, how: str) -> None:
        control, bridge = self.control, self.bridge
        control.code = {"-307": -307, "-307 lost": -307, "-308": -308}.get(how, 0)
        control.reaches = how not in ("-307 lost", "-308", "swallowed")
        bridge.hangs = {"hung before": "before", "hung after": "after"}.get(how, "")
        bridge.sticks = how == "dies"
        sent = len(control.calls)
        self.requests[request_id] = (request, None)
        task = self.loop.create_task(self.desk.request(request, self.guard()))
        self.run(spin(task, bridge))
        for arguments in control.calls[sent:]:
            self.owners[str(arguments[0])] = (request.client_order_id, request_id)
        if task.done():
            self.requests[request_id] = (request, task.result())
        bridge.hangs, bridge.sticks = "", False
        if how == "dies":
            self.restart()

    def guard(self) -> Guard:
        return Guard(self.journal.journal_id, self.journal.epoch, FOR_EVER)

    @rule(
        side=st.sampled_from(Side),
        price=PRICES,
        how=st.sampled_from(HOWS),
        is_twin=st.booleans(),
        in_force=st.sampled_from([TimeInForce.DAY, TimeInForce.DAY, TimeInForce.IOC]),
    )
    def submit(self, side: Side, price: int, how: str, is_twin: bool, in_force: TimeInForce) -> None:
        order = ClientOrderId(self.new_id("o"))
        quantity = 50 if is_twin else 60 + self.count
        kind, nothing = OrderKind.LIMIT, UnixNanos(0)
        request = SubmitOrder(
            order, CODE, side, kind, Purpose.EXIT, quantity, Krw(10_000 if is_twin else price), nothing, in_force
        )
        self.send(request, order, how)

    @precondition(lambda self: self.ours())
    @rule(pick=PICK, part=st.integers(0, 40), how=st.sampled_from(HOWS), is_modify=st.booleans(), price=PRICES)
    def change(self, pick: int, part: int, how: str, is_modify: bool, price: int) -> None:
        legs = self.ours()
        leg = legs[pick % len(legs)]
        action = Action.MODIFY if is_modify else Action.CANCEL
        elsewhere = [line for line in self.venue.lines.values() if not line.rqname and line.original == leg.number]
        if any(line.action is action and line.quantity in (part, leg.leaves) for line in elsewhere):
            return  # nobody could tell whose it is
        request_id, number = RequestId(self.new_id("c")), VenueOrderId(leg.number)
        request: OrderRequest
        if is_modify:
            shares = min(part, leg.leaves) or leg.leaves
            request = ModifyOrder(
                request_id, leg.client_order_id, number, Purpose.EXIT, shares, Krw(price), UnixNanos(0)
            )
        else:
            request = CancelOrder(request_id, leg.client_order_id, number, part, UnixNanos(0))
        self.send(request, request_id, how)

    def ours(self) -> list[Any]:
        legs = self.desk._flow.books.known.legs.values()
        return [leg for leg in legs if leg.client_order_id and leg.leaves]

    @precondition(lambda self: self.requests)
    @rule(pick=PICK)
    def repeat(self, pick: int) -> None:
        request_id = list(self.requests)[pick % len(self.requests)]
        request, first = self.requests[request_id]
        sent = len(self.control.calls)
        task = self.loop.create_task(self.desk.request(request, self.guard()))
        self.run(spin(task, self.bridge))
        assert len(self.control.calls) == sent
        again = task.result()
        if first is not None and first.outcome is not RequestOutcome.IN_DOUBT:
            assert again.outcome is first.outcome
        self.requests[request_id] = (request, again)

    # ---- the venue ---------------------------------------------------------------------------------------------

    @precondition(lambda self: self.venue.live())
    @rule(pick=PICK, shares=st.integers(1, 120), off=st.integers(-20, 20))
    def trade(self, pick: int, shares: int, off: int) -> None:
        lines = self.venue.live()
        line = lines[pick % len(lines)]
        self.venue.trade(line, min(shares, line.leaves), line.price + off)

    @precondition(lambda self: self.venue.pending())
    @rule(pick=PICK, by_event=st.booleans())
    def meet(self, pick: int, by_event: bool) -> None:
        changes = self.venue.pending()
        self.venue.meet(changes[pick % len(changes)], by_event)

    @precondition(lambda self: any(line.hoga == "10" for line in self.venue.live()))
    @rule()
    def drop_rest(self) -> None:
        self.venue.drop_rest(next(line for line in self.venue.live() if line.hoga == "10"))

    @rule(side=st.sampled_from(Side), price=PRICES)
    def place_elsewhere(self, side: Side, price: int) -> None:
        self.count += 1
        self.venue.place_elsewhere(Action.NEW, side, 1_000 + self.count, price)

    @precondition(lambda self: self.resting())
    @rule(pick=PICK, part=st.integers(1, 40), action=st.sampled_from([Action.CANCEL, Action.MODIFY]))
    def change_elsewhere(self, pick: int, part: int, action: Action) -> None:
        lines = self.resting()
        line = lines[pick % len(lines)]
        price, shares = 0 if action is Action.CANCEL else 10_000 + part, min(part, line.leaves)
        asks = [asked.ask for asked in self.desk._flow.books.asks.values() if asked.ask.original == line.number]
        if not any(ask.action is action and ask.quantity == shares for ask in asks):  # nobody could tell whose it is
            self.venue.place_elsewhere(action, line.side, shares, price, line.number)

    def resting(self) -> list[Line]:
        """Give what somebody else can change: an IOC order is gone before."""
        return [line for line in self.venue.live() if line.hoga != "10"]

    # ---- what the desk hears -----------------------------------------------------------------------------------

    @precondition(lambda self: self.venue.events)
    @rule(pick=PICK, fate=st.sampled_from(["once", "once", "once", "twice", "lost"]))
    def deliver(self, pick: int, fate: str) -> None:
        at = pick % min(6, len(self.venue.events))
        event = self.venue.events[at] if fate == "twice" else self.venue.events.pop(at)
        if fate != "lost":
            self.hear(event)

    @precondition(lambda self: self.venue.events)
    @rule()
    def deliver_all(self) -> None:
        while self.venue.events:
            self.hear(self.venue.events.pop(0))

    def hear(self, event: Any) -> None:
        async def heard() -> None:
            self.desk.hear(event)

        self.run(heard())

    @rule(seconds=st.sampled_from([0.3, 1.1, 6.0]))
    def pass_time(self, seconds: float) -> None:
        self.hand.move(seconds)
        self.run(self.tick())

    async def tick(self) -> None:
        await self.desk.tick()
        for _ in range(5):
            await asyncio.sleep(0)

    @rule()
    def keep_lists(self) -> None:
        self.kept_lists = self.venue.lists()

    @precondition(lambda self: self.kept_lists is not None)
    @rule()
    def read_kept_lists(self) -> None:
        lists, self.kept_lists = self.kept_lists, None
        assert lists is not None

        async def read() -> None:
            self.desk.day_orders(lists)

        self.run(read())

    @rule()
    def recover(self) -> None:
        self.run(self.desk.recover("because"))

    @rule(loses=st.booleans())
    def kill(self, loses: bool) -> None:
        if loses:
            self.venue.events = []
        self.restart()

    def restart(self) -> None:
        self.venue.events = [event for event in self.venue.events if isinstance(event, Chejan)]
        self.run(end_tasks())
        self.journal.close()
        self.start()

    # ---- what must hold ----------------------------------------------------------------------------------------

    def facts(self) -> list[OrderFact]:
        return list(self.journal.events())

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        if hasattr(self, "owners"):
            sent = Counter(request for _, request in self.owners.values())
            assert all(times == 1 for times in sent.values())
            assert len(self.owners) == len(self.control.calls)

    @invariant()
    def nothing_is_booked_that_did_not_happen(self) -> None:
        if not hasattr(self, "owners"):
            return
        for number, booked in sums(self.facts()).items():
            line = self.venue.lines[number]
            assert booked.filled <= line.filled, number
            assert booked.cancelled <= line.cancelled, number
            assert booked.moved <= line.moved, number

    @invariant()
    def facts_name_their_own_orders(self) -> None:
        if not hasattr(self, "owners"):
            return
        for fact in self.facts():
            number = str(getattr(fact, "venue_order_id", ""))
            if number:
                assert fact.client_order_id == self.owner(number)
            request = getattr(fact, "request_id", "")
            new = getattr(fact, "new_venue_order_id", "") or getattr(fact, "change_venue_order_id", "")
            if request and new:
                assert self.owners[self.venue.lines[new].rqname][1] == request

    def owner(self, number: str) -> str:
        """Give whose order a number is, whoever changed it."""
        line = self.venue.lines[number]
        while line.original:
            line = self.venue.lines[line.original]
        return self.owners[line.rqname][0] if line.rqname else ""

    def settle(self) -> None:
        """Let the day end well: what can be known must be known then."""
        while self.venue.pending():
            self.venue.meet(self.venue.pending()[0], by_event=True)
        for line in self.venue.live():
            if line.hoga == "10":
                self.venue.drop_rest(line)
        for _ in range(3):
            self.hand.move(6.0)
            self.run(self.desk.recover("to settle"))
        self.compare()
        self.deliver_all()  # late, all of it
        for _ in range(MOST_READINGS):  # a twin may be told apart by now; each reading shows what changes a change
            self.run(self.desk.recover("after the late ones"))
        self.compare()
        self.venue.close()
        self.run(self.desk.end_of_day())
        self.compare(is_over=True)
        self.nothing_is_booked_that_did_not_happen()
        self.facts_name_their_own_orders()
        for request_id, (_, receipt) in self.requests.items():
            known = self.journal.outcome(request_id)
            reached = any(
                line.rqname and self.owners[line.rqname][1] == request_id for line in self.venue.lines.values()
            )
            assert known is not None
            if receipt is not None and receipt.outcome is not RequestOutcome.IN_DOUBT:
                assert known.outcome is receipt.outcome
            if known.outcome is RequestOutcome.REFUSED:
                assert not reached
            if request_id in self.desk._flow.books.known.numbers:
                assert known.outcome is RequestOutcome.SENT

    def compare(self, is_over: bool = False) -> None:
        booked = sums(self.facts())
        for number, line in self.venue.lines.items():
            if line.action is Action.CANCEL or (line.action is Action.MODIFY and not line.confirmed):
                continue
            if number not in booked and self.may_be_two(number):
                continue
            mine = booked[number]
            assert (mine.filled, mine.notional) == (line.filled, line.notional), number
            if self.is_changed_alike(number):
                continue
            assert (mine.cancelled, mine.moved) == (line.cancelled, line.moved), number
            if is_over:
                assert mine.expired == line.expired, number

    def may_be_two(self, number: str) -> bool:
        """Requests alike that nobody can tell apart are not guessed, and neither is what changes them."""
        line = self.venue.lines[number]
        while line.original:
            if self.is_changed_alike(line.original):
                return True
            line = self.venue.lines[line.original]
        asks = self.desk._flow.books.asks.values()
        return line.quantity == 50 and sum(asked.is_open and asked.ask.quantity == 50 for asked in asks) > 1

    def is_changed_alike(self, number: str) -> bool:
        """Tell whether a change of a number came that may be either of two requests: what it took is not guessed."""
        books = self.desk._flow.books
        asks = [asked.ask for asked in books.asks.values() if asked.is_open and asked.ask.original == number]
        looks = Counter((ask.action, ask.quantity, ask.price or 0) for ask in asks)
        came = [line for line in self.venue.lines.values() if line.original == number]
        return any(
            not books.known.has(line.number) and looks[line.action, line.quantity, line.price] > 1 for line in came
        )


class Sums:
    """What facts say of one number."""

    def __init__(self) -> None:
        self.filled = self.notional = self.cancelled = self.moved = self.expired = 0


def sums(facts: list[OrderFact]) -> dict[str, Sums]:
    """Add facts up by number."""
    found: dict[str, Sums] = {}
    trades: set[tuple[str, str]] = set()
    for fact in facts:
        if not isinstance(fact, OrderAccepted | OrderFilled | OrderCancelled | OrderReplaced | OrderExpired):
            continue
        item = found.setdefault(fact.venue_order_id, Sums())
        match fact:
            case OrderFilled():
                assert (fact.venue_order_id, fact.trade_id) not in trades
                trades.add((fact.venue_order_id, fact.trade_id))
                item.filled += fact.last_qty
                item.notional += fact.last_qty * fact.last_px
            case OrderCancelled():
                item.cancelled += fact.cancelled_qty
            case OrderReplaced():
                item.moved += fact.moved_qty
                found.setdefault(fact.new_venue_order_id, Sums())
            case OrderExpired():
                item.expired += fact.expired_qty
    return found


async def end_tasks() -> None:
    """Kill everything that runs."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def spin(task: "asyncio.Task[Any]", bridge: FakeBridge) -> None:
    """Let a request go as far as it goes."""
    while not task.done() and not bridge.stuck:
        await asyncio.sleep(0)


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
