"""Every sequence of kiwoom.md 2.6 and its races: events in, facts out; then what the lists prove."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest

from broker_win.orders.notices import Action
from broker_win.rows import OrderRow
from domain.messages.orders import OrderAccepted, OrderCancelled, OrderFilled, OrderReplaced
from domain.types import Side, TimeInForce
from tests.broker_win.order_kit import OPEN, Bench, a_row, an_ask, chejan

A, B, C = "0000101", "0000102", "0000103"
Step = Callable[[Bench], object]


def hear(number: str = A, status: str = "접수", /, **fields: Any) -> Step:
    return lambda at: at.hear(chejan(number, status, **fields))


def fill(number: str, shares: int, price: int, leaves: int, trade: str, notional: int, /, **fields: Any) -> Step:
    return hear(number, "체결", fill=(shares, price), leaves=leaves, trade=trade, notional=notional, **fields)


def ask(request: str = "o-1", **fields: Any) -> Step:
    return lambda at: at.ask(an_ask(request, **fields))


def answer(request: str = "o-1", number: str = A) -> Step:
    return lambda at: at.answer(request, number)


def say(request: str, words: str) -> Step:
    return lambda at: at.say(request, words)


def wait(seconds: float) -> Step:
    return lambda at: at.wait(seconds)


ASK_CANCEL = ask("c-1", order="o-1", action=Action.CANCEL, price=None, original=A, screen="2001")
ASK_MODIFY = ask("m-1", order="o-1", action=Action.MODIFY, price=10_100, original=A, screen="2001")
CANCEL: dict[str, Any] = {"original": A, "action": Action.CANCEL, "price": 0, "screen": "2001"}
MODIFY: dict[str, Any] = {"original": A, "action": Action.MODIFY, "price": 10_100, "screen": "2001"}
PLACED = [ask(), answer(), hear()]
ACCEPTED = "OrderAccepted o-1 101 100 10000"
FILL_30 = fill(A, 30, 10_000, 70, "t1", 300_000)
FILL_70 = fill(A, 70, 9_990, 0, "t2", 999_300)
FILLED_30 = "OrderFilled o-1 101 t1 30 10000 70"
FILLED_70 = "OrderFilled o-1 101 t2 70 9990 0"
CANCEL_SEEN = "ChangeReceived o-1 c-1 101 102 100 None"
MODIFY_SEEN = "ChangeReceived o-1 m-1 101 102 100 10100"


SEQUENCES: dict[str, tuple[Sequence[Step], list[str]]] = {
    "a new order and its fills": ([*PLACED, FILL_30, FILL_70], [ACCEPTED, FILLED_30, FILLED_70]),
    "the answer behind the events": ([ask(), hear(), FILL_30, answer()], [ACCEPTED, FILLED_30]),
    "a fill before anything else": ([ask(), FILL_30, answer(), hear()], [ACCEPTED, FILLED_30]),
    "no answer at all": ([ask(), hear(), FILL_30], [ACCEPTED, FILLED_30]),
    "the same again": ([*PLACED, hear(), FILL_30, FILL_30, FILL_30], [ACCEPTED, FILLED_30]),
    "blank, then the text": (
        [ask(), answer("o-1", "       "), say("o-1", "[00Z218] 모의투자 장종료 상태입니다")],
        ["OrderRejected o-1 00Z218 [00Z218] 모의투자 장종료 상태입니다"],
    ),
    "the text, then blank": (
        [ask(), say("o-1", "[00Z237] 단가를 입력하지 않습니다"), answer("o-1", "")],
        ["OrderRejected o-1 00Z237 [00Z237] 단가를 입력하지 않습니다"],
    ),
    "blank, and never a text": (
        [ask(), answer("o-1", ""), wait(0.9), wait(0.2)],
        ["OrderRejected o-1 REJECTED Kiwoom gave no order number and no reason"],
    ),
    "a reject by event": (
        [*PLACED, hear(A, "거부", leaves=0, reason="증거금 부족")],
        [ACCEPTED, "OrderRejected o-1 REJECTED 증거금 부족"],
    ),
    "a status nobody knows": ([*PLACED, hear(A, "HALTED"), FILL_30], [ACCEPTED, FILLED_30]),
    "a cancel of an open order": (
        [
            *PLACED,
            ASK_CANCEL,
            answer("c-1", B),
            hear(B, leaves=100, **CANCEL),
            hear(B, "확인", leaves=0, **CANCEL),
            hear(A, leaves=0),
        ],
        [ACCEPTED, CANCEL_SEEN, "OrderCancelled o-1 c-1 101 100 0"],
    ),
    "a cancel behind a part": (
        [
            *PLACED,
            FILL_30,
            ask("c-1", order="o-1", action=Action.CANCEL, price=None, original=A, screen="2001", quantity=70),
            answer("c-1", B),
            hear(B, quantity=70, leaves=70, **CANCEL),
            hear(B, "확인", quantity=70, leaves=0, **CANCEL),
            hear(A, "체결", leaves=0, notional=300_000),
        ],
        [ACCEPTED, FILLED_30, "ChangeReceived o-1 c-1 101 102 70 None", "OrderCancelled o-1 c-1 101 70 0"],
    ),
    "the order's own event before 확인": (
        [
            *PLACED,
            ASK_CANCEL,
            hear(B, **CANCEL),
            hear(A, leaves=0),
            hear(B, "확인", leaves=0, **CANCEL),
            answer("c-1", B),
        ],
        [ACCEPTED, CANCEL_SEEN, "OrderCancelled o-1 c-1 101 100 0"],
    ),
    "the order's own event before anything of the cancel": (
        [*PLACED, ASK_CANCEL, hear(A, leaves=0), answer("c-1", B), hear(B, "확인", leaves=0, **CANCEL)],
        [ACCEPTED, CANCEL_SEEN, "OrderCancelled o-1 c-1 101 100 0"],
    ),
    "an incomplete cancel": (
        [
            *PLACED,
            ASK_CANCEL,
            answer("c-1", B),
            hear(B, **CANCEL),
            FILL_30,
            hear(B, "확인", leaves=30, **CANCEL),
            hear(A, "체결", leaves=0, notional=300_000),
        ],
        [ACCEPTED, CANCEL_SEEN, FILLED_30, "OrderCancelled o-1 c-1 101 70 0"],
    ),
    "a fill that was late for the cancel": (
        [
            *PLACED,
            ASK_CANCEL,
            answer("c-1", B),
            hear(B, "확인", leaves=30, **CANCEL),
            hear(A, "체결", leaves=0, notional=300_000),
            FILL_30,
        ],
        [ACCEPTED, CANCEL_SEEN, "OrderCancelled o-1 c-1 101 70 30", FILLED_30],
    ),
    "a cancel of a part, and fills on": (
        [
            *PLACED,
            ask("c-1", order="o-1", action=Action.CANCEL, price=None, original=A, screen="2001", quantity=20),
            answer("c-1", B),
            hear(B, "확인", quantity=20, leaves=0, **CANCEL),
            hear(A, leaves=80),
            fill(A, 30, 10_000, 50, "t1", 300_000),
            fill(A, 50, 10_000, 0, "t2", 800_000),
        ],
        [
            ACCEPTED,
            "ChangeReceived o-1 c-1 101 102 20 None",
            "OrderCancelled o-1 c-1 101 20 80",
            "OrderFilled o-1 101 t1 30 10000 50",
            "OrderFilled o-1 101 t2 50 10000 0",
        ],
    ),
    "a cancel that lost the race, told by a blank": (
        [*PLACED, FILL_30, FILL_70, ASK_CANCEL, answer("c-1", ""), say("c-1", "[00Z924] 취소가능수량 초과")],
        [ACCEPTED, FILLED_30, FILLED_70, "ChangeRefused o-1 c-1 101 00Z924 [00Z924] 취소가능수량 초과"],
    ),
    "a cancel that lost the race, told by an event": (
        [
            *PLACED,
            ASK_CANCEL,
            answer("c-1", B),
            hear(B, **CANCEL),
            FILL_30,
            FILL_70,
            hear(B, "거부", leaves=0, reason="취소가능수량 초과", **CANCEL),
        ],
        [ACCEPTED, CANCEL_SEEN, FILLED_30, FILLED_70, "ChangeRefused o-1 c-1 101 REJECTED 취소가능수량 초과"],
    ),
    "a cancel of all that is left, given as 0": (
        [
            *PLACED,
            FILL_30,
            ask("c-1", order="o-1", action=Action.CANCEL, price=None, original=A, screen="2001", quantity=0),
            hear(B, quantity=0, leaves=0, **CANCEL),
            hear(B, "확인", quantity=0, leaves=0, **CANCEL),
            hear(A, "체결", leaves=0, notional=300_000),
        ],
        [ACCEPTED, FILLED_30, "ChangeReceived o-1 c-1 101 102 0 None", "OrderCancelled o-1 c-1 101 70 0"],
    ),
    "a modify and fills under its number": (
        [
            *PLACED,
            ASK_MODIFY,
            answer("m-1", B),
            hear(B, **MODIFY),
            hear(B, "확인", **MODIFY),
            hear(A, leaves=0),
            fill(B, 40, 10_100, 60, "t3", 404_000, **MODIFY),
            fill(B, 60, 10_100, 0, "t4", 1_010_000, **MODIFY),
        ],
        [
            ACCEPTED,
            MODIFY_SEEN,
            "OrderReplaced o-1 m-1 101 102 100 10100 0",
            "OrderFilled o-1 102 t3 40 10100 60",
            "OrderFilled o-1 102 t4 60 10100 0",
        ],
    ),
    "a modify of a part": (
        [
            *PLACED,
            ask("m-1", order="o-1", action=Action.MODIFY, price=10_100, original=A, screen="2001", quantity=40),
            answer("m-1", B),
            hear(B, quantity=40, leaves=40, **MODIFY),
            hear(B, "확인", quantity=40, leaves=40, **MODIFY),
            hear(A, leaves=60),
            fill(A, 60, 10_000, 0, "t1", 600_000),
            fill(B, 40, 10_100, 0, "t2", 404_000, quantity=40, **MODIFY),
        ],
        [
            ACCEPTED,
            "ChangeReceived o-1 m-1 101 102 40 10100",
            "OrderReplaced o-1 m-1 101 102 40 10100 60",
            "OrderFilled o-1 101 t1 60 10000 0",
            "OrderFilled o-1 102 t2 40 10100 0",
        ],
    ),
    "a modify that a fill outran": (
        [
            *PLACED,
            ASK_MODIFY,
            answer("m-1", B),
            hear(B, **MODIFY),
            FILL_30,
            hear(B, "확인", leaves=70, **MODIFY),
            fill(B, 70, 10_100, 0, "t2", 707_000, **MODIFY),
        ],
        [
            ACCEPTED,
            MODIFY_SEEN,
            FILLED_30,
            "OrderReplaced o-1 m-1 101 102 70 10100 0",
            "OrderFilled o-1 102 t2 70 10100 0",
        ],
    ),
    "a modify whose fills come before 확인": (
        [
            *PLACED,
            ASK_MODIFY,
            fill(B, 40, 10_100, 60, "t3", 404_000, **MODIFY),
            hear(B, **MODIFY),
            hear(B, "확인", **MODIFY),
            answer("m-1", B),
        ],
        [ACCEPTED, MODIFY_SEEN, "OrderReplaced o-1 m-1 101 102 100 10100 0", "OrderFilled o-1 102 t3 40 10100 60"],
    ),
    "a modify, then a cancel of what it made": (
        [
            *PLACED,
            ASK_MODIFY,
            answer("m-1", B),
            hear(B, "확인", **MODIFY),
            ask("c-1", order="o-1", action=Action.CANCEL, price=None, original=B, screen="2002"),
            hear(C, "확인", leaves=0, original=B, action=Action.CANCEL, price=0, screen="2002"),
            hear(B, leaves=0, **MODIFY),
        ],
        [
            ACCEPTED,
            MODIFY_SEEN,
            "OrderReplaced o-1 m-1 101 102 100 10100 0",
            "ChangeReceived o-1 c-1 102 103 100 None",
            "OrderCancelled o-1 c-1 102 100 0",
        ],
    ),
    "the rest of an IOC order": (
        [ask(in_force=TimeInForce.IOC), answer(), hear(), FILL_30, hear(A, "접수", leaves=0, notional=300_000)],
        [ACCEPTED, FILLED_30, "OrderCancelled o-1  101 70 0"],
    ),
    "the rest of a day order, ended by the venue": (
        [*PLACED, FILL_30, hear(A, "취소", leaves=0, notional=300_000)],
        [ACCEPTED, FILLED_30, "OrderCancelled o-1  101 70 0"],
    ),
    "an order placed elsewhere": (
        [
            hear(A, screen="0000"),
            fill(A, 30, 10_000, 70, "t1", 300_000, screen="0000"),
            hear(B, "확인", leaves=0, quantity=70, original=A, action=Action.CANCEL, price=0, screen="0000"),
        ],
        ["OrderAccepted - 101 100 10000", "OrderFilled - 101 t1 30 10000 70", "OrderCancelled -  101 70 0"],
    ),
    "an order of ours cancelled elsewhere": (
        [
            *PLACED,
            hear(B, original=A, action=Action.CANCEL, price=0, screen="0000"),
            hear(B, "확인", leaves=0, original=A, action=Action.CANCEL, price=0, screen="0000"),
            hear(B, "확인", leaves=0, original=A, action=Action.CANCEL, price=0, screen="0000"),
            hear(A, leaves=0),
        ],
        [ACCEPTED, "OrderCancelled o-1  101 100 0"],
    ),
    "an order of ours modified elsewhere": (
        [
            *PLACED,
            hear(B, original=A, action=Action.MODIFY, price=10_200, screen="0000"),
            hear(B, "확인", original=A, action=Action.MODIFY, price=10_200, screen="0000"),
            fill(B, 100, 10_200, 0, "t1", 1_020_000, original=A, action=Action.MODIFY, screen="0000"),
        ],
        [ACCEPTED, "OrderReplaced o-1  101 102 100 10200 0", "OrderFilled o-1 102 t1 100 10200 0"],
    ),
    "two orders alike, told apart by their screens": (
        [
            ask("o-1", screen="2000"),
            ask("o-2", screen="2001"),
            hear(B, screen="2001"),
            hear(A, screen="2000"),
            answer("o-2", B),
            answer("o-1", A),
        ],
        ["OrderAccepted o-2 102 100 10000", ACCEPTED],
    ),
    "an event without our screen waits for the answer": (
        [ask(), hear(A, screen="0000"), answer()],
        [ACCEPTED],
    ),
    "somebody else's twin, told apart by the answer": (
        [ask(), hear(B, screen="0000"), answer()],
        [ACCEPTED, "OrderAccepted - 102 100 10000"],
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_given_a_sequence_of_events_when_heard_then_these_facts_are_told(name: str) -> None:
    steps, expected = SEQUENCES[name]
    at = Bench()
    for step in steps:
        step(at)
    assert at.told() == expected
    assert at.questions() == []


RACES: dict[str, tuple[Sequence[Step], Sequence[Step]]] = {
    "a new order": ([ask()], [answer(), hear(), FILL_30, FILL_70]),
    "a cancel behind a part": (
        [*PLACED, ASK_CANCEL],
        [
            answer("c-1", B),
            FILL_30,
            hear(B, "확인", leaves=30, **CANCEL),
            hear(A, "체결", leaves=0, notional=300_000),
        ],
    ),
    "a modify and its fills": (
        [*PLACED, ASK_MODIFY],
        [
            answer("m-1", B),
            hear(B, "확인", **MODIFY),
            fill(B, 40, 10_100, 60, "t3", 404_000, **MODIFY),
            fill(B, 60, 10_100, 0, "t4", 1_010_000, **MODIFY),
            hear(A, leaves=0),
        ],
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_given_events_in_any_order_when_all_were_heard_then_the_facts_are_the_same(name: str) -> None:
    before, events = RACES[name]
    outcomes = set()
    for order in permutations(events):
        at = Bench()
        for step in (*before, *order, *order):  # and each of them twice
            step(at)
        told = [line.rsplit(" ", 1)[0] if line.startswith(("OrderC", "OrderR")) else line for line in at.told()]
        assert at.questions() == []
        outcomes.add(frozenset(Counter(told).items()))
    assert len(outcomes) == 1


# ---- what does not add up ------------------------------------------------------------------------------------------


def test_given_a_gap_when_the_list_tells_then_shares_and_won_are_its_own_and_the_late_event_adds_nothing() -> None:
    at = Bench()
    for step in (*PLACED, fill(A, 20, 10_010, 50, "t2", 500_200)):
        step(at)
    assert at.told() == [ACCEPTED, "OrderFilled o-1 101 t2 20 10010 50"]
    assert at.questions() == [f"shares {A}"]
    at.learn(a_row(A, leaves=50, filled=50, notional=500_201))
    assert at.told() == [
        "OrderFilled o-1 101 by-list:0000101:49:50 29 10000 51",
        "OrderFilled o-1 101 by-list:0000101:50:50 1 10001 50",
    ]
    fills = [fact for fact in at.facts if isinstance(fact, OrderFilled)]
    assert sum(fact.last_qty * fact.last_px for fact in fills) == 500_201
    FILL_30(at)
    assert (at.told(), at.questions()) == ([], [])
    fill(A, 50, 10_000, 0, "t3", 1_000_201)(at)
    assert at.told() == ["OrderFilled o-1 101 t3 50 10000 0"]


def test_given_a_remainder_behind_a_fill_nobody_heard_when_heard_then_only_the_lists_tell_which_is_which() -> None:
    at = Bench()
    for step in (ask(in_force=TimeInForce.IOC), answer(), hear(A, "취소", leaves=0, notional=300_000)):
        step(at)
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"shares {A}"]
    at.learn(a_row(A, leaves=0, filled=30, notional=300_000))
    assert at.told() == ["OrderFilled o-1 101 by-list:0000101:30:100 30 10000 70", "OrderCancelled o-1  101 70 0"]
    assert at.questions() == []


def test_given_a_list_older_than_the_events_when_read_then_nothing_is_booked_twice() -> None:
    at = Bench()
    for step in (*PLACED, FILL_30, FILL_70):
        step(at)
    at.told()
    at.learn(a_row(A))
    at.learn(a_row(A, leaves=70, filled=30, notional=300_000))
    at.learn(a_row(A, leaves=0, filled=100, notional=999_300))
    assert (at.told(), at.questions()) == ([], [])


def test_given_a_row_of_two_moments_when_read_then_nothing_is_booked_from_it() -> None:
    at = Bench()
    for step in PLACED:
        step(at)
    at.learn(a_row(A, leaves=100, filled=30, notional=300_000))
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"number {A}"]
    at.learn(a_row(A, leaves=70, filled=30, notional=300_000))
    assert at.told() == ["OrderFilled o-1 101 by-list:0000101:30:30 30 10000 70"]
    assert at.questions() == []


def test_given_sums_that_contradict_the_fills_when_read_then_it_stays_a_question() -> None:
    at = Bench()
    for step in (*PLACED, FILL_30):
        step(at)
    at.told()
    at.learn(a_row(A, leaves=70, filled=10, notional=100_000))
    assert at.told() == []
    assert at.questions() == [f"number {A}"]


def test_given_money_of_an_event_that_does_not_add_up_when_heard_then_the_lists_are_asked() -> None:
    at = Bench()
    for step in (*PLACED, fill(A, 30, 10_000, 70, "t1", 310_000)):
        step(at)
    assert at.told() == [ACCEPTED, FILLED_30]
    assert at.questions() == [f"number {A}"]


def test_given_an_unreadable_event_when_told_then_only_the_lists_end_the_question() -> None:
    at = Bench()
    at.flow.unreadable("902 is empty")
    assert at.questions() == ["unreadable"]
    at.learn()
    assert at.questions() == []


@pytest.mark.parametrize("fields", [{"side": Side.SELL}, {"code": "000660"}, {"leaves": 101}])
def test_given_an_event_of_another_order_under_our_number_when_heard_then_nothing_is_booked(
    fields: dict[str, Any],
) -> None:
    at = Bench()
    for step in (*PLACED, hear(A, "체결", fill=(1, 10_000), **fields)):
        step(at)
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"number {A}"]


def test_given_more_shares_filled_than_ordered_when_heard_then_the_lists_are_asked() -> None:
    at = Bench()
    for step in (*PLACED, fill(A, 101, 10_000, 0, "t1", 1_010_000)):
        step(at)
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"number {A}", f"shares {A}"]


@pytest.mark.parametrize(("is_cumulative", "second"), [(True, 50), (False, 20)])
def test_given_no_unit_fields_when_a_fill_is_told_by_its_total_then_it_is_booked_as_configured(
    is_cumulative: bool, second: int
) -> None:
    at = Bench(total_is_cumulative=is_cumulative)
    for step in PLACED:
        step(at)
    for leaves, total in ((70, 30), (50, second)):
        values = chejan(A, "체결", leaves=leaves, f910="10000", f911=str(total))
        del values[914], values[915]
        at.hear(values)
    assert at.told() == [
        ACCEPTED,
        "OrderFilled o-1 101 0000101:30 30 10000 70",
        "OrderFilled o-1 101 0000101:50 20 10000 50",
    ]


def test_given_totals_that_do_not_tell_what_a_missed_fill_cost_when_heard_then_the_lists_are_asked() -> None:
    at = Bench()
    for step in PLACED:
        step(at)
    values = chejan(A, "체결", leaves=50, notional=502_000, f910="10000", f911="50")
    del values[914], values[915]
    at.hear(values)
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"shares {A}"]
    at.learn(a_row(A, leaves=50, filled=50, notional=502_000))
    assert at.told() == ["OrderFilled o-1 101 by-list:0000101:50:50 50 10040 50"]


def test_given_an_answer_that_contradicts_the_event_when_heard_then_the_first_stands() -> None:
    at = Bench()
    for step in (ask(), hear(A), answer("o-1", B)):
        step(at)
    assert at.told() == [ACCEPTED]
    assert at.questions() == [f"number {B}"]


def test_given_an_answer_nobody_can_read_when_heard_then_the_lists_are_asked() -> None:
    at = Bench()
    ask()(at)
    assert at.flow.answer("name-o-1", "12345678", at.now)
    assert at.flow.answer("name-o-1", "", at.now, failure="the record is not there")
    assert not at.flow.answer("another's", A, at.now)
    assert not at.flow.message("another's", "words", at.now)
    at.wait(2)
    assert at.told() == []
    assert sorted(at.questions()) == ["answer name-o-1", "ask o-1"]


# ---- lost answers --------------------------------------------------------------------------------------------------


def test_given_a_lost_answer_when_one_row_fits_then_it_is_bound_but_not_before_its_time() -> None:
    at = Bench()
    ask()(at)
    row = a_row(A, at=OPEN + 1)
    at.learn(row)
    assert at.told() == []
    at.wait(5)
    at.learn(row)
    assert at.told() == [ACCEPTED]
    assert at.questions() == []


@pytest.mark.parametrize(
    "row",
    [
        a_row(A, quantity=99),
        a_row(A, price=10_010),
        a_row(A, side=Side.SELL),
        a_row(A, code="000660"),
        a_row(A, at=OPEN - 3_000_000_000),
        a_row(A, at=OPEN + 61_000_000_000),
    ],
    ids=["shares", "price", "side", "code", "before it was asked", "long behind it"],
)
def test_given_a_lost_answer_when_a_row_does_not_fit_then_it_is_somebody_elses(row: OrderRow) -> None:
    at = Bench()
    ask()(at)
    at.wait(5)
    at.learn(row)
    assert [line.split()[1] for line in at.told()] == ["-"]
    assert at.questions() == ["ask o-1"]


def two_alike() -> Bench:
    at = Bench()
    ask("o-1")(at)
    ask("o-2", screen="2001")(at)
    at.wait(5)
    return at


def test_given_two_requests_alike_when_a_row_fits_both_then_it_is_not_guessed_while_another_may_come() -> None:
    at = two_alike()
    at.learn(a_row(A))
    assert at.told() == []
    answer("o-2", B)(at)
    assert at.told() == ["OrderAccepted o-2 102 100 10000"]
    at.learn(a_row(A), a_row(B))
    assert at.told() == [ACCEPTED]


def test_given_two_requests_alike_when_each_has_a_row_then_they_are_told_in_their_order() -> None:
    at = two_alike()
    at.learn(a_row(A, leaves=0, filled=100, notional=1_000_000), a_row(B))
    assert at.told() == [
        ACCEPTED,
        "OrderAccepted o-2 102 100 10000",
        "OrderFilled o-1 101 by-list:0000101:100:100 100 10000 0",
    ]
    assert at.questions() == []


def test_given_two_requests_alike_when_no_second_row_can_come_any_more_then_the_first_has_the_row() -> None:
    at = two_alike()
    at.wait(60)
    at.learn(a_row(A))
    assert at.told() == [ACCEPTED]
    assert at.questions() == ["ask o-2"]


def test_given_requests_alike_and_a_row_too_many_when_read_then_none_is_guessed_and_that_is_told() -> None:
    at = two_alike()
    at.wait(60)
    at.learn(a_row(A), a_row(B), a_row(C))
    assert at.told() == []
    assert sorted(at.questions()) == ["ask o-1", "ask o-2", f"number {A}", f"number {B}", f"number {C}"]


@pytest.mark.parametrize("market_row", [a_row(B, price=0), a_row(B, price=9_990)], ids=["no price", "some price"])
def test_given_a_market_and_a_limit_order_when_their_rows_come_then_each_has_its_own(market_row: OrderRow) -> None:
    at = Bench()
    ask("o-1")(at)
    ask("o-2", screen="2001", price=None)(at)
    at.wait(5)
    at.learn(a_row(A), market_row)
    assert at.told() == [ACCEPTED, "OrderAccepted o-2 102 100 None"]


def test_given_a_market_order_and_somebody_elses_limit_order_when_read_then_ours_is_the_one_without_a_price() -> None:
    at = Bench()
    ask("o-1", price=None)(at)
    at.wait(5)
    at.learn(a_row(A, price=9_990), a_row(B, price=0))
    assert at.told() == ["OrderAccepted - 101 100 9990", "OrderAccepted o-1 102 100 None"]


def test_given_a_lost_cancel_when_its_row_shows_what_it_did_then_it_took_effect() -> None:
    at = Bench()
    for step in (*PLACED, FILL_30, ASK_CANCEL, wait(5)):
        step(at)
    at.told()
    at.learn(
        a_row(A, leaves=0, filled=30, notional=300_000),
        a_row(B, original=A, action=Action.CANCEL, status="확인", price=0, leaves=0, confirmed=70),
    )
    assert at.told() == [CANCEL_SEEN, "OrderCancelled o-1 c-1 101 70 0"]
    hear(B, "확인", leaves=30, **CANCEL)(at)
    hear(A, "체결", leaves=0, notional=300_000)(at)
    assert (at.told(), at.questions()) == ([], [])


def test_given_a_lost_modify_with_fills_when_read_then_the_shares_are_under_its_number() -> None:
    at = Bench()
    for step in (*PLACED, ASK_MODIFY, wait(5)):
        step(at)
    at.told()
    at.learn(
        a_row(A, leaves=0, filled=30, notional=300_000),
        a_row(B, original=A, action=Action.MODIFY, status="체결", price=10_100, leaves=50, filled=20, notional=202_000),
    )
    assert at.told() == [
        MODIFY_SEEN,
        "OrderFilled o-1 101 by-list:0000101:30:100 30 10000 70",
        "OrderReplaced o-1 m-1 101 102 70 10100 0",
        "OrderFilled o-1 102 by-list:0000102:20:20 20 10100 50",
    ]
    hear(B, "확인", leaves=70, **MODIFY)(at)
    fill(B, 20, 10_100, 50, "t9", 202_000, **MODIFY)(at)
    FILL_30(at)
    assert (at.told(), at.questions()) == ([], [])


def test_given_a_refused_change_in_the_lists_when_read_then_it_is_refused() -> None:
    at = Bench()
    for step in (*PLACED, ASK_CANCEL, answer("c-1", B)):
        step(at)
    at.told()
    at.learn(a_row(A), a_row(B, original=A, action=Action.CANCEL, status="거부", price=0, leaves=0))
    assert at.told() == ["ChangeRefused o-1 c-1 101 REJECTED Kiwoom's list says 거부"]


def test_given_an_order_rejected_in_the_lists_only_when_read_then_it_is_rejected() -> None:
    at = Bench()
    for step in (ask(), wait(5)):
        step(at)
    at.learn(a_row(A, status="거부", leaves=0))
    assert at.told() == [ACCEPTED, "OrderRejected o-1 REJECTED Kiwoom's list says 거부"]


def test_given_orders_placed_elsewhere_when_read_then_they_are_nobodys() -> None:
    at = Bench()
    at.learn(
        a_row(A, leaves=60, filled=30, notional=300_000),
        a_row(B, original=A, action=Action.CANCEL, status="확인", price=0, quantity=10, leaves=0, confirmed=10),
        a_row(C, status="거부", leaves=0),
    )
    assert at.told() == [
        "OrderAccepted - 101 100 10000",
        "OrderFilled - 101 by-list:0000101:30:40 30 10000 70",
        "OrderCancelled -  101 10 60",
    ]


# ---- the end of the day, and what nobody did -----------------------------------------------------------------------


def test_given_the_end_of_the_day_when_nothing_is_open_any_more_then_it_expired_and_not_before() -> None:
    at = Bench()
    for step in PLACED:
        step(at)
    at.told()
    gone = a_row(A, leaves=0, filled=30, notional=300_000)
    at.learn(gone)
    assert at.told() == ["OrderFilled o-1 101 by-list:0000101:30:100 30 10000 70"]
    at.flow.is_over = True
    at.learn(a_row(A, leaves=70, filled=30, notional=300_000))
    assert at.told() == []  # still open there
    at.learn(gone)
    assert at.told() == ["OrderExpired o-1 101 70"]
    at.learn(gone)
    assert at.told() == []


def test_given_a_cancel_and_the_end_of_the_day_when_read_then_it_was_cancelled() -> None:
    at = Bench(is_over=True)
    for step in (*PLACED, ASK_CANCEL, answer("c-1", B)):
        step(at)
    at.told()
    at.learn(
        a_row(A, leaves=0),
        a_row(B, original=A, action=Action.CANCEL, status="확인", price=0, leaves=0, confirmed=100),
    )
    assert at.told() == ["OrderCancelled o-1 c-1 101 100 0"]


def test_given_shares_that_nobody_took_when_two_readings_agree_then_the_venue_did_it() -> None:
    at = Bench()
    for step in PLACED:
        step(at)
    at.told()
    at.learn(a_row(A, leaves=60))
    at.wait(4)
    at.learn(a_row(A, leaves=60))
    assert at.told() == []
    at.wait(5)
    at.learn(a_row(A, leaves=60))
    assert at.told() == ["OrderCancelled o-1  101 40 60"]


def test_given_an_order_of_the_day_before_in_the_lists_when_read_then_it_is_left_alone() -> None:
    at = Bench()
    at.at = -86_400_000_000_000
    at.learn(a_row(A))
    assert at.told() == []


# ---- after a restart -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SEQUENCES)
def test_given_any_sequence_when_the_facts_are_folded_anew_then_the_same_events_again_add_nothing(name: str) -> None:
    steps, _ = SEQUENCES[name]
    first = Bench()
    for step in steps:
        step(first)
    first.told()
    again = Bench()
    kept = [(asked.ask, False) for asked in first.flow.books.asks.values()]
    again.flow.restore(first.facts, kept, again.now)
    again.flow.took_effect_elsewhere(first.flow.books.elsewhere_done)
    for step in steps:
        if not step.__qualname__.startswith("ask"):
            step(again)
    assert again.told() == []
    shares = {number: (leg.filled, leg.notional, leg.leaves) for number, leg in first.flow.books.known.legs.items()}
    assert shares == {
        number: (leg.filled, leg.notional, leg.leaves) for number, leg in again.flow.books.known.legs.items()
    }
    assert any(isinstance(f, OrderAccepted | OrderCancelled | OrderReplaced) for f in first.facts) or "blank" in name


def test_given_a_request_refused_before_the_wire_when_folded_then_nothing_is_waited_for() -> None:
    at = Bench()
    at.flow.restore([], [(an_ask("o-1"), True), (an_ask("o-2", screen="2001"), False)], at.now)
    assert at.questions() == ["ask o-2"]
    assert at.flow.screens == {"2001"}
