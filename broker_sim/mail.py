"""Order messages on their way from Kiwoom to the process: which come, when, how often, and which never do.

A message is in one place at a time: it came, it is held (late, or to come after another), or it was missed. Times are
system time in ns. Draws are named by the message's number at the venue, so that a new process draws the same fate.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from broker_sim.fates import NANOS_PER_MS, Fates
from broker_sim.faults import kind_of
from domain.messages.orders import OrderAccepted, OrderFact

_ANY: Final = "*"  # comes after whatever comes next


@dataclass(frozen=True, slots=True)
class Held:
    """A message that comes later: at `due`, or right after one of the order `after`, whichever is first."""

    fact: OrderFact
    due: int
    after: str = ""
    copies: int = 1
    came: bool = False  # it is the second copy of one that came


class Mail:
    """All messages that did not come yet."""

    def __init__(self, fates: Fates) -> None:
        """Start with nothing on the way."""
        self._fates = fates
        self._seen: Counter[str] = Counter()  # by kind, since the venue's first message
        self._held: list[Held] = []
        self._missed: dict[int, tuple[OrderFact, int]] = {}  # venue's number -> message, when it was missed

    @property
    def held(self) -> int:
        """Give how many are held."""
        return len(self._held)

    @property
    def missed(self) -> int:
        """Give how many were missed and not found since."""
        return len(self._missed)

    def count(self, fact: OrderFact) -> None:
        """Take note of a message that came in an earlier process."""
        self._seen[kind_of(fact)] += 1

    def send(self, fact: OrderFact, now: int, connected: bool) -> list[OrderFact]:
        """Send one message of the venue on its way; give what comes now."""
        kind = kind_of(fact)
        self._seen[kind] += 1
        if not connected or self._strikes("lost", fact):
            self._missed[fact.event_seq] = (fact, now)
            self._fates.done("lost" if connected else "missed while not connected", kind)
            return []
        faults, number = self._fates.plan.of(kind), fact.event_seq
        copies = 1
        if self._strikes("duplicated", fact):
            copies = 2
            self._fates.done("duplicated", kind)
        if self._strikes("late", fact):
            self._hold("late", Held(fact, now + self._fates.wait("late", faults.late_ms, number), "", copies))
            return []
        longest = now + faults.hold_ms * NANOS_PER_MS
        if isinstance(fact, OrderAccepted) and self._strikes("fill_before_ack", fact):
            self._hold("fill_before_ack", Held(fact, longest, fact.client_order_id or _ANY, copies))
            return []
        if self._strikes("reordered", fact):
            self._hold("reordered", Held(fact, longest, _ANY, copies))
            return []
        return self._come([Held(fact, now, "", copies)], now)

    def due(self, now: int) -> list[OrderFact]:
        """Give what comes by now."""
        ripe = sorted((item for item in self._held if item.due <= now), key=lambda item: item.due)
        if not ripe:
            return []
        self._held = [item for item in self._held if item.due > now]
        return self._come(ripe, now)

    def flush(self) -> list[OrderFact]:
        """Give all that is held and did not come yet, in the venue's order. Second copies come when they are due."""
        items = sorted((item for item in self._held if not item.came), key=lambda item: item.fact.event_seq)
        self._held = [item for item in self._held if item.came]
        return [fact for item in items for fact in [item.fact] * item.copies]

    def cut(self, now: int) -> None:
        """The connection breaks: what is held does not come any more."""
        items, self._held = [item for item in self._held if not item.came], []
        for item in items:
            self._missed[item.fact.event_seq] = (item.fact, now)
            self._fates.done("missed while not connected", kind_of(item.fact))

    def recover(self) -> list[OrderFact]:
        """Read the day's lists: give what is held and what was missed, in the venue's order."""
        found, self._missed = self._missed, {}
        for fact, _ in found.values():
            self._fates.done("found in the lists", kind_of(fact))
        return sorted([*(fact for fact, _ in found.values()), *self.flush()], key=lambda fact: fact.event_seq)

    def is_overdue(self, now: int) -> bool:
        """Tell whether the lists are to be read: something was missed long enough ago."""
        wait = self._fates.plan.repair.recover_after_ms * NANOS_PER_MS
        return bool(wait) and any(at + wait <= now for _, at in self._missed.values())

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _strikes(self, what: str, fact: OrderFact) -> bool:
        kind = kind_of(fact)
        ppm: int = getattr(self._fates.plan.of(kind), f"{what}_ppm")
        return self._fates.strikes(what, kind, ppm, self._seen[kind], fact.event_seq, fact.venue_time)

    def _hold(self, what: str, item: Held) -> None:
        self._fates.done(what, kind_of(item.fact))
        self._held.append(item)

    def _come(self, items: Iterable[Held], now: int) -> list[OrderFact]:
        """Let messages come, each with its copies, and behind it what waited for it."""
        came: list[OrderFact] = []
        waiting = list(items)
        while waiting:
            item = waiting.pop(0)
            came.append(item.fact)
            if item.copies > 1:
                again = self._fates.plan.of(kind_of(item.fact)).duplicated_ms
                if again.high:
                    wait = self._fates.wait("duplicated", again, item.fact.event_seq)
                    self._held.append(Held(item.fact, now + wait, came=True))
                else:
                    came.append(item.fact)
            followers = [other for other in self._held if other.after in (_ANY, item.fact.client_order_id or _ANY)]
            self._held = [other for other in self._held if other not in followers]
            waiting += followers
        return came
