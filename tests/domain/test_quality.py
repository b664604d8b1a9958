"""Quality rules: examples for each rule, and the fast path against the table of rules."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import quality
from domain.config import QualityConfig
from domain.instruments import Instrument
from domain.messages.market import QuoteVerdict
from domain.quality import QualityBook, judge
from domain.quotes import Quote, QuoteKind
from domain.types import Krw, Market, Symbol, UnixNanos

DAY = date(2026, 1, 13)
S = 1_000_000_000
OPEN = UnixNanos(1_768_262_400 * S)  # 2026-01-13 09:00 KST
CLOSE = UnixNanos(OPEN + 23_400 * S)
GOOD: dict[str, Any] = {
    "symbol": "120110", "venue_time": OPEN + 60 * S, "price": 10_010, "last_qty": 5, "cumulative_volume": 100,
    "bid_price": 10_000, "ask_price": 10_010, "bid_qty": 30, "ask_qty": 40, "kind": int(QuoteKind.TRADE),
}  # fmt: skip
LISTED = {
    "120110": Instrument(Symbol("120110"), "", Market.KOSPI, Krw(10_000), Krw(7_000), Krw(13_000), True),
    "005930": Instrument(Symbol("005930"), "", Market.KOSPI, None, None, None, True),
}


def a_row(**changes: Any) -> Quote:
    return Quote(**{**GOOD, **changes})


def a_book(*rows: Quote) -> QualityBook:
    book = QualityBook()
    book.plan(DAY, OPEN, CLOSE)
    book.fold(rows)
    return book


def rules_of(verdicts: Sequence[QuoteVerdict]) -> list[str]:
    return [verdict.rule for verdict in verdicts]


def test_given_good_rows_when_judged_then_the_same_sequence_comes_back() -> None:
    rows = [a_row(), a_row(cumulative_volume=105)]
    accepted, verdicts = judge(rows, a_book(), LISTED)
    assert accepted is rows
    assert verdicts == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"symbol": "999999"}, quality.UNKNOWN_SYMBOL),
        ({"price": 0}, quality.BAD_VALUE),
        ({"price": -10_010}, quality.BAD_VALUE),
        ({"last_qty": -1}, quality.BAD_VALUE),
        ({"ask_qty": -1}, quality.BAD_VALUE),
        ({"bid_price": -5}, quality.BAD_VALUE),
        ({"price": 13_010}, quality.OUTSIDE_LIMITS),
        ({"price": 6_990}, quality.OUTSIDE_LIMITS),
        ({"venue_time": OPEN - 1}, quality.OUTSIDE_SESSION),
        ({"venue_time": CLOSE + 35 * S + 1}, quality.OUTSIDE_SESSION),
        ({"venue_time": OPEN + 29 * S}, quality.OUT_OF_ORDER),
        ({"venue_time": OPEN + 30 * S, "cumulative_volume": 50}, quality.DUPLICATE),
    ],
)
def test_given_a_bad_row_when_judged_then_it_is_refused_with_its_rule(changes: dict[str, Any], rule: str) -> None:
    book = a_book(a_row(venue_time=OPEN + 30 * S, cumulative_volume=50))
    good = a_row(symbol="005930")
    accepted, verdicts = judge([good, a_row(**changes)], book, LISTED)
    assert accepted == [good]
    assert [(v.row, v.rule, v.refused) for v in verdicts] == [(1, rule, True)]
    assert verdicts[0].detail


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"cumulative_volume": 49}, quality.VOLUME_FELL),
        ({"price": 10_003}, quality.OFF_TICK),
        ({"bid_price": 10_010}, quality.CROSSED_BOOK),
        ({"bid_price": 10_020, "kind": int(QuoteKind.BOOK)}, quality.CROSSED_BOOK),
        ({"symbol": "005930", "price": 13_020}, quality.PRICE_JUMP),
    ],
)
def test_given_an_odd_row_when_judged_then_it_is_kept_and_flagged(changes: dict[str, Any], rule: str) -> None:
    before = a_row(venue_time=OPEN + 30 * S, cumulative_volume=50)
    rows = [a_row(**changes)]
    accepted, verdicts = judge(rows, a_book(before, before._replace(symbol="005930")), LISTED)
    assert accepted is rows
    assert [(v.row, v.rule, v.refused) for v in verdicts] == [(0, rule, False)]


@pytest.mark.parametrize(
    "changes",
    [
        {"price": 10_005},  # half a tick: a mid-point print
        {"price": 7_000, "bid_price": 6_990, "ask_price": 7_000},  # the lower limit itself
        {"price": 13_000, "ask_price": 0, "ask_qty": 0, "bid_price": 13_000},  # one-sided at the upper limit
        {"bid_price": 10_020, "kind": int(QuoteKind.AUCTION_TRADE)},  # books cross while an auction collects
        {"price": 0, "last_qty": 0, "cumulative_volume": 0, "kind": int(QuoteKind.BOOK)},  # before the first trade
        {"venue_time": CLOSE + 35 * S},  # random end
        {"venue_time": OPEN},
    ],
)
def test_given_a_rare_but_legal_row_when_judged_then_there_is_no_verdict(changes: dict[str, Any]) -> None:
    assert judge([a_row(**changes)], a_book(), LISTED)[1] == ()


def test_given_a_book_change_at_the_same_moment_when_judged_then_it_is_no_duplicate() -> None:
    assert judge([a_row(), a_row(kind=int(QuoteKind.BOOK))], a_book(), LISTED)[1] == ()


def test_given_a_bad_row_in_a_batch_when_judged_then_the_next_is_judged_against_the_last_accepted_one() -> None:
    rows = [a_row(), a_row(venue_time=OPEN), a_row(cumulative_volume=101)]
    accepted, verdicts = judge(rows, a_book(), LISTED)
    assert accepted == [rows[0], rows[2]]
    assert rules_of(verdicts) == [quality.OUT_OF_ORDER]


def test_given_no_session_when_judged_then_times_and_ticks_pass() -> None:
    assert judge([a_row(venue_time=1, price=10_003)], QualityBook(), LISTED)[1] == ()


def test_given_a_new_date_when_planned_then_the_rows_of_the_old_day_are_forgotten() -> None:
    book = a_book(a_row())
    book.plan(DAY, OPEN, CLOSE)
    assert book.last
    book.plan(date(2026, 1, 14), OPEN, CLOSE)
    assert not book.last


def test_given_refusals_and_flags_when_asked_then_positions_are_those_of_the_accepted_rows() -> None:
    rows = [a_row(price=0), a_row(price=10_003), a_row(cumulative_volume=101), a_row(price=10_013)]
    accepted, verdicts = judge(rows, a_book(), LISTED)
    flagged = quality.flags(verdicts)
    assert {accepted[i].price: rules for i, rules in flagged.items()} == {
        10_003: "off_tick",
        10_013: "volume_fell,off_tick",
    }
    assert set(rules_of(verdicts)) <= set(quality.EXPLANATIONS)


ODD_ROWS = st.builds(
    a_row,
    symbol=st.sampled_from(["120110", "005930", "999999"]),
    venue_time=st.sampled_from([OPEN - 1, OPEN, OPEN + S, OPEN + 2 * S, CLOSE + 35 * S, CLOSE + 36 * S]),
    price=st.sampled_from([-1, 0, 6_990, 7_000, 10_000, 10_003, 10_005, 13_000, 13_010, 20_000]),
    last_qty=st.sampled_from([-1, 0, 5]),
    cumulative_volume=st.sampled_from([-1, 0, 99, 100, 101]),
    bid_price=st.sampled_from([-1, 0, 9_990, 10_000, 10_010]),
    ask_price=st.sampled_from([-1, 0, 10_000, 10_010]),
    bid_qty=st.sampled_from([-1, 0, 3]),
    kind=st.sampled_from([int(kind) for kind in QuoteKind]),
)


@given(st.lists(ODD_ROWS, max_size=8), st.lists(ODD_ROWS, max_size=8))
def test_for_any_rows_judging_changes_nothing_and_says_what_rules_say(first: list[Quote], rows: list[Quote]) -> None:
    book = a_book()
    book.fold(judge(first, book, LISTED)[0])
    before = dict(book.last)
    accepted, verdicts = judge(rows, book, LISTED)
    assert book.last == before
    kept, said = [], []
    for index, row in enumerate(rows):  # the plain way: every rule for every row, folded one by one
        found = quality._verdicts(index, quality._Case(row, book.last.get(row.symbol), LISTED.get(row.symbol), book))
        said += found
        if not any(verdict.refused for verdict in found):
            kept.append(row)
            book.fold([row])
    assert list(accepted) == kept
    assert list(verdicts) == said


STRICT = QualityConfig(stale_ms=60_000, strict_trades=True)
AUCTION = UnixNanos(CLOSE - 600 * S)


def a_strict_book(*rows: Quote) -> QualityBook:
    book = a_book()
    book.configure(STRICT)
    book.plan(DAY, OPEN, CLOSE, AUCTION)
    book.fold(rows)
    return book


@pytest.mark.parametrize(
    ("changes", "rules", "refused"),
    [
        ({"last_qty": 0}, [quality.NO_VOLUME], True),
        ({"last_qty": 0, "kind": int(QuoteKind.BOOK)}, [], False),
        ({"venue_time": AUCTION + S - 1}, [], False),
        ({"venue_time": AUCTION + S}, [quality.IN_CLOSING_AUCTION], True),
        ({"venue_time": AUCTION + S, "last_qty": 0, "kind": int(QuoteKind.BOOK)}, [], False),
        ({"venue_time": CLOSE - 1}, [quality.IN_CLOSING_AUCTION], True),
        ({"venue_time": CLOSE, "kind": int(QuoteKind.AUCTION_TRADE)}, [], False),
    ],
)
def test_given_strict_trades_when_judged_then_empty_ones_and_those_in_the_closing_auction_are_refused(
    changes: dict[str, Any], rules: list[str], refused: bool
) -> None:
    accepted, verdicts = judge([a_row(**changes)], a_strict_book(), LISTED)
    assert rules_of(verdicts) == rules
    assert bool(accepted) is not refused
    before = a_book()
    before.plan(DAY, OPEN, CLOSE, AUCTION)
    assert judge([a_row(**changes)], before, LISTED)[1] == ()  # as logs without the switch were judged


@pytest.mark.parametrize(("behind_ms", "rules"), [(60_000, []), (60_001, [quality.STALE])])
def test_given_a_feed_that_went_on_when_a_row_lies_far_behind_then_it_is_flagged(
    behind_ms: int, rules: list[str]
) -> None:
    other = a_row(symbol="005930", venue_time=OPEN + 600 * S)
    late = a_row(venue_time=other.venue_time - behind_ms * 1_000_000)
    accepted, verdicts = judge([late], a_strict_book(other), LISTED)
    assert (list(accepted), rules_of(verdicts)) == ([late], rules)


@given(st.lists(ODD_ROWS, max_size=8), st.lists(ODD_ROWS, max_size=8))
def test_for_any_rows_strict_judging_says_what_rules_say(first: list[Quote], rows: list[Quote]) -> None:
    book = a_strict_book()
    book.fold(judge(first, book, LISTED)[0])
    accepted, verdicts = judge(rows, book, LISTED)
    kept, said, newest = [], [], book.newest
    for index, row in enumerate(rows):
        found = quality._verdicts(index, quality._Case(row, book.last.get(row.symbol), LISTED.get(row.symbol), book))
        said += found
        if not any(verdict.refused for verdict in found):
            kept.append(row)
            book.fold([row])
            book.newest = newest  # the feed's clock moves with batches
    assert (list(accepted), list(verdicts)) == (kept, said)


# ---- jumps by the tape -----------------------------------------------------------------------------------------

BY_TAPE = QualityConfig(jump_deviations=40)
SEEN = 16 * S  # venue times so far apart are all looked at


def a_tape_book(moves: int = 20, price: int = 10_000) -> QualityBook:
    """Give a book whose symbol moved by one tick of 10 KRW so many times; its band is 400 KRW."""
    book = QualityBook()
    book.configure(BY_TAPE)
    book.fold([a_row(symbol="005930", venue_time=SEEN * (i + 1), price=price + 10 * (i % 2)) for i in range(moves + 1)])
    return book


def prints(*prices: int, kind: QuoteKind = QuoteKind.TRADE) -> list[Quote]:
    start = SEEN * 100
    return [
        a_row(symbol="005930", venue_time=start + i, price=price, cumulative_volume=200 + i, kind=int(kind))
        for i, price in enumerate(prices)
    ]


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ([10_400], []),
        ([10_410], [(0, quality.JUMP_UNCONFIRMED)]),
        ([10_410, 10_420], [(0, quality.JUMP_UNCONFIRMED)]),
        ([12_000, 10_010, 10_020], [(0, quality.JUMP_UNCONFIRMED), (1, quality.JUMP_REFUTED)]),
        ([12_000, 11_000, 11_010], [(0, quality.JUMP_UNCONFIRMED), (1, quality.JUMP_UNCONFIRMED)]),
    ],
)
def test_given_a_print_far_off_when_trades_follow_then_they_confirm_or_refute_it(
    prices: list[int], said: list[tuple[int, str]]
) -> None:
    at_once = judge(prints(*prices), a_tape_book(), LISTED)[1]
    assert [(v.row, v.rule) for v in at_once] == said
    book, singly = a_tape_book(), []
    for index, row in enumerate(prints(*prices)):
        accepted, verdicts = judge([row], book, LISTED)
        book.fold(accepted, verdicts)
        singly += [(index, v.rule) for v in verdicts]
    assert singly == said


def test_given_an_unconfirmed_print_when_the_book_moves_then_it_still_waits_and_an_auction_ends_that() -> None:
    jump, *_ = prints(12_000)
    change = jump._replace(kind=int(QuoteKind.BOOK))
    assert rules_of(judge([jump, change, change], a_tape_book(), LISTED)[1]) == [quality.JUMP_UNCONFIRMED] * 3
    auction = jump._replace(price=14_000, venue_time=jump.venue_time + 1, kind=int(QuoteKind.AUCTION_TRADE))
    after = auction._replace(venue_time=jump.venue_time + 2, kind=int(QuoteKind.TRADE))
    assert rules_of(judge([jump, auction, after], a_tape_book(), LISTED)[1]) == [quality.JUMP_UNCONFIRMED]


def test_given_few_moves_or_logs_of_before_when_a_print_is_far_off_then_thirty_percent_count() -> None:
    assert judge(prints(12_990), a_tape_book(10), LISTED)[1] == ()
    assert rules_of(judge(prints(13_100), a_tape_book(10), LISTED)[1]) == [quality.JUMP_UNCONFIRMED]
    before = a_tape_book()
    before.configure(QualityConfig())
    before.tape.bands.clear()
    assert rules_of(judge(prints(13_100), before, LISTED)[1]) == [quality.PRICE_JUMP]


def test_given_a_waiting_print_and_a_note_when_asked_then_the_first_is_no_mark_and_the_second_no_flag() -> None:
    rows = prints(12_000, 10_010)
    accepted, verdicts = judge(rows, a_tape_book(), LISTED)
    assert list(quality.confirmed(accepted, verdicts)) == [rows[1]]
    assert quality.flags(verdicts) == {0: quality.JUMP_UNCONFIRMED}
    assert quality.confirmed(rows, ()) is rows


TAPE_ROWS = st.builds(
    a_row,
    symbol=st.just("005930"),
    venue_time=st.sampled_from([SEEN * 100, SEEN * 101, SEEN * 102 + S]),
    price=st.sampled_from([0, 9_990, 10_000, 10_400, 10_420, 12_000, 12_010, 14_000]),
    cumulative_volume=st.sampled_from([200, 201, 202, 203]),
    kind=st.sampled_from([int(kind) for kind in QuoteKind]),
)


@given(st.lists(TAPE_ROWS, max_size=6), st.lists(TAPE_ROWS, max_size=6))
def test_for_any_rows_judging_by_the_tape_says_what_rules_say(first: list[Quote], rows: list[Quote]) -> None:
    book = a_tape_book()
    book.fold(*judge(first, book, LISTED))
    accepted, verdicts = judge(rows, book, LISTED)
    last, waiting, kept, said = dict(book.last), dict(book.tape.pending), [], []
    for index, row in enumerate(rows):
        case = quality._Case(row, last[row.symbol], LISTED[row.symbol], book, waiting.get(row.symbol))
        found = quality._verdicts(index, case)
        said += found
        if any(verdict.refused for verdict in found):
            continue
        if quality.JUMP_UNCONFIRMED in rules_of(found):
            quality.waited_for(waiting, row, last[row.symbol].price)
        else:
            waiting.pop(row.symbol, None)
        kept.append(row)
        last[row.symbol] = row
    assert (list(accepted), list(verdicts)) == (kept, said)
    book.fold(accepted, verdicts)
    assert (book.last, book.tape.pending) == (last, waiting)


@given(st.lists(TAPE_ROWS, max_size=12), st.booleans())
def test_for_any_rows_nothing_was_said_of_folding_them_at_once_is_folding_them_one_by_one(
    rows: list[Quote], waits: bool
) -> None:
    at_once, singly = a_tape_book(), a_tape_book()
    for book in (at_once, singly):
        if waits:
            book.fold(*judge(prints(12_000), book, LISTED))
    trades = [row for row in rows if row.kind != QuoteKind.BOOK]
    at_once.fold(trades)
    for row in trades:
        singly.fold([row])
    assert (at_once.last, at_once.tape, at_once.newest) == (singly.last, singly.tape, singly.newest)
