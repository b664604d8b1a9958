"""The trend analyst with several sources: order of preference, contradiction, retries, dates, restarts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.state import canonical, dump, load
from actors.roles.trend_analyst import TrendAnalyst
from domain.config import KeywordSet, RunConfig, TrendConfig
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import (
    AttentionFetched,
    AttentionMeasured,
    FetchTrends,
    TrendPoint,
    TrendReceived,
    TrendsMissing,
)
from domain.messages.run import ClockTicked, RoleState, RunStarted
from domain.messages.trading import SessionPlanned
from domain.signal_views import AttentionQuery
from domain.time import from_kst
from domain.types import UnixNanos
from tests.strategies.builders import DAY, an_instrument

ON, A, B = date(2026, 1, 13), "120110", "005930"
BOTH = TrendConfig(("naver", "google"), retry_ms=600_000, contradiction_z=1.0)
SERVED = InstrumentsReceived((an_instrument(A), an_instrument(B)), ())
MORNING = from_kst(ON, 8, 0)
MINUTE = 60_000_000_000


def started(trends: TrendConfig = BOTH, keywords: tuple[KeywordSet, ...] = ()) -> RunStarted:
    return RunStarted("run", "0", RunConfig("paper", symbols=(A, B), trends=trends, keywords=keywords))


def planned(on: date = ON) -> SessionPlanned:
    return SessionPlanned(on.isoformat(), True, DAY.open_time, DAY.close_auction_time, DAY.close_time, False)


def a_series(source: str = "naver", last_week: float = 20.0, on: date = ON, symbol: str = A) -> TrendReceived:
    """130 days to the day before a date; the last seven at a level of their own."""
    last = on - timedelta(days=1)
    days = [(last - timedelta(days=back), last_week if back < 7 else 10.0 + back % 5) for back in reversed(range(130))]
    return TrendReceived(symbol, source, 1, UnixNanos(1), tuple(TrendPoint(day.isoformat(), v) for day, v in days))


def missing(source: str, *symbols: str, again: bool = True, reason: str = "late", on: date = ON) -> TrendsMissing:
    return TrendsMissing(source, symbols, on.isoformat(), reason, again)


class Desk:
    """An analyst and a clock; remembers everything for a fold."""

    def __init__(self) -> None:
        self.analyst = TrendAnalyst()
        self.now = int(MORNING)
        self.past: list[tuple[Message, Stamp]] = []

    def hear(self, *messages: Message) -> list[Any]:
        said: list[Message] = []
        for message in messages:
            stamp = self._fold(message)
            outputs: Sequence[Message] = list(self.analyst.decide(message, stamp))
            for output in outputs:
                self._fold(output)
            said += outputs
        return said

    def _fold(self, message: Message) -> Stamp:
        stamp = Stamp(len(self.past) + 1, UnixNanos(self.now), "log")
        self.analyst.evolve(message, stamp)
        self.past.append((message, stamp))
        return stamp

    def tick(self, minutes: float) -> list[Any]:
        self.now += int(minutes * MINUTE)
        return self.hear(ClockTicked(UnixNanos(self.now), False))

    def attention(self, symbol: str = A) -> AttentionMeasured:
        [found] = [item for item in self.analyst.view(AttentionQuery()) if item.symbol == symbol]
        assert isinstance(found, AttentionMeasured)
        return found

    def folded(self) -> "Desk":
        again = Desk()
        again.now = self.now
        for message, stamp in self.past:
            again.analyst.evolve(message, stamp)
        again.past = list(self.past)
        return again


def a_desk(trends: TrendConfig = BOTH, **fields: Any) -> Desk:
    desk = Desk()
    said = desk.hear(started(trends, **fields), SERVED, planned())
    assert said[0] == FetchTrends((A, B), ON.isoformat())
    assert [item.quality for item in said[1:]] == ["unknown", "unknown"]
    return desk


def test_given_two_sources_when_the_second_answers_first_then_it_is_used_until_the_first_knows() -> None:
    desk = a_desk()
    [said] = desk.hear(a_series("google"))
    assert (said.source, said.quality, [item.source for item in said.opinions]) == ("google", "ok", ["google", "naver"])
    assert said.opinions[1].reason == "no answer yet"
    [said] = desk.hear(a_series("naver"))
    assert (said.source, [item.source for item in said.opinions]) == ("naver", ["naver", "google"])
    assert said.z == said.opinions[0].z


def test_given_the_same_answer_again_when_it_comes_then_nothing_is_said() -> None:
    desk = a_desk()
    assert desk.hear(a_series())
    assert desk.hear(a_series(), replace(a_series(), fetched_at=UnixNanos(2))) == []


def test_given_opposite_opinions_when_both_know_then_attention_is_contradicted() -> None:
    desk = a_desk()
    [_, said] = desk.hear(a_series("naver", 60.0), a_series("google", 1.0))
    assert (said.source, said.quality) == ("naver", "contradicted")
    assert said.reason.startswith("naver has z +")
    calm = a_desk(replace(BOTH, contradiction_z=0.0))
    [_, said] = calm.hear(a_series("naver", 60.0), a_series("google", 1.0))
    assert said.quality == "ok"


ANSWERS = st.fixed_dictionaries(
    {
        (symbol, source): st.sampled_from(
            [
                None,
                a_series(source, 60.0, symbol=symbol),
                a_series(source, 1.0, symbol=symbol),
                a_series(source, on=ON - timedelta(days=1), symbol=symbol),
                missing(source, symbol),
                missing(source, symbol, again=False, reason="no key"),
            ]
        )
        for symbol in (A, B)
        for source in ("naver", "google", "shifted-demo")
    }
)


@given(ANSWERS, st.data())
def test_for_any_order_of_arrival_the_end_is_the_same(answers: dict[Any, Message | None], data: st.DataObject) -> None:
    came = [answer for answer in answers.values() if answer is not None]
    one, other = a_desk(), a_desk()
    one.hear(*came)
    other.hear(*data.draw(st.permutations(came)))
    assert one.analyst.view(AttentionQuery()) == other.analyst.view(AttentionQuery())
    assert one.tick(10) == other.tick(10)


def test_given_reasons_when_nobody_knows_then_they_are_told_by_source() -> None:
    desk = a_desk()
    desk.hear(missing("naver", A, B, again=False, reason="the quota of the day is spent"), missing("google", A))
    found = desk.attention()
    assert (found.source, found.quality, found.z) == ("unknown", "unknown", None)
    assert found.reason == "naver: the quota of the day is spent; google: late"
    single = a_desk(TrendConfig(("naver",)))
    single.hear(missing("naver", A, reason="no key"))
    assert (single.attention().reason, single.attention().opinions) == ("no key", ())


def test_given_a_late_series_when_measured_then_it_is_unknown_and_asked_for_again() -> None:
    desk = a_desk()
    desk.hear(a_series(on=ON - timedelta(days=1)), missing("google", A, again=False), a_series(symbol=B))
    assert desk.attention().z is None
    assert "2026-01-12" in desk.attention().reason
    assert desk.tick(9.9) == []
    assert desk.tick(0.2) == [FetchTrends((A,), "2026-01-13")]
    assert desk.tick(60) == []  # not before it was answered
    assert desk.hear(missing("naver", A, reason="later still")) != []
    assert desk.tick(0.1) == [FetchTrends((A,), "2026-01-13")]
    assert desk.hear(a_series())[0].source == "naver"
    assert desk.tick(60) == []


def test_given_many_unknown_when_they_are_asked_for_again_then_it_is_one_question_until_the_time_set() -> None:
    desk = a_desk()
    desk.hear(missing("naver", A), missing("naver", B))
    desk.now = from_kst(ON, 14, 59)
    assert desk.tick(0) == [FetchTrends((A, B), "2026-01-13")]
    desk.hear(missing("naver", A, B))
    assert desk.tick(20) == []  # past 15:00


@pytest.mark.parametrize("trends", [replace(BOTH, retry_ms=0), BOTH])
def test_given_nothing_that_helps_when_the_clock_ticks_then_nothing_is_asked(trends: TrendConfig) -> None:
    desk = a_desk(trends)
    desk.hear(missing("naver", A, B, again=trends.retry_ms == 0), missing("google", A, B, again=trends.retry_ms == 0))
    assert desk.tick(30) == []


def test_given_another_date_when_planned_then_all_is_measured_and_asked_for_anew() -> None:
    desk = a_desk()
    desk.hear(a_series(), a_series("google"))
    tomorrow = ON + timedelta(days=1)
    said = desk.hear(planned(tomorrow))
    assert said[0] == FetchTrends((A, B), "2026-01-14")
    assert [(item.z, item.reason) for item in said[1:]] == [(None, "naver: no answer yet; google: no answer yet")] * 2
    assert desk.hear(missing("naver", A, on=ON)) == []  # of yesterday
    assert desk.hear(a_series(on=tomorrow))[0].as_of == "2026-01-13"


def test_given_a_restart_when_links_are_up_then_only_what_is_not_known_is_asked_for() -> None:
    desk = a_desk()
    desk.hear(a_series(), a_series("google"), missing("naver", B, again=False, reason="no key"))
    again = desk.folded()
    assert again.hear(started()) == []
    assert again.hear(SERVED) == [FetchTrends((B,), "2026-01-13")]
    assert again.hear(SERVED, planned()) == []
    assert again.attention() == desk.attention()


def test_given_a_second_opinion_lost_in_a_restart_when_links_are_up_then_it_is_asked_for() -> None:
    desk = a_desk()
    desk.hear(a_series(), a_series(symbol=B), a_series("google", symbol=B))
    again = desk.folded()
    assert again.hear(started(), SERVED) == [FetchTrends((A,), "2026-01-13")]


def test_given_series_of_other_words_when_measured_then_they_are_not_used_and_it_says_so() -> None:
    two = (KeywordSet(A, 2, ("a",)),)
    desk = a_desk(keywords=two)
    desk.hear(a_series(), missing("google", A))
    assert desk.attention().z is None
    assert "version 1 of the keywords, configured is 2" in desk.attention().reason
    assert desk.hear(replace(a_series(), keyword_version=2))[0].source == "naver"
    assert desk.hear(replace(a_series(), fetched_at=UnixNanos(9))) == []  # it does not take the right one's place


def test_given_words_changed_between_runs_when_started_again_then_what_was_measured_from_the_old_is_forgotten() -> None:
    desk = a_desk()
    desk.hear(a_series(), a_series("google"), a_series(symbol=B), a_series("google", symbol=B))
    said = desk.folded().hear(started(keywords=(KeywordSet(A, 2, ("a",)),)), SERVED)
    assert said[0] == FetchTrends((A,), "2026-01-13")
    assert [(item.symbol, item.z is None) for item in said[1:]] == [(A, True), (B, False)]


def fetched(**fields: Any) -> AttentionFetched:
    at = {"trading_date": "2026-01-13", "as_of": "2026-01-12"} | fields
    return AttentionFetched(A, "naver", 1, UnixNanos(1), at["trading_date"], at["as_of"], 0.5, 2.5, "")


def test_given_what_was_measured_on_receipt_when_it_comes_then_it_is_used_without_a_series() -> None:
    desk = a_desk(replace(BOTH, keep_series=False))
    [said] = desk.hear(fetched())
    assert (said.source, said.as_of, said.asvi, said.z) == ("naver", "2026-01-12", 0.5, 2.5)


@pytest.mark.parametrize("odd", [fetched(trading_date="2026-01-12"), fetched(as_of="2026-01-11")])
def test_given_what_was_measured_for_another_day_when_it_comes_then_it_is_unknown(odd: AttentionFetched) -> None:
    desk = a_desk(replace(BOTH, keep_series=False))
    desk.hear(odd)
    assert desk.attention().z is None
    assert "naver: it" in desk.attention().reason


def test_given_defaults_when_sources_say_what_they_lack_then_nothing_is_said_as_before() -> None:
    desk = a_desk_as_before()
    assert desk.hear(missing("naver", A), fetched()) == []
    assert desk.tick(1_000) == []
    said = desk.hear(a_series(), a_series())  # each series measured anew, as before 0.6.0
    assert [(item.quality, item.opinions) for item in said] == [("ok", ())] * 2


def a_desk_as_before() -> Desk:
    desk = Desk()
    said = desk.hear(started(TrendConfig(), (KeywordSet(A, 7, ("a",)),)), SERVED, planned())
    assert [item.reason for item in said[1:]] == ["no search series for this symbol"] * 2
    return desk


@given(ANSWERS, st.booleans())
def test_for_any_answers_the_state_survives_a_snapshot_and_goes_on_alike(
    answers: dict[Any, Message | None], before: bool
) -> None:
    desk = a_desk_as_before() if before else a_desk()
    desk.hear(*[answer for answer in answers.values() if answer is not None])
    saved = msgspec.json.decode(msgspec.json.encode(dump(desk.analyst)), type=RoleState)
    fresh = TrendAnalyst()
    load(fresh, saved)
    assert canonical(dump(fresh)) == canonical(dump(desk.analyst))
    following = planned(ON + timedelta(days=1))
    stamp = Stamp(10_000, UnixNanos(desk.now), "log")
    for analyst in (fresh, desk.analyst):
        analyst.evolve(following, stamp)
    assert list(fresh.decide(following, stamp)) == list(desk.analyst.decide(following, stamp))
