"""Requests that are refused before they come to the gateway, and still finally: the refusal is in the journal."""

from dataclasses import replace

from broker.journal import OrderJournal, refusal, repeated
from broker.port import Receipt
from domain.errors import RequestRefused
from domain.types import Gate

STALE_SESSION = "STALE_SESSION"


def refuse(journal: OrderJournal, request_id: str, content: str, reason: RequestRefused) -> Receipt:
    """Refuse a request for ever. An id that is known keeps its first answer."""
    with journal.exclusive():
        if journal.outcome(request_id) is not None:
            return repeated(journal, request_id, content)
        receipt = refusal(request_id, reason)
        journal.record(request_id, content, receipt)
        return replace(receipt, as_of_seq=journal.last_seq)


def gate_content(level: Gate) -> str:
    """Give the hash a gate request is known by in the journal."""
    return f"gate:{level}"


def fenced_off(allowed: str) -> RequestRefused:
    """Make the reason for a request of a session that a newer one of the same caller fenced off."""
    text = f"a newer order session of this caller is open; on this one only {allowed} passes"
    return RequestRefused(STALE_SESSION, text, field="session", value="fenced off", allowed=allowed)
