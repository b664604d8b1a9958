"""Kiwoom's real-time strings, read: padding and signs, times without dates, and what is not there."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.port import PhaseChanged, VolatilityInterruption
from broker_win.realtime.auctions import Auctions
from broker_win.realtime.books import BOOK, read_book
from broker_win.realtime.layouts import Dropped, field_order
from broker_win.realtime.market import INTERRUPTION, SESSION, read_interruption, read_session
from broker_win.realtime.quotes import QuoteMaker
from broker_win.realtime.stamps import Stamps
from broker_win.realtime.ticks import BEST, EXPECTED, STANDING, TRADE, Best, read_best, read_expected, read_trade
from domain.instruments import Instrument
from domain.quality import DUPLICATE, QualityBook, judge
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import NANOS_PER_DAY, from_kst, kst_date
from domain.types import NANOS_PER_SECOND, Krw, Market, Symbol, UnixNanos, VenuePhase
from tests.broker_win.real_builders import (
    DAY,
    SAMSUNG,
    a_book,
    a_halt,
    a_session,
    a_string,
    a_trade,
    an_event,
    an_expectation,
    at,
    book_values,
)

SAMPLE = Path(__file__).parent / "data/real_messages.jsonl"
MESSAGES = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
INSTRUMENTS = {SAMSUNG: Instrument(Symbol(SAMSUNG), "", Market.KOSPI, None, None, None, True)}
TYPES = {"0B": TRADE, "0D": BOOK}


def received(message: dict[str, Any]) -> UnixNanos:
    year, month, day = map(int, message["date"].split("-"))
    time = message["received"] or "13:56:23" if message["code"] != "005380_NX" else "15:33:06"
    hh, mm, ss = time[:8].split(":")
    return from_kst(type(DAY)(year, month, day), int(hh), int(mm), int(ss))


def by_number(message: dict[str, Any]) -> dict[int, str]:
    return {int(fid): text for fid, text in message["values"].items()}


class Feed:
    """The makers of rows put together, and a clock that says when events come."""

    def __init__(self) -> None:
        self.auctions = Auctions()
        self.stamps = Stamps()
        self.maker = QuoteMaker(self.stamps, self.auctions)

    def hear(self, event: Any, now: UnixNanos) -> list[Quote]:
        if event.real_type == SESSION:
            changed = read_session(event.values, now, self.stamps)
            assert changed is not None
            self.auctions.on_phase(changed.phase, changed.venue_time)
            return []
        if event.real_type == INTERRUPTION:
            halt = read_interruption(event.code, event.values, now, self.stamps)
            self.auctions.on_interruption(halt.symbol, halt.venue_time, active=halt.active)
            return []
        assert self.maker.hear(event.code, event.real_type, event.values, now)
        return self.maker.take()[0]

    def kinds(self, *events: Any, now: UnixNanos) -> list[int]:
        return [row.kind for event in events for row in self.hear(event, now)]


# ---- messages as received ------------------------------------------------------------------------------------------


def test_given_a_received_trade_when_read_then_signs_say_direction_only() -> None:
    trade = read_trade(by_number(MESSAGES[6]))
    assert trade == ("115619", 257_750, 296, 7_199_251, 258_000, 257_500)


@pytest.mark.parametrize("as_string", [True, False])
def test_given_the_received_trades_when_made_into_quotes_then_quality_takes_all_of_them_in_order(
    as_string: bool,
) -> None:
    feed, rows = Feed(), []
    order = field_order(TRADE)
    for message in MESSAGES[:21]:
        values = by_number(message)
        assert TYPES[message["type"]] == TRADE
        told: Any = "\t".join(values.get(fid, "") for fid in order) if as_string else values
        assert feed.maker.hear(message["code"], TRADE, told, received(message))
        rows += feed.maker.take()[0]
    assert [row.cumulative_volume - row.last_qty for row in rows[1:]] == [row.cumulative_volume for row in rows[:-1]]
    assert [row.venue_time for row in rows] == sorted(row.venue_time for row in rows)
    assert {(row.symbol, row.kind, row.bid_price, row.ask_price) for row in rows} == {
        (SAMSUNG, QuoteKind.TRADE, 257_500, 258_000)
    }
    assert rows[0].venue_time == from_kst(type(DAY)(2026, 9, 11), 11, 56, 18)
    kept, verdicts = judge(rows, QualityBook(), INSTRUMENTS)
    assert (list(kept), verdicts) == (rows, ())


def test_given_a_received_trade_twice_when_made_into_quotes_then_quality_sees_the_duplicate() -> None:
    feed, now = Feed(), received(MESSAGES[0])
    rows = [row for _ in range(2) for row in _heard(feed, MESSAGES[0], now)]
    assert rows[0] == rows[1]
    kept, verdicts = judge(rows, QualityBook(), INSTRUMENTS)
    assert (list(kept), [verdict.rule for verdict in verdicts]) == (rows[:1], [DUPLICATE])


def _heard(feed: Feed, message: dict[str, Any], now: UnixNanos) -> list[Quote]:
    assert feed.maker.hear(message["code"], TYPES[message["type"]], by_number(message), now)
    return feed.maker.take()[0]


def test_given_a_received_book_when_read_then_all_ten_levels_are_there_best_first() -> None:
    book = read_book(by_number(MESSAGES[21]))
    assert book.time == "135622"
    assert (book.asks[0], book.asks[9]) == ((6_500, 20), (6_590, 1_720))
    assert (book.bids[0], book.bids[9]) == ((6_490, 2), (6_370, 132))
    assert sum(shares for _, shares in book.asks) == 4_343
    assert sum(shares for _, shares in book.bids) == 26_747


def test_given_a_received_book_with_empty_levels_when_read_then_they_are_left_out() -> None:
    book = read_book(by_number(MESSAGES[22]))  # levels 4 to 10 are "-0"
    assert book.asks == ((425_000, 273), (425_500, 54), (426_000, 233))
    assert book.bids == ((424_500, 24), (424_000, 10), (423_500, 123))


def test_given_a_book_of_another_venue_when_heard_then_it_is_dropped_by_its_code() -> None:
    message = MESSAGES[22]
    with pytest.raises(Dropped, match="005380_NX") as dropped:
        _heard(Feed(), message, received(message))
    assert dropped.value.reason == "unknown_code"


def test_given_a_received_trade_that_lacks_fields_when_read_by_number_then_it_is_dropped() -> None:
    with pytest.raises(Dropped, match="FID 27 expected") as dropped:
        read_trade(by_number(MESSAGES[23]))
    assert dropped.value.reason == "short"


# ---- trades ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({10: ""}, "bad_value"),
        ({10: "  0"}, "bad_value"),
        ({10: "abc"}, "bad_value"),
        ({15: ""}, "no_volume"),
        ({15: "+0"}, "no_volume"),
        ({15: "1.5"}, "bad_value"),
        ({13: ""}, "bad_value"),
        ({13: "3"}, "bad_value"),
        ({27: "x"}, "bad_value"),
    ],
)
def test_given_a_trade_with_a_bad_value_when_read_then_it_is_dropped_with_the_reason(
    changed: dict[int, str], reason: str
) -> None:
    values = {20: "100000", 10: "100", 15: "+5", 13: "7", 27: "101", 28: "99"} | changed
    with pytest.raises(Dropped) as dropped:
        read_trade(a_string(TRADE, values))
    assert dropped.value.reason == reason


def test_given_padded_and_doubly_signed_figures_when_read_then_they_are_understood() -> None:
    values = {20: "100000", 10: "  --1000", 15: " +   5", 13: "000000000007", 27: "", 28: "-0"}
    assert read_trade(a_string(TRADE, values)) == ("100000", 1_000, 5, 7, 0, 0)


def test_given_a_string_with_fields_behind_the_known_ones_when_read_then_they_are_ignored() -> None:
    known = a_trade().values
    assert isinstance(known, str)
    assert read_trade(known + "\tKRX\t1") == read_trade(known)
    with pytest.raises(Dropped, match="43 fields expected, 42 came") as dropped:
        read_trade(known.rpartition("\t")[0])
    assert dropped.value.reason == "short"


@given(
    st.sampled_from([TRADE, BOOK, BEST, STANDING, EXPECTED, SESSION, INTERRUPTION]),
    st.lists(st.one_of(st.text(max_size=8), st.sampled_from(["", "0", "+1", "-5", "090000", "A005930"])), max_size=130),
    st.booleans(),
)
def test_for_any_texts_an_event_is_read_or_dropped_and_nothing_else(
    real_type: str, texts: list[str], as_string: bool
) -> None:
    order = field_order(real_type)
    filled = [*texts, *[""] * (len(order) - len(texts))]
    values: Any = "\t".join(filled) if as_string else dict(zip(order, filled, strict=False))
    feed, now = Feed(), at(10, 0)
    try:
        if real_type == SESSION:
            read_session(values, now, feed.stamps)
        elif real_type == INTERRUPTION:
            read_interruption(SAMSUNG, values, now, feed.stamps)
        else:
            feed.maker.hear(SAMSUNG, real_type, values, now)
    except Dropped as dropped:
        assert dropped.reason.isidentifier()
    for row in feed.maker.take()[0]:
        assert min(row[2:9]) >= 0


# ---- other quotes --------------------------------------------------------------------------------------------------


def test_given_a_change_without_a_trade_when_heard_then_only_the_best_prices_change() -> None:
    feed, now = Feed(), at(10, 0)
    feed.hear(a_trade(), now)
    [row] = feed.hear(an_event(STANDING, {10: "-200000", 13: "9", 27: "-258500", 28: "-257500"}), now)
    assert (row.kind, row.price, row.last_qty, row.cumulative_volume) == (QuoteKind.BOOK, 257_750, 0, 7_198_927)
    assert (row.bid_price, row.ask_price) == (257_500, 258_500)


def test_given_best_prices_when_they_are_known_already_then_no_row_is_made() -> None:
    feed, now = Feed(), at(10, 0)
    feed.hear(a_book(), now)
    assert feed.hear(an_event(BEST, {27: "-258000", 28: "-257500"}), now) == []
    [row] = feed.hear(an_event(BEST, {27: "-258500", 28: "-258000"}), now)
    assert (row.ask_price, row.ask_qty) == (258_500, 7)  # the last book displayed it as its second level
    assert (row.bid_price, row.bid_qty) == (258_000, 0)  # no book told of this price
    assert row.venue_time == at(10, 0)


def test_given_best_prices_before_anything_with_a_time_when_heard_then_they_are_dropped() -> None:
    with pytest.raises(Dropped) as dropped:
        Feed().hear(an_event(BEST, {27: "10", 28: "9"}), at(9, 0))
    assert dropped.value.reason == "untimed"
    assert read_best(STANDING, a_string(STANDING, {27: "+10", 28: ""})) == Best(10, 0)


def test_given_an_expected_price_when_heard_then_it_is_never_a_trade() -> None:
    feed = Feed()
    assert read_expected(an_expectation("085500").values) == ("085500", 258_000, 400)
    assert feed.hear(an_expectation("085500"), at(8, 55)) == []
    assert feed.maker.latest(at(8, 55)) == {}


def test_given_a_book_when_heard_then_row_and_depth_come_and_the_volume_stays_that_of_the_trade() -> None:
    feed, now = Feed(), at(10, 0)
    feed.hear(a_trade(), now)
    event = a_book("100001")
    assert feed.maker.hear(event.code, event.real_type, event.values, now)
    [row], depths = feed.maker.take()
    assert row == Quote(SAMSUNG, at(10, 0, 1), 257_750, 0, 7_198_927, 257_500, 258_000, 33, 120, int(QuoteKind.BOOK))
    assert depths == [Depth(SAMSUNG, at(10, 0, 1), ((257_500, 33), (257_000, 4_000)), ((258_000, 120), (258_500, 7)))]


@pytest.mark.parametrize(
    ("asks", "bids"),
    [
        ([("101", "5"), ("100", "5")], [("99", "5")]),
        ([("101", "5"), ("101", "5")], [("99", "5")]),
        ([("101", "5")], [("98", "5"), ("99", "5")]),
    ],
)
def test_given_levels_out_of_order_when_read_then_the_book_is_dropped(
    asks: list[tuple[str, str]], bids: list[tuple[str, str]]
) -> None:
    with pytest.raises(Dropped) as dropped:
        read_book(a_string(BOOK, book_values("100000", asks, bids)))
    assert dropped.value.reason == "disordered_book"


def test_given_blank_levels_and_one_that_is_no_number_when_read_then_blanks_are_no_levels() -> None:
    values = book_values("100000", [("101", "5"), ("102", "")], [("", "3"), ("99", "4")])
    assert read_book(a_string(BOOK, values)) == ("100000", ((101, 5),), ((99, 4),))
    with pytest.raises(Dropped, match="number expected"):
        read_book(a_string(BOOK, values | {41: "1O1"}))


# ---- times -----------------------------------------------------------------------------------------------------


def test_given_several_trades_in_one_second_when_heard_then_they_keep_order_and_time() -> None:
    feed, now = Feed(), at(10, 0)
    rows = [row for n in range(3) for row in feed.hear(a_trade(shares="5", volume=str(100 + 5 * n)), now)]
    assert [(row.venue_time, row.cumulative_volume) for row in rows] == [(now, 100), (now, 105), (now, 110)]


def test_given_a_row_stamped_before_the_newest_when_heard_then_the_feed_does_not_go_back() -> None:
    feed, now = Feed(), at(10, 0, 2)
    feed.hear(a_book("100002", code="000660"), now)
    [row] = feed.hear(a_trade("100001"), now)
    assert (row.venue_time, row.kind, row.last_qty) == (at(10, 0, 2), QuoteKind.TRADE, 19)


def test_given_a_trade_a_minute_behind_when_heard_then_it_is_told_as_the_last_price_and_not_as_a_trade() -> None:
    feed, now = Feed(), at(10, 0, 2)
    feed.hear(a_book("100002", code="000660"), now)
    [row] = feed.hear(a_trade("093000"), now)
    assert (row.venue_time, row.kind, row.last_qty) == (at(10, 0, 2), QuoteKind.BOOK, 0)
    assert (row.price, row.cumulative_volume) == (257_750, 7_198_927)


def test_given_a_new_day_when_the_first_row_comes_then_nothing_of_the_day_before_is_told() -> None:
    feed = Feed()
    feed.hear(a_trade(), at(10, 0))
    tomorrow = UnixNanos(at(9, 0) + NANOS_PER_DAY)
    assert feed.maker.latest(tomorrow) == {}
    [row] = feed.hear(a_book("090000"), tomorrow)
    assert (row.price, row.cumulative_volume, row.venue_time) == (0, 0, tomorrow)


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (at(10, 0), "095959", at(9, 59, 59)),
        (at(0, 0, 1), "235959", UnixNanos(at(23, 59, 59) - NANOS_PER_DAY)),
        (at(23, 59, 59), "000001", UnixNanos(at(0, 0, 1) + NANOS_PER_DAY)),
        (at(8, 50), "093000", at(9, 30)),  # a PC that is slow
        (at(15, 30), "094000", at(9, 40)),
    ],
)
def test_given_a_time_without_a_date_when_read_then_the_pcs_clock_gives_the_date_around_midnight_too(
    now: UnixNanos, text: str, expected: UnixNanos
) -> None:
    assert Stamps().moment(text, now) == expected


@pytest.mark.parametrize(
    ("now", "text", "reason"),
    [
        (at(8, 30), "153000", "another_day"),  # what a log-in in the morning tells of yesterday
        (at(18, 0), "090000", "another_day"),
        (at(10, 0), "888888", "bad_time"),
        (at(10, 0), "", "bad_time"),
        (at(10, 0), "10:0", "bad_time"),
    ],
)
def test_given_a_time_of_another_session_or_none_when_read_then_it_is_dropped(
    now: UnixNanos, text: str, reason: str
) -> None:
    with pytest.raises(Dropped) as dropped:
        Stamps().moment(text, now)
    assert dropped.value.reason == reason


def test_given_a_remembered_time_when_it_is_asked_for_on_another_day_then_that_days_moment_is_given() -> None:
    stamps = Stamps()
    assert stamps.moment("100000", at(10, 0)) == at(10, 0)
    assert stamps.moment("100000", UnixNanos(at(10, 0) + NANOS_PER_DAY)) == at(10, 0) + NANOS_PER_DAY


def test_given_a_day_of_times_when_read_then_few_are_remembered() -> None:
    stamps = Stamps()
    for minute in range(60):
        for second in range(60):
            stamps.moment(f"10{minute:02d}{second:02d}", at(10, 0))
    assert len(stamps._known) <= 64


@given(st.integers(0, 86_399), st.integers(-5 * 3_600, 1_700))
def test_for_any_hour_a_time_near_the_pcs_clock_is_found_on_its_own_day(second: int, off_s: int) -> None:
    moment = at(0, 0) + second * NANOS_PER_SECOND
    now = UnixNanos(moment - off_s * NANOS_PER_SECOND)
    text = f"{second // 3_600:02d}{second // 60 % 60:02d}{second % 60:02d}"
    assert Stamps().moment(text, now) == moment
    assert kst_date(moment) == DAY


# ---- crosses ---------------------------------------------------------------------------------------------------

T, X = int(QuoteKind.TRADE), int(QuoteKind.AUCTION_TRADE)


def test_given_the_opening_auction_when_it_ends_then_each_issues_first_trade_is_the_cross() -> None:
    feed = Feed()
    opening = [a_session("0", "084000"), an_expectation("085959"), a_session("3", "090000")]
    assert feed.kinds(*opening, now=at(9, 0)) == []
    trades = [a_trade("090003"), a_trade("090003"), a_trade("090020", code="000660"), a_trade("090021", code="000660")]
    assert feed.kinds(*trades, now=at(9, 0, 20)) == [X, T, X, T]


def test_given_the_cross_before_the_word_of_the_open_when_heard_then_it_is_the_cross_all_the_same() -> None:
    feed = Feed()
    events = [a_session("0", "084000"), a_trade("090000"), a_session("3", "090000"), a_trade("090001")]
    assert feed.kinds(*events, now=at(9, 0)) == [X, T]


def test_given_an_issue_without_a_cross_when_it_trades_at_the_open_then_that_is_a_trade() -> None:
    feed = Feed()
    events = [a_session("0", "084000"), an_expectation("085950", price="0", shares="400"), a_session("3", "090000")]
    assert feed.kinds(*events, a_trade("090010"), now=at(9, 0)) == [T]


def test_given_an_issue_that_trades_first_long_after_the_open_when_heard_then_that_is_a_trade() -> None:
    feed = Feed()
    events = [a_session("0", "084000"), an_expectation("085950"), a_session("3", "090000")]
    assert feed.kinds(*events, now=at(9, 0)) == []
    assert feed.kinds(a_trade("090101"), now=at(9, 1)) == [T]


def test_given_the_closing_auction_when_it_crosses_then_stragglers_before_are_trades_and_the_cross_is_told() -> None:
    feed = Feed()
    events = [a_session("2", "152000"), a_trade("152001"), a_trade("153003"), a_session("4", "153000")]
    assert feed.kinds(*events, now=at(15, 30)) == [T, X]
    late = Feed()
    events = [a_session("2", "152000"), a_session("4", "153000"), a_trade("153030"), a_trade("153031")]
    assert late.kinds(*events, now=at(15, 30)) == [X, T]


def test_given_an_interruption_when_it_ends_then_the_first_trade_is_its_cross() -> None:
    feed = Feed()
    events = [a_halt("1", began="100000"), a_trade("100001"), a_halt("2", ended="100210"), a_trade("100211")]
    assert feed.kinds(*events, a_trade("100212"), now=at(10, 2)) == [T, X, T]


def test_given_an_interruptions_cross_before_the_word_of_its_end_when_heard_then_the_next_trade_is_none() -> None:
    feed = Feed()
    events = [a_halt("1", began="100000"), a_trade("100211"), a_halt("2", ended="100210"), a_trade("100212")]
    assert feed.kinds(*events, now=at(10, 2)) == [X, T]


def test_given_expected_prices_within_continuous_trading_when_the_issue_trades_then_that_is_a_cross() -> None:
    feed = Feed()
    assert feed.kinds(a_trade("100000"), an_expectation("100130"), a_trade("100210"), now=at(10, 2)) == [T, X]
    assert feed.kinds(an_expectation("101000"), a_trade("101400"), now=at(10, 14)) == [T]


def test_given_an_issue_that_crossed_at_the_open_when_it_crosses_behind_the_close_then_it_is_told() -> None:
    feed = Feed()
    assert feed.kinds(a_session("0", "084000"), a_session("3", "090000"), a_trade("090003"), now=at(9, 0)) == [X]
    events = [a_session("2", "152000"), a_session("4", "153000"), a_trade("153003")]
    assert feed.kinds(*events, now=at(15, 30)) == [X]


def test_given_no_word_of_the_open_when_the_closing_auction_begins_then_its_cross_is_told() -> None:
    feed = Feed()
    assert feed.kinds(a_session("0", "084000"), now=at(8, 40)) == []
    assert feed.kinds(a_session("2", "152000"), a_trade("152001"), a_trade("153003"), now=at(15, 30)) == [T, X]


def test_given_no_word_of_an_interruptions_end_when_the_issue_trades_much_later_then_that_is_a_trade() -> None:
    feed = Feed()
    assert feed.kinds(a_halt("1", began="100000"), a_trade("100400"), now=at(10, 4)) == [T]


def test_given_no_word_of_the_open_when_trades_come_an_hour_later_then_they_are_trades() -> None:
    feed = Feed()
    assert feed.kinds(a_session("0", "084000"), a_trade("094000"), now=at(9, 40)) == [T]


# ---- the market ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "phase"),
    [
        ("0", VenuePhase.OPENING_AUCTION),
        ("3", VenuePhase.CONTINUOUS),
        ("2", VenuePhase.CLOSING_AUCTION),
        ("4", VenuePhase.CLOSED),
        ("8", VenuePhase.CLOSED),
        ("9", VenuePhase.CLOSED),
        ("a", VenuePhase.OFF_HOURS_CLOSE),
        ("b", VenuePhase.CLOSED),
        ("c", VenuePhase.AFTER_MARKET),
        ("d", VenuePhase.CLOSED),
    ],
)
def test_given_a_session_code_when_read_then_its_phase_and_time_are_told(letter: str, phase: VenuePhase) -> None:
    event = a_session(letter, "160000")
    assert read_session(event.values, at(16, 0, 1), Stamps()) == PhaseChanged(at(16, 0), phase, letter)


def test_given_a_day_before_the_after_market_when_single_price_trading_begins_then_the_market_stays_closed() -> None:
    day = from_kst(type(DAY)(2026, 9, 11), 16, 0)
    changed = read_session(a_session("c", "160000").values, day, Stamps())
    assert changed == PhaseChanged(day, VenuePhase.CLOSED, "c")


@pytest.mark.parametrize("letter", [*"efos", *"PQRSTUVW"])
def test_given_a_code_of_another_market_when_read_then_it_is_nothing_of_ours(letter: str) -> None:
    assert read_session(a_session(letter, "090000").values, at(9, 0), Stamps()) is None


@pytest.mark.parametrize("letter", ["x", "", "33", "7"])
def test_given_an_unknown_session_code_when_read_then_it_is_dropped_by_name(letter: str) -> None:
    with pytest.raises(Dropped, match="FID 215") as dropped:
        read_session(a_session(letter, "090000").values, at(9, 0), Stamps())
    assert dropped.value.reason == "session_code"


def test_given_a_session_code_without_a_time_when_read_then_it_is_now() -> None:
    changed = read_session(a_session("8", "888888").values, at(15, 31), Stamps())
    assert changed == PhaseChanged(at(15, 31), VenuePhase.CLOSED, "8")


def test_given_an_interruption_when_read_then_issue_time_price_and_reason_are_told() -> None:
    now = at(10, 0, 1)
    began = read_interruption("", a_halt("1", began="100000").values, now, Stamps())
    assert began == VolatilityInterruption(at(10, 0), SAMSUNG, True, Krw(283_500), "정적", 1)
    ended = read_interruption("", a_halt("2", began="095800", ended="").values, now, Stamps())
    assert ended == VolatilityInterruption(now, SAMSUNG, False, Krw(283_500), "정적", 1)


def test_given_an_interruption_of_an_unknown_kind_or_issue_when_read_then_it_is_dropped() -> None:
    with pytest.raises(Dropped) as dropped:
        read_interruption(SAMSUNG, a_halt("3").values, at(10, 0), Stamps())
    assert dropped.value.reason == "interruption_kind"
    unnamed = a_halt("1", named="").values
    assert read_interruption(SAMSUNG, unnamed, at(10, 0), Stamps()).symbol == SAMSUNG
    with pytest.raises(Dropped, match="code expected"):
        read_interruption("", unnamed, at(10, 0), Stamps())


def test_given_sectors_of_the_index_when_heard_then_they_are_no_quotes() -> None:
    maker = QuoteMaker(Stamps(), Auctions())
    assert not maker.hear("001", "업종지수", "\t" * 11, at(10, 0))
    assert maker.take() == ([], [])
