"""A wire between a trader and a broker that is damaged at will: a TCP proxy on loopback.

What is done to it holds for the connections there are and those to come, until it is done otherwise. Each call returns
when it is in force; nothing here needs anybody to sleep. The bytes are moved on an event loop in a thread of its own;
every method may be called from any other thread.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

CHUNK = 65_536
QUEUED = 64  # chunks on their way per direction before the sender is not read any more
WAIT_S = 30.0
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on with 0 s: close() sends a reset
PIECES_PER_S = 50  # how finely a throttle is kept
WAYS = ("up", "down")  # to the server, to the caller


class _Wire:
    """One connection: the caller's socket, and the server's once it has answered."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self.number = 0  # in the order in which servers answered
        self.near = near
        self.ends = [near]
        self.carried: set[str] = set()  # ways on which bytes were passed on
        self.ended: set[str] = set()  # ways whose end was passed on
        self.is_over = False
        self.is_reset = False  # it ended by a reset, not in order
        self.is_stranded = False  # the caller's end is gone, what it sent still has to arrive

    def close(self) -> None:
        """Close both ends as a process that ends does."""
        self.is_over = True
        for end in self.ends:
            end.close()

    def reset(self) -> None:
        """Break both ends off."""
        self.is_over = self.is_reset = True
        for end in self.ends:
            _reset(end)


def _reset(end: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.transport.abort()


class FaultyLink:
    """Passes bytes on between callers and one server, unless told otherwise."""

    def __init__(self, target: str) -> None:
        """Listen; `address` says where. `target` is HOST:PORT of the server, which need not be there yet."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._told = threading.Condition()
        self._wires: list[_Wire] = []
        self._made = 0  # connections passed on so far
        self._turned_away = 0
        self._held = 0  # chunks that were held since the last `stall`
        self._swallowed = 0  # chunks that were lost since the last `lose`
        self._arrived_late = 0  # chunks of stranded connections that came to the server after all
        self._refusing = False
        self._stalled: frozenset[str] = frozenset()
        self._lost: frozenset[str] = frozenset()
        self._delay_s = 0.0
        self._rate = 0  # bytes per second and direction; 0: as fast as they come
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()  # replaced with each change
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty link", daemon=True)
        self._thread.start()
        self.address = f"127.0.0.1:{self._on_loop(self._listen())}"

    # ---- what is done to it ------------------------------------------------------------------------------------

    def delay(self, seconds: float) -> None:
        """Hold every chunk for so long before it is passed on; order is kept."""
        self._do(lambda: setattr(self, "_delay_s", seconds))

    def throttle(self, bytes_per_s: int) -> None:
        """Pass on so many bytes per second and direction; 0 takes the limit off."""
        self._do(lambda: setattr(self, "_rate", bytes_per_s))

    def stall(self, *ways: str) -> None:
        """Hold every byte of these ways (both by default), in order; nothing is lost unless the link is cut."""

        def act() -> None:
            self._stalled, self._held = frozenset(ways or WAYS), 0

        self._do(act)

    def lose(self, *ways: str) -> None:
        """Lose every byte that goes `up` (to the server) or `down` (to the caller): a half-open connection."""

        def act() -> None:
            self._lost, self._swallowed = frozenset(ways), 0

        self._do(act)

    def refuse(self) -> None:
        """Turn away whoever connects."""

        def act() -> None:
            self._refusing, self._turned_away = True, 0

        self._do(act)

    def cut(self) -> None:
        """Reset every connection there is; what was held is lost."""

        def act() -> None:
            for wire in self._wires:
                wire.reset()

        self._do(act)

    def drop(self) -> None:
        """Close every connection there is in order; what was held is lost."""

        def act() -> None:
            for wire in self._wires:
                wire.close()

        self._do(act)

    def strand(self) -> None:
        """Reset the callers' ends, keep the server's: what is held on its way up comes after they have come again.

        It is passed on as soon as a newer connection has carried bytes both ways. Ends a stall.
        """

        def act() -> None:
            for wire in self._wires:
                wire.is_stranded = True
                _reset(wire.near)
            self._stalled = frozenset()
            self._arrived_late = 0

        self._do(act)

    def mend(self) -> None:
        """Pass on again what is held and what comes. A connection that lost bytes is beyond mending: cut it."""

        def act() -> None:
            self._stalled = self._lost = frozenset()
            self._refusing, self._delay_s, self._rate = False, 0.0, 0

        self._do(act)

    # ---- what is waited for ------------------------------------------------------------------------------------

    def until_held(self, chunks: int = 1) -> None:
        """Wait until so many chunks are held back. Raises TimeoutError when they never come, as all of these do."""
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

    def until_arrived_late(self, chunks: int = 1) -> None:
        """Wait until so many chunks of stranded connections came to the server after all."""
        self._until(lambda: self._arrived_late >= chunks, f"{chunks} chunks that come late")

    @property
    def made(self) -> int:
        """Give how many connections were made so far."""
        return self._made

    @property
    def held(self) -> int:
        """Give how many chunks were held since the last stall."""
        return self._held

    def close(self) -> None:
        """End it and every connection."""
        if not self._loop.is_running():
            return
        self._on_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    # ---- inside, from other threads ----------------------------------------------------------------------------

    def _do(self, act: Callable[[], None]) -> None:
        async def run() -> None:
            act()
            self._tell()

        self._on_loop(run())

    def _on_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        with self._told:
            if not self._told.wait_for(holds, WAIT_S):
                raise TimeoutError(f"waited {WAIT_S:.0f} s for {what}")

    # ---- inside, on the loop -----------------------------------------------------------------------------------

    def _tell(self) -> None:
        self._wires = [wire for wire in self._wires if not wire.is_over]
        self._changed.set()
        self._changed = asyncio.Event()
        with self._told:
            self._told.notify_all()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._refusing:
            self._turned_away += 1
            near.close()
            self._tell()
            return
        wire = _Wire(near)
        self._wires.append(wire)  # from here on it can be cut: the server may know of it before this task does
        try:
            far_reader, far = await asyncio.open_connection(*self._target, limit=CHUNK)
        except OSError:  # the server is down: so is the link
            wire.close()
            self._tell()
            return
        if wire.is_over or wire.is_stranded:
            wire.ends = [far]
            if wire.is_over and not wire.is_reset:
                wire.close()
            else:
                wire.reset()
            self._tell()
            return
        for end in (near, far):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._made += 1
        wire.number = self._made
        wire.ends.append(far)
        self._tell()
        for way, source, sink in (("up", reader, far), ("down", far_reader, near)):
            task = asyncio.ensure_future(self._carry(wire, way, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, wire: _Wire, way: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry one direction of one connection to its end."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUED)
        reading = asyncio.ensure_future(self._read(source, queue))
        try:
            while not wire.is_over and way not in wire.ended:
                at, chunk = await queue.get()
                if await self._passes(wire, way, at, chunk):
                    await self._pass_on(wire, way, chunk, sink)
                elif not chunk and wire.is_stranded:
                    return
        except OSError:
            back = WAYS[way == "up"]
            if back not in self._lost:  # else nobody hears that it broke
                wire.reset()
        finally:
            reading.cancel()
            if len(wire.ended) == len(WAYS):
                wire.close()
            self._tell()

    async def _read(self, source: asyncio.StreamReader, queue: "asyncio.Queue[tuple[float, bytes]]") -> None:
        """Read to the end, which is an empty chunk."""
        chunk = b"-"
        while chunk:
            try:
                chunk = await source.read(CHUNK)
            except OSError:
                chunk = b""
            await queue.put((self._loop.time(), chunk))

    async def _passes(self, wire: _Wire, way: str, at: float, chunk: bytes) -> bool:
        """Wait while a chunk is held up; tell whether it goes on."""
        is_held = False
        while True:
            wait_s = None
            if wire.is_stranded:
                if way == "down":
                    return False
                if self._is_followed(wire):
                    self._arrived_late += bool(chunk)
                    return True
            elif wire.is_over:
                return False
            elif way in self._lost:
                self._swallowed += bool(chunk)
                self._tell()
                return False
            elif way in self._stalled:
                if not is_held:
                    is_held = True
                    self._held += bool(chunk)
                    self._tell()
            else:
                wait_s = at + self._delay_s - self._loop.time()
                if wait_s <= 0:
                    return True
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), wait_s)

    def _is_followed(self, wire: _Wire) -> bool:
        return any(one.number > wire.number and len(one.carried) == len(WAYS) for one in self._wires)

    async def _pass_on(self, wire: _Wire, way: str, chunk: bytes, sink: asyncio.StreamWriter) -> None:
        if not chunk:
            wire.ended.add(way)
            if wire.is_stranded:
                wire.close()
            else:
                sink.write_eof()
            return
        while chunk:
            piece = max(1, self._rate // PIECES_PER_S) if self._rate else len(chunk)
            sink.write(chunk[:piece])
            await sink.drain()
            chunk = chunk[piece:]
            if self._rate:
                await asyncio.sleep(1 / PIECES_PER_S)
        if way not in wire.carried or wire.is_stranded:
            wire.carried.add(way)
            self._tell()

    async def _end(self) -> None:
        self._refusing = True
        self._server.close()
        for wire in self._wires:
            wire.is_stranded = False
            wire.reset()
        self._tell()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=WAIT_S / 2)
            for task in late:
                task.cancel()


@contextlib.contextmanager
def a_faulty_link(target: str) -> Iterator[FaultyLink]:
    """Give a whole link to a server; it is gone afterwards."""
    link = FaultyLink(target)
    try:
        yield link
    finally:
        link.close()
