"""Order events: facts of the journal, on the wire and on its disk."""

from broker.security.redaction import redacted
from domain.errors import InvariantError
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    HoldingAdjusted,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.types import ClientOrderId, Krw, RequestId, TimeInForce, TradeId, UnixNanos, Venue, VenueOrderId
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import types_pb2

from .values import KIND, SIDE, TIME_IN_FORCE, VENUE, bad_field, krw_or_none, timestamp, unix_nanos


def write_fill(fact: OrderFilled) -> types_pb2.Fill:
    """Give the wire form of one execution."""
    return types_pb2.Fill(
        trade_id=fact.trade_id,
        client_order_id=fact.client_order_id,
        venue_order_id=fact.venue_order_id,
        symbol=fact.symbol,
        side=SIDE.write(fact.side),
        last_qty=fact.last_qty,
        last_px_krw=fact.last_px,
        notional_krw=fact.last_qty * fact.last_px,
        commission_krw=fact.commission,
        tax_krw=fact.tax,
        fill_time=timestamp(fact.venue_time),
    )


def read_fill(fill: types_pb2.Fill, journal_id: str = "", event_seq: int = 0, leaves_qty: int = 0) -> OrderFilled:
    """Read one execution. A plain list of fills carries no event numbers and no leaves: they stay 0."""
    return OrderFilled(
        journal_id=journal_id,
        event_seq=event_seq,
        venue_time=unix_nanos(fill.fill_time, "fill.fill_time"),
        client_order_id=ClientOrderId(fill.client_order_id),
        venue_order_id=VenueOrderId(fill.venue_order_id),
        trade_id=TradeId(fill.trade_id),
        symbol=fill.symbol,
        side=SIDE.read(fill.side, "fill.side"),
        last_qty=fill.last_qty,
        last_px=Krw(fill.last_px_krw),
        commission=Krw(fill.commission_krw),
        tax=Krw(fill.tax_krw),
        leaves_qty=leaves_qty,
    )


def write_fact(fact: OrderFact) -> pb.OrderEvent:
    """Give the wire form of one fact. The journal's id is told once, when the session opens."""
    event = pb.OrderEvent(
        seq=fact.event_seq,
        event_time=timestamp(fact.venue_time),
        client_order_id=fact.client_order_id,
        venue_order_id="" if isinstance(fact, OrderRejected) else fact.venue_order_id,
    )
    if isinstance(fact, OrderAccepted):
        event.accepted.CopyFrom(_write_accepted(fact))
    elif isinstance(fact, OrderRejected):
        event.rejected.CopyFrom(pb.OrderRejected(code=fact.code, text=redacted(fact.text)))
    elif isinstance(fact, OrderFilled):
        event.filled.CopyFrom(pb.OrderFilled(fill=write_fill(fact), leaves_qty=fact.leaves_qty))
    elif isinstance(fact, ChangeReceived):
        event.change_received.CopyFrom(
            pb.ChangeReceived(
                request_id=fact.request_id,
                change_venue_order_id=fact.change_venue_order_id,
                quantity=fact.quantity,
                limit_price_krw=fact.limit_price,
            )
        )
    elif isinstance(fact, ChangeRefused):
        event.change_refused.CopyFrom(
            pb.ChangeRefused(request_id=fact.request_id, code=fact.code, text=redacted(fact.text))
        )
    elif isinstance(fact, OrderCancelled):
        event.cancelled.CopyFrom(
            pb.OrderCancelled(request_id=fact.request_id, cancelled_qty=fact.cancelled_qty, leaves_qty=fact.leaves_qty)
        )
    elif isinstance(fact, OrderReplaced):
        event.replaced.CopyFrom(
            pb.OrderReplaced(
                request_id=fact.request_id,
                new_venue_order_id=fact.new_venue_order_id,
                moved_qty=fact.moved_qty,
                limit_price_krw=fact.limit_price,
                leaves_qty=fact.leaves_qty,
            )
        )
    elif isinstance(fact, OrderExpired):
        event.expired.CopyFrom(pb.OrderExpired(expired_qty=fact.expired_qty))
    elif isinstance(fact, HoldingAdjusted):
        event.holding_adjusted.CopyFrom(
            pb.HoldingAdjusted(
                symbol=fact.symbol,
                action=fact.action,
                quantity_before=fact.quantity_before,
                quantity=fact.quantity,
                cash_krw=fact.cash,
                tax_krw=fact.tax,
                note=fact.note,
            )
        )
    else:
        raise InvariantError(f"no wire form for {type(fact).__name__}")
    return event


def read_fact(event: pb.OrderEvent, journal_id: str) -> OrderFact:
    """Read one fact of a journal. Raises RequestRefused INVALID_ARGUMENT when it has none or an enum is unset."""
    seq, at = event.seq, unix_nanos(event.event_time, "event_time")
    order, leg = ClientOrderId(event.client_order_id), VenueOrderId(event.venue_order_id)
    match event.WhichOneof("fact"):
        case "accepted":
            return _read_accepted(event, journal_id, at)
        case "rejected":
            return OrderRejected(journal_id, seq, at, order, event.rejected.code, redacted(event.rejected.text))
        case "filled":
            return read_fill(event.filled.fill, journal_id, seq, event.filled.leaves_qty)
        case "change_received":
            change = event.change_received
            number = VenueOrderId(change.change_venue_order_id)
            price = krw_or_none(change, "limit_price_krw")
            request = RequestId(change.request_id)
            return ChangeReceived(journal_id, seq, at, order, request, leg, number, change.quantity, price)
        case "change_refused":
            r = event.change_refused
            return ChangeRefused(journal_id, seq, at, order, RequestId(r.request_id), leg, r.code, redacted(r.text))
        case "cancelled":
            c = event.cancelled
            request = RequestId(c.request_id)
            return OrderCancelled(journal_id, seq, at, order, request, leg, c.cancelled_qty, c.leaves_qty)
        case "replaced":
            return _read_replaced(event, journal_id, at)
        case "expired":
            return OrderExpired(journal_id, seq, at, order, leg, event.expired.expired_qty)
        case "holding_adjusted":
            h = event.holding_adjusted
            what = (h.symbol, h.action, h.quantity_before, h.quantity, Krw(h.cash_krw), Krw(h.tax_krw), h.note)
            return HoldingAdjusted(journal_id, seq, at, order, leg, *what)
    raise bad_field("fact", "unset", "one of the facts of OrderEvent")


def _write_accepted(fact: OrderAccepted) -> pb.OrderAccepted:
    return pb.OrderAccepted(
        quantity=fact.quantity,
        limit_price_krw=fact.limit_price,
        symbol=fact.symbol,
        side=SIDE.write(fact.side),
        kind=types_pb2.ORDER_KIND_UNSPECIFIED if fact.kind is None else KIND.write(fact.kind),
        time_in_force=TIME_IN_FORCE.write(fact.time_in_force),
        venue=VENUE.write(fact.venue),
        stop_price_krw=fact.stop_price,
    )


def _read_accepted(event: pb.OrderEvent, journal_id: str, at: UnixNanos) -> OrderAccepted:
    accepted = event.accepted
    return OrderAccepted(
        journal_id=journal_id,
        event_seq=event.seq,
        venue_time=at,
        client_order_id=ClientOrderId(event.client_order_id),
        venue_order_id=VenueOrderId(event.venue_order_id),
        symbol=accepted.symbol,
        side=SIDE.read(accepted.side, "accepted.side"),
        quantity=accepted.quantity,
        limit_price=krw_or_none(accepted, "limit_price_krw"),
        kind=None if not accepted.kind else KIND.read(accepted.kind, "accepted.kind"),
        time_in_force=TIME_IN_FORCE.read_or(accepted.time_in_force, "accepted.time_in_force", TimeInForce.DAY),
        venue=VENUE.read_or(accepted.venue, "accepted.venue", Venue.KRX),
        stop_price=krw_or_none(accepted, "stop_price_krw"),
    )


def _read_replaced(event: pb.OrderEvent, journal_id: str, at: UnixNanos) -> OrderReplaced:
    replaced = event.replaced
    return OrderReplaced(
        journal_id=journal_id,
        event_seq=event.seq,
        venue_time=at,
        client_order_id=ClientOrderId(event.client_order_id),
        request_id=RequestId(replaced.request_id),
        venue_order_id=VenueOrderId(event.venue_order_id),
        new_venue_order_id=VenueOrderId(replaced.new_venue_order_id),
        moved_qty=replaced.moved_qty,
        limit_price=Krw(replaced.limit_price_krw),
        leaves_qty=replaced.leaves_qty,
    )


def encode_fact(fact: OrderFact) -> bytes:
    """Give the bytes the journal keeps."""
    return write_fact(fact).SerializeToString()


def decode_fact(raw: bytes, journal_id: str) -> OrderFact:
    """Read the bytes the journal keeps."""
    return read_fact(pb.OrderEvent.FromString(raw), journal_id)
