"""The fake backend keeps the contract."""

import time
from pathlib import Path

import pytest

from domain.types import Krw, UnixNanos
from tests.broker.builders import a_batch
from tests.broker.contract import BrokerContract, Case
from tests.broker.fake_backend import open_fake


class TestFakeBackend(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        def open_backend():
            return _with_batches(tmp_path / "orders.db")

        return Case(open_backend, "120110", Krw(9_000))


def _with_batches(path: Path):
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def opened():
        async with open_fake(path, lambda: UnixNanos(time.time_ns())) as backend:
            backend.batches = [a_batch(seq, rows=2, end=seq == 5) for seq in range(1, 6)]
            yield backend

    return opened()
