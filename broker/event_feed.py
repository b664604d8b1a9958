"""Order events for a backend's `order_events`: the journal's past, then what is new, with nothing between lost."""

import asyncio
from collections.abc import AsyncIterator

from broker.journal import OrderJournal
from domain.messages.orders import OrderFact


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
            for fact in list(self._journal.events(seq)):  # read at once: nothing is held open while a reader is slow
                seq = fact.event_seq
                yield fact
            if self._journal.last_seq <= seq:
                await more.wait()
