"""Which chejan events a fact of the venue becomes: the sequences of kiwoom.md 2.6."""

from collections.abc import Callable

from broker_win.emulator import chejan
from broker_win.emulator.chejan import Fill, Tape
from broker_win.emulator.house import House
from broker_win.emulator.order_events import OrderEvents
from broker_win.emulator.order_lines import ELSEWHERE, Line, Lines
from broker_win.emulator.plan import EmulatorPlan
from domain.messages.orders import OrderCancelled, OrderFilled, OrderReplaced
from domain.quotes import Quote
from domain.types import DayOrderAction

OURS = "kw-"  # begins the ids of what SendOrder placed, of this process and earlier ones


class OrderTeller:
    """Tells of order numbers and holdings, as far as the account's events reach this process."""

    def __init__(
        self,
        house: House,
        events: OrderEvents,
        plan: EmulatorPlan,
        lines: Lines,
        latest: Callable[[str], Quote | None],
    ) -> None:
        """Read holdings from the house, numbers from `lines`, prices from `latest`; send by `events`."""
        self._house = house
        self._events = events
        self._plan = plan
        self._lines = lines
        self._latest = latest
        self._owed: set[str] = set()  # codes whose balance is late

    def received(self, line: Line, when: int, not_before: int = 0) -> None:
        """접수. A change asks for its quantity, which stands under its number only once it is confirmed."""
        left = line.quantity if line.action is not DayOrderAction.NEW else None
        self._say(line, chejan.RECEIVED, when, left=left, not_before=not_before)

    def rejected(self, line: Line, when: int, reason: str) -> None:
        """거부."""
        self._say(line, chejan.REJECTED, when, left=0, reason=reason, is_last=True)

    def filled(self, fact: OrderFilled) -> None:
        """체결, and the balance behind it."""
        line = self._lines.get(fact.venue_order_id)
        if line is None:
            return
        cumulative = self._plan.unknowns.fill_qty_is_cumulative
        told = line.filled_qty if cumulative else fact.last_qty
        fill = Fill(fact.trade_id, fact.last_qty, fact.last_px, told)
        self._say(line, chejan.FILLED, fact.venue_time, fill=fill, is_last=not line.leaves)
        if not self._is_heard(line):
            return
        if self._events.happens(self._plan.orders.balance_late_ppm):
            self._owed.add(fact.symbol)
            self._events.late(lambda: self._pay(line))
        else:
            self._owed.discard(fact.symbol)
            self._tell_balance(line)

    def cancelled(self, fact: OrderCancelled) -> None:
        """확인 of the cancel and the order again; or what the venue ended by itself, an IOC or FOK remainder."""
        change = self._lines.change(fact.request_id) if fact.request_id else None
        if change is not None:
            self._say(change, chejan.CONFIRMED, fact.venue_time, left=change.quantity - fact.cancelled_qty)
            self._tell_again(fact.venue_order_id, fact.venue_time)
            return
        line = self._lines.get(fact.venue_order_id)
        if line is not None:
            self._say(line, self._plan.unknowns.remainder_status, fact.venue_time, is_last=True)

    def replaced(self, fact: OrderReplaced) -> None:
        """확인 of the modify, and the order again. What moved stands under the modify's number from now on."""
        new = self._lines.get(fact.new_venue_order_id)
        if new is not None:
            self._say(new, chejan.CONFIRMED, fact.venue_time, left=fact.moved_qty)
        self._tell_again(fact.venue_order_id, fact.venue_time)

    # ---- inside -------------------------------------------------------------------------------------------------

    def _tell_again(self, number: str, when: int) -> None:
        """Tell the order that was changed, with what is open of it. This is no fill, though it may say 체결."""
        line = self._lines.get(number)
        if line is not None:
            self._say(line, chejan.FILLED if line.is_filled else chejan.RECEIVED, when, is_last=True)

    def _say(
        self,
        line: Line,
        status: str,
        when: int,
        *,
        left: int | None = None,
        fill: Fill | None = None,
        reason: str = "",
        is_last: bool = False,
        not_before: int = 0,
    ) -> None:
        if not self._is_heard(line):
            return
        line.account = line.account or self._account
        tape, letter = self._tape(line.symbol), self._letter(line.symbol)
        event = chejan.order_event(
            line, status, when, tape, letter, left=left, fill=fill, reason=reason, is_last=is_last
        )
        self._events.chejan(event, not_before)

    def _pay(self, line: Line) -> None:
        if line.symbol in self._owed:
            self._owed.discard(line.symbol)
            self._tell_balance(line)

    def _tell_balance(self, line: Line) -> None:
        symbol, held = line.symbol, self._house.held(line.symbol)
        if not held.quantity and not self._plan.unknowns.balance_when_sold_out:
            return
        event = chejan.balance_event(
            line.account or self._account,
            symbol,
            line.side,
            held,
            self._lines.open_sells(symbol),
            self._lines.bought_today(symbol),
            self._tape(symbol),
            self._letter(symbol),
        )
        self._events.chejan(event)

    def _is_heard(self, line: Line) -> bool:
        """Tell whether events of a number reach this process: all of ours, others as the plan says."""
        is_ours = line.client_order_id.startswith(OURS) or line.screen != ELSEWHERE
        return is_ours or self._plan.unknowns.hts_orders_are_heard

    @property
    def _account(self) -> str:
        return self._plan.server.accounts[0] if self._plan.server.accounts else ""

    def _tape(self, code: str) -> Tape:
        return Tape(self._house.instruments.get(code), self._latest(code))

    def _letter(self, code: str) -> str:
        return chejan.letter_of(self._house.instruments.get(code), self._plan.unknowns.account_first_letter)
