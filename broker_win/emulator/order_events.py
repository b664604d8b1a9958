"""Order events on their way out: in order, at their times, and wrong where the plan wants them wrong."""

from collections.abc import Callable
from typing import Final

from broker_sim.draws import Draws
from broker_win.emulator.parts import Emission, Emitter, TrData
from broker_win.emulator.plan import EmulatorPlan
from domain.types import PPM

_MS: Final = 1_000_000
LATE: Final = (2, 6)  # how late a late balance is, in times of the longest way of an event


class OrderEvents:
    """Sends answers, messages and chejan events. Chejan events keep their order among themselves."""

    def __init__(self, emitter: Emitter, plan: EmulatorPlan) -> None:
        """Take the way out, and the plan with its seed."""
        self._emitter = emitter
        self._plan = plan
        self._draws = Draws(plan.server.seed, "order events")
        self._chejan_due = 0  # monotonic ns, of the newest one

    def happens(self, ppm: int) -> bool:
        """Draw whether something with this share happens."""
        return ppm > 0 and self._draws.below(PPM) < ppm

    def answer(self, sent_at: int, tr: tuple[str, str, str], number: str, said: str, *, behind_chejan: bool) -> int:
        """Send the TR answer of an order (screen, rqname, trcode) with its number, blank when it was rejected.

        `said` is the message behind it. `behind_chejan`: the events sent so far and the next ones overtake it. Gives
        when the message comes (monotonic ns), 0 when nobody has to wait for it.
        """
        times = self._plan.times
        due = max(self._emitter.now, sent_at + self._draw_ms(times.order_ms))
        if behind_chejan:
            due = max(due, self._chejan_due, self._emitter.now + times.chejan_ms[1] * _MS)
            due += (times.order_ms[1] + 1) * _MS
        screen, rqname, trcode = tr
        answer = Emission(
            "OnReceiveTrData", (screen, rqname, trcode, "", "", 0, "", "", ""), TrData({"주문번호": number})
        )
        due = self._emit(answer, due)
        message = Emission("OnReceiveMsg", (screen, rqname, trcode, said))
        message_due = self._emit(message, due + self._draw_ms(times.message_ms))
        return 0 if behind_chejan else message_due

    def chejan(self, event: Emission, not_before: int = 0) -> None:
        """Send one chejan event, behind those before it and not before a time (monotonic ns)."""
        orders = self._plan.orders
        due = max(self._emitter.now + self._draw_ms(self._plan.times.chejan_ms), self._chejan_due, not_before)
        if self.happens(orders.chejan_lost_ppm):
            return
        self._chejan_due = self._emit(event, due)
        if self.happens(orders.chejan_twice_ppm):
            self._emit(event, self._chejan_due)

    def late(self, act: Callable[[], None]) -> None:
        """Do something so late that later events overtake it."""
        longest = max(1, self._plan.times.chejan_ms[1])
        self._emitter.later(longest * (LATE[0] + self._draws.below(LATE[1] - LATE[0] + 1)), act)

    def _draw_ms(self, between: tuple[int, int]) -> int:
        low, high = between
        return (low + self._draws.below(max(0, high - low) + 1)) * _MS

    def _emit(self, event: Emission, due: int) -> int:
        """Send an event at a time rounded up to what the emitter can do; give that time."""
        now = self._emitter.now
        after_ms = max(0, -((now - due) // _MS))
        self._emitter.emit(event, after_ms)
        return now + after_ms * _MS
