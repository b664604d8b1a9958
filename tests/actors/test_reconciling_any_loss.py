"""Whatever events are lost, late or doubled, one whole run makes own books those of the venue, and they stay so."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages.link import OrderEvidence, ReconcileReported, SymbolHalted
from domain.messages.operator import ManualCancelRequested
from domain.messages.orders import CancelOrder, ModifyOrder
from domain.messages.trading import ModifyApproved
from domain.types import ClientOrderId, Krw, Side
from tests.actors.builders import SAMSUNG, only, venue
from tests.actors.lossy_venue import Trader, TrueVenue

LUCK = st.sampled_from(["told", "told", "late", "lost", "twice"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "drop", "fill", "fill", "fill", "cancel", "modify", "end"]),
        st.integers(0, 50),
        LUCK,
    ),
    min_size=1,
    max_size=22,
)
NAMES = [f"o{number}" for number in range(44)]


class Play:
    """One story: what happened, and what is still to be told."""

    def __init__(self, anonymous: frozenset[str]) -> None:
        self.market = TrueVenue(anonymous)
        self.trader = Trader(self.market)
        self.late: list[Any] = []
        self.lost: list[Any] = []
        self.orders = 0

    def step(self, verb: str, pick: int, luck: str) -> None:
        if verb in ("buy", "sell", "drop"):
            self.submit(Side.SELL if verb == "sell" else Side.BUY, verb == "drop", luck)
        elif verb in ("cancel", "modify"):
            self.change(verb, pick, luck)
        elif numbers := self.market.open_numbers():
            number = numbers[pick % len(numbers)]
            prices = (9_990, 10_000, 10_010)
            happened = self.market.ends(number) if verb == "end" else None
            self.tell(happened or self.market.fills(number, 1 + pick % 3, prices[pick % 3]), luck)

    def submit(self, side: Side, is_dropped: bool, luck: str) -> None:
        name, self.orders = NAMES[self.orders], self.orders + 1
        request = self.trader.submits(name, side, 2 + self.orders, 10_000)  # no two look alike
        if luck != "lost":
            self.trader.receipt(request)
        if not is_dropped:
            self.tell(self.market.takes(request), luck)

    def change(self, verb: str, pick: int, luck: str) -> None:
        known = [o for o in self.trader.executor.orders.values() if o.live_legs and not o.is_closed]
        if not known:
            return
        order = known[pick % len(known)].client_order_id
        command = (
            ManualCancelRequested("c", "kim", order)
            if verb == "cancel"
            else ModifyApproved("c", order, 1 + pick % 3, Krw(10_050), Krw(0), venue(1))
        )
        for request in self.trader.house.hear(command):
            if isinstance(request, CancelOrder | ModifyOrder):
                self.tell(self.market.changes(request), luck)

    def tell(self, facts: list[Any], luck: str) -> None:
        match luck:
            case "told":
                self.trader.hear(*facts)
            case "twice":
                self.trader.hear(*facts, *facts)
            case "late":
                self.late += facts
            case "lost":
                self.lost += facts

    def finish(self) -> None:
        self.trader.hear(*reversed(self.late))
        self.trader.house.tick(6)  # what has no answer is unknown now

    def agree(self) -> None:
        """Check own books against the venue's, to the share and the won."""
        books, market = self.trader.books, self.market
        assert books.position(SAMSUNG).quantity == market.shares
        assert books.cash == market.cash
        for order_id, (shares, won) in market.filled.items():
            order = self.trader.executor.orders[ClientOrderId(order_id)]
            assert (order.filled_qty, order.filled_notional) == (shares, won), order
        leaves = {n: left for n, (_, left) in market.legs.items() if left}
        ours = {
            item.venue_order_id: item.leaves_qty
            for order in self.trader.executor.orders.values()
            for item in order.live_legs
            if item.leaves_qty
        }
        assert ours == leaves


@settings(deadline=None)
@given(STEPS, STEPS, st.sets(st.sampled_from(NAMES)))
def test_for_any_losses_one_run_makes_books_agree_and_later_details_change_nothing(
    steps: list[tuple[str, int, str]], more: list[tuple[str, int, str]], anonymous: set[str]
) -> None:
    play = Play(frozenset(anonymous))
    for step in steps:
        play.step(*step)
    play.finish()
    said = play.trader.reconciles()
    [report] = only(ReconcileReported, said)
    assert (report.agreed, report.differences, report.halted_symbols) == (True, (), ())
    assert not only(SymbolHalted, said)
    assert report.inferred == len(only(OrderEvidence, said))
    play.agree()
    again = play.trader.reconciles()
    assert only(OrderEvidence, again) == []
    play.trader.hear(*play.lost, *play.late, *play.lost)
    play.agree()
    [report] = only(ReconcileReported, play.trader.reconciles())
    assert (report.agreed, report.differences, report.inferred) == (True, (), 0)
    play.lost, play.late = [], []
    for step in more:
        play.step(*step)
    play.finish()
    play.trader.reconciles()
    play.agree()


@settings(deadline=None)
@given(STEPS, STEPS, st.sets(st.sampled_from(NAMES)))
def test_for_any_details_that_never_come_what_happens_after_the_run_is_booked_beside_what_it_proved(
    steps: list[tuple[str, int, str]], more: list[tuple[str, int, str]], anonymous: set[str]
) -> None:
    play = Play(frozenset(anonymous))
    for step in steps:
        play.step(*step)
    play.finish()
    play.trader.reconciles()
    play.market.anonymous &= frozenset(NAMES[: play.orders])  # a new number without our id waits for the next run
    for verb, pick, luck in more:
        if verb != "drop":
            play.step(verb, pick, "twice" if luck == "twice" else "told")
    play.agree()
