"""The Naver client on a fake wire: what is counted, tried again, refused, hidden."""

import gzip
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from cli.trends_settings import TrendsSection
from domain.errors import ConfigError
from tests.trends.naver_answers import (
    ID,
    KEYS,
    SECRET,
    START,
    Wire,
    a_quota,
    a_request,
    an_answer,
    answered,
    api_error,
    gateway_error,
)
from trends.naver import client as client_module
from trends.naver import errors
from trends.naver.client import Effort, NaverClient
from trends.naver.errors import BadAnswer, NaverError, NoAnswer, NoConnection, QuotaSpent, ServerTrouble, TooFast
from trends.naver.hosts import API_HUB, LEGACY, Host
from trends.naver.reading import read_answer
from trends.naver.request import Group

SPENT = api_error("010", "{count/quota=10039/10000} : Query limit exceeded. (쿼리 한도를 초과했습니다.)")
FAST = answered(api_error("012", "Rate limit exceeded"), 429)
BROKEN = answered({}, 500)


def read(body: object) -> Any:
    return read_answer(200, json.dumps(body).encode(), a_request(), API_HUB, KEYS)


def test_given_a_good_answer_labelled_text_when_asked_then_series_come_in_the_order_of_the_request(
    tmp_path: Path,
) -> None:
    body = an_answer()
    body["results"].reverse()
    wire = Wire(answered(body))
    answer = wire.client(tmp_path).ratios(a_request())
    assert [one.name for one in answer.series] == ["005930", "anchor"]
    assert answer["005930"].points[:2] == ((START, 100.0), (START + timedelta(days=1), 50.0))
    assert (answer.decimals, answer.notes, a_quota(tmp_path).left()) == (5, (), 999)


@pytest.mark.parametrize(("host", "path"), [(API_HUB, "/search-trend/v1/search"), (LEGACY, "/v1/datalab/search")])
def test_given_a_host_when_asked_then_the_request_is_as_documented(tmp_path: Path, host: Host, path: str) -> None:
    wire = Wire()
    wire.client(tmp_path, host).ratios(a_request())
    (call,) = wire.calls
    assert (call.method, call.url.scheme, call.url.path) == ("POST", "https", path)
    assert call.headers["Content-Type"] == "application/json"
    assert (call.headers[host.id_header], call.headers[host.secret_header]) == (ID, SECRET)
    assert json.loads(call.content) == a_request().body()
    assert "삼성전자" in call.content.decode()


TABLE = [
    (400, api_error("400", "Bad Request : startDate"), "WrongRequest"),
    (400, gateway_error("100", "Bad Request Exception"), "WrongRequest"),
    (413, gateway_error("430", "Request Entity Too Large"), "WrongRequest"),
    (401, api_error("024", "NID AUTH Result Invalid (1000) : Authentication failed."), "KeysRefused"),
    (401, gateway_error("200", "Authentication Failed"), "KeysRefused"),
    (401, "", "KeysRefused"),
    (401, gateway_error("210", "Permission Denied"), "NotSwitchedOn"),
    (403, api_error("403", "Forbidden"), "NotSwitchedOn"),
    (404, gateway_error("300", "Not Found Exception"), "WrongAddress"),
    (405, "", "WrongAddress"),
    (429, SPENT, "QuotaSpent"),
    (429, gateway_error("400", "Quota Exceeded"), "QuotaSpent"),
    (429, {"errorMessage": "Query limit exceeded"}, "QuotaSpent"),
    (429, api_error("012", "Rate limit exceeded"), "TooFast"),
    (429, gateway_error("410", "Throttle Limited"), "TooFast"),
    (429, gateway_error("420", "Rate Limited"), "TooFast"),
    (429, {"error": {"message": "Rate limit exceeded"}}, "TooFast"),
    (429, gateway_error("300", "not subscribed"), "TooMany"),
    (429, api_error("400", "whatever this is"), "TooMany"),  # quota only by the gateway
    (429, "too many", "TooMany"),
    (500, api_error("99", "System error"), "ServerTrouble"),
    (502, "<html>Bad Gateway</html>", "ServerTrouble"),
    (503, [], "ServerTrouble"),
    (408, "", "NoAnswer"),
    (418, "", "BadAnswer"),
    (200, SPENT, "QuotaSpent"),
    (200, api_error("024", "Not Exist Client ID"), "KeysRefused"),
    (200, api_error("012", "Rate limit exceeded"), "TooFast"),
    (200, gateway_error("400", "Quota Exceeded"), "QuotaSpent"),
    (200, gateway_error("100", "Bad Request"), "WrongRequest"),
    (200, api_error("400", "whatever this is"), "NoAnswer"),  # the API's own 400 is no quota
    (200, api_error("", ""), "NoAnswer"),
    (200, {}, "NoAnswer"),
    (200, [], "NoAnswer"),
    (200, "maintenance", "NoAnswer"),
]
ONCE = {"TooFast": 3, "ServerTrouble": 3}  # calls made before it is given up; others are made once
LATER = {"TooFast", "TooMany", "ServerTrouble", "NoAnswer", "NoConnection"}
ALONE = {"WrongRequest", "BadAnswer"}  # say nothing of other requests


@pytest.mark.parametrize("host", [API_HUB, LEGACY], ids=["hub", "legacy"])
@pytest.mark.parametrize(("status", "body", "kind"), TABLE)
def test_given_a_refusal_when_asked_then_its_error_says_what_to_do(
    tmp_path: Path, host: Host, status: int, body: object, kind: str
) -> None:
    wire = Wire(answered(body, status) if not isinstance(body, str) else httpx.Response(status, text=body))
    with pytest.raises(NaverError) as caught:
        wire.client(tmp_path, host).ratios(a_request())
    error = caught.value
    assert type(error) is getattr(errors, kind)
    assert (error.again, error.concerns_all) == (kind in LATER, kind not in ALONE)
    assert error.status == status
    assert error.what in str(error) and error.todo in str(error) and "\n" not in str(error)
    assert set(re.findall(r"\[trends\] (\w+)", error.todo)) <= set(TrendsSection.model_fields)
    assert "in settings" not in error.todo and "tried again" not in error.todo, "a command does not ask again later"
    assert len(wire.calls) == ONCE.get(kind, 1)
    assert a_quota(tmp_path).taken() == len(wire.calls)
    assert a_quota(tmp_path).left() == (0 if kind == "QuotaSpent" else 1_000 - len(wire.calls))


def test_given_the_quota_is_spent_at_naver_when_asked_again_then_nothing_is_sent(tmp_path: Path) -> None:
    wire = Wire(answered(SPENT, 429))
    client = wire.client(tmp_path)
    for _ in range(2):
        with pytest.raises(QuotaSpent):
            client.ratios(a_request())
    assert len(wire.calls) == 1


def test_given_our_count_is_spent_when_asked_then_nothing_is_sent(tmp_path: Path) -> None:
    wire = Wire()
    client = wire.client(tmp_path, a_day=1)
    client.ratios(a_request())
    with pytest.raises(QuotaSpent):
        client.ratios(a_request())
    assert len(wire.calls) == 1


def test_given_trouble_that_passes_when_asked_then_it_is_tried_again_and_each_call_counts(tmp_path: Path) -> None:
    wire = Wire(FAST, BROKEN, answered(an_answer()))
    wire.client(tmp_path).ratios(a_request())
    assert wire.waits == [1.0, 2.0]
    assert a_quota(tmp_path).taken() == 3


def test_given_trouble_that_stays_when_asked_then_waits_double_up_to_the_most(tmp_path: Path) -> None:
    wire = Wire(BROKEN)
    with pytest.raises(ServerTrouble):
        wire.client(tmp_path, effort=Effort(attempts=6)).ratios(a_request())
    assert wire.waits == [1.0, 2.0, 4.0, 8.0, 8.0]


def test_given_the_last_call_fails_when_tried_again_then_the_quota_stops_it(tmp_path: Path) -> None:
    wire = Wire(BROKEN)
    with pytest.raises(QuotaSpent):
        wire.client(tmp_path, a_day=1).ratios(a_request())
    assert len(wire.calls) == 1


@pytest.mark.parametrize(("said", "waits"), [("3", [3.0]), ("0", [1.0]), ("soon", [1.0]), ("-5", [1.0])])
def test_given_the_server_names_a_wait_when_tried_again_then_it_is_kept(
    tmp_path: Path, said: str, waits: list[float]
) -> None:
    wire = Wire(answered({}, 503, **{"Retry-After": said}), answered(an_answer()))
    wire.client(tmp_path).ratios(a_request())
    assert wire.waits == waits


def test_given_the_server_names_a_long_wait_when_asked_then_it_is_left_alone(tmp_path: Path) -> None:
    wire = Wire(answered({}, 429, **{"Retry-After": "3600"}), FAST)
    wire.answers[0] = answered(api_error("012", "Rate limit exceeded"), 429, **{"Retry-After": "3600"})
    with pytest.raises(TooFast):
        wire.client(tmp_path).ratios(a_request())
    assert (wire.waits, len(wire.calls)) == ([], 1)


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.ProxyError("no")])
def test_given_no_connection_when_asked_then_it_is_tried_again_and_nothing_counts(
    tmp_path: Path, error: Exception
) -> None:
    wire = Wire(error)
    with pytest.raises(NoConnection, match="nothing was sent") as caught:
        wire.client(tmp_path).ratios(a_request())
    assert (len(wire.calls), a_quota(tmp_path).taken(), caught.value.again) == (3, 0, True)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.DecodingError("bad gzip"),
    ],
)
def test_given_no_answer_when_asked_then_the_call_counts_and_is_not_made_again(
    tmp_path: Path, error: Exception
) -> None:
    wire = Wire(error)
    with pytest.raises(NoAnswer, match="the call may count") as caught:
        wire.client(tmp_path).ratios(a_request())
    assert (len(wire.calls), a_quota(tmp_path).taken(), caught.value.again) == (1, 1, True)


def test_given_a_wait_that_raises_when_tried_again_then_it_goes_through(tmp_path: Path) -> None:
    def stopped(seconds: float) -> None:
        raise InterruptedError

    wire = Wire(BROKEN)
    wire.wait = stopped  # type: ignore[method-assign]
    with pytest.raises(InterruptedError):
        wire.client(tmp_path).ratios(a_request())
    assert len(wire.calls) == 1


def test_given_a_redirect_when_asked_then_the_keys_do_not_follow_it(tmp_path: Path) -> None:
    wire = Wire(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(errors.WrongAddress, match="redirects are not followed"):
        wire.client(tmp_path).ratios(a_request())
    assert [call.url.host for call in wire.calls] == ["naverapihub.apigw.ntruss.com"]


def test_given_the_most_calls_of_a_second_when_one_more_is_asked_then_it_waits(tmp_path: Path) -> None:
    wire = Wire()
    client = wire.client(tmp_path, per_second=2)
    client.ratios(a_request())
    wire.now += 0.25
    for _ in range(3):
        client.ratios(a_request())
    assert wire.waits == [0.75, 0.25]
    unpaced = wire.client(tmp_path, per_second=0)
    for _ in range(3):
        unpaced.ratios(a_request())
    assert len(wire.waits) == 2


@given(st.lists(st.floats(0, 0.6), max_size=40), st.integers(1, 5))
def test_for_any_times_of_asking_no_second_holds_more_calls_than_allowed(gaps: list[float], most: int) -> None:
    wire, sent = Wire(), []
    client = Wire.client(wire, Path("unused"), per_second=most)
    for gap in gaps:
        wire.now += gap
        client._pace()
        client._sent.append(wire.now)
        sent.append(wire.now)
    for first, later in zip(sent, sent[most:], strict=False):
        assert later - first >= 1.0 - 1e-9


def test_given_an_answer_without_end_when_read_then_it_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", 1_000)
    packed = gzip.compress(b" " * 1_000_000)
    wire = Wire(lambda _: httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NoAnswer, match="larger than any can be"):
        wire.client(tmp_path).ratios(a_request())


def test_given_an_answer_that_drips_when_read_then_it_is_cut_off(tmp_path: Path) -> None:
    wire = Wire()

    def dripping() -> Iterator[bytes]:
        while True:
            wire.now += 1.0
            yield b" "

    wire.answers = [lambda _: httpx.Response(200, content=dripping())]
    with pytest.raises(NoAnswer, match="comes too slowly"):
        wire.client(tmp_path).ratios(a_request())


def test_given_keys_in_what_the_server_and_the_network_say_when_raised_then_they_are_hidden(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"client {ID} with secret {SECRET}"
    answers: list[Any] = [
        answered(api_error("024", echo), 401),
        answered(gateway_error("100", echo), 400),
        httpx.Response(500, text=echo),
        *(httpx.Response(500, text="x" * length + SECRET) for length in range(180, 210, 7)),  # cut in the middle of it
        answered(an_answer() | {"timeUnit": echo}),
        httpx.ReadError(echo),
        httpx.ConnectError(echo),
        httpx.ReadTimeout("slow"),
    ]
    for answer in answers:
        wire = Wire(answer)
        client = wire.client(tmp_path)
        with pytest.raises(NaverError) as caught:
            client.ratios(a_request())
        chain: BaseException | None = caught.value
        seen = [repr(client), str(caught.value), repr(caught.value)]
        while chain is not None:  # an exception of httpx would hold the request
            assert not isinstance(chain, httpx.HTTPError)
            seen += [str(chain), repr(vars(chain))]
            chain = chain.__cause__ or chain.__context__
        assert not [text for text in (*seen, caplog.text) if ID[:6] in text or SECRET[:6] in text]


def test_given_a_connection_on_this_machine_when_logged_in_full_then_the_keys_are_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.close()
        base_url = f"http://127.0.0.1:{port}"
        with (
            NaverClient(KEYS, API_HUB, quota=a_quota(tmp_path), wait=lambda _: None, base_url=base_url) as client,
            pytest.raises(NoConnection),
        ):
            client.ratios(a_request())
    assert "httpcore" in {record.name.split(".")[0] for record in caplog.records}
    assert ID not in caplog.text
    assert SECRET not in caplog.text
    assert a_quota(tmp_path).left() == 1_000


def test_given_a_proxy_that_is_none_when_made_then_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy")
    with pytest.raises(ConfigError, match=r"^proxy or certificates of the environment cannot be used"):
        NaverClient(KEYS, API_HUB, quota=a_quota(tmp_path), wait=lambda _: None)


def test_given_plain_http_elsewhere_when_made_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="base_url expected https"):
        Wire().client(tmp_path, base_url="http://naverapihub.apigw.ntruss.com")


def test_given_the_legacy_host_when_it_is_about_to_end_then_the_client_says_so(tmp_path: Path) -> None:
    client = Wire().client(tmp_path, LEGACY)
    with structlog.testing.capture_logs() as logs:
        client.ratios(a_request())
        assert (client.warning, logs) == ("", [])
        client.quota.today = lambda: date(2027, 6, 1)
        for _ in range(2):
            client.ratios(a_request())
    assert client.warning.startswith("Naver's legacy host ends in 29 days, on 2027-06-30: get keys of NAVER API HUB")
    assert [(entry["log_level"], entry["warning"]) for entry in logs] == [("warning", client.warning)]


def change(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Give what puts a value at results.<path>."""

    def changed(body: dict[str, Any]) -> None:
        where: Any = body["results"]
        *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
        for part in way:
            where = where[part]
        where[last] = value

    return changed


MISFITS = [
    (lambda body: body.update(timeUnit="week"), "timeUnit expected date, was 'week'"),
    (lambda body: body.update(results=None), "results expected a list of objects, was None"),
    (lambda body: body.update(results=["a"]), "results expected a list of objects"),
    (lambda body: body["results"].pop(), "titles expected 005930, anchor, was '005930'"),
    (lambda body: body["results"].clear(), "titles expected 005930, anchor, was none"),
    (lambda body: body["results"].append(body["results"][0]), "titles expected 005930, anchor"),
    (change("0.title", "000660"), "titles expected 005930, anchor, was '000660', 'anchor'"),
    (change("0.title", None), "titles expected 005930, anchor, was None, 'anchor'"),
    (change("0.keywords", ["삼성전자"]), "005930 keywords expected ['삼성전자', '005930'], was ['삼성전자']"),
    (change("0.keywords", ["삼성전자", "000660"]), "005930 keywords expected"),
    (change("0.keywords", "삼성전자"), "005930 keywords expected a list of words, was '삼성전자'"),
    (change("0.keywords", [1]), "005930 keywords expected a list of words"),
    (change("0.data", {}), "005930 data expected a list, was {}"),
    (change("0.data.1", None), "005930 data expected objects, was None"),
    (change("0.data.1", {}), "005930 period expected YYYY-MM-DD, was None"),
    (change("0.data.1.period", "20261102"), "005930 period expected YYYY-MM-DD, was '20261102'"),
    (change("0.data.1.period", "2026-11-31"), "005930 period expected YYYY-MM-DD, was '2026-11-31'"),
    (change("0.data.1.period", "2026-11-01"), "005930 periods expected to ascend, was 2026-11-01 and then 2026-11-01"),
    (change("0.data.0.period", "2026-10-31"), "005930 period expected 2026-11-01 to 2026-11-04, was 2026-10-31"),
    (change("0.data.3.period", "2026-11-05"), "005930 period expected 2026-11-01 to 2026-11-04, was 2026-11-05"),
    (change("0.data.1.ratio", None), "005930 2026-11-02 ratio expected a number from 0 to 100, was None"),
    (change("0.data.1.ratio", True), "005930 2026-11-02 ratio expected a number from 0 to 100, was True"),
    (change("0.data.1.ratio", -0.1), "005930 2026-11-02 ratio expected a number from 0 to 100, was -0.1"),
    (change("0.data.1.ratio", 100.1), "005930 2026-11-02 ratio expected a number from 0 to 100, was 100.1"),
    (change("0.data.1.ratio", 10**400), "005930 2026-11-02 ratio expected a number from 0 to 100, was 1000"),
    (change("0.data.1.ratio", "NaN"), "005930 2026-11-02 ratio expected a number from 0 to 100, was 'NaN'"),
    (change("0.data.1.ratio", "1e2"), "005930 2026-11-02 ratio expected a number from 0 to 100, was '1e2'"),
    (change("0.data.1.ratio", "٣"), "005930 2026-11-02 ratio expected a number from 0 to 100"),
    (change("0.data.1.ratio", "101"), "005930 2026-11-02 ratio expected a number from 0 to 100, was '101'"),
]


@pytest.mark.parametrize(("change_it", "named"), MISFITS)
def test_given_an_answer_to_another_question_when_read_then_it_is_refused(
    change_it: Callable[[dict[str, Any]], None], named: str
) -> None:
    body = an_answer()
    change_it(body)
    with pytest.raises(BadAnswer) as caught:
        read(body)
    assert named in str(caught.value)
    assert not caught.value.again


@pytest.mark.parametrize("ratio", [b"NaN", b"Infinity", b"-Infinity", b"[" * 100_000])
def test_given_what_json_does_not_know_when_read_then_there_is_no_answer(ratio: bytes) -> None:
    body = json.dumps(an_answer()).encode().replace(b"50.0", ratio, 1)
    with pytest.raises(NoAnswer, match="is not JSON"):
        read_answer(200, body, a_request(), API_HUB, KEYS)


def test_given_a_number_beyond_floats_when_read_then_it_is_refused() -> None:
    body = json.dumps(an_answer()).encode().replace(b"50.0", b"1e999", 1)
    with pytest.raises(BadAnswer, match="was inf"):
        read_answer(200, body, a_request(), API_HUB, KEYS)


def test_given_ratios_as_text_when_read_then_they_are_numbers_and_it_is_noted() -> None:
    body = an_answer()
    change("0.data.1.ratio", "53.23")(body)
    answer = read(body)
    assert answer["005930"].points[1][1] == 53.23
    assert answer.notes == ("ratios came as text",)


def test_given_a_ratio_above_100_by_rounding_when_read_then_it_is_100() -> None:
    body = an_answer()
    change("0.data.0.ratio", 100.0000001)(body)
    assert read(body)["005930"].points[0][1] == 100.0


def test_given_words_in_other_order_blanks_or_capitals_when_read_then_they_are_the_same() -> None:
    request = a_request(groups=(*a_request().groups[1:], Group("x", ("LG 전자", "lg"))))
    body = an_answer(request)
    body["results"][1]["keywords"] = ["LG", "lg전자"]
    assert read_answer(200, json.dumps(body).encode(), request, API_HUB, KEYS)["x"].points


@pytest.mark.parametrize(
    ("change_it", "note"),
    [
        (change("0.data.0.ratio", 99.0), "a response has one ratio of 100, this one 0"),
        (change("1.data.0.ratio", 100), "a response has one ratio of 100, this one 2"),
        (change("1.data", []), "nobody searched anchor in the window"),
        (lambda body: body.update(endDate="2026-11-03"), "endDate of the answer is '2026-11-03', asked was 2026-11-04"),
    ],
)
def test_given_an_odd_answer_when_read_then_it_is_used_and_noted(
    change_it: Callable[[dict[str, Any]], None], note: str
) -> None:
    body = an_answer()
    change_it(body)
    assert read(body).notes == (note,)


def test_given_two_groups_of_the_same_words_when_read_then_their_two_ratios_of_100_are_nothing_odd() -> None:
    request = a_request(groups=(Group("005930", ("Post 은행",)), Group("anchor", ("post은행",))))
    body = an_answer(request)
    for place in (0, 1):
        change(f"{place}.data.0.ratio", 100)(body)
    assert read_answer(200, json.dumps(body).encode(), request, API_HUB, KEYS).notes == ()


def test_given_nobody_searched_anything_when_read_then_no_100_is_missed_and_no_zero_is_made() -> None:
    body = an_answer()
    change("0.data", [])(body)
    change("1.data", [])(body)
    answer = read(body)
    assert [one.points for one in answer.series] == [(), ()]
    assert answer.notes == ("nobody searched 005930 in the window", "nobody searched anchor in the window")


def test_given_days_that_are_absent_when_read_then_they_stay_absent() -> None:
    body = an_answer()
    del body["results"][1]["data"][1:3]
    assert [day.day for day, _ in read(body)["anchor"].points] == [1, 4]


@pytest.mark.parametrize(
    ("unit", "period", "fits"),
    [
        ("week", "2026-10-26", True),  # the Monday before the start, a Sunday
        ("week", "2026-10-25", False),
        ("month", "2026-11-01", True),
        ("month", "2026-10-01", False),
    ],
)
def test_given_a_bucket_that_begins_before_the_window_when_read_then_only_the_starts_own_fits(
    unit: str, period: str, fits: bool
) -> None:
    request = a_request(unit=unit, start=START if unit == "week" else START + timedelta(days=9), end=date(2026, 11, 30))
    body = an_answer(request)
    for result in body["results"]:
        result["data"] = [{"period": period, "ratio": 100}]
    raw = json.dumps(body).encode()
    if fits:
        read_answer(200, raw, request, API_HUB, KEYS)
    else:
        with pytest.raises(BadAnswer):
            read_answer(200, raw, request, API_HUB, KEYS)


@pytest.mark.parametrize(("ratio", "decimals"), [(53, 0), (53.0, 0), (53.2, 1), (0.18834, 5), (0.00001, 5), (5e-07, 7)])
def test_given_ratios_when_read_then_their_decimals_are_counted(ratio: float, decimals: int) -> None:
    body = an_answer()
    for result in body["results"]:
        for point in result["data"]:
            point["ratio"] = 100
    change("0.data.1.ratio", ratio)(body)
    assert read(body).decimals == decimals


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


PLACES = ["", "0", "0.title", "0.keywords", "0.data", "0.data.1", "0.data.1.period", "1.data.0.ratio"]


@given(st.sampled_from(PLACES), JSON)
def test_for_any_body_reading_gives_an_answer_that_fits_or_an_error_of_ours(path: str, value: object) -> None:
    body = an_answer()
    if path:
        change(path, value)(body)
    else:
        body["results"] = value
    try:
        answer = read(body)
    except NaverError as error:
        assert "\n" not in str(error)
        return
    for series in answer.series:
        days = [day for day, _ in series.points]
        assert days == sorted(set(days))
        assert all(0 <= ratio <= 100 for _, ratio in series.points)


@given(st.integers(200, 599), st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_for_any_refusal_the_error_is_one_line_and_only_named_limits_and_5xx_are_tried_again(
    status: int, body: bytes
) -> None:
    wire = Wire(lambda _: httpx.Response(status, content=body))
    client = wire.client(Path("unused"))
    client.quota.take = lambda calls=1: START  # type: ignore[method-assign]
    client.quota.mark_spent = lambda day=None: None  # type: ignore[method-assign]
    with pytest.raises(NaverError) as caught:
        client.ratios(a_request())
    assert "\n" not in str(caught.value)
    assert len(wire.calls) == 1 or status >= 500 or isinstance(caught.value, TooFast)
