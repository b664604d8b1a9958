"""Reconciliation: what the broker's lists prove, what they do not, and whose an order is."""

from dataclasses import replace
from typing import Any

import pytest

from domain.messages.link import BrokerPosition
from domain.orders import ClientOrder
from domain.reconciliation import Finding, Orphan, Own, Sighting, count_absent, find
from domain.types import Krw, RequestId, Side, TimeInForce, UnixNanos
from tests.domain.order_builders import (
    BETTER,
    ID,
    PRICE,
    SYMBOL,
    a_cancel,
    a_modify,
    a_submit,
    accepted,
    an_order,
    cancelled,
    expired,
    filled,
    received,
    replaced,
    stranded,
)
from tests.domain.reconcile_builders import (
    CANCEL,
    CASH,
    MODIFY,
    RECEIVED,
    REJECTED,
    a_change,
    a_row,
    lists,
    lost,
    own,
    working,
)


def facts(finding: Finding) -> list[tuple[str, str, int, int]]:
    return [(item.fact, item.venue_order_id, item.quantity, item.leaves_qty) for item in finding.evidence]


def words(finding: Finding) -> str:
    return "; ".join(item.words for item in finding.differences)


# ---- sums ------------------------------------------------------------------------------------------------------


def test_given_books_that_agree_when_compared_then_nothing_is_found():
    found = find(own(working()), lists(a_row()))
    assert (found.evidence, found.differences, found.externals, found.wrong) == ((), (), (), {})
    assert found.agrees(SYMBOL)


def test_given_a_lost_fill_when_compared_then_the_difference_of_the_sums_is_proved():
    order = working(5, filled(2, "t1", quantity=1, leaves=4))
    row = a_row(quantity=5, filled=3, filled_notional=Krw(3 * PRICE + 100), commission=Krw(70), tax=Krw(5))
    cash = CASH - 3 * PRICE - 100 - 70 - 5
    found = find(own(order, shares=1, cash=CASH - PRICE), lists(row, shares=3, cash=cash))
    [proof] = found.evidence
    assert (proof.fact, proof.quantity, proof.leaves_qty, proof.notional) == ("filled", 2, 2, 2 * PRICE + 100)
    assert (proof.commission, proof.tax) == (70, 5)
    assert found.differences == ()


def test_given_a_list_behind_with_its_open_shares_when_a_fill_is_proved_then_the_sums_say_what_is_open():
    found = find(own(working(5)), lists(a_row(quantity=5, filled=3, leaves_qty=4), shares=3))
    [proof] = found.evidence
    assert (proof.fact, proof.quantity, proof.leaves_qty) == ("filled", 3, 2)
    assert SYMBOL in found.wrong


def test_given_a_broker_that_tells_no_costs_when_a_fill_is_proved_then_they_are_computed():
    row = a_row(filled=2, side=Side.SELL, commission=None, tax=None, order_time=UnixNanos(1_700_000_000 * 10**9))
    books = replace(own(working()._replace(side=Side.SELL), shares=2), commission_ppm=150)
    [proof] = find(books, lists(row)).evidence
    assert proof.commission == 2 * PRICE * 150 // 10**6
    assert proof.tax > 0


def test_given_a_row_older_than_what_was_heard_when_compared_then_it_proves_nothing():
    books = replace(own(working()), heard_at={SYMBOL: 101})
    found = find(books, lists(a_row(filled=1), shares=1))
    assert (found.evidence, found.differences, found.agrees(SYMBOL)) == ((), (), False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (a_row(filled=0), "1 shares filled for 70,000 KRW here, 0 for 0 KRW"),
        (a_row(filled=2, filled_notional=Krw(PRICE)), "1 shares filled for 70,000 KRW here, 2 for 70,000 KRW"),
        (a_row("B"), "order A: 1 open here, not in the broker's list"),
        (a_row(quantity=3, filled=1), "order A: 2 shares given here, 3 at the broker"),
    ],
)
def test_given_a_list_that_contradicts_events_when_compared_then_the_symbol_is_wrong_and_nothing_is_guessed(
    row: Any, said: str
):
    found = find(own(working(2, filled(2, "t", leaves=1)), shares=1), lists(row, shares=1))
    assert said in found.wrong[SYMBOL]
    assert "filled" not in [item.fact for item in found.evidence]


def test_given_fills_of_another_worth_when_shares_agree_then_the_money_is_told_and_no_symbol_is_wrong():
    order = working(2, filled(2, "t", leaves=1))
    found = find(own(order, shares=1, cash=5), lists(a_row(filled=1, filled_notional=Krw(9)), shares=1, cash=5))
    assert "fills are worth 70,000 KRW here, 9 KRW at the broker" in words(found)
    assert found.wrong == {}


@pytest.mark.parametrize(
    ("time_in_force", "is_over", "fact"),
    [(TimeInForce.DAY, False, "cancelled"), (TimeInForce.DAY, True, "expired"), (TimeInForce.IOC, True, "cancelled")],
)
def test_given_shares_that_ended_without_a_request_when_compared_then_the_time_says_how(
    time_in_force: TimeInForce, is_over: bool, fact: str
):
    order = working(5)._replace(time_in_force=time_in_force)
    found = find(replace(own(order), is_over=is_over), lists(a_row(quantity=5, leaves_qty=1)))
    assert facts(found) == [(fact, "A", 4, 1 if fact == "cancelled" else 0)]


def test_given_nothing_heard_at_all_when_compared_then_the_whole_story_is_proved_in_order():
    order = an_order(a_submit(5), stranded(), quantity=5)
    rows = (
        a_row(quantity=5, filled=1, leaves_qty=0),
        a_change("B", "A", MODIFY, 4, leaves_qty=1, filled_qty=1, filled_notional=BETTER, limit_price=BETTER),
        a_change("C", "B", CANCEL, 2, limit_price=None),
    )
    found = find(own(order), lists(*rows, shares=2, cash=CASH - PRICE - BETTER))
    assert facts(found) == [
        ("accepted", "A", 5, 5),
        ("replaced", "A", 4, 1),
        ("filled", "A", 1, 0),
        ("filled", "B", 1, 1),  # open in the list, which knows of the cancel
        ("cancelled", "B", 2, 1),
    ]
    assert found.differences == ()


# ---- requests --------------------------------------------------------------------------------------------------


def cancelling(*more: Any) -> ClientOrder:
    return working(2, a_cancel(), stranded("c"), *more)


def test_given_a_confirmed_cancel_when_its_event_was_lost_then_it_is_proved_for_its_request():
    rows = (a_row(leaves_qty=0), a_change("C", "A", CANCEL, 2))
    found = find(own(cancelling()), lists(*rows))
    assert facts(found) == [("cancelled", "A", 2, 0)]
    assert found.evidence[0].request_id == "c"


def test_given_a_refused_cancel_when_its_event_was_lost_then_the_request_is_resolved():
    found = find(own(cancelling()), lists(a_row(), a_change("C", "A", CANCEL, 2, state=REJECTED)))
    assert facts(found) == [("resolved", "A", 0, 2)]
    assert found.evidence[0].request_id == "c"


def test_given_a_cancel_whose_shares_were_told_without_its_id_when_compared_then_the_request_took_effect():
    order = working(2, a_cancel(), cancelled(2, 1, "", leaves=1), stranded("c"))
    found = find(own(order), lists(a_row(leaves_qty=1), a_change("C", "A", CANCEL, 1)))
    assert facts(found) == [("resolved", "A", 1, 1)]


def test_given_a_cancel_by_another_hand_when_compared_then_no_request_of_ours_is_answered():
    rows = (a_row(leaves_qty=0), a_change("C", "A", CANCEL, 2))
    [proof] = find(own(working()), lists(*rows)).evidence
    assert (proof.fact, proof.request_id) == ("cancelled", "")


def test_given_a_lost_modify_when_compared_then_it_is_known_by_number_id_or_looks():
    order = working(2, a_modify(quantity=1), stranded("m"))
    named = working(2, a_modify(quantity=1), received(2, "m", number="B"), stranded("m"))
    rows = (a_row(leaves_qty=1), a_change("B", "A", MODIFY, 1, limit_price=BETTER))
    for books in (order, named):
        [proof] = find(own(books), lists(*rows)).evidence
        assert (proof.fact, proof.request_id, proof.new_venue_order_id, proof.limit_price) == (
            "replaced",
            "m",
            "B",
            BETTER,
        )
    elsewhere = replace(rows[1], limit_price=Krw(1))
    [proof] = find(own(order), lists(rows[0], elsewhere)).evidence
    assert proof.request_id == "", "a modify to another price is not the one asked for"


def test_given_a_modify_and_cancels_told_when_compared_then_nothing_is_proved_twice():
    order = working(4, a_modify(quantity=2), replaced(2, 2, leaves=2), a_cancel("c", "B"), cancelled(3, 2, "c", "B"))
    rows = (
        a_row(quantity=4, leaves_qty=2),
        a_change("B", "A", MODIFY, 2, leaves_qty=0, limit_price=BETTER),
        a_change("C", "B", CANCEL, 2),
    )
    assert find(own(order), lists(*rows)).words() == ()


def test_given_an_expiry_told_when_compared_then_it_is_not_proved_again():
    assert find(own(working(2, expired(2, 2))), lists(a_row(leaves_qty=0))).words() == ()


def test_given_a_refused_order_when_its_event_was_lost_then_it_is_rejected():
    found = find(own(lost()), lists(a_row(state=REJECTED, leaves_qty=0)))
    assert [item.fact for item in found.evidence] == ["rejected"]


# ---- whose it is -----------------------------------------------------------------------------------------------


def test_given_an_unknown_order_when_one_row_looks_like_it_then_it_is_that_one():
    found = find(own(lost()), lists(a_row("A")))
    assert facts(found) == [("accepted", "A", 2, 2)]
    assert found.externals == ()


@pytest.mark.parametrize(
    "row",
    [
        a_row(quantity=3),
        a_row(limit_price=Krw(1)),
        a_row(side=Side.SELL),
        a_row(symbol="000660"),
        a_row(client_order_id="x"),
    ],
)
def test_given_an_unknown_order_when_a_row_looks_otherwise_then_it_is_somebody_elses(row: Any):
    found = find(own(lost()), lists(row))
    assert found.evidence == ()
    assert [item.venue_order_id for item in found.externals] == ["A"]


def test_given_a_row_from_before_the_intent_when_compared_then_it_is_not_it():
    later = lost()._replace(decided_at=UnixNanos(10 * 10**9))
    early, same_second = a_row(order_time=UnixNanos(9 * 10**9)), a_row(order_time=UnixNanos(10 * 10**9))
    assert find(own(later), lists(early)).evidence == ()
    assert find(own(later), lists(same_second)).evidence
    assert find(replace(own(later), own_clock=True), lists(early)).evidence, "two clocks do not compare"


def test_given_two_rows_that_look_like_an_unknown_order_when_compared_then_neither_is_guessed():
    found = find(own(lost()), lists(a_row("A"), a_row("B")))
    assert found.evidence == ()
    assert f"order {ID} is UNKNOWN_SUBMIT and may be number A, B: not guessed" in words(found)
    assert len(found.externals) == 2


def test_given_two_unknown_orders_alike_when_one_row_fits_then_neither_is_guessed():
    twin = lost()._replace(client_order_id=type(ID)("log-2"))
    found = find(own(lost(), twin), lists(a_row("A")))
    assert found.evidence == ()
    assert "as log-2 may: not guessed" in words(found)


def test_given_an_order_under_way_when_a_row_may_be_it_then_it_is_neither_proved_nor_called_foreign():
    found = find(own(an_order(a_submit())), lists(a_row("A")))
    assert (found.evidence, found.externals, found.differences) == ((), (), ())


def test_given_the_brokers_own_word_for_it_when_compared_then_looks_do_not_matter():
    row = a_row("Z", client_order_id=ID, order_time=UnixNanos(0))
    assert facts(find(own(lost()), lists(row))) == [("accepted", "Z", 2, 2)]


def test_given_a_number_of_another_day_when_it_comes_again_then_it_is_not_that_order():
    day = 86_400 * 10**9
    books = own(working(2, cancelled(2, 2, "")))
    found = find(books, lists(a_row("A", order_time=UnixNanos(2 * day)), venue_time=UnixNanos(2 * day)))
    assert found.evidence == ()
    assert [item.venue_order_id for item in found.externals] == ["A"]


def test_given_an_order_of_an_earlier_date_when_compared_then_what_was_open_of_it_expired():
    day = 86_400 * 10**9
    found = find(own(working()), lists(venue_time=UnixNanos(2 * day)))
    assert facts(found) == [("expired", "A", 2, 0)]
    assert found.differences == ()


# ---- absence ---------------------------------------------------------------------------------------------------

SEEN = {RequestId(ID): Sighting(3, UnixNanos(0))}


def test_given_no_trace_in_enough_lists_when_settled_then_the_order_never_arrived():
    found = find(own(lost(), sightings=SEEN), lists())
    assert facts(found) == [("absent", "", 2, 0)]
    assert "no trace of it in 3 whole lists" in found.evidence[0].reason


@pytest.mark.parametrize(
    ("books", "state"),
    [
        (own(lost(), sightings={RequestId(ID): Sighting(2, UnixNanos(0))}), lists()),
        (own(lost(), sightings=SEEN, now=UnixNanos(9_999_999_999)), lists()),
        (own(lost(), sightings=SEEN), lists(day_orders=None)),
        (own(lost(), sightings=SEEN), lists(a_row("A"), a_row("B"))),
        (own(lost(), sightings=SEEN, orphans={"9": (Orphan(UnixNanos(2_000), accepted(7, "9")),)}), lists()),
        (own(lost(), sightings=SEEN, orphans={"9": (Orphan(UnixNanos(2_000), filled(7, "t", "9")),)}), lists()),
        (own(lost(), sightings=SEEN), lists(orderable_cash=Krw(CASH - 2 * PRICE))),
        (own(lost(), sightings=SEEN), lists(orderable_cash=Krw(CASH - 28_000))),
    ],
)
def test_given_anything_that_speaks_for_an_unknown_order_when_it_is_not_listed_then_it_stays_unknown(
    books: Own, state: Any
):
    assert "absent" not in [item.fact for item in find(books, state).evidence]


def test_given_an_unknown_order_of_an_earlier_date_when_cash_is_locked_today_then_that_is_not_for_it():
    locked = lists(orderable_cash=Krw(1), venue_time=UnixNanos(2 * 86_400 * 10**9))
    assert [item.fact for item in find(own(lost(), sightings=SEEN), locked).evidence] == ["absent"]
    assert find(replace(own(lost(), sightings=SEEN), own_clock=True), locked).evidence == ()


def test_given_a_number_heard_of_with_nothing_open_when_the_list_does_not_show_it_then_nothing_differs():
    order = working(2, filled(2, "t", "Z", quantity=1))
    assert "order Z" not in words(find(own(order, shares=1), lists(a_row(), shares=1)))


def test_given_cash_locked_for_another_order_when_one_is_absent_then_that_explains_it():
    other = a_row("X", quantity=1)
    found = find(own(lost(), sightings=SEEN), lists(other, orderable_cash=Krw(CASH - PRICE - 10)))
    assert [item.fact for item in found.evidence] == ["absent"]


@pytest.mark.parametrize(("sellable", "is_absent"), [(5, True), (3, False), (None, True)])
def test_given_a_sell_without_a_trace_when_shares_are_locked_for_nobody_then_it_stays_unknown(
    sellable: int | None, is_absent: bool
):
    sell = lost()._replace(side=Side.SELL)
    state = lists(positions=(BrokerPosition(SYMBOL, 5, Krw(0), sellable=sellable),))
    found = find(own(sell, shares=5, sightings=SEEN), state)
    assert bool(found.evidence) is is_absent
    assert ("2 shares are locked that no order explains" in words(found)) is not is_absent


def test_given_a_cancel_without_a_trace_in_enough_lists_when_compared_then_it_changed_nothing():
    books = own(cancelling(), sightings={RequestId("c"): Sighting(3, UnixNanos(0))})
    assert facts(find(books, lists(a_row()))) == [("resolved", "A", 0, 2)]


def test_given_lists_without_a_trace_when_counted_then_each_adds_one_and_a_trace_begins_anew():
    books = own(lost())
    for expected in (1, 2, 3):
        books = replace(books, sightings=count_absent(books, lists()))
        assert books.sightings[RequestId(ID)].snapshots == expected
    assert count_absent(books, lists(day_orders=None)) == books.sightings, "no list, no absence"
    assert count_absent(replace(books, heard_at={SYMBOL: 101}), lists()) == books.sightings
    assert count_absent(books, lists(a_row("A"))) == {}
    assert count_absent(own(working()), lists()) == {}


# ---- what is not ours, and what differs ------------------------------------------------------------------------


def test_given_an_order_placed_elsewhere_when_it_changes_then_each_change_and_its_end_are_told_once():
    books, row = own(), a_row("X", quantity=5)
    told: list[tuple[int, int]] = []
    for state in (lists(row), lists(row), lists(replace(row, leaves_qty=3)), lists(), lists()):
        for seen in find(books, state).externals:
            told.append((seen.quantity, seen.leaves_qty))
            kept = {**books.externals, seen.venue_order_id: seen}
            books = replace(books, externals={key: item for key, item in kept.items() if item.leaves_qty})
    assert told == [(5, 5), (5, 3), (5, 0)]


def test_given_fills_of_an_order_placed_elsewhere_when_compared_then_the_symbol_is_wrong_and_the_number_is_named():
    found = find(own(working()), lists(a_row(), a_row("X", filled=2, leaves_qty=0), shares=2))
    assert found.wrong == {SYMBOL: f"{SYMBOL}: 0 shares here, 2 at the broker; numbers X were filled and are not ours"}


def test_given_cash_that_differs_when_compared_then_it_is_told_and_halts_nothing():
    found = find(own(), lists(cash=CASH + 5))
    assert words(found) == "cash: 1,000,000 KRW here, 1,000,005 KRW at the broker"
    assert found.wrong == {}


def test_given_a_broker_without_such_a_list_when_compared_then_open_orders_and_holdings_are():
    found = find(own(working()), lists(day_orders=None, shares=1))
    assert set(found.wrong[SYMBOL].split("; ")) == {
        "order A: 2 open here, 0 at the broker",
        f"{SYMBOL}: 0 shares here, 1 at the broker",
    }


@pytest.mark.parametrize(
    ("books", "state", "is_ours"),
    [
        (own(working()), lists(a_row()), True),
        (own(working()), lists(a_row(symbol="000660")), False),
        (own(), lists(), False),
        (own(shares=3), lists(shares=3), True),
        (own(shares=3), lists(shares=3, cash=1), False),
        (own(working(), shares=3), lists(shares=3), False),
    ],
)
def test_given_another_journal_when_compared_then_the_account_is_known_by_numbers_or_holdings(
    books: Own, state: Any, is_ours: bool
):
    assert find(books, state).is_ours is is_ours


def test_given_what_a_gated_run_would_do_when_asked_then_halts_that_stand_are_left_out():
    wrong = find(own(), lists(shares=1))
    assert list(wrong.to_do({})) == [f"halt {SYMBOL}"]
    assert wrong.to_do({SYMBOL: "as before"}) == {}
    assert list(find(own(working()), lists(a_row())).to_do({SYMBOL: "as before"})) == [f"release {SYMBOL}"]
    lost_fill = find(own(working()), lists(a_row(filled=1), shares=1, cash=CASH - PRICE))
    assert list(lost_fill.to_do({})) == [f"filled {ID} A "]


def test_given_a_received_cancel_whose_shares_are_gone_when_compared_then_they_went_by_it():
    rows = (a_row(leaves_qty=0), a_change("C", "A", CANCEL, 2, state=RECEIVED))
    [proof] = find(own(cancelling()), lists(*rows)).evidence
    assert (proof.fact, proof.quantity, proof.request_id) == ("cancelled", 2, "c")
