"""The simulated broker keeps the contract: with a recording, and as the paper exchange fed with quotes of another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from broker_sim.backend import SimBackend
from broker_sim.recording import Recording
from domain.errors import RequestRefused
from domain.types import Krw
from tests.broker.contract import BrokerContract, Case, a_desk, a_server
from tests.broker_sim.builders import CASH, SYMBOL, a_day, a_file, a_quote, an_instrument, at

RESTING = Krw(9_000)  # the recorded day never trades so low, and it is inside the daily limits


@asynccontextmanager
async def recorded(recording: Recording, journal: Path) -> AsyncIterator[SimBackend]:
    """Serve the day half a venue hour a second: open for orders at once, and far from its end during a test."""
    backend = SimBackend.recorded(recording, journal, cash=CASH, commission_ppm=150, speed=1_800, start_now=True)
    await backend.start()
    try:
        while backend._venue.exchange.now <= at(9, 0):
            await backend._sleep(0.01)
        yield backend
    finally:
        await backend.close()


@asynccontextmanager
async def paper(journal: Path, **wiring: Any) -> AsyncIterator[SimBackend]:
    backend = SimBackend.paper(journal, cash=CASH, commission_ppm=150, **wiring)
    await backend.start()
    try:
        backend.on_venue_time(at(9, 59))
        backend.on_instruments([an_instrument()])
        backend.on_batch([a_quote()])
        yield backend
    finally:
        await backend.close()


class TestRecordedSim(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        recording = Recording.load(a_file(tmp_path, a_day(prev_close=10_000)))
        return Case(lambda: recorded(recording, tmp_path / "orders.db"), SYMBOL, RESTING)


class TestPaperSim(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        return Case(lambda: paper(tmp_path / "orders.db"), SYMBOL, RESTING)

    # The paper exchange is fed, it offers no quotes of its own: the two promises about streams become this one.

    def test_given_an_unknown_symbol_when_subscribed_then_it_is_named(self, case: Case) -> None:
        with a_server(case) as server, a_desk(server) as desk, pytest.raises(RequestRefused) as refused:
            next(desk.client.quotes([case.symbol]))
        assert refused.value.code == "NOT_OFFERED"

    def test_given_a_subscription_when_batches_come_then_they_are_numbered_without_gaps(self, case: Case) -> None:
        pytest.skip("the paper exchange offers no quotes; that it says so is tested above")


class TestPacedSim(TestPaperSim):
    """Requests wait for a limit of the broker's: what is promised of each holds all the same."""

    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        return Case(lambda: paper(tmp_path / "orders.db", orders_per_second=50), SYMBOL, RESTING)
