"""Book what the broker's lists prove of an order and no event has told (OrderEvidence).

The numbers of an evidence are of what nobody had booked when it was said, so each is booked once and adds up:

    accepted    the leg `venue_order_id` lives, `quantity` shares at `limit_price`; a later OrderAccepted is the same
    filled      `quantity` more shares of the leg are filled, with `notional`, `commission` and `tax` in all
    cancelled   `quantity` more shares of the leg are cancelled; `request_id` is confirmed when it is given
    expired     `quantity` more shares of the leg ended with the day
    replaced    `quantity` shares moved from the leg to `new_venue_order_id` at `limit_price`; `request_id` likewise
    rejected    the lists show the order refused: as OrderRejected, with `reason` in the place of its words
    absent      the lists do not know the order, and time enough has passed: as a submit that never arrived
    resolved    the change `request_id` is answered and moves no shares: with `quantity` 0 it was refused or did
                nothing, with more it was confirmed and its shares are in the books already

Events about the same shares take its place, whichever comes first; see `inferring.py`.
"""

from domain.inferred import Money
from domain.messages.link import OrderEvidence
from domain.orders import inferring
from domain.orders.booking import Booked, accepted, answer, checked, confirmed, filled, note
from domain.orders.legs import out, sized
from domain.orders.model import ClientOrder, Fact, FactKind
from domain.types import RequestId, VenueOrderId

MOVES = ("filled", "cancelled", "expired", "replaced")  # facts about shares


def book_evidence(order: ClientOrder, proved: OrderEvidence) -> Booked:
    """Book one evidence. One that makes no sense is not booked and alerts, as facts from outside do."""
    if proved.fact in MOVES and proved.quantity <= 0:
        return Booked(order, False, f"evidence {proved.fact} expected shares > 0, was {proved.quantity}: not booked")
    match proved.fact:
        case "accepted":
            return _accepted(order, proved)
        case "filled":
            return _filled(order, proved)
        case "cancelled":
            return _cancelled(order, proved)
        case "expired":
            return _expired(order, proved)
        case "replaced":
            return _replaced(order, proved)
        case "rejected":
            noted = note(order, Fact(FactKind.REJECTED, VenueOrderId(""), "", is_inferred=True))
            return noted if isinstance(noted, Booked) else Booked(noted, True)
        case "resolved":
            return answer(order, RequestId(proved.request_id), "confirm" if proved.quantity else "refuse")
    return Booked(order, False, f"evidence {proved.fact!r} is none this order knows: not booked")


def _accepted(order: ClientOrder, proved: OrderEvidence) -> Booked:
    number = VenueOrderId(proved.venue_order_id)
    noted = note(order, Fact(FactKind.ACCEPTED, number, "", proved.quantity, proved.limit_price, is_inferred=True))
    return noted if isinstance(noted, Booked) else accepted(noted, number, proved.quantity, proved.limit_price)


def _filled(order: ClientOrder, proved: OrderEvidence) -> Booked:
    number, money = VenueOrderId(proved.venue_order_id), Money(proved.notional, proved.commission, proved.tax)
    after = inferring.add_fill(order, number, proved.quantity, money, proved.leaves_qty)
    return checked(filled(after, number, proved.quantity, proved.quantity + proved.leaves_qty, money))


def _cancelled(order: ClientOrder, proved: OrderEvidence) -> Booked:
    number = VenueOrderId(proved.venue_order_id)
    after = inferring.add(order, FactKind.CANCELLED, number, proved.request_id, proved.quantity)
    after = after._replace(cancelled_qty=after.cancelled_qty + proved.quantity)
    after = out(after, number, "cancelled_qty", proved.quantity, proved.quantity + proved.leaves_qty)
    return confirmed(checked(after), RequestId(proved.request_id))


def _expired(order: ClientOrder, proved: OrderEvidence) -> Booked:
    number = VenueOrderId(proved.venue_order_id)
    after = inferring.add(order, FactKind.EXPIRED, number, "", proved.quantity)
    after = after._replace(expired_qty=after.expired_qty + proved.quantity)
    return checked(out(after, number, "expired_qty", proved.quantity, proved.quantity))


def _replaced(order: ClientOrder, proved: OrderEvidence) -> Booked:
    old, new = VenueOrderId(proved.venue_order_id), VenueOrderId(proved.new_venue_order_id)
    # Newer than every replacement heard: the lists were read after it was delivered.
    newest = max((known.event_seq for known in order.facts if known.kind is FactKind.REPLACED), default=0)
    fact = Fact(
        FactKind.REPLACED,
        old,
        proved.request_id or f"~{new}",
        proved.quantity,
        proved.limit_price,
        new,
        event_seq=newest,
        is_inferred=True,
    )
    noted = note(order, fact)
    if isinstance(noted, Booked):
        return noted
    after = out(noted, old, "moved_qty", proved.quantity, proved.quantity + proved.leaves_qty)
    after = sized(after, new, proved.quantity, proved.limit_price)
    if proved.limit_price is not None:
        after = after._replace(limit_price=proved.limit_price)
    return confirmed(Booked(after, True), RequestId(proved.request_id))
