"""A Pykka actor type that runs on the core's thread instead of one of its own.

Pykka's extension points for actor types are `_create_actor_inbox`, `_create_future` and `_start_actor_loop`. Here the
inbox tells the core that a question waits, and the core answers it between two drains, so `ask` and `tell` from other
threads work as with any actor, while the core itself calls `evolve` and `decide` directly.
"""

import collections
from collections.abc import Callable
from typing import Any

import pykka


class CoreInbox:
    """Inbox of a core actor. `put` may be called from any thread; `get` only on the core's thread."""

    def __init__(self) -> None:
        """Start empty, with nobody to wake."""
        self._envelopes: collections.deque[Any] = collections.deque()
        self.wake: Callable[[], None] = lambda: None

    def put(self, envelope: Any, /) -> None:
        """Add a question and wake the core."""
        self._envelopes.append(envelope)
        self.wake()

    def get(self) -> Any:
        """Take the oldest question. Raises IndexError when there is none."""
        return self._envelopes.popleft()

    def empty(self) -> bool:
        """Tell whether nothing waits."""
        return not self._envelopes


class CoreActor(pykka.Actor):
    """An actor without a thread. `answer_waiting` is called by the core on its own thread."""

    actor_inbox: CoreInbox  # narrower than Pykka's protocol: the core wakes by it

    @staticmethod
    def _create_actor_inbox() -> Any:
        return CoreInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        """Start nothing: the core drives this actor. Runs on the thread that starts it."""
        self._actor_loop_setup()

    def answer_waiting(self) -> None:
        """Answer every waiting question. Runs on the core's thread; a failed `ask` goes to its caller."""
        while not self.actor_inbox.empty() and not self.actor_stopped.is_set():
            envelope = self.actor_inbox.get()
            try:
                answer = self._handle_receive(envelope.message)
            except Exception as error:  # noqa: BLE001  # it belongs to whoever asked
                if envelope.reply_to is not None:
                    envelope.reply_to.set_exception((type(error), error, error.__traceback__))
            else:
                if envelope.reply_to is not None:
                    envelope.reply_to.set(answer)
        if self.actor_stopped.is_set():
            self._actor_loop_teardown()

    def end(self) -> None:
        """Answer nothing any more: whoever asks is told that the actor is dead. Core's thread, after its last drain."""
        self.actor_stopped.set()
        self._actor_loop_teardown()
