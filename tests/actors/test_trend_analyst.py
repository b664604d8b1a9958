"""The trend analyst: one measurement per watched symbol, unknown with a reason, again for a later series."""

from collections.abc import Sequence
from datetime import date, timedelta

from actors.roles.trend_analyst import TrendAnalyst
from domain.config import RunConfig
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, FetchTrends, TrendPoint, TrendReceived
from domain.messages.run import RunStarted
from domain.messages.trading import SessionPlanned
from domain.types import UnixNanos
from tests.strategies.builders import DAY, an_instrument

STARTED = RunStarted("run", "0", RunConfig("paper"))
SERVED = InstrumentsReceived((an_instrument("120110"), an_instrument("005930")), ())


def planned(on: str = "2026-01-13", is_session: bool = True) -> SessionPlanned:
    return SessionPlanned(on, is_session, DAY.open_time, DAY.close_auction_time, DAY.close_time, False)


def a_trend(symbol: str = "120110", days: int = 130) -> TrendReceived:
    last = date(2026, 1, 12)
    points = [TrendPoint((last - timedelta(days=back)).isoformat(), 5.0 + back % 9) for back in reversed(range(days))]
    return TrendReceived(symbol, "shifted-demo", 1, UnixNanos(1), tuple(points))


def play(analyst: TrendAnalyst, *messages: Message) -> list[AttentionMeasured]:
    return [message for message in play_all(analyst, *messages) if isinstance(message, AttentionMeasured)]


def play_all(analyst: TrendAnalyst, *messages: Message) -> list[Message]:
    said: list[Message] = []
    for message in messages:
        stamp = Stamp(len(said) + 1, UnixNanos(0), "log")
        analyst.evolve(message, stamp)
        outputs: Sequence[Message] = list(analyst.decide(message, stamp))
        for output in outputs:
            analyst.evolve(output, stamp)
            said.append(output)
    return said


def test_given_a_series_when_the_session_is_planned_then_every_watched_symbol_is_measured_once() -> None:
    known, unknown = play(TrendAnalyst(), STARTED, SERVED, a_trend(), planned(), planned(), SERVED)
    assert (known.symbol, known.source, known.as_of) == ("120110", "shifted-demo", "2026-01-12")
    assert known.z is not None
    assert (unknown.symbol, unknown.source, unknown.asvi, unknown.z) == ("005930", "unknown", None, None)
    assert unknown.reason


def test_given_unmeasured_symbols_when_planned_then_their_series_are_asked_for_first() -> None:
    said = play_all(TrendAnalyst(), STARTED, SERVED, planned(), planned())
    assert said[0] == FetchTrends(("120110", "005930"), "2026-01-13")
    assert [type(message) for message in said[1:]] == [AttentionMeasured] * 2


def test_given_instruments_after_the_plan_when_they_come_then_they_are_measured() -> None:
    assert [said.symbol for said in play(TrendAnalyst(), STARTED, planned(), SERVED)] == ["120110", "005930"]


def test_given_a_configured_watch_list_when_planned_then_only_it_is_measured() -> None:
    started = RunStarted("run", "0", RunConfig("paper", symbols=("005930",)))
    assert [said.symbol for said in play(TrendAnalyst(), started, SERVED, a_trend(), planned())] == ["005930"]


def test_given_a_measured_symbol_when_a_series_arrives_then_it_is_measured_again() -> None:
    said = play(TrendAnalyst(), STARTED, SERVED, planned(), a_trend(), a_trend("999999"))
    assert [(s.symbol, s.source) for s in said[2:]] == [("120110", "shifted-demo")]


def test_given_a_short_series_when_planned_then_attention_is_unknown() -> None:
    [said, _] = play(TrendAnalyst(), STARTED, SERVED, a_trend(days=20), planned())
    assert (said.source, said.asvi) == ("unknown", None)
    assert "missing" in said.reason


def test_given_a_day_without_session_when_planned_then_nothing_is_measured_until_the_next() -> None:
    analyst = TrendAnalyst()
    assert play(analyst, STARTED, SERVED, planned(is_session=False), a_trend()) == []
    assert len(play(analyst, planned("2026-01-14"))) == 2


def test_given_the_fold_of_the_past_when_started_again_then_nothing_is_measured_twice() -> None:
    analyst = TrendAnalyst()
    past: list[Message] = [STARTED, SERVED, planned(), *play(TrendAnalyst(), STARTED, SERVED, planned())]
    for seq, message in enumerate(past, 1):
        analyst.evolve(message, Stamp(seq, UnixNanos(0), "log"))
    assert play(analyst, STARTED, SERVED, planned()) == []
