"""Orders in trouble, holdings and books that differ, in plain words."""

from typing import Any

from actors.roles.notices import Notice, Said, few
from domain.messages.holdings import HoldingBooked
from domain.messages.link import ExternalOrderSeen, ReconcileReported, SymbolHalted, SymbolReleased
from domain.messages.orders import OrderStateChanged
from domain.messages.risk import HoldingsLeft
from domain.time import kst_date
from domain.types import Severity


def order(change: OrderStateChanged, said: Said) -> Notice | None:
    """Say what is wrong with an order of ours."""
    status, topic = str(change.to_status), f"order/{change.client_order_id}"
    name = said.name(change.symbol)
    what = f"Order {change.client_order_id} ({change.side.value} {change.quantity:,} {name})"
    if change.to_status == change.from_status:
        return None
    if status.startswith("UNKNOWN"):
        body = f"{what} is {status}: whether the broker has it is not known; it is not sent again. {change.reason}"
        return Severity.ALERT, topic, body.rstrip()
    if status == "QUARANTINED":
        body = f"{what} is QUARANTINED: the evidence fits more than one order, a person must decide. {change.reason}"
        return Severity.ALERT, topic, body.rstrip()
    if status == "REJECTED":
        return Severity.WARNING, topic, f"{what} was rejected: {change.reason}"
    return None


def action(booked: HoldingBooked, said: Said) -> Notice:
    """Say what a corporate action did."""
    name = said.name(booked.symbol)
    if booked.action == "CASH_DIVIDEND":
        withheld = f", {booked.tax:,} KRW tax withheld" if booked.tax else ", no tax withheld"
        body = f"Dividend of {name}, {booked.note}: {booked.received:,} KRW came in{withheld}"
    else:
        paid = f", {booked.received:,} KRW came in" if booked.received else ""
        shares = f"{booked.quantity_before:,} shares are {booked.position_qty:,}"
        body = f"Split of {name}, {booked.note}: {shares}{paid}"
    return Severity.INFO, f"holding/{booked.symbol}", f"{body} on {kst_date(booked.venue_time)}."


def left(told: HoldingsLeft, said: Said) -> Notice | None:
    """Say what a stop does not sell."""
    if not told.holdings:
        return None
    parts = (f"{item.quantity:,} shares of {said.name(item.symbol)} ({item.reason})" for item in told.holdings)
    return Severity.WARNING, "stop/unsold", f"The stop sells what is held, but not {few(tuple(parts))}."


def books(message: Any, said: Said) -> Notice | None:
    """Say where our books and the broker's differ, and what in the account is not ours."""
    match message:
        case ReconcileReported(kind=kind) if kind != "dry_run":  # who asked for a dry run reads its answer
            return _reconcile(message, said)
        case SymbolHalted(symbol=symbol, reason=reason):
            text = f"No new orders in {said.listed((symbol,))} until books agree: {reason}."
            return Severity.ALERT, f"halted/{symbol}", text
        case SymbolReleased(symbol=symbol, reason=reason):
            return Severity.INFO, f"halted/{symbol}", f"Orders in {said.listed((symbol,))} pass again: {reason}."
        case ExternalOrderSeen(venue_order_id=number, symbol=symbol, side=side, leaves_qty=leaves) if leaves:
            what = f"{side.value} {message.quantity:,} {said.listed((symbol,))}"
            text = f"Order {number} ({what}) is not ours; it counts in exposure and is not touched."
            return Severity.WARNING, f"external/{number}", text
    return None


def _reconcile(report: ReconcileReported, said: Said) -> Notice | None:
    if not report.agreed:
        return Severity.ALERT, "reconcile", f"Our books and the broker's differ: {few(report.differences)}."
    if report.unknown_orders:
        body = f"Books agree, but the fate of {report.unknown_orders} orders is not known."
        return Severity.WARNING, "reconcile", body
    if "reconcile" in said.last:  # good news only after bad
        return Severity.INFO, "reconcile", "Our books and the broker's agree."
    return None
