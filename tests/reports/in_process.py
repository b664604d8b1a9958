"""A crew whose members work in this process, on what would travel to another one."""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

import pytest

from reports import assembly, crew
from reports.crew import Crew, Member


def travelled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


class AtOnce(Executor):
    """Does what it is given before it gives the future."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class InProcess(Member):
    """Takes half of the work, before the caller takes any; `fails` as a process that died with it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.worked: list[str] = []  # names of what it was asked to do

    def help(self, work: Callable[[Any], Any], items: Sequence[Any], left: deque[int]) -> dict[int, Any]:
        taken = [left.pop() for _ in range((len(left) + 1) // 2)]
        return {} if self.fails else {at: self._did(work, items[at]) for at in taken}

    def ask(self, work: Callable[[Any], Any], item: Any) -> list[Any]:
        return [] if self.fails else [self._did(work, item)]

    def _did(self, work: Callable[[Any], Any], item: Any) -> Any:
        self.worked.append(work.__name__)
        return travelled(travelled(work)(travelled(item)))

    def kill(self) -> None:
        pass

    def close(self) -> None:
        pass


def work_with(monkeypatch: pytest.MonkeyPatch, member: Member) -> None:
    """Let every report of this test, however short, be made with this member."""

    @contextmanager
    def crew_for(_: int) -> Iterator[Crew]:
        made = Crew([member], AtOnce())
        try:
            yield made
        finally:
            made.end()

    monkeypatch.setattr(crew, "ENOUGH", 1)
    monkeypatch.setattr(assembly, "crew_for", crew_for)
