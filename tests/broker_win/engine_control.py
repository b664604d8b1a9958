"""The emulated control behind a Control and a Bridge, without Qt, on the loop's virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from broker_win.answers import read_rows, read_single
from broker_win.config import LimitsConfig
from broker_win.control import (
    Answer,
    ConditionFound,
    ConditionMoved,
    ConditionsLoaded,
    Control,
    Event,
    Fields,
    Told,
    TrAnswer,
    TrRequest,
    Value,
)
from broker_win.emulator.engine import KiwoomEngine
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan
from broker_win.requests.account import Queries
from broker_win.requests.asker import Asker
from broker_win.requests.conditions import Conditions
from broker_win.requests.masters import Masters
from broker_win.screens import Screens
from domain.types import NANOS_PER_SECOND
from tests.broker_win.engine_stage import ACCOUNT, NINE, FakeDesktop, FakeHouse
from tests.broker_win.virtual_time import VirtualClock

T = TypeVar("T")


class EngineControl:
    """A Control on the engine; its slots copy and hand over, as those of ocx.py do."""

    def __init__(self, house: FakeHouse, plan: EmulatorPlan, path: Path, hear: Callable[[Event], None]) -> None:
        self._hear = hear
        self._expected: dict[str, Fields] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.dropped = 0
        self.gave: list[Answer] = []
        self.freed: list[str] = []  # screens whose real-time data was disconnected
        self.engine = KiwoomEngine(house, plan, self._now, path, FakeDesktop(), block=_never, die=_die, run="test")
        self.engine.bind(self._send, self._wake)

    @staticmethod
    def _now() -> int:
        return round(asyncio.get_running_loop().time() * NANOS_PER_SECOND)

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        at = self.engine.next_at()
        if at is not None:  # a little behind: the loop's time is a float
            wait = max(0, at - self._now()) / NANOS_PER_SECOND
            self._timer = asyncio.get_running_loop().call_later(wait + 1e-6, self._due)

    def _due(self) -> None:
        self.engine.due()
        self._wake()

    def call(self, method: str, *arguments: Value) -> Answer:
        answer: Answer = self.engine.call(method, arguments)
        if method == "DisconnectRealData":
            self.freed.append(str(arguments[0]))
        self._wake()
        return answer

    def request(self, request: TrRequest) -> Answer:
        self._expected[request.rqname] = request.fields
        if request.trcode == "OPTKWFID":
            codes = request.inputs[0][1]
            count = len(codes.split(";"))
            gave = self.call("CommKwRqData", codes, 0, count, 0, request.rqname, request.screen)
        else:
            for name, value in request.inputs:
                self.call("SetInputValue", name, value)
            gave = self.call("CommRqData", request.rqname, request.trcode, 2 if request.more else 0, request.screen)
        self.gave.append(gave)
        return gave

    def forget(self, rqname: str) -> None:
        self._expected.pop(rqname, None)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda *arguments: self.engine.call(method, arguments)  # the getters, as the control has them

    def _send(self, emission: Emission) -> None:
        given: Any = emission.arguments
        match emission.signal:
            case "OnReceiveTrData":
                screen, rqname, trcode, _record, prev_next = given[:5]
                fields = self._expected.pop(rqname, None)
                if fields is None:
                    self.dropped += 1
                    return
                single = read_single(self, trcode, rqname, fields)
                rows = read_rows(self, trcode, fields.record or rqname, fields)
                self._hear(TrAnswer(screen, rqname, trcode, prev_next == "2", single, rows))
            case "OnReceiveMsg":
                self._hear(Told(*given))
            case "OnReceiveConditionVer":
                self._hear(ConditionsLoaded(given[0] == 1, given[1]))
            case "OnReceiveTrCondition":
                screen, codes, name, index, following = given
                self._hear(ConditionFound(screen, codes, name, index, following == 2))
            case "OnReceiveRealCondition":
                self._hear(ConditionMoved(*given))


def _never(_seconds: float) -> None:
    raise AssertionError("the plan has no freeze")


def _die() -> None:
    raise AssertionError("the plan lets nothing die")


class EngineBridge:
    """Runs jobs at once."""

    def __init__(self, control: EngineControl) -> None:
        self._control = control

    async def run(self, job: Callable[[Control], T], timeout_s: float = 5.0) -> T:
        await asyncio.sleep(0)
        return job(self._control)

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        raise AssertionError("events are handed over by the test")

    @property
    def beat_age_s(self) -> float:
        return 0.0


class EmulatedQueries:
    """Everything that asks, before the emulated control, logged in. Make it on a running loop."""

    def __init__(self, house: FakeHouse, plan: EmulatorPlan, path: Path, limits: LimitsConfig) -> None:
        self.house = house
        self.control = EngineControl(house, plan, path / "OpenAPI", self._hear)
        bridge, clock, self.screens = EngineBridge(self.control), VirtualClock(NINE), Screens()
        self.asker = Asker(bridge, clock, limits, self.screens, 5.0)
        self.queries = Queries(self.asker, lambda: ACCOUNT, clock)
        self.masters = Masters(bridge, clock)
        self.conditions = Conditions(bridge, self.asker, clock, self.screens, limits)

    def _hear(self, event: Event) -> None:
        assert self.asker.hear(event) or self.conditions.hear(event)

    async def login(self) -> None:
        assert self.control.call("CommConnect") == 0
        while self.control.call("GetConnectState") != 1:
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Stop; nothing may be left."""
        await self.conditions.settled()
        await self.asker.close()
        assert not any(self.screens.in_use().values())
        self.control.engine.close()
