"""What the executor keeps of comparing books with the broker: the fold alone. What it does is in `reconciling.py`."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.config import ReconcileConfig, RunConfig
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import (
    BrokerStateReceived,
    ExternalOrderSeen,
    OrderEvidence,
    ReadBroker,
    ReadBrokerFailed,
    ReconcileReported,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.operator import CommandAnswered, ReconcileRequested
from domain.messages.orders import OrderFact
from domain.messages.trading import AccountOpened, DayChanged, FillBooked, SessionPlanned
from domain.reconciliation import Finding, Orphan, Sighting, identity
from domain.types import NANOS_PER_SECOND, RequestId, UnixNanos

NANOS_PER_MS = 1_000_000
HOUR_NS = 3_600 * NANOS_PER_SECOND
QUERIES = 6  # of one reading of the lists: orders, open orders, holdings, cash, orders again, holdings again
CONFIRM_MS = 2_000  # system time from an audit that found something to the one that looks whether it stands
CLOSE_NS = 600 * NANOS_PER_SECOND  # venue time before the close in which audits come more often


class Run(NamedTuple):
    """One reading that was asked for and is not answered yet."""

    run: str
    kind: str  # audit, manual, dry_run
    at: int  # system time it was asked for


@dataclass(slots=True)
class Reconciliation:
    """All that the executor keeps of comparisons. Times are system time, ns, unless they say otherwise."""

    settings: ReconcileConfig = field(default_factory=lambda: ReconcileConfig(audit_ms=0))
    patience_ms: int = 0  # a reading without an answer for so long is given up
    commission_ppm: int = 0
    cash: int | None = None  # own books, won
    sightings: dict[RequestId, Sighting] = field(default_factory=dict)
    halted: dict[str, str] = field(default_factory=dict)  # symbol -> why
    externals: dict[str, ExternalOrderSeen] = field(default_factory=dict)  # open ones, by number
    orphans: dict[str, tuple[Orphan, ...]] = field(default_factory=dict)  # of the trading date, by number
    planned: int = 0  # evidence of the run under way that is said and not booked yet
    said: dict[str, None] = field(default_factory=dict)  # evidence of it, by its identity
    offered: dict[str, None] = field(
        default_factory=dict
    )  # evidence of the last gated run: what of it is left was not taken
    run: Run | None = None
    failed: str = ""  # run that ended without an answer last
    waiting: dict[str, ReconcileRequested] = field(default_factory=dict)  # people's, by command id
    answering: str = ""  # command id of a person's run that a gated one ends
    answering_since: int = 0
    looked_at: int = 0  # when books were compared last, or were to be
    compared_at: int = 0  # when a comparison was told last
    suspected: dict[str, str] = field(default_factory=dict)  # by subject: what the last audit found
    standing: dict[str, str] = field(default_factory=dict)  # of it, what the audit before had found too
    spent: list[tuple[int, int]] = field(default_factory=list)  # when and how many queries, of the last hour
    is_spent_told: bool = False
    close_time: int = 0  # venue time of the session planned last
    is_closing: bool = False

    def fold(self, message: Any, now: UnixNanos) -> None:
        """Take one message in."""
        match message:
            case (
                FillBooked(cash=cash) | HoldingBooked(cash=cash) | AdjustmentBooked(cash=cash) | FillRevised(cash=cash)
            ):
                self.cash = cash
            case AccountOpened(cash=cash):
                self.cash, self.orphans = cash, {}
            case SymbolHalted(symbol=symbol, reason=reason):
                self.halted[symbol] = reason
            case SymbolReleased(symbol=symbol):
                self.halted.pop(symbol, None)
            case ExternalOrderSeen(venue_order_id=number, leaves_qty=leaves):
                self.externals.pop(number, None)
                if leaves:
                    self.externals[number] = message
            case SessionPlanned(close_time=close):
                self.close_time = close
            case DayChanged(to_state=to_state):
                self.is_closing = to_state == "CLOSING"
            case _:
                self._fold_runs(message, now)

    def _fold_runs(self, message: Any, now: UnixNanos) -> None:
        match message:
            case BrokerStateReceived(run=run, reads=reads):
                self._forget_run()
                self._spend(QUERIES * (reads - 1 if run else reads), now)
            case ReadBroker(run=run, kind=kind):
                self.run, self.failed, self.looked_at = Run(run, kind, now), "", now
                self.waiting.pop(run, None)
                self.is_spent_told = False
                self._spend(QUERIES, now)
            case ReadBrokerFailed(run=run) if self.run is not None and run == self.run.run:
                self.run, self.failed = None, run
            case ReconcileRequested(command_id=command_id):
                if self.run is None or command_id != self.run.run:
                    self.waiting[command_id] = message
            case CommandAnswered(command_id=command_id):
                self.waiting.pop(command_id, None)
                if command_id == self.answering:
                    self.answering = ""
            case ReconcileReported():
                self._reported(message, now)

    def _reported(self, report: ReconcileReported, now: UnixNanos) -> None:
        if report.kind == "audit" and not report.run:
            self.is_spent_told = True
            return
        self.looked_at = self.compared_at = now
        if report.kind == "gated":
            self.offered = self.said
            self._forget_run()
        elif self.run is not None and report.run == self.run.run:
            self.run = None
        if report.kind == "manual" and not report.agreed:
            self.answering, self.answering_since = report.run, now
        if report.kind != "dry_run" and not (report.kind == "audit" and report.agreed):
            self.suspected, self.standing = {}, {}

    def begin_run(self, config: RunConfig) -> None:
        """Begin a run of the process: nobody waits for an answer any more, no reading is under way."""
        self.settings, self.commission_ppm = config.reconcile, config.costs.commission_ppm
        self.patience_ms = config.reconcile.reads * config.link.read_deadline_ms
        self.run, self.waiting, self.answering, self.looked_at = None, {}, "", 0
        self.suspected, self.standing = {}, {}
        self._forget_run()

    def _forget_run(self) -> None:
        self.planned, self.said = 0, {}

    def booked(self, proved: OrderEvidence, finding: Finding) -> None:
        """Count one evidence of a run; the first of a round tells how many there are."""
        if not self.planned:
            self.planned = len(self.unsaid(finding))
        self.planned = max(0, self.planned - 1)
        self.said[identity(proved)] = None

    def unsaid(self, finding: Finding) -> list[OrderEvidence]:
        """Give the evidence that was not said in this run: what the books did not take is not offered again."""
        return [item for item in finding.evidence if identity(item) not in self.said]

    def found(self, to_do: dict[str, str]) -> None:
        """Take in what an audit found; what the one before found too stands."""
        self.standing = {subject: words for subject, words in to_do.items() if subject in self.suspected}
        self.suspected = to_do

    def told_orphan(self, fact: OrderFact, now: UnixNanos) -> None:
        """Keep a fact about a number nobody knows."""
        number = getattr(fact, "venue_order_id", "")
        if number:
            self.orphans[number] = (*self.orphans.get(number, ()), Orphan(now, fact))

    def _spend(self, queries: int, now: int) -> None:
        kept = [item for item in self.spent if 0 <= now - item[0] < HOUR_NS]
        self.spent = [*kept, (now, queries)] if queries else kept

    # ---- questions ---------------------------------------------------------------------------------------------

    def is_under_way(self) -> bool:
        """Tell whether a reading is asked for or somebody waits for one."""
        return self.run is not None or bool(self.waiting) or bool(self.answering)

    def is_audit_due(self, now: int, venue_time: int) -> bool:
        """Tell whether it is time to compare books; `venue_time` is that of the quotes."""
        if not self.settings.audit_ms or self.is_under_way():
            return False
        return abs(now - self.looked_at) >= self._interval_ms(venue_time) * NANOS_PER_MS

    def _interval_ms(self, venue_time: int) -> int:
        near = self.is_closing or (venue_time and self.close_time - CLOSE_NS <= venue_time <= self.close_time)
        usual = self.settings.close_audit_ms if near else self.settings.audit_ms
        if self.suspected:
            return min(usual, CONFIRM_MS)
        few = any(0 < item.snapshots < self.settings.absent_snapshots for item in self.sightings.values())
        return min(usual, self.settings.settle_ms) if few else usual

    def queries_left(self, now: int) -> int:
        """Give the queries of this hour that audits may still use."""
        used = sum(count for at, count in self.spent if 0 <= now - at < HOUR_NS)
        return self.settings.hourly_reads - used
