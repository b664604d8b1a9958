"""Any day: no sale is of more than what is ours, and a restart anywhere changes nothing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.core.state import dump, load
from actors.roles.risk_manager import RiskManager
from domain.messages.trading import OrderApproved
from domain.types import Side
from tests.actors.money_builders import (
    SAMSUNG,
    a_booking,
    a_signal,
    an_account,
    broker_state,
    by_hand,
    flatten,
    order_state,
    state_of,
)
from tests.actors.test_risk_conduct import HELD, a_claim, ours
from tests.actors.test_risk_manager import a_desk

OPS_KNOWN = ("buy", "sell", "exit", "claim", "flatten", "fill", "cancel", "date")
OPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "exit", "claim", "flatten", "fill", "cancel", "date"]), st.integers(1, 40)
    ),
    min_size=3,
    max_size=18,
)


class Account:
    """Books beside a risk manager: what it approves may trade."""

    def __init__(self) -> None:
        self.desk = a_desk(10_000_000, HELD, leave_foreign=True, duplicate_window_ms=0, max_open_orders=99)
        self.held, self.number = 100, 0
        self.open: list[OrderApproved] = []

    def play(self, what: str, quantity: int) -> None:
        self.number += 1
        for output in self._asked(what, quantity):
            if isinstance(output, OrderApproved):
                self.open.append(output)
                assert output.side is Side.BUY or self._bound() <= (ours(self.desk) or 0)
        assert 0 <= (ours(self.desk) or 0) <= self.held

    def _bound(self) -> int:
        return sum(order.quantity for order in self.open if order.side is Side.SELL)

    def _asked(self, what: str, quantity: int) -> list[Any]:
        desk, command = self.desk, f"c{self.number}"
        match what:
            case "buy" | "sell":
                return desk.say(by_hand(Side.BUY if what == "buy" else Side.SELL, quantity))
            case "exit":
                return desk.say(a_signal(Side.SELL))
            case "claim":
                return desk.say(a_claim(min(quantity, self.held), command=command))
            case "flatten":
                return desk.say(flatten(command_id=command))
            case "date":
                day = f"2026-02-{self.number:02d}"
                desk.say(broker_state(9_000_000, (SAMSUNG, self.held, 1)))
                return desk.say(an_account(day=day))
        if not self.open:
            return []
        order = self.open.pop(quantity % len(self.open))
        if what == "cancel":
            return desk.say(order_state(order, "CANCELLED", 0, 0))
        self.held += order.side.sign * order.quantity
        told = desk.say(order_state(order, "FILLED", order.quantity, 0))
        booking = a_booking(order, order.quantity, self.held, 9_000_000, trade=command)
        return [*told, *desk.say(booking)]


@given(OPS, st.floats(0, 1))
def test_for_any_day_no_sale_is_of_more_than_ours_and_a_restart_anywhere_knows_the_same(
    ops: list[tuple[str, int]], cut: float
) -> None:
    account = Account()
    for what, quantity in ops:
        account.play(what, quantity)
    log, before, after = account.desk.log, RiskManager(), RiskManager()
    at_cut = round(cut * len(log))
    for message, stamp in log[:at_cut]:
        before.evolve(message, stamp)
    load(after, dump(before))
    for message, stamp in log[at_cut:]:
        after.evolve(message, stamp)
    assert state_of(after) == state_of(account.desk.role)
