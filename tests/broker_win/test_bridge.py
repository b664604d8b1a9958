"""Between the loop and the control's thread: what is given up in time never runs, and events keep their order."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.bridge import AT_ONCE, ControlHung, ThreadBridge, Ticket
from broker_win.control import Answer, Chejan, Connected, Event, RealData, TrAnswer, TrRequest, Value


class Control:
    """A control whose jobs are run when the test says so."""

    def __init__(self) -> None:
        self.posted: deque[Callable[[], None]] = deque()
        self.calls: list[str] = []

    def call(self, method: str, *arguments: Value) -> Answer:
        self.calls.append(method)
        return 1

    def request(self, request: TrRequest) -> Answer:
        raise NotImplementedError

    def forget(self, rqname: str) -> None:
        raise NotImplementedError

    def work(self) -> None:
        while self.posted:
            self.posted.popleft()()


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time is moved by the test, and which counts how often it is woken from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0
        self.wakes = 0

    def time(self) -> float:
        return super().time() + self.ahead

    def call_soon_threadsafe(self, *arguments: Any, **options: Any) -> asyncio.Handle:
        self.wakes += 1
        return super().call_soon_threadsafe(*arguments, **options)


def a_bridge(control: Control, **options: Any) -> ThreadBridge:
    return ThreadBridge(control.posted.append, control, lambda: 0, **options)


def on_a_loop(test: Callable[[Loop], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        await test(loop)

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def connect(control: Any) -> Any:
    return control.call("CommConnect")


def tick(number: int) -> RealData:
    return RealData("005930", "주식체결", str(number))


# ---- giving up, step by step -----------------------------------------------------------------------------------------


# `places`: where among all steps those of the loop come; the control's thread begins, then ends.
@pytest.mark.parametrize("places", [*combinations(range(3), 1), *combinations(range(4), 2)])
def test_given_every_order_of_steps_when_a_job_is_given_up_then_both_sides_agree(places: tuple[int, ...]) -> None:
    """Once by a time-out, or by a time-out and a cancellation. Each step is one, so these are all the orders."""
    ticket = Ticket()
    own = iter([ticket.begin, ticket.end])
    steps = [None if place in places else next(own) for place in range(len(places) + 2)]
    ran = ended = False
    said: list[bool | None] = []  # to who gave up
    for step in steps:
        if step is None:
            said.append(ticket.give_up())
            assert said[-1] is (None if ended else ran)
        elif step == ticket.begin:
            ran = step()
            assert ran is not bool(said)  # given up before: it must not run
        else:
            ended = step()
            assert ended is (ran and not said)  # else nobody waits for what came of it


# ---- jobs ------------------------------------------------------------------------------------------------------------


def test_given_a_job_when_it_runs_then_its_result_comes_back() -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(connect))
        await turns()
        assert (control.calls, waiting.done()) == ([], False)
        control.work()
        assert await waiting == 1
        assert control.calls == ["CommConnect"]

    on_a_loop(test)


@pytest.mark.parametrize(("raised", "expected"), [(KeyError("x"), KeyError), (StopIteration("x"), RuntimeError)])
def test_given_a_job_that_raises_when_it_runs_then_the_caller_gets_it(
    raised: Exception, expected: type[Exception]
) -> None:
    def job(control: Any) -> None:
        raise raised

    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(job))
        await turns()
        control.work()
        with pytest.raises(expected):
            await waiting

    on_a_loop(test)


def test_given_a_thread_that_does_not_take_it_when_time_is_over_then_the_job_never_runs() -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(connect, 5.0))
        await turns()
        loop.ahead = 4.9
        await turns()
        assert not waiting.done()
        loop.ahead = 5.1
        with pytest.raises(ControlHung, match="did not take a job in 5 s") as hung:
            await waiting
        assert not hung.value.started
        control.work()
        await turns()
        assert control.calls == []

    on_a_loop(test)


def test_given_a_job_that_was_cancelled_when_its_turn_comes_then_it_never_runs() -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(connect))
        await turns()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        control.work()
        await turns()
        assert control.calls == []

    on_a_loop(test)


class Slow:
    """A job that is running until it is let go, on a thread of its own."""

    def __init__(self, control: Control) -> None:
        self.begun, self.go, self.control = threading.Event(), threading.Event(), control
        self.thread = threading.Thread(target=lambda: control.posted.popleft()(), daemon=True)

    def job(self, control: Any) -> Any:
        self.begun.set()
        self.go.wait()
        return control.call("SendOrder")

    async def start(self) -> None:
        self.thread.start()
        await asyncio.to_thread(self.begun.wait)

    async def end(self) -> None:
        self.go.set()
        await asyncio.to_thread(self.thread.join)
        await turns()


def test_given_a_job_that_is_running_when_time_is_over_then_the_caller_knows_it_began(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        slow = Slow(control)
        waiting = asyncio.create_task(a_bridge(control).run(slow.job, 5.0))
        await turns()
        await slow.start()
        loop.ahead = 5.1
        with pytest.raises(ControlHung, match="did not end a job") as hung:
            await waiting
        assert hung.value.started
        await slow.end()
        assert control.calls == ["SendOrder"]

    on_a_loop(test)
    assert "a job that was given up ended with 1" in caplog.text


def test_given_a_job_that_is_running_when_the_caller_is_cancelled_then_it_goes_on_unheard() -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        slow = Slow(control)
        waiting = asyncio.create_task(a_bridge(control).run(slow.job))
        await turns()
        await slow.start()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await slow.end()
        assert control.calls == ["SendOrder"]

    on_a_loop(test)


def test_given_a_job_that_ended_when_time_is_over_before_the_loop_hears_then_the_result_counts() -> None:
    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(connect, 0.0))
        await asyncio.sleep(0)  # posted; the timer is due with the next turn
        control.work()
        assert await waiting == 1

    on_a_loop(test)


def test_given_a_thread_that_has_ended_when_a_job_is_posted_then_it_is_told_at_once() -> None:
    def post(job: Callable[[], None]) -> None:
        raise RuntimeError("wrapped C/C++ object has been deleted")

    async def test(loop: Loop) -> None:
        with pytest.raises(ControlHung, match="has ended") as hung:
            await ThreadBridge(post, Control(), lambda: 0).run(connect)
        assert not hung.value.started

    on_a_loop(test)


def test_given_an_interrupt_when_it_hits_a_job_then_both_ends_know() -> None:
    def job(control: Any) -> None:
        raise KeyboardInterrupt

    async def test(loop: Loop) -> None:
        control = Control()
        waiting = asyncio.create_task(a_bridge(control).run(job))
        await turns()
        with pytest.raises(KeyboardInterrupt):
            control.work()
        with pytest.raises(ControlHung) as hung:
            await waiting
        assert hung.value.started

    on_a_loop(test)


def test_given_a_loop_that_is_closed_when_a_job_ends_or_events_come_then_nothing_is_said() -> None:
    control = Control()
    bridge = a_bridge(control)
    loop = Loop()
    loop.set_exception_handler(lambda loop, context: None)  # a task is left behind
    heard: list[Event] = []

    async def start() -> asyncio.Task[Any]:
        bridge.on_events(heard.extend)
        task = asyncio.create_task(bridge.run(connect))
        await turns()
        return task

    task = loop.run_until_complete(start())
    loop.close()
    control.work()
    assert control.calls == ["CommConnect"]
    for number in range(3):
        bridge.deliver(tick(number))
    assert (bridge.waiting, heard) == (0, [])
    task.get_coro().close()


# ---- events ----------------------------------------------------------------------------------------------------------


def test_given_many_events_when_delivered_then_the_loop_is_woken_once_and_hears_them_in_order() -> None:
    async def test(loop: Loop) -> None:
        bridge = a_bridge(Control())
        heard: list[list[Event]] = []
        events: list[Event] = [Connected(0), tick(1), Chejan("0", {}), tick(2), tick(3), Connected(-106)]
        bridge.deliver(events[0])  # nobody hears yet
        bridge.on_events(lambda some: heard.append(list(some)))
        loop.wakes = 0
        for event in events[1:]:
            bridge.deliver(event)
        await turns()
        assert (heard, loop.wakes) == ([events], 0)  # the wake of on_events was still on its way
        bridge.deliver(tick(4))
        bridge.deliver(tick(5))
        await turns()
        assert (heard[1:], loop.wakes) == ([[tick(4), tick(5)]], 1)

    on_a_loop(test)


def test_given_a_burst_when_heard_then_others_have_their_turn_in_between() -> None:
    async def test(loop: Loop) -> None:
        bridge = a_bridge(Control())
        seen: list[str] = []
        bridge.on_events(lambda some: seen.append(f"{len(some)} events"))
        for number in range(AT_ONCE + 1):
            bridge.deliver(tick(number))
        loop.call_soon(seen.append, "an order")
        await turns()
        assert seen == [f"{AT_ONCE} events", "an order", "1 events"]

    on_a_loop(test)


def test_given_a_hearer_that_raises_when_events_come_then_the_next_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    async def test(loop: Loop) -> None:
        bridge = a_bridge(Control())
        heard: list[Event] = []

        def hear(events: Sequence[Event]) -> None:
            heard.extend(events)
            raise ValueError("planted")

        bridge.on_events(hear)
        for number in range(3):
            bridge.deliver(tick(number))
            await turns()
        assert heard == [tick(0), tick(1), tick(2)]

    on_a_loop(test)
    assert "planted" in caplog.text


EVENTS = st.one_of(
    st.integers(0, 9).map(tick),
    st.sampled_from([Connected(-106), Chejan("0", {9203: "1"}), TrAnswer("1000", "r", "opt10001", False, {}, [])]),
)


@given(st.lists(st.one_of(EVENTS, st.none()), max_size=60), st.integers(1, 4))
def test_for_any_events_only_real_time_data_is_dropped_oldest_first_and_counted(
    script: list[Event | None], most: int
) -> None:
    """`None`: the loop gets its turn. Beside it a plain model: one list, cut at each event."""

    async def test(loop: Loop) -> None:
        bridge = a_bridge(Control(), most_waiting=most)
        heard: list[Event] = []
        expected: list[Event] = []
        waiting: list[Event] = []
        dropped = 0
        bridge.on_events(heard.extend)
        for event in [*script, None]:
            if event is None:
                expected += waiting
                waiting = []
                await turns(2)
                continue
            waiting.append(event)
            bridge.deliver(event)
            market = [place for place, one in enumerate(waiting) if isinstance(one, RealData)]
            if len(market) > most:
                del waiting[market[0]]
                dropped += 1
            assert bridge.waiting == len(waiting)
        assert (heard, bridge.dropped) == (expected, dropped)

    on_a_loop(test)


def test_given_two_threads_when_one_delivers_and_one_hears_then_none_is_lost_and_order_holds() -> None:
    count = 20_000

    async def test(loop: Loop) -> None:
        bridge = a_bridge(Control())
        heard: list[int] = []
        done = asyncio.Event()

        def hear(events: Sequence[Event]) -> None:
            heard.extend(event.code for event in events if isinstance(event, Connected))
            if len(heard) == count:
                done.set()

        def deliver() -> None:
            for number in range(count):
                bridge.deliver(Connected(number))

        bridge.on_events(hear)
        thread = threading.Thread(target=deliver, daemon=True)
        thread.start()
        await done.wait()
        thread.join()
        assert heard == list(range(count))

    on_a_loop(test)


def test_given_a_beat_when_time_goes_on_then_its_age_is_told() -> None:
    now = [10_000_000_000]
    bridge = ThreadBridge(lambda job: None, Control(), lambda: now[0])
    now[0] += 500_000_000
    assert bridge.beat_age_s == 0.5
    bridge.beat()
    assert bridge.beat_age_s == 0.0


def test_given_logging_when_nothing_is_wrong_then_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "broker_win.bridge")

    async def test(loop: Loop) -> None:
        control = Control()
        bridge = a_bridge(control)
        bridge.on_events(lambda events: None)
        bridge.deliver(Connected(0))
        waiting = asyncio.create_task(bridge.run(connect))
        await turns()
        control.work()
        await waiting

    on_a_loop(test)
    assert caplog.text == ""
