"""pytrends itself asks a stand-in of Google, in a child process, with either urllib3; what fails is unknown."""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from domain.config import KeywordSet
from domain.messages.market import TrendReceived, TrendsMissing
from domain.time import from_kst
from domain.types import UnixNanos
from tests.trends.google_pythons import NEWER, OLDER, there
from trends import google_worker
from trends.google import GoogleSettings, GoogleTrends
from trends.google_child import WORKER, Child
from trends.source import TrendSource
from trends.stand_in.google import GoogleStandIn
from trends.stand_in.serving import Fault

ON = date(2026, 6, 15)  # a Monday
BEFORE_NINE, AFTER_NINE = from_kst(ON, 8, 59), from_kst(ON, 9, 0)
FIRST = date(2026, 1, 1)
VOLUMES = {FIRST + timedelta(days=place): 20.0 + place % 7 * 5 for place in range(200)}
WORDS = ("삼성전자", "삼전", "하이닉스", "네이버", "카카오 주가")
SERIES = {word: {day: volume * scale for day, volume in VOLUMES.items()} for scale, word in enumerate(WORDS, start=1)}
KEYWORDS: Mapping[str, KeywordSet] = MappingProxyType(
    {
        "005930": KeywordSet("005930", 3, ("삼성전자", "삼전")),
        "000660": KeywordSet("000660", 1, ("하이닉스",)),
        "035420": KeywordSet("035420", 1, ("네이버",)),
        "035720": KeywordSet("035720", 2, ("카카오 주가",)),
        "000001": KeywordSet("000001", 1, ("nobody looks for it",)),
        "000002": KeywordSet("000002", 1, ("a+b",)),
    }
)


@pytest.fixture(params=[OLDER, NEWER], ids=["urllib3-1", "urllib3-2"])
def python(request: pytest.FixtureRequest) -> str:
    return there(request.param)


def a_stand_in(now: datetime = datetime(2026, 6, 15, 0, tzinfo=UTC)) -> GoogleStandIn:
    return GoogleStandIn(SERIES, now=lambda: now)


def google(python: str, stand_in: GoogleStandIn, days: int = 28, read_ms: int = 20_000) -> GoogleTrends:
    settings = GoogleSettings(python=python, days=days, pause_ms=0, read_ms=read_ms, base_url=stand_in.url)
    return GoogleTrends(KEYWORDS, settings)


def fetched(
    source: TrendSource, *symbols: str, at: UnixNanos = AFTER_NINE, on: date = ON
) -> list[TrendReceived | TrendsMissing]:
    return list(source.fetch(symbols, on, at))


def series_of(one: TrendReceived | TrendsMissing) -> dict[str, float]:
    assert isinstance(one, TrendReceived), one
    return {point.day: point.ratio for point in one.points}


def reason_of(one: TrendReceived | TrendsMissing) -> str:
    assert isinstance(one, TrendsMissing), one
    return one.reason


# What may happen to one symbol and leaves the rest as it is: the call it happens to (the question, or the values it
# is answered with), the fault, what is said of it, whether asking again may help.
PASSING = [
    ("question", Fault("bad_request"), "Google refuses the question: HTTP 400", False),
    ("question", Fault("not_found"), "Google refuses the question: HTTP 404", False),
    ("question", Fault("no_widgets"), "Google's answer is not of the known form: no time series", False),
    ("question", Fault("not_an_object"), "Google's answer is not of the known form: ", False),
    ("question", Fault("broken_json"), "Google's answer was cut or is no JSON: ", True),
    ("values", Fault("broken_json"), "Google's answer was cut or is no JSON: ", True),
    ("values", Fault("no_timeline"), "Google's answer is not of the known form: KeyError: 'timelineData'", False),
    ("values", Fault("server_error"), "Google has trouble of its own: HTTP 500", True),
    ("values", Fault(cut_to=40), "Google's answer was cut or is no JSON: ", True),
]


def test_given_either_urllib3_when_asked_then_series_come_and_failures_are_unknown_with_a_reason(
    python: str,
) -> None:
    with a_stand_in() as stand_in:
        number = 4  # the cookie's call and two for the first symbol are before
        for call, fault, _, _ in PASSING:
            stand_in.faults[number + (call == "values")] = fault
            number += 1 + (call == "values")
        asked = ["005930", *["035420"] * len(PASSING), "000001", "000660", "999999", "000002"]
        got = fetched(google(python, stand_in), *asked)
        calls = list(stand_in.calls)
    unasked, first, failed, last = got[:2], got[2], got[3:-1], got[-1]
    assert [one.symbols for one in unasked if isinstance(one, TrendsMissing)] == [("999999",), ("000002",)]
    assert ["no words" in reason_of(unasked[0]), "operator" in reason_of(unasked[1])] == [True, True]
    expected = [*(case[2:] for case in PASSING), ("too few searches for Google to show: no data", False)]
    for one, (reason, again) in zip(failed, expected, strict=True):
        assert reason_of(one).startswith(reason)
        assert isinstance(one, TrendsMissing)
        assert (one.source, one.trading_date, one.again) == ("google", "2026-06-15", again)
    assert isinstance(first, TrendReceived)
    assert (first.symbol, first.source, first.keyword_version, first.fetched_at) == ("005930", "google", 3, AFTER_NINE)
    volumes = {day.isoformat(): volume for day, volume in VOLUMES.items() if date(2026, 5, 18) <= day < ON}
    assert series_of(first) == series_of(last) == {day: round(100 * volume / 50) for day, volume in volumes.items()}
    assert len(volumes) == 28
    assert {name for name in sys.modules if name.split(".")[0] in ("pandas", "pytrends", "requests")} == set()
    assert [call.path.rpartition("/trends")[2] for call in calls[:3]] == [
        "/explore/",
        "/api/explore",
        "/api/widgetdata/multiline",
    ]
    assert calls[0].query == {"geo": "KR"}
    assert (calls[1].query["hl"], calls[1].query["tz"], calls[1].terms) == ("ko-KR", "-540", ("삼성전자 + 삼전",))
    assert len(calls) == number + 4 - 1


def test_given_samples_of_korean_days_when_asked_twice_then_each_stands_by_itself() -> None:
    with a_stand_in() as stand_in:
        stand_in.noise, stand_in.korean_days = 0.2, True
        first, second = fetched(google(there(NEWER), stand_in), "005930", "005930")
    assert series_of(first) != series_of(second)
    assert list(series_of(first)) == list(series_of(second))
    assert list(series_of(first))[::27] == ["2026-05-18", "2026-06-14"]


def test_given_weeks_when_asked_for_days_then_they_are_refused() -> None:
    with a_stand_in() as stand_in:
        stand_in.weekly = True
        [one] = fetched(google(there(NEWER), stand_in), "005930")
    assert reason_of(one).endswith(": 2026-05-24 follows on 2026-05-17: daily values are expected")


def test_given_no_cookie_when_asked_then_the_reason_says_so() -> None:
    with a_stand_in() as stand_in:
        stand_in.sets_cookie = False
        [one] = fetched(google(there(NEWER), stand_in), "005930")
        assert len(stand_in.calls) == 2
    assert reason_of(one) == "Google refuses for now: HTTP 429, and Google had set no NID cookie"


@pytest.mark.parametrize(
    ("at", "on", "last"),
    [
        (BEFORE_NINE, ON, "2026-06-13"),  # in UTC it is still the 14th, which has not passed
        (AFTER_NINE, ON, "2026-06-14"),
        (AFTER_NINE, date(2026, 6, 20), "2026-06-14"),  # a trading date to come
        (AFTER_NINE, date(2026, 6, 1), "2026-05-31"),  # one long past
    ],
)
def test_given_a_trading_date_when_asked_then_only_days_that_have_passed_in_utc_are_asked_for(
    at: UnixNanos, on: date, last: str
) -> None:
    asked: list[Mapping[str, object]] = []

    class Asked(Child):
        def answers(self, job):  # type: ignore[no-untyped-def]
            asked.append(job)
            return iter([{"place": 0, "series": [[last, 100]]}])

    source = GoogleTrends(KEYWORDS, GoogleSettings(days=10), Asked())
    [one] = fetched(source, "005930", at=at, on=on)
    assert series_of(one) == {last: 100.0}
    assert (asked[0]["last"], asked[0]["first"]) == (last, (date.fromisoformat(last) - timedelta(days=9)).isoformat())


# ---- what ends a run ---------------------------------------------------------------------------------------------

ENDS = [
    (1, Fault("too_many_requests"), "Google refuses for now: HTTP 429"),
    (3, Fault("script_error"), "Google refuses for now: HTTP 429"),
    (2, Fault("consent_page"), "Google gives a page, not data: a page with HTTP 200 in the place of data"),
    (1, Fault("forbidden"), "Google gives a page, not data: HTTP 403"),
    (1, Fault(dropped=True), "Google cannot be reached: ConnectionError"),
    (1, Fault(held=True), "Google did not answer in time: ReadTimeout"),
]


@pytest.mark.parametrize(("number", "fault", "reason"), ENDS)
def test_given_a_refusal_when_asked_then_nothing_more_is_and_all_are_unknown_for_now(
    number: int, fault: Fault, reason: str
) -> None:
    with a_stand_in() as stand_in:
        stand_in.faults = {number: fault}
        source = google(there(NEWER), stand_in, read_ms=200 if fault.held else 20_000)
        got = fetched(source, "005930", "000660")
        assert len(stand_in.calls) == number
    assert [reason_of(one) for one in got] == [reason, f"{reason} (not asked)"]
    assert all(isinstance(one, TrendsMissing) and one.again for one in got)


def test_given_nobody_at_the_address_when_asked_then_unknown_for_now() -> None:
    with a_stand_in() as stand_in:
        source = google(there(OLDER), stand_in)
    [one] = fetched(source, "005930")
    assert isinstance(one, TrendsMissing)
    assert (one.reason, one.again) == ("Google cannot be reached: ConnectionError", True)


CHANGED = """
import importlib.util, os
spec = importlib.util.spec_from_file_location("worker", {worker!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
make_asker = worker.make_asker
def changed(job):
    asker = make_asker(job)
    {change}
    return asker
worker.make_asker = changed
worker.main()
"""


def changed(tmp_path: Path, python: str, stand_in: GoogleStandIn, change: str) -> GoogleTrends:
    """Give a source whose worker does one thing more when it has made pytrends' TrendReq."""
    script = tmp_path / "changed.py"
    script.write_text(CHANGED.format(worker=str(WORKER), change=change))
    settings = GoogleSettings(days=10, pause_ms=0, base_url=stand_in.url)
    return GoogleTrends(KEYWORDS, settings, Child(python, 60, script))


def test_given_retries_when_urllib3_does_not_know_their_name_then_the_library_is_to_blame(
    python: str, tmp_path: Path
) -> None:
    with a_stand_in() as stand_in:
        [one] = fetched(changed(tmp_path, python, stand_in, "asker.retries = 1"), "005930")
    if python == str(OLDER):
        assert len(series_of(one)) == 10
        return
    assert "method_whitelist" in reason_of(one)
    assert reason_of(one).startswith("pytrends does not work with the packages beside it")
    assert isinstance(one, TrendsMissing)
    assert not one.again


def test_given_prints_in_the_middle_of_a_line_when_asked_then_answers_are_whole(tmp_path: Path) -> None:
    noise = "print('Proxy error', end='', flush=True); os.write(1, b'No more proxies')"
    with a_stand_in() as stand_in:
        [one] = fetched(changed(tmp_path, there(NEWER), stand_in, noise), "005930")
    assert len(series_of(one)) == 10


# ---- the child ---------------------------------------------------------------------------------------------------


def a_child(tmp_path: Path, *lines: str) -> Child:
    script = tmp_path / "worker.py"
    script.write_text("import json, os, sys, time\n" + "\n".join(lines))
    return Child(sys.executable, 60.0, script)


def with_child(tmp_path: Path, *lines: str) -> GoogleTrends:
    return GoogleTrends(KEYWORDS, GoogleSettings(days=10), a_child(tmp_path, *lines))


ANSWER = 'print(json.dumps({"hantrade": 1, "place": 0, "series": [["2026-06-14", 100]]}), flush=True)'


def test_given_a_python_without_pytrends_when_asked_then_it_says_how_to_install_it() -> None:
    got = fetched(GoogleTrends(KEYWORDS), "005930", "000660")
    assert all("No module named 'pytrends'" in reason_of(one) for one in got)
    assert all("`pip install pytrends==4.9.2`" in reason_of(one) for one in got)
    assert all("name it in [trends] google_python" in reason_of(one) for one in got)
    assert [one.again for one in got if isinstance(one, TrendsMissing)] == [False, False]


def test_given_no_python_at_all_when_asked_then_the_setting_is_named() -> None:
    source = GoogleTrends(KEYWORDS, GoogleSettings(python="/no/such/python"))
    [one] = fetched(source, "005930", "000660")
    assert isinstance(one, TrendsMissing)
    assert one.symbols == ("005930", "000660")
    assert one.reason == "google_python expected a Python that runs, was '/no/such/python': No such file or directory"
    assert not one.again


def test_given_a_path_that_cannot_be_one_when_asked_then_the_setting_is_named() -> None:
    [one] = fetched(GoogleTrends(KEYWORDS, GoogleSettings(python="a\0b")), "005930")
    assert reason_of(one).startswith("google_python expected a Python that runs, was 'a\\x00b': ")


def test_given_no_room_for_its_job_when_asked_then_unknown_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    [one] = fetched(GoogleTrends(KEYWORDS), "005930", "000660")
    assert isinstance(one, TrendsMissing)
    assert (one.symbols, one.again) == (("005930", "000660"), True)
    assert "No space left" in one.reason


def test_given_noise_on_standard_output_when_read_then_it_is_passed_over(tmp_path: Path) -> None:
    noise = ("print('Proxy error'); print('{}'); print('[1]'); print('{\"place\": 0}')", ANSWER, "print('bye')")
    [one] = fetched(with_child(tmp_path, *noise), "005930")
    assert series_of(one) == {"2026-06-14": 100.0}


def test_given_a_child_that_hangs_when_time_is_over_then_it_is_ended_and_the_rest_is_unknown(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hanging = a_child(tmp_path, f"open({str(pid)!r}, 'w').write(str(os.getpid()))", ANSWER, "time.sleep(3600)")
    source = GoogleTrends(KEYWORDS, GoogleSettings(days=10), hanging)
    answers = source.fetch(("005930", "000660", "035420"), ON, AFTER_NINE)
    assert series_of(next(answers)) == {"2026-06-14": 100.0}
    hanging.deadline_s = 0.05  # now, so that the start may take as long as it takes
    [rest] = list(answers)
    assert isinstance(rest, TrendsMissing)
    assert (rest.symbols, rest.again) == (("000660", "035420"), True)
    assert rest.reason == "no answer for 0.05 s, so the child was ended"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_given_a_reader_that_stops_early_when_it_does_then_the_child_is_gone(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    lines = (f"open({str(pid)!r}, 'w').write(str(os.getpid()))", ANSWER, "time.sleep(3600)")
    answers = with_child(tmp_path, *lines).fetch(("005930", "000660"), ON, AFTER_NINE)
    assert isinstance(next(answers), TrendReceived)
    answers.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_given_a_child_behind_a_shell_when_it_is_ended_then_it_is_gone_with_the_shell(tmp_path: Path) -> None:
    lived = tmp_path / "lived"
    child = a_child(tmp_path, ANSWER, "time.sleep(5)", f"open({str(lived)!r}, 'w').close()")
    shell = tmp_path / "python"
    shell.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\nexit $?\n')
    shell.chmod(0o755)
    source = GoogleTrends(
        KEYWORDS, GoogleSettings(days=10), Child(str(shell), child.deadline_s, tmp_path / "worker.py")
    )
    answers = source.fetch(("005930", "000660"), ON, AFTER_NINE)
    assert isinstance(next(answers), TrendReceived)
    answers.close()  # type: ignore[attr-defined]
    assert not lived.exists(), "its end of the pipe was open until it had slept"


def test_given_a_child_that_prints_without_end_when_asked_then_it_is_ended(tmp_path: Path) -> None:
    [one] = fetched(with_child(tmp_path, "while True: print('x' * 100_000)"), "005930")
    assert isinstance(one, TrendsMissing)
    assert (one.reason, one.again) == ("the child printed more than 16 MiB, so it was ended", False)


def test_given_a_child_that_prints_and_never_answers_when_time_is_over_then_it_is_ended(tmp_path: Path) -> None:
    noise = a_child(tmp_path, ANSWER, "while True: print('x', flush=True); time.sleep(0.01)")
    answers = GoogleTrends(KEYWORDS, GoogleSettings(days=10), noise).fetch(("005930", "000660"), ON, AFTER_NINE)
    assert isinstance(next(answers), TrendReceived)
    noise.deadline_s = 0.05
    [rest] = list(answers)
    assert reason_of(rest) == "no answer for 0.05 s, so the child was ended"


def test_given_a_child_that_closes_its_output_and_lives_when_time_is_over_then_it_is_ended(tmp_path: Path) -> None:
    mute = a_child(tmp_path, ANSWER, "os.close(1)", "time.sleep(3600)")
    answers = GoogleTrends(KEYWORDS, GoogleSettings(days=10), mute).fetch(("005930", "000660"), ON, AFTER_NINE)
    assert isinstance(next(answers), TrendReceived)
    mute.deadline_s = 0.05
    [rest] = list(answers)
    assert "ended" in reason_of(rest)
    assert isinstance(rest, TrendsMissing)
    assert rest.again


def test_given_a_parent_that_died_when_the_child_looks_then_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([5, 5, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(google_worker, "LOOKS_S", 0)
    monkeypatch.setattr(os, "_exit", lambda code: ended.append(code))
    ended: list[int] = []
    google_worker.end_with(5)
    assert (ended, list(parents)) == ([1], [])


@pytest.mark.parametrize(
    ("line", "says", "again"),
    [
        ("sys.exit('no memory left')", "ended with code 1 before it had answered: no memory left", False),
        ("os.abort()", "ended with code -6", True),
        ("raise SyntaxError('x' * 900)", "SyntaxError: xxx", False),
        (ANSWER.replace('"place": 0', '"place": 1'), "answered what it was not asked", False),
    ],
)
def test_given_a_child_that_ends_before_its_answer_when_asked_then_its_last_words_are_kept(
    tmp_path: Path, line: str, says: str, again: bool
) -> None:
    [one] = fetched(with_child(tmp_path, line), "005930")
    assert isinstance(one, TrendsMissing)
    assert says in one.reason
    assert len(one.reason) < 400
    assert one.again == again


def test_given_secrets_in_the_environment_when_a_child_starts_then_it_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "hush")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://proxy")
    tell = 'print(json.dumps({"hantrade": 1, "place": 0, "kind": "refused", "detail": " ".join(sorted(os.environ))}))'
    [one] = fetched(with_child(tmp_path, tell), "005930")
    names = reason_of(one).partition(": ")[2].split()
    assert {"PATH", "https_proxy"} <= set(names)
    assert {"HANTRADE_NAVER_CLIENT_SECRET", "PYTHONPATH"}.isdisjoint(names)


def test_given_the_source_when_named_then_it_is_google() -> None:
    source: TrendSource = GoogleTrends({})
    assert source.name == "google"
    assert [reason_of(one) for one in fetched(source, "005930")] == ["no words are known for it"]
