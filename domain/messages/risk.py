"""What the risk manager says about the account and about positions: stops, limits, what reduces trading."""

from dataclasses import dataclass
from typing import ClassVar

from domain.messages.base import Message, message
from domain.risk_config import StopTerms
from domain.types import Krw, UnixNanos


@message
class StopTriggered(Message):
    """A position reached one of its stops. What is open of it is cancelled, then all of it that is ours is sold."""

    STREAM: ClassVar[str] = "risk/{symbol}"
    symbol: str
    rule: str  # stop_loss, take_profit, trailing, time
    quantity: int  # shares to be sold
    price: Krw  # sellable price that did it
    level: Krw | None  # price of the stop; None for time
    gap: Krw  # won per share by which the price is beyond the level: more than a tick or two is a gap
    cost_basis: Krw  # of the position
    rationale: str  # in words
    venue_time: UnixNanos


@message
class ExitStuck(Message):
    """A sale of a stop or of a flatten does not get done. Told once; it is not sent again and again."""

    STREAM: ClassVar[str] = "risk/{symbol}"
    symbol: str
    reason: str  # LIMIT_LOCK, NOT_FILLED, ATTEMPTS, HALTED
    text: str  # in words, with what a person can do
    quantity: int  # shares not sold
    since: UnixNanos  # venue time at which it was to be sold
    venue_time: UnixNanos


@dataclass(frozen=True, slots=True)
class Unsold:
    """Shares that stay in the account although all was to be sold."""

    symbol: str
    quantity: int  # shares
    reason: str  # in words


@message
class HoldingsLeft(Message):
    """What the sale of a stop does not touch. Told when it begins, where there is something, and when that changes."""

    STREAM: ClassVar[str] = "risk"
    holdings: tuple[Unsold, ...]  # by symbol
    venue_time: UnixNanos


@message
class StopsSet(Message):
    """A person gave a position stops of its own; they hold until it is closed."""

    STREAM: ClassVar[str] = "risk/{symbol}"
    symbol: str
    terms: StopTerms | None  # None: back to those of the settings
    caller: str
    note: str


@message
class HoldingClaimed(Message):
    """A person put shares that we did not buy under our care: they may be sold."""

    STREAM: ClassVar[str] = "risk/{symbol}"
    symbol: str
    quantity: int  # shares that are ours after it
    caller: str
    note: str


@message
class ManualModeChanged(Message):
    """A person trades alone, or lets strategies enter again. Exits and stops go on either way."""

    STREAM: ClassVar[str] = "risk"
    is_on: bool
    caller: str
    note: str


@message
class LimitLevelChanged(Message):
    """A loss came closer to a limit of the account, or went away from it."""

    STREAM: ClassVar[str] = "risk"
    limit: str  # daily_loss, drawdown
    from_level: str  # OK, WARN_<percent>, REDUCING, HALTED
    to_level: str
    loss: Krw  # below the base; gains are 0
    limit_krw: Krw  # loss that halts
    base_equity: Krw  # the day's start, or the high-water mark; money that came or went is in it
    equity: Krw  # net of what getting out would cost
    venue_time: UnixNanos


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for which only exits pass."""

    code: str  # DAILY_LOSS, DRAWDOWN, MARKET_SHOCK, CIRCUIT_BREAKER, NO_DATA, DEAD_MAN
    text: str  # value, limit and what ends it, in words
    needs_person: bool  # True: until a person resumes with a note; False: until what caused it is over


@message
class ReducingChanged(Message):
    """Only exits pass while there is a cause (REDUCING); none: entries pass as far as the day allows."""

    STREAM: ClassVar[str] = "risk"
    causes: tuple[Cause, ...]
    venue_time: UnixNanos


@message
class LimitsUnlocked(Message):
    """A person resumed with a note: causes that need one are lifted, and the high-water mark begins anew."""

    STREAM: ClassVar[str] = "risk"
    caller: str
    note: str
    venue_time: UnixNanos
