"""Two processes go through one log: the child decides again, the parent folds; the child compares the states.

The parent would else only wait. Both have their own hash seed, so a state that rests on the order of a set parts too.
They talk over a pair of sockets, a line each way: the child asks for a sequence, the parent answers with the states
there or with the reason why it has none. Either side sees by the end of the stream that the other is gone.
"""

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from domain.errors import HantradeError, LogError

if TYPE_CHECKING:
    from actors.core.kernel import KernelState

STATES, FAILED = b"+", b"-"  # what an answer begins with


class Channel:
    """One end of the pair."""

    def __init__(self, end: socket.socket) -> None:
        """Take the socket; it is closed with the channel."""
        self._end = end
        self._lines = end.makefile("rb")

    def __enter__(self) -> "Channel":
        """Give it."""
        return self

    def __exit__(self, *details: object) -> None:
        """Close it: the other end reads the end of the stream."""
        self._lines.close()
        self._end.close()

    def say(self, line: bytes) -> None:
        """Send a line; nothing happens when the other end is gone."""
        with contextlib.suppress(OSError):
            self._end.sendall(line + b"\n")

    def hear(self) -> bytes:
        """Wait for a line; empty when the other end is gone."""
        try:
            return self._lines.readline()
        except ConnectionError:
            return b""


class Beside:
    """The process that folds, as the one that replays sees it."""

    def __init__(self, channel: Channel) -> None:
        """Take this process's end of the pair."""
        self._channel = channel

    def fold_of(self, left: "KernelState") -> "KernelState":
        """Give the states of a fold up to where these stand. Raises LogError when there are none."""
        from actors.core.kernel import KernelState

        self._channel.say(b"%d" % left.last_seq)
        answer = self._channel.hear()
        if not answer.startswith(STATES):
            text = answer.removeprefix(FAILED).decode(errors="replace").strip() or "the process that folds it is gone"
            raise LogError(f"the log cannot be folded: {text}")
        return msgspec.json.decode(answer.removeprefix(STATES), type=KernelState)


def fold_beside(path: Path, channel: Channel, until: int | None) -> None:
    """Fold a log while a child replays it; answer it when it asks. It does not when it found a difference before."""
    from actors.core.difference import states_of
    from actors.core.kernel import Kernel
    from actors.recovery import fold
    from actors.roster import make_roles
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec
    from persistence.reader import LogReader

    try:
        with LogReader(path, MessageCodec(decode_batch, joins=True)) as reader:
            kernel = Kernel(make_roles(), reader.log_id)
            fold(kernel, reader, reader.last_seq() if until is None else until, strict=True)
            asked = channel.hear()
            if not asked:
                return
            fold(kernel, reader, int(asked), strict=True)  # a log that is being written has gone on meanwhile
            answer = STATES + msgspec.json.encode(states_of(kernel))
    except HantradeError as error:
        answer = FAILED + str(error).replace("\n", " ").encode()
    channel.say(answer)
