"""Known maintenance, proof of subscriptions, silent instruments, audits and uptime, as the supervisor judges them."""

from typing import Any

import pytest

from actors.roles.link_state import Feed, Link
from actors.roles.subscriptions import Subscription
from domain.config import LinkConfig
from domain.maintenance import PATIENCE_NS
from domain.messages import Message
from domain.messages.link import (
    CloseLink,
    ConnectionChanged,
    InstrumentsReceived,
    LinkFailed,
    LinkLoggedIn,
    LinkLost,
    OpenLink,
    ReconcileLink,
    ReconcileReported,
    SubscriptionProved,
    SymbolsMuted,
    UptimeMeasured,
)
from domain.messages.market import QuotesEnded
from domain.messages.trading import StopReady
from domain.status import LinksQuery
from domain.time import from_kst, kst_date
from domain.types import LinkName, ServerKind, UnixNanos, VenuePhase
from fsm.connection import State
from tests.actors.builders import SAMSUNG, SECOND, T0, House, a_quote, an_instrument, only, opened, received, venue
from tests.actors.test_connection_supervisor import (
    AGREED,
    ORDERS,
    PLAN,
    QUOTES,
    beat,
    ready,
    recorded,
    role,
    started,
    state,
)

WINDOW = "daily 17:05-17:35"  # the test's clock begins at 17:00 KST
START, END = (from_kst(kst_date(T0), 17, minute) for minute in (5, 35))
KEPT = LinkConfig(maintenance=(WINDOW,))


def view(house: House) -> Any:
    return role(house).view(LinksQuery(UnixNanos(house.now)))


def at(house: House, moment: int) -> list[Message]:
    """Let the clock tick at a moment, with heartbeats of both links shortly before."""
    house.now = moment - SECOND
    house.hear(beat(QUOTES), beat(ORDERS))
    return house.tick(1)


# ---- maintenance -----------------------------------------------------------------------------------------------


def test_given_maintenance_when_a_link_is_lost_then_it_was_planned_and_dialling_waits_for_its_end():
    house = ready(link=KEPT)
    house.now = START + 60 * SECOND
    [changed, closed] = house.hear(LinkLost(ORDERS, "reset"))
    assert isinstance(changed, ConnectionChanged) and isinstance(closed, CloseLink)
    assert (changed.to_state, changed.planned) == ("BACKING_OFF", True)
    assert view(house).maintenance == f"{WINDOW} KST, quotes READY"
    assert only(OpenLink, at(house, END - SECOND)) == []
    at(house, END)
    assert state(house, ORDERS) is State.BACKING_OFF, "behind the end by the usual wait"
    assert [m.link for m in only(OpenLink, at(house, END + SECOND))] == [ORDERS]


@pytest.mark.parametrize(("moment", "planned"), [(START - 61 * SECOND, False), (START - 60 * SECOND, True)])
def test_given_a_loss_shortly_before_maintenance_when_within_the_margin_then_it_counts_to_it(
    moment: int, planned: bool
):
    house = ready(link=KEPT)
    house.now = moment
    assert only(ConnectionChanged, house.hear(LinkLost(ORDERS, "reset")))[0].planned is planned


def test_given_a_link_that_is_not_back_after_maintenance_when_patience_is_over_then_it_is_lost_like_any_other():
    house = ready(link=KEPT)
    house.now = START
    house.hear(LinkLost(ORDERS, "reset"))
    planned = []
    for _ in range(200):
        at(house, max(house.now, END) + 5 * SECOND)
        if state(house, ORDERS) is State.CONNECTING:
            [change] = only(ConnectionChanged, house.hear(LinkFailed(ORDERS, "open", "refused")))
            planned.append((change.system_time < END + PATIENCE_NS, change.planned))
    assert {inside for inside, _ in planned} == {True, False}
    assert all(inside is told for inside, told in planned)


def test_given_the_schedule_of_kiwoom_when_a_simulator_is_lost_then_nothing_was_planned():
    house = ready(link=LinkConfig(maintenance=("kiwoom",)))
    house.now = from_kst(kst_date(T0), 6, 52) + 24 * 3600 * SECOND
    [changed] = only(ConnectionChanged, house.hear(LinkLost(ORDERS, "reset")))
    assert not changed.planned
    assert view(house).maintenance == ""


def test_given_a_mock_server_when_it_is_lost_at_its_schedule_then_that_was_planned():
    house = started(link=LinkConfig(maintenance=("kiwoom",)), server_kind="MOCK")
    house.hear(opened(ORDERS, server_kind=ServerKind.MOCK), AGREED)
    house.now = from_kst(kst_date(T0), 6, 52) + 24 * 3600 * SECOND
    [changed] = only(ConnectionChanged, house.hear(LinkLost(ORDERS, "reset")))
    assert changed.planned
    assert view(house).server_kinds[ORDERS] == "MOCK"


# ---- the kind of server, audits --------------------------------------------------------------------------------


def test_given_a_kind_of_server_known_only_after_the_log_in_when_it_is_wrong_then_the_link_fails():
    house = started()
    house.hear(opened(ORDERS, logged_in=False))
    session = opened(ORDERS, server_kind=ServerKind.REAL).session
    [changed, closed] = house.hear(LinkLoggedIn(ORDERS, session))
    assert (changed.to_state, type(closed)) == ("FAILED", CloseLink)  # type: ignore[attr-defined]


def test_given_a_broker_that_is_another_one_when_it_reconnects_then_the_link_fails():
    house = ready()
    house.hear(LinkLost(ORDERS, "x"))
    house.tick(1)
    house.hear(opened(ORDERS, server_kind=ServerKind.MOCK))
    assert state(house, ORDERS) is State.FAILED


@pytest.mark.parametrize("kind", ["audit", "manual"])
def test_given_books_that_differ_when_an_audit_finds_it_then_the_link_reconciles_without_hanging_up(kind: str):
    house = ready()
    found = house.hear(ReconcileReported(False, ("5 here, 3 there",), 0, 0, kind=kind, run="a1"))
    assert [type(m) for m in found] == [ConnectionChanged, ReconcileLink]
    assert role(house).links[ORDERS].reason == "books differ: 5 here, 3 there"
    house.hear(AGREED)
    assert state(house, ORDERS) is State.READY


@pytest.mark.parametrize(
    "report",
    [
        ReconcileReported(False, ("x",), 0, 0, kind="dry_run", run="d"),
        ReconcileReported(True, (), 0, 0, kind="audit", run="a"),
    ],
)
def test_given_a_link_that_reconciles_when_another_kind_of_run_reports_then_it_does_not_move(report: Message):
    house = started()
    house.hear(opened(ORDERS))
    assert house.hear(report) == []
    assert state(house, ORDERS) is State.RECONCILING
    house.hear(AGREED)
    assert house.hear(report) == []
    assert state(house, ORDERS) is State.READY


# ---- proof of a subscription -----------------------------------------------------------------------------------

OTHER, HALTED, THIRD = "000250", "120110", "001430"
SERVED = InstrumentsReceived(
    (
        an_instrument(),
        an_instrument(OTHER),
        an_instrument(THIRD),
        an_instrument(HALTED).__class__(HALTED, "", an_instrument().market, None, None, None, False),  # type: ignore[arg-type]
    ),
    (),
)


def subscribed(**link: Any) -> House:
    house = started(link=LinkConfig(mute_after_ms=10**9, **link))
    house.hear(opened(QUOTES), PLAN, SERVED, opened(ORDERS), AGREED)
    assert state(house) is State.READY
    return house


def pass_time(house: House, seconds: int, phase: VenuePhase = VenuePhase.CONTINUOUS) -> list[Message]:
    said = []
    for _ in range(seconds):
        said += house.tick(1)
        house.hear(beat(QUOTES, phase), beat(ORDERS, phase))
    return said


def test_given_first_quotes_when_time_is_up_then_what_is_missing_is_named_with_its_reason():
    house = subscribed(first_quote_ms=5_000)
    house.hear(received(a_quote(1), a_quote(1, symbol=THIRD, volume=1)._replace(cumulative_volume=0, kind=2)))
    assert set(view(house).unproved) == {SAMSUNG, OTHER, HALTED, THIRD}, "looked at once a second"
    said = only(SubscriptionProved, pass_time(house, 8))
    assert said == [SubscriptionProved(2, ((OTHER, "no quote yet today"), (HALTED, "not tradable")))]
    assert view(house).unproved == {OTHER: "no quote yet today", HALTED: "not tradable"}


def test_given_missing_quotes_when_they_come_at_last_then_the_proof_is_told_whole_once():
    house = subscribed(first_quote_ms=2_000)
    pass_time(house, 5)
    house.hear(received(*[a_quote(3, symbol=symbol) for symbol in (SAMSUNG, OTHER, THIRD, HALTED)]))
    said = only(SubscriptionProved, pass_time(house, 5))
    assert said == [SubscriptionProved(4, ())]
    assert view(house).unproved == {}


def test_given_an_auction_when_no_quotes_come_then_the_time_does_not_count():
    house = subscribed(first_quote_ms=5_000)
    house.hear(beat(QUOTES, VenuePhase.OPENING_AUCTION))
    assert only(SubscriptionProved, pass_time(house, 60, VenuePhase.OPENING_AUCTION)) == []
    assert len(only(SubscriptionProved, pass_time(house, 8))) == 1


def test_given_a_link_that_comes_back_when_subscribed_again_then_rows_of_before_prove_nothing():
    house = subscribed(first_quote_ms=5_000)
    rows = [a_quote(1, symbol=symbol) for symbol in (SAMSUNG, OTHER, THIRD, HALTED)]
    house.hear(received(*rows))
    assert only(SubscriptionProved, pass_time(house, 2)) == [SubscriptionProved(4, ())]
    house.hear(LinkLost(QUOTES, "x"))
    assert view(house).unproved == {}
    house.tick(1)
    house.hear(opened(QUOTES), SERVED, received(a_quote(9)))
    [told] = only(SubscriptionProved, pass_time(house, 8))
    assert told.proved == 1
    assert (OTHER, "silent since 09:00:01") in told.missing


@pytest.mark.parametrize("first_quote_ms", [0, 5_000])
def test_given_logs_of_before_when_they_do_not_say_then_nothing_is_proved(first_quote_ms: int):
    house = subscribed(first_quote_ms=first_quote_ms)
    assert bool(only(SubscriptionProved, pass_time(house, 10))) is bool(first_quote_ms)


# ---- instruments that fall silent ------------------------------------------------------------------------------


def flowing(house: House, first: int, last: int, symbol: str = SAMSUNG) -> list[Message]:
    """Let one instrument trade once a venue second while the clock ticks."""
    said = []
    for second in range(first, last):
        said += house.hear(received(a_quote(second, symbol=symbol)))
        said += pass_time(house, 1)
    return said


def test_given_a_feed_that_flows_when_one_instrument_is_silent_then_it_is_told_once_and_when_it_speaks_again():
    house = subscribed(symbol_mute_ms=10_000)
    house.hear(received(a_quote(1, symbol=OTHER), a_quote(1, symbol=HALTED)))
    said = only(SymbolsMuted, flowing(house, 2, 20))
    assert said == [SymbolsMuted((OTHER,), ())], "what may not trade and what never traded is silent by right"
    assert view(house).muted == (OTHER,)
    house.hear(received(a_quote(20, symbol=OTHER)))
    assert only(SymbolsMuted, flowing(house, 20, 23)) == [SymbolsMuted((), (OTHER,))]
    assert view(house).muted == ()


def test_given_a_break_when_quotes_flow_again_then_silence_counts_from_there():
    house = subscribed(symbol_mute_ms=10_000)
    house.hear(received(a_quote(1), a_quote(1, symbol=OTHER)))
    pass_time(house, 2)
    house.hear(LinkLost(QUOTES, "x"))
    house.tick(1)
    house.hear(opened(QUOTES), SERVED)
    said = only(SymbolsMuted, flowing(house, 60, 69))
    assert said == []
    assert only(SymbolsMuted, flowing(house, 69, 75)) == [SymbolsMuted((OTHER,), ())]


@pytest.mark.parametrize(
    "phase", [VenuePhase.HALTED, VenuePhase.OPENING_AUCTION, VenuePhase.CLOSING_AUCTION, VenuePhase.CLOSED]
)
def test_given_no_continuous_trading_when_an_instrument_is_silent_then_nothing_is_told(phase: VenuePhase):
    house = subscribed(symbol_mute_ms=10_000)
    house.hear(received(a_quote(1, symbol=OTHER)), beat(QUOTES, phase))
    for second in range(2, 30):
        house.hear(received(a_quote(second)))
        assert only(SymbolsMuted, pass_time(house, 1, phase)) == []


def test_given_the_closing_auction_when_a_heartbeat_has_not_told_of_it_yet_then_silence_is_natural():
    house = subscribed(symbol_mute_ms=10_000)
    late = int(6.3 * 3600)
    house.hear(received(a_quote(late - 1, symbol=OTHER)))
    assert only(SymbolsMuted, flowing(house, late, late + 30)) == []


# ---- uptime ----------------------------------------------------------------------------------------------------


def test_given_an_accelerated_day_when_links_come_and_go_then_each_change_and_the_end_are_measured():
    house = started(link=LinkConfig(measures_uptime=True, mute_after_ms=10**9))
    house.hear(PLAN, recorded(), SERVED, opened(ORDERS), AGREED)
    assert house.said(UptimeMeasured) == [], "no market time has passed"
    pass_time(house, 4)
    house.hear(LinkLost(ORDERS, "x"))
    house.now += SECOND // 2
    pass_time(house, 1)
    house.hear(opened(ORDERS), AGREED)
    pass_time(house, 2)
    house.hear(QuotesEnded(venue(6.5 * 3600)))
    pass_time(house, 3)
    said = house.said(UptimeMeasured)
    assert [(m.market_ms, m.up_ms, m.down_ms) for m in said] == [
        (1_000, 1_000, 0),
        (4_000, 4_000, 0),
        (5_500, 4_000, 1_500),
        (7_500, 6_000, 1_500),
    ]
    assert {m.trading_date for m in said} == {"2026-01-13"}
    shown = view(house)
    assert (shown.up_ppm, shown.degraded_ppm, shown.down_ppm, shown.market_ms) == (800_000, 0, 200_000, 7_500)


def test_given_a_planned_break_when_measured_then_it_is_a_part_of_the_time_down():
    house = started(link=LinkConfig(measures_uptime=True, mute_after_ms=10**9, maintenance=(WINDOW,)))
    house.hear(PLAN, recorded(), SERVED, opened(ORDERS), AGREED)
    house.now = START
    house.hear(beat(QUOTES), beat(ORDERS), LinkLost(ORDERS, "x"))
    house.now += 60 * SECOND
    shown = view(house)
    assert shown.planned_ms == 60_000
    assert shown.market_ms == (house.now - T0) // 1_000_000


def test_given_a_stop_when_the_market_is_open_then_the_account_up_to_it_is_told():
    house = started(link=LinkConfig(measures_uptime=True, mute_after_ms=10**9))
    house.hear(PLAN, recorded(), SERVED, opened(ORDERS), AGREED)
    pass_time(house, 3)
    said = only(UptimeMeasured, house.hear(StopReady("bye", 0)))
    assert [(m.market_ms, m.up_ms) for m in said] == [(3_000, 3_000)]


def test_given_links_named_when_a_late_answer_of_another_broker_comes_then_it_is_not_taken():
    house = started(quotes_endpoint="a:1")
    late = opened(LinkName.QUOTES)
    house.hear(late.__class__(late.link, late.session, "b:2"))
    assert state(house) is State.CONNECTING
    house.hear(late.__class__(late.link, late.session, "a:1"))
    assert state(house) is State.RECONCILING


def test_given_a_source_that_serves_fewer_instruments_when_it_stands_in_then_the_others_are_named_once():
    subscription, settings = Subscription(), LinkConfig(first_quote_ms=5_000)
    link = Link(QUOTES, state=State.READY, phase=VenuePhase.CONTINUOUS)
    rows = {SAMSUNG: a_quote(1)}
    subscription.begin((SAMSUNG,), {}, 0, T0, (OTHER,))
    assert subscription.unproved_view() == {SAMSUNG: "waiting for its first quote", OTHER: "not served by this source"}
    told = []
    for second in range(1, 10):
        now = T0 + second * SECOND
        subscription.looked(rows, T0, now)
        for said in subscription.judge(link, Feed(), rows, {}, settings, now):
            assert isinstance(said, SubscriptionProved)
            subscription.proved(said)
            told.append(said)
    assert told == [SubscriptionProved(1, ((OTHER, "not served by this source"),))]
    assert subscription.unproved_view() == {OTHER: "not served by this source"}
    subscription.end()
    assert subscription.unproved_view() == {}
