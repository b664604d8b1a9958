"""Two processes go through one log: the child decides again, the parent folds; the child compares the states.

The parent would else only wait. Both have their own hash seed, so a state that rests on the order of a set parts too.
The states of the fold go through a file in a folder they share; either side sees when the other is gone.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from domain.errors import HantradeError, LogError

if TYPE_CHECKING:
    from actors.core.kernel import Kernel, KernelState
    from persistence.reader import LogReader

ASKED, ANSWER, FAILED = "asked", "fold.json", "failed"  # files in the folder
LOOK_S = 0.005


class Beside:
    """The process that folds, as the one that replays sees it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder both share."""
        self._folder = folder
        self._parent = os.getppid()

    def fold_of(self, left: "KernelState") -> "KernelState":
        """Give the states of a fold up to where these stand. Raises LogError when there are none."""
        from actors.core.kernel import KernelState

        _put(self._folder / ASKED, str(left.last_seq).encode())
        answer, failed = self._folder / ANSWER, self._folder / FAILED
        while not answer.exists():
            if failed.exists() or os.getppid() != self._parent:
                text = failed.read_text(encoding="utf-8") if failed.exists() else "the process that folds it is gone"
                raise LogError(f"the log cannot be folded: {text}")
            time.sleep(LOOK_S)
        return msgspec.json.decode(answer.read_bytes(), type=KernelState)


def fold_beside(path: Path, folder: Path, until: int | None, is_alive: Callable[[], bool]) -> None:
    """Fold a log while a child replays it; answer it when it asks. It does not when it found a difference before."""
    from actors.core.difference import states_of
    from actors.core.kernel import Kernel
    from actors.roster import make_roles
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec
    from persistence.reader import LogReader

    asked = folder / ASKED
    try:
        with LogReader(path, MessageCodec(decode_batch, joins=True)) as reader:
            kernel = Kernel(make_roles(), reader.log_id)
            _fold(kernel, reader, reader.last_seq() if until is None else until)
            while is_alive() and not asked.exists():
                time.sleep(LOOK_S)
            if asked.exists():  # a log that is being written has gone on meanwhile
                _fold(kernel, reader, int(asked.read_bytes()))
                _put(folder / ANSWER, msgspec.json.encode(states_of(kernel)))
    except HantradeError as error:
        _put(folder / FAILED, str(error).encode())


def _fold(kernel: "Kernel", reader: "LogReader", to_seq: int) -> None:
    """Fold as a start without a snapshot does, quotes in runs: a role that this leads elsewhere is found too."""
    from actors.recovery import carried
    from domain.messages import Message, Stamp
    from domain.messages.run import StateCarried
    from domain.types import UnixNanos

    for first_seq, seq, recorded_at, role, message in reader.folding(kernel.last_seq + 1, to_seq):
        if first_seq != kernel.last_seq + 1:
            raise LogError(f"expected sequence {kernel.last_seq + 1}, found {first_seq}")
        if not isinstance(message, Message):
            raise LogError(f"event {seq}, a {message.type}, cannot be read: {message.reason}")
        known = carried(message, reader) if isinstance(message, StateCarried) else message
        kernel.fold(known, Stamp(seq, UnixNanos(recorded_at), kernel.log_id), role)


def _put(path: Path, data: bytes) -> None:
    """Write a file that is whole when it is seen."""
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(data)
    draft.replace(path)
