"""A recorded index reaches the exchange at its venue time: halts, their auctions, restarts in the middle of them."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest
from broker_sim.backend import SimBackend
from broker_sim.exchange import PLAIN
from broker_sim.index_file import IndexValue, RecordedIndex
from broker_sim.recording import Recording
from broker_sim.venue import DurableVenue
from domain.config import SimConfig
from domain.errors import LogFull
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.orders import OrderFact, OrderFilled, OrderRejected
from domain.quotes import Quote, QuoteKind
from domain.types import Market, RequestOutcome, UnixNanos, VenuePhase
from tests.broker_sim.builders import (
    CASH,
    DAY,
    NEVER,
    FakeClock,
    a_bar,
    a_cancel,
    a_file,
    a_quote,
    a_submit,
    an_instrument,
    at,
)

SECOND = 1_000_000_000
CLOSE = 250_000
# Eight per cent below from 10:24 on: the halt lasts from 10:25 to 10:45, its auction nominally to 10:55.
CRASH = tuple((hh, mm, 229_000 if (hh, mm) >= (10, 24) else CLOSE) for hh in (9, 10) for mm in range(60))


def an_index(values: Sequence[tuple[int, int, int]] = CRASH, market: Market = Market.KOSPI) -> RecordedIndex:
    """Give an index of (hour, minute, hundredths of a point)."""
    return RecordedIndex(DAY, {market: CLOSE}, tuple(IndexValue(market, at(hh, mm), index) for hh, mm, index in values))


class House:
    """A venue with a journal in a folder."""

    def __init__(
        self, folder: Path, index: RecordedIndex | None, begin: UnixNanos | None = None, config: SimConfig = PLAIN
    ) -> None:
        self.journal = OrderJournal(folder / "sim.db", lambda: 0, durable=False)
        self.venue = DurableVenue(self.journal, CASH, 150, NO_OVERRIDES, lambda: 0, config=config)
        self.venue.exchange.set_instruments([an_instrument()])
        if begin is None:
            self.venue.begin(at(8, 59))
        else:
            self.venue.restore(begin, [a_quote(when=at(10, 20))])
        self.venue.play(index)

    @property
    def facts(self) -> list[OrderFact]:
        return list(self.journal.events(0))

    def phase(self) -> VenuePhase:
        return self.venue.exchange.phase

    def rows(self, *rows: Quote) -> None:
        self.venue.on_quotes(rows)

    def clock(self, hh: int, mm: int, ss: int = 0) -> None:
        self.venue.on_quotes((), at(hh, mm, ss))

    def ask(self, request: OrderRequest) -> list[OrderFact]:
        """Place a request; give what came of it."""
        before = self.journal.last_seq
        receipt = self.venue.request(request, Guard(self.journal.journal_id, self.journal.epoch, NEVER))
        assert receipt.outcome is RequestOutcome.SENT
        return list(self.journal.events(before))


def rejected(facts: Sequence[OrderFact]) -> list[str]:
    return [fact.code for fact in facts if isinstance(fact, OrderRejected)]


def fills(facts: Sequence[OrderFact]) -> list[tuple[str, int, int]]:
    return [(fact.client_order_id, fact.last_px, fact.venue_time) for fact in facts if isinstance(fact, OrderFilled)]


# ---- a day with a breaker ---------------------------------------------------------------------------------------


def test_given_a_crash_when_the_clock_passes_it_then_no_order_is_taken_and_cancels_pass(tmp_path: Path) -> None:
    house = House(tmp_path, an_index())
    house.rows(a_quote(when=at(10, 20)))
    house.ask(a_submit(10, 9_900, name="rests"))
    house.clock(10, 24, 59)
    assert house.phase() is VenuePhase.CONTINUOUS

    house.clock(10, 30)

    assert house.phase() is VenuePhase.HALTED
    [fact] = house.ask(a_submit(10, 10_000, name="late"))
    assert isinstance(fact, OrderRejected) and fact.code == "MARKET_HALTED" and "only cancels" in fact.text
    assert [type(one).__name__ for one in house.ask(a_cancel("0000001", name="rests"))] == [
        "ChangeReceived",
        "OrderCancelled",
    ]


def test_given_a_halt_when_it_is_over_then_the_first_print_is_the_auctions(tmp_path: Path) -> None:
    house = House(tmp_path, an_index())
    house.rows(a_quote(when=at(10, 20)))
    house.clock(10, 46)
    assert house.phase() is VenuePhase.HALTED  # no quotes are expected: orders are collected
    assert not rejected(house.ask(a_submit(10, 9_950)))

    house.rows(a_quote(9_400, at(10, 55, 7), last_qty=500))

    assert house.phase() is VenuePhase.CONTINUOUS
    assert fills(house.facts) == [("c1", 9_400, at(10, 55, 7))]


def test_given_an_auctions_random_end_when_an_order_comes_then_it_waits_for_the_cross_not_for_what_was_displayed_before(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, an_index())
    house.rows(a_quote(10_000, at(10, 20)))
    house.clock(10, 55, 5)
    house.ask(a_submit(10, 10_000))
    assert fills(house.facts) == []

    house.rows(a_quote(9_400, at(10, 55, 7), last_qty=500))

    assert fills(house.facts) == [("c1", 9_400, at(10, 55, 7))]


def test_given_an_issue_we_are_not_in_when_its_halt_ends_far_away_then_no_interruption_is_inferred(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, an_index(), config=SimConfig(latency_ms=0, latency_jitter_ms=0))
    house.rows(a_quote(10_000, at(10, 20)), a_quote(9_000, at(10, 30)), a_quote(8_500, at(10, 55, 7)))
    assert house.venue.exchange.tally["interruption"] == 0
    house.ask(a_submit(10, 8_500))
    assert [price for _, price, _ in fills(house.facts)] == [8_500]


def test_given_the_third_stage_when_it_trips_then_the_day_is_over_and_orders_expire_with_it(tmp_path: Path) -> None:
    falls = [(10, 1, 229_000), (10, 2, 229_000), (11, 0, 212_000), (11, 1, 212_000), (13, 0, 199_000), (13, 1, 199_000)]
    house = House(tmp_path, an_index(falls))
    house.rows(a_quote(when=at(10, 0)))
    house.ask(a_submit(10, 9_900, name="rests"))

    house.clock(14, 0)
    house.rows(a_quote(9_000, at(14, 10)))
    late = house.ask(a_submit(10, 9_000, name="late"))
    house.clock(15, 31)

    assert rejected(late) == ["MARKET_HALTED"]
    assert [type(one).__name__ for one in house.facts] == ["OrderAccepted", "OrderRejected", "OrderExpired"]


def test_given_the_other_market_when_it_is_halted_then_ours_trades_on(tmp_path: Path) -> None:
    house = House(tmp_path, an_index(market=Market.KOSDAQ))
    house.rows(a_quote(when=at(10, 30)))
    assert not rejected(house.ask(a_submit())) and fills(house.facts)


def test_given_a_value_and_a_row_of_one_moment_when_heard_then_the_value_comes_first(tmp_path: Path) -> None:
    house = House(tmp_path, an_index())
    house.rows(a_quote(10_000, at(10, 20)))
    house.ask(a_submit(10, 9_900))
    house.rows(a_quote(9_800, at(10, 25)))
    assert fills(house.facts) == []


@pytest.mark.parametrize("heard", [False, True], ids=["before", "after"])
def test_given_a_session_that_opens_anew_when_nothing_is_played_then_nothing_is_halted(
    tmp_path: Path, heard: bool
) -> None:
    house = House(tmp_path, an_index())
    if heard:
        house.clock(10, 30)
    house.venue.begin(at(9, 30))
    house.clock(10, 30)
    assert house.phase() is VenuePhase.CONTINUOUS


# ---- restarts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minute", "code"), [(24, []), (25, ["MARKET_HALTED"]), (44, ["MARKET_HALTED"]), (45, [])])
def test_given_a_venue_killed_around_a_halt_when_it_starts_again_then_the_halt_stands(
    tmp_path: Path, minute: int, code: list[str]
) -> None:
    first = House(tmp_path, an_index())
    first.rows(a_quote(when=at(10, 20)))
    first.ask(a_submit(10, 9_900, name="rests"))
    first.clock(10, minute, 30)
    first.journal.close()

    again = House(tmp_path, an_index(), at(10, minute, 30))
    assert rejected(again.ask(a_submit(10, 10_000, name="late"))) == code

    again.rows(a_quote(9_400, at(10, 50)))  # no auction ends before its time
    before = fills(again.facts)
    again.rows(a_quote(9_390, at(10, 55, 7), last_qty=500))
    assert next(fill for fill in fills(again.facts) if fill not in before)[1:] == (9_390, at(10, 55, 7))
    assert [name for name, _, _ in before] == (["late"] if minute == 24 else [])


@pytest.mark.parametrize(("mm", "ss"), [(30, 0), (50, 0), (55, 5), (57, 0)])
def test_given_a_venue_started_again_when_the_first_row_is_the_cross_then_it_is_the_single_price(
    tmp_path: Path, mm: int, ss: int
) -> None:
    first = House(tmp_path, an_index())
    first.rows(a_quote(when=at(10, 20)))
    first.ask(a_submit(10, 9_900, name="rests"))
    first.clock(10, mm, ss)
    first.journal.close()

    again = House(tmp_path, an_index(), at(10, mm, ss))
    cross = max(at(10, 55, 7), at(10, mm, ss + 7))  # the first row; of a thin issue it comes late
    again.rows(a_quote(9_390, cross, last_qty=500))

    assert fills(again.facts) == [("rests", 9_390, cross)]


def test_given_a_venue_started_again_in_a_halt_when_books_are_shown_within_it_then_its_end_is_not_missed(
    tmp_path: Path,
) -> None:
    first = House(tmp_path, an_index())
    first.rows(a_quote(when=at(10, 20)))
    first.ask(a_submit(10, 9_900, name="rests"))
    first.clock(10, 30)
    first.journal.close()

    again = House(tmp_path, an_index(), at(10, 30))
    again.rows(a_quote(when=at(10, 31), last_qty=0, kind=int(QuoteKind.BOOK)))
    again.rows(a_quote(9_390, at(10, 55, 7), last_qty=500))

    assert fills(again.facts) == [("rests", 9_390, at(10, 55, 7))]


def test_given_a_full_disk_in_a_halt_when_the_books_are_folded_anew_then_the_halt_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, an_index())
    house.rows(a_quote(when=at(10, 20)))
    house.ask(a_submit(10, 9_900))
    house.clock(10, 30)
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise LogFull("disk full")

        patched.setattr(OrderJournal, "record", full)
        with pytest.raises(LogFull):
            house.ask(a_submit(name="lost"))

    assert house.phase() is VenuePhase.HALTED
    assert rejected(house.ask(a_submit(name="late"))) == ["MARKET_HALTED"]


# ---- properties -------------------------------------------------------------------------------------------------

INDEX = st.lists(
    st.tuples(st.integers(0, 7_200), st.sampled_from([250_000, 231_000, 229_000, 211_000, 199_000])), max_size=60
)
ROWS = st.lists(
    st.tuples(st.integers(0, 7_200), st.sampled_from([9_800, 9_900, 10_000, 10_100])), min_size=1, max_size=25
)


@given(values=INDEX, prints=ROWS, cuts=st.lists(st.integers(1, 4), max_size=25), killed=st.integers(0, 24))
def test_for_any_index_and_cut_of_the_rows_what_happens_is_the_same_with_a_restart_and_without(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[tuple[int, int]],
    prints: list[tuple[int, int]],
    cuts: list[int],
    killed: int,
) -> None:
    ten = at(10, 0)
    told = [IndexValue(Market.KOSPI, ten + second * SECOND, index) for second, index in sorted(values)]
    index = RecordedIndex(DAY, {Market.KOSPI: CLOSE}, tuple(told))
    rows = [a_quote(price, ten + second * SECOND) for second, price in sorted(prints, key=lambda one: one[0])]
    one_by_one, cut = (House(tmp_path_factory.mktemp(name), index) for name in ("one", "cut"))
    phases: dict[int, VenuePhase] = {}
    for row in rows:
        one_by_one.rows(row)
        phases[row.venue_time] = one_by_one.phase()

    waiting, parts = list(rows), list(cuts)
    while waiting:
        size = parts.pop() if parts else 1
        part, waiting = waiting[:size], waiting[size:]
        cut.rows(*part)
        assert cut.phase() is phases[part[-1].venue_time]

    seen = rows[: killed + 1]
    folder = tmp_path_factory.mktemp("again")
    begun = House(folder, index)
    begun.rows(*seen)
    begun.journal.close()
    again = House(folder, index, UnixNanos(seen[-1].venue_time))
    assert again.phase() is phases[seen[-1].venue_time]
    for row in rows[killed + 1 :]:
        again.rows(row)
        assert again.phase() is phases[row.venue_time]
    for house in (one_by_one, cut, again):
        house.journal.close()


# ---- the recorded feed ------------------------------------------------------------------------------------------


def test_given_a_recorded_crash_day_when_served_and_killed_in_the_halt_then_the_halt_stands(tmp_path: Path) -> None:
    times = [*(f"10:{mm}:00" for mm in range(20, 25)), *(f"10:{mm}:00" for mm in range(55, 60)), "15:30:00"]
    a_file(tmp_path, [a_bar(time=time, prev_close=10_000) for time in times])
    points = [(f"{hh:02d}:{mm:02d}:00", index / 100) for hh, mm, index in CRASH]
    a_file(
        tmp_path,
        [
            {"market": "KOSPI", "date": f"{DAY}", "time": time, "value": value, "prev_close": 2_500}
            for time, value in points
        ],
        "index.parquet",
    )
    recording = Recording.load(tmp_path)

    def served() -> SimBackend:
        clock = FakeClock()
        account: dict[str, Any] = {"cash": CASH, "commission_ppm": 150, "speed": 20, "start_now": True}
        path = tmp_path / "sim.db"
        return SimBackend.recorded(recording, path, clock=clock, now=clock, sleep=clock.sleep, **account)

    async def until(backend: SimBackend, when: int) -> VenuePhase:
        await backend.start()
        while (session := await backend.session()).venue_time < when:
            await asyncio.sleep(0)
        return session.phase

    async def codes(backend: SimBackend, name: str) -> list[str]:
        session, seq = await backend.session(), backend.last_event_seq()
        await backend.request(a_submit(10, 10_100, name=name), Guard(session.journal_id, session.epoch, NEVER))
        stream = backend.order_events(seq)
        return rejected([await anext(stream) for _ in range(backend.last_event_seq() - seq)])

    async def body() -> None:
        backend = served()
        assert await until(backend, at(10, 24, 30)) is VenuePhase.CONTINUOUS
        assert await until(backend, at(10, 30)) is VenuePhase.HALTED
        assert await codes(backend, "c1") == ["MARKET_HALTED"]
        assert backend._task is not None
        backend._task.cancel()
        backend._venue.journal.close()  # as the end of a process does

        again = served()
        assert (await again.session()).phase is VenuePhase.HALTED
        assert await codes(again, "c2") == ["MARKET_HALTED"]
        assert await until(again, at(10, 46)) is VenuePhase.HALTED
        assert await codes(again, "c3") == []
        assert await until(again, at(10, 57)) is VenuePhase.CONTINUOUS
        [fill] = (await again.fills())[0]
        assert fill.client_order_id == "c3" and fill.venue_time - at(10, 55) < timedelta(minutes=1).seconds * SECOND
        await again.close()

    run(body())


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)
