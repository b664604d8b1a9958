"""Who calls, for the code that answers the call: set by the interceptor around it."""

from contextvars import ContextVar
from dataclasses import dataclass

from broker.security.roles import Role

LONGEST_NAME = 64  # characters of a self-declared name that are kept


@dataclass(frozen=True, slots=True)
class Caller:
    """A known caller; without tokens everybody is a nameless trader, as on a machine of one's own."""

    name: str  # of the token; empty without tokens
    role: Role


ALONE = Caller("", Role.TRADER)
CALLER: ContextVar[Caller] = ContextVar("caller", default=ALONE)


def named_caller(declared: str, peer: str) -> str:
    """Give the name for the event log: the token's, what the caller calls itself behind it, the peer without both.

    What a caller says of itself is cut at 64 characters and loses what cannot be printed.
    """
    said = "".join(letter for letter in declared[:LONGEST_NAME] if letter.isprintable()).strip()
    known = CALLER.get().name
    if known:
        return f"{known} ({said})" if said and said != known else known
    return said or peer
