"""The core: nothing is released before it is committed, and a log that fails stops trading, not the truth."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pykka
import pytest

from actors.core.core import MAX_DRAIN, Core
from actors.core.kernel import Kernel, Numbered
from actors.core.role import Role
from actors.roles.trading_day import TradingDay
from domain.errors import LogFull
from domain.messages import Message, Stamp
from domain.messages.operator import CommandAnswered, HaltRequested
from domain.messages.orders import SubmitOrder
from domain.messages.run import ClockTicked, LogSpaceLow
from domain.messages.trading import GateChanged, NoticeRaised, OrderApproved
from domain.types import Gate, LinkName, Severity, UnixNanos
from persistence.record import Record
from tests.actors.builders import T0, a_run, approved, link_is, opened
from tests.persistence.logs import a_codec

WAIT_S = 5.0


class FakeLog:
    """Keeps commits; fails as often as told, with nothing written."""

    def __init__(self, failures: int = 0, reserve: bool = True) -> None:
        self.commits: list[tuple[list[Record], bool]] = []
        self.failures = failures
        self.reserve = reserve
        self.tried = 0

    def commit(self, records: Sequence[Record], *, durable: bool) -> None:
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise LogFull("no space is left")
        self.commits.append((list(records), durable))

    def release_reserve(self) -> bool:
        had, self.reserve = self.reserve, False
        return had

    def types(self) -> list[list[str]]:
        return [[record.type for record in records] for records, _ in self.commits]


class Sender(Role):
    """Sends what is approved, tells of each tick, fails on request."""

    NAME = "sender"
    HEARS = (OrderApproved, ClockTicked)
    SAYS = (SubmitOrder, NoticeRaised)

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0

    def evolve(self, message: Any, stamp: Stamp) -> None:
        self.ticks += isinstance(message, ClockTicked)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        if isinstance(message, ClockTicked):
            return [NoticeRaised(Severity.INFO, "tick", str(self.ticks))]
        name, side, purpose = message.client_order_id, message.side, message.purpose
        until = UnixNanos(stamp.system_time + 1)
        return [SubmitOrder(name, message.symbol, side, message.kind, purpose, 1, None, until)]

    def view(self, query: Any) -> Any:
        if query == "ticks":
            return self.ticks
        if query == "crash":
            raise KeyError("no such thing")
        return super().view(query)


class Rig:
    """A core with everything around it faked; driven by hand unless started."""

    def __init__(self, *roles: Role, log: FakeLog | None = None) -> None:
        self.log = log or FakeLog()
        self.released: list[tuple[Message, int]] = []  # with the number of commits made before
        self.failures: list[BaseException] = []
        self.ended = threading.Event()
        self.roles = roles or (Sender(),)
        kernel = Kernel(self.roles, "L")
        self.core = Core(kernel, self.log, a_codec(), "r", lambda: UnixNanos(T0), self._release, self._failed)

    def _release(self, item: Numbered) -> None:
        self.released.append((item.message, len(self.log.commits)))

    def _failed(self, error: BaseException) -> None:
        self.failures.append(error)
        self.ended.set()

    def post(self, *messages: Message, urgent: bool = False) -> None:
        for message in messages:
            self.core.post(message, source="test", urgent=urgent)


def tick(n: int = 0) -> ClockTicked:
    return ClockTicked(UnixNanos(n), False)


def test_given_an_input_with_effects_when_drained_then_the_commit_comes_before_the_release():
    rig = Rig()
    rig.post(tick())
    assert rig.core.drain()
    assert [(type(m), commits) for m, commits in rig.released] == [(NoticeRaised, 1)]
    assert rig.log.types() == [["ClockTicked", "NoticeRaised"]]
    assert not rig.core.drain()


def test_given_many_inputs_when_drained_then_they_share_one_commit():
    rig = Rig()
    rig.post(*[tick()] * (MAX_DRAIN + 1))
    rig.core.drain()
    rig.core.drain()
    assert [len(records) for records, _ in rig.log.commits] == [2 * MAX_DRAIN, 2]


def test_given_an_order_among_the_inputs_when_drained_then_it_is_committed_at_once_and_durably():
    rig = Rig()
    rig.post(tick(), approved(), tick())
    rig.core.drain()
    assert [(types[-1], durable) for types, (_, durable) in zip(rig.log.types(), rig.log.commits, strict=True)] == [
        ("SubmitOrder", True)
    ]
    rig.core.drain()
    assert [durable for _, durable in rig.log.commits] == [True, False]


def test_given_urgent_and_normal_inputs_when_drained_then_the_urgent_come_first():
    rig = Rig()
    rig.post(tick(1), tick(2))
    rig.post(tick(3), urgent=True)
    rig.core.drain()
    inputs = [r.payload for records, _ in rig.log.commits for r in records if r.causation_seq == 0]
    assert [b'"system_time":3' in payload for payload in inputs] == [True, False, False]


def test_given_someone_waits_for_the_commit_when_it_is_done_then_they_hear_of_it_after_the_effects():
    rig = Rig()
    heard: list[tuple[int, int]] = []
    rig.core.post(tick(), source="t", on_committed=lambda: heard.append((len(rig.log.commits), len(rig.released))))
    assert heard == []
    rig.core.drain()
    assert heard == [(1, 1)]


# ---- a disk without space --------------------------------------------------------------------------------------


def a_trading_day() -> TradingDay:
    return TradingDay()


def trading(log: FakeLog) -> Rig:
    rig = Rig(a_trading_day(), log=log)
    rig.post(a_run(), opened(LinkName.QUOTES, seconds=1), *[link_is(name) for name in LinkName])
    while rig.core.drain():
        pass
    assert [m.level for m, _ in rig.released if isinstance(m, GateChanged)][-1] is Gate.OPEN
    return rig


def test_given_a_full_disk_when_it_shows_then_the_reserve_is_freed_the_gate_closes_and_the_log_says_so():
    rig = trading(FakeLog())
    rig.log.failures = 1
    before = sum(len(records) for records, _ in rig.log.commits)
    rig.post(tick())
    while rig.core.drain():
        pass
    assert not rig.log.reserve
    assert [m.level for m, _ in rig.released if isinstance(m, GateChanged)][-1] is Gate.CANCELS_ONLY
    seqs = [record.seq for records, _ in rig.log.commits for record in records]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) > before
    assert "LogSpaceLow" in [record.type for records, _ in rig.log.commits for record in records]


def test_given_a_full_disk_without_a_reserve_when_it_shows_then_nothing_is_released():
    rig = Rig(log=FakeLog(failures=9, reserve=False))
    rig.post(approved())
    with pytest.raises(LogFull):
        rig.core.drain()
    assert (rig.released, rig.log.commits) == ([], [])


def test_given_a_disk_that_stays_full_when_the_reserve_did_not_help_then_the_core_reports_its_end():
    rig = Rig(log=FakeLog(failures=9))
    rig.post(approved())
    rig.core.start()
    assert rig.ended.wait(WAIT_S)
    assert isinstance(rig.failures[0], LogFull)
    assert (rig.released, rig.log.tried) == ([], 2)


def test_given_the_news_of_a_full_disk_when_heard_then_a_halt_is_locked():
    day = a_trading_day()
    rig = Rig(day)
    rig.post(LogSpaceLow("full"))
    rig.core.drain()
    assert day.locked


# ---- the thread ------------------------------------------------------------------------------------------------


def running(make: Callable[[], Rig]) -> Rig:
    rig = make()
    for role in rig.roles:
        pykka.ActorRegistry.register(role.actor_ref)
        role._start_actor_loop()
    rig.core.start()
    return rig


def test_given_a_running_core_when_a_command_is_posted_then_its_answer_is_durable_when_released():
    rig = Rig(a_trading_day())
    rig.core.start()
    done = threading.Event()
    rig.core.post(HaltRequested("c", "kim", ""), source="desk", urgent=True, on_committed=done.set)
    assert done.wait(WAIT_S)
    rig.core.stop(WAIT_S)
    assert [type(m) for m, _ in rig.released] == [CommandAnswered]
    assert not rig.core.alive


def test_given_inputs_that_wait_when_stopped_then_they_are_finished_first():
    rig = Rig()
    rig.post(*[tick()] * 300)
    rig.core.start()
    rig.core.stop(WAIT_S)
    assert sum(len(records) for records, _ in rig.log.commits) == 600


def test_given_a_role_that_raises_in_the_core_itself_when_posted_then_the_failure_is_reported():
    rig = Rig()
    rig.core.kernel.handle = lambda *_: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    rig.post(tick())
    rig.core.start()
    assert rig.ended.wait(WAIT_S)
    assert isinstance(rig.failures[0], ZeroDivisionError)


class Forgetful(Sender):
    """Raises while folding the order it has just decided to send."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        if isinstance(message, SubmitOrder):
            raise ValueError("lost my books")


def test_given_a_role_that_cannot_fold_its_own_order_when_committed_then_the_order_does_not_go_out():
    rig = Rig(Forgetful())
    rig.post(approved("o1"))
    assert rig.core.drain()
    assert rig.log.types() == [["OrderApproved", "SubmitOrder", "RoleFailed"]]
    assert not [message for message, _ in rig.released if isinstance(message, SubmitOrder)]
