"""Replaying on a clock that moves only when told."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.subscription import Subscription, conflate, latest_depths
from broker_sim.feed import Feed
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, UnixNanos
from tests.broker_sim.builders import FakeClock, a_quote, at

BEGIN = at(9, 0)


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)


def some_rows(count: int, every_s: int = 1, symbols: int = 2) -> list[Quote]:
    return [
        a_quote(
            when=BEGIN + (n + 1) * every_s * NANOS_PER_SECOND,
            symbol=f"{n % symbols:06d}",
            last_qty=n + 1,
            cumulative_volume=sum(range(n % symbols, n + 1, symbols)),
        )
        for n in range(count)
    ]


class Heard:
    """What the feed told its listener."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.rows: list[Quote] = []
        self.depths: list[Depth] = []
        self.ends = 0

    def on_rows(self, venue_time: UnixNanos, rows: list[Quote], depths: list[Depth]) -> None:
        self.times.append(venue_time)
        self.rows += rows
        self.depths += depths

    def on_end(self) -> None:
        self.ends += 1


def a_feed(rows: list[Quote], speed: float, heard: Heard, clock: FakeClock) -> Feed:
    return Feed(rows, BEGIN, speed, heard.on_rows, heard.on_end, clock, clock.sleep)


def a_reader(clock: FakeClock, max_rows: int = 4, **changes: Any) -> Subscription:
    return Subscription(changes.pop("symbols", None), max_rows, 0.0, clock.sleep, **changes)


async def read(reader: Subscription) -> tuple[list[Quote], int]:
    rows, conflated = [], 0
    while True:
        taken = await reader.take()
        rows += taken.rows
        conflated += taken.conflated
        if taken.ended:
            return rows, conflated


@pytest.mark.parametrize("speed", [0, 1, 60, 100_000])
def test_given_a_reader_when_replayed_at_any_speed_then_every_row_comes_once_in_order(speed: float) -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        feed = a_feed(some_rows(50), speed, heard, clock)
        reader = a_reader(clock)
        feed.join(reader)
        replay = asyncio.create_task(feed.run())

        rows, conflated = await read(reader)
        await replay

        assert rows == heard.rows == some_rows(50)
        assert (conflated, heard.ends, feed.ended) == (0, 1, True)
        assert heard.times == sorted(heard.times)
        assert feed.venue_time == rows[-1].venue_time

    run(body())


def test_given_a_speed_when_replayed_then_system_time_passes_that_much_slower() -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        feed = a_feed(some_rows(120), 60, heard, clock)
        feed.start_now()
        begin = clock()

        await feed.run()

        assert (clock() - begin) / 1e9 == pytest.approx(2, abs=0.01)

    run(body())


def test_given_no_reader_when_the_feed_runs_then_its_clock_waits_for_the_first() -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        feed = a_feed(some_rows(3), 1, heard, clock)
        replay = asyncio.create_task(feed.run())
        for _ in range(5):
            await asyncio.sleep(0)
        clock.now += 3_600 * NANOS_PER_SECOND
        assert (feed.venue_time, heard.rows) == (BEGIN, [])

        reader = a_reader(clock)
        feed.join(reader)

        assert (await read(reader))[0] == some_rows(3)
        await replay

    run(body())


def test_given_full_speed_when_the_reader_stops_reading_then_the_feed_stands_still() -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        feed = a_feed(some_rows(50), 0, heard, clock)
        reader = a_reader(clock, max_rows=4)
        feed.join(reader)
        replay = asyncio.create_task(feed.run())
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(heard.rows) == 4

        feed.leave(reader)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(heard.rows) <= 8
        missed = len(heard.rows)

        late = a_reader(clock)
        feed.join(late)
        assert (await read(late))[0] == some_rows(50)[missed:]
        await replay

    run(body())


def test_given_a_late_reader_when_it_joins_then_it_gets_rows_from_the_clock_on() -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        feed = a_feed(some_rows(20), 1, heard, clock)
        feed.start_now()
        replay = asyncio.create_task(feed.run())
        while len(heard.rows) < 10:
            await asyncio.sleep(0)
        seen = len(heard.rows)
        late = a_reader(clock, symbols=frozenset({"000000"}))
        feed.join(late)

        rows, _ = await read(late)
        await replay

        assert rows == [row for row in some_rows(20)[seen:] if row.symbol == "000000"]
        after = a_reader(clock)
        feed.join(after)
        assert await read(after) == ([], 0)

    run(body())


def test_given_rows_of_one_moment_when_a_chunk_is_full_then_they_stay_together() -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        rows = [a_quote(when=BEGIN + 1 + n // 3, symbol=f"{n % 3:06d}") for n in range(12)]
        feed = a_feed(rows, 0, heard, clock)
        reader = a_reader(clock, max_rows=1)
        feed.join(reader)
        replay = asyncio.create_task(feed.run())

        assert (await read(reader))[0] == rows
        await replay
        assert heard.times == [BEGIN + 1, BEGIN + 2, BEGIN + 3, BEGIN + 4]

    run(body())


def test_given_a_listener_that_fails_when_replayed_then_the_reader_learns_it() -> None:
    async def body() -> None:
        clock = FakeClock()

        def fail(venue_time: UnixNanos, rows: list[Quote], depths: list[Depth]) -> None:
            raise OSError("disk full")

        feed = Feed(some_rows(3), BEGIN, 1, fail, lambda: None, clock, clock.sleep)
        reader = a_reader(clock)
        feed.join(reader)
        replay = asyncio.create_task(feed.run())

        with pytest.raises(OSError, match="disk full"):
            await read(reader)
        with pytest.raises(OSError, match="disk full"):
            await replay

    run(body())


def test_given_a_slow_reader_when_its_rows_exceed_the_capacity_then_they_are_conflated_and_counted() -> None:
    async def body() -> None:
        clock = FakeClock()
        reader = a_reader(clock, max_rows=4, capacity=10)
        rows = some_rows(25)
        for row in rows:
            reader.offer([row])
        reader.end()

        kept, conflated = await read(reader)

        assert len(kept) + conflated == len(rows)
        assert conflated > 0
        assert sum(row.last_qty for row in kept) == sum(row.last_qty for row in rows)
        latest = {row.symbol: row.cumulative_volume for row in rows}
        assert {row.symbol: row.cumulative_volume for row in kept} == latest

    run(body())


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from(QuoteKind)),
        max_size=30,
    )
)
def test_for_any_rows_conflation_keeps_the_latest_of_each_symbol_and_all_shares(
    drawn: list[tuple[int, int, QuoteKind]],
) -> None:
    rows = [
        a_quote(when=n, symbol=str(code), last_qty=0 if kind is QuoteKind.BOOK else shares + 1, kind=int(kind))
        for n, (code, shares, kind) in enumerate(drawn)
    ]

    kept = conflate(rows)

    assert [row.venue_time for row in kept] == sorted(row.venue_time for row in kept)
    for symbol in {row.symbol for row in rows}:
        own = [row for row in rows if row.symbol == symbol]
        [left] = [row for row in kept if row.symbol == symbol]
        assert left.venue_time == own[-1].venue_time
        assert left.last_qty == sum(row.last_qty for row in own)
        assert (left.kind == QuoteKind.BOOK) == (left.last_qty == 0)


def a_depth(row: Quote, price: int = 10_000) -> Depth:
    return Depth(row.symbol, row.venue_time, ((price - 10, 5),), ((price, 6),))


@pytest.mark.parametrize("speed", [0, 60])
def test_given_order_books_when_replayed_then_each_comes_once_with_the_rows_of_its_moment(speed: float) -> None:
    async def body() -> None:
        clock, heard = FakeClock(), Heard()
        rows = some_rows(40)
        depths = [a_depth(row) for row in rows[::3]]
        feed = Feed(rows, BEGIN, speed, heard.on_rows, heard.on_end, clock, clock.sleep, depths)
        reader, plain = a_reader(clock, depth=True), a_reader(clock)
        feed.join(reader)
        feed.join(plain)
        replay = asyncio.create_task(feed.run())
        found: list[Depth] = []
        seen = 0
        while True:
            taken, without = await reader.take(), await plain.take()
            assert without.depths == []
            found += taken.depths
            if taken.rows:
                seen = taken.rows[-1].venue_time
            assert all(depth.venue_time <= seen for depth in taken.depths)
            if taken.ended:
                break
        await replay

        assert found == depths == heard.depths

    run(body())


def test_given_rows_of_one_moment_cut_by_a_batch_when_taken_then_the_book_waits_for_the_last_of_them() -> None:
    async def body() -> None:
        first, second, third = (a_quote(when=BEGIN + 1, last_qty=n) for n in (1, 2, 3))
        reader = a_reader(FakeClock(), max_rows=2, depth=True)
        reader.offer([first, second, third], [a_depth(first)])

        assert (await reader.take())[3] == []
        assert (await reader.take())[3] == [a_depth(first)]

    run(body())


def test_given_a_slow_reader_when_conflated_then_the_latest_book_of_each_symbol_is_kept() -> None:
    async def body() -> None:
        rows = some_rows(30)
        reader = a_reader(FakeClock(), capacity=4, depth=True)
        for row in rows:
            reader.offer([row], [a_depth(row, row.last_qty * 10 + 10)])
        reader.end()
        taken = await reader.take()

        assert [depth.symbol for depth in taken.depths] == [row.symbol for row in taken.rows]
        assert taken.depths[-1] == a_depth(rows[-1], rows[-1].last_qty * 10 + 10)

    run(body())


def test_given_a_reader_of_one_symbol_when_books_are_offered_then_it_gets_its_own() -> None:
    async def body() -> None:
        rows = some_rows(2)
        reader = a_reader(FakeClock(), symbols=frozenset({rows[1].symbol}), depth=True)
        reader.offer(rows, [a_depth(row) for row in rows])
        reader.end()

        assert (await reader.take()).depths == [a_depth(rows[1])]

    run(body())


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=30))
def test_for_any_books_the_latest_of_each_symbol_is_kept_in_order(moments: list[tuple[int, int]]) -> None:
    depths = [
        Depth(f"{symbol}", UnixNanos(time), ((n + 1, 1),), ())
        for n, (symbol, time) in enumerate(sorted(moments, key=lambda one: one[1]))
    ]

    kept = latest_depths(depths)

    assert {depth.symbol: depth for depth in depths} == {depth.symbol: depth for depth in kept}
    assert [depth.venue_time for depth in kept] == sorted(depth.venue_time for depth in kept)
