"""A connection: one link to a broker, from hanging up to trading over it.

Orders go out only in READY, which is reached only through RECONCILING: what happened while the link was away is known
before anything new is asked. A lost link or failed attempt backs off and tries again for ever; what trying again
cannot mend (the wrong kind of server) is FAILED and waits for a person, or for another broker to be dialled: quotes
have sources to fall back on, orders are sent another way by an operator. DEGRADED is an open link that has gone quiet
while it should talk: exits and cancels may use it, entries may not.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where a link stands."""

    DISCONNECTED = "DISCONNECTED"
    CONNECTING = "CONNECTING"
    LOGGING_IN = "LOGGING_IN"
    RECONCILING = "RECONCILING"
    READY = "READY"
    DEGRADED = "DEGRADED"
    BACKING_OFF = "BACKING_OFF"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


S = State
UP = [S.READY, S.DEGRADED]
TRYING = [S.CONNECTING, S.LOGGING_IN, S.RECONCILING]
ENDED = [S.FAILED, S.STOPPED]  # left only by a person or a new run

CONNECTION: Rows = [
    # trigger            source                                dest
    ["connect", S.DISCONNECTED, S.CONNECTING],
    ["opened", S.CONNECTING, S.LOGGING_IN],
    ["opened_logged_in", S.CONNECTING, S.RECONCILING],  # the broker kept its own session with the venue
    ["logged_in", S.LOGGING_IN, S.RECONCILING],
    ["reconciled", S.RECONCILING, S.READY],
    ["attempt_failed", TRYING, S.BACKING_OFF],
    ["lost", [S.LOGGING_IN, S.RECONCILING, *UP], S.BACKING_OFF],
    ["mute", S.READY, S.DEGRADED],
    ["heard", S.DEGRADED, S.READY],
    ["resync", UP, S.RECONCILING],  # a gap was seen or a person asked: never guess what was missed
    ["retry", S.BACKING_OFF, S.CONNECTING],
    ["redirect", [*TRYING, *UP, S.BACKING_OFF, S.FAILED], S.CONNECTING],  # another broker from now on
    ["give_up", [S.DISCONNECTED, *TRYING, *UP, S.BACKING_OFF], S.FAILED],
    ["stop", [S.DISCONNECTED, *TRYING, *UP, S.BACKING_OFF, S.FAILED], S.STOPPED],
    ["reset", ENDED, S.DISCONNECTED],  # by an operator or a new run
]

MACHINE = Table("connection", State, CONNECTION, initial=S.DISCONNECTED, finals=ENDED, theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
