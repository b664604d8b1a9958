"""What must hold when a scenario is over. Each check gives findings; none means that it holds.

What was lost or doubled is worked out from the venue's own journal, never from what the trader believes; the log says
only what was meant to happen. Where a broker misbehaves there are two journals: `venue` is the truth, `told` what the
process next to it knows.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from chaos.books import SENDING, TraderBook, VenueBook, final_answers
from domain.types import RequestOutcome
from fsm.client_order import CLOSED
from persistence.verify import verify

SENT = str(RequestOutcome.SENT)
OPEN_OUTCOMES = (SENDING, str(RequestOutcome.IN_DOUBT))
NOT_ORDERS = ("gate-", "faults-")  # begin of request ids that set a gate
REPLAY_S = 900.0


class Finding(NamedTuple):
    """One thing that does not hold."""

    check: str  # lost, doubled, outcome, books, halted, roles, chain, replay, process, failover, stuck
    subject: str  # order, request, instrument, file
    text: str


class Halt(NamedTuple):
    """A halt that was promised to a person."""

    answered_at: int  # system time, ns: from here on no new order may reach the venue
    lifted_at: int  # system time, ns: nobody asked for it to be lifted before


class LiveAccount(NamedTuple):
    """What the broker itself answered just before it was stopped."""

    cash: int  # KRW
    holdings: dict[str, int]  # shares


def all_findings(
    venue: VenueBook, told: VenueBook | None, trader: TraderBook, live: LiveAccount | None = None
) -> list[Finding]:
    """Hold both accounts against each other, order by order and in sum."""
    return [
        *doubled(venue, trader),
        *lost(venue, told, trader),
        *outcomes(venue, told, trader),
        *books(venue, trader, live),
        *(Finding("roles", failure, "a role failed") for failure in trader.failed_roles),
    ]


def doubled(venue: VenueBook, trader: TraderBook) -> Iterator[Finding]:
    """Find what the venue did twice, or without being asked."""
    for request_id, times in trader.intents.items():
        if times > 1:
            yield Finding("doubled", request_id, f"stands {times} times in the log")
    for order_id, times in venue.accepted.items():
        if times > 1:
            yield Finding("doubled", order_id, f"the venue took it {times} times")
    for order_id in sorted(venue.named - trader.submits):
        yield Finding("doubled", order_id, "the venue has this order, the log holds no intent of it")
    for request_id, outcome in venue.outcomes.items():
        is_order = not request_id.startswith(NOT_ORDERS)
        if is_order and outcome == SENT and request_id not in trader.intents:
            yield Finding("doubled", request_id, "the venue acted on this request, the log holds no intent of it")
    seen = Counter((fill.venue_order_id, fill.trade_id) for fill in venue.fills)
    for (number, trade), times in seen.items():
        if times > 1:
            yield Finding("doubled", trade, f"the venue executed this trade of {number} {times} times")
    for order_id, order in trader.orders.items():
        more = order.filled_qty - venue.filled[order_id]
        if more > 0:
            yield Finding("doubled", order_id, f"{more} shares more in the books than the venue filled")


def lost(venue: VenueBook, told: VenueBook | None, trader: TraderBook) -> Iterator[Finding]:
    """Find intents nobody answers for, and what happened at the venue without the trader's knowing in the end."""
    known = (told or venue).outcomes
    for request_id, order_id in trader.order_of.items():
        order = trader.orders.get(order_id)
        if order is None:
            yield Finding("lost", order_id, "its intent is in the log, the books do not know it")
            continue
        if request_id not in known and not _is_accounted_for(request_id, order_id, trader):
            yield Finding("lost", request_id, f"neither at the venue nor written off; order {order_id} {order.status}")
        if venue.outcomes.get(request_id) == SENT and known.get(request_id) not in (SENT, *OPEN_OUTCOMES):
            was = known.get(request_id)
            yield Finding("lost", request_id, f"the venue acted on it, the broker's process says {was}")
    for order_id, shares in venue.filled.items():
        believed = trader.orders.get(order_id)
        less = shares - (believed.filled_qty if believed else 0)
        if less > 0:
            yield Finding("lost", order_id, f"the venue filled {less} shares more than the books hold")
    for order_id in venue.accepted:
        believed = trader.orders.get(order_id)
        if believed is not None and believed.status in ("REJECTED", "DENIED"):
            yield Finding("lost", order_id, f"the venue took it, the trader says {believed.status}")


def _is_accounted_for(request_id: str, order_id: str, trader: TraderBook) -> bool:
    """Tell whether a request that never came to the broker has its one outcome all the same.

    Our own link refuses behind a closed gate, before the wire. A change that was never sent ends with its order.
    """
    refused = final_answers(trader, request_id) == {RequestOutcome.REFUSED}
    is_change = request_id not in trader.submits
    return refused or (is_change and trader.orders[order_id].status in CLOSED)


def outcomes(venue: VenueBook, told: VenueBook | None, trader: TraderBook) -> Iterator[Finding]:
    """Find intents without exactly one outcome."""
    known = (told or venue).outcomes
    for request_id in trader.order_of:
        at_broker = known.get(request_id)
        if at_broker in OPEN_OUTCOMES:
            yield Finding("outcome", request_id, f"still {at_broker} at the broker")
        heard = {answer is RequestOutcome.SENT for answer in final_answers(trader, request_id)}
        if len(heard) > 1:
            yield Finding("outcome", request_id, "was told to be sent, and not to be sent")
        elif heard and at_broker is not None and at_broker not in OPEN_OUTCOMES and heard != {at_broker == SENT}:
            said = sorted(final_answers(trader, request_id))
            yield Finding("outcome", request_id, f"the broker has it as {at_broker}, the trader heard {said}")
    for order_id in sorted(trader.submits):
        order = trader.orders.get(order_id)
        if order is not None and order.status not in CLOSED:
            yield Finding("outcome", order_id, f"is {order.status} at the end")


def books(venue: VenueBook, trader: TraderBook, live: LiveAccount | None) -> Iterator[Finding]:
    """Find shares and won that differ between the venue's journal, the broker's answers and the trader."""
    yield from _compared("the trader's books", trader.cash, trader.holdings, venue)
    if live is not None:
        yield from _compared("the broker's answer", live.cash, live.holdings, venue)
    if trader.reports and not trader.reports[-1].agreed:
        last = "; ".join(trader.reports[-1].differences)
        yield Finding("books", "reconciliation", f"the last one found differences: {last}")


def _compared(whose: str, cash: int, holdings: Mapping[str, int], venue: VenueBook) -> Iterator[Finding]:
    if cash != venue.cash:
        yield Finding("books", "cash", f"{whose}: {cash:,} KRW, the venue's journal adds up to {venue.cash:,}")
    for code in sorted({*holdings, *venue.holdings}):
        mine, theirs = holdings.get(code, 0), venue.holdings[code]
        if mine != theirs:
            yield Finding("books", code, f"{whose}: {mine:,} shares, the venue's journal adds up to {theirs:,}")


def halted(venue: VenueBook, submits: Set[str], halts: Sequence[Halt]) -> Iterator[Finding]:
    """Find orders that reached the venue after somebody was told that none would. Clocks must be the machine's."""
    for order_id in sorted(submits & venue.accepted.keys()):
        at = venue.recorded_at[order_id]
        for halt in halts:
            if halt.answered_at < at < halt.lifted_at:
                late_ms = (at - halt.answered_at) / 1_000_000
                yield Finding("halted", order_id, f"the venue took it {late_ms:.1f} ms after the answer to a halt")


def chain(log: Path) -> list[Finding]:
    """Find out whether the log is what was written."""
    report = verify(log)
    return [] if report.ok else [Finding("chain", log.name, report.problem)]


def replayed(log: Path) -> list[Finding]:
    """Find out whether a fresh process with another hash seed decides the same."""
    command = [sys.executable, "-m", "cli.main", "log", "replay", "--log", str(log.resolve()), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=REPLAY_S, check=False)
    lines = done.stdout.splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        return [Finding("replay", log.name, f"gave no answer, exit {done.returncode}: {done.stderr.strip()[-300:]}")]
    if answer["identical"]:
        return []
    where = answer.get("first_difference_seq")
    return [Finding("replay", log.name, f"not identical, the first difference is at event {where}")]
