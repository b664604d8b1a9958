"""Quotes move to another source and back by rule, never back and forth; sources that contradict are told."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.link_state import Link
from actors.roles.sources import LATE_NS, MOST_SYMBOLS
from domain.config import LinkConfig
from domain.messages import Message
from domain.messages.link import (
    CloseLink,
    ConnectionChanged,
    LinkFailed,
    LinkLost,
    LinkOpened,
    OpenLink,
    ProbeSource,
    SourceChanged,
    SourceProbed,
    SourcesCompared,
    SubscribeQuotes,
)
from domain.messages.market import QuotesJudged
from domain.quotes import Quote
from domain.status import LinksQuery
from domain.types import LinkName, UnixNanos
from fsm.connection import State
from tests.actors.builders import (
    SAMSUNG,
    SECOND,
    a_quote,
    a_run,
    a_session,
    instruments,
    only,
    opened,
    received,
    state_of,
    venue,
)
from tests.actors.test_connection_supervisor import AGREED, ORDERS, PLAN, QUOTES, beat, role, started, state

FIRST, SECOND_BEST, LAST = "a:1", "b:2", "c:3"
SETTINGS = LinkConfig(mute_after_ms=10**9, failover_after_ms=10_000, failback_after_ms=60_000, probe_ms=5_000)
NOON = 3 * 3600


class Market:
    """A house with three sources, each up or down, answering like one."""

    def __init__(self, *backups: str, **run: Any) -> None:
        fields = {"link": SETTINGS, "quotes_endpoint": FIRST, "quotes_backups": backups or (SECOND_BEST, LAST)}
        self.house = started(**(fields | run))
        self.up = {FIRST, SECOND_BEST, LAST}
        self.begin = self.house.now
        self.house.hear(PLAN)
        self.seconds = 0.0
        self.latest: dict[str, tuple[Quote, ...]] = {}

    @property
    def clock(self) -> float:
        """Give venue seconds since the open: it is noon at first."""
        return NOON + (self.house.now - self.begin) / SECOND

    @property
    def source(self) -> str:
        return role(self.house).sources.endpoint

    def changes(self) -> list[tuple[str, str]]:
        return [(m.from_endpoint, m.to_endpoint) for m in self.house.said(SourceChanged)]

    def answer(self, endpoint: str) -> SourceProbed:
        at = venue(self.clock)
        return SourceProbed(endpoint, True, "", self.latest.get(endpoint, ()), at)

    def react(self, said: list[Message]) -> None:
        """Answer what the supervisor asked, as the edges would."""
        for message in said:
            match message:
                case OpenLink(link=LinkName.QUOTES, endpoint=endpoint) if endpoint in self.up:
                    session = a_session(self.clock)
                    self.house.hear(LinkOpened(QUOTES, session, endpoint), instruments())
                case OpenLink(link=LinkName.QUOTES, endpoint=endpoint):
                    self.house.hear(LinkFailed(QUOTES, "open", f"{endpoint} does not answer"))
                case OpenLink():
                    self.house.hear(opened(ORDERS), AGREED)
                case ProbeSource(endpoint=endpoint) if endpoint in self.up:
                    self.house.hear(self.answer(endpoint))
                case ProbeSource(endpoint=endpoint):
                    self.house.hear(SourceProbed(endpoint, False, "it does not answer", ()))

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.react(self.house.tick(1))
            for link in LinkName:
                if state(self.house, link) in (State.READY, State.DEGRADED):
                    self.house.hear(beat_at(link, self.clock))

    def start(self) -> "Market":
        self.react(self.house.said(OpenLink))
        self.run(12)
        assert state(self.house) is State.READY
        return self

    def cut(self, *endpoints: str) -> None:
        """Take sources down."""
        self.up -= set(endpoints)
        if self.source in endpoints and state(self.house) not in (State.BACKING_OFF, State.CONNECTING):
            self.house.hear(LinkLost(QUOTES, "reset"))


def beat_at(link: LinkName, seconds: float) -> Message:
    found = beat(link)
    return type(found)(link, venue(seconds), found.phase, True)


def view(market: Market) -> Any:
    return role(market.house).view(LinksQuery(UnixNanos(market.house.now)))


# ---- away and back ---------------------------------------------------------------------------------------------


def test_given_a_source_that_is_gone_when_patience_is_over_then_the_next_best_is_dialled_and_everything_begins_anew():
    market = Market().start()
    market.house.hear(received(a_quote(NOON)))
    market.cut(FIRST)
    market.run(9)
    assert market.changes() == []
    market.run(3)
    assert market.changes() == [(FIRST, SECOND_BEST)]
    told = [type(m) for m in market.house.said(SourceChanged, ConnectionChanged, CloseLink, OpenLink)]
    at = told.index(SourceChanged)
    assert told[at - 1 : at + 3] == [CloseLink, SourceChanged, ConnectionChanged, OpenLink]
    assert state(market.house) is State.READY
    assert market.house.said(SubscribeQuotes)[-1] == SubscribeQuotes((SAMSUNG,))
    assert role(market.house).book.last == {}
    assert role(market.house).book.trading_date is not None, "the session is the same"
    shown = view(market)
    assert (shown.quotes_source, shown.on_backup) == (SECOND_BEST, True)
    assert set(shown.unproved) == {SAMSUNG}


def test_given_a_row_older_than_those_of_the_source_before_when_it_comes_then_it_is_judged_anew():
    market = Market().start()
    market.house.hear(received(a_quote(NOON + 5)))
    market.cut(FIRST)
    market.run(12)
    market.house.hear(received(a_quote(NOON + 1)))
    assert market.house.said(QuotesJudged)[-1].verdicts == ()


def test_given_a_next_source_that_is_down_too_when_moving_then_the_one_that_is_well_is_taken():
    market = Market().start()
    market.cut(SECOND_BEST)
    market.run(6)
    market.cut(FIRST)
    market.run(12)
    assert market.changes() == [(FIRST, LAST)]


def test_given_no_source_that_answers_when_the_link_is_down_then_nothing_moves_and_the_first_is_dialled_on():
    market = Market().start()
    market.cut(FIRST, SECOND_BEST, LAST)
    market.run(120)
    assert market.changes() == []
    market.up = {FIRST}
    market.run(20)
    assert (state(market.house), market.source) == (State.READY, FIRST)


def test_given_a_mute_source_when_it_stays_degraded_then_quotes_move():
    market = Market(link=LinkConfig(mute_after_ms=15_000, failover_after_ms=10_000)).start()
    market.run(20)
    assert market.changes()[0] == (FIRST, SECOND_BEST)


def test_given_a_better_source_that_is_well_again_when_it_was_for_long_then_quotes_go_back():
    market = Market().start()
    market.cut(FIRST)
    market.run(12)
    market.up.add(FIRST)
    market.run(60)
    assert market.source == SECOND_BEST
    market.run(10)
    assert market.changes() == [(FIRST, SECOND_BEST), (SECOND_BEST, FIRST)]
    assert (state(market.house), view(market).on_backup) == (State.READY, False)


def test_given_a_better_source_that_is_well_with_breaks_when_time_passes_then_quotes_stay():
    market = Market().start()
    market.cut(FIRST)
    market.run(12)
    for _ in range(6):
        market.up.add(FIRST)
        market.run(50)
        market.up.discard(FIRST)
        market.run(10)
    assert market.source == SECOND_BEST


@pytest.mark.parametrize(("left_s", "goes"), [(LATE_NS // SECOND - 1, False), (LATE_NS // SECOND + 300, True)])
def test_given_the_end_of_a_session_when_a_better_source_is_well_then_quotes_go_back_only_before_its_last_minutes(
    left_s: int, goes: bool
):
    market = Market()
    market.begin -= int((6.5 * 3600 - NOON - left_s - 100) * SECOND)
    market.start()
    market.cut(FIRST)
    market.run(90)
    market.up.add(FIRST)
    market.run(90)
    assert (market.source == FIRST) is goes


def test_given_a_source_that_quotes_left_again_when_it_is_well_then_it_must_be_so_for_twice_as_long():
    market = Market().start()
    back_after = []
    for _ in range(3):
        market.cut(FIRST)
        market.run(12)
        assert market.source == SECOND_BEST
        market.up.add(FIRST)
        waited = 0
        while market.source == SECOND_BEST:
            market.run(5)
            waited += 5
        back_after.append(waited)
    assert back_after[1] > 1.8 * back_after[0]
    assert back_after[2] > 1.8 * back_after[1]


def test_given_planned_maintenance_when_the_source_is_away_then_quotes_wait_for_it():
    link = LinkConfig(mute_after_ms=10**9, failover_after_ms=10_000, maintenance=("daily 17:00-17:30",))
    market = Market(link=link).start()
    market.cut(FIRST)
    market.run(60)
    assert market.changes() == []


def test_given_a_source_on_another_date_when_the_first_is_gone_then_it_does_not_stand_in():
    market = Market(SECOND_BEST).start()
    market.cut(FIRST, SECOND_BEST)
    for _ in range(60):
        market.run(1)
        other = UnixNanos(venue(market.clock) + 24 * 3600 * SECOND)
        market.house.hear(SourceProbed(SECOND_BEST, True, "", (), other))
    assert market.changes() == []
    [_, second] = view(market).sources
    assert (second.is_well, second.reason) == (False, second.reason)
    assert second.reason.startswith("its venue clock stands at 2026-01-14 ")


def test_given_no_backups_when_the_link_is_down_then_nobody_is_probed_and_nothing_moves():
    house = started(link=SETTINGS)
    house.hear(opened(QUOTES), PLAN, instruments(), opened(ORDERS), AGREED, LinkLost(QUOTES, "x"))
    for _ in range(100):
        house.tick(1)
    assert house.said(ProbeSource, SourceChanged) == []


def test_given_a_new_run_when_it_begins_then_it_begins_with_the_first_source():
    market = Market().start()
    market.cut(FIRST)
    market.run(12)
    config = role(market.house)
    fields = {"link": config.settings, "quotes_endpoint": FIRST, "quotes_backups": (SECOND_BEST, LAST)}
    said = market.house.hear(a_run(**fields))
    assert [m.endpoint for m in only(OpenLink, said) if m.link is QUOTES] == [FIRST]


def test_given_a_link_that_failed_for_good_when_the_clock_ticks_then_quotes_move_at_once_but_only_once():
    market = Market().start()
    sources, now = role(market.house).sources, market.house.now
    link = Link(QUOTES, FIRST, State.FAILED, "wrong kind")
    sources.link_changed(State.FAILED, now)
    move = sources.move(link, now, SETTINGS, None)
    assert move == (SECOND_BEST, "a:1 failed: wrong kind")
    sources.changed(SourceChanged(FIRST, SECOND_BEST, True, "x"), now)
    sources.answered(market.answer(FIRST), now, 0, None)
    assert sources.move(link, now, SETTINGS, None) is None, "a second failure in a row waits"
    later = now + 2 * SETTINGS.failover_after_ms * 1_000_000
    assert sources.move(link, later, SETTINGS, None) is not None


def test_given_many_instruments_when_probed_then_each_is_asked_for_in_turn_and_few_at_a_time():
    market = Market(SECOND_BEST, LAST).start()
    codes = [f"{number:06d}" for number in range(2 * MOST_SYMBOLS - 1)]
    market.house.hear(instruments(*codes))
    before = len(market.house.said(ProbeSource))
    market.run(30)
    for source in (SECOND_BEST, LAST):
        asked = [m.symbols for m in market.house.said(ProbeSource)[before:] if m.endpoint == source]
        assert max(len(symbols) for symbols in asked) <= MOST_SYMBOLS
        assert {symbol for symbols in asked for symbol in symbols} == {*codes, SAMSUNG}


# ---- any life --------------------------------------------------------------------------------------------------


def lives() -> st.SearchStrategy[list[tuple[str, int]]]:
    deeds = st.sampled_from(["cut a", "cut b", "mend a", "mend b", "reset", "nothing"])
    return st.lists(st.tuples(deeds, st.integers(1, 80)), min_size=1, max_size=6)


def live(life: list[tuple[str, int]]) -> Market:
    market = Market(SECOND_BEST).start()
    for deed, seconds in life:
        match deed.split():
            case ["cut", name]:
                market.cut(FIRST if name == "a" else SECOND_BEST)
            case ["mend", name]:
                market.up.add(FIRST if name == "a" else SECOND_BEST)
            case ["reset"]:
                market.house.hear(LinkLost(QUOTES, "reset"))
        market.run(seconds)
    return market


@given(lives())
def test_for_any_life_of_sources_quotes_never_flap_and_never_stay_away_from_one_that_is_well(
    life: list[tuple[str, int]],
):
    market = live(life)
    times = [
        (item.stamp.system_time, "is well for" in item.message.reason)
        for item in market.house.core.history
        if isinstance(item.message, SourceChanged)
    ]
    for (before, _), (after, is_return) in pairwise(times):
        least = SETTINGS.failback_after_ms if is_return else SETTINGS.failover_after_ms
        assert after - before >= least * 1_000_000
    returns = sum(1 for _, is_return in times if is_return)
    seconds = 12 + sum(seconds for _, seconds in life)
    assert returns <= seconds * 1_000 // SETTINGS.failback_after_ms
    market.up = {FIRST, SECOND_BEST}
    market.run(60)
    assert state(market.house) is State.READY
    assert market.house.core.kernel.benched == {}
    [again] = market.house.folded(lambda: [ConnectionSupervisor()]).roles
    assert state_of(again) == state_of(role(market.house))


# ---- two sources beside each other -----------------------------------------------------------------------------


def compared(market: Market, price: int) -> Message:
    """Let our source and the second one trade at once, at 10,000 and another price."""
    at = market.clock
    market.house.hear(received(a_quote(at)))
    probed = SourceProbed(SECOND_BEST, True, "", (a_quote(at, price),), venue(at))
    [told] = only(SourcesCompared, market.house.hear(probed))
    market.run(1)
    return told


def test_given_a_price_that_differs_when_it_does_twice_in_a_row_then_the_symbol_is_contradicted_until_it_agrees():
    market = Market(SECOND_BEST).start()
    words = ((SAMSUNG, "10,000 here, 10,500 there at the same second"),)
    assert compared(market, 10_500) == SourcesCompared(SECOND_BEST, 1, words, ())
    assert compared(market, 10_500) == SourcesCompared(SECOND_BEST, 1, words, (SAMSUNG,))
    assert view(market).contradicted == (SAMSUNG,)
    assert compared(market, 10_050) == SourcesCompared(SECOND_BEST, 1, (), ())
    assert view(market).contradicted == ()


def test_given_a_contradiction_when_the_other_source_is_not_well_any_more_then_it_is_withdrawn():
    market = Market(SECOND_BEST).start()
    compared(market, 11_000)
    compared(market, 11_000)
    told = market.house.hear(SourceProbed(SECOND_BEST, False, "gone", ()))
    assert told == [SourcesCompared(SECOND_BEST, 0, (), ())]


def test_given_a_contradiction_when_quotes_move_then_it_is_withdrawn():
    market = Market(SECOND_BEST).start()
    compared(market, 11_000)
    compared(market, 11_000)
    market.cut(FIRST)
    market.run(12)
    assert market.source == SECOND_BEST
    assert market.house.said(SourcesCompared)[-1].contradicted == ()
    assert view(market).contradicted == ()


def test_given_a_contradiction_when_a_new_run_begins_then_it_is_withdrawn_and_the_doubted_are_asked_for_again():
    market = Market(SECOND_BEST).start()
    compared(market, 11_000)
    compared(market, 11_000)
    market.house.hear(instruments(*(f"{number:06d}" for number in range(2 * MOST_SYMBOLS))))
    market.run(16)
    assert all(SAMSUNG in m.symbols for m in market.house.said(ProbeSource)[-3:])
    assert market.house.hear(a_run(link=SETTINGS))[0] == SourcesCompared("", 0, (), ())
    assert view(market).contradicted == ()


def test_given_a_source_whose_clock_lies_apart_when_probed_then_nothing_is_compared():
    market = Market(SECOND_BEST).start()
    at = market.clock
    market.house.hear(received(a_quote(at)))
    probed = SourceProbed(SECOND_BEST, True, "", (a_quote(at - 60, 20_000),), venue(at - 60))
    assert market.house.hear(probed) == []
