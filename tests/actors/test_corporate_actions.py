"""A corporate action in the trader: booked once, followed by every role, and the same on replay."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from actors.roles.portfolio import Portfolio
from actors.roster import make_roles
from domain.messages.holdings import HoldingBooked
from domain.messages.link import (
    BrokerPosition,
    BrokerStateReceived,
    HeartbeatReceived,
    InstrumentsReceived,
    LinkLost,
    ReconcileLink,
    ReconcileReported,
)
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import HoldingAdjusted, SubmitOrder
from domain.messages.trading import AccountOpened, EquityMarked, FillBooked, LossLimitHit, NoticeRaised, SessionPlanned
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, LinkName, OrderKind, Severity, Side, VenueOrderId, VenuePhase
from domain.views import CashQuery, PerformanceQuery, PositionsQuery
from tests.actors.builders import SAMSUNG, House, Venue, a_quote, a_run, instruments, opened, received, state_of, venue
from tests.actors.builders import broker_state as told_by_broker
from tests.actors.money_builders import Desk, an_execution, broker_state, prices
from tests.broker_sim.account_steps import CASH, DAY, STEPS, play
from tests.broker_sim.account_steps import Desk as Account

TOMORROW = 86_400.0  # seconds after the open
MORNING = TOMORROW - 3_600


def an_adjustment(seq: int, before: int, after: int, cash: int = 0, tax: int = 0, **changes: Any) -> HoldingAdjusted:
    fields: dict[str, Any] = {
        "journal_id": "J",
        "event_seq": seq,
        "venue_time": venue(MORNING),
        "client_order_id": ClientOrderId(""),
        "venue_order_id": VenueOrderId(""),
        "symbol": SAMSUNG,
        "action": "CASH_DIVIDEND" if before == after else "SPLIT",
        "quantity_before": before,
        "quantity": after,
        "cash": Krw(cash),
        "tax": Krw(tax),
        "note": "361 KRW a share" if before == after else "5 for 1",
    }
    return HoldingAdjusted(**(fields | changes))


def a_desk(*held: tuple[str, int, int], as_of: int = 0) -> Desk:
    """The portfolio with an account that is open since today."""
    desk = Desk(Portfolio())
    desk.say(prices(1, s005930=10_000))
    desk.say(broker_state(10_000_000, *held, as_of=as_of))
    return desk


# ---- the portfolio -----------------------------------------------------------------------------------------------


def test_given_a_holding_when_split_then_shares_change_and_neither_basis_nor_equity_does() -> None:
    desk = a_desk()
    desk.say(an_execution(1))  # 10 at 10,000
    booked, marked = desk.say(an_adjustment(2, 10, 50))
    assert (booked.quantity_before, booked.position_qty, booked.cost_basis) == (10, 50, 100_000)
    assert (booked.income, booked.realized_pnl, booked.cash) == (0, 0, 10_000_000 - 100_015)
    assert isinstance(marked, EquityMarked)
    assert marked.equity == 10_000_000 - 15
    [position] = desk.role.view(PositionsQuery())
    assert (position.quantity, position.average_price, position.mark) == (50, 2_000, 2_000)
    desk.say(prices(TOMORROW, s005930=2_100))
    assert desk.role.view(CashQuery()).equity == 10_000_000 - 15 + 50 * 100


def test_given_a_quote_of_the_new_shares_before_the_news_when_split_then_it_stays_the_mark() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    desk.say(prices(TOMORROW, s005930=2_050))
    desk.say(an_adjustment(1, 10, 50, venue_time=venue(TOMORROW + 1)))
    assert desk.role.view(CashQuery()).equity == 10_000_000 + 50 * 2_050


def test_given_a_dividend_when_booked_then_it_is_income_and_no_trading_result() -> None:
    desk = a_desk((SAMSUNG, 100, 1_000_000))
    before = desk.role.view(CashQuery())
    booked, marked = desk.say(an_adjustment(1, 100, 100, 30_550, 5_550, venue_time=venue(60)))
    assert (booked.received, booked.tax, booked.income, booked.realized_pnl) == (30_550, 5_550, 30_550, 0)
    assert marked.equity == before.equity + 30_550
    after = desk.role.view(CashQuery())
    assert (after.income, after.realized_pnl, after.commission, after.tax) == (30_550, 0, 0, 0)
    performance = desk.role.view(PerformanceQuery())
    assert (performance.trips, performance.realized_pnl, performance.costs) == (0, 0, 0)


def test_given_an_action_of_the_next_date_when_its_account_opens_then_its_income_is_of_that_date() -> None:
    desk = a_desk((SAMSUNG, 100, 1_000_000))
    desk.say(an_adjustment(1, 100, 100, 30_550, 5_550))
    desk.say(an_adjustment(2, 100, 100, 1_000))
    assert desk.role.view(CashQuery()).income == 0
    held = (SAMSUNG, 100, 1_000_000)
    [account] = desk.say(broker_state(10_031_550, held, as_of=2, seconds=MORNING))
    assert isinstance(account, AccountOpened)
    assert account.start_equity == 10_031_550 + 1_000_000
    assert desk.role.view(CashQuery()).income == 31_550
    desk.say(broker_state(10_031_550, held, as_of=2, seconds=MORNING + 86_400))
    assert desk.role.view(CashQuery()).income == 0


def test_given_a_split_when_the_next_account_opens_then_its_equity_is_that_of_the_evening() -> None:
    desk = a_desk((SAMSUNG, 10, 90_000))
    evening = desk.role.view(CashQuery()).equity
    desk.say(an_adjustment(1, 10, 50))
    [account] = desk.say(broker_state(10_000_000, (SAMSUNG, 50, 90_000), as_of=1, seconds=MORNING))
    assert account.start_equity == evening == 10_100_000


def test_given_a_reverse_split_that_leaves_nothing_when_booked_then_a_trip_ends() -> None:
    desk = a_desk()
    desk.say(an_execution(1, quantity=3))
    [booked, marked] = desk.say(an_adjustment(2, 3, 0, 29_000))
    assert (booked.realized_pnl, booked.income, booked.cost_basis) == (29_000 - 30_000 - 4, 0, 0)
    assert marked.realized_pnl == -1_004
    performance = desk.role.view(PerformanceQuery())
    assert (performance.trips, performance.wins, performance.realized_pnl) == (1, 0, -1_004)
    assert desk.role.view(PositionsQuery()) == ()


def test_given_a_booked_action_when_it_comes_again_then_nothing_changes() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    action = an_adjustment(1, 10, 50)
    assert len(desk.say(action)) == 2
    before = state_of(desk.role)
    assert desk.say(action) == []
    assert state_of(desk.role) == before


def test_given_an_account_that_includes_an_action_when_it_comes_then_it_is_not_booked() -> None:
    desk = a_desk((SAMSUNG, 50, 100_000), as_of=1)
    assert desk.say(an_adjustment(1, 10, 50)) == []
    assert desk.role.view(PositionsQuery())[0].mark == 10_000  # nor is the price changed by old news
    assert desk.say(an_adjustment(1, 10, 50, journal_id="K")) == []  # of another account


def test_given_an_action_newer_than_the_brokers_answer_when_the_account_opens_then_it_is_booked_on_top() -> None:
    desk = Desk(Portfolio())
    desk.say(an_adjustment(4, 10, 10, 900, venue_time=venue(1)))
    account, booked, _ = desk.say(broker_state(10_000_000, (SAMSUNG, 10, 100_000), as_of=3))
    assert (account.cash, booked.cash) == (10_000_000, 10_000_900)
    assert desk.role.view(CashQuery()).income == 900


def test_given_books_that_missed_shares_when_split_then_the_difference_stays_to_be_seen() -> None:
    desk = a_desk((SAMSUNG, 9, 90_000))
    booked, _ = desk.say(an_adjustment(1, 10, 50))
    assert (booked.quantity_before, booked.position_qty) == (9, 49)


def test_given_what_the_broker_told_of_settled_cash_when_asked_then_a_dividend_since_is_in_it() -> None:
    desk = Desk(Portfolio())
    assert desk.role.view(CashQuery()).deposit is None
    state = broker_state(10_000_000, (SAMSUNG, 100, 1_000_000), as_of=5)
    desk.say(state)
    cash = desk.role.view(CashQuery())
    assert (cash.deposit, cash.d1_deposit, cash.withdrawable) == (None, None, None)
    desk.say(replace(state, deposit=Krw(9_000_000), d1_deposit=Krw(9_500_000), withdrawable=Krw(8_000_000)))
    desk.say(an_adjustment(6, 100, 100, 550, venue_time=venue(60)))
    desk.say(an_adjustment(1, 100, 100, 7_777, journal_id="K"))
    desk.say(an_execution(7))
    cash = desk.role.view(CashQuery())
    assert (cash.deposit, cash.d1_deposit, cash.withdrawable) == (9_000_550, 9_500_550, 8_000_550)


def test_given_an_orders_broker_with_its_own_clock_when_an_action_pays_then_it_is_income_of_the_quotes_date() -> None:
    desk = Desk(Portfolio())
    desk.say(a_run(orders_endpoint="elsewhere:1"))
    desk.say(SessionPlanned("2026-01-13", True, venue(0), venue(22_800), venue(23_400), False))
    long_ago = -400 * 86_400
    desk.say(broker_state(10_000_000, (SAMSUNG, 10, 100_000), seconds=long_ago))
    desk.say(an_adjustment(1, 10, 10, 900, venue_time=venue(long_ago)))
    cash = desk.role.view(CashQuery())
    assert (cash.trading_date, cash.income) == ("2026-01-13", 900)


@given(STEPS)
def test_for_any_days_fills_and_actions_our_books_balance_and_agree_with_the_brokers(
    steps: list[Any],
) -> None:
    """The broker's account and our portfolio book the same facts by themselves; both to the won."""
    account, desk = Account(), Desk(Portfolio())
    state: Any = desk.role.state  # type: ignore[attr-defined]
    desk.say(_told(account))
    heard, opening, gained, day = 0, CASH, 0, account.day
    for step in steps:
        play(account, step)
        for fact in account.facts[heard:]:
            for event in desk.say(fact):
                if isinstance(event, FillBooked | HoldingBooked):
                    gained += event.realized_pnl + getattr(event, "income", 0)
        heard = len(account.facts)
        cost = sum(held.cost_basis + held.cost_commission for held in state.books.positions.values())
        assert state.books.cash == account.account.cash
        assert state.books.cash + cost == opening + gained
        there = {code: item for code, item in account.account.holdings.items() if item.quantity}
        assert {code: (held.quantity, held.cost_basis) for code, held in state.books.positions.items()} == {
            code: (item.quantity, item.position.cost_basis) for code, item in there.items()
        }
        if day == DAY:  # later accounts do not tell what was paid in commissions to get in
            assert gained == account.account.realized_total + account.account.income_total
        if account.day != day:
            day = account.day
            desk.say(_told(account))
            opening, gained = state.books.cash + sum(held.cost_basis for held in state.books.positions.values()), 0
    assert state_of(desk.refolded()) == state_of(desk.role)


def _told(account: Account) -> BrokerStateReceived:
    held = tuple(
        BrokerPosition(code, item.quantity, item.position.cost_basis)
        for code, item in account.account.holdings.items()
        if item.quantity
    )
    at = from_kst(account.day, 18, 0)
    return BrokerStateReceived(account.account.cash, held, (), "J", len(account.facts), at)


# ---- the whole house -----------------------------------------------------------------------------------------------


def a_house() -> tuple[House, Venue]:
    """A trader that holds ten shares bought at 10,000, all in order."""
    house, broker = House(*make_roles()), Venue()
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), told_by_broker())
    for second in (1, 4, 8, 12):
        house.hear(received(a_quote(second)))
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), ""))
    [order] = house.said(SubmitOrder)
    house.hear(broker.accepts(order), broker.fills(order, 10, 0))
    return house, broker


def told(house: House, quantity: int, basis: int, cash: int, seconds: float, as_of: int) -> None:
    """Let the broker tell its account."""
    held = (BrokerPosition(SAMSUNG, quantity, Krw(basis)),)
    house.hear(replace(told_by_broker(as_of=as_of, seconds=seconds), cash=Krw(cash), positions=held))


def overnight(house: House, *facts: HoldingAdjusted) -> None:
    """End the day and begin the next one, with what the broker does before its account is asked for."""
    for link in LinkName:
        house.hear(HeartbeatReceived(link, venue(7 * 3_600), VenuePhase.CLOSED, True))
    house.hear(*facts)
    for link in LinkName:
        house.hear(HeartbeatReceived(link, venue(MORNING), VenuePhase.CLOSED, True))
    assert house.said(SessionPlanned)[-1].trading_date == "2026-01-14"
    assert house.said(ReconcileLink)[-1].link is LinkName.ORDERS


def shares(house: House) -> tuple[int, int, int]:
    roles: Any = {name: house.core.kernel.role(name) for name in ("portfolio", "risk_manager", "executor")}
    books = roles["portfolio"].state.books
    held = roles["risk_manager"].state.positions.get(SAMSUNG, 0)
    return books.position(SAMSUNG).quantity, held, roles["executor"].positions[SAMSUNG]


def test_given_a_split_while_connected_when_the_next_day_opens_then_every_book_agrees_and_nobody_halts() -> None:
    house, _ = a_house()
    overnight(house, an_adjustment(3, 10, 50))
    assert shares(house) == (50, 50, 50)
    [notice] = [item for item in house.said(NoticeRaised) if item.topic == f"holding/{SAMSUNG}"]
    assert notice.severity is Severity.INFO
    assert notice.text == "08:00:00 Split of 005930 삼성전자, 5 for 1: 10 shares are 50 on 2026-01-14."
    told(house, 50, 100_000, 9_900_000, MORNING, 3)
    assert house.said(ReconcileReported)[-1].agreed
    opened_on = house.said(AccountOpened)[-1]
    assert (opened_on.trading_date, opened_on.start_equity) == ("2026-01-14", 10_000_000)
    house.hear(of_the_new_shares(), received(a_quote(TOMORROW, 2_010)))
    assert house.core.kernel.role("portfolio").view(CashQuery()).equity == 10_000_500
    assert house.said(LossLimitHit) == []
    assert house.replayed(make_roles).identical


def test_given_a_split_while_the_trader_was_away_when_it_comes_back_then_the_event_is_booked_and_books_agree() -> None:
    house, _ = a_house()
    from_link_lost(house)
    house.hear(opened(LinkName.ORDERS), an_adjustment(3, 10, 50), an_adjustment(4, 50, 50, 30_550, 5_550))
    told(house, 50, 100_000, 9_930_550, MORNING, 4)
    assert house.said(ReconcileReported)[-1].agreed
    assert shares(house) == (50, 50, 50)
    cash = house.core.kernel.role("portfolio").view(CashQuery())
    assert (cash.cash, cash.income) == (9_930_550, 30_550)
    kernel = house.folded(make_roles)
    assert kernel.dump() == house.core.kernel.dump()
    assert house.replayed(make_roles).identical


def test_given_a_broker_that_split_and_told_nothing_when_reconciled_then_the_difference_is_told() -> None:
    house, _ = a_house()
    from_link_lost(house)
    house.hear(opened(LinkName.ORDERS))
    told(house, 50, 100_000, 9_900_000, 60, 2)
    report = house.said(ReconcileReported)[-1]
    assert (report.agreed, report.differences) == (False, (f"{SAMSUNG}: 10 shares here, 50 at the broker",))


def test_given_an_old_price_when_split_then_risk_waits_for_one_of_the_new_shares() -> None:
    house, _ = a_house()
    risk: Any = house.core.kernel.role("risk_manager")
    assert SAMSUNG in risk.state.quotes
    overnight(house, an_adjustment(3, 10, 50))
    assert SAMSUNG not in risk.state.quotes
    house.hear(of_the_new_shares(), received(a_quote(TOMORROW, 2_000)))
    house.hear(an_adjustment(4, 50, 100, venue_time=venue(TOMORROW + 1)))
    assert risk.state.quotes[SAMSUNG].price == 2_000
    house.hear(an_adjustment(5, 100, 100, 500, venue_time=venue(TOMORROW + 2)))
    assert (risk.state.cash, risk.state.positions) == (9_900_500, {SAMSUNG: 100})


def test_given_a_strategys_holding_when_split_then_its_scene_holds_the_new_shares() -> None:
    house, _ = a_house()
    strategist: Any = house.core.kernel.role("strategist")
    house.hear(an_adjustment(3, 10, 50))
    scene = strategist._tracks[SAMSUNG].scene
    assert (scene.quantity, scene.cost_basis) == (50, 100_000)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (
            an_adjustment(3, 10, 10, 30_550, 5_550),
            "Dividend of 005930 삼성전자, 361 KRW a share: 30,550 KRW came in, 5,550 KRW tax withheld on 2026-01-14.",
        ),
        (
            an_adjustment(3, 10, 10, 3_610),
            "Dividend of 005930 삼성전자, 361 KRW a share: 3,610 KRW came in, no tax withheld on 2026-01-14.",
        ),
        (
            an_adjustment(3, 10, 3, 5_000, note="1 for 3; 1/3 of a share paid out at 15,000 KRW a share"),
            "Split of 005930 삼성전자, 1 for 3; 1/3 of a share paid out at 15,000 KRW a share: 10 shares are 3,"
            " 5,000 KRW came in on 2026-01-14.",
        ),
    ],
)
def test_given_an_action_when_booked_then_a_person_reads_what_it_came_to(action: HoldingAdjusted, text: str) -> None:
    house, _ = a_house()
    house.hear(action)
    assert house.said(NoticeRaised)[-1].text == f"08:00:00 {text}"


def of_the_new_shares() -> InstrumentsReceived:
    """The instrument with the limits of the morning after the split."""
    [known] = instruments().instruments
    limits = {"base_price": Krw(2_000), "lower_limit": Krw(1_400), "upper_limit": Krw(2_600)}
    return InstrumentsReceived((replace(known, **limits),), ())


def from_link_lost(house: House) -> None:
    """Lose the orders link and let it dial again."""
    house.hear(LinkLost(LinkName.ORDERS, "cable"))
    for _ in range(200):
        house.tick(1)
        if house.core.kernel.role("connection_supervisor").links[LinkName.ORDERS].state == "CONNECTING":  # type: ignore[attr-defined]
            return
    raise AssertionError("the link never dialled again")
