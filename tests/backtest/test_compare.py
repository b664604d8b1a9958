"""Orders of two logs are paired, differences named, and each is explained by what the logs say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.align import APART, align
from backtest.compare import Comparison, compare
from backtest.history import History, OrderStory, read_history
from domain.config import RunConfig
from domain.messages.trading import DayChanged, FillBooked, OrderDenied
from domain.risk_config import RiskConfig
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, Side
from tests.backtest.builders import a_history, a_run, a_story, at, lively_days
from tests.broker_sim.builders import SYMBOL

SELL: dict[str, Any] = {"side": Side.SELL, "purpose": Purpose.EXIT}


def causes(found: Comparison) -> list[str]:
    return [cause for item in found.verdicts for cause in item.causes]


def denied(seconds: float, reason: str = "MAX_POSITION") -> OrderDenied:
    what = (SYMBOL, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, 10, Krw(10_000), reason, "3 % above the limit")
    return OrderDenied(ClientOrderId(f"d-{seconds}"), *what, "attention_momentum", "up", at(seconds))


def book(history: History, fill: FillBooked, heard: float | None = None) -> None:
    history.booked.append(fill)
    history.booked_at.append(fill.venue_time if heard is None else at(heard))


def a_booking(seconds: float, side: Side, shares: int, left: int, price: int = 10_000) -> FillBooked:
    money = (Krw(shares * price), Krw(0), Krw(0), Krw(0), left, Krw(0), Krw(10_000_000))
    return FillBooked(ClientOrderId("x"), "1", SYMBOL, side, shares, Krw(price), *money, at(seconds))


# ---- the same --------------------------------------------------------------------------------------------------


def test_given_one_day_back_tested_twice_when_compared_then_every_order_is_the_same(tmp_path: Path) -> None:
    data = lively_days(tmp_path, end=700)
    a_run(data, tmp_path / "a.db")
    a_run(data, tmp_path / "b.db")
    found = compare(read_history(tmp_path / "a.db"), read_history(tmp_path / "b.db"))
    assert found.is_same
    assert found.counts == {"same": len(found.a.orders), "differs": 0, "only_a": 0, "only_b": 0}
    assert found.a.orders
    assert not found.settings


def test_given_other_batches_when_one_day_is_back_tested_then_what_differs_is_explained(tmp_path: Path) -> None:
    data = lively_days(tmp_path, end=930)
    a_run(data, tmp_path / "a.db", batch_ms=0)
    a_run(data, tmp_path / "b.db", batch_ms=60_000, link_ms=2_500)
    found = compare(read_history(tmp_path / "a.db"), read_history(tmp_path / "b.db"))
    assert not found.is_same
    assert found.unexplained == 0, [item for item in found.verdicts if item.verdict != "same" and not item.causes]


# ---- alignment -------------------------------------------------------------------------------------------------


def test_given_orders_near_in_time_when_aligned_then_the_nearest_are_pairs_and_the_rest_stand_alone() -> None:
    a = [a_story(100), a_story(700)]
    b = [a_story(130), a_story(2_000)]
    seconds = [[story and (story.approved.venue_time - at(0)) // 10**9 for story in pair] for pair in align(a, b)]
    assert seconds == [[100, 130], [700, None], [None, 2_000]]


def test_given_a_buy_and_a_sell_at_one_moment_when_aligned_then_they_are_no_pair() -> None:
    assert [tuple(map(bool, pair)) for pair in align([a_story(100)], [a_story(100, **SELL)])] in (
        [(True, False), (False, True)],
        [(False, True), (True, False)],
    )


@given(st.lists(st.integers(0, 3_000), max_size=9), st.lists(st.integers(0, 3_000), max_size=9))
def test_for_any_two_logs_each_order_stands_once_in_order_and_pairs_are_near(a: list[int], b: list[int]) -> None:
    first, second = [a_story(when) for when in sorted(a)], [a_story(when) for when in sorted(b)]
    pairs = align(first, second)
    assert [id(pair.a) for pair in pairs if pair.a] == [id(story) for story in first]
    assert [id(pair.b) for pair in pairs if pair.b] == [id(story) for story in second]
    for pair in pairs:
        if pair.a and pair.b:
            assert abs(pair.a.approved.venue_time - pair.b.approved.venue_time) <= APART


# ---- different, and why ----------------------------------------------------------------------------------------


def test_given_a_later_meeting_with_the_book_when_fills_differ_then_that_is_the_cause() -> None:
    a = a_history(a_story(600, (600.5, 10, 10_000)))
    b = a_history(a_story(600, (603.1, 10, 10_050), clock=602))
    found = compare(a, b)
    assert found.verdicts[0].differences == ("fills",)
    assert causes(found) == [
        "batches ended elsewhere: the decision left 2,000 ms later in B",
        "it reached the venue 500 ms after its row in A, 3,100 ms in B (venue time)",
    ]


def test_given_other_money_when_the_quantity_differs_then_it_is_traced_to_the_first_order_apart() -> None:
    a_first, b_first = a_story(100, (101, 10, 10_000)), a_story(100, (105, 10, 10_100))
    a_next = a_story(900, quantity=20)
    b_next = replace_books(a_story(900, quantity=19), equity=9_900_000, cash=9_000_000)
    found = compare(a_history(a_first, a_next), a_history(b_first, b_next))
    assert found.verdicts[1].differences == ("quantity",)
    assert found.verdicts[1].causes == (
        "it was sized by an equity of 10,000,000 in A and 9,900,000 in B, apart since order 1",
        "cash was 10,000,000 in A and 9,000,000 in B",
    )


def replace_books(story: OrderStory, **changes: Any) -> OrderStory:
    for name, value in changes.items():
        setattr(story, name, value)
    return story


def test_given_a_holding_that_began_later_when_its_exit_comes_later_then_the_cause_is_the_purchase() -> None:
    def a_log(bought: float, sold: float, price: int = 10_000, heard: float | None = None) -> History:
        history = a_history(a_story(sold, rationale="time: held for 1800 s", **SELL))
        book(history, a_booking(bought, Side.BUY, 10, 10, price), heard)
        return history

    found = compare(a_log(10, 1_810), a_log(13.5, 1_814))
    assert causes(found) == ["what it sells was bought 3,500 ms later in B, so its clock began then"]
    found = compare(a_log(10, 1_810), a_log(10, 1_700, 10_100))
    assert causes(found) == ["what it sells was bought at 10,000 in A and 10,100 in B"]
    found = compare(a_log(10, 1_810, heard=14), a_log(10, 1_700))
    assert causes(found) == ["B heard of the purchase 4,000 ms earlier than A, and watched prices from then"]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda log: log.denied.append(denied(601)), "denied by MAX_POSITION in B at 09:10:01: 3 % above the limit"),
        (lambda log: log.denied.append(denied(400)), "B had denied one at 09:06:40 and was quiet for 300 s"),
        (
            lambda log: log.days.append(DayChanged("TRADING", "HALTED", "halt", "daily loss", at(500))),
            "the day was HALTED in B since 09:08:20: daily loss",
        ),
        (lambda log: book(log, a_booking(300, Side.BUY, 7, 7)), "B held 7 shares of it"),
        (
            lambda log: book(log, a_booking(300, Side.SELL, 7, 0)),
            "B had sold it at 09:05:00 and enters again after 900 s",
        ),
        (lambda log: log.ends.__setitem__(slice(None), [at(0), at(300)]), "B heard no quotes at 09:10:00"),
    ],
)
def test_given_an_entry_in_one_log_only_when_the_other_says_why_then_that_is_the_cause(change: Any, cause: str) -> None:
    a, b = a_history(a_story(600, (601, 10, 10_000))), a_history()
    change(b)
    found = compare(a, b)
    assert [item.verdict for item in found.verdicts] == ["only_a"]
    assert causes(found) == [cause]
    swapped = compare(b, a)
    assert [item.verdict for item in swapped.verdicts] == ["only_b"]
    assert causes(swapped) == [cause.replace("in B", "in A").replace("B ", "A ")]


def test_given_an_exit_in_one_log_only_when_the_other_held_nothing_then_that_is_the_cause() -> None:
    a, b = a_history(a_story(600, (601, 10, 10_000), **SELL)), a_history()
    book(b, a_booking(100, Side.BUY, 10, 10))
    book(b, a_booking(200, Side.SELL, 10, 0))
    assert causes(compare(a, b)) == ["B held none of it then, sold at 09:03:20"]


def test_given_nothing_that_explains_when_compared_then_it_counts_as_unexplained() -> None:
    found = compare(a_history(a_story(600)), a_history())
    assert (found.unexplained, causes(found)) == (1, [])


def test_given_other_settings_when_compared_then_each_is_named_but_not_where_brokers_listen() -> None:
    a = a_history(config=RunConfig("paper", quotes_endpoint="here"))
    b = a_history(config=replace(RunConfig("backtest"), cash=Krw(5), risk=RiskConfig(max_open_orders=3)))
    assert compare(a, b).settings == ("cash: 10000000 against 5", "risk.max_open_orders: 20 against 3")
