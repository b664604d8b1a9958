"""What the risk manager answers: how the account stands to every check, and the price an approval found."""

from typing import Any

import pytest

from domain.config import RunConfig
from domain.messages.market import DayBar, HistoryReceived
from domain.messages.run import RunStarted
from domain.risk import RULES, Proposal
from domain.risk.measures import measure
from domain.risk_config import RiskConfig
from domain.types import Krw, LinkName, OrderKind, Purpose, Side
from domain.views import CheckView, RiskQuery, RiskView
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    a_link,
    a_signal,
    at,
    by_hand,
    prices,
)
from tests.actors.test_risk_manager import a_desk, approved, equity

ALL: dict[str, Any] = {
    "max_position_krw": Krw(4_000_000),
    "max_adv_ppm": 500_000,
    "max_positions": 5,
    "max_sector_ppm": 400_000,
    "sectors": {SAMSUNG: "chips"},
    "max_market_ppm": 900_000,
    "max_correlated_ppm": 600_000,
    "max_gross_ppm": 1_000_000,
    "max_orders_per_day": 100,
    "max_cancels_per_day": 100,
}


def a_busy_desk(**limits: Any) -> Desk:
    """Give 300 shares of one instrument, an open buy of 10 of another, and a loss of 1 %."""
    desk = a_desk(7_000_000, (SAMSUNG, 300, 2_900_000))
    risk = RiskConfig(**(ALL | limits), tell_arrival=True)
    desk.say(RunStarted("r2", "0.1.0", RunConfig(mode="paper", risk=risk)))
    for link in LinkName:
        desk.say(a_link(link))
    flat = Krw(10_000)
    bar = DayBar("2026-01-12", flat, flat, flat, flat, 1_000)
    desk.say(HistoryReceived(SAMSUNG, "2026-01-13", (bar,), ""))
    desk.say(prices(1))
    approved(desk.say(by_hand(symbol=COLON)))
    desk.say(equity(9_801_000))
    return desk


def checks(desk: Desk) -> dict[str, CheckView]:
    view: RiskView = desk.role.view(RiskQuery())
    return {check.name: check for check in view.checks}


def test_given_a_busy_account_when_asked_then_every_check_tells_value_and_what_is_left_in_its_unit() -> None:
    found = checks(a_busy_desk())
    assert list(found) == [rule.code for rule in RULES]
    told = {name: (check.value, check.distance) for name, check in found.items() if check.distance != ""}
    assert told == {
        "DAILY_LOSS": (10_000, 40_000),  # ppm: 99,000 of 9,900,000
        "ORDERS_PER_DAY": (1, 99),
        "CANCELS_PER_DAY": (0, 100),
        "OPEN_ORDERS": (1, 19),
        "CASH": (6_899_985, 6_899_985),
        "POSITION": (306_092, -106_092),  # 3,000,000 of 9,801,000, rounded up
        "POSITION_KRW": (3_000_000, 1_000_000),
        "ADV": (300_000, 200_000),  # 300 of 1,000 shares
        "MAX_POSITIONS": (2, 3),
        "SECTOR": (306_092, 93_908),
        "MARKET": (316_296, 583_704),
        "CORRELATED": (316_296, 283_704),
        "GROSS_EXPOSURE": (316_296, 683_704),
    }
    assert found["SECTOR"].unit == "ppm of equity, largest: chips"
    assert found["MARKET"].unit == "ppm of equity, largest: KOSPI"
    assert found["ADV"].unit == f"ppm of average daily volume, largest: {SAMSUNG}"
    assert (found["CONNECTION"].value, found["GATE"].value) == ("orders READY, quotes READY", "OPEN, day TRADING")


def test_given_checks_switched_off_when_asked_then_they_say_so_and_tell_no_value() -> None:
    off: dict[str, Any] = {name: ({} if name == "sectors" else 0) for name in ALL}
    found = checks(a_busy_desk(**off))
    assert {name for name, check in found.items() if not check.is_on} >= {
        *("POSITION_KRW", "ADV", "MAX_POSITIONS", "SECTOR", "MARKET", "CORRELATED", "GROSS_EXPOSURE"),
        *("MAX_QUANTITY", "ORDERS_PER_DAY", "UNRESOLVED_TWIN"),
    }
    assert all(check.value == check.distance == "" for check in found.values() if not check.is_on)
    assert all(found[name].is_on for name in ("TWIN", "QUANTITY", "DAILY_LOSS", "POSITION", "CASH", "GATE"))


def test_given_sectors_nobody_named_when_the_limit_is_asked_then_it_is_off() -> None:
    assert not checks(a_busy_desk(sectors={}))["SECTOR"].is_on


def test_given_denials_when_asked_then_each_check_counts_its_own() -> None:
    desk = a_busy_desk(max_positions=2)
    for _ in range(2):
        desk.say(by_hand(symbol=SAMSUNG, quantity=1_000))
    found = checks(desk)
    assert {name: check.denied for name, check in found.items() if check.denied} == {"ORDER_VALUE": 2}


def test_given_an_empty_account_when_asked_then_shares_of_nothing_are_not_told() -> None:
    found = checks(Desk(type(a_busy_desk().role)()))
    assert (found["DAILY_LOSS"].value, found["POSITION"].value) == ("", "")


@pytest.mark.parametrize(("bid", "ask", "told"), [(9_980, 9_991, 9_985), (0, 9_990, 9_970), (9_980, 0, 9_970)])
def test_given_a_quote_when_an_order_is_approved_then_it_tells_the_middle_or_else_the_last_trade(
    bid: int, ask: int, told: int
) -> None:
    desk = a_busy_desk()
    shown = prices(2, **{f"s{COLON}": 9_970})
    row = shown.rows[0]._replace(bid_price=bid, ask_price=ask)
    desk.say(type(shown)(1, (row,), ()))
    assert approved(desk.say(a_signal(symbol=COLON, seconds=4))).arrival_price == told


def test_given_a_run_that_does_not_tell_it_when_an_order_is_approved_then_no_price_is_told() -> None:
    assert approved(a_desk().say(a_signal())).arrival_price is None


def test_given_limits_on_concentration_when_an_order_is_measured_then_value_and_limit_stand_beside_each_other() -> None:
    desk = a_busy_desk()
    kind, entry = OrderKind.LIMIT, Purpose.ENTRY
    state: Any = vars(desk.role)["state"]
    held = Proposal(SAMSUNG, Side.BUY, kind, entry, 10, Krw(10_000), None, at(2))
    found = {item.code: (item.value, item.limit) for item in measure(state, held)}
    assert found["ADV"] == ("310 shares with it", "500 shares")
    assert found["SECTOR"] == ("chips: 3,100,000 KRW with it", "3,920,400 KRW")
    assert found["MAX_POSITIONS"] == ("2 positions with it", "5 positions")
    assert found["MAX_QUANTITY"] == ("10 shares with it", "off")
    other = Proposal(COLON, Side.BUY, kind, entry, 10, Krw(10_000), None, at(2))
    found = {item.code: (item.value, item.limit) for item in measure(state, other)}
    assert found["ADV"] == ("20 shares with it", "average volume unknown: no limit")
    assert found["SECTOR"] == ("unknown: 200,015 KRW with it", "3,920,400 KRW")
