"""What other settings would have decided: nothing with the same ones, and each difference judged by itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given

from actors.core.core import to_record
from actors.core.role import Role
from actors.core.what_if import Change, Row, WhatIf
from actors.roster import make_roles
from domain.config import RunConfig
from domain.errors import LogError
from domain.messages import Message, Stamp
from domain.messages.orders import SubmitOrder
from domain.messages.run import ClockTicked, RoleFailed, RunStarted
from domain.messages.trading import NoticeRaised, OrderApproved, OrderDenied
from domain.risk_config import RiskConfig
from domain.types import Krw, Severity
from persistence.codec import UnknownEvent
from persistence.record import Record
from tests.actors.builders import House, a_run
from tests.actors.test_executor import SCRIPTS
from tests.actors.test_house import HouseGame
from tests.persistence.logs import a_codec

CODEC = a_codec()


class Limit(Role):
    """Says at each tick over its limit that it was hit, once; the limit is the cash of the settings."""

    NAME = "limit"
    HEARS = (RunStarted, ClockTicked)
    SAYS = (NoticeRaised,)

    def __init__(self) -> None:
        super().__init__()
        self.limit = self.count = 0
        self.hit = False

    def evolve(self, message: Any, stamp: Stamp) -> None:
        if isinstance(message, RunStarted):
            self.limit = message.config.cash
        self.count += isinstance(message, ClockTicked)
        self.hit = self.hit or isinstance(message, NoticeRaised)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        if isinstance(message, RunStarted) or self.hit or self.count < self.limit:
            return ()
        return [NoticeRaised(Severity.ALERT, "limit", f"{self.limit} is hit")]


class Fragile(Limit):
    """Cannot bear a limit below three; what it says otherwise is of no matter."""

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        if self.limit < 3 and isinstance(message, ClockTicked):
            raise ZeroDivisionError("no limit")
        return super().decide(message, stamp)


class FragileFold(Limit):
    """Cannot even take such a limit."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        super().evolve(message, stamp)
        if self.limit < 3:
            raise ZeroDivisionError("no limit")


class Verbose(Limit):
    """A later version, which says it in other words."""

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        return [replace(said, text=f"{said.text}!") for said in super().decide(message, stamp)]


class Listener(Role):
    """Answers every notice."""

    NAME = "listener"
    HEARS = (NoticeRaised,)
    SAYS = (RoleFailed,)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        return [RoleFailed("somebody", stamp.seq, message.text, True)]


def day(*roles: Role, cash: int = 4, count: int = 6) -> House:
    """Give one run of ticks: RunStarted is 1, tick number n is 1 + n while nothing is said."""
    house = House(*roles)
    house.hear(a_run(cash=Krw(cash)))
    for _ in range(count):
        house.tick()
    return house


def rows_of(house: House) -> list[Row]:
    return [(to_record(item, "r", CODEC), item.message) for item in house.core.history]


def asked(
    rows: Iterable[Row], make: Callable[[], Sequence[Role]] = make_roles, **fields: Any
) -> tuple[list[Change], WhatIf]:
    """Ask what these settings would have decided; risk settings are fields of RiskConfig."""

    def change(config: RunConfig) -> RunConfig:
        known = set(RiskConfig.__dataclass_fields__)
        risk = replace(config.risk, **{name: value for name, value in fields.items() if name in known})
        return replace(config, risk=risk, **{name: value for name, value in fields.items() if name not in known})

    sandbox = WhatIf(make, CODEC, "L", change)
    return list(sandbox.run(rows)), sandbox


# ---- the whole house -------------------------------------------------------------------------------------------


@given(SCRIPTS)
def test_for_any_day_of_the_house_the_same_settings_differ_in_nothing(script: list[tuple[str, int]]):
    game = HouseGame()
    for step, pick in script:
        game.play(step, pick)
    rows = rows_of(game.house)
    changes, sandbox = asked(rows)
    assert (changes, sandbox.code) == ([], 0)
    assert sandbox.events == len(rows)
    assert sandbox.recorded.total() == sum(record.causation_seq != 0 for record, _ in rows)


def test_given_a_lower_order_limit_when_asked_then_the_orders_above_it_alone_would_be_denied():
    game = HouseGame()
    for pick in (1, 5, 9):  # 2, 6 and 10 shares at 10,000
        game.play("approve", pick)
    approved = game.house.said(OrderApproved)
    assert [order.quantity for order in approved] == [2, 6, 10]
    changes, sandbox = asked(rows_of(game.house), max_order_krw=Krw(60_000))
    denied = [(change.recorded, change.would) for change in changes if isinstance(change.would, OrderDenied)]
    assert [recorded for recorded, _ in denied] == [approved[2]]
    [(_, would)] = denied
    assert would is not None and (would.reason, would.quantity) == ("ORDER_VALUE", 10)
    assert "60,000" in would.message
    answers = [change for change in changes if not isinstance(change.would, OrderDenied)]
    assert {type(change.would).__name__ for change in answers} == {"CommandAnswered"}  # to who asked by hand
    assert sandbox.recorded["OrderApproved"] == 3
    assert len(game.house.said(SubmitOrder)) == sandbox.recorded["SubmitOrder"] == 3  # what was sent stays sent


def test_given_two_runs_when_asked_then_the_settings_of_both_are_replaced():
    game = HouseGame()
    game.play("approve", 9)
    game.play("restart", 0)
    game.play("up", 0)
    changes, _ = asked(rows_of(game.house), max_order_krw=Krw(1))
    seen: list[int] = []
    sandbox = WhatIf(make_roles, CODEC, "L", lambda config: (seen.append(1), config)[1])
    assert list(sandbox.run(rows_of(game.house))) == []
    assert len(seen) == 2
    assert [type(change.would) for change in changes if isinstance(change.recorded, OrderApproved)] == [OrderDenied]


# ---- small roles -----------------------------------------------------------------------------------------------


def test_given_a_lower_limit_when_asked_then_it_would_hit_at_every_tick_until_the_log_holds_it():
    changes, sandbox = asked(rows_of(day(Limit())), lambda: [Limit()], cash=2)
    first = [(change.seq, change.recorded, change.recorded_seq) for change in changes[:2]]
    assert first == [(3, None, None), (4, None, None)]
    last = changes[2]
    assert (last.seq, last.recorded_seq) == (5, 6)  # there the log says it too, with the other limit
    assert isinstance(last.recorded, NoticeRaised) and last.recorded.text == "4 is hit"
    assert isinstance(last.would, NoticeRaised) and last.would.text == "2 is hit"
    assert (len(changes), sandbox.recorded["NoticeRaised"]) == (3, 1)


def test_given_a_higher_limit_when_asked_then_what_was_said_would_not_have_been():
    [change], _ = asked(rows_of(day(Limit())), lambda: [Limit()], cash=100)
    assert (change.seq, change.recorded_seq, change.would, change.role) == (5, 6, None, "limit")


def test_given_a_role_that_raises_with_the_other_settings_when_asked_then_it_is_told_and_the_others_go_on():
    house = day(Fragile(), Listener())
    changes, _ = asked(rows_of(house), lambda: [Fragile(), Listener()], cash=2)
    assert {change.error for change in changes} == {"ZeroDivisionError: no limit (deciding on ClockTicked)"}
    assert [change.seq for change in changes] == [2, 3, 4, 5, 8, 9]
    assert {change.role for change in changes} == {"limit"}


def test_given_a_role_that_cannot_take_the_other_settings_when_asked_then_it_is_told_once():
    [change], _ = asked(rows_of(day(FragileFold())), lambda: [FragileFold()], cash=2)
    assert (change.seq, change.error) == (1, "ZeroDivisionError: no limit (evolving over RunStarted)")


def test_given_a_role_that_failed_then_when_asked_with_the_same_settings_then_nothing_differs():
    house = day(Fragile(), Listener(), cash=2)
    assert house.said(RoleFailed)
    assert asked(rows_of(house), lambda: [Fragile(), Listener()])[0] == []
    changes, _ = asked(rows_of(house), lambda: [Fragile(), Listener()], cash=3)
    assert changes and not any(change.error for change in changes)


def test_given_another_version_of_a_role_when_asked_then_what_it_says_otherwise_is_not_laid_to_the_settings():
    changes, sandbox = asked(rows_of(day(Limit())), lambda: [Verbose()])
    assert (changes, sandbox.code) == ([], 1)


def test_given_a_log_of_an_older_version_when_asked_then_fields_that_it_lacks_are_no_difference():
    game = HouseGame()
    for pick in (1, 5, 9):
        game.play("approve", pick)
    rows = [(older(record), message) for record, message in rows_of(game.house)]
    assert sum(b"overridden" in record.payload for record, _ in rows) == 0
    changes, sandbox = asked(rows)
    assert (changes, sandbox.code) == ([], 0)
    changes, sandbox = asked(rows, max_order_krw=Krw(60_000))
    assert [type(change.would).__name__ for change in changes] == ["OrderDenied", "CommandAnswered"]
    assert sandbox.code == 0


def older(record: Record) -> Record:
    """Take off what an approval of 0.6.0 did not have."""
    if record.type != "OrderApproved":
        return record
    told = msgspec.json.decode(record.payload)
    kept = {name: value for name, value in told.items() if name not in ("overridden", "arrival_price")}
    return record._replace(payload=msgspec.json.encode(kept))


def test_given_an_event_of_a_newer_version_when_asked_then_it_is_passed_over():
    rows = rows_of(day(Limit()))
    record = rows[2][0]._replace(type="Newer")
    rows[2] = record, UnknownEvent(record.seq, "Newer", record.stream, record.payload, "not known")
    _, sandbox = asked(rows, lambda: [Limit()])
    assert sandbox.unknown == 1


def test_given_an_event_that_cannot_be_read_when_asked_then_it_is_refused():
    rows = rows_of(day(Limit()))
    record = rows[2][0]
    rows[2] = record, UnknownEvent(record.seq, record.type, record.stream, record.payload, "it is torn")
    with pytest.raises(LogError, match="event 3, a ClockTicked, cannot be read: it is torn"):
        asked(rows, lambda: [Limit()])
