"""Looks at sources of quotes that are not in use, each look on a connection and a thread of its own.

The link in use never waits for one: a source that does not answer holds its own thread, and is not asked again until
that is done. After a crash nothing is redone; the supervisor asks again when it is time.
"""

import threading
from collections.abc import Callable

from broker.client import BrokerClient
from domain.errors import HantradeError
from domain.messages.link import ProbeSource, SessionInfo, SourceProbed
from domain.types import UnixNanos, VenuePhase

# In which the venue's clock runs; before and after them a source may stand still and be well.
MOVING = (VenuePhase.OPENING_AUCTION, VenuePhase.CONTINUOUS, VenuePhase.CLOSING_AUCTION, VenuePhase.AFTER_MARKET)
JOIN_S = 5.0


class SourceProbe:
    """Asks sources how they are. `look` and `close` are called by the link's thread."""

    def __init__(self, dial: Callable[[str], BrokerClient], tell: Callable[[SourceProbed], None]) -> None:
        """Take how to reach a broker and whom to tell; `tell` is called on the looking thread."""
        self._dial = dial
        self._tell = tell
        self._lock = threading.Lock()
        self._looking: dict[str, tuple[threading.Thread, BrokerClient]] = {}
        self._clocks: dict[str, UnixNanos] = {}  # venue time of the last look
        self._closed = False

    def look(self, asked: ProbeSource) -> None:
        """Look at a source, unless a look at it is still under way."""
        with self._lock:
            if self._closed or asked.endpoint in self._looking:
                return
            client = self._dial(asked.endpoint)
            thread = threading.Thread(target=self._look, args=(asked, client), name="probe", daemon=True)
            self._looking[asked.endpoint] = (thread, client)
        thread.start()

    def close(self) -> None:
        """End every look; none begins any more, and none is told."""
        with self._lock:
            self._closed = True
            looking = list(self._looking.values())
        for _, client in looking:
            client.close()
        for thread, _ in looking:
            thread.join(JOIN_S)

    def _look(self, asked: ProbeSource, client: BrokerClient) -> None:
        try:
            told = self._answer(asked, client)
        finally:
            client.close()
            with self._lock:
                del self._looking[asked.endpoint]
        with self._lock:
            is_wanted = not self._closed
        if is_wanted:
            self._tell(told)

    def _answer(self, asked: ProbeSource, client: BrokerClient) -> SourceProbed:
        try:
            quotes = tuple(client.latest_quotes(asked.symbols))
            session = client.session()
        except HantradeError as error:
            self._clocks.pop(asked.endpoint, None)
            return SourceProbed(asked.endpoint, False, str(error), ())
        reason = self._ailment(asked.endpoint, session)
        return SourceProbed(asked.endpoint, not reason, reason, quotes, session.venue_time, session.speed_milli)

    def _ailment(self, endpoint: str, session: SessionInfo) -> str:
        """Say why a source that answers is not well; empty when it is."""
        before, self._clocks[endpoint] = self._clocks.get(endpoint), session.venue_time
        if not session.logged_in:
            return "it is not logged in"
        if session.phase is VenuePhase.DATA_ENDED:
            return "it has no more data"
        if session.phase in MOVING and before == session.venue_time:
            return "its venue clock stands still"
        return ""
