"""SendOrder and what comes of it: the answer, the message, the events.

The venue's facts make the events: a fact of ours that comes back is bound to the call by the id it was sent under.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from broker.port import Receipt
from broker_sim.draws import Draws
from broker_win.control import Value
from broker_win.emulator.house import House
from broker_win.emulator.limits import OrderLimit
from broker_win.emulator.order_events import OrderEvents
from broker_win.emulator.order_input import (
    MOCK_TYPES,
    NO_SUCH_CODE,
    SEND_FAILED,
    WRONG_INPUT,
    OrderInput,
    read_order,
    size_code,
)
from broker_win.emulator.order_lines import Line, Lines
from broker_win.emulator.order_requests import OrderRequests
from broker_win.emulator.order_teller import OURS, OrderTeller
from broker_win.emulator.order_texts import (
    DONE,
    NO_PRICE_WANTED,
    NO_SUCH_ORDER,
    NOT_ON_MOCK,
    TOO_MUCH_TO_CHANGE,
    message,
    refusal,
)
from broker_win.emulator.parts import Emitter
from broker_win.emulator.plan import EmulatorPlan
from domain.errors import BrokerUnavailable
from domain.krx.sessions import regular_session
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.quotes import Quote
from domain.time import kst_date
from domain.types import ClientOrderId, DayOrderAction, RequestOutcome, Side

LINE_CLOSED: Final = -106
MADE_UP: Final = 9_000_000  # from here on numbers the venue never gave, of orders rejected by event


def _not_known(_code: str) -> None:
    return None


def _ignore(_receipt: Receipt) -> None:
    pass


@dataclass(slots=True)
class Pending:
    """One SendOrder without an answer."""

    order: OrderInput
    trcode: str
    sent_at: int  # monotonic ns
    is_mute: bool  # nothing answers it, whatever happens to the order


class OrderDesk:
    """Takes orders and tells of all orders of the account. On the control's thread."""

    def __init__(
        self,
        house: House,
        emitter: Emitter,
        plan: EmulatorPlan,
        account_ok: Callable[[str], int],
        *,
        latest: Callable[[str], Quote | None] = _not_known,
        listed: Callable[[str], int | None] = _not_known,
        run: str = "",
    ) -> None:
        """Stand between the control and the servers.

        `account_ok` gives 0 for an account, or the code SendOrder fails with (-301, -302, -340); `latest` the newest
        row of a code, for the prices in events; `listed` its shares listed. `run` names this process: order ids must
        be unique for ever in the venue's journal, so it is made up where it is empty.
        """
        self._house = house
        self._emitter = emitter
        self._plan = plan
        self._account_ok = account_ok
        self._latest, self._listed = latest, listed
        self._requests = OrderRequests(run)
        self._made_up = Draws(plan.server.seed, self._requests.run).below(900_000)
        self._failed = 0
        self._limit = OrderLimit(plan.trs.orders_per_second)
        self._events = OrderEvents(emitter, plan)
        self.lines = Lines()
        self._teller = OrderTeller(house, self._events, plan, self.lines, latest)
        self._pending: dict[str, Pending] = {}  # by the id it was sent under
        self._day: date | None = None

    # ---- the control's side -----------------------------------------------------------------------------------

    def send_order(self, arguments: tuple[Value, ...]) -> int:
        """Take SendOrder (rqname, screen, account, type, code, quantity, price, price type, original); give its code.

        0 says that it left, not that it was accepted. -307 leaves it open: every other one reached the server.
        """
        order = read_order(arguments)
        if order is None:
            return WRONG_INPUT
        if code := self._account_ok(order.account):
            return code
        if order.code not in self._house.instruments:
            return NO_SUCH_CODE
        if code := size_code(order, self._reference(order.code), self._listed(order.code)):
            return code
        if not self._house.is_up:
            return LINE_CLOSED
        if code := self._limit.ask(self._emitter.now):
            return code
        return self._send(order)

    def place_elsewhere(self, code: str, side: Side, quantity: int, price: int | None = None) -> ClientOrderId:
        """Place an order as by hand in the HTS, at a price (KRW) or at the market. Raises BrokerUnavailable."""
        request = self._requests.elsewhere(code, side, quantity, price)
        self._house.place(request, _ignore)
        return request.client_order_id

    def cancel_elsewhere(self, number: str) -> bool:
        """Cancel by hand what is open of any order number of the day; False when it is not known.

        Raises BrokerUnavailable.
        """
        line = self.lines.get(number)
        if line is not None:
            self._house.place(self._requests.cancel_elsewhere(line), _ignore)
        return line is not None

    # ---- the venue's side -------------------------------------------------------------------------------------

    def on_fact(self, fact: OrderFact) -> None:
        """Hear a fact of the venue's journal. Those of before are told only where the plan has them replayed."""
        day = kst_date(fact.venue_time)
        if self._day is not None and day > self._day:
            self.lines.forget()
        self._day = day if self._day is None else max(day, self._day)
        self.lines.apply(fact)
        pending = self._pending.pop(_identity(fact), None)
        if pending is not None:
            self._bind(fact, pending)
        if not self._house.is_replaying or self._plan.unknowns.replay_after_reconnect:
            self._tell(fact, pending)

    def _bind(self, fact: OrderFact, pending: Pending) -> None:
        """Note under which screen and account a number was asked for."""
        line = self.lines.get(_new_number(fact))
        if line is not None:
            line.screen, line.account = pending.order.screen, pending.order.account

    def _tell(self, fact: OrderFact, pending: Pending | None) -> None:
        match fact:
            case OrderAccepted() | ChangeReceived():
                self._received(fact, pending)
            case OrderFilled():
                self._teller.filled(fact)
            case OrderCancelled():
                self._teller.cancelled(fact)
            case OrderReplaced():
                self._teller.replaced(fact)
            case OrderRejected() | ChangeRefused():
                self._rejected(fact, pending)
            case _:  # an order that expires with its session is not told
                pass

    def _received(self, fact: OrderAccepted | ChangeReceived, pending: Pending | None) -> None:
        number = _new_number(fact)
        wait = self._answer(pending, number, DONE) if pending is not None else 0
        line = self.lines.get(number)
        if line is not None:
            self._teller.received(line, fact.venue_time, wait)

    def _rejected(self, fact: OrderRejected | ChangeRefused, pending: Pending | None) -> None:
        change = self.lines.change(fact.request_id) if isinstance(fact, ChangeRefused) else None
        action = change.action if change else pending.order.action if pending else DayOrderAction.NEW
        said = refusal(fact.code, fact.text, action, is_morning=_is_morning(fact.venue_time))
        if change is not None:  # it has a number already: it came too late at the book
            self._teller.rejected(change, fact.venue_time, self._words(said, action))
        elif pending is not None:
            self._refuse(pending, said, fact.venue_time)

    # ---- sending ------------------------------------------------------------------------------------------------

    def _send(self, order: OrderInput) -> int:
        faults = self._plan.orders
        fails = self._events.happens(faults.send_fails_ppm)
        if fails:
            self._failed += 1
            if self._failed % 2:
                return SEND_FAILED
        elif self._events.happens(faults.swallowed_ppm):
            return 0
        is_mute = fails or self._events.happens(faults.answer_lost_ppm)
        market = self._house.instruments[order.code].market
        pending = Pending(order, order.trcode(market), self._emitter.now, is_mute)
        said = self._judge(order)
        if said is not None:
            self._refuse(pending, said, self._house.now())
        elif not self._place(order, pending):
            return LINE_CLOSED
        return SEND_FAILED if fails else 0

    def _judge(self, order: OrderInput) -> tuple[str, str] | None:
        """Reject what Kiwoom's servers reject before the venue sees it: code and words, None when it may pass."""
        if self._is_mock and order.price_type not in MOCK_TYPES:
            return NOT_ON_MOCK
        if order.action is DayOrderAction.NEW:
            return NO_PRICE_WANTED if order.price and not order.kind.has_limit_price else None
        line = self.lines.get(order.original)
        if line is None or line.symbol != order.code or line.side is not order.side:
            return NO_SUCH_ORDER
        is_all = order.action is DayOrderAction.CANCEL and order.quantity == 0
        return TOO_MUCH_TO_CHANGE if is_all and not self._plan.unknowns.cancel_qty_zero_is_all else None

    def _place(self, order: OrderInput, pending: Pending) -> bool:
        name, request = self._requests.of(order, self.lines.get(order.original) if order.original else None)
        self._pending[name] = pending
        try:
            self._house.place(request, lambda receipt: self._on_receipt(name, receipt))
        except BrokerUnavailable:
            del self._pending[name]
            return False
        return True

    def _on_receipt(self, name: str, receipt: Receipt) -> None:
        """Hear whether it reached the venue. What did is told by facts; what is in doubt is answered by nothing."""
        pending = self._pending.get(name)
        if pending is None or receipt.outcome is RequestOutcome.SENT:
            return
        if receipt.outcome is RequestOutcome.IN_DOUBT:
            pending.is_mute = True
            return
        del self._pending[name]
        now = self._house.now()
        said = refusal(receipt.code, receipt.text, pending.order.action, is_morning=_is_morning(now))
        self._refuse(pending, said, now)

    # ---- answers ------------------------------------------------------------------------------------------------

    def _refuse(self, pending: Pending, said: tuple[str, str], when: int) -> None:
        """Tell of a rejection: a blank number and why, or a number, 접수 and 거부."""
        order, unknowns = pending.order, self._plan.unknowns
        is_cancel = order.action is DayOrderAction.CANCEL
        by_event = unknowns.cancel_loses_by_event if is_cancel else unknowns.reject_by_event
        original = self.lines.get(order.original) if order.original else None
        if not by_event or (order.original and original is None):
            self._answer(pending, "", said)
            return
        self._made_up = (self._made_up + 1) % 1_000_000
        line = Line(
            number=str(MADE_UP + self._made_up),
            original=order.original,
            client_order_id=OURS,
            symbol=order.code,
            side=order.side,
            action=order.action,
            kind=original.kind if original else order.kind,
            time_in_force=original.time_in_force if original else order.time_in_force,
            quantity=order.quantity or (original.leaves if original else 0),
            price=order.price,
            leaves=order.quantity,
            account=order.account,
            screen=order.screen,
        )
        self._teller.received(line, when, self._answer(pending, line.number, DONE))
        self._teller.rejected(line, when, self._words(said, order.action))

    def _answer(self, pending: Pending, number: str, said: tuple[str, str]) -> int:
        """Send the TR answer and the message; give when the events of the order may come (monotonic ns)."""
        if pending.is_mute:
            return 0
        order = pending.order
        tr = (order.screen, order.rqname, pending.trcode)
        overtaken = bool(number) and self._events.happens(self._plan.orders.chejan_first_ppm)
        words = self._words(said, order.action)
        return self._events.answer(pending.sent_at, tr, number, words, behind_chejan=overtaken)

    @property
    def _is_mock(self) -> bool:
        return self._plan.server.kind == "mock"

    def _words(self, said: tuple[str, str], action: DayOrderAction) -> str:
        return message(said, action, self._is_mock)

    def _reference(self, code: str) -> int:
        row, instrument = self._latest(code), self._house.instruments[code]
        return (row.price if row else 0) or instrument.base_price or 0


def _is_morning(when: int) -> bool:
    session = regular_session(kst_date(when)) if when > 0 else None  # 0: no clock yet
    return session is not None and when < session.open


def _identity(fact: OrderFact) -> str:
    """Give the id under which what a fact answers was sent; empty for facts that answer nothing."""
    if isinstance(fact, OrderAccepted | OrderRejected):
        return fact.client_order_id
    if isinstance(fact, ChangeReceived | ChangeRefused):
        return fact.request_id
    return ""


def _new_number(fact: OrderFact) -> str:
    """Give the order number a fact tells for the first time, empty when none."""
    if isinstance(fact, OrderAccepted):
        return fact.venue_order_id
    return fact.change_venue_order_id if isinstance(fact, ChangeReceived) else ""
