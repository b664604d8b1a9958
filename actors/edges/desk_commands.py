"""Commands of people on their way through the core: posted once, answered once they are durable and in force."""

import threading
import uuid
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field, replace
from typing import Any

from actors.edges.post import Post
from broker.security.redaction import redacted
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages import Message
from domain.messages.operator import CommandAnswered, ManualOrderRequested, ReconcileRequested

COMMAND_S = 10.0
FREE_TEXTS = ("caller", "note", "reason")
LATER = (ReconcileRequested,)  # answered by what a broker says later: no answer at once is no failure
BY_CALLER = "caller/"  # before ids that callers chose, so that they never meet ours

Past = Callable[[str], tuple[ManualOrderRequested, CommandAnswered | None] | None]


@dataclass(frozen=True, slots=True)
class Handled:
    """A command and all that followed from it is committed and released; an answer would be here by now."""

    command_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One command, and everybody who waits for its answer."""

    content: tuple[object, ...]
    answer: "futures.Future[CommandAnswered]" = field(default_factory=futures.Future)


class Commands:
    """Used by the server's worker threads; answers come on the desk actor's thread."""

    def __init__(self, post: Post, tell_handled: Callable[[Handled], None], past: Past) -> None:
        """Take the door, how the core says that it is done, and how to find a command of an earlier run."""
        self._post = post
        self._tell_handled = tell_handled
        self._past = past
        self._waiting: dict[str, Asked] = {}
        self._kept: dict[str, Asked] = {}  # by an id the caller chose; for as long as the process lives
        self._lock = threading.Lock()
        self._ended = False

    def ask(self, make: Callable[[str], Message], wait_s: float = COMMAND_S) -> CommandAnswered:
        """Post a command and wait until its answer is durable.

        Raises RequestRefused, BrokerUnavailable at the stop, TimeoutError when the core is too slow.
        """
        command_id = uuid.uuid4().hex
        asked = Asked(())
        self._begin(command_id, asked)
        self._send(make(command_id), command_id)
        return self._await(asked, wait_s)

    def ask_once(
        self, chosen: str, content: tuple[object, ...], make: Callable[[str], ManualOrderRequested]
    ) -> CommandAnswered:
        """Post a command under an id the caller chose, or give the first answer to that id, also of an earlier run.

        Raises as `ask`; RequestRefused ID_REUSED when the id was used for something else.
        """
        command_id = BY_CALLER + chosen
        with self._lock:
            asked = self._kept.get(command_id)
            is_new = asked is None
            if asked is None:
                asked = self._kept[command_id] = Asked(content)
        if is_new:
            try:
                self._first(command_id, asked, make)
            except BaseException:
                with self._lock:
                    self._kept.pop(command_id, None)  # it did not go out: it may be tried again
                raise
        if asked.content != content:
            text = f"command_id {chosen!r} was used for another order"
            raise RequestRefused("ID_REUSED", text, field="command_id", value=chosen)
        return self._await(asked, COMMAND_S)

    def _first(self, command_id: str, asked: Asked, make: Callable[[str], ManualOrderRequested]) -> None:
        found = self._past(command_id)
        if found is None:
            self._begin(command_id, asked)
            self._send(make(command_id), command_id)
            return
        before, answer = found
        if content_of(before) != asked.content:
            text = f"command_id {command_id.removeprefix(BY_CALLER)!r} was used for another order in an earlier run"
            raise RequestRefused("ID_REUSED", text, field="command_id", value=command_id.removeprefix(BY_CALLER))
        asked.answer.set_result(answer or unanswered(command_id))

    def _begin(self, command_id: str, asked: Asked) -> None:
        with self._lock:
            if self._ended:
                raise BrokerUnavailable("the trader is stopping")
            self._waiting[command_id] = asked

    def _send(self, message: Message, command_id: str) -> None:
        done = Handled(command_id)
        tell = None if isinstance(message, LATER) else lambda: self._tell_handled(done)
        self._post(without_secrets(message), source="desk", urgent=True, on_committed=tell)

    def _await(self, asked: Asked, wait_s: float) -> CommandAnswered:
        answer = asked.answer.result(wait_s)
        if not answer.accepted:
            raise RequestRefused(answer.code, answer.text)
        return answer

    def answered(self, answer: CommandAnswered) -> None:
        """Hand an answer to whoever waits for it."""
        with self._lock:
            asked = self._waiting.pop(answer.command_id, None)
        if asked is not None:
            asked.answer.set_result(answer)

    def handled(self, command_id: str) -> None:
        """Tell whoever still waits that no role answered: the one that would have has failed."""
        self.answered(unanswered(command_id))

    def end(self) -> None:
        """Tell everybody who waits that no answer will come."""
        with self._lock:
            self._ended = True
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for asked in waiting:
            asked.answer.set_exception(BrokerUnavailable("the trader is stopping; the command may have run"))


def without_secrets(command: Message) -> Message:
    """Take account numbers and secrets out of what a person wrote: the log keeps it for ever."""
    texts = {name: redacted(getattr(command, name)) for name in FREE_TEXTS if hasattr(command, name)}
    changed: Any = command  # every message is a dataclass
    return replace(changed, **texts) if texts else command


def unanswered(command_id: str) -> CommandAnswered:
    """Make the answer to a command whose role has failed."""
    text = "the role that answers this has failed, so nothing was done; `hantrade log grep --type RoleFailed` tells"
    return CommandAnswered(command_id, False, "ROLE_FAILED", text, "")


def content_of(order: ManualOrderRequested) -> tuple[object, ...]:
    """Give what must agree when an id is repeated."""
    terms = (order.kind, order.limit_price, order.stop_price, order.time_in_force, order.venue)
    return (order.symbol, order.side, order.quantity, *terms, order.overrides)
