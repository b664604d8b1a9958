"""Always being in: which entries it makes, how they are closed, what is told of them."""

import pytest

from domain.signal_views import ScoresQuery
from domain.types import Side
from tests.actors.score_builders import COST, ON, A, B, ScoreDesk, days, row


def test_given_a_configured_horizon_when_a_day_is_lived_then_every_completed_minute_is_entered_and_closed() -> None:
    desk = ScoreDesk(hold_s=120, symbols=(A,))
    prices = [10_000, 10_100, 10_200, 10_300, 10_400]
    for minute, price in enumerate(prices):
        desk.rows(row(minute + 0.5, price))
    desk.rows(row(5.5, 10_400))
    [told] = desk.view().baselines  # entries at 09:01 and 09:02 and 09:03, closed at 09:03, 09:04, 09:05
    assert desk.keeper.view(ScoresQuery(baselines=False)).baselines == (), "who does not need them waits for none"
    gross = [(bid - ask) * 1_000_000 // ask for ask, bid in ((10_010, 10_190), (10_110, 10_290), (10_210, 10_390))]
    assert (told.symbol, told.trading_date, told.horizon_s, told.horizon_sessions) == (A, "2026-01-13", 120, 0)
    assert (told.entries, told.wins) == (3, 3)
    assert (told.gross_ppm_sum, told.cost_ppm_sum) == (sum(gross), 3 * COST)
    desk.rows(row(390, 9_000))
    [ended] = desk.end(390)
    assert ended.entries == 5  # at 09:06 it had a row in the minute, but at 09:08 none since
    assert desk.view().baselines == (ended,)


def test_given_a_horizon_to_the_close_when_the_day_ends_then_every_entry_has_the_closing_price() -> None:
    desk = ScoreDesk(hold_s=30_000, symbols=(A,))
    for minute in range(1, 4):
        desk.rows(row(minute, 10_000))
    desk.rows(row(390, 10_500))
    [told] = desk.end(390)
    assert (told.entries, told.wins) == (3, 3)
    assert told.gross_ppm_sum == 3 * ((10_500 - 10_010) * 1_000_000 // 10_010)


@pytest.mark.parametrize(("bid", "ask"), [(0, 10_010), (9_990, 0), (10_010, 10_010)])
def test_given_no_two_sided_book_when_a_minute_ends_then_nothing_is_entered(bid: int, ask: int) -> None:
    desk = ScoreDesk(hold_s=60, symbols=(A,))
    desk.rows(*(row(minute, bid_price=bid, ask_price=ask) for minute in (1.5, 2.5)), row(4))
    assert desk.view().baselines == ()


def test_given_a_silent_minute_when_it_ends_then_nothing_is_entered() -> None:
    desk = ScoreDesk(hold_s=60)
    desk.rows(row(1.5), row(2.2, symbol=B), row(3.3, symbol=B), row(4.4), row(5.5), row(6.5))
    told = {item.symbol: item.entries for item in desk.view().baselines}
    assert told[B] == 1  # at 09:03, closed on the row of 09:03; after 09:04 it has none since
    assert told[A] == 1  # at 09:05; at 09:02 it has no row since, at 09:03 and 09:04 none in the minute


def test_given_the_closing_auction_when_minutes_end_then_nothing_is_entered() -> None:
    desk = ScoreDesk(hold_s=60, symbols=(A,))
    for minute in (376.5, 377.5, 378.5, 379.5, 380.5, 381.5, 390):
        desk.rows(row(minute))
    [told] = desk.end(390)
    assert told.entries == 3  # 15:17 to 15:19


def test_given_a_horizon_seen_with_an_entry_when_minutes_end_then_it_is_followed_on_the_next_days_too() -> None:
    desk = ScoreDesk(symbols=(A,))
    first = row(1)
    desk.rows(first)
    desk.signal(first, 60)
    desk.signal(first, 90, side=Side.SELL, purpose="EXIT")  # exits are held against holding on, not against entries
    for minute in (1.5, 2.5, 3.5, 4.5):
        desk.rows(row(minute))
    assert [(item.horizon_s, item.entries) for item in desk.view().baselines] == [(60, 3)]  # at 09:01 to 09:03
    desk.rows(row(390))
    desk.end(390)
    told = [item for item in desk.session(days(2)[1]) if item.trading_date == "2026-01-14"]
    assert {item.horizon_s for item in told} <= {60}
    assert desk.keeper.horizons.seconds == (60,)


def test_given_many_horizons_when_seen_then_only_the_first_few_are_followed() -> None:
    desk, first = ScoreDesk(hold_s=60), row(1)
    desk.rows(first)
    for seconds in range(100, 200):
        desk.signal(first, seconds)
    assert desk.keeper.horizons.seconds == (60, *range(100, 107))


def test_given_a_horizon_of_sessions_when_it_ends_then_the_entries_of_its_first_date_are_told_by_date() -> None:
    desk = ScoreDesk(hold_sessions=1, symbols=(A,))
    for minute, price in ((1, 10_000), (2, 10_000), (3, 10_400)):
        desk.rows(row(minute, price))
    desk.rows(row(390))
    assert desk.end(390) == []
    said = desk.session(days(2)[1], close=10_100)
    [told] = said
    assert (told.trading_date, told.horizon_s, told.horizon_sessions) == (ON.isoformat(), 0, 1)
    assert (told.entries, told.wins, told.cost_ppm_sum) == (3, 2, 3 * COST)
    gross = [(10_100 - ask) * 1_000_000 // ask for ask in (10_010, 10_010, 10_410)]
    assert told.gross_ppm_sum == sum(gross)
    assert list(desk.keeper.always_in.held) == ["2026-01-14"]


def test_given_a_split_over_night_when_sessions_end_then_entries_of_before_are_not_told() -> None:
    desk = ScoreDesk(hold_sessions=1, symbols=(A,))
    desk.rows(row(1), row(2), row(390))
    desk.end(390)
    assert desk.session(days(2)[1], 5_000, base=5_000) == []
