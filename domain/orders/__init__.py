"""The client order: quantities, legs and requests behind the machine `fsm/client_order.py`."""

from domain.orders.aggregate import (
    OrderMessage,
    apply,
    from_approved,
    from_denied,
    link_lost,
    quarantined,
    released,
    timed_out,
)
from domain.orders.model import Change, ChangeKind, ChangeRequest, ClientOrder, Fact, FactKind, Leg

__all__ = [
    "Change",
    "ChangeKind",
    "ChangeRequest",
    "ClientOrder",
    "Fact",
    "FactKind",
    "Leg",
    "OrderMessage",
    "apply",
    "from_approved",
    "from_denied",
    "link_lost",
    "quarantined",
    "released",
    "timed_out",
]
