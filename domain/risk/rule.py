"""What a rule of the risk manager is: one function and one row. A rule gives None, or why not, in words."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, NamedTuple

from domain.risk.picture import Denial, Picture, Proposal
from domain.risk_config import RiskConfig
from domain.types import Purpose, Side

NANOS_PER_MS = 1_000_000
# What every order is asked for is named once: reading a member off its Enum is a call (Python 3.11), 0.06 µs each.
BUY: Final = Side.BUY
ENTRY: Final = Purpose.ENTRY
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


class Checks:
    """Rules in their order, sorted once by whom they cover: of an order, no rule is looked at in vain.

    Codes and checks are plain pairs: a row with names takes longer to take apart than most checks take.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Sort the rules."""
        rows = tuple(rules)
        self._of_buys = _pairs(rows, {Scope.ALL, Scope.BUYS, Scope.ENTRIES})  # every buy is an entry
        self._of_sold_entries = _pairs(rows, {Scope.ALL, Scope.SELLS, Scope.ENTRIES})
        self._of_exits = _pairs(rows, {Scope.ALL, Scope.SELLS})

    def judge(self, proposal: Proposal, picture: Picture) -> Denial | None:
        """Give the first denial in the order of the rules, None when all of them pass."""
        if proposal.side is BUY:
            asked = self._of_buys
        else:
            asked = self._of_sold_entries if proposal.purpose is ENTRY else self._of_exits
        for code, check in asked:
            message = check(proposal, picture)
            if message is not None:
                return Denial(code, message)
        return None


def judge(proposal: Proposal, picture: Picture, rules: Iterable[Rule]) -> Denial | None:
    """Give the first denial in the order of rules that nobody sorted, None when all of them pass."""
    return Checks(rules).judge(proposal, picture)


def _pairs(rules: Iterable[Rule], scopes: set[Scope]) -> tuple[tuple[str, Check], ...]:
    return tuple((rule.code, rule.check) for rule in rules if rule.scope in scopes)


def percent(ppm: int) -> str:
    """Print parts per million as percent with two digits, cut."""
    return f"{ppm // 10_000}.{ppm % 10_000 // 100:02d} %"
