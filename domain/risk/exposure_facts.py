"""What limits on concentration need beside holdings: volumes, and returns that move together."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class ExposureFacts:
    """Average volumes and correlations, from daily bars before the trading date."""

    def fold(self, message: Any) -> None:
        """Take one message in."""
