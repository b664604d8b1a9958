"""The quotes link: instruments, the quote stream and the market's news of one broker."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import pykka

from actors.edges.clock import system_now
from actors.edges.link import BrokerLink, Dial
from actors.edges.market_watch import MarketWatch
from actors.edges.post import Post
from actors.edges.source_probe import SourceProbe
from broker.client_streams import QuoteStream
from domain.errors import HantradeError
from domain.instruments import Instrument
from domain.messages.link import (
    InstrumentsReceived,
    OpenLink,
    ProbeSource,
    ReconcileLink,
    SessionInfo,
    SubscribeQuotes,
)
from domain.messages.market import QuotesEnded, QuotesReceived
from domain.quotes import QuoteBatch
from domain.time import kst_date
from domain.types import LinkName, UnixNanos

MAX_UNHANDLED = 2  # batches at the core; behind them the broker conflates for us (flow control stalls its writer)
JOIN_S = 5.0


@dataclass(frozen=True, slots=True)
class WatchMarketAgain:
    """To the link itself: the market's news of this connection broke off."""

    connection: int


class QuoteTap:
    """Told what the quotes link hears; the paper simulator beside the trader is fed this way."""

    wants_depth: ClassVar[bool] = False  # ask the broker for order books with the quotes, where it offers them

    def on_session(self, session: SessionInfo) -> None:
        """Hear of a new session. Link's thread."""

    def on_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Hear of the instruments. Link's thread."""

    def on_batch(self, batch: QuoteBatch) -> None:
        """Hear of a batch the core has handled and committed. Core's thread: must not block."""

    def on_beat(self, venue_time: UnixNanos) -> None:
        """Hear the venue's clock while no quotes come: all quotes up to it were heard. Heartbeats' thread."""

    def on_end(self) -> None:
        """Hear that the source has no more data. Core's thread."""


class Room:
    """Counts batches the core has not handled yet, and all that came."""

    def __init__(self) -> None:
        """Start open and empty."""
        self._changed = threading.Condition()
        self._unhandled = 0
        self._came = 0
        self._closed = False

    def enter(self) -> bool:
        """Wait for room for one batch; False when the connection was closed meanwhile."""
        with self._changed:
            self._came += 1
            self._changed.wait_for(lambda: self._closed or self._unhandled < MAX_UNHANDLED)
            if not self._closed:
                self._unhandled += 1
            return not self._closed

    def leave(self) -> None:
        """Note that one batch was handled."""
        with self._changed:
            self._unhandled -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def quiet_at(self) -> int | None:
        """Tell how many batches came so far, None while one is unhandled."""
        with self._changed:
            return self._came if self._unhandled == 0 else None


class QuoteLink(BrokerLink):
    """Stream quotes into the core, at most two batches ahead of it.

    After a crash the supervisor opens the link anew and subscribes again; quotes missed meanwhile are not made up.
    News of the market comes beside the quotes, from the same broker (`market_watch.py`); without it quotes go on.
    Other sources are looked at beside the open link (`source_probe.py`).
    """

    NAME: ClassVar[LinkName] = LinkName.QUOTES

    def __init__(self, post: Post, dial: Dial, tap: QuoteTap, now: Callable[[], UnixNanos] = system_now) -> None:
        """Take the door, how to reach the broker, who else listens, and the clock that stamps what is received."""
        super().__init__(post, dial)
        self._tap = tap
        self._now = now
        self._market: MarketWatch | None = None
        self._room = Room()
        self._reading: threading.Thread | None = None
        self._last_beat: tuple[UnixNanos, int | None] = (UnixNanos(0), None)  # venue time, batches that had come
        self._clock_of: tuple[str, UnixNanos] = ("", UnixNanos(0))  # source, and its clock as told last
        self._stands_in = False  # the tap's clock is that of an earlier source of the day
        self._probe = SourceProbe(dial, self.post)

    def opened(self, effect: OpenLink, session: SessionInfo) -> None:
        """Tell the tap first: the simulator's clock must stand before it is asked.

        A source replayed from its begin takes the tap's clock back. Another source on the same day does not: the market
        that orders rest in goes on, however far that source has come in it.
        """
        self._last_beat = (UnixNanos(0), None)
        source, clock = self._clock_of
        is_of_day = bool(source) and kst_date(clock) == kst_date(session.venue_time)
        is_replay = source == effect.endpoint and session.venue_time < clock
        self._stands_in = is_of_day and not is_replay and (self._stands_in or source != effect.endpoint)
        if self._stands_in:
            self._tap.on_beat(session.venue_time)
        else:
            self._tap.on_session(session)
        self._clock_of = (effect.endpoint, session.venue_time)

    def carry_out(self, message: Any) -> Any:
        """Fetch instruments, or start the stream."""
        match message:
            case ReconcileLink(symbols=symbols):
                self._try("reconcile", self._fetch_instruments, symbols)
            case SubscribeQuotes(symbols=symbols):
                self._try("subscribe", self._subscribe, symbols)
            case ProbeSource():
                self._probe.look(message)
            case WatchMarketAgain(connection=connection):
                if self._market is not None and connection == self._connection:
                    self._market.begin_again()
            case _:
                return super().carry_out(message)
        return None

    def on_stop(self) -> None:
        """Hang up, and end what looks at other sources. Runs on the actor's thread."""
        self._probe.close()
        super().on_stop()

    def on_failure(self, *args: Any) -> None:
        """End everything after a bug of ours."""
        self._probe.close()
        super().on_failure(*args)

    def hang_up(self) -> None:
        """Close, and wait for the reading thread, which may be waiting for the core."""
        self._room.close()
        market, self._market = self._market, None
        if market is not None:
            market.close()
        super().hang_up()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.join(JOIN_S)

    def beat(self, connection: int, session: SessionInfo) -> None:
        """Pass a heartbeat on; when no quotes came since the one before, the tap hears the clock of that one.

        Quotes and heartbeats come in two streams, so a heartbeat may overtake quotes that are older than it.
        """
        super().beat(connection, session)
        if connection != self._connection:
            return
        market = self._market
        if market is not None and market.beat():
            with suppress(pykka.ActorDeadError):  # on the thread that also hangs up: no stream outlives its connection
                self.actor_ref.tell(WatchMarketAgain(connection))
        self._clock_of = (self._clock_of[0], session.venue_time)
        (venue_time, came), now_came = self._last_beat, self._room.quiet_at()
        self._last_beat = (session.venue_time, now_came)
        if came is not None and came == now_came:
            self._tap.on_beat(venue_time)

    def _fetch_instruments(self, symbols: tuple[str, ...]) -> None:
        instruments, unknown = self.client().instruments(symbols)
        self._tap.on_instruments(instruments)
        self.post(InstrumentsReceived(tuple(instruments), tuple(unknown)))

    def _subscribe(self, symbols: tuple[str, ...]) -> None:
        if self._reading is not None:
            return  # one stream a connection
        stream, self._room = self.client().quotes(symbols, depth=self._tap.wants_depth), Room()
        reading = threading.Thread(
            target=self._read, args=(self._connection, stream, self._room), name="quotes", daemon=True
        )
        self._reading = reading
        reading.start()
        self._market = MarketWatch(self.client(), self.post)
        self._market.begin()

    def _read(self, connection: int, stream: QuoteStream, room: Room) -> None:
        """Read until the stream ends. Runs on its own thread."""
        reason = "the broker ended the quote stream"
        try:
            for raw, batch in stream:
                if not self._take(raw, batch, room):
                    return
        except HantradeError as error:
            reason = f"quote stream: {error}"
        except Exception as error:  # noqa: BLE001  # a thread's outermost loop: the stream is over, and that is told
            reason = f"quote stream: {type(error).__name__}: {error}"
        finally:
            stream.close()
        self.lost(connection, reason)

    def _take(self, raw: bytes, batch: QuoteBatch, room: Room) -> bool:
        """Hand one batch to the core; False when nothing more is to be read."""
        received_at = self._now()  # before any wait for the core
        if batch.rows or batch.depths:
            if not room.enter():
                return False
            self.post(QuotesReceived(batch, raw, received_at), on_committed=self._handled(batch, room))
        if not batch.end_of_data:
            return True
        last = batch.rows[-1].venue_time if batch.rows else self.client().session().venue_time
        self.post(QuotesEnded(UnixNanos(last)), on_committed=self._tap.on_end)
        return False

    def _handled(self, batch: QuoteBatch, room: Room) -> Callable[[], None]:
        def handled() -> None:
            room.leave()
            self._tap.on_batch(batch)

        return handled
