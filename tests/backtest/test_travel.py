"""How long things are under way: always the same, or as in another log."""

from functools import partial
from pathlib import Path

from backtest.batches import batches_at
from backtest.compare import compare
from backtest.history import read_history
from backtest.plan import Pace
from backtest.run import Setup, run
from backtest.source import Source, chosen_days
from backtest.travel import JUST_AFTER, AsBefore, Steady
from domain.config import RunConfig
from domain.krx.calendar import NO_OVERRIDES
from domain.messages.orders import OrderExpired, RequestAnswered
from domain.types import ClientOrderId, RequestId, RequestOutcome, UnixNanos, VenueOrderId
from tests.backtest.builders import AT_ONCE, a_run, lively_days
from trends.recorded import packaged_trends

RECEIPT = RequestAnswered(ClientOrderId("c"), RequestId("c"), RequestOutcome.SENT, "", "", False, 0)


def an_event(seq: int) -> OrderExpired:
    return OrderExpired("j", seq, UnixNanos(0), ClientOrderId("c"), VenueOrderId("1"), 5)


def test_given_a_steady_link_when_asked_then_everything_takes_its_time() -> None:
    assert (Steady(5).request(100), Steady(5).answer(RECEIPT, 100)) == (105, 105)


def test_given_another_log_when_asked_then_each_arrives_when_it_did_there_but_never_before_now() -> None:
    travel = AsBefore([200, 0, 50], [300], {7: 400})
    assert [travel.request(100) for _ in range(4)] == [200 + JUST_AFTER, 100, 100, 100]
    assert [travel.answer(RECEIPT, 100) for _ in range(2)] == [300 + JUST_AFTER, 100]
    assert [travel.answer(an_event(seq), 100) for seq in (7, 8)] == [400 + JUST_AFTER, 100]


def test_given_a_log_of_slow_links_when_traded_again_like_it_then_every_order_is_the_same(tmp_path: Path) -> None:
    data = lively_days(tmp_path, end=930)
    a_run(data, tmp_path / "slow.db", batch_ms=7_000, link_ms=1_100)
    slow = read_history(tmp_path / "slow.db")
    travel = AsBefore(list(slow.requests.values()), slow.answers, slow.heard)
    cut = partial(batches_at, ends=slow.ends)
    config, log = RunConfig("backtest", sim=AT_ONCE), tmp_path / "again.db"
    setup = Setup(config, "0.0.0", Pace(), log, packaged_trends(), cut, travel=travel)
    run(setup, Source(data, chosen_days(data, None, None), None, NO_OVERRIDES))
    again = read_history(log)
    assert slow.orders
    assert compare(slow, again).is_same
    assert [story.reached_at for story in again.orders.values()] != [story.clock for story in again.orders.values()]
