"""What a rule of the risk manager is: one function and one row. A rule gives None, or why not, in words."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from domain.risk.picture import Denial, Picture, Proposal
from domain.risk_config import RiskConfig
from domain.types import Purpose, Side

NANOS_PER_MS = 1_000_000
Check = Callable[[Proposal, Picture], str | None]
Pair = tuple[str, str]  # value and limit in words, also where the rule passed


class Scope(Enum):
    """Which proposals a rule looks at."""

    ALL = "all"
    ENTRIES = "entries"
    BUYS = "buys"
    SELLS = "sells"

    def covers(self, proposal: Proposal) -> bool:
        """Tell whether a proposal is of this kind. A buy that calls itself an exit is an entry."""
        if self is Scope.ENTRIES:
            return proposal.purpose is Purpose.ENTRY or proposal.side is Side.BUY
        return self is Scope.ALL or (proposal.side is Side.BUY) == (self is Scope.BUYS)


class Rule(NamedTuple):
    """One row of the table."""

    code: str
    scope: Scope
    check: Check
    limit: Callable[[RiskConfig], int | str]  # in force, for people
    unit: str


def judge(proposal: Proposal, picture: Picture, rules: Iterable[Rule]) -> Denial | None:
    """Give the first denial in the order of the rules, None when all of them pass."""
    every, sided = Scope.ALL, Scope.BUYS if proposal.side is Side.BUY else Scope.SELLS
    entries = Scope.ENTRIES if Scope.ENTRIES.covers(proposal) else every
    for code, scope, check, _, _ in rules:  # a thousand times a second: no call to ask who is covered
        if scope is every or scope is sided or scope is entries:
            message = check(proposal, picture)
            if message is not None:
                return Denial(code, message)
    return None


def percent(ppm: int) -> str:
    """Print parts per million as percent with two digits, cut."""
    return f"{ppm // 10_000}.{ppm % 10_000 // 100:02d} %"
