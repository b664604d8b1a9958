"""Which role may call which RPC, and in which class its calls are counted.

A viewer changes nothing. An operator makes things quieter or puts books in order: pause, halt, flatten, stop, cancel,
reconcile, release, adjust, switch the order path. A trader may also open what is closed and send orders. What is not in
the table is refused; a test compares it with the descriptors of both services.
"""

import enum
from typing import NamedTuple

from domain.errors import RequestRefused
from domain.types import Gate
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import types_pb2


class Role(enum.IntEnum):
    """What a caller may do; each role may do what the ones before it may."""

    VIEWER = 1
    OPERATOR = 2
    TRADER = 3


class Kind(enum.Enum):
    """How the calls of an RPC are counted (limits.py)."""

    READ = "reads"
    COMMAND = "commands"
    STREAM = "streams"
    ORDERS = "order sessions"
    PROBE = "probes"  # health, by whoever asks
    REFLECTION = "reflections"
    SAFETY = "safety"  # never refused for being many: what takes risk away, and asking for the fate of an order


class Rule(NamedTuple):
    """Who may call one RPC."""

    least: Role | None  # None: anybody, without a token
    kind: Kind


_V, _O, _T = Role.VIEWER, Role.OPERATOR, Role.TRADER

BROKER: dict[str, Rule] = {
    "GetSession": Rule(_V, Kind.READ),
    "Login": Rule(_O, Kind.COMMAND),
    "WatchSession": Rule(_V, Kind.STREAM),
    "ListInstruments": Rule(_V, Kind.READ),
    "StreamQuotes": Rule(_V, Kind.STREAM),
    "GetQuotes": Rule(_V, Kind.READ),
    "ListCandles": Rule(_V, Kind.READ),
    "GetAccount": Rule(_V, Kind.READ),
    "ListPositions": Rule(_V, Kind.READ),
    "ListOpenOrders": Rule(_V, Kind.READ),
    "ListDayOrders": Rule(_V, Kind.READ),
    "ListFills": Rule(_V, Kind.READ),
    "OrderSession": Rule(_O, Kind.ORDERS),  # each message is checked too, see `check_message`
    "ResolveOrder": Rule(_T, Kind.SAFETY),  # writes VOID for an id that never arrived
    "ListConditions": Rule(_V, Kind.READ),
    "RunCondition": Rule(_O, Kind.COMMAND),  # spends the broker's budget
    "WatchCondition": Rule(_V, Kind.STREAM),
    "WatchMarket": Rule(_V, Kind.STREAM),
    "Diagnose": Rule(_O, Kind.COMMAND),  # with a probe it spends the broker's budget
}

DESK: dict[str, Rule] = {
    "GetStatus": Rule(_V, Kind.READ),
    "WatchStatus": Rule(_V, Kind.STREAM),
    "Stop": Rule(_O, Kind.SAFETY),
    "Pause": Rule(_O, Kind.SAFETY),
    "Resume": Rule(_T, Kind.COMMAND),  # opens the gate
    "Halt": Rule(_O, Kind.SAFETY),
    "Flatten": Rule(_O, Kind.SAFETY),
    "Reconcile": Rule(_O, Kind.COMMAND),
    "ReleaseOrder": Rule(_O, Kind.COMMAND),
    "BookAdjustment": Rule(_O, Kind.COMMAND),
    "SwitchOrders": Rule(_O, Kind.COMMAND),
    "ListOrders": Rule(_V, Kind.READ),
    "GetOrder": Rule(_V, Kind.READ),
    "SetStops": Rule(_T, Kind.COMMAND),  # wider stops take less risk away
    "ClaimHolding": Rule(_T, Kind.COMMAND),  # makes shares sellable
    "SetManualMode": Rule(_T, Kind.COMMAND),
    "ReportPresence": Rule(_O, Kind.COMMAND),
    "SubmitManualOrder": Rule(_T, Kind.COMMAND),
    "ModifyManualOrder": Rule(_T, Kind.COMMAND),
    "CancelManualOrder": Rule(_O, Kind.SAFETY),
    "ListFills": Rule(_V, Kind.READ),
    "ListPositions": Rule(_V, Kind.READ),
    "GetCash": Rule(_V, Kind.READ),
    "ListQuotes": Rule(_V, Kind.READ),
    "ListSignals": Rule(_V, Kind.READ),
    "GetAccuracy": Rule(_V, Kind.READ),
    "ListAttention": Rule(_V, Kind.READ),
    "ListStrategies": Rule(_V, Kind.READ),
    "GetPerformance": Rule(_V, Kind.READ),
    "ReadLog": Rule(_V, Kind.STREAM),
}

RULES: dict[str, Rule] = {
    **{f"/hantrade.v1.BrokerService/{name}": rule for name, rule in BROKER.items()},
    **{f"/hantrade.v1.DeskService/{name}": rule for name, rule in DESK.items()},
    # whether a server is up is no secret, and what probes it has no token
    "/grpc.health.v1.Health/Check": Rule(None, Kind.PROBE),
    "/grpc.health.v1.Health/Watch": Rule(None, Kind.PROBE),
    "/grpc.health.v1.Health/List": Rule(None, Kind.PROBE),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Rule(_V, Kind.REFLECTION),
}


# what health may be asked about; anything else would be remembered for callers without a token
SERVICES = {"", *(method.split("/")[1] for method in RULES)}


def rule_of(method: str) -> Rule:
    """Give the rule of an RPC by its full name. Raises RequestRefused for one that has none: nobody may call it."""
    rule = RULES.get(method)
    if rule is None:
        raise RequestRefused("NO_RULE", f"{method} has no rule, so nobody may call it", field="rpc", value=method)
    return rule


def check_role(role: Role, method: str, rule: Rule, name: str) -> None:
    """Let a call pass. Raises RequestRefused PERMISSION_DENIED when the role is too low."""
    if rule.least is not None and role < rule.least:
        raise denied(role, method.rpartition("/")[2], rule.least, name)


def check_message(role: Role, message: object, name: str) -> None:
    """Let one message of an order session pass; an operator may cancel and shut the gate, a trader everything.

    CANCELS_ONLY is the only level that can never open a gate further, whatever it is now.
    Raises RequestRefused PERMISSION_DENIED.
    """
    if role >= Role.TRADER or not isinstance(message, pb.OrderSessionRequest):
        return
    kind = message.WhichOneof("request")
    if kind in ("submit", "modify"):
        raise denied(role, f"OrderSession {kind}", Role.TRADER, name)
    if kind == "set_gate" and message.set_gate.gate != types_pb2.GATE_CANCELS_ONLY:
        raise denied(role, f"OrderSession set_gate other than {Gate.CANCELS_ONLY.name}", Role.TRADER, name)


def check_probe(kind: Kind, message: object) -> None:
    """Let a question about health pass. Raises RequestRefused NOT_FOUND for a service that is none of ours."""
    service = str(getattr(message, "service", ""))
    if kind is Kind.PROBE and service not in SERVICES:
        names = ", ".join(sorted(SERVICES - {""}))
        raise RequestRefused("NOT_FOUND", "no such service here", field="service", value=service[:64], allowed=names)


def denied(role: Role, what: str, least: Role, name: str) -> RequestRefused:
    """Give the refusal of a role that is too low."""
    text = f"{what} needs the role {least.name.lower()}; {name or 'this caller'} is {role.name.lower()}"
    return RequestRefused("PERMISSION_DENIED", text, field="role", value=role.name.lower(), allowed=above(least))


def above(least: Role) -> str:
    """Give the roles that suffice, in words."""
    return " or ".join(role.name.lower() for role in Role if role >= least)
