"""A broker that may misbehave and has nothing to show keeps the contract of every broker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker_sim.faults import FaultPlan
from broker_sim.faulty import FaultyBackend
from broker_sim.recording import Recording
from tests.broker.contract import BrokerContract, Case
from tests.broker.test_contract_sim import RESTING, recorded
from tests.broker_sim.builders import SYMBOL, a_day, a_file


@asynccontextmanager
async def faulty(recording: Recording, folder: Path) -> AsyncIterator[FaultyBackend]:
    async with recorded(recording, folder / "venue.db") as inner:
        backend = FaultyBackend(inner, folder / "told.db", FaultPlan())
        await backend.start()
        try:
            yield backend
        finally:
            await backend.close()
            assert not backend.done


class TestFaultySim(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        recording = Recording.load(a_file(tmp_path, a_day(prev_close=10_000)))
        return Case(lambda: faulty(recording, tmp_path), SYMBOL, RESTING)
