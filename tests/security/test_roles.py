"""The table of who may call what: whole, and a viewer changes nothing."""

from typing import Any

import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from broker.security.roles import RULES, Kind, Role, check_message, check_role, rule_of
from domain.errors import RequestRefused
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import desk_pb2, types_pb2

FILES: list[Any] = [pb, desk_pb2, health_pb2, reflection_pb2]
READING = ("Get", "List", "Watch", "Stream", "Read", "Check", "ServerReflectionInfo")


def every_rpc() -> set[str]:
    return {
        f"/{service.full_name}/{rpc.name}"
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for rpc in service.methods
    }


def test_given_the_services_when_compared_then_each_rpc_has_a_rule_and_each_rule_an_rpc() -> None:
    assert set(RULES) == every_rpc()


def test_given_the_table_when_read_then_a_viewer_reads_and_nothing_else() -> None:
    for method, rule in RULES.items():
        reads = method.rpartition("/")[2].startswith(READING)
        assert reads == (rule.least in (None, Role.VIEWER)), method
        assert (rule.least is None) == method.startswith("/grpc.health."), method
        assert (rule.kind in (Kind.READ, Kind.STREAM, Kind.PROBE, Kind.REFLECTION)) == reads, method


def test_given_what_takes_risk_away_when_counted_then_it_has_no_limit() -> None:
    safe = {method.rpartition("/")[2] for method, rule in RULES.items() if rule.kind is Kind.SAFETY}
    assert safe == {"Halt", "Pause", "Stop", "Flatten", "CancelManualOrder", "ResolveOrder"}


def test_given_an_unknown_rpc_when_called_then_nobody_may() -> None:
    with pytest.raises(RequestRefused, match="NO_RULE"):
        rule_of("/hantrade.v1.DeskService/New")


def test_given_a_role_too_low_when_it_calls_then_the_refusal_names_both() -> None:
    method = "/hantrade.v1.DeskService/Halt"
    with pytest.raises(RequestRefused) as found:
        check_role(Role.VIEWER, method, RULES[method], "vera")
    refused = found.value
    assert (refused.code, refused.field, refused.value) == ("PERMISSION_DENIED", "role", "viewer")
    assert refused.allowed == "operator or trader"
    assert refused.text == "Halt needs the role operator; vera is viewer"


def a_message(kind: str, gate: Any = types_pb2.GATE_OPEN) -> pb.OrderSessionRequest:
    message = pb.OrderSessionRequest()
    getattr(message, kind).SetInParent()
    if kind == "set_gate":
        message.set_gate.gate = gate
    return message


KINDS = [one.name for one in pb.OrderSessionRequest.DESCRIPTOR.oneofs_by_name["request"].fields]


@pytest.mark.parametrize("kind", KINDS)
def test_given_an_operator_on_an_order_session_when_it_speaks_then_only_what_closes_passes(kind: str) -> None:
    check_message(Role.TRADER, a_message(kind), "tae")
    if kind in ("submit", "modify", "set_gate"):
        with pytest.raises(RequestRefused, match=r"PERMISSION_DENIED.*needs the role trader"):
            check_message(Role.OPERATOR, a_message(kind), "olga")
    else:
        assert kind in ("open", "cancel", "heartbeat"), "a new kind of message: decide who may send it"
        check_message(Role.OPERATOR, a_message(kind), "olga")


@pytest.mark.parametrize("level", types_pb2.Gate.values())
def test_given_an_operator_when_it_sets_the_gate_then_only_the_strictest_level_passes(level: int) -> None:
    if level == types_pb2.GATE_CANCELS_ONLY:
        check_message(Role.OPERATOR, a_message("set_gate", level), "olga")
    else:
        with pytest.raises(RequestRefused, match="PERMISSION_DENIED"):
            check_message(Role.OPERATOR, a_message("set_gate", level), "olga")
