"""Money and shares that came or left without a trade, and what corporate actions brought."""

from collections.abc import Iterable, Iterator

from domain.messages.holdings import AdjustmentBooked, HoldingBooked
from domain.types import Krw
from reports.model import FlowLine
from reports.reading import DayFacts

ACTIONS = {"SPLIT": "split", "CASH_DIVIDEND": "dividend"}


def flows_of(days: Iterable[DayFacts]) -> tuple[FlowLine, ...]:
    """Give them in order."""
    return tuple(line for facts in days for _, line in sorted(_of(facts), key=lambda item: item[0]))


def _of(facts: DayFacts) -> Iterator[tuple[int, FlowLine]]:
    for seq, flow in facts.flows:
        yield seq, FlowLine(flow.venue_time, "found", "", flow.amount, flow.text)
    for seq, moved in facts.moved:
        if isinstance(moved, HoldingBooked):
            kind = ACTIONS.get(moved.action, moved.action.lower())
            shares = f"{moved.quantity_before:,} to {moved.position_qty:,} shares" if moved.action == "SPLIT" else ""
            tax = f"{moved.tax:,} KRW withheld" if moved.tax else ""
            text = "; ".join(part for part in (moved.note, shares, tax) if part)
            yield seq, FlowLine(moved.venue_time, kind, moved.symbol, moved.received, text)
        elif isinstance(moved, AdjustmentBooked):
            came = moved.position_qty - moved.quantity_before
            by = f"{came:+,} shares; " if moved.symbol else ""
            amount = Krw(moved.cash - moved.cash_before)
            text = f"{by}{moved.caller}: {moved.note}"
            yield seq, FlowLine(moved.venue_time, moved.kind or "correction", moved.symbol, amount, text)
