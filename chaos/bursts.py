"""A burst of orders by hand, more than the broker lets pass, and a halt in the middle of it."""

import time
from collections.abc import Callable

from chaos.checks import Halt
from chaos.person import Person
from chaos.place import DEADLINE_S, Stuck
from chaos.watch import LogWatch
from hantrade.v1 import types_pb2

Pass = Callable[[Callable[[], bool], float], bool]  # waits for something; tells whether it came
CAUGHT_S = 15.0  # longest wait for what the halt caught to be answered


def halt_in_a_burst(person: Person, watch: LogWatch, wait: Pass, count: int) -> Halt:
    """Submit `count` orders, halt while some of them wait at the broker, and wait until every request is answered.

    The person may not act meanwhile: it lifts halts. Raises Stuck when trading is not open or no halt is confirmed.
    """
    desk = person.desk
    with person.hands:

        def opens() -> bool:
            person.resume()
            return bool(desk.gate() == types_pb2.GATE_OPEN)

        if not wait(opens, DEADLINE_S):
            raise Stuck(f"the gate does not open for a burst: {desk.trouble}")
        person.burst(count)
        if not wait(desk.halt, DEADLINE_S):
            raise Stuck(f"no halt is confirmed within {DEADLINE_S:.0f} s: {desk.trouble}")
        answered_at = time.time_ns()
        wait(lambda: not watch.look().open, CAUGHT_S)
        return Halt(answered_at, time.time_ns())
