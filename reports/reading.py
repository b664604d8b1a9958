"""What the logs of an account tell of each trading date. No quote is read here but to count them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import HantradeError
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import ConnectionChanged, UptimeMeasured
from domain.messages.orders import OrderRejected
from domain.messages.trading import BaselineScored, FillBooked, SessionPlanned
from domain.performance.trades import Movement
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.views import RARE
from reports.logs import READERS, LogHead, Stretch
from reports.marks import Marks
from reports.model import QualityPart
from reports.quality import count_quality, is_countable
from reports.queries import Asked, Fetched, Numbered, Raw, Rows
from reports.rounds import Rounds
from reports.rows import BrokerState, Denied, Held, Mark, Opened, Run, Scored, Sent


class Opening(NamedTuple):
    """An account as a date began with it."""

    seq: int
    opened: Opened
    held: tuple[Held, ...] | None  # by the broker's books; None: not told


@dataclass(slots=True)
class DayFacts:
    """What one log tells of one trading date; lists are in order, numbers are sequences in the log."""

    day: date
    head: LogHead
    stretch: Stretch
    runs: list[tuple[int, Run]] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    marked: list[int] = field(default_factory=list)  # sequence of each mark
    moved: list[tuple[int, Movement]] = field(default_factory=list)
    flows: list[tuple[int, FlowBooked]] = field(default_factory=list)
    approved: list[Asked] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)  # reasons
    rejected: dict[str, str] = field(default_factory=dict)  # order -> reason
    doubtful: set[str] = field(default_factory=set)  # orders whose fate was unknown for a while
    cancelled: set[str] = field(default_factory=set)  # orders of which shares were cancelled
    scored: list[Scored] = field(default_factory=list)
    baselines: list[BaselineScored] = field(default_factory=list)
    uptime: list[UptimeMeasured] = field(default_factory=list)
    connections: list[ConnectionChanged] = field(default_factory=list)
    told: list[Numbered] = field(default_factory=list)  # what a person should know of
    sessions: list[SessionPlanned] = field(default_factory=list)
    quality: QualityPart | None = None  # None: not counted
    ended_at: int = 0  # system time of the last event, UTC ns
    packed_scores: bytes | None = None  # `scored`, packed, so that it is empty
    reactions: list[float] | None = None  # ms; told already, so that `sent` is empty
    rounds: Rounds | None = None  # told already, so that their fills and orders are in no list here

    @property
    def path(self) -> Path:
        """Give the log."""
        return self.head.path


TOLD = (  # types a person should know of; `events.py` says which of them and how
    *("LossLimitHit", "LimitLevelChanged", "ReducingChanged", "LimitsUnlocked", "StopTriggered", "StopsSet"),
    *("ExitStuck", "HoldingClaimed", "ManualModeChanged", "DayChanged", "StrategyBenched", "RoleFailed"),
    *("InputRefused", "LogSpaceLow", "StateChecked", "SymbolHalted", "SymbolReleased", "SourceChanged"),
    *("OrdersRouted", "HaltRequested", "PauseRequested", "ResumeRequested", "FlattenRequested"),
    *("SymbolInterrupted", "OrderRejected", "ConnectionChanged"),
)
_DOUBTS = ("RequestStranded", "ResolveOrder")
_RARE = ("RunStarted", "FlowBooked", "BaselineScored", "UptimeMeasured", "SessionPlanned", *TOLD)
_MOVES = ("FillRevised", "HoldingBooked", "AdjustmentBooked")
_BULK = ("EquityMarked", "FillBooked")
_ALONE = ("OrderSent", "OrderDenied", "SignalScored")  # whose place in the log nobody asks for
AHEAD = 8  # logs read while the ones before are decoded


class _Raw(NamedTuple):
    """One date of one log as read, not decoded yet."""

    head: LogHead
    stretch: Stretch
    rows: Rows
    bulk: dict[str, Fetched]
    alone: dict[str, bytes]
    asked: Fetched
    rare: list[Raw]
    states: list[Raw]  # of orders whose fate was unknown for a while
    streams: list[tuple[str, str]]
    openings: list[tuple[Any, ...]]
    quality: QualityPart | None
    ended_at: int


def read_days(
    heads: Sequence[LogHead], codec: MessageCodec, first: date, last: date
) -> tuple[list[DayFacts], tuple[str, ...]]:
    """Read every date of a period (inclusive) that the logs tell, oldest first, and name the logs that failed.

    Nothing of a log that cannot be read whole is told: half a day looks like a bad day. Quotes are counted where the
    period is short enough.
    """
    counts = is_countable(stretch for head in heads for stretch in head.within(first, last))
    days: list[DayFacts] = []
    missing = []
    for head, read in _ahead([head for head in heads if head.within(first, last)], codec, first, last, counts):
        try:
            days += [_decoded(raw) for raw in read()]
        except HantradeError as error:
            missing.append(left_out(head, error))
    return days, tuple(missing)


def read_log(head: LogHead, codec: MessageCodec, first: date, last: date, counts: bool) -> list[DayFacts]:
    """Read every date of a period that one log tells. Raises HantradeError."""
    return [_decoded(raw) for raw in _fetch_log(head, codec, first, last, counts)]


def left_out(head: LogHead, problem: object) -> str:
    """Say that a log is missing."""
    return f"{head.path.name} cannot be read whole and is left out: {problem}"


def _ahead(
    heads: Sequence[LogHead], codec: MessageCodec, first: date, last: date, counts: bool
) -> Iterator[tuple[LogHead, Callable[[], list[_Raw]]]]:
    """Give the logs in order with what reads them; other threads read ahead while the caller decodes.

    SQLite lets go of the interpreter while it reads.
    """
    waiting: deque[tuple[LogHead, Future[list[_Raw]]]] = deque()
    left = iter(heads)
    with ThreadPoolExecutor(READERS, thread_name_prefix="report") as pool:
        while True:
            for head in islice(left, AHEAD - len(waiting)):
                waiting.append((head, pool.submit(_fetch_log, head, codec, first, last, counts)))
            if not waiting:
                return
            head, future = waiting.popleft()
            yield head, future.result


def _fetch_log(head: LogHead, codec: MessageCodec, first: date, last: date, counts: bool) -> list[_Raw]:
    with LogReader(head.path, codec) as reader:
        rows = Rows(reader)
        return [_fetch(rows, reader, head, stretch, counts) for stretch in head.within(first, last)]


def _fetch(rows: Rows, reader: LogReader, head: LogHead, stretch: Stretch, counts: bool) -> _Raw:
    streams = rows.streams((*_DOUBTS, "OrderCancelled"), stretch)
    doubtful = sorted({order for name, order in streams if name in _DOUBTS})
    [(ended_at,)] = reader.rows("SELECT max(recorded_at) FROM events WHERE seq = ?", (stretch.high,))
    return _Raw(
        head=head,
        stretch=stretch,
        rows=rows,
        bulk={name: rows.fetch(name, stretch) for name in _BULK},
        alone={name: rows.fetch_alone(name, stretch) for name in _ALONE},
        asked=rows.fetch_asked(stretch),
        rare=rows.some((*_RARE, *_MOVES), stretch),
        states=[raw for order in doubtful for raw in rows.states(order, stretch)],
        streams=streams,
        openings=_opening_rows(reader, stretch),
        quality=count_quality(reader, stretch) if counts else None,
        ended_at=ended_at or 0,
    )


def _decoded(raw: _Raw) -> DayFacts:
    rows = raw.rows
    facts = DayFacts(raw.stretch.day, raw.head, raw.stretch, quality=raw.quality, ended_at=raw.ended_at)
    facts.openings = _openings(rows, raw.openings)
    marks = rows.decode(raw.bulk["EquityMarked"], Mark)
    facts.marked, facts.marks = [seq for seq, _ in marks], Marks.of(mark for _, mark in marks)
    facts.moved = list[tuple[int, Movement]](rows.decode(raw.bulk["FillBooked"], FillBooked))
    facts.sent = rows.decode_alone(raw.alone["OrderSent"], Sent)
    facts.denied = [one.reason for one in rows.decode_alone(raw.alone["OrderDenied"], Denied)]
    facts.scored = rows.decode_alone(raw.alone["SignalScored"], Scored)
    facts.approved = rows.asked(raw.asked)
    facts.doubtful = {order for name, order in raw.streams if name in _DOUBTS}
    facts.cancelled = {order for name, order in raw.streams if name not in _DOUBTS}
    moves: list[tuple[int, Movement]] = []
    for one in raw.rare:
        if one.type == "RunStarted":
            facts.runs.append((one.seq, rows.whole([one.payload], Run)[0]))
        else:
            _take(facts, moves, rows.numbered(one))
    facts.told += [rows.numbered(one) for one in raw.states]
    facts.told.sort(key=lambda one: one.seq)
    if moves:
        facts.moved = sorted([*facts.moved, *moves], key=lambda item: item[0])
    return facts


def _take(facts: DayFacts, moves: list[tuple[int, Movement]], one: Numbered) -> None:
    """Put one rare message where it belongs; one may belong to two."""
    match one.message:
        case FillRevised() | HoldingBooked() | AdjustmentBooked() as moved:
            moves.append((one.seq, moved))
        case FlowBooked() as flow:
            facts.flows.append((one.seq, flow))
        case BaselineScored() as baseline:
            facts.baselines.append(baseline)
        case UptimeMeasured() as uptime:
            facts.uptime.append(uptime)
        case SessionPlanned() as session:
            facts.sessions.append(session)
        case OrderRejected(client_order_id=order, code=code, text=text):
            if order:
                facts.rejected[order] = " ".join(part for part in (code, text) if part) or "no reason given"
            facts.told.append(one)
        case ConnectionChanged() as change:
            facts.connections.append(change)
            facts.told.append(one)
        case _:
            facts.told.append(one)


def read_movements(heads: Iterable[LogHead], codec: MessageCodec) -> list[DayFacts]:
    """Read runs, openings and movements of every date of the logs, oldest first. Raises LogError, LogCorrupt."""
    days = []
    for head in heads:
        with LogReader(head.path, codec) as reader:
            rows = Rows(reader)
            for stretch in head.stretches:
                facts = DayFacts(stretch.day, head, stretch)
                facts.runs = rows.decoded("RunStarted", Run, stretch)
                facts.openings = _openings(rows, _opening_rows(reader, stretch))
                facts.moved = movements(rows, stretch)
                days.append(facts)
    return days


def movements(rows: Rows, stretch: Stretch, stream: str = "") -> list[tuple[int, Movement]]:
    """Give what changed money or shares of the books, of one stream or any, in order. Raises LogError, LogCorrupt."""
    found: list[tuple[int, Movement]] = [*rows.decoded("FillBooked", FillBooked, stretch, stream)]
    rare: list[tuple[int, Movement]] = []
    for kind in (FillRevised, HoldingBooked, AdjustmentBooked):
        rare += rows.decoded(kind.__name__, kind, stretch, stream)
    return sorted([*found, *rare], key=lambda item: item[0]) if rare else found


def _opening_rows(reader: LogReader, stretch: Stretch) -> list[tuple[Any, ...]]:
    """Read the openings of the account with the broker's holdings behind them."""
    return reader.rows(
        "SELECT e.seq, CAST(e.payload AS BLOB), f.type, CAST(f.payload AS BLOB) FROM events e"
        f" LEFT JOIN events f ON f.seq = e.causation_seq WHERE e.type = 'AccountOpened' AND e.{RARE}"
        " AND e.seq BETWEEN ? AND ? ORDER BY e.seq",
        (stretch.low, stretch.high),
    )


def _openings(rows: Rows, found: Iterable[tuple[Any, ...]]) -> list[Opening]:
    made = []
    for seq, payload, cause, state in found:
        [opened] = rows.whole([payload], Opened)
        held = rows.whole([state], BrokerState)[0].positions if cause == "BrokerStateReceived" else None
        made.append(Opening(seq, opened, held))
    return made
