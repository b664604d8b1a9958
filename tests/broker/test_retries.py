"""Which calls are made again: the table, and the loop that follows it, on a clock that moves only when told."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client import BrokerClient
from broker.retries import RULES, Again, Budget, Retries
from broker.server import BrokerServerThread
from broker.servicer import SERVICE
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.types import UnixNanos
from tests.broker.contract import WAIT_S
from tests.broker.fake_backend import FakeBackend, open_fake

PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
REFUSING = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.INTERNAL,
)


class Failed(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, reason: str = "") -> None:
        self._code, self.reason = code, reason

    def code(self) -> grpc.StatusCode:
        return self._code


class Line:
    """A call that fails as told, then answers; and the clock it takes its time from."""

    def __init__(
        self, *failures: Failed, takes_s: float = 0.0, budget: Budget | None = None, draw: float = 0.0
    ) -> None:
        self.failures, self.takes_s = list(failures), takes_s
        self.now, self.slept, self.deadlines = 100.0, [], []  # type: ignore[var-annotated]
        self.retries = Retries(budget or Budget(), self._sleep, lambda: self.now, lambda: draw)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def attempt(self, timeout_s: float) -> str:
        self.deadlines.append(timeout_s)
        self.now += min(self.takes_s, timeout_s)
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def call(self, rpc: str = "ListPositions") -> str:
        return self.retries.call(rpc, 3.0, self.attempt, self._read)

    @staticmethod
    def _read(error: Any) -> HantradeError:
        if error.code() in PASSING:
            return BrokerUnavailable(str(error.code()))
        return RequestRefused(error.reason or error.code().name, "no")


def failures(count: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> list[Failed]:
    return [Failed(code) for _ in range(count)]


# ---- the table -----------------------------------------------------------------------------------------------


def test_given_the_service_when_compared_then_every_rpc_has_a_rule_with_its_reason() -> None:
    assert set(RULES) == {method.name for method in SERVICE.methods}
    assert all(rule.why for rule in RULES.values())


def test_given_the_table_when_read_then_orders_are_on_no_row_that_is_tried_again() -> None:
    never = {name for name, rule in RULES.items() if rule.again is Again.NEVER}
    assert never == {method.name for method in SERVICE.methods if method.server_streaming} | {"RunCondition"}
    assert "OrderSession" in never
    assert {name for name, rule in RULES.items() if rule.again is Again.TWICE} == {"Login", "ResolveOrder"}


# ---- the loop ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", PASSING)
def test_given_failures_that_pass_when_read_then_it_answers_and_they_are_counted(code: grpc.StatusCode) -> None:
    line = Line(*failures(2, code))
    assert line.call() == "answer"
    assert line.retries.counts == {"ListPositions": 2}
    assert line.slept == pytest.approx([0.36, 0.72])


@pytest.mark.parametrize("code", REFUSING)
def test_given_a_refusal_when_read_then_it_is_not_tried_again(code: grpc.StatusCode) -> None:
    line = Line(Failed(code))
    with pytest.raises(HantradeError):
        line.call()
    assert (len(line.deadlines), line.slept, line.retries.counts) == (1, [], {})


@pytest.mark.parametrize(("reason", "calls"), [("TOO_MANY_CALLS", 2), ("", 1), ("TOO_MANY_STREAMS", 1)])
def test_given_too_much_when_it_was_the_rate_then_only_that_passes(reason: str, calls: int) -> None:
    line = Line(Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, reason))
    if calls == 2:
        assert line.call() == "answer"
    else:
        with pytest.raises(RequestRefused):
            line.call()
    assert len(line.deadlines) == calls


@pytest.mark.parametrize(
    ("rpc", "attempts"), [("ListPositions", 3), ("Login", 2), ("ResolveOrder", 2), ("OrderSession", 1)]
)
def test_given_a_broker_that_never_answers_when_called_then_the_table_says_how_often(rpc: str, attempts: int) -> None:
    line = Line(*failures(9))
    with pytest.raises(BrokerUnavailable):
        line.call(rpc)
    assert len(line.deadlines) == attempts


def test_given_slow_failures_when_the_time_of_all_is_over_then_no_attempt_outlasts_it() -> None:
    line = Line(*failures(9), takes_s=3.0, budget=Budget(attempts=9, deadline_s=8.0))
    with pytest.raises(BrokerUnavailable):
        line.call()
    assert line.now <= 108.0
    assert line.deadlines[:2] == [3.0, 3.0]
    assert 0.0 < line.deadlines[2] < 3.0


@given(st.integers(1, 12), st.floats(0.0, 1.0))
def test_for_any_number_of_failures_the_wait_is_drawn_from_the_last_fifth_of_its_step(failed: int, draw: float) -> None:
    budget = Budget()
    step = min(budget.backoff_most_s, budget.backoff_first_s * 2 ** (failed - 1))
    assert step * 0.799 <= budget.wait_s(failed, draw) <= step * 1.001


def test_given_as_many_attempts_as_usual_when_the_rate_was_hit_then_the_waits_outlast_its_second() -> None:
    budget = Budget()
    assert sum(budget.wait_s(failed, 0.0) for failed in range(1, budget.attempts)) > 1.0


def test_given_two_callers_when_they_back_off_then_they_do_not_come_together() -> None:
    draws = [random.Random(seed).random() for seed in (1, 2)]
    assert Budget().wait_s(1, draws[0]) != Budget().wait_s(1, draws[1])


# ---- a real server -------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BrokerServerThread]:
    made = BrokerServerThread(lambda: open_fake(tmp_path / "orders.db", lambda: UnixNanos(time.time_ns())))
    yield made.start()
    made.stop()


def failing(times: int, error: HantradeError, then: Callable[..., Any]) -> Callable[..., Any]:
    left = [error] * times

    async def answer(*arguments: Any) -> Any:
        if left:
            raise left.pop()
        return await then(*arguments)

    return answer


def test_given_a_broker_away_for_a_moment_when_read_then_the_read_succeeds(server: BrokerServerThread) -> None:
    backend, client = server.backend, BrokerClient(server.address, WAIT_S, Budget(backoff_first_s=0.001))
    assert isinstance(backend, FakeBackend)
    backend.account = failing(2, BrokerUnavailable("-200"), backend.account)  # type: ignore[method-assign]
    assert client.account().cash == 10_000_000
    assert client.retries == {"GetAccount": 2}
    client.close()


def test_given_a_broker_that_refuses_when_read_then_it_is_asked_once(server: BrokerServerThread) -> None:
    client = BrokerClient(server.address, WAIT_S)
    with pytest.raises(RequestRefused, match="no list of the day"):
        client.day_orders()
    assert client.retries == {}
    client.close()


def test_given_a_caller_that_waits_to_try_again_when_closed_then_it_waits_no_longer() -> None:
    client = BrokerClient("127.0.0.1:1", 1.0, Budget(backoff_first_s=600.0, backoff_most_s=600.0, deadline_s=10_000.0))
    client._ending.set()  # as `close` does first
    with pytest.raises(BrokerUnavailable):
        client.session()
    client.close()
