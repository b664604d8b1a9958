"""What is ours of a holding, closed trades, pace: folded from what the log tells."""

from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import RunConfig
from domain.krx.order_phases import OrderPhase
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.orders import CancelOrder, ModifyOrder
from domain.messages.risk import HoldingClaimed, LimitsUnlocked
from domain.messages.run import RunStarted
from domain.messages.trading import FillBooked, SessionPlanned
from domain.risk.closed_trades import ClosedTrades
from domain.risk.conduct import Conduct
from domain.risk.ours import Ours
from domain.risk_config import RiskConfig
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, Purpose, RequestId, Side, UnixNanos, VenueOrderId
from tests.actors.money_builders import COLON, SAMSUNG, at

ZERO = Krw(0)
DAY = date(2026, 1, 13)


def a_fill(quantity: int, left: int, trade: str = "T1", order: str = "L-1", **changes: Any) -> FillBooked:
    """Give a booking; a negative quantity sells, `left` is held after it."""
    side = Side.BUY if quantity > 0 else Side.SELL
    fields: dict[str, Any] = {
        "client_order_id": ClientOrderId(order),
        "trade_id": trade,
        "symbol": SAMSUNG,
        "side": side,
        "last_qty": abs(quantity),
        "last_px": Krw(10_000),
        "notional": ZERO,
        "commission": ZERO,
        "tax": ZERO,
        "realized_pnl": ZERO,
        "position_qty": left,
        "cost_basis": ZERO,
        "cash": ZERO,
        "venue_time": at(1),
    }
    return FillBooked(**(fields | changes))


def a_split(before: int, after: int, action: str = "SPLIT", seconds: float = 2) -> HoldingBooked:
    return HoldingBooked(SAMSUNG, action, "", before, after, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, at(seconds))


def an_adjustment(before: int, after: int) -> AdjustmentBooked:
    return AdjustmentBooked("c", "kim", SAMSUNG, before, after, ZERO, ZERO, ZERO, "found", at(3))


def a_revision(side: Side, quantity: int, trade: str = "inferred:V1:5", won: int = 0) -> FillRevised:
    what = ("L-1", "V1", trade, SAMSUNG, side, quantity, ZERO, ZERO, ZERO, Krw(won), ZERO, ZERO, at(4))
    return FillRevised(*what)


def ours_after(*messages: Any, held: int = 0) -> int:
    book = Ours()
    book.open_account({SAMSUNG: held} if held else {}, ())
    for message in messages:
        book.fold(message)
    return book.of(SAMSUNG)


# ---- what is ours ----------------------------------------------------------------------------------------------

CASES: list[tuple[str, int, tuple[Any, ...], int]] = [
    # what, shares held that are not ours, messages, shares that are ours after them
    ("nothing bought", 100, (), 0),
    ("our buys", 100, (a_fill(10, 110), a_fill(5, 115, "T2")), 15),
    ("our sells", 100, (a_fill(10, 110), a_fill(-4, 106, "T2")), 6),
    ("more sold than is ours", 100, (a_fill(10, 110), a_fill(-30, 80, "T2"), a_fill(5, 85, "T3")), 5),
    ("a buy elsewhere", 0, (a_fill(10, 10, order=""),), 0),
    ("a sale elsewhere, of others' first", 100, (a_fill(60, 160), a_fill(-90, 70, "T2", "")), 60),
    ("a sale elsewhere, of ours in the end", 100, (a_fill(60, 160), a_fill(-130, 30, "T2", "")), 30),
    (
        "what was sold elsewhere does not come back",
        0,
        (a_fill(60, 60), a_fill(-40, 20, "T2", ""), a_fill(40, 60, "T3", "")),
        20,
    ),
    ("a split of part", 100, (a_fill(50, 150), a_split(150, 750)), 250),
    ("a split of all", 0, (a_fill(50, 50), a_split(50, 250)), 250),
    ("a reverse split, cut to whole shares", 4, (a_fill(5, 9), a_split(9, 3)), 1),
    ("a dividend", 100, (a_fill(50, 150), a_split(150, 150, "CASH_DIVIDEND")), 50),
    ("shares out of nothing", 0, (a_split(0, 10),), 0),
    ("an adjustment that adds", 100, (an_adjustment(100, 130),), 30),
    ("an adjustment that takes", 100, (a_fill(50, 150), an_adjustment(150, 120)), 20),
    ("a claim", 100, (HoldingClaimed(SAMSUNG, 70, "kim", "mine"),), 70),
    ("a claim given back", 100, (a_fill(50, 150), HoldingClaimed(SAMSUNG, 0, "kim", "hers")), 0),
    ("a buy the date's books hold already", 100, (a_revision(Side.BUY, 5),), 5),
    ("a detail of shares booked before", 0, (a_fill(50, 50), a_revision(Side.BUY, 50, "T9")), 50),
]


@pytest.mark.parametrize(("what", "held", "messages", "ours"), CASES)
def test_given_shares_of_others_when_messages_come_then_ours_are_told_apart(
    what: str, held: int, messages: tuple[Any, ...], ours: int
) -> None:
    assert ours_after(*messages, held=held) == ours, what


def test_given_a_new_date_when_the_account_opens_then_ours_are_kept_within_what_is_held() -> None:
    book = Ours()
    book.fold(a_fill(60, 60))
    book.open_account({SAMSUNG: 160}, ())
    assert book.of(SAMSUNG) == 60
    book.open_account({SAMSUNG: 20}, ())
    assert book.of(SAMSUNG) == 20
    book.open_account({SAMSUNG: 160}, ())
    assert book.of(SAMSUNG) == 20
    book.open_account({}, ())
    book.open_account({SAMSUNG: 160}, ())
    assert book.of(SAMSUNG) == 0


def test_given_a_booking_newer_than_the_brokers_answer_when_it_is_booked_again_then_it_counts_once() -> None:
    book = Ours()
    newer = (a_fill(60, 160), a_fill(-10, 150, "T2"), a_split(150, 300))
    for message in newer:
        book.fold(message)
    book.open_account({SAMSUNG: 100}, ())  # none of them in the broker's books yet
    for message in newer:
        book.fold(message)
    assert book.of(SAMSUNG) == 100
    book.fold(a_fill(-20, 280, "T3"))
    assert book.of(SAMSUNG) == 80


def test_given_a_sale_the_new_books_hold_when_it_is_proved_then_ours_shrink_by_it_once() -> None:
    book = Ours()
    book.fold(a_fill(100, 200))
    book.open_account({SAMSUNG: 150}, ())
    assert book.of(SAMSUNG) == 100
    book.fold(a_revision(Side.SELL, 50))
    assert book.of(SAMSUNG) == 50
    alone = Ours()
    alone.fold(a_fill(100, 100))
    alone.open_account({SAMSUNG: 50}, ())
    alone.fold(a_revision(Side.SELL, 50))
    assert alone.of(SAMSUNG) == 50


def test_given_fills_that_no_booking_told_when_the_account_opens_then_they_are_ours_too() -> None:
    book = Ours()
    book.open_account({SAMSUNG: 130}, [(SAMSUNG, 30), (COLON, -5)])
    assert (book.of(SAMSUNG), book.of(COLON)) == (30, 0)


class Step(NamedTuple):
    """One thing that happens to a holding."""

    what: str
    quantity: int


WHAT = ("buy", "sell", "buy elsewhere", "sell elsewhere", "split", "adjust", "claim", "open", "prove")
STEPS = st.lists(st.builds(Step, st.sampled_from(WHAT), st.integers(0, 60)), max_size=25)


def played(book: Ours, step: Step, held: int, number: int) -> int:
    """Let one thing happen; give what is held after it."""
    quantity, trade = step.quantity, f"T{number}"
    match step.what:
        case "buy" | "buy elsewhere" if quantity:
            held += quantity
            book.fold(a_fill(quantity, held, trade, "L-1" if step.what == "buy" else ""))
        case "sell" | "sell elsewhere" if min(quantity, held):
            sold = min(quantity, held)
            held -= sold
            book.fold(a_fill(-sold, held, trade, "L-1" if step.what == "sell" else ""))
        case "split":
            book.fold(a_split(held, held * quantity // 20, seconds=number))
            held = held * quantity // 20
        case "adjust":
            book.fold(an_adjustment(held, max(0, held + quantity - 30)))
            held = max(0, held + quantity - 30)
        case "claim":
            book.fold(HoldingClaimed(SAMSUNG, min(held, quantity), "kim", "mine"))
        case "prove" if quantity:
            book.fold(a_revision(Side.BUY if quantity % 2 else Side.SELL, quantity, f"inferred:V1:{number}"))
        case "open":
            held = max(0, held + quantity - 30)
            book.open_account({SAMSUNG: held} if held else {}, ())
    return held


@given(STEPS)
def test_for_any_sequence_what_is_ours_is_between_nothing_and_all_that_is_held(steps: list[Step]) -> None:
    book, held = Ours(), 0
    for number, step in enumerate(steps):
        held = played(book, step, held, number)
        assert 0 <= book.of(SAMSUNG) <= held


@given(STEPS)
def test_for_any_sequence_without_shares_of_others_all_that_is_held_is_ours(steps: list[Step]) -> None:
    book, held = Ours(), 0
    for number, step in enumerate(steps):
        if step.what in ("buy", "sell", "split", "adjust"):
            held = played(book, step, held, number)
            assert book.of(SAMSUNG) == held


@given(STEPS, st.integers(1, 100))
def test_for_any_sequence_shares_nobody_claimed_are_never_sold_by_selling_ours(steps: list[Step], others: int) -> None:
    book, held = Ours(), others
    book.open_account({SAMSUNG: others}, ())
    for number, step in enumerate(steps):
        if step.what == "buy":
            held = played(book, step, held, number)
        elif step.what == "sell":
            held = played(book, Step("sell", min(step.quantity, book.of(SAMSUNG))), held, number)
        assert held - book.of(SAMSUNG) == others


# ---- closed trades ---------------------------------------------------------------------------------------------


def a_trade(trades: ClosedTrades, won: int, seconds: float, symbol: str = SAMSUNG) -> None:
    """Close a position that was bought once and sold in two parts."""
    trades.fold(a_fill(10, 10, symbol=symbol), at(seconds))
    trades.fold(a_fill(-4, 6, symbol=symbol, realized_pnl=Krw(won + 7)), at(seconds))
    trades.fold(a_fill(-6, 0, symbol=symbol, realized_pnl=Krw(-7)), at(seconds))


def test_given_closed_trades_when_the_last_ones_lost_then_the_streak_counts_them_and_a_win_ends_it() -> None:
    trades = ClosedTrades()
    a_trade(trades, 5, 1)
    assert (trades.losing_streak, trades.last_loss_at) == (0, 0)
    a_trade(trades, -1, 2)
    a_trade(trades, -3, 3, COLON)
    assert (trades.losing_streak, trades.last_loss_at) == (2, at(3))
    assert trades.closed_at == {SAMSUNG: at(2), COLON: at(3)}
    a_trade(trades, 0, 4)
    assert (trades.losing_streak, trades.last_loss_at) == (0, at(3))


def test_given_a_position_that_is_sold_in_part_then_no_trade_is_closed() -> None:
    trades = ClosedTrades()
    trades.fold(a_fill(10, 10), at(1))
    trades.fold(a_fill(-4, 6, realized_pnl=Krw(-100)), at(2))
    assert (trades.losing_streak, trades.last_loss_at, trades.closed_at) == (0, 0, {})


def test_given_a_losing_streak_when_a_person_unlocks_or_a_date_begins_then_it_is_over() -> None:
    trades = ClosedTrades()
    a_trade(trades, -1, 1)
    trades.fold(LimitsUnlocked("kim", "seen", at(2)), at(2))
    assert (trades.losing_streak, trades.last_loss_at) == (0, at(1))
    a_trade(trades, -1, 3)
    assert trades.losing_streak == 1
    trades.open_account(set())
    assert (trades.losing_streak, trades.last_loss_at) == (0, 0)
    assert trades.closed_at == {SAMSUNG: at(3)}


def test_given_a_position_over_night_when_it_is_closed_then_what_it_realised_before_counts() -> None:
    trades = ClosedTrades()
    for message in (a_fill(10, 10), a_fill(-4, 6, realized_pnl=Krw(-100))):
        trades.fold(message, at(1))
    trades.open_account({SAMSUNG})
    trades.fold(a_fill(-6, 0, realized_pnl=Krw(50)), at(9))
    assert (trades.losing_streak, trades.last_loss_at) == (1, at(9))


def test_given_a_later_detail_when_it_turns_the_result_then_the_streak_is_counted_anew() -> None:
    trades = ClosedTrades()
    a_trade(trades, 5, 1)
    a_trade(trades, -3, 2, COLON)
    trades.fold(a_revision(Side.SELL, 6, "T9", -6), at(3))
    assert (trades.losing_streak, trades.last_loss_at) == (2, at(2))
    trades.fold(a_fill(10, 10), at(4))
    trades.fold(a_revision(Side.SELL, 6, "T10", 100), at(5))
    assert trades.losing_streak == 2  # it is of the position that is open now
    trades.fold(a_fill(-10, 0, realized_pnl=Krw(-50)), at(6))
    assert trades.losing_streak == 0


def test_given_a_position_a_person_adjusts_away_when_bought_again_then_nothing_of_it_counts() -> None:
    trades = ClosedTrades()
    trades.fold(a_fill(10, 10), at(1))
    trades.fold(a_fill(-4, 6, realized_pnl=Krw(-100)), at(2))
    trades.fold(an_adjustment(6, 0), at(3))
    assert trades.closed_at == {}
    a_trade(trades, 1, 4)
    assert trades.losing_streak == 0


# ---- pace and phases -------------------------------------------------------------------------------------------


def a_cancel() -> CancelOrder:
    return CancelOrder(RequestId("r"), ClientOrderId("L-1"), VenueOrderId("V1"), 0, UnixNanos(0))


def a_change() -> ModifyOrder:
    order = (ClientOrderId("L-1"), VenueOrderId("V1"), Purpose.ENTRY)
    return ModifyOrder(RequestId("r"), *order, 1, Krw(1), UnixNanos(0))


def test_given_requests_when_a_second_passed_then_they_count_no_more() -> None:
    conduct = Conduct()
    for seconds, request in ((0.0, a_cancel()), (0.4, a_change()), (0.8, a_cancel())):
        conduct.fold(request, at(seconds))
    counts = [conduct.facts(SAMSUNG, 0, at(seconds)).requests_last_second for seconds in (0.8, 0.9999, 1, 1.4, 1.8)]
    assert counts == [3, 3, 2, 1, 0]
    assert conduct.facts(SAMSUNG, 0).requests_last_second == 3
    assert conduct.facts(SAMSUNG, 0, at(-3_600)).requests_last_second == 0  # the clock was set back
    assert conduct.facts(SAMSUNG, 0).cancels_today == 2
    conduct.open_account({}, ())
    assert conduct.facts(SAMSUNG, 0).cancels_today == 0


@pytest.mark.parametrize(("own_clock", "closed_at"), [(False, at(1)), (True, at(99))])
def test_given_a_broker_with_a_clock_of_its_own_when_a_trade_is_closed_then_the_quotes_tell_when(
    own_clock: bool, closed_at: int
) -> None:
    conduct = Conduct()
    endpoint = "other" if own_clock else ""
    conduct.fold(RunStarted("r1", "0.7.0", RunConfig(mode="mock", orders_endpoint=endpoint)), at(0))
    conduct.fold(a_fill(-10, 0, realized_pnl=Krw(-1)), at(5), at(99))
    facts = conduct.facts(SAMSUNG, at(99))
    assert (facts.closed_at, facts.last_loss_at, facts.losing_streak) == (closed_at, closed_at, 1)


def test_given_a_planned_session_when_kinds_are_checked_then_the_phases_of_the_moment_are_told() -> None:
    conduct = Conduct()
    planned = SessionPlanned("2026-01-13", True, at(0), at(22_800), at(23_400), False)
    conduct.fold(planned, at(0))
    facts = conduct.facts(SAMSUNG, at(60))
    assert (facts.phases_known, facts.open_time, facts.close_auction_time) == (False, at(0), at(22_800))
    late = {"2026-01-13": ("10:00", "16:30")}
    config = RunConfig(mode="paper", risk=RiskConfig(check_sessions=True), session_overrides=late)
    conduct.fold(RunStarted("r1", "0.7.0", config), at(1))
    opening, continuous, night = (conduct.facts(SAMSUNG, from_kst(DAY, hour, 45)) for hour in (9, 10, 23))
    assert opening.phases == (OrderPhase.OPENING_AUCTION,)
    assert OrderPhase.CONTINUOUS in continuous.phases
    assert (night.phases_known, night.phases) == (True, ())
    began = from_kst(DAY, 10, 44)
    held_up = conduct.facts(SAMSUNG, from_kst(DAY, 10, 45), interrupted_at=began)
    assert OrderPhase.INTERRUPTION_AUCTION in held_up.phases
    assert OrderPhase.CONTINUOUS not in held_up.phases
    assert conduct.facts(SAMSUNG, from_kst(DAY, 10, 47), interrupted_at=began).phases == continuous.phases
