"""Real-time data from events to readers: registrations, batches, slow readers, market news."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from broker.news_reader import MOST_NEWS
from broker.port import IndexMoved, MarketNews, PhaseChanged
from broker_win.bridge import ControlHung
from broker_win.clock import Clock
from broker_win.config import WinConfig
from broker_win.control import Answer, Event, RealData, Value
from broker_win.realtime.registrar import SPACING_S
from broker_win.realtime.registry import CODES_PER_SCREEN
from broker_win.realtime.stream import RealTime
from broker_win.screens import POOLS, Screens
from domain.errors import BrokerUnavailable, RequestRefused
from domain.quotes import Quote, QuoteBatch, QuoteKind
from domain.time import NANOS_PER_DAY
from domain.types import NANOS_PER_SECOND, Market, UnixNanos, VenuePhase
from tests.broker_win.real_builders import SAMSUNG, a_book, a_halt, a_session, a_trade, an_event, at

HYNIX = "000660"
CODES = [f"{number:06d}" for number in range(250)]


class FakeControl:
    """Answers registrations, and keeps what a screen holds."""

    def __init__(self) -> None:
        self.calls: list[tuple[Value, ...]] = []
        self.answers: list[Answer | Exception] = []  # of the next registrations, then 0

    def call(self, method: str, *arguments: Value) -> Answer:
        self.calls.append((method, *arguments))
        if method == "SetRealRemove":
            return None
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, Exception):
            raise answer
        return answer

    def request(self, request: Any) -> Answer:
        raise AssertionError(request)

    def forget(self, rqname: str) -> None:
        raise AssertionError(rqname)


class FakeBridge:
    """Runs jobs at once."""

    def __init__(self, control: FakeControl) -> None:
        self.control = control

    async def run(self, job: Callable[[Any], Any], timeout_s: float = 5.0) -> Any:
        await asyncio.sleep(0)
        return job(self.control)

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        raise AssertionError(hear)

    beat_age_s = 0.0


class House:
    """Real time with a clock that moves when somebody sleeps."""

    def __init__(self, config: WinConfig | None = None) -> None:
        self.now, self.venue = 0, int(at(10, 0))
        self.slept: list[float] = []
        self.stuck_from_s = float("inf")  # sleeps of this length never end
        self.control = FakeControl()
        self.screens = Screens()
        self.known = {SAMSUNG, HYNIX, *CODES}
        clock = Clock(lambda: UnixNanos(self.venue), lambda: UnixNanos(77), lambda: self.now, self.sleep)
        self.real = RealTime(
            FakeBridge(self.control), clock, config or WinConfig(), self.screens, is_known=self.known.__contains__
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += round(seconds * NANOS_PER_SECOND)
        await (asyncio.Event().wait() if seconds >= self.stuck_from_s else asyncio.sleep(0))

    def hear(self, *events: RealData) -> None:
        for event in events:
            self.real.hear(event)

    def stream(self, *symbols: str, max_rows: int = 0, depth: bool = False) -> Any:
        return self.real.stream(symbols, max_rows, 0.001, depth)


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def begin(stream: Any) -> "asyncio.Task[QuoteBatch]":
    """Let a reader wait for its first batch."""
    task: asyncio.Task[QuoteBatch] = asyncio.ensure_future(anext(stream))
    await turns()
    return task


def trades(count: int, code: str = SAMSUNG, first: int = 0) -> list[RealData]:
    return [a_trade(shares="5", volume=str(100 + 5 * n), code=code) for n in range(first, first + count)]


# ---- quotes ----------------------------------------------------------------------------------------------------


def test_given_a_reader_when_events_come_then_rows_of_its_symbols_leave_together_in_order() -> None:
    async def body() -> None:
        house = House()
        stream = house.stream(SAMSUNG)
        waiting = await begin(stream)
        house.hear(*trades(3), a_trade(code=HYNIX), a_book())
        batch = await waiting
        assert [row.cumulative_volume for row in batch.rows] == [100, 105, 110, 110]
        assert (batch.seq, batch.run_id, batch.sent_at, batch.conflated) == (1, "", 77, 0)
        assert (batch.end_of_data, batch.depths) == (False, ())
        house.hear(*trades(1, first=3))
        assert ((await anext(stream)).seq, house.real.counts.rows) == (2, 6)
        await stream.aclose()

    run(body())


def test_given_a_reader_of_depth_when_a_book_comes_then_it_gets_it_with_its_row() -> None:
    async def body() -> None:
        house = House()
        stream = house.stream(SAMSUNG, depth=True)
        waiting = await begin(stream)
        house.hear(a_book())
        batch = await waiting
        assert [depth.asks[0] for depth in batch.depths] == [(258_000, 120)]
        await stream.aclose()

    run(body())


def test_given_many_events_in_one_turn_when_heard_then_the_loop_is_asked_once() -> None:
    async def body() -> None:
        house, loop = House(), asyncio.get_running_loop()
        asked: list[object] = []
        call_soon = loop.call_soon

        def counted(callback: Any, *arguments: Any, **options: Any) -> Any:
            asked.append(callback)
            return call_soon(callback, *arguments, **options)

        loop.call_soon = counted  # type: ignore[method-assign, assignment]
        try:
            house.hear(*trades(1_000))
        finally:
            loop.call_soon = call_soon  # type: ignore[method-assign]
        assert len(asked) == 1
        await turns()
        assert house.real.counts.rows == 1_000

    run(body())


def test_given_a_slow_reader_when_many_rows_come_then_its_own_are_conflated_and_counted_and_others_get_all() -> None:
    async def body() -> None:
        house = House()
        slow, quick = house.stream(SAMSUNG, max_rows=4), house.stream(SAMSUNG, max_rows=4096)
        first, got = await begin(slow), 0
        waiting = await begin(quick)
        for n in range(100):
            house.hear(*trades(100, first=100 * n))
            got += len((await waiting).rows)
            waiting = await begin(quick)
        assert got == 10_000
        rows = list((await first).rows)
        batch = await anext(slow)
        rows += batch.rows
        assert batch.conflated > 0
        assert len(rows) + batch.conflated <= 10_000
        # nothing traded is lost: what is conflated is in the row that stays
        while len(batch.rows) == 4:
            batch = await anext(slow)
            rows += batch.rows
        assert sum(row.last_qty for row in rows) == 50_000
        assert rows[-1].cumulative_volume == 100 + 5 * 9_999
        assert house.real.counts.conflated == 10_000 - len(rows)
        waiting.cancel()
        await slow.aclose()

    run(body())


def test_given_an_unknown_symbol_when_it_is_asked_for_then_it_is_refused_before_anything_is_registered() -> None:
    house = House()
    with pytest.raises(RequestRefused, match="'999999' is not listed") as refused:
        house.stream(SAMSUNG, "999999")
    assert (refused.value.code, refused.value.value) == ("UNKNOWN_SYMBOL", "999999")
    assert house.real.counts.wanted == 0


def test_given_quotes_heard_when_the_latest_are_asked_for_then_todays_are_given() -> None:
    async def body() -> None:
        house = House()
        house.hear(a_trade(), a_trade(code=HYNIX))
        assert [row.symbol for row in house.real.latest(())] == [HYNIX, SAMSUNG]
        assert [row.price for row in house.real.latest([SAMSUNG, CODES[0]])] == [257_750]
        house.venue += NANOS_PER_DAY
        assert house.real.latest(()) == []

    run(body())


def test_given_events_that_cannot_be_read_when_heard_then_they_are_counted_by_reason_and_logged_seldom(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def body() -> None:
        house = House()
        with caplog.at_level(logging.WARNING):
            house.hear(*[a_trade(shares="0")] * 25, RealData(SAMSUNG, "주식체결", "1\t2"))
            house.hear(RealData("001", "업종등락", "x"), a_session("x", "100000"))
        counts = house.real.counts
        assert counts.dropped == {"no_volume": 25, "short": 1, "session_code": 1}
        assert (counts.events, counts.ignored, counts.rows) == (28, 1, 0)
        assert len(caplog.messages) == 4  # the first and the tenth of a reason
        assert "(10 so far): shares of a trade expected, was '0'" in caplog.messages[1]

    run(body())


def test_given_any_event_when_heard_then_the_watchdog_can_see_it() -> None:
    async def body() -> None:
        house = House()
        assert house.real.last_event_at is None
        house.now = 5
        house.hear(RealData("001", "업종지수", "x"))
        assert house.real.last_event_at == 5

    run(body())


# ---- registrations ---------------------------------------------------------------------------------------------------


def test_given_a_log_in_when_restored_and_kept_then_times_and_symbols_are_registered_and_unknown_ones_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        assert house.control.calls == [("SetRealReg", "3000", "", "215;20;214", "0")]
        with caplog.at_level(logging.WARNING):
            await house.real.keep([SAMSUNG, "999999", HYNIX])
        assert caplog.messages == ["symbols of the configuration that are not listed: 999999"]
        assert house.control.calls[1][:3] == ("SetRealReg", "3001", f"{SAMSUNG};{HYNIX}")
        counts = house.real.counts
        assert (counts.wanted, counts.registered) == (2, 2)

    run(body())


def test_given_250_symbols_when_kept_then_calls_of_100_are_spaced_out() -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        await house.real.keep(CODES)
        assert [str(call[2]).count(";") + 1 for call in house.control.calls[1:]] == [100, 100, 50]
        assert house.slept == [pytest.approx(SPACING_S)] * 3

    run(body())


def test_given_two_readers_when_both_leave_then_the_symbol_is_removed_once_with_the_last() -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        streams = [house.stream(SAMSUNG), house.stream(SAMSUNG, HYNIX)]
        waiting = [await begin(stream) for stream in streams]
        house.hear(a_trade())
        await asyncio.gather(*waiting)
        assert [call[2] for call in house.control.calls[1:]] == [SAMSUNG, HYNIX]
        await streams[1].aclose()
        await turns()
        assert house.control.calls[3:] == [("SetRealRemove", "3001", HYNIX)]
        await streams[0].aclose()
        await turns()
        assert house.control.calls[4:] == [("SetRealRemove", "3001", "ALL")]
        assert (house.real.counts.wanted, house.screens.in_use()["real"]) == (0, ("3000",))

    run(body())


def test_given_a_reader_that_leaves_while_it_waits_when_cancelled_then_its_symbols_are_removed() -> None:
    async def body() -> None:
        house = House()
        waiting = await begin(house.stream(SAMSUNG))
        waiting.cancel()
        await turns()
        assert house.real.counts.readers == house.real.counts.wanted == 0
        assert house.control.calls[-1] == ("SetRealRemove", "3001", "ALL")

    run(body())


@pytest.mark.parametrize("answer", [-10, None, "", ControlHung("the control hangs", started=True)])
def test_given_a_registration_that_fails_when_kept_then_it_is_told_and_tried_again_until_it_holds(
    answer: Answer | Exception,
) -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        house.control.answers = [answer, answer]
        with pytest.raises(BrokerUnavailable, match=r"expected 0, was|hangs"):
            await house.real.keep([SAMSUNG])
        assert house.real.counts.registered == 0
        await turns()
        assert (house.real.counts.registered, house.real.counts.failed_calls) == (1, 2)
        assert house.slept[1:] == [1.0, 2.0]
        assert [call[4] for call in house.control.calls[1:]] == ["0", "0", "0"]

    run(body())


def test_given_a_registration_waiting_to_be_tried_again_when_logged_in_anew_then_all_is_registered_at_once() -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        await house.real.keep([SAMSUNG])
        house.control.answers = [-10]
        house.stuck_from_s = 1.0  # the pause before it is tried again
        with pytest.raises(BrokerUnavailable):
            await house.real.keep([HYNIX])
        await house.real.restore()
        assert house.control.calls[-2:] == [
            ("SetRealReg", "3000", "", "215;20;214", "0"),
            ("SetRealReg", "3001", f"{SAMSUNG};{HYNIX}", house.control.calls[-1][3], "0"),
        ]
        assert house.real.counts.registered == 2
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing is left of what waited

    run(body())


def test_given_all_screens_in_use_when_a_reader_comes_then_it_is_refused_and_the_others_read_on() -> None:
    async def body() -> None:
        house = House()
        house.known |= {f"9{number:05d}" for number in range(CODES_PER_SCREEN * len(POOLS["real"]))}
        stream = house.stream(SAMSUNG)
        waiting = await begin(stream)
        with pytest.raises(RequestRefused, match="NO_SCREEN"):
            await anext(house.stream(*(house.known - {SAMSUNG})))
        house.hear(a_trade())
        assert len((await waiting).rows) == 1
        assert house.real.counts.readers == 1
        await stream.aclose()

    run(body())


def test_given_readers_when_the_line_is_lost_then_each_ends_with_the_reason_behind_what_it_had() -> None:
    async def body() -> None:
        house = House()
        stream, news = house.stream(SAMSUNG), house.real.watch_market()
        waiting, heard = await begin(stream), asyncio.ensure_future(anext(news))
        await turns()
        house.hear(a_trade(), a_halt("1", began="100000"))
        await turns()
        house.real.lost(BrokerUnavailable("the line is lost (-106)"))
        assert len((await waiting).rows) == 1
        await heard
        for reader in (stream, news):
            with pytest.raises(BrokerUnavailable, match="-106"):
                await anext(reader)
        assert house.real.counts.readers == house.real.counts.wanted == 0

    run(body())


def test_given_a_closed_broker_when_its_readers_wait_then_they_end_and_nothing_more_is_called() -> None:
    async def body() -> None:
        house = House()
        waiting = await begin(house.stream(SAMSUNG))
        calls = list(house.control.calls)
        await house.real.close()
        with pytest.raises(BrokerUnavailable, match="is closing"):
            await waiting
        await turns()
        assert house.control.calls == calls
        assert house.real.counts.readers == 0

    run(body())


# ---- the market ------------------------------------------------------------------------------------------------


def test_given_session_codes_when_heard_then_each_change_is_told_once_and_the_phase_is_known() -> None:
    async def body() -> None:
        house = House()
        told: list[MarketNews] = []
        house.real.on_market = told.append
        assert house.real.phase is None
        house.venue = int(at(15, 30))
        codes = ["2", "2", "4", "4", "8", "P", "e"]
        house.hear(*(a_session(code, "153000") for code in codes))
        assert [news.code for news in told if isinstance(news, PhaseChanged)] == ["2", "4", "8"]
        assert house.real.phase is VenuePhase.CLOSED
        house.venue += NANOS_PER_DAY
        assert house.real.phase is None  # of yesterday
        house.hear(a_session("8", "153000"))
        assert len(told) == 4  # the same code on another day is news

    run(body())


def test_given_a_watcher_when_it_comes_then_it_hears_the_phase_and_then_what_happens() -> None:
    async def body() -> None:
        house = House()
        house.hear(a_session("3", "090000"))
        news: Any = house.real.watch_market()
        assert await anext(news) == PhaseChanged(at(9, 0), VenuePhase.CONTINUOUS, "3")
        waiting = asyncio.ensure_future(anext(news))
        await turns()
        house.hear(a_halt("1", began="100000"), a_halt("2", ended="100000"))
        assert getattr(await waiting, "active") is True  # noqa: B009  # of either kind of news
        assert getattr(await anext(news), "active") is False  # noqa: B009
        assert house.real.counts.watchers == 1
        await news.aclose()
        assert house.real.counts.watchers == 0

    run(body())


def test_given_a_watcher_that_does_not_read_when_too_much_happened_then_it_has_to_begin_anew() -> None:
    async def body() -> None:
        house = House()
        house.hear(a_session("3", "090000"))
        news = house.real.watch_market()
        await anext(news)
        house.hear(*[a_halt("1", began="100000")] * (MOST_NEWS + 1))
        count = 0
        with pytest.raises(BrokerUnavailable, match="behind"):
            async for _ in news:
                count += 1
        assert count == MOST_NEWS

    run(body())


def test_given_an_interruption_when_the_issue_trades_again_then_the_row_is_marked_as_the_auctions() -> None:
    async def body() -> None:
        house = House()
        stream = house.stream(SAMSUNG)
        waiting = await begin(stream)
        house.hear(a_halt("1", began="095800"), a_trade("100010"), *trades(1))
        rows: list[Quote] = list((await waiting).rows)
        assert [row.kind for row in rows] == [QuoteKind.AUCTION_TRADE, QuoteKind.TRADE]
        await stream.aclose()

    run(body())


def test_given_best_prices_without_a_time_when_heard_first_then_they_are_counted_as_such() -> None:
    async def body() -> None:
        house = House()
        house.hear(an_event("주식우선호가", {27: "10", 28: "9"}))
        assert house.real.counts.dropped == {"untimed": 1}

    run(body())


# ---- indices ---------------------------------------------------------------------------------------------------


def an_index(value: str, change: str = "+12.30", code: str = "001", time: str = "100000") -> RealData:
    return an_event("업종지수", {20: time, 10: value, 11: change}, code)


def test_given_watchers_when_they_come_and_go_then_indices_are_registered_on_a_screen_of_their_own_meanwhile() -> None:
    async def body() -> None:
        house = House()
        await house.real.restore()
        registered: tuple[Value, ...] = ("SetRealReg", "3001", "001;101", "20;10;11", "0")
        first: Any = house.real.watch_market()
        second: Any = house.real.watch_market()
        waiting = [asyncio.ensure_future(anext(news)) for news in (first, second)]
        await turns()
        assert [call for call in house.control.calls if call[2] == "001;101"] == [registered]
        house.hear(an_index("+2650.12"))
        told = IndexMoved(at(10, 0), Market.KOSPI, 265_012, 263_782)
        assert [await one for one in waiting] == [told, told]
        await first.aclose()
        await turns()
        assert house.control.calls[-1] == registered
        await second.aclose()
        await turns()
        assert house.control.calls[-1] == ("SetRealRemove", "3001", "ALL")
        assert house.screens.in_use()["real"] == ("3000",)

    run(body())


def test_given_a_watcher_before_the_log_in_when_it_is_made_then_indices_are_registered_with_it() -> None:
    async def body() -> None:
        house = House()
        news: Any = house.real.watch_market()
        waiting = asyncio.ensure_future(anext(news))
        await turns()
        assert house.control.calls == []
        await house.real.restore()
        assert [call[2] for call in house.control.calls] == ["", "001;101"]
        house.hear(an_index("-2650.12", "-7.05", code="101"))
        assert await waiting == IndexMoved(at(10, 0), Market.KOSDAQ, 265_012, 265_717)
        await news.aclose()

    run(body())


def test_given_no_screen_for_indices_when_watched_then_all_else_is_told() -> None:
    async def body() -> None:
        house = House()
        for _ in range(len(POOLS["real"]) - 1):
            house.screens.take("real")
        news: Any = house.real.watch_market()
        waiting = asyncio.ensure_future(anext(news))
        await turns()
        house.hear(a_session("3", "090000"))
        assert isinstance(await waiting, PhaseChanged)
        await news.aclose()

    run(body())


def test_given_a_reader_that_does_not_read_when_an_index_moves_then_its_newest_value_waits() -> None:
    async def body() -> None:
        house = House()
        house.hear(a_session("3", "090000"))
        news: Any = house.real.watch_market()
        await anext(news)
        house.hear(*(an_index(f"+2650.{cents:02d}") for cents in range(100)))
        house.hear(a_halt("1", began="100000"), an_index("+2651.00"))
        assert getattr(await anext(news), "active") is True  # noqa: B009  # of either kind of news
        assert getattr(await anext(news), "value") == 265_100  # noqa: B009
        await news.aclose()

    run(body())


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (an_index("265012"), "bad_value"),
        (an_index(""), "bad_value"),
        (an_index("0.00"), "bad_value"),
        (an_index("+2650.12", "12"), "bad_value"),
        (an_index("+2650.12", time="장마감"), "bad_time"),
    ],
)
def test_given_an_index_that_cannot_be_read_when_heard_then_it_is_dropped_and_counted(
    event: RealData, reason: str
) -> None:
    house = House()
    house.hear(event, an_index("+900.00", code="201"))  # KOSPI200: no market's
    assert house.real.counts.dropped == {reason: 1}
