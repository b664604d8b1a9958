"""The server's end of one order session: requests in, receipts and events out, one writer.

A receipt is sent once it is durable, after every event that was in the journal when its request was taken, and before
the events the request itself caused if the backend journals both in one step of the loop. Events are never dropped: a
full queue makes the pump and the reader wait. When the caller half-closes, everything up to then is sent and the
session ends with OK.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from broker.port import BrokerBackend
from broker.translate import broker as wire
from domain.errors import RequestRefused
from hantrade.v1 import broker_pb2 as pb

_QUEUE = 256  # answers waiting for the writer
_log = logging.getLogger(__name__)
_in_flight: set["asyncio.Task[None]"] = set()  # a request goes on when its caller hangs up


class OrderSession:
    """One open session."""

    def __init__(self, backend: BrokerBackend, write: Callable[[pb.OrderSessionResponse], Awaitable[None]]) -> None:
        """Keep the backend and the way to the caller."""
        self._backend = backend
        self._write = write
        self._queue: asyncio.Queue[pb.OrderSessionResponse | None] = asyncio.Queue()  # None: the end
        self._queued_seq = 0  # newest event in the queue
        self._moved = asyncio.Condition()  # an event was queued, an answer was written, or the session is over
        self._over = False
        self._failure: RequestRefused | None = None

    async def run(self, requests: AsyncIterator[pb.OrderSessionRequest]) -> None:
        """Serve until the caller leaves. Raises RequestRefused when the session cannot be opened or read on."""
        self._queued_seq = await self._open(await anext(requests, None))
        try:
            async with asyncio.TaskGroup() as tasks:
                working = [tasks.create_task(self._pump()), tasks.create_task(self._take(requests))]
                while (answer := await self._queue.get()) is not None:
                    await self._write(answer)
                    await self._tell()
                for task in working:
                    task.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # the tasks do one thing each: the first failure is the cause
        finally:
            self._over = True
            await self._tell()
        if self._failure is not None:
            raise self._failure

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
        await self._write(wire.write_opened(session, last))
        return opening.after_seq

    async def _pump(self) -> None:
        events: Any = self._backend.order_events(self._queued_seq)
        async with aclosing(events):
            async for fact in events:
                await self._room()
                self._queue.put_nowait(pb.OrderSessionResponse(event=wire.write_fact(fact)))
                self._queued_seq = fact.event_seq
                await self._tell()

    async def _take(self, requests: AsyncIterator[pb.OrderSessionRequest]) -> None:
        async for message in requests:
            request_id = wire.request_id_of(message)
            if not request_id:  # nothing an answer could name
                kind = message.WhichOneof("request") or "unset"
                self._failure = wire.bad_field("request", kind, "submit, modify, cancel or set_gate with an id")
                break
            # Shielded: a caller that hangs up must not tear a request off halfway to the wire.
            task = asyncio.ensure_future(self._handle(message, request_id))
            _in_flight.add(task)
            task.add_done_callback(_landed)
            await asyncio.shield(task)
            await self._room()
        await self._reach(self._backend.last_event_seq())
        self._queue.put_nowait(None)

    async def _handle(self, message: pb.OrderSessionRequest, request_id: str) -> None:
        known = self._backend.last_event_seq()
        receipt = await self._answer(message, request_id)
        if self._queued_seq < known:
            await self._reach(known)
        self._queue.put_nowait(pb.OrderSessionResponse(receipt=receipt))

    async def _answer(self, message: pb.OrderSessionRequest, request_id: str) -> pb.RequestReceipt:
        try:
            if message.WhichOneof("request") == "set_gate":
                gate_id, level = wire.read_set_gate(message.set_gate)
                return wire.write_receipt(await self._backend.set_gate(gate_id, level))
            request, guard = wire.read_request(message)
        except RequestRefused as reason:
            return wire.malformed(request_id, reason)
        return wire.write_receipt(await self._backend.request(request, guard))

    async def _reach(self, seq: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._over or self._queued_seq >= seq)

    async def _room(self) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._over or self._queue.qsize() < _QUEUE)

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()


def _landed(task: "asyncio.Task[None]") -> None:
    _in_flight.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a request failed in the backend: %r", error)
