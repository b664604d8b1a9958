"""The stand-in of Naver keeps Naver's rules: keys, limits, refusals, scale, late days; recorded series come back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DataError
from domain.time import KST
from trends.stand_in.naver import KEYS, NAMES, Limits, NaverStandIn, Rebase
from trends.stand_in.series import bucket_of, moved, ratios, read_volumes, summed
from trends.stand_in.serving import Fault

RECORDED = Path(__file__).parents[2] / "trends" / "data" / "naver_120110.csv.gz"
HUB_PATH, LEGACY_PATH = "/search-trend/v1/search", "/v1/datalab/search"
PATHS = {"hub": HUB_PATH, "legacy": LEGACY_PATH}
NAMES_OF_HEADERS = {
    "hub": ("X-NCP-APIGW-API-KEY-ID", "X-NCP-APIGW-API-KEY"),
    "legacy": ("X-Naver-Client-Id", "X-Naver-Client-Secret"),
}
IMPATIENT = httpx.Timeout(10, read=0.05)
MONDAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 15, 12, tzinfo=KST)


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.now, self.seconds = NOON, 0.0


def days_from(first: date, *volumes: float) -> dict[date, float]:
    return {first + timedelta(days=place): volume for place, volume in enumerate(volumes)}


SERIES = {"a": days_from(MONDAY, 1, 2, 4, 0), "b": days_from(MONDAY, 10, 10, 10, 10), "none": days_from(MONDAY, 0, 0)}


@contextmanager
def serving(limits: Limits | None = None, clock: Clock | None = None) -> Iterator[NaverStandIn]:
    clock = clock or Clock()
    stand_in = NaverStandIn(
        SERIES, limits=limits or Limits(), now=lambda: clock.now, seconds=lambda: clock.seconds, port=0
    )
    with stand_in:
        yield stand_in


def keys_of(host: str) -> dict[str, str]:
    [(key_id, secret)] = KEYS[host].items()
    return dict(zip(NAMES_OF_HEADERS[host], (key_id, secret), strict=True))


def a_request(
    *groups: list[str], first: str = "2026-06-01", last: str = "2026-06-04", **more: object
) -> dict[str, Any]:
    named = [{"groupName": f"g{place}", "keywords": words} for place, words in enumerate(groups or (["a"],))]
    return {"startDate": first, "endDate": last, "timeUnit": "date", "keywordGroups": named, **more}


def ask(
    stand_in: NaverStandIn, body: object = None, host: str = "legacy", headers: dict[str, str] | None = None
) -> httpx.Response:
    found = keys_of(host) if headers is None else headers
    return httpx.post(stand_in.url + PATHS[host], json=a_request() if body is None else body, headers=found, timeout=10)


def data_of(answer: httpx.Response) -> list[dict[str, float]]:
    assert answer.status_code == 200, answer.text
    return [{row["period"]: row["ratio"] for row in group["data"]} for group in answer.json()["results"]]


# ---- the scale ---------------------------------------------------------------------------------------------------


def test_given_the_recorded_series_when_replayed_then_it_comes_back_up_to_a_constant() -> None:
    recorded = read_volumes(RECORDED, "헨리코튼")["헨리코튼"]
    with NaverStandIn({"헨리코튼": recorded}) as stand_in:
        for first, last in ((date(2019, 1, 1), date(2024, 9, 30)), (date(2023, 2, 3), date(2023, 5, 9))):
            [got] = data_of(ask(stand_in, a_request(["헨리코튼"], first=first.isoformat(), last=last.isoformat())))
            asked = {day.isoformat(): ratio for day, ratio in recorded.items() if first <= day <= last}
            scale = max(asked.values()) / 100
            assert got.keys() == asked.keys()
            assert max(got.values()) == 100
            assert all(abs(got[day] * scale - ratio) <= 1e-5 for day, ratio in asked.items())


@given(st.lists(st.dictionaries(st.dates(), st.floats(0, 1e9), max_size=8), min_size=1, max_size=5), st.integers(2, 9))
def test_for_any_groups_the_largest_bucket_of_all_is_100_and_a_common_factor_changes_nothing(
    groups: list[dict[date, float]], factor: int
) -> None:
    scaled = ratios(groups)
    largest = max((value for group in scaled for value in group.values()), default=0.0)
    assert largest in (0.0, 100.0)
    assert (largest == 0) == all(not volume for group in groups for volume in group.values())
    again = ratios([{day: volume * factor for day, volume in group.items()} for group in groups])
    for one, other in zip(scaled, again, strict=True):
        assert one.keys() == other.keys()
        assert all(abs(one[day] - other[day]) <= 1.1e-5 for day in one)


def test_given_groups_when_asked_together_then_they_share_one_scale_and_each_sums_its_words() -> None:
    with serving() as stand_in:
        together = data_of(ask(stand_in, a_request(["a"], ["a", "b"], ["a", "a"], ["none", "nobody"])))
    assert list(together[0].values()) == [7.14286, 14.28571, 28.57143, 0.0]  # of 14, the third day of a and b
    assert list(together[1].values()) == [78.57143, 85.71429, 100.0, 71.42857]
    assert together[2] == together[0]  # a word that is listed twice counts once
    assert list(together[3].values()) == [0.0, 0.0]


def test_given_empty_buckets_when_they_are_dropped_then_they_are_absent() -> None:
    with serving() as stand_in:
        stand_in.drops_zeros = True
        dropped = data_of(ask(stand_in, a_request(["a"], ["none"], ["nobody"])))
        nothing = data_of(ask(stand_in, a_request(["nobody"])))
    assert list(dropped[0]) == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert dropped[1:] == [{}, {}]
    assert nothing == [{}]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("week", {"2026-05-25": 50.0, "2026-06-01": 100.0}),  # a Sunday, then Monday and Tuesday
        ("month", {"2026-05-01": 50.0, "2026-06-01": 100.0}),
    ],
)
def test_given_longer_buckets_when_asked_then_days_of_the_window_are_summed(
    unit: str, expected: dict[str, float]
) -> None:
    with serving() as stand_in:
        stand_in.series["a"] = days_from(date(2026, 5, 30), 9, 1, 1, 1, 9)
        got = data_of(ask(stand_in, a_request(first="2026-05-31", last="2026-06-02", timeUnit=unit)))
    assert got == [expected]


@given(st.dates(), st.sampled_from(("date", "week", "month")))
def test_for_any_day_its_bucket_begins_at_or_before_it_and_is_its_own_bucket(day: date, unit: str) -> None:
    start = bucket_of(day, unit) if day > date(1, 1, 7) else day
    assert start <= day
    assert start == day or bucket_of(start, unit) == start
    assert unit != "week" or start == day or start.weekday() == 0


# ---- what is known when -----------------------------------------------------------------------------------------


def test_given_late_days_when_time_passes_then_they_appear_and_today_never_does() -> None:
    clock = Clock()
    clock.now = datetime(2026, 6, 4, 8, 59, tzinfo=KST)
    with serving(clock=clock) as stand_in:
        stand_in.late_days, stand_in.late_until = 2, datetime(2026, 6, 4, 9, tzinfo=KST)
        early = data_of(ask(stand_in))
        clock.now = stand_in.late_until
        then = data_of(ask(stand_in))
        stand_in.late_until = None
        always = data_of(ask(stand_in))
    assert list(early[0]) == ["2026-06-01"]
    assert early[0]["2026-06-01"] == 100.0  # the peak of what is there
    assert list(then[0]) == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert always == early


def test_given_a_revision_when_asked_again_then_old_values_are_on_another_base() -> None:
    with serving() as stand_in:
        before = data_of(ask(stand_in))
        stand_in.rebase = Rebase(date(2026, 6, 3), 2.0)
        after = data_of(ask(stand_in))
    assert list(before[0].values()) == [25.0, 50.0, 100.0, 0.0]
    assert list(after[0].values()) == [50.0, 100.0, 100.0, 0.0]


# ---- who may ask ------------------------------------------------------------------------------------------------


def test_given_both_hosts_when_asked_rightly_then_bodies_are_alike_and_the_hub_labels_them_as_text() -> None:
    with serving() as stand_in:
        hub, legacy = ask(stand_in, host="hub"), ask(stand_in)
        hosts = [(call.number, call.host, call.key_id, call.words, call.status) for call in stand_in.calls]
    assert hub.json() == legacy.json()
    assert hub.json()["results"][0]["title"] == "g0"
    assert hub.headers["content-type"] == "text/plain;charset=utf-8"
    assert legacy.headers["content-type"] == "application/json;charset=UTF-8"
    assert hosts == [(1, "hub", "stand-in-hub", (("a",),), 200), (2, "legacy", "stand-in-legacy", (("a",),), 200)]


OTHER = {
    "hub": dict(zip(NAMES_OF_HEADERS["hub"], keys_of("legacy").values(), strict=True)),
    "legacy": dict(zip(NAMES_OF_HEADERS["legacy"], keys_of("hub").values(), strict=True)),
}


@pytest.mark.parametrize("host", ["hub", "legacy"])
@pytest.mark.parametrize("headers", [{}, keys_of("hub"), keys_of("legacy"), OTHER["hub"], OTHER["legacy"]])
def test_given_keys_of_the_other_host_when_asked_then_401(host: str, headers: dict[str, str]) -> None:
    if headers == keys_of(host):
        headers = {**headers, NAMES_OF_HEADERS[host][1]: "wrong"}
    with serving() as stand_in:
        answer = ask(stand_in, host=host, headers=headers)
        assert stand_in.used(headers.get(NAMES_OF_HEADERS[host][0], "")) == 0
    assert answer.status_code == 401
    if host == "legacy":
        assert answer.json()["errorCode"] == "024"
        assert "Authentication failed. (인증에 실패했습니다.)" in answer.json()["errorMessage"]
    else:
        assert answer.json()["error"]["errorCode"] == "200"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", LEGACY_PATH, 405), ("PUT", HUB_PATH, 405), ("POST", "/v1/datalab", 404), ("GET", "/", 404)],
)
def test_given_a_wrong_path_or_method_when_asked_then_the_gateway_says_so(method: str, path: str, status: int) -> None:
    with serving() as stand_in:
        answer = httpx.request(method, stand_in.url + path, headers=keys_of("legacy"))
        assert stand_in.used("stand-in-legacy") == 0
    assert (answer.status_code, answer.json()["errorCode"]) == (status, str(status))


def test_given_a_key_without_the_service_when_asked_then_403() -> None:
    with serving() as stand_in:
        stand_in.switched_on = False
        assert ask(stand_in).status_code == 403


# ---- what may be asked ------------------------------------------------------------------------------------------

GROUP = {"groupName": "g", "keywords": ["a"]}
BAD = [
    ({"startDate": "2015-12-31"}, "startDate"),
    ({"startDate": "20260601"}, "startDate"),
    ({"startDate": None}, "startDate"),
    ({"endDate": "2026-06-31"}, "endDate"),
    ({"endDate": "2026-05-31"}, "startDate"),
    ({"timeUnit": "day"}, "timeUnit"),
    ({"timeUnit": ["date"]}, "timeUnit"),
    ({"device": "tv"}, "device"),
    ({"gender": "x"}, "gender"),
    ({"gender": ["m"]}, "gender"),
    ({"ages": ["12"]}, "ages"),
    ({"ages": [1]}, "ages"),
    ({"ages": "1"}, "ages"),
    ({"keywordGroups": []}, "keywordGroups"),
    ({"keywordGroups": [GROUP] * 6}, "keywordGroups"),
    ({"keywordGroups": {"a": GROUP}}, "keywordGroups"),
    ({"keywordGroups": [{"keywords": ["a"]}]}, "groupName"),
    ({"keywordGroups": ["a"]}, "groupName"),
    ({"keywordGroups": [{"groupName": "g", "keywords": []}]}, "keywords"),
    ({"keywordGroups": [{"groupName": "g", "keywords": ["a"] * 21}]}, "keywords"),
    ({"keywordGroups": [{"groupName": "g", "keywords": [" "]}]}, "keywords"),
    ({"keywordGroups": [{"groupName": "g", "keywords": "a"}]}, "keywords"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[NaverStandIn]:
    with serving(Limits(None)) as stand_in:
        yield stand_in


@pytest.mark.parametrize(("change", "field"), BAD)
def test_given_a_broken_rule_when_asked_then_400_names_the_field(
    shared: NaverStandIn, change: dict[str, object], field: str
) -> None:
    answer = ask(shared, a_request() | change)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400")
    assert f" {field} " in answer.json()["errorMessage"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", '{"startDate": "2026-06-01"'.encode("utf-16")])
def test_given_no_json_when_asked_then_400(shared: NaverStandIn, body: bytes) -> None:
    headers = {**keys_of("legacy"), "Content-Type": "application/json"}
    assert httpx.post(shared.url + LEGACY_PATH, content=body, headers=headers).status_code == 400


def test_given_another_media_type_when_asked_then_400(shared: NaverStandIn) -> None:
    answer = httpx.post(shared.url + LEGACY_PATH, data={"startDate": "2026-06-01"}, headers=keys_of("legacy"))
    assert answer.status_code == 400


def test_given_a_body_of_more_than_a_megabyte_when_asked_then_413(shared: NaverStandIn) -> None:
    answers = [ask(shared, a_request(["a" * (1 << 20)]), host=host) for host in ("legacy", "hub")]
    assert [answer.status_code for answer in answers] == [413, 413]
    assert answers[1].json()["error"]["errorCode"] == "430"


@pytest.mark.parametrize(
    "change",
    [
        {"device": "", "gender": "", "ages": []},
        {"device": "mo", "gender": "f", "ages": ["1", "11"]},
        {"startDate": "2016-01-01", "endDate": "2030-01-01"},
        {"keywordGroups": [{"groupName": "g", "keywords": [str(word) for word in range(20)]}] * 5},
    ],
)
def test_given_what_the_rules_allow_when_asked_then_200(shared: NaverStandIn, change: dict[str, object]) -> None:
    assert ask(shared, a_request() | change).status_code == 200


# ---- limits -----------------------------------------------------------------------------------------------------


def test_given_a_day_quota_when_spent_then_010_until_midnight_in_korea() -> None:
    clock = Clock()
    with serving(Limits(2), clock) as stand_in:
        ok, bad = ask(stand_in), ask(stand_in, {})
        spent, hub = ask(stand_in), ask(stand_in, host="hub")
        clock.now = datetime(2026, 6, 15, 23, 59, 59, tzinfo=KST)
        still = ask(stand_in)
        clock.now = datetime(2026, 6, 16, 0, 0, tzinfo=KST)
        anew = ask(stand_in)
        used = stand_in.used("stand-in-legacy")
    assert [one.status_code for one in (ok, bad, spent, hub, still, anew)] == [200, 400, 429, 200, 429, 200]
    text = "{count/quota=3/2} : Query limit exceeded. (쿼리 한도를 초과했습니다.)"
    assert spent.json() == {"errorMessage": text, "errorCode": "010"}
    assert used == 1


def test_given_a_month_quota_on_the_hub_when_spent_then_the_gateway_says_so() -> None:
    with serving(Limits(None, a_month=1)) as stand_in:
        first, second = ask(stand_in, host="hub"), ask(stand_in, host="hub")
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["error"]["errorCode"] == "400"


def test_given_a_limit_a_second_when_asked_faster_then_012_and_after_a_second_again() -> None:
    clock = Clock()
    with serving(Limits(a_second=2), clock) as stand_in:
        statuses = [ask(stand_in).status_code for _ in range(2)]
        legacy = ask(stand_in)
        for _ in range(2):
            ask(stand_in, host="hub")
        hub = ask(stand_in, host="hub")
        clock.seconds = 1.0
        after = ask(stand_in)
        used = stand_in.used("stand-in-legacy")
    assert statuses == [200, 200]
    assert (legacy.status_code, legacy.json()["errorCode"]) == (429, "012")
    assert (hub.status_code, hub.json()["error"]["errorCode"]) == (429, "420")
    assert after.status_code == 200
    assert used == 3  # what is too fast does not count


# ---- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("host", ["hub", "legacy"])
def test_given_any_refusal_when_queued_then_the_next_call_gets_it_and_no_other(host: str, name: str) -> None:
    with serving() as stand_in:
        stand_in.fail(Fault(name))
        refused, after = ask(stand_in, host=host), ask(stand_in, host=host)
    assert after.status_code == 200
    assert data_of(after)
    if refused.status_code == 200:
        assert name in ("error_with_200", "quota_with_200", "key_with_200", "empty", "no_results")
        assert b"results" not in refused.content
    else:
        assert refused.status_code >= 400


def test_given_faults_by_number_when_called_then_each_happens_to_its_call() -> None:
    with serving() as stand_in:
        stand_in.faults = {2: Fault("server_error"), 3: Fault(dropped=True), 4: Fault(cut_to=20)}
        first, second = ask(stand_in), ask(stand_in)
        with pytest.raises(httpx.RemoteProtocolError):
            ask(stand_in)
        with pytest.raises(httpx.RemoteProtocolError):
            ask(stand_in)
        fifth = ask(stand_in)
        used = stand_in.used("stand-in-legacy")
    assert [one.status_code for one in (first, second, fifth)] == [200, 500, 200]
    assert used == 5  # what the client did not hear of counts all the same


def test_given_a_held_answer_when_released_then_it_comes() -> None:
    with serving() as stand_in:
        stand_in.fail(Fault(held=True))
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(stand_in.url + LEGACY_PATH, json=a_request(), headers=keys_of("legacy"), timeout=IMPATIENT)
        stand_in.fail(Fault(held=True))
        stand_in.release()
        assert ask(stand_in).status_code == 200


def test_given_a_slow_answer_when_the_stand_in_ends_then_it_does_not_wait_for_it() -> None:
    with serving() as stand_in:
        stand_in.fail(Fault(delay_s=3_600))
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(stand_in.url + LEGACY_PATH, json=a_request(), headers=keys_of("legacy"), timeout=IMPATIENT)


def test_given_a_refusal_nobody_knows_when_queued_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="quota_spent"):
        NaverStandIn({}).fail(Fault("tired"))


def test_given_a_mistake_of_its_own_when_the_stand_in_ends_then_it_is_raised() -> None:
    with pytest.raises(RuntimeError, match="itself failed"), serving() as stand_in:
        stand_in.faults = {1: Fault("tired")}
        with pytest.raises(httpx.RemoteProtocolError):
            ask(stand_in)


# ---- files and the command line ---------------------------------------------------------------------------------


def test_given_files_of_each_form_when_read_then_volumes_come_by_word_and_day(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("keyword,period,ratio,est_volume\n우체국,2026-01-01,1,50\n우체국,2026-01-02,2,\nb,2026-01-01,3,0\n")
    assert read_volumes(path) == {
        "우체국": {date(2026, 1, 1): 50.0, date(2026, 1, 2): 2.0},
        "b": {date(2026, 1, 1): 0.0},
    }
    path.write_text("keyword,period,ratio\nb,2026-01-01,3\n", encoding="utf-8-sig")
    assert read_volumes(path) == {"b": {date(2026, 1, 1): 3.0}}
    assert len(read_volumes(RECORDED, "w")["w"]) == 2100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keyword,period,ratio\n",
        "period,ratio\n2026-01-01,1\n",
        "keyword,ratio\na,1\n",
        "keyword,period\na,2026-01-01\n",
        "keyword,period,ratio\na,yesterday,1\n",
        "keyword,period,ratio\na,2026-01-01,-1\n",
        "keyword,period,ratio\na,2026-01-01,nan\n",
        "keyword,period,ratio\na,2026-01-01\n",
        "keyword,period,ratio\n,2026-01-01,1\n",
        "keyword,period,ratio\na,2026-01-01,1\na,2026-01-01,2\n",
    ],
)
def test_given_a_bad_file_when_read_then_it_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"series\.csv"):
        read_volumes(path)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_for_any_day_moved_series_reach_it_on_the_same_weekdays(last: date) -> None:
    series = {"a": days_from(MONDAY, 1, 2), "b": days_from(MONDAY, 3)}
    found = moved(series, last)
    assert 0 <= (max(found["a"]) - last).days < 7
    assert (min(found["a"]) - MONDAY).days % 7 == 0
    assert list(found["a"].values()) == [1, 2]
    assert min(found["b"]) == min(found["a"])


def test_given_words_when_summed_then_only_days_of_the_window_count_in_order() -> None:
    found = summed([days_from(MONDAY, 1, 2, 3), {MONDAY + timedelta(days=1): 5.0}], MONDAY, date(2026, 6, 2), "date")
    assert list(found.items()) == [(MONDAY, 1.0), (date(2026, 6, 2), 7.0)]


def run(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "trends.stand_in", "--series", str(RECORDED), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def test_given_the_command_when_run_then_it_says_how_to_use_it_serves_and_ends_when_told() -> None:
    with run("--word", "헨리코튼", "--as-recorded", "--quota", "1") as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(6)]
        base_url = said[3].split('"')[1]
        body = a_request(["헨리코튼"], first="2024-09-01", last="2024-09-30")
        statuses = [
            httpx.post(base_url + LEGACY_PATH, json=body, headers=keys_of("legacy")).status_code for _ in range(2)
        ]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert said[0] == "1 words up to 2024-09-30: 헨리코튼\n"
    assert said[2] == "[trends]\n"
    assert "HANTRADE_NAVER_CLIENT_ID=stand-in-hub" in said[4]
    assert statuses == [200, 429]


def test_given_a_file_without_words_when_run_then_one_line_says_what_is_missing() -> None:
    with run() as process:
        out, error = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert "columns keyword" in error
    assert error.count("\n") == 1
