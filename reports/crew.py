"""Other processes that read logs for a report: threads would wait for each other's interpreter.

Each is `python -m reports.crew_member`. The caller works along from the front, they from the back, until the two meet;
what they made comes over at the end, at once. Nothing depends on them: whatever one that died had taken is done here.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar, cast

ENOUGH = 40  # logs: for fewer, starting a process takes longer than it saves
MOST = 3  # other processes: with more the caller, who puts everything together, has no time to read
AT_ONCE = 2  # pieces of work a process is given together
AHEAD = 2  # such parcels a process has at most, so that it never waits for the next

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")


class Crew:
    """Some processes, or none; then everything is done by the caller."""

    def __init__(self, members: Sequence["Member"] = (), pool: Executor | None = None) -> None:
        """Take them, started, and the threads that wait for them."""
        self._members = list(members)
        self._pool = pool or ThreadPoolExecutor(max(1, len(self._members)), thread_name_prefix="report-crew")
        self._aside: Future[list[Any]] | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anybody."""
        return bool(self._members)

    def each(
        self, items: Sequence[T], here: Callable[[T], R], there: Callable[[T], P], arrived: Callable[[P], R]
    ) -> list[R]:
        """Give what comes of each item, in order: `here`, or `arrived` of what came of it `there`.

        `there` is a function of a module, and what it takes and gives can be pickled. Raises what `here` raises.
        """
        self._wait()
        left = deque(range(len(items)))
        done: dict[int, R] = {}
        helping = [self._pool.submit(member.help, there, items, left) for member in self._members]
        try:
            while left:
                try:
                    at = left.popleft()
                except IndexError:  # a member took the last one meanwhile
                    break
                done[at] = here(items[at])
        finally:
            left.clear()  # where it failed nobody waits for the rest
            made = [one for helped in helping for one in helped.result().items()]
        done.update((at, arrived(one)) for at, one in made)
        return [done[at] if at in done else here(item) for at, item in enumerate(items)]

    def aside(self, work: Callable[[T], R], item: T) -> Callable[[], R]:
        """Have a piece of work done meanwhile; give what waits for what comes of it. As `there` above.

        It is done here, when it is asked for, where there is nobody or it failed.
        """
        self._wait()
        if not self._members:
            return lambda: work(item)
        asked = self._aside = self._pool.submit(self._members[0].ask, work, item)

        def came() -> R:
            found = asked.result()
            return found[0] if found else work(item)

        return came

    def _wait(self) -> None:
        """Wait for what was given aside: a member does one thing after the other."""
        if self._aside is not None:
            self._aside.result()

    def end(self) -> None:
        """Stop everybody."""
        for member in self._members:
            member.kill()  # threads that wait for one get the end of its pipe
        self._pool.shutdown()
        for member in self._members:
            member.close()


NOBODY = Crew()


class Member:
    """One process."""

    def __init__(self) -> None:
        """Start it. Raises OSError."""
        path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)  # as here, however that came about
        self._is_lost = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "reports.crew_member"],  # -P: and nothing else of where a person happens to be
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what fails there is done again here, where it is told
        )
        self._to, self._from = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)

    def help(self, work: Callable[[T], R], items: Sequence[T], left: deque[int]) -> dict[int, R]:
        """Have it work from the back; give results by number, nothing when it failed. In a thread of its own."""
        if self._is_lost:
            return {}
        taken: list[int] = []
        waiting = 0
        try:
            while parcel := _from_back(left):
                self._send((work, [items[at] for at in parcel]))
                taken += parcel
                waiting += 1
                if waiting == AHEAD:
                    self._from.read(1)
                    waiting -= 1
            made = self._take(waiting)
        except Exception:  # noqa: BLE001  # whatever it was, it is done again here, and told if it happens again
            self._lose()
            return {}
        return dict(zip(taken, made, strict=True))

    def ask(self, work: Callable[[T], R], item: T) -> list[R]:
        """Have it do one thing. Gives nothing when it failed."""
        if self._is_lost:
            return []
        try:
            self._send((work, [item]))
            return self._take(1)
        except Exception:  # noqa: BLE001  # as above
            self._lose()
            return []

    def _lose(self) -> None:
        """Ask it no more: what is left of an answer would be taken for the next one."""
        self._is_lost = True
        self.kill()

    def _take(self, waiting: int) -> list[Any]:
        self._send(None)
        self._from.read(waiting)
        made: list[Any] = pickle.load(self._from)  # from a process of ours
        return made

    def _send(self, parcel: Any) -> None:
        pickle.dump(parcel, self._to, pickle.HIGHEST_PROTOCOL)
        self._to.flush()

    def kill(self) -> None:
        """Stop it; it holds nothing that could be lost."""
        self._process.kill()

    def close(self) -> None:
        """Let go of what belonged to it."""
        for pipe in (self._to, self._from):
            try:
                pipe.close()
            except OSError:  # it did not take all that was sent
                continue
        self._process.wait()


def _from_back(left: deque[int]) -> list[int]:
    parcel: list[int] = []
    while len(parcel) < AT_ONCE:
        try:
            parcel.append(left.pop())
        except IndexError:
            break
    return parcel


@contextmanager
def crew_for(logs: int) -> Iterator[Crew]:
    """Give a crew for so many logs: nobody for few, or on one CPU."""
    members: list[Member] = []
    for _ in range(min(MOST, cpus() - 1) if is_enough(logs) else 0):
        try:
            members.append(Member())
        except OSError:  # no memory, too many processes: it goes without
            break
    crew = Crew(members)
    try:
        yield crew
    finally:
        crew.end()


def is_enough(logs: int) -> bool:
    """Tell whether so many logs are worth a crew."""
    return logs >= ENOUGH


def cpus() -> int:
    """Give how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS, not on Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
