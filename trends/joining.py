"""Puts ratios of many responses on one scale. Pure.

Each response has a scale of its own: 100 is the largest bucket over its groups and its window. So every request also
holds an anchor, a group that is the same in all of them, and

    rel[k, t] = ratio_r[k, t] / mean over t of ratio_r[anchor, t]        r = the response that holds group k

compares across responses of the same window, unit and filters. Multiplying a response by a constant changes nothing.
Absent buckets stay absent: unknown is not zero.

A ratio comes rounded to some decimals, so its true value is known to one last place, here called the step (a whole
one, not half: whether Naver rounds or cuts is not known). Beside a huge group small ones drown in it: such values are
flagged, and zeros among them become a floor of half a step. Several anchors, each beside targets of its own order of
size, are chained by responses that hold two of them.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final, NamedTuple

Ratios = Mapping[date, float]  # by first day of the bucket; absent: unknown

COARSE_STEPS: Final = 50  # a value of fewer steps may be wrong by more than 2 %
HUGE: Final = 100.0  # times the median of a group: below such a top its zeros mean "too small to see"
LEAST_OVERLAP: Final = 30  # buckets
ROUNDING: Final = 1e-9  # relative, of our own arithmetic


@dataclass(frozen=True, slots=True)
class Response:
    """One response: ratios by group, every bucket up to its newest, and the decimals its ratios came with."""

    series: Mapping[str, Ratios]
    buckets: tuple[date, ...]  # ascending, without gaps, also where no group has a value
    decimals: int

    @property
    def top(self) -> float:
        """Give the largest ratio: 100 as Naver answers; 0 when nobody searched anything."""
        return max((max(ratios.values()) for ratios in self.series.values() if ratios), default=0.0)

    @property
    def step(self) -> float:
        """Give what one last decimal is worth: of the top, so that it keeps its worth when a response is rescaled."""
        return self.top * 10.0 ** -(self.decimals + 2)


@dataclass(frozen=True, slots=True)
class Joined:
    """One group on the scale of the anchor (1.0: the anchor's mean), oldest first."""

    name: str
    values: dict[date, float]
    floored: frozenset[date] = frozenset()  # were 0 beside a huge group: "at most this"
    coarse: frozenset[date] = frozenset()  # so small that rounding may change them by more than 2 %, floored included

    @property
    def is_drowned(self) -> bool:
        """Tell whether more than a tenth of it is coarse: it wants a smaller anchor and smaller company."""
        return len(self.coarse) * 10 > len(self.values)


class Join(NamedTuple):
    """What came of joining."""

    groups: dict[str, Joined]
    unjoined: dict[int, str]  # place of a response that could not be joined -> why, in words
    notes: tuple[str, ...]  # what a person should know


class Unjoinable(Exception):
    """Why ratios cannot be put on one scale, in words."""


def join(responses: Sequence[Response], anchor: str | Sequence[str], units: Mapping[str, float] | None = None) -> Join:
    """Put the groups of responses of one window on the scale of an anchor.

    `anchor` is the group they share, or one for each response; `units` is what each anchor's mean is worth (see
    `chain`), 1.0 when not given. The mean is taken over the buckets that all responses have, so that a response that
    already has one day more does not move the others. A group that is in two responses is taken from the first.
    """
    anchors = [anchor] * len(responses) if isinstance(anchor, str) else list(anchor)
    unjoined: dict[int, str] = {}
    for place, (response, name) in enumerate(zip(responses, anchors, strict=True)):
        try:
            _check_anchor(response, name)
        except Unjoinable as why:
            unjoined[place] = str(why)
    good = [place for place in range(len(responses)) if place not in unjoined]
    shared = _shared([responses[place] for place in good])
    if good and not shared:
        return Join({}, dict.fromkeys(good, "no bucket is in all responses") | unjoined, ())
    groups: dict[str, Joined] = {}
    notes: list[str] = []
    for place in good:
        response, name = responses[place], anchors[place]
        unit = 1.0 if units is None else units[name]
        mean = _mean(response.series[name], shared)
        if mean < COARSE_STEPS * response.step:
            notes.append(f"{name} is small beside {_largest(response)}: their quotient may be wrong by more than 2 %")
        for group in response.series:
            if group != name and group not in groups:
                groups[group] = _relative(group, response, unit / mean)
    drowned = [one.name for one in groups.values() if one.is_drowned]
    notes += [f"{name} drowns beside a larger group: take a smaller anchor" for name in drowned]
    return Join(groups, unjoined, tuple(notes))


def chain(anchors: Sequence[str], links: Iterable[Response]) -> dict[str, float]:
    """Give what each anchor's mean is worth in that of the first, from responses that hold two or more of them.

    Neighbours in `anchors` (small, middle, large) are linked first. Raises Unjoinable when an anchor has no link, or
    when two links disagree by more than rounding.
    """
    responses = list(links)
    for one in range(len(responses)):
        for other in range(one + 1, len(responses)):
            for verdict in agreements(responses[one], responses[other], anchors):
                if not verdict.agrees:
                    raise Unjoinable(verdict.words)
    units = {anchors[0]: 1.0}
    shared = _shared([response for response in responses if sum(name in response.series for name in anchors) > 1])
    if responses and not shared:
        raise Unjoinable("no bucket is in all responses that link anchors")
    while len(units) < len(anchors):
        link = next(
            (
                (response, known, new)
                for known, new in _pairs(anchors, units)
                for response in responses
                if known in response.series and new in response.series
            ),
            None,
        )
        if link is None:
            missing = ", ".join(name for name in anchors if name not in units)
            raise Unjoinable(f"no response holds {missing} together with {', '.join(units)}")
        response, known, new = link
        for name in (known, new):
            _check_anchor(response, name)
        units[new] = units[known] * _mean(response.series[new], shared) / _mean(response.series[known], shared)
    return units


class Agreement(NamedTuple):
    """Whether two responses agree on how much one group is searched in terms of another."""

    first: float  # mean of the one / mean of the other, in the first response
    second: float
    tolerance: float  # how far the two may lie apart, from the steps of both responses
    agrees: bool
    words: str  # what disagrees, else empty


def agreement(first: Response, second: Response, one: str, other: str) -> Agreement:
    """Compare what two responses of the same filters say of two groups both hold.

    A mean of ratios lies within one step of the true one, so a quotient lies in an interval; the two intervals must
    meet. Raises Unjoinable when nothing can be said: no common bucket, or a group that is not above one step.
    """
    names = (one, other)
    common = set.intersection(*(set(response.series[name]) for response in (first, second) for name in names))
    if not common:
        raise Unjoinable(f"{one} and {other} have no common bucket in both responses")
    low, high, middle = [], [], []
    for response in (first, second):
        above, below = (_mean(response.series[name], common) for name in names)
        step = response.step
        if below <= step or above <= step:
            raise Unjoinable(f"{one if above <= step else other} is too small beside {_largest(response)} to compare")
        middle.append(above / below)
        low.append((above - step) / (below + step) * (1 - ROUNDING))
        high.append((above + step) / (below - step) * (1 + ROUNDING))
    upper = 0 if middle[0] >= middle[1] else 1
    tolerance = (middle[upper] - low[upper]) + (high[1 - upper] - middle[1 - upper])
    agrees = low[upper] <= high[1 - upper]
    words = f"{one} is {middle[0]:.6g} times {other} in one response and {middle[1]:.6g} times in another"
    return Agreement(middle[0], middle[1], tolerance, agrees, "" if agrees else words)


def agreements(first: Response, second: Response, names: Collection[str] = ()) -> list[Agreement]:
    """Compare every pair of groups two responses share (of `names`, empty: any), but for what cannot be compared."""
    shared = [name for name in first.series if name in second.series and (not names or name in names)]
    found = []
    for place, one in enumerate(shared):
        for other in shared[place + 1 :]:
            try:
                found.append(agreement(first, second, one, other))
            except Unjoinable:
                continue
    return found


class Extended(NamedTuple):
    """A series with newer values on its own scale."""

    values: dict[date, float]  # old ones as they were, then new ones times `factor`
    factor: float
    overlap: int  # buckets the factor was measured on
    spread: float  # largest distance of a quotient from their median, as a share of it; 0: only the scale differs


def extend(old: Ratios, new: Ratios, *, without: Collection[date] = (), least: int = LEAST_OVERLAP) -> Extended:
    """Append what is newer in `new` to `old`, scaled by the median quotient of the two on their overlap.

    `without` are buckets that say nothing of the scale (coarse ones, of either). Old values never change; raw ratios
    are never appended. Raises Unjoinable when fewer than `least` buckets overlap with both values above 0.
    """
    both = sorted(day for day in old.keys() & new.keys() if day not in without and old[day] > 0 and new[day] > 0)
    if len(both) < least or not both:
        raise Unjoinable(f"the overlap expected at least {least} buckets above 0, was {len(both)}")
    quotients = [old[day] / new[day] for day in both]
    factor = median(quotients)
    newest = max(old)
    added = {day: value * factor for day, value in sorted(new.items()) if day > newest}
    spread = max(abs(quotient / factor - 1.0) for quotient in quotients)
    return Extended({**dict(sorted(old.items())), **added}, factor, len(both), spread)


def _check_anchor(response: Response, name: str) -> None:
    """Refuse an anchor that was not searched in every bucket. Raises Unjoinable."""
    if name not in response.series:
        raise Unjoinable(f"{name} is not in the response")
    if not response.buckets:
        raise Unjoinable("nobody searched any group in the window")
    ratios = response.series[name]
    missing = [bucket for bucket in response.buckets if ratios.get(bucket, 0.0) <= 0]
    if missing:
        absent = sum(bucket not in ratios for bucket in missing)
        beside = "" if _largest(response) == name else f" beside {_largest(response)}"
        raise Unjoinable(
            f"{name} was not searched in {len(missing)} of {len(response.buckets)} buckets{beside} ({absent} absent, "
            f"{len(missing) - absent} of 0; first {missing[0]}): an anchor must be searched in each"
        )


def _relative(name: str, response: Response, scale: float) -> Joined:
    """Give one group on the anchor's scale, with what is too small to trust."""
    ratios, step = response.series[name], response.step
    usual = median(ratios.values()) if ratios else 0.0
    zeros = {day for day, ratio in ratios.items() if ratio <= 0}
    # Zeros of a group of about the size of the response's top are days nobody searched. Below a huge top, of another
    # group or a spike of its own, nobody can tell.
    floored = zeros if response.top >= HUGE * usual else set()
    coarse = {day for day, ratio in ratios.items() if 0 < ratio < COARSE_STEPS * step} | floored
    values = {day: (step / 2 if day in floored else ratio) * scale for day, ratio in sorted(ratios.items())}
    return Joined(name, values, frozenset(floored), frozenset(coarse))


def _shared(responses: Sequence[Response]) -> set[date]:
    """Give the buckets that all responses have."""
    return set.intersection(*(set(response.buckets) for response in responses)) if responses else set()


def _mean(ratios: Ratios, days: Collection[date]) -> float:
    known = [ratios[day] for day in sorted(days) if day in ratios]
    return math.fsum(known) / len(known)


def _largest(response: Response) -> str:
    return max(response.series, key=lambda name: max(response.series[name].values(), default=0.0))


def _pairs(anchors: Sequence[str], units: Mapping[str, float]) -> list[tuple[str, str]]:
    """Give (linked, not yet linked) pairs of anchors, nearest in size first."""
    places = {name: place for place, name in enumerate(anchors)}
    pairs = [(known, new) for known in units for new in anchors if new not in units]
    return sorted(pairs, key=lambda pair: (abs(places[pair[0]] - places[pair[1]]), places[pair[0]], places[pair[1]]))
