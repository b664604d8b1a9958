"""Real-time data of the emulated control: registrations, what they let through, and every string field by field."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.port import IndexMoved, VolatilityInterruption
from broker_sim.index_file import IndexValue, RecordedIndex
from broker_win.emulator.code_tape import Clock, CodeTape
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan
from broker_win.emulator.real_data import (
    BEST,
    BOOK,
    EXPECTED,
    FIDS,
    INDEX,
    INTERRUPTION,
    PRICE,
    SESSION,
    TRADE,
    RealFields,
    book_text,
    trade_text,
    types_of,
)
from broker_win.emulator.real_time import RealTime
from broker_win.emulator.session_codes import session_codes
from broker_win.emulator.sim_house import SimHouse
from broker_win.realtime.market import read_index
from broker_win.realtime.stamps import Stamps
from domain.krx.sessions import regular_session
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import Krw, Market, UnixNanos
from tests.broker_sim.builders import DAY, at
from tests.broker_win.venue_steps import KOSDAQ, SYMBOL, FakeEmitter, a_plan, a_row, a_stock, defined_fids

DEPTH = Depth(
    SYMBOL,
    at(10, 0),
    tuple((9_990 - 10 * level, 100 + level) for level in range(10)),
    tuple((10_000 + 10 * level, 200 + level) for level in range(3)),
)


class Street:
    """A venue, the registry, and what came of it."""

    def __init__(self, folder: Path, plan: EmulatorPlan | None = None, start: UnixNanos = at(10, 0)) -> None:
        self.emitter = FakeEmitter()
        instruments = [a_stock(), a_stock(KOSDAQ, 50_000, Market.KOSDAQ)]
        self.house = SimHouse.opened(folder / "sim.db", instruments)
        self.house.set_time(start)
        self.real = RealTime(self.house, self.emitter, plan or a_plan())
        self.house.hear(lambda fact: None, self.real.on_rows, self.real.on_phase)
        self.house.hear_market(self.real.on_news)

    def heard(self) -> list[tuple[str, str]]:
        return [(str(one.arguments[0]), str(one.arguments[1])) for one in self.take()]

    def take(self) -> list[Emission]:
        self.emitter.settle()
        sent, self.emitter.sent = self.emitter.sent, []
        return sent

    def trade(self, symbol: str = SYMBOL, price: int = 10_000, **changes: int) -> None:
        self.house.on_quotes([a_row(price, 5, symbol=symbol, when=self.house.now() + 1, **changes)])

    def go(self, hh: int, mm: int, ss: int = 0) -> None:
        self.house.set_time(at(hh, mm, ss))
        self.real.tick()


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


def fields(emission: Emission) -> RealFields:
    assert isinstance(emission.data, RealFields)
    assert str(emission.arguments[2]).count("\t") == len(FIDS[str(emission.arguments[1])]) - 1
    return emission.data


# ---- strings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TRADE, PRICE, BEST, EXPECTED, BOOK, SESSION, INTERRUPTION, INDEX])
def test_given_the_definitions_when_compared_then_types_have_their_fids_in_their_order(kind: str) -> None:
    assert FIDS[kind] == defined_fids(kind)


def test_given_a_trade_when_written_then_fields_are_those_of_the_quote(street: Street) -> None:
    assert street.real.register("2000", SYMBOL, "20", "0") == 0
    street.house.on_quotes([a_row(9_900, 100, bid=9_890, ask=9_900, when=at(10, 0, 1), volume=300)])
    street.house.on_quotes([a_row(10_100, 7, bid=10_090, ask=10_110, when=at(10, 0, 2), volume=307)])
    street.house.on_quotes([a_row(10_000, 3, bid=9_990, ask=10_010, when=at(10, 0, 3), volume=310)])
    first, second, third = map(fields, street.take())
    expected = {20: "100001", 10: "-9900", 11: "-100", 12: "-1.00", 27: "-9900", 28: "-9890", 15: "+100", 13: "300"}
    assert {fid: first[fid] for fid in expected} == expected
    assert (first[14], first[16], first[17], first[18]) == ("2", "-9900", "-9900", "-9900")  # 2.97 million won, cut
    assert (second[10], second[15], second[17], second[18], second[25]) == ("+10100", "+7", "+10100", "-9900", "2")
    # 10,000 is below the best bid of the row before: somebody sold
    assert (third[10], third[11], third[12], third[15], third[25]) == (" 10000", "0", "0.00", "-3", "3")
    assert (third[1030], third[1031], third[1071], third[1072]) == ("3", "107", "1", "2")
    assert (third[1890], third[1891], third[1892], third[290]) == ("100001", "100002", "100001", "2")


@pytest.mark.parametrize(("price", "code"), [(13_000, "1"), (10_010, "2"), (10_000, "3"), (7_000, "4"), (9_990, "5")])
def test_given_a_price_when_written_then_its_direction_has_a_code(price: int, code: str) -> None:
    tape = CodeTape(a_stock())
    tape.take(a_row(price, 1), "100000")
    assert RealFields(TRADE, trade_text(tape, "100000"))[25] == code


def test_given_a_book_when_written_then_levels_and_sums_are_in_place(street: Street) -> None:
    street.real.register("2000", SYMBOL, "41", "0")
    street.house.on_quotes([], at(10, 0), [DEPTH])
    [only] = street.take()
    book = fields(only)
    assert (book[21], book[41], book[61], book[51], book[71]) == ("100000", " 10000", "200", "-9990", "100")
    assert (book[43], book[63], book[44], book[64]) == ("+10020", "202", "-0", "0")  # three asks only
    assert (book[60], book[80], book[121], book[125]) == ("-9900", "109", "603", "1045")
    assert (book[128], book[138], book[23], book[291]) == ("442", "-442", "0", "0")


def test_given_no_book_when_best_prices_change_then_they_are_the_book(street: Street) -> None:
    street.real.register("2000", SYMBOL, "41", "0")
    street.house.on_quotes([a_row(bid_qty=30, ask_qty=40, when=at(10, 0, 1))])
    [only] = street.take()
    book = fields(only)
    assert (book[41], book[61], book[51], book[71], book[42], book[52]) == (" 10000", "40", "-9990", "30", "-0", "-0")
    street.house.on_quotes([], at(10, 0, 2), [DEPTH._replace(venue_time=at(10, 0, 2))])
    street.take()
    street.house.on_quotes([a_row(bid_qty=31, when=at(10, 0, 3))])  # the feed tells books: rows are none
    assert street.take() == []


def test_given_an_opening_auction_when_orders_meet_then_it_is_expected_and_no_trade(tmp_path: Path) -> None:
    street = Street(tmp_path, start=at(8, 45))
    street.real.register("2000", SYMBOL, "20;41", "0")
    street.house.on_quotes([a_row(0, bid=10_050, ask=9_990, bid_qty=500, ask_qty=300, when=at(8, 45, 1))])
    events = street.take()
    assert [one.arguments[1] for one in events] == [EXPECTED, BOOK]
    expected, book = map(fields, events)
    assert (expected[20], expected[15]) == ("084501", "300")
    nearest = ("-9990", "-10", "-0.10")  # 300 shares at 10,050 as well, which is further from the base
    assert (expected[10], expected[11], expected[12]) == nearest
    assert (book[23], book[24], book[291], book[292], book[200]) == ("-9990", "300", "-9990", "300", "-10")


def test_given_a_change_without_a_trade_when_told_then_it_is_a_price_and_best_prices(street: Street) -> None:
    street.real.register("2000", SYMBOL, "27", "0")
    street.house.on_quotes([a_row(10_000, 5, when=at(10, 0, 1), volume=5)])
    assert street.heard() == [(SYMBOL, TRADE), (SYMBOL, BEST)]
    street.house.on_quotes([a_row(10_000, bid=9_980, when=at(10, 0, 2), volume=5)])
    price, best = street.take()
    assert (fields(price)[10], fields(price)[28], fields(price)[13]) == (" 10000", "-9980", "5")
    assert (fields(best)[27], fields(best)[28]) == (" 10000", "-9980")
    street.house.on_quotes([a_row(10_000, bid=9_980, bid_qty=7, when=at(10, 0, 3), volume=5)])
    assert street.take() == []  # only a quantity


def test_given_an_interruption_when_told_then_its_fields_say_when_and_why(street: Street) -> None:
    street.real.interrupt(SYMBOL, 11_000, "정적", 1, active=True)
    assert street.take() == []  # not registered
    street.real.register("2000", SYMBOL, "9068", "0")
    street.real.interrupt(SYMBOL, 11_000, "정적", 1, active=True)
    street.real.interrupt(SYMBOL, 11_000, "정적", 1, active=False)
    begun, ended = map(fields, street.take())
    assert (begun[9001], begun[9068], begun[1221], begun[1223]) == ("A005930", "1", "+11000", "100000")
    assert (begun[1225], begun[1236], begun[1237], begun[1238], begun[1490]) == ("정적", "10000", "0", "+10.00", "1")
    assert (ended[9068], ended[1224]) == ("2", "100000")


@given(
    st.integers(0, 13_000),
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(1, 13_000), st.integers(0, 10**7)), max_size=12),
)
def test_for_any_quote_strings_have_as_many_fields_as_their_type(
    price: int, shares: int, levels: list[tuple[int, int]]
) -> None:
    for instrument in (None, a_stock()):
        tape = CodeTape(instrument)
        tape.take(Quote(SYMBOL, at(10, 0), price, shares, shares, price, price, 1, 1, int(QuoteKind.TRADE)), "100000")
        assert len(trade_text(tape, "100000").split("\t")) == 43
        depth = Depth(SYMBOL, at(10, 0), tuple(levels), tuple(levels))
        assert len(book_text(tape, "100000", depth).split("\t")) == 103


def test_given_fields_when_asked_for_what_the_type_lacks_then_there_is_nothing() -> None:
    assert dict(RealFields(BEST, "1\t2")) == {27: "1", 28: "2"}
    assert RealFields(BEST, "1\t2").get(10) is None
    assert len(RealFields(BEST, "1\t2")) == 2


def test_given_times_when_written_then_they_are_korean() -> None:
    clock = Clock()
    assert [clock.at(at(9, 0, 7)), clock.at(at(9, 0, 7) + 999_999_999), clock.at(at(15, 30))] == [
        "090007",
        "090007",
        "153000",
    ]


# ---- registrations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fids", "types"),
    [
        ({20}, {TRADE, EXPECTED, INDEX}),
        ({10}, {TRADE, PRICE, EXPECTED, INDEX}),
        ({27}, {TRADE, PRICE, BEST}),
        ({41}, {BOOK}),
        ({215}, {BOOK}),
        ({9068}, {INTERRUPTION}),
        ({13}, {TRADE, PRICE, EXPECTED, BOOK, INTERRUPTION, INDEX}),
        ({7}, set()),
    ],
)
def test_given_fids_when_registered_then_every_type_that_has_one_comes(fids: set[int], types: set[str]) -> None:
    assert types_of(frozenset(fids)) == types


@pytest.mark.parametrize(
    ("screen", "codes", "fids", "opt", "code"),
    [
        ("0000", SYMBOL, "10", "0", -105),
        ("2000", SYMBOL, "10", "2", -105),
        ("2000", SYMBOL, "", "0", -105),
        ("2000", SYMBOL, "ten", "0", -105),
        ("2000", ";".join(f"{number:06d}" for number in range(101)), "10", "0", -204),
        ("2000", SYMBOL, ";".join(map(str, range(101))), "0", -206),
        ("2000", ";".join(f"{number:06d}" for number in range(100)), ";".join(map(str, range(100))), "0", 0),
    ],
)
def test_given_a_registration_when_checked_then_it_has_its_code(
    street: Street, screen: str, codes: str, fids: str, opt: str, code: int
) -> None:
    assert street.real.register(screen, codes, fids, opt) == code


def test_given_a_full_screen_when_codes_are_added_then_it_takes_no_more(street: Street) -> None:
    assert street.real.register("2000", ";".join(f"{number:06d}" for number in range(100)), "10", "0") == 0
    assert street.real.register("2000", SYMBOL, "10", "1") == -204
    assert street.real.register("2000", "000000", "41", "1") == 0  # it is there already
    assert street.real.register("2001", SYMBOL, "10", "1") == 0


def test_given_a_screen_when_registered_again_then_0_replaces_and_1_adds(street: Street) -> None:
    street.real.register("2000", SYMBOL, "20", "0")
    street.real.register("2000", KOSDAQ, "20", "1")
    street.trade()
    street.trade(KOSDAQ, 50_000)
    assert street.heard() == [(SYMBOL, TRADE), (KOSDAQ, TRADE)]
    street.real.register("2000", KOSDAQ, "20", "0")  # the first is lost without a word
    street.trade()
    street.trade(KOSDAQ, 50_000)
    assert street.heard() == [(KOSDAQ, TRADE)]


def test_given_a_code_on_two_screens_when_one_lets_go_then_it_comes_once_and_goes_on(street: Street) -> None:
    street.real.register("2000", SYMBOL, "20", "0")
    street.real.register("2001", SYMBOL, "20;41", "0")
    street.trade()
    assert street.heard() == [(SYMBOL, TRADE), (SYMBOL, BOOK)]
    street.real.remove("2001", SYMBOL)
    street.trade()
    assert street.heard() == [(SYMBOL, TRADE)]
    street.real.remove("2000", SYMBOL)
    street.trade()
    assert street.heard() == []
    assert street.real.screens == frozenset()


@pytest.mark.parametrize(("screen", "code"), [("ALL", "ALL"), ("2000", "ALL"), ("ALL", SYMBOL)])
def test_given_all_when_removed_then_it_stops(street: Street, screen: str, code: str) -> None:
    street.real.register("2000", SYMBOL, "20", "0")
    street.real.remove(screen, code)
    street.trade()
    assert street.heard() == []


def test_given_a_query_when_answered_then_its_code_comes_until_its_screen_is_disconnected(street: Street) -> None:
    street.real.auto_register("1000", SYMBOL)
    street.real.auto_register("1000", "999999")  # not listed
    street.trade()
    assert street.heard() == [(SYMBOL, TRADE), (SYMBOL, BEST), (SYMBOL, BOOK)]
    street.real.remove("ALL", "ALL")  # takes only what was registered by SetRealReg
    street.trade()
    assert (SYMBOL, TRADE) in street.heard()
    street.real.disconnect("1000")
    street.trade()
    assert street.heard() == []


def test_given_a_lost_line_when_registrations_are_forgotten_then_nothing_comes(street: Street) -> None:
    street.real.register("2000", SYMBOL, "20", "0")
    street.real.auto_register("1000", SYMBOL)
    street.real.reset()
    street.trade()
    assert street.heard() == []


def test_given_a_price_that_is_asked_for_when_rows_come_then_it_is_known_without_an_event(street: Street) -> None:
    assert street.real.latest(SYMBOL) is None
    street.trade(price=10_010)
    row = street.real.latest(SYMBOL)
    assert row is not None
    assert row.price == 10_010
    assert street.heard() == []


# ---- the market's day -------------------------------------------------------------------------------------------


def said(events: Sequence[Emission]) -> list[tuple[str, str, str]]:
    assert all(one.arguments[:2] == ("09", SESSION) for one in events)
    return [(fields(one)[215], fields(one)[20], fields(one)[214]) for one in events]


def test_given_a_day_when_the_clock_goes_then_its_codes_come_with_the_time_left(tmp_path: Path) -> None:
    street = Street(tmp_path, start=at(8, 30))
    assert street.real.register("3000", "", "215;20;214", "0") == 0
    street.go(8, 39, 59)
    assert street.take() == []
    street.go(8, 40)
    street.go(8, 58, 30)  # jumped: the newest of the repetitions only
    street.go(9, 0)
    assert said(street.take()) == [
        ("0", "084000", "002000"),
        ("0", "085800", "000200"),
        ("0", "085950", "000010"),
        ("3", "090000", "000000"),
    ]
    street.go(15, 25, 10)
    street.go(15, 30)
    street.go(15, 31)
    street.go(15, 45)
    street.go(18, 1)
    assert said(street.take()) == [
        ("2", "152500", "000500"),
        ("2", "152950", "000010"),
        ("4", "153000", "000000"),
        ("8", "153036", "000000"),
        ("a", "154000", "000000"),
        ("b", "160000", "000000"),
        ("c", "160000", "000000"),
        ("9", "180000", "000000"),
        ("d", "180000", "000000"),
    ]
    street.go(18, 30)
    assert street.take() == []


def test_given_a_late_registration_when_the_clock_goes_then_what_was_said_before_is_not_said_again(
    tmp_path: Path,
) -> None:
    street = Street(tmp_path, start=at(8, 30))
    street.go(10, 0)
    street.real.register("3000", "", "215", "0")
    street.go(10, 1)
    assert street.take() == []
    street.real.disconnect("3000")
    street.go(15, 21)
    assert street.take() == []


def test_given_the_plan_when_it_names_the_closing_codes_then_only_those_come(tmp_path: Path) -> None:
    street = Street(tmp_path, a_plan(unknowns={"close_codes": ("9",), "nxt_letters": True}), start=at(15, 29, 55))
    street.real.register("3000", "", "215", "0")
    street.go(20, 30)
    assert [code for code, _, _ in said(street.take())] == ["T", "U", "a", "b", "c", "9", "d", "V"]


def test_given_data_that_ends_early_when_the_phase_says_so_then_the_day_is_closed_once(tmp_path: Path) -> None:
    street = Street(tmp_path, start=at(14, 0))
    street.real.register("3000", "", "215", "0")
    street.house.venue.end_of_data()
    street.house.catch_up()
    assert [code for code, _, _ in said(street.take())] == ["4", "8", "9"]


def test_given_a_day_without_trading_when_its_codes_are_asked_for_then_there_are_none(tmp_path: Path) -> None:
    street = Street(tmp_path, start=at(9, 0, day=DAY.replace(day=17)))  # a Saturday
    street.real.register("3000", "", "215", "0")
    street.house.set_time(at(18, 0, day=DAY.replace(day=17)))
    street.real.tick()
    assert street.take() == []


def test_given_a_late_day_when_its_codes_are_written_then_they_follow_its_hours() -> None:
    session = regular_session(DAY.replace(year=2025, month=11, day=13))  # the entrance exam
    assert session is not None
    codes = {one.code: one.at for one in session_codes(session, ("4", "8", "9"), nxt_letters=False)}
    assert codes["3"] == session.open == at(10, 0, day=session.day)
    assert codes["4"] == at(16, 30, day=session.day)


# ---- indices and interruptions of the venue ----------------------------------------------------------------------


def test_given_a_recorded_index_when_registered_then_it_reads_back_as_it_was_played(tmp_path: Path) -> None:
    street = Street(tmp_path)
    values = ((0, Market.KOSPI, 265_012), (1, Market.KOSPI, 262_000), (1, Market.KOSDAQ, 90_005))
    index = tuple(IndexValue(market, at(10, 1, second), value) for second, market, value in values)
    street.house.venue.play(RecordedIndex(DAY, {Market.KOSPI: 263_000, Market.KOSDAQ: 90_005}, index))
    assert street.real.register("3001", "001;101", "20;10;11", "0") == 0
    street.go(10, 2)
    sent = street.take()
    assert [fields(one)[10] for one in sent] == ["+2650.12", "-2620.00", " 900.05"]
    heard = [read_index(str(one.arguments[0]), fields(one), at(10, 2), Stamps()) for one in sent]
    assert heard == [
        IndexMoved(at(10, 1), Market.KOSPI, 265_012, 263_000),
        IndexMoved(at(10, 1, 1), Market.KOSPI, 262_000, 263_000),
        IndexMoved(at(10, 1, 1), Market.KOSDAQ, 90_005, 90_005),
    ]
    street.real.remove("3001", "ALL")
    street.house.venue.on_news(heard[0])  # type: ignore[arg-type]  # it is there: compared above
    assert street.take() == []


def test_given_an_interruption_of_the_venue_when_registered_then_it_is_told_with_what_set_it_off(
    street: Street,
) -> None:
    assert street.real.register("3001", SYMBOL, "9068", "0") == 0
    street.house.venue.on_news(VolatilityInterruption(at(10, 0, 1), SYMBOL, True, Krw(11_000), "정적", 1))
    [told] = street.take()
    assert (fields(told)[9068], fields(told)[1221], fields(told)[1225]) == ("1", "+11000", "정적")
