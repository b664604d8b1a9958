"""The fake backend keeps the contract."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.types import Krw, UnixNanos
from tests.broker.builders import a_batch
from tests.broker.contract import BrokerContract, Case
from tests.broker.fake_backend import FakeBackend, open_fake


@asynccontextmanager
async def with_batches(path: Path) -> AsyncIterator[FakeBackend]:
    async with open_fake(path, lambda: UnixNanos(time.time_ns())) as backend:
        backend.batches = [a_batch(seq, rows=2, end=seq == 5) for seq in range(1, 6)]
        yield backend


class TestFakeBackend(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        return Case(lambda: with_batches(tmp_path / "orders.db"), "120110", Krw(9_000))
