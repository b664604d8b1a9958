"""What each record of an order's story says, in words: one label and one text per type of message."""

from collections.abc import Callable
from typing import Any

from cli.names import labelled
from cli.why_signal import attention, price, quote, score, signal
from domain.messages import Message
from domain.messages.holdings import FillRevised, HoldingBooked
from domain.messages.link import ConnectionChanged, OrderEvidence
from domain.messages.market import AttentionMeasured, QuotesJudged
from domain.messages.operator import (
    CommandAnswered,
    FlattenRequested,
    HaltRequested,
    ManualCancelRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    PauseRequested,
    ReleaseRequested,
    StopRequested,
)
from domain.messages.orders import (
    CancelOrder,
    ChangeReceived,
    ChangeRefused,
    HoldingAdjusted,
    ModifyOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderSent,
    OrderStateChanged,
    RequestAnswered,
    RequestStranded,
    ResolveOrder,
    SubmitOrder,
)
from domain.messages.risk import ExitStuck, StopTriggered
from domain.messages.run import ClockTicked, RunEnded, RunStarted
from domain.messages.trading import (
    DayChanged,
    FillBooked,
    GateChanged,
    LossLimitHit,
    ModifyApproved,
    NoticeRaised,
    OrderApproved,
    OrderDenied,
    SignalFormed,
    SignalScored,
)
from domain.order_terms import terms_in_words
from domain.proved_shares import leg_of
from domain.risk.rule import NANOS_PER_MS
from domain.time import kst_text
from domain.types import OrderKind
from persistence.codec import UnknownEvent
from persistence.story import Step

_OUTCOMES = {
    "SENT": "the broker handed it to the venue",
    "REFUSED": "the broker refused it before the venue",
    "VOID": "it never reached the broker, and its id is void now",
    "IN_DOUBT": "the broker cannot tell whether it reached the venue",
}
_PERSONS = (
    ManualCancelRequested,
    ManualModifyRequested,
    ManualOrderRequested,
    HaltRequested,
    FlattenRequested,
    StopRequested,
    PauseRequested,
)


def words(step: Step) -> tuple[str, list[str]]:
    """Give a label of at most nine characters, and texts: the first beside it, the others on lines of their own."""
    message = step.message
    if isinstance(message, UnknownEvent):
        payload = message.payload.decode("utf-8", "replace")
        return message.type[:9], [f"{message.type}, shown as it is: {message.reason}: {payload}"]
    if step.trigger is not None:
        return "quote", [quote(step.trigger)]
    label, tell = _WORDS[type(message)]
    told = tell(message)
    lines = [told] if isinstance(told, str) else told
    if isinstance(message, CancelOrder | ModifyOrder | RequestStranded | ResolveOrder):
        lines = ["; ".join(filter(None, (lines[0], because(step)))), *lines[1:]]
    elif isinstance(message, SubmitOrder):
        lines[0] += f", {(message.valid_until - step.record.recorded_at) // NANOS_PER_MS:,} ms later"
    return label, lines


def because(step: Step) -> str:
    """Tell what led to something that was decided: the person behind it, else the nearest thing that says why."""
    causes = [(record, message) for record, message in step.causes if isinstance(message, Message)]
    for record, message in causes:
        if isinstance(message, _PERSONS):
            return f"{message.caller} asked, {type(message).__name__} #{record.seq:,}"
    for record, message in causes:
        if (text := _why(message, step.message)) is not None:
            return f"{text}, #{record.seq:,}"
    return "" if not causes else f"from {type(causes[0][1]).__name__} #{causes[0][0].seq:,}"


def _why(cause: Message, effect: object) -> str | None:
    match cause:
        case LossLimitHit(limit=limit):
            return f"the limit of the {limit.replace('_', ' ')} was hit"
        case StopTriggered(rationale=rationale):
            return rationale
        case DayChanged(to_state=state, reason=reason):
            return f"the day went to {state}: {reason}"
        case GateChanged(level=level, reason=reason):
            return f"the gate went to {level}: {reason}"
        case ConnectionChanged(link=link, to_state=state, reason=reason):
            return f"the {link} link went to {state}: {reason}"
        case RunStarted(run_id=run):
            return f"run {run} began"
        case RequestStranded():
            return "its fate became unknown"
        case OrderEvidence():
            return "the broker's lists prove it"
        case QuotesJudged() if isinstance(effect, CancelOrder | ModifyOrder):
            return "it rested longer than the executor waits"
        case ClockTicked():
            return "the clock said so"
    return None


def _terms(m: Any) -> str:
    """Give price and terms of an order for people; an acceptance in an older journal tells no kind."""
    kind = m.kind or (OrderKind.MARKET if m.limit_price is None else OrderKind.LIMIT)
    return terms_in_words(kind, m.limit_price, m.time_in_force, m.venue, m.stop_price)


def _state(m: OrderStateChanged) -> str:
    moved = f"stays {m.to_status}" if m.from_status == m.to_status else f"{m.from_status} → {m.to_status}"
    return f"{moved}, {m.filled_qty:,} of {m.quantity:,} filled{f': {m.reason}' if m.reason else ''}"


def _answered(m: RequestAnswered) -> str:
    what = "the order" if str(m.request_id) == m.client_order_id else f"request {m.request_id}"
    said = " ".join(part for part in (m.code, m.text) if part)
    how = "asked again: " if m.resolved else ""
    return f"{m.outcome} for {what}: {how}{_OUTCOMES.get(m.outcome, '')}{f' ({said})' if said else ''}"


def _booked(m: FillBooked) -> str:
    realised = f"realised {m.realized_pnl:+,} KRW after costs, " if m.side == "SELL" else ""
    held = f"position {m.position_qty:,}, cost basis {m.cost_basis:,} KRW, cash {m.cash:,} KRW"
    return f"{m.notional:,} KRW, commission {m.commission:,}, tax {m.tax:,}; {realised}{held}"


def _verdict(m: OrderApproved) -> str:
    reserved = f", {m.reserved_krw:,} KRW reserved" if m.reserved_krw else ""
    over = f"; {', '.join(m.overridden)} denied it, and a person overrode that" if m.overridden else ""
    return f"approved: {m.side} {m.quantity:,} {_terms(m)}{reserved}, for {m.origin}{over}"


def _denied(m: OrderDenied) -> str:
    asked = f"{m.side} {m.quantity:,} " if m.quantity else f"{m.side} "
    return f"denied {asked}{_terms(m)} for {m.origin}: {m.reason}: {m.message}"


def _by_hand(m: ManualOrderRequested) -> str:
    note = f': "{m.note}"' if m.note else ""
    return f"{m.caller} asks: {m.side} {m.quantity:,} {labelled(m.symbol)} {_terms(m)}{note}"


def _change_by_hand(m: ManualModifyRequested) -> str:
    what = "all that is open" if m.quantity is None else f"{m.quantity:,} shares"
    return f"{m.caller} asks to move {what}{'' if m.limit_price is None else f' to {m.limit_price:,} KRW'}"


def _let_pass(m: ModifyApproved) -> str:
    new = "price kept" if m.limit_price is None else price(m.limit_price)
    return f"risk lets the change pass: {new}, {m.reserved_krw:,} KRW reserved"


def _flatten(m: FlattenRequested) -> str:
    return f"{m.caller} asks to sell out {m.symbol or 'everything'}" + (f': "{m.note}"' if m.note else "")


def _reply(m: CommandAnswered) -> str:
    return f"{'done' if m.accepted else f'refused {m.code}'}: {m.text}"


def _proved(m: OrderEvidence) -> str:
    leg = _leg(m.venue_order_id)
    request = f", request {m.request_id}" if m.request_id else ""
    match m.fact:
        case "accepted":
            told = f"{leg} is at the venue: {m.quantity:,} {price(m.limit_price)}"
        case "filled":
            told = f"{m.quantity:,} of {leg} are filled for {m.notional:,} KRW, {m.leaves_qty:,} left"
        case "cancelled":
            told = f"{m.quantity:,} of {leg} are cancelled, {m.leaves_qty:,} left{request}"
        case "expired":
            told = f"{m.quantity:,} of {leg} ended with the day"
        case "replaced":
            told = f"{m.quantity:,} of {leg} stand as {m.new_venue_order_id} {price(m.limit_price)}{request}"
        case "rejected":
            told = "the order was refused"
        case "absent":
            told = "the order is not at the broker"
        case _:
            told = f"request {m.request_id} {'took effect' if m.quantity else 'changed nothing'}"
    return f"by the broker's lists {told}" + (f"; {m.reason}" if m.reason else "")


def _revised(m: FillRevised) -> str:
    if leg_of(m.trade_id):
        return f"{m.quantity:,} of {_leg(m.venue_order_id)} are in the books the day began with: nothing is added"
    costs = m.commission + m.tax
    return (
        f"trade {m.trade_id} tells {m.quantity:,} shares that were booked from sums: {m.notional:+,} KRW, costs"
        f" {costs:+,}, realised {m.realized_pnl:+,}, cash {m.cash:,} KRW"
    )


def _leg(number: str) -> str:
    return f"venue order {number}"


_WORDS: dict[type[Message], tuple[str, Callable[[Any], str | list[str]]]] = {
    AttentionMeasured: ("attention", attention),
    SignalFormed: ("signal", signal),
    SignalScored: ("score", score),
    ManualOrderRequested: ("by hand", _by_hand),
    ManualModifyRequested: ("by hand", _change_by_hand),
    ManualCancelRequested: ("by hand", lambda m: f"{m.caller} asks to cancel it"),
    ReleaseRequested: ("by hand", lambda m: f'{m.caller} lets it out of quarantine: "{m.note}"'),
    FlattenRequested: ("flatten", _flatten),
    CommandAnswered: ("reply", _reply),
    StopTriggered: ("stop", lambda m: f"{m.rationale}; {m.quantity:,} shares of {labelled(m.symbol)} are to be sold"),
    ExitStuck: ("stuck", lambda m: f"{m.reason}: {m.text}"),
    OrderApproved: ("risk", _verdict),
    OrderDenied: ("risk", _denied),
    ModifyApproved: ("risk", _let_pass),
    SubmitOrder: (
        "intent",
        lambda m: [
            f"{m.side} {m.quantity:,} {_terms(m)}: on the disk, then released; not sent after {kst_text(m.valid_until)}"
        ],
    ),
    CancelOrder: ("cancel", lambda m: f"asks to cancel all that is left of {_leg(m.original_venue_order_id)}"),
    ModifyOrder: (
        "modify",
        lambda m: f"asks to move {m.quantity:,} of {_leg(m.original_venue_order_id)} to {m.limit_price:,} KRW",
    ),
    OrderSent: ("sent", lambda m: f"request {m.request_id} went onto the wire at {kst_text(m.sent_at)}"),
    ResolveOrder: ("resolve", lambda m: f"asks the broker what became of request {m.request_id}"),
    RequestAnswered: ("broker", _answered),
    RequestStranded: ("no answer", lambda m: f"nobody knows whether request {m.request_id} arrived: {m.reason}"),
    OrderAccepted: (
        "accepted",
        lambda m: f"{_leg(m.venue_order_id)}: {m.side} {m.quantity:,} {_terms(m)}",
    ),
    OrderRejected: ("rejected", lambda m: f"{m.code} {m.text}".strip()),
    OrderFilled: (
        "fill",
        lambda m: (
            f"{m.last_qty:,} at {m.last_px:,} KRW, trade {m.trade_id} of {_leg(m.venue_order_id)}, commission"
            f" {m.commission:,}, tax {m.tax:,}, {m.leaves_qty:,} left"
        ),
    ),
    ChangeReceived: (
        "received",
        lambda m: f"the venue has the change of {m.venue_order_id} as {m.change_venue_order_id}",
    ),
    ChangeRefused: ("refused", lambda m: f"the change of {_leg(m.venue_order_id)}: {m.code} {m.text}".rstrip()),
    OrderCancelled: (
        "cancelled",
        lambda m: (
            f"{m.cancelled_qty:,} of {_leg(m.venue_order_id)}, {m.leaves_qty:,} left"
            + ("" if m.request_id else ", by the venue itself")
        ),
    ),
    OrderReplaced: (
        "replaced",
        lambda m: (
            f"{m.moved_qty:,} of {_leg(m.venue_order_id)} stand as {m.new_venue_order_id} at {m.limit_price:,} KRW,"
            f" {m.leaves_qty:,} left behind"
        ),
    ),
    OrderExpired: ("expired", lambda m: f"{m.expired_qty:,} of {_leg(m.venue_order_id)} ended with the day"),
    HoldingAdjusted: (
        "adjusted",
        lambda m: (
            f"{m.action} of {m.symbol}, {m.note}: {m.quantity_before:,} to {m.quantity:,} shares, {m.cash:,} KRW,"
            f" tax {m.tax:,}"
        ),
    ),
    OrderEvidence: ("proved", _proved),
    OrderStateChanged: ("state", _state),
    FillBooked: ("booked", _booked),
    FillRevised: ("revised", _revised),
    HoldingBooked: (
        "booked",
        lambda m: (
            f"{m.note}: position {m.quantity_before:,} to {m.position_qty:,}, cost basis {m.cost_basis:,} KRW,"
            f" income {m.income:,} KRW, cash {m.cash:,} KRW"
        ),
    ),
    NoticeRaised: ("notice", lambda m: f"{m.severity}: {m.text}"),
    RunStarted: ("run", lambda m: f"run {m.run_id} starts (hantrade {m.version}): the story goes on behind a restart"),
    RunEnded: ("run", lambda m: f"run {m.run_id} ends: {m.reason}"),
}
