"""Scores claims, and lets one claim a symbol stand at a time."""

from collections.abc import Callable, Iterable

from backtest.judging.claims import NO_ENTRY, REASONS, Claim, Scored
from backtest.judging.outcomes import Outcomes
from domain.types import Side

OutcomesOf = Callable[[int, Side], Outcomes]  # by horizon and side


def score(claims: Iterable[Claim], outcomes_of: OutcomesOf) -> list[Scored]:
    """Give what came of each claim."""
    scored = []
    for claim in claims:
        made, where = outcomes_of(claim.horizon, claim.side), (claim.at, claim.column)
        reason = REASONS[made.reason[where]]
        gross, cost = (int(made.gross_ppm[where]), int(made.cost_ppm[where])) if not reason else (0, 0)
        scored.append(Scored(claim, int(made.due[where]), reason, gross, cost))
    return scored


def one_at_a_time(scored: Iterable[Scored]) -> tuple[list[Scored], int]:
    """Leave out claims made while an earlier one of the symbol was open; give the rest and how many those were.

    A claim that could not be entered never was open.
    """
    kept, open_until, overlapping = [], dict[int, int](), 0
    for one in sorted(scored, key=lambda item: (item.claim.at, item.claim.column)):
        if one.claim.at <= open_until.get(one.claim.column, -1):
            overlapping += 1
            continue
        kept.append(one)
        if one.reason != NO_ENTRY:
            open_until[one.claim.column] = one.due
    return kept, overlapping
