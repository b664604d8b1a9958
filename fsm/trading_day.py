"""The trading day: when new orders may be made at all.

A day is planned (PREFLIGHT: links, data, books), waits for the open (ARMED), trades, and ends through CLOSING, where
everything open is cancelled or given up on, and REPORTING. New entries are made in TRADING only. PAUSED is a person's
or the system's "not now"; HALTED is "not until a person has looked".

A halt outlives midnight and restarts. The state is folded from the log, so a restart in HALTED is HALTED again; and no
row leads from HALTED to a new day by itself. A halted day may still end (`close`, because orders must be cancelled and
books closed), but that lifts nothing: whoever drives the machine keeps the halt as a lock, sends `halt` again in the
next PREFLIGHT, and drops the lock only on `unlock`. `unlock` needs a person with a note and leads to PAUSED, never
straight to TRADING.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where the day stands."""

    CLOSED = "CLOSED"
    PREFLIGHT = "PREFLIGHT"
    ARMED = "ARMED"
    TRADING = "TRADING"
    PAUSED = "PAUSED"
    HALTED = "HALTED"
    CLOSING = "CLOSING"
    REPORTING = "REPORTING"


S = State
RUNNING = [S.ARMED, S.TRADING, S.PAUSED]

TRADING_DAY: Rows = [
    # trigger         source                                  dest
    ["start_day", S.CLOSED, S.PREFLIGHT],
    ["preflight_ok", S.PREFLIGHT, S.ARMED],
    ["open", S.ARMED, S.TRADING],
    ["pause", [S.ARMED, S.TRADING], S.PAUSED],
    ["resume", S.PAUSED, S.TRADING],
    ["halt", [S.PREFLIGHT, *RUNNING, S.CLOSING], S.HALTED],  # CLOSING: a loss limit may still be hit on the way out
    ["unlock", S.HALTED, S.PAUSED],  # a person, with a note
    ["disarm", RUNNING, S.PREFLIGHT],  # a new day on a running system; a link that is away is not this
    ["close", [S.PREFLIGHT, *RUNNING, S.HALTED], S.CLOSING],  # HALTED: the day ends, the lock stays
    ["report", S.CLOSING, S.REPORTING],  # nothing is open any more, or it was given up on
    ["end", S.REPORTING, S.CLOSED],
]

MACHINE = Table("trading_day", State, TRADING_DAY, initial=S.CLOSED, finals=[S.CLOSED], theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
