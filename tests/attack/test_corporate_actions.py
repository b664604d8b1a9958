"""Corporate actions in a storm: kills and a bad wire around the night they come in, and every book agrees after it."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from broker.journal import OrderJournal
from broker_sim.corporate_actions import ActionKind, ActionTable
from broker_sim.venue import DurableVenue
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.orders import HoldingAdjusted
from domain.types import Symbol
from tests.actors.builders import DAY
from tests.attack.storm import CASH, COMMISSION_PPM, Storm
from tests.attack.wire import SYMBOLS, listing
from tests.broker_sim.account_steps import an_action

NIGHT = 86_400
TABLE = ActionTable(
    an_action(kind, new, old, amount, date=DAY + timedelta(days=1), symbol=Symbol(symbol))
    for symbol in SYMBOLS
    for kind, new, old, amount in ((ActionKind.SPLIT, 3, 2, 0), (ActionKind.DIVIDEND, 1, 1, 500))
)


class Stock(Storm):
    """A storm whose venue knows of actions on the second day."""

    TABLE: ClassVar[ActionTable] = TABLE

    def _open_venue(self) -> DurableVenue:
        journal = OrderJournal(self.folder / "journal.db")
        venue = DurableVenue(journal, CASH, COMMISSION_PPM, NO_OVERRIDES, lambda: self.now, self.TABLE)
        venue.exchange.set_instruments(listing())
        return venue


def test_for_any_storm_over_a_night_with_actions_each_comes_once_and_every_book_agrees(tmp_path: Path) -> None:
    nights = [a_night(tmp_path / str(seed), seed) for seed in (3, 5, 77)]
    assert any(nights), "nights without holdings prove nothing"


def a_night(folder: Path, seed: int) -> int:
    """Storm for two days and check the books; give how many holdings went into the night."""
    folder.mkdir()
    storm = Stock(folder, seed)
    try:
        storm.blow(400)
        storm.stop()
        evening = storm.venue.exchange.books.account.holdings
        held = {code: item.quantity for code, item in evening.items() if item.quantity}
        storm.another_day(NIGHT)
        storm.kill_broker()
        storm.blow(400)
        storm.stop()
        facts = [fact for fact in storm.venue.journal.events(0) if isinstance(fact, HoldingAdjusted)]
        splits = {fact.symbol: (fact.quantity_before, fact.quantity) for fact in facts if fact.action == "SPLIT"}
        assert splits == {code: (quantity, quantity * 3 // 2) for code, quantity in held.items()}
        account = storm.venue.exchange.books.account
        cost = sum(item.position.cost_basis + item.position.cost_commission for item in account.holdings.values())
        assert account.cash + cost == CASH + account.realized_total + account.income_total
        assert bool(account.income_total) == bool(held)
        assert storm.venue.standing().d2_deposit == account.cash
        return len(held)
    finally:
        storm.venue.journal.close()
        storm.log.close()
