"""Rules of conduct: each passes at its limit, denies one beyond, and is off at 0."""

import ast
import inspect
import textwrap
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.krx.order_phases import OrderPhase
from domain.krx.ticks import step, ticks_between
from domain.messages.risk import Cause
from domain.risk import Picture, Proposal, judge
from domain.risk.conduct import _HEEDED, Conduct
from domain.risk.conduct_facts import NO_CONDUCT
from domain.risk.conduct_rules import PAIRS, SIZED, STATE
from domain.risk_config import RiskConfig
from domain.time import from_kst
from domain.types import InstrumentFlag, Krw, Market, OrderKind, Purpose, Side, TimeInForce, UnixNanos, Venue
from tests.actors.money_builders import SAMSUNG, an_instrument, at
from tests.domain.test_risk import a_picture, a_proposal

DAY = date(2026, 1, 13)
CLOSE_AUCTION = from_kst(DAY, 15, 20)
RULES = (*STATE, *SIZED)
BY_HAND: dict[str, Any] = {"confidence_ppm": None}
SELL: dict[str, Any] = {"side": Side.SELL, "purpose": Purpose.EXIT}
SECOND = 1_000_000_000


def test_given_what_conduct_folds_when_its_source_is_read_then_all_of_it_and_nothing_else_is_heeded() -> None:
    """Another message is not looked at: a case that nobody added to the list would never be reached."""
    cases = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(Conduct.fold))))
    assert {ast.unparse(case.cls) for case in cases if isinstance(case, ast.MatchClass)} == {
        kind.__name__ for kind in _HEEDED
    }


def a_case(facts: dict[str, Any], config: dict[str, Any], **changes: Any) -> Picture:
    """Give a picture of a quiet day at 09:00:10 with these facts and limits."""
    conduct = NO_CONDUCT._replace(now=at(10), open_time=at(0), close_auction_time=CLOSE_AUCTION)._replace(**facts)
    return a_picture(conduct=conduct, config=RiskConfig(**config), **changes)


def code_of(proposal: Proposal, picture: Picture) -> str:
    denial = judge(proposal, picture, RULES)
    return "" if denial is None else denial.code


LIMITS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    # code, limit, facts that pass, facts one beyond, changes of the proposal, a part of the message
    (
        "SIGNAL_AGE",
        {"max_signal_age_ms": 2_000},
        {"now": at(12)},
        {"now": at(12) + 1},
        {},
        "the signal is 2,001 ms old, 1 ms over the limit of 2,000 ms",
    ),
    (
        "ORDER_RATE",
        {"max_orders_per_s": 3},
        {"requests_last_second": 2},
        {"requests_last_second": 3},
        {},
        "3 requests in the last second, 1 too many for the limit of 3",
    ),
    (
        "ORDERS_PER_DAY",
        {"max_orders_per_day": 5},
        {"orders_today": 4},
        {"orders_today": 5},
        {},
        "5 orders approved today, 1 too many for the limit of 5",
    ),
    (
        "CANCELS_PER_DAY",
        {"max_cancels_per_day": 5},
        {"cancels_today": 4},
        {"cancels_today": 7},
        {},
        "7 cancels asked today, 3 too many for the limit of 5",
    ),
    (
        "TIME_OF_DAY",
        {"quiet_open_s": 60},
        {"now": at(60)},
        {"now": at(60) - 1},
        {},
        "no entries for 60 s after the open at 09:00:00: it is 09:00:59, 1 s too early",
    ),
    (
        "TIME_OF_DAY",
        {"quiet_close_s": 600},
        {"now": CLOSE_AUCTION - 600 * SECOND},
        {"now": CLOSE_AUCTION - 600 * SECOND + 1},
        {},
        "no entries in the last 600 s before the closing auction at 15:20:00: it is 15:10:00, 1 s too late",
    ),
    (
        "COOL_DOWN",
        {"cool_down_s": 30},
        {"last_loss_at": at(-20)},
        {"last_loss_at": at(-19)},
        {},
        "a losing trade was closed 29 s ago, 1 s inside the cool-down of 30 s",
    ),
    (
        "LOSING_STREAK",
        {"max_losing_streak": 3},
        {"losing_streak": 2},
        {"losing_streak": 3},
        {},
        "3 losing trades in a row today, at the limit of 3; the next date lifts it",
    ),
    (
        "LOSING_STREAK",
        {"max_losing_streak": 3},
        {"losing_streak": 0},
        {"losing_streak": 5},
        BY_HAND,
        "5 losing trades in a row today, 2 over the limit of 3",
    ),
    (
        "RE_ENTRY",
        {"reentry_block_s": 30},
        {"closed_at": at(-20)},
        {"closed_at": at(-19)},
        {},
        "the position in 005930 was closed 29 s ago, 1 s inside the re-entry block of 30 s",
    ),
    (
        "FOREIGN",
        {"leave_foreign": True},
        {"ours": 10},
        {"ours": 9},
        SELL,
        "10 shares are 1 more than the 9 that are ours to sell (9 of 100 held are ours)",
    ),
]


@pytest.mark.parametrize(("code", "limit", "within", "beyond", "changes", "text"), LIMITS)
def test_given_a_limit_when_reached_then_it_passes_and_one_beyond_denies_and_off_lets_all_pass(
    code: str,
    limit: dict[str, Any],
    within: dict[str, Any],
    beyond: dict[str, Any],
    changes: dict[str, Any],
    text: str,
) -> None:
    proposal = a_proposal(**changes)
    assert code_of(proposal, a_case(within, limit)) == ""
    denial = judge(proposal, a_case(beyond, limit), RULES)
    assert denial is not None
    assert (denial.code, text in denial.message) == (code, True), denial.message
    off = {name: type(value)() for name, value in limit.items()}
    assert code_of(proposal, a_case(beyond | {"ours": None}, off)) == ""


PACE = [(limit, beyond) for code, limit, _, beyond, _, _ in LIMITS if code != "FOREIGN"]


@pytest.mark.parametrize(("limit", "beyond"), PACE)
def test_given_a_rule_of_pace_or_time_when_a_sale_is_asked_then_it_passes(
    limit: dict[str, Any], beyond: dict[str, Any]
) -> None:
    assert code_of(a_proposal(), a_case(beyond, limit)) != ""
    assert code_of(a_proposal(Side.SELL), a_case(beyond, limit)) == ""


def test_given_a_person_when_a_rule_asks_strategies_alone_then_the_order_passes() -> None:
    config = {"max_signal_age_ms": 1, "reentry_block_s": 60}
    facts = {"now": at(20), "closed_at": at(15), "manual_mode": True}
    assert code_of(a_proposal(**BY_HAND), a_case(facts, config)) == ""
    assert code_of(a_proposal(), a_case(facts, config)) == "MANUAL_MODE"
    assert code_of(a_proposal(Side.SELL), a_case(facts, config)) == ""


@pytest.mark.parametrize(("seconds", "code"), [(10.5, "COOL_DOWN"), (70, "COOL_DOWN"), (70.001, "")])
def test_given_a_loss_newer_than_the_quotes_when_judged_then_it_counts_unless_the_day_began_anew(
    seconds: float, code: str
) -> None:
    assert code_of(a_proposal(), a_case({"last_loss_at": at(seconds)}, {"cool_down_s": 5})) == code


def test_given_causes_when_only_exits_pass_then_entries_are_denied_with_every_cause() -> None:
    causes = (Cause("NO_DATA", "no quote for 70 s", False), Cause("DEAD_MAN", "nobody there for 1 h", False))
    denial = judge(a_proposal(**BY_HAND), a_case({}, {}, reducing=causes), RULES)
    assert denial == ("REDUCING", "only exits pass: no quote for 70 s; nobody there for 1 h")
    assert code_of(a_proposal(Side.SELL), a_case({}, {}, reducing=causes)) == ""


def test_given_unknown_session_times_when_quiet_times_are_set_then_entries_pass() -> None:
    facts = {"open_time": 0, "close_auction_time": 0}
    assert code_of(a_proposal(), a_case(facts, {"quiet_open_s": 60, "quiet_close_s": 60})) == ""


def test_given_flags_when_the_settings_deny_one_then_no_entry_passes() -> None:
    known = replace(an_instrument(), flags=(InstrumentFlag.WARNING, InstrumentFlag.CAUTION))
    denied = {"denied_flags": ("WARNING", "RISK")}
    denial = judge(a_proposal(), a_case({}, denied, instrument=known), RULES)
    assert denial == ("FLAGS", "005930 is WARNING; no entries where WARNING, RISK")
    assert code_of(a_proposal(Side.SELL), a_case({}, denied, instrument=known)) == ""
    assert code_of(a_proposal(), a_case({}, {}, instrument=known)) == ""
    assert code_of(a_proposal(), a_case({}, denied)) == ""


def test_given_a_symbol_never_to_sell_when_anybody_sells_it_then_it_is_denied_and_buys_pass() -> None:
    picture = a_case({}, {"never_sell": (SAMSUNG,)})
    for proposal in (a_proposal(Side.SELL), a_proposal(Side.SELL, **BY_HAND)):
        denial = judge(proposal, picture, RULES)
        assert denial == ("NEVER_SELL", "005930 is marked never to sell: 0 of 100 held shares may be sold")
    assert code_of(a_proposal(), picture) == ""
    assert code_of(a_proposal(Side.SELL, symbol="120110"), picture) == ""


def test_given_open_sells_when_shares_are_ours_then_those_of_ours_count_and_others_do_not() -> None:
    config, selling = {"leave_foreign": True}, {"selling": 30, "selling_elsewhere": 20}
    assert code_of(a_proposal(Side.SELL, quantity=30), a_case({"ours": 40}, config, **selling)) == ""
    assert code_of(a_proposal(Side.SELL, quantity=31), a_case({"ours": 40}, config, **selling)) == "FOREIGN"


# ---- kinds in their phase --------------------------------------------------------------------------------------

IOC: dict[str, Any] = {"time_in_force": TimeInForce.IOC}
KINDS: list[tuple[dict[str, Any], tuple[OrderPhase, ...], str]] = [
    # changes of the proposal, phases, a part of the message; empty: it passes
    ({}, (OrderPhase.CONTINUOUS, OrderPhase.NXT_MAIN), ""),
    (IOC, (OrderPhase.CONTINUOUS,), ""),
    (IOC, (OrderPhase.CLOSING_AUCTION,), "at 09:00:10: LIMIT IOC is not taken in CLOSING_AUCTION"),
    ({"kind": OrderKind.MARKET, "limit_price": None}, (OrderPhase.AFTER_MARKET,), "MARKET DAY is not taken"),
    ({"venue": Venue.NXT}, (OrderPhase.CONTINUOUS,), "NXT takes no orders at this time"),
    ({"venue": Venue.SOR} | IOC, (OrderPhase.CLOSING_AUCTION, OrderPhase.NXT_MAIN), ""),
    ({}, (OrderPhase.NXT_AFTER,), "KRX takes no orders at this time"),
    ({}, (), "KRX takes no orders at this time"),
]


@pytest.mark.parametrize(("changes", "phases", "text"), KINDS)
def test_given_a_phase_when_a_kind_is_asked_then_only_what_the_venue_takes_passes(
    changes: dict[str, Any], phases: tuple[OrderPhase, ...], text: str
) -> None:
    facts = {"phases": phases, "phases_known": True}
    for side in Side:
        proposal = a_proposal(side, **changes)
        denial = judge(proposal, a_case(facts, {"check_sessions": True}), RULES)
        assert (denial is None) == (not text)
        if denial is not None:
            assert (denial.code, text in denial.message) == ("SESSION_KIND", True), denial.message
        assert code_of(proposal, a_case(facts, {})) == ""
        assert code_of(proposal, a_case(facts | {"phases_known": False}, {"check_sessions": True})) == ""


def test_given_an_unknown_phase_when_measured_then_that_it_was_not_checked_is_said() -> None:
    assert PAIRS["SESSION_KIND"](a_proposal(), a_case({}, {"check_sessions": True}))[1] == (
        "phase not known: not checked"
    )


# ---- ticks -----------------------------------------------------------------------------------------------------


def test_given_a_price_across_a_band_when_ticks_are_counted_then_the_ladder_is_followed() -> None:
    # 19,990 -> 20,000 by 10, then 20,050 by 50
    assert ticks_between(19_980, 20_050, Market.KOSPI, DAY) == 3
    assert ticks_between(20_050, 19_980, Market.KOSPI, DAY) == 3
    picture = a_case({}, {"collar_ticks": 3}, mark=19_980, instrument=an_instrument(base=20_000))
    assert code_of(a_proposal(limit_price=Krw(20_050)), picture) == ""
    denial = judge(a_proposal(limit_price=Krw(20_100)), picture, RULES)
    assert denial == ("COLLAR_TICKS", "20,100 KRW is 4 ticks from the mark 19,980 KRW, 1 over the limit of 3 ticks")
    assert code_of(a_proposal(Side.SELL, limit_price=Krw(20_100)), picture) == "COLLAR_TICKS"
    assert code_of(a_proposal(kind=OrderKind.MARKET, limit_price=None), picture) == ""
    assert code_of(a_proposal(limit_price=Krw(20_100)), replace(picture, config=RiskConfig())) == ""


@given(st.integers(1, 600_000), st.integers(-40, 40), st.sampled_from(list(Market)), st.dates(date(2022, 6, 1), DAY))
def test_for_any_price_the_ticks_counted_are_the_steps_taken(start: int, ticks: int, market: Market, on: date) -> None:
    end = step(start, ticks, market, on)
    taken = 0
    while ticks and taken < abs(ticks) and step(start, taken * (1 if ticks > 0 else -1), market, on) != end:
        taken += 1
    assert ticks_between(start, end, market, on) == (taken if end != start else 0)


# ---- what `log why` shows --------------------------------------------------------------------------------------

ALL_ON = RiskConfig(
    denied_flags=("WARNING",),
    check_sessions=True,
    collar_ticks=5,
    max_signal_age_ms=2_000,
    max_orders_per_s=3,
    max_orders_per_day=100,
    max_cancels_per_day=100,
    quiet_open_s=60,
    quiet_close_s=600,
    cool_down_s=30,
    max_losing_streak=3,
    reentry_block_s=30,
    never_sell=("120110",),
    leave_foreign=True,
)


@pytest.mark.parametrize("config", [RiskConfig(), ALL_ON])
@pytest.mark.parametrize("changes", [{}, BY_HAND, SELL])
def test_given_any_rule_when_measured_then_value_and_limit_are_words(
    config: RiskConfig, changes: dict[str, Any]
) -> None:
    proposal = a_proposal(**changes)
    picture = replace(a_case({"ours": 50, "closed_at": at(5), "last_loss_at": at(6)}, {}), config=config)
    for rule in RULES:
        pair = PAIRS[rule.code](proposal, picture)
        assert all(pair), rule.code
        assert rule.limit(config) is not None
    assert set(PAIRS) == {rule.code for rule in RULES}


def test_given_defaults_when_judged_then_no_rule_of_conduct_denies_anything() -> None:
    facts = NO_CONDUCT._replace(now=at(10), requests_last_second=99, orders_today=9_999, losing_streak=9)
    for side in Side:
        for changes in ({}, BY_HAND):
            proposal = a_proposal(side, venue_time=UnixNanos(at(-9_999)), **changes)
            assert judge(proposal, a_picture(conduct=facts), RULES) is None
