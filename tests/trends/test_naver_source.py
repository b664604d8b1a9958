"""Naver as a source, asked over loopback at a stand-in that behaves as Naver does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.attention import attention
from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint, TrendReceived, TrendsMissing
from domain.time import KST, from_kst
from domain.types import UnixNanos
from trends.cache import CachedTrends, SeriesCache
from trends.naver.client import NaverClient
from trends.naver.hosts import API_HUB, LEGACY, Host, NaverKeys
from trends.naver.source import DAYS_ASKED, NaverTrends
from trends.quota import Quota
from trends.source import TrendSource
from trends.stand_in.naver import Fault, Limits, NaverStandIn
from trends.store import SeriesStore

TODAY = date(2026, 1, 13)
ANCHOR = ("우체국",)
SYMBOLS = ("000001", "000002", "000003", "000004", "000005", "000006")
SECRET = "hub-secret"


def volumes(size: float, days: int = 400) -> dict[date, float]:
    """Give searches that rise and fall over the week, up to the day before tomorrow."""
    return {TODAY - timedelta(days=back): size * (10 + back % 7) for back in range(days)}


def the_sets(symbols: Sequence[str] = SYMBOLS) -> tuple[KeywordSet, ...]:
    return tuple(KeywordSet(symbol, 2, (f"word {symbol}",)) for symbol in symbols)


@dataclass
class House:
    """A stand-in, a home, and a clock for both."""

    folder: Path
    server: NaverStandIn
    hour: list[datetime]
    host: Host = API_HUB
    secret: str = SECRET
    waited: list[float] = field(default_factory=list)
    cache_hours: int = 12

    @property
    def now(self) -> UnixNanos:
        at = self.hour[0]
        return from_kst(at.date(), at.hour, at.minute)

    def client(self) -> NaverClient:
        key_id = f"stand-in-{self.host.name}"
        quota = Quota(self.folder / "quota.db", key_id, 1_000, None, lambda: self.hour[0].date())
        keys = NaverKeys(key_id, self.secret)
        return NaverClient(
            keys, self.host, quota=quota, wait=self.waited.append, base_url=self.server.url, per_second=0
        )

    def store(self) -> SeriesStore:
        return SeriesStore(self.folder / "series.db", hours=self.cache_hours, megabytes=5, now=lambda: self.now)

    def source(self, sets: Sequence[KeywordSet] | None = None, anchor: Sequence[str] = ANCHOR) -> NaverTrends:
        return NaverTrends(the_sets() if sets is None else sets, anchor, self.client, SeriesCache(self.store()))

    def fetch(self, symbols: Sequence[str] = SYMBOLS, on: date = TODAY) -> list[TrendReceived | TrendsMissing]:
        return list(self.source().fetch(symbols, on, self.now))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    hour = [datetime(2026, 1, 13, 8, 0, tzinfo=KST)]
    series = {ANCHOR[0]: volumes(5)} | {f"word {symbol}": volumes(place + 1) for place, symbol in enumerate(SYMBOLS)}
    with NaverStandIn(series, now=lambda: hour[0]) as server:
        yield House(tmp_path, server, hour)


def received(answers: Sequence[object]) -> dict[str, TrendReceived]:
    return {one.symbol: one for one in answers if isinstance(one, TrendReceived)}


def missing(answers: Sequence[object]) -> list[TrendsMissing]:
    return [one for one in answers if isinstance(one, TrendsMissing)]


def test_given_six_instruments_when_fetched_then_two_calls_give_values_on_the_anchors_scale(
    house: House,
) -> None:
    source: TrendSource = house.source()
    found = received(list(source.fetch(SYMBOLS, TODAY, house.now)))
    assert [len(call.words) for call in house.server.calls] == [5, 3]
    assert all(call.words[-1] == ANCHOR for call in house.server.calls)
    assert {(call.body["startDate"], call.body["endDate"]) for call in house.server.calls} == {
        ((TODAY - timedelta(days=DAYS_ASKED)).isoformat(), "2026-01-12")
    }
    assert list(found) == list(SYMBOLS)
    for place, symbol in enumerate(SYMBOLS):
        one = found[symbol]
        assert (one.source, one.keyword_version, one.fetched_at) == ("naver", 2, house.now)
        assert len(one.points) == DAYS_ASKED
        mean = sum(point.ratio for point in one.points) / DAYS_ASKED
        assert mean == pytest.approx((place + 1) / 5, rel=1e-4), (
            "five times as many search for the anchor as for the first"
        )
        assert one.points[-1].day == "2026-01-12"
        assert attention(one.points, TODAY).z is not None


def test_given_a_late_day_when_fetched_then_it_stays_absent_is_asked_again_and_only_then_kept(house: House) -> None:
    house.server.late_days = 1
    house.server.late_until = datetime(2026, 1, 13, 10, 0, tzinfo=KST)
    first = received(house.fetch())["000001"]
    assert first.points[-1].day == "2026-01-11"
    assert attention(first.points, TODAY).z is None
    house.hour[0] = datetime(2026, 1, 13, 10, 0, tzinfo=KST)
    second = received(house.fetch())["000001"]
    assert second.points[-1].day == "2026-01-12"
    calls = len(house.server.calls)
    house.hour[0] = datetime(2026, 1, 13, 11, 0, tzinfo=KST)
    third = received(house.fetch())["000001"]
    assert third == second, "kept, and as old as it is"
    assert len(house.server.calls) == calls == 4


def test_given_a_day_nobody_searched_that_naver_leaves_out_when_fetched_again_then_it_is_not_asked_for_twice(
    house: House,
) -> None:
    del house.server.series["word 000001"][TODAY - timedelta(days=1)]  # type: ignore[attr-defined]
    first = received(house.fetch())
    assert first["000001"].points[-1].day == "2026-01-11"
    assert first["000002"].points[-1].day == "2026-01-12"
    assert received(house.fetch()) == first
    assert len(house.server.calls) == 2


def test_given_kept_series_when_the_next_date_is_traded_then_naver_is_asked(house: House) -> None:
    house.fetch(SYMBOLS[:1])
    house.hour[0] = datetime(2026, 1, 13, 19, 59, tzinfo=KST)
    house.fetch(SYMBOLS[:1])
    assert len(house.server.calls) == 1
    house.hour[0] = datetime(2026, 1, 14, 7, 0, tzinfo=KST)
    newest = received(house.fetch(SYMBOLS[:1], TODAY + timedelta(days=1)))["000001"]
    assert len(house.server.calls) == 2
    assert newest.points[-1].day == "2026-01-13"


def test_given_nothing_is_to_be_kept_when_fetched_twice_then_it_is_asked_twice_and_no_value_is_in_the_file(
    house: House,
) -> None:
    house.cache_hours = 0
    assert received(house.fetch(SYMBOLS[:1])) == received(house.fetch(SYMBOLS[:1]))
    assert len(house.server.calls) == 2
    assert (house.store().kept().values, house.store().words()) == (0, {("000001", 2): ("word 000001",)})


def test_given_no_words_when_fetched_then_the_reason_says_where_they_belong(house: House) -> None:
    [one] = missing(house.fetch(["005930"]))
    assert (one.source, one.symbols, one.trading_date, one.again) == ("naver", ("005930",), "2026-01-13", False)
    assert one.reason.startswith("no keywords in watchlist.toml")
    assert house.server.calls == []


def test_given_a_word_nobody_searches_when_fetched_then_it_is_unknown_and_the_others_are_not(house: House) -> None:
    house.server.series.pop("word 000002")
    found = house.fetch(SYMBOLS[:3])
    [one] = missing(found)
    assert (one.symbols, one.again) == (("000002",), False)
    assert list(received(found)) == ["000001", "000003"]
    assert ("000002", 2) not in house.store().words()


def test_given_the_legacy_host_near_its_end_when_fetched_then_it_works_and_the_end_is_logged(house: House) -> None:
    house.host, house.secret = LEGACY, "legacy-secret"
    with capture_logs() as logged:
        assert list(received(house.fetch(SYMBOLS[:1]))) == ["000001"]
    assert [one for one in logged if one["log_level"] == "warning"] == []
    house.hour[0] = datetime(2027, 5, 1, 8, 0, tzinfo=KST)
    with capture_logs() as logged:
        house.fetch(SYMBOLS[:1], date(2027, 5, 1))
    assert "on 2027-06-30" in str([one for one in logged if one["log_level"] == "warning"])
    assert {call.host for call in house.server.calls} == {"legacy"}


# ---- what goes wrong -------------------------------------------------------------------------------------------


def test_given_a_quota_that_ends_in_the_middle_when_fetched_then_the_rest_is_unknown(
    house: House,
) -> None:
    house.server.limits = Limits(a_day=1)
    found = house.fetch()
    assert list(received(found)) == list(SYMBOLS[:4])
    [one] = missing(found)
    assert (one.symbols, one.again) == (SYMBOLS[4:], False)
    assert "quota" in one.reason
    assert len(house.server.calls) == 2
    assert missing(house.fetch())[0].symbols == SYMBOLS[4:]
    assert len(house.server.calls) == 2, "what Naver said is remembered"


def test_given_a_wrong_key_when_fetched_then_all_is_unknown_and_no_secret_is_told(house: House) -> None:
    house.secret = "not-the-secret"
    [one] = house.fetch()
    assert isinstance(one, TrendsMissing)
    assert (one.symbols, one.again) == (SYMBOLS, False)
    assert "not-the-secret" not in one.reason
    assert "\n" not in one.reason


def test_given_a_plug_that_is_pulled_in_the_middle_when_fetched_then_the_rest_is_unknown_and_asked_again(
    house: House,
) -> None:
    answers = house.source().fetch(SYMBOLS, TODAY, house.now)
    first = next(answers)
    house.server.__exit__(None, None, None)
    rest = list(answers)
    found = received([first, *rest])
    assert list(found) == list(SYMBOLS[:4])
    [one] = missing(rest)
    assert (one.symbols, one.again) == (SYMBOLS[4:], True)
    with house.server:  # plugged in again
        assert list(received(house.fetch())) == list(SYMBOLS)


def test_given_an_answer_that_breaks_off_when_fetched_then_it_is_unknown_and_asked_again_later(house: House) -> None:
    house.server.fail(Fault(cut_to=50))
    [one] = house.fetch(SYMBOLS[:2])
    assert isinstance(one, TrendsMissing)
    assert (one.symbols, one.again) == (SYMBOLS[:2], True)


def test_given_words_naver_refuses_when_fetched_then_only_their_own_instrument_is_unknown(house: House) -> None:
    house.server.fail(Fault(refusal="bad_request"), Fault(), Fault(refusal="bad_request"))
    found = house.fetch(SYMBOLS[:4])
    assert [one.symbols for one in missing(found)] == [("000002",)]
    assert list(received(found)) == ["000001", "000003", "000004"]
    assert [len(call.words) for call in house.server.calls] == [5, 2, 2, 2, 2]


def test_given_an_anchor_naver_refuses_when_fetched_then_it_ends_before_the_quota_does(house: House) -> None:
    house.server.fail(*[Fault(refusal="bad_request")] * 50)
    found = house.fetch()
    assert sorted(symbol for one in missing(found) for symbol in one.symbols) == list(SYMBOLS)
    assert len(house.server.calls) == 5


def test_given_an_anchor_nobody_searches_when_fetched_then_the_remedy_is_told(house: House) -> None:
    [one] = list(house.source(anchor=("없는 말",)).fetch(SYMBOLS[:2], TODAY, house.now))
    assert isinstance(one, TrendsMissing)
    assert "[trends] anchor" in one.reason
    assert not one.again


def test_given_no_keys_when_fetched_then_the_reason_says_so(house: House) -> None:
    def no_client() -> NaverClient:
        raise ConfigError("secret naver-client-id is not set")

    source = NaverTrends(the_sets(), ANCHOR, no_client, SeriesCache(house.store()))
    [one] = list(source.fetch(SYMBOLS, TODAY, house.now))
    assert one == TrendsMissing("naver", SYMBOLS, "2026-01-13", "secret naver-client-id is not set", again=False)


def test_given_a_file_that_cannot_be_used_when_fetched_then_series_come_all_the_same_and_it_is_told_once(
    house: House,
) -> None:
    house.store().path.write_bytes(b"no database" * 100)
    with capture_logs() as logged:
        assert list(received(house.fetch())) == list(SYMBOLS)
    assert [one["event"] for one in logged if one["log_level"] == "warning"] == ["search series are not kept"]


# ---- any source behind the cache -------------------------------------------------------------------------------


class FakeSource:
    """Gives one point a day up to the day before."""

    name = "google"

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def fetch(
        self, symbols: Sequence[str], trading_date: date, fetched_at: UnixNanos
    ) -> Iterator[TrendReceived | TrendsMissing]:
        self.asked.append(tuple(symbols))
        points = tuple(TrendPoint((trading_date - timedelta(days=back)).isoformat(), 1.0) for back in range(10, 0, -1))
        for symbol in symbols:
            if symbol != "000003":
                yield TrendReceived(symbol, "google", 2, fetched_at, points)
        yield TrendsMissing("google", ("000003",), trading_date.isoformat(), "no", again=True)


def test_given_a_source_behind_the_cache_when_asked_again_then_only_for_what_is_unknown(
    house: House,
) -> None:
    inner = FakeSource()
    sets = {one.symbol: one for one in the_sets(SYMBOLS[:3])}
    cached: TrendSource = CachedTrends(inner, sets, SeriesCache(house.store()), days=10)
    first = list(cached.fetch(SYMBOLS[:3], TODAY, house.now))
    second = list(cached.fetch(SYMBOLS[:3], TODAY, house.now))
    assert inner.asked == [SYMBOLS[:3], ("000003",)]
    assert received(first) == received(second)
    assert cached.name == "google"
