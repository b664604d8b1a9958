"""What must hold: at a step, in every state, and when nothing is under way any more."""

from typing import Any

from broker.fences import opens
from broker.port import Receipt
from domain.messages import Message
from domain.messages.orders import CancelOrder, RequestAnswered, SubmitOrder
from domain.types import Gate, RequestOutcome
from fsm.client_order import State
from tests.actors.builders import SAMSUNG
from tests.protocol.broker import Broker
from tests.protocol.trader import Books, Trader
from tests.protocol.venue import CASH, PRICE, QUANTITY, Venue
from tests.protocol.world import Item, Violation, World

TRUTH = {"live": State.WORKING, "filled": State.FILLED, "cancelled": State.CANCELLED}
NEVER_THERE = (State.REJECTED, State.DENIED)
DOUBT = ("SENDING", "IN_DOUBT")


# ---- at a step -------------------------------------------------------------------------------------------------


def check_sending(world: World, item: Item, request: Any) -> None:
    """Check a request that the link puts on the wire."""
    if item.what in world.sent:
        raise Violation(f"{item.what} is put on the wire twice")
    if item.what not in world.made:
        raise Violation(f"{item.what} is of an earlier run and is put on the wire by this one")
    if isinstance(request, SubmitOrder) and not world.gate.passes(request.purpose):
        raise Violation(f"{item.what} leaves though the gate is {world.gate}")


def check_answer(answer: Message | Receipt, request: Message | None) -> None:
    """Check that no cancel is refused for a gate."""
    refused = isinstance(answer, RequestAnswered | Receipt) and answer.code == "GATE_CLOSED"
    if refused and isinstance(request, CancelOrder):
        raise Violation("a cancel is refused because of the gate")


def check_reached(world: World, item: Item, venue: Venue) -> None:
    """Check a request that changed something at the venue."""
    if item.what not in world.durable:
        raise Violation(f"{item.what} reaches the venue and is not durable in the trader's log")
    if item.what in world.void:
        raise Violation(f"{item.what} was called void and reaches the venue")
    if item.stale and len(venue) != len(world.venue):
        raise Violation(f"{item.what} comes on a session that was fenced off and reaches the venue")
    names = [order.client_order_id for order in venue]
    if len(set(names)) != len(names):
        raise Violation(f"two orders at the venue for one intent: {', '.join(names)}")


def check_gate(item: Item, before: Gate, after: Gate) -> None:
    """Check a gate that came to the broker."""
    if item.stale and opens(before, after):
        raise Violation(f"a message of a session that was fenced off opens the gate: {before} to {after}")


# ---- in every state --------------------------------------------------------------------------------------------


def check_state(trader: Trader, broker: Broker, world: World) -> None:
    """Check what the trader believes against what cannot be undone any more."""
    books = trader.books[world.kernel]
    for name, status, reason in books.orders:
        if status is State.QUARANTINED:
            raise Violation(f"{name} is quarantined: {reason}")
        if status is State.REJECTED and name in world.sent:
            outcome = broker.content(world.journal).outcome(name)
            if outcome not in (RequestOutcome.REFUSED, RequestOutcome.VOID):
                raise Violation(f"{name} is called rejected while the journal says {outcome or 'nothing of it'}")


# ---- when nothing is under way ---------------------------------------------------------------------------------


def in_doubt(broker: Broker, world: World) -> set[str]:
    """Give the requests whose fate not even the broker knows."""
    return {str(row[0]) for row in broker.content(world.journal).requests if row[2] in DOUBT}


def is_settled(trader: Trader, world: World) -> bool:
    """Tell whether the trader has nothing left to find out."""
    books = trader.books[world.kernel]
    is_working = books.asking or books.waiting or (books.day == "HALTED" and books.open)
    return books.link == "READY" and not is_working


def check_gates(broker: Broker, world: World) -> None:
    """Check that the broker lets nothing pass that the trader does not, whatever came late.

    It may let less pass: a session that was fenced off may still close the gate.
    """
    there = broker.content(world.journal).gate
    if opens(world.gate, there):
        raise Violation(f"the gate is {world.gate} here and {there} at the broker")


def check_quiet(trader: Trader, broker: Broker, world: World) -> None:
    """Check own books against the venue's truth: none lost, none doubled, every doubt said in words."""
    books, doubts = trader.books[world.kernel], in_doubt(broker, world)
    ours = {name: (status, reason) for name, status, reason in books.orders}
    truth = {order.client_order_id: order.state for order in world.venue}
    for name in truth:
        if name not in ours:
            raise Violation(f"{name} is at the venue and not in the trader's books")
    for name, (status, reason) in ours.items():
        if any(item.startswith(name) for item in doubts) and status in (State.UNKNOWN_SUBMIT, State.UNKNOWN_CANCEL):
            if not reason:
                raise Violation(f"{name} is {status} and nobody is told why")
        elif name in truth and status is not TRUTH[truth[name]]:
            raise Violation(f"{name} is {truth[name]} at the venue and {status} here")
        elif name not in truth and status not in NEVER_THERE:
            raise Violation(f"{name} is not at the venue and {status} here")
    if not doubts:
        _check_books(books, world)


def _check_books(books: Books, world: World) -> None:
    held = QUANTITY * sum(order.state == "filled" for order in world.venue)
    if dict(books.positions) != ({SAMSUNG: held} if held else {}):
        raise Violation(f"{held} shares are held, the books say {dict(books.positions)}")
    if books.cash + held * PRICE != CASH:
        raise Violation(f"the books say {books.cash} won for {held} shares")
    if books.day == "HALTED" and any(order.state == "live" for order in world.venue):
        raise Violation("the day is halted and an order is live at the venue")
    if books.day == "HALTED" and books.gate is not Gate.CANCELS_ONLY:
        raise Violation(f"the day is halted and the gate is {books.gate}")
