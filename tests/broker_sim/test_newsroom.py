"""What the simulated market tells: indices at their venue time, interruptions with their ends, phases, who reads."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from broker.news_reader import MOST_NEWS, NewsReader
from broker.port import IndexMoved, MarketNews, PhaseChanged, VolatilityInterruption
from broker_sim.newsroom import Newsroom
from domain.config import SimConfig
from domain.errors import BrokerUnavailable
from domain.quotes import QuoteKind
from domain.types import Krw, Market, UnixNanos, VenuePhase
from tests.broker_sim.builders import SYMBOL, a_quote, at
from tests.broker_sim.test_index_feed import CLOSE, House, an_index

INTERRUPTS = SimConfig(latency_ms=0, latency_jitter_ms=0, depth_levels=1, interruptions=True)


def told(house: House) -> list[MarketNews]:
    heard: list[MarketNews] = []
    house.venue.on_news = heard.append
    return heard


def an_interruption(active: bool, when: UnixNanos, price: int = 11_000, times: int = 1) -> VolatilityInterruption:
    return VolatilityInterruption(when, SYMBOL, active, Krw(price), "동적+정적", times)


def a_value(index: int, hh: int, mm: int) -> IndexMoved:
    return IndexMoved(at(hh, mm), Market.KOSPI, index, CLOSE)


def test_given_an_index_when_rows_pass_it_then_each_value_is_told_once_in_order_of_venue_time(tmp_path: Path) -> None:
    house = House(tmp_path, an_index([(10, 0, 250_100), (10, 1, 250_200), (10, 3, 250_300)]))
    heard = told(house)
    house.rows(a_quote(when=at(10, 0)), a_quote(when=at(10, 2)))
    house.clock(10, 2)
    assert heard == [a_value(250_100, 10, 0), a_value(250_200, 10, 1)]
    house.clock(10, 4)
    assert heard[2:] == [a_value(250_300, 10, 3)]


def test_given_prints_that_interrupt_when_the_auction_prints_then_begin_and_end_are_told_between_the_values(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, an_index([(10, 1, 250_100), (10, 4, 250_200)]), config=INTERRUPTS)
    heard = told(house)
    house.rows(a_quote(10_000, at(10, 0)), a_quote(11_000, at(10, 0, 30)), a_quote(11_050, at(10, 3), last_qty=5))
    assert heard == [an_interruption(True, at(10, 0, 30)), a_value(250_100, 10, 1), an_interruption(False, at(10, 3))]


@pytest.mark.parametrize(
    ("how", "ended"),
    [
        (lambda house: house.rows(a_quote(11_010, at(10, 0, 31))), at(10, 0, 31)),  # the feed traded on
        (lambda house: house.clock(15, 20), at(15, 20)),  # the closing auction takes over
        (lambda house: house.rows(a_quote(11_050, at(10, 2), kind=QuoteKind.AUCTION_TRADE)), at(10, 2)),
    ],
)
def test_given_an_interruption_when_it_is_over_in_any_way_then_its_end_is_told_once(
    tmp_path: Path, how: Any, ended: UnixNanos
) -> None:
    house = House(tmp_path, None, config=INTERRUPTS)
    heard = told(house)
    house.rows(a_quote(10_000, at(10, 0)), a_quote(11_000, at(10, 0, 30)))
    how(house)
    house.clock(15, 25)
    assert heard == [an_interruption(True, at(10, 0, 30)), an_interruption(False, ended)]


def test_given_a_feed_that_trades_on_far_off_when_prints_go_on_then_it_is_no_news_until_an_auction_prints(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, None, config=INTERRUPTS)
    heard = told(house)
    house.rows(a_quote(10_000, at(10, 0)), *(a_quote(11_000 + second, at(10, 1, second)) for second in range(30)))
    assert heard == [an_interruption(True, at(10, 1)), an_interruption(False, at(10, 1, 1))]
    house.rows(a_quote(11_030, at(10, 5), kind=QuoteKind.AUCTION_TRADE), a_quote(12_200, at(10, 6)))
    assert [getattr(news, "active", None) for news in heard] == [True, False, True]


async def read(stream: Any, count: int) -> list[MarketNews]:
    return [await anext(stream) for _ in range(count)]


def test_given_a_reader_who_comes_late_when_it_watches_then_how_things_stand_comes_first() -> None:
    async def body() -> None:
        room = Newsroom()
        room.on_clock(at(9, 0), VenuePhase.CONTINUOUS)
        room.on_clock(at(9, 1), VenuePhase.CONTINUOUS)
        room.tell(a_value(250_000, 9, 1))
        room.tell(a_value(250_100, 9, 2))
        room.tell(an_interruption(True, at(9, 3)))
        room.tell(VolatilityInterruption(at(9, 3), "005930", True, Krw(1), "동적", 1))
        room.tell(VolatilityInterruption(at(9, 5), "005930", False, Krw(1), "동적", 1))
        stream: Any = room.watch()
        first = await read(stream, 3)
        assert first == [
            PhaseChanged(at(9, 0), VenuePhase.CONTINUOUS, ""),
            a_value(250_100, 9, 2),
            an_interruption(True, at(9, 3)),
        ]
        room.on_clock(at(10, 25), VenuePhase.HALTED)
        assert await anext(stream) == PhaseChanged(at(10, 25), VenuePhase.HALTED, "")
        await stream.aclose()
        room.tell(a_value(1, 10, 26))
        assert not room._readers

    asyncio.run(body())


def news_of(values: Sequence[int]) -> list[MarketNews]:
    return [a_value(value, 9, 0) for value in values]


def test_given_a_reader_who_does_not_read_when_much_happens_then_indices_are_conflated_and_nothing_else_is() -> None:
    async def body() -> None:
        reader = NewsReader()
        for news in (*news_of(range(1, 50)), an_interruption(True, at(9, 1)), *news_of(range(50, 99))):
            reader.tell(news)
        assert await read(reader.read(), 2) == [an_interruption(True, at(9, 1)), a_value(98, 9, 0)]
        for _ in range(MOST_NEWS + 1):
            reader.tell(an_interruption(True, at(9, 1)))
        stream: Any = reader.read()
        await read(stream, MOST_NEWS)
        with pytest.raises(BrokerUnavailable, match="10000 behind"):
            await anext(stream)

    asyncio.run(body())
