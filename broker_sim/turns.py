"""What happens by the venue's clock alone: requests arrive at the book, auctions begin and end, sessions end."""

from typing import TYPE_CHECKING

from broker_sim import change_entry, order_entry, outcomes
from broker_sim.venue_day import Item, Session, Turn
from domain.messages.orders import OrderFact
from domain.types import UnixNanos

if TYPE_CHECKING:
    from broker_sim.exchange import Exchange


def arrive(venue: "Exchange") -> list[OrderFact]:
    """Let the next request that is under way meet the book."""
    when, number = venue.arrivals.next_at, venue.arrivals.next_number
    venue.now = UnixNanos(max(venue.now, when))
    leg = venue.books.legs.get(number)
    if leg is None:
        venue.arrivals.pop()
        change = venue.books.orders.change(number)
        return change_entry.meet(venue, change) if change is not None else []
    issue = venue.floor.issue(leg.symbol, venue.now)  # opened before the leg counts as arrived
    venue.arrivals.pop()
    if order_entry.judge_kind(venue, leg.symbol, leg.kind, leg.time_in_force):
        facts = [outcomes.end(venue, leg)]  # its session turned while it was under way
    else:
        facts = outcomes.meet(venue, issue, leg)
    venue.floor.release(leg.symbol)
    return facts


def turn(venue: "Exchange", item: Item) -> list[OrderFact]:
    """Do what the clock does to the books."""
    venue.now = UnixNanos(max(venue.now, item.stamp))
    facts: list[OrderFact] = []
    if item.turn is Turn.DAY_BEGINS:
        old = [leg for leg in venue.books.legs.values() if leg.accepted_at < venue.today.begin]
        facts = [outcomes.expire(venue, leg, venue.now) for leg in old]
        venue.floor.forget()
    elif item.turn is Turn.OPENING_OVER:
        for symbol, executions in venue.floor.end_opening():
            facts += outcomes.settle(venue, venue.floor.issue(symbol, venue.now), executions)
            venue.floor.release(symbol)
    elif item.turn is Turn.CLOSING_BEGINS:
        venue.floor.begin_closing()
    elif item.turn is Turn.HALT_ENDS:
        venue.floor.halt(item.at)
    else:
        facts = _end_session(venue, item)
    return facts


def _end_session(venue: "Exchange", item: Item) -> list[OrderFact]:
    if item.session is Session.REGULAR:
        venue.floor.count_uncrossed()
        if not venue.view.is_closed:
            venue.view.keep_closes(item.at)
    over = [
        leg
        for leg in venue.books.legs.values()
        if leg.accepted_at < item.at and venue.today.session_of(leg.kind, leg.accepted_at) is item.session
    ]
    facts = [outcomes.expire(venue, leg, venue.now) for leg in over]
    if item.session is not Session.PRE_OPEN:
        venue.floor.forget()
        return facts
    for leg in over:  # the opening auction goes on
        issue = venue.floor.issues.get(leg.symbol)
        if issue is not None:
            issue.tidy(leg.number)
            venue.floor.release(leg.symbol)
    return facts
