"""The notifier: plain words, Korean time, nothing said twice in a row."""

from typing import Any

import pytest

from actors.roles.notifier import MAX_TOPICS, Notifier
from domain.messages.link import ReconcileReported
from domain.messages.run import ClockTicked, InputRefused, LogSpaceLow, RoleFailed, StateChecked
from domain.messages.trading import LossLimitHit, SessionPlanned, StrategyBenched
from domain.types import Krw, LinkName, Severity, UnixNanos
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
