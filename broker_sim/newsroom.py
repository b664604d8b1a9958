"""Who watches the simulated market: phases of the day, interruptions, and the recorded indices as they are played."""

from collections.abc import AsyncIterator

from broker.news_reader import NewsReader
from broker.port import IndexMoved, MarketNews, PhaseChanged, VolatilityInterruption
from domain.types import Market, UnixNanos, VenuePhase


class Newsroom:
    """Tells every reader how things stand, then what changes. Used on one event loop."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._readers: set[NewsReader] = set()
        self._phase: PhaseChanged | None = None
        self._indices: dict[Market, IndexMoved] = {}
        self._interrupted: dict[str, VolatilityInterruption] = {}

    def tell(self, news: MarketNews) -> None:
        """Tell all readers, and keep how things stand for those to come."""
        match news:
            case PhaseChanged():
                self._phase = news
            case IndexMoved(market=market):
                self._indices[market] = news
            case VolatilityInterruption(symbol=symbol, active=True):
                self._interrupted[symbol] = news
            case VolatilityInterruption(symbol=symbol):
                self._interrupted.pop(symbol, None)
        for reader in self._readers:
            reader.tell(news)

    def on_clock(self, now: UnixNanos, phase: VenuePhase) -> None:
        """Take the phase of the venue's day; a change of it is news."""
        if now and (self._phase is None or self._phase.phase is not phase):
            self.tell(PhaseChanged(now, phase, ""))

    async def watch(self) -> AsyncIterator[MarketNews]:
        """Stream how things stand, then what happens, without end. Raises BrokerUnavailable to one too far behind."""
        reader = NewsReader()
        standing: list[MarketNews | None] = [self._phase, *self._indices.values(), *self._interrupted.values()]
        for news in standing:
            if news is not None:
                reader.tell(news)
        self._readers.add(reader)
        try:
            async for told in reader.read():
                yield told
        finally:
            self._readers.discard(reader)
