"""News of the market over one connection of the quotes link: indices, and interruptions of single issues.

A value of an index counts as of now, so the newest wins: at most a few a second of one market go to the core, and none
while it has not handled the one before. What waits goes with the next news or with the next sign of life of the link;
no thread waits for it. Interruptions are told one by one. Phases come with the link's heartbeats.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import structlog

from broker.port import IndexMoved, MarketNews, VolatilityInterruption
from domain.errors import HantradeError, RequestRefused
from domain.messages import Message
from domain.messages.market import IndexReceived, SymbolInterrupted
from domain.types import NANOS_PER_SECOND, Market

APART_NS: Final = NANOS_PER_SECOND // 4  # system time between two values of one market's index
AGAIN_NS: Final = 10 * NANOS_PER_SECOND  # system time from the end of a stream to the next one

logger = structlog.get_logger("market_watch")


class PostNews(Protocol):
    """Lets news in, from any thread."""

    def __call__(self, message: Message, *, on_committed: Callable[[], None] | None = None) -> None:
        """Put the message at the door; `on_committed` runs on the core's thread."""


class Source(Protocol):
    """Who streams the news; a `BrokerClient` is one. It ends the stream when it is closed."""

    def watch_market(
        self, on_news: Callable[[MarketNews], None], on_end: Callable[[HantradeError | None], None]
    ) -> object:
        """Hear the news in a thread."""


class MarketWatch:
    """Lives as long as one connection. It begins and closes on the link's thread, the rest on any."""

    def __init__(self, source: Source, post: PostNews, now: Callable[[], int] = time.monotonic_ns) -> None:
        """Take the open connection, the door, and a monotonic clock in ns. Nothing is streamed before `begin`."""
        self._source = source
        self._post = post
        self._now = now
        self._lock = threading.Lock()
        self._waiting: dict[Market, IndexReceived] = {}  # newest value of each market
        self._posted_at: dict[Market, int] = {}
        self._at_core: set[Market] = set()  # whose value the core has not handled yet
        self._ended_at: int | None = None  # the stream broke and is to be opened again
        self._closed = False

    def begin(self) -> None:
        """Open the stream. A broker that cannot be reached is asked again; one that offers none is not."""
        try:
            self._source.watch_market(self._heard, self._ended)
        except HantradeError as error:  # quotes go on without it
            self._ended(error)

    def begin_again(self) -> None:
        """Open the stream once more, if it is to be."""
        if self._ended_at is not None:
            self._ended_at = None
            self.begin()

    def close(self) -> None:
        """Tell nothing more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def beat(self) -> bool:
        """Take a sign of life of the link: let what waits go. True when the stream is to be opened again."""
        self._let_go()
        ended = self._ended_at
        return not self._closed and ended is not None and self._now() - ended >= AGAIN_NS

    def _heard(self, news: MarketNews) -> None:
        """Take one piece of news. Runs on the stream's thread."""
        if isinstance(news, IndexMoved):
            with self._lock:
                self._waiting[news.market] = IndexReceived(
                    news.market, news.value, news.previous_close, news.venue_time
                )
        elif isinstance(news, VolatilityInterruption) and not self._closed:
            what = (news.symbol, news.active, news.trigger_price, news.reason)
            self._post(SymbolInterrupted(*what, news.venue_time))
        self._let_go()

    def _let_go(self) -> None:
        """Tell the newest value of each market whose turn it is."""
        with self._lock:  # of one market nobody overtakes anybody
            now = self._now()
            for market, value in list(self._waiting.items()):
                since = self._posted_at.get(market)
                if self._closed or market in self._at_core or (since is not None and now - since < APART_NS):
                    continue
                del self._waiting[market]
                self._posted_at[market] = now
                self._at_core.add(market)
                self._post(value, on_committed=partial(self._at_core.discard, market))

    def _ended(self, why: HantradeError | None) -> None:
        """Note the end of the stream. Runs on its thread, or on the link's when it did not begin."""
        if why is None or self._closed:
            return
        if isinstance(why, RequestRefused):
            logger.info("no news of the market over this connection", reason=why.code, text=why.text)
            return
        logger.warning("news of the market broke off; asked again while the link is open", reason=str(why))
        self._ended_at = self._now()
