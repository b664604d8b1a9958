"""A back-test from its first day to its last, in one log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from backtest.batches import Books, batches
from backtest.day import Day
from backtest.house import House
from backtest.plan import NANOS_PER_MS, Pace
from backtest.source import Source
from backtest.timeline import Timeline
from backtest.travel import Steady, Travel
from backtest.venue import a_venue
from backtest.wire import Wire
from broker.translate.quotes import decode_batch
from broker_sim.backend import WARM_UP
from broker_sim.bar_ticks import ticks_of
from broker_sim.corporate_actions import ActionTable
from broker_sim.recording import Recording
from broker_sim.stored_sessions import StoredSessions
from domain.config import RunConfig
from domain.errors import InvariantError
from domain.quotes import Quote
from domain.types import Krw, UnixNanos
from persistence.codec import MessageCodec
from persistence.event_log import EventLog
from trends.source import TrendSource

UNHEARD_MS = 86_400_000  # bars are no ticks: a minute without a row is no broken link
Cut = Callable[[Iterable[Quote]], Iterator[list[Quote]]]


@dataclass(frozen=True, slots=True)
class Glance:
    """How far a back-test is."""

    day: date
    day_number: int  # from 1
    venue_time: UnixNanos
    share_ppm: int  # of the day's session that has passed
    quotes: int  # rows so far, of all days
    fills: int
    equity: Krw


class DayRead(NamedTuple):
    """What reading a stored day told; its rows and bars are not kept: there may be years of them."""

    day: date
    refused: dict[str, int]  # why rows were refused -> how many
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Ran:
    """What was done, as far as the log does not tell it."""

    log_path: Path
    days: list[DayRead] = field(default_factory=list)
    quotes: int = 0
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a back-test is made with."""

    config: RunConfig
    version: str
    pace: Pace
    log_path: Path
    trends: TrendSource
    cut: Cut | None = None  # how rows become batches; None: by the pace
    actions: ActionTable | None = None  # corporate actions
    travel: Travel | None = None  # how long requests and answers are under way; None: by the pace


def codec() -> MessageCodec:
    """Give the codec of the log."""
    return MessageCodec(decode_batch, joins=True)


def run(
    setup: Setup,
    source: Source,
    watch: Callable[[Glance], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Ran:
    """Trade every stored day in one log, a run a day; `watch` hears after each batch, `stop` is asked before each.

    Cash and holdings carry over. The same setup on the same data writes the same log, to the hash of its last commit.
    Raises DataError, ConfigError, LogError; what was traded until then is in the log.
    """
    name = _name(setup, source)
    # A market of stored data has no wire: nothing of it can be mute, unproved or down.
    link = replace(
        setup.config.link, mute_after_ms=UNHEARD_MS, first_quote_ms=0, symbol_mute_ms=0, measures_uptime=False
    )
    config = replace(setup.config, quotes_backups=(), link=link, reconcile=replace(setup.config.reconcile, audit_ms=0))
    timeline, ran = Timeline(), Ran(setup.log_path)
    first = UnixNanos(0)
    log = EventLog.open(setup.log_path, create_id=lambda: name, now=lambda: first)
    try:
        with a_venue(config, setup.actions, f"{name}-paper", lambda: timeline.now) as venue:
            house = House(log, codec(), timeline)
            travel = setup.travel or Steady(setup.pace.link_ms * NANOS_PER_MS)
            stored = StoredSessions(source.path, source.overrides)
            wire = Wire(house.post, timeline, venue, setup.trends, travel, config.sim, stored)
            house.release = wire.carry_out
            day = Day(house, wire, venue, timeline, setup.pace)
            for recording in source.load():
                ran.days.append(DayRead(recording.day, recording.refused, recording.warnings))
                try:
                    _trade(day, house, recording, setup, config, ran, watch, stop)
                finally:
                    house.commit()
                if ran.interrupted:
                    break
    finally:
        log.close()
    return ran


def _trade(
    day: Day,
    house: House,
    recording: Recording,
    setup: Setup,
    config: RunConfig,
    ran: Ran,
    watch: Callable[[Glance], None],
    stop: Callable[[], bool],
) -> None:
    session = recording.session
    ticks = ticks_of(recording, config.seed)
    head = next(ticks, None)
    if head is None:
        return
    begin = UnixNanos(min(session.open, head.venue_time) - WARM_UP)
    listed = recording.instruments.values()
    day.begin(config, setup.version, f"bt-{recording.day}", begin, listed, recording.index)
    if not day.make_ready(UnixNanos(head.venue_time)):
        links = house.role("connection_supervisor").links
        states = ", ".join(f"{link.name} {link.state}" for link in links.values())
        raise InvariantError(f"{recording.day}: the trader asked for no quotes ({states})")
    cut = setup.cut or (lambda rows: batches(rows, setup.pace))
    length = session.close - session.open
    books = Books(recording.depths())
    for rows in cut(chain((head,), ticks)):
        if stop():
            ran.interrupted = True
            day.end("interrupted", data_ended=False)
            return
        day.hear(rows, books.until(rows[-1].venue_time))
        ran.quotes += len(rows)
        watch(_glance(house, recording.day, len(ran.days), rows, session.open, length, ran.quotes))
    day.end("the stored day is over", data_ended=True)


def _glance(
    house: House, day: date, number: int, rows: Sequence[Quote], opened: int, length: int, quotes: int
) -> Glance:
    at = UnixNanos(rows[-1].venue_time)
    passed = max(0, min(1_000_000, (at - opened) * 1_000_000 // length))
    portfolio = house.role("portfolio").state
    return Glance(day, number, at, passed, quotes, len(portfolio.fills), portfolio.books.equity(portfolio.marks))


def _name(setup: Setup, source: Source) -> str:
    """Name a back-test by what it is made of, so that the same one gets the same ids in its log."""
    said = f"{setup.config} {setup.version} {setup.pace} {setup.travel} {setup.actions}"
    said += f" {source.path.name} {source.days} {source.symbols}"
    return blake2b(said.encode(), digest_size=5).hexdigest()
