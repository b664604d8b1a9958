"""The servers in a process of their own: a broker_sim reached by BrokerService, which outlives the control's process.

One thread keeps the line: it connects, waits until the line breaks, hangs up and begins again, with growing waits.
What is heard goes through `post` to the control's thread, where all state here is kept but the line itself. Facts
missed while the line was down are told as replayed.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

from broker.client import BrokerClient
from broker.gateway import identity
from broker.port import Guard, MarketNews, OrderRequest, OrderSessionOpened, Receipt
from broker.retries import Budget
from broker.security.access import PLAIN, Access
from broker_win.emulator.house import READS, Held
from broker_win.emulator.house_facts import HouseFacts
from broker_win.emulator.remote_line import Line, LineListener
from broker_win.emulator.venue_clock import VenueClock
from domain.errors import BrokerUnavailable, HantradeError, InvariantError
from domain.instruments import Instrument
from domain.messages.link import SessionInfo
from domain.messages.orders import OrderFact
from domain.quotes import Depth, Quote, QuoteBatch
from domain.types import RequestOutcome, UnixNanos, VenuePhase

BACKOFF_S: Final = (0.25, 5.0)  # the first wait before the line is opened anew, and the longest
VALID_FOR_NS: Final = 10_000_000_000  # of a request, system time
MOST_UNREAD: Final = 64  # batches handed over and not taken by the control's thread; the stream waits then
_READERS: Final = 2
_log = logging.getLogger(__name__)

Post = Callable[[Callable[[], None]], None]


def _nothing() -> None:
    pass


class RemoteHouse:
    """A House over the wire. Calls and callbacks on the control's thread."""

    def __init__(
        self,
        endpoint: str,
        post: Post,
        access: Access = PLAIN,
        *,
        on_down: Callable[[], None] = _nothing,
        monotonic: Callable[[], int] = time.monotonic_ns,
        system: Callable[[], int] = time.time_ns,
        call_timeout_s: float = 3.0,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ) -> None:
        """Ask the servers who they are, once, and begin to keep the line.

        `post` runs something on the control's thread, from any thread; `on_down` is told there when the line breaks.
        Servers that are away are asked again in the background. Raises ConfigError for access that cannot be used.
        """
        self._post = post
        self._on_down = on_down
        self._monotonic, self._system = monotonic, system
        self._backoff_s = backoff_s
        self._name = f"kiwoom-{uuid4().hex[:8]}"  # another process must not fence this one off, nor the reverse
        self._clock = VenueClock(monotonic)
        self._facts = HouseFacts(self.now)
        self._instruments: Mapping[str, Instrument] = {}
        self._phase = VenuePhase.CLOSED
        self._speed_milli: int | None = None
        self._is_up = False
        self._opened: OrderSessionOpened | None = None
        self._hears: tuple[Callable[..., None], Callable[[VenuePhase], None]] | None = None
        self._on_news: Callable[[MarketNews], None] | None = None
        self._watched: frozenset[str] = frozenset()
        self._waiting: dict[str, Callable[[Receipt], None]] = {}  # by id: who waits for a receipt
        self._journal_id = ""  # that the facts so far are of
        self._room = threading.Semaphore(MOST_UNREAD)
        self._closing = threading.Event()
        self._line: Line | None = None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="kiwoom-read")
        self._client = BrokerClient(endpoint, call_timeout_s, Budget(attempts=1), access)
        try:
            self._meet(*self._ask())
        except HantradeError as reason:
            _log.warning("the servers are away: %s", reason)
        self._keeper = threading.Thread(target=self._keep, name=f"kiwoom-line {endpoint}", daemon=True)
        self._keeper.start()

    # ---- the house --------------------------------------------------------------------------------------------

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Give what is listed, by code; empty while the servers were never reached."""
        return self._instruments

    @property
    def is_up(self) -> bool:
        """Tell whether the servers answer."""
        return self._is_up

    @property
    def is_replaying(self) -> bool:
        """Tell whether the fact being heard is one of before."""
        return self._facts.is_replaying

    def held(self, symbol: str) -> Held:
        """Give the shares held after the fact being heard."""
        return self._facts.held(symbol)

    def now(self) -> UnixNanos:
        """Give the venue's clock, which runs on between heartbeats."""
        return self._clock.now()

    @property
    def speed_milli(self) -> int | None:
        """Give venue seconds per 1,000 s as of the last heartbeat, None for a live feed."""
        return self._speed_milli

    def phase(self) -> VenuePhase:
        """Give the phase of the venue's day as of the last heartbeat."""
        return self._phase

    def read(self, what: str, then: Callable[[Any], None], symbol: str = "") -> None:
        """Read one of `READS` on another thread; the answer or the error comes later."""
        if what not in READS:
            raise InvariantError(f"a read expected one of {', '.join(READS)}, was {what!r}")
        if not self._closing.is_set():
            self._readers.submit(self._read, what, then, symbol)

    def place(self, request: OrderRequest, then: Callable[[Receipt], None]) -> None:
        """Hand a request to the order session; receipt and facts come later. Raises BrokerUnavailable."""
        line, opened = self._line, self._opened
        if line is None or opened is None or not self._is_up:
            raise BrokerUnavailable("the line to the servers is down")
        until = UnixNanos(self._system() + VALID_FOR_NS)
        name = identity(request)
        self._waiting[name] = then
        try:
            line.request(request, Guard(opened.journal_id, opened.epoch, until))
        except BrokerUnavailable:
            del self._waiting[name]
            raise

    def hear(
        self,
        on_fact: Callable[[OrderFact], None],
        on_rows: Callable[[Sequence[Quote], Sequence[Depth]], None],
        on_phase: Callable[[VenuePhase], None],
    ) -> None:
        """Hear facts of the day so far, then what happens. The stream of quotes begins now."""
        self._hears = (on_rows, on_phase)
        self._facts.listen(on_fact)
        if self._line is not None:
            self._line.open_quotes(self._instruments)

    def hear_market(self, on_news: Callable[[MarketNews], None]) -> None:
        """Hear what the servers tell of interruptions and indices."""
        self._on_news = on_news

    def watch(self, codes: Sequence[str]) -> None:
        """Hear rows of these codes from now on."""
        self._watched = frozenset(codes)

    def close(self) -> None:
        """Hang up and wait for the threads. May be called again."""
        self._closing.set()
        if self._line is not None:
            self._line.broken.set()
        self._room.release()
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._keeper.join()
        self._client.close()

    # ---- the keeper's thread ------------------------------------------------------------------------------------

    def _keep(self) -> None:
        wait_s = self._backoff_s[0]
        while not self._closing.is_set():
            try:
                self._hold_line()
                wait_s = self._backoff_s[0]
            except HantradeError as reason:
                _log.info("the servers are away: %s", reason)
            self._tell(self._lose)
            self._closing.wait(wait_s)
            wait_s = min(self._backoff_s[1], wait_s * 2)

    def _hold_line(self) -> None:
        """Open a line and stay until it breaks. Raises BrokerUnavailable where nobody answers."""
        session, instruments = self._ask()
        heard_at = self._monotonic()
        self._tell(lambda: self._meet(session, instruments, heard_at))
        listener = LineListener(
            on_opened=lambda opened: self._tell(lambda: self._on_opened(opened)),
            on_fact=lambda fact: self._tell(lambda: self._facts.take(fact)),
            on_receipt=lambda receipt: self._tell(lambda: self._on_receipt(receipt)),
            on_beat=self._hear_beat,
            on_batch=self._hear_batch,
            on_news=self._hear_news,
        )
        line = Line(self._client, self._name, listener)
        self._line = line  # before anything comes over it
        try:
            # Facts handed over and not taken yet come a second time and are left aside then.
            line.open(self._facts.last_seq, self._journal_id)
            if self._hears is not None:
                line.open_quotes(instruments)
            while not self._closing.is_set() and not line.broken.wait(1.0):
                pass
        finally:
            self._line = None
            line.close()
        if line.is_other_journal:
            self._tell(self._begin_anew)

    def _ask(self) -> tuple[SessionInfo, Mapping[str, Instrument]]:
        session = self._client.session()
        listed, _ = self._client.instruments()
        return session, {instrument.symbol: instrument for instrument in listed}

    def _tell(self, act: Callable[[], None]) -> None:
        """Do something on the control's thread, unless nobody is there any more."""
        if not self._closing.is_set():
            self._post(lambda: None if self._closing.is_set() else act())

    def _hear_beat(self, session: SessionInfo) -> None:
        heard_at = self._monotonic()
        self._tell(lambda: self._on_beat(session, heard_at))

    def _hear_batch(self, batch: QuoteBatch) -> bool:
        self._room.acquire()  # a control that hangs makes the servers wait, and conflate
        self._tell(lambda: self._on_batch(batch))
        return not self._closing.is_set()

    def _hear_news(self, news: MarketNews) -> None:
        self._tell(lambda: self._on_news(news) if self._on_news is not None else None)

    def _read(self, what: str, then: Callable[[Any], None], symbol: str) -> None:
        try:
            answer: Any = self._query(what, symbol)
        except HantradeError as reason:
            answer = reason
        self._tell(lambda: then(answer))

    def _query(self, what: str, symbol: str) -> Any:
        if what == "account":
            return self._client.account()
        if what == "positions":
            return self._client.positions()[0]
        if what == "day_orders":
            return self._client.day_orders()[0]
        if what == "fills":
            return self._client.fills()[0]
        if what == "candles":
            return self._client.candles(symbol)
        return self._client.latest_quotes((symbol,) if symbol else ())

    # ---- the control's thread -----------------------------------------------------------------------------------

    def _meet(self, session: SessionInfo, instruments: Mapping[str, Instrument], heard_at: int | None = None) -> None:
        self._instruments = instruments
        self._on_beat(session, self._monotonic() if heard_at is None else heard_at)
        self._is_up = True

    def _on_opened(self, opened: OrderSessionOpened) -> None:
        self._opened = opened
        self._journal_id = opened.journal_id
        self._facts.replays_until = opened.last_seq

    def _on_receipt(self, receipt: Receipt) -> None:
        then = self._waiting.pop(receipt.request_id, None)
        if then is not None:
            then(receipt)

    def _on_beat(self, session: SessionInfo, heard_at: int) -> None:
        self._speed_milli = session.speed_milli
        self._clock.beat(session.venue_time, session.speed_milli, heard_at)
        if session.phase is not self._phase:
            self._phase = session.phase
            if self._hears is not None:
                self._hears[1](session.phase)

    def _on_batch(self, batch: QuoteBatch) -> None:
        self._room.release()
        if batch.rows:
            self._clock.see(batch.rows[-1].venue_time)
        watched = self._watched
        rows = [row for row in batch.rows if row[0] in watched]
        depths = [depth for depth in batch.depths if depth[0] in watched]
        if self._hears is not None and (rows or depths):
            self._hears[0](rows, depths)

    def _lose(self) -> None:
        """Hear that the line broke. What has no receipt is in doubt."""
        was_up, self._is_up, self._opened = self._is_up, False, None
        waiting, self._waiting = self._waiting, {}
        for name, then in waiting.items():
            then(Receipt(name, RequestOutcome.IN_DOUBT, "OUTCOME_UNKNOWN", "the line to the servers broke"))
        if was_up:
            self._on_down()

    def _begin_anew(self) -> None:
        """Forget the journal heard so far: the servers have another account."""
        self._journal_id = ""
        self._facts.begin_anew()
