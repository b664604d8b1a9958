"""A venue small enough to play through completely: every true history of an order of one or two shares."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from domain.types import Krw, RequestOutcome
from tests.domain.order_builders import (
    PRICE,
    accepted,
    answered,
    cancelled,
    expired,
    filled,
    received,
    refused,
    replaced,
)


class Want(NamedTuple):
    """A change the client is going to ask for. Its id names it; a modify makes the leg `new`."""

    request_id: str
    leg: str
    quantity: int  # 0: cancel all that is left; otherwise modify so many shares
    new: str = ""


@dataclass(frozen=True)
class Happening:
    """A true message, what it needs to have been asked for, and the leaves of each leg after it."""

    message: Any
    needs: str  # request id, empty for none
    leaves: dict[str, int]


@dataclass(frozen=True)
class Venue:
    """What the venue knows. `open_requests` are not yet answered."""

    legs: tuple[tuple[str, int], ...]
    waiting: tuple[Want, ...]  # not yet heard of
    numbered: tuple[Want, ...]  # received, not answered
    made_by: tuple[tuple[str, str], ...]  # leg -> request that made it
    story: tuple[Happening, ...]
    trades: int = 0

    @property
    def leaves(self) -> dict[str, int]:
        return dict(self.legs)

    def told(self, message: Any, needs: str, leaves: dict[str, int], **changes: Any) -> "Venue":
        happening = Happening(message, needs, leaves)
        return replace(self, legs=tuple(leaves.items()), story=(*self.story, happening), **changes)


def histories(quantity: int, wants: tuple[Want, ...]) -> Iterator[tuple[Happening, ...]]:
    """Give every complete history: all shares accounted for, all requests answered."""
    start = Venue((), wants, (), (), ())
    start = start.told(accepted(1, "A", quantity), "", {"A": quantity})
    yield from _play(start)


def _play(venue: Venue) -> Iterator[tuple[Happening, ...]]:
    if not any(venue.leaves.values()) and not venue.numbered:
        # What was never received ends with the journal's word that it never arrived.
        for want in (w for w in venue.waiting if w.leg in venue.leaves):
            venue = venue.told(answered(RequestOutcome.VOID, want.request_id), want.request_id, venue.leaves)
        yield venue.story
        return
    for following in _steps(venue):
        yield from _play(following)


def _steps(venue: Venue) -> Iterator[Venue]:
    seq = len(venue.story) + 1
    makers = dict(venue.made_by)
    for number, leaves in venue.legs:
        for shares in range(1, leaves + 1):
            after = {**venue.leaves, number: leaves - shares}
            price = Krw(PRICE + 7 * seq)  # each another one, so that money in the wrong place shows
            fill = filled(seq, f"t{venue.trades}", number, shares, leaves - shares, price)
            yield venue.told(fill, makers.get(number, ""), after, trades=venue.trades + 1)
    for want in venue.waiting:
        if want.leg in venue.leaves:
            rest = tuple(w for w in venue.waiting if w != want)
            number = want.new or f"n-{want.request_id}"
            message = received(seq, want.request_id, want.leg, number)
            yield venue.told(message, want.request_id, venue.leaves, waiting=rest, numbered=(*venue.numbered, want))
    for want in venue.numbered:
        yield from _answers(venue, want, seq)
    live = [(number, leaves) for number, leaves in venue.legs if leaves]
    if live:
        yield _expire(venue, live, seq, makers)


def _answers(venue: Venue, want: Want, seq: int) -> Iterator[Venue]:
    rest = tuple(w for w in venue.numbered if w != want)
    leaves = venue.leaves
    yield venue.told(refused(seq, want.request_id, want.leg), want.request_id, leaves, numbered=rest)
    there = leaves[want.leg]
    if not there:
        return
    if not want.quantity:
        after = {**leaves, want.leg: 0}
        message = cancelled(seq, there, want.request_id, want.leg)
        yield venue.told(message, want.request_id, after, numbered=rest)
        return
    moved = min(there, want.quantity)
    after = {**leaves, want.leg: there - moved, want.new: moved}
    moving = replaced(seq, moved, want.request_id, want.leg, want.new, there - moved)
    makers = (*venue.made_by, (want.new, want.request_id))
    yield venue.told(moving, want.request_id, after, numbered=rest, made_by=makers)


def _expire(venue: Venue, live: list[tuple[str, int]], seq: int, makers: dict[str, str]) -> Venue:
    for offset, (number, leaves) in enumerate(live):
        after = {**venue.leaves, number: 0}
        venue = venue.told(expired(seq + offset, leaves, number), makers.get(number, ""), after)
    return venue
