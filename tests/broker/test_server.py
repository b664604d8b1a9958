"""The server on loopback: typed failures, streams, health, reflection, and nothing left behind."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from broker.client import BrokerClient
from broker.server import BrokerServerThread
from broker.statuses import read_error
from broker.translate import broker as wire
from domain.errors import BrokerOutcomeUnknown, BrokerUnavailable, ConfigError, HantradeError, RequestRefused
from domain.messages.link import BrokerPosition, SessionInfo
from domain.messages.orders import OrderAccepted, OrderFilled, OrderReplaced
from domain.types import Gate, Krw, RequestOutcome, Side, UnixNanos
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import broker_pb2_grpc
from tests.broker.builders import a_batch, a_cancel, a_guard, a_modify, a_submit
from tests.broker.contract import WAIT_S, Heard, a_desk
from tests.broker.fake_backend import FakeBackend, FakeVenue, open_fake


@pytest.fixture
def venue() -> FakeVenue:
    return FakeVenue()


@pytest.fixture
def server(tmp_path: Path, venue: FakeVenue) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()), venue))
    yield made.start()
    made.stop()


@pytest.fixture
def client(server: BrokerServerThread) -> Iterator[BrokerClient]:
    made = BrokerClient(server.address, call_timeout_s=WAIT_S)
    yield made
    made.close()


@pytest.fixture
def stub(server: BrokerServerThread) -> Iterator[Any]:
    """Give the generated client, as another language has it."""
    with grpc.insecure_channel(server.address) as channel:
        yield broker_pb2_grpc.BrokerServiceStub(channel)


def backend_of(server: BrokerServerThread) -> FakeBackend:
    assert isinstance(server.backend, FakeBackend)
    return server.backend


def status_of(call: Callable[[], object]) -> tuple[grpc.StatusCode, RequestRefused]:
    with pytest.raises(grpc.RpcError) as failed:
        call()
    refused = read_error(failed.value, "here")
    assert isinstance(refused, RequestRefused)
    return failed.value.code(), refused


# ---- typed failures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.StreamQuotesRequest(), "symbols"),
        (pb.StreamQuotesRequest(symbols=["120110"], max_rows=4097), "max_rows"),
        (pb.StreamQuotesRequest(symbols=["120110"], max_rows=-1), "max_rows"),
        (pb.StreamQuotesRequest(symbols=["120110"], max_delay=wire.duration(1.1)), "max_delay"),
        (pb.StreamQuotesRequest(symbols=["120110"], after_seq=-1), "after_seq"),
        (pb.StreamQuotesRequest(symbols=["120110"], after_seq=3), "run_id"),
    ],
)
def test_given_a_bad_subscription_when_sent_then_the_field_is_named(stub: Any, request_: Any, field: str) -> None:
    code, refused = status_of(lambda: next(stub.StreamQuotes(request_)))
    assert (code, refused.code, refused.field) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", field)
    assert refused.allowed


def test_given_failures_when_called_then_each_has_its_status(stub: Any) -> None:
    cases: list[tuple[Callable[[], object], grpc.StatusCode, str]] = [
        (
            lambda: stub.ListCandles(pb.ListCandlesRequest(symbol="120110")),
            grpc.StatusCode.UNIMPLEMENTED,
            "NOT_OFFERED",
        ),
        (
            lambda: next(stub.StreamQuotes(pb.StreamQuotesRequest(symbols=["X"]))),
            grpc.StatusCode.NOT_FOUND,
            "UNKNOWN_SYMBOL",
        ),
        (lambda: stub.ListCandles(pb.ListCandlesRequest()), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
        (lambda: stub.ResolveOrder(pb.ResolveOrderRequest()), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
        (
            lambda: next(stub.WatchSession(pb.WatchSessionRequest(interval=wire.duration(0.01)))),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_ARGUMENT",
        ),
    ]
    for call, code, reason in cases:
        got, refused = status_of(call)
        assert (got, refused.code) == (code, reason)


def test_given_a_broker_that_cannot_log_in_when_asked_then_it_is_unavailable(
    server: BrokerServerThread, client: BrokerClient
) -> None:
    backend_of(server).login_fails = True
    with pytest.raises(BrokerUnavailable, match="the venue does not answer"):
        client.login()


def test_given_a_message_above_the_limit_when_sent_then_it_is_refused(client: BrokerClient) -> None:
    with pytest.raises(RequestRefused, match="larger than max") as refused:
        client.instruments(["x" * 100] * 20_000)
    assert refused.value.code == "RESOURCE_EXHAUSTED"
    assert client.session().logged_in


def test_given_no_broker_when_called_then_it_is_unavailable() -> None:
    client = BrokerClient("127.0.0.1:1", call_timeout_s=1.0)
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
        client.session()
    client.close()
    with pytest.raises(BrokerUnavailable, match="closed"):
        client.session()


# ---- quotes and heartbeats -----------------------------------------------------------------------------------


def test_given_a_source_that_ends_when_streamed_then_the_stream_ends_in_order(
    server: BrokerServerThread, client: BrokerClient
) -> None:
    backend_of(server).batches = [a_batch(1), a_batch(2, end=True)]
    stream = client.quotes(["120110"])
    got = list(stream)
    assert [batch for _, batch in got] == backend_of(server).batches
    assert [raw for raw, _ in got] == [wire.encode_batch(batch, columns=True) for batch in backend_of(server).batches]
    assert client.latest_quotes() == [a_batch(2).rows[-1]]


@pytest.mark.parametrize(("run_id", "numbers"), [("run-1", [8, 9]), ("run-0", [1, 2])])
def test_given_a_resumed_subscription_when_the_run_is_the_same_then_numbers_go_on(
    server: BrokerServerThread, client: BrokerClient, run_id: str, numbers: list[int]
) -> None:
    backend_of(server).batches = [a_batch(1), a_batch(2, end=True)]
    got = [batch for _, batch in client.quotes(["120110"], after_seq=7, run_id=run_id)]
    assert [batch.seq for batch in got] == numbers
    assert {batch.run_id for batch in got} == {"run-1"}


def test_given_a_silent_source_when_closed_from_another_thread_then_the_iteration_ends(client: BrokerClient) -> None:
    stream = client.quotes(["120110"])
    closer = threading.Thread(target=stream.close)
    closer.start()
    assert list(stream) == []
    closer.join()


def test_given_a_watch_when_the_broker_stops_then_beats_came_and_the_end_has_a_reason(
    server: BrokerServerThread, client: BrokerClient
) -> None:
    beats: list[SessionInfo] = []
    reasons: list[HantradeError | None] = []
    beat, ended = threading.Event(), threading.Event()

    def on_beat(session: SessionInfo) -> None:
        beats.append(session)
        beat.set()

    def on_end(reason: HantradeError | None) -> None:
        reasons.append(reason)
        ended.set()

    client.watch(0.1, on_beat, on_end)
    assert beat.wait(WAIT_S)
    server.stop()
    assert ended.wait(WAIT_S)
    assert beats[0].venue_time > 0
    assert isinstance(reasons[0], BrokerUnavailable)
    assert len(reasons) == 1


# ---- order session -------------------------------------------------------------------------------------------


def test_given_a_session_when_not_opened_first_then_it_is_refused(stub: Any) -> None:
    first = wire.write_request(a_submit(), a_guard("j", 1))
    code, refused = status_of(lambda: list(stub.OrderSession(iter([first]))))
    assert (code, refused.code, refused.allowed) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_OPEN", "open")


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (pb.OpenOrderSession(after_seq=1, journal_id="another"), grpc.StatusCode.ABORTED),
        (pb.OpenOrderSession(after_seq=1), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.OpenOrderSession(after_seq=-1), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_given_a_bad_opening_when_sent_then_it_has_its_status(stub: Any, opening: Any, code: Any) -> None:
    assert status_of(lambda: list(stub.OrderSession(iter([pb.OrderSessionRequest(open=opening)]))))[0] is code


def test_given_a_caller_ahead_of_the_journal_when_opened_then_it_is_told(
    server: BrokerServerThread, client: BrokerClient
) -> None:
    heard = Heard()
    heard.listen(client, 5, backend_of(server).journal.journal_id)
    assert heard.ended.wait(WAIT_S)
    [(reason, _)] = heard.ends
    assert isinstance(reason, RequestRefused)
    assert (reason.code, reason.allowed) == ("AHEAD_OF_JOURNAL", "0 to 0")


def test_given_a_half_closed_session_when_all_is_said_then_it_ends_with_ok(
    server: BrokerServerThread, stub: Any
) -> None:
    journal = backend_of(server).journal
    guard = a_guard(journal.journal_id, journal.epoch)
    said = [
        pb.OrderSessionRequest(open=pb.OpenOrderSession()),
        wire.write_request(a_submit("o-1", price=None), guard),
        wire.write_request(a_submit("o-2"), guard),
    ]
    answers = [one.WhichOneof("response") for one in stub.OrderSession(iter(said))]
    assert answers == ["opened", "receipt", "event", "event", "receipt", "event"]


def test_given_a_request_that_cannot_be_read_when_sent_then_its_receipt_names_the_field(
    server: BrokerServerThread, stub: Any
) -> None:
    message = wire.write_request(a_submit(), a_guard("j", 1))
    message.submit.side = 0
    said = [pb.OrderSessionRequest(open=pb.OpenOrderSession()), message]
    receipt = list(stub.OrderSession(iter(said)))[1].receipt
    assert (receipt.request_id, receipt.outcome) == ("o-1", pb.REQUEST_OUTCOME_REFUSED)
    assert (receipt.error.reason_code, receipt.error.field) == ("INVALID_ARGUMENT", "side")
    assert receipt.error.allowed == "one of BUY, SELL"
    assert backend_of(server).journal.outcome("o-1") is None
    code, refused = status_of(lambda: list(stub.OrderSession(iter([said[0], pb.OrderSessionRequest()]))))
    assert (code, refused.field) == (grpc.StatusCode.INVALID_ARGUMENT, "request")


def test_given_orders_when_worked_then_positions_fills_and_events_agree(server: BrokerServerThread) -> None:
    backend = backend_of(server)
    with a_desk(server) as desk:
        assert desk.ask(a_submit("o-1", price=None)).outcome is RequestOutcome.SENT
        filled = desk.heard.event(OrderFilled)
        [fill], as_of_seq = desk.client.fills()
        assert (fill.trade_id, fill.last_qty, fill.last_px) == (filled.trade_id, filled.last_qty, filled.last_px)
        assert as_of_seq == filled.event_seq
        desk.ask(a_submit("o-2", side=Side.SELL))
        working = desk.heard.event(OrderAccepted)
        assert [one.quantity for one in desk.client.positions()[0]] == [10]
        desk.ask(a_modify(order="o-2", leg=working.venue_order_id))
        moved = desk.heard.event(OrderReplaced)
        [order], _ = desk.client.open_orders()
        assert (order.venue_order_id, order.limit_price) == (moved.new_venue_order_id, 9_100)
        server.call(lambda: backend.trade(moved.new_venue_order_id, 4))
        assert desk.heard.event(OrderFilled).leaves_qty == 6
        desk.ask(a_cancel(order="o-2", leg=moved.new_venue_order_id))
        seqs = [one.event_seq for one in desk.heard.all if hasattr(one, "event_seq")]
        assert seqs == list(range(1, len(seqs) + 1))


def test_given_sellable_shares_when_a_sell_is_open_then_they_are_fewer(server: BrokerServerThread, stub: Any) -> None:
    with a_desk(server) as desk:
        desk.ask(a_submit("o-1", price=None))
        desk.ask(a_submit("o-2", side=Side.SELL, quantity=4))
        [position] = stub.ListPositions(pb.ListPositionsRequest()).positions
        assert (position.quantity, position.sellable_qty) == (10, 6)


def test_given_a_broker_that_tells_what_is_sellable_when_listed_then_it_is_believed_and_orders_are_not_asked_for(
    server: BrokerServerThread, client: BrokerClient
) -> None:
    backend = backend_of(server)

    async def positions() -> tuple[list[BrokerPosition], int]:
        return [BrokerPosition("120110", 10, Krw(100_000), Krw(0), 7)], 0

    async def nobody_asks() -> Any:
        raise BrokerUnavailable("a query was spent")

    backend.positions, backend.open_orders = positions, nobody_asks  # type: ignore[method-assign]
    assert [(one.quantity, one.sellable) for one in client.positions()[0]] == [(10, 7)]


def test_given_many_events_when_resumed_then_each_comes_once_in_order(server: BrokerServerThread) -> None:
    backend = backend_of(server)
    with a_desk(server) as desk:
        desk.ask(a_submit("o-1", quantity=1_000))
        number = desk.heard.event(OrderAccepted).venue_order_id

        async def trade_on() -> None:
            for _ in range(600):
                await backend.trade(number, 1)

        trading = asyncio.run_coroutine_threadsafe(trade_on(), server.loop)
        with a_desk(server, 1, desk.opened.journal_id) as other:
            trading.result(WAIT_S)
            for listener in (desk, other):
                assert [fact.event_seq for fact in listener.heard.events(up_to=601)] == list(range(2, 602))


def test_given_a_request_underway_when_the_server_dies_then_its_fate_is_told_as_open(
    server: BrokerServerThread, venue: FakeVenue, client: BrokerClient
) -> None:
    heard = Heard()
    session = heard.listen(client)
    opened = heard.opened()
    guard = a_guard(opened.journal_id, opened.epoch)
    reached = threading.Event()

    async def hang(*_: object) -> Any:
        reached.set()
        await asyncio.Event().wait()

    backend_of(server).request = hang  # type: ignore[method-assign, assignment]
    session.submit(a_submit(), guard)
    assert reached.wait(WAIT_S)
    server.stop()
    assert heard.ended.wait(WAIT_S)
    [(reason, unanswered)] = heard.ends
    assert isinstance(reason, BrokerOutcomeUnknown)
    assert unanswered == ("o-1",)
    with pytest.raises(BrokerUnavailable, match="over"):
        session.cancel(a_cancel(), guard)


def test_given_a_session_when_closed_by_us_then_the_end_has_no_reason(server: BrokerServerThread) -> None:
    with a_desk(server) as desk:
        desk.gate("g-1", Gate.EXITS_ONLY)
    assert desk.heard.ends == [(None, ())]
    with pytest.raises(BrokerUnavailable, match="over"):
        desk.session.set_gate("g-2", Gate.OPEN)


# ---- the house around it -------------------------------------------------------------------------------------


def test_given_a_server_when_probed_then_health_and_reflection_answer(server: BrokerServerThread) -> None:
    with grpc.insecure_channel(server.address) as channel:
        probe = health_pb2_grpc.HealthStub(channel)
        for name in ("", "hantrade.v1.BrokerService"):
            assert probe.Check(health_pb2.HealthCheckRequest(service=name)).status == 1  # SERVING
        ask = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
        [answer] = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        names = {one.name for one in answer.list_services_response.service}
        assert {"hantrade.v1.BrokerService", "grpc.health.v1.Health"} <= names
        [file] = ask(iter([reflection_pb2.ServerReflectionRequest(file_containing_symbol="hantrade.v1.OrderEvent")]))
        assert file.file_descriptor_response.file_descriptor_proto


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.2", "::", "example.com", ""])
def test_given_a_host_off_this_machine_when_served_in_plain_text_then_it_is_refused(tmp_path: Path, host: str) -> None:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(0)), host=host)
    with pytest.raises(ConfigError, match="host must be a loopback address"):
        made.start()


def test_given_a_port_in_use_when_served_then_it_is_named(server: BrokerServerThread, tmp_path: Path) -> None:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "other.db", lambda: UnixNanos(0)), port=server.port)
    with pytest.raises(ConfigError, match=f"port must be free .* was {server.port}"):
        made.start()


def test_given_everything_used_when_closed_then_no_thread_is_left(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    server = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns()))).start()
    client, heard = BrokerClient(server.address), Heard()
    heard.listen(client)
    heard.opened()
    client.watch(1.0, lambda _: None, lambda _: None)
    stream = client.quotes(["120110"])
    client.session()
    client.close()
    assert list(stream) == []
    server.stop()
    left = [one for one in threading.enumerate() if one not in before and "poll_wrapper" not in one.name]
    for thread in left:  # gRPC's own wind down in the background
        thread.join(WAIT_S)
    assert [one.name for one in left if one.is_alive()] == []
