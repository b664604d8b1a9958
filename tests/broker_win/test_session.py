"""The log-in of the control: every code, no answer, the wrong server, the wrong account, a line that is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from broker_win.bridge import ControlHung
from broker_win.config import WinConfig
from broker_win.control import Connected
from broker_win.session import LoginFailed, WinSession
from domain.errors import LogFull
from domain.types import ServerKind
from fsm.broker_login import State

ACCOUNT = "8012345611"


@dataclass
class FakeControl:
    """Answers what it is told to."""

    answers: dict[str, Any] = field(
        default_factory=lambda: {
            "GetConnectState": 0,
            "CommConnect": 0,
            "KOA_Functions": "1",
            "GetLoginInfo": f"{ACCOUNT};",
        }
    )
    called: list[str] = field(default_factory=list)

    def call(self, method: str, *arguments: Any) -> Any:
        self.called.append(method)
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeBridge:
    control: FakeControl = field(default_factory=FakeControl)

    async def run(self, job: Callable[[Any], Any], timeout_s: float = 5.0) -> Any:
        await asyncio.sleep(0)
        return job(self.control)


class House:
    """A session whose log-in window answers when a test says so."""

    def __init__(self, **config: Any) -> None:
        self.bridge = FakeBridge()
        self.prepared = 0
        self.lost: list[int] = []
        self.waited: list[float] = []
        self.prepare_fails: Exception | None = None
        self.time_is_up = asyncio.Event()
        self.session = WinSession(
            self.bridge,  # type: ignore[arg-type]  # what of it is used
            WinConfig(**config),
            self._prepare,
            self.lost.append,
            self._sleep,
        )

    async def _prepare(self, with_orders: bool) -> None:
        self.prepared += with_orders
        if self.prepare_fails is not None:
            raise self.prepare_fails

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        await self.time_is_up.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(1_000):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"never: {self.session.state} {self.session.trouble()}")

    async def log_in(self, code: int | None = 0) -> None:
        """Ask, and let the control say a code once it was asked; None: nothing."""
        asking = asyncio.ensure_future(self.session.login())
        await self.until(lambda: "CommConnect" in self.bridge.control.called and bool(self.waited))
        if code is not None:
            self.session.hear(Connected(code))
        await asking


def ran(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())


def test_given_a_log_in_when_server_and_account_are_not_known_yet_then_nobody_is_told_that_it_stands() -> None:
    """A trader that reads a session without its account turns away from this broker for good."""

    async def work() -> None:
        house = House()
        seen = set()
        asking = asyncio.ensure_future(house.session.login())
        await house.until(lambda: "CommConnect" in house.bridge.control.called and bool(house.waited))
        house.session.hear(Connected(0))
        while not asking.done():
            seen.add((str(house.session.state), house.session.logged_in, house.session.account))
            await asyncio.sleep(0)
        assert ("PREPARING", False, "") in seen
        assert not any(logged_in and not account for _, logged_in, account in seen)
        assert house.session.logged_in

    ran(work)


def test_given_a_mock_server_as_configured_when_logged_in_then_orders_may_go_to_its_only_account() -> None:
    async def work() -> House:
        house = House()
        assert "not logged in" in house.session.trouble()
        await house.log_in()
        await house.session.login()  # safe to repeat
        return house

    house = ran(work)
    assert (house.session.state, house.session.trouble(), house.prepared) == (State.READY, "", 1)
    assert (house.session.account, house.session.masked()) == (ACCOUNT, "******5611")
    assert house.bridge.control.called.count("CommConnect") == 1
    assert house.waited == [WinConfig().login_timeout_s]


def test_given_a_control_that_is_logged_in_already_when_asked_then_no_window_is_opened() -> None:
    async def work() -> House:
        house = House()
        house.bridge.control.answers["GetConnectState"] = 1
        await house.session.login()
        return house

    house = ran(work)
    assert house.session.ready
    assert "CommConnect" not in house.bridge.control.called


@pytest.mark.parametrize(("code", "words"), [(-100, "user data"), (-101, "reached"), (-102, "update"), (-7, "no w")])
def test_given_a_code_below_0_when_it_is_said_then_the_log_in_failed_and_may_be_tried_again(
    code: int, words: str
) -> None:
    async def work() -> House:
        house = House()
        with pytest.raises(LoginFailed, match=f"{code}: .*{words}"):
            await house.log_in(code)
        assert house.session.state is State.OFFLINE
        house.bridge.control.called.clear()
        await house.log_in()
        return house

    assert ran(work).session.ready


def test_given_a_window_that_nobody_answers_when_time_is_up_then_it_says_so() -> None:
    async def work() -> House:
        house = House(login_timeout_s=7.0)
        house.time_is_up.set()
        with pytest.raises(LoginFailed, match="within 7 s: does a window wait"):
            await house.log_in(None)
        return house

    assert ran(work).session.state is State.OFFLINE


@pytest.mark.parametrize("answer", [None, -200])
def test_given_a_control_that_does_not_open_its_window_when_asked_then_the_answer_is_told(answer: int | None) -> None:
    async def work() -> None:
        house = House()
        house.bridge.control.answers["CommConnect"] = answer
        with pytest.raises(LoginFailed, match=f"CommConnect gave {answer}"):
            await house.session.login()
        assert house.session.state is State.OFFLINE

    ran(work)


@pytest.mark.parametrize(
    ("gubun", "expected", "kind"),
    [("1", ServerKind.REAL, ServerKind.MOCK), ("", ServerKind.MOCK, ServerKind.REAL), ("0", ServerKind.MOCK, None)],
)
def test_given_another_server_than_configured_when_logged_in_then_no_order_goes_and_it_is_named(
    gubun: str, expected: ServerKind, kind: ServerKind | None
) -> None:
    async def work() -> House:
        house = House(server_kind=expected)
        house.bridge.control.answers["KOA_Functions"] = gubun
        await house.log_in()
        return house

    house = ran(work)
    assert (house.session.state, house.session.logged_in, house.session.ready) == (State.REFUSED, True, False)
    assert house.session.server_kind is (kind or ServerKind.REAL)
    assert f"configured for Kiwoom's {expected} server" in house.session.trouble()
    assert house.prepared == 0


@pytest.mark.parametrize(
    ("configured", "listed", "words"),
    [
        ("8099999911", f"{ACCOUNT};", r"account \*{6}9911 is not among those of this log-in: \*{6}5611"),
        ("", f"{ACCOUNT};8012345631;", "must name the account"),
        ("", "", "must name the account, this log-in has none"),
    ],
)
def test_given_accounts_that_do_not_fit_when_logged_in_then_no_order_goes(
    configured: str, listed: str, words: str
) -> None:
    async def work() -> House:
        house = House(account=configured)
        house.bridge.control.answers["GetLoginInfo"] = listed
        await house.log_in()
        return house

    house = ran(work)
    assert house.session.state is State.REFUSED
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(house.session.trouble())


def test_given_a_line_that_is_lost_when_told_then_it_is_over_for_this_process() -> None:
    async def work() -> House:
        house = House()
        await house.log_in()
        house.session.hear(Connected(-106))
        house.session.hear(Connected(-106))
        with pytest.raises(LoginFailed, match="the line to Kiwoom is lost"):
            await house.session.login()
        return house

    house = ran(work)
    assert (house.session.state, house.lost, house.session.logged_in) == (State.LOST, [-106], False)


@pytest.mark.parametrize("failure", [ControlHung("stuck", started=True), LogFull("no space, stuck")])
def test_given_a_preparation_that_fails_when_logged_in_then_orders_wait_for_another_log_in(failure: Exception) -> None:
    async def work() -> House:
        house = House()
        house.prepare_fails = failure
        with pytest.raises(LoginFailed, match="stuck"):
            await house.log_in()
        assert house.session.state is State.OFFLINE
        house.prepare_fails = None
        house.bridge.control.answers["GetConnectState"] = 1
        await house.session.login()
        return house

    assert ran(work).session.ready


def test_given_a_line_lost_while_preparing_when_told_then_it_stays_lost() -> None:
    async def work() -> House:
        house = House()

        async def lose(with_orders: bool) -> None:
            house.session.lost("the hourly limit asks for another log-in")

        house.session._prepare = lose
        with pytest.raises(LoginFailed, match="hourly limit"):
            await house.log_in()
        return house

    assert ran(work).session.state is State.LOST
