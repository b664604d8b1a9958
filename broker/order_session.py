"""The server's end of one order session: requests in, receipts and events out, one writer.

A receipt is sent once it is durable, after every event that was in the journal when its request was taken, and before
the events the request itself caused if the backend journals both in one step of the loop. Requests begin in the order
they come; one that takes long holds up neither those behind it nor a sign of life nor a gate. Events are never dropped:
a full queue makes the pump wait, too many requests without an answer make the reader wait. When the caller half-closes,
everything up to then is sent and the session ends with OK. A caller that promised a sign of life and stays silent ends
it with UNAVAILABLE; one that was fenced off by a newer session of its name may only cancel and close the gate.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

from broker.fences import Entry, Fences, opens
from broker.gateway import content_hash, identity
from broker.port import BrokerBackend, Receipt
from broker.refusals import fenced_off, gate_content
from broker.session_pulse import Promise
from broker.translate import broker as wire
from domain.errors import BrokerUnavailable, LogError, RequestRefused
from domain.messages.orders import CancelOrder
from domain.types import Gate
from hantrade.v1 import broker_pb2 as pb

MOST_QUEUED: Final = 256  # events waiting for the writer
MOST_UNDER_WAY: Final = 256  # requests without a receipt, and receipts waiting for the writer
_log = logging.getLogger(__name__)
_in_flight: set["asyncio.Task[None]"] = set()  # a request goes on when its caller hangs up


class OrderSession:
    """One open session."""

    def __init__(
        self,
        backend: BrokerBackend,
        write: Callable[[pb.OrderSessionResponse], Awaitable[None]],
        fences: Fences | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep the backend, the way to the caller, where sessions of one caller meet, and the clock for silence."""
        self._backend = backend
        self._write = write
        self._fences = fences or Fences()
        self._entry: Entry | None = None  # set when opened
        self._promise = Promise(now)
        self._promised = asyncio.Event()
        self._sleep = sleep
        self._listening = True  # False while too many requests are under way to take another, and after the last
        self._queue: asyncio.Queue[pb.OrderSessionResponse | None] = asyncio.Queue()  # None: the end
        self._queued_seq = 0  # newest event in the queue
        self._under_way = 0  # requests without a written receipt
        self._echoes = 0  # signs of life in the queue
        self._moved = asyncio.Condition()  # an event was queued, an answer was written, or the session is over
        self._over = False
        self._failure: RequestRefused | None = None
        self._crash: BaseException | None = None  # of a request, a bug or a full disk

    @property
    def queued(self) -> int:
        """Give how many answers wait for the writer."""
        return self._queue.qsize()

    async def run(self, requests: AsyncIterator[pb.OrderSessionRequest]) -> None:
        """Serve until the caller leaves.

        Raises RequestRefused when the session cannot be opened or read on, BrokerUnavailable when its caller is silent,
        LogError when a request cannot be journaled; none of those has a receipt.
        """
        self._queued_seq = await self._open(await anext(requests, None))
        try:
            async with asyncio.TaskGroup() as tasks:
                steps = (self._pump(), self._take(requests), self._watch())
                working = [tasks.create_task(step) for step in steps]
                while (answer := await self._queue.get()) is not None:
                    await self._write(answer)
                    self._written(answer)
                    await self._tell()
                for task in working:
                    task.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # the tasks do one thing each: the first failure is the cause
        finally:
            self._over = True
            await self._tell()
        for failure in (self._crash, self._failure):
            if failure is not None:
                raise failure

    async def _open(self, first: pb.OrderSessionRequest | None) -> int:
        if first is None or first.WhichOneof("request") != "open":
            kind = "nothing" if first is None else first.WhichOneof("request") or "unset"
            raise RequestRefused(
                "NOT_OPEN", "the first message must be open", field="request", value=kind, allowed="open"
            )
        opening, session, last = first.open, await self._backend.session(), self._backend.last_event_seq()
        if opening.after_seq < 0:
            raise wire.bad_field("open.after_seq", opening.after_seq, "0 or above")
        if opening.after_seq and not opening.journal_id:
            raise wire.bad_field("open.journal_id", "", "the journal that after_seq belongs to")
        if opening.journal_id and opening.journal_id != session.journal_id:
            raise RequestRefused(
                "WRONG_JOURNAL",
                f"after_seq belongs to journal {opening.journal_id}, this is {session.journal_id}",
                field="open.journal_id",
                value=opening.journal_id,
                allowed=session.journal_id,
            )
        if opening.after_seq > last:
            raise RequestRefused(
                "AHEAD_OF_JOURNAL",
                f"after_seq is {opening.after_seq}, the journal ends at {last}",
                field="open.after_seq",
                value=str(opening.after_seq),
                allowed=f"0 to {last}",
            )
        self._entry = self._fences.enter(opening.client_name)
        await self._write(wire.write_opened(session, last))
        return opening.after_seq

    async def _pump(self) -> None:
        events: Any = self._backend.order_events(self._queued_seq)
        async with aclosing(events):
            async for fact in events:
                await self._until(lambda: self._queue.qsize() < MOST_QUEUED)
                self._queue.put_nowait(pb.OrderSessionResponse(event=wire.write_fact(fact)))
                self._queued_seq = fact.event_seq
                await self._tell()

    async def _take(self, requests: AsyncIterator[pb.OrderSessionRequest]) -> None:
        async for message in requests:
            self._promise.heard()
            try:
                self._begin(message)
            except RequestRefused as reason:
                self._failure = reason
                break
            self._listening = False
            await self._until(lambda: self._under_way < MOST_UNDER_WAY)
            self._listening = True
            self._promise.heard()
        self._listening = False  # the caller has said all: its silence means nothing any more
        await self._until(lambda: not self._under_way)
        await self._reach(self._backend.last_event_seq())
        self._queue.put_nowait(None)

    def _begin(self, message: pb.OrderSessionRequest) -> None:
        """Take one message. Raises RequestRefused when there is nothing an answer could name."""
        if message.WhichOneof("request") == "heartbeat":
            self._promise.give(wire.read_heartbeat(message.heartbeat, self._promise.beats + 1))
            self._promised.set()
            if not self._echoes:  # to a reader that is behind, one echo says as much as many
                self._echoes += 1
                self._queue.put_nowait(pb.OrderSessionResponse(heartbeat=message.heartbeat))
            return
        request_id = wire.request_id_of(message)
        if not request_id:
            kind = message.WhichOneof("request") or "unset"
            raise wire.bad_field("request", kind, "submit, modify, cancel or set_gate with an id, or heartbeat")
        # A task of its own: a caller that hangs up must not tear a request off halfway to the wire.
        self._under_way += 1
        task = asyncio.ensure_future(self._handle(message, request_id))
        _in_flight.add(task)
        task.add_done_callback(self._landed)

    async def _watch(self) -> None:
        """End the session once its caller was silent for longer than it promised."""
        await self._promised.wait()
        while True:
            left = self._promise.left_s or 0.0
            if left <= 0.0 and self._listening:
                text = f"the caller promised a sign of life within {self._promise.within_s:g} s and gave none"
                raise BrokerUnavailable(f"{text}: nobody is there any more")
            await self._sleep(left if left > 0.0 else self._promise.within_s)

    async def _handle(self, message: pb.OrderSessionRequest, request_id: str) -> None:
        known = self._backend.last_event_seq()
        receipt = await self._answer(message, request_id)
        if self._queued_seq < known:
            await self._reach(known)
        self._queue.put_nowait(pb.OrderSessionResponse(receipt=receipt))

    async def _answer(self, message: pb.OrderSessionRequest, request_id: str) -> pb.RequestReceipt:
        try:
            if message.WhichOneof("request") == "set_gate":
                return wire.write_receipt(await self._set_gate(*wire.read_set_gate(message.set_gate)))
            request, guard = wire.read_request(message)
        except RequestRefused as reason:
            return wire.malformed(request_id, reason)
        if self._is_stale and not isinstance(request, CancelOrder):
            fenced = fenced_off("a cancel")
            return wire.write_receipt(await self._backend.refuse(identity(request), content_hash(request), fenced))
        return wire.write_receipt(await self._backend.request(request, guard))

    async def _set_gate(self, request_id: str, level: Gate) -> Receipt:
        async with self._fences.gate_lock:
            if self._is_stale and opens((await self._backend.session()).gate, level):
                return await self._backend.refuse(request_id, gate_content(level), fenced_off("a gate that closes"))
            return await self._backend.set_gate(request_id, level)

    @property
    def _is_stale(self) -> bool:
        return self._entry is not None and self._entry.is_stale

    def _landed(self, task: "asyncio.Task[None]") -> None:
        _in_flight.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            is_told = isinstance(error, LogError) and not self._over  # by whoever ends the call: once, in words
            if not is_told:
                _log.error("a request failed in the backend: %r", error)
            self._crash = self._crash or error  # whether it was sent is not known: no receipt may follow
            self._queue.put_nowait(None)

    def _written(self, answer: pb.OrderSessionResponse) -> None:
        kind = answer.WhichOneof("response")
        self._under_way -= kind == "receipt"
        self._echoes -= kind == "heartbeat"

    async def _reach(self, seq: int) -> None:
        await self._until(lambda: self._queued_seq >= seq)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._over or holds())

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()
