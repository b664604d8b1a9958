"""The scorekeeper: prices in and out, horizons, what cannot be scored, nothing before its time, nothing twice."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.state import canonical, dump, load
from actors.roles.scorekeeper import Scorekeeper
from domain.day_plan import plan_session
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted
from domain.messages.run import RoleState, StateCarried
from domain.messages.trading import DayChanged, SignalScored
from domain.types import ClientOrderId, Krw, Purpose, Side, UnixNanos, VenueOrderId
from tests.actors.builders import House
from tests.actors.score_builders import COST, ON, A, B, ScoreDesk, a_signal, at, days, row, served, started

# ---- within a session ------------------------------------------------------------------------------------------


def test_given_an_entry_when_its_horizon_has_passed_then_it_is_scored_from_ask_to_bid_after_costs() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    seq = desk.signal(first)
    assert desk.rows(row(65, 10_100), row(70, 10_200)) == []  # the row at the end itself still counts
    [scored] = desk.rows(row(70.5, 9_000))
    gross = (10_190 - 10_010) * 1_000_000 // 10_010
    assert scored == SignalScored(
        signal_seq=seq,
        strategy="s",
        symbol=A,
        side=Side.BUY,
        purpose=Purpose.ENTRY,
        confidence=0.8,
        regime="calm",
        attention="naver",
        horizon_s=600,
        horizon_sessions=0,
        formed_at=at(60),
        due_at=at(70),
        entry_price=Krw(10_010),
        exit_price=Krw(10_190),
        gross_ppm=gross,
        cost_ppm=COST,
        won=True,
        reason="",
        venue_time=at(70.5),
    )
    assert desk.view().scored == (scored,)
    assert desk.view().waiting == 0


@pytest.mark.parametrize(
    ("side", "purpose", "later", "exit_price", "won"),
    [
        (Side.BUY, Purpose.ENTRY, 10_040, 10_030, False),  # 0.20 % gained, 0.23 % paid
        (Side.BUY, Purpose.ENTRY, 10_050, 10_040, True),
        (Side.SELL, Purpose.ENTRY, 9_950, 9_960, True),  # in at the bid, out at the ask
        (Side.SELL, Purpose.ENTRY, 10_000, 10_010, False),
        (Side.SELL, Purpose.EXIT, 9_990, 9_980, True),  # bid against bid, no costs
        (Side.SELL, Purpose.EXIT, 10_000, 9_990, False),
        (Side.SELL, Purpose.EXIT, 10_010, 10_000, False),
        (Side.BUY, Purpose.EXIT, 10_010, 10_020, True),  # ask against ask
    ],
)
def test_given_a_side_and_a_purpose_when_scored_then_prices_and_costs_are_those_of_its_claim(
    side: Side, purpose: Purpose, later: int, exit_price: int, won: bool
) -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first, side=side, purpose=purpose)
    [scored] = desk.rows(row(69, later), row(71))
    assert scored.entry_price == (10_010 if side is Side.BUY else 9_990)
    assert (scored.exit_price, scored.won) == (exit_price, won)
    assert scored.cost_ppm == (COST if purpose is Purpose.ENTRY else 0)


def test_given_an_empty_side_when_scored_then_the_last_price_is_taken_and_it_says_so() -> None:
    desk, first = ScoreDesk(), row(60, ask_price=0)
    desk.rows(first)
    desk.signal(first)
    [scored] = desk.rows(row(69, 9_000, bid_price=0), row(71))
    assert (scored.entry_price, scored.exit_price, scored.won) == (10_000, 9_000, False)
    assert (
        scored.reason == "no ask when it was formed: the last price; no bid at the end of its horizon: the last price"
    )


def test_given_later_rows_in_the_batch_of_a_signal_when_scored_then_the_row_it_was_formed_on_counts() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(row(59, 9_000), first, row(60.1, 20_000))
    desk.signal(first)
    [scored] = desk.rows(row(69), row(71))
    assert scored.entry_price == 10_010


def test_given_a_signal_on_an_older_row_when_scored_then_that_row_counts() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.rows(row(61, 50_000, B))  # the minute begins with another instrument
    desk.signal(first)
    [scored] = desk.rows(row(69), row(71))
    assert (scored.entry_price, scored.reason) == (10_010, "")


def test_given_a_row_that_is_not_known_any_more_when_scored_then_the_signals_own_price_counts() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.rows(row(61, 50_000, B), row(61.1, 12_000))
    desk.signal(first)
    [scored] = desk.rows(row(69), row(71))
    assert (scored.entry_price, scored.reason) == (10_000, "the row it was formed on is not known: its last price")


def test_given_flagged_rows_when_scored_then_they_are_no_price() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first)
    desk.rows(row(65), row(66, 13_000), flagged=(1,))
    [scored] = desk.rows(row(71))
    assert scored.exit_price == 9_990


def test_given_a_signal_without_a_horizon_when_the_day_ends_then_it_is_not_scored() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first, 0, side=Side.SELL, purpose=Purpose.EXIT)
    assert desk.view().waiting == 0
    desk.rows(row(390))
    desk.end(390)
    assert desk.signals() == []


def test_given_no_row_since_when_the_horizon_passes_then_it_is_not_scored() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first)
    [scored] = desk.rows(row(71, symbol=B))
    assert (scored.won, scored.exit_price, scored.gross_ppm) == (None, None, 0)
    assert scored.reason == "no good row since it was formed: a halt, or no data"


def test_given_an_old_last_row_when_the_horizon_passes_then_it_is_not_scored() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first, 1_800)
    [scored] = desk.rows(row(61), row(79.9, symbol=B), row(91, symbol=B))
    assert scored.won is None
    assert "10:01:00: a halt, or no data" in scored.reason


def test_given_data_that_end_before_the_horizon_when_they_end_then_it_is_not_scored() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first)
    desk.signal(first, 36_000)
    desk.rows(row(65))
    short, long = desk.end(66)
    assert (short.won, short.reason) == (None, "the data of 2026-01-13 end at 10:06:00, before the end of its horizon")
    assert (long.won, long.reason) == (None, "the data of 2026-01-13 end at 10:06:00, before the close")


@pytest.mark.parametrize("seconds", [1_200, 3_600, 100_000])
def test_given_a_horizon_into_the_closing_auction_when_the_day_ends_then_the_closing_price_counts(seconds: int) -> None:
    desk, first = ScoreDesk(), row(365)
    desk.rows(first)
    desk.signal(first, seconds)
    assert desk.rows(row(379, 12_000), row(390.2, 10_500)) == []
    desk.hear(DayChanged("CLOSING", "REPORTING", "report", "", at(391)))
    [scored] = desk.signals()
    assert (scored.exit_price, scored.due_at, scored.won) == (10_500, at(390), True)
    assert desk.end(391) == []


def test_given_scores_are_off_when_signals_are_formed_then_nothing_is_said_or_kept() -> None:
    desk, first = ScoreDesk(scores=False, hold_s=600), row(60)
    desk.rows(first)
    desk.signal(first)
    desk.rows(row(71))
    assert (desk.end(390), desk.view().waiting, desk.view().scores) == ([], 0, False)
    assert not desk.keeper.last


def test_given_a_batch_that_goes_beyond_a_horizon_when_scored_then_no_row_of_after_it_counts() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first, row(60.4, 10_100), row(60.6, 20_000), row(61, symbol=B))
    desk.signal(first, 30)
    desk.signal(first, 3)
    [scored, silent] = desk.rows(row(62))
    assert (scored.exit_price, scored.won) == (10_090, True)
    assert (silent.won, silent.reason) == (None, "no good row since it was formed: a halt, or no data")


def test_given_a_batch_that_goes_beyond_the_close_when_a_signal_is_formed_in_it_then_the_closing_price_counts() -> None:
    desk, first = ScoreDesk(), row(379)
    desk.rows(first, row(390, 10_500), row(391, 20_000))
    desk.signal(first, 3_600)
    [scored] = desk.rows(row(392))
    assert (scored.exit_price, scored.due_at) == (10_500, at(390))


def test_given_scores_switched_on_within_a_day_when_started_again_then_the_session_is_known() -> None:
    desk, first = ScoreDesk(scores=False), row(379)
    desk.hear(started(hold_s=60))
    desk.rows(first)
    desk.signal(first, 3_600)
    desk.rows(row(390, 10_500))
    desk.end(390)
    assert [scored.exit_price for scored in desk.signals()] == [10_500]


# ---- over sessions ---------------------------------------------------------------------------------------------


def over_sessions(sessions: int = 2) -> ScoreDesk:
    """A day with a signal to the close of a later session."""
    desk, first = ScoreDesk(), row(1)
    desk.rows(first)
    desk.signal(first, 0, sessions)
    desk.rows(row(390), row(390, symbol=B))
    assert desk.end(390) == []
    return desk


def test_given_a_horizon_of_sessions_when_the_last_closes_then_its_closing_price_counts() -> None:
    desk = over_sessions(3)  # Tuesday to Friday
    for on in days(4)[1:3]:
        assert [item for item in desk.session(on) if isinstance(item, SignalScored)] == []
    [scored] = [item for item in desk.session(days(4)[3], close=10_300) if isinstance(item, SignalScored)]
    assert (scored.exit_price, scored.due_at, scored.won, scored.reason) == (10_300, at(390, days(4)[3]), True, "")


def test_given_a_year_that_ends_within_the_horizon_when_scored_then_the_tax_of_the_sale_counts() -> None:
    bought, sold = date(2025, 12, 26), date(2025, 12, 29)  # which settles in 2026
    desk = ScoreDesk(begins=False)
    desk.hear(started(hold_sessions=1), served(), plan_session(bought, {}))
    desk.rows(row(9, on=bought))
    desk.rows(row(10.5, on=bought))
    desk.signal(row(10.5, on=bought), 0, sessions=1)
    desk.rows(row(390, on=bought))
    desk.end(390, bought)
    desk.session(sold, close=10_300)
    [scored] = desk.signals()
    [rival] = [item for item in desk.baselines() if item.horizon_sessions == 1 and item.symbol == A]
    assert (scored.won, scored.cost_ppm) == (True, COST)
    assert rival.cost_ppm_sum == rival.entries * COST


def test_given_a_weekend_when_sessions_are_counted_then_it_is_none() -> None:
    desk = over_sessions(4)
    for on in days(4)[1:]:
        desk.session(on)
    assert desk.signals() == []
    desk.session(date(2026, 1, 19))
    assert desk.signals()[0].due_at == at(390, date(2026, 1, 19))


def only_score(desk: ScoreDesk) -> tuple[bool | None, str]:
    [scored] = desk.signals()
    return scored.won, scored.reason


def test_given_a_base_price_that_is_not_the_close_before_when_scored_then_prices_are_not_compared() -> None:
    desk = over_sessions(2)
    desk.session(days(3)[1], 5_000, base=5_000)
    desk.session(days(3)[2], 5_000, base=5_000)
    assert only_score(desk) == (None, "prices were adjusted: the base price is 5,000 KRW after a close of 10,000 KRW")


def test_given_a_base_price_that_was_not_told_anew_when_scored_then_it_is_no_adjustment() -> None:
    desk = over_sessions(2)
    desk.session(days(3)[1], 10_400, base=10_000)
    desk.session(days(3)[2], 10_500, base=10_000)  # still that of the first day
    assert only_score(desk) == (True, "")


def test_given_a_move_beyond_any_limit_without_a_base_price_when_scored_then_prices_are_not_compared() -> None:
    desk = over_sessions(1)
    desk.session(days(2)[1], 5_000, base=None)
    assert "beyond any limit" in only_score(desk)[1]


def test_given_a_split_the_broker_booked_when_scored_then_prices_are_not_compared() -> None:
    desk = over_sessions(1)
    ids = (ClientOrderId(""), VenueOrderId(""))
    desk.hear(HoldingAdjusted("j", 1, at(0, days(2)[1]), *ids, A, "SPLIT", 1, 1, Krw(0), Krw(0), "1 for 1"))
    desk.session(days(2)[1])
    assert only_score(desk) == (None, "prices were adjusted: 1 for 1")


def test_given_a_session_that_was_not_seen_when_scored_then_prices_are_not_compared() -> None:
    desk = over_sessions(2)
    desk.session(days(3)[2])
    assert only_score(desk) == (
        None,
        "the close of 2026-01-14 was not seen, so whether prices were adjusted since is not known",
    )


def test_given_the_close_that_ends_it_was_not_seen_when_a_later_day_comes_then_it_is_not_scored() -> None:
    desk = over_sessions(1)
    desk.session(days(3)[2])
    assert only_score(desk) == (None, "the close that ends its horizon was not seen")


def test_given_a_day_cut_off_when_the_next_is_planned_then_what_ended_in_it_is_not_scored() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first)
    desk.rows(row(61))
    [scored] = desk.hear(plan_session(days(2)[1], {}))
    assert scored.reason == "the data of 2026-01-13 end at 10:01:00, before the end of its horizon"
    assert not desk.keeper.last


def test_given_rows_of_the_next_day_before_its_plan_when_they_come_then_the_old_day_ends_with_its_own() -> None:
    desk, first = ScoreDesk(), row(370)
    desk.rows(first)
    desk.signal(first, 3_600)
    desk.rows(row(390, 10_500))
    desk.rows(row(0, 99_000, on=days(2)[1]))
    [scored] = desk.signals()
    assert scored.exit_price == 10_500
    desk.hear(plan_session(days(2)[1], {}))
    assert desk.keeper.last[A].price == 99_000


# ---- any day ---------------------------------------------------------------------------------------------------

STEP = st.tuples(
    st.integers(0, 240), st.sampled_from([A, B]), st.sampled_from([9_000, 9_990, 10_000, 10_200]), st.booleans()
)
HORIZON = st.sampled_from([(30, 0), (60, 0), (600, 0), (5_000, 0), (0, 1), (0, 2)])
DAY = st.lists(st.tuples(STEP, st.none() | HORIZON), max_size=25)


def live(desk: ScoreDesk, steps: list[Any], on: date = ON) -> None:
    """Rows at growing seconds, some with a signal behind them."""
    second = 0
    for (later, symbol, price, is_bare), horizon in steps:
        second += later
        book = {"bid_price": 0} if is_bare else {}
        quote = row(second / 60, price, symbol, on, **book)
        desk.rows(quote)
        if horizon is not None:
            desk.signal(quote, *horizon)


@settings(deadline=None, max_examples=60)
@given(DAY, DAY)
def test_for_any_later_rows_what_was_said_stays_and_nothing_is_said_before_its_time(
    steps: list[Any], more: list[Any]
) -> None:
    short, long = ScoreDesk(hold_s=60), ScoreDesk(hold_s=60)
    live(short, steps)
    live(long, steps)
    said = list(long.said)
    assert said == short.said
    long.rows(row(100, 50_000), row(390, 60_000))
    long.end(391)
    live(long, more, days(2)[1])
    assert long.said[: len(said)] == said
    for scored in long.signals():
        assert scored.venue_time >= scored.due_at or scored.won is None
        assert scored.formed_at < scored.due_at


@settings(deadline=None, max_examples=60)
@given(DAY, DAY)
def test_for_any_days_every_claim_is_scored_once_and_a_win_beats_its_costs(first: list[Any], second: list[Any]) -> None:
    desk = ScoreDesk(hold_s=60, hold_sessions=1)
    for on, steps in zip(days(4), (first, second, [], []), strict=True):
        desk.hear(plan_session(on, {}))
        live(desk, steps, on)
        desk.rows(row(390, on=on), row(390, symbol=B, on=on))
        desk.end(390, on)
    formed = sum(horizon is not None for _, horizon in (*first, *second))
    assert desk.view().waiting == 0
    assert len({scored.signal_seq for scored in desk.signals()}) == formed == len(desk.signals())
    for scored in desk.signals():
        assert (scored.exit_price is None) == (scored.won is None)
        assert bool(scored.reason) or scored.won is not None
        assert scored.won is None or scored.won == (scored.gross_ppm > scored.cost_ppm)
    for told in desk.baselines():
        assert 0 <= told.wins <= told.entries
        assert told.cost_ppm_sum == told.entries * COST


@settings(deadline=None, max_examples=40)
@given(DAY, st.booleans())
def test_for_any_day_a_fold_and_a_snapshot_lead_to_the_same_state_and_go_on(steps: list[Any], again: bool) -> None:
    desk = ScoreDesk(hold_s=60, hold_sessions=1)
    live(desk, steps)
    folded, fresh = desk.folded(), Scorekeeper()
    assert canonical(dump(folded.keeper)) == canonical(dump(desk.keeper))
    load(fresh, msgspec.json.decode(msgspec.json.encode(dump(desk.keeper)), type=RoleState))
    assert canonical(dump(fresh)) == canonical(dump(desk.keeper))
    restored = ScoreDesk(begins=False)
    restored.keeper, restored.past = fresh, list(desk.past)
    for one in (desk, folded, restored):
        one.said = []
        if again:
            one.hear(started(hold_s=60, hold_sessions=1))
        one.rows(row(200), row(390))
        one.end(390)
        one.session(days(2)[1])
    assert desk.said == folded.said == restored.said


@settings(deadline=None, max_examples=60)
@given(DAY, st.data())
def test_for_any_batches_the_scores_are_those_of_single_rows(steps: list[Any], data: st.DataObject) -> None:
    single, batched = ScoreDesk(hold_s=60), ScoreDesk(hold_s=60)
    second, waiting = 0, []
    for (later, symbol, price, _), horizon in steps:
        second += later + 1
        waiting.append((row(second / 60, price, symbol), horizon))
        single.rows(waiting[-1][0])
        if horizon is not None:
            single.signal(waiting[-1][0], *horizon)
        if data.draw(st.booleans()):
            batched.rows(*(quote for quote, _ in waiting))
            for quote, wanted in waiting:
                if wanted is not None:
                    batched.signal(quote, *wanted)
            waiting = []
    batched.rows(*(quote for quote, _ in waiting))
    for quote, wanted in waiting:
        if wanted is not None:
            batched.signal(quote, *wanted)
    for desk in (single, batched):
        desk.rows(row(200), row(390), row(390, symbol=B))
        desk.end(390)
    told = [[replace(s, signal_seq=0, venue_time=at(0)) for s in desk.signals()] for desk in (single, batched)]
    assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))


def test_given_a_restart_in_the_middle_of_a_horizon_when_it_passes_then_it_is_scored_as_without_it() -> None:
    desk, first = ScoreDesk(), row(60)
    desk.rows(first)
    desk.signal(first)
    again = desk.folded()
    again.hear(started())
    for one in (desk, again):
        one.rows(row(65, 10_500))
        one.rows(row(71))
    [before], [after] = desk.signals(), again.signals()
    assert after.exit_price == before.exit_price == 10_490


def test_given_a_log_that_follows_another_when_a_claim_of_before_is_scored_then_it_names_no_sequence() -> None:
    desk = over_sessions(1)
    desk.hear(StateCarried("L", 1, "00", {}))
    desk.session(days(2)[1])
    assert desk.signals()[0].signal_seq == 0


def test_given_rows_that_end_a_day_together_when_heard_at_once_or_one_by_one_then_the_same_is_said() -> None:
    rows = [row(minute / 2, 10_000 + 10 * (minute % 7), B if minute % 3 else A) for minute in range(2, 780)]
    one, many = ScoreDesk(hold_s=600), ScoreDesk(hold_s=600)
    for desk in (one, many):
        desk.rows(row(0.5))
        desk.signal(row(0.5))
    one.rows(*rows)
    for quote in rows:
        many.hear(QuotesJudged(1, (quote,), ()))
    for desk in (one, many):
        desk.hear(QuotesEnded(UnixNanos(at(391))))
    assert one.said == many.said
    assert one.baselines()


def test_given_a_signal_of_an_unknown_instrument_when_its_horizon_passes_then_costs_are_not_guessed() -> None:
    desk, first = ScoreDesk(), row(60, symbol="999999")
    desk.rows(first)
    desk.hear(a_signal(first))
    [scored] = desk.rows(row(65, symbol="999999"), row(71))
    assert (scored.won, scored.reason) == (None, "its market, and so what a sale costs, is not known")


def test_given_more_claims_than_one_message_may_lead_to_when_they_end_together_then_the_rest_is_told_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.core.kernel.MAX_FOLLOW_UPS", 50)
    monkeypatch.setattr("actors.roles.scorekeeper.MOST_AT_ONCE", 40)
    house, first = House(Scorekeeper()), row(60)
    house.hear(started(), served(), plan_session(ON, {}), QuotesJudged(1, (first,), ()))
    house.hear(*(a_signal(first, 30_000, strategy=f"s{number}") for number in range(60)))
    house.hear(QuotesJudged(1, (row(390),), ()), QuotesEnded(at(391)))
    assert len(house.said(SignalScored)) == 40
    house.hear(QuotesEnded(at(392)))
    assert [item.strategy for item in house.said(SignalScored)] == [f"s{number}" for number in range(60)]


def test_given_a_day_without_a_session_when_planned_then_nothing_waits_for_it() -> None:
    desk = ScoreDesk()
    desk.rows(row(390))
    desk.end(390)
    desk.hear(plan_session(ON + timedelta(days=4), {}))  # a Saturday
    assert desk.rows(row(60, on=ON + timedelta(days=4))) == []
