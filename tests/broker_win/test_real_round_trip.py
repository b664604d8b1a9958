"""What the emulated control writes of quotes is what the real-time side reads: two views of the same layouts."""

from hypothesis import given
from hypothesis import strategies as st

from broker.port import PhaseChanged, VolatilityInterruption
from broker_win.emulator import real_data
from broker_win.emulator.code_tape import Clock, CodeTape
from broker_win.emulator.session_codes import session_codes
from broker_win.realtime.auctions import Auctions
from broker_win.realtime.layouts import field_order
from broker_win.realtime.market import read_interruption, read_session
from broker_win.realtime.quotes import QuoteMaker
from broker_win.realtime.registry import SESSION_FIDS, SYMBOL_FIDS
from broker_win.realtime.stamps import Stamps
from broker_win.realtime.ticks import read_expected
from domain.instruments import Instrument
from domain.krx.sessions import phase_at, regular_session
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, Krw, Market, Symbol, UnixNanos, VenuePhase
from tests.broker_win.real_builders import DAY, SAMSUNG, at

BASE = 70_000
INSTRUMENT = Instrument(Symbol(SAMSUNG), "삼성전자", Market.KOSPI, Krw(BASE), None, None, True)
NOW = at(10, 0)
READ = {*real_data.OF_CODES} - {real_data.PRICE}


def steps(prices: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int, int, int, int]]:
    shares = st.integers(1, 1_000_000)
    return st.tuples(prices, shares, shares, shares, st.integers(0, 2))


def test_given_both_tables_of_fields_when_compared_then_they_agree() -> None:
    for real_type, fids in real_data.FIDS.items():
        assert field_order(real_type) == fids


def test_given_the_fields_that_are_registered_when_asked_what_they_bring_then_every_type_that_is_read_comes() -> None:
    assert real_data.types_of(frozenset(map(int, SYMBOL_FIDS.split(";")))) >= READ
    assert {int(fid) for fid in SESSION_FIDS.split(";")} == set(real_data.FIDS[real_data.SESSION])


@given(st.lists(steps(st.integers(49_000, 91_000)), min_size=1, max_size=30))
def test_for_any_quotes_what_is_written_is_read_back(moves: list[tuple[int, int, int, int, int]]) -> None:
    tape, clock, maker = CodeTape(INSTRUMENT), Clock(), QuoteMaker(Stamps(), Auctions())
    volume = price = 0
    for second, (at_price, shares, bid_qty, ask_qty, what) in enumerate(moves):
        moment = NOW + second * NANOS_PER_SECOND
        bid, ask = at_price - 100, at_price + 100
        depth = Depth(SAMSUNG, moment, ((bid, bid_qty), (bid - 100, 7)), ((ask, ask_qty),))
        if what:
            price, volume = at_price, volume + shares
        row = Quote(
            SAMSUNG, moment, price, shares if what else 0, volume, bid, ask, bid_qty, ask_qty, (what and 1) or 2
        )
        when = clock.at(moment)
        tape.take(row, when)
        if what:
            assert maker.hear(SAMSUNG, real_data.TRADE, real_data.trade_text(tape, when), NOW)
            [traded] = maker.take()[0]
            assert traded._replace(bid_qty=bid_qty, ask_qty=ask_qty) == row
        assert maker.hear(SAMSUNG, real_data.BOOK, real_data.book_text(tape, when, depth), NOW)
        heard, depths = maker.take()
        assert heard == [row._replace(last_qty=0, kind=int(QuoteKind.BOOK))]
        assert depths == [depth]
        assert maker.hear(SAMSUNG, real_data.BEST, real_data.best_text(tape), NOW)
        assert maker.hear(SAMSUNG, real_data.PRICE, real_data.price_text(tape), NOW)
        assert maker.take() == ([], [])  # the book told it already


def test_given_an_expectation_and_an_interruption_when_written_then_they_are_read_back() -> None:
    tape = CodeTape(INSTRUMENT)
    assert read_expected(real_data.expected_text(tape, "085500", 70_500, 12)) == ("085500", 70_500, 12)
    for active in (True, False):
        text = real_data.interruption_text(tape, SAMSUNG, "100000", 77_000, "동적", 2, active=active)
        told = read_interruption("", text, NOW, Stamps())
        assert told == VolatilityInterruption(NOW, SAMSUNG, active, Krw(77_000), "동적", 2)


def test_given_the_codes_of_a_whole_day_when_read_then_the_phases_are_those_of_the_calendar() -> None:
    session = regular_session(DAY)
    assert session is not None
    told: dict[int, VenuePhase] = {}
    for one in session_codes(session, ("4", "8", "9"), nxt_letters=True):
        text = real_data.session_text(one.code, Clock().at(one.at), "000000")
        changed = read_session(text, UnixNanos(one.at), Stamps())
        if changed is not None:
            assert changed == PhaseChanged(UnixNanos(one.at), changed.phase, one.code)
            told[one.at] = changed.phase
    for moment, phase in told.items():
        if moment < session.close:
            assert phase is phase_at(session, moment)
    assert VenuePhase.CLOSED in told.values()
