"""A truthful little venue behind a fake control: what it did is known, what the desk hears of it is up to the test."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from broker_win.bridge import ControlHung
from broker_win.clock import Clock
from broker_win.control import Answer, Chejan, Control, Event, Told, TrAnswer, Value
from broker_win.orders.notices import Action
from broker_win.rows import OrderLists, OrderRow
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, Krw, Side, UnixNanos
from tests.broker_win.order_kit import CODE, OPEN, a_row, chejan

T = TypeVar("T")
ACTIONS = {
    1: (Action.NEW, Side.BUY),
    2: (Action.NEW, Side.SELL),
    3: (Action.CANCEL, Side.BUY),
    4: (Action.CANCEL, Side.SELL),
    5: (Action.MODIFY, Side.BUY),
    6: (Action.MODIFY, Side.SELL),
}


class HandClock:
    """Clocks that stand until they are moved."""

    def __init__(self) -> None:
        """Begin at 10:00."""
        self.at = 0
        self.clock = Clock(self.venue, lambda: UnixNanos(self.at), lambda: self.at, self._sleep)

    def venue(self) -> UnixNanos:
        """Give the venue's time."""
        return UnixNanos(OPEN + self.at)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += int(seconds * NANOS_PER_SECOND)

    async def _sleep(self, _seconds: float) -> None:
        await asyncio.get_running_loop().create_future()  # nobody is woken by time here


@dataclass(slots=True)
class Line:
    """One order number as it truly is."""

    number: str
    rqname: str  # empty: placed elsewhere
    screen: str
    action: Action
    side: Side
    quantity: int
    price: int
    hoga: str
    original: str
    at: int
    leaves: int
    status: str = "접수"
    filled: int = 0
    notional: int = 0
    confirmed: int = 0
    cancelled: int = 0
    moved: int = 0
    expired: int = 0


@dataclass(slots=True)
class Venue:
    """Orders of one account, and the events nobody has heard yet."""

    time: Callable[[], int]
    lines: dict[str, Line] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    trades: int = 0
    last: int = 100

    # ---- orders come in ----------------------------------------------------------------------------------------

    def send(self, arguments: Sequence[Value]) -> None:
        """Take the arguments of a SendOrder, and answer."""
        rqname, screen, _, kind, _, quantity, price, hoga, original = arguments
        action, side = ACTIONS[int(kind)]
        line = self._place(str(rqname), str(screen), action, side, int(quantity), int(price), str(hoga), str(original))
        number = "       " if line is None else line.number
        words = "[00Z924] nothing to change" if line is None else "[00Z112] taken"
        answer = TrAnswer(str(screen), str(rqname), "KOA_NORMAL_BUY_KP_ORD", False, {"주문번호": number}, ())
        self.events += [answer, Told(str(screen), str(rqname), "KOA_NORMAL_BUY_KP_ORD", words)]

    def place_elsewhere(self, action: Action, side: Side, quantity: int, price: int, original: str = "") -> None:
        """Let somebody else use the account."""
        self._place("", "0000", action, side, quantity, price, "00", original)

    def _place(
        self,
        rqname: str,
        screen: str,
        action: Action,
        side: Side,
        quantity: int,
        price: int,
        hoga: str,
        original: str,
    ) -> Line | None:
        if original and not 0 < quantity <= self.lines[original].leaves:
            return None
        if original:
            hoga = self.lines[original].hoga
        self.last += 1
        number = f"{self.last:07d}"
        line = Line(number, rqname, screen, action, side, quantity, price, hoga, original, self.time(), quantity)
        self.lines[number] = line
        self._tell(line, "접수")
        return line

    # ---- what happens to them ----------------------------------------------------------------------------------

    def live(self) -> list[Line]:
        """Give the numbers with shares in the book."""
        return [
            line
            for line in self.lines.values()
            if line.leaves and (line.action is Action.NEW or (line.action is Action.MODIFY and line.confirmed))
        ]

    def pending(self) -> list[Line]:
        """Give the changes that have not met the book."""
        return [line for line in self.lines.values() if line.original and not line.confirmed and line.status == "접수"]

    def trade(self, line: Line, shares: int, price: int) -> None:
        """Fill shares of a number."""
        self.trades += 1
        line.leaves -= shares
        line.filled += shares
        line.notional += shares * price
        line.status = "체결"
        self._tell(line, "체결", fill=(shares, price), trade=str(self.trades))

    def meet(self, change: Line, by_event: bool) -> None:
        """Let a change arrive at the book."""
        old = self.lines[change.original]
        shares = min(change.quantity, old.leaves)
        if not shares:
            change.leaves, change.status = 0, "거부"
            if by_event:
                self._tell(change, "거부", reason="too late")
            return
        old.leaves -= shares
        change.status, change.confirmed = "확인", shares
        if change.action is Action.CANCEL:
            old.cancelled += shares
            change.leaves = 0
            self._tell(change, "확인", leaves=change.quantity - shares)
        else:
            old.moved += shares
            change.leaves = shares
            self._tell(change, "확인")
        self._tell(old, "체결" if old.filled else "접수")

    def drop_rest(self, line: Line) -> None:
        """Cancel the remainder of an IOC order."""
        line.cancelled += line.leaves
        line.leaves = 0
        self._tell(line, "취소")

    def close(self) -> None:
        """End the day without a word."""
        for line in self.live():
            line.expired, line.leaves = line.leaves, 0

    # ---- what can be read --------------------------------------------------------------------------------------

    def lists(self) -> OrderLists:
        """Give the lists as they are now."""
        return OrderLists(tuple(self._row(line) for line in self.lines.values()), UnixNanos(self.time()))

    def _row(self, line: Line) -> OrderRow:
        in_book = line.action is Action.NEW or bool(line.confirmed)
        return a_row(
            line.number,
            original=line.original,
            side=line.side,
            action=line.action,
            status=line.status,
            quantity=line.quantity,
            price=line.price,
            leaves=line.leaves if in_book else 0,
            confirmed=line.confirmed,
            filled=line.filled,
            notional=line.notional,
            at=line.at - line.at % NANOS_PER_SECOND,
        )

    def _tell(
        self,
        line: Line,
        status: str,
        *,
        leaves: int | None = None,
        fill: tuple[int, int] | None = None,
        trade: str = "",
        reason: str = "",
    ) -> None:
        values = chejan(
            line.number,
            status,
            quantity=line.quantity,
            leaves=line.leaves if leaves is None else leaves,
            price=0 if line.action is Action.CANCEL else line.price,
            notional=line.notional,
            original=line.original,
            side=line.side,
            action=line.action,
            fill=fill,
            trade=trade,
            screen=line.screen,
            reason=reason,
            time=kst_text(self.time()).replace(":", ""),
        )
        self.events.append(Chejan("0", values))


class FakeControl:
    """The control's thread: SendOrder reaches the venue, or does not."""

    def __init__(self, venue: Venue) -> None:
        """Stand before a venue; everything is well."""
        self.venue = venue
        self.calls: list[tuple[Value, ...]] = []  # of SendOrder
        self.code: Answer = 0
        self.reaches = True
        self.gubun: Answer = "0"
        self.state: Answer = 1
        self.warning: Answer = "0"

    def call(self, method: str, *arguments: Value) -> Answer:
        """Answer as the control does."""
        if method == "SendOrder":
            self.calls.append(arguments)
            if self.reaches:
                self.venue.send(arguments)
            return self.code
        return {"GetConnectState": self.state, "GetLoginInfo": self.gubun, "KOA_Functions": self.warning}[method]

    def request(self, request: object) -> Answer:
        """Queries do not come this way."""
        raise AssertionError(request)

    def forget(self, rqname: str) -> None:
        """Nothing is asked."""


class FakeBridge:
    """Runs a job at once, or not, or without telling the end."""

    beat_age_s = 0.0

    def __init__(self, control: FakeControl) -> None:
        """Run everything."""
        self.control = control
        self.hangs = ""  # "before" and "after" the job
        self.sticks = False  # after the job, for ever
        self.stuck = False

    async def run(self, job: Callable[[Control], T], timeout_s: float = 5.0) -> T:
        """Run a job."""
        if self.hangs == "before":
            raise ControlHung(f"not taken in {timeout_s} s.", started=False)
        result = job(self.control)
        if self.hangs == "after":
            raise ControlHung(f"not ended in {timeout_s} s.", started=True)
        if self.sticks:
            self.stuck = True
            await asyncio.get_running_loop().create_future()
        return result

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        """Nobody listens here."""


__all__ = ["CODE", "FakeBridge", "FakeControl", "HandClock", "Krw", "Line", "Venue"]
