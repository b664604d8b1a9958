"""What the logs of an account tell of each trading date: read by type over the partial index, decoded in bulk.

No quote is read here. A year of 100,000 trades is about a million events, so payloads of one type are put together
into one JSON array and decoded at once, into no more fields than are needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from domain.errors import HantradeError, LogCorrupt
from domain.messages import MESSAGES, Message
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import ConnectionChanged, UptimeMeasured
from domain.messages.trading import BaselineScored, FillBooked, SessionPlanned, SignalScored
from domain.performance.trades import Movement
from domain.types import UnixNanos
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.views import RARE
from reports.logs import LogHead, Stretch
from reports.rows import Approved, BrokerState, Denied, Held, Mark, Opened, Received, Reference, Rejected, Run, Sent

PAGE = 20_000  # rows of one query: it must end soon where a trader writes the log
T = TypeVar("T")


class Numbered(NamedTuple):
    """A message with its place."""

    seq: int
    at: UnixNanos  # venue time where it has one, else system time
    message: Message


class Opening(NamedTuple):
    """An account as a date began with it."""

    seq: int
    opened: Opened
    held: tuple[Held, ...] | None  # by the broker's books; None: not told


class Asked(NamedTuple):
    """An order that risk let pass, with its place and that of what asked for it."""

    seq: int
    cause: int
    order: Approved


@dataclass(slots=True)
class DayFacts:
    """What one log tells of one trading date; lists are in order, numbers are sequences in the log."""

    day: date
    head: LogHead
    stretch: Stretch
    runs: list[tuple[int, Run]] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    marks: list[tuple[int, Mark]] = field(default_factory=list)
    moved: list[tuple[int, Movement]] = field(default_factory=list)
    flows: list[tuple[int, FlowBooked]] = field(default_factory=list)
    approved: list[Asked] = field(default_factory=list)
    references: dict[int, int] = field(default_factory=dict)  # sequence of a signal -> won at which it was formed
    sent: list[Sent] = field(default_factory=list)
    received: dict[int, int] = field(default_factory=dict)  # sequence of an approval -> its quotes came, system time ns
    denied: list[str] = field(default_factory=list)  # reasons
    rejected: dict[str, str] = field(default_factory=dict)  # order -> reason
    doubtful: set[str] = field(default_factory=set)  # orders whose fate was unknown for a while
    cancelled: set[str] = field(default_factory=set)  # orders of which shares were cancelled
    scored: list[SignalScored] = field(default_factory=list)
    baselines: list[BaselineScored] = field(default_factory=list)
    uptime: list[UptimeMeasured] = field(default_factory=list)
    connections: list[ConnectionChanged] = field(default_factory=list)
    told: list[Numbered] = field(default_factory=list)  # what a person should know of
    sessions: list[SessionPlanned] = field(default_factory=list)
    ended_at: int = 0  # system time of the last event, UTC ns

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


class Rows:
    """One log, asked by type."""

    def __init__(self, reader: LogReader) -> None:
        """Take the open log."""
        self._reader = reader

    def payloads(self, name: str, stretch: Stretch, stream: str = "") -> list[tuple[int, bytes]]:
        """Give (sequence, payload) of the events of one rare type, of one stream or any. Raises LogError."""
        wanted, args = ("e.stream = ? AND +e.type = ?", (stream, name)) if stream else ("e.type = ?", (name,))
        sql = (
            f"SELECT e.seq, CAST(e.payload AS BLOB) FROM events e WHERE {wanted} AND e.{RARE}"
            f" AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}"
        )
        return self._paged(sql, args, stretch)

    def decoded(self, name: str, kind: type[T], stretch: Stretch, stream: str = "") -> list[tuple[int, T]]:
        """Give (sequence, message) of one rare type. Raises LogError, LogCorrupt for what cannot be decoded."""
        rows = self.payloads(name, stretch, stream)
        return list(zip([row[0] for row in rows], self.whole([row[1] for row in rows], kind), strict=True))

    def whole(self, payloads: Iterable[bytes], kind: type[T]) -> list[T]:
        """Decode payloads of one type at once. Raises LogCorrupt."""
        try:
            found: list[T] = _decoder(kind).decode(  # type: ignore[arg-type]  # a class is hashable
                b"[" + b",".join(payloads) + b"]"
            )
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise LogCorrupt(f"{self._reader.path} holds a {kind.__name__} that cannot be read: {error}") from error
        return found

    def streams(self, names: Sequence[str], stretch: Stretch) -> set[str]:
        """Give the orders that rare events of these types are about. Raises LogError."""
        marks = ", ".join("?" * len(names))
        rows = self._reader.rows(
            f"SELECT DISTINCT substr(e.stream, 7) FROM events e WHERE e.type IN ({marks}) AND e.{RARE}"
            " AND e.seq BETWEEN ? AND ? AND e.stream >= 'order/' AND e.stream < 'order0'",
            (*names, stretch.low, stretch.high),
        )
        return {row[0] for row in rows if row[0]}

    def asked(self, stretch: Stretch) -> list[Asked]:
        """Give the orders that risk let pass. Raises LogError, LogCorrupt."""
        rows = self._paged(
            "SELECT e.seq, e.causation_seq, CAST(e.payload AS BLOB) FROM events e WHERE e.type = 'OrderApproved'"
            f" AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            (),
            stretch,
        )
        orders = self.whole([row[2] for row in rows], Approved)
        return [Asked(row[0], row[1], order) for row, order in zip(rows, orders, strict=True)]

    def received(self, stretch: Stretch) -> dict[int, int]:
        """Give when the quotes behind approved orders came: sequence of the approval -> system time, UTC ns.

        What asked for the order (a signal, a stop) follows from judged quotes, these from a batch received. An order
        that no quote led to is not in it. Raises LogError, LogCorrupt.
        """
        rows = self._paged(
            "SELECT e.seq, CAST(CASE WHEN b.type = 'QuotesReceived' THEN b.payload"
            " WHEN c.type = 'QuotesReceived' THEN c.payload END AS BLOB)"
            " FROM events e JOIN events a ON a.seq = e.causation_seq JOIN events b ON b.seq = a.causation_seq"
            " LEFT JOIN events c ON c.seq = b.causation_seq"
            f" WHERE e.type = 'OrderApproved' AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            (),
            stretch,
        )
        told = [(seq, payload) for seq, payload in rows if payload is not None]
        batches = self.whole([payload for _, payload in told], Received)
        return {seq: one.received_at for (seq, _), one in zip(told, batches, strict=True) if one.received_at}

    def signals(self, stretch: Stretch) -> list[tuple[int, bytes]]:
        """Give (sequence, payload) of the signals that approved orders were asked by. Raises LogError."""
        sql = (
            "SELECT e.seq, CAST(f.payload AS BLOB), f.seq FROM events e JOIN events f ON f.seq = e.causation_seq"
            f" WHERE e.type = 'OrderApproved' AND e.{RARE} AND +f.type = 'SignalFormed'"
            f" AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}"
        )
        return [(signal, payload) for _, payload, signal in self._paged(sql, (), stretch)]

    def numbered(self, names: Sequence[str], stretch: Stretch) -> list[Numbered]:
        """Give the events of several rare types in order. Raises LogError, LogCorrupt."""
        return self._numbered(f"e.type IN ({', '.join('?' * len(names))})", tuple(names), stretch)

    def states(self, order: str, stretch: Stretch) -> list[Numbered]:
        """Give how one order's state moved. Raises LogError, LogCorrupt."""
        return self._numbered("e.stream = ? AND +e.type = 'OrderStateChanged'", (f"order/{order}",), stretch)

    def _numbered(self, wanted: str, args: tuple[str, ...], stretch: Stretch) -> list[Numbered]:
        rows = self._paged(
            "SELECT e.seq, e.type, coalesce(e.venue_time, e.recorded_at), CAST(e.payload AS BLOB) FROM events e"
            f" WHERE {wanted} AND e.{RARE} AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT {PAGE}",
            args,
            stretch,
        )
        found = []
        for seq, name, at, payload in rows:
            kind: Any = MESSAGES[name]
            try:
                found.append(Numbered(seq, at, _one(kind).decode(payload)))
            except ValueError as error:
                raise LogCorrupt(f"{self._reader.path} event {seq}: {name} cannot be read: {error}", seq) from error
        return found

    def _paged(self, sql: str, args: tuple[Any, ...], stretch: Stretch) -> list[tuple[Any, ...]]:
        low, found = stretch.low, []
        while True:
            page = self._reader.rows(sql, (*args, low, stretch.high))
            found += page
            if len(page) < PAGE:
                return found
            low = page[-1][0] + 1


def read_days(
    heads: Iterable[LogHead], codec: MessageCodec, first: date, last: date
) -> tuple[list[DayFacts], tuple[str, ...]]:
    """Read every date of a period (inclusive) that the logs tell, oldest first, and name the logs that failed.

    Nothing of a log that cannot be read whole is told: half a day looks like a bad day.
    """
    days: list[DayFacts] = []
    missing = []
    for head in heads:
        stretches = head.within(first, last)
        if not stretches:
            continue
        try:
            with LogReader(head.path, codec) as reader:
                days += [_read(Rows(reader), reader, head, stretch) for stretch in stretches]
        except HantradeError as error:
            missing.append(f"{head.path.name} cannot be read whole and is left out: {error}")
    return days, tuple(missing)


def _read(rows: Rows, reader: LogReader, head: LogHead, stretch: Stretch) -> DayFacts:
    facts = DayFacts(stretch.day, head, stretch)
    facts.runs = rows.decoded("RunStarted", Run, stretch)
    facts.openings = _openings(rows, reader, stretch)
    facts.marks = rows.decoded("EquityMarked", Mark, stretch)
    facts.flows = rows.decoded("FlowBooked", FlowBooked, stretch)
    facts.moved = movements(rows, stretch)
    facts.approved = rows.asked(stretch)
    signals = rows.signals(stretch)
    formed = rows.whole((row[1] for row in signals), Reference)
    facts.references = {
        seq: one.reference_price
        for (seq, _), one in zip(signals, formed, strict=True)
        if one.reference_price is not None
    }
    facts.sent = [one for _, one in rows.decoded("OrderSent", Sent, stretch)]
    if facts.sent:
        facts.received = rows.received(stretch)
    facts.denied = [one.reason for _, one in rows.decoded("OrderDenied", Denied, stretch)]
    facts.rejected = {
        one.client_order_id: " ".join(part for part in (one.code, one.text) if part) or "no reason given"
        for _, one in rows.decoded("OrderRejected", Rejected, stretch)
        if one.client_order_id
    }
    facts.doubtful = rows.streams(_DOUBTS, stretch)
    facts.cancelled = rows.streams(("OrderCancelled",), stretch)
    facts.scored = [one for _, one in rows.decoded("SignalScored", SignalScored, stretch)]
    facts.baselines = [one for _, one in rows.decoded("BaselineScored", BaselineScored, stretch)]
    facts.uptime = [one for _, one in rows.decoded("UptimeMeasured", UptimeMeasured, stretch)]
    facts.connections = [one for _, one in rows.decoded("ConnectionChanged", ConnectionChanged, stretch)]
    facts.told = rows.numbered(TOLD, stretch)
    doubts = [one for order in sorted(facts.doubtful) for one in rows.states(order, stretch)]
    facts.told = sorted([*facts.told, *doubts], key=lambda one: one.seq) if doubts else facts.told
    facts.sessions = [one for _, one in rows.decoded("SessionPlanned", SessionPlanned, stretch)]
    [(ended_at,)] = reader.rows("SELECT max(recorded_at) FROM events WHERE seq = ?", (stretch.high,))
    facts.ended_at = ended_at or 0
    return facts


def movements(rows: Rows, stretch: Stretch, stream: str = "") -> list[tuple[int, Movement]]:
    """Give what changed money or shares of the books, of one stream or any, in order. Raises LogError, LogCorrupt."""
    found: list[tuple[int, Movement]] = [*rows.decoded("FillBooked", FillBooked, stretch, stream)]
    rare: list[tuple[int, Movement]] = []
    for kind in (FillRevised, HoldingBooked, AdjustmentBooked):
        rare += rows.decoded(kind.__name__, kind, stretch, stream)
    return sorted([*found, *rare], key=lambda item: item[0]) if rare else found


def _openings(rows: Rows, reader: LogReader, stretch: Stretch) -> list[Opening]:
    """Give the openings of the account with the broker's holdings behind them."""
    found = reader.rows(
        "SELECT e.seq, CAST(e.payload AS BLOB), f.type, CAST(f.payload AS BLOB) FROM events e"
        f" LEFT JOIN events f ON f.seq = e.causation_seq WHERE e.type = 'AccountOpened' AND e.{RARE}"
        " AND e.seq BETWEEN ? AND ? ORDER BY e.seq",
        (stretch.low, stretch.high),
    )
    made = []
    for seq, payload, cause, state in found:
        [opened] = rows.whole([payload], Opened)
        held = rows.whole([state], BrokerState)[0].positions if cause == "BrokerStateReceived" else None
        made.append(Opening(seq, opened, held))
    return made


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # made at run time


@cache
def _one(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
