"""Round trips of a period. One that began before it counts on the date on which it was closed.

The books of a log are told after every movement, so shares that came or left without one (found when an account was
opened, told by a log that is not there) show as a gap between two movements. They are put in as an adjustment, so that
a position of ours is never wrong by what somebody else moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.errors import HantradeError
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.trading import FillBooked
from domain.performance.trades import Entry, Movement, Trade, rebooked, trades_of
from domain.portfolio import Position
from domain.types import Krw, Side, UnixNanos
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from reports.logs import LogHead, Stretch
from reports.model import TradeLine
from reports.queries import Rows
from reports.reading import DayFacts, Opening, movements
from reports.rounds import EntangledError, Rounds
from reports.rows import Approved

Event = Movement | Opening | Rounds
Place = tuple[int, int]  # number of the date, sequence within its log
BEFORE: Place = (-1, 0)  # the period
_BUY = Side.BUY  # looked up once: it is asked for every fill of a year

Ended = tuple[date, Trade | TradeLine]  # trading date on which it was closed; a line was told with its date
Dated = tuple[date | None, Entry]  # trading date (None: before the period), and the movement as booked anew


@dataclass(frozen=True, slots=True)
class Booked:
    """All movements of a period, and the round trips they make."""

    entries: tuple[Dated, ...]
    closed: tuple[Ended, ...]  # within the period, in the order in which they were closed
    open: tuple[Trade, ...]  # held at the end
    orders: dict[str, Approved]  # of their fills, also those of before


@dataclass(frozen=True, slots=True)
class Past:
    """What is needed of the time before a period: how the shares held at its begin came about."""

    moved: tuple[Movement, ...] = ()
    orders: tuple[Approved, ...] = ()
    missing: tuple[str, ...] = ()


NOTHING_BEFORE = Past()


def booked_of(days: Sequence[DayFacts], past: Past) -> Booked:
    """Book the movements of a period once more and group them into round trips."""
    orders = {order.client_order_id: order for order in past.orders}
    for facts in days:
        orders.update((asked.order.client_order_id, asked.order) for asked in facts.approved)
    first = next((opening for facts in days for opening in facts.openings), None)
    refuse_entangled(days)
    explained = {moved.symbol for moved in past.moved}
    held = {one.symbol: Position(one.quantity, one.cost_basis) for one in (first.held or () if first else ())}
    held = {symbol: position for symbol, position in held.items() if symbol not in explained}
    dates, moves, places = [], [], []
    known = {symbol: position.quantity for symbol, position in held.items()}
    for place, day, moved in _without_gaps(_in_order(days, past), known):
        dates.append(day)
        moves.append(moved)
        places.append(place)
    entries = list(rebooked(moves, first.opened.cash if first else Krw(0), held))
    closings: dict[tuple[str, int], date | None] = {
        (moved.symbol, moved.venue_time): day
        for day, (moved, _, _, left, _) in zip(dates, entries, strict=True)
        if not left
    }
    ended: list[tuple[Place, Ended]] = [
        ((number, seq), (facts.day, line))
        for number, facts in enumerate(days)
        if facts.rounds is not None
        for seq, line in zip(facts.rounds.seqs, facts.rounds.lines, strict=True)
    ]
    still: list[Trade] = []
    for trade in trades_of(entries):
        if not trade.entries and not trade.exits:
            continue
        if not trade.is_closed:
            still.append(trade)
        elif (day := closings.get((trade.symbol, trade.closed_at))) is not None:
            ended.append((places[trade.first], (day, trade)))
    if entries:
        ended.sort(key=lambda item: item[0])  # in the order of opening, as what was told apart is without them
    closed = sorted([one for _, one in ended], key=_closed_at)
    dated = tuple(item for item in zip(dates, entries, strict=True) if item[0] is not None)
    return Booked(dated, tuple(closed), tuple(still), orders)


def _closed_at(ended: Ended) -> UnixNanos:
    one = ended[1]
    return one.trade.closed_at if isinstance(one, TradeLine) else one.closed_at


def refuse_entangled(days: Sequence[DayFacts]) -> None:
    """Hold the orders told apart against all others. Raises EntangledError when one has a part elsewhere."""
    apart = [facts.rounds for facts in days if facts.rounds is not None]
    if not apart:
        return
    lines = [line for rounds in apart for line in rounds.lines]
    ids = {order_id for line in lines for order_id in (*line.entry_orders, *line.exit_orders)}
    if len(ids) != sum(rounds.orders for rounds in apart):
        raise EntangledError("an order has a part in round trips of two dates")
    for facts in days:
        others = [str(moved.client_order_id) for _, moved in facts.moved if isinstance(moved, FillBooked)]
        others += [asked.order.client_order_id for asked in facts.approved]
        if not ids.isdisjoint(others):
            raise EntangledError("an order has a part in a round trip that was told apart, and in another movement")


def gapless(days: Sequence[DayFacts], past: Past, held: Mapping[str, int]) -> Iterator[tuple[date | None, Movement]]:
    """Give all movements with their dates, and adjustments where shares came or left without one.

    `held` are shares before the first; what an opening shows beyond them is put in as such an adjustment.
    """
    return ((day, moved) for _, day, moved in _without_gaps(_in_order(days, past), held))


def _in_order(days: Sequence[DayFacts], past: Past) -> Iterator[tuple[Place, date | None, Event]]:
    for moved in past.moved:
        yield BEFORE, None, moved
    for number, facts in enumerate(days):
        events: list[tuple[int, Event]] = [*facts.moved]
        if facts.openings:
            events += ((one.seq, one) for one in facts.openings)
            events.sort(key=lambda item: item[0])
        for seq, event in events:
            yield (number, seq), facts.day, event
        if facts.rounds is not None:  # behind every opening: of other symbols than all movements here
            yield (number, facts.stretch.high), facts.day, facts.rounds


def _without_gaps(
    events: Iterable[tuple[Place, date | None, Event]], held: Mapping[str, int]
) -> Iterator[tuple[Place, date | None, Movement]]:
    """Put in what moved shares without a movement, and leave out openings and what was told apart.

    Raises EntangledError where a round trip told apart did not begin flat, or a later movement is about it.
    """
    known = dict(held)
    apart: set[str] = set()  # symbols whose newest round trip was told apart
    for place, day, event in events:
        if isinstance(event, Opening):
            for gap in _gaps_at(event, known):
                known[gap.symbol] = gap.position_qty
                yield place, day, gap
            continue
        if isinstance(event, Rounds):
            if any(known.get(symbol) for symbol in event.symbols):
                raise EntangledError("a round trip was told apart, and shares were held before it")
            apart |= event.symbols
            continue
        if apart:
            if isinstance(event, FillRevised) and event.symbol in apart:
                raise EntangledError("a fill of a round trip that was told apart was revised")
            apart.discard(event.symbol)
        if isinstance(event, FillBooked):
            symbol, after = event.symbol, event.position_qty
            before = after - event.last_qty if event.side is _BUY else after + event.last_qty
            there = known.get(symbol, 0)
            if there != before:
                yield place, day, _gap(symbol, there, before, _cost_before(event), event.venue_time)
            known[symbol] = after
        elif not isinstance(event, FillRevised) and event.symbol:
            if known.get(event.symbol, 0) != event.quantity_before:
                cost = Krw(event.cost_basis if event.quantity_before else 0)
                gap = _gap(event.symbol, known.get(event.symbol, 0), event.quantity_before, cost, event.venue_time)
                yield place, day, gap
            known[event.symbol] = event.position_qty
        yield place, day, event


def _gaps_at(opening: Opening, known: Mapping[str, int]) -> Iterator[AdjustmentBooked]:
    if opening.held is None:
        return
    there = {one.symbol: one for one in opening.held if one.quantity}
    at = opening.opened.venue_time
    for symbol in sorted({*there, *(symbol for symbol, shares in known.items() if shares)}):
        shares, cost = (there[symbol].quantity, there[symbol].cost_basis) if symbol in there else (0, Krw(0))
        if known.get(symbol, 0) != shares:
            yield _gap(symbol, known.get(symbol, 0), shares, cost, at)


def _gap(symbol: str, before: int, after: int, cost: Krw, at: UnixNanos) -> AdjustmentBooked:
    nothing = Krw(0)
    return AdjustmentBooked("", "", symbol, before, after, cost, nothing, nothing, "without a trade", at)


def _cost_before(fill: FillBooked) -> Krw:
    """Give what the shares held before a fill had cost (won), from the books after it; without costs of getting in."""
    if fill.side is Side.BUY:
        return Krw(max(0, fill.cost_basis - fill.notional))
    if fill.position_qty > 0:
        return Krw(fill.cost_basis * (fill.position_qty + fill.last_qty) // fill.position_qty)
    return Krw(max(0, fill.notional - fill.commission - fill.tax - fill.realized_pnl))


# ---- before the period -----------------------------------------------------------------------------------------


def past_of(heads: Sequence[LogHead], days: Sequence[DayFacts], codec: MessageCodec, first: date) -> Past:
    """Look back for the movements that made the positions held when a period began, newest log first.

    Reads only what is about these symbols, each back to where it was flat; shares that no log explains are left out.
    """
    wanted = set(held_at_begin(days))
    moved: list[list[Movement]] = []
    orders: list[Approved] = []
    missing = []
    for head in reversed(heads):
        if not wanted:
            break
        for stretch in reversed([one for one in head.stretches if one.day < first]):
            if not wanted:
                break
            try:
                with LogReader(head.path, codec) as reader:
                    rows = Rows(reader)
                    found = _back_to_flat(movements_of(rows, wanted, stretch), wanted)
                    orders += _orders_of(rows, found, stretch)
            except HantradeError as error:
                missing.append(f"{head.path.name} cannot be read whole: trades may begin too late: {error}")
                break
            moved.append(found)
    return Past(tuple(one for part in reversed(moved) for one in part), tuple(orders), tuple(missing))


def held_at_begin(days: Sequence[DayFacts]) -> Iterator[str]:
    """Give the symbols of which shares were held before the first movement of each."""
    opening = next((one for facts in days for one in facts.openings), None)
    if opening is not None and opening.held is not None:
        yield from (one.symbol for one in opening.held if one.quantity)
    seen: set[str] = set()
    for facts in days:
        for _, moved in facts.moved:
            if moved.symbol in seen:
                continue
            seen.add(moved.symbol)
            if isinstance(moved, FillBooked):
                if moved.position_qty != moved.side.sign * moved.last_qty:
                    yield moved.symbol
            elif isinstance(moved, FillRevised) or moved.quantity_before:
                yield moved.symbol
        if facts.rounds is not None:
            seen |= facts.rounds.symbols


def movements_of(rows: Rows, symbols: Iterable[str], stretch: Stretch) -> list[tuple[int, Movement]]:
    """Give the movements of some symbols only, in order. Raises LogError, LogCorrupt."""
    found: list[tuple[int, Movement]] = []
    for symbol in sorted(symbols):
        found += movements(rows, stretch, f"portfolio/{symbol}")
    return sorted(found, key=lambda item: item[0])


def _back_to_flat(found: Sequence[tuple[int, Movement]], wanted: set[str]) -> list[Movement]:
    """Keep what came after a symbol was flat last, and take symbols whose begin was found off those wanted."""
    kept: list[Movement] = []
    searched = set(wanted)
    for _, moved in reversed(found):
        if moved.symbol not in searched:
            continue
        kept.append(moved)
        if isinstance(moved, FillBooked):
            is_begin = moved.position_qty == moved.side.sign * moved.last_qty
        else:
            is_begin = not isinstance(moved, FillRevised) and not moved.quantity_before
        if is_begin:
            searched.discard(moved.symbol)
    wanted &= searched
    return kept[::-1]


def _orders_of(rows: Rows, found: Iterable[Movement], stretch: Stretch) -> list[Approved]:
    ids = dict.fromkeys(moved.client_order_id for moved in found if isinstance(moved, FillBooked))
    return [order for i in ids for _, order in rows.decoded("OrderApproved", Approved, stretch, f"order/{i}")]
