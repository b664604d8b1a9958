"""The story of one order for people (at most 100 columns) and for programs (one object a step)."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any, NamedTuple

from rich.cells import cell_len

from cli.log_text import payload_of
from cli.names import labelled
from cli.why_checks import Checks
from cli.why_signal import price
from cli.why_words import words
from domain.messages.holdings import AdjustmentBooked
from domain.messages.orders import OrderAccepted, OrderFilled, OrderStateChanged, RequestAnswered, SubmitOrder
from domain.messages.trading import FillBooked, OrderApproved, OrderDenied
from domain.risk.rule import NANOS_PER_MS
from domain.time import kst_datetime, kst_full_text
from persistence.story import Step, Story

WIDTH = 100
_INDENT = " " * 12  # of what does not fit beside its sequence
_GLUE = "\u00a0"  # a blank at which no line is broken
_NANOS_PER_S = 1_000 * NANOS_PER_MS


class Order(NamedTuple):
    """What the order is, from the first record that tells it, and where it stands."""

    symbol: str
    side: str
    purpose: str
    quantity: int
    limit_price: int | None
    origin: str
    status: str  # empty when no record tells it
    filled: int


def as_lines(story: Story, checks: Checks | None) -> list[str]:
    """Tell the story for people."""
    order = _order(story)
    lines = [*_wrap("", _title(story, order), "  "), ""]
    width = max((len(f"{step.record.seq:,}") for step in story.steps), default=0) + 1
    before: Step | None = None
    for part in story.parts:
        lines += _wrap("", f"{part.path} (log {part.log_id})", "  ")
        for step in part.steps:
            if before is not None and before.record.run_id != step.record.run_id:
                lines.append(f"{'':<{width}}  run {before.record.run_id} is over, now run {step.record.run_id}")
            label, texts = words(step)
            venue = "" if (at := _venue_time(step)) is None else f" (venue{_GLUE}{_clock(at)})"
            head = f"{'#' + format(step.record.seq, ','):>{width}}  {_clock(step.record.recorded_at)}"
            head += f"  {_after(before, step):>10}  {label:<9}  "
            lines += _wrap(head, texts[0] + venue)
            lines += [line for text in texts[1:] for line in _wrap(_INDENT, text)]
            if checks is not None and step is story.verdict:
                lines += _check_lines(checks)
            before = step
    return [*lines, "", *(line for head, text in _result(story, order) for line in _wrap(f"{head:<8}", text, " " * 8))]


def as_objects(story: Story, checks: Checks | None) -> Iterator[dict[str, Any]]:
    """Tell the story for programs: an object a step, then one of the whole."""
    before: Step | None = None
    for step in story.steps:
        label, texts = words(step)
        since = _since(before, step)
        data: dict[str, Any] = {"type": step.record.type, "payload": payload_of(step.record)}
        if step.trigger is not None:
            data["row"] = step.trigger.row._asdict()
            data["verdicts"] = [asdict(verdict) for verdict in step.trigger.verdicts]
        if step is story.verdict and checks is not None:
            data["checks"] = [item._asdict() for item in checks.measured]
            data["checks_recomputed_at_seq"], data["checks_problem"] = checks.at_seq, checks.problem
        yield {
            "seq": step.record.seq,
            "step": label,
            "at": kst_datetime(step.record.recorded_at).isoformat(timespec="microseconds"),
            "recorded_at": step.record.recorded_at,
            "venue_time": _venue_time(step),
            "since_previous_ms": None if since is None else round(since / NANOS_PER_MS, 3),
            "text": "; ".join(texts),
            "log_id": step.log_id,
            "data": data,
        }
        before = step
    order = _order(story)
    yield {
        "order": story.order_id,
        **order._asdict(),
        "logs": [{"log_id": part.log_id, "path": str(part.path), "steps": len(part.steps)} for part in story.parts],
        "missing_log": story.missing_log or None,
        "runs": list(dict.fromkeys(step.record.run_id for step in story.steps)),
        "fills": sum(fill.client_order_id == story.order_id for fill in story.fills),
        "trip_orders": list(dict.fromkeys(fill.client_order_id for fill in story.fills)),
        "trip_closed": story.trip_closed,
        "trip_realized_pnl": story.realized if story.trip else None,
        "trip_income": sum(action.income for action in story.actions) if story.trip else None,
        "text": "; ".join(f"{head} {text}".strip() for head, text in _result(story, order)),
    }


# ---- head and result -----------------------------------------------------------------------------------------


def _order(story: Story) -> Order:
    first = next((s.message for s in story.steps if isinstance(s.message, OrderApproved | OrderDenied)), None)
    told = [step.message for step in story.steps if isinstance(step.message, OrderStateChanged)]
    status, filled = (told[-1].to_status, told[-1].filled_qty) if told else ("", 0)
    if first is not None:
        status = status or ("DENIED" if isinstance(first, OrderDenied) else "")
        size = (first.quantity, first.limit_price)
        return Order(first.symbol, first.side, first.purpose, *size, first.origin, status, filled)
    if told:
        size = (told[0].quantity, told[0].limit_price)
        return Order(told[0].symbol, told[0].side, told[0].purpose, *size, "", status, filled)
    fact = next((s.message for s in story.steps if isinstance(s.message, OrderAccepted)), None)
    if fact is not None:
        return Order(fact.symbol, fact.side, "", fact.quantity, fact.limit_price, "", "", 0)
    return Order("", "", "", 0, None, "", "", 0)


def _title(story: Story, order: Order) -> str:
    what = f"order {story.order_id}"
    if order.symbol:
        size = f"{order.quantity:,} " if order.quantity else ""
        by = f", {order.purpose} by {order.origin}" if order.origin else f", {order.purpose}" if order.purpose else ""
        what += f": {order.side} {size}{labelled(order.symbol)} {price(order.limit_price)}{by}"
    state = f". It is {order.status}" if order.status else ". Its state is not told"
    filled = f", {order.filled:,} of {order.quantity:,} filled" if order.quantity and order.status != "DENIED" else ""
    lost = f". Its beginning is in log {story.missing_log}, which is not in this folder" if story.missing_log else ""
    return what + state + filled + lost


def _result(story: Story, order: Order) -> Iterator[tuple[str, str]]:
    """Tell what it came to: how long the steps took, its fills, and the round trip they belong to."""
    times = _times(story)
    if times:
        yield "times", times
    own = [fill for fill in story.fills if fill.client_order_id == story.order_id]
    if not own:
        yield "result", "nothing was filled"
        return
    yield "result", _sum(own)
    others: dict[str, list[FillBooked]] = {}
    for fill in story.fills:
        if fill.client_order_id != story.order_id and fill.side != order.side:
            others.setdefault(fill.client_order_id, []).append(fill)
    for order_id, fills in others.items():
        yield "", f"{'closed by' if order.side == 'BUY' else 'closes'} {order_id}: {_sum(fills)}"
    yield "trip", _trip(story)


def _sum(fills: list[FillBooked]) -> str:
    shares, worth = sum(fill.last_qty for fill in fills), sum(fill.notional for fill in fills)
    costs = sum(fill.commission + fill.tax for fill in fills)
    verb = "bought" if fills[0].side == "BUY" else "sold"
    realised = f", realised {sum(f.realized_pnl for f in fills):+,} KRW" if fills[0].side == "SELL" else ""
    average = f"{worth / shares:,.2f}".removesuffix(".00")
    return f"{verb} {shares:,} for {worth:,} KRW ({average} each), commission and tax {costs:,} KRW{realised}"


def _trip(story: Story) -> str:
    first, last = story.moved[0], story.moved[-1]
    before = f"{story.held_before:,} shares were held before it; " if story.held_before else ""
    for action in story.actions:
        came = f", {action.income:,} KRW of income" if action.income else ""
        before += f"{action.quantity_before:,} shares became {action.position_qty:,} ({action.note}){came}; "
    for hand in (event for event in story.moved if isinstance(event, AdjustmentBooked)):
        before += f"{hand.quantity_before:,} shares became {hand.position_qty:,} (by {hand.caller}: {hand.note}); "
    realised = story.realized
    if story.trip_closed:
        span = _span(last.venue_time - first.venue_time).lstrip("+")
        return f"{before}flat after {span} of venue time with {realised:+,} KRW after all costs"
    held = f"{last.position_qty:,} shares still held at a cost basis of {story.trip[-1].cost_basis:,} KRW"
    return f"{before}{held}, {realised:+,} KRW realised so far"


def _times(story: Story) -> str:
    """Tell how long the steps on our side took, in system time, within the run that sent it."""
    at: dict[str, int] = {}
    run = ""
    for step in story.steps:
        name = _MILESTONES.get(type(step.message)) or ("quote" if step.trigger else "")
        if isinstance(step.message, SubmitOrder):
            run = step.record.run_id
        if name and (not run or run == step.record.run_id):
            at.setdefault(name, step.record.recorded_at)
    names = [name for name in ("quote", "intent", "answer", "acceptance", "first fill") if name in at]
    if "intent" not in at or len(names) < 2:
        return ""
    if at.get("quote") == at["intent"]:
        names.remove("quote")  # one input, one commit: no time in between that the log would know
    steps = pairwise(names)
    spans = [f"{a} to {b} {_span(at[b] - at[a]).lstrip('+')}" for a, b in steps]
    return ", ".join(spans) + " (system time)"


_MILESTONES: dict[type, str] = {
    SubmitOrder: "intent",
    RequestAnswered: "answer",
    OrderAccepted: "acceptance",
    OrderFilled: "first fill",
}


def _check_lines(checks: Checks) -> list[str]:
    if checks.problem:
        return _wrap(_INDENT, f"the values of the checks are not in the log and cannot be recomputed: {checks.problem}")
    legend = "; OVR: a person overrode it" if checks.overridden else ""
    lines = _wrap(_INDENT, f"checks, recomputed from the state behind #{checks.at_seq:,}: value, limit{legend}")
    codes = max((len(item.code) for item in checks.measured), default=0)
    values = max((len(item.value) for item in checks.measured), default=0)
    for item in checks.measured:
        passed = "ok " if item.problem is None else "OVR" if item.code in checks.overridden else "NO "
        text = f"{passed} {item.code:<{codes}}  {item.value:<{values}}  {item.limit}"
        lines.append((_INDENT + text).rstrip())
    return lines


# ---- times and lines -----------------------------------------------------------------------------------------


def _venue_time(step: Step) -> int | None:
    return step.trigger.row.venue_time if step.trigger is not None else step.record.venue_time


def _since(before: Step | None, step: Step) -> int | None:
    return None if before is None else step.record.recorded_at - before.record.recorded_at


def _after(before: Step | None, step: Step) -> str:
    """Tell the time since the step before; the log knows that of inputs only, what follows from one shares its time."""
    since = _since(before, step)
    return "same input" if since == 0 and step.record.causation_seq else _span(since)


def _clock(nanos: int) -> str:
    return f"{kst_full_text(nanos)[11:]}.{nanos // NANOS_PER_MS % 1_000:03d}"


def _span(nanos: int | None) -> str:
    """Give a span with its sign, in the unit that suits it."""
    if nanos is None:
        return ""
    if abs(nanos) < _NANOS_PER_S:
        return f"{nanos / NANOS_PER_MS:+.1f} ms"
    seconds = nanos // _NANOS_PER_S
    if abs(seconds) < 60:
        return f"{nanos / _NANOS_PER_S:+.2f} s"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    if seconds < 3_600:
        return f"{sign}{seconds // 60} min {seconds % 60} s"
    return f"{sign}{seconds // 3_600} h {seconds // 60 % 60} min"


def _wrap(head: str, text: str, indent: str = _INDENT) -> list[str]:
    """Break a text behind a head into lines; Korean letters take two columns."""
    lines, line, words_on_it = [], head, 0
    for word in text.replace("\n", " ").split(" "):
        glued = f" {word}" if words_on_it else word
        if words_on_it and cell_len(line + glued) > WIDTH:
            lines.append(line.rstrip())
            line, glued, words_on_it = indent, word, 0
        line, words_on_it = line + glued, words_on_it + 1
    return [found.replace(_GLUE, " ") for found in (*lines, line.rstrip())]
