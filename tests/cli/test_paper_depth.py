"""Order books on their way to the paper simulator: asked for, kept in the log, and no part of any decision."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.roster import make_roles
from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from cli.compose import codec, running
from cli.paper_tap import PaperTap
from cli.replay import replay_here
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.messages.run import RoleFailed
from domain.quotes import Depth, Quote, QuoteBatch
from persistence.reader import LogReader
from tests.actors.builders import House, a_run, instruments, received
from tests.actors.trader_house import SYMBOL, a_desk, a_recording, a_trader, until
from tests.broker_sim.builders import a_quote, at


class DeepBackend(SimBackend):
    """A recorded broker that displays two levels a side of whatever it quotes, to those who ask for books."""

    def stream_quotes(
        self, symbols: Sequence[str], max_rows: int, max_delay_s: float, depth: bool = False
    ) -> AsyncIterator[QuoteBatch]:
        batches = super().stream_quotes(symbols, max_rows, max_delay_s, depth)
        return with_books(batches) if depth else batches


async def with_books(batches: AsyncIterator[QuoteBatch]) -> AsyncIterator[QuoteBatch]:
    async for batch in batches:
        yield batch._replace(depths=tuple(book_of(row) for row in batch.rows if row.bid_price and row.ask_price))


def book_of(row: Quote) -> Depth:
    bids = ((row.bid_price, row.bid_qty), (row.bid_price - 10, 7))
    return Depth(row.symbol, row.venue_time, bids, ((row.ask_price, row.ask_qty), (row.ask_price + 10, 7)))


@contextmanager
def a_deep_broker(folder: Path) -> Iterator[BrokerServerThread]:
    recording = a_recording(folder)

    def make() -> SimBackend:
        journal = folder / "deep.db"
        return DeepBackend.recorded(recording, journal, cash=1, commission_ppm=150, speed=600, start_now=True)

    server = BrokerServerThread(lambda: running(make)).start()
    try:
        yield server
    finally:
        server.stop()


def logged(path: Path) -> list[QuoteBatch]:
    with LogReader(path, codec()) as reader:
        found = [message for _, message in reader.messages(type=QuotesReceived.__name__)]
    return [message.batch for message in found if isinstance(message, QuotesReceived)]


@pytest.mark.parametrize("beside", [True, False])
def test_given_a_broker_with_order_books_when_paper_trades_beside_the_trader_then_the_log_has_them_and_replays(
    tmp_path: Path, beside: bool
) -> None:
    with a_deep_broker(tmp_path) as broker:
        elsewhere = "" if beside else broker.address
        with a_trader(tmp_path, broker.address, elsewhere) as trader, a_desk(trader.desk_address):
            until(lambda: trader.reader.status().quotes > 9)
    batches = logged(tmp_path / "log.db")
    assert all(bool(batch.depths) is beside for batch in batches if any(row.bid_price for row in batch.rows))
    assert batches
    if beside:
        assert all(book_of(row) in batch.depths for batch in batches for row in batch.rows if row.bid_price)
    assert replay_here(tmp_path / "log.db").identical


def test_given_a_batch_with_order_books_when_it_is_handled_then_the_simulator_gets_them_with_the_rows() -> None:
    row = a_quote()
    posted: list[tuple[Any, ...]] = []

    class Backend:
        def post(self, call: Any, *args: Any) -> None:
            call(*args)

        def on_batch(self, *args: Any) -> None:
            posted.append(args)

    tap = PaperTap(Backend())  # type: ignore[arg-type]  # as much of one as a tap calls
    assert tap.wants_depth
    tap.on_batch(QuoteBatch("run", 1, [row], 0, False, at(10, 0), (book_of(row),)))
    assert posted == [([row], False, (book_of(row),))]
    assert row.symbol == SYMBOL


def test_given_order_books_alone_when_they_come_then_no_role_minds() -> None:
    batch = QuoteBatch("run", 2, [], 0, False, at(10, 0), (book_of(a_quote()),))
    house = House(*make_roles())
    house.hear(a_run(), instruments(), received(), QuotesReceived(batch, b""))
    [judged] = [message for message in house.said(QuotesJudged) if message.source_seq > 3][-1:]
    assert not judged.rows and not judged.verdicts
    assert house.said(RoleFailed) == []
