"""Feeds the paper simulator beside the trader."""

from collections.abc import Sequence

from actors.edges.quote_link import QuoteTap
from broker_sim.backend import SimBackend
from domain.instruments import Instrument
from domain.messages.link import SessionInfo
from domain.quotes import QuoteBatch
from domain.types import UnixNanos


class PaperTap(QuoteTap):
    """Feeds the paper simulator with the quotes the core has handled, so it never runs ahead of the trader."""

    wants_depth = True

    def __init__(self, backend: SimBackend) -> None:
        """Take the simulator."""
        self._backend = backend

    def on_session(self, session: SessionInfo) -> None:
        """Give the simulator the venue's clock."""
        self._backend.post(self._backend.on_venue_time, session.venue_time)

    def on_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Give the simulator the instruments."""
        self._backend.post(self._backend.on_instruments, tuple(instruments))

    def on_batch(self, batch: QuoteBatch) -> None:
        """Match open orders against these rows."""
        self._backend.post(self._backend.on_batch, batch.rows, False, batch.depths)

    def on_beat(self, venue_time: UnixNanos) -> None:
        """Let the simulator's clock go on without quotes, so that its session ends too."""
        self._backend.post(self._backend.on_heartbeat, venue_time)

    def on_end(self) -> None:
        """End the simulator's day."""
        self._backend.post(self._backend.on_batch, (), True)
