"""Requests wait their turn before a broker that counts them: looked at when they come, and again when they may go.

A waiting request is in no journal: the venue does not know it, and a process that dies forgets it, so that a resolve
voids it. Whatever voids it, shuts the gate before it or lets its time run out is seen at its turn at the latest: the
gateway behind makes every look again. `look_again` makes that sooner. Its receipt comes when it is durable, as ever.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from broker.gateway import content_hash, identity
from broker.pacer import ROOM, Pacer, Waiting, Weight
from broker.port import Guard, OrderRequest, Receipt
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages.orders import CancelOrder, ModifyOrder
from domain.types import NANOS_PER_SECOND, Purpose, RequestOutcome

_PAST: Final = 1_000_000  # ns behind a deadline when it is looked at

Look = Callable[[OrderRequest, Guard], Receipt | None]
Refuse = Callable[[str, str, RequestRefused], Receipt]
Send = Callable[[OrderRequest, Guard], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A request that waits or is being sent."""

    request: OrderRequest
    guard: Guard
    digest: str
    answer: "asyncio.Future[Receipt]"


class PacedOrders:
    """Lives on one event loop. Requests begin to be sent in the order of the queue.

    None waits for another's answer, unless they go one by one: then the next one begins when the last one's sending has
    ended, and is counted from there. That is for a wire that may be held up: what had its turn meanwhile would reach
    the venue in one burst, and what takes back would come behind it.
    """

    def __init__(
        self,
        per_second: int,
        look: Look,
        refuse: Refuse,
        send: Send,
        *,
        room: int = ROOM,
        one_by_one: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
        now: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Let `per_second` pass in any second of `clock` (ns, only goes forward) and `room` wait.

        `look` answers what needs no wire (see `Looks.look`), `refuse` makes a refusal durable (id, content hash,
        reason), `send` makes every look again and sends. `now` is the system time in ns that deadlines are given in.
        """
        self._pacer: Pacer[_Turn] = Pacer(per_second, room)
        self._look, self._refuse, self._send = look, refuse, send
        self._one_by_one = one_by_one
        self._clock, self._now, self._sleep = clock, now, sleep
        self._turns: dict[str, _Turn] = {}  # waiting or being sent
        self._woken = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def waiting(self) -> int:
        """Give how many requests wait for their turn."""
        return len(self._pacer)

    async def request(self, request: OrderRequest, guard: Guard) -> Receipt:
        """Give the durable receipt of a request, once it had its turn. Raises what `send` raises.

        An id that is under way gets the same receipt. Without room the last of the least weight is refused: QUEUE_FULL.
        """
        key, digest = identity(request), content_hash(request)
        turn = self._turns.get(key)
        if turn is not None and turn.digest != digest:
            text = "this id is under way with other content; its first outcome stands"
            return Receipt(key, RequestOutcome.REFUSED, "ID_REUSED", text)
        if turn is None:
            known = self._look(request, guard)
            if known is not None:
                return known
            if self._closed:
                raise BrokerUnavailable("the broker is closing: it was not sent")
            turn = self._queue(key, _Turn(request, guard, digest, asyncio.get_running_loop().create_future()))
        return await asyncio.shield(turn.answer)

    def look_again(self) -> None:
        """Look soon at everything that waits: the gate was moved, or an id was voided."""
        self._woken.set()

    async def close(self) -> None:
        """Send nothing more. What waits was not sent and is in no journal; what is being sent ends first."""
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        for waiting in self._pacer:
            self._pacer.drop(waiting.key)
            self._turns.pop(waiting.key)
            waiting.item.answer.set_exception(BrokerUnavailable("the broker closed: it was not sent"))
            waiting.item.answer.exception()  # nobody may be left to hear of it
        await asyncio.gather(*self._sending, return_exceptions=True)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _queue(self, key: str, turn: _Turn) -> _Turn:
        self._turns[key] = turn
        too_many = self._pacer.put(key, weight_of(turn.request), turn)
        if too_many is not None:
            text = f"{len(self._pacer)} requests wait for the broker's limit already; it was not sent"
            reason = RequestRefused("QUEUE_FULL", text)
            self._turns.pop(too_many.key)
            try:
                too_many.item.answer.set_result(self._refuse(too_many.key, too_many.item.digest, reason))
            except Exception as error:  # noqa: BLE001  # e.g. a full disk: told to whoever waits
                too_many.item.answer.set_exception(error)
        self._woken.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._run())
        return turn

    async def _run(self) -> None:
        while len(self._pacer):
            self._woken.clear()
            await self._drop_refused()
            waiting = None if self._is_held_up else self._pacer.take(self._clock())
            if waiting is not None:
                task = asyncio.get_running_loop().create_task(self._take_turn(waiting))
                self._sending.add(task)
                task.add_done_callback(self._ended)
                await asyncio.sleep(0)  # it begins before the next one does
            elif len(self._pacer):
                await self._rest()

    @property
    def _is_held_up(self) -> bool:
        return self._one_by_one and bool(self._sending)

    async def _drop_refused(self) -> None:
        """Answer what may not go any more. Each refusal costs a write, so others get their turn in between."""
        for waiting in self._pacer:
            turn = waiting.item
            try:
                answer = self._look(turn.request, turn.guard)
            except Exception as error:  # noqa: BLE001  # as above
                if self._leaves(waiting):
                    turn.answer.set_exception(error)
                continue
            if answer is not None and self._leaves(waiting):
                turn.answer.set_result(answer)
                await asyncio.sleep(0)

    def _leaves(self, waiting: Waiting[_Turn]) -> bool:
        return self._pacer.drop(waiting.key) and self._turns.pop(waiting.key, None) is not None

    async def _take_turn(self, waiting: Waiting[_Turn]) -> None:
        turn = waiting.item
        try:
            receipt = await self._send(turn.request, turn.guard)
        except BaseException as error:  # told to whoever waits; nothing is known of it here
            turn.answer.set_exception(error if isinstance(error, Exception) else BrokerUnavailable("it was cut off"))
            turn.answer.exception()
            if not isinstance(error, Exception):
                raise
        else:
            turn.answer.set_result(receipt)
        finally:
            self._turns.pop(waiting.key, None)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        if self._one_by_one:
            self._pacer.went_out(self._clock())
            self._woken.set()

    async def _rest(self) -> None:
        """Wait for the next turn or deadline, or until there is something to look at."""
        first_deadline = min(waiting.item.guard.valid_until for waiting in self._pacer)
        wait_ns = first_deadline + _PAST - self._now()
        if not self._is_held_up:
            wait_ns = min(wait_ns, (self._pacer.next_at(self._clock()) or 0) - self._clock())
        sleeping = asyncio.ensure_future(self._sleep(max(0, wait_ns) / NANOS_PER_SECOND))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            woken.cancel()


def weight_of(request: OrderRequest) -> Weight:
    """Tell how urgent a request is: what takes back first, then what changes, then exits, then entries."""
    if isinstance(request, CancelOrder):
        return Weight.CANCEL
    if isinstance(request, ModifyOrder):
        return Weight.MODIFY
    return Weight.EXIT if request.purpose is Purpose.EXIT else Weight.ENTRY
