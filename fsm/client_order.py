"""A client order: what we asked for, whatever numbers and requests the broker needed for it.

The state is a summary of three things that live beside it: quantities, legs and requests. Four rules.

1. Nothing left open ends it (`end_*`); the quantities say how. While something is open, it is not closed.
2. While it lives, what is unknown outranks what is pending, and pending outranks partial. When a request is answered
   or shares leave in another way, the state is worked out anew from what is booked (`stand_*`), never taken from
   memory.
3. No answer in time, or no link, makes what was pending unknown. Only late messages or evidence end that. No move of
   this table sends anything again.
4. Two venue orders for one intent, or a venue that contradicts a final answer, is QUARANTINED. Only an operator leads
   out (`release_*`).

After the end, facts are still booked: a late fill alerts and the state stays.
"""

from enum import StrEnum

from fsm.machine import Rows, Table


class State(StrEnum):
    """Where a client order stands. Names as in the proto enum OrderStatus."""

    NEW = "NEW"
    DENIED = "DENIED"
    PENDING_SUBMIT = "PENDING_SUBMIT"
    SUBMITTED = "SUBMITTED"
    WORKING = "WORKING"
    PARTIAL = "PARTIAL"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    UNKNOWN_SUBMIT = "UNKNOWN_SUBMIT"
    UNKNOWN_CANCEL = "UNKNOWN_CANCEL"
    UNKNOWN_REPLACE = "UNKNOWN_REPLACE"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    QUARANTINED = "QUARANTINED"


S = State
SUBMITTING = (S.PENDING_SUBMIT, S.SUBMITTED, S.UNKNOWN_SUBMIT)  # no sign of the venue yet
CHANGING = (S.PENDING_CANCEL, S.PENDING_REPLACE, S.UNKNOWN_CANCEL, S.UNKNOWN_REPLACE)
STANDING = (S.WORKING, S.PARTIAL, *CHANGING)  # known to the venue, shares open
ALIVE = (*SUBMITTING, *STANDING)
UNKNOWN = (S.UNKNOWN_SUBMIT, S.UNKNOWN_CANCEL, S.UNKNOWN_REPLACE)
ENDED = (S.FILLED, S.CANCELLED, S.EXPIRED)  # ended by quantities
CLOSED = (S.DENIED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)

CLIENT_ORDER: Rows = [
    # trigger          source                                     dest
    ["deny", S.NEW, S.DENIED],
    ["submit", S.NEW, S.PENDING_SUBMIT],
    # the answer to a submit
    ["sent", [S.PENDING_SUBMIT, S.UNKNOWN_SUBMIT], S.SUBMITTED],  # UNKNOWN: the journal has it, events tell the rest
    ["accept", SUBMITTING, S.WORKING],
    ["accept", S.WORKING, S.WORKING],  # a change was heard before the acceptance
    ["accept", S.PARTIAL, S.PARTIAL],  # the fill outran the acceptance
    *[["accept", state, state] for state in CHANGING],  # we asked for a change as soon as we knew the number
    ["reject", [*SUBMITTING, S.WORKING], S.REJECTED],  # WORKING: Kiwoom may refuse (거부) after it received (접수)
    ["reject", CHANGING, S.REJECTED],  # nothing filled, a change on its way: it ends with the order
    # fills that leave something open
    ["fill_part", [*SUBMITTING, S.WORKING, S.PARTIAL], S.PARTIAL],  # SUBMITTING: the fill outran the acceptance
    *[["fill_part", state, state] for state in CHANGING],  # still waiting for the answer
    # asking for changes
    ["ask_cancel", [S.WORKING, S.PARTIAL, S.PENDING_REPLACE, S.PENDING_CANCEL], S.PENDING_CANCEL],
    ["ask_cancel", S.UNKNOWN_REPLACE, S.UNKNOWN_REPLACE],  # the cancel goes out; what is unknown stays so
    ["ask_cancel", S.UNKNOWN_CANCEL, S.UNKNOWN_CANCEL],  # of another leg, or by a person
    ["ask_cancel", S.QUARANTINED, S.QUARANTINED],  # a person cleans up
    ["ask_replace", [S.WORKING, S.PARTIAL, S.PENDING_REPLACE], S.PENDING_REPLACE],
    # no answer
    ["in_doubt", SUBMITTING, S.UNKNOWN_SUBMIT],  # the broker's side cannot tell either
    ["timed_out", [S.PENDING_SUBMIT, S.SUBMITTED], S.UNKNOWN_SUBMIT],
    ["timed_out", S.PENDING_CANCEL, S.UNKNOWN_CANCEL],
    ["timed_out", S.PENDING_REPLACE, S.UNKNOWN_REPLACE],
    ["link_lost", [S.PENDING_SUBMIT, S.SUBMITTED], S.UNKNOWN_SUBMIT],
    ["link_lost", S.PENDING_CANCEL, S.UNKNOWN_CANCEL],
    ["link_lost", S.PENDING_REPLACE, S.UNKNOWN_REPLACE],
    # a request was answered or lost, or shares went another way than by a fill: what stands now, by the books
    *[[f"stand_{state.lower()}", ALIVE, state] for state in STANDING],
    # nothing is open any more
    *[[f"end_{state.lower()}", ALIVE, state] for state in ENDED],
    # news that moves nothing
    *[["late_fill", state, state] for state in ENDED],  # booked and alerted
    *[["note", state, state] for state in (*CLOSED, S.QUARANTINED)],  # booked
    # only a person can help
    ["two_matches", [*ALIVE, *ENDED, S.REJECTED], S.QUARANTINED],  # ENDED: the second one shows itself late
    ["contradict", [S.NEW, *ALIVE, *CLOSED], S.QUARANTINED],  # the venue acts on what was never sent, void or refused
    *[[f"release_{state.lower()}", S.QUARANTINED, state] for state in (S.UNKNOWN_SUBMIT, *STANDING, *ENDED)],
]
MACHINE = Table("client_order", State, CLIENT_ORDER, initial=S.NEW, finals=CLOSED, theory=__doc__)


def next_state(state: State, trigger: str) -> State:
    """Look one move up in the table. Raises MachineError when it is not there."""
    return MACHINE.next_state(state, trigger)
