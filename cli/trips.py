"""Round trips: the fills of one instrument from flat to flat, with the reasons of its orders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hantrade.v1 import types_pb2


@dataclass(slots=True)
class Trip:
    """One position from its first buy to its last sell; money is KRW."""

    symbol: str
    opened: types_pb2.Fill
    bought: int = 0  # shares
    sold: int = 0
    paid: int = 0  # notional of the buys
    received: int = 0  # notional of the sells
    costs: int = 0  # commission and tax
    realized: int = 0  # costs of both sides included
    last: types_pb2.Fill | None = None
    entry_orders: dict[str, None] = field(default_factory=dict)
    exit_orders: dict[str, None] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Tell whether it is flat again."""
        return self.bought == self.sold


def trips_of(fills: Iterable[types_pb2.Fill]) -> list[Trip]:
    """Group fills (oldest first) into trips, in the order in which they were opened."""
    done: list[Trip] = []
    running: dict[str, Trip] = {}
    for fill in fills:
        trip = running.get(fill.symbol)
        if trip is None:
            trip = running[fill.symbol] = Trip(fill.symbol, fill)
            done.append(trip)
        trip.costs += fill.commission_krw + fill.tax_krw
        trip.realized += fill.realized_pnl_krw
        trip.last = fill
        if fill.side == types_pb2.SIDE_BUY:
            trip.bought += fill.last_qty
            trip.paid += fill.notional_krw
            trip.entry_orders[fill.client_order_id] = None
        else:
            trip.sold += fill.last_qty
            trip.received += fill.notional_krw
            trip.exit_orders[fill.client_order_id] = None
        if trip.is_closed:
            del running[fill.symbol]
    return done


def reasons(order_ids: Iterable[str], orders: Mapping[str, types_pb2.Order]) -> str:
    """Give the rationale of these orders, each once."""
    return "; ".join(dict.fromkeys(orders[i].rationale for i in order_ids if i in orders and orders[i].rationale))
