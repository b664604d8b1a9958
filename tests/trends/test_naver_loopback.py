"""The Naver client against the stand-in, over a real connection, on both hosts."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.config import KeywordSet
from domain.time import KST
from trends.joining import agreements, chain, extend, join
from trends.naver import errors
from trends.naver.client import NaverClient
from trends.naver.errors import NaverError, NoAnswer, QuotaSpent, TooFast
from trends.naver.hosts import API_HUB, LEGACY, Host, NaverKeys
from trends.naver.request import DataLabRequest, Group
from trends.plan import batches, links
from trends.quota import Quota
from trends.stand_in.naver import Fault, Limits, NaverStandIn

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)
FIRST = TODAY - timedelta(days=90)
KEYS = {"hub": NaverKeys("stand-in-hub", "hub-secret"), "legacy": NaverKeys("stand-in-legacy", "legacy-secret")}


def volumes(level: float, first: date = FIRST) -> dict[date, float]:
    """Give searches of every day around a level; weekends are quiet."""
    days = [first + timedelta(days=later) for later in range((TODAY - first).days + 1)]
    return {day: level * (1.0 - day.weekday() // 5 * 0.4 + day.day / 100) for day in days}


SERIES = {
    "삼성전자": volumes(3_000),
    "005930": volumes(500),
    "카카오": volumes(700),
    "작은회사": volumes(2),
    "날씨": volumes(5_000),
    "우산": volumes(20),
    "네이버": volumes(900_000),
}


@pytest.fixture(params=[API_HUB, LEGACY], ids=["hub", "legacy"])
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = request.param
    return found


@pytest.fixture
def stand_in() -> Iterator[NaverStandIn]:
    with NaverStandIn(SERIES, now=lambda: datetime(2026, 11, 23, 8, 0, tzinfo=KST)) as server:
        yield server


class Waits(list[float]):
    """A wait that takes no time and is kept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def a_client(stand_in: NaverStandIn, host: Host, folder: Path, a_day: int = 1_000, **more: Any) -> NaverClient:
    quota = Quota(folder / "quota.db", KEYS[host.name].client_id, a_day, None, lambda: TODAY)
    more = {"wait": Waits(), "per_second": 0, **more}
    return NaverClient(KEYS[host.name], host, quota=quota, base_url=stand_in.url, **more)


def a_request(*groups: Group) -> DataLabRequest:
    return DataLabRequest(
        groups or (Group("005930", ("삼성전자", "005930")), Group("anchor", ("날씨",))), FIRST, YESTERDAY
    )


def test_given_keys_when_asked_then_series_come_with_the_hosts_own_headers_and_one_call_is_counted(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    with a_client(stand_in, host, tmp_path) as client:
        answer = client.ratios(a_request())
        assert (answer.newest, answer.decimals, answer.notes) == (YESTERDAY, 5, ())
        assert len(answer["005930"].points) == len(answer["anchor"].points) == 90
        (call,) = stand_in.calls
        assert (call.host, call.status, call.key_id) == (host.name, 200, KEYS[host.name].client_id)
        assert client.quota.taken() == stand_in.used(call.key_id) == 1


def test_given_a_proxy_in_the_environment_when_this_machine_is_asked_then_the_keys_do_not_go_there(
    stand_in: NaverStandIn, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with NaverStandIn({}) as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with a_client(stand_in, host, tmp_path) as client:
            client.ratios(a_request())
        assert (len(stand_in.calls), proxy.calls) == (1, [])


@pytest.mark.parametrize(
    ("name", "kind", "calls"),
    [
        ("bad_request", "WrongRequest", 1),
        ("unknown_key", "KeysRefused", 1),
        ("wrong_secret", "KeysRefused", 1),
        ("switched_off", "NotSwitchedOn", 1),
        ("wrong_path", "WrongAddress", 1),
        ("wrong_method", "WrongAddress", 1),
        ("too_large", "WrongRequest", 1),
        ("quota_spent", "QuotaSpent", 1),
        ("too_fast", "TooFast", 3),
        ("throttled", "TooFast", 3),
        ("server_error", "ServerTrouble", 3),
        ("unavailable", "ServerTrouble", 3),
        ("error_with_200", "NoAnswer", 1),
        ("quota_with_200", "QuotaSpent", 1),
        ("key_with_200", "KeysRefused", 1),
        ("html", "ServerTrouble", 3),
        ("empty", "NoAnswer", 1),
        ("no_results", "NoAnswer", 1),
    ],
)
def test_given_any_refusal_of_the_stand_in_when_asked_then_it_is_told_apart(
    stand_in: NaverStandIn, host: Host, tmp_path: Path, name: str, kind: str, calls: int
) -> None:
    stand_in.fail(*[Fault(refusal=name)] * 3)
    with a_client(stand_in, host, tmp_path) as client, pytest.raises(NaverError) as caught:
        client.ratios(a_request())
    assert type(caught.value) is getattr(errors, kind)
    assert len(stand_in.calls) == client.quota.taken() == calls


def test_given_keys_of_the_other_host_when_asked_then_they_are_refused(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    other = KEYS["legacy" if host is API_HUB else "hub"]
    quota = Quota(tmp_path / "quota.db", other.client_id, 10, None, lambda: TODAY)
    with (
        NaverClient(other, host, quota=quota, base_url=stand_in.url, wait=Waits()) as client,
        pytest.raises(errors.KeysRefused, match="keys of one host are not valid on the other"),
    ):
        client.ratios(a_request())


def test_given_naver_allows_fewer_calls_than_our_setting_when_asked_then_its_word_holds_for_the_day(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    stand_in.limits = Limits(a_day=2)
    with a_client(stand_in, host, tmp_path) as client:
        for _ in range(2):
            client.ratios(a_request())
        for _ in range(3):
            with pytest.raises(QuotaSpent):
                client.ratios(a_request())
        assert (len(stand_in.calls), client.quota.left()) == (3, 0)


def test_given_our_count_is_spent_when_restarted_then_naver_is_not_asked_again(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    for _ in range(2):
        with a_client(stand_in, host, tmp_path, a_day=1) as client:
            try:
                client.ratios(a_request())
            except QuotaSpent:
                continue
    assert len(stand_in.calls) == 1


def test_given_a_limit_a_second_when_paced_below_it_then_nothing_is_refused(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    clock = [0.0]
    stand_in.limits = Limits(a_second=3)
    stand_in._seconds = lambda: clock[0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    with a_client(stand_in, host, tmp_path, per_second=3, now=lambda: clock[0], wait=wait) as client:
        for _ in range(10):
            client.ratios(a_request())
        assert clock[0] == 3.0
    assert {call.status for call in stand_in.calls} == {200}
    waits = Waits()
    with a_client(stand_in, host, tmp_path, wait=waits) as client:
        for _ in range(2):
            client.ratios(a_request())
        with pytest.raises(TooFast):  # the clock stands still: waiting does not help
            client.ratios(a_request())
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("fault", [Fault(dropped=True), Fault(cut_to=0), Fault(cut_to=200)])
def test_given_a_connection_that_ends_too_early_when_asked_then_the_call_counts_and_the_next_does_well(
    stand_in: NaverStandIn, host: Host, tmp_path: Path, fault: Fault
) -> None:
    stand_in.fail(fault)
    with a_client(stand_in, host, tmp_path) as client:
        with pytest.raises(NoAnswer):
            client.ratios(a_request())
        assert client.quota.taken() == 1
        assert client.ratios(a_request()).newest == YESTERDAY


def test_given_a_late_day_when_asked_then_it_is_absent_and_the_anchor_still_good(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    stand_in.late_days = 1
    with a_client(stand_in, host, tmp_path) as client:
        answer = client.ratios(a_request())
    assert answer.newest == YESTERDAY - timedelta(days=1)
    found = join([answer.response()], "anchor")
    assert found.unjoined == {}
    assert YESTERDAY not in found.groups["005930"].values


@pytest.mark.parametrize("drops_zeros", [False, True])
def test_given_a_word_nobody_searched_when_asked_then_it_has_no_values(
    stand_in: NaverStandIn, host: Host, tmp_path: Path, drops_zeros: bool
) -> None:
    stand_in.drops_zeros = drops_zeros
    with a_client(stand_in, host, tmp_path) as client:
        answer = client.ratios(a_request(Group("x", ("아무도",)), Group("anchor", ("날씨",))))
    assert answer["x"].points == ()
    assert join([answer.response()], "anchor").groups["x"].values == {}


def test_given_a_sweep_over_small_and_large_anchors_when_joined_then_all_compare_as_they_were_searched(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    small, middle = KeywordSet("small", 1, ("우산",)), KeywordSet("middle", 1, ("날씨",))
    wanted = [KeywordSet(word, 1, (word,)) for word in ("삼성전자", "005930", "카카오", "작은회사", "네이버")]
    plan = batches(wanted, middle, anchors={"작은회사": small})
    with a_client(stand_in, host, tmp_path) as client:
        responses = [client.ratios(batch.request(FIRST, YESTERDAY)).response() for batch in plan]
        linking = [client.ratios(batch.request(FIRST, YESTERDAY)).response() for batch in links((small, middle))]
        assert client.quota.taken() == len(stand_in.calls) == 3
    units = chain(("small", "middle"), linking)
    found = join(responses, [batch.anchor.symbol for batch in plan], units)
    assert found.unjoined == {}
    for day in (FIRST, YESTERDAY):
        base = SERIES["삼성전자"][day] / found.groups["삼성전자"].values[day]
        for word in ("005930", "카카오", "작은회사", "네이버"):
            assert found.groups[word].values[day] * base == pytest.approx(SERIES[word][day], rel=0.01)


def test_given_two_requests_with_two_groups_in_common_when_compared_then_they_agree(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    shared = (Group("a", ("카카오",)), Group("b", ("날씨",)))
    with a_client(stand_in, host, tmp_path) as client:
        first = client.ratios(a_request(*shared, Group("c", ("네이버",)))).response()
        second = client.ratios(a_request(*shared, Group("d", ("우산",)))).response()
    (found,) = agreements(first, second)
    assert found.agrees
    assert 0 < found.tolerance < found.first / 1_000


def test_given_a_window_that_moved_on_past_a_peak_when_extended_then_the_past_stays_as_it_was(
    stand_in: NaverStandIn, host: Host, tmp_path: Path
) -> None:
    stand_in.series = {**SERIES, "카카오": {**SERIES["카카오"], YESTERDAY: 50_000.0}}
    group = Group("a", ("카카오",))
    with a_client(stand_in, host, tmp_path) as client:
        old = client.ratios(DataLabRequest((group,), FIRST, TODAY - timedelta(days=10)))["a"].ratios
        new = client.ratios(DataLabRequest((group,), FIRST + timedelta(days=40), YESTERDAY))["a"].ratios
    found = extend(old, new)
    assert {day: found.values[day] for day in old} == old
    peak = found.values[YESTERDAY] / found.values[FIRST]
    assert peak == pytest.approx(50_000.0 / SERIES["카카오"][FIRST], rel=1e-3)
