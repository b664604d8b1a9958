"""One connection to the servers: order session, heartbeats, quotes. It ends as a whole when one of them breaks."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from broker.client import BrokerClient
from broker.client_orders import OrderSessionHandle
from broker.client_streams import Listening, QuoteStream
from broker.port import Guard, MarketNews, OrderRequest, OrderSessionOpened, Receipt
from broker.session_pulse import Rhythm
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.messages.link import SessionInfo
from domain.messages.orders import OrderFact
from domain.quotes import QuoteBatch

BEAT_S: Final = 0.2  # between heartbeats of the venue's clock
ROWS: Final = 256  # of quotes in a batch
DELAY_S: Final = 0.002  # a batch waits to fill
ANOTHER_JOURNAL: Final = frozenset({"WRONG_JOURNAL", "AHEAD_OF_JOURNAL"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineListener:
    """Who hears what comes over the line. Called on threads of the line."""

    on_opened: Callable[[OrderSessionOpened], None]
    on_fact: Callable[[OrderFact], None]
    on_receipt: Callable[[Receipt], None]
    on_beat: Callable[[SessionInfo], None]
    on_batch: Callable[[QuoteBatch], bool]  # False: nobody wants another
    on_news: Callable[[MarketNews], None]


class Line:
    """Open streams. Opened and closed by one thread; quotes may be asked for and orders sent by another."""

    def __init__(self, client: BrokerClient, name: str, listener: LineListener) -> None:
        """Take the way to the servers, under the name of a caller."""
        self._client = client
        self._name = name
        self._listener = listener
        self.broken = threading.Event()
        self.is_other_journal = False  # the journal is another than `journal_id`
        self._quotes: QuoteStream | None = None
        self._closed = False
        self._is_made = threading.Event()  # `open` is over
        self._lock = threading.Lock()
        self._session: OrderSessionHandle | None = None
        self._watch: Listening[SessionInfo] | None = None
        self._market: Listening[MarketNews] | None = None

    def open(self, after_seq: int, journal_id: str) -> None:
        """Open order session and heartbeats, facts from behind `after_seq` of a journal on."""
        listener = self._listener
        try:
            self._session = self._client.order_session(
                after_seq,
                journal_id,
                listener.on_fact,
                listener.on_receipt,
                self._on_opened,
                self._on_session_end,
                self._name,
                Rhythm(),
            )
            self._watch = self._client.watch(BEAT_S, listener.on_beat, self._on_end)
            self._market = self._client.watch_market(listener.on_news, self._on_market_end)
        finally:
            self._is_made.set()

    def request(self, request: OrderRequest, guard: Guard) -> None:
        """Hand a request over. Raises BrokerUnavailable: then it never left."""
        if self._session is None:
            raise BrokerUnavailable("the order session is not open yet")
        self._session.request(request, guard)

    def open_quotes(self, symbols: Iterable[str]) -> None:
        """Begin to read quotes and order books, in a thread of their own. May be called again; no symbols: nothing."""
        wanted = tuple(sorted(symbols))
        with self._lock:
            if self._quotes is not None or self._closed or not wanted:
                return
            self._quotes = self._client.quotes(wanted, ROWS, DELAY_S, depth=True)
        threading.Thread(target=self._read_quotes, args=(self._quotes,), name="kiwoom-quotes", daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._closed = True
            quotes = self._quotes
        if quotes is not None:
            quotes.close()
        for stream in (self._market, self._watch, self._session):
            if stream is not None:
                stream.close()

    def _read_quotes(self, quotes: QuoteStream) -> None:
        try:
            for _, batch in quotes:
                if not self._listener.on_batch(batch):
                    break
        except RequestRefused as reason:  # servers without quotes of their own: orders go on
            _log.warning("no quotes from the servers: %s", reason)
        except HantradeError as reason:
            self._on_end(reason)

    def _on_opened(self, opened: OrderSessionOpened) -> None:
        self._is_made.wait()  # the answer may be here before `open` has returned, and requests follow it
        self._listener.on_opened(opened)

    def _on_session_end(self, reason: HantradeError | None, _unanswered: tuple[str, ...]) -> None:
        self.is_other_journal = isinstance(reason, RequestRefused) and reason.code in ANOTHER_JOURNAL
        self._on_end(reason)

    def _on_market_end(self, reason: HantradeError | None) -> None:
        if isinstance(reason, RequestRefused):  # servers without news of the market: all else goes on
            _log.info("no news of the market from the servers: %s", reason)
        else:
            self._on_end(reason)

    def _on_end(self, reason: HantradeError | None) -> None:
        if reason is not None:
            _log.info("the line to the servers broke: %s", reason)
        self.broken.set()
