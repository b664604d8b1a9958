"""Own books against the broker's: what the executor decides about it. The comparison is `domain/reconciliation`."""

from collections.abc import Iterable, Mapping

from actors.roles.executor_state import UP
from actors.roles.order_requests import OrderRequests
from actors.roles.reconcile_state import QUERIES
from domain import order_work as work
from domain.messages import Message, Stamp
from domain.messages.link import (
    BrokerStateReceived,
    ReadBroker,
    ReadBrokerFailed,
    ReconcileReported,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.operator import CommandAnswered, ReconcileRequested
from domain.messages.orders import ResolveOrder
from domain.orders import ClientOrder
from domain.reconciliation import Finding, differences_before, find
from domain.types import UnixNanos
from domain.views import ComparisonView

NANOS_PER_MS = 1_000_000
BY_HAND = {False: "manual", True: "dry_run"}  # kind of a person's run
FOREIGN = "the account was opened from journal {}, the broker's is journal {} now: another account on this date"


class Reconciling(OrderRequests):
    """Decide on comparisons: gated ones before READY, audits in READY, and those a person asks for."""

    # ---- the gated run -----------------------------------------------------------------------------------------

    def _resolve(self, orders: Iterable[ClientOrder]) -> list[ResolveOrder]:
        """Ask for every unknown fate that this broker's journal can tell and that is not being asked for."""
        return [
            ResolveOrder(order.client_order_id, request)
            for order in orders
            for request in work.unknown_requests(order)
            if self.sent_under.get(request, "") in ("", self.link_journal) and request not in self.resolving
        ]

    def _settle(self, stamp: Stamp) -> list[Message]:
        """End a reconciliation once nothing is being resolved: first what the lists prove, then what is left."""
        state = self.reconciling
        if state is None or self.resolving or self.comparing.planned:
            return []
        if not state.asked_at:
            return [self._settle_as_before(state)]
        finding = find(self._own(state, stamp.system_time), state)
        if self.books_of != self.link_journal and not finding.is_ours:
            words = (FOREIGN.format(self.books_of, self.link_journal),)
            return [self._reported(state, finding, stamp, agreed=False, words=words, halted=self.comparing.halted)]
        return [*finding.evidence] or self._conclude(state, finding, stamp)

    def _booked(self, stamp: Stamp) -> list[Message]:
        """Judge anew once the last evidence is in the books."""
        state = self.reconciling
        if state is None or self.comparing.planned:
            return []
        finding = find(self._own(state, stamp.system_time), state)
        return [*self.comparing.unsaid(finding)] or self._conclude(state, finding, stamp)

    def _conclude(self, state: BrokerStateReceived, finding: Finding, stamp: Stamp) -> list[Message]:
        """Halt what differs, release what agrees, and let the link be READY: the rest of the market is safe."""
        wrong, before = finding.wrong, self.comparing.halted
        for item in finding.evidence:  # offered to the books and not taken
            why = f"order {item.client_order_id}: the books do not take {item.fact}"
            wrong[item.symbol] = "; ".join(filter(None, (wrong.get(item.symbol), why)))
        released = [symbol for symbol in before if finding.agrees(symbol) and symbol not in wrong]
        after = {symbol: why for symbol, why in before.items() if symbol not in released} | wrong
        outputs: list[Message] = [SymbolHalted(s, why) for s, why in sorted(wrong.items()) if before.get(s) != why]
        outputs += [SymbolReleased(symbol, "own books and the broker's agree again") for symbol in released]
        run, words = self.comparing.answering, finding.words()
        report = self._reported(state, finding, stamp, agreed=True, words=words, halted=after, run=run)
        answer = [_answered(run, report)] if run else []
        return [*outputs, *finding.externals, report, *answer]

    def _settle_as_before(self, state: BrokerStateReceived) -> ReconcileReported:
        """Compare as runs before 0.4.0 did, whose broker state tells no time: any difference keeps the link down."""
        orders, heard_at = self._open_orders(), self._heard_at()
        found = differences_before(state, self.positions or {}, orders, self.sent_under, heard_at)
        if self.books_of != self.link_journal:
            found.append(FOREIGN.format(self.books_of, self.link_journal))
        return ReconcileReported(not found, tuple(found), len(orders), self._unknown())

    def _reported(
        self,
        state: BrokerStateReceived,
        finding: Finding,
        stamp: Stamp,
        *,
        agreed: bool,
        words: tuple[str, ...],
        halted: Mapping[str, str],
        kind: str = "gated",
        run: str = "",
    ) -> ReconcileReported:
        return ReconcileReported(
            agreed=agreed,
            differences=words,
            open_orders=len(self.open),
            unknown_orders=self._unknown(),
            kind=kind,
            run=run,
            day_orders=len(state.day_orders or ()),
            inferred=len(self.comparing.said) if kind == "gated" else 0,
            external_orders=finding.open_externals,
            halted_symbols=tuple(sorted(halted)),
            reads=state.reads,
            duration_ms=max(0, stamp.system_time - state.asked_at) // NANOS_PER_MS,
        )

    def _unknown(self) -> int:
        return sum(1 for order in self._open_orders() if order.is_unknown)

    # ---- audits ------------------------------------------------------------------------------------------------

    def _watch_books(self, stamp: Stamp) -> list[Message]:
        """Give up a reading without an answer, answer who waits in vain, and audit when it is time."""
        books, now = self.comparing, stamp.system_time
        limit = books.patience_ms * NANOS_PER_MS
        run = books.run
        if run is not None and abs(now - run.at) > limit:
            return [ReadBrokerFailed(run.run, run.kind, f"no answer for {books.patience_ms} ms")]
        if books.answering and abs(now - books.answering_since) > limit:
            return [_refused(books.answering, "the orders link did not reconcile in time")]
        if self.link_state != "READY" or not books.is_audit_due(now, self.venue_time):
            return []
        left = books.queries_left(now)
        if left < QUERIES:
            words = f"no audit: of {books.settings.hourly_reads} queries an hour {max(0, left)} are left"
            skipped = ReconcileReported(True, (words,), len(self.open), self._unknown(), kind="audit")
            return [] if books.is_spent_told else [skipped]
        return [ReadBroker(f"{stamp.log_id}-a{stamp.seq}", "audit")]

    def _looked(self, state: BrokerStateReceived, stamp: Stamp) -> list[Message]:
        """Tell what a reading in READY found. Nothing is booked; a gated run follows what is told as not agreed."""
        books, run = self.comparing, self.comparing.run
        if run is None or run.run != state.run:
            return []  # given up
        finding = find(self._own(state, stamp.system_time), state)
        words, to_do = finding.words(), finding.to_do(books.halted, books.offered)
        agreed = not to_do
        if run.kind == "audit":
            agreed = not books.standing
            words = tuple(f"seen once, to be looked at again: {text}" for text in words) if agreed and to_do else words
        report = self._reported(
            state, finding, stamp, agreed=agreed, words=words, halted=books.halted, kind=run.kind, run=run.run
        )
        outputs: list[Message] = [*finding.externals, report] if run.kind != "dry_run" else [report]
        if run.kind == "dry_run" or (run.kind == "manual" and agreed):
            outputs.append(_answered(run.run, report))
        return outputs + (self._next_reading() if agreed or run.kind == "dry_run" else [])

    def _next_reading(self) -> list[Message]:
        """Begin what a person asked for while another reading was under way."""
        return [_reading(asked) for asked in list(self.comparing.waiting.values())[:1]]

    def _comparison(self) -> ComparisonView:
        comparing = self.comparing
        externals = tuple(comparing.externals.values())
        return ComparisonView(dict(comparing.halted), externals, self._unknown(), UnixNanos(comparing.compared_at))

    # ---- people ------------------------------------------------------------------------------------------------

    def _reconcile_by_hand(self, asked: ReconcileRequested) -> list[Message]:
        if self.link_state not in UP:
            return [_refused(asked.command_id, f"the orders link is {self.link_state or 'down'}, not READY")]
        return [_reading(asked)] if self.comparing.run is None else []  # it waits its turn

    def _reading_failed(self, failed: ReadBrokerFailed) -> list[Message]:
        if failed.run != self.comparing.failed:
            return []  # given up before
        answer = [] if failed.kind == "audit" else [_refused(failed.run, failed.reason)]
        return [*answer, *(self._next_reading() if self.link_state in UP else [])]

    def _link_moved(self) -> list[Message]:
        """Tell who waits that nothing will come over this link now."""
        books, state = self.comparing, self.link_state
        if state in UP:
            return []
        why = f"the orders link is {state}"
        outputs: list[Message] = [_refused(command_id, why) for command_id in books.waiting]
        if books.run is not None:
            outputs.append(ReadBrokerFailed(books.run.run, books.run.kind, why))
        if books.answering and state != "RECONCILING":
            outputs.append(_refused(books.answering, f"books differ, and {why}: they are compared before it is READY"))
        return outputs


def _reading(asked: ReconcileRequested) -> ReadBroker:
    return ReadBroker(asked.command_id, BY_HAND[asked.dry_run])


def _answered(command_id: str, report: ReconcileReported) -> CommandAnswered:
    parts = [f"{len(report.differences)} differences" if report.differences else "books agree"]
    if report.inferred:
        parts.append(f"{report.inferred} facts booked from the broker's lists")
    if report.halted_symbols:
        parts.append(f"no new orders in {', '.join(report.halted_symbols)}")
    if report.unknown_orders:
        parts.append(f"the fate of {report.unknown_orders} orders is unknown")
    return CommandAnswered(command_id, True, "", "; ".join(parts), "")


def _refused(command_id: str, text: str) -> CommandAnswered:
    return CommandAnswered(command_id, False, "CONNECTION", text, "")
