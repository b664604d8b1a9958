"""Google Trends behind the port: a second opinion that is often not to be had, and then unknown, never zero.

pytrends runs in a child process (`google_worker.py`): it brings pandas, which must not get into the trader's process;
it may hang, and a child can be ended; it prints. Why pytrends, and not one of its successors: docs/decisions/0025.

What Google gives differs from Naver's series:
- integers from 0 to 100 of the largest day in the answer: so one symbol a request, though five would be taken; beside
  a big one a small one would be all zeros;
- a sample: the same question gets other numbers the next time. Nothing is averaged here, each pull stands by itself;
- days of UTC: the value of day d holds the searches from 09:00 KST on d to 09:00 KST on d+1, when the market opens. It
  is taken only when that has passed; Google marks unfinished days, and this drops them whether they are marked or not;
- daily values only in windows below about nine months, so longer ones are refused.

A keyword set is asked as "a + b + c", of which Google counts a search for any of them once. Adding up answers for
single words would add what was rounded, and count a search for two of them twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint, TrendReceived, TrendsMissing
from domain.time import NANOS_PER_DAY
from domain.types import UnixNanos
from trends.google_child import Child, ChildSilent

EPOCH = date(1970, 1, 1).toordinal()
KST_TZ = -540  # Google's tz: minutes west of UTC, so Korea's is negative
HL = "ko-KR"  # pytrends takes the last two letters as the country of the cookie it asks for
START_S = 30.0  # of the child: importing pandas takes half a second, on a busy machine ten
MOST_DAYS = 266  # 38 weeks; weekly values come from about nine months on
MOST_LETTERS = 100  # of one term, plus signs included (unconfirmed)
OPERATORS = frozenset('+"(),')  # letters with a meaning of their own in a term

# What the child names: what it means for who asked, and whether asking again may help.
REASONS = {
    "rate_limited": ("Google refuses for now", True),
    "blocked": ("Google gives a page, not data", True),
    "refused": ("Google refuses the question", False),
    "server_error": ("Google has trouble of its own", True),
    "timed_out": ("Google did not answer in time", True),
    "unreachable": ("Google cannot be reached", True),
    "unreadable": ("Google's answer was cut or is no JSON", True),
    "strange": ("Google's answer is not of the known form", False),
    "no_data": ("too few searches for Google to show", False),
    "not_installed": ("pytrends is not installed there", False),
    "broken_library": ("pytrends does not work with the packages beside it", False),
}
INSTALL = "`pip install pytrends==4.9.2` into a Python of its own and name it in [trends] google_python"


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """How Google is asked. Raises ConfigError for a window without daily values."""

    python: str = ""  # an interpreter that has pytrends; empty: the one that runs
    days: int = 180  # of a series; attention needs 125
    pause_ms: int = 1_500  # system time between two symbols; Google refuses who asks fast
    connect_ms: int = 5_000
    read_ms: int = 15_000
    geo: str = "KR"
    base_url: str = ""  # in the place of https://trends.google.com; for a stand-in

    def __post_init__(self) -> None:
        """Check."""
        if not 1 <= self.days <= MOST_DAYS:
            raise ConfigError(f"google days expected 1 to {MOST_DAYS} (longer windows are weekly), was {self.days}")

    @property
    def deadline_s(self) -> float:
        """Give the longest the child may be silent: the cookie and one symbol, each call as slow as it may be.

        A server that sends a byte now and then never runs into the limit of a single call, but into this.
        """
        return START_S + (self.pause_ms + 3 * (self.connect_ms + self.read_ms)) / 1_000


class GoogleTrends:
    """Google Trends as a TrendSource."""

    def __init__(
        self,
        keywords: Mapping[str, KeywordSet],
        settings: GoogleSettings = GoogleSettings(),
        child: Child | None = None,
    ) -> None:
        """Serve the symbols that have words. Asks nothing until `fetch`."""
        self._keywords = dict(keywords)
        self._settings = settings
        self._child = child or Child(settings.python, settings.deadline_s)

    @property
    def name(self) -> str:
        """Give its name in messages and settings."""
        return "google"

    def fetch(
        self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Give the series of these symbols up to the last UTC day that has passed and is before the trading date."""
        last = min(trading_date, utc_date(fetched_at)) - timedelta(days=1)
        first = last - timedelta(days=self._settings.days - 1)
        asked: list[tuple[str, str]] = []
        for symbol in symbols:
            term, why = term_of(self._keywords.get(symbol))
            if why:
                yield self._missing([symbol], trading_date, why, again=False)
            else:
                asked.append((symbol, term))
        if asked:
            yield from self._answers(asked, first, last, trading_date, fetched_at)

    def _answers(
        self, asked: Sequence[tuple[str, str]], first: date, last: date, trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        """Put the terms to a child and translate what it answers; what it leaves unanswered is missing."""
        waiting = [symbol for symbol, _ in asked]
        try:
            for answer in self._child.answers(self._job([term for _, term in asked], first, last)):
                if answer.get("place") != len(asked) - len(waiting):
                    raise ChildSilent("the child answered what it was not asked", again=False)
                symbol = waiting.pop(0)
                why, again, points = judged(answer, first, last)
                if why:
                    yield self._missing([symbol], trading_date, why, again=again)
                else:
                    yield TrendReceived(symbol, self.name, self._keywords[symbol].version, fetched_at, points)
                if not waiting:
                    return
        except ChildSilent as error:
            yield self._missing(waiting, trading_date, str(error), again=error.again)
        except OSError as error:  # e.g. no room for the job's file
            yield self._missing(waiting, trading_date, f"pytrends could not be run: {error}", again=True)

    def _job(self, terms: Sequence[str], first: date, last: date) -> dict[str, Any]:
        settings = self._settings
        return {
            "base_url": f"{settings.base_url.rstrip('/')}/trends" if settings.base_url else "",
            "hl": HL,
            "tz": KST_TZ,
            "geo": settings.geo,
            "connect_s": settings.connect_ms / 1_000,
            "read_s": settings.read_ms / 1_000,
            "pause_s": settings.pause_ms / 1_000,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "terms": list(terms),
        }

    def _missing(self, symbols: Sequence[str], trading_date: date, why: str, *, again: bool) -> TrendsMissing:
        return TrendsMissing(self.name, tuple(symbols), trading_date.isoformat(), why, again)


def utc_date(nanos: UnixNanos) -> date:
    """Give the day of a moment in UTC."""
    return date.fromordinal(EPOCH + nanos // NANOS_PER_DAY)


def term_of(words: KeywordSet | None) -> tuple[str, str]:
    """Give the term a keyword set is asked as, and why it cannot be asked (empty: it can)."""
    if words is None or not words.keywords:
        return "", "no words are known for it"
    for word in words.keywords:
        if OPERATORS & set(word) or any(part.startswith("-") for part in word.split()):
            return "", f"{word!r} holds a letter that Google reads as an operator"
    term = " + ".join(words.keywords)
    if len(term) > MOST_LETTERS:
        return "", f"its words make a term of {len(term)} letters, Google takes {MOST_LETTERS}"
    return term, ""


def judged(answer: Mapping[str, Any], first: date, last: date) -> tuple[str, bool, tuple[TrendPoint, ...]]:
    """Judge one answer of the child: why there is no series (empty: there is), whether to ask again, the points."""
    if "kind" in answer:
        words, again = REASONS.get(str(answer["kind"]), REASONS["strange"])
        install = f"; {INSTALL}" if answer["kind"] == "not_installed" else ""
        return f"{words}: {answer.get('detail', '')}{install}", again, ()
    points = read_points(answer.get("series"), first, last)
    return ("", False, points) if points else (REASONS["strange"][0], REASONS["strange"][1], ())


def read_points(rows: object, first: date, last: date) -> tuple[TrendPoint, ...]:
    """Read the child's rows. Empty when they are not ascending days of the window with values from 0 to 100."""
    found: list[TrendPoint] = []
    waiting = iter([(first + timedelta(days=place)).isoformat() for place in range((last - first).days + 1)])
    for row in rows if isinstance(rows, list) else ():
        match row:
            # `in` takes the iterator on to the day: what is out of order is not found any more
            case [str(day), int(value)] if day in waiting and 0 <= value <= 100 and not isinstance(value, bool):
                found.append(TrendPoint(day, float(value)))
            case _:
                return ()
    return tuple(found)
