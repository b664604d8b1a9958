"""What all open orders bind together, kept up with each of them: no decision walks through a thousand orders."""

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import Any, Final

from domain.messages.link import ExternalOrderSeen
from domain.risk.holds import Hold
from domain.types import Side

_SELL: Final = Side.SELL  # named once: reading it off its Enum is a call


@dataclass(slots=True)
class Bound:
    """What the orders of one instrument bind."""

    ids: dict[str, None] = field(default_factory=dict)  # of its orders, in the order in which they came
    selling: int = 0  # shares
    buying: int = 0  # shares
    reserve: int = 0  # won
    unresolved: int = 0  # orders


@dataclass(slots=True)
class Holds(Mapping[str, Hold]):
    """Own orders that are open or whose fills are not all booked, by client order id, and their sums."""

    by_id: dict[str, Hold] = field(default_factory=dict)
    by_symbol: dict[str, Bound] = field(default_factory=dict)
    reserve: int = 0  # won that open buys hold
    open_count: int = 0

    def put(self, hold: Hold) -> None:
        """Keep an order in the place of what was known of it; one that is done is forgotten."""
        is_kept = not hold.is_done
        self.drop(hold.client_order_id, keep_place=is_kept)
        if is_kept:
            self.by_id[hold.client_order_id] = hold
            self._count(hold, 1)

    def drop(self, order_id: str, *, keep_place: bool = False) -> None:
        """Take an order out of the sums, and out of the books unless it comes back at once."""
        old = self.by_id.get(order_id)
        if old is None:
            return
        self._count(old, -1)
        if not keep_place:
            del self.by_id[order_id]
            ids = self.by_symbol[old.symbol].ids
            del ids[order_id]
            if not ids:
                del self.by_symbol[old.symbol]

    def _count(self, hold: Hold, sign: int) -> None:
        bound = self.by_symbol.get(hold.symbol)
        if bound is None:
            bound = self.by_symbol[hold.symbol] = Bound()
        bound.ids[hold.client_order_id] = None
        remaining = sign * hold.remaining
        if hold.side is _SELL:
            bound.selling += remaining
        else:
            reserve = sign * hold.reserve if remaining else 0
            bound.buying += remaining
            bound.reserve += reserve
            self.reserve += reserve
        if hold.is_open:
            self.open_count += sign
            if hold.is_unresolved:
                bound.unresolved += sign

    # ---- questions ---------------------------------------------------------------------------------------------

    def of(self, symbol: str) -> list[Hold]:
        """Give the orders of an instrument, in the order in which they came."""
        bound = self.by_symbol.get(symbol)
        return [self.by_id[order_id] for order_id in bound.ids] if bound is not None else []

    def unresolved(self, symbol: str) -> tuple[Hold, ...]:
        """Give the orders of an instrument whose fate nobody knows."""
        bound = self.by_symbol.get(symbol)
        if bound is None or not bound.unresolved:
            return ()
        return tuple(hold for hold in self.of(symbol) if hold.is_unresolved)

    def selling(self, symbol: str) -> int:
        """Give the shares of an instrument that open sells bind."""
        bound = self.by_symbol.get(symbol)
        return bound.selling if bound is not None else 0

    def __getitem__(self, order_id: str) -> Hold:
        """Give an order by its id. Raises KeyError."""
        return self.by_id[order_id]

    def __iter__(self) -> Iterator[str]:
        """Go through the ids, in the order in which they came."""
        return iter(self.by_id)

    def __len__(self) -> int:
        """Count the orders."""
        return len(self.by_id)

    def get(self, order_id: str, default: Any = None) -> Any:
        """Give an order by its id."""
        return self.by_id.get(order_id, default)

    def values(self) -> ValuesView[Hold]:
        """Give the orders."""
        return self.by_id.values()

    def items(self) -> ItemsView[str, Hold]:
        """Give ids and orders."""
        return self.by_id.items()


@dataclass(slots=True)
class Elsewhere:
    """Open orders in the account that are not ours, by number, and what is bound of each instrument.

    What a buy without a price holds depends on limits and quotes that change: whoever knows them tells it (`hold`).
    """

    by_number: dict[str, ExternalOrderSeen] = field(default_factory=dict)
    by_symbol: dict[str, dict[str, None]] = field(default_factory=dict)  # numbers
    held: dict[str, int] = field(default_factory=dict)  # symbol -> won its open buys hold
    reserve: int = 0  # won of all of them

    def put(self, seen: ExternalOrderSeen) -> None:
        """Keep an order as it was seen last; one of which nothing is open is forgotten."""
        number = seen.venue_order_id
        old = self.by_number.pop(number, None)
        if old is not None:
            numbers = self.by_symbol[old.symbol]
            del numbers[number]
            if not numbers:
                del self.by_symbol[old.symbol]
        if seen.leaves_qty:
            self.by_number[number] = seen
            self.by_symbol.setdefault(seen.symbol, {})[number] = None

    def hold(self, symbol: str, won: int) -> None:
        """Take in what the open buys of an instrument hold now."""
        self.reserve += won - self.held.pop(symbol, 0)
        if won:
            self.held[symbol] = won

    def of(self, symbol: str) -> list[ExternalOrderSeen]:
        """Give the orders of an instrument."""
        numbers = self.by_symbol.get(symbol)
        return [self.by_number[number] for number in numbers] if numbers is not None else []

    def shares(self, symbol: str, side: Side) -> int:
        """Give the shares of an instrument that its open orders of one side are about."""
        if symbol not in self.by_symbol:
            return 0
        return sum([item.leaves_qty for item in self.of(symbol) if item.side is side])
