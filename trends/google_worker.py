"""The child process that runs pytrends: one JSON object in, one JSON line out for each request in it.

Run by `trends/google.py` with whatever Python has pytrends (another than the trader's, as a rule), so this file imports
the standard library and pytrends only. Nothing of hantrade is imported here.

In, on standard input: `{"base_url", "hl", "tz", "geo", "connect_s", "read_s", "pause_s", "first", "last", "terms"}`,
one request a term. Out, on what standard output was at the start (pytrends prints; its prints go to standard error):
`{"hantrade": 1, "place": N, "series": [[day, value], ...]}`, or `"kind"` and `"detail"` in the place of `series`. Days
are YYYY-MM-DD in UTC, values integers 0 to 100.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

DAY = timedelta(days=1)
MIDNIGHTS = {0: timedelta(), 15: DAY}  # hour of a bucket's start in UTC: midnight there, or that of Korea a day before
LOOKS_S = 1.0  # how often the child looks whether who started it still runs
# What ends the whole run: the next request would meet the same, or make it worse.
ENDING = ("rate_limited", "blocked", "unreachable", "timed_out", "not_installed", "broken_library")


class Refused(Exception):
    """Google answered with a status that says no."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(f"HTTP {status}")
        self.status = status


class Strange(Exception):
    """What came back is not what Google has given so far."""


class NoData(Exception):
    """Google has too few searches to show any."""


def main() -> None:
    """Read the job, answer it."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # so that no print, of whatever library, gets between the answers
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    for answer in answers(json.load(sys.stdin)):
        out.write(json.dumps({"hantrade": 1, **answer}) + "\n")
        out.flush()


def end_with(parent: int) -> None:
    """End this process once another takes the place of its parent: nobody reads the answers any more."""
    while os.getppid() == parent:
        time.sleep(LOOKS_S)
    os._exit(1)


def answers(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Answer the terms in their order. After what ENDING names nothing more is asked; the rest is told the same."""
    asker: Any = None
    ended: dict[str, str] = {}
    window = date.fromisoformat(job["first"]), date.fromisoformat(job["last"])
    for place, term in enumerate(job["terms"]):
        if ended:
            yield {"place": place, **ended, "detail": f"{ended['detail']} (not asked)"}
            continue
        try:
            if asker is None:
                asker = make_asker(job)
            else:
                time.sleep(job["pause_s"])
            yield {"place": place, "series": ask(asker, term, job["geo"], *window)}
        except Exception as error:  # noqa: BLE001 - the outermost loop: whatever pytrends raises becomes a reason
            kind, detail = kind_of(error)
            if asker is not None and not asker.cookies:
                detail += ", and Google had set no NID cookie"
            yield {"place": place, "kind": kind, "detail": detail}
            if kind in ENDING:
                ended = {"kind": kind, "detail": detail}


def make_asker(job: dict[str, Any]) -> Any:
    """Make pytrends' TrendReq. Its constructor asks Google for a cookie; there is no retry anywhere.

    Retries stay 0: with them pytrends 4.9.2 raises a TypeError on urllib3 2, and who asks knows better when to.
    """
    from pytrends import request as library

    if job["base_url"]:  # a stand-in's: pytrends keeps its addresses in these
        library.BASE_TRENDS_URL = job["base_url"]
        library.TrendReq.GENERAL_URL = f"{job['base_url']}/api/explore"
        library.TrendReq.INTEREST_OVER_TIME_URL = f"{job['base_url']}/api/widgetdata/multiline"
    return library.TrendReq(
        hl=job["hl"],
        tz=job["tz"],
        timeout=(job["connect_s"], job["read_s"]),
        retries=0,
        backoff_factor=0,
        requests_args={"hooks": {"response": refuse}},
    )


def refuse(response: Any, *_: Any, **__: Any) -> None:
    """Raise for a status that says no.

    pytrends does not look at the status of the cookie's answer at all, and not where the media type is a script's.
    """
    if response.status_code >= 400:
        raise Refused(response.status_code)


def ask(asker: Any, term: str, geo: str, first: date, last: date) -> list[list[Any]]:
    """Ask for one term. Raises NoData, Strange, Refused and whatever pytrends raises."""
    # pytrends keeps the widget of the request before when an answer has none: those would be another's searches.
    asker.interest_over_time_widget = {}
    asker.build_payload([term], timeframe=f"{first} {last}", geo=geo)
    if not asker.interest_over_time_widget:
        raise Strange("no time series among the widgets")
    frame = asker.interest_over_time()
    if frame.empty:
        raise NoData("no data")
    return read_frame(frame, term, first, last)


def read_frame(frame: Any, term: str, first: date, last: date) -> list[list[Any]]:
    """Read pytrends' data frame: days of the window, without what is partial. Raises NoData and Strange."""
    rows = [(day_of(moment), row) for moment, row in frame.iterrows()]
    for (day, _), (following, _) in pairwise(rows):
        if following - day != DAY:
            raise Strange(f"{following} follows on {day}: daily values are expected")
    if rows and not first <= rows[0][0] <= rows[-1][0] <= last:
        raise Strange(f"{rows[0][0]} to {rows[-1][0]}: days from {first} to {last} are expected")
    values = [(day, value_of(row[term]), row["isPartial"]) for day, row in rows]
    found = [[day.isoformat(), value] for day, value, is_partial in values if not is_partial]
    if not any(value for _, value in found):
        raise NoData("none that it shows")
    return found


def day_of(moment: Any) -> date:
    """Give the day a bucket stands for. Raises Strange when it does not begin at a midnight of UTC or Korea."""
    shift = MIDNIGHTS.get(moment.hour)
    if shift is None or moment.minute or moment.second:
        raise Strange(f"bucket at {moment}: midnight is expected")
    day: date = moment.date()
    return day + shift


def value_of(value: Any) -> int:
    """Give one value. Raises Strange when it is none of 0 to 100."""
    number = int(value)
    if number != value or not 0 <= number <= 100:
        raise Strange(f"value {value!r}: 0 to 100 is expected")
    return number


def kind_of(error: Exception) -> tuple[str, str]:
    """Name what went wrong, for `trends/google.py` to judge, and describe it in one line."""
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, ImportError):
        return "not_installed", detail
    for refused in (Refused, Strange, NoData):
        if isinstance(error, refused):
            return kind_of_own(error), detail
    if isinstance(error, json.JSONDecodeError):
        return "unreadable", f"no JSON: {detail}"
    from pytrends.exceptions import ResponseError
    from requests import ConnectionError as NoConnection
    from requests import RequestException, Timeout

    if isinstance(error, Timeout):
        return "timed_out", type(error).__name__
    if isinstance(error, NoConnection):
        return "unreachable", type(error).__name__
    if isinstance(error, RequestException):  # e.g. a body that ends early, which urllib3 1 does not see
        return "unreadable", type(error).__name__
    if isinstance(error, ResponseError):  # below 400, or `refuse` had come first: a page in the place of data
        return "blocked", f"a page with HTTP {error.response.status_code} in the place of data"
    if isinstance(error, TypeError) and "keyword argument" in detail:  # method_whitelist, which urllib3 2 does not know
        return "broken_library", f"{type(error).__name__}: {detail}"
    return "strange", f"{type(error).__name__}: {detail}"


def kind_of_own(error: Exception) -> str:
    """Name one of this file's own errors."""
    if not isinstance(error, Refused):
        return "no_data" if isinstance(error, NoData) else "strange"
    if error.status == 429:
        return "rate_limited"
    if error.status in (401, 403):
        return "blocked"
    return "server_error" if error.status >= 500 else "refused"


if __name__ == "__main__":
    main()
