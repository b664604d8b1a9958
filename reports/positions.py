"""What is held at the end of a period, at the marks of that moment."""

from collections.abc import Iterable, Mapping, Sequence

from domain.errors import HantradeError
from domain.messages.holdings import FillRevised
from domain.quotes import QuoteBatch
from domain.types import Krw
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.record import Record
from reports.model import Position
from reports.reading import DayFacts
from reports.rows import Mark

MOST_BATCHES = 2_000  # of quotes, looked at from the end for the last price of each position
_COLUMNS = "seq, run_id, recorded_at, venue_time, type, stream, causation_seq, role, CAST(payload AS BLOB)"


def positions_of(days: Sequence[DayFacts], mark: Mark | None, codec: MessageCodec) -> tuple[Position, ...]:
    """Give holdings by symbol as the books had them; one without a price is worth what it cost.

    With a single holding its mark follows from equity, else from its last quote.
    """
    held = held_at_end(days)
    if not held:
        return ()
    marks: dict[str, int] = {}
    if mark is not None and len(held) == 1:
        [(symbol, (shares, _))] = held.items()
        value = mark.equity - mark.cash
        marks = {symbol: value // shares} if shares > 0 and value % shares == 0 else {}
    if not marks:
        for facts in reversed(days):
            if facts.day != days[-1].day or marks.keys() >= held.keys():
                break
            marks |= _last_prices(facts, set(held) - marks.keys(), codec)  # a run after the close hears no quotes
    return tuple(_position(symbol, *held[symbol], marks) for symbol in sorted(held))


def _position(symbol: str, shares: int, cost: Krw, marks: Mapping[str, int]) -> Position:
    mark = marks.get(symbol)
    unrealized = Krw(0 if mark is None else shares * mark - cost)
    return Position(symbol, shares, cost, None if mark is None else Krw(mark), unrealized)


def held_at_end(days: Iterable[DayFacts]) -> dict[str, tuple[int, Krw]]:
    """Give shares and cost basis after the last movement or opening."""
    held: dict[str, tuple[int, Krw]] = {}
    for facts in days:
        events = sorted([*((one.seq, one) for one in facts.openings), *facts.moved], key=lambda item: item[0])
        for _, event in events:
            if isinstance(event, tuple):  # an opening
                if event.held is not None:
                    held = {one.symbol: (one.quantity, one.cost_basis) for one in event.held}
            elif isinstance(event, FillRevised):
                held[event.symbol] = (held.get(event.symbol, (0, Krw(0)))[0], event.cost_basis)
            elif event.symbol:
                held[event.symbol] = (event.position_qty, event.cost_basis)
        for symbol in facts.rounds.symbols if facts.rounds is not None else ():
            held.pop(symbol, None)  # flat again
    return {symbol: item for symbol, item in held.items() if item[0]}


def _last_prices(facts: DayFacts, wanted: set[str], codec: MessageCodec) -> dict[str, int]:
    """Give the last price of each symbol, looking back from the end of a date."""
    found: dict[str, int] = {}
    try:
        with LogReader(facts.path, codec) as reader:
            batches = reader.rows(
                f"SELECT {_COLUMNS}, (SELECT raw FROM quotes q WHERE q.seq = e.seq) FROM events e NOT INDEXED"
                f" WHERE e.type = 'QuotesReceived' AND e.seq BETWEEN ? AND ? ORDER BY e.seq DESC LIMIT {MOST_BATCHES}",
                (facts.stretch.low, facts.stretch.high),
            )
            for row in batches:
                if wanted <= found.keys():
                    break
                for quote in reversed(_batch(row, codec).rows):
                    if quote.symbol in wanted and quote.symbol not in found:
                        found[quote.symbol] = quote.price
    except (HantradeError, ValueError):
        return found  # marks of what is left stay unknown
    return found


def _batch(row: tuple[object, ...], codec: MessageCodec) -> QuoteBatch:
    return codec.batch(Record(*row))  # type: ignore[arg-type]  # columns of a record
