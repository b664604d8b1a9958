"""Orders by hand as DeskService gets them. What can never be is refused here, before any role sees it."""

from broker.translate.values import (
    INVALID_ARGUMENT,
    KIND,
    SIDE,
    TIME_IN_FORCE,
    VENUE,
    bad_field,
    check_prices,
)
from domain.errors import RequestRefused
from domain.messages.operator import ManualOrderRequested
from domain.order_terms import impossible
from domain.types import Krw, TimeInForce, Venue
from hantrade.v1 import desk_pb2

# What an order by hand may ask at all; the rules of risk are stricter.
MAX_QUANTITY, MAX_PRICE_KRW = 1_000_000_000, 1_000_000_000
MAX_OVERRIDES = 16  # one by one; whoever needs more should change the settings


def read_manual_order(request: desk_pb2.SubmitManualOrderRequest, caller: str) -> ManualOrderRequested:
    """Read an order by hand, still without an id. Raises RequestRefused INVALID_ARGUMENT naming the field at fault.

    Unset time in force and venue mean a day order at KRX.
    """
    side, kind = SIDE.read(request.side, "side"), KIND.read(request.kind, "kind")
    time_in_force = TIME_IN_FORCE.read_or(request.time_in_force, "time_in_force", TimeInForce.DAY)
    venue = VENUE.read_or(request.venue, "venue", Venue.KRX)
    limit_price, stop_price = price_of(request, "limit_price_krw"), price_of(request, "stop_price_krw")
    whole(request.quantity, "quantity", MAX_QUANTITY)
    check_prices(kind, limit_price, stop_price)
    if len(request.overrides) > MAX_OVERRIDES:
        raise bad_field("overrides", len(request.overrides), f"at most {MAX_OVERRIDES} checks")
    if request.overrides and not request.note.strip():
        raise bad_field("note", request.note, "a reason in words (--note): it overrides checks")
    problem = impossible(kind, time_in_force, venue)
    if problem is not None:
        raise bad_field(*problem)
    return ManualOrderRequested(
        command_id="",
        caller=caller,
        symbol=request.symbol,
        side=side,
        kind=kind,
        quantity=request.quantity,
        limit_price=limit_price,
        note=request.note,
        time_in_force=time_in_force,
        venue=venue,
        stop_price=stop_price,
        overrides=tuple(dict.fromkeys(code.upper() for code in request.overrides)),
    )


def price_of(request: desk_pb2.SubmitManualOrderRequest | desk_pb2.ModifyManualOrderRequest, field: str) -> Krw | None:
    """Read an optional price (won). Raises RequestRefused INVALID_ARGUMENT outside 1 to MAX_PRICE_KRW."""
    if not request.HasField(field):
        return None
    return Krw(whole(getattr(request, field), field, MAX_PRICE_KRW))


def whole(value: int, field: str, largest: int) -> int:
    """Read a number from 1 to `largest`. Raises RequestRefused INVALID_ARGUMENT."""
    if not 0 < value <= largest:
        allowed = f"1 to {largest:,}"
        text = f"{field} expected {allowed}, was {value:,}"
        raise RequestRefused(INVALID_ARGUMENT, text, field=field, value=str(value), allowed=allowed)
    return value
