"""The exchange of a back-test: the paper simulator's, with a journal that lives as long as the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from broker.journal import OrderJournal
from broker_sim.venue import DurableVenue
from domain.config import RunConfig


@contextmanager
def a_venue(config: RunConfig, journal_id: str, now: Callable[[], int]) -> Iterator[DurableVenue]:
    """Open an exchange with a fresh account of `config.cash`; `now` is the system time of deadlines, UTC ns."""
    with TemporaryDirectory(prefix="hantrade-backtest-") as folder:
        path = Path(folder) / "journal.db"
        journal = OrderJournal(path, now, create_id=lambda: journal_id, durable=False)
        try:
            yield DurableVenue(journal, config.cash, config.costs.commission_ppm, config.session_overrides, now)
        finally:
            journal.close()
