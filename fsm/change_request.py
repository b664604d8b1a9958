"""A change request: one cancel or one modify, with its own id and, once the venue has it, its own order number.

It is SENT when the intent is durable, RECEIVED when the venue gave it a number, and ends CONFIRMED or REFUSED. When
the answer is overdue or the link broke, its fate is UNKNOWN: nothing is sent again, and only a late message or
evidence (the broker's journal) ends that. Shares that moved outrank any receipt: a request called refused whose
effect then shows was confirmed.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where a request stands."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


S = State
OPEN = [S.SENT, S.RECEIVED, S.UNKNOWN]
CLOSED = [S.CONFIRMED, S.REFUSED]

CHANGE_REQUEST: Rows = [
    # trigger     source                   dest
    ["receipt", [S.SENT, S.UNKNOWN], S.SENT],  # UNKNOWN: the journal says it went to the venue after all
    ["receipt", S.RECEIVED, S.RECEIVED],  # the venue's number outran the broker's receipt
    ["receipt", S.CONFIRMED, S.CONFIRMED],  # so did the outcome
    ["receipt", S.REFUSED, S.REFUSED],
    ["receive", [S.SENT, S.RECEIVED, S.UNKNOWN], S.RECEIVED],
    ["receive", S.CONFIRMED, S.CONFIRMED],  # the outcome outran the number
    ["receive", S.REFUSED, S.REFUSED],
    ["confirm", [*OPEN, S.CONFIRMED], S.CONFIRMED],
    ["confirm", S.REFUSED, S.CONFIRMED],  # shares moved although a refusal was heard: the shares are right
    ["refuse", [*OPEN, S.REFUSED], S.REFUSED],
    ["refuse", S.CONFIRMED, S.CONFIRMED],  # same contradiction the other way round
    ["lose", OPEN, S.UNKNOWN],
    ["lose", S.CONFIRMED, S.CONFIRMED],  # the link broke after the outcome
    ["lose", S.REFUSED, S.REFUSED],
]

MACHINE = Table("change_request", State, CHANGE_REQUEST, initial=S.SENT, finals=CLOSED, theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
