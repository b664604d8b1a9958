"""Entries are denied on doubtful quotes, and only where the run asks for it; a signal tells what was left out of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from actors.roles.risk_manager import RiskManager
from actors.roles.strategist import Strategist
from domain.config import QualityConfig, RunConfig, StrategyConfig
from domain.messages import Stamp
from domain.messages.link import InstrumentsReceived, SourcesCompared
from domain.messages.market import QuotesJudged, QuoteVerdict
from domain.messages.run import RunStarted
from domain.messages.trading import DayChanged, OrderApproved, OrderDenied, SessionPlanned, SignalFormed
from domain.quotes import Quote
from domain.risk.doubts import QuoteDoubts
from domain.types import LinkName, Side
from strategies.attention_momentum import AttentionMomentum
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    a_day,
    a_gate,
    a_link,
    a_signal,
    an_account,
    broker_state,
    by_hand,
    instruments,
    prices,
    state_of,
)
from tests.strategies.builders import CODE, DAY, OPEN, a_rising_day, an_instrument, measured

ASKED = QualityConfig(deny_bad_quality=True)
AS_BEFORE = QualityConfig()


def a_run(quality: QualityConfig) -> RunStarted:
    return RunStarted("r", "0", RunConfig("paper", quality=quality, strategies=(StrategyConfig("attention_momentum"),)))


def a_desk(quality: QualityConfig = ASKED) -> Desk:
    desk = Desk(RiskManager())
    held = (SAMSUNG, 50, 500_000)
    for message in (a_run(quality), instruments(), *map(a_link, LinkName), broker_state(10_000_000, held)):
        desk.say(message)
    for message in (an_account(10_000_000), a_day(), a_gate(), prices(1)):
        desk.say(message)
    return desk


def rows(*rules: str, symbol: str = SAMSUNG) -> QuotesJudged:
    """Give a batch of one row of the symbol, flagged by these rules."""
    [row] = prices(1, **{f"s{symbol}": 10_000}).rows
    return QuotesJudged(1, [row], tuple(QuoteVerdict(0, symbol, rule, "", False) for rule in rules))


def refusals(count: int, symbol: str = SAMSUNG) -> QuotesJudged:
    return QuotesJudged(1, [], tuple(QuoteVerdict(i, symbol, "bad_value", "", True) for i in range(count)))


def doubts(desk: Desk) -> QuoteDoubts:
    assert isinstance(desk.role, RiskManager)
    return desk.role.state.doubts


def verdict(desk: Desk, side: Side = Side.BUY, **changes: Any) -> tuple[str, str]:
    """Give reason and message; empty when approved."""
    [order] = desk.say(a_signal(side, **changes))
    assert isinstance(order, OrderApproved | OrderDenied)
    return (order.reason, order.message) if isinstance(order, OrderDenied) else ("", "")


@pytest.mark.parametrize(
    ("heard", "changes", "text"),
    [
        ([rows("off_tick", "stale")], {}, "the last row of 005930 is flagged off_tick,stale, expected no flag"),
        ([SourcesCompared("b:1", 2, (), (SAMSUNG,))], {}, "another source contradicts the quotes of 005930"),
        ([refusals(7)], {}, "7 of the last 32 rows of 005930 were refused, 20.00 % allowed"),
        ([], {"quality": "off_tick"}, "rows behind the signal were flagged off_tick, expected ok"),
    ],
)
def test_given_a_doubt_when_an_entry_is_judged_then_it_is_denied_but_no_exit_and_no_log_of_before(
    heard: list[Any], changes: dict[str, Any], text: str
) -> None:
    desk, before = a_desk(), a_desk(AS_BEFORE)
    for message in heard:
        assert desk.say(message) == before.say(message) == []
    reason, message = verdict(desk, **changes)
    assert reason == "DATA_QUALITY"
    assert message.startswith(text)
    assert verdict(desk, Side.SELL, **changes) == ("", "")
    assert verdict(before, **changes) == ("", "")
    assert state_of(desk.refolded()) == state_of(desk.role)


@pytest.mark.parametrize(
    "heard",
    [
        [rows("off_tick"), rows()],
        [rows("off_tick", symbol=COLON)],
        [SourcesCompared("b:1", 2, (), (SAMSUNG,)), SourcesCompared("b:1", 2, (), ())],
        [refusals(6)],  # 6 of 31
        [refusals(7), rows(), rows(), rows()],  # 7 of 35
        [refusals(7, COLON)],
    ],
)
def test_given_a_doubt_that_ended_or_is_of_another_when_an_entry_is_judged_then_it_passes(heard: list[Any]) -> None:
    desk = a_desk()
    for message in heard:
        desk.say(message)
    assert verdict(desk) == ("", "")


def test_given_a_doubt_when_a_person_buys_then_it_is_denied_too() -> None:
    desk = a_desk()
    desk.say(rows("price_jump"))
    assert desk.say(by_hand())[0].reason == "DATA_QUALITY"


def test_given_refusals_when_clean_rows_follow_then_they_are_forgotten() -> None:
    desk = a_desk()
    desk.say(refusals(8))
    assert doubts(desk).refusals[SAMSUNG].refused == 8
    for _ in range(17 + 2 * 25):
        desk.say(rows())
    assert doubts(desk).refusals  # 8, 4, 2, 1
    for _ in range(25):
        desk.say(rows())
    assert not doubts(desk).refusals


def test_given_a_new_run_when_it_begins_then_doubts_of_the_last_one_are_gone() -> None:
    desk = a_desk()
    for message in (rows("off_tick"), refusals(9), a_run(ASKED)):
        desk.say(message)
    assert not doubts(desk).flagged
    assert not doubts(desk).refusals


# ---- the quality of a signal -----------------------------------------------------------------------------------


def signals(quality: QualityConfig, batches: Sequence[QuotesJudged]) -> list[SignalFormed]:
    """Give what the strategist argues for over these batches."""
    role = Strategist({"attention_momentum": AttentionMomentum})
    said: list[Any] = []
    planned = SessionPlanned("2026-01-13", True, DAY.open_time, DAY.close_auction_time, DAY.close_time, False)
    served = InstrumentsReceived((an_instrument(),), ())
    day = DayChanged("ARMED", "TRADING", "open", "", OPEN)
    for seq, message in enumerate((a_run(quality), served, planned, day, measured(None), *batches), 1):
        stamp = Stamp(seq, OPEN, "L")
        role.evolve(message, stamp)
        said += role.decide(message, stamp)
    return [item for item in said if isinstance(item, SignalFormed)]


def batches(day: Sequence[Quote], odd_at: int) -> list[QuotesJudged]:
    """Give each row as a batch; before one of them comes a row that is flagged."""
    found = []
    for index, row in enumerate(day):
        if index == odd_at:
            flagged = tuple(QuoteVerdict(0, CODE, rule, "", False) for rule in ("stale", "off_tick"))
            found.append(QuotesJudged(1, [row], flagged))
        found.append(QuotesJudged(1, [row], ()))
    return found


def test_given_a_row_left_out_of_the_bar_when_a_signal_stands_on_it_then_it_says_so() -> None:
    day = a_rising_day()
    clean = signals(ASKED, batches(day, len(day)))
    assert clean and {item.quality for item in clean} == {"ok"}
    said = next(i for i, row in enumerate(day) if row.venue_time == clean[0].venue_time)
    assert signals(ASKED, batches(day, said))[0].quality == "off_tick,stale"
    assert signals(AS_BEFORE, batches(day, said))[0].quality == "ok"
    assert signals(ASKED, batches(day, 0))[0].quality == "ok"  # long ago
