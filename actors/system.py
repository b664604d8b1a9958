"""The trader as a running whole: start order, supervision, release of effects, stop."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pykka
import structlog

from actors.core.core import Core, Log
from actors.core.kernel import Kernel, Numbered
from actors.core.stall import StallWatch
from actors.edges.clock import ClockEdge, SystemClock
from actors.edges.gate import WireGate
from actors.roles.trading_day import TradingDay
from domain.config import RunConfig
from domain.errors import InvariantError
from domain.messages import Message
from domain.messages.operator import PauseRequested
from domain.messages.run import RunEnded, RunStarted
from domain.messages.trading import GateChanged, NoticeRaised, StopReady
from domain.types import Severity, UnixNanos
from persistence.codec import MessageCodec
from persistence.reader import LogReader

PING_S = 5.0
ASK_S = 5.0
EDGE_STOP_S = 15.0  # a link waits for its streams
WATCH_S = 0.25  # between two looks at the edges and the core
STALL_S = 10.0  # a commit may wait 5 s for the log; a core longer at one message hangs

logger = structlog.get_logger("system")


@dataclass(frozen=True, slots=True)
class Effects:
    """Which edge carries out which effect."""

    routes: Mapping[type[Message], pykka.ActorRef[Any]]
    link_of: Mapping[str, pykka.ActorRef[Any]]  # effects with a `link` field go by it
    listeners: tuple[Callable[[Message], None], ...] = ()  # told of every effect, on the core's thread


class TraderSystem:
    """Owns the core and the edges of one run.

    Edges turn failures of the outside world into inputs. An edge that dies all the same has met a bug of ours, and
    nothing can be guessed about what it left half done: the gate shuts, an alert goes to the log, and the run ends
    without RunEnded. The process exits; whoever starts it again gets the state from the log and resolves open orders.
    """

    def __init__(
        self,
        log: Log,
        kernel: Kernel,
        codec: MessageCodec,
        run_id: str,
        gate: WireGate,
        clock: SystemClock | None = None,
    ) -> None:
        """Take a kernel that has folded the log, and a clock that starts no earlier than the log ends."""
        self.kernel = kernel
        self.clock = clock or SystemClock()
        self.run_id = run_id
        self.gate = gate
        self.stopped = threading.Event()  # StopReady was released, or the core failed
        self.failure: BaseException | None = None
        self.effects = Effects({}, {})
        self._edges: list[pykka.ActorRef[Any]] = []
        self._stopping = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="watch edges", daemon=True)
        self.core = Core(kernel, log, codec, run_id, self.clock.now, self._release, self._core_failed)
        day = kernel.role("trading_day")
        if isinstance(day, TradingDay) and day.NAME not in kernel.benched:
            gate.level = day.gate  # the level of the log holds before anything is connected

    def start(self, config: RunConfig, version: str, edges: list[pykka.ActorRef[Any]], effects: Effects) -> None:
        """Start: edges are up and answered a ping, then the core, then the first message, then the clock."""
        self.effects = effects
        self._edges = edges
        for edge in edges:
            edge.ask("ping", timeout=PING_S)
        self.core.post(RunStarted(self.run_id, version, config), source="system", urgent=True)
        self.core.start()
        self._edges.append(ClockEdge.start(self.core.post, clock=self.clock))
        self._watching.start()

    def ask(self, role: str, query: Any, timeout_s: float = ASK_S) -> Any:
        """Ask a role a question from any thread. Raises pykka.Timeout when the core is too busy."""
        return self.kernel.role(role).actor_ref.ask(query, timeout=timeout_s)

    def stop(self, reason: str) -> None:
        """Write the run's end, finish what waits, stop edges in reverse. The orderly part is StopRequested's."""
        self._stopping.set()
        if self._watching.ident is not None:
            self._watching.join()
        if self.core.alive and self.failure is None:
            done = threading.Event()
            self.core.post(RunEnded(self.run_id, reason), source="system", on_committed=done.set)
            done.wait(ASK_S)
        self.core.stop()
        for edge in reversed(self._edges):
            try:
                edge.stop(block=True, timeout=EDGE_STOP_S)
            except pykka.Timeout:
                logger.error("an edge did not stop; this is a bug", edge=str(edge))
        for role in self.kernel.roles:
            pykka.ActorRegistry.unregister(role.actor_ref)

    def _release(self, item: Numbered) -> None:
        message = item.message
        if isinstance(message, GateChanged) and self.failure is None:  # a failed run opens nothing again
            self.gate.level = message.level  # in force for this process before anything after it is released
        for listener in self.effects.listeners:
            listener(message)
        link = getattr(message, "link", None)
        target = self.effects.link_of.get(link) if link is not None else self.effects.routes.get(type(message))
        if target is not None and target.is_alive():
            target.tell(message)
        if isinstance(message, StopReady):
            self.stopped.set()

    def _watch(self) -> None:
        """End the run when an edge has died; shut the wire while the core hangs. Runs on a thread of its own."""
        stall = StallWatch(STALL_S)
        while not self._stopping.wait(WATCH_S):
            dead = [edge for edge in self._edges if not edge.is_alive()]
            if dead:
                text = f"{', '.join(edge.actor_class.__name__ for edge in dead)} died; the run ends, start it again"
                self._failed(InvariantError(text))
                self.core.post(NoticeRaised(Severity.ALERT, "edge", text), source="system", urgent=True)
                logger.error("an edge died; its error stands above", edges=text)
                return
            stuck_at = stall.look(self.core.doing, time.monotonic())
            if stuck_at and self.failure is None:
                self._stalled(stuck_at)

    def _stalled(self, stuck_at: str) -> None:
        """Shut the wire, tell a person, and let the day be paused as soon as the core moves again."""
        self.gate.stalled = True
        text = f"the core does not move: {STALL_S:g} s and more at {stuck_at}"
        logger.error("the core hangs; only cancels pass, and nothing new is decided", at=stuck_at)
        self._alert(f"{text}. Nothing is decided, no order goes out. If it stays so: kill the trader, start it again.")

        def moves_again() -> None:
            self.gate.stalled = False
            logger.warning("the core moves again; the day is paused", was_at=stuck_at)

        pause = PauseRequested(f"stall-{self.run_id}-{time.monotonic_ns()}", "watchdog", text)
        self.core.post(pause, source="system", urgent=True, on_committed=moves_again)

    def _alert(self, text: str) -> None:
        """Tell a person past the core, which cannot."""
        alerts = self.effects.routes.get(NoticeRaised)
        if alerts is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                alerts.tell(NoticeRaised(Severity.ALERT, "core", text))

    def _core_failed(self, error: BaseException) -> None:
        self._failed(error)
        self._alert(f"The core failed ({type(error).__name__}: {error}). The process ends; start the trader again.")

    def _failed(self, error: BaseException) -> None:
        self.failure = error
        self.gate.level = type(self.gate.level).CANCELS_ONLY
        self.stopped.set()


def newest_time(reader: LogReader | None) -> UnixNanos:
    """Give when the last event of a log was recorded, 0 of an empty one: no clock of a new run may start before it."""
    rows = reader.rows("SELECT recorded_at FROM events ORDER BY seq DESC LIMIT 1") if reader is not None else []
    return UnixNanos(rows[0][0] if rows else 0)
