"""How close a loss of the account is to its limit. Pure, exact to the won.

A limit is a share of the day's starting equity for the daily loss, of the high-water mark for the drawdown. It is
reached at the smallest whole loss that is not below that share. The levels before it are shares of the limit in won,
reached in the same way. REDUCING and HALTED stay until a person unlocks them, whatever the loss does.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.messages.risk import LimitLevelChanged
from domain.risk_config import AccountConfig
from domain.types import PPM, Krw, UnixNanos

DAILY_LOSS, DRAWDOWN = "daily_loss", "drawdown"
NAMES = {DAILY_LOSS: "daily loss", DRAWDOWN: "drawdown from the high-water mark"}
OK, REDUCING, HALTED = "OK", "REDUCING", "HALTED"
STICKY = (REDUCING, HALTED)
_WARN = "WARN_"
_PPM_OF_A_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Loss:
    """How one limit stands by the numbers alone."""

    name: str  # daily_loss, drawdown
    base: int  # won
    equity: int  # won, net of what getting out would cost
    ppm: int  # of `share_of`; 0: no limit
    share_of: int | None = None  # won the limit is a share of; None: the base

    @property
    def amount(self) -> Krw:
        """Give the loss; gains are 0."""
        return Krw(max(0, self.base - self.equity))

    @property
    def limit(self) -> Krw:
        """Give the smallest loss (won) that reaches the limit: the exact share, rounded up."""
        whole = self.base if self.share_of is None else self.share_of
        return Krw(max(0, -(-whole * self.ppm // PPM)))

    @property
    def is_reached(self) -> bool:
        """Tell whether the loss stands at the limit or beyond."""
        return bool(self.ppm) and 0 < self.amount >= self.limit

    def level(self, config: AccountConfig) -> str:
        """Give the highest level reached: OK, WARN_<percent>, REDUCING or HALTED."""
        if self.is_reached:
            return HALTED
        if config.reduce_ppm and self._reaches(config.reduce_ppm):
            return REDUCING
        warned = [share for share in config.warn_ppm if self._reaches(share)]
        return warn_level(max(warned)) if warned else OK

    def _reaches(self, share_ppm: int) -> bool:
        return bool(self.ppm) and 0 < self.amount * PPM >= self.limit * share_ppm


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one limit."""

    level: str = OK
    lifted: str = ""  # REDUCING or HALTED: a person let trading go on at this level; a higher one reduces again
    cause: str = ""  # why only exits pass, in words; kept while the level is REDUCING or HALTED

    @property
    def reduces(self) -> bool:
        """Tell whether only exits pass for it."""
        return self.level in STICKY and rank(self.level) > rank(self.lifted or OK)

    def next(self, measured: str) -> str:
        """Give the level to be told for one that was measured: none below what a person has to unlock."""
        return self.level if self.reduces and rank(measured) < rank(self.level) else measured

    def after(self, change: LimitLevelChanged) -> "Told":
        """Give this after a level was told."""
        level = change.to_level
        lifted = (self.lifted if rank(level) >= rank(self.lifted) else level) if self.lifted else ""
        return Told(level, lifted if level in STICKY else "", cause_text(change) if level in STICKY else "")

    def unlocked(self) -> "Told":
        """Give this after a person unlocked the limits: nothing holds the level, and this one reduces no more."""
        return Told(self.level, self.level if self.level in STICKY else "", self.cause)


def warn_level(share_ppm: int) -> str:
    """Name the level at a share of a limit, e.g. WARN_60."""
    whole, rest = divmod(share_ppm, _PPM_OF_A_PERCENT)
    return f"{_WARN}{whole}" + (f".{rest:04d}".rstrip("0") if rest else "")


def rank(level: str) -> Decimal:
    """Give the order of levels, also of those that settings do not name any more: percent of the limit."""
    if level.startswith(_WARN):
        return Decimal(level.removeprefix(_WARN))
    return {OK: Decimal(0), REDUCING: Decimal(1_000), HALTED: Decimal(1_001)}[level]


def change_of(told: Told, loss: Loss, config: AccountConfig, at: UnixNanos) -> LimitLevelChanged | None:
    """Give what is to be told of a limit; None when its level stays."""
    level = told.next(loss.level(config))
    if level == told.level:
        return None
    numbers = (loss.amount, loss.limit, Krw(loss.base), Krw(loss.equity))
    return LimitLevelChanged(loss.name, told.level, level, *numbers, at)


def cause_text(change: LimitLevelChanged) -> str:
    """Say why only exits pass: value, limit and what ends it."""
    loss, limit = f"{change.loss:,} KRW", f"the limit of {change.limit_krw:,} KRW"
    share = f" {change.loss * 100 // change.limit_krw} % of" if change.to_level == REDUCING and change.limit_krw else ""
    return f"{NAMES[change.limit]} of {loss} reached{share} {limit}, until a person resumes with a note"
