"""The scorekeeper among the other roles: a day with signals is scored, replayed, folded and carried alike."""

from actors.roster import make_roles
from domain.config import SignalConfig, StrategyConfig
from domain.day_plan import plan_session
from domain.messages.market import QuotesEnded
from domain.messages.trading import BaselineScored, SignalFormed, SignalScored
from domain.quotes import Quote
from domain.types import LinkName, UnixNanos
from tests.actors.builders import DAY, SAMSUNG, House, a_run, broker_state, instruments, opened, received
from tests.actors.log_writer import states_of
from tests.strategies.builders import a_rising_day

BRIEF = StrategyConfig("attention_momentum", {"hold_s": 300})


def rows() -> list[Quote]:
    """Forty minutes with a rise at the thirtieth, then the close."""
    day = a_rising_day(SAMSUNG)
    last = day[-1]
    return [*day, last._replace(venue_time=plan_session(DAY, {}).close_time)]


def a_scored_house(scores: bool) -> House:
    house = House(*make_roles())
    house.hear(a_run(symbols=(), strategies=(BRIEF,), signals=SignalConfig(scores=scores)), opened(LinkName.QUOTES))
    house.hear(instruments(SAMSUNG), opened(LinkName.ORDERS), broker_state())
    house.tick()
    house.hear(*(received(row) for row in rows()), QuotesEnded(UnixNanos(rows()[-1].venue_time)))
    return house


def test_given_a_day_with_signals_when_it_is_lived_then_each_entry_is_scored_and_replay_says_the_same() -> None:
    house = a_scored_house(scores=True)
    formed = [signal for signal in house.said(SignalFormed) if signal.horizon_s]
    scored = house.said(SignalScored)
    assert len(scored) == len(formed) > 0
    assert {item.won for item in scored} == {False}  # it rose before the signal and stayed where it was
    [told] = [item for item in house.said(BaselineScored) if item.horizon_s == 300]
    assert 0 < told.wins < told.entries
    assert house.replayed(make_roles).identical
    assert states_of(house.folded(make_roles)) == states_of(house.core.kernel)


def test_given_scores_are_off_when_a_day_is_lived_then_nothing_is_said_and_the_rest_is_the_same() -> None:
    off, on = a_scored_house(scores=False), a_scored_house(scores=True)
    assert off.said(SignalScored, BaselineScored) == []
    said = [type(item.message) for item in on.core.history]
    mute = [kind for kind in said if kind not in (SignalScored, BaselineScored)]
    assert mute == [type(item.message) for item in off.core.history]


def test_given_a_roster_when_made_then_the_scorekeeper_decides_last() -> None:
    assert [role.NAME for role in make_roles()][-1] == "scorekeeper"
