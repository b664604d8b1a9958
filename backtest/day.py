"""One stored day through the house: market first, then whoever hears of it, all in the order of venue time."""

from collections.abc import Callable, Iterable, Sequence

from backtest.batches import Books
from backtest.house import House
from backtest.plan import NANOS_PER_MS, Pace
from backtest.timeline import Timeline
from backtest.wire import Wire
from broker.port import IndexMoved, MarketNews, VolatilityInterruption
from broker.translate.quotes import encode_batch
from broker_sim.index_file import RecordedIndex
from broker_sim.venue import DurableVenue
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages.market import IndexReceived, QuotesEnded, QuotesReceived, SymbolInterrupted
from domain.messages.operator import ResumeRequested, StopRequested
from domain.messages.run import ClockTicked, RunEnded, RunStarted
from domain.quotes import Depth, Quote, QuoteBatch
from domain.risk.loss_levels import DAILY_LOSS
from domain.types import NANOS_PER_SECOND, UnixNanos
from fsm.trading_day import State

SETTLE_TICKS = 60  # seconds of venue time the end of a day may take; open orders get 15 s to be confirmed closed
LOSS = "daily loss"  # how the reason of a halt begins that the day's loss brought about


class Day:
    """Drive one run of the trader over one day."""

    def __init__(self, house: House, wire: Wire, venue: DurableVenue, timeline: Timeline, pace: Pace) -> None:
        """Take the parts; they live longer than the day."""
        self._house = house
        self._wire = wire
        self._venue = venue
        self._timeline = timeline
        self._tick_ns = pace.tick_ms * NANOS_PER_MS
        self._run_id = ""
        self._batches = 0
        self._news: list[MarketNews] = []  # of the exchange, not heard yet
        venue.on_news = self._news.append

    def begin(
        self,
        config: RunConfig,
        version: str,
        run_id: str,
        at: UnixNanos,
        instruments: Iterable[Instrument],
        index: RecordedIndex | None = None,
    ) -> None:
        """Start the run at a moment before the first row: links, instruments, account, the account's reconciliation.

        `index` is what the exchange hears of the markets that day, at its venue time.
        """
        listed = tuple(instruments)
        self._run_id = self._house.run_id = run_id
        self._batches = 0
        self._timeline.begin(at)
        self._venue.exchange.set_instruments(listed)
        self._venue.begin(at)
        self._venue.play(index)
        self._wire.begin(run_id, listed)
        self._house.post(RunStarted(run_id, version, config), "system")
        self._lift_loss()
        self._tick()
        self._timeline.run(at)

    @property
    def is_ready(self) -> bool:
        """Tell whether the trader asked for quotes."""
        return self._wire.subscribed

    def make_ready(self, before: UnixNanos) -> bool:
        """Let the clock go on, up to a moment, until the trader asks for quotes: slow links take their time."""
        while not self.is_ready and self._timeline.now < before:
            self._timeline.run(min(before, self._timeline.now + NANOS_PER_SECOND))
        return self.is_ready

    def hear(self, rows: Sequence[Quote], depths: tuple[Depth, ...] = ()) -> None:
        """Let a batch pass through the exchange row by row, then let the trader hear it at the time of its last row.

        `depths` are the order books up to that time that were not heard before.
        """
        self._trade(rows, depths)
        end = UnixNanos(rows[-1].venue_time)
        self._timeline.run(end)
        self._tell_news()
        self._batches += 1
        now = self._timeline.now
        batch = QuoteBatch(self._run_id, self._batches, rows, 0, False, now, depths)
        self._house.post(QuotesReceived(batch, encode_batch(batch, columns=True), now), "link/quotes")
        self._timeline.run(end)

    def end(self, reason: str, *, data_ended: bool) -> None:
        """End the run as a trader stops in order. `data_ended`: the source says it has no more rows today."""
        if data_ended:
            self._house.post(QuotesEnded(self._timeline.now), "link/quotes")
            self._venue.end_of_data()
            self._wire.pull()
            self._settle(lambda: self._house.role("trading_day").state is State.CLOSED)
        self._house.post(StopRequested(f"{self._run_id}-stop", "backtest", reason), "process")
        self._settle(lambda: self._wire.stopped)
        in_order = reason if self._wire.stopped else f"{reason}; the orderly stop did not finish"
        self._house.post(RunEnded(self._run_id, in_order), "system")
        self._house.commit()

    # ---- inside -------------------------------------------------------------------------------------------------

    def _lift_loss(self) -> None:
        """Resume, as a person would the morning after a day's loss; whatever else holds back stays."""
        day = self._house.role("trading_day")
        causes = {cause.code: cause.text for cause in day.limits.causes if cause.needs_person}
        if day.locked and day.lock_reason.startswith(LOSS):
            why = day.lock_reason
        elif not day.locked and list(causes) == [DAILY_LOSS.upper()]:
            why = causes[DAILY_LOSS.upper()]
        else:
            return
        self._house.post(ResumeRequested(f"{self._run_id}-resume", "backtest", f"a new day; {why}"), "process")

    def _trade(self, rows: Sequence[Quote], depths: tuple[Depth, ...]) -> None:
        """Let rows trade. While no order is at the venue or on its way, nothing can happen between them."""
        timeline, venue, wire = self._timeline, self._venue, self._wire
        if not wire.under_way and not self._house.role("executor").open:
            venue.on_quotes(rows, None, depths)
            wire.pull()
            return
        books = Books(depths)
        for row in rows:
            timeline.run(row.venue_time)
            venue.on_quotes((row,), None, books.until(row.venue_time))
            wire.pull()

    def _tell_news(self) -> None:
        """Let the trader hear of the market what happened within a batch: with it, as its quotes, and before them.

        In order of venue time; of an index the newest value, as a link to a broker has it.
        """
        news, self._news[:] = list(self._news), []
        newest = {one.market: one for one in news if isinstance(one, IndexMoved)}
        for one in news if self.is_ready else ():
            if isinstance(one, VolatilityInterruption):
                what = (one.symbol, one.active, one.trigger_price, one.reason)
                self._house.post(SymbolInterrupted(*what, one.venue_time), "link/quotes")
            elif isinstance(one, IndexMoved) and one is newest[one.market]:
                told = IndexReceived(one.market, one.value, one.previous_close, one.venue_time)
                self._house.post(told, "link/quotes")

    def _settle(self, done: Callable[[], bool]) -> None:
        for _ in range(SETTLE_TICKS):
            self._timeline.run(self._timeline.now)
            if done() and not self._wire.under_way:
                return
            self._timeline.run(self._timeline.now + NANOS_PER_SECOND)
            self._house.post(ClockTicked(self._timeline.now, False), "clock")

    def _tick(self) -> None:
        """Tick now and again and again: heartbeats first, so that no link seems silent."""
        self._wire.beat()
        self._house.post(ClockTicked(self._timeline.now, False), "clock")
        self._timeline.after(self._tick_ns, self._tick)
