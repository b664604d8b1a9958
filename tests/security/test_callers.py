"""Who gets in, over real servers: no token, a wrong one, an old one, a role too low, and what each may do."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import grpc
import pytest

from broker.client import BrokerClient
from broker.security.roles import RULES, Role
from broker.security.tokens import new_secret
from domain.errors import BrokerOutcomeUnknown, RequestRefused
from domain.types import Gate, RequestOutcome
from hantrade.v1 import desk_pb2, desk_pb2_grpc
from tests.actors.trader_house import until
from tests.broker.builders import a_cancel, a_guard, a_modify, a_submit
from tests.broker.contract import Heard
from tests.security.conftest import WAIT_S, House, refusal

GUARDED = sorted(method for method, rule in RULES.items() if rule.least is not None)
SERVICES = ("hantrade.v1.BrokerService", "hantrade.v1.DeskService")


def raw_call(channel: Any, method: str, request: bytes = b"") -> Any:
    """Call any RPC with bytes, whatever its shape; gives its first answer."""
    streams = method.endswith(("OrderSession", "ServerReflectionInfo"))
    if streams:
        return next(channel.stream_stream(method)(iter([request]), timeout=WAIT_S))
    if method.endswith(("WatchSession", "StreamQuotes", "WatchStatus", "ReadLog")):
        return next(channel.unary_stream(method)(request, timeout=WAIT_S))
    return channel.unary_unary(method)(request, timeout=WAIT_S)


def every_guarded(house: House) -> Iterator[tuple[str, str]]:
    """Give address and name of each RPC of both services, reflection of both too."""
    for method in GUARDED:
        if "grpc.reflection" in method:
            yield house.broker.address, method
            yield house.trader.desk_address, method
        else:
            yield house.address(method), method


@pytest.mark.parametrize("kind", ["none", "unknown", "expired"])
def test_given_no_good_token_when_any_rpc_is_called_then_the_caller_is_unknown(house: House, kind: str) -> None:
    token = {"none": "", "unknown": new_secret(), "expired": house.tokens.expired}[kind]
    for address, method in every_guarded(house):
        with closing(house.channel(address, token)) as channel:
            code, refused = refusal(lambda: raw_call(channel, method))  # noqa: B023
            assert (code, refused.code) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"), method
            assert (refused.field, refused.value) == ("token", kind)
            assert token not in str(refused) or not token


def test_given_a_role_too_low_when_any_rpc_is_called_then_it_is_denied_and_nothing_happens(house: House) -> None:
    before = house.backend.last_event_seq()
    for address, method in every_guarded(house):
        least = RULES[method].least
        assert least is not None
        for role in [one for one in Role if one < least]:
            with closing(house.channel(address, house.tokens.of(role))) as channel:
                code, refused = refusal(lambda: raw_call(channel, method))  # noqa: B023
                assert (code, refused.code) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED"), method
                assert (refused.field, refused.value) == ("role", role.name.lower())
    assert house.backend.last_event_seq() == before
    for command in ("HaltRequested", "StopRequested", "PauseRequested", "ManualOrderRequested"):
        assert callers(house, command) == []


def test_given_no_token_when_health_is_asked_then_it_answers(house: House) -> None:
    for address, service in zip((house.broker.address, house.trader.desk_address), SERVICES, strict=True):
        with closing(house.channel(address, "")) as channel:
            name = bytes([10, len(service)]) + service.encode()
            assert raw_call(channel, "/grpc.health.v1.Health/Check", name) == b"\x08\x01"  # SERVING


def test_given_a_viewer_when_it_reads_then_it_is_answered(
    house: House, broker_as: Callable[[Role], BrokerClient], desk_as: Callable[[Role], Any]
) -> None:
    client, desk = broker_as(Role.VIEWER), desk_as(Role.VIEWER)
    assert client.session().logged_in
    assert client.latest_quotes() is not None
    assert desk.GetStatus(desk_pb2.GetStatusRequest(), timeout=WAIT_S).status.mode == "paper"
    assert next(desk.WatchStatus(desk_pb2.WatchStatusRequest(), timeout=WAIT_S)).status.mode == "paper"
    with closing(house.channel(house.broker.address, house.tokens.viewer)) as channel:
        assert raw_call(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", b"\x3a\x00")


# ---- the order session ---------------------------------------------------------------------------------------


def test_given_a_viewer_when_it_opens_an_order_session_then_it_is_denied(
    broker_as: Callable[[Role], BrokerClient],
) -> None:
    heard = Heard()
    heard.listen(broker_as(Role.VIEWER))
    assert heard.ended.wait(WAIT_S)
    [(reason, unanswered)] = heard.ends
    assert isinstance(reason, RequestRefused)
    assert reason.code == "PERMISSION_DENIED"
    assert unanswered == ()


@pytest.mark.parametrize("what", ["submit", "modify", "gate"])
def test_given_an_operator_on_an_order_session_when_it_does_what_a_trader_may_then_nothing_reaches_the_venue(
    house: House, broker_as: Callable[[Role], BrokerClient], what: str
) -> None:
    heard, before = Heard(), house.backend.last_event_seq()
    session = heard.listen(broker_as(Role.OPERATOR), client_name="olga")
    opened = heard.opened()
    guard = a_guard(opened.journal_id, opened.epoch)
    if what == "submit":
        session.submit(a_submit("op-1"), guard)
    elif what == "modify":
        session.modify(a_modify("op-2"), guard)
    else:
        session.set_gate("op-3", Gate.OPEN)
    assert heard.ended.wait(WAIT_S)
    [(reason, unanswered)] = heard.ends
    assert isinstance(reason, BrokerOutcomeUnknown)  # a request was handed over and got no receipt
    assert isinstance(reason.__cause__, RequestRefused)
    assert reason.__cause__.code == "PERMISSION_DENIED"
    assert len(unanswered) == 1
    assert house.backend.last_event_seq() == before


def test_given_an_operator_on_an_order_session_when_it_cancels_and_shuts_the_gate_then_it_may(
    broker_as: Callable[[Role], BrokerClient],
) -> None:
    heard = Heard()
    session = heard.listen(broker_as(Role.OPERATOR), client_name="olga")
    opened = heard.opened()
    session.cancel(a_cancel("op-4", order="never-sent"), a_guard(opened.journal_id, opened.epoch))
    assert heard.receipt().request_id == "op-4"
    session.set_gate("op-5", Gate.CANCELS_ONLY)
    assert heard.receipt().outcome is RequestOutcome.SENT
    trader = Heard()
    gates = trader.listen(broker_as(Role.TRADER), client_name="tae")
    trader.opened()
    gates.set_gate("op-6", Gate.OPEN)
    assert trader.receipt().outcome is RequestOutcome.SENT


# ---- names in the log ----------------------------------------------------------------------------------------


def records(house: House, **wanted: Any) -> list[Any]:
    """Read the event log as a viewer."""
    with closing(house.channel(house.trader.desk_address, house.tokens.viewer)) as channel:
        stub = desk_pb2_grpc.DeskServiceStub(channel)
        return list(stub.ReadLog(desk_pb2.ReadLogRequest(**wanted), timeout=WAIT_S))


def callers(house: House, kind: str) -> list[str]:
    """Give who is in the log as the caller of commands of one type."""
    return [json.loads(record.payload)["caller"] for record in records(house, type=kind)]


def test_given_a_command_when_it_is_logged_then_the_token_names_the_caller(
    house: House, desk_as: Callable[[Role], Any]
) -> None:
    operator = desk_as(Role.OPERATOR)
    operator.Pause(desk_pb2.PauseRequest(caller="tae", note="as somebody else"), timeout=WAIT_S)
    operator.Halt(desk_pb2.HaltRequest(note="of account 8012345611, token=abcdefgh"), timeout=WAIT_S)
    assert callers(house, "PauseRequested") == ["olga (tae)"]
    assert callers(house, "HaltRequested") == ["olga"]
    code, refused = refusal(lambda: operator.Resume(desk_pb2.ResumeRequest(note="again"), timeout=WAIT_S))
    assert (code, refused.allowed) == (grpc.StatusCode.PERMISSION_DENIED, "trader")
    text = "\n".join(record.payload for record in records(house, stream="operator"))
    assert "8012345611" not in text
    assert "abcdefgh" not in text
    assert "of account ***5611, token=***" in text


def test_given_the_trader_of_the_house_when_its_broker_asks_for_a_token_then_it_is_connected(house: House) -> None:
    until(
        lambda: (house.trader.reader.status().quotes_link, house.trader.reader.status().orders_link) == ("READY",) * 2
    )
