"""Small defects, each of which the exploration must find. What no defect breaks is no promise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from actors.core.core import Core
from actors.core.kernel import INPUT, Numbered
from actors.edges.gate import WireGate
from actors.edges.order_link import OrderLink
from broker.gateway import OrderGateway, identity
from broker.journal import OrderJournal
from broker.port import Guard, OrderRequest, Receipt
from domain.errors import RequestRefused
from domain.messages import Message
from domain.messages.link import ReconcileLink
from domain.messages.orders import CancelOrder, RequestAnswered, SubmitOrder
from domain.types import ClientOrderId, Gate, RequestId, RequestOutcome, UnixNanos
from tests.protocol.house import Case, a_cancel, a_halt, a_resume, an_order, halt_now
from tests.protocol.link import Done
from tests.protocol.steps import Model
from tests.protocol.world import Budget, World

Patch = Callable[[pytest.MonkeyPatch], None]


class Mutant(NamedTuple):
    """A defect, where it shows, and what must be said of it."""

    case: Case
    finds: str
    patch: Patch = lambda _: None
    core: type[Core] = Core
    model: type[Model] = Model


# ---- the core --------------------------------------------------------------------------------------------------


class ReleasesFirst(Core):
    """Releases effects, then commits what they follow from."""

    def _commit(self, numbered: list[Numbered]) -> None:
        self._kept = numbered

    def drain(self) -> bool:
        did = super().drain()
        if did:
            super()._commit(self._kept)
        return did


class TrustsThePower(Core):
    """Commits orders as carelessly as heartbeats."""

    def _commit(self, numbered: list[Numbered]) -> None:
        real: Any = self._log

        class Log:
            def commit(self, records: Any, *, durable: bool) -> None:
                real.commit(records, durable=False)

        self._log = Log()  # type: ignore[assignment]  # as much of a log as is needed
        super()._commit(numbered)
        self._log = real


class KeepsInputsOnly(Core):
    """Leaves out of the commit what followed from the inputs."""

    def _commit(self, numbered: list[Numbered]) -> None:
        super()._commit([item for item in numbered if item.causation_seq == INPUT])


class SendsAgain(Model):
    """A link that sends what had no answer again in the next run."""

    def _did(self, world: World, done: Done, message: Message | None) -> World:
        after = super()._did(world, done, message)
        if isinstance(message, ReconcileLink) and world.run > 1 and not world.half:
            mine = {name for name, *_ in self.trader.books[world.kernel].orders}
            for number, kept in enumerate(self.trader.messages.items):
                if isinstance(kept, SubmitOrder) and kept.client_order_id in mine:
                    after = super()._did(after, self.links.do(after, ("effect", number)), kept)
        return after


# ---- the link --------------------------------------------------------------------------------------------------


def lost_is_refused(patch: pytest.MonkeyPatch) -> None:
    def stranded(self: OrderLink, owner: ClientOrderId, request_id: str, reason: str) -> None:
        self.post(RequestAnswered(owner, RequestId(request_id), RequestOutcome.REFUSED, "LOST", reason, False, 0))

    patch.setattr(OrderLink, "_stranded", stranded)


def gate_is_not_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WireGate, "passes", lambda self, purpose: True)


# ---- the broker ------------------------------------------------------------------------------------------------


def notes_after_the_wire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderJournal, "begin", lambda self, request_id, request_hash: True)


def resolve_does_not_void(patch: pytest.MonkeyPatch) -> None:
    def resolve(self: OrderJournal, request_id: str) -> Receipt:
        return self.outcome(request_id) or Receipt(request_id, RequestOutcome.VOID, as_of_seq=self.last_seq)

    patch.setattr(OrderJournal, "resolve", resolve)


def deadline_is_not_read(patch: pytest.MonkeyPatch) -> None:
    check = OrderGateway._check

    def blind(self: OrderGateway, request: OrderRequest, guard: Guard) -> None:
        check(self, request, replace(guard, valid_until=UnixNanos(1 << 62)))

    patch.setattr(OrderGateway, "_check", blind)


def gate_stops_cancels(patch: pytest.MonkeyPatch) -> None:
    check = OrderGateway._check

    def strict(self: OrderGateway, request: OrderRequest, guard: Guard) -> None:
        if isinstance(request, CancelOrder) and self._journal.gate is not Gate.OPEN:
            raise RequestRefused("GATE_CLOSED", "nothing passes")
        check(self, request, guard)

    patch.setattr(OrderGateway, "_check", strict)


def gate_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    check = OrderGateway._check

    def open_house(self: OrderGateway, request: OrderRequest, guard: Guard) -> None:
        try:
            check(self, request, guard)
        except RequestRefused as reason:
            if reason.code != "GATE_CLOSED":
                raise

    patch.setattr(OrderGateway, "_check", open_house)


def repeats_are_sent(patch: pytest.MonkeyPatch) -> None:
    handle = OrderGateway.handle

    def forgetful(self: OrderGateway, request: OrderRequest, guard: Guard) -> Any:
        if self._journal.outcome(identity(request)) is None:
            return handle(self, request, guard)
        self._wire.place(request)
        return Receipt(identity(request), RequestOutcome.SENT), []

    patch.setattr(OrderGateway, "handle", forgetful)


def doubt_is_called_void(patch: pytest.MonkeyPatch) -> None:
    outcome = OrderJournal.outcome

    def hopeful(self: OrderJournal, request_id: str) -> Receipt | None:
        found = outcome(self, request_id)
        if found is not None and found.outcome is RequestOutcome.IN_DOUBT:
            return replace(found, outcome=RequestOutcome.REFUSED)
        return found

    patch.setattr(OrderJournal, "outcome", hopeful)


def sessions_are_not_fenced(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tests.protocol.broker._Desk._fenced", lambda self, item, messages: None)


def void_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    handle = OrderGateway.handle

    def trusting(self: OrderGateway, request: OrderRequest, guard: Guard) -> Any:
        found = self._journal.outcome(identity(request))
        if found is None or found.outcome is not RequestOutcome.VOID:
            return handle(self, request, guard)
        self._wire.place(request)
        return Receipt(identity(request), RequestOutcome.SENT), []

    patch.setattr(OrderGateway, "handle", trusting)


ORDER = Case("order", (an_order,), True, Budget(1, 0, 0, 0, 0))
AT_VENUE = ORDER._replace(simulated=False)
HALT = Case("halt", (an_order, a_halt), True, Budget(1, 0, 0, 0, 0))
GATES = Case("gates", (halt_now, a_resume, halt_now), True, Budget(0, 1, 0, 0, 0))
CANCEL = Case("cancel", (an_order, a_cancel), True, Budget(1, 0, 0, 0, 0))

MUTANTS: dict[str, Mutant] = {
    "effects are released before the commit": Mutant(ORDER, "not durable in the trader's log", core=ReleasesFirst),
    "an order's commit is not on the disk": Mutant(ORDER, "not durable in the trader's log", core=TrustsThePower),
    "a commit holds inputs only": Mutant(ORDER, "folds to another state", core=KeepsInputsOnly),
    "a new run sends what the old one left": Mutant(ORDER, "on the wire", model=SendsAgain),
    "an answer that is lost counts as a refusal": Mutant(
        ORDER._replace(left=Budget(0, 1, 0, 0, 0)), "is called rejected while", lost_is_refused
    ),
    "the link does not read the gate": Mutant(HALT, "leaves though the gate", gate_is_not_read),
    "the broker notes a request after the wire": Mutant(
        AT_VENUE, "live at the venue and REJECTED here", notes_after_the_wire
    ),
    "a doubt is called refused": Mutant(AT_VENUE, "is called rejected while", doubt_is_called_void),
    "resolving voids nothing": Mutant(ORDER, "is called rejected while", resolve_does_not_void),
    "the broker reads no deadline": Mutant(
        ORDER._replace(left=Budget(0, 0, 1, 0, 0)), "after it was valid", deadline_is_not_read
    ),
    "the broker's gate stops cancels": Mutant(HALT, "a cancel is refused", gate_stops_cancels),
    "the broker keeps no gate": Mutant(
        HALT._replace(left=Budget(0, 1, 0, 0, 0)), "passes the broker's gate", gate_is_not_kept
    ),
    "a request that comes twice is sent twice": Mutant(
        ORDER._replace(left=Budget(0, 0, 0, 1, 0)), "two orders at the venue", repeats_are_sent
    ),
    "a session that a newer one fenced off may order": Mutant(
        ORDER, "was fenced off and reaches the venue", sessions_are_not_fenced
    ),
    "a session that a newer one fenced off may open the gate": Mutant(
        GATES, "was fenced off opens the gate", sessions_are_not_fenced
    ),
    "an order that waited is not looked at for the gate": Mutant(
        HALT._replace(left=Budget(0, 0, 0, 0, 0, 1)), "passes the broker's gate", gate_is_not_kept
    ),
    "an order that waited is not looked at for being void": Mutant(
        ORDER._replace(left=Budget(0, 1, 0, 0, 0, 1)), "is void in the journal", void_is_forgotten
    ),
}
