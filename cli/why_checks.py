"""The risk checks of one order, told again: the log keeps the verdict, the values come from folding it anew."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any

from actors.core.kernel import Kernel
from actors.roles.risk_manager import RiskManager
from domain.errors import LogError
from domain.messages import Message, Stamp
from domain.messages.link import HeartbeatReceived
from domain.messages.market import IndexReceived, QuotesJudged, QuotesReceived
from domain.messages.operator import ManualOrderRequested
from domain.messages.run import ClockTicked, RoleFailed, RunStarted, StateCarried
from domain.messages.trading import OrderApproved, OrderDenied, SignalFormed
from domain.quotes import Quote
from domain.risk import STATE_RULES, Proposal
from domain.risk.measures import Measured, measure
from domain.types import PPM, UnixNanos
from persistence.codec import MessageCodec, UnknownEvent
from persistence.reader import LogReader
from persistence.record import Record
from persistence.story import Step, Story

_HEARD = frozenset(kind.__name__ for kind in (*RiskManager.HEARS, *RiskManager.SAYS, RoleFailed, StateCarried))
_FREQUENT = {kind.__name__ for kind in (QuotesJudged, ClockTicked, IndexReceived, HeartbeatReceived)}
_NAMELESS = Quote("", 0, 0, 0, 0, 0, 0, 0, 0, 0)
_BEFORE_SIZE = frozenset(rule.code for rule in STATE_RULES)


@dataclass(frozen=True, slots=True)
class Checks:
    """The rules as they stood when the order was judged: recomputed, for the log keeps the verdict only."""

    at_seq: int  # state behind this event
    measured: tuple[Measured, ...]
    problem: str  # why they cannot be told; empty when they can
    overridden: tuple[str, ...] = ()  # codes that denied it, and a person overrode that


def recompute(story: Story, reader: LogReader, codec: MessageCodec) -> Checks | None:
    """Fold the risk manager up to the verdict, let it judge again, and ask its rules for every value and limit.

    None where no rule was asked: an operator's flatten, or the verdict is not at hand. What it would say now is held
    against what it said then; where they differ nothing is claimed about the rules. Raises LogError.
    """
    verdict = story.verdict
    if verdict is None or not isinstance(verdict.message, OrderApproved | OrderDenied):
        return None
    asked = next(((r, m) for r, m in verdict.causes if isinstance(m, SignalFormed | ManualOrderRequested)), None)
    if asked is None or asked[0].seq != verdict.record.causation_seq:
        return None
    if verdict.log_id == reader.log_id:
        return _judged_again(verdict, asked, reader)
    path = next(part.path for part in story.parts if part.log_id == verdict.log_id)
    with LogReader(path, codec) as other:
        return _judged_again(verdict, asked, other)


def _judged_again(verdict: Step, asked: tuple[Record, Any], reader: LogReader) -> Checks:
    # It decided before its first word: other roles may have spoken in between.
    said = [
        record
        for record in reader.consequences(asked[0].seq)
        if record.causation_seq == asked[0].seq and record.role == RiskManager.NAME
    ]
    at_seq = min((record.seq for record in said), default=verdict.record.seq) - 1
    role = RiskManager()
    problem = _fold(role, reader, at_seq, str(getattr(verdict.message, "symbol", "")))
    if problem:
        return Checks(at_seq, (), problem)
    stamp = Stamp(asked[0].seq, UnixNanos(asked[0].recorded_at), reader.log_id)
    again: list[Message] = list(role.decide(asked[1], stamp))
    if verdict.message not in again:
        now = next((item for item in again if isinstance(item, OrderApproved | OrderDenied)), None)
        says = "nothing" if now is None else f"denies: {now.message}" if isinstance(now, OrderDenied) else "approves it"
        text = f"this version of hantrade {says}, other than recorded; the values then cannot be told"
        return Checks(at_seq, (), text)
    overridden = verdict.message.overridden if isinstance(verdict.message, OrderApproved) else ()
    return Checks(at_seq, tuple(_asked(role, verdict.message, asked[1])), "", overridden)


def _fold(role: RiskManager, reader: LogReader, last_seq: int, symbol: str) -> str:
    """Fold what the risk manager hears up to an event; give why it cannot be done.

    Nearly all of a log are quotes, and of quotes the rules need the last one of the instrument in this run, those of
    what is held beside it, and the venue's clock. So the others are left out, and these come last: what stands between
    does not look at them. Ticks, indices and heartbeats matter only by what was said because of them.
    """
    kernel = Kernel((role,), reader.log_id)
    run_began = 0
    for record in _rare(reader, last_seq):
        message = reader.decode(record)
        if isinstance(message, UnknownEvent):
            return f"event #{record.seq:,}, a {record.type}, cannot be read: {message.reason}"
        if isinstance(message, RunStarted):
            run_began = record.seq
        if isinstance(message, StateCarried):
            if role.NAME not in message.states:
                return f"event #{record.seq:,} carries no state of the {role.NAME}"
            message = replace(message, states={role.NAME: message.states[role.NAME]})
        try:
            kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), reader.log_id), record.role)
        except LogError as error:
            return str(error)
    symbols = {symbol, *role.state.positions, *(hold.symbol for hold in role.state.holds.values())}
    return _fold_quotes(kernel, reader, run_began, last_seq, symbols) or "; ".join(kernel.benched.values())


def _rare(reader: LogReader, last_seq: int) -> Iterator[Record]:
    """Give what the risk manager hears besides quotes, by the log's index of types."""
    kinds = sorted(_HEARD - _FREQUENT)
    return merge(*(reader.events(1, last_seq, type=kind, raw=False) for kind in kinds), key=lambda record: record.seq)


def _fold_quotes(kernel: Kernel, reader: LogReader, run_began: int, last_seq: int, symbols: set[str]) -> str:
    """Fold the last judged batch with a row of each instrument, and the clock of the last batch of all."""
    wanted = {symbol: f'"{symbol}"'.encode() for symbol in symbols}
    judged, folded = None, []
    for record in reader.events(run_began + 1, last_seq, reverse=True, raw=False) if wanted else ():
        if record.type == QuotesJudged.__name__:
            judged = record
        elif record.type == QuotesReceived.__name__ and judged is not None and judged.causation_seq == record.seq:
            if not any(needle in record.payload for needle in wanted.values()):
                continue
            message = reader.decode(judged)
            if isinstance(message, UnknownEvent):
                return f"event #{judged.seq:,}, a {judged.type}, cannot be read: {message.reason}"
            if isinstance(message, QuotesJudged) and (found := {row.symbol for row in message.rows} & wanted.keys()):
                folded.append((judged, message))
                wanted = {symbol: needle for symbol, needle in wanted.items() if symbol not in found}
            if not wanted:
                break
    folded.reverse()
    # The clock outlives a run, quotes do not.
    clock = next(reader.events(1, last_seq, type=QuotesJudged.__name__, reverse=True, raw=False), None)
    if clock is not None and clock.venue_time is not None:
        folded.append((clock, QuotesJudged(0, (_NAMELESS._replace(venue_time=clock.venue_time),), ())))
    for record, message in folded:
        kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), reader.log_id), record.role)
    return ""


def _asked(role: RiskManager, verdict: Any, asked: Any) -> Iterable[Measured]:
    """Give the rules asked, up to the one that denied."""
    proposal = Proposal(
        symbol=verdict.symbol,
        side=verdict.side,
        kind=verdict.kind,
        purpose=verdict.purpose,
        quantity=verdict.quantity,
        limit_price=verdict.limit_price,
        confidence_ppm=round(asked.confidence * PPM) if isinstance(asked, SignalFormed) else None,
        venue_time=verdict.venue_time,
        time_in_force=verdict.time_in_force,
        venue=verdict.venue,
        stop_price=verdict.stop_price,
        overrides=getattr(verdict, "overridden", ()),
    )
    unsized = isinstance(verdict, OrderDenied) and isinstance(asked, SignalFormed) and verdict.quantity == 0
    for item in measure(role.state, proposal):
        if isinstance(verdict, OrderDenied) and item.code == verdict.reason:
            yield item._replace(problem=verdict.message)  # also where no share was left, in the words of the sizing
            return
        if not unsized or item.code in _BEFORE_SIZE:  # rules about a quantity are asked only once there is one
            yield item
