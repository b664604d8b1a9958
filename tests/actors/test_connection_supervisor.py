"""The connection supervisor: links come up in order, back off with patience, and never get stuck."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.link_state import NANOS_PER_MS, backoff_ns
from domain.config import LinkConfig
from domain.messages import Message, Stamp
from domain.messages.link import (
    CloseLink,
    ConnectionChanged,
    HeartbeatReceived,
    LinkFailed,
    LinkLoggedIn,
    LinkLost,
    LoginLink,
    OpenLink,
    ReconcileLink,
    ReconcileReported,
    SubscribeQuotes,
)
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.trading import SessionPlanned, StopReady
from domain.status import LinksQuery, QuotesQuery
from domain.types import LinkName, ServerKind, UnixNanos, VenuePhase
from fsm import connection as fsm
from fsm.connection import State
from tests.actors.builders import (
    SAMSUNG,
    T0,
    House,
    Venue,
    a_quote,
    a_run,
    a_session,
    approved,
    instruments,
    only,
    opened,
    received,
    state_of,
    venue,
)

QUOTES, ORDERS = LinkName.QUOTES, LinkName.ORDERS
AGREED = ReconcileReported(True, (), 0, 0)
PLAN = SessionPlanned("2026-01-13", True, venue(0), venue(6.3 * 3600), venue(6.5 * 3600), False)


def role(house: House) -> ConnectionSupervisor:
    found = house.core.kernel.role("connection_supervisor")
    assert isinstance(found, ConnectionSupervisor)
    return found


def state(house: House, link: LinkName = QUOTES) -> State:
    return role(house).links[link].state


def beat(link: LinkName, phase: VenuePhase = VenuePhase.CONTINUOUS, logged_in: bool = True) -> HeartbeatReceived:
    return HeartbeatReceived(link, venue(1), phase, logged_in)


def started(**changes: Any) -> House:
    house = House(ConnectionSupervisor())
    house.hear(a_run(**changes))
    return house


def ready(**changes: Any) -> House:
    """Give both links READY."""
    house = started(**changes)
    house.hear(opened(QUOTES), PLAN, instruments(), opened(ORDERS), AGREED)
    assert (state(house), state(house, ORDERS)) == (State.READY, State.READY)
    return house


def up_again(house: House, link: LinkName) -> None:
    """Let a link that backs off come up."""
    while state(house, link) is State.BACKING_OFF:
        house.tick()
        house.hear(*[beat(other) for other in LinkName if other is not link])
    house.hear(opened(link), instruments() if link is QUOTES else AGREED)
    assert state(house, link) is State.READY


# ---- coming up -------------------------------------------------------------------------------------------------


def test_given_a_run_when_it_begins_then_both_links_are_dialled():
    opens = started().said(OpenLink)
    assert [(m.link, m.attempt, m.after_seq, m.journal_id) for m in opens] == [(QUOTES, 1, 0, ""), (ORDERS, 1, 0, "")]


def test_given_a_broker_that_is_logged_in_when_opened_then_it_is_reconciled_and_quotes_are_asked_for():
    house = started()
    assert [type(m) for m in house.hear(opened(QUOTES))] == [ConnectionChanged, ReconcileLink]
    assert house.hear(instruments(SAMSUNG, "120110")) == [], "quotes wait a moment for the orders link"
    house.hear(opened(ORDERS))
    [_, changed, subscribed] = house.hear(AGREED)
    assert (changed.to_state, subscribed) == ("READY", SubscribeQuotes((SAMSUNG, "120110")))  # type: ignore[attr-defined]


def test_given_orders_that_are_ready_when_instruments_come_then_quotes_are_asked_for_at_once():
    house = started()
    house.hear(opened(ORDERS), AGREED, opened(QUOTES))
    [changed, subscribed] = house.hear(instruments(SAMSUNG))
    assert (changed.to_state, subscribed) == ("READY", SubscribeQuotes((SAMSUNG,)))  # type: ignore[attr-defined]


def test_given_orders_that_do_not_come_up_when_the_grace_is_over_then_quotes_flow_without_them():
    house = started()
    house.hear(opened(QUOTES), instruments(SAMSUNG))
    said = [m for _ in range(6) for m in house.tick()]
    assert only(SubscribeQuotes, said) == [SubscribeQuotes((SAMSUNG,))]
    assert state(house, QUOTES) is State.READY


def test_given_a_quotes_link_that_breaks_while_it_waits_when_orders_come_up_then_nothing_is_asked_for():
    house = started()
    house.hear(opened(QUOTES), instruments(SAMSUNG), LinkLost(QUOTES, "reset"), opened(ORDERS))
    assert only(SubscribeQuotes, house.hear(AGREED)) == []


def test_given_a_broker_that_is_not_logged_in_when_opened_then_it_logs_in_first():
    house = started()
    [_, login] = house.hear(opened(ORDERS, logged_in=False))
    assert login == LoginLink(ORDERS)
    house.hear(LinkLoggedIn(ORDERS, a_session()), AGREED)
    assert state(house, ORDERS) is State.READY


def test_given_another_kind_of_server_when_the_orders_link_opens_then_it_fails_for_good():
    house = started()
    [changed, closed] = house.hear(opened(ORDERS, server_kind=ServerKind.REAL))
    assert (changed.to_state, type(closed)) == ("FAILED", CloseLink)  # type: ignore[attr-defined]
    dialled = [m.link for _ in range(60) for m in only(OpenLink, house.tick(1))]
    assert QUOTES in dialled and ORDERS not in dialled


def test_given_another_account_than_configured_when_the_orders_link_opens_then_it_fails_for_good():
    house = started(account_end="1234")
    house.hear(opened(ORDERS))
    assert state(house, ORDERS) is State.RECONCILING
    other = started(account_end="9999")
    other.hear(opened(QUOTES), opened(ORDERS))
    assert state(other) is State.RECONCILING, "quotes may come from any account"
    assert role(other).links[ORDERS].state is State.FAILED
    assert "the account that ends in 9999, this one is ****1234" in role(other).links[ORDERS].reason
    alike = started(account_end="1234", account_check="aaaa")
    alike.hear(opened(ORDERS, account_check="bbbb"))
    assert "this one is ****1234 (another one that ends so)" in role(alike).links[ORDERS].reason


def test_given_a_log_in_that_fails_when_the_broker_says_why_then_the_reason_is_kept():
    house = started()
    house.hear(opened(ORDERS, logged_in=False), LinkLoggedIn(ORDERS, a_session(logged_in=False, trouble="-102: old")))
    assert role(house).links[ORDERS].reason == "log-in did not succeed: -102: old"


def test_given_books_that_differ_when_reported_then_the_link_backs_off_with_the_reason():
    house = started()
    house.hear(opened(ORDERS), ReconcileReported(False, ("5 here, 3 there",), 0, 0))
    link = role(house).links[ORDERS]
    assert (link.state, link.reason) == (State.BACKING_OFF, "books differ: 5 here, 3 there")


def test_given_a_broker_without_the_symbols_when_it_says_so_then_the_link_backs_off():
    house = started()
    empty = dataclasses.replace(instruments(), instruments=())
    house.hear(opened(QUOTES), empty)
    assert state(house) is State.BACKING_OFF


def test_given_order_events_heard_when_dialled_again_then_the_stream_resumes_behind_the_last():
    house, market = ready(), Venue()
    order = approved()
    house.hear(market.accepts(order), market.fills(order, 1, 9), LinkLost(ORDERS, "x"))
    house.tick(1)
    [dialled] = [m for m in house.said(OpenLink) if (m.link is ORDERS and m.attempt > 1) or m.after_seq]
    assert (dialled.after_seq, dialled.journal_id) == (2, "J")


def test_given_a_gap_in_order_events_when_seen_then_the_link_resumes_before_it():
    house, market = ready(), Venue()
    order = approved()
    first, _, third = market.accepts(order), market.fills(order, 1, 9), market.fills(order, 1, 8)
    house.hear(first, third)
    assert state(house, ORDERS) is State.BACKING_OFF
    house.tick(1)
    assert house.said(OpenLink)[-1].after_seq == 1


def test_given_a_new_journal_when_its_events_come_then_they_are_counted_from_there():
    house = ready()
    house.hear(Venue("J", 5).accepts(approved()), Venue("K", 0).accepts(approved()))
    assert (role(house).journal_id, role(house).after_seq, role(house).gap) == ("K", 1, "")


# ---- going down ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [LinkLost(QUOTES, "broken"), LinkFailed(QUOTES, "subscribe", "no"), beat(QUOTES, logged_in=False)]
)
def test_given_a_link_that_is_up_when_it_breaks_then_it_hangs_up_and_comes_back(fault: Message):
    house = ready()
    assert [type(m) for m in house.hear(fault)] == [ConnectionChanged, CloseLink]
    up_again(house, QUOTES)


def test_given_a_loss_that_overtakes_the_opening_when_both_are_heard_then_the_link_backs_off():
    house = started()
    house.hear(LinkLost(QUOTES, "broken"), opened(QUOTES))
    assert state(house) is State.BACKING_OFF


def test_given_a_loss_told_twice_when_heard_then_it_counts_once():
    house = ready()
    house.hear(LinkLost(ORDERS, "a"))
    assert house.hear(LinkLost(ORDERS, "b")) == []


def test_given_no_heartbeat_when_the_clock_ticks_then_the_link_is_lost():
    house = ready()
    for _ in range(4):
        house.tick(1)
        house.hear(beat(QUOTES))
    assert (state(house), state(house, ORDERS)) == (State.READY, State.READY)
    house.tick(2)
    assert (state(house), state(house, ORDERS)) == (State.READY, State.BACKING_OFF)


@pytest.mark.parametrize("step", ["CONNECTING", "LOGGING_IN", "RECONCILING"])
def test_given_a_step_that_is_never_answered_when_time_passes_then_it_is_tried_again(step: str):
    house = started()
    if step != "CONNECTING":
        house.hear(opened(ORDERS, logged_in=step == "RECONCILING"))
    assert state(house, ORDERS) == step
    for _ in range(13):
        house.tick(1)
    assert role(house).links[ORDERS].attempts >= 1
    assert len([m for m in house.said(ConnectionChanged) if m.link is ORDERS and m.to_state == "BACKING_OFF"]) == 1


def test_given_a_link_that_flaps_when_it_comes_up_and_breaks_then_it_backs_off_ever_longer():
    house, waits = ready(), []
    for _ in range(8):
        house.hear(LinkLost(ORDERS, "x"))
        link = role(house).links[ORDERS]
        waits.append(link.retry_at - link.since)
        up_again(house, ORDERS)
    assert waits[-1] > 10 * waits[0]


def test_given_a_link_that_was_up_for_long_when_it_breaks_then_it_is_dialled_soon():
    house = ready()
    for _ in range(3):
        house.hear(LinkLost(ORDERS, "x"))
        up_again(house, ORDERS)
    for _ in range(30):
        house.tick(1)
        house.hear(beat(ORDERS), beat(QUOTES))
    house.hear(LinkLost(ORDERS, "x"))
    link = role(house).links[ORDERS]
    assert link.retry_at - link.since <= 250 * NANOS_PER_MS


def test_given_a_clock_set_back_an_hour_when_a_link_backs_off_then_it_is_still_dialled_soon():
    house = ready()
    house.hear(LinkLost(QUOTES, "x"))
    house.tick(-3600.0)
    house.tick(15)
    assert state(house) is State.CONNECTING


@given(st.integers(0, 40), st.integers(1, 10**6))
def test_for_any_attempt_the_wait_lies_between_half_and_all_of_its_ceiling(attempts: int, seq: int):
    settings = LinkConfig()
    ceiling = min(settings.backoff_first_ms << max(attempts - 1, 0), settings.backoff_max_ms) * NANOS_PER_MS
    wait = backoff_ns(attempts, Stamp(seq, UnixNanos(T0), "L"), settings)
    assert ceiling // 2 <= wait <= ceiling


# ---- quotes ----------------------------------------------------------------------------------------------------


def quiet(house: House, seconds: int, phase: VenuePhase = VenuePhase.CONTINUOUS) -> None:
    for _ in range(seconds):
        house.tick(1)
        house.hear(beat(QUOTES, phase), beat(ORDERS))


def test_given_silence_in_continuous_trading_when_it_lasts_then_the_link_is_degraded_until_quotes_flow():
    house = ready()
    house.hear(received(a_quote(1)))
    quiet(house, 12)
    assert state(house) is State.DEGRADED
    assert [type(m) for m in house.hear(received(a_quote(2)))] == [ConnectionChanged, QuotesJudged]
    assert state(house) is State.READY


def test_given_a_degraded_link_when_no_quotes_are_expected_any_more_then_it_is_ready():
    house = ready()
    quiet(house, 12)
    quiet(house, 1, VenuePhase.CLOSING_AUCTION)
    house.tick(0.5)
    assert state(house) is State.READY


def test_given_a_degraded_link_when_the_silence_goes_on_then_it_is_dialled_anew():
    house = ready()
    quiet(house, 90)
    assert any(m.from_state == "DEGRADED" and m.to_state == "BACKING_OFF" for m in house.said(ConnectionChanged))


@pytest.mark.parametrize(
    "phase", [VenuePhase.CLOSED, VenuePhase.CLOSING_AUCTION, VenuePhase.HALTED, VenuePhase.CONTINUOUS]
)
def test_given_silence_that_is_natural_when_it_lasts_then_the_link_stays_ready(phase: VenuePhase):
    house = ready()
    if phase is VenuePhase.CONTINUOUS:
        house.hear(QuotesEnded(venue(1)))
    quiet(house, 30, phase)
    assert state(house) is State.READY


def test_given_a_halt_without_quotes_when_it_is_over_then_the_silence_counts_from_there():
    house = ready()
    house.hear(received(a_quote(1)))
    quiet(house, 40, VenuePhase.HALTED)
    quiet(house, 9)
    assert state(house) is State.READY
    quiet(house, 3)
    assert state(house) is State.DEGRADED


def test_given_bad_rows_when_judged_then_they_are_dropped_counted_and_shown():
    house = ready()
    house.hear(received(a_quote(2), a_quote(1), a_quote(3, symbol="999999")))
    [judged] = house.said(QuotesJudged)
    assert [(v.rule, v.refused) for v in judged.verdicts] == [("out_of_order", True), ("unknown_symbol", True)]
    view = role(house).view(LinksQuery(UnixNanos(house.now)))
    assert (view.quotes, view.refused, view.symbols) == (3, 2, 1)
    assert view.verdicts == {"out_of_order": 1, "unknown_symbol": 1}
    house.hear(received(a_quote(0)))
    assert role(house).view(LinksQuery(UnixNanos(house.now))).verdicts == {"out_of_order": 2, "unknown_symbol": 1}
    [watched] = role(house).view(QuotesQuery())
    assert (watched.quote.venue_time, watched.quality, watched.name) == (venue(2), "out_of_order", "삼성전자")


def recorded(link: LinkName = QUOTES, seconds: float = 60) -> Message:
    """Give a session of a source whose venue is open while it says so: market time is what passes meanwhile."""
    return opened(link, seconds=seconds, speed_milli=60_000)


def test_given_time_up_and_down_when_asked_then_uptime_is_the_share_of_market_time_with_both_links_ready():
    house = started(link=LinkConfig(measures_uptime=True))
    house.hear(PLAN, recorded(), instruments(), opened(ORDERS))
    assert role(house).view(LinksQuery(UnixNanos(house.now))).uptime_ppm == 0
    house.hear(AGREED)
    assert role(house).view(LinksQuery(UnixNanos(house.now))).uptime_ppm == 1_000_000
    house.tick(1)
    house.hear(LinkLost(ORDERS, "x"))
    house.now += NANOS_PER_MS * 1000
    view = role(house).view(LinksQuery(UnixNanos(house.now)))
    assert (view.uptime_ppm, view.down_ppm, view.market_ms) == (500_000, 500_000, 2_000)
    assert view.states[ORDERS] == "BACKING_OFF"


# ---- stopping, and any sequence --------------------------------------------------------------------------------


def test_given_a_stop_when_ready_then_both_links_end_and_nothing_dials_any_more():
    house = ready()
    house.hear(LinkLost(ORDERS, "x"), StopReady("bye", 0))
    assert {state(house, name) for name in LinkName} == {State.STOPPED}
    assert house.tick(60) == []


def steps() -> st.SearchStrategy[Any]:
    per_link = [
        lambda link: opened(link),
        lambda link: opened(link, logged_in=False),
        lambda link: LinkLoggedIn(link, a_session()),
        lambda link: LinkLoggedIn(link, a_session(logged_in=False)),
        lambda link: LinkFailed(link, "open", "no"),
        lambda link: LinkLost(link, "broken"),
        lambda link: beat(link),
        lambda link: beat(link, VenuePhase.CLOSED, logged_in=False),
    ]
    order = approved()
    return st.one_of(
        st.builds(lambda make, link: make(link), st.sampled_from(per_link), st.sampled_from(LinkName)),
        st.sampled_from([AGREED, ReconcileReported(False, ("x",), 0, 0), instruments(), a_run(), PLAN]),
        st.sampled_from([QuotesEnded(venue(1)), opened(ORDERS, server_kind=ServerKind.REAL)]),
        st.integers(0, 9).map(lambda n: Venue("JK"[n % 2], n).accepts(order)),
        st.lists(st.integers(0, 99), max_size=4).map(lambda s: received(*[a_quote(n / 10) for n in s])),
        st.sampled_from([0.5, 6.0, 15.0, -100.0]),
    )


def play(script: list[Any]) -> House:
    house = started()
    for step in script:
        if isinstance(step, float):
            house.tick(step)
        else:
            house.hear(step)
    return house


@given(st.lists(steps(), max_size=40))
def test_for_any_sequence_every_move_is_legal_and_effects_follow_the_state(script: list[Any]):
    house = play(script)
    assert house.core.kernel.benched == {}
    states = dict.fromkeys(LinkName, State.DISCONNECTED)
    for item in house.core.history:
        match item.message:
            case ConnectionChanged() as move:
                assert fsm.next_state(states[move.link], move.trigger) == move.to_state
                states[move.link] = State(move.to_state)
            case OpenLink(link=link):
                assert states[link] is State.CONNECTING
            case ReconcileLink(link=link):
                assert states[link] is State.RECONCILING
            case SubscribeQuotes():
                assert states[QUOTES] is State.READY
            case message if type(message) is type(a_run()):
                states = dict.fromkeys(LinkName, State.DISCONNECTED)
    assert states == {name: link.state for name, link in role(house).links.items()}


@given(st.lists(steps(), max_size=30))
def test_for_any_sequence_a_broker_that_answers_brings_every_link_back_unless_it_is_the_wrong_one(script: list[Any]):
    house = play(script)
    for _ in range(80):
        house.tick(0.5)
        for name in LinkName:
            match state(house, name):
                case State.CONNECTING:
                    house.hear(opened(name))
                case State.LOGGING_IN:
                    house.hear(LinkLoggedIn(name, a_session()))
                case State.RECONCILING:
                    house.hear(instruments() if name is QUOTES else AGREED)
            house.hear(beat(name, VenuePhase.CLOSED))
    assert state(house) is State.READY
    assert state(house, ORDERS) in (State.READY, State.FAILED)


@given(st.lists(steps(), max_size=30))
def test_for_any_sequence_the_fold_gives_the_live_state_and_the_replay_the_same_outputs(script: list[Any]):
    house = play(script)
    [again] = house.folded(lambda: [ConnectionSupervisor()]).roles
    assert state_of(again) == state_of(role(house))
    assert house.replayed(lambda: [ConnectionSupervisor()]).identical
