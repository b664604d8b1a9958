"""Daily bars: own sessions and the broker's history reach strategies in order, once, and never too early."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import entry_points
from actors.core.state import dump, load
from actors.roles.strategist import Strategist
from domain.bars import DAY_S, MINUTE_S, Bar
from domain.config import RunConfig, SignalConfig, StrategyConfig
from domain.krx.calendar import is_session, previous_session
from domain.krx.sessions import regular_session
from domain.messages import Message
from domain.messages.link import InstrumentsReceived
from domain.messages.market import DayBar, FetchHistory, HistoryReceived, QuotesEnded, QuotesJudged
from domain.messages.run import RunStarted
from domain.messages.trading import DayChanged, SessionPlanned, SignalFormed
from domain.quotes import Quote, QuoteKind
from domain.risk_config import RiskConfig
from domain.time import NANOS_PER_MINUTE, kst_date
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Argument, Day, Scene, Strategy
from tests.actors.test_strategist import play
from tests.strategies.builders import CODE, an_instrument

OTHER = "005930"
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 1, day) for day in range(12, 17))
SERVED = InstrumentsReceived((an_instrument(), an_instrument(OTHER)), ())


class Daily(Strategy):
    """Notes the sessions it is given, and argues at each."""

    NAME = "daily"
    INTERVALS: ClassVar[tuple[int, ...]] = (DAY_S,)

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.heard: list[tuple[Any, ...]] = []  # (symbol, day, close, has a quote) or (symbol, "forget")
        self.now = ""  # date under way

    def on_day(self, day: Day) -> None:
        self.now = day.trading_date.isoformat()

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        assert bar.interval_s == DAY_S
        on = kst_date(bar.start).isoformat()
        self.heard.append((bar.symbol, on, bar.close, scene.quote is not None))
        return (Argument(bar.symbol, Side.BUY, Purpose.ENTRY, 0.5, 0.6, 0, Krw(10_000), "unknown", (), on, 1),)

    def on_reset(self, symbol: str, interval_s: int) -> None:
        assert interval_s == DAY_S
        self.heard.append((symbol, "forget"))


class Both(Daily):
    """Takes minutes, too."""

    NAME = "both"
    INTERVALS = (MINUTE_S, DAY_S)

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        return super().on_bar(bar, scene, day) if bar.interval_s == DAY_S else ()


KNOWN: dict[str, type[Strategy]] = {"daily": Daily, "both": Both}


def a_run(*names: str, days: int = 120, symbols: tuple[str, ...] = ()) -> RunStarted:
    configs = tuple(StrategyConfig(name, {}, symbols, "test 1") for name in names or ("daily",))
    return RunStarted("r", "0", RunConfig("paper", strategies=configs, signals=SignalConfig(history_days=days)))


def planned(on: date) -> SessionPlanned:
    session = regular_session(on)
    assert session is not None
    return SessionPlanned(on.isoformat(), True, session.open, session.close_auction, session.close, False)


def at(on: date, minute: float) -> UnixNanos:
    return UnixNanos(planned(on).open_time + int(minute * NANOS_PER_MINUTE))


def a_row(on: date, minute: float, price: int = 100, volume: int = 1_000, symbol: str = CODE) -> Quote:
    return Quote(symbol, at(on, minute), price, 10, volume, price - 1, price, 5, 5, int(QuoteKind.TRADE))


def judged(*rows: Quote) -> QuotesJudged:
    return QuotesJudged(1, rows, ())


def trading(on: date) -> list[Message]:
    """Begin a date and open its session."""
    return [planned(on), DayChanged("ARMED", "TRADING", "open", "", at(on, 0))]


def a_day_of(on: date, close: int, volume: int = 3_000) -> list[Message]:
    """Trade a whole session: 100 at the open, up to 200, down to 50, the close in the closing print."""
    rows = (a_row(on, 0.1, 100, 10), a_row(on, 5, 200, 500), a_row(on, 100, 50, 900), a_row(on, 390.2, close, volume))
    return [*trading(on), *(judged(row) for row in rows)]


def own(on: date, close: int, volume: int = 3_000) -> DayBar:
    return DayBar(on.isoformat(), Krw(100), Krw(200), Krw(50), Krw(close), volume)


def a_session(on: date, close: int) -> DayBar:
    return DayBar(on.isoformat(), Krw(close), Krw(close + 1), Krw(close - 1), Krw(close), 1_000)


def before(on: date, count: int) -> list[date]:
    """Give so many sessions before a date, oldest first."""
    found = [previous_session(on)]
    while len(found) < count:
        found.append(previous_session(found[-1]))
    return found[::-1][: count if count else 0]


def history(on: date, *bars: DayBar, symbol: str = CODE, reason: str = "") -> HistoryReceived:
    return HistoryReceived(symbol, on.isoformat(), bars, reason)


def a_role(*first: Message, run: RunStarted | None = None) -> Strategist:
    role = Strategist(KNOWN)
    play(role, [run or a_run(), SERVED, *first])
    return role


def heard(role: Strategist, name: str = "daily", symbol: str = CODE) -> list[tuple[Any, ...]]:
    """Give what a strategy heard of a symbol since it was asked last."""
    strategy: Any = role._bench.strategies[name]
    found = [item[1:] for item in strategy.heard if item[0] == symbol]
    strategy.heard = [item for item in strategy.heard if item[0] != symbol]
    return found


def told(bars: Iterable[DayBar], *, last_with_quote: bool = False) -> list[tuple[Any, ...]]:
    found = [(bar.day, int(bar.close), False) for bar in bars]
    if last_with_quote:
        found[-1] = (*found[-1][:2], True)
    return found


# ---- what is asked for -----------------------------------------------------------------------------------------------


def requests(said: list[Message]) -> list[FetchHistory]:
    return [item for item in said if isinstance(item, FetchHistory)]


def test_given_strategies_that_take_daily_bars_when_a_date_begins_then_their_symbols_are_asked_for_once() -> None:
    role = Strategist(KNOWN)
    said = play(role, [a_run(), SERVED, planned(MONDAY), SERVED, planned(MONDAY)])
    assert requests(said) == [FetchHistory((CODE, OTHER), "2026-01-12", 120)]
    assert requests(play(role, [planned(TUESDAY)])) == [FetchHistory((CODE, OTHER), "2026-01-13", 120)]


def test_given_a_date_that_begins_before_instruments_are_known_when_they_come_then_they_are_asked_for() -> None:
    role = Strategist(KNOWN)
    assert requests(play(role, [a_run(symbols=(OTHER,)), planned(MONDAY)])) == []
    assert requests(play(role, [SERVED])) == [FetchHistory((OTHER,), "2026-01-12", 120)]


@pytest.mark.parametrize("run", [a_run(days=0), RunStarted("r", "0", RunConfig("paper"))])
def test_given_no_wish_for_history_or_nobody_who_takes_it_when_a_date_begins_then_none_is_asked_for(
    run: RunStarted,
) -> None:
    role = Strategist(KNOWN | {"attention_momentum": AttentionMomentum})
    assert requests(play(role, [run, SERVED, planned(MONDAY)])) == []


def test_given_a_date_under_way_when_the_next_run_begins_then_what_did_not_come_is_asked_for_again() -> None:
    role = a_role(planned(MONDAY), history(MONDAY, *(a_session(day, 9) for day in before(MONDAY, 2))))
    assert requests(play(role, [a_run(), SERVED])) == [FetchHistory((OTHER,), "2026-01-12", 120)]


def test_given_an_empty_answer_when_the_link_is_back_then_it_is_asked_for_again_but_not_before() -> None:
    role = a_role(planned(MONDAY))
    assert requests(play(role, [history(MONDAY, reason="nobody there"), judged(a_row(MONDAY, 1))])) == []
    assert requests(play(role, [SERVED])) == [FetchHistory((CODE,), "2026-01-12", 120)]
    assert requests(play(role, [SERVED])) == []


# ---- what strategies get ---------------------------------------------------------------------------------------------

PAST = [a_session(day, 90 + number) for number, day in enumerate(before(TUESDAY, 5))]  # Monday is the last


def test_given_a_history_when_it_comes_then_older_sessions_are_told_at_once_and_the_newest_at_the_first_row() -> None:
    role = a_role(*trading(TUESDAY))
    assert play(role, [history(TUESDAY, *PAST)]) == [], "what is argued without a quote is dropped"
    assert heard(role) == told(PAST[:-1])
    [signal] = play(role, [judged(a_row(TUESDAY, 1), a_row(TUESDAY, 2))])
    assert isinstance(signal, SignalFormed)
    assert (signal.rationale, signal.venue_time, signal.horizon_sessions) == ("2026-01-12", at(TUESDAY, 1), 1)
    assert heard(role) == told(PAST[-1:], last_with_quote=True)


def test_given_several_lengths_when_a_session_is_told_then_both_who_take_days_hear_of_it() -> None:
    role = a_role(*trading(TUESDAY), history(TUESDAY, *PAST), run=a_run("daily", "both"))
    play(role, [judged(a_row(TUESDAY, 1))])
    assert heard(role, "both") == heard(role, "daily") == told(PAST, last_with_quote=True)


def test_given_a_whole_session_when_the_next_begins_then_its_own_bar_is_told_at_the_first_row() -> None:
    role = a_role(*a_day_of(MONDAY, 120), run=a_run(days=0))
    assert heard(role) == []
    play(role, [planned(TUESDAY)])
    assert heard(role) == [], "not before a row of the symbol"
    play(role, [judged(a_row(TUESDAY, 0.1, symbol=OTHER))])
    assert heard(role) == []
    play(role, [judged(a_row(TUESDAY, 0.2))])
    assert heard(role) == [("2026-01-12", 120, True)]
    assert role._tracks[CODE].daily.given == [own(MONDAY, 120)]


def test_given_own_bars_and_a_history_of_the_same_session_when_both_are_there_then_the_history_is_told() -> None:
    role = a_role(*a_day_of(MONDAY, 120), planned(TUESDAY), history(TUESDAY, *PAST))
    play(role, [judged(a_row(TUESDAY, 1))])
    assert heard(role) == told(PAST, last_with_quote=True)


def test_given_a_history_that_comes_late_when_it_agrees_then_older_sessions_make_all_be_told_anew_without_a_quote(
) -> None:  # fmt: skip
    role = a_role(*a_day_of(MONDAY, 120), *trading(TUESDAY), judged(a_row(TUESDAY, 1)))
    assert heard(role) == [("2026-01-12", 120, True)]
    late = [*PAST[:-1], own(MONDAY, 120)]
    assert play(role, [history(TUESDAY, *late), judged(a_row(TUESDAY, 2))]) == [], "argued about Monday already"
    assert heard(role) == [("forget",), *told(late)]
    play(role, [history(TUESDAY, *late)])
    assert heard(role) == [], "twice the same"


def test_given_a_corporate_action_when_the_history_is_adjusted_then_strategies_forget_and_hear_all_anew() -> None:
    role = a_role(planned(MONDAY), history(MONDAY, *PAST[:-1]), judged(a_row(MONDAY, 1)))
    heard(role)
    halved = [a_session(date.fromisoformat(bar.day), bar.close // 2) for bar in PAST]
    play(role, [planned(TUESDAY), history(TUESDAY, *halved)])
    assert heard(role) == [("forget",), *told(halved[:-1])]
    play(role, [judged(a_row(TUESDAY, 1))])
    assert heard(role) == told(halved[-1:], last_with_quote=True)


def test_given_days_nobody_ran_when_the_history_fills_them_then_nothing_is_forgotten() -> None:
    role = a_role(planned(MONDAY), history(MONDAY, *PAST[:-1]), judged(a_row(MONDAY, 1)))
    heard(role)
    filled = [*PAST, a_session(TUESDAY, 96), a_session(WEDNESDAY, 97)]
    play(role, [planned(THURSDAY), history(THURSDAY, *filled), judged(a_row(THURSDAY, 1))])
    assert heard(role) == told(filled[-3:], last_with_quote=True)


def test_given_days_nobody_ran_when_no_history_comes_then_the_next_own_session_begins_anew() -> None:
    role = a_role(*a_day_of(MONDAY, 120), *a_day_of(TUESDAY, 121), run=a_run(days=0))
    assert heard(role) == [("2026-01-12", 120, True)]
    play(role, a_day_of(THURSDAY, 123))
    assert heard(role) == [("2026-01-13", 121, False)], "no session before Thursday: nobody argues about it"
    play(role, [*trading(FRIDAY), judged(a_row(FRIDAY, 1))])
    assert heard(role) == [("forget",), ("2026-01-15", 123, True)]


@pytest.mark.parametrize(
    "rows",
    [
        [a_row(MONDAY, 60, 100), a_row(MONDAY, 390.1, 100)],  # began an hour late
        [a_row(MONDAY, 0.1, 100), a_row(MONDAY, 300, 100)],  # ended early
    ],
)
def test_given_a_session_that_was_not_seen_whole_when_the_next_begins_then_there_is_no_own_bar(
    rows: list[Quote],
) -> None:
    role = a_role(planned(MONDAY), *(judged(row) for row in rows), run=a_run(days=0))
    play(role, [*trading(TUESDAY), judged(a_row(TUESDAY, 1))])
    assert heard(role) == []


def test_given_a_source_that_ends_early_when_it_says_so_then_the_session_is_whole() -> None:
    role = a_role(*trading(MONDAY), judged(a_row(MONDAY, 0.1), a_row(MONDAY, 300)), run=a_run(days=0))
    play(role, [QuotesEnded(at(MONDAY, 300)), *trading(TUESDAY), judged(a_row(TUESDAY, 1))])
    assert heard(role) == [("2026-01-12", 100, True)]


def test_given_a_run_that_begins_within_a_session_when_it_ends_then_the_session_was_not_seen_whole() -> None:
    role = a_role(*trading(MONDAY), judged(a_row(MONDAY, 0.1)), run=a_run(days=0))
    play(role, [a_run(days=0), judged(a_row(MONDAY, 200)), judged(a_row(MONDAY, 390.1))])
    play(role, [*trading(TUESDAY), judged(a_row(TUESDAY, 1))])
    assert heard(role) == []


def test_given_a_run_that_begins_after_the_session_when_the_next_begins_then_its_own_bar_is_told() -> None:
    role = a_role(*a_day_of(MONDAY, 120), run=a_run(days=0))
    play(role, [a_run(days=0), SERVED, *trading(TUESDAY), judged(a_row(TUESDAY, 1))])
    assert heard(role) == [("2026-01-12", 120, True)]


def test_given_a_halted_symbol_when_it_trades_again_then_what_is_long_over_is_told_without_a_quote() -> None:
    role = a_role(planned(TUESDAY), history(TUESDAY, *PAST[:-1]))
    play(role, [judged(a_row(TUESDAY, 1))])
    assert heard(role) == told(PAST[:-1]), "the last session it traded was not that before the day"


@pytest.mark.parametrize(
    "message",
    [
        history(MONDAY, *PAST),  # of another date
        history(TUESDAY, reason="the broker has none"),
        history(TUESDAY, a_session(TUESDAY, 1), a_session(WEDNESDAY, 1)),
        history(TUESDAY, *PAST, symbol="999999"),
    ],
)
def test_given_a_history_of_no_use_when_it_comes_then_nobody_hears_of_it(message: HistoryReceived) -> None:
    role = a_role(planned(TUESDAY))
    assert play(role, [message, judged(a_row(TUESDAY, 1))]) == []
    assert heard(role) == []


def test_given_a_strategy_that_joins_within_a_date_when_it_does_then_it_hears_what_the_others_heard() -> None:
    role = a_role(*trading(TUESDAY), history(TUESDAY, *PAST), judged(a_row(TUESDAY, 1)))
    assert play(role, [a_run("daily", "both")]) == []
    assert heard(role, "both") == told(PAST)


def test_given_nobody_who_takes_days_when_sessions_pass_then_none_is_kept() -> None:
    role = Strategist({"attention_momentum": AttentionMomentum})
    play(role, [RunStarted("r", "0", RunConfig("paper")), SERVED, *a_day_of(MONDAY, 120), *a_day_of(TUESDAY, 121)])
    play(role, [planned(WEDNESDAY)])
    assert (role._tracks[CODE].daily.given, role._tracks[CODE].daily.waiting) == ([], [])


def test_given_a_date_under_way_when_the_state_is_carried_then_the_other_goes_on_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entry_points, "roots", lambda: frozenset({"tests"}))  # as if these were a plug-in's
    role = a_role(*a_day_of(MONDAY, 120), *trading(TUESDAY), history(TUESDAY, *PAST))
    again = Strategist(KNOWN)
    load(again, dump(role))
    more: list[Message] = [judged(a_row(TUESDAY, 1)), *a_day_of(WEDNESDAY, 130), *trading(THURSDAY)]
    assert play(again, [*more, judged(a_row(THURSDAY, 1))]) == play(role, [*more, judged(a_row(THURSDAY, 1))])
    assert dump(again) == dump(role)


# ---- any course ------------------------------------------------------------------------------------------------------

DATES = [day for day in (MONDAY + timedelta(days=n) for n in range(30)) if is_session(day)]
COURSE = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["none", "early", "late", "twice"]), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(COURSE, st.integers(1, 6))
def test_for_any_course_a_strategy_hears_sessions_before_its_date_in_order_once_and_argues_about_the_last_once(
    course: list[tuple[bool, str, int, bool]], days: int
) -> None:
    role, known, argued = a_role(run=a_run(days=days)), list[str](), list[tuple[str, str]]()
    for number, (whole, comes, lag, adjusted) in enumerate(course):
        on = DATES[number + 3]
        past = [a_session(day, 50 if adjusted else 100) for day in DATES[: number + 3 - lag]]
        future = [a_session(day, 7) for day in DATES[number + 3 :]]
        answer = history(on, *past[-days:], *future)
        messages = [*trading(on), *([answer] if comes in ("early", "twice") else [])]
        messages += [judged(a_row(on, 0.1)), *([answer] if comes in ("late", "twice") else []), judged(a_row(on, 9))]
        for message in [*messages, *([judged(a_row(on, 390.1))] if whole else [])]:
            said = play(role, [message])
            argued += [(on.isoformat(), item.rationale) for item in said if isinstance(item, SignalFormed)]
            for item in heard(role):
                if item == ("forget",):
                    known.clear()
                    continue
                known.append(item[0])
                assert item[0] < on.isoformat()
                assert item[1] != 7
                assert not item[2] or item[0] == previous_session(on).isoformat()
            assert known == sorted(set(known))
    assert len(argued) == len(set(argued)), "once a session"
    assert all(about == previous_session(date.fromisoformat(on)).isoformat() for on, about in argued)


# ---- limits that need daily bars -------------------------------------------------------------------------------------


def with_limits(days: int, **limits: Any) -> RunStarted:
    run = a_run(days=days, symbols=(CODE,))
    return replace(run, config=replace(run.config, risk=RiskConfig(**limits)))


@pytest.mark.parametrize(
    ("days", "limits", "asked"),
    [
        (120, {"max_adv_ppm": 10_000}, [FetchHistory((CODE, OTHER), "2026-01-12", 120)]),
        (0, {"max_adv_ppm": 10_000}, [FetchHistory((CODE, OTHER), "2026-01-12", 21)]),
        (10, {"max_correlated_ppm": 1, "adv_days": 60}, [FetchHistory((CODE, OTHER), "2026-01-12", 61)]),
        (120, {"adv_days": 60}, [FetchHistory((CODE,), "2026-01-12", 120)]),
        (0, {}, []),
    ],
)
def test_given_limits_that_need_daily_bars_when_a_date_begins_then_all_that_is_watched_is_asked_for_once(
    days: int, limits: dict[str, int], asked: list[FetchHistory]
) -> None:
    role = Strategist(KNOWN)
    assert requests(play(role, [with_limits(days, **limits), SERVED, planned(MONDAY), SERVED])) == asked


def test_given_bars_for_limits_alone_when_they_come_then_no_strategy_hears_and_none_is_asked_for_again() -> None:
    role = a_role(planned(MONDAY), run=with_limits(0, max_adv_ppm=1))
    bars = tuple(a_session(on, 100) for on in before(MONDAY, 3))
    said = play(role, [history(MONDAY, *bars), history(MONDAY, symbol=OTHER), SERVED, *trading(MONDAY)])
    assert requests(said) == [FetchHistory((OTHER,), "2026-01-12", 21)]  # it had none
    play(role, [judged(a_row(MONDAY, 1))])
    assert heard(role) == []


def test_given_more_sessions_for_limits_than_strategies_take_when_they_come_then_these_hear_of_theirs() -> None:
    role = a_role(planned(MONDAY), run=with_limits(2, max_adv_ppm=1))
    bars = [a_session(on, 100 + place) for place, on in enumerate(before(MONDAY, 21))]
    play(role, [history(MONDAY, *bars), *trading(MONDAY), judged(a_row(MONDAY, 1))])
    assert [day for day, _, _ in heard(role)] == [bar.day for bar in bars[-2:]]


def test_given_a_run_whose_limits_need_more_sessions_when_it_begins_within_a_date_then_they_are_asked_for() -> None:
    role = a_role(planned(MONDAY), run=with_limits(0, max_adv_ppm=1))
    bars = [a_session(on, 100) for on in before(MONDAY, 21)]
    play(role, [history(MONDAY, *bars), history(MONDAY, *bars, symbol=OTHER)])
    assert requests(play(role, [with_limits(0, max_adv_ppm=1), SERVED])) == []
    more = requests(play(role, [with_limits(0, max_adv_ppm=1, adv_days=60), SERVED]))
    assert more == [FetchHistory((CODE, OTHER), "2026-01-12", 61)]
