"""Positions with their stops: cost, begin, peak, and which sale is under way. Folded by the risk manager."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class StopBook:
    """Every position that the risk manager watches."""

    def fold(self, message: Any) -> None:
        """Take one message in."""
