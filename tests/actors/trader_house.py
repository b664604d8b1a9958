"""A whole trader in this process: a simulated broker over real gRPC, the core, the edges, a desk to call."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc

from broker.server import BrokerServerThread
from broker.statuses import read_error
from broker_sim.backend import SimBackend
from broker_sim.recording import Recording
from cli.compose import Trader, compose_trader, running
from cli.settings import load, resolve
from domain.config import RunConfig, TrendConfig
from domain.errors import RequestRefused
from hantrade.v1 import desk_pb2_grpc
from tests.broker_sim.builders import a_day, a_file
from trends.recorded import packaged_trends

WAIT_S = 15.0
SYMBOL, OTHER = "120110", "000250"


def a_recording(folder: Path, until: str = "15:30") -> Recording:
    bars = [a_day(code, until, prev_close=10_000) for code in (SYMBOL, OTHER)]
    return Recording.load(a_file(folder, [bar for day in bars for bar in day]))


@contextmanager
def a_broker(folder: Path, speed: float = 60, until: str = "15:30") -> Iterator[BrokerServerThread]:
    recording = a_recording(folder, until)
    server = BrokerServerThread(
        lambda: running(
            lambda: SimBackend.recorded(
                recording, folder / "broker.db", cash=10_000_000, commission_ppm=150, speed=speed, start_now=True
            )
        )
    ).start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def a_trader(
    folder: Path,
    quotes_at: str,
    orders_at: str = "",
    change: Callable[[RunConfig], RunConfig] = replace,
    **compose: Any,
) -> Iterator[Trader]:
    settings, watchlist = load(folder)
    config = resolve(settings, watchlist, "paper", "SIMULATED")
    # Quotes of these recordings are minutes apart, and tests do not want to wait between orders.
    calm = {"quiet_open_s": 0, "quiet_close_s": 0, "cool_down_s": 0, "max_losing_streak": 0, "reentry_block_s": 0}
    risk = replace(config.risk, duplicate_window_ms=0, max_data_age_ms=36_000_000, max_orders_per_s=0, **calm)
    config = replace(config, risk=risk, quotes_endpoint=quotes_at, orders_endpoint=orders_at, trends=TrendConfig())
    config = change(config)
    shown: list[Any] = []
    desk = ("127.0.0.1", 0)
    compose = {"trends": (packaged_trends(),), "show_notice": shown.append, **compose}
    trader = compose_trader(config, folder / "log.db", folder / "paper", desk, **compose)
    try:
        yield trader
    finally:
        trader.system.stop("the test is over")
        trader.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that threads bring about."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


@dataclass
class DeskClient:
    """Calls DeskService as any caller would."""

    stub: Any
    channel: grpc.Channel

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.stub, name)
        return lambda request, timeout=WAIT_S: method(request, timeout=timeout)

    def refusal(self, name: str, request: Any) -> tuple[grpc.StatusCode, RequestRefused]:
        """Make a call that must be refused; give the status code and the typed refusal."""
        try:
            answer = getattr(self, name)(request)
            list(answer) if hasattr(answer, "__next__") else None
        except grpc.RpcError as error:
            refused = read_error(error, "desk")
            assert isinstance(refused, RequestRefused), refused
            return error.code(), refused
        raise AssertionError(f"{name} was not refused")


@contextmanager
def a_desk(address: str) -> Iterator[DeskClient]:
    with grpc.insecure_channel(address) as channel:
        yield DeskClient(desk_pb2_grpc.DeskServiceStub(channel), channel)


@dataclass
class House:
    trader: Trader
    desk: DeskClient
    broker: BrokerServerThread


@contextmanager
def a_house(folder: Path, speed: float = 60, until_time: str = "15:30") -> Iterator[House]:
    with (
        a_broker(folder, speed, until_time) as broker,
        a_trader(folder, broker.address) as trader,
        a_desk(trader.desk_address) as desk,
    ):
        yield House(trader, desk, broker)
