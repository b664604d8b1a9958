"""What stopped or disturbed trading in a run, and why orders ended without a fill; read back from the log."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from broker.translate.values import timestamp
from cli.compose import codec
from cli.output import krw, kst_clock
from domain.messages import Message
from domain.messages.link import LinkFailed, LinkLost
from domain.messages.orders import CancelOrder
from domain.messages.run import InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import DayChanged, LossLimitHit, StrategyBenched
from hantrade.v1 import types_pb2
from persistence.reader import LogReader

FAILURES = (RoleFailed, LogSpaceLow, StateChecked, InputRefused)
TOLD = (LossLimitHit, DayChanged, StrategyBenched, *FAILURES, LinkLost, LinkFailed)
ENDED_UNFILLED = {
    types_pb2.ORDER_STATUS_CANCELLED: "cancelled",
    types_pb2.ORDER_STATUS_REJECTED: "rejected by the venue",
    types_pb2.ORDER_STATUS_EXPIRED: "expired",
    types_pb2.ORDER_STATUS_QUARANTINED: "quarantined",
}

CAUSES = {  # what a cancel of ours follows from
    "ClockTicked": "not filled in time",
    "QuotesJudged": "not filled in time",
    "HeartbeatReceived": "not filled in time",
    "DayChanged": "the day closed or was halted",
    "GateChanged": "the day was halted",
    "ManualCancelRequested": "cancelled by hand",
    "HaltRequested": "a halt",
    "FlattenRequested": "a person flattened",
    "StopRequested": "a stop",
}


def events_of(path: Path) -> list[tuple[str, str]]:
    """Give (clock time in KST, what happened) in order: limits hit, pauses, halts, failures. Raises LogError."""
    found: list[tuple[int, str, str]] = []
    with LogReader(path, codec()) as reader:
        for kind in TOLD:
            for record, message in reader.messages(type=kind.__name__):
                text = told(message) if isinstance(message, Message) else ""
                if text:
                    found.append((record.seq, time_of(reader, record.seq, record.venue_time), text))
    return [(clock, text) for _, clock, text in sorted(found)]


def time_of(reader: LogReader, seq: int, venue_time: int | None) -> str:
    """Give the venue's clock at an event; of what has no venue time, that of the last event before it that has one."""
    if venue_time is None:
        sql = "SELECT venue_time FROM events WHERE seq <= ? AND venue_time IS NOT NULL ORDER BY seq DESC LIMIT 1"
        rows = reader.rows(sql, (seq,))
        venue_time = rows[0][0] if rows else None
    return kst_clock(timestamp(venue_time)) if venue_time is not None else "--:--:--"


def told(message: Message) -> str:
    """Say one event in words; empty for what a report leaves out."""
    match message:
        case LossLimitHit(limit=limit, loss_krw=loss, limit_krw=allowed):
            words = limit.replace("_", " ")
            return f"{words} limit reached: {krw(loss)} KRW lost, {krw(allowed)} KRW allowed; trading is halted"
        case DayChanged(to_state="HALTED" | "PAUSED", reason=reason):
            return f"the day is {message.to_state}: {reason}"
        case DayChanged(from_state="HALTED" | "PAUSED", to_state="TRADING", reason=reason):
            return f"trading goes on: {reason}"
        case StrategyBenched(strategy=strategy, error=error):
            return f"strategy {strategy} raised and is left out: {error}"
        case RoleFailed(role_name=role, error=error):
            return f"role {role} failed: {error}"
        case LinkLost(link=link, reason=reason) | LinkFailed(link=link, reason=reason):
            return f"{link} link: {reason}"
        case LogSpaceLow(error=error):
            return f"no space for the log: {error}"
        case StateChecked(agreed=False, differences=differences):
            return f"the snapshot differs from the log: {'; '.join(differences)}"
        case InputRefused(source=source, type=kind, error=error):
            return f"{kind} from {source} was refused: {error}"
    return ""


def unfilled(path: Path, orders: Iterable[types_pb2.Order]) -> list[tuple[str, str, int]]:
    """Give (how it ended, why, how many) of orders that ended with shares unfilled, most frequent first."""
    counted: Counter[tuple[str, str]] = Counter()
    with LogReader(path, codec()) as reader:
        for order in orders:
            ended = ENDED_UNFILLED.get(order.status)
            if ended is not None:
                part = " after a part was filled" if order.filled_qty else ""
                why = order.reason or why_cancelled(reader, order.client_order_id)
                counted[ended + part, why] += 1
    return [(*key, count) for key, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def why_cancelled(reader: LogReader, order_id: str) -> str:
    """Tell what made us cancel an order."""
    cancels = list(reader.events(type=CancelOrder.__name__, stream_prefix=f"order/{order_id}", raw=False))
    cause = reader.record(cancels[-1].causation_seq) if cancels else None
    if cause is None:
        return "the venue cancelled it"
    return CAUSES.get(cause.type, f"followed from {cause.type}")
