"""A stop with every role: entries blocked, cancelled, confirmed, sold out if asked, and it always ends."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.roster import make_roles
from domain.config import ExecutionConfig
from domain.messages import Message
from domain.messages.link import (
    BrokerOpenOrder,
    BrokerPosition,
    HeartbeatReceived,
    LinkLost,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.market import QuotesEnded
from domain.messages.operator import (
    ClaimRequested,
    CommandAnswered,
    HaltRequested,
    ManualOrderRequested,
    PauseRequested,
    StopRequested,
)
from domain.messages.orders import CancelOrder, RequestAnswered, SubmitOrder
from domain.messages.run import RoleFailed
from domain.messages.trading import GateChanged, LossLimitHit, NoticeRaised, StopChanged, StopReady
from domain.risk.flattening import FLATTEN_ATTEMPTS
from domain.risk_config import RiskConfig
from domain.status import DayQuery
from domain.stopping import STOP_PATIENCE_NS
from domain.types import (
    ClientOrderId,
    Gate,
    Krw,
    LinkName,
    OrderKind,
    RequestId,
    RequestOutcome,
    Side,
    VenueOrderId,
    VenuePhase,
)
from tests.actors.builders import (
    SAMSUNG,
    SECOND,
    House,
    Venue,
    a_quote,
    a_run,
    broker_state,
    instruments,
    opened,
    received,
    venue,
)
from tests.actors.log_writer import states_of

PATIENCE_S = STOP_PATIENCE_NS / SECOND
STEPS = ExecutionConfig(stop_steps=True, flatten_patience_ms=20_000, submit_timeout_ms=600_000)
CONTINUOUS, REFUSED = VenuePhase.CONTINUOUS, RequestOutcome.REFUSED
PLAIN = ["ask", "block", "cancel", "confirm", "end"]
SOLD = ["ask", "block", "cancel", "flatten", "sell", "confirm", "end"]
HELD = [BrokerPosition(SAMSUNG, 5, Krw(50_000))]


class Trading:
    """A house that trades, and its venue."""

    def __init__(self, held: bool = True, execution: ExecutionConfig = STEPS, **risk: Any) -> None:
        self.venue, self.execution, self.risk = Venue(), execution, RiskConfig(**risk)
        self.house = House(*make_roles())
        self.begin(held)

    def begin(self, held: bool, *orders: BrokerOpenOrder) -> None:
        """Begin a run and let its links come up."""
        self.is_lost = False
        state = broker_state(*orders, as_of=self.venue.seq, positions=HELD if held else [])
        run = a_run(execution=self.execution, risk=self.risk)
        self.house.hear(run, opened(LinkName.QUOTES), instruments())
        self.house.hear(opened(LinkName.ORDERS), state, received(a_quote(self.venue.at)))

    def rest(self) -> SubmitOrder:
        """Let a buy of a person rest at the venue."""
        self.house.hear(ManualOrderRequested("c", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 2, Krw(9_990), ""))
        order: SubmitOrder = self.last(SubmitOrder)
        self.house.hear(self.venue.accepts(order))
        return order

    def last(self, kind: type[Any]) -> Any:
        return self.house.said(kind)[-1]

    def stop(self, flatten: bool = False) -> None:
        self.house.hear(StopRequested("s", "kim", "bye", flatten))

    def cancelled(self, order: SubmitOrder, number: str = "1") -> None:
        self.house.hear(self.venue.cancels(order, order.quantity, self.last(CancelOrder).request_id, number))

    def sold(self, number: str = "9") -> None:
        sale = self.last(SubmitOrder)
        assert sale.side is Side.SELL
        self.house.hear(self.venue.accepts(sale, number), self.venue.fills(sale, sale.quantity, 0, number))

    @property
    def moves(self) -> list[str]:
        return [change.trigger for change in self.house.said(StopChanged)]

    @property
    def sales(self) -> list[SubmitOrder]:
        return [order for order in self.house.said(SubmitOrder) if order.side is Side.SELL]

    @property
    def gate(self) -> str:
        return str(self.last(GateChanged).level)

    def lose(self) -> None:
        self.is_lost = True
        self.house.hear(LinkLost(LinkName.ORDERS, "gone"))

    def wait(self, seconds: float) -> None:
        """Let time pass at brokers that are alive, but for a lost one."""
        for _ in range(int(seconds)):
            alive = [name for name in LinkName if name is LinkName.QUOTES or not self.is_lost]
            self.house.hear(*[HeartbeatReceived(name, venue(self.venue.at), CONTINUOUS, True) for name in alive])
            self.house.tick(1)


def halt() -> HaltRequested:
    return HaltRequested("h", "kim", "")


def loss() -> LossLimitHit:
    return LossLimitHit("daily_loss", Krw(9), Krw(10), Krw(1), Krw(1), venue(1))


# ---- without a sale --------------------------------------------------------------------------------------------


def test_given_an_open_order_when_stopped_then_each_step_waits_for_the_one_before() -> None:
    at = Trading()
    order = at.rest()
    at.stop()
    assert at.moves == ["ask", "block", "cancel"]
    assert at.gate == Gate.CANCELS_ONLY
    assert at.last(CancelOrder).client_order_id == order.client_order_id
    assert at.house.said(StopReady) == []
    at.cancelled(order)
    assert at.moves == PLAIN
    assert [ready.open_orders for ready in at.house.said(StopReady)] == [0]
    assert at.sales == []


def test_given_a_stop_when_it_is_told_then_the_gate_is_shut_before_the_first_step_ends_and_ready_comes_last() -> None:
    at = Trading(held=False)
    at.stop()
    told = [m for m in at.house.said(StopChanged, GateChanged, StopReady) if not isinstance(m, GateChanged) or m.level]
    kinds = [getattr(m, "trigger", getattr(m, "level", "ready")) for m in told]
    assert kinds[-7:] == ["ask", Gate.CANCELS_ONLY, "block", "cancel", "confirm", "end", "ready"]


def test_given_a_broker_that_does_not_answer_when_stopped_then_it_ends_in_time_and_tells_what_is_open() -> None:
    at = Trading()
    at.rest()
    at.stop()
    at.wait(PATIENCE_S - 1)
    assert at.moves == ["ask", "block", "cancel"]
    at.wait(2)
    assert at.moves == ["ask", "block", "cancel", "give_up", "end"]
    assert "1 order not confirmed closed" in at.house.said(StopChanged)[3].reason
    assert [ready.open_orders for ready in at.house.said(StopReady)] == [1]
    [told] = [notice for notice in at.house.said(NoticeRaised) if notice.topic == "stop"]
    assert "1 order not confirmed closed" in told.text


def test_given_a_link_that_is_down_when_stopped_then_no_cancel_can_be_asked_for_and_it_ends_in_time() -> None:
    at = Trading()
    at.rest()
    at.lose()
    at.stop()
    assert at.moves == ["ask", "block"]
    at.wait(PATIENCE_S + 1)
    assert at.moves == ["ask", "block", "cancel", "give_up", "end"]
    assert "could not be cancelled in time" in at.house.said(StopChanged)[2].reason


def test_given_a_day_that_is_closed_when_stopped_then_what_it_gave_up_on_is_not_waited_for_again() -> None:
    at = Trading()
    at.rest()
    at.house.hear(QuotesEnded(venue(60)))
    at.wait(PATIENCE_S + 1)
    day: Any = at.house.core.kernel.role("trading_day")
    assert day.state == "CLOSED"
    at.stop(flatten=True)
    assert at.moves == ["ask", "block", "cancel", "give_up", "end"]
    assert "1 holding not sold: the session is over" in at.house.said(StopChanged)[3].reason
    assert [ready.open_orders for ready in at.house.said(StopReady)] == [1]


def test_given_settings_of_an_older_version_when_stopped_then_no_step_is_told_and_all_else_is_alike() -> None:
    old, new = Trading(execution=ExecutionConfig()), Trading()
    for at in (old, new):
        order = at.rest()
        at.stop()
        at.cancelled(order)
    assert old.moves == []
    kinds = (GateChanged, StopReady, CancelOrder)
    assert [type(m) for m in old.house.said(*kinds)] == [type(m) for m in new.house.said(*kinds)]


def test_given_a_day_when_asked_then_its_view_names_the_step() -> None:
    at = Trading()
    day: Any = at.house.core.kernel.role("trading_day")
    assert day.view(DayQuery()).stop == "RUNNING"
    at.rest()
    at.stop()
    assert day.view(DayQuery()).stop == "CONFIRMING"


# ---- with a sale -----------------------------------------------------------------------------------------------


def test_given_holdings_when_stopped_with_a_flatten_then_they_are_sold_once_nothing_else_is_open() -> None:
    at = Trading()
    order = at.rest()
    at.stop(flatten=True)
    assert at.sales == []
    at.cancelled(order)
    assert at.gate == Gate.EXITS_ONLY
    [sale] = at.sales
    assert (sale.quantity, sale.symbol) == (5, SAMSUNG)
    assert at.moves == ["ask", "block", "cancel", "flatten", "sell"]
    assert at.house.said(StopReady) == []
    at.sold()
    assert at.moves == SOLD
    assert at.gate == Gate.CANCELS_ONLY
    assert len(at.house.said(StopReady)) == 1


def test_given_several_holdings_when_stopped_with_a_flatten_then_each_is_sold_once() -> None:
    at = Trading(held=False)
    others = ("000660", "035420", "005380")
    held = [*HELD, *(BrokerPosition(symbol, 7, Krw(70_000)) for symbol in others)]
    at.venue, at.house = Venue(), House(*make_roles())
    at.house.hear(a_run(execution=STEPS), opened(LinkName.QUOTES), instruments(SAMSUNG, *others))
    at.house.hear(opened(LinkName.ORDERS), broker_state(as_of=0, positions=held), received(a_quote(at.venue.at)))
    at.stop(flatten=True)
    at.wait(2)
    assert sorted((sale.symbol, sale.quantity) for sale in at.sales) == sorted(
        (item.symbol, item.quantity) for item in held
    )
    for number, sale in enumerate(at.sales, 1):
        at.house.hear(at.venue.accepts(sale, str(number)), at.venue.fills(sale, sale.quantity, 0, str(number)))
    assert len(at.sales) == len(held)
    assert at.moves == SOLD


def test_given_nothing_held_when_stopped_with_a_flatten_then_nothing_is_sold() -> None:
    at = Trading(held=False)
    at.stop(flatten=True)
    assert at.moves == PLAIN


def test_given_a_halted_day_when_stopped_with_a_flatten_then_holdings_are_sold() -> None:
    at = Trading()
    at.house.hear(halt())
    at.stop(flatten=True)
    at.sold()
    assert at.moves == SOLD


def test_given_a_sale_that_does_not_fill_when_its_time_is_over_then_it_is_cancelled_and_told() -> None:
    at = Trading()
    at.stop(flatten=True)
    sale = at.last(SubmitOrder)
    at.house.hear(at.venue.accepts(sale))
    at.wait(21)
    assert at.moves[-2:] == ["call_off", "cancel"]
    assert "1 holding and 1 open order left" in at.house.said(StopChanged)[-2].reason
    assert at.gate == Gate.CANCELS_ONLY
    assert at.last(CancelOrder).client_order_id == sale.client_order_id
    at.cancelled(sale)
    assert at.moves[-2:] == ["confirm", "end"]
    assert len(at.sales) == 1


def test_given_a_link_that_is_lost_when_holdings_are_on_sale_then_the_stop_ends_in_time() -> None:
    at = Trading()
    at.stop(flatten=True)
    at.house.hear(at.venue.accepts(at.last(SubmitOrder)))
    at.lose()
    at.wait(20 + PATIENCE_S + 2)
    assert at.moves == ["ask", "block", "cancel", "flatten", "sell", "call_off", "cancel", "give_up", "end"]
    assert [ready.open_orders for ready in at.house.said(StopReady)] == [1]


@pytest.mark.parametrize(
    "failure", [halt(), RoleFailed("portfolio", 9, "ZeroDivisionError", False)], ids=["halt", "books"]
)
def test_given_a_sale_when_the_house_halts_then_it_is_called_off_and_what_is_open_is_cancelled(
    failure: Message,
) -> None:
    at = Trading()
    at.stop(flatten=True)
    sale = at.last(SubmitOrder)
    at.house.hear(at.venue.accepts(sale), failure)
    assert at.moves[-2:] == ["call_off", "cancel"]
    assert at.gate == Gate.CANCELS_ONLY
    at.cancelled(sale)
    assert at.moves[-2:] == ["confirm", "end"]
    assert len(at.sales) == 1


def test_given_a_sale_when_a_person_halts_then_the_answer_says_that_it_is_called_off() -> None:
    at = Trading()
    at.stop(flatten=True)
    at.house.hear(halt())
    assert "called off" in at.last(CommandAnswered).text
    order = [type(message) for message in at.house.said(GateChanged, CommandAnswered)]
    assert order[-1] is CommandAnswered, "the gate is shut before the answer"


def test_given_a_halt_before_the_sale_when_everything_is_confirmed_then_nothing_is_sold() -> None:
    at = Trading()
    order = at.rest()
    at.stop(flatten=True)
    at.house.hear(halt())
    at.cancelled(order)
    assert at.moves == PLAIN
    assert "called off: halted by kim" in at.house.said(StopChanged)[3].reason


def test_given_a_sale_when_the_loss_limit_is_hit_then_it_goes_on() -> None:
    at = Trading()
    at.stop(flatten=True)
    at.house.hear(loss())
    at.sold()
    assert at.moves == SOLD


def test_given_a_plain_stop_when_asked_again_with_a_flatten_then_holdings_are_sold_too() -> None:
    at = Trading()
    order = at.rest()
    at.stop()
    at.stop(flatten=True)
    at.cancelled(order)
    at.stop()
    at.sold()
    assert at.moves == SOLD


def test_given_a_stop_past_its_sale_when_asked_for_one_then_it_is_refused() -> None:
    at = Trading(held=False)
    at.stop()
    at.stop(flatten=True)
    answer = at.last(CommandAnswered)
    assert (answer.accepted, answer.code) == (False, "WRONG_STATE")
    assert len(at.house.said(StopReady)) == 1


# ---- what a sale leaves ----------------------------------------------------------------------------------------

NAMES = replace(STEPS, stop_tells_unsold=True)
FOREIGN = {"leave_foreign": True}
KEPT = {"never_sell": (SAMSUNG,)}
DIFFER = SymbolHalted(SAMSUNG, "5 here, 4 there")


def unsold(at: Trading) -> list[tuple[str, int, str]]:
    [ready] = at.house.said(StopReady)
    return [(item.symbol, item.quantity, item.reason) for item in ready.unsold]


@pytest.mark.parametrize(
    ("risk", "before", "why"),
    [
        (FOREIGN, [], "its shares are not ours"),
        (KEPT, [], "never sold by settings"),
        ({}, [DIFFER], "books differ in 005930 since 09:00:01: 5 here, 4 there"),
    ],
)
def test_given_shares_that_are_not_sold_when_stopped_with_a_flatten_then_it_ends_at_once_and_names_them(
    risk: dict[str, Any], before: list[Message], why: str
) -> None:
    at = Trading(execution=NAMES, **risk)
    at.house.hear(*before)
    at.stop(flatten=True)
    assert (at.sales, at.moves[-1], unsold(at)) == ([], "end", [(SAMSUNG, 5, why)])
    assert at.house.replayed(make_roles).identical


def test_given_settings_of_an_older_version_when_shares_are_not_sold_then_the_sale_waits_as_it_did() -> None:
    at = Trading()
    at.house.hear(DIFFER)
    at.stop(flatten=True)
    at.wait(19)
    assert at.moves[-1] == "flatten"
    at.wait(3)
    assert (at.moves[-1], unsold(at)) == ("end", [])


def test_given_a_part_that_is_not_ours_when_stopped_with_a_flatten_then_only_ours_is_sold_and_the_rest_named() -> None:
    at = Trading(execution=NAMES, **FOREIGN)
    at.house.hear(ClaimRequested("c", "kim", SAMSUNG, 3, "mine"))
    at.stop(flatten=True)
    [sale] = at.sales
    assert (sale.quantity, at.moves[-1]) == (3, "sell")
    at.sold()
    assert (at.moves, unsold(at)) == (SOLD, [(SAMSUNG, 2, "its shares are not ours")])
    [told] = [notice for notice in at.house.said(NoticeRaised) if notice.topic == "stop/unsold"]
    assert told.text.endswith("sells what is held, but not 2 shares of 005930 삼성전자 (its shares are not ours).")


def elsewhere(at: Trading, side: Side, quantity: int) -> None:
    """Let shares be traded in the account without us."""
    order = replace(at.last(SubmitOrder), client_order_id=ClientOrderId(""), side=side)
    at.house.hear(at.venue.fills(order, quantity, 0, "77"))


def selling_three_of_five() -> Trading:
    at = Trading(execution=NAMES, **FOREIGN)
    at.house.hear(ClaimRequested("c", "kim", SAMSUNG, 3, "mine"))
    at.stop(flatten=True)
    return at


def test_given_shares_of_others_sold_elsewhere_when_ours_are_on_sale_then_ours_are_not_taken_for_them() -> None:
    at = selling_three_of_five()
    sale = at.last(SubmitOrder)
    at.house.hear(at.venue.accepts(sale, "9"))
    elsewhere(at, Side.SELL, 2)
    at.house.hear(at.venue.fills(sale, 1, 2, "9"), at.venue.cancels(sale, 2, number="9"))
    assert (at.sales[-1].quantity, at.moves[-1]) == (2, "sell")  # tried again
    at.sold("10")
    assert (at.moves, unsold(at)) == (SOLD, [])


def test_given_shares_bought_elsewhere_when_ours_are_on_sale_then_they_are_not_waited_for() -> None:
    at = selling_three_of_five()
    elsewhere(at, Side.BUY, 4)
    at.sold()
    assert (at.moves, unsold(at)) == (SOLD, [(SAMSUNG, 6, "its shares are not ours")])


def test_given_shares_put_under_our_care_when_a_part_is_on_sale_then_they_are_sold_too() -> None:
    at = selling_three_of_five()
    at.house.hear(ClaimRequested("d", "kim", SAMSUNG, 5, "all"))
    at.sold()
    assert (at.sales[-1].quantity, at.moves[-1]) == (2, "sell")
    at.sold("10")
    assert (at.moves, unsold(at)) == (SOLD, [])


OTHER = "000660"


def holding_two() -> Trading:
    """Give a house that holds two instruments; books differ in the second."""
    at = Trading(held=False, execution=NAMES)
    at.venue, at.house = Venue(), House(*make_roles())
    at.house.hear(a_run(execution=NAMES), opened(LinkName.QUOTES), instruments(SAMSUNG, OTHER))
    held = [*HELD, BrokerPosition(OTHER, 7, Krw(70_000))]
    at.house.hear(opened(LinkName.ORDERS), broker_state(as_of=0, positions=held), received(a_quote(at.venue.at)))
    at.house.hear(SymbolHalted(OTHER, "7 here, 6 there"))
    return at


def test_given_books_that_agree_again_when_others_are_on_sale_then_these_shares_are_sold_too() -> None:
    at = holding_two()
    at.stop(flatten=True)
    assert [sale.symbol for sale in at.sales] == [SAMSUNG]
    at.house.hear(SymbolReleased(OTHER, "they agree"))
    for number, sale in enumerate(at.sales, 1):
        at.house.hear(at.venue.accepts(sale, str(number)), at.venue.fills(sale, sale.quantity, 0, str(number)))
    assert ([sale.symbol for sale in at.sales], at.moves, unsold(at)) == ([SAMSUNG, OTHER], SOLD, [])


def test_given_books_that_begin_to_differ_when_all_else_is_sold_then_what_they_hold_is_not_waited_for() -> None:
    at = holding_two()
    at.stop(flatten=True)
    at.house.hear(SymbolReleased(OTHER, "they agree"))
    first = at.sales[0]
    at.house.hear(at.venue.accepts(first, "1"), at.venue.fills(first, 5, 0, "1"))
    for _ in range(FLATTEN_ATTEMPTS):  # it is tried again, then given up
        order = at.sales[-1].client_order_id
        at.house.hear(RequestAnswered(order, RequestId(order), REFUSED, "X", "no", False, 0))
    assert (at.sales[-1].symbol, len(at.sales), at.moves[-1]) == (OTHER, 1 + FLATTEN_ATTEMPTS, "sell")
    at.house.hear(SymbolHalted(OTHER, "7 here, 0 there"))
    assert at.moves == SOLD
    assert [item[:2] for item in unsold(at)] == [(OTHER, 7)]


def test_given_a_sale_that_fails_when_the_stop_ends_then_what_is_left_is_named_with_the_time_it_had() -> None:
    at = Trading(execution=NAMES, **FOREIGN)
    at.house.hear(ClaimRequested("c", "kim", SAMSUNG, 3, "mine"))
    at.stop(flatten=True)
    sale = at.last(SubmitOrder)
    at.house.hear(at.venue.accepts(sale))
    at.wait(21)
    at.cancelled(sale)
    assert unsold(at) == [(SAMSUNG, 2, "its shares are not ours"), (SAMSUNG, 3, "not sold within 20 s")]


def test_given_a_halt_or_no_session_when_the_stop_ends_then_that_is_why_nothing_was_sold() -> None:
    at = Trading(execution=NAMES)
    order = at.rest()
    at.stop(flatten=True)
    at.house.hear(halt())
    at.cancelled(order)
    assert unsold(at) == [(SAMSUNG, 5, "the sale is called off: halted by kim")]
    over = Trading(execution=NAMES)
    over.house.hear(QuotesEnded(venue(60)))
    over.stop(flatten=True)
    assert unsold(over) == [(SAMSUNG, 5, "the session is over")]


def test_given_a_plain_stop_when_it_ends_then_holdings_are_no_news() -> None:
    at = Trading(execution=NAMES)
    at.stop()
    assert unsold(at) == []


# ---- a new run -------------------------------------------------------------------------------------------------


def test_given_a_stop_that_was_cut_off_when_started_again_then_the_day_goes_on_and_nothing_is_sold() -> None:
    at = Trading()
    at.stop(flatten=True)
    sale = at.last(SubmitOrder)
    at.house.hear(at.venue.accepts(sale))
    before = len(at.house.said(SubmitOrder))
    there = BrokerOpenOrder(VenueOrderId("1"), sale.client_order_id, SAMSUNG, Side.SELL, 5, 5, None, OrderKind.MARKET)
    at.begin(True, there)
    day: Any = at.house.core.kernel.role("trading_day")
    assert day.view(DayQuery()).stop == "RUNNING"
    at.cancelled(sale)  # of the run before: resolved and cancelled like any other
    at.wait(2)
    at.house.hear(received(a_quote(60)))
    assert day.state == "TRADING"
    at.wait(30)
    assert len(at.house.said(SubmitOrder)) == before
    assert len(at.house.said(StopReady)) == 0


# ---- whatever happens ------------------------------------------------------------------------------------------

ASKED = ["stop", "flatten", "halt", "pause", "rest"]
ANYTHING = st.sampled_from([*ASKED, "loss", "lose", "cancel", "sell", "run", "wait", "differ", "agree"])


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING, max_size=8), st.booleans(), st.sampled_from([STEPS, NAMES]))
def test_for_any_happenings_a_stop_ends_and_fold_and_replay_give_the_same(
    steps: list[str], held: bool, execution: ExecutionConfig
) -> None:
    at = Trading(held, execution)
    for step in (*steps, "flatten"):
        happen(at, step)
    at.wait(21 + 2 * PATIENCE_S)
    ready, day = at.last(StopReady), at.house.core.kernel.role("trading_day")
    assert at.moves[-1] == "end"
    if execution is NAMES and at.last(CommandAnswered).accepted:  # whatever is held and was to be sold is named
        assert sum(item.quantity for item in ready.unsold) == sum(day.stopping.held.values())
    assert states_of(at.house.folded(make_roles)) == states_of(at.house.core.kernel)
    assert at.house.replayed(make_roles).identical


def happen(at: Trading, step: str) -> None:
    said = at.house.said
    match step:
        case "stop" | "flatten":
            at.stop(step == "flatten")
        case "halt":
            at.house.hear(halt())
        case "loss":
            at.house.hear(loss())
        case "pause":
            at.house.hear(PauseRequested("p", "kim", ""))
        case "lose":
            at.lose()
        case "differ":
            at.house.hear(DIFFER)
        case "agree":
            at.house.hear(SymbolReleased(SAMSUNG, "they agree"))
        case "rest" if not said(SubmitOrder):
            at.house.hear(ManualOrderRequested("c", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 2, Krw(9_990), ""))
        case "cancel" if said(CancelOrder) and len(said(SubmitOrder)) == 1:
            at.cancelled(at.last(SubmitOrder))
        case "sell" if said(SubmitOrder) and at.last(SubmitOrder).side is Side.SELL:
            at.sold()
        case "run":
            at.begin(held=True)
        case "wait":
            at.wait(9)
