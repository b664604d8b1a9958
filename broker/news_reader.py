"""One reader of market news: what waits to be read. Of the indices the newest value of each market waits."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Final

from broker.port import IndexMoved, MarketNews
from domain.errors import BrokerUnavailable, HantradeError

MOST_NEWS: Final = 10_000  # waiting for one reader


class NewsReader:
    """Hands on what it is told, in order, until it fails. Used on one event loop."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._waiting: dict[object, MarketNews] = {}  # by market for an index, by number for all else
        self._numbers = count()
        self._error: HantradeError | None = None
        self._told = asyncio.Event()

    def tell(self, news: MarketNews) -> None:
        """Take one piece of news; a value of an index takes the place of the one of its market that still waits."""
        if self._error is not None:
            return
        if isinstance(news, IndexMoved):
            self._waiting.pop(news.market, None)
            self._waiting[news.market] = news
        elif len(self._waiting) >= MOST_NEWS:  # none may be left out, so it has to begin anew
            self.fail(BrokerUnavailable(f"market news: the reader is {MOST_NEWS} behind"))
        else:
            self._waiting[next(self._numbers)] = news
        self._told.set()

    def fail(self, error: HantradeError) -> None:
        """End the reading behind what waits."""
        self._error = error
        self._told.set()

    async def read(self) -> AsyncIterator[MarketNews]:
        """Give what is told, without end. Raises what it failed by."""
        while True:
            await self._told.wait()
            self._told.clear()
            while self._waiting:
                yield self._waiting.pop(next(iter(self._waiting)))
            if self._error is not None:
                raise self._error
