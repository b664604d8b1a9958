"""The port of a misbehaving broker: reads, streams, the session; on a loop whose sleeps only move a clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from broker.port import Guard
from broker_sim.backend import SimBackend
from broker_sim.faulty import FaultyBackend
from broker_sim.faulty_quotes import until_broken
from broker_sim.recording import Recording
from domain.errors import BrokerUnavailable, ConfigError, InvariantError, LogFull, RequestRefused
from domain.messages.orders import OrderFilled
from domain.quotes import QuoteBatch
from domain.types import RequestOutcome
from tests.broker_sim.builders import (
    CASH,
    NEVER,
    SYMBOL,
    FakeClock,
    a_day,
    a_file,
    a_quote,
    a_submit,
    an_instrument,
    at,
)
from tests.broker_sim.faulty_house import a_plan


class Both:
    """A misbehaving broker on paper quotes, the venue inside it, and their clock."""

    def __init__(self, folder: Path, plan: str) -> None:
        self.clock = FakeClock()
        self.sim = SimBackend.paper(folder / "venue.db", cash=CASH, commission_ppm=150, now=self.clock)
        self.sim.on_venue_time(at(9, 59))
        self.sim.on_instruments([an_instrument(), an_instrument("000660", 500_000)])
        self.sim.on_batch([a_quote()])
        self.backend = FaultyBackend(self.sim, folder / "told.db", a_plan(plan), now=self.clock, sleep=self.clock.sleep)

    async def ask(self, name: str = "c1", price: int = 10_000, symbol: str = SYMBOL) -> RequestOutcome:
        session = await self.backend.session()
        guard = Guard(session.journal_id, session.epoch, NEVER)
        return (await self.backend.request(a_submit(10, price, name=name, symbol=symbol), guard)).outcome


@asynccontextmanager
async def both(folder: Path, plan: str = "") -> AsyncIterator[Both]:
    made = Both(folder, plan)
    try:
        yield made
    finally:
        await made.backend.close()
        await made.sim.close()


def run(folder: Path, plan: str, play: Callable[[Both], Any]) -> None:
    async def all_of_it() -> None:
        async with both(folder, plan) as house:
            await play(house)

    asyncio.run(all_of_it())


def test_given_five_queries_a_second_when_a_sixth_comes_then_it_fails_and_so_do_all_in_the_penalty(
    tmp_path: Path,
) -> None:
    async def play(house: Both) -> None:
        for _ in range(5):
            await house.backend.positions()
        for wait in (0, 16_999):
            house.clock.now += wait * 1_000_000
            with pytest.raises(BrokerUnavailable, match="-200"):
                await house.backend.account()
        house.clock.now += 1_000_000
        await house.backend.account()
        assert house.backend.done == {"account -200": 2}

    run(tmp_path, "[reads]\nrate = 5\nrate_penalty_ms = 17000\n", play)


def test_given_no_answer_when_read_then_it_fails_after_its_time(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        before = house.clock.now
        with pytest.raises(BrokerUnavailable, match="account: no answer within 700 ms"):
            await house.backend.account()
        assert house.clock.now - before == 700_000_000

    run(tmp_path, "[reads]\nunanswered_ppm = 1000000\nunanswered_ms = 700\n", play)


def test_given_slow_answers_when_something_happens_meanwhile_then_the_answer_is_of_before(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await house.ask(price=9_900)
        reading = asyncio.ensure_future(house.backend.positions())
        await asyncio.sleep(0)  # it has read, and is on its way
        house.sim.on_batch([a_quote(9_890, at(10, 1))])
        house.backend.venue.hear()
        assert await reading == ([], 1)
        assert house.clock.now >= 1_000_000_000_000 + 300_000_000
        assert (await house.backend.positions())[1] == 2

    run(tmp_path, "[reads]\nslow_ppm = 1000000\nslow_ms = [300, 300]\n", play)


@pytest.mark.parametrize("what", ["truncated", "page_failed"])
def test_given_a_list_of_two_pages_when_the_second_is_missing_then_rows_are_or_the_query_fails(
    tmp_path: Path, what: str
) -> None:
    async def play(house: Both) -> None:
        for number in range(3):
            await house.ask(f"c{number}", 9_900 - number * 10)
        if what == "truncated":
            assert len((await house.backend.open_orders())[0]) == 2
        else:
            with pytest.raises(BrokerUnavailable, match="open_orders: the rows after the first 2 did not come"):
                await house.backend.open_orders()
        assert (await house.backend.fills())[0] == [], "one page is whole"
        assert len((await house.sim.open_orders())[0]) == 3

    run(tmp_path, f"[reads]\n{what}_ppm = 1000000\npage_rows = 2\n", play)


def test_given_a_lost_fill_when_the_state_is_read_then_its_number_covers_it(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await house.ask()
        assert house.backend.last_event_seq() == 1
        account = await house.backend.account()
        assert account.as_of_seq == house.backend.last_event_seq() == 2
        [fill], as_of = await house.backend.fills()
        assert (fill.last_qty, as_of, fill.journal_id) == (10, 2, (await house.backend.session()).journal_id)

    run(tmp_path, '[[script]]\nwhat = "lost"\nkind = "filled"\nnth = 1\n', play)


def test_given_a_slow_receipt_when_it_comes_then_its_events_came_before_it(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        asking = asyncio.ensure_future(house.ask())
        await asyncio.sleep(0)
        assert house.backend.last_event_seq() == 2
        assert not asking.done()
        assert await asking is RequestOutcome.SENT

    run(tmp_path, "[requests]\nslow_ppm = 1000000\nslow_ms = [500, 500]\n", play)


def test_given_maintenance_when_it_begins_then_streams_break_and_the_session_says_so(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        events = house.backend.order_events(0)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        house.sim.on_heartbeat(at(10, 10))
        house.backend.venue.tick()
        with pytest.raises(BrokerUnavailable, match="-106 통신연결종료: the session with Kiwoom ended"):
            await waiting
        assert not (await house.backend.session()).logged_in
        for read in (house.backend.account, house.backend.positions, house.backend.login):
            with pytest.raises(BrokerUnavailable):
                await read()
        with pytest.raises(BrokerUnavailable):
            house.backend.order_events(0)
        house.sim.on_heartbeat(at(10, 15))
        house.backend.venue.tick()
        assert (await house.backend.login()).logged_in
        assert await house.ask() is RequestOutcome.SENT
        assert (await anext(house.backend.order_events(0))).event_seq == 1

    run(tmp_path, '[[maintenance]]\nfrom = "10:10"\nuntil = "10:15"\n', play)


def test_given_time_that_passes_when_started_then_what_is_due_comes_by_itself(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await house.backend.start()
        await house.ask(price=9_900)
        assert house.backend.last_event_seq() == 0
        assert (await anext(house.backend.order_events(0))).event_seq == 1
        house.sim.on_batch([a_quote(9_890, at(10, 1))])
        events = house.backend.order_events(1)
        assert isinstance(await anext(events), OrderFilled)

    run(tmp_path, "[messages.all]\nlate_ppm = 1000000\nlate_ms = [400, 400]\n", play)


def test_given_a_full_disk_when_time_passes_then_it_is_told_once_and_the_broker_goes_on_when_there_is_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(house: Both) -> None:
        await house.ask(price=9_900)
        with monkeypatch.context() as patched:

            def full(*_: object) -> None:
                raise LogFull("no space left")

            patched.setattr(house.backend._journal, "append", full)
            await house.backend.start()
            house.sim.on_batch([a_quote(9_890, at(10, 1))])
            for _ in range(9):
                await asyncio.sleep(0)
            assert house.backend.last_event_seq() == 1
        assert isinstance(await anext(house.backend.order_events(1)), OrderFilled)

    run(tmp_path, "", play)
    assert [record.getMessage() for record in caplog.records] == ["what was heard cannot be kept: no space left"]


def test_given_a_bug_when_the_broker_stops_hearing_then_it_says_so_and_its_readers_are_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(house: Both) -> None:
        def broken() -> None:
            raise InvariantError("a bug")

        monkeypatch.setattr(house.backend.venue, "tick", broken)
        events = house.backend.order_events(0)
        await house.backend.start()
        with pytest.raises(BrokerUnavailable):
            await anext(events)

    run(tmp_path, "", play)
    assert "this broker hears nothing any more" in caplog.text


def test_given_a_journal_of_another_venue_when_opened_then_it_is_set_aside(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await house.ask()

    run(tmp_path, "", play)
    (tmp_path / "venue.db").rename(tmp_path / "away.db")
    for name in ("venue.db-wal", "venue.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)

    async def anew(house: Both) -> None:
        assert house.backend.last_event_seq() == 0

    run(tmp_path, "", anew)
    assert (tmp_path / "told.db.old").exists()


# ---- quotes ------------------------------------------------------------------------------------------------------


async def stream_of(folder: Path, plan: str, clock: FakeClock) -> list[QuoteBatch]:
    recording = Recording.load(a_file(folder, a_day(prev_close=10_000)))
    sim = SimBackend.recorded(
        recording,
        folder / "venue.db",
        cash=CASH,
        commission_ppm=150,
        speed=0,
        now=clock,
        clock=clock,
        sleep=clock.sleep,
    )
    backend = FaultyBackend(sim, folder / "told.db", a_plan(plan), now=clock, sleep=clock.sleep)
    batches: list[QuoteBatch] = []
    try:
        async for batch in backend.stream_quotes([SYMBOL], 4, 0.0):
            batches.append(batch)
            clock.now += 100_000_000
    except BrokerUnavailable as error:
        assert "the quote stream broke" in str(error)
        batches.append(batches[-1]._replace(run_id="broken"))
    finally:
        await backend.close()
        await sim.close()
    return batches


def test_given_no_faults_when_streamed_then_batches_are_the_venues(tmp_path: Path) -> None:
    batches = asyncio.run(stream_of(tmp_path, "", FakeClock()))
    assert [batch.seq for batch in batches] == list(range(1, len(batches) + 1))
    assert batches[-1].end_of_data


def test_given_a_stream_that_breaks_when_read_then_it_does(tmp_path: Path) -> None:
    batches = asyncio.run(stream_of(tmp_path, "[quotes]\ndropped_ppm = 200000\n", FakeClock()))
    assert batches[-1].run_id == "broken"


def test_given_a_muted_stream_when_read_then_batches_are_missing_and_nobody_says_so(tmp_path: Path) -> None:
    whole = asyncio.run(stream_of(folder_in(tmp_path, "whole"), "", FakeClock()))
    plan = "[quotes]\nmuted_ppm = 100000\nmuted_ms = [300, 300]\n"
    muted = asyncio.run(stream_of(folder_in(tmp_path, "muted"), plan, FakeClock()))
    assert len(muted) < len(whole)
    assert [batch.seq for batch in muted] == list(range(1, len(muted) + 1))
    assert muted[-1].end_of_data


def folder_in(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def test_given_maintenance_when_the_venues_clock_waits_for_readers_then_the_plan_is_refused(tmp_path: Path) -> None:
    plan = '[[maintenance]]\nfrom = "10:10"\nuntil = "10:15"\n'
    with pytest.raises(ConfigError, match="--speed"):
        asyncio.run(stream_of(tmp_path, plan, FakeClock()))


def test_given_a_stream_nobody_serves_when_subscribed_then_the_refusal_stands(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        with pytest.raises(RequestRefused) as refused:
            house.backend.stream_quotes([SYMBOL], 4, 0.0)
        assert refused.value.code == "NOT_OFFERED"

    run(tmp_path, "", play)


def test_given_a_reader_that_leaves_when_it_does_then_its_source_is_closed() -> None:
    closed: list[str] = []

    async def source() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.append("source")

    async def play() -> None:
        stream = until_broken(source(), asyncio.Event())
        assert await anext(stream) == 1
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stream.aclose()

    asyncio.run(play())
    assert closed == ["source"]
