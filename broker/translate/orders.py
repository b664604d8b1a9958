"""Requests, their guards and their receipts."""

from broker.port import Guard, OrderRequest, OrderSessionOpened, Receipt
from broker.security.redaction import redacted
from broker.session_pulse import LEAST_PROMISE_S, MOST_PROMISE_S
from domain.errors import RequestRefused
from domain.messages.link import SessionInfo
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    RequestId,
    RequestOutcome,
    TimeInForce,
    UnixNanos,
    Venue,
    VenueOrderId,
)
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import types_pb2

from .state import duration, waiting_time
from .values import (
    GATE,
    KIND,
    OUTCOME,
    PURPOSE,
    SIDE,
    TIME_IN_FORCE,
    VENUE,
    bad_field,
    check_prices,
    identifier,
    krw_or_none,
    positive,
    timestamp,
    unix_nanos,
)


def write_guard(guard: Guard) -> pb.RequestGuard:
    """Give the wire form of a guard."""
    return pb.RequestGuard(journal_id=guard.journal_id, epoch=guard.epoch, valid_until=timestamp(guard.valid_until))


def read_guard(guard: pb.RequestGuard) -> Guard:
    """Read a guard. Raises RequestRefused INVALID_ARGUMENT without a deadline."""
    if not guard.HasField("valid_until"):
        raise bad_field("guard.valid_until", "unset", "set")
    valid_until = unix_nanos(guard.valid_until, "guard.valid_until")
    return Guard(identifier(guard.journal_id, "guard.journal_id"), guard.epoch, valid_until)


def write_request(request: OrderRequest, guard: Guard) -> pb.OrderSessionRequest:
    """Give the wire form of a request."""
    on_wire = write_guard(guard)
    if isinstance(request, SubmitOrder):
        submit = pb.SubmitOrder(
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=SIDE.write(request.side),
            kind=KIND.write(request.kind),
            quantity=request.quantity,
            limit_price_krw=request.limit_price,
            purpose=PURPOSE.write(request.purpose),
            guard=on_wire,
            time_in_force=TIME_IN_FORCE.write(request.time_in_force),
            venue=VENUE.write(request.venue),
            stop_price_krw=request.stop_price,
        )
        return pb.OrderSessionRequest(submit=submit)
    if isinstance(request, ModifyOrder):
        modify = pb.ModifyOrder(
            request_id=request.request_id,
            client_order_id=request.client_order_id,
            original_venue_order_id=request.original_venue_order_id,
            quantity=request.quantity,
            limit_price_krw=request.limit_price,
            purpose=PURPOSE.write(request.purpose),
            guard=on_wire,
        )
        return pb.OrderSessionRequest(modify=modify)
    cancel = pb.CancelOrder(
        request_id=request.request_id,
        client_order_id=request.client_order_id,
        original_venue_order_id=request.original_venue_order_id,
        quantity=request.quantity,
        guard=on_wire,
    )
    return pb.OrderSessionRequest(cancel=cancel)


def request_id_of(message: pb.OrderSessionRequest) -> str:
    """Give the id a request answers to; empty when there is none, so that nothing can be answered."""
    kind = message.WhichOneof("request")
    if kind == "submit":
        return message.submit.client_order_id
    if kind == "modify":
        return message.modify.request_id
    if kind == "cancel":
        return message.cancel.request_id
    return message.set_gate.request_id if kind == "set_gate" else ""


def read_request(message: pb.OrderSessionRequest) -> tuple[OrderRequest, Guard]:
    """Read a submit, modify or cancel. Raises RequestRefused INVALID_ARGUMENT naming the field at fault."""
    match message.WhichOneof("request"):
        case "submit":
            return _read_submit(message.submit), read_guard(message.submit.guard)
        case "modify":
            return _read_modify(message.modify), read_guard(message.modify.guard)
        case "cancel":
            return _read_cancel(message.cancel), read_guard(message.cancel.guard)
    raise bad_field("request", message.WhichOneof("request") or "unset", "submit, modify or cancel")


def _read_submit(submit: pb.SubmitOrder) -> SubmitOrder:
    kind, price = KIND.read(submit.kind, "kind"), krw_or_none(submit, "limit_price_krw")
    stop_price = krw_or_none(submit, "stop_price_krw")
    check_prices(kind, price, stop_price)
    return SubmitOrder(
        client_order_id=ClientOrderId(identifier(submit.client_order_id, "client_order_id")),
        symbol=identifier(submit.symbol, "symbol", longest=16),
        side=SIDE.read(submit.side, "side"),
        kind=kind,
        purpose=PURPOSE.read(submit.purpose, "purpose"),
        quantity=positive(submit.quantity, "quantity"),
        limit_price=price,
        valid_until=_deadline(submit.guard),
        time_in_force=TIME_IN_FORCE.read_or(submit.time_in_force, "time_in_force", TimeInForce.DAY),
        venue=VENUE.read_or(submit.venue, "venue", Venue.KRX),
        stop_price=stop_price,
    )


def _read_modify(modify: pb.ModifyOrder) -> ModifyOrder:
    return ModifyOrder(
        request_id=RequestId(identifier(modify.request_id, "request_id")),
        client_order_id=ClientOrderId(identifier(modify.client_order_id, "client_order_id")),
        original_venue_order_id=VenueOrderId(identifier(modify.original_venue_order_id, "original_venue_order_id")),
        purpose=PURPOSE.read(modify.purpose, "purpose"),
        quantity=positive(modify.quantity, "quantity"),
        limit_price=Krw(positive(modify.limit_price_krw, "limit_price_krw")),
        valid_until=_deadline(modify.guard),
    )


def _read_cancel(cancel: pb.CancelOrder) -> CancelOrder:
    if cancel.quantity < 0:
        raise bad_field("quantity", cancel.quantity, "0 for all that is left, or above 0")
    return CancelOrder(
        request_id=RequestId(identifier(cancel.request_id, "request_id")),
        client_order_id=ClientOrderId(identifier(cancel.client_order_id, "client_order_id")),
        original_venue_order_id=VenueOrderId(identifier(cancel.original_venue_order_id, "original_venue_order_id")),
        quantity=cancel.quantity,
        valid_until=_deadline(cancel.guard),
    )


def _deadline(guard: pb.RequestGuard) -> UnixNanos:
    return read_guard(guard).valid_until


def write_set_gate(request_id: str, level: Gate) -> pb.OrderSessionRequest:
    """Give the wire form of a gate request."""
    return pb.OrderSessionRequest(set_gate=pb.SetGate(request_id=request_id, gate=GATE.write(level)))


def read_set_gate(message: pb.SetGate) -> tuple[str, Gate]:
    """Read a gate request. Raises RequestRefused INVALID_ARGUMENT."""
    return identifier(message.request_id, "request_id"), GATE.read(message.gate, "gate")


def write_heartbeat(seq: int, within_s: float) -> pb.OrderSessionRequest:
    """Give the wire form of a sign of life that promises the next one."""
    return pb.OrderSessionRequest(heartbeat=pb.SessionHeartbeat(seq=seq, next_within=duration(within_s)))


def read_heartbeat(message: pb.SessionHeartbeat, expected_seq: int) -> float:
    """Read a sign of life: within how many seconds the next one follows. Raises RequestRefused INVALID_ARGUMENT."""
    if message.seq != expected_seq:
        raise bad_field("heartbeat.seq", message.seq, f"{expected_seq}: from 1, no gaps")
    if not message.HasField("next_within"):
        raise bad_field("heartbeat.next_within", "unset", "set")
    return waiting_time(message, "next_within", 0.0, LEAST_PROMISE_S, MOST_PROMISE_S)


def error_detail(reason: RequestRefused) -> types_pb2.ErrorDetail:
    """Give the typed detail of a refusal."""
    return types_pb2.ErrorDetail(
        reason_code=reason.code,
        field=reason.field,
        value=redacted(reason.value, reason.field),
        allowed=redacted(reason.allowed, reason.field),
        broker_text=redacted(reason.text, reason.field),
    )


def _receipt_error(receipt: Receipt) -> types_pb2.ErrorDetail | None:
    if not receipt.code and not receipt.text:
        return None
    return types_pb2.ErrorDetail(reason_code=receipt.code, broker_text=redacted(receipt.text))


def write_receipt(receipt: Receipt) -> pb.RequestReceipt:
    """Give the wire form of a receipt on the order session."""
    return pb.RequestReceipt(
        request_id=receipt.request_id, outcome=OUTCOME.write(receipt.outcome), error=_receipt_error(receipt)
    )


def _read_error(error: types_pb2.ErrorDetail) -> tuple[str, str]:
    """Give reason and text, which ends in the event log."""
    return error.reason_code, redacted(error.broker_text, error.field)


def read_receipt(message: pb.RequestReceipt) -> Receipt:
    """Read a receipt of the order session; it carries no as_of_seq."""
    outcome = OUTCOME.read(message.outcome, "outcome")
    return Receipt(message.request_id, outcome, *_read_error(message.error))


def malformed(request_id: str, reason: RequestRefused) -> pb.RequestReceipt:
    """Give the receipt of a request that cannot be read. It is not in the journal: nothing is known but its id."""
    outcome = OUTCOME.write(RequestOutcome.REFUSED)
    return pb.RequestReceipt(request_id=request_id, outcome=outcome, error=error_detail(reason))


def write_resolved(receipt: Receipt) -> pb.ResolveOrderResponse:
    """Give the wire form of an answer to ResolveOrder."""
    return pb.ResolveOrderResponse(
        outcome=OUTCOME.write(receipt.outcome), error=_receipt_error(receipt), as_of_seq=receipt.as_of_seq
    )


def read_resolved(request_id: str, message: pb.ResolveOrderResponse) -> Receipt:
    """Read an answer to ResolveOrder."""
    outcome = OUTCOME.read(message.outcome, "outcome")
    return Receipt(request_id, outcome, *_read_error(message.error), message.as_of_seq)


def write_opened(session: SessionInfo, last_seq: int) -> pb.OrderSessionResponse:
    """Give the first answer of an order session."""
    opened = pb.OrderSessionOpened(
        journal_id=session.journal_id, epoch=session.epoch, last_seq=last_seq, gate=GATE.write(session.gate)
    )
    return pb.OrderSessionResponse(opened=opened)


def read_opened(message: pb.OrderSessionOpened) -> OrderSessionOpened:
    """Read the first answer of an order session."""
    gate = GATE.read(message.gate, "opened.gate")
    return OrderSessionOpened(message.journal_id, message.epoch, message.last_seq, gate)
