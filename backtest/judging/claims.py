"""What a strategy claimed, and what came of it."""

from typing import NamedTuple

from domain.types import Side

NO_ENTRY = "no price to enter at"  # halted or untraded where the claim could have been taken up
NO_EXIT = "no price to leave at"  # halted, untraded or delisted at the horizon
NOT_DUE = "the horizon ends after the data"
BROKEN = "prices leap beyond the daily limit: a corporate action, or the end of a long halt"
REASONS = ("", NO_ENTRY, NO_EXIT, NOT_DUE, BROKEN)  # a grid of outcomes holds the index


class Claim(NamedTuple):
    """An entry a strategy argued for, to be held to its horizon."""

    at: int  # index of the session at whose open it was made, or of the slot of a minute
    column: int  # index of the symbol
    side: Side
    horizon: int  # sessions after that of the entry, to whose close it holds; of minutes: seconds
    confidence: float  # 0 to 1
    regime: str  # calm, normal, wild, unknown


class Scored(NamedTuple):
    """A claim and what it would have brought, ppm of the entry price."""

    claim: Claim
    due: int  # index of the session or slot at which it ends, should it have a price or not
    reason: str  # why it has no score; empty: it has one
    gross_ppm: int  # in the direction of the claim, rounded toward minus infinity
    cost_ppm: int  # commissions, tax and one tick of spread

    @property
    def won(self) -> bool:
        """Tell whether it earned more than its costs."""
        return self.gross_ppm > self.cost_ppm
