"""Scored signals of a period, strategy by strategy, beside always being in."""

from collections.abc import Iterable, Sequence

from domain.messages.trading import SignalScored
from domain.scoring.accuracy import Chances, accuracy, chances_of
from domain.types import Purpose
from reports.model import SignalLine
from reports.reading import DayFacts


def signals_of(days: Sequence[DayFacts]) -> tuple[SignalLine, ...]:
    """Give a line for each strategy and purpose, entries first. A signal counts on the date on which it was scored."""
    chances = chances_of(row for facts in days for row in facts.baselines)
    groups: dict[tuple[bool, str], list[SignalScored]] = {}
    for facts in days:
        for scored in facts.scored:
            groups.setdefault((scored.purpose is not Purpose.ENTRY, scored.strategy), []).append(scored)
    return tuple(_line(groups[key], chances) for key in sorted(groups))


def entries_of(days: Iterable[DayFacts], lines: Iterable[SignalLine]) -> SignalLine | None:
    """Give all entries in one line; None when none was scored. One strategy alone is the whole."""
    entries = [line for line in lines if line.purpose == Purpose.ENTRY]
    if len(entries) < 2:
        return entries[0] if entries else None
    return _line([one for facts in days for one in facts.scored if one.purpose is Purpose.ENTRY], {})


def _line(scored: Sequence[SignalScored], chances: Chances) -> SignalLine:
    found = accuracy("strategy", scored[0].strategy, scored[0].purpose, scored, chances)
    return SignalLine(
        strategy=found.key,
        purpose=found.purpose.value,
        scored=found.signals,
        right=found.wins,
        low=found.precision_low,
        high=found.precision_high,
        always_in=found.baseline_precision,
        net_bps=found.mean_return_bps,
    )
