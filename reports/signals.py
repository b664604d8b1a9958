"""Scored signals of a period, strategy by strategy, beside always being in."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from domain.messages.trading import BaselineScored, SignalScored
from domain.scoring.accuracy import Chances, accuracy, chances_of
from domain.types import Purpose
from reports.crew import Crew
from reports.model import SignalLine
from reports.packing import pack_list, unpack_list
from reports.reading import DayFacts
from reports.rows import Scored


class Scores(NamedTuple):
    """Scored signals of a period."""

    lines: tuple[SignalLine, ...]  # for each strategy and purpose, entries first
    entries: SignalLine | None  # of all strategies; None: none was scored


def scores_of(days: Sequence[DayFacts], crew: Crew) -> Callable[[], Scores]:
    """Sum signals up meanwhile, give what waits for it. A signal counts on the date on which it was scored."""
    scored = [facts.scored if facts.packed_scores is None else facts.packed_scores for facts in days]
    return crew.aside(_scores, Given([row for facts in days for row in facts.baselines], scored))


def packed_scores(scored: Sequence[Scored]) -> bytes:
    """Give what was scored on a date on its way to where all dates are summed up."""
    return pack_list(scored)


class Given(NamedTuple):
    """What scores are made of; scored signals by date, packed or as they are."""

    baselines: list[BaselineScored]
    scored: list[bytes | list[Scored]]


def _scores(given: Given) -> Scores:
    chances = chances_of(given.baselines)
    every: list[Scored] = []
    for part in given.scored:
        every += unpack_list(Scored, part) if isinstance(part, bytes) else part
    groups: dict[tuple[bool, str], list[Scored]] = {}
    for scored in every:
        groups.setdefault((scored.purpose is not Purpose.ENTRY, scored.strategy), []).append(scored)
    lines = tuple(_line(groups[key], chances) for key in sorted(groups))
    entries = [line for line in lines if line.purpose == Purpose.ENTRY]
    if len(entries) < 2:  # one strategy alone is the whole
        return Scores(lines, entries[0] if entries else None)
    return Scores(lines, _line([one for one in every if one.purpose is Purpose.ENTRY], {}))


def _line(scored: Sequence[Scored], chances: Chances) -> SignalLine:
    whole = cast(Sequence[SignalScored], scored)  # it has every field that accuracy reads
    found = accuracy("strategy", scored[0].strategy, scored[0].purpose, whole, chances)
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
