"""Checks an answer of Naver's search trend against its request. What does not fit is refused, what is odd is noted."""

import json
import math
import re
from collections import Counter
from datetime import date
from typing import Any, Final, NoReturn

from trends.naver.errors import BadAnswer, NaverError, NoAnswer
from trends.naver.hosts import Host, NaverKeys
from trends.naver.refusals import error_in, one_line, refused
from trends.naver.request import DataLabAnswer, DataLabRequest, Group, RatioSeries, alike, tidy

TOP: Final = 100.0
EPSILON: Final = 1e-6  # above TOP that is rounding
_NO_JSON: Final = object()
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,3}(\.\d{1,20})?", re.ASCII)  # the reference's table calls ratio a string


class _Misfit(Exception):
    """What does not fit, in words."""


def read_answer(status: int, body: bytes, request: DataLabRequest, host: Host, keys: NaverKeys) -> DataLabAnswer:
    """Read a body that came with a status below 300. Its media type is not asked: JSON comes labelled text/plain.

    Raises what an error body with such a status stands for, NoAnswer where there are no data, BadAnswer where they are
    not those asked for.
    """
    read = _parsed(body)
    if read is _NO_JSON:
        raise _unread(host, status, "an answer that is not JSON")
    said = error_in(read)
    if said is not None:
        raise refused(status, said, host, keys)
    if not isinstance(read, dict) or "results" not in read:
        raise _unread(host, status, "an answer without results")
    try:
        return _checked(read, request, keys)
    except _Misfit as error:
        misfit = one_line(error, keys)
    # Out here the server's own words, keys and all, are not kept in the chain of what is raised.
    what = f"{host.title} did not answer what was asked: {misfit}"
    raise BadAnswer(what, "it is not used; look for news of this API", status=status)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return _NO_JSON


def _unread(host: Host, status: int, what: str) -> NaverError:
    return NoAnswer(f"{host.title} gave {what} ({status})", "nothing can be done here but wait", status=status)


def _checked(read: dict[str, Any], request: DataLabRequest, keys: NaverKeys) -> DataLabAnswer:
    notes = []
    if read.get("timeUnit") != request.unit:
        raise _Misfit(f"timeUnit expected {request.unit}, was {read.get('timeUnit')!r}")
    for name, asked in (("startDate", request.start), ("endDate", request.end)):
        if read.get(name) != asked.isoformat():
            notes.append(f"{name} of the answer is {one_line(repr(read.get(name)), keys)}, asked was {asked}")
    results = _by_title(read["results"], request)
    numbers = _Numbers()
    series = tuple(_series(results[group.name], group, request, numbers) for group in request.groups)
    empty = [one.name for one in series if not one.points]
    notes += [f"nobody searched {name} in the window" for name in empty]
    # Groups of the same words have the same series, its 100 included.
    by_words = {frozenset(map(alike, group.words)): one for group, one in zip(request.groups, series, strict=True)}
    tops = sum(ratio == TOP for one in by_words.values() for _, ratio in one.points)
    if tops != 1 and len(empty) < len(series):
        notes.append(f"a response has one ratio of 100, this one {tops}")
    if numbers.as_text:
        notes.append("ratios came as text")
    return DataLabAnswer(request, series, numbers.decimals, tuple(notes))


def _by_title(results: object, request: DataLabRequest) -> dict[str, dict[str, Any]]:
    """Give the result of each group by its name: each one once and no others."""
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise _Misfit(f"results expected a list of objects, was {results!r}")
    found = {tidy(one["title"]): one for one in results if isinstance(one.get("title"), str)}
    names = {group.name for group in request.groups}
    if len(found) < len(results) or found.keys() != names:
        titles = ", ".join(repr(one.get("title")) for one in results)
        raise _Misfit(f"titles expected {', '.join(group.name for group in request.groups)}, was {titles or 'none'}")
    return found


def _series(result: dict[str, Any], group: Group, request: DataLabRequest, numbers: "_Numbers") -> RatioSeries:
    words = result.get("keywords")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _Misfit(f"{group.name} keywords expected a list of words, was {words!r}")
    if Counter(map(alike, words)) != Counter(map(alike, group.words)):
        raise _Misfit(f"{group.name} keywords expected {list(group.words)}, was {words!r}")
    data = result.get("data")
    if not isinstance(data, list):
        raise _Misfit(f"{group.name} data expected a list, was {data!r}")
    points: list[tuple[date, float]] = []
    first, last, before = request.first_period, request.end, date.min
    for point in data:
        if not isinstance(point, dict):
            raise _Misfit(f"{group.name} data expected objects, was {point!r}")
        day = _period(point.get("period"), group.name)
        if day <= before:
            raise _Misfit(f"{group.name} periods expected to ascend, was {before} and then {day}")
        if not first <= day <= last:
            raise _Misfit(f"{group.name} period expected {first} to {last}, was {day}")
        ratio = numbers.ratio(point.get("ratio"))
        if ratio is None:
            was = repr(point.get("ratio"))
            raise _Misfit(f"{group.name} {day} ratio expected a number from 0 to 100, was {was}")
        points.append((day, ratio))
        before = day
    return RatioSeries(group.name, tuple(points))


def _period(value: object, name: str) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _Misfit(f"{name} period expected YYYY-MM-DD, was {value!r}")


class _Numbers:
    """Reads ratios and keeps how they came."""

    def __init__(self) -> None:
        self.decimals = 0
        self.as_text = False

    def ratio(self, value: object) -> float | None:
        """Give a ratio of 0 to 100; None when it is none."""
        number = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value) if abs(value) <= 2 * TOP else math.inf  # of a huge int there is no float
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            number, self.as_text = float(value), True
        if not 0 <= number <= TOP + EPSILON:
            return None
        if round(number, self.decimals) != number:
            self.decimals = _decimals(number)
        return min(number, TOP)


def _decimals(number: float) -> int:
    """Count the decimals of a number as it was written: its shortest form that reads back as the same number."""
    digits, _, exponent = repr(number).partition("e")
    places = len(digits.partition(".")[2].rstrip("0"))
    return max(0, places - int(exponent or 0))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
