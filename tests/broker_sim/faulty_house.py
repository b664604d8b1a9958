"""A misbehaving broker in one thread: the venue, the process beside it, and a clock that moves only when told."""

from pathlib import Path
from typing import Any

from broker.gateway import identity
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest
from broker_sim.backend import SimBackend
from broker_sim.faults import FaultPlan
from broker_sim.faults_file import parse_faults
from broker_sim.faulty_venue import Answer, FaultyVenue
from domain.messages.orders import OrderFact
from domain.types import NANOS_PER_SECOND, UnixNanos
from tests.broker_sim.builders import CASH, NEVER, a_quote, an_instrument, at

MS = NANOS_PER_SECOND // 1_000


def a_plan(text: str = "") -> FaultPlan:
    return parse_faults(text, "faults.toml")


class FaultyHouse:
    """The two journals, opened again by `restart`."""

    def __init__(self, folder: Path, plan: str | FaultPlan = "") -> None:
        self.folder = folder
        self.plan = plan if isinstance(plan, FaultPlan) else a_plan(plan)
        self.now = 1_000_000 * NANOS_PER_SECOND
        self._open()
        self.sim.on_venue_time(at(9, 59))
        self.sim.on_batch([a_quote()])

    def _open(self) -> None:
        self.sim = SimBackend.paper(self.folder / "venue.db", cash=CASH, commission_ppm=150, now=lambda: self.now)
        self.sim.on_instruments([an_instrument()])
        self.truth = self.sim._venue
        told = OrderJournal(self.folder / "told.db", lambda: self.now, durable=False)
        self.venue = FaultyVenue(self.truth, told, self.plan, lambda: self.now)

    def close(self) -> None:
        self.venue.journal.close()
        self.truth.journal.close()

    def restart(self) -> None:
        self.truth.keep_clock()
        self.close()
        self._open()
        self.sim.on_batch([a_quote()])

    def ask(self, request: OrderRequest) -> Answer:
        journal = self.venue.journal
        return self.venue.request(request, Guard(journal.journal_id, journal.epoch, NEVER))

    def outcome(self, request: OrderRequest) -> str:
        found = self.venue.journal.outcome(identity(request))
        return "" if found is None else found.outcome.value

    def wait(self, ms: int) -> None:
        """Let system time pass."""
        self.now += ms * MS
        self.venue.tick()

    def trade(self, *quotes: Any) -> None:
        """Let the market move; the process hears of it."""
        self.sim.on_batch(list(quotes))
        self.venue.hear()

    def venue_clock(self, moment: UnixNanos) -> None:
        self.sim.on_heartbeat(moment)
        self.venue.tick()

    @property
    def told(self) -> list[OrderFact]:
        return list(self.venue.journal.events())

    @property
    def names(self) -> list[str]:
        """Give the kinds of what was told, in order."""
        return [type(fact).__name__ for fact in self.told]

    @property
    def true_names(self) -> list[str]:
        return [type(fact).__name__ for fact in self.truth.journal.events()]

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.venue.fates.counts)
