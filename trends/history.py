"""One series of several answers: each has a scale of its own, so older days are scaled to the newest answer. Pure."""

from collections.abc import Sequence
from datetime import date

from domain.messages.market import TrendPoint
from trends.joining import LEAST_OVERLAP, Unjoinable, extend
from trends.store import Answer


def as_one_series(answers: Sequence[Answer], least: int = LEAST_OVERLAP) -> tuple[TrendPoint, ...]:
    """Give the newest answer as it came, and before it what older ones add, scaled by their overlap; oldest day first.

    `answers` come with the newest days first. One that shares fewer than `least` days above 0 with what is there
    already adds nothing: raw ratios are never put side by side.
    """
    found: dict[date, float] = {}
    for answer in answers:
        ratios = {date.fromisoformat(point.day): point.ratio for point in answer.received.points}
        if not found:
            found = ratios
            continue
        first = min(found)
        older = {day: ratio for day, ratio in ratios.items() if day < first}
        if not older:
            continue
        try:
            factor = extend(ratios, found, least=least).factor  # old = new · factor on the overlap
        except Unjoinable:
            continue
        found = {**{day: ratio / factor for day, ratio in older.items()}, **found}
    return tuple(TrendPoint(day.isoformat(), ratio) for day, ratio in sorted(found.items()))
