"""The Windows broker's host as its parent sees it: a process that may be ended and started at any time.

STARTING lasts until the host serves and Kiwoom has logged it in, whatever it does on the way: a host that is never
logged in is started anew like one that hangs. UP is left when it fails (RESTARTING: the old process is being ended), by
its own end (the next is due at once or later: BACKING_OFF) and for the daily rest around Kiwoom's maintenance (RESTING:
nothing runs, nothing is expected to). Nothing is repaired inside a host, so every way leads through a new process.

There is no failed state: a host that ends again and again is told to a person and tried ever more slowly, because what
Kiwoom's servers refuse at night they may grant in the morning. Only a configuration that cannot work stops for good.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where the host stands."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    UP = "UP"
    RESTARTING = "RESTARTING"
    BACKING_OFF = "BACKING_OFF"
    RESTING = "RESTING"


S = State

WIN_HOST: Rows = [
    # trigger    source                                           dest
    ["start", [S.STOPPED, S.BACKING_OFF, S.RESTING], S.STARTING],
    ["logged_in", S.STARTING, S.UP],
    ["end", [S.STARTING, S.UP], S.RESTARTING],  # it hangs, lost its line, grew too large: killed
    ["exited", [S.STARTING, S.UP, S.RESTARTING], S.BACKING_OFF],  # the pause may be none
    ["rest", [S.STOPPED, S.STARTING, S.UP, S.RESTARTING, S.BACKING_OFF], S.RESTING],
    ["stop", [S.STARTING, S.UP, S.RESTARTING, S.BACKING_OFF, S.RESTING], S.STOPPED],
]

MACHINE = Table("win_host", State, WIN_HOST, initial=S.STOPPED, finals=[S.STOPPED], theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
