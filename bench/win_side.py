"""Our side of the Windows broker's quotes: the control's slots, the bridge, real time, BrokerService, a client.

As the host has it, without log-in and orders: Qt with the emulated control in the main thread, the event loop with the
server in another.
"""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bench.quotes import SYMBOLS, Job
from bench.win_feed import FeedEngine, number_of
from broker.client import BrokerClient
from broker.not_offered import NotOffered
from broker.server import BrokerServerThread
from broker_win.bridge import ThreadBridge
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import Event, RealData
from broker_win.realtime.stream import RealTime
from broker_win.screens import Screens
from domain.quotes import QuoteBatch
from domain.types import UnixNanos


@dataclass(frozen=True, slots=True)
class Sent:
    """Of the control's process, by event: monotonic ns."""

    due_at: list[int]
    sent: list[int]  # its slot was called


@dataclass(frozen=True, slots=True)
class Taken:
    """Of the client's process."""

    arrived: list[int]  # by event, monotonic ns; 0: it was conflated
    conflated: int


class Backend(NotOffered):
    """A broker that has quotes and nothing else."""

    def __init__(self, bridge: ThreadBridge) -> None:
        """Hear the bridge, on the running loop."""
        clock = Clock(
            venue=lambda: UnixNanos(time.time_ns()),
            system=lambda: UnixNanos(time.time_ns()),
            monotonic=time.monotonic_ns,
            sleep=asyncio.sleep,
        )
        self.real = RealTime(bridge, clock, WinConfig(), Screens(), is_known=frozenset(SYMBOLS).__contains__)
        bridge.on_events(self._hear)

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        """Stream batches."""
        return self.real.stream(symbols, max_rows, max_delay_s, depth)

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, RealData):
                self.real.hear(event)


def source(pipe: Connection, job: Job) -> None:
    """Run the control's process."""
    from broker_win.emulator.inject import install

    engine = FeedEngine(job)
    install(lambda: engine)
    from broker_win.ocx import ControlLoop

    bridges: list[ThreadBridge] = []
    loop = ControlLoop(lambda event: bridges[0].deliver(event))
    bridges.append(ThreadBridge(loop.post, loop.control, time.monotonic_ns))
    talk = threading.Thread(target=_talk, args=(pipe, engine, loop, bridges[0]))
    talk.start()
    loop.run()
    talk.join()


def _talk(pipe: Connection, engine: FeedEngine, loop: Any, bridge: ThreadBridge) -> None:
    @asynccontextmanager
    async def open_backend() -> AsyncIterator[Any]:
        backend = Backend(bridge)
        try:
            yield backend
        finally:
            await backend.real.close()

    try:
        server = BrokerServerThread(open_backend).start(timeout_s=60)
        gc.freeze()  # events made beforehand are not the broker's garbage
        pipe.send(server.address)
        pipe.recv()  # go
        loop.post(engine.go)
        pipe.recv()  # stop
        pipe.send(Sent(engine.due_at, engine.sent))
        server.stop()
    finally:
        loop.quit()


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Take every batch as the trader's link does."""
    arrived, conflated, taken = [0] * job.quotes, 0, 0
    client = BrokerClient(address)
    stream = client.quotes(SYMBOLS)
    pipe.send("ready")
    gc.freeze()
    for _, batch in stream:
        now = time.monotonic_ns()
        for row in batch.rows:
            arrived[number_of(row)] = now
        taken += len(batch.rows)
        conflated += batch.conflated
        if taken + conflated >= job.quotes:
            break
    pipe.send(Taken(arrived, conflated))
    client.close()
