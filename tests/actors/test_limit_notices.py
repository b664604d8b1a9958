"""What people are told of limits, stops and money that moved: once, with the numbers and what to do."""

from typing import Any

import pytest

from actors.roles.notifier import Notifier
from domain.messages.holdings import FlowBooked
from domain.messages.risk import (
    Cause,
    ExitStuck,
    LimitLevelChanged,
    LimitsUnlocked,
    ManualModeChanged,
    ReducingChanged,
    StopTriggered,
)
from domain.messages.trading import LossLimitHit
from domain.risk_config import AccountConfig, RiskConfig
from domain.types import Krw, Severity
from tests.actors.account_house import account
from tests.actors.builders import a_run
from tests.actors.money_builders import SAMSUNG, Desk, an_instrument, at, instruments

LIMIT, START = Krw(500_000), Krw(10_000_000)
LOSS = Cause("DAILY_LOSS", "daily loss of 450,000 KRW reached 90 % of the limit of 500,000 KRW", True)
SILENT = Cause("DEAD_MAN", "no sign of an operator for 600 s", False)
UNLOCKED = LimitsUnlocked("kim", "looked", at(9))


def a_desk(**account_config: Any) -> Desk:
    desk = Desk(Notifier())
    desk.say(a_run(risk=RiskConfig(account=AccountConfig(is_on=True, **account_config))))
    desk.say(instruments(an_instrument()))
    return desk


def level(after: str, loss: int = 300_000, before: str = "OK", limit: str = "daily_loss") -> LimitLevelChanged:
    return LimitLevelChanged(limit, before, after, Krw(loss), LIMIT, START, Krw(START - loss), at(60))


def reducing(*causes: Cause) -> ReducingChanged:
    return ReducingChanged(causes, at(60))


def hit(limit: str = "daily_loss") -> LossLimitHit:
    return LossLimitHit(limit, Krw(9_500_000), START, Krw(500_000), LIMIT, at(60))


CASES: list[tuple[Any, Severity, str, str]] = [
    (
        level("WARN_60"),
        Severity.WARNING,
        "limit/daily_loss",
        "09:01:00 The daily loss of 300,000 KRW is 60 % of the limit of 500,000 KRW; 200,000 KRW are left until "
        "trading halts. Equity is 9,700,000 KRW, costs of selling all of it taken off.",
    ),
    (level("WARN_80", 400_000, limit="drawdown"), Severity.WARNING, "limit/drawdown", "The drawdown from the high-"),
    (
        reducing(LOSS),
        Severity.ALERT,
        "reducing",
        f"09:01:00 Only exits pass: {LOSS.text}. Look why, then `hantrade resume --note`.",
    ),
    (reducing(SILENT), Severity.WARNING, "reducing", f"Only exits pass: {SILENT.text}."),
    (
        hit("drawdown"),
        Severity.ALERT,
        "risk",
        "open orders are cancelled, what is held stays (`hantrade flatten`",
    ),
    (UNLOCKED, Severity.INFO, "limits", "kim unlocked the limits of the account: looked."),
    (
        StopTriggered(
            SAMSUNG, "stop_loss", 10, Krw(9_400), Krw(9_500), Krw(100), Krw(100_000), "stop_loss: it fell", at(60)
        ),
        Severity.WARNING,
        f"stop/{SAMSUNG}",
        "09:01:00 Stop loss of 005930 삼성전자: it fell. 10 shares are sold.",
    ),
    (
        StopTriggered(SAMSUNG, "take_profit", 10, Krw(11_000), Krw(11_000), Krw(0), Krw(100_000), "it rose", at(60)),
        Severity.INFO,
        f"stop/{SAMSUNG}",
        "Take profit of",
    ),
    (
        ExitStuck(SAMSUNG, "LIMIT_LOCK", "no bid; wait or sell after hours", 10, at(0), at(60)),
        Severity.ALERT,
        f"stuck/{SAMSUNG}",
        "A sale of 005930 삼성전자 does not get done: no bid; wait or sell after hours.",
    ),
    (
        FlowBooked("2026-01-13", Krw(-70_000), Krw(-70_000), "cash", at(0)),
        Severity.WARNING,
        "flow",
        "-70,000 KRW came or went without an order of ours before 2026-01-13: cash. Limits on losses and",
    ),
    (
        ManualModeChanged(True, "kim", "news"),
        Severity.WARNING,
        "manual",
        "no strategy enters; exits and stops go on: ",
    ),
    (ManualModeChanged(False, "kim", ""), Severity.INFO, "manual", "kim lets strategies enter again."),
]


@pytest.mark.parametrize(("message", "severity", "topic", "text"), CASES)
def test_given_a_message_of_limits_when_heard_then_it_is_told_with_numbers_and_what_to_do(
    message: Any, severity: Severity, topic: str, text: str
) -> None:
    [notice] = a_desk().say(message)
    assert (notice.severity, notice.topic) == (severity, topic)
    assert text in notice.text


def test_given_a_loss_that_swings_around_a_warning_when_told_then_once_a_date_and_good_news_only_after_bad() -> None:
    desk = a_desk()
    assert desk.say(level("OK", 0, "WARN_60")) == []
    told = [desk.say(level(*change)) for change in (("WARN_60",), ("OK", 0, "WARN_60"), ("WARN_60", 300_001))]
    assert [len(notices) for notices in told] == [1, 1, 0]
    assert told[1][0].text == "09:01:00 The daily loss is below every level of warning again."
    assert desk.say(level("OK", 0, "WARN_60")) == []
    desk.say(account("2026-01-14"))
    assert len(desk.say(level("WARN_60", 310_000))) == 1


def test_given_causes_when_they_change_then_only_what_is_new_is_told_and_the_end_of_all() -> None:
    desk = a_desk()
    assert len(desk.say(reducing(SILENT))) == 1
    [notice] = desk.say(reducing(LOSS, SILENT))
    assert SILENT.text not in notice.text
    assert desk.say(reducing(LOSS)) == []
    [notice] = desk.say(reducing())
    assert notice.text.endswith("Nothing reduces trading any more: entries pass as far as the day allows.")


def test_given_a_loss_at_its_limit_when_it_halts_then_the_halt_is_told_and_not_what_it_reduces_as_well() -> None:
    desk = a_desk(flatten_on_halt=True)
    assert desk.say(level("HALTED", 500_000)) == []
    assert desk.say(reducing(LOSS)) == []
    [notice] = desk.say(hit())
    assert "reached the limit of 500,000 KRW. Equity is 9,500,000 KRW, costs of selling all of it taken" in notice.text
    assert "open orders are cancelled, what is held is sold. Look why, then `hantrade resume --note`." in notice.text


def test_given_a_cause_that_needs_a_person_when_the_trader_starts_then_it_is_told_again() -> None:
    desk = a_desk()
    desk.say(reducing(LOSS, SILENT))
    [notice] = desk.say(a_run(risk=RiskConfig(account=AccountConfig(is_on=True))))
    assert LOSS.text in notice.text
    assert SILENT.text not in notice.text
    assert desk.say(a_run()) == [], "limits are off"
