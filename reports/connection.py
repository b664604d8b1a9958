"""Links over market time, and how often and how long they were away."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from domain.messages.link import ConnectionChanged, UptimeMeasured
from domain.time import kst_text
from domain.types import LinkName
from fsm.connection import State
from reports.model import ConnectionPart
from reports.reading import DayFacts

UP = (State.READY.value, State.DEGRADED.value)
WANTED = ("stop", "redirect", "resync", "reset")  # triggers that are no loss: we or a person asked for it
NANOS_PER_MS = 1_000_000


def connection_of(days: Sequence[DayFacts]) -> ConnectionPart:
    """Sum up the newest account of every date; 0 market time: nothing was measured (back-tests, older logs)."""
    newest: dict[date, UptimeMeasured] = {}
    for facts in days:
        for told in facts.uptime:
            newest[date.fromisoformat(told.trading_date)] = told
    dates = {facts.day for facts in days}
    measured = [told for day, told in newest.items() if day in dates]
    losses: dict[str, int] = {}
    longest = 0
    for facts in days:
        for link in LinkName:
            changes = [change for change in facts.connections if change.link is link]
            count = sum(is_loss(change) for change in changes)
            if count:
                losses[link.value] = losses.get(link.value, 0) + count
            longest = max(longest, *_spells(changes, facts.ended_at), 0)
    return ConnectionPart(
        market_ms=sum(told.market_ms for told in measured),
        up_ms=sum(told.up_ms for told in measured),
        degraded_ms=sum(told.degraded_ms for told in measured),
        down_ms=sum(told.down_ms for told in measured),
        planned_ms=sum(told.planned_ms for told in measured),
        losses=losses,
        longest_ms=longest // NANOS_PER_MS,
    )


def losses_by_hour(days: Iterable[DayFacts]) -> dict[str, int]:
    """Count losses by hour of system time, KST (09)."""
    hours = Counter(
        kst_text(change.system_time)[:2] for facts in days for change in facts.connections if is_loss(change)
    )
    return dict(sorted(hours.items()))


def is_loss(change: ConnectionChanged) -> bool:
    """Tell whether a link was lost: it was up, is not any more, and nobody asked for it."""
    return change.from_state in UP and change.to_state not in UP and change.trigger not in WANTED


def _spells(changes: Iterable[ConnectionChanged], ended_at: int) -> list[int]:
    """Give how long a link was away after each loss (ns of system time); up to the end where it never came back."""
    spells = []
    since: int | None = None
    for change in changes:
        if is_loss(change):
            since = change.system_time
        elif since is not None and (change.to_state in UP or change.to_state == State.STOPPED.value):
            spells.append(change.system_time - since)
            since = None
    if since is not None:
        spells.append(max(0, ended_at - since))
    return spells
