"""One instrument that is being sold out: who wants it, why, and how often it is still tried."""

from dataclasses import dataclass

from domain.types import NANOS_PER_SECOND

RETRY_NS = 5 * NANOS_PER_SECOND  # venue time between two attempts: what refuses one refuses the next at once, too
FLATTEN_ATTEMPTS = 3  # market sells per instrument and command; an order the venue keeps refusing must not loop


@dataclass(frozen=True, slots=True)
class Flatten:
    """An instrument that is sold out, because a person wants it or a stop was reached."""

    caller: str  # a person; empty when a stop of the position was reached
    note: str
    attempts: int  # left
    by_stop: bool = False  # a stop of the trader sells before it ends; it belongs to its run
    rule: str = ""  # stop of the position that was reached: stop_loss, take_profit, trailing, time
    tried_at: int = 0  # venue time of its newest sale; 0 before the first
    since: int = 0  # venue time at which it was to be sold: of its first sale, until then when it was asked for

    by_limit: str = ""  # limit of the account that halted: daily_loss, drawdown; until a person unlocks it

    @property
    def seller(self) -> str:
        """Say who sells, in words."""
        if self.rule:
            return f"its stop: {self.rule.replace('_', ' ')}"
        return "a limit of the account" if self.by_limit else "an operator"

    @property
    def origin(self) -> str:
        """Give who sells, as orders name it."""
        by_risk = self.rule or self.by_limit
        return f"risk:{by_risk}" if by_risk else f"operator:{self.caller}"
