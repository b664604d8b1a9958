"""The simulated broker's books, live legs and the account: a fold of order facts and nothing else."""

from datetime import date

from broker_sim.account import Account
from broker_sim.day_orders import DayOrders
from broker_sim.legs import Leg, Legs
from domain.messages.orders import OrderFact
from domain.time import kst_date
from domain.types import UnixNanos


class Books:
    """Fold of facts."""

    def __init__(self, cash: int) -> None:
        """Open an account with cash in won."""
        self.account = Account(cash)
        self.orders = Legs()
        self.day_orders = DayOrders()
        self.last_time = UnixNanos(0)  # venue time of the newest fact

    @property
    def legs(self) -> dict[int, Leg]:
        """Give live legs by number, oldest first."""
        return self.orders.by_number

    def open_day(self, day: date) -> None:
        """Begin a day; nothing changes when it is the day already."""
        self.account.open_day(day)
        self.day_orders.open_day(day)

    def apply(self, fact: OrderFact) -> None:
        """Fold one fact. Raises InvariantError when it cannot follow the facts before it."""
        self.open_day(kst_date(fact.venue_time))
        self.last_time = max(self.last_time, fact.venue_time)
        self.orders.apply(fact)
        self.day_orders.apply(fact)
        self.account.apply(fact)
