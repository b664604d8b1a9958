"""The Windows broker keeps the contract every broker keeps: pykiwoom and all of it, over the emulated control."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.port import IndexMoved
from broker_win.emulator.sim_house import SimHouse
from domain.types import Krw, Market, UnixNanos
from tests.broker.contract import BrokerContract, Case
from tests.broker_sim.builders import SYMBOL, a_quote, an_instrument, at
from tests.broker_win.emulated import EmulatedPc, MainThread

RESTING = Krw(9_000)
EVERY_MS = 20


def open_market(house: SimHouse) -> None:
    if not house.now():
        house.set_time(at(9, 59))
        house.on_quotes([a_quote()])


class TestEmulatedKiwoom(BrokerContract):
    @pytest.fixture
    def case(self, tmp_path: Path, main_thread: MainThread, qt: Any) -> Iterator[Case]:
        from PyQt5.QtCore import QTimer

        pc = EmulatedPc(tmp_path, main_thread, [an_instrument(), an_instrument("005930")])
        told = 0

        def tick() -> None:
            nonlocal told
            told += 1
            if pc.house is not None:
                when = UnixNanos(pc.house.now() + EVERY_MS * 1_000_000)
                volume = 1_000 + told * 50
                pc.house.on_quotes([a_quote(when=when, cumulative_volume=volume)])
                pc.house.venue.on_news(IndexMoved(when, Market.KOSPI, 265_000 + told, 264_000))

        timer = QTimer()
        timer.setInterval(EVERY_MS)
        timer.timeout.connect(tick)
        timer.start()
        yield Case(lambda: pc.opened(open_market), SYMBOL, RESTING)
        timer.stop()
