"""What must hold when a storm is over: every book against the journal of the venue, to the share and the won."""

from typing import TYPE_CHECKING, Any

from actors.core.replay import replay
from actors.roster import make_roles
from domain.messages.orders import OrderFilled
from persistence.reader import LogReader
from tests.persistence.logs import a_codec

if TYPE_CHECKING:
    from tests.attack.storm import Storm


def account(storm: "Storm") -> None:
    """Check that nothing was lost, doubled or booked wrong, and that the log replays the same."""
    executor: Any = storm.kernel.role("executor")
    portfolio: Any = storm.kernel.role("portfolio")
    risk: Any = storm.kernel.role("risk_manager")
    day: Any = storm.kernel.role("trading_day")
    left = {name: executor.orders[name].status for name in executor.open}
    assert not left, f"open at the end: {left}"
    assert not storm.venue.exchange.open_orders(), "open at the venue at the end"
    assert not risk.state.holds, f"risk still holds {risk.state.holds}"
    assert day.state == "CLOSED", f"the day is {day.state}"
    books, venue = portfolio.state.books, storm.venue.exchange.books.account
    assert books.cash == venue.cash, f"cash {books.cash}, the venue books {venue.cash}"
    held = {code: item.quantity for code, item in books.positions.items()}
    there = {code: item.quantity for code, item in venue.holdings.items() if item.quantity}
    assert held == there, f"positions {held}, the venue books {there}"
    assert held == risk.state.positions
    mine = sorted((fill.trade_id, fill.symbol, fill.last_qty, fill.last_px) for fill in portfolio.state.fills)
    facts = [fact for fact in storm.venue.journal.events(storm.base) if isinstance(fact, OrderFilled)]
    theirs = sorted((fact.trade_id, fact.symbol, fact.last_qty, fact.last_px) for fact in facts)
    assert mine == theirs, "fills differ"
    costs = portfolio.state.totals.commission + portfolio.state.totals.tax
    assert costs == sum(fact.commission + fact.tax for fact in facts), "costs differ"
    for code, holding in venue.holdings.items():
        realized = portfolio.state.realized.get(code, 0)
        known = not storm.skipped and not storm.base
        assert not known or realized == holding.realized_pnl, f"{code} realised another won"
    assert len(set(storm.accepted)) == len(storm.accepted), "an order was accepted twice"
    filled: dict[str, int] = {}
    for fact in facts:
        filled[fact.client_order_id] = filled.get(fact.client_order_id, 0) + fact.last_qty
    for name in filled:
        assert name in executor.orders, f"{name} is not ours"
    for name, order in executor.orders.items():
        if storm.base and name not in filled:
            continue  # of an earlier day
        assert order.filled_qty == filled.get(name, 0) <= order.quantity, f"{name} filled otherwise"
    replayed(storm)


def replayed(storm: "Storm") -> None:
    """Check that the log replays to the same decisions."""
    storm.log.close()
    with LogReader(storm.log_path, a_codec()) as reader:
        report = replay(reader.messages(), make_roles, a_codec(), reader.log_id)
    assert report.identical, report
