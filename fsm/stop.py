"""The stop of a run: entries blocked, everything open cancelled and confirmed, holdings sold if a person asks, the end.

BLOCKING lasts until the wire gate lets no entry pass, CANCELLING until a cancel of every open order was asked for,
CONFIRMING until the broker confirmed that nothing is open. With `--flatten` the gate then lets exits pass: FLATTENING
until sales were asked for, CONFIRMING_FLAT until nothing is held and nothing open. STOPPING is the end of the day's
books, STOPPED is told once.

No step waits for ever. What is not confirmed in time, whatever the reason (a broker that does not answer, a link that
is down), is given up and told: from CONFIRMING the stop goes on with what is still open. A flatten that does not come
to its end in time (no quotes, a halted stock, a link that is down) is called off: its sales are cancelled and
confirmed like everything else before, and the stop goes on without it. So does a halt: whoever halts wants nothing
sent any more. A loss limit calls nothing off: it stops entries, and there are none.

A second request adds what it asks for and takes nothing back: a flatten asked for before STOPPING is still done, a
plain stop during a flatten changes nothing. A stop belongs to its run: the next one begins RUNNING, whatever this one
left, and what is open then is resolved as after any other end.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """How far the stop has come."""

    RUNNING = "RUNNING"
    BLOCKING = "BLOCKING"
    CANCELLING = "CANCELLING"
    CONFIRMING = "CONFIRMING"
    FLATTENING = "FLATTENING"
    CONFIRMING_FLAT = "CONFIRMING_FLAT"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"


S = State
SELLING = (S.FLATTENING, S.CONFIRMING_FLAT)  # exits pass the gate

STOP: Rows = [
    # trigger      source               dest
    ["ask", S.RUNNING, S.BLOCKING],
    ["block", S.BLOCKING, S.CANCELLING],  # the gate is in force
    ["cancel", S.CANCELLING, S.CONFIRMING],  # asked for, or not to be asked for in time
    ["flatten", S.CONFIRMING, S.FLATTENING],
    ["sell", S.FLATTENING, S.CONFIRMING_FLAT],
    ["call_off", [*SELLING], S.CANCELLING],  # out of time, or halted: cancel what is on sale
    ["confirm", [S.CONFIRMING, S.CONFIRMING_FLAT], S.STOPPING],
    ["give_up", S.CONFIRMING, S.STOPPING],  # with what is open still, told
    ["end", S.STOPPING, S.STOPPED],
]

MACHINE = Table("stop", State, STOP, initial=S.RUNNING, finals=[S.RUNNING, S.STOPPED], theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
