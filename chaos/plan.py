"""What is done when: the steps of each scenario, drawn from a seed before anything runs.

A step begins so many log events after the one before is over, or at the next request that is in flight, and a fault
lasts so many log events: the run's own progress, no clock. So a seed gives the same steps on every machine; how the
processes meet them is up to the machine.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

QUOTES, ORDERS = "quotes", "orders"
JUMPS_S = (0.5, -0.5, 2.0, -2.0, 60.0, -60.0, 3600.0, -3600.0)
LONG = 250  # log events
WIRE_FAULTS = ("drop", "refuse", "delay", "half-open-up", "half-open-down", "reset", "stall", "reorder", "throttle")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done to the processes, the wires, the clocks or the disks."""

    what: str  # kill, away, disconnect, halt, clock, disk-full, locked, or one of WIRE_FAULTS
    whom: tuple[str, ...]  # processes (trader, quotes, orders) or links (quotes, orders)
    after: int  # log events to wait for before it
    at_request: bool = False  # then wait for a request in flight as well
    early: bool = False  # do not wait until the links are READY after the step before
    holds: int = 0  # log events it lasts
    amount: float = 0.0  # delay: s; throttle: bytes/s; clock: s it jumps; locked: s it is held
    count: int = 1  # disconnect: how many, one per venue minute; halt: orders in the burst


@dataclass(frozen=True, slots=True)
class Plan:
    """One scenario."""

    name: str
    seed: str
    layout: str  # paper, one, two, spare
    speed: float  # venue seconds per second
    steps: tuple[Step, ...]
    faults: str = ""  # TOML of a broker that misbehaves
    pause_s: float = 0.05  # of the person between two bursts of orders
    orders_per_second: int = 0  # limit of the broker that takes orders: more wait their turn; 0: none waits

    @property
    def kills(self) -> int:
        """Count the kills planned."""
        return sum(len(step.whom) for step in self.steps if step.what in ("kill", "away"))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


Draw = Callable[[random.Random, str, int], Plan]


def kills(draw: random.Random, seed: str, size: int) -> Plan:
    """Kill -9 of trader and brokers at random moments, `size` processes in all."""
    layout = draw.choice(("one", "two", "two", "paper"))
    return Plan("kills", seed, layout, 30, tuple(_kills(draw, layout, size)))


def _kills(draw: random.Random, layout: str, size: int) -> list[Step]:
    targets = {
        "paper": (("trader",), ("trader",), (QUOTES,)),
        "one": (("trader",), ("trader",), (QUOTES,), ("trader", QUOTES)),
        "two": (("trader",), ("trader",), (ORDERS,), (ORDERS,), (QUOTES,), ("trader", ORDERS)),
    }[layout]
    steps: list[Step] = []
    while (left := size - sum(len(step.whom) for step in steps)) > 0:
        whom = draw.choice(targets)[:left]
        early = draw.random() < 0.25
        steps.append(Step("kill", whom, draw.randint(1, 40 if early else 150), draw.random() < 0.7, early))
    return steps


def wire_step(draw: random.Random, what: str, links: tuple[str, ...]) -> Step:
    """Draw one fault of the wires."""
    amounts = {"delay": draw.choice((0.02, 0.1, 0.4)), "throttle": draw.choice((2_000, 20_000))}
    holds = draw.randint(20, 120)
    return Step(what, links, draw.randint(1, 100), draw.random() < 0.5, False, holds, amounts.get(what, 0.0))


def wires(link: str) -> Draw:
    """Every fault of one link once, in a drawn order."""

    def drawn(draw: random.Random, seed: str, _: int) -> Plan:
        order = draw.sample(WIRE_FAULTS, len(WIRE_FAULTS))
        steps = tuple(wire_step(draw, what, (link,)) for what in order)
        return Plan(f"{link}-link", seed, draw.choice(("one", "two")), 30, steps)

    return drawn


def mixed(draw: random.Random, seed: str, size: int) -> Plan:
    """Faults of both links and kills in a drawn order."""
    links = ((QUOTES,), (ORDERS,), (ORDERS,), (QUOTES, ORDERS))
    faults = [wire_step(draw, draw.choice(WIRE_FAULTS), draw.choice(links)) for _ in range(12)]
    steps = [replace(step, early=draw.random() < 0.2) for step in faults] + _kills(draw, "two", max(2, size // 4))
    draw.shuffle(steps)
    return Plan("mixed", seed, "two", 30, tuple(steps))


def clock(draw: random.Random, seed: str, _: int) -> Plan:
    """Clocks of trader and broker that jump, with a kill of the trader whose clock may be behind its log.

    The broker's goes back to where it was: while it is more than 3 s ahead, nothing passes by design (decisions/0017).
    """
    steps: list[Step] = []
    for jump in draw.sample(JUMPS_S, len(JUMPS_S)):
        whom = draw.choice(("trader", "trader", ORDERS))
        steps.append(Step("clock", (whom,), draw.randint(5, 80), True, amount=jump))
        if whom == ORDERS:
            steps.append(Step("clock", (whom,), draw.randint(5, 80), True, amount=-jump))
    steps.insert(draw.randint(2, len(steps)), Step("kill", ("trader",), 20, True))
    return Plan("clock", seed, "two", 30, tuple(steps))


def disk(draw: random.Random, seed: str, _: int) -> Plan:
    """Disks that are full for a while: the log's, the orders broker's journal's, and both."""
    whom = [("trader",), (ORDERS,), ("trader", ORDERS)]
    draw.shuffle(whom)
    steps = [Step("disk-full", one, draw.randint(20, 120), False, False, draw.randint(20, 200)) for one in whom]
    return Plan("disk-full", seed, "two", 30, tuple(steps))


def locked(draw: random.Random, seed: str, _: int) -> Plan:
    """Files that another program holds locked, for less and for more than SQLite waits."""
    steps = [
        Step("locked", (one,), draw.randint(20, 120), True, amount=seconds)
        for one in ("trader", ORDERS)
        for seconds in (1.5, 8.0)
    ]
    draw.shuffle(steps)
    return Plan("locked", seed, "two", 30, tuple(steps))


def misbehaving(draw: random.Random, seed: str, _: int) -> Plan:
    """A broker that hears badly, on wires that break, between kills."""
    steps = [wire_step(draw, draw.choice(WIRE_FAULTS), (ORDERS,)) for _ in range(4)] + _kills(draw, "two", 4)
    draw.shuffle(steps)
    steps = [replace(step, after=step.after + LONG) for step in steps]  # so that orders meet the plan's own faults
    return Plan("misbehaving", seed, "two", 30, tuple(steps), misbehaviour(draw))


def misbehaviour(draw: random.Random) -> str:
    """Draw a plan of the simulated broker's faults. Repairs are on: what is never told cannot be booked."""
    from_minute = draw.randint(5, 15)
    return f"""
seed = {draw.randrange(1, 1_000_000)}
[messages.all]
late_ppm = {draw.randrange(50_000, 300_000)}
late_ms = [10, 800]
duplicated_ppm = {draw.randrange(50_000, 300_000)}
duplicated_ms = [0, 300]
reordered_ppm = {draw.randrange(20_000, 200_000)}
hold_ms = 300
lost_ppm = {draw.randrange(10_000, 60_000)}
[messages.accepted]
fill_before_ack_ppm = 300_000
[repair]
recover_after_ms = 1_500
doubt_ms = 500
[requests]
order_rate = 20
rejected_blank_ppm = 20_000
send_failed_ppm = 40_000
send_failed_arrives_ppm = 500_000
unanswered_ppm = 30_000
unanswered_arrives_ppm = 500_000
unanswered_ms = 1_500
slow_ppm = 100_000
slow_ms = [10, 300]
[reads]
slow_ppm = 200_000
slow_ms = [10, 200]
unanswered_ppm = 20_000
unanswered_ms = 1_000
page_failed_ppm = 20_000
page_rows = 30
[login]
failed_ppm = 200_000
[[maintenance]]
from = "09:{from_minute:02}"
until = "09:{from_minute + 2:02}"
"""


def failover(draw: random.Random, seed: str, _: int) -> Plan:
    """A source of quotes that dies and comes back while another stands in, with kills of the trader between."""
    steps = [Step("away", (QUOTES,), draw.randint(5, 80), True, False, draw.randint(20, 100)) for _ in range(2)]
    steps.insert(draw.randint(0, 2), Step("kill", ("trader",), draw.randint(5, 80), True))
    return Plan("failover", seed, "spare", 30, tuple(steps))


def paced_halt(draw: random.Random, seed: str, _: int) -> Plan:
    """Halts by hand in the middle of bursts, with a broker that lets 5 orders a second pass and keeps the rest waiting.

    The person is slow: a queue that is full all the time would only let orders expire.
    """
    steps = [Step("halt", ("trader",), draw.randint(5, 60), count=draw.randint(8, 16)) for _ in range(5)]
    return Plan("paced-halt", seed, "two", 30, tuple(steps), pause_s=1.0, orders_per_second=5)


def full_day(draw: random.Random, seed: str, _: int) -> Plan:
    """A whole simulated day, one of the links disconnected each venue minute."""
    steps = (Step("disconnect", (QUOTES, ORDERS), 1, count=390, amount=draw.randrange(2**31)),)
    return Plan("full-day", seed, "one", 80, steps)


def slice_(draw: random.Random, seed: str, size: int) -> Plan:
    """Kills, with each fault of the wires once between them: what `make test` runs."""
    steps = _kills(draw, "two", size) + [wire_step(draw, what, (ORDERS,)) for what in WIRE_FAULTS]
    draw.shuffle(steps)
    return Plan("slice", seed, "two", 30, tuple(steps))


SCENARIOS: Mapping[str, Draw] = {
    "kills": kills,
    "orders-link": wires(ORDERS),
    "quotes-link": wires(QUOTES),
    "mixed": mixed,
    "clock": clock,
    "disk-full": disk,
    "locked": locked,
    "misbehaving": misbehaving,
    "failover": failover,
    "more-kills": kills,
    "paced-halt": paced_halt,
    "full-day": full_day,
}
ALONE: Mapping[str, Draw] = {"slice": slice_}  # run when asked for by name only


def plan_of(name: str, seed: int, turn: int, size: int) -> Plan:
    """Draw one scenario. The same arguments give the same plan."""
    origin = f"{seed}/{turn}/{name}"
    return replace(({**SCENARIOS, **ALONE})[name](random.Random(origin), origin, size), name=name)
