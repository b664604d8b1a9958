"""What an emulated server keeps of the venue's journal: how far it was told, and what is held after each fact."""

from collections.abc import Callable

from broker_sim.account import Account
from broker_win.emulator.house import Held
from domain.messages.orders import OrderFact
from domain.time import kst_date
from domain.types import Krw, UnixNanos


class HouseFacts:
    """Tells facts in the order of the journal, each once, and folds the holdings. Fed from the journal's first fact."""

    def __init__(self, now: Callable[[], UnixNanos]) -> None:
        """Begin with nothing heard. `now` is the venue's clock: facts of earlier days are folded and not told."""
        self._now = now
        self._account = Account(0)  # only its holdings are asked for: what it was opened with does not matter
        self._tell: Callable[[OrderFact], None] | None = None
        self.last_seq = 0
        self.replays_until = 0  # facts up to this one happened before anybody listened
        self.is_replaying = False

    def listen(self, tell: Callable[[OrderFact], None]) -> None:
        """Take who hears the facts."""
        self._tell = tell

    def take(self, fact: OrderFact) -> None:
        """Fold a fact and tell it; one that was taken before is left aside."""
        if fact.event_seq <= self.last_seq:
            return
        self.last_seq = fact.event_seq
        day = kst_date(fact.venue_time)
        self._account.open_day(day)
        self._account.apply(fact)
        if self._tell is None:
            return
        self.is_replaying = fact.event_seq <= self.replays_until
        try:
            if not self.is_replaying or day >= kst_date(self._now()):
                self._tell(fact)
        finally:
            self.is_replaying = False

    def held(self, symbol: str) -> Held:
        """Give what is held of an instrument after the facts so far."""
        holding = self._account.holdings.get(symbol)
        if holding is None:
            return Held()
        return Held(holding.quantity, holding.position.cost_basis, Krw(holding.realized_pnl))
