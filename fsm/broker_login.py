"""The log-in of a broker's own program to the broker's servers, as the process beside it sees it.

OFFLINE until somebody asks for a log-in; LOGGING_IN until the program says how it went. Then the process gets READY:
which server it is, which accounts, what was missed of the day's orders (PREPARING). A server of another kind than
configured, or an account that is not there, ends in REFUSED: quotes may flow, orders never, and only another start of
the process leads out of it. LOST is the end of a line: Kiwoom's control has no reconnect that anyone trusts, so the
process is started anew, and until then a log-in is not even tried.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """How far the log-in is."""

    OFFLINE = "OFFLINE"
    LOGGING_IN = "LOGGING_IN"
    PREPARING = "PREPARING"
    READY = "READY"
    REFUSED = "REFUSED"
    LOST = "LOST"


S = State
LOGGED_IN = (S.PREPARING, S.READY, S.REFUSED)  # the line stands

LOGIN: Rows = [
    # trigger      source                             dest
    ["ask", S.OFFLINE, S.LOGGING_IN],
    ["succeed", S.LOGGING_IN, S.PREPARING],
    ["fail", [S.LOGGING_IN, S.PREPARING], S.OFFLINE],  # a code below 0, no answer in time, or what follows failed
    ["prepare", S.PREPARING, S.READY],
    ["refuse", S.PREPARING, S.REFUSED],  # another server kind, or another account
    ["lose", [S.OFFLINE, S.LOGGING_IN, *LOGGED_IN], S.LOST],
]

MACHINE = Table("broker_login", State, LOGIN, initial=S.OFFLINE, finals=[S.READY, S.REFUSED, S.LOST], theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
