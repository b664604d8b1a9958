"""What an order asks for besides shares, in words, and which of it can never be. A venue's own answer comes later."""

from domain.krx.order_kinds import KINDS
from domain.krx.order_phases import NXT_PHASES
from domain.types import OrderKind, TimeInForce, Venue


def in_words(kind: OrderKind) -> str:
    """Give a kind for people, e.g. `best limit`."""
    return kind.lower().replace("_", " ")


def terms_in_words(
    kind: OrderKind,
    limit_price: int | None,
    time_in_force: TimeInForce = TimeInForce.DAY,
    venue: Venue = Venue.KRX,
    stop_price: int | None = None,
) -> str:
    """Give price and terms for people: `at 9,990 KRW`, `at market`, `best limit IOC`. Usual terms are left out.

    Prices are KRW per share.
    """
    price = "" if limit_price is None else f"at {limit_price:,} KRW"
    if kind is OrderKind.MARKET:
        words = ["at market"]
    elif kind is OrderKind.LIMIT:
        words = [price or "limit"]
    else:
        words = [in_words(kind), price]
    stop = "" if stop_price is None else f"once {stop_price:,} KRW trades"
    force = "" if time_in_force is TimeInForce.DAY else time_in_force.value
    return " ".join(filter(None, [*words, stop, force, "" if venue is Venue.KRX else f"on {venue.value}"]))


def impossible(kind: OrderKind, time_in_force: TimeInForce, venue: Venue) -> tuple[str, str, str] | None:
    """Name the field that fits no order of this kind, with its value and what is allowed; None when all may be.

    Only what no session ever takes. What the present one does not take, the venue rejects. Source: `order_kinds.KINDS`.
    """
    rows = [row for row in KINDS if row.kind is kind]
    forces = [row.time_in_force.value for row in rows]
    if time_in_force not in forces:
        return "time_in_force", time_in_force.value, f"one of {', '.join(forces)} for a {in_words(kind)} order"
    if venue is Venue.NXT and not any(row.marks.keys() & NXT_PHASES for row in rows):
        return "venue", venue.value, f"KRX or SOR for a {in_words(kind)} order: NXT has no session for it"
    return None
