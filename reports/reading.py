"""What the logs of an account tell of each trading date. No quote is read here but to count them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from domain.errors import HantradeError
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import ConnectionChanged, UptimeMeasured
from domain.messages.trading import BaselineScored, FillBooked, SessionPlanned, SignalScored
from domain.performance.trades import Movement
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.views import RARE
from reports.logs import LogHead, Stretch
from reports.model import QualityPart
from reports.quality import count_quality, is_countable
from reports.queries import Asked, Numbered, Rows
from reports.rows import BrokerState, Denied, Held, Mark, Opened, Rejected, Run, Sent


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
    marks: list[tuple[int, Mark]] = field(default_factory=list)
    moved: list[tuple[int, Movement]] = field(default_factory=list)
    flows: list[tuple[int, FlowBooked]] = field(default_factory=list)
    approved: list[Asked] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
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
    quality: QualityPart | None = None  # None: not counted
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
    for head in heads:
        stretches = head.within(first, last)
        if not stretches:
            continue
        try:
            with LogReader(head.path, codec) as reader:
                found = [_read(Rows(reader), reader, head, stretch) for stretch in stretches]
                for facts in found if counts else ():
                    facts.quality = count_quality(reader, facts.stretch)
                days += found
        except HantradeError as error:
            missing.append(f"{head.path.name} cannot be read whole and is left out: {error}")
    return days, tuple(missing)


def read_movements(heads: Iterable[LogHead], codec: MessageCodec) -> list[DayFacts]:
    """Read runs, openings and movements of every date of the logs, oldest first. Raises LogError, LogCorrupt."""
    days = []
    for head in heads:
        with LogReader(head.path, codec) as reader:
            rows = Rows(reader)
            for stretch in head.stretches:
                facts = DayFacts(stretch.day, head, stretch)
                facts.runs = rows.decoded("RunStarted", Run, stretch)
                facts.openings = _openings(rows, reader, stretch)
                facts.moved = movements(rows, stretch)
                days.append(facts)
    return days


def _read(rows: Rows, reader: LogReader, head: LogHead, stretch: Stretch) -> DayFacts:
    facts = DayFacts(stretch.day, head, stretch)
    facts.runs = rows.decoded("RunStarted", Run, stretch)
    facts.openings = _openings(rows, reader, stretch)
    facts.marks = rows.decoded("EquityMarked", Mark, stretch)
    facts.flows = rows.decoded("FlowBooked", FlowBooked, stretch)
    facts.moved = movements(rows, stretch)
    facts.approved = rows.asked(stretch)
    facts.sent = [one for _, one in rows.decoded("OrderSent", Sent, stretch)]
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
