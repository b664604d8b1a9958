"""The stand-in of Google answers as Google does where pytrends asks: cookie, tokens, prefixes, scale, refusals."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from trends.stand_in.google import REFUSALS, SPOILED, GoogleStandIn
from trends.stand_in.serving import Fault

FIRST = date(2026, 6, 1)
NOW = datetime(2026, 6, 4, 3, tzinfo=UTC)
SERIES = {
    "a": {FIRST + timedelta(days=place): volume for place, volume in enumerate((1.0, 2.0, 4.0, 3.0, 9.0))},
    "b": {FIRST: 4.0},
}


@contextmanager
def serving() -> Iterator[tuple[GoogleStandIn, httpx.Client]]:
    with GoogleStandIn(SERIES, now=lambda: NOW) as stand_in, httpx.Client(base_url=f"{stand_in.url}/trends") as client:
        yield stand_in, client


def question(*terms: str, time: str = "2026-06-01 2026-06-05", tz: str = "-540") -> dict[str, str]:
    items = [{"keyword": term, "time": time, "geo": "KR"} for term in terms]
    return {"hl": "ko-KR", "tz": tz, "req": json.dumps({"comparisonItem": items, "category": 0, "property": ""})}


def read(answer: httpx.Response, prefix: str) -> Any:
    assert answer.status_code == 200
    assert answer.text.startswith(prefix)
    return json.loads(answer.text.removeprefix(prefix))


def rows(client: httpx.Client, *terms: str, **more: str) -> list[dict[str, Any]]:
    client.get("/explore/", params={"geo": "KR"})
    widgets = read(client.post("/api/explore", params=question(*terms, **more)), ")]}'\n")["widgets"]
    [widget] = [widget for widget in widgets if widget["id"] == "TIMESERIES"]
    asked = {"req": json.dumps(widget["request"]), "token": widget["token"], "tz": "-540"}
    answer = read(client.get("/api/widgetdata/multiline", params=asked), ")]}',\n")
    found: list[dict[str, Any]] = answer["default"]["timelineData"]
    return found


def test_given_terms_when_asked_together_then_they_share_one_scale_of_whole_numbers_and_a_sum_sums() -> None:
    with serving() as (stand_in, client):
        found = rows(client, "a", "a + b", "nobody")
        terms = [call.terms for call in stand_in.calls]
        cookies = [call.cookie for call in stand_in.calls]
    assert [row["value"] for row in found] == [[20, 100, 0], [40, 40, 0], [80, 80, 0], [60, 60, 0]]
    assert [row["hasData"][2] for row in found] == [False] * 4
    assert [row.get("isPartial", False) for row in found] == [False, False, False, True]  # now is on the fourth day
    assert datetime.fromtimestamp(int(found[0]["time"]), UTC) == datetime(2026, 6, 1, tzinfo=UTC)
    assert terms == [(), *[("a", "a + b", "nobody")] * 2]
    assert cookies == ["", "NID=stand-in", "NID=stand-in"]


def test_given_a_long_window_when_asked_then_weeks_from_sunday_come() -> None:
    with serving() as (_, client):
        found = rows(client, "a", time="2025-10-01 2026-06-30")
        short = rows(client, "a", time="2025-10-01 2026-06-26")
    starts = [datetime.fromtimestamp(int(row["time"]), UTC).date() for row in found]
    assert starts == [date(2026, 5, 31)]
    assert found[0]["isPartial"]
    assert len(short) == 4  # 270 days are weeks, 269 are not; the fifth day is still to come


def test_given_noise_when_asked_twice_then_answers_differ() -> None:
    with serving() as (stand_in, client):
        stand_in.noise = 0.3
        first, second = rows(client, "a"), rows(client, "a")
    assert [row["value"] for row in first] != [row["value"] for row in second]


def test_given_few_searches_when_asked_then_there_are_no_data() -> None:
    with serving() as (stand_in, client):
        assert rows(client, "nobody") == []
        stand_in.least_volume = 5.0
        assert rows(client, "a") == []


def test_given_no_cookie_when_asked_then_429() -> None:
    with serving() as (stand_in, client):
        stand_in.sets_cookie = False
        assert "set-cookie" not in client.get("/explore/").headers
        assert client.post("/api/explore", params=question("a")).status_code == 429


@pytest.mark.parametrize(
    "params",
    [
        {},
        question(),
        question(*"abcdef"),
        question(" "),
        question("x" * 101),
        question("a", time="today 5-y"),
        question("a", time="2026-06-02 2026-06-01"),
        question("a", tz="KST"),
        {**question("a"), "req": "[]"},
    ],
)
def test_given_an_odd_question_when_asked_then_400(params: dict[str, str]) -> None:
    with serving() as (_, client):
        client.get("/explore/")
        assert client.post("/api/explore", params=params).status_code == 400


def test_given_another_token_path_or_method_when_asked_then_refused() -> None:
    with serving() as (_, client):
        client.get("/explore/")
        token = read(client.post("/api/explore", params=question("a")), ")]}'\n")["widgets"][0]
        good = {"req": json.dumps(token["request"]), "token": token["token"], "tz": "-540"}
        assert client.get("/api/widgetdata/multiline", params=good).status_code == 200
        assert client.get("/api/widgetdata/multiline", params={**good, "token": "x"}).status_code == 400
        assert client.get("/api/widgetdata/multiline", params={**good, "req": "{}"}).status_code == 400
        assert client.get("/api/explore", params=question("a")).status_code == 404
        assert client.get("/api/dailytrends").status_code == 404


@pytest.mark.parametrize("name", [*REFUSALS, *SPOILED])
def test_given_any_refusal_when_queued_then_the_next_call_gets_it_and_no_other(name: str) -> None:
    with serving() as (stand_in, client):
        stand_in.fail(Fault(name))
        refused, after = client.get("/explore/"), client.get("/explore/")
    assert refused.status_code == REFUSALS.get(name, (200, ""))[0]
    assert refused.content != after.content
    assert after.status_code == 200
