"""The executor and the broker's lists: gated runs, audits, what people ask for, halts and what ends them."""

from dataclasses import replace
from typing import Any

import pytest

from actors.roles.executor import Executor
from actors.roles.portfolio import Portfolio
from domain.messages import Message
from domain.messages.holdings import AdjustmentBooked
from domain.messages.link import (
    BrokerPosition,
    BrokerStateReceived,
    ExternalOrderSeen,
    OrderEvidence,
    ReadBroker,
    ReadBrokerFailed,
    ReconcileReported,
    SymbolHalted,
    SymbolReleased,
)
from domain.messages.operator import AdjustmentRequested, CommandAnswered, ReconcileRequested, ReleaseRequested
from domain.messages.orders import CancelOrder, OrderStateChanged, RequestStranded, ResolveOrder
from domain.messages.trading import DayChanged, FillBooked, SessionPlanned
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, LinkName, RequestId, Side, UnixNanos
from domain.views import ComparisonQuery
from tests.actors.builders import DAY, SAMSUNG, SECOND, House, a_quote, a_run, judged, link_is, only, state_of, venue
from tests.actors.lossy_venue import HELD, Trader, TrueVenue
from tests.domain.reconcile_builders import a_row

AUDIT = {"audit_ms": 90_000}


def a_trader(*anonymous: str, **reconcile: int) -> Trader:
    return Trader(TrueVenue(frozenset(anonymous)), **reconcile)


def an_open_order(trader: Trader, name: str = "o1", quantity: int = 10) -> str:
    """Submit and let it be accepted; give its number."""
    request = trader.submits(name, Side.BUY, quantity, 10_000)
    trader.receipt(request)
    [accepted] = trader.market.takes(request)
    trader.hear(accepted)
    return str(accepted.venue_order_id)


def report_of(messages: list[Message]) -> ReconcileReported:
    [report] = only(ReconcileReported, messages)
    assert isinstance(report, ReconcileReported)
    return report


def elsewhere(trader: Trader, shares: int) -> BrokerStateReceived:
    """Give lists with shares nobody here knows of."""
    state = trader.market.lists(trader.seq, trader.house.now)
    return replace(state, positions=(BrokerPosition(SAMSUNG, HELD + shares, Krw(1)),))


def halts(trader: Trader) -> dict[str, str]:
    return dict(trader.executor.comparing.halted)


# ---- the gated run ---------------------------------------------------------------------------------------------


def test_given_lost_facts_when_reconciled_then_the_journal_is_asked_first_and_the_lists_prove_the_rest():
    trader = a_trader()
    request = trader.submits("o1", Side.BUY, 10, 10_000)
    number = trader.market.takes(request)[0].venue_order_id
    trader.market.fills(number, 4, 9_990)
    trader.house.tick(6)
    asked_at = trader.house.now - SECOND
    out = trader.reconciles(trader.market.lists(0, asked_at))
    kinds = [type(item) for item in out]
    assert kinds.index(ResolveOrder) < kinds.index(OrderEvidence) < kinds.index(ReconcileReported)
    assert [item.fact for item in only(OrderEvidence, out)] == ["accepted", "filled"]
    [booked] = only(FillBooked, out)
    assert (booked.last_qty, booked.notional, booked.cash) == (4, 39_960, trader.market.cash)
    report = report_of(out)
    assert (report.kind, report.run, report.agreed, report.inferred) == ("gated", "", True, 2)
    assert (report.day_orders, report.reads, report.duration_ms) == (1, 1, 1_000)
    told = only(OrderStateChanged, out)
    assert [item.to_status for item in told][-1] == "PARTIAL"


def test_given_books_that_agree_when_reconciled_then_nothing_but_a_report_is_said():
    trader = a_trader()
    an_open_order(trader)
    out = trader.reconciles()
    assert [type(item) for item in out] == [ReconcileReported]
    assert report_of(out).open_orders == 1


def test_given_shares_nobody_knows_when_reconciled_then_that_symbol_halts_and_the_link_may_be_ready():
    trader = a_trader()
    out = trader.reconciles(elsewhere(trader, 5))
    [halted] = only(SymbolHalted, out)
    assert (halted.symbol, halted.reason) == (SAMSUNG, f"{SAMSUNG}: 100 shares here, 105 at the broker")
    report = report_of(out)
    assert (report.agreed, report.halted_symbols) == (True, (SAMSUNG,))
    assert report.differences == (halted.reason,)
    again = trader.reconciles(elsewhere(trader, 5))
    assert only(SymbolHalted, again) == [], "said once"
    assert report_of(again).halted_symbols == (SAMSUNG,)
    assert only(FillBooked, [*out, *again]) == []


def test_given_a_halted_symbol_when_a_later_run_agrees_then_it_is_released_and_a_halt_survives_a_restart():
    trader = a_trader()
    trader.reconciles(elsewhere(trader, 5))
    trader.house.hear(a_run())
    folded = trader.house.folded(lambda: [Portfolio(), Executor()])
    assert state_of(folded.role("executor")) == state_of(trader.executor)
    assert halts(trader)
    [released] = only(SymbolReleased, trader.reconciles())
    assert released.symbol == SAMSUNG
    assert halts(trader) == {}


def test_given_a_halt_for_shares_nobody_has_any_more_when_reconciled_then_it_is_released():
    trader = a_trader()
    state = trader.market.lists(0, trader.house.now)
    gift = (*state.positions, BrokerPosition("000660", 5, Krw(1)))
    trader.reconciles(replace(state, positions=gift))
    assert list(halts(trader)) == ["000660"]
    assert only(SymbolReleased, trader.reconciles())


def test_given_a_halted_symbol_of_which_something_newer_was_heard_when_reconciled_then_the_halt_stays():
    trader = a_trader()
    trader.reconciles(elsewhere(trader, 5))
    an_open_order(trader)
    old = replace(trader.market.lists(0, trader.house.now), as_of_seq=0)
    assert only(SymbolReleased, trader.reconciles(old)) == []
    assert halts(trader)


def test_given_a_halt_when_a_person_books_the_difference_then_the_next_run_releases_it():
    trader = a_trader()
    trader.reconciles(elsewhere(trader, 5))
    out = trader.house.hear(AdjustmentRequested("c", "kim", SAMSUNG, 5, Krw(50_000), Krw(0), "a gift"))
    assert len(only(AdjustmentBooked, out)) == 1
    assert trader.executor.positions == {SAMSUNG: HELD + 5}
    assert only(SymbolReleased, trader.reconciles(elsewhere(trader, 5)))


def test_given_evidence_the_books_do_not_take_when_reconciled_then_it_is_offered_once_and_the_symbol_halts(
    monkeypatch: pytest.MonkeyPatch,
):
    trader = a_trader(**AUDIT)
    number = an_open_order(trader)
    trader.market.fills(number, 4, 10_000)

    def deaf(self: Executor, message: Any, stamp: Any) -> None:
        """Take nothing."""

    monkeypatch.setattr(Executor, "_apply", deaf)
    out = trader.reconciles()
    assert len(only(OrderEvidence, out)) == 1
    assert "the books do not take filled" in only(SymbolHalted, out)[0].reason
    assert report_of(out).halted_symbols == (SAMSUNG,)
    for seconds in (91, 91):
        [asked] = audit(trader, seconds)
        assert report_of(answer(trader, asked)).agreed, "another gated run would find the same"


def test_given_orders_of_unknown_fate_when_reconciled_then_they_stay_so_and_the_link_may_be_ready():
    trader = a_trader()
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    report = report_of(trader.reconciles())
    assert (report.agreed, report.unknown_orders, report.halted_symbols) == (True, 1, ())


def test_given_no_trace_in_three_lists_when_settled_then_the_order_never_arrived():
    trader = a_trader()
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    facts = [[item.fact for item in only(OrderEvidence, trader.reconciles())] for _ in range(2)]
    trader.house.tick(5)
    facts += [[item.fact for item in only(OrderEvidence, trader.reconciles())]]
    assert facts == [[], [], ["absent"]]
    assert trader.executor.orders[ClientOrderId("o1")].status == "REJECTED"


def test_given_an_order_of_another_hand_when_it_comes_changes_and_goes_then_it_is_told_and_never_touched():
    trader = a_trader()
    state = trader.market.lists(0, trader.house.now)
    row = a_row("X", 7, symbol=SAMSUNG, order_time=venue(1))
    told = []
    for rows in ((row,), (row,), (replace(row, leaves_qty=5),), ()):
        out = trader.reconciles(replace(state, day_orders=rows))
        told += [(item.venue_order_id, item.leaves_qty) for item in only(ExternalOrderSeen, out)]
        assert only(CancelOrder, [*out, *trader.house.hear(DayChanged("A", "CLOSING", "t", "", venue(1)))]) == []
    assert told == [("X", 7), ("X", 5), ("X", 0)]


def test_given_a_state_without_a_time_when_it_differs_then_it_is_refused_as_logs_of_before_tell():
    trader = a_trader()
    out = trader.reconciles(replace(elsewhere(trader, 5), asked_at=UnixNanos(0)))
    assert (report_of(out).agreed, only(SymbolHalted, out)) == (False, [])


# ---- another journal -------------------------------------------------------------------------------------------


def under(journal: str, state: BrokerStateReceived) -> BrokerStateReceived:
    """Give what a broker says that lost its journal: numbers, and none of our ids."""
    rows = tuple(replace(row, client_order_id="", request_id="") for row in state.day_orders or ())
    return replace(state, journal_id=journal, as_of_seq=0, day_orders=rows)


def test_given_a_broker_without_its_journal_when_a_number_matches_then_books_heal_and_go_on_under_the_new_one():
    trader = a_trader()
    number = an_open_order(trader)
    told = trader.market.fills(number, 4, 9_990)
    out = trader.reconciles(under("K", trader.market.lists(0, trader.house.now)))
    report = report_of(out)
    assert (report.agreed, report.differences, report.inferred) == (True, (), 1)
    assert trader.books.cash == trader.market.cash
    trader.market.anonymous = frozenset({"o1"})
    trader.seq = 0
    trader.hear(*(replace(fact, journal_id="K") for fact in told))
    [fill] = trader.market.fills(number, 6, 9_980)
    out = trader.hear(replace(fill, journal_id="K"))
    assert [item.to_status for item in only(OrderStateChanged, out)] == ["FILLED"], "known by its number"
    assert trader.books.cash == trader.market.cash
    again = trader.reconciles(replace(under("K", trader.market.lists(2, trader.house.now)), as_of_seq=2))
    assert (report_of(again).agreed, only(OrderEvidence, again)) == (True, [])


def test_given_a_cancel_sent_under_the_new_journal_when_it_is_unknown_then_that_journal_is_asked():
    trader = a_trader()
    an_open_order(trader)
    trader.reconciles(under("K", trader.market.lists(0, trader.house.now)))
    [cancel] = only(CancelOrder, trader.house.hear(DayChanged("TRADING", "CLOSING", "t", "", venue(1))))
    asked = only(ResolveOrder, trader.house.tick(6))
    assert [item.request_id for item in asked] == [cancel.request_id]


def test_given_another_account_when_nothing_of_it_is_ours_then_the_link_stays_down_and_nothing_is_told_of_it():
    trader = a_trader()
    an_open_order(trader)
    theirs = replace(trader.market.lists(0, trader.house.now), journal_id="K", day_orders=(a_row("X", symbol=SAMSUNG),))
    out = trader.reconciles(theirs)
    report = report_of(out)
    assert not report.agreed
    assert report.differences == (
        "the account was opened from journal J, the broker's is journal K now: another account on this date",
    )
    assert only(ExternalOrderSeen, out) == only(SymbolHalted, out) == []


# ---- audits ----------------------------------------------------------------------------------------------------


def audit(trader: Trader, seconds: float) -> list[ReadBroker]:
    """Let time pass; give the audits begun."""
    return only(ReadBroker, trader.house.tick(seconds))


def answer(trader: Trader, asked: ReadBroker, state: BrokerStateReceived | None = None) -> list[Message]:
    state = state or trader.market.lists(trader.seq, trader.house.now)
    return trader.house.hear(replace(state, run=asked.run))


def test_given_a_ready_link_when_time_passes_then_books_are_audited_one_reading_at_a_time():
    trader = a_trader(**AUDIT)
    trader.reconciles()
    assert audit(trader, 89) == []
    [asked] = audit(trader, 1)
    assert asked.kind == "audit"
    assert audit(trader, 5) == [], "never two at once"
    report = report_of(answer(trader, asked))
    assert (report.kind, report.run, report.agreed) == ("audit", asked.run, True)
    assert [len(audit(trader, 89)), len(audit(trader, 1))] == [0, 1]


def test_given_audits_switched_off_or_a_link_that_is_not_ready_when_time_passes_then_none_is_begun():
    off = a_trader()
    off.reconciles()
    assert audit(off, 1_000) == []
    for state in ("DEGRADED", "BACKING_OFF", "RECONCILING"):
        down = a_trader(**AUDIT)
        down.house.hear(link_is(LinkName.ORDERS, state, "READY"))
        assert audit(down, 1_000) == []


def test_given_an_audit_without_an_answer_when_time_is_up_then_it_is_given_up_and_a_late_answer_is_ignored():
    trader = a_trader(**AUDIT)
    [asked] = audit(trader, 91)
    [failed] = only(ReadBrokerFailed, trader.house.tick(41))
    assert (failed.run, failed.kind) == (asked.run, "audit")
    assert answer(trader, asked) == []
    [second] = audit(trader, 60)
    assert second.run != asked.run


def test_given_a_difference_when_an_audit_finds_it_then_it_counts_only_if_it_stands_soon_after():
    trader = a_trader(**AUDIT)
    [asked] = audit(trader, 91)
    out = answer(trader, asked, elsewhere(trader, 5))
    first = report_of(out)
    assert first.agreed
    assert first.differences == (f"seen once, to be looked at again: {SAMSUNG}: 100 shares here, 105 at the broker",)
    [again] = audit(trader, 2)
    second = report_of(answer(trader, again, elsewhere(trader, 5)))
    assert (second.agreed, second.differences) == (False, (f"{SAMSUNG}: 100 shares here, 105 at the broker",))
    assert halts(trader) == {}, "an audit only looks"
    assert only(SymbolHalted, trader.reconciles(elsewhere(trader, 5)))
    [later] = audit(trader, 91)
    assert report_of(answer(trader, later, elsewhere(trader, 5))).agreed, "what is halted needs no other run"


def test_given_a_difference_of_events_under_way_when_the_next_audit_agrees_then_nothing_follows():
    trader = a_trader(**AUDIT)
    [asked] = audit(trader, 91)
    answer(trader, asked, elsewhere(trader, 5))
    [again] = audit(trader, 2)
    assert report_of(answer(trader, again)).differences == ()
    assert audit(trader, 2) == []


def test_given_a_lost_fill_when_two_audits_show_it_then_they_tell_and_book_nothing():
    trader = a_trader(**AUDIT)
    number = an_open_order(trader)
    trader.market.fills(number, 4, 9_990)
    [asked] = audit(trader, 91)
    out = answer(trader, asked)
    [again] = audit(trader, 2)
    out += answer(trader, again)
    assert only(OrderEvidence, out) == only(FillBooked, out) == []
    standing = only(ReconcileReported, out)[-1]
    assert standing.differences == (f"order o1: 4 shares filled under number {number} that no event told",)
    assert not standing.agreed


def test_given_the_close_near_when_time_passes_then_audits_come_more_often():
    close = from_kst(DAY, 15, 30)
    plan = SessionPlanned(DAY.isoformat(), True, venue(0), from_kst(DAY, 15, 20), close, False)
    for hour, minute, expected in ((15, 19, 0), (15, 20, 1), (15, 30, 1), (15, 31, 0)):
        trader = a_trader(**AUDIT)
        trader.reconciles()
        at = from_kst(DAY, hour, minute)
        trader.house.hear(plan, judged(a_quote(1)._replace(venue_time=at)))
        assert len(audit(trader, 61)) == expected, (hour, minute)
    closing = a_trader(**AUDIT)
    closing.reconciles()
    closing.house.hear(DayChanged("TRADING", "CLOSING", "t", "", venue(0)))
    assert len(audit(closing, 61)) == 1


def test_given_the_hours_queries_spent_when_an_audit_is_due_then_it_is_left_out_and_that_is_told_once():
    trader = a_trader(**AUDIT, hourly_reads=14)
    [first] = audit(trader, 91)  # six queries of the start, six of this one
    answer(trader, first)
    out = [*trader.house.tick(91), *trader.house.tick(91)]
    [skipped] = only(ReconcileReported, out)
    assert skipped.differences == ("no audit: of 14 queries an hour 2 are left",)
    assert only(ReadBroker, out) == []
    assert len(audit(trader, 3_600)) == 1, "an hour later they are back"


def test_given_an_unknown_order_without_a_trace_when_ready_then_audits_come_soon_until_absence_is_proved():
    trader = a_trader(**AUDIT)
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    trader.reconciles()
    for _ in range(2):
        [asked] = audit(trader, 11)
        report = report_of(answer(trader, asked))
    assert report.differences[0].startswith("seen once, to be looked at again: order o1: absent: no trace of it in 3")
    [again] = audit(trader, 2)
    assert not report_of(answer(trader, again)).agreed


# ---- people ----------------------------------------------------------------------------------------------------


def by_hand(command: str = "c1", dry_run: bool = False) -> ReconcileRequested:
    return ReconcileRequested(command, "kim", dry_run)


def test_given_books_that_agree_when_a_person_asks_then_the_answer_comes_with_the_report():
    trader = a_trader()
    [asked] = only(ReadBroker, trader.house.hear(by_hand()))
    assert (asked.run, asked.kind) == ("c1", "manual")
    out = answer(trader, asked)
    assert [type(item) for item in out] == [ReconcileReported, CommandAnswered]
    assert (out[0].run, out[0].kind, out[1].accepted, out[1].text) == ("c1", "manual", True, "books agree")  # type: ignore[attr-defined]


def test_given_a_difference_when_a_person_asks_then_the_answer_comes_once_the_gated_run_booked_it():
    trader = a_trader()
    number = an_open_order(trader)
    trader.market.fills(number, 4, 9_990)
    [asked] = only(ReadBroker, trader.house.hear(by_hand()))
    out = answer(trader, asked)
    assert (report_of(out).agreed, only(CommandAnswered, out)) == (False, [])
    out = trader.house.hear(link_is(LinkName.ORDERS, "RECONCILING", "READY"))
    out += trader.house.hear(trader.market.lists(trader.seq, trader.house.now))
    report = report_of(out)
    assert (report.kind, report.run, report.inferred) == ("gated", "c1", 1)
    [answered] = only(CommandAnswered, out)
    assert (answered.accepted, answered.text) == (True, "books agree; 1 facts booked from the broker's lists")


def test_given_a_dry_run_when_books_differ_then_it_only_tells_and_counts_for_nothing():
    trader = a_trader()
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    before = state_of(trader.executor)["comparing"].sightings
    [asked] = only(ReadBroker, trader.house.hear(by_hand(dry_run=True)))
    out = answer(trader, asked, elsewhere(trader, 5))
    report = report_of(out)
    assert (report.kind, report.agreed, only(CommandAnswered, out)[0].text) == (
        "dry_run",
        False,
        "1 differences; the fate of 1 orders is unknown",
    )
    assert state_of(trader.executor)["comparing"].sightings == before
    assert only(SymbolHalted, out) == only(ExternalOrderSeen, out) == []


def test_given_a_link_that_is_down_when_a_person_asks_then_it_is_refused():
    trader = a_trader()
    trader.house.hear(link_is(LinkName.ORDERS, "BACKING_OFF", "READY"))
    [refused] = trader.house.hear(by_hand())
    assert (refused.accepted, refused.text) == (False, "the orders link is BACKING_OFF, not READY")  # type: ignore[attr-defined]


def test_given_a_reading_that_fails_when_a_person_waits_then_they_are_told_and_the_next_one_begins():
    trader = a_trader()
    trader.house.hear(by_hand("c1"))
    assert trader.house.hear(by_hand("c2", dry_run=True)) == [], "one after the other"
    out = trader.house.hear(ReadBrokerFailed("c1", "manual", "no answer"))
    [refused] = only(CommandAnswered, out)
    assert (refused.command_id, refused.accepted, refused.text) == ("c1", False, "no answer")
    assert [item.run for item in only(ReadBroker, out)] == ["c2"]
    assert trader.house.hear(ReadBrokerFailed("c1", "manual", "no answer")) == []


@pytest.mark.parametrize("state", ["BACKING_OFF", "RECONCILING"])
def test_given_people_who_wait_when_the_link_moves_away_then_each_is_told(state: str):
    trader = a_trader()
    trader.house.hear(by_hand("c1"), by_hand("c2"))
    out = trader.house.hear(link_is(LinkName.ORDERS, state, "READY"))
    assert sorted(item.command_id for item in only(CommandAnswered, out)) == ["c1", "c2"]
    assert not any(item.accepted for item in only(CommandAnswered, out))
    assert not trader.executor.comparing.is_under_way()


def test_given_a_person_whose_difference_is_being_booked_when_the_link_breaks_or_hangs_then_they_are_told():
    for ending in (link_is(LinkName.ORDERS, "BACKING_OFF", "RECONCILING"), None):
        trader = a_trader()
        [asked] = only(ReadBroker, trader.house.hear(by_hand()))
        answer(trader, asked, elsewhere(trader, 5))
        trader.house.hear(link_is(LinkName.ORDERS, "RECONCILING", "READY"))
        out = trader.house.hear(ending) if ending is not None else trader.house.tick(41)
        [refused] = only(CommandAnswered, out)
        assert (refused.command_id, refused.accepted) == ("c1", False)


def test_given_a_comparison_when_asked_about_then_halts_orders_of_others_and_unknown_ones_are_told():
    trader = a_trader()
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    rows = (a_row("X", 7, symbol=SAMSUNG, order_time=venue(1)),)
    trader.reconciles(replace(elsewhere(trader, 5), day_orders=rows))
    view = trader.executor.view(ComparisonQuery())
    assert list(view.halted) == [SAMSUNG]
    assert [item.venue_order_id for item in view.externals] == ["X"]
    assert (view.unknown_orders, view.compared_at) == (1, trader.house.now)


def test_given_the_same_command_twice_when_its_reading_is_under_way_then_it_is_answered_once():
    trader = a_trader()
    [asked] = only(ReadBroker, trader.house.hear(by_hand(), by_hand()))
    out = answer(trader, asked)
    assert (len(only(CommandAnswered, out)), only(ReadBroker, out)) == (1, [])


def test_given_a_broker_without_the_days_list_when_an_order_is_unknown_then_audits_come_no_sooner():
    trader = a_trader(**AUDIT)
    trader.submits("o1", Side.BUY, 10, 10_000)
    trader.house.tick(6)
    trader.reconciles(replace(trader.market.lists(0, trader.house.now), day_orders=None))
    assert audit(trader, 60) == []


# ---- release ---------------------------------------------------------------------------------------------------


def release(order: str, note: str = "seen in the HTS") -> ReleaseRequested:
    return ReleaseRequested("c", "kim", ClientOrderId(order), note)


def test_given_a_quarantined_order_when_a_person_releases_it_then_the_books_say_where_it_stands():
    trader = a_trader()
    an_open_order(trader)
    request = trader.submits("o2", Side.BUY, 10, 10_000)
    order = replace(request, client_order_id=ClientOrderId("o1"))
    trader.hear(*trader.market.takes(order))  # a second number for one intent
    assert trader.executor.orders[ClientOrderId("o1")].status == "QUARANTINED"
    told, answered = trader.house.hear(release("o1"))
    assert (told.from_status, told.to_status) == ("QUARANTINED", "WORKING")  # type: ignore[attr-defined]
    assert (answered.accepted, answered.text) == (True, "released to WORKING")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("order", "note", "code"),
    [("o1", "why not", "WRONG_STATE"), ("o1", " ", "NOTE"), ("ghost", "x", "UNKNOWN_ORDER")],
)
def test_given_an_order_that_cannot_be_released_when_asked_then_it_is_refused(order: str, note: str, code: str):
    trader = a_trader()
    an_open_order(trader)
    before = state_of(trader.executor)
    [refused] = trader.house.hear(release(order, note))
    assert (refused.accepted, refused.code) == (False, code)  # type: ignore[attr-defined]
    assert state_of(trader.executor) == before


def test_given_all_of_this_when_replayed_then_it_is_identical():
    trader = a_trader("o2", **AUDIT)
    number = an_open_order(trader)
    an_open_order(trader, "o2", 7)
    trader.market.fills(number, 4, 9_990)
    trader.house.hear(RequestStranded(ClientOrderId("o2"), RequestId("o2"), "x"))
    [asked] = audit(trader, 91)
    answer(trader, asked, elsewhere(trader, 5))
    trader.reconciles(elsewhere(trader, 5))
    trader.reconciles()
    replayed: House = trader.house
    assert replayed.replayed(lambda: [Portfolio(), Executor()]).identical
