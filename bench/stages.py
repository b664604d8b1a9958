"""CPU time of the trader's threads by stage. Wraps what is called once per message, never per quote."""

import time
from collections.abc import Callable
from typing import Any

from actors.system import TraderSystem
from broker import client_streams
from persistence.codec import MessageCodec
from persistence.event_log import EventLog

Clock = Callable[[], int]


class Stages:
    """Thread time (the fsync's wait is not in it) and, for the commit, wall time."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        self._spent: dict[str, int] = {}

    def reset(self) -> None:
        """Forget the warm-up."""
        self._spent.clear()

    def seconds(self) -> dict[str, float]:
        """Give seconds by stage, longest first."""
        return {name: ns / 1e9 for name, ns in sorted(self._spent.items(), key=lambda item: -item[1])}

    def watch(self, system: TraderSystem, log: EventLog, coder: MessageCodec) -> None:
        """Put a clock around decoding, every role, encoding, committing and releasing."""
        wire: Any = vars(client_streams)["wire"]  # the name its reader calls the decoder by
        wire.decode_batch = self._timed("decode batch (reading thread)", wire.decode_batch)
        for role in system.kernel.roles:
            target: Any = role
            target.evolve = self._timed(f"{role.NAME} evolve", role.evolve)
            target.decide = self._timed(f"{role.NAME} decide", role.decide)
        core: Any = system.core
        core._release = self._timed("release effects", core._release)
        encoder: Any = coder
        encoder.encode = self._timed("encode for the log", encoder.encode)
        appender: Any = log
        commit = self._timed("commit (CPU)", appender.commit)
        waited = "commit (wall: fsync and waiting for the GIL, too)"
        appender.commit = self._timed(waited, commit, time.perf_counter_ns)
        kernel: Any = system.kernel
        kernel.handle = self._timed("kernel and all roles", kernel.handle)

    def _timed(self, name: str, call: Callable[..., Any], clock: Clock = time.thread_time_ns) -> Callable[..., Any]:
        spent = self._spent

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = clock()
            try:
                return call(*args, **kwargs)
            finally:
                spent[name] = spent.get(name, 0) + clock() - begin

        return timed
