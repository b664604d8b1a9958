"""The Windows broker put together: what a part that fails does to the rest."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker.journal import OrderJournal
from broker_win.backend import WinBackend
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import Chejan, Connected, RealData, Told
from domain.errors import BrokerUnavailable, InvariantError, RequestRefused
from domain.types import Gate, Purpose, RequestOutcome, UnixNanos, VenuePhase
from tests.broker.builders import a_guard, a_submit
from tests.broker_sim.builders import at


class DeadBridge:
    """A control's thread that never answers."""

    beat_age_s = 99.0

    async def run(self, job: Callable[[Any], Any], timeout_s: float = 5.0) -> Any:
        raise BrokerUnavailable("the control's thread does not answer")

    def on_events(self, hear: Callable[[Any], None]) -> None:
        self.hear = hear


class House:
    def __init__(self, folder: Path) -> None:
        self.broken: list[str] = []
        self.lost: list[int] = []
        self.now = at(8, 0)
        clock = Clock(lambda: self.now, lambda: UnixNanos(0), lambda: 0, self._sleep)
        self.bridge = DeadBridge()
        self.journal = OrderJournal(folder / "win.db", durable=False)
        self.backend = WinBackend(
            WinConfig(),
            self.bridge,
            clock,
            self.journal,
            on_lost=self.lost.append,
            on_broken=self.broken.append,
        )

    async def _sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


def run(folder: Path, work: Callable[[House], Any]) -> None:
    async def whole() -> None:
        house = House(folder)
        await house.backend.start()
        try:
            await work(house)
        finally:
            await house.backend.close()

    asyncio.run(whole())


def test_given_a_control_that_does_not_answer_when_started_then_it_serves_and_says_why_nothing_goes(
    tmp_path: Path,
) -> None:
    async def work(house: House) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        session = await house.backend.session()
        assert (session.logged_in, session.account, session.phase) == (False, "", VenuePhase.CLOSED)
        assert "does not answer" in session.trouble
        assert house.broken == []
        with pytest.raises(BrokerUnavailable, match="not logged in to Kiwoom"):
            await house.backend.account()
        guard = a_guard(house.journal.journal_id, house.journal.epoch)
        receipt = await house.backend.request(a_submit(price=9_000, purpose=Purpose.ENTRY), guard)
        assert (receipt.outcome, receipt.code) == (RequestOutcome.REFUSED, "NOT_READY")
        assert (await house.backend.set_gate("g-1", Gate.CANCELS_ONLY)).outcome is RequestOutcome.SENT
        found = {one.name: str(one.state) for one in await house.backend.diagnose(True)}
        assert (found["event_loop"], found["login"], found["account_password"]) == ("FAILED", "FAILED", "NOT_KNOWN")

    run(tmp_path, work)


@pytest.mark.parametrize(
    ("error", "is_broken"),
    [
        (BrokerUnavailable("the lists cannot be read"), False),
        (RequestRefused("NO_SCREEN", "none is left"), False),
        (InvariantError("a share counted twice"), True),
        (KeyError("number"), True),
    ],
)
def test_given_a_part_that_ends_by_an_error_when_it_is_ours_then_the_process_must_end(
    tmp_path: Path, error: Exception, is_broken: bool
) -> None:
    async def fail() -> None:
        raise error

    async def work(house: House) -> None:
        house.backend._spawn(fail())
        for _ in range(5):
            await asyncio.sleep(0)
        assert bool(house.broken) == is_broken

    run(tmp_path, work)


def test_given_events_that_fail_when_heard_then_those_behind_them_are_heard_and_only_orders_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_event: object) -> bool:
        raise KeyError("a bug")

    async def work(house: House) -> None:
        heard: list[Any] = []
        monkeypatch.setattr(house.backend.realtime, "hear", fail)
        monkeypatch.setattr(house.backend.asker, "hear", heard.append)
        quote, told = RealData("005930", "주식체결", ""), Told("1000", "q:opt10075:1", "opt10075", "a text")
        house.bridge.hear([quote, told, quote])
        assert (heard, house.broken) == ([told], [])
        monkeypatch.setattr(house.backend.orders, "hear", fail)
        house.bridge.hear([Chejan("0", {})])
        assert house.broken == ["KeyError('a bug')"]

    run(tmp_path, work)


def test_given_queries_that_wait_when_its_health_is_asked_for_then_their_number_is_told(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        assert house.backend.health()["waiting"] == 0

    run(tmp_path, work)


def test_given_a_line_that_is_lost_when_told_then_readers_of_the_market_hear_it(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        news: Any = house.backend.watch_market()
        reading = asyncio.ensure_future(anext(news))
        for _ in range(20):
            await asyncio.sleep(0)
        house.bridge.hear([Connected(-106)])
        with pytest.raises(BrokerUnavailable, match="the line to Kiwoom is lost"):
            await reading
        assert house.lost == [-106]

    run(tmp_path, work)
