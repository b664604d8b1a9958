"""Order events for a backend's `order_events`: the journal's past, then what is new, with nothing between lost."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from typing import Final

from broker.journal import OrderJournal
from domain.messages.orders import OrderFact

PAGE: Final = 512  # events a reader holds at most: what is behind them waits in the journal


class OrderEventFeed:
    """Reads the journal and waits for more. Lives on one event loop; `wake` may be called from that loop only."""

    def __init__(self, journal: OrderJournal) -> None:
        """Keep the journal."""
        self._journal = journal
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Tell all readers that the journal has new events."""
        self._more.set()
        self._more = asyncio.Event()

    async def after(self, seq: int) -> AsyncIterator[OrderFact]:
        """Give every event with a greater seq, then new ones. Never ends."""
        while True:
            more = self._more  # taken before reading: an event written meanwhile has set it
            # A page at once: nothing is held open, and no day held in memory, while a reader is slow.
            for fact in list(islice(self._journal.events(seq), PAGE)):
                seq = fact.event_seq
                yield fact
            if self._journal.last_seq <= seq:
                await more.wait()
