"""The quotes link: instruments and the quote stream of one broker."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from actors.edges.link import BrokerLink, Dial
from actors.edges.post import Post
from domain.errors import HantradeError
from domain.instruments import Instrument
from domain.messages.link import InstrumentsReceived, OpenLink, ReconcileLink, SessionInfo, SubscribeQuotes
from domain.messages.market import QuotesEnded, QuotesReceived
from domain.quotes import QuoteBatch
from domain.types import LinkName, UnixNanos

MAX_UNHANDLED = 2  # batches at the core; behind them the broker conflates for us (flow control stalls its writer)


class QuoteTap:
    """Told what the quotes link hears; the paper simulator beside the trader is fed this way."""

    def on_session(self, session: SessionInfo) -> None:
        """Hear of a new session. Link's thread."""

    def on_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Hear of the instruments. Link's thread."""

    def on_batch(self, batch: QuoteBatch) -> None:
        """Hear of a batch the core has handled and committed. Core's thread: must not block."""

    def on_end(self) -> None:
        """Hear that the source has no more data. Core's thread."""


class QuoteLink(BrokerLink):
    """Stream quotes into the core, at most two batches ahead of it."""

    NAME: ClassVar[LinkName] = LinkName.QUOTES

    def __init__(self, post: Post, dial: Dial, tap: QuoteTap) -> None:
        """Take the door, how to reach the broker, and who else listens."""
        super().__init__(post, dial)
        self._tap = tap

    def opened(self, effect: OpenLink, session: SessionInfo) -> None:
        """Tell the tap first: the simulator's clock must stand before it is asked."""
        self._tap.on_session(session)

    def carry_out(self, message: Any) -> Any:
        """Fetch instruments, or start the stream."""
        match message:
            case ReconcileLink(symbols=symbols):
                self._try("reconcile", self._fetch_instruments, symbols)
            case SubscribeQuotes(symbols=symbols):
                self._try("subscribe", self._subscribe, symbols)
            case _:
                return super().carry_out(message)
        return None

    def _fetch_instruments(self, symbols: tuple[str, ...]) -> None:
        instruments, unknown = self.client().instruments(symbols)
        self._tap.on_instruments(instruments)
        self.post(InstrumentsReceived(tuple(instruments), tuple(unknown)))

    def _subscribe(self, symbols: tuple[str, ...]) -> None:
        stream = self.client().quotes(symbols)
        reading = threading.Thread(target=self._read, args=(self._connection, stream), name="quotes", daemon=True)
        reading.start()

    def _read(self, connection: int, stream: Any) -> None:
        """Read until the stream ends. Runs on its own thread."""
        room = threading.Semaphore(MAX_UNHANDLED)
        try:
            for raw, batch in stream:
                while not room.acquire(timeout=1.0):
                    if connection != self._connection:
                        return
                if connection != self._connection:
                    return
                if batch.rows:
                    self.post(QuotesReceived(batch, raw), on_committed=self._handled(batch, room))
                else:
                    room.release()
                if batch.end_of_data:
                    last = batch.rows[-1].venue_time if batch.rows else self.client().session().venue_time
                    self.post(QuotesEnded(UnixNanos(last)), on_committed=self._tap.on_end)
                    return
        except HantradeError as error:
            self.lost(connection, f"quote stream: {error}")
        else:
            self.lost(connection, "the broker ended the quote stream")

    def _handled(self, batch: QuoteBatch, room: threading.Semaphore) -> Callable[[], None]:
        def handled() -> None:
            room.release()
            self._tap.on_batch(batch)

        return handled
