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
        self._untold: list[OrderFact] = []  # heard before anybody listened
        self.last_seq = 0
        self.replays_until = 0  # facts up to this one happened before anybody listened
        self.is_replaying = False

    def listen(self, tell: Callable[[OrderFact], None]) -> None:
        """Take who hears the facts, and tell what came before."""
        self._tell = tell
        untold, self._untold = self._untold, []
        for fact in untold:
            self._hand_on(fact, tell, is_replay=True)

    def begin_anew(self) -> None:
        """Forget what was heard: another journal begins. Who listens stays."""
        self._account = Account(0)
        self._untold = []
        self.last_seq = self.replays_until = 0

    def take(self, fact: OrderFact) -> None:
        """Fold a fact and tell it; one that was taken before is left aside."""
        if fact.event_seq <= self.last_seq:
            return
        self.last_seq = fact.event_seq
        self._account.open_day(kst_date(fact.venue_time))
        self._account.apply(fact)
        if self._tell is None:
            self._untold.append(fact)
        else:
            self._hand_on(fact, self._tell, is_replay=fact.event_seq <= self.replays_until)

    def held(self, symbol: str) -> Held:
        """Give what is held of an instrument after the facts so far."""
        holding = self._account.holdings.get(symbol)
        if holding is None:
            return Held()
        return Held(holding.quantity, holding.position.cost_basis, Krw(holding.realized_pnl))

    def _hand_on(self, fact: OrderFact, tell: Callable[[OrderFact], None], *, is_replay: bool) -> None:
        if is_replay and kst_date(fact.venue_time) < kst_date(self._now()):
            return
        self.is_replaying = is_replay
        try:
            tell(fact)
        finally:
            self.is_replaying = False
