"""States of roles as JSON and back: nothing is lost, nothing foreign is made, sharing is refused."""

from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.role import Role
from actors.core.state import canonical, dump, load
from actors.roster import ROLES, make_roles
from domain.config import LinkConfig
from domain.errors import InvariantError, LogError
from domain.messages.run import RoleState
from domain.portfolio import Books, Position
from domain.quotes import Quote
from domain.risk.state import RiskState
from domain.types import Gate, Krw, LinkName, Side
from tests.actors.test_recovery import a_house


class Keeper(Role):
    """Keeps one value."""

    NAME = "keeper"
    HEARS = ()
    SAYS = ()
    GIVEN: ClassVar[frozenset[str]] = frozenset({"helper"})

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value
        self.helper = object()  # given by the constructor: no state


def through_json(state: RoleState) -> RoleState:
    return msgspec.json.decode(canonical(state), type=RoleState)


def carried(value: Any) -> Any:
    again = Keeper()
    load(again, through_json(dump(Keeper(value))))
    return again.value


PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.text(max_size=3) | st.integers() | st.sampled_from(LinkName) | st.tuples(st.text(max_size=2), st.integers())
OURS = st.builds(Quote, st.text(max_size=3), *[st.integers(0, 2**40)] * 9) | st.builds(Position, st.integers())
SIMPLE = PLAIN | st.dates() | st.sampled_from(Gate) | st.sampled_from(Side) | OURS | st.just(LinkConfig())
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(lambda items: deque(items, 5))
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "v", "a"]), inner, max_size=3)
        | st.frozensets(KEYS, max_size=3)
        | st.sets(KEYS, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_for_any_value_of_a_state_json_and_back_gives_it_again(value: Any) -> None:
    again = carried(value)
    assert (again, type(again)) == (value, type(value))
    assert canonical(dump(Keeper(again))) == canonical(dump(Keeper(value)))
    if isinstance(value, dict):
        assert list(again) == list(value)
    if isinstance(value, deque):
        assert again.maxlen == value.maxlen


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_given_a_float_that_json_lacks_when_carried_then_it_is_the_same(value: float) -> None:
    assert repr(carried(value)) == repr(value)


def test_given_objects_of_ours_when_carried_then_they_are_equal_and_of_their_class() -> None:
    books = Books(Krw(5), {"005930": Position(3, Krw(9))})
    risk = RiskState(links={LinkName.QUOTES: "READY"}, approved_at={("005930", Side.BUY): 3})
    for value in (books, risk, date(2026, 1, 13)):
        assert carried(value) == value
        assert type(carried(value)) is type(value)


def test_given_every_role_after_a_busy_day_when_carried_then_its_state_is_the_same() -> None:
    kernel = a_house().core.kernel
    for role, fresh in zip(kernel.roles, make_roles(), strict=True):
        load(fresh, through_json(dump(role)))
        assert canonical(dump(fresh)) == canonical(dump(role))
    assert {role.NAME for role in kernel.roles} == {kind.NAME for kind in ROLES}


def test_given_sets_in_another_order_when_dumped_then_the_bytes_are_the_same() -> None:
    forward, back = set(map(str, range(50))), set(map(str, reversed(range(50))))
    assert canonical(dump(Keeper(forward))) == canonical(dump(Keeper(back)))


def in_itself() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


@dataclass
class Changeable:
    """Not of the packages whose classes a state may hold."""

    number: int = 1


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (object(), "value expected plain values or classes of ours, was builtins.object"),
        ({"a": [Changeable()]}, "Changeable"),
        (b"bytes", "builtins.bytes"),
        (Keeper(), "Keeper"),
        (len, "builtin_function"),
        (in_itself(), "value expected a state with an end"),
        (nested(2_000), "value expected a state with an end"),
        (["half \ud800"], "value expected a text of whole characters"),
        ({"half \ud800": 1}, "value expected a text of whole characters"),
    ],
)
def test_given_a_value_that_is_no_plain_state_when_dumped_then_the_attribute_is_named(value: Any, says: str) -> None:
    with pytest.raises(InvariantError, match=says):
        dump(Keeper(value))


def test_given_one_changeable_object_in_two_places_when_dumped_then_it_is_refused() -> None:
    shared: list[int] = [1]
    with pytest.raises(InvariantError, match="share one list"):
        dump(Keeper({"a": shared, "b": shared}))
    fixed = (1, 2)  # what cannot change may be shared
    assert carried({"a": fixed, "b": fixed}) == {"a": fixed, "b": fixed}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (RoleState(2, {"value": 1}), "keeper expected version 1, was 2"),
        (RoleState(1, {}), "differs in value"),
        (RoleState(1, {"value": 1, "helper": 2}), "differs in helper"),
        (RoleState(1, {"value": {"$": "os:system"}}), "os:system is no class of a state"),
        (RoleState(1, {"value": {"$": "actors.recovery:fold"}}), "is no class of a state"),
        (RoleState(1, {"value": {"$": "actors.roles.executor:Executor"}}), "is no class of a state"),
        (RoleState(1, {"value": {"$": "domain.types:Nothing"}}), "value cannot be read"),
        (RoleState(1, {"value": {"$": "domain.nothing:X"}}), "value cannot be read"),
        (RoleState(1, {"value": {"$": "domain.types:Gate", "v": "AJAR"}}), "AJAR"),
        (RoleState(1, {"value": {"$": "domain.portfolio:Position", "quantity": 1}}), "Position differs in cost_basis"),
        (RoleState(1, {"value": {"$": "domain.portfolio:Position", "quantity": 1, "x": 1}}), "Position differs in"),
        (RoleState(1, {"value": {"$": "date", "v": "today"}}), "value cannot be read"),
        (RoleState(1, {"value": {"$": "float"}}), "value cannot be read"),
    ],
)
def test_given_a_state_that_does_not_fit_when_loaded_then_it_is_refused_and_named(state: RoleState, says: str) -> None:
    with pytest.raises(LogError, match=says):
        load(Keeper(), state)
