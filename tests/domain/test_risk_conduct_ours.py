"""What is ours of a holding: folded from what the log tells."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.risk import HoldingClaimed
from domain.messages.trading import FillBooked
from domain.risk.ours import Ours
from domain.types import ClientOrderId, Krw, Side
from tests.actors.money_builders import COLON, SAMSUNG, at

ZERO = Krw(0)


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
