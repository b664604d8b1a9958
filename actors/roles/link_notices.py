"""Links, sources of quotes and instruments in plain words."""

from typing import Any

from actors.roles.notices import Notice, Said, few
from domain.messages.link import (
    ConnectionChanged,
    InstrumentsReceived,
    OrdersRouted,
    SourceChanged,
    SourcesCompared,
    SubscriptionProved,
)
from domain.types import Severity

AWAY = "The {} link is away for the broker's maintenance"


def connection(change: ConnectionChanged, said: Said) -> Notice | None:
    """Say how a link stands."""
    link = change.link.value
    topic = f"connection/{link}"
    if change.to_state == "READY":
        return Severity.INFO, topic, f"The {link} link is ready."
    if change.to_state == "FAILED":
        return Severity.ALERT, topic, f"The {link} link failed and does not try again: {change.reason}."
    was_away = said.last.get(topic, "").startswith(AWAY.format(link))
    if change.to_state != "BACKING_OFF" or not (was_away or change.from_state in ("READY", "DEGRADED")):
        return None
    if change.planned:
        return Severity.INFO, topic, f"{AWAY.format(link)}: {change.reason}."
    if was_away:
        text = f"The {link} link is not back after the broker's maintenance and tries again: {change.reason}."
        return Severity.WARNING, topic, text
    return Severity.WARNING, topic, f"The {link} link is lost and tries again: {change.reason}."


def sources(message: Any, said: Said) -> Notice | None:
    """Say where quotes come from, where orders go, and what is proved of them."""
    match message:
        case SourceChanged(to_endpoint=to, is_backup=is_backup, reason=reason):
            severity, what = (Severity.WARNING, "the backup ") if is_backup else (Severity.INFO, "")
            return severity, "sources", f"Quotes come from {what}{to} now: {reason}."
        case OrdersRouted(to_endpoint=to, reason=reason):
            name = to or "the simulator beside the trader"
            return Severity.WARNING, "orders_route", f"Orders go to {name} from now on, {reason}."
        case SubscriptionProved(proved=proved, missing=missing):
            return _proved(proved, missing, said)
        case SourcesCompared(endpoint=endpoint, contradicted=contradicted):
            if contradicted:
                text = f"{endpoint} contradicts our quotes of {said.listed(contradicted)}, twice in a row."
                return Severity.WARNING, "contradicted", text
            if "contradicted" in said.last:  # good news only after bad
                return Severity.INFO, "contradicted", "No source contradicts our quotes any more."
    return None


def _proved(proved: int, missing: tuple[tuple[str, str], ...], said: Said) -> Notice | None:
    if missing:
        named = [f"{said.name(symbol)} ({why})" for symbol, why in missing]
        text = f"No quote of {len(missing)} of {proved + len(missing)} instruments yet: {few(tuple(named))}."
        is_odd = any(why.startswith("silent") for _, why in missing)
        return (Severity.WARNING if is_odd else Severity.INFO), "subscription", text
    if "subscription" in said.last:  # good news only after bad
        return Severity.INFO, "subscription", f"All {proved} instruments send quotes."
    return None


def instruments(message: InstrumentsReceived, said: Said) -> Notice | None:
    """Say what is not known of the instruments served."""
    unlimited = [item.symbol for item in message.instruments if None in (item.lower_limit, item.upper_limit)]
    parts = []
    if unlimited:
        parts.append(f"Daily price limits are unknown for {said.listed(unlimited)}; they are not checked.")
    if message.unknown_symbols:
        parts.append(f"The broker does not know {said.listed(message.unknown_symbols)}.")
    return (Severity.WARNING, "instruments", " ".join(parts)) if parts else None
