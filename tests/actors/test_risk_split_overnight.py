"""A holding that was split overnight although nobody told: what was ours of it stays ours, its old price goes."""

import pytest

from actors.roles.risk_manager import RiskManager
from domain.config import RunConfig
from domain.messages.run import RunStarted
from domain.risk_config import RiskConfig
from domain.types import LinkName
from tests.actors.money_builders import (
    SAMSUNG,
    Desk,
    a_booking,
    a_day,
    a_gate,
    a_link,
    an_account,
    broker_state,
    by_hand,
    instruments,
    prices,
)

DAY = 86_400


def a_desk(*, tells: bool) -> Desk:
    desk = Desk(RiskManager())
    desk.say(RunStarted("r1", "0.7.0", RunConfig("paper", tell_flows=tells, risk=RiskConfig(leave_foreign=True))))
    for message in (instruments(), a_link(LinkName.ORDERS), a_link(LinkName.QUOTES), a_day(), a_gate()):
        desk.say(message)
    for message in (broker_state(), an_account(), prices(1)):
        desk.say(message)
    [approved, *_] = desk.say(by_hand(quantity=10))
    desk.say(a_booking(approved, 10, 10, 9_899_985))
    return desk


@pytest.mark.parametrize(("tells", "ours"), [(True, 20), (False, 10)])
def test_given_a_split_nobody_told_when_the_next_date_opens_then_all_of_it_is_ours(tells: bool, ours: int) -> None:
    desk = a_desk(tells=tells)
    desk.say(broker_state(9_899_985, (SAMSUNG, 20, 100_000), seconds=DAY))
    desk.say(an_account(9_899_985, day="2026-01-14"))
    state = desk.role.state
    assert (state.conduct.ours(SAMSUNG), state.positions[SAMSUNG]) == (ours, 20)
    assert (SAMSUNG in state.quotes) is not tells


def test_given_shares_from_elsewhere_when_the_next_date_opens_then_they_are_not_ours() -> None:
    desk = a_desk(tells=True)
    desk.say(broker_state(9_899_985, (SAMSUNG, 20, 200_000), seconds=DAY))
    desk.say(an_account(9_899_985, day="2026-01-14"))
    assert desk.role.state.conduct.ours(SAMSUNG) == 10
