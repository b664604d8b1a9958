"""Screen numbers: which are given, when again, and how many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.screens import MOST_SCREENS, POOLS, Screens
from domain.errors import InvariantError, RequestRefused


def test_given_new_screens_when_one_of_each_pool_is_taken_then_each_comes_from_its_own_numbers() -> None:
    screens = Screens()
    assert [screens.take(pool) for pool in ("queries", "orders", "real", "conditions")] == [
        "1000",
        "2000",
        "3000",
        "4000",
    ]
    assert screens.in_use() == {
        "queries": ("1000",),
        "orders": ("2000",),
        "real": ("3000",),
        "conditions": ("4000",),
    }


def test_given_a_screen_given_back_when_others_are_free_then_it_is_the_last_to_be_taken_again() -> None:
    screens = Screens()
    first, second = screens.take("orders"), screens.take("orders")
    screens.give_back(second)
    screens.give_back(first)
    rest = [screens.take("orders") for _ in range(len(POOLS["orders"]) - 2)]
    assert first not in rest and second not in rest
    assert [screens.take("orders"), screens.take("orders")] == [second, first]


def test_given_a_pool_in_use_when_another_screen_is_asked_for_then_it_is_refused_and_other_pools_go_on() -> None:
    screens = Screens()
    for _ in POOLS["conditions"]:
        screens.take("conditions")
    with pytest.raises(RequestRefused, match="all 10 screens for conditions are in use") as refused:
        screens.take("conditions")
    assert (refused.value.code, refused.value.value) == ("NO_SCREEN", "conditions")
    assert screens.take("queries") == "1000"


@pytest.mark.parametrize("screen", ["3000", "0000", "9999", ""])
def test_given_a_screen_that_nobody_has_when_it_is_given_back_then_that_is_our_bug(screen: str) -> None:
    with pytest.raises(InvariantError, match="expected to be in use"):
        Screens().give_back(screen)


def test_given_an_unknown_pool_when_a_screen_is_asked_for_then_that_is_our_bug() -> None:
    with pytest.raises(InvariantError, match="expected one of queries, orders, real, conditions, was 'charts'"):
        Screens().take("charts")


def test_given_all_pools_when_they_are_added_up_then_kiwoom_never_sees_more_screens_than_it_takes() -> None:
    numbers = [number for pool in POOLS.values() for number in pool]
    assert len(numbers) == len(set(numbers)) == MOST_SCREENS


@given(st.lists(st.tuples(st.sampled_from(sorted(POOLS)), st.booleans()), max_size=300))
def test_for_any_use_screens_are_distinct_four_digits_and_never_more_than_kiwoom_takes(
    steps: list[tuple[str, bool]],
) -> None:
    screens, ours = Screens(), dict[str, list[str]]()
    for pool, gives_back in steps:
        held = ours.setdefault(pool, [])
        if gives_back and held:
            screens.give_back(held.pop(0))
        elif len(held) < len(POOLS[pool]):
            screen = screens.take(pool)
            assert screen not in {one for mine in ours.values() for one in mine}
            assert len(screen) == 4 and screen.isdigit() and screen != "0000"
            held.append(screen)
    assert {pool: set(one) for pool, one in screens.in_use().items()} == {
        pool: set(ours.get(pool, ())) for pool in POOLS
    }
