"""A wire between a trader and a broker that a test damages as it likes: a TCP proxy on loopback.

What is done to it holds for the connections there are and those to come, until it is done otherwise. Each call returns
when it is in force; nothing here needs a test to sleep.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

CHUNK = 65_536
WAIT_S = 30.0
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on with 0 s: close() sends a reset


class _Wire:
    """One connection: two sockets, and a thread for each direction."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far

    def reset(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class FaultyLink:
    """Passes bytes on between callers and one server, unless told otherwise. Thread-safe."""

    def __init__(self, target: str) -> None:
        """Listen; `address` says where. `target` is HOST:PORT of the server."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._changed = threading.Condition()
        self._wires: list[_Wire] = []
        self._made = 0  # connections passed on so far
        self._turned_away = 0
        self._held = 0  # chunks that were held since the last `stall`
        self._swallowed = 0  # chunks that were lost since the last `lose`
        self._stalled = self._refusing = self._over = False
        self._lost_ways: frozenset[str] = frozenset()
        self._delay_s = 0.0
        threading.Thread(target=self._accept, name="faulty link", daemon=True).start()

    # ---- what a test does to it --------------------------------------------------------------------------------

    def delay(self, seconds: float) -> None:
        """Hold every chunk for so long before it is passed on; order is kept."""
        with self._changed:
            self._delay_s = seconds

    def stall(self) -> None:
        """Hold every byte, both ways, in order; nothing is lost unless the link is cut meanwhile."""
        with self._changed:
            self._stalled, self._held = True, 0

    def lose(self, *ways: str) -> None:
        """Lose every byte that goes `up` (to the server) or `down` (to the caller): a half-open connection."""
        with self._changed:
            self._lost_ways, self._swallowed = frozenset(ways), 0

    def refuse(self) -> None:
        """Turn away whoever connects."""
        with self._changed:
            self._refusing, self._turned_away = True, 0

    def cut(self) -> None:
        """Reset every connection there is; what was held is lost."""
        with self._changed:
            wires, self._wires = self._wires, []
            self._changed.notify_all()
        for wire in wires:
            wire.reset()

    def mend(self) -> None:
        """Pass on again what is held and what comes. A connection that lost bytes is beyond mending: cut it."""
        with self._changed:
            self._stalled = self._refusing = False
            self._lost_ways, self._delay_s = frozenset(), 0.0
            self._changed.notify_all()

    # ---- what a test waits for ---------------------------------------------------------------------------------

    def until_held(self, chunks: int = 1) -> None:
        """Wait until so many chunks are held back. Fails the test when they never come."""
        self._until(lambda: self._held >= chunks, f"{chunks} held chunks")

    def until_lost(self, chunks: int = 1) -> None:
        """Wait until so many chunks are lost."""
        self._until(lambda: self._swallowed >= chunks, f"{chunks} lost chunks")

    def until_turned_away(self, callers: int = 1) -> None:
        """Wait until so many callers were turned away."""
        self._until(lambda: self._turned_away >= callers, f"{callers} callers turned away")

    def until_connected(self, more_than: int) -> None:
        """Wait until more connections than `more_than` were made in all."""
        self._until(lambda: self._made > more_than, f"a connection after the {more_than} before")

    @property
    def made(self) -> int:
        """Give how many connections were made so far."""
        with self._changed:
            return self._made

    def close(self) -> None:
        """End it and every connection."""
        with self._changed:
            self._over = True
        self._listener.close()
        self.cut()
        self.mend()

    # ---- inside ------------------------------------------------------------------------------------------------

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, WAIT_S), f"waited {WAIT_S:.0f} s for {what}"

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            with self._changed:
                refused = self._refusing or self._over
                self._turned_away += refused
                self._changed.notify_all()
            if refused:
                near.close()
                continue
            try:
                far = socket.create_connection(self._target, WAIT_S)
            except OSError:  # the server is down: so is the link
                near.close()
                continue
            self._begin(_Wire(near, far))

    def _begin(self, wire: _Wire) -> None:
        wire.far.settimeout(None)
        for end in (wire.near, wire.far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._wires.append(wire)
            self._made += 1
            self._changed.notify_all()
        for way, source, sink in (("up", wire.near, wire.far), ("down", wire.far, wire.near)):
            threading.Thread(target=self._pump, args=(wire, way, source, sink), name=f"wire {way}", daemon=True).start()

    def _pump(self, wire: _Wire, way: str, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                if not self._passes(wire, way):
                    continue
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def _passes(self, wire: _Wire, way: str) -> bool:
        """Wait while the link is stalled or slow; tell whether a chunk goes on."""
        with self._changed:
            if way in self._lost_ways:
                self._swallowed += 1
                self._changed.notify_all()
                return False
            if self._delay_s:
                self._changed.wait_for(lambda: wire not in self._wires, self._delay_s)
            if self._stalled:
                self._held += 1
                self._changed.notify_all()
            self._changed.wait_for(lambda: not self._stalled or wire not in self._wires)
            return wire in self._wires


@contextlib.contextmanager
def a_faulty_link(target: str) -> Iterator[FaultyLink]:
    """Give a whole link to a server; it is gone afterwards."""
    link = FaultyLink(target)
    try:
        yield link
    finally:
        link.close()
