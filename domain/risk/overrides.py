"""Which checks a person may override, one by one and with a note, and how an order is judged that names some.

What may be overridden is house policy: sizes, prices near the mark, pace, time, flags, and what is not to be touched. A
person may know better there, and the log says who and why. What may not:

    GATE, CONNECTION, SYMBOL_HALTED    the state of the house: nobody knows what is held or open; people have commands
    INSTRUMENT, TICK, PRICE_LIMIT,     the venue refuses what breaks them
    STOP_PRICE, SESSION_KIND, QUANTITY
    DATA_AGE                           no price is known that the other checks could be judged at
    TWIN, UNRESOLVED_TWIN              the order may be on the market already: resolve it first
    CASH, SELLABLE                     the broker refuses what is not there
    DAILY_LOSS, REDUCING               limits on losses are lifted with `hantrade resume`, for every order
    CONFIDENCE, SIGNAL_AGE,            strategies alone are asked: there is nothing to override
    MANUAL_MODE, RE_ENTRY

Of DUPLICATE the window may be overridden, not that open sells bind the shares.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from domain.risk.picture import Denial, Picture, Proposal
from domain.risk.rule import Rule

OVERRIDABLE: Final = (
    "COLLAR",
    "COLLAR_TICKS",
    "MAX_QUANTITY",
    "ORDER_VALUE",
    "POSITION",
    "POSITION_KRW",
    "ADV",
    "MAX_POSITIONS",
    "SECTOR",
    "MARKET",
    "CORRELATED",
    "GROSS_EXPOSURE",
    "OPEN_ORDERS",
    "DUPLICATE",
    "ORDER_RATE",
    "ORDERS_PER_DAY",
    "CANCELS_PER_DAY",
    "TIME_OF_DAY",
    "COOL_DOWN",
    "LOSING_STREAK",
    "FLAGS",
    "DATA_QUALITY",
    "NEVER_SELL",
    "FOREIGN",
)


class Judged(NamedTuple):
    """What became of an order that names checks to override."""

    denial: Denial | None  # None: it passes
    overridden: tuple[str, ...]  # codes that denied it and were overridden, in the order of the rules


def refuse_overrides(proposal: Proposal) -> Denial | None:
    """Deny an order that names a check nobody may override, or names some without a note; else None."""
    if not proposal.overrides:
        return None
    wrong = [code for code in proposal.overrides if code not in OVERRIDABLE]
    if wrong or not proposal.by_hand:
        who = ", ".join(wrong) if wrong else "a check of a strategy's order"
        text = f"{who} cannot be overridden; a person may override {', '.join(OVERRIDABLE)}, with a note"
        return Denial("OVERRIDE", text)
    if not proposal.note.strip():
        what = ", ".join(proposal.overrides)
        return Denial("OVERRIDE", f"overriding {what} needs a note that says why: the log keeps it")
    return None


def judge_by_hand(proposal: Proposal, picture: Picture, rules: Iterable[Rule]) -> Judged:
    """Give the first denial a person did not override, and what was overridden on the way to it."""
    refused = refuse_overrides(proposal)
    if refused is not None:
        return Judged(refused, ())
    overridden: list[str] = []
    for rule in rules:
        if not rule.scope.covers(proposal):
            continue
        message = rule.check(proposal, picture)
        if message is None:
            continue
        if rule.code in proposal.overrides:
            message = _left(rule, proposal, picture)
        if message is not None:
            return Judged(Denial(rule.code, message), tuple(overridden))
        overridden.append(rule.code)
    return Judged(None, tuple(overridden))


def _left(rule: Rule, proposal: Proposal, picture: Picture) -> str | None:
    """Give what of an overridden rule still denies: the shares open sells bind, whatever the window."""
    return rule.check(proposal, replace(picture, last_same_at=None)) if rule.code == "DUPLICATE" else None
