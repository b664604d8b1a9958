"""The rules of a search-trend request, as Naver's reference states them.

Source: Naver Developers, "통합 검색어 트렌드" reference, and NAVER API HUB search trend (read 2026-11).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trends.stand_in.series import UNITS

EARLIEST = date(2016, 1, 1)
MOST_GROUPS = 5
MOST_WORDS = 20
AGES = frozenset(str(age) for age in range(1, 12))
CHOICES = {"device": ("", "pc", "mo"), "gender": ("", "m", "f")}  # empty: all, as some clients send it
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadRequest(Exception):
    """A rule is broken; the message names the field and what it expects."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of words, whose searches are summed."""

    title: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendRequest:
    """A request that keeps the rules. Device, gender and ages were checked; the stand-in has one series for all."""

    first: date
    last: date
    unit: str
    groups: tuple[Group, ...]


def read_request(content_type: str, body: bytes) -> TrendRequest:
    """Read a request's body. Raises BadRequest for the first rule it breaks."""
    if content_type.split(";", maxsplit=1)[0].strip().lower() != "application/json":
        raise BadRequest(f"Content-Type expected application/json, was {content_type!r}")
    try:
        read = json.loads(body.decode("utf-8"))
    except ValueError as error:
        raise BadRequest(f"body expected JSON in UTF-8: {error}") from error
    if not isinstance(read, dict):
        raise BadRequest("body expected a JSON object")
    first, last = _day(read, "startDate"), _day(read, "endDate")
    if not EARLIEST <= first <= last:
        raise BadRequest(f"startDate expected {EARLIEST} or later and not after endDate, was {first} to {last}")
    if read.get("timeUnit") not in UNITS:
        raise BadRequest(f"timeUnit expected one of {', '.join(UNITS)}, was {read.get('timeUnit')!r}")
    for field, allowed in CHOICES.items():
        if read.get(field, "") not in allowed:
            raise BadRequest(f"{field} expected {' or '.join(allowed[1:])}, was {read[field]!r}")
    ages = read.get("ages", [])
    if not isinstance(ages, list) or not all(isinstance(age, str) and age in AGES for age in ages):
        raise BadRequest(f"ages expected a list of the strings 1 to 11, was {ages!r}")
    return TrendRequest(first, last, read["timeUnit"], _groups(read))


def _day(read: Mapping[str, Any], field: str) -> date:
    value = read.get(field)
    try:
        if isinstance(value, str) and DAY.fullmatch(value):  # fromisoformat alone would take 20240101
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadRequest(f"{field} expected yyyy-mm-dd, was {value!r}")


def _groups(read: Mapping[str, Any]) -> tuple[Group, ...]:
    given = read.get("keywordGroups")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_GROUPS:
        raise BadRequest(f"keywordGroups expected a list of 1 to {MOST_GROUPS} groups")
    found = []
    for group in given:
        title = group.get("groupName") if isinstance(group, dict) else None
        if not isinstance(title, str) or not title:
            raise BadRequest(f"groupName expected a text, was {title!r}")
        words = group.get("keywords")
        if not isinstance(words, list) or not 1 <= len(words) <= MOST_WORDS:
            raise BadRequest(f"keywords of {title} expected a list of 1 to {MOST_WORDS} words")
        if not all(isinstance(word, str) and word.strip() for word in words):
            raise BadRequest(f"keywords of {title} expected texts that are not empty")
        found.append(Group(title, tuple(words)))
    return tuple(found)
