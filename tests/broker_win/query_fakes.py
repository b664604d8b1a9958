"""A control that answers queries from a script, and a bridge to it without any thread."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from broker_win.control import Answer, Control, Event, Hear, Told, TrAnswer, TrRequest, Value
from broker_win.requests.asker import PREFIX

T = TypeVar("T")


@dataclass
class Reply:
    """What comes for one page: a return code, an answer so much later, texts behind it."""

    rows: Sequence[Sequence[str]] = ()
    single: dict[str, str] = field(default_factory=dict)
    more: bool = False
    gave: Answer = 0
    after_s: float = 0.02
    texts: tuple[str, ...] = ()
    lost: bool = False
    failure: str = ""


class FakeControl:
    """Plays what `script` gives for each request; notes everything."""

    def __init__(self, script: Callable[[TrRequest], Reply], hear: Hear) -> None:
        self.script, self.hear = script, hear
        self.requests: list[tuple[float, TrRequest]] = []
        self.calls: list[tuple[Value, ...]] = []
        self.forgotten: list[str] = []
        self.answers: dict[str, Callable[..., Answer]] = {}

    def request(self, request: TrRequest) -> Answer:
        assert request.rqname.startswith(PREFIX)
        loop = asyncio.get_running_loop()
        self.requests.append((loop.time(), request))
        reply = self.script(request)
        if reply.gave == 0 and not reply.lost:
            answer = TrAnswer(
                request.screen, request.rqname, request.trcode, reply.more, reply.single, reply.rows, reply.failure
            )
            loop.call_later(reply.after_s, self.hear, answer)
        for text in reply.texts:
            told = Told(request.screen, request.rqname, request.trcode, text)
            loop.call_later(reply.after_s + 0.003, self.hear, told)
        return reply.gave

    def call(self, method: str, *arguments: Value) -> Answer:
        self.calls.append((method, *arguments))
        answer = self.answers.get(method)
        return answer(*arguments) if answer else ""

    def forget(self, rqname: str) -> None:
        self.forgotten.append(rqname)


class FakeBridge:
    """Runs jobs at once, one after the other; `hung` makes them fail."""

    def __init__(self, control: FakeControl) -> None:
        self.control = control
        self.jobs = 0
        self.delay_s = 0.0
        self.fails: Exception | None = None

    async def run(self, job: Callable[[Control], T], timeout_s: float = 5.0) -> T:
        await asyncio.sleep(self.delay_s)
        self.jobs += 1
        if self.fails is not None:
            raise self.fails
        return job(self.control)

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        raise AssertionError("events are handed over by the test")

    @property
    def beat_age_s(self) -> float:
        return 0.0


def page_of(rows: Sequence[Sequence[str]], page: int, size: int) -> dict[str, Any]:
    """Give one page of rows and whether another follows."""
    return {"rows": rows[page * size : (page + 1) * size], "more": (page + 1) * size < len(rows)}
