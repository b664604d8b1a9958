"""Every message that goes through the core. Inputs come from edges, events are said by roles, effects go to edges."""

from domain.messages import holdings, link, market, operator, orders, risk, run, trading
from domain.messages.base import MESSAGES, Message, Stamp, message

__all__ = [
    "MESSAGES",
    "Message",
    "Stamp",
    "holdings",
    "link",
    "market",
    "message",
    "operator",
    "orders",
    "risk",
    "run",
    "trading",
]
