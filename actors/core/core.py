"""The core's thread: drain the door, commit, release. Nothing leaves before what it follows from is on disk."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from actors.core.door import Door, Input
from actors.core.kernel import Kernel, Numbered
from domain.errors import LogFull
from domain.messages import Message
from domain.messages.orders import ModifyOrder, SubmitOrder
from domain.messages.run import LogSpaceLow
from domain.types import UnixNanos
from persistence.codec import MessageCodec
from persistence.record import Record

MAX_DRAIN = 64  # inputs in one commit
IDLE_WAIT_S = 0.5

logger = structlog.get_logger("core")


class Log(Protocol):
    """What the core needs of an event log."""

    def commit(self, records: Sequence[Record], *, durable: bool) -> None:
        """Append in one transaction. Raises LogFull with nothing written."""

    def release_reserve(self) -> bool:
        """Free the reserve once; False when it is gone already."""


class Core:
    """Runs a kernel on one thread."""

    def __init__(
        self,
        kernel: Kernel,
        log: Log,
        codec: MessageCodec,
        run_id: str,
        now: Callable[[], UnixNanos],
        release: Callable[[Numbered], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """Wire the parts; `release` hands an effect to its edge, `on_failure` is told when the core cannot go on."""
        self.kernel = kernel
        self.door = Door()
        self._log = log
        self._codec = codec
        self._run_id = run_id
        self._now = now
        self._release = release
        self._on_failure = on_failure
        self.doing: object = None  # message or question at work, None when all is done; for whoever watches the core
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)
        for role in kernel.roles:
            role.actor_inbox.wake = self.door.wake

    def post(
        self, message: Message, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        """Let an input in, from any thread."""
        self.door.put(Input(message, source, on_committed), urgent=urgent)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish what waits, then end the thread."""
        self._stopping.set()
        self.door.wake()
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                self.door.wait(IDLE_WAIT_S)
                while self.drain():
                    self._answer()
                self._answer()
                self.doing = None
                if self._stopping.is_set() and self.door.depth() == 0:
                    return
        except BaseException as error:  # noqa: BLE001  # the outermost loop: the process must end, loudly
            try:
                logger.exception("the core failed; the process ends, a restart folds the log")
            finally:
                self._on_failure(error)
        finally:
            for role in self.kernel.roles:
                role.end()

    def drain(self) -> bool:
        """Handle what waits, commit it, release its effects. False when nothing waited. Core's thread only."""
        numbered: list[Numbered] = []
        done: list[Callable[[], None]] = []
        for _ in range(MAX_DRAIN):
            entry = self.door.take()
            if entry is None:
                break
            self.doing = entry.message
            numbered += self.kernel.handle(entry.message, self._now(), entry.source)
            if entry.on_committed is not None:
                done.append(entry.on_committed)
            if any(item.message.SENDS_ORDER for item in numbered):
                break  # an order waits: commit now, the rest can follow
        if not numbered:
            return False
        self._commit(numbered)
        for item in numbered:
            if item.message.IS_EFFECT and not self._is_orphan(item):
                self._release(item)
        for call in done:
            call()
        return True

    def _is_orphan(self, item: Numbered) -> bool:
        """Tell whether nobody would follow this order: its own role failed to fold it. It stays unsent."""
        return isinstance(item.message, SubmitOrder | ModifyOrder) and item.role in self.kernel.benched

    def _commit(self, numbered: list[Numbered]) -> None:
        records = [to_record(item, self._run_id, self._codec) for item in numbered]
        durable = any(item.message.SENDS_ORDER for item in numbered)
        try:
            self._log.commit(records, durable=durable)
        except LogFull as error:
            if not self._log.release_reserve():
                raise
            logger.error("no space for the event log; the reserve is freed and trading stops", error=str(error))
            self._log.commit(records, durable=durable)
            self.post(LogSpaceLow(str(error)), source="core", urgent=True)

    def _answer(self) -> None:
        for role in self.kernel.roles:
            if not role.actor_inbox.empty():
                self.doing = f"questions to {role.NAME}"
                role.answer_waiting()


def to_record(item: Numbered, run_id: str, codec: MessageCodec) -> Record:
    """Make the log's row of one numbered message. Raises ValueError for NaN."""
    return codec.record(
        item.message,
        seq=item.stamp.seq,
        run_id=run_id,
        recorded_at=item.stamp.system_time,
        causation_seq=item.causation_seq,
        role=item.role,
    )
