"""What every backend must do, through real gRPC on loopback. Subclass it and give the fixture `case`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from queue import Queue
from typing import Any, TypeVar

import grpc
import pytest

from broker.client import BrokerClient
from broker.client_orders import OrderSessionHandle
from broker.port import BrokerBackend, Guard, IndexMoved, OrderSessionOpened, Receipt
from broker.server import BrokerServerThread
from broker.translate.orders import write_heartbeat
from broker.translate.quotes import decode_batch
from domain.errors import HantradeError, RequestRefused
from domain.messages.orders import CancelOrder, OrderAccepted, OrderCancelled, OrderFact, SubmitOrder
from domain.types import (
    ClientOrderId,
    DayOrderAction,
    Gate,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    UnixNanos,
)
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import broker_pb2_grpc

WAIT_S = 5.0
F = TypeVar("F")


@dataclass
class Case:
    """One backend to judge."""

    open_backend: Callable[[], AbstractAsyncContextManager[BrokerBackend]]  # may be called again: the same journal
    symbol: str
    resting_price: Krw  # a buy at it is accepted and stays open


class Heard:
    """What an order session said: all of it in order, and events and receipts apart."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._queues: dict[str, Queue[Any]] = {"opened": Queue(), "receipt": Queue(), "event": Queue()}
        self.ends: list[tuple[HantradeError | None, tuple[str, ...]]] = []
        self.ended = threading.Event()

    def listen(self, client: BrokerClient, after_seq: int = 0, journal_id: str = "", **more: Any) -> OrderSessionHandle:
        """Open a session that is heard here."""
        return client.order_session(after_seq, journal_id, *self.callbacks(), **more)

    def callbacks(self) -> tuple[Any, Any, Any, Any]:
        """Give what hears an event, a receipt, the opening and the end."""
        event, receipt, opened = (self._into(name) for name in ("event", "receipt", "opened"))
        return event, receipt, opened, self._on_end

    def opened(self) -> OrderSessionOpened:
        opened: OrderSessionOpened = self._queues["opened"].get(timeout=WAIT_S)
        return opened

    def receipt(self) -> Receipt:
        receipt: Receipt = self._queues["receipt"].get(timeout=WAIT_S)
        return receipt

    def event(self, kind: type[F]) -> F:
        """Wait for the next event of this kind; others are skipped."""
        while True:
            fact = self._queues["event"].get(timeout=WAIT_S)
            if isinstance(fact, kind):
                return fact

    def events(self, up_to: int) -> list[OrderFact]:
        """Wait for events until one has this seq."""
        heard: list[OrderFact] = []
        while not heard or heard[-1].event_seq < up_to:
            heard.append(self._queues["event"].get(timeout=WAIT_S))
        return heard

    def _into(self, name: str) -> Callable[[Any], None]:
        def hear(said: Any) -> None:
            self.all.append(said)
            self._queues[name].put(said)

        return hear

    def _on_end(self, reason: HantradeError | None, unanswered: tuple[str, ...]) -> None:
        self.ends.append((reason, unanswered))
        self.ended.set()


@dataclass
class Desk:
    """A client with an open order session."""

    client: BrokerClient
    session: OrderSessionHandle
    heard: Heard
    opened: OrderSessionOpened

    def guard(self, valid_for_s: float = 60.0, epoch: int | None = None, journal_id: str | None = None) -> Guard:
        until = UnixNanos(time.time_ns() + round(valid_for_s * 1e9))
        return Guard(journal_id or self.opened.journal_id, self.opened.epoch if epoch is None else epoch, until)

    def ask(self, request: Any, guard: Guard | None = None) -> Receipt:
        self.session.request(request, guard or self.guard())
        return self.heard.receipt()

    def gate(self, request_id: str, level: Gate) -> Receipt:
        self.session.set_gate(request_id, level)
        return self.heard.receipt()


@contextmanager
def a_server(case: Case) -> Iterator[BrokerServerThread]:
    server = BrokerServerThread(case.open_backend).start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def a_desk(server: BrokerServerThread, after_seq: int = 0, journal_id: str = "", **more: Any) -> Iterator[Desk]:
    client, heard = BrokerClient(server.address, call_timeout_s=WAIT_S), Heard()
    try:
        session = heard.listen(client, after_seq, journal_id, **more)
        yield Desk(client, session, heard, heard.opened())
    finally:
        client.close()


def an_entry(case: Case, order: str = "o-1", quantity: int = 1, purpose: Purpose = Purpose.ENTRY) -> SubmitOrder:
    until = UnixNanos(time.time_ns() + 60_000_000_000)
    kind, side = OrderKind.LIMIT, Side.BUY
    return SubmitOrder(ClientOrderId(order), case.symbol, side, kind, purpose, quantity, case.resting_price, until)


def a_cancel_of(accepted: OrderAccepted, request: str = "c-1") -> CancelOrder:
    until = UnixNanos(time.time_ns() + 60_000_000_000)
    return CancelOrder(RequestId(request), accepted.client_order_id, accepted.venue_order_id, accepted.quantity, until)


class BrokerContract:
    """The contract, one method per promise."""

    def test_given_a_broker_when_asked_then_it_says_who_it_is(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            session = desk.client.session()
            assert (session.journal_id, session.epoch) == (desk.opened.journal_id, desk.opened.epoch)
            assert session.gate is desk.opened.gate is Gate.OPEN
            assert session.logged_in and session.run_id and session.venue_time > 0
            assert desk.client.login().journal_id == session.journal_id

    def test_given_symbols_when_listed_then_known_and_unknown_are_told_apart(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            known, unknown = desk.client.instruments([case.symbol, "000000"])
            assert [one.symbol for one in known] == [case.symbol]
            assert unknown == ["000000"]
            assert case.symbol in [one.symbol for one in desk.client.instruments()[0]]

    def test_given_an_unknown_symbol_when_subscribed_then_it_is_named(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk, pytest.raises(RequestRefused) as refused:
            next(desk.client.quotes([case.symbol, "000000"]))
        assert refused.value.code == "UNKNOWN_SYMBOL"
        assert "000000" in (refused.value.value + refused.value.text)

    def test_given_a_subscription_when_batches_come_then_they_are_numbered_without_gaps(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            run_id, got = desk.client.session().run_id, []
            stream = desk.client.quotes([case.symbol], max_rows=4)
            for raw, batch in stream:
                assert decode_batch(raw) == batch
                assert batch.run_id == run_id
                assert len(batch.rows) <= 4
                assert all(row.symbol == case.symbol for row in batch.rows)
                got.append(batch.seq)
                if len(got) == 3:
                    break
            stream.close()
            assert got == [1, 2, 3]

    def test_given_a_watcher_of_the_market_when_news_comes_then_it_is_told_or_none_is_offered(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            heard: Queue[Any] = Queue()
            listening = desk.client.watch_market(heard.put, lambda reason: heard.put(("end", reason)))
            first = heard.get(timeout=WAIT_S)
            if not isinstance(first, tuple):
                assert first.venue_time > 0
                if isinstance(first, IndexMoved):
                    assert first.market in (Market.KOSPI, Market.KOSDAQ) and first.value > 0
                listening.close()
                while not isinstance(first, tuple):
                    first = heard.get(timeout=WAIT_S)
                assert first == ("end", None)
                return
            assert isinstance(first[1], RequestRefused) and first[1].code == "NOT_OFFERED"

    def test_given_a_resting_order_when_cancelled_then_events_and_open_orders_agree(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            assert desk.ask(an_entry(case)).outcome is RequestOutcome.SENT
            accepted = desk.heard.event(OrderAccepted)
            [order], _ = desk.client.open_orders()
            assert (order.client_order_id, order.venue_order_id) == ("o-1", accepted.venue_order_id)
            assert desk.ask(a_cancel_of(accepted)).outcome is RequestOutcome.SENT
            cancelled = desk.heard.event(OrderCancelled)
            assert (cancelled.request_id, cancelled.leaves_qty) == ("c-1", 0)
            orders, as_of_seq = desk.client.open_orders()
            assert orders == []
            assert as_of_seq >= cancelled.event_seq

    def test_given_a_repeated_id_when_sent_again_then_nothing_happens_twice(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            first = desk.ask(an_entry(case))
            assert desk.ask(an_entry(case)) == first
            assert len(desk.client.open_orders()[0]) == 1
            other = desk.ask(an_entry(case, quantity=2))
            assert (other.outcome, other.code) == (RequestOutcome.REFUSED, "ID_REUSED")
            assert desk.client.resolve("o-1").outcome is RequestOutcome.SENT

    def test_given_an_id_that_never_came_when_resolved_then_it_is_void_for_ever(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            assert desk.client.resolve("lost").outcome is RequestOutcome.VOID
            late = desk.ask(an_entry(case, "lost"))
            assert (late.outcome, late.code) == (RequestOutcome.REFUSED, "VOIDED")
            assert desk.client.resolve("lost").outcome is RequestOutcome.VOID
            assert desk.client.open_orders()[0] == []

    def test_given_a_guard_that_does_not_hold_when_sent_then_it_is_refused(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            guards = {
                "STALE_EPOCH": desk.guard(epoch=desk.opened.epoch - 1),
                "WRONG_JOURNAL": desk.guard(journal_id="another"),
                "EXPIRED": desk.guard(valid_for_s=-1),
            }
            for number, (code, guard) in enumerate(guards.items()):
                assert desk.ask(an_entry(case, f"o-{number}"), guard).code == code
            assert desk.client.open_orders()[0] == []

    def test_given_a_closed_gate_when_sent_then_only_what_may_pass_passes(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            desk.ask(an_entry(case))
            accepted = desk.heard.event(OrderAccepted)
            assert desk.gate("g-1", Gate.EXITS_ONLY).outcome is RequestOutcome.SENT
            assert desk.ask(an_entry(case, "o-2")).code == "GATE_CLOSED"
            assert desk.ask(an_entry(case, "o-3", purpose=Purpose.EXIT)).outcome is RequestOutcome.SENT
            desk.gate("g-2", Gate.CANCELS_ONLY)
            assert desk.ask(an_entry(case, "o-4", purpose=Purpose.EXIT)).code == "GATE_CLOSED"
            assert desk.ask(a_cancel_of(accepted)).outcome is RequestOutcome.SENT
            assert desk.client.session().gate is Gate.CANCELS_ONLY

    def test_given_a_lost_connection_when_resumed_then_every_event_comes_once_in_order(self, case: Case) -> None:
        with a_server(case) as server:
            with a_desk(server) as desk:
                for number in range(3):
                    desk.ask(an_entry(case, f"o-{number}"))
                seen = desk.heard.events(up_to=1)[-1].event_seq
            with a_desk(server, seen, desk.opened.journal_id) as again:
                rest = again.heard.events(up_to=again.opened.last_seq)
                assert [one.event_seq for one in rest] == list(range(seen + 1, again.opened.last_seq + 1))
                assert {one.journal_id for one in rest} == {desk.opened.journal_id}

    def test_given_a_restart_when_resumed_then_journal_gate_and_outcomes_are_kept(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as before:
            before.ask(an_entry(case))
            before.gate("g-1", Gate.EXITS_ONLY)
            accepted = before.heard.event(OrderAccepted)
        with a_server(case) as server, a_desk(server) as after:
            assert after.opened.journal_id == before.opened.journal_id
            assert after.opened.epoch == before.opened.epoch + 1
            assert after.opened.gate is Gate.EXITS_ONLY
            replayed = after.heard.events(up_to=after.opened.last_seq)
            assert replayed[0] == accepted
            assert after.client.resolve("o-1").outcome is RequestOutcome.SENT
            stale = after.ask(an_entry(case, "o-2", purpose=Purpose.EXIT), before.guard())
            assert stale.code == "STALE_EPOCH"

    def test_given_another_journal_when_resumed_then_the_session_is_refused(self, case: Case) -> None:
        with a_server(case) as server:
            client, heard = BrokerClient(server.address), Heard()
            heard.listen(client, 1, "another")
            assert heard.ended.wait(WAIT_S)
            client.close()
            [(reason, unanswered)] = heard.ends
            assert isinstance(reason, RequestRefused)
            assert (reason.code, unanswered) == ("WRONG_JOURNAL", ())

    def test_given_an_account_when_read_then_it_says_which_events_it_includes(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            desk.ask(an_entry(case))
            accepted = desk.heard.event(OrderAccepted)
            account = desk.client.account()
            assert account.as_of_seq >= accepted.event_seq
            assert account.cash > 0
            assert account.account == desk.client.session().account
            assert desk.client.positions()[1] >= accepted.event_seq
            assert desk.client.fills() == ([], desk.client.fills()[1])

    def test_given_the_list_of_the_day_when_read_then_orders_are_in_it_or_it_is_not_offered(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk:
            desk.ask(an_entry(case))
            accepted = desk.heard.event(OrderAccepted)
            desk.ask(a_cancel_of(accepted))
            cancelled = desk.heard.event(OrderCancelled)
            try:
                rows, as_of_seq = desk.client.day_orders()
            except RequestRefused as refused:
                assert refused.code == "NOT_OFFERED"  # one of two good answers
                return
            order, *rest = rows
            assert as_of_seq >= cancelled.event_seq
            assert (order.venue_order_id, order.client_order_id) == (accepted.venue_order_id, "o-1")
            assert (order.action, order.quantity, order.leaves_qty, order.filled_qty) == (DayOrderAction.NEW, 1, 0, 0)
            for change in rest:  # where a cancel has a number of its own
                assert (change.action, change.request_id) == (DayOrderAction.CANCEL, "c-1")
                assert (change.original_venue_order_id, change.leaves_qty) == (accepted.venue_order_id, 0)

    def test_given_signs_of_life_when_sent_then_each_is_echoed_and_the_session_goes_on(self, case: Case) -> None:
        with a_server(case) as server, grpc.insecure_channel(server.address) as channel:
            said: Queue[pb.OrderSessionRequest | None] = Queue()
            said.put(pb.OrderSessionRequest(open=pb.OpenOrderSession()))
            answers = broker_pb2_grpc.BrokerServiceStub(channel).OrderSession(iter(said.get, None))
            assert next(answers).HasField("opened")
            for seq in (1, 2, 3):
                said.put(write_heartbeat(seq, within_s=60.0))
                assert next(answers).heartbeat.seq == seq
            said.put(None)
            assert list(answers) == []

    def test_given_a_newer_session_of_a_caller_when_the_older_asks_then_only_safe_things_pass(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as old:
            old.ask(an_entry(case))
            accepted = old.heard.event(OrderAccepted)
            with a_desk(server) as new:
                assert new.gate("g-1", Gate.EXITS_ONLY).outcome is RequestOutcome.SENT
                late = old.ask(an_entry(case, "o-2", purpose=Purpose.EXIT))
                assert (late.outcome, late.code) == (RequestOutcome.REFUSED, "STALE_SESSION")
                assert old.gate("g-2", Gate.OPEN).code == "STALE_SESSION"
                assert new.client.session().gate is Gate.EXITS_ONLY
                # The refusals are final, whoever asks again.
                found = new.client.resolve("o-2")
                assert (found.outcome, found.code) == (RequestOutcome.REFUSED, "STALE_SESSION")
                again = new.ask(an_entry(case, "o-2", purpose=Purpose.EXIT))
                assert (again.outcome, again.code) == (RequestOutcome.REFUSED, "STALE_SESSION")
                assert new.gate("g-2", Gate.OPEN).code == "STALE_SESSION"
                assert old.gate("g-3", Gate.CANCELS_ONLY).outcome is RequestOutcome.SENT
                assert old.ask(a_cancel_of(accepted)).outcome is RequestOutcome.SENT
                assert new.client.session().gate is Gate.CANCELS_ONLY
                assert new.client.open_orders()[0] == []

    def test_given_sessions_of_two_callers_when_both_ask_then_neither_fences_the_other(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as one, a_desk(server, client_name="another") as two:
            assert two.ask(an_entry(case, "o-1")).outcome is RequestOutcome.SENT
            assert one.ask(an_entry(case, "o-2")).outcome is RequestOutcome.SENT
            assert one.gate("g-1", Gate.OPEN).outcome is RequestOutcome.SENT
