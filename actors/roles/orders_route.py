"""Which way orders go, and when a person may change it: never while anything of the old way is open or in doubt.

The route is state: it survives restarts, until the configuration itself names another place for orders, which then
counts. Events of each broker's journal are resumed where they were heard last, also on the way back.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from actors.roles.link_state import UP, Link
from domain.messages.link import OrdersRouted, ReconcileReported
from domain.messages.operator import OrdersRouteRequested
from domain.messages.trading import DayChanged, GateChanged, OrderApproved
from domain.types import Gate
from fsm.client_order import CLOSED
from fsm.connection import State

RESTING = ("PAUSED", "HALTED", "CLOSED")
IN_DOUBT = ("UNKNOWN", "QUARANTINED")  # begins of the states of an order whose fate is open
ROUTABLE = (*UP, State.BACKING_OFF, State.FAILED)  # in between an answer of the old broker may still be on its way


class Refusal(NamedTuple):
    """Why a route is refused."""

    code: str
    text: str


@dataclass(slots=True)
class OrdersRoute:
    """The route, and what must be known before it changes."""

    configured: str = ""
    endpoint: str = ""
    day: str = "CLOSED"
    gate: Gate = Gate.CANCELS_ONLY
    open: dict[str, str] = field(default_factory=dict)  # order that is not closed -> its state
    agreed: bool = False  # books agreed with the broker's, and no order event came since
    is_new: bool = False  # books were not found to agree on this way yet: nothing was ever sent over it
    heard: dict[str, tuple[str, int]] = field(default_factory=dict)  # endpoint -> journal and its last event heard

    def begin(self, configured: str) -> None:
        """Begin a run: the way an operator chose holds while the configuration is what it was then."""
        if configured != self.configured:
            self.configured = self.endpoint = configured

    def fold(self, message: Any) -> None:
        """Take in a message about orders, the day or books."""
        match message:
            case OrderApproved(client_order_id=order_id):
                self.open[order_id], self.agreed = "APPROVED", False
            case DayChanged(to_state=state):
                self.day = state
            case GateChanged(level=level):
                self.gate = level
            case ReconcileReported(kind="audit", run="", agreed=True) if message.differences:
                pass  # it was not made: nothing was compared
            case ReconcileReported(agreed=agreed, unknown_orders=unknown, kind=kind, differences=differences):
                # An audit that saw something once leaves it to the next: the link stays, and nothing is proved.
                agrees = agreed and unknown == 0 and not (kind == "audit" and differences)
                if kind != "dry_run" and (agrees or not self.is_new):  # a wrong way taken leaves the way back open
                    self.agreed, self.is_new = agrees, False
            case _:
                self.agreed = False

    def order(self, order_id: str, status: str) -> None:
        """Note the state of an order."""
        self.agreed = False
        if status in CLOSED:
            self.open.pop(order_id, None)
        else:
            self.open[order_id] = status

    def routed(self, routed: OrdersRouted, journal_id: str, after_seq: int) -> tuple[str, int]:
        """Take another way; give the journal and its event behind which events resume there."""
        self.heard[routed.from_endpoint] = (journal_id, after_seq)
        self.endpoint, self.is_new = routed.to_endpoint, True
        return self.resumes(routed.to_endpoint, journal_id, after_seq)

    def resumes(self, endpoint: str, journal_id: str, after_seq: int) -> tuple[str, int]:
        """Give the journal heard at a broker, and how far; of one not met yet what is heard now.

        It may be another door to the same broker. Where it is not, its journal is another, heard from its first event.
        """
        return self.heard.get(endpoint, (journal_id, after_seq))

    def refusal(self, asked: OrdersRouteRequested, link: Link) -> Refusal | None:
        """Say why orders may not go another way now; None when they may."""
        if not asked.note.strip():
            return Refusal("NOTE_NEEDED", "another way for orders needs a note that says why it is safe (--note)")
        if not (asked.endpoint in ("", self.configured) or _is_endpoint(asked.endpoint)):
            text = f"endpoint {asked.endpoint!r}: HOST:PORT is expected, or nothing for the way configured"
            return Refusal("ENDPOINT", text)
        if self.day not in RESTING or self.gate is Gate.OPEN:
            text = f"the day is {self.day} and the gate {self.gate.value}; `hantrade pause` or `halt` comes first"
            return Refusal("WRONG_STATE", text)
        if self.open:
            doubtful = sum(1 for state in self.open.values() if state.startswith(IN_DOUBT))
            orders = "1 order is" if len(self.open) == 1 else f"{len(self.open)} orders are"
            fate = f", the fate of {doubtful} is not known" if doubtful else ""
            text = f"{orders} not closed on the present way{fate}; cancel, and let each be confirmed"
            return Refusal("ORDERS_OPEN", text)
        if not self.agreed:
            text = "books were not found to agree with the broker's since the last order event; `hantrade reconcile`"
            return Refusal("NOT_RECONCILED", text)
        if link.state not in ROUTABLE:
            text = f"the orders link is {link.state.value}; ask again when it is up, backs off or has failed"
            return Refusal("WRONG_STATE", text)
        return None


def _is_endpoint(text: str) -> bool:
    host, colon, port = text.rpartition(":")
    return bool(host and colon and port.isdecimal() and port.isascii() and 0 < int(port) < 65_536)
