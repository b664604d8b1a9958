"""Order kinds by venue, phase and day, and the phases a moment has."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.krx.order_kinds import KINDS, Mark, allowed, allowed_at, kinds_taken, mark_of
from domain.krx.order_phases import AUCTIONS, BY_CLOCK, KRX_PHASES, NXT_PHASES, OrderPhase, order_day
from domain.krx.sessions import phases
from domain.krx.trade_types import KINDS_BY_CODE, kind_of_code, kiwoom_code
from domain.time import from_kst, kst_text
from domain.types import Market, OrderKind, TimeInForce, Venue

NOW = date(2026, 11, 20)
OLD = date(2026, 9, 11)  # off-hours single price still held
K, F, P, V = OrderKind, TimeInForce, OrderPhase, Venue

PHASES, VENUES, KINDS_ALL, FORCES = (st.sampled_from(one) for one in (OrderPhase, Venue, OrderKind, TimeInForce))
DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("kind", "in_force", "taken"),
    [
        # opening, continuous, closing, interruption, after-market, NXT pre, NXT after, NXT main
        (K.LIMIT, F.DAY, "yyyyyyyy"),
        (K.LIMIT, F.IOC, "nynnynny"),
        (K.LIMIT, F.FOK, "nynnynny"),
        (K.MARKET, F.DAY, "yyyynnnn"),
        (K.MARKET, F.IOC, "nynnnnny"),
        (K.CONDITIONAL_LIMIT, F.DAY, "yynynnnn"),
        (K.BEST_LIMIT, F.DAY, "nynnynny"),
        (K.BEST_LIMIT, F.FOK, "nynnynny"),
        (K.FIRST_LIMIT, F.DAY, "nynnynny"),
        (K.FIRST_LIMIT, F.IOC, "nnnnnnnn"),
        (K.MID, F.IOC, "nynnnnny"),
        (K.STOP_LIMIT, F.DAY, "nynnnnny"),
        (K.STOP_LIMIT, F.FOK, "nnnnnnnn"),
        (K.POST_CLOSE, F.DAY, "nnnnnnnn"),
    ],
)
def test_given_the_matrix_when_asked_then_every_cell_is_the_rule(
    kind: OrderKind, in_force: TimeInForce, taken: str
) -> None:
    columns = [
        P.OPENING_AUCTION, P.CONTINUOUS, P.CLOSING_AUCTION, P.INTERRUPTION_AUCTION, P.AFTER_MARKET,
        P.NXT_PRE, P.NXT_AFTER, P.NXT_MAIN,
    ]  # fmt: skip
    found = "".join("n" if allowed(kind, in_force, V.SOR, phase, NOW) else "y" for phase in columns)
    assert found == taken


def test_given_off_hours_kinds_when_asked_then_they_have_their_own_windows_only() -> None:
    windows = {
        K.PRE_OPEN_CLOSE: {P.PRE_OPEN_OFF_HOURS},
        K.POST_CLOSE: {P.POST_CLOSE_ENTRY, P.POST_CLOSE_TRADING},
        K.OFF_HOURS_SINGLE: {P.OFF_HOURS_SINGLE},
    }
    for kind, own in windows.items():
        assert {phase for phase in OrderPhase if allowed(kind, F.DAY, V.KRX, phase, OLD) is None} == own
        for phase in own:
            assert [one for one, _ in kinds_taken(V.KRX, phase, OLD)] == [kind]


def test_given_the_off_hours_single_price_when_2026_09_14_comes_then_it_is_refused_with_the_day() -> None:
    last, first = date(2026, 9, 13), date(2026, 9, 14)
    assert allowed(K.OFF_HOURS_SINGLE, F.DAY, V.KRX, P.OFF_HOURS_SINGLE, last) is None
    said = allowed(K.OFF_HOURS_SINGLE, F.DAY, V.KRX, P.OFF_HOURS_SINGLE, first)
    assert said is not None
    assert "2026-09-14" in said


def test_given_a_fund_in_the_after_market_when_asked_then_it_is_left_out() -> None:
    for market in (Market.ETF, Market.ETN):
        said = allowed(K.LIMIT, F.DAY, V.KRX, P.AFTER_MARKET, NOW, market=market)
        assert said == f"{market} is left out of the KRX after-market"
        assert kinds_taken(V.KRX, P.AFTER_MARKET, NOW, market=market) == []
    assert allowed(K.LIMIT, F.DAY, V.KRX, P.AFTER_MARKET, NOW, market=Market.KOSDAQ) is None
    assert allowed(K.LIMIT, F.DAY, V.KRX, P.CONTINUOUS, NOW, market=Market.ETF) is None


@pytest.mark.parametrize(
    ("kind", "in_force", "venue", "phase", "on", "parts"),
    [
        (K.MARKET, F.DAY, V.KRX, P.AFTER_MARKET, NOW, ["MARKET", "AFTER_MARKET", "LIMIT DAY", "BEST_LIMIT IOC"]),
        (K.LIMIT, F.DAY, V.KRX, P.NXT_PRE, NOW, ["NXT_PRE", "KRX"]),
        (K.LIMIT, F.DAY, V.NXT, P.OPENING_AUCTION, NOW, ["OPENING_AUCTION", "NXT"]),
        (K.LIMIT, F.DAY, V.NXT, P.NXT_MAIN, date(2025, 3, 3), ["2025-03-04"]),
        (K.FIRST_LIMIT, F.IOC, V.KRX, P.CONTINUOUS, NOW, ["FIRST_LIMIT", "IOC", "DAY"]),
        (K.MID, F.DAY, V.KRX, P.CONTINUOUS, date(2024, 6, 3), ["MID", "2025-03-04", "2024-06-03"]),
        (K.LIMIT, F.DAY, V.KRX, P.HALTED, NOW, ["halted", "cancels"]),
        (K.LIMIT, F.DAY, V.KRX, P.POST_CLOSE_TRADING, NOW, ["POST_CLOSE_TRADING", "POST_CLOSE DAY"]),
    ],
)
def test_given_a_kind_out_of_place_when_asked_then_the_reason_says_what_is_taken(
    kind: OrderKind, in_force: TimeInForce, venue: Venue, phase: OrderPhase, on: date, parts: list[str]
) -> None:
    said = allowed(kind, in_force, venue, phase, on)
    assert said is not None
    assert "\n" not in said
    for part in parts:
        assert part in said


def test_given_unconfirmed_cells_when_looked_up_then_they_are_marked() -> None:
    assert mark_of(K.BEST_LIMIT, F.DAY, P.NXT_PRE) is Mark.NO_UNCONFIRMED
    assert mark_of(K.CONDITIONAL_LIMIT, F.DAY, P.INTERRUPTION_AUCTION) is Mark.YES_UNCONFIRMED
    assert mark_of(K.LIMIT, F.DAY, P.CONTINUOUS) is Mark.YES
    assert mark_of(K.STOP_LIMIT, F.IOC, P.CONTINUOUS) is Mark.NO
    assert Mark.YES.is_confirmed
    assert not Mark.NO_UNCONFIRMED.is_confirmed


@given(KINDS_ALL, FORCES, VENUES, PHASES, DAYS, st.sampled_from([None, *Market]))
def test_for_any_order_the_list_of_what_is_taken_agrees_with_the_judgement(
    kind: OrderKind, in_force: TimeInForce, venue: Venue, phase: OrderPhase, on: date, market: Market | None
) -> None:
    taken = (kind, in_force) in kinds_taken(venue, phase, on, market=market)
    assert taken == (allowed(kind, in_force, venue, phase, on, market=market) is None)


@given(KINDS_ALL, st.sampled_from([F.IOC, F.FOK]), VENUES, st.sampled_from(sorted(AUCTIONS)), DAYS)
def test_for_any_auction_nothing_that_needs_a_live_book_is_taken(
    kind: OrderKind, in_force: TimeInForce, venue: Venue, phase: OrderPhase, on: date
) -> None:
    assert allowed(kind, in_force, venue, phase, on) is not None


def test_given_all_rows_then_each_pair_stands_once() -> None:
    pairs = [(row.kind, row.time_in_force) for row in KINDS]
    assert len(pairs) == len(set(pairs))
    assert {kind for kind, _ in pairs} == set(OrderKind)


@pytest.mark.parametrize(
    ("hh", "mm", "ss", "krx", "nxt"),
    [
        (7, 59, 59, [], []),
        (8, 0, 0, [], [P.NXT_PRE]),
        (8, 30, 0, [P.PRE_OPEN_OFF_HOURS, P.OPENING_AUCTION], [P.NXT_PRE]),
        (8, 40, 0, [P.OPENING_AUCTION], [P.NXT_PRE]),
        (8, 50, 0, [P.OPENING_AUCTION], []),
        (9, 0, 29, [P.CONTINUOUS], []),
        (9, 0, 30, [P.CONTINUOUS], [P.NXT_MAIN]),
        (15, 20, 0, [P.CLOSING_AUCTION], []),
        (15, 30, 0, [P.POST_CLOSE_ENTRY], [P.NXT_AFTER_ENTRY]),
        (15, 40, 0, [P.POST_CLOSE_TRADING], [P.NXT_AFTER]),
        (16, 0, 0, [P.AFTER_MARKET], [P.NXT_AFTER]),
        (19, 59, 59, [P.AFTER_MARKET], [P.NXT_AFTER]),
        (20, 0, 0, [], []),
    ],
)
def test_given_a_moment_when_asked_then_each_venue_has_its_phases(
    hh: int, mm: int, ss: int, krx: list[OrderPhase], nxt: list[OrderPhase]
) -> None:
    at = from_kst(NOW, hh, mm, ss)
    day = order_day(NOW)
    assert list(day.at(at, V.KRX)) == krx
    assert list(day.at(at, V.NXT)) == nxt
    assert set(day.at(at, V.SOR)) == {*krx, *nxt}


def test_given_half_past_eight_when_ordered_then_either_of_two_phases_takes_it() -> None:
    here = order_day(NOW).at(from_kst(NOW, 8, 35), V.KRX)
    assert allowed_at(K.LIMIT, F.DAY, V.KRX, here, NOW) is None
    assert allowed_at(K.PRE_OPEN_CLOSE, F.DAY, V.KRX, here, NOW) is None
    said = allowed_at(K.BEST_LIMIT, F.DAY, V.KRX, here, NOW)
    assert said is not None
    assert "PRE_OPEN_OFF_HOURS" in said
    assert allowed_at(K.LIMIT, F.DAY, V.KRX, (), NOW) == "KRX takes no orders at this time"


def test_given_overrides_when_a_day_is_planned_then_its_phases_follow() -> None:
    assert order_day(NOW, {NOW.isoformat(): ("", "")}).spans == ()
    moved = order_day(NOW, {NOW.isoformat(): ("10:00", "16:30")})
    assert moved.at(from_kst(NOW, 16, 25), V.KRX) == (P.CLOSING_AUCTION,)


@given(DAYS)
def test_for_any_day_the_spans_are_the_phases_and_auctions_end_late(day: date) -> None:
    found = order_day(day).spans
    assert [(s.start, s.end, s.venue.value, s.confirmed) for s in found] == [
        (p.start, p.end, p.venue, p.confirmed) for p in phases(day)
    ]
    for span in found:
        late = (span.latest_end - span.end) // 1_000_000_000
        assert late == (30 if span.phase in AUCTIONS else 0), kst_text(span.end)
        assert span.phase in (KRX_PHASES if span.venue is V.KRX else NXT_PHASES)


def test_given_every_phase_of_the_clock_then_it_has_one_name() -> None:
    assert len(set(BY_CLOCK.values())) == len(BY_CLOCK)


@pytest.mark.parametrize("code", KINDS_BY_CODE)
def test_given_a_code_of_kiwoom_when_translated_then_it_comes_back(code: str) -> None:
    kind, in_force = kind_of_code(code)
    assert kiwoom_code(kind, in_force, OLD) == code


def test_given_codes_when_translated_then_they_are_the_published_ones() -> None:
    assert kind_of_code("28") == (K.STOP_LIMIT, F.DAY)
    assert kind_of_code("31") == (K.MID, F.FOK)
    assert kind_of_code("03") == (K.MARKET, F.DAY)
    codes = "0 3 5 6 7 10 13 16 20 23 26 28 29 30 31 61 62 81"
    assert " ".join(sorted(KINDS_BY_CODE, key=int)) == codes
    assert set(KINDS_BY_CODE.values()) == {(row.kind, row.time_in_force) for row in KINDS}


@pytest.mark.parametrize("code", ["", "1", "000", "99", "0 "])
def test_given_an_unknown_code_when_translated_then_it_is_refused(code: str) -> None:
    with pytest.raises(ConfigError, match="trde_tp expected one of 0, 3"):
        kind_of_code(code)


def test_given_a_pair_out_of_force_when_coded_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="OFF_HOURS_SINGLE"):
        kiwoom_code(K.OFF_HOURS_SINGLE, F.DAY, NOW)
    with pytest.raises(ConfigError, match="FIRST_LIMIT expected one of DAY, was IOC"):
        kiwoom_code(K.FIRST_LIMIT, F.IOC, NOW)
