"""A leg: one order number of the broker, under which shares of a client order stand.

A client order begins with one leg. A confirmed modify moves shares to a leg with a new number: all of them, and the
old leg is dead; or a part, and two legs are live. A leg is EXPECTED once its number is known but nothing has happened
under it, LIVE from the first fact about it, and DEAD when all its shares went somewhere; the reason says where. Facts
come in any order, so the number may be heard first in a fill.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where a leg stands."""

    EXPECTED = "EXPECTED"
    LIVE = "LIVE"
    DEAD = "DEAD"


class DeadReason(StrEnum):
    """Where the last shares of a dead leg went. NONE while it is not dead."""

    NONE = ""
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    NEVER_LIVED = "NEVER_LIVED"  # its modify was refused, or the order ended before it


S = State

LEG: Rows = [
    # trigger    source                  dest
    ["appear", [S.EXPECTED, S.LIVE], S.LIVE],  # acceptance, or a fact that outran it
    ["appear", S.DEAD, S.LIVE],  # given up as never born, and the venue says it lives: believe the venue
    ["end", [S.EXPECTED, S.LIVE, S.DEAD], S.DEAD],  # DEAD: a late fact about a dead leg changes nothing
]

MACHINE = Table("leg", State, LEG, initial=S.EXPECTED, finals=[S.DEAD], theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
