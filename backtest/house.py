"""The trader without threads: the roles on the inline core, their log, and the release of effects."""

from collections.abc import Callable
from typing import Any

from actors.core.core import to_record
from actors.core.inline import InlineCore
from actors.core.kernel import Kernel
from actors.roster import make_roles
from backtest.timeline import Timeline
from domain.messages import Message
from domain.messages.orders import ModifyOrder, SubmitOrder
from persistence.codec import MessageCodec
from persistence.event_log import EventLog
from persistence.record import Record

COMMIT_EVENTS = 2_000  # events of one commit, at least; an input and what follows from it always share one


class House:
    """Handle inputs one at a time, keep the log, release effects.

    Commits gather many inputs and wait for no disk: nothing leaves the process, so nothing must be durable before it.
    """

    def __init__(self, log: EventLog, codec: MessageCodec, timeline: Timeline) -> None:
        """Take an empty log and the clock."""
        self.kernel = Kernel(make_roles(), log.log_id)
        self.run_id = ""
        self.release: Callable[[Message], None] = lambda _: None
        self._core = InlineCore(self.kernel, lambda: timeline.now)
        self._log = log
        self._codec = codec
        self._records: list[Record] = []

    def role(self, name: str) -> Any:
        """Give a role by name."""
        return self.kernel.role(name)

    def post(self, message: Message, source: str) -> None:
        """Handle one input with all that follows, then release the effects. Raises LogError."""
        self._core.post(message, source)
        numbered, self._core.history = self._core.history, []
        self._records += [to_record(item, self.run_id, self._codec) for item in numbered]
        if len(self._records) >= COMMIT_EVENTS:
            self.commit()
        for item in numbered:
            message = item.message
            if not message.IS_EFFECT:
                continue
            if isinstance(message, SubmitOrder | ModifyOrder) and item.role in self.kernel.benched:
                continue  # nobody would follow it: its own role failed to fold it (as in the core)
            self.release(message)

    def commit(self) -> None:
        """Write what is not written yet. Raises LogError."""
        records, self._records = self._records, []
        self._log.commit(records, durable=False)
