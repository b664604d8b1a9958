"""The port: recorded days, paper, restarts."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from broker_sim.backend import SimBackend
from broker_sim.recording import Recording
from domain.config import SimConfig
from domain.errors import LogFull, RequestRefused
from domain.messages.orders import OrderFact, OrderFilled
from domain.quotes import Depth, Quote
from domain.types import Gate, RequestOutcome, ServerKind, Side, UnixNanos, VenuePhase
from tests.broker_sim.builders import (
    CASH,
    NEVER,
    SYMBOL,
    FakeClock,
    a_bar,
    a_cancel,
    a_day,
    a_file,
    a_quote,
    a_submit,
    an_instrument,
    at,
)


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)


def a_recording(folder: Path, until: str = "15:30", day: str = "2026-01-13") -> Recording:
    bars = [bar | {"date": day, "prev_close": 10_000} for bar in a_day(until=until)]
    return Recording.load(a_file(folder, bars))


def recorded(folder: Path, recording: Recording | None = None, **changes: Any) -> SimBackend:
    clock = changes.pop("clock", FakeClock())
    wiring = {"cash": CASH, "commission_ppm": 150, "speed": 0, "seed": 1, "run_id": "run", **changes}
    return SimBackend.recorded(
        recording or a_recording(folder), folder / "sim.db", clock=clock, now=clock, sleep=clock.sleep, **wiring
    )


def paper(folder: Path, **changes: Any) -> SimBackend:
    clock = FakeClock()
    made = SimBackend.paper(
        folder / "paper.db", cash=CASH, commission_ppm=150, now=clock, sleep=clock.sleep, run_id="run", **changes
    )
    made.on_instruments([an_instrument()])
    return made


async def ask(backend: SimBackend, request: OrderRequest) -> Receipt:
    session = await backend.session()
    return await backend.request(request, Guard(session.journal_id, session.epoch, NEVER))


async def events(backend: SimBackend, after_seq: int = 0) -> list[OrderFact]:
    """Give the events there are now."""
    found: list[OrderFact] = []
    stream = backend.order_events(after_seq)
    while after_seq + len(found) < backend.last_event_seq():
        found.append(await anext(stream))
    return found


async def state(backend: SimBackend) -> tuple[object, ...]:
    account, session = await backend.account(), await backend.session()
    return (
        account,
        await backend.positions(),
        await backend.open_orders(),
        await backend.fills(),
        session.phase,
        session.journal_id,
        session.gate,
        await events(backend),
    )


# ---- a recorded day ---------------------------------------------------------------------------------------------


def test_given_a_recorded_day_when_streamed_then_batches_are_numbered_and_the_last_one_says_so(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        before = await backend.session()
        assert (before.server_kind, before.account, before.logged_in) == (ServerKind.SIMULATED, "SIM-****0001", True)
        assert (before.phase, before.venue_time) == (VenuePhase.OPENING_AUCTION, at(8, 59))
        assert (before.speed_milli, before.run_id) == (0, "run")

        batches = [batch async for batch in backend.stream_quotes([SYMBOL], 7, 0.001)]

        assert [batch.seq for batch in batches] == list(range(1, len(batches) + 1))
        assert [batch.end_of_data for batch in batches] == [False] * (len(batches) - 1) + [True]
        assert max(len(batch.rows) for batch in batches) <= 7
        assert sum(batch.conflated for batch in batches) == 0
        rows = [row for batch in batches for row in batch.rows]
        assert rows[-1].cumulative_volume == 800 * len(a_day())
        assert (await backend.session()).phase is VenuePhase.DATA_ENDED
        assert await backend.latest_quotes([]) == [rows[-1]]
        await backend.close()

    run(body())


@pytest.mark.parametrize(
    ("until", "day"),
    [("14:50", "2026-01-13"), ("15:30", "2025-11-13")],  # cut early; exam day, closes 16:30
)
def test_given_data_that_ends_before_the_close_when_streamed_then_open_orders_expire(
    tmp_path: Path, until: str, day: str
) -> None:
    async def body() -> None:
        recording = a_recording(tmp_path, until, day)
        backend = recorded(tmp_path, recording)
        assert (await backend.session()).venue_time == recording.session.open - 60 * 10**9
        assert (await ask(backend, a_submit(50, 7_100))).outcome is RequestOutcome.SENT

        batches = [batch async for batch in backend.stream_quotes([], 0, 0)]

        assert batches[-1].end_of_data
        assert (await backend.session()).phase is VenuePhase.DATA_ENDED
        assert await backend.open_orders() == ([], 2)
        assert [type(fact).__name__ for fact in await events(backend)] == ["OrderAccepted", "OrderExpired"]
        await backend.close()

    run(body())


def test_given_the_clock_when_candles_are_asked_for_then_none_ends_after_it(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        assert await backend.candles(SYMBOL, None, None) == []
        async for batch in backend.stream_quotes([], 3, 0):
            now = (await backend.session()).venue_time
            candles = await backend.candles(SYMBOL, None, None)
            assert all(candle.start + 600 * 10**9 <= now for candle in candles)
            if batch.rows and batch.rows[-1].venue_time > at(12, 0):
                break
        some = await backend.candles(SYMBOL, at(9, 30), at(10, 30))
        assert [candle.start for candle in some] == [at(9, 30 + m) for m in (0, 10, 20)] + [
            at(10, m) for m in (0, 10, 20)
        ]
        await backend.close()

    run(body())


def test_given_an_unknown_symbol_when_asked_for_then_it_is_named(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        with pytest.raises(RequestRefused, match="UNKNOWN_SYMBOL") as caught:
            [batch async for batch in backend.stream_quotes([SYMBOL, "005930"], 0, 0)]
        assert caught.value.value == "005930"
        with pytest.raises(RequestRefused, match="UNKNOWN_SYMBOL"):
            await backend.candles("005930", None, None)
        known, unknown = await backend.instruments(["005930", SYMBOL])
        assert ([instrument.symbol for instrument in known], unknown) == ([SYMBOL], ["005930"])
        await backend.close()

    run(body())


# ---- orders -----------------------------------------------------------------------------------------------------


def test_given_a_repeated_id_when_requested_then_the_first_outcome_comes_and_nothing_is_placed(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])

        first, again = await ask(backend, a_submit()), await ask(backend, a_submit())
        other = await ask(backend, a_submit(11))

        assert (first.outcome, first.as_of_seq) == (RequestOutcome.SENT, 2)
        assert (again.outcome, other.code) == (RequestOutcome.SENT, "ID_REUSED")
        assert backend.last_event_seq() == 2
        assert (await backend.resolve("never")).outcome is RequestOutcome.VOID
        await backend.close()

    run(body())


def test_given_a_closed_gate_when_an_order_comes_then_only_cancels_pass(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10, 9_900))
        await backend.set_gate("g1", Gate.CANCELS_ONLY)

        assert (await ask(backend, a_submit(name="c2"))).code == "GATE_CLOSED"
        assert (await ask(backend, a_cancel("0000001"))).outcome is RequestOutcome.SENT
        assert await backend.open_orders() == ([], 3)
        await backend.close()

    run(body())


def test_given_a_waiting_reader_of_events_when_quotes_fill_an_order_then_it_hears_of_it(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10, 9_900))
        stream = backend.order_events(1)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        assert not waiting.done()

        backend.on_batch([a_quote(9_880, at(10, 1))])

        filled = await waiting
        assert isinstance(filled, OrderFilled)
        assert (filled.event_seq, filled.journal_id) == (2, (await backend.session()).journal_id)
        assert (await backend.fills()) == ([filled], 2)
        await backend.close()

    run(body())


def test_given_a_full_disk_when_a_fact_cannot_be_journaled_then_it_did_not_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10, 9_900))
        before = await state(backend)

        def full(*_: object) -> None:
            raise LogFull("no space left")

        with monkeypatch.context() as patched:
            patched.setattr(OrderJournal, "append", full)
            patched.setattr(OrderJournal, "record", full)
            with pytest.raises(LogFull):
                backend.on_batch([a_quote(9_880, at(10, 1))])
            assert await state(backend) == before
            with pytest.raises(LogFull):
                await ask(backend, a_submit(name="c2"))

        assert await state(backend) == before
        backend.on_batch([a_quote(9_880, at(10, 2))])
        assert len((await backend.fills())[0]) == 1
        await backend.close()

    run(body())


def test_given_a_disk_that_is_full_for_a_while_when_a_day_is_replayed_then_it_goes_on_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        real = OrderJournal.set_meta
        refused: list[str] = []

        def full_at_first(journal: OrderJournal, key: str, value: str) -> None:
            if len(refused) < 3:
                refused.append(key)
                raise LogFull("no space left")
            real(journal, key, value)

        monkeypatch.setattr(OrderJournal, "set_meta", full_at_first)
        monkeypatch.setattr("broker_sim.backend.CLOCK_EVERY", 0)
        batches = [batch async for batch in backend.stream_quotes([SYMBOL], 7, 0.001)]
        assert refused == ["sim.clock"] * 3
        assert batches[-1].rows[-1].cumulative_volume == 800 * len(a_day()), "no row was lost"
        assert batches[-1].end_of_data
        assert (await backend.session()).phase is VenuePhase.DATA_ENDED
        await backend.close()

    run(body())
    assert [record.getMessage() for record in caplog.records if record.name == "broker_sim.backend"] == [
        "what happened at the venue cannot be kept: no space left"
    ]


# ---- restart ----------------------------------------------------------------------------------------------------


def kill(backend: SimBackend) -> None:
    """Let go of the file as the end of a process does: nothing is written any more."""
    backend._venue.journal.close()


async def trade_until(backend: SimBackend, when: int) -> list[Quote]:
    """Place an order every so often until venue time `when`; give the rows seen."""
    seen: list[Quote] = []
    async for batch in backend.stream_quotes([], 5, 0):
        seen += batch.rows
        if batch.rows and batch.rows[-1].venue_time >= when:
            return seen
        row = seen[-1]
        await ask(backend, a_submit(30, 10_050, name=f"b{batch.seq}"))
        await ask(backend, a_submit(7, row.bid_price, Side.SELL, name=f"s{batch.seq}"))
    raise AssertionError("the day ended before")


def test_given_a_killed_broker_when_it_starts_again_then_account_orders_and_day_go_on(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        seen = await trade_until(backend, at(12, 0))
        await ask(backend, a_submit(3, 7_100, name="rests"))
        await backend.set_gate("g1", Gate.EXITS_ONLY)
        before, session = await state(backend), await backend.session()
        assert (await backend.open_orders())[0] and (await backend.fills())[0]
        kill(backend)

        again = recorded(tmp_path, cash=1)  # a day that goes on keeps its account

        assert await state(again) == before
        resumed = await again.session()
        assert (resumed.epoch, resumed.venue_time) == (session.epoch + 1, session.venue_time)
        assert (await again.latest_quotes([]))[0].venue_time <= session.venue_time
        rest = [row async for batch in again.stream_quotes([], 5, 0) for row in batch.rows]
        assert rest[0].venue_time > session.venue_time >= seen[-1].venue_time
        assert rest[-1].cumulative_volume == 800 * len(a_day())
        assert (await again.open_orders())[0] == []
        await again.close()

    run(body())


def test_given_displayed_shares_taken_when_the_broker_starts_again_then_they_stay_taken(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        async for _ in backend.stream_quotes([], 5, 0):
            break
        [row] = await backend.latest_quotes([])
        await ask(backend, a_submit(row.ask_qty, row.ask_price))
        assert len((await backend.fills())[0]) == 1
        kill(backend)

        again = recorded(tmp_path)
        await ask(again, a_submit(1, row.ask_price, name="c2"))

        assert len((await again.fills())[0]) == 1
        await again.close()

    run(body())


@pytest.mark.parametrize("change", ["ended", "day", "seed"])
def test_given_a_journal_of_another_or_an_ended_day_when_started_then_the_day_begins_anew(
    tmp_path: Path, change: str
) -> None:
    async def body() -> None:
        backend = recorded(tmp_path)
        await trade_until(backend, at(10, 0))
        if change == "ended":
            [batch async for batch in backend.stream_quotes([], 0, 0)]
        first = await backend.session()
        await backend.close()

        recording = a_recording(tmp_path, day="2026-01-12" if change == "day" else "2026-01-13")
        again = recorded(tmp_path, recording, seed=2 if change == "seed" else 1)

        fresh = await again.session()
        assert fresh.journal_id != first.journal_id
        assert fresh.phase is VenuePhase.OPENING_AUCTION
        assert (await again.account()).cash == CASH
        assert again.last_event_seq() == 0
        kept = OrderJournal(tmp_path / "sim.db.old")
        assert kept.journal_id == first.journal_id and kept.last_seq > 0
        kept.close()
        await again.close()

    run(body())


def test_given_a_running_clock_when_killed_then_at_most_a_second_of_it_is_lost(tmp_path: Path) -> None:
    async def body() -> None:
        clock = FakeClock()
        backend = recorded(tmp_path, speed=60, clock=clock)
        async for batch in backend.stream_quotes([], 5, 0.01):
            if batch.rows and batch.rows[-1].venue_time > at(11, 0):
                break
        reached = (await backend.session()).venue_time
        task = backend._task
        assert task
        task.cancel()
        kill(backend)

        again = recorded(tmp_path, speed=60)

        assert reached - 61 * 10**9 <= (await again.session()).venue_time <= reached
        await again.close()

    run(body())


def test_given_a_paper_account_when_started_again_on_another_day_then_holdings_stay(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10))
        await ask(backend, a_submit(5, 9_900, name="c2"))
        kill(backend)

        again = paper(tmp_path)
        assert (await again.session()).venue_time == at(10, 0)
        assert len((await again.open_orders())[0]) == 1
        again.on_batch([a_quote(when=at(9, 1) + 86_400 * 10**9)])

        assert (await again.open_orders())[0] == []  # expired with its day
        [position] = (await again.positions())[0]
        assert (position.quantity, (await again.fills())[0]) == (10, [])
        assert (await again.account()).cash == CASH - 100_000 - 15
        await again.close()

    run(body())


# ---- paper ------------------------------------------------------------------------------------------------------


def test_given_no_quotes_yet_when_paper_is_asked_to_trade_then_it_refuses(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        assert (await backend.session()).phase is VenuePhase.CLOSED
        assert (await backend.login()).speed_milli is None

        assert (await ask(backend, a_submit())).code == "NO_VENUE_CLOCK"
        with pytest.raises(RequestRefused, match="NOT_OFFERED"):
            await backend.candles(SYMBOL, None, None)
        with pytest.raises(RequestRefused, match="NOT_OFFERED"):
            backend.stream_quotes([SYMBOL], 0, 0)
        await backend.close()

    run(body())


def test_given_another_thread_when_it_posts_quotes_then_they_trade_on_the_loop(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        with pytest.raises(RuntimeError, match="start"):
            backend.post(backend.on_batch, [a_quote()])
        await backend.start()
        await asyncio.to_thread(backend.post, backend.on_batch, [a_quote()])
        await asyncio.sleep(0)
        assert (await backend.session()).phase is VenuePhase.CONTINUOUS
        await ask(backend, a_submit(10, 9_900))

        backend.on_heartbeat(at(9, 59))
        assert (await backend.session()).venue_time == at(10, 0)
        backend.on_heartbeat(at(15, 31))

        assert (await backend.open_orders())[0] == []
        await backend.close()

    run(body())


def test_given_the_end_of_the_quotes_when_paper_hears_it_then_open_orders_expire(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10, 9_900))

        backend.on_batch([a_quote(9_950, at(10, 1))], end_of_data=True)

        assert (await backend.session()).phase is VenuePhase.DATA_ENDED
        assert (await backend.open_orders())[0] == []
        await backend.close()

    run(body())


def test_given_the_first_day_of_the_year_when_streamed_then_the_day_opens_at_ten(tmp_path: Path) -> None:
    async def body() -> None:
        bars = [bar | {"date": "2026-01-02"} for bar in a_day()] + [a_bar(date="2026-01-02", time="09:55:00")]
        backend = recorded(tmp_path, Recording.load(a_file(tmp_path, bars), date(2026, 1, 2)))

        batches = [batch async for batch in backend.stream_quotes([], 0, 0)]

        first = batches[0].rows[0]
        assert at(10, 0, day=date(2026, 1, 2)) <= first.venue_time < at(10, 1, day=date(2026, 1, 2))
        [instrument] = (await backend.instruments([]))[0]
        assert instrument.upper_limit is None
        await backend.close()

    run(body())


@pytest.mark.parametrize("restarted", [False, True])
def test_given_a_day_that_is_replayed_again_when_paper_meets_it_then_it_trades_with_what_it_holds(
    tmp_path: Path, restarted: bool
) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_venue_time(at(8, 59))
        assert (await backend.session()).phase is VenuePhase.OPENING_AUCTION
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10))
        backend.on_batch([a_quote(when=at(15, 30, 20))], end_of_data=True)
        if restarted:
            kill(backend)
            backend = paper(tmp_path)

        backend.on_venue_time(at(8, 59))
        assert (await backend.session()).phase is VenuePhase.OPENING_AUCTION
        backend.on_batch([a_quote(when=at(9, 1))])
        await ask(backend, a_submit(10, 9_990, Side.SELL, "c2"))

        assert (await backend.session()).venue_time == at(9, 1)
        assert len((await backend.fills())[0]) == 2
        await backend.close()

    run(body())


def test_given_a_source_resumed_a_little_earlier_when_paper_meets_it_then_orders_stay_open(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(10, 9_900))

        backend.on_venue_time(at(9, 59))
        assert await backend.latest_quotes([]) == []
        backend.on_batch([a_quote(9_880, at(9, 59, 30))])

        [filled] = (await backend.fills())[0]
        assert filled.venue_time == at(9, 59, 30)
        await backend.close()

    run(body())


def ticks_and_books(folder: Path) -> Recording:
    """A day recorded as ticks and books, ten seconds apart."""
    ticks = [
        {"code": SYMBOL, "date": "2026-01-13", "time": f"10:00:{n}0", "price": 10_000, "volume": 5, "bid": 9_990}
        | {"ask": 10_000, "bid_qty": 30, "ask_qty": 40, "kind": "trade", "prev_close": 10_000}
        for n in range(6)
    ]
    books = [
        {"code": SYMBOL, "date": "2026-01-13", "time": f"10:00:{n}0", "bid1": 9_990, "bid_qty1": 30, "ask1": 10_000}
        | {"ask_qty1": 40, "bid2": 9_980, "bid_qty2": 7, "ask2": 10_010, "ask_qty2": 9}
        for n in range(0, 6, 2)
    ]
    recorded_in = folder / "day"
    recorded_in.mkdir()
    a_file(recorded_in, ticks, "ticks.parquet")
    a_file(recorded_in, books, "books.parquet")
    return Recording.load(recorded_in)


@pytest.mark.parametrize("depth", [True, False])
def test_given_recorded_books_when_streamed_then_they_come_with_their_rows_if_asked_for(
    tmp_path: Path, depth: bool
) -> None:
    async def body() -> None:
        recording = ticks_and_books(tmp_path)
        backend = recorded(tmp_path, recording)
        batches = [batch async for batch in backend.stream_quotes([SYMBOL], 2, 0.0, depth)]
        await backend.close()

        assert [depth for batch in batches for depth in batch.depths] == (list(recording.depths()) if depth else [])
        for batch in batches:
            assert {one.venue_time for one in batch.depths} <= {row.venue_time for row in batch.rows}

    run(body())


def test_given_bars_when_depth_is_asked_for_then_no_book_is_made_up(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path, a_recording(tmp_path, until="09:30"))
        assert not [b.depths async for b in backend.stream_quotes([SYMBOL], 99, 0.0, True) if b.depths]
        await backend.close()

    run(body())


def test_given_recorded_books_when_an_order_walks_them_then_it_trades_at_the_deeper_level(tmp_path: Path) -> None:
    async def body() -> None:
        backend = recorded(tmp_path, ticks_and_books(tmp_path))
        stream = backend.stream_quotes([SYMBOL], 1, 0.0, False)
        batch = await anext(aiter(stream))
        assert batch.rows
        await ask(backend, a_submit(45, 10_010))
        assert [(fill.last_qty, fill.last_px) for fill in (await backend.fills())[0]] == [(40, 10_000), (5, 10_010)]
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        await backend.close()

    run(body())


def test_given_books_handed_in_when_paper_trades_then_it_walks_them(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        row = a_quote()
        book = Depth(SYMBOL, row.venue_time, ((9_990, 30),), ((10_000, 40), (10_010, 9)))
        backend.on_batch([row], False, [book])
        await ask(backend, a_submit(45, 10_010))
        assert [(fill.last_qty, fill.last_px) for fill in (await backend.fills())[0]] == [(40, 10_000), (5, 10_010)]
        await backend.close()

    run(body())


def test_given_a_latency_when_paper_is_told_of_it_then_an_order_meets_the_book_later(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path, sim=SimConfig(latency_ms=500, latency_jitter_ms=0, depth_levels=1))
        backend.on_batch([a_quote()])
        await ask(backend, a_submit(5, 10_000))
        assert (await backend.fills())[0] == []
        backend.on_heartbeat(UnixNanos(at(10, 0) + 500_000_000))
        assert [fill.last_qty for fill in (await backend.fills())[0]] == [5]
        await backend.close()

    run(body())
