"""Rules that end a holding: target, stop, trailing, time, attention fading, before the close.

Each is small, frozen and exact: prices are compared in whole won, shares of them in parts per million. A rule that does
not know something (no attention, no peak yet) gives no reason to sell. Entry strategies use them for what they bought;
`exit_strategies` offers each of them as a strategy for every holding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.indicators import AGAINST, NEUTRAL, UNKNOWN
from domain.krx import ticks
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND, PPM, Krw, Purpose, Side
from strategies.base import Argument, Day, Scene

PPM_PER_PERCENT = 10_000


class Held:
    """What exit rules remember of one holding; quantity and cost are in its scene."""

    __slots__ = ("entered_at", "peak", "source", "z")

    def __init__(self) -> None:
        """Start without a holding."""
        self.entered_at = 0  # venue time of the first fill, UTC ns; 0 when nothing is held
        self.peak = 0  # KRW, highest sellable price since; 0 when none was seen
        self.z: float | None = None  # attention when it was bought; None when unknown
        self.source = UNKNOWN  # of that attention

    def begin(self, at: int, scene: Scene) -> None:
        """Take a holding at a venue time (UTC ns): its peak is what it cost."""
        self.entered_at = at
        self.peak = scene.cost_basis // scene.quantity
        self.z, self.source = attention_of(scene)

    def end(self) -> None:
        """Forget it."""
        self.entered_at = self.peak = 0
        self.z, self.source = None, UNKNOWN

    def see(self, price: int) -> None:
        """Take a sellable price, KRW."""
        self.peak = max(self.peak, price)


class Rule(Protocol):
    """One reason to end a holding."""

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say why to sell at `price` (KRW) and venue time `now` (UTC ns); empty when there is no reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """Take a gain."""

    ppm: int  # of the cost

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so when the holding is worth so much more than its cost, or more."""
        reached = price * scene.quantity * PPM >= scene.cost_basis * (PPM + self.ppm)
        return f"target: {price} is {self.ppm / PPM_PER_PERCENT:g} % or more above cost" if reached else ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Cut a loss."""

    ppm: int  # of the cost

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so when the holding is worth so much less than its cost, or less."""
        reached = price * scene.quantity * PPM <= scene.cost_basis * (PPM - self.ppm)
        return f"stop: {price} is {self.ppm / PPM_PER_PERCENT:g} % or more below cost" if reached else ""


@dataclass(frozen=True, slots=True)
class Trailing:
    """Keep a gain: sell when the price falls from its peak."""

    ppm: int  # of the peak

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so when the price is so far below the peak since the holding began, or further."""
        reached = price * PPM <= held.peak * (PPM - self.ppm)
        share = self.ppm / PPM_PER_PERCENT
        return f"trailing: {price} is {share:g} % or more below the peak {held.peak}" if reached else ""


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Hold no longer than what was claimed."""

    seconds: int  # venue time, nights included

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so when the time since the first fill has passed."""
        reached = now >= held.entered_at + self.seconds * NANOS_PER_SECOND
        return f"time: held for {self.seconds} s" if reached else ""


@dataclass(frozen=True, slots=True)
class AttentionFading:
    """Leave when people stop searching.

    It compares like with like: attention from another source than at the entry, contradicted or unknown attention is
    no fading.
    """

    high: float  # robust z at the entry from which on attention can fade
    share: float  # of that z; below it attention has faded

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so when attention was high at the entry and the newest is below the share of it."""
        z, source = attention_of(scene)
        if z is None or held.z is None or held.z < self.high or source != held.source or z >= held.z * self.share:
            return ""
        return f"attention: z fell from {held.z:+.2f} at the entry to {z:+.2f}, below {self.share:.0%} of it"


@dataclass(frozen=True, slots=True)
class BeforeClose:
    """Hold nothing over the closing auction and the night."""

    seconds: int  # before the closing auction begins, venue time

    def reason(self, held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
        """Say so from that moment on."""
        reached = now >= day.close_auction_time - self.seconds * NANOS_PER_SECOND
        return "close: flat before the closing auction" if reached else ""


def first_reason(rules: Iterable[Rule], held: Held, price: int, now: int, day: Day, scene: Scene) -> str:
    """Give the reason of the first rule that has one; empty when none has."""
    for rule in rules:
        reason = rule.reason(held, price, now, day, scene)
        if reason:
            return reason
    return ""


def sellable(quote: Quote) -> int:
    """Give the price a holding can be sold at, KRW: the bid, or the last price where none is shown."""
    return quote.bid_price or quote.price


def sale(quote: Quote, held: Held, scene: Scene, day: Day, reason: str, claim_s: int, regime: str = "") -> Argument:
    """Argue for selling the whole holding at what it can be sold at, rounded down to a tick.

    `claim_s` is the horizon the exit claims for: holding on for so many venue seconds would not have been better.
    0 claims nothing.
    """
    price = sellable(quote)
    limit = ticks.round_down(price, scene.instrument.market, day.trading_date)
    gain = price * scene.quantity / scene.cost_basis - 1 if scene.cost_basis else 0.0
    inputs = [SignalInput("gain", gain, AGAINST), SignalInput("peak", float(held.peak), NEUTRAL)]
    source = UNKNOWN  # an exit that used no attention does not claim to have used any
    if reason.startswith("attention"):
        z, source = attention_of(scene)
        inputs.append(SignalInput("attention", z, AGAINST))
    return Argument(
        symbol=quote.symbol,
        side=Side.SELL,
        purpose=Purpose.EXIT,
        strength=1.0,
        confidence=1.0,
        horizon_s=claim_s,
        limit_price=Krw(limit),
        attention=source,
        inputs=tuple(inputs),
        rationale=reason,
        regime=regime,
    )


def attention_of(scene: Scene) -> tuple[float | None, str]:
    """Give the robust z of attention and its source; None and unknown when it is unknown or sources contradict."""
    measured = scene.attention
    if measured is None or measured.z is None or measured.quality != "ok":
        return None, UNKNOWN
    return measured.z, measured.source
