"""Gather the records that tell one order's story: its own, what led to them, and what its fills came to. No text."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from domain.errors import LogError
from domain.messages import Message
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.market import AttentionMeasured, QuotesJudged, QuotesReceived, QuoteVerdict
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    ManualCancelRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    ReleaseRequested,
)
from domain.messages.orders import OrderStateChanged
from domain.messages.run import RunEnded, RunStarted
from domain.messages.trading import FillBooked, NoticeRaised, OrderApproved, OrderDenied, SignalFormed, SignalScored
from domain.proved_shares import enter_fill, enter_revision, leg_of
from domain.quotes import Quote
from domain.types import Severity
from persistence.codec import MessageCodec, UnknownEvent
from persistence.order_names import OWN_ID, beside, field_of, rows_of
from persistence.reader import LogReader
from persistence.record import Record

_BY_HAND = (ManualCancelRequested, ManualModifyRequested, ReleaseRequested, CommandAnswered)
Moved = FillBooked | HoldingBooked | AdjustmentBooked  # what changes shares
_MOVES = (FillBooked, HoldingBooked, AdjustmentBooked)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The row of a quote batch that a signal was formed on, and what the quality rules said of its instrument."""

    row: Quote
    verdicts: tuple[QuoteVerdict, ...]
    judged_seq: int


@dataclass(frozen=True, slots=True)
class Step:
    """One record of the story."""

    log_id: str
    record: Record
    message: Message | UnknownEvent
    causes: tuple[tuple[Record, Message | UnknownEvent], ...] = ()  # of what was decided here: nearest first
    trigger: Trigger | None = None  # of a quote batch


@dataclass(frozen=True, slots=True)
class Part:
    """What one log holds of the story."""

    path: Path
    log_id: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the logs of one folder tell about one order."""

    order_id: str
    parts: tuple[Part, ...]
    missing_log: str  # id of the log with the beginning, when it is not at hand
    trip: tuple[Moved | FillRevised, ...]  # what changed the holding from flat to flat, or to the end
    held_before: int  # shares that were there before the first of it

    @property
    def fills(self) -> tuple[FillBooked, ...]:
        """Give the fills of the round trip: entries and exits of all orders, the order's own included.

        Executions stand in the place of what the broker's sums had proved of them.
        """
        fills: list[FillBooked] = []
        for event in self.trip:
            if isinstance(event, FillBooked):
                enter_fill(fills, event)
            elif isinstance(event, FillRevised) and not leg_of(event.trade_id):
                enter_revision(fills, event, event.quantity)
        return tuple(fills)

    @property
    def moved(self) -> tuple[Moved, ...]:
        """Give what changed the shares held."""
        return tuple(event for event in self.trip if isinstance(event, _MOVES))

    @property
    def actions(self) -> tuple[HoldingBooked, ...]:
        """Give the corporate actions of the round trip."""
        return tuple(event for event in self.trip if isinstance(event, HoldingBooked))

    @property
    def realized(self) -> int:
        """Give the won the trip realised so far."""
        return sum(event.realized_pnl for event in self.trip if not isinstance(event, AdjustmentBooked))

    @property
    def trip_closed(self) -> bool:
        """Tell whether nothing is held any more behind the last of the trip."""
        return bool(self.moved) and self.moved[-1].position_qty == 0

    @property
    def steps(self) -> Iterator[Step]:
        """Give the steps of all parts in order."""
        return (step for part in self.parts for step in part.steps)

    @property
    def verdict(self) -> Step | None:
        """Give the step of the risk manager's verdict, None when it is not at hand."""
        return next((step for step in self.steps if isinstance(step.message, OrderApproved | OrderDenied)), None)


# ---- its story -----------------------------------------------------------------------------------------------


def gather(reader: LogReader, order_id: str, codec: MessageCodec) -> Story:
    """Give the story of an order, with what earlier and later logs of the same folder hold of it. Raises LogError."""
    begun_in = match.group(1) if (match := OWN_ID.fullmatch(order_id)) else reader.log_id
    here = _part(reader, order_id)
    with ExitStack() as stack:
        readers = [reader]
        if begun_in != reader.log_id or not _is_closed(here):
            readers += [stack.enter_context(other) for other in beside(reader, order_id, codec)]
        readers.sort(key=lambda each: int(each.meta["created_at"] or 0))
        parts = [here if each is reader else _part(each, order_id) for each in readers]
        parts = [part for part in parts if part.steps]
        trip, held_before = _trip(readers, order_id, parts)
    return Story(
        order_id,
        tuple(parts),
        missing_log="" if begun_in in {part.log_id for part in parts} else begun_in,
        trip=tuple(trip),
        held_before=held_before,
    )


def _is_closed(part: Part) -> bool:
    told = [step.message for step in part.steps if isinstance(step.message, OrderStateChanged)]
    return bool(told) and told[-1].leaves_qty == 0


def _part(reader: LogReader, order_id: str) -> Part:
    """Give the steps one log holds, in sequence."""
    own = {seq: _read(reader, seq) for seq in rows_of(reader, order_id)}
    steps = {seq: Step(reader.log_id, *found, _causes(reader, found[0])) for seq, found in own.items()}
    for step in tuple(steps.values()):
        if isinstance(step.message, OrderApproved | OrderDenied):
            steps |= {begin.record.seq: begin for begin in _beginning(reader, step)}
    for kind in _BY_HAND:
        for record in reader.events(type=kind.__name__, raw=False):
            if field_of(record, "client_order_id") == order_id:
                steps[record.seq] = Step(reader.log_id, record, reader.decode(record))
    for record, notice in reader.messages(type=NoticeRaised.__name__):
        if record.causation_seq in own and isinstance(notice, NoticeRaised) and notice.severity is not Severity.INFO:
            steps[record.seq] = Step(reader.log_id, record, notice)
    symbol = next((str(s) for r, _ in own.values() if (s := field_of(r, "symbol"))), "")
    for record, booked in reader.messages(stream_prefix=f"portfolio/{symbol}") if symbol else ():
        if isinstance(booked, FillBooked | FillRevised) and booked.client_order_id == order_id:
            steps[record.seq] = Step(reader.log_id, record, booked)
    if own:
        for name in (RunStarted.__name__, RunEnded.__name__):
            for record, message in reader.messages(min(own), max(own), type=name):
                steps[record.seq] = Step(reader.log_id, record, message)
    return Part(reader.path, reader.log_id, tuple(steps[seq] for seq in sorted(steps)))


def _read(reader: LogReader, seq: int) -> tuple[Record, Message | UnknownEvent]:
    record = reader.record(seq)
    if record is None:
        raise LogError(f"{reader.path}: event {seq} is in an index and not in the table; `hantrade log verify`")
    return record, reader.decode(record)


def _causes(reader: LogReader, record: Record) -> tuple[tuple[Record, Message | UnknownEvent], ...]:
    return tuple((cause, reader.decode(cause)) for cause in reader.causes(record.seq))


def _beginning(reader: LogReader, verdict: Step) -> Iterator[Step]:
    """Give what led to a verdict: quote, attention and signal, or what a person asked for."""
    symbol = str(field_of(verdict.record, "symbol"))
    origin = str(field_of(verdict.record, "origin"))
    for record, message in verdict.causes:
        if isinstance(message, SignalFormed):
            yield Step(reader.log_id, record, message)
            seen = reader.messages(1, record.seq, stream_prefix=f"attention/{symbol}", reverse=True)
            yield from (Step(reader.log_id, r, m) for r, m in _first(seen, AttentionMeasured))
            later = reader.messages(record.seq, stream_prefix=f"signal/{symbol}")
            yield from (
                Step(reader.log_id, r, m)
                for r, m in later
                if isinstance(m, SignalScored) and m.signal_seq == record.seq
            )
            if (found := _trigger(verdict, message)) is not None:
                yield Step(reader.log_id, *found)
        elif isinstance(message, ManualOrderRequested | FlattenRequested):
            yield Step(reader.log_id, record, message)
    if origin.startswith("operator:") and not isinstance(
        next((m for _, m in verdict.causes if isinstance(m, ManualOrderRequested | FlattenRequested)), None), Message
    ):  # a flatten that had to wait: asked for earlier, let through by something else
        asked = reader.messages(1, verdict.record.seq, type=FlattenRequested.__name__, reverse=True)
        yield from (Step(reader.log_id, r, m) for r, m in _first(asked, FlattenRequested))


def _first(
    found: Iterator[tuple[Record, Message | UnknownEvent]], kind: type[Message]
) -> Iterator[tuple[Record, Message]]:
    for record, message in found:
        if isinstance(message, kind):
            yield record, message
            return


def _trigger(
    verdict: Step, signal: SignalFormed
) -> tuple[Record, Message, tuple[tuple[Record, Message | UnknownEvent], ...], Trigger] | None:
    """Give the batch a signal was formed on, with the row of its instrument."""
    judged = next(((r, m) for r, m in verdict.causes if isinstance(m, QuotesJudged)), None)
    source = next(((r, m) for r, m in verdict.causes if isinstance(m, QuotesReceived)), None)
    if judged is None or source is None:
        return None
    rows = [row for row in judged[1].rows if row.symbol == signal.symbol]
    at = [row for row in rows if row.venue_time == signal.venue_time] or rows
    if not at:
        return None
    verdicts = tuple(item for item in judged[1].verdicts if item.symbol == signal.symbol)
    return (*source, (), Trigger(at[-1], verdicts, judged[0].seq))


# ---- what it came to -----------------------------------------------------------------------------------------


def _trip(readers: list[LogReader], order_id: str, parts: list[Part]) -> tuple[list[Moved | FillRevised], int]:
    """Give what changed the holding from flat to flat (or to the end) around the order, and what was held before.

    A revision belongs to what changed shares before it.
    """
    booked = [step.message for part in parts for step in part.steps if isinstance(step.message, FillBooked)]
    if not booked:
        return [], 0
    stream = f"portfolio/{booked[0].symbol}"
    kinds = (*_MOVES, FillRevised)
    found = [m for reader in readers for _, m in reader.messages(stream_prefix=stream) if isinstance(m, kinds)]
    moved = [(i, event) for i, event in enumerate(found) if isinstance(event, _MOVES)]
    own = [
        at for at, (_, event) in enumerate(moved) if isinstance(event, FillBooked) and event.client_order_id == order_id
    ]
    first, last = own[0], own[-1]
    while first and moved[first - 1][1].position_qty:
        first -= 1
    while last + 1 < len(moved) and moved[last][1].position_qty:
        last += 1
    begin = moved[first][1]
    until = moved[last + 1][0] if last + 1 < len(moved) else len(found)
    trip = found[moved[first][0] : until]
    if not isinstance(begin, FillBooked):
        return trip, begin.quantity_before
    held = begin.position_qty - begin.last_qty if begin.side == "BUY" else begin.position_qty + begin.last_qty
    return trip, held
