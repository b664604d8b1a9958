"""The exchange of a back-test: the paper simulator's, with a journal that lives as long as the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from broker.journal import OrderJournal
from broker_sim.corporate_actions import ActionTable
from broker_sim.venue import DurableVenue
from domain.config import RunConfig


@contextmanager
def a_venue(
    config: RunConfig, actions: ActionTable | None, journal_id: str, now: Callable[[], int]
) -> Iterator[DurableVenue]:
    """Open an exchange with a fresh account of `config.cash`; `now` is the system time of deadlines, UTC ns.

    `actions` are corporate actions, applied at the begin of their dates.
    """
    with TemporaryDirectory(prefix="hantrade-backtest-") as folder:
        path = Path(folder) / "journal.db"
        journal = OrderJournal(path, now, create_id=lambda: journal_id, durable=False)
        try:
            account = (config.cash, config.costs.commission_ppm, config.session_overrides)
            yield DurableVenue(journal, *account, now, actions, config=config.sim, seed=config.seed)
        finally:
            journal.close()
