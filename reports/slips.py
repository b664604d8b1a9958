"""What fills of a period cost against the prices before them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.types import PPM

# Fills of an order against the prices before them: shares and won against the mark when its signal was formed, shares
# and won against the price when risk let it pass; 0 shares where that price is not told. A cost is positive where fills
# were worse (formula: domain/performance). A plain tuple: a year has hundreds of thousands.
Slip = tuple[int, int, int, int]


@dataclass(slots=True)
class Slips:
    """All fills of a period and of each of its orders. A value is won of the shares at the price before."""

    decision_cost: int = 0
    arrival_cost: int = 0
    decision_value: int = 0
    arrival_value: int = 0
    measured: int = 0  # fills with either price
    by_order: dict[str, Slip] = field(default_factory=dict)

    def of(self, order_ids: Iterable[str]) -> tuple[float | None, float | None]:
        """Give won a share over some orders, against decision and arrival; None: not told."""
        decided = decision = arrived = arrival = 0
        for order_id in order_ids:
            one = self.by_order.get(order_id)
            if one is not None:
                decided, decision = decided + one[0], decision + one[1]
                arrived, arrival = arrived + one[2], arrival + one[3]
        return decision / decided if decided else None, arrival / arrived if arrived else None

    @property
    def decision_ppm(self) -> float | None:
        """Give parts per million of the price at the decision, weighted by notional; None when nothing was measured."""
        return self.decision_cost * PPM / self.decision_value if self.decision_value else None

    @property
    def arrival_ppm(self) -> float | None:
        """Give the same of the price when the order went out."""
        return self.arrival_cost * PPM / self.arrival_value if self.arrival_value else None
