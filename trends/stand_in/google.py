"""A server that answers what pytrends 4.9.2 asks of Google Trends, and says no in the ways Google does.

Routes, below /trends: GET /explore/?geo=.. sets the cookie NID; POST /api/explore gives widgets with tokens; GET
/api/widgetdata/multiline gives what a token stands for. Both data answers begin with letters that are no JSON, as
Google's do.
"""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from domain.time import KST
from trends.stand_in.series import Volumes
from trends.stand_in.serving import Answer, Asked, Fault, LoopbackServer

FOLDER = "/trends"
COOKIE_PATH = f"{FOLDER}/explore/"
WIDGETS_PATH = f"{FOLDER}/api/explore"
VALUES_PATH = f"{FOLDER}/api/widgetdata/multiline"
METHODS = {COOKIE_PATH: "GET", WIDGETS_PATH: "POST", VALUES_PATH: "GET"}
PREFIXES = {WIDGETS_PATH: ")]}'\n", VALUES_PATH: ")]}',\n"}
COOKIE = "NID=stand-in"
WINDOW = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{4}-\d{2}-\d{2})", re.ASCII)
MOST_TERMS = 5
MOST_LETTERS = 100
DAILY_BELOW = 270  # days; longer windows are answered by weeks, which begin on Sunday
PAGE = b"<!DOCTYPE html><html><title>%s</title></html>"
# name of a refusal -> status and media type
REFUSALS = {
    "too_many_requests": (429, "text/html; charset=utf-8"),
    "bad_request": (400, "text/html; charset=utf-8"),
    "not_found": (404, "text/html; charset=utf-8"),
    "forbidden": (403, "text/html; charset=utf-8"),
    "server_error": (500, "text/html; charset=utf-8"),
    "consent_page": (200, "text/html; charset=utf-8"),
    "script_error": (429, "text/javascript; charset=utf-8"),  # taken for data by who looks at the media type only
}
# name -> what stands in the place of the body of a good answer
SPOILED = {
    "broken_json": b')]}\'\n\n{"widgets": [{',
    "not_an_object": b")]}'\n\n[1, 2, 3]",
    "no_widgets": b')]}\'\n\n{"widgets": []}',
    "no_timeline": b')]}\',\n{"default": {}}',
}


class GoogleCall(NamedTuple):
    """One request that came in."""

    number: int  # from 1; what `faults` counts by
    method: str
    path: str
    query: Mapping[str, str]
    cookie: str  # as sent
    status: int

    @property
    def terms(self) -> tuple[str, ...]:
        """Give the terms asked for; empty where the call asks for none."""
        try:
            return tuple(str(one["keyword"]) for one in json.loads(self.query["req"])["comparisonItem"])
        except (KeyError, TypeError, ValueError):
            return ()


def utc_now() -> datetime:
    """Give the time in UTC."""
    return datetime.now(UTC)


class GoogleStandIn(LoopbackServer):
    """Google Trends on loopback, see the module. Settings are attributes and may be changed while it serves.

    `series`: volume by word and day (UTC). A term "a + b" sums its words. Values are scaled to integers from 0 to 100
    of the largest bucket over all terms of the request.
    """

    refusals = (*REFUSALS, *SPOILED)

    def __init__(
        self,
        series: Mapping[str, Volumes],
        *,
        now: Callable[[], datetime] = utc_now,
        port: int = 0,
    ) -> None:
        """Serve these series; `now` in UTC: days after it are absent, its own is partial."""
        super().__init__(port)
        self.series = dict(series)
        self.calls: list[GoogleCall] = []
        self.sets_cookie = True
        self.needs_cookie = True  # what comes without is answered 429
        self.noise = 0.0  # share by which each pull moves each value up or down, another one each time
        self.least_volume = 0.0  # a term whose largest bucket is below has no data
        self.weekly = False  # True: weeks also in short windows
        self.korean_days = False  # True: buckets begin at midnight in Korea, not in UTC
        self._now = now
        self._widgets: dict[str, dict[str, Any]] = {}

    def answer(self, asked: Asked, number: int, fault: Fault) -> Answer:
        """Answer one call and note it."""
        cookie = asked.headers.get("cookie", "")
        answer = self._answer(asked, cookie, number, fault)
        self.calls.append(GoogleCall(number, asked.method, asked.path, asked.query, cookie, answer.status))
        return answer

    def _answer(self, asked: Asked, cookie: str, number: int, fault: Fault) -> Answer:
        if fault.refusal in REFUSALS:
            return _page(fault.refusal)
        if fault.refusal in SPOILED:
            return Answer(200, SPOILED[fault.refusal], (("Content-Type", "application/json; charset=utf-8"),))
        if METHODS.get(asked.path) != asked.method:
            return _page("not_found")
        if asked.path == COOKIE_PATH:
            cookies = (("Set-Cookie", f"{COOKIE}; path=/; HttpOnly"),) if self.sets_cookie else ()
            return Answer(200, PAGE % b"Trends", (("Content-Type", "text/html; charset=utf-8"), *cookies))
        if self.needs_cookie and COOKIE not in cookie:
            return _page("too_many_requests")
        try:
            found = self._widget_list(asked, number) if asked.path == WIDGETS_PATH else self._values(asked, number)
        except (KeyError, TypeError, ValueError):
            return _page("bad_request")
        body = PREFIXES[asked.path] + json.dumps(found, ensure_ascii=False)
        return Answer(200, body.encode(), (("Content-Type", "application/json; charset=utf-8"),))

    def _widget_list(self, asked: Asked, number: int) -> dict[str, Any]:
        """Give the widgets for a question. Raises KeyError, TypeError, ValueError for one that is answered 400."""
        read = json.loads(asked.query["req"])
        items = read["comparisonItem"]
        if not 1 <= len(items) <= MOST_TERMS:
            raise ValueError(items)
        for item in items:
            first, last = _window(item["time"])
            if first > last or not 1 <= len(item["keyword"].strip()) <= MOST_LETTERS:
                raise ValueError(item)
        int(asked.query["tz"])
        token = f"stand-in-{number}"
        self._widgets[token] = {"time": items[0]["time"], "comparisonItem": items}
        other = {"id": "RELATED_QUERIES", "token": f"{token}-related", "request": {}}
        return {"widgets": [{"id": "TIMESERIES", "token": token, "request": self._widgets[token]}, other]}

    def _values(self, asked: Asked, number: int) -> dict[str, Any]:
        """Give the values a token stands for. Raises as `_widget_list`."""
        request = self._widgets[asked.query["token"]]
        if json.loads(asked.query["req"]) != request:
            raise ValueError(asked.query["req"])
        first, last = _window(request["time"])
        weekly = self.weekly or (last - first).days + 1 >= DAILY_BELOW
        terms = [self._buckets(item["keyword"], first, last, weekly, number) for item in request["comparisonItem"]]
        largest = max((volume for term in terms for volume in term.values()), default=0.0)
        if largest < self.least_volume or not largest:
            return {"default": {"timelineData": [], "averages": []}}
        starts = sorted({start for term in terms for start in term})
        return {"default": {"timelineData": [self._row(start, terms, largest, weekly) for start in starts]}}

    def _buckets(self, term: str, first: date, last: date, weekly: bool, number: int) -> dict[date, float]:
        """Sum the words of a term by day or week, up to today, moved by the noise of this pull."""
        chance = random.Random(f"{number} {term}")
        found: dict[date, float] = {}
        for word in term.split(" + "):
            for day, volume in self.series.get(word.strip(), {}).items():
                if first <= day <= min(last, self._now().date()):
                    start = day - timedelta(days=(day.weekday() + 1) % 7) if weekly else day
                    found[start] = found.get(start, 0.0) + volume
        return {day: volume * (1 + chance.uniform(-self.noise, self.noise)) for day, volume in sorted(found.items())}

    def _row(self, start: date, terms: Sequence[Mapping[date, float]], largest: float, weekly: bool) -> dict[str, Any]:
        values = [round(100 * term.get(start, 0.0) / largest) for term in terms]
        moment = datetime(start.year, start.month, start.day, tzinfo=KST if self.korean_days else UTC)
        row: dict[str, Any] = {
            "time": str(int(moment.timestamp())),
            "formattedTime": start.isoformat(),
            "value": values,
            "hasData": [bool(value) for value in values],
            "formattedValue": [str(value) for value in values],
        }
        if start + timedelta(days=7 if weekly else 1) > self._now().date():
            row["isPartial"] = True
        return row


def _window(text: str) -> tuple[date, date]:
    """Read "YYYY-MM-DD YYYY-MM-DD". Raises ValueError for any other form."""
    match = WINDOW.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date.fromisoformat(match[1]), date.fromisoformat(match[2])


def _page(name: str) -> Answer:
    """Give a refusal: a page that is no data."""
    status, content_type = REFUSALS[name]
    return Answer(status, PAGE % name.encode(), (("Content-Type", content_type),))
