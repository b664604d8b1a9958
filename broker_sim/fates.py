"""Which fault strikes what: scripts first, then seeded draws. The same plan and the same number give the same fate."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from broker_sim.draws import Draws
from broker_sim.faults import Between, FaultPlan, Script
from domain.types import PPM

NANOS_PER_MS: Final = 1_000_000


class Fates:
    """Judges one thing at a time, and counts what it struck."""

    def __init__(self, plan: FaultPlan) -> None:
        """Keep the plan."""
        self.plan = plan
        self.counts: Counter[str] = Counter()  # "filled lost" -> times
        self.on_done: Callable[[str, str], None] | None = None  # hears of each fault shown
        self._scripts: dict[str, list[Script]] = {}
        for script in plan.scripts:
            self._scripts.setdefault(script.what, []).append(script)

    def strikes(self, what: str, kind: str, ppm: int, nth: int, number: object, venue_time: int) -> bool:
        """Tell whether a fault strikes; nothing is counted.

        `nth` is the place among its kind, for scripts; `number` names the draw and is never used twice.
        """
        if any(script.covers(kind, nth, venue_time) for script in self._scripts.get(what, ())):
            return True
        return ppm > 0 and Draws(self.plan.seed, what, kind, number).below(PPM) < ppm

    def scripted(self, *whats: str) -> bool:
        """Tell whether any script orders one of these."""
        return any(what in self._scripts for what in whats)

    def wait(self, what: str, span: Between, number: object) -> int:
        """Draw a wait, ns."""
        return (span.low + Draws(self.plan.seed, what, "wait", number).below(span.high - span.low + 1)) * NANOS_PER_MS

    def done(self, what: str, kind: str) -> None:
        """Count a fault that was shown, and tell of it."""
        self.counts[f"{kind} {what}"] += 1
        if self.on_done is not None:
            self.on_done(kind, what)
