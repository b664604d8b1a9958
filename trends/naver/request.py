"""What is asked of Naver's search trend, and an answer that was checked against it.

Source: Naver Developers reference, "통합 검색어 트렌드", request and response tables. Read 2026-11-22.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.errors import ConfigError
from trends.joining import Response

FIRST_DAY: Final = date(2016, 1, 1)  # there is nothing before
MOST_GROUPS: Final = 5
MOST_WORDS: Final = 20
LEAST_DECIMALS: Final = 2  # those of the reference's examples; an answer of few ratios may show fewer by chance
UNITS: Final = ("date", "week", "month")
DEVICES: Final = ("", "pc", "mo")
GENDERS: Final = ("", "m", "f")
# Years of age: 0-12, 13-18, 19-24, 25-29, 30-34, 35-39, 40-44, 45-49, 50-54, 55-59, 60 and older.
AGES: Final = tuple(str(number) for number in range(1, 12))


@dataclass(frozen=True, slots=True)
class Group:
    """Words whose searches are summed, under a name of ours. Letters are composed (NFC), blanks around them cut."""

    name: str
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the group by itself. Raises ConfigError naming field, value and what is allowed."""
        object.__setattr__(self, "name", tidy(self.name))
        object.__setattr__(self, "words", tuple(tidy(word) for word in self.words))
        if not self.name or _has_control(self.name):
            raise ConfigError(f"groupName expected a name without control characters, was {self.name!r}")
        if not 1 <= len(self.words) <= MOST_WORDS:
            raise ConfigError(f"{self.name} keywords expected 1 to {MOST_WORDS} words, was {len(self.words)}")
        for word in self.words:
            if not word or _has_control(word):
                raise ConfigError(f"{self.name} keywords expected words without control characters, was {word!r}")
        doubled = _doubled(self.words)
        if doubled:
            raise ConfigError(f"{self.name} keywords expected each word once, was {doubled!r} twice")


@dataclass(frozen=True, slots=True)
class DataLabRequest:
    """One call: up to five groups on one scale. Dates are KST days, both included; empty filters mean all."""

    groups: tuple[Group, ...]
    start: date
    end: date
    unit: str = "date"
    device: str = ""
    gender: str = ""
    ages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check it whole. Raises ConfigError naming field, value and what is allowed."""
        if not 1 <= len(self.groups) <= MOST_GROUPS:
            raise ConfigError(f"keywordGroups expected 1 to {MOST_GROUPS} groups, was {len(self.groups)}")
        doubled = _doubled(group.name for group in self.groups)
        if doubled:
            raise ConfigError(f"groupName expected each name once, was {doubled!r} twice")
        if not FIRST_DAY <= self.start <= self.end:
            raise ConfigError(
                f"startDate expected {FIRST_DAY} or later and not after endDate {self.end}, was {self.start}"
            )
        for name, value, allowed in (
            ("timeUnit", self.unit, UNITS),
            ("device", self.device, DEVICES),
            ("gender", self.gender, GENDERS),
        ):
            if value not in allowed:
                raise ConfigError(f"{name} expected {_choices(allowed)}, was {value!r}")
        wrong = next((age for age in self.ages if age not in AGES), None)
        if wrong is not None or len(set(self.ages)) < len(self.ages):
            raise ConfigError(f"ages expected each of {AGES[0]} to {AGES[-1]} at most once, was {list(self.ages)}")

    def body(self) -> dict[str, object]:
        """Give the body as JSON takes it; filters that mean all are left out."""
        body: dict[str, object] = {
            "startDate": self.start.isoformat(),
            "endDate": self.end.isoformat(),
            "timeUnit": self.unit,
            "keywordGroups": [{"groupName": group.name, "keywords": list(group.words)} for group in self.groups],
        }
        filters = {"device": self.device, "gender": self.gender, "ages": list(self.ages)}
        return body | {name: value for name, value in filters.items() if value}

    @property
    def first_period(self) -> date:
        """Give the earliest first day of a bucket that may be answered: the bucket `start` lies in."""
        if self.unit == "week":
            return self.start - timedelta(days=6)  # on which weekday a week starts is not documented
        return self.start.replace(day=1) if self.unit == "month" else self.start


@dataclass(frozen=True, slots=True)
class RatioSeries:
    """One group as answered: first day of each bucket and its ratio, 0 to 100, oldest first. Absent is unknown."""

    name: str
    points: tuple[tuple[date, float], ...]

    @property
    def ratios(self) -> dict[date, float]:
        """Give the ratio by day."""
        return dict(self.points)


@dataclass(frozen=True, slots=True)
class DataLabAnswer:
    """An answer that fits its request. Ratios compare within it only: 100 is its own largest bucket."""

    request: DataLabRequest
    series: tuple[RatioSeries, ...]  # in the order of the request
    decimals: int  # most decimals any ratio came with
    notes: tuple[str, ...] = ()  # what a person should know of its quality; empty: nothing

    def __getitem__(self, name: str) -> RatioSeries:
        """Give the series of a group. Raises KeyError."""
        for series in self.series:
            if series.name == name:
                return series
        raise KeyError(name)

    @property
    def newest(self) -> date | None:
        """Give the last bucket any group has; None when all are empty. Later ones are not known yet."""
        return max((day for series in self.series for day, _ in series.points), default=None)

    def response(self) -> Response:
        """Give it as joining takes it."""
        series = {one.name: one.ratios for one in self.series}
        return Response(series, self._buckets(), max(self.decimals, LEAST_DECIMALS))

    def _buckets(self) -> tuple[date, ...]:
        """Give every bucket from the first to the newest, also those absent from all groups."""
        newest = self.newest
        if newest is None:
            return ()
        unit = self.request.unit
        oldest = min(day for series in self.series for day, _ in series.points)
        bucket = self.request.start if unit == "date" else oldest
        found = []
        while bucket <= newest:
            found.append(bucket)
            bucket = _next_month(bucket) if unit == "month" else bucket + timedelta(days=7 if unit == "week" else 1)
        return tuple(found)


def tidy(text: str) -> str:
    """Give a text with its letters composed and no blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def alike(text: str) -> str:
    """Give a form in which words of an answer are compared: search does not tell blanks and capitals apart."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def _doubled(texts: Iterable[str]) -> str:
    """Give the first text that came before, empty if none."""
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            return text
        seen.add(text)
    return ""


def _choices(allowed: tuple[str, ...]) -> str:
    return " or ".join(repr(one) for one in allowed)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
