"""The notifier: plain words, Korean time, nothing said twice in a row."""

from typing import Any

import pytest

from actors.roles.notifier import MAX_TOPICS, Notifier
from domain.messages.link import (
    ConnectionChanged,
    ExternalOrderSeen,
    OrdersRouted,
    ReconcileReported,
    SourceChanged,
    SourcesCompared,
    SubscriptionProved,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import LossLimitHit, SessionPlanned, StrategyBenched
from domain.types import Krw, LinkName, Severity, Side, UnixNanos
from tests.actors.money_builders import (
    OPEN,
    SAMSUNG,
    Desk,
    a_day,
    a_link,
    a_run,
    an_instrument,
    at,
    by_hand,
    instruments,
    order_state,
    state_of,
)


class Order:
    """What `order_state` needs of an order."""

    client_order_id, symbol, quantity, limit_price = "L-7", SAMSUNG, 10, Krw(10_000)
    side, purpose = by_hand().side, "ENTRY"


def a_desk() -> Desk:
    desk = Desk(Notifier())
    desk.say(instruments(an_instrument()))
    return desk


def a_loss(*, planned: bool, before: str = "READY") -> ConnectionChanged:
    return ConnectionChanged(LinkName.ORDERS, before, "BACKING_OFF", "lost", "reset", at(0), planned)


LOST = a_link(LinkName.ORDERS, "BACKING_OFF", "READY")
CASES: list[tuple[Any, Severity, str, str]] = [
    (a_day("TRADING"), Severity.INFO, "day", "09:00:00 The trading day is TRADING: because."),
    (a_day("HALTED"), Severity.ALERT, "day", "HALTED"),
    (a_link(LinkName.QUOTES), Severity.INFO, "connection/quotes", "The quotes link is ready."),
    (LOST, Severity.WARNING, "connection/orders", "orders link is lost and tries again: because."),
    (a_link(LinkName.ORDERS, "FAILED"), Severity.ALERT, "connection/orders", "does not try again"),
    (
        LossLimitHit("daily_loss", Krw(9_499_999), Krw(10_000_000), Krw(500_001), Krw(500_000), at(60)),
        Severity.ALERT,
        "risk",
        "09:01:00 The daily loss of 500,001 KRW reached the limit of 500,000 KRW. Equity is 9,499,999 KRW.",
    ),
    (RoleFailed("executor", 12, "KeyError: 1"), Severity.ALERT, "role/executor", "failed at event 12: KeyError: 1"),
    (
        RoleFailed("portfolio", 12, "KeyError: 1", benched=True),
        Severity.ALERT,
        "role/portfolio",
        "Trading is halted, open orders are cancelled. Stop and start the trader: it reads the whole log; then",
    ),
    (RoleFailed("executor", 1, "x", benched=True), Severity.ALERT, "role/executor", "look at the broker's own screen"),
    (RoleFailed("trading_day", 1, "x"), Severity.ALERT, "role/trading_day", "rest until `hantrade orders cancel`"),
    (RoleFailed("strategist", 1, "x"), Severity.ALERT, "role/strategist", "No new entries; exits and cancels go on."),
    (
        ClockTicked(UnixNanos(OPEN), True, 3_600_000),
        Severity.ALERT,
        "clock",
        "At 09:00:00 KST the machine's clock went back by 3,600,000 ms.",
    ),
    (
        StateChecked(40, False, ("portfolio.cash: 1, in the log 2",)),
        Severity.ALERT,
        "snapshot",
        "The snapshot of event 40, which this run began with, differs from the log: portfolio.cash: 1, in the log 2.",
    ),
    (
        InputRefused("link/orders", "OrderFilled", "OrderFilled.x expected a finite number, was nan"),
        Severity.ALERT,
        "input/link/orders/OrderFilled",
        "OrderFilled from link/orders was refused: OrderFilled.x expected a finite number, was nan. Trading is halted",
    ),
    (InputRefused("q", "QuotesReceived", "x"), Severity.ALERT, "input/q/QuotesReceived", "No new entries; exits"),
    (InputRefused("t", "TrendReceived", "x"), Severity.WARNING, "input/t/TrendReceived", "Trading goes on without it."),
    (LogSpaceLow("log.db: no space is left"), Severity.ALERT, "log", "Free space on the disk, stop and start"),
    (StrategyBenched("momentum", "boom", 5), Severity.ALERT, "strategy/momentum", "benched since event 5: boom"),
    (ReconcileReported(False, ("cash 1", "qty 2"), 0, 0), Severity.ALERT, "reconcile", "differ: cash 1; qty 2."),
    (ReconcileReported(True, (), 2, 1), Severity.WARNING, "reconcile", "fate of 1 orders is not known"),
    (order_state(Order, "UNKNOWN_SUBMIT"), Severity.ALERT, "order/L-7", "(BUY 10 005930 삼성전자) is UNKNOWN_SUBMIT"),
    (order_state(Order, "QUARANTINED"), Severity.ALERT, "order/L-7", "a person must decide"),
    (order_state(Order, "REJECTED"), Severity.WARNING, "order/L-7", "was rejected: because"),
    (
        SessionPlanned("2026-01-13", True, OPEN, at(22_800), at(23_400), False),
        Severity.INFO,
        "session",
        "2026-01-13 trades from 09:00 to 15:30 KST.",
    ),
    (SessionPlanned("2026-01-17", False, OPEN, OPEN, OPEN, False), Severity.INFO, "session", "is no trading day"),
    (
        instruments(an_instrument("A", base=None)),
        Severity.WARNING,
        "instruments",
        "unknown for A 삼성전자; they are not",
    ),
    (instruments(an_instrument(), unknown=("X", "Y")), Severity.WARNING, "instruments", "does not know X, Y."),
    (
        SourceChanged("a:1", "b:2", True, "a:1 was not ready for 10 s"),
        Severity.WARNING,
        "sources",
        "Quotes come from the backup b:2 now: a:1 was not ready for 10 s.",
    ),
    (
        SourceChanged("b:2", "a:1", False, "a:1 is well for 60 s"),
        Severity.INFO,
        "sources",
        "Quotes come from a:1 now: a:1 is well for 60 s.",
    ),
    (
        OrdersRouted("a:1", "b:2", "routed by kim: its host died"),
        Severity.WARNING,
        "orders_route",
        "Orders go to b:2 from now on, routed by kim: its host died.",
    ),
    (OrdersRouted("a:1", "", "x"), Severity.WARNING, "orders_route", "Orders go to the simulator beside the trader"),
    (
        SubscriptionProved(8, (("A", "no quote yet today"), (SAMSUNG, "silent since 09:00:00"))),
        Severity.WARNING,
        "subscription",
        "No quote of 2 of 10 instruments yet: A (no quote yet today); 005930 삼성전자 (silent since 09:00:00).",
    ),
    (SubscriptionProved(8, (("A", "not tradable"),)), Severity.INFO, "subscription", "A (not tradable)"),
    (
        SourcesCompared("b:2", 9, ((SAMSUNG, "x"),), (SAMSUNG,)),
        Severity.WARNING,
        "contradicted",
        "b:2 contradicts our quotes of 005930 삼성전자",
    ),
    (
        SymbolHalted(SAMSUNG, "5 here, 3 there"),
        Severity.ALERT,
        "halted/005930",
        "No new orders in 005930 삼성전자 until books agree: 5 here, 3 there.",
    ),
    (
        SymbolReleased(SAMSUNG, "books agree"),
        Severity.INFO,
        "halted/005930",
        "005930 삼성전자 pass again: books agree.",
    ),
    (
        ExternalOrderSeen("77", SAMSUNG, Side.BUY, 1_200, 1_200, 0, Krw(100), at(0)),
        Severity.WARNING,
        "external/77",
        "Order 77 (BUY 1,200 005930 삼성전자) is not ours",
    ),
]


@pytest.mark.parametrize(("message", "severity", "topic", "text"), CASES)
def test_given_something_a_person_should_know_when_heard_then_it_is_said(
    message: Any, severity: Severity, topic: str, text: str
) -> None:
    [notice] = a_desk().say(message)
    assert (notice.severity, notice.topic) == (severity, topic)
    assert text in notice.text


@pytest.mark.parametrize(
    "message",
    [
        a_link(LinkName.QUOTES, "CONNECTING"),
        a_link(LinkName.QUOTES, "BACKING_OFF", "CONNECTING"),
        order_state(Order, "WORKING"),
        order_state(Order, "REJECTED", from_status="REJECTED"),
        ReconcileReported(True, (), 3, 0),
        instruments(an_instrument()),
        ClockTicked(UnixNanos(OPEN), False),
        StateChecked(40, True, ()),
        ReconcileReported(False, ("cash",), 0, 0, kind="dry_run"),
        SubscriptionProved(10, ()),
        SourcesCompared("b:2", 9, (), ()),
        ExternalOrderSeen("77", SAMSUNG, Side.BUY, 10, 0, 10, Krw(100), at(0)),
        a_loss(planned=True, before="CONNECTING"),
    ],
)
def test_given_nothing_new_for_a_person_when_heard_then_nothing_is_said(message: Any) -> None:
    assert a_desk().say(message) == []


def test_given_a_text_said_when_it_comes_again_then_it_is_said_only_after_something_else() -> None:
    desk, ready = a_desk(), a_link(LinkName.ORDERS)
    assert [len(desk.say(message)) for message in (LOST, LOST, ready, ready, LOST)] == [1, 0, 1, 0, 1]
    assert state_of(desk.refolded()) == state_of(desk.role)


def test_given_a_difference_when_books_agree_again_then_that_is_said_too() -> None:
    desk = a_desk()
    desk.say(ReconcileReported(False, ("cash",), 0, 0))
    [notice] = desk.say(ReconcileReported(True, (), 0, 0))
    assert (notice.severity, notice.text) == (Severity.INFO, "Our books and the broker's agree.")


def test_given_known_maintenance_when_a_link_goes_and_comes_then_nobody_is_alarmed() -> None:
    desk = a_desk()
    [away, back] = [desk.say(message)[0] for message in (a_loss(planned=True), a_link(LinkName.ORDERS))]
    assert (away.severity, back.severity) == (Severity.INFO, Severity.INFO)
    assert away.text == "The orders link is away for the broker's maintenance: reset."


def test_given_maintenance_that_is_over_when_the_link_is_not_back_then_it_is_told_like_any_loss() -> None:
    desk = a_desk()
    desk.say(a_loss(planned=True))
    assert desk.say(a_loss(planned=True, before="CONNECTING")) == []
    [notice] = desk.say(a_loss(planned=False, before="CONNECTING"))
    assert notice.severity is Severity.WARNING
    assert "is not back after the broker's maintenance" in notice.text
    assert desk.say(a_loss(planned=False, before="CONNECTING")) == [], "once"


@pytest.mark.parametrize(
    ("bad", "good", "text"),
    [
        (
            SourcesCompared("b:2", 9, ((SAMSUNG, "x"),), (SAMSUNG,)),
            SourcesCompared("b:2", 9, (), ()),
            "No source contradicts our quotes any more.",
        ),
        (SubscriptionProved(9, (("A", "x"),)), SubscriptionProved(10, ()), "All 10 instruments send quotes."),
    ],
)
def test_given_bad_news_when_it_is_over_then_that_is_said_once(bad: Any, good: Any, text: str) -> None:
    desk = a_desk()
    desk.say(bad)
    [notice] = desk.say(good)
    assert (notice.severity, notice.text) == (Severity.INFO, text)
    assert desk.say(good) == []


def test_given_many_instruments_without_limits_when_told_then_five_are_named() -> None:
    [notice] = a_desk().say(instruments(*(an_instrument(f"A{n}", base=None) for n in range(9))))
    assert "A4" in notice.text
    assert "A5" not in notice.text
    assert "and 4 more" in notice.text


def test_given_more_topics_than_it_remembers_when_said_then_the_oldest_is_forgotten() -> None:
    desk = a_desk()
    for number in range(MAX_TOPICS + 10):
        desk.say(StrategyBenched(f"s{number}", "boom", 1))
    assert len(desk.role.last_said) == MAX_TOPICS
    assert "strategy/s9" not in desk.role.last_said


def test_given_a_new_run_when_a_link_is_ready_again_then_it_is_told_again() -> None:
    desk = a_desk()
    desk.say(a_link(LinkName.ORDERS))
    assert desk.say(a_link(LinkName.ORDERS)) == []
    desk.say(a_run())
    [notice] = desk.say(a_link(LinkName.ORDERS))
    assert notice.text == "The orders link is ready."
