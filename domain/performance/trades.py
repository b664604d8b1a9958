"""Round trips: positions from their first buy to their last sell, with everything they earned and cost.

A day's books begin with what the broker tells of holdings, and brokers leave what it cost to get in out of the cost. So
money is booked once more here, over all days, where it balances to the won:

    equity at the end == equity at the begin + realised + income of corporate actions + adjusted by hand + not realised
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from domain.adjustments import book_adjustment
from domain.hand_adjustments import after
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.trading import FillBooked
from domain.order_work import BY_HAND
from domain.performance.model import ClosedTrade
from domain.portfolio import FLAT, Books, Position, book_sum, revise_fill
from domain.types import Krw, Side, UnixNanos

_BUY = Side.BUY  # looked up once: these loops run for every fill of a year
Movement = FillBooked | FillRevised | HoldingBooked | AdjustmentBooked  # changes money or shares of our books


@dataclass(slots=True)
class Trade:
    """One position from its first buy to its last sell; money is KRW, times are UTC ns."""

    symbol: str
    opened_at: UnixNanos
    closed_at: UnixNanos = UnixNanos(0)  # of the newest fill
    bought: int = 0  # shares
    sold: int = 0
    paid: int = 0  # notional of the buys
    received: int = 0  # notional of the sells
    costs: int = 0  # commission and tax
    realized: int = 0  # costs of both sides included
    income: int = 0  # dividends, cash for fractions of a share
    is_closed: bool = False  # flat again
    first: int = 0  # place of the movement that opened it among all that were given
    entries: dict[str, None] = field(default_factory=dict)  # order ids
    exits: dict[str, None] = field(default_factory=dict)


class Entry(NamedTuple):
    """One movement of money and shares, booked over all days; won."""

    moved: Movement
    realized: int
    income: int
    left: int  # shares held after it
    adjusted: int = 0  # by a person: cash and cost added


def rebooked(movements: Iterable[Movement], cash: Krw, held: Mapping[str, Position] | None = None) -> Iterator[Entry]:
    """Book movements once more, oldest first, from an account with this cash (won) and these positions (none)."""
    positions = dict(held or {})
    for moved in movements:
        symbol = moved.symbol
        before = positions.get(symbol, FLAT)
        realized, income, adjusted = 0, 0, 0
        if isinstance(moved, FillBooked):
            _, _, _, realized, position, cash = book_sum(
                before, cash, moved.side, moved.last_qty, moved.notional, moved.commission, moved.tax
            )
        elif isinstance(moved, FillRevised):
            booking = revise_fill(before, cash, moved.side, moved.quantity, moved.notional, moved.commission, moved.tax)
            realized, position, cash = booking.realized_pnl, booking.position, booking.cash
        elif isinstance(moved, AdjustmentBooked):
            money = moved.cash - moved.cash_before
            adjusted = money + (moved.cost_basis - before.cost_basis if symbol else 0)
            books = after(replace(moved, cash=Krw(cash + money)), Books(cash, {symbol: before} if symbol else {}))
            position, cash = books.position(symbol), books.cash
        else:
            booked = book_adjustment(before, cash, moved.position_qty - moved.quantity_before, moved.received)
            realized, income, position, cash = booked.realized_pnl, booked.income, booked.position, booked.cash
        if position.quantity:
            positions[symbol] = position
        else:
            positions.pop(symbol, None)
        yield Entry(moved, realized, income, position.quantity, adjusted)


def trades_of(entries: Iterable[Entry]) -> list[Trade]:
    """Group movements (oldest first, of any number of days) into trades, in the order in which they were opened."""
    done: list[Trade] = []
    running: dict[str, Trade] = {}
    last: dict[str, Trade] = {}
    for place, (fill, realized, income, left, _) in enumerate(entries):
        symbol = fill.symbol
        if isinstance(fill, FillRevised):
            _revise(last.get(symbol), fill, realized)
            continue
        trade = running.get(symbol)
        if trade is None and not left and not isinstance(fill, FillBooked):
            continue  # of cash alone, or of shares these books never knew
        if trade is None:
            trade = running[symbol] = Trade(symbol, fill.venue_time, first=place)
            done.append(trade)
        last[symbol] = trade
        trade.closed_at = fill.venue_time
        trade.realized += realized
        trade.income += income
        if not left:
            trade.is_closed = True
            del running[symbol]
        if not isinstance(fill, FillBooked):
            continue
        trade.costs += fill.commission + fill.tax
        if fill.side is _BUY:
            trade.bought += fill.last_qty
            trade.paid += fill.notional
            trade.entries[fill.client_order_id] = None
        else:
            trade.sold += fill.last_qty
            trade.received += fill.notional
            trade.exits[fill.client_order_id] = None
    return done


def _revise(trade: Trade | None, revised: FillRevised, realized: int) -> None:
    """Put other money into the position that runs or was closed last."""
    if trade is None:
        return  # of shares that were there before the first trade: nothing changed
    trade.realized += realized
    trade.costs += revised.commission + revised.tax
    if revised.side is Side.BUY:
        trade.paid += revised.notional
    else:
        trade.received += revised.notional


class Worded(Protocol):
    """What an order said of itself when it was approved: `OrderWord`, or anything that has as much."""

    @property
    def origin(self) -> str:
        """Give the strategy's name or operator:NAME."""

    @property
    def rationale(self) -> str:
        """Give why."""


class OrderWord(NamedTuple):
    """What an order said of itself when it was approved, and nothing else."""

    origin: str  # strategy's name or operator:NAME
    rationale: str


def closed_trade(trade: Trade, orders: Mapping[str, Worded]) -> ClosedTrade:
    """Tell a trade with the words of its orders, by client order id; an id that is not there says nothing."""
    entries = [order for order in map(orders.get, trade.entries) if order is not None]
    exits = [order for order in map(orders.get, trade.exits) if order is not None]
    return ClosedTrade(
        symbol=trade.symbol,
        strategy=entries[0].origin if entries else "",
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
        quantity=trade.bought,
        paid=trade.paid,  # type: ignore[arg-type]  # won, these four: calling Krw takes as long as all the rest here
        received=trade.received,  # type: ignore[arg-type]
        costs=trade.costs,  # type: ignore[arg-type]
        realized=trade.realized,  # type: ignore[arg-type]
        entry_reason=_reason(entries),
        exit_reason=_reason(exits),
        by_hand=any(map(_is_by_hand, entries)) or any(map(_is_by_hand, exits)),
    )


def plain_trip(bought: FillBooked, sold: FillBooked, entry: Worded, leaving: Worded) -> ClosedTrade:
    """Tell a trade of one buy and one sale of the same shares, each of its own order: most of all trades.

    As booking, grouping and telling them would, but nothing has to be put into proportion.
    """
    costs = bought.commission + bought.tax + sold.commission + sold.tax
    return ClosedTrade(
        symbol=bought.symbol,
        strategy=entry.origin,
        opened_at=bought.venue_time,
        closed_at=sold.venue_time,
        quantity=bought.last_qty,
        paid=bought.notional,
        received=sold.notional,
        costs=costs,  # type: ignore[arg-type]  # won, these two: as above
        realized=sold.notional - bought.notional - costs,  # type: ignore[arg-type]
        entry_reason=entry.rationale,
        exit_reason=leaving.rationale,
        by_hand=_is_by_hand(entry) or _is_by_hand(leaving),
    )


def _is_by_hand(order: Worded) -> bool:
    return order.origin.startswith(BY_HAND)


def _reason(orders: Sequence[Worded]) -> str:
    """Join the reasons of orders; nearly always there is one."""
    return orders[0].rationale if len(orders) == 1 else each_once(order.rationale for order in orders)


def each_once(texts: Iterable[str]) -> str:
    """Join reasons, each once, in the order in which they came; empty ones are left out."""
    return "; ".join(dict.fromkeys(text for text in texts if text))
