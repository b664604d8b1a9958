"""What strangers and mistakes may send: bytes of any kind, too many calls, too much at once, a thousand connections.

Each time the server answers the next call of somebody who may.
"""

import logging
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.edges.desk_server import THREADS
from broker.client import BrokerClient
from broker.retries import Budget
from broker.security.access import Access
from broker.security.guard import Security
from broker.security.limits import Limits
from broker.security.roles import BROKER, DESK, Kind, Role
from broker.transport import MOST_REQUEST_BYTES
from domain.errors import RequestRefused
from domain.types import RequestOutcome
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import desk_pb2
from tests.broker.builders import a_guard, a_submit
from tests.broker.contract import Heard
from tests.security.conftest import WAIT_S, House, a_broker, refusal

REFUSED = {
    *(grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION),
    *(grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.ABORTED, grpc.StatusCode.UNIMPLEMENTED),
}
STREAMS = {"WatchSession", "StreamQuotes", "WatchStatus", "ReadLog"}
# read as messages these would end the trader of the test, or take a minute: they get bytes that are none
FATAL = {"Stop", "Reconcile", "SwitchOrders"}
NO_MESSAGE = b"\xff"  # an unfinished tag: nothing that begins with it can be read
ENOUGH_FILES = 4096


def varint(number: int) -> bytes:
    rest, last = bytearray(), number
    while last > 127:
        rest.append(last & 127 | 128)
        last >>= 7
    return bytes([*rest, last])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


FIELDS = st.builds(field, st.integers(1, 12), st.integers(0, 2**64 - 1) | st.binary(max_size=40))
BYTES = st.binary(max_size=120) | st.lists(FIELDS, max_size=6).map(b"".join)


def send(channel: Any, service: str, name: str, raw: bytes) -> grpc.StatusCode:
    """Call one RPC with bytes; gives how it ended. A stream is left after its first answer."""
    method = f"/hantrade.v1.{service}/{name}"
    try:
        if name == "OrderSession":
            list(channel.stream_stream(method)(iter([raw]), timeout=WAIT_S))
        elif name in STREAMS:
            call = channel.unary_stream(method)(raw, timeout=0.2)
            next(call, None)
            call.cancel()
        else:
            channel.unary_unary(method)(raw, timeout=WAIT_S)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and name in STREAMS:  # it was read, and had nothing to say yet
            return grpc.StatusCode.OK
        return code
    return grpc.StatusCode.OK


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=BYTES)
def test_for_any_bytes_in_any_rpc_the_answer_is_a_refusal_and_the_server_answers_the_next_call(
    house: House, raw: bytes
) -> None:
    with (
        closing(house.channel(house.broker.address, house.tokens.trader)) as broker,
        closing(house.channel(house.trader.desk_address, house.tokens.trader)) as desk,
    ):
        for name in BROKER:
            assert send(broker, "BrokerService", name, raw) in {grpc.StatusCode.OK, *REFUSED}, name
        for name in DESK:
            given_ = NO_MESSAGE + raw if name in FATAL else raw
            assert send(desk, "DeskService", name, given_) in {grpc.StatusCode.OK, *REFUSED}, name
        assert send(broker, "BrokerService", "GetSession", b"") is grpc.StatusCode.OK
        assert send(desk, "DeskService", "GetStatus", b"") is grpc.StatusCode.OK


def test_given_bytes_that_are_no_message_when_sent_then_the_refusal_says_so(house: House) -> None:
    for service, name in (("BrokerService", "GetSession"), ("DeskService", "Halt")):
        address = house.address(service)
        with closing(house.channel(address, house.tokens.trader)) as channel:
            method: Any = channel.unary_unary(f"/hantrade.v1.{service}/{name}", lambda one: one, lambda one: one)
            code, refused = refusal(lambda: method(NO_MESSAGE, timeout=WAIT_S))  # noqa: B023
            assert (code, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED")
            assert (refused.field, refused.value) == ("request", "1 bytes")


def test_given_a_session_that_is_open_when_it_sends_no_message_then_it_alone_ends(house: House) -> None:
    opening = pb.OrderSessionRequest(open=pb.OpenOrderSession(client_name="wild")).SerializeToString()
    with closing(house.channel(house.broker.address, house.tokens.trader)) as channel:
        wild: Any = channel
        call = wild.stream_stream("/hantrade.v1.BrokerService/OrderSession")(
            iter([opening, NO_MESSAGE]), timeout=WAIT_S
        )
        code, refused = refusal(lambda: list(call))
        assert (code, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED")
        assert send(channel, "BrokerService", "GetSession", b"") is grpc.StatusCode.OK


@pytest.mark.parametrize(("service", "name"), [("BrokerService", "ResolveOrder"), ("DeskService", "Halt")])
def test_given_a_message_above_the_limit_when_sent_then_sizes_are_named_and_the_next_call_is_answered(
    house: House, service: str, name: str
) -> None:
    with closing(house.channel(house.address(service), house.tokens.trader)) as channel:
        method: Any = channel.unary_unary(f"/hantrade.v1.{service}/{name}", lambda one: one, lambda one: one)
        code, refused = refusal(lambda: method(field(2, b"x" * MOST_REQUEST_BYTES), timeout=WAIT_S))
        assert (code, refused.field) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "message")
        assert refused.value.startswith("1,048,58")
        assert refused.allowed == "at most 1,048,576 bytes"
        read = "GetSession" if service == "BrokerService" else "GetStatus"
        assert send(channel, service, read, b"") is grpc.StatusCode.OK


# ---- too many ------------------------------------------------------------------------------------------------


@pytest.fixture
def patient(tmp_path: Path, house: House) -> Iterator[Callable[[Role], BrokerClient]]:
    """Give clients of a broker that allows little, and whose clock stands still."""
    limits = Limits({Kind.READ: 3, Kind.COMMAND: 2}, {Kind.STREAM: 2, Kind.ORDERS: 1})
    server = a_broker(tmp_path, Security(None, house.tokens.path, limits, clock=lambda: 0)).start()
    with ExitStack() as open_things:
        open_things.callback(server.stop)

        def dial(role: Role) -> BrokerClient:
            client = BrokerClient(server.address, WAIT_S, Budget(attempts=1), Access(token=house.tokens.of(role)))
            open_things.callback(client.close)
            return client

        yield dial


def test_given_too_many_calls_when_one_more_comes_then_it_is_refused_in_words_and_others_go_on(
    patient: Callable[[Role], BrokerClient],
) -> None:
    viewer, trader = patient(Role.VIEWER), patient(Role.TRADER)
    for _ in range(3):
        viewer.session()
    with pytest.raises(RequestRefused) as found:
        viewer.session()
    refused = found.value
    assert (refused.code, refused.field, refused.value) == ("TOO_MANY_CALLS", "reads", "more than 3")
    assert refused.allowed == "at most 3 a second from one caller; wait a second"
    assert trader.session().logged_in
    for number in range(50):  # the fate of an order is never too much asked
        assert trader.resolve(f"never-{number}").outcome is RequestOutcome.VOID


def test_given_too_many_streams_when_one_ends_then_there_is_room_again(patient: Callable[[Role], BrokerClient]) -> None:
    trader = patient(Role.TRADER)
    beats = [Beats(trader) for _ in range(2)]
    for one in beats:
        one.wait_for_beat()
    third = Beats(trader)
    assert third.reason().code == "TOO_MANY_STREAMS"
    heard = Heard()
    heard.listen(trader, client_name="tae")
    assert heard.opened().journal_id, "an order session is counted apart"
    beats[0].close()
    for _ in range(200):  # the server hears of the end a moment later
        again = Beats(trader)
        if again.beats_or_ends():
            break
    else:
        pytest.fail("no room came")


class Beats:
    """One WatchSession, and how it went."""

    def __init__(self, client: BrokerClient) -> None:
        from queue import Queue

        self.said: Queue[Any] = Queue()
        self._watch = client.watch(1.0, self.said.put, self.said.put)

    def wait_for_beat(self) -> None:
        assert not isinstance(self.said.get(timeout=WAIT_S), Exception)

    def reason(self) -> RequestRefused:
        ended = self.said.get(timeout=WAIT_S)
        assert isinstance(ended, RequestRefused)
        return ended

    def beats_or_ends(self) -> bool:
        return not isinstance(self.said.get(timeout=WAIT_S), Exception)

    def close(self) -> None:
        self._watch.close()


# ---- a thousand connections ----------------------------------------------------------------------------------


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, ENOUGH_FILES) if hard == resource.RLIM_INFINITY else min(max(soft, ENOUGH_FILES), hard)
    if wanted < ENOUGH_FILES:
        pytest.skip(f"a thousand connections need {ENOUGH_FILES} files, this machine allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def served(connection: socket.socket) -> bool:
    """Tell whether the server keeps a connection: it then speaks first, with its HTTP/2 settings."""
    try:
        return connection.recv(1) != b""
    except ConnectionError:
        return False


def gets_in(address: str, token: str) -> bool:
    """Tell whether a new caller gets in, as soon as the server has noticed that others left."""
    client = BrokerClient(address, WAIT_S, Budget(attempts=20, deadline_s=WAIT_S), Access(token=token))
    with closing(client):
        return client.session().logged_in


@pytest.mark.usefixtures("many_files")
def test_given_a_thousand_connections_when_they_all_stay_then_the_trader_goes_on_and_most_files_are_free(
    tmp_path: Path, house: House
) -> None:
    most = 400
    limits = Limits({}, Limits().at_once, connections=most)
    server = a_broker(tmp_path, Security(None, house.tokens.path, limits)).start()
    client = BrokerClient(server.address, WAIT_S, access=Access(token=house.tokens.trader))
    host, _, port = server.address.rpartition(":")
    heard = Heard()
    session = heard.listen(client)
    opened = heard.opened()
    guard = a_guard(opened.journal_id, opened.epoch)
    with ExitStack() as open_things:
        open_things.callback(server.stop)
        open_things.callback(client.close)
        crowd = []
        for number in range(1000):
            crowd.append(open_things.enter_context(socket.create_connection((host, int(port)), WAIT_S)))
            if number % 100 == 0:
                session.submit(a_submit(f"order-{number}", price=None), guard)
                assert heard.receipt().outcome is RequestOutcome.SENT
        kept = sum(served(one) for one in crowd)
        assert 0 < kept < most  # the trader's own is among them
        assert client.session().logged_in
        for one in crowd:
            one.close()
        assert gets_in(server.address, house.tokens.viewer)


# ---- mistakes of our own -------------------------------------------------------------------------------------


def test_given_a_backend_that_fails_when_it_is_called_then_its_words_stay_in_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> Any:
        raise ZeroDivisionError("account 8012345611")

    monkeypatch.setattr(house.backend, "session", fail)
    with closing(house.channel(house.broker.address, house.tokens.viewer)) as channel, caplog.at_level(logging.ERROR):
        method: Any = channel.unary_unary("/hantrade.v1.BrokerService/GetSession", lambda one: one, lambda one: one)
        with pytest.raises(grpc.RpcError) as failed:
            method(b"", timeout=WAIT_S)
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert failed.value.details() == "the server failed: ZeroDivisionError; its log tells more"
    assert "GetSession failed" in caplog.text


def test_given_a_desk_that_fails_when_it_is_called_then_its_words_stay_in_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, desk_as: Callable[[Role], Any]
) -> None:
    def fail(_: Any) -> Any:
        raise ZeroDivisionError("account 8012345611")

    monkeypatch.setattr(type(house.trader.reader), "cash", fail)
    with caplog.at_level(logging.ERROR), pytest.raises(grpc.RpcError) as failed:
        desk_as(Role.VIEWER).GetCash(desk_pb2.GetCashRequest(), timeout=WAIT_S)
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert failed.value.details() == "the server failed: ZeroDivisionError; its log tells more"
    assert "GetCash failed" in caplog.text


# ---- a halt always finds a thread ----------------------------------------------------------------------------


def test_given_callers_who_hold_every_thread_they_may_when_someone_halts_then_it_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch, desk_as: Callable[[Role], Any]
) -> None:
    entered, release = threading.Semaphore(0), threading.Event()

    def slow(_: Any) -> Any:
        entered.release()
        release.wait(WAIT_S)
        return desk_pb2.GetCashResponse()

    monkeypatch.setattr(type(house.trader.reader), "cash", slow)
    viewer, cash = desk_as(Role.VIEWER), desk_pb2.GetCashRequest()
    with ExitStack() as open_things:
        reads = [viewer.GetCash.future(cash, timeout=WAIT_S) for _ in range(THREADS[Kind.READ])]
        assert all(entered.acquire(timeout=WAIT_S) for _ in reads)
        code, refused = refusal(lambda: viewer.GetCash(cash, timeout=WAIT_S))
        assert (code, refused.code) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert refused.allowed == "at most 12 at once in all; the other threads are for halts"

        known: Any = open_things.enter_context(closing(house.channel(house.trader.desk_address, house.tokens.viewer)))
        reflect = known.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        held = [reflect(Endless(b"\x3a\x00", release), timeout=WAIT_S) for _ in range(THREADS[Kind.REFLECTION])]
        assert all(next(one) for one in held)
        code, refused = refusal(lambda: next(reflect(iter([b"\x3a\x00"]), timeout=WAIT_S)))
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED

        nobody: Any = open_things.enter_context(closing(house.channel(house.trader.desk_address, "")))
        watch = nobody.unary_stream("/grpc.health.v1.Health/Watch")
        watches = [watch(b"", timeout=WAIT_S) for _ in range(60)]
        answers = [first(one) for one in watches]
        assert answers.count(b"\x08\x01") == Limits().at_once[Kind.PROBE]
        assert {one for one in answers if one != b"\x08\x01"} == {grpc.StatusCode.RESOURCE_EXHAUSTED}

        assert desk_as(Role.OPERATOR).Halt(desk_pb2.HaltRequest(note="now"), timeout=WAIT_S).gate
        release.set()
        assert [one.result() for one in reads] == [desk_pb2.GetCashResponse()] * len(reads)


def first(call: Any) -> bytes | grpc.StatusCode:
    try:
        answer: bytes = next(call)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return answer


class Endless:
    """Requests of a stream: one, and then none until it is told to end."""

    def __init__(self, request: bytes, end: threading.Event) -> None:
        self._left, self._end = [request], end

    def __iter__(self) -> "Endless":
        return self

    def __next__(self) -> bytes:
        if self._left:
            return self._left.pop()
        self._end.wait(WAIT_S)
        raise StopIteration


def test_given_a_service_nobody_knows_when_its_health_is_asked_then_it_is_not_remembered(house: House) -> None:
    for address in (house.broker.address, house.trader.desk_address):
        with closing(house.channel(address, "")) as channel:
            for shape in ("unary_unary/Check", "unary_stream/Watch"):
                kind, _, name = shape.partition("/")
                call: Any = getattr(channel, kind)(f"/grpc.health.v1.Health/{name}")
                code, refused = refusal(lambda: answered(call(field(1, b"x" * 100), timeout=WAIT_S)))  # noqa: B023
                assert (code, refused.field) == (grpc.StatusCode.NOT_FOUND, "service")


def answered(answer: Any) -> Any:
    return next(answer) if hasattr(answer, "__next__") else answer
