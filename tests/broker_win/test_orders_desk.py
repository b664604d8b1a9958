"""The order desk: requests to receipts, events to journaled facts, time-outs to readings of the lists."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from broker.journal import OrderJournal
from broker.port import Guard, Receipt
from broker_win.config import WinConfig
from broker_win.control import Chejan, Connected, TrAnswer
from broker_win.orders.desk import WinOrders
from broker_win.orders.notices import Action
from broker_win.orders.readings import MOST_READINGS
from broker_win.rows import BalanceRow, OrderLists
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable, LogFull, RequestRefused
from domain.messages.orders import CancelOrder, OrderAccepted, OrderFact, SubmitOrder
from domain.types import (
    ClientOrderId,
    DayOrderAction,
    DayOrderState,
    Gate,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    UnixNanos,
    VenueOrderId,
)
from tests.broker_win.order_kit import ACCOUNT, CODE, a_row, chejan, in_words
from tests.broker_win.order_venue import FakeBridge, FakeControl, HandClock, Venue

A, B = "0000101", "0000102"


class Desk:
    """A desk over a little venue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hand = HandClock()
        self.venue = Venue(self.hand.venue)
        self.control = FakeControl(self.venue)
        self.readings = 0
        self.lists_fail = False
        self.why = ""
        self.balances: list[BalanceRow] = []
        self.open()

    def open(self) -> None:
        self.journal = OrderJournal(self.path, durable=False)
        self.bridge, self.screens = FakeBridge(self.control), Screens()
        self.orders = WinOrders(
            self.journal,
            self.bridge,
            self.hand.clock,
            WinConfig(server_kind=ServerKind.REAL),
            account=lambda: ACCOUNT,
            screens=self.screens,
            read_lists=self.read_lists,
            market_of=lambda _code: Market.KOSPI,
            may_send=lambda: self.why,
            on_balance=self.balances.append,
        )

    async def restart(self) -> None:
        await self.orders.close()
        self.journal.close()
        self.open()

    async def read_lists(self) -> OrderLists:
        self.readings += 1
        if self.lists_fail:
            raise BrokerUnavailable("no answer")
        return self.venue.lists()

    async def submit(self, order: str = "o-1", quantity: int = 100) -> Receipt:
        kind, price = OrderKind.LIMIT, Krw(10_000)
        request = SubmitOrder(
            ClientOrderId(order), CODE, Side.BUY, kind, Purpose.ENTRY, quantity, price, UnixNanos(10**18)
        )
        return await self.orders.request(request, self.guard())

    async def cancel(self, request: str = "c-1", number: str = A) -> Receipt:
        order = CancelOrder(RequestId(request), ClientOrderId("o-1"), VenueOrderId(number), 0, UnixNanos(10**18))
        return await self.orders.request(order, self.guard())

    def guard(self) -> Guard:
        return Guard(self.journal.journal_id, self.journal.epoch, UnixNanos(10**18))

    def deliver(self) -> None:
        while self.venue.events:
            assert self.orders.hear(self.venue.events.pop(0))

    async def tick(self, seconds: float = 0.0) -> None:
        self.hand.move(seconds)
        await self.orders.tick()
        for _ in range(5):
            await asyncio.sleep(0)

    def words(self) -> list[str]:
        return [in_words(fact) for fact in self.journal.events()]

    @property
    def in_use(self) -> int:
        return len(self.screens.in_use()["orders"])


def told(path: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        desk = Desk(path / "orders.db")
        await story(desk)
        await desk.orders.close()
        desk.journal.close()

    asyncio.run(run())


ACCEPTED = "OrderAccepted o-1 101 100 10000"


def test_given_a_request_when_sent_then_facts_are_durable_before_they_are_heard(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        feed = at.orders.order_events(0)
        heard: asyncio.Future[OrderFact] = asyncio.ensure_future(anext(feed))
        receipt = await at.submit()
        assert (receipt.outcome, at.words(), at.in_use) == (RequestOutcome.SENT, [], 1)
        at.deliver()
        assert at.words() == [ACCEPTED]
        fact = await heard
        assert isinstance(fact, OrderAccepted)
        assert (fact.event_seq, at.orders.last_event_seq(), at.in_use) == (1, 1, 0)
        assert await at.submit() == Receipt("o-1", RequestOutcome.SENT, as_of_seq=1)
        assert len(at.control.calls) == 1

    told(tmp_path, story)


def test_given_events_of_others_when_heard_then_they_are_not_the_desks(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        assert not at.orders.hear(Connected(0))
        assert not at.orders.hear(TrAnswer("1000", "q1", "opt10075", False, {}, ()))
        assert not at.orders.hear(Chejan("4", {}))
        assert at.orders.hear(Chejan("0", chejan() | {9201: "9999999911"}))
        assert at.words() == []
        balance = {9201: ACCOUNT, 9001: "A005930", 930: "5", 931: "10", 932: "50", 933: "5"}
        assert at.orders.hear(Chejan("1", balance))
        assert [row.quantity for row in at.balances] == [5]
        assert at.orders.hear(Chejan("1", balance | {930: "?"}))
        assert at.orders.unreadable == 1

    told(tmp_path, story)


def test_given_why_no_order_may_go_when_asked_then_a_cancel_does_not_go_either(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        at.why = "not logged in"
        assert (await at.submit()).code == "NOT_READY"
        assert (await at.cancel()).code == "NOT_READY"
        assert (at.control.calls, at.in_use) == ([], 0)
        assert at.journal.outcome("o-1").outcome is RequestOutcome.REFUSED  # type: ignore[union-attr]  # it is there

    told(tmp_path, story)


def test_given_a_shut_gate_a_void_id_and_a_refused_one_when_asked_then_nothing_is_sent(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.orders.set_gate("g-1", Gate.CANCELS_ONLY)
        assert (await at.submit()).code == "GATE_CLOSED"
        assert (await at.orders.resolve("o-2")).outcome is RequestOutcome.VOID
        assert (await at.submit("o-2")).code == "VOIDED"
        await at.orders.refuse("o-3", "hash", RequestRefused("STALE_SESSION", "fenced off"))
        assert (await at.submit("o-3")).outcome is RequestOutcome.REFUSED
        assert at.control.calls == []

    told(tmp_path, story)


def test_given_an_unreadable_event_when_time_passes_then_the_lists_tell_it(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        at.venue.trade(at.venue.lines[A], 30, 10_000)
        at.venue.events.clear()
        assert at.orders.hear(Chejan("0", chejan(A, "체결", f902="?")))
        assert at.orders.unreadable == 1
        await at.tick()
        assert at.readings == 0
        await at.tick(1.1)
        assert at.readings == 1
        assert at.words() == [ACCEPTED, "OrderFilled o-1 101 by-list:0000101:30:30 30 10000 70"]
        assert at.orders.trouble() == ""

    told(tmp_path, story)


def test_given_an_answer_that_never_comes_when_time_passes_then_it_is_looked_for_a_few_times(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        at.control.reaches = False
        await at.submit()
        await at.tick()
        for _ in range(20):
            await at.tick(30.0)
        assert at.readings == MOST_READINGS
        assert (at.orders.trouble(), at.in_use, len(at.control.calls)) == ("", 1, 1)

    told(tmp_path, story)


def test_given_a_lost_answer_when_time_passes_then_the_list_binds_it_and_the_doubt_ends(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        at.control.code = -307
        assert (await at.submit()).outcome is RequestOutcome.IN_DOUBT
        at.venue.events.clear()
        await at.tick()
        await at.tick(5.1)
        assert at.words() == [ACCEPTED]
        assert at.journal.outcome("o-1").outcome is RequestOutcome.SENT  # type: ignore[union-attr]  # it is there
        assert at.in_use == 0

    told(tmp_path, story)


def test_given_lists_that_cannot_be_read_when_something_is_open_then_it_is_told_and_tried_again(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        at.lists_fail = True
        with pytest.raises(BrokerUnavailable):
            await at.orders.recover("to see")
        assert "no answer" in at.orders.trouble()
        await at.tick(9.9)
        assert at.readings == 1
        await at.tick(0.1)
        assert (at.readings, "no answer" in at.orders.trouble()) == (2, True)
        at.lists_fail = False
        await at.tick(19.9)
        assert at.readings == 2
        await at.tick(0.1)
        assert (at.readings, at.orders.trouble()) == (3, "")
        await at.tick(60.0)
        assert at.readings == 3

    told(tmp_path, story)


def test_given_a_kill_behind_send_order_when_started_again_then_the_order_is_found_and_never_sent_again(
    tmp_path: Path,
) -> None:
    async def story(at: Desk) -> None:
        at.bridge.sticks = True
        task = asyncio.ensure_future(at.submit())
        while not at.bridge.stuck:
            await asyncio.sleep(0)
        for other in asyncio.all_tasks() - {asyncio.current_task()}:
            other.cancel()
        await asyncio.gather(task, return_exceptions=True)
        at.journal.close()
        at.venue.events.clear()
        at.open()
        assert (await at.submit()).outcome is RequestOutcome.IN_DOUBT
        await at.orders.recover("after the log-in")
        assert at.words() == []  # too young to be told from somebody else's
        at.hand.move(5.1)
        await at.orders.recover("later")
        assert at.words() == [ACCEPTED]
        assert (await at.submit()).outcome is RequestOutcome.SENT
        assert len(at.control.calls) == 1

    told(tmp_path, story)


def test_given_a_kill_while_a_modify_made_elsewhere_is_written_down_when_started_again_then_its_shares_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def story(at: Desk) -> None:
        await at.submit()
        at.venue.place_elsewhere(Action.MODIFY, Side.BUY, 100, 10_100, A)
        at.deliver()
        at.venue.meet(at.venue.pending()[0], by_event=True)

        def kill(*_: object) -> list[OrderFact]:
            raise Killed

        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(at.journal, "append", kill)
            at.deliver()
        await at.restart()
        at.venue.events.clear()
        await at.orders.recover("after the log-in")
        assert at.words()[-1] == "OrderReplaced o-1  101 102 100 10100 0"

    told(tmp_path, story)


def test_given_a_restart_when_an_older_order_has_no_number_then_nobody_gets_its_screen(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        at.control.reaches = False
        await at.submit()
        await at.restart()
        await at.submit("o-2")
        screens = [arguments[1] for arguments in at.control.calls]
        assert len(set(screens)) == 2

    told(tmp_path, story)


@pytest.mark.parametrize("restarts", [False, True])
def test_given_requests_that_nothing_answers_when_screens_run_out_then_a_cancel_goes_all_the_same(
    tmp_path: Path, restarts: bool
) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        at.control.reaches = False
        for number in range(60):
            assert (await at.submit(f"lost-{number}", 1 + number)).code != "NO_SCREEN"
            at.hand.move(1)
        if restarts:
            await at.restart()
        at.control.reaches = True
        assert (await at.cancel()).outcome is RequestOutcome.SENT
        at.venue.events = [event for event in at.venue.events if isinstance(event, Chejan)]
        at.deliver()
        at.venue.meet(at.venue.pending()[0], by_event=True)
        at.deliver()
        assert at.words()[-1] == "OrderCancelled o-1 c-1 101 100 0"
        assert at.in_use == (0 if restarts else 49)

    told(tmp_path, story)


def test_given_a_journal_that_is_full_when_facts_come_then_they_are_told_once_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(at: Desk) -> None:
        await at.submit()

        def full(_facts: object) -> list[OrderFact]:
            raise LogFull("no space is left")

        with monkeypatch.context() as patched:
            patched.setattr(at.journal, "append", full)
            at.deliver()
            assert at.words() == []
            assert "no space" in at.orders.trouble()
        await at.tick(5.1)
        assert at.words() == [ACCEPTED]
        assert at.orders.trouble() == ""

    told(tmp_path, story)


def test_given_a_journal_that_stays_full_when_an_hour_passes_then_the_queries_of_the_hour_are_not_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(at: Desk) -> None:
        await at.submit()

        def full(_facts: object) -> list[OrderFact]:
            raise LogFull("no space is left")

        with monkeypatch.context() as patched:
            patched.setattr(at.journal, "append", full)
            at.deliver()
            for _ in range(3_600):
                await at.tick(1.0)
        assert 10 < at.readings < 60
        await at.tick(160.0)
        assert (at.words(), at.orders.trouble()) == ([ACCEPTED], "")

    told(tmp_path, story)


def test_given_the_end_of_the_day_when_told_then_what_was_open_expired_once_and_a_restart_knows(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        at.venue.close()
        await at.orders.recover("before the end is told")
        assert at.words() == [ACCEPTED]
        await at.orders.end_of_day()
        await at.restart()
        await at.orders.end_of_day()
        assert at.words() == [ACCEPTED, "OrderExpired o-1 101 100"]

    told(tmp_path, story)


def test_given_lists_that_lag_at_the_end_of_the_day_when_time_passes_then_they_are_read_again(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        await at.orders.end_of_day()
        assert at.words() == [ACCEPTED]
        at.venue.close()
        await at.tick()
        await at.tick(5.1)
        assert at.words() == [ACCEPTED, "OrderExpired o-1 101 100"]

    told(tmp_path, story)


def test_given_a_journal_that_cannot_open_a_new_day_when_events_come_then_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(at: Desk) -> None:
        at.hand.move(86_400)

        def full(*_: object) -> None:
            raise LogFull("no space is left")

        with monkeypatch.context() as patched:
            patched.setattr(at.journal, "set_meta", full)
            assert at.orders.hear(Chejan("1", {}))
            assert "no space" in at.orders.trouble()
        await at.orders.recover("once it can")
        assert at.orders.trouble() == ""

    told(tmp_path, story)


def test_given_lists_when_asked_then_rows_have_our_names_and_are_not_behind_the_events(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        await at.cancel()
        at.deliver()
        old = at.venue.lists()
        at.venue.trade(at.venue.lines[A], 30, 10_000)
        at.venue.meet(at.venue.lines[B], by_event=False)
        at.venue.place_elsewhere(Action.NEW, Side.SELL, 5, 9_000)
        at.deliver()
        for lists in (old, at.venue.lists()):
            new, cancel, other = at.orders.day_orders(lists)
            assert (new.client_order_id, new.filled_qty, new.leaves_qty) == ("o-1", 30, 0)
            assert (cancel.client_order_id, cancel.request_id) == ("o-1", "c-1")
            assert (cancel.action, cancel.leaves_qty) == (DayOrderAction.CANCEL, 0)
            assert (other.client_order_id, other.venue_order_id, other.leaves_qty) == ("", "0000103", 5)
            assert [order.venue_order_id for order in at.orders.open_orders(lists)] == ["0000103"]
        assert (cancel.state, cancel.quantity) == (DayOrderState.CONFIRMED, 70)
        assert [(fill.trade_id, fill.last_qty) for fill in at.orders.fills()] == [("1", 30)]

    told(tmp_path, story)


def test_given_a_new_day_when_it_begins_then_numbers_may_come_again(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()
        at.deliver()
        at.hand.move(86_400)
        at.venue.last = 100
        await at.submit("o-2")
        at.deliver()
        assert at.words() == [ACCEPTED, "OrderAccepted o-2 101 100 10000"]
        assert at.orders.fills() == []
        await at.restart()
        assert [order.client_order_id for order in at.orders.open_orders(OrderLists((), at.hand.venue()))] == ["o-2"]

    told(tmp_path, story)


def test_given_a_row_nobody_knows_when_asked_then_it_is_listed_without_a_name(tmp_path: Path) -> None:
    async def story(at: Desk) -> None:
        await at.submit()  # not known yet whether the row is this one
        at.venue.events.clear()
        [order] = at.orders.open_orders(OrderLists((a_row(A),), at.hand.venue()))
        assert (order.client_order_id, order.leaves_qty) == ("", 100)
        assert at.words() == []

    told(tmp_path, story)
