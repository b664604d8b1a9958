"""The matching group of the bench measures real work: counted here, never timed; every check of it is shown to fail."""

import json

import pytest

from bench import matching, matching_day
from bench.fresh import run
from bench.market_data import ADD, CANCEL, LEVELS, PRINT, ROW, TAKE, feed, market_data
from bench.matching_stream import CANCELLED_AFTER, SHARES, Done, events_of, steps
from bench.outcome import Size
from broker_sim.order_book import OrderBook

QUOTES = 6_000


def test_given_a_seed_when_the_stream_is_made_then_it_is_the_same_and_has_every_kind_of_order() -> None:
    made = steps(QUOTES)
    assert made == steps(QUOTES)
    assert made != steps(QUOTES, seed=2)
    orders = [step for step in made if step.order_id]
    assert {(step.side, bool(step.limit)) for step in orders} == {(1, True), (1, False), (-1, True), (-1, False)}
    assert [step.order_id for step in orders] == list(range(1, len(orders) + 1))
    placed = {step.order_id: number for number, step in enumerate(made) if step.limit}
    cancels = [(number, step.cancel) for number, step in enumerate(made) if step.cancel]
    assert cancels
    assert all(number - placed[order_id] >= CANCELLED_AFTER for number, order_id in cancels)
    assert events_of(made) == QUOTES + len(orders) + len(cancels)


def test_given_the_stream_when_matched_then_no_order_meets_another_and_none_is_left_at_the_end_of_a_block() -> None:
    done = matching.best_quotes(QUOTES)
    assert done.fills * SHARES == done.shares > 1_000
    assert done.cancelled > 10
    assert done.still_open == 0
    orders = sum(bool(step.order_id) for step in steps(QUOTES))
    assert orders == done.fills + done.cancelled


@pytest.mark.processes
@pytest.mark.parametrize(("name", "module"), [(name, module) for name, _, module, _ in matching.PEERS])
def test_given_a_peer_installed_when_it_runs_the_stream_then_it_fills_the_same_orders(name: str, module: str) -> None:
    [python] = [python for found, python, *_ in matching.PEERS if found == name]
    if not python.exists():
        pytest.skip("`make bench-peer` was not run")
    theirs = Done(*json.loads(run([str(python), "-m", f"bench.{module}", str(QUOTES)]).splitlines()[-1]))
    matching.check(name, theirs, matching.best_quotes(QUOTES))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (Done(9, 4, 40, 1, 0, 1.0, 1.0), Done(9, 5, 50, 1, 0, 1.0, 1.0)),
        (Done(9, 5, 50, 1, 1, 1.0, 1.0), Done(9, 5, 50, 1, 0, 1.0, 1.0)),
        (Done(9, 0, 0, 1, 0, 1.0, 1.0), Done(9, 0, 0, 1, 0, 1.0, 1.0)),
        (Done(9, 5, 50, 0, 0, 1.0, 1.0), Done(9, 5, 50, 0, 0, 1.0, 1.0)),
    ],
)
def test_given_outcomes_that_differ_or_nothing_done_when_checked_then_the_run_fails(theirs: Done, ours: Done) -> None:
    matching.check("peer", Done(9, 5, 50, 1, 0, 1.0, 1.0), Done(9, 5, 50, 1, 0, 2.0, 2.0))
    with pytest.raises(RuntimeError, match="same orders"):
        matching.check("peer", theirs, ours)


def test_given_market_data_when_fed_then_every_kind_of_event_comes_and_orders_trade() -> None:
    made = market_data(20_000, 10)
    assert len(made) == 20_000
    assert made == market_data(20_000, 10)
    kinds = [event[0] for event in made]
    assert {ROW, PRINT, ADD, TAKE, CANCEL} == set(kinds)
    assert 0.25 < kinds.count(ROW) / len(kinds) < 0.35
    books = [OrderBook() for _ in range(10)]
    assert feed(books, made) > 500
    assert all(len(book.depth(side, None)) >= LEVELS - 1 for book in books for side in (1, -1))


def test_given_a_part_of_a_day_when_run_then_every_event_is_fed_and_memory_is_sampled() -> None:
    done = matching_day.run(matching_day.EVENTS[Size.SMALL])
    assert done.events == matching_day.EVENTS[Size.SMALL]
    assert done.executions > 0
    assert done.open_orders > 0
    assert len(done.rss) == 1 + done.events // matching_day.BLOCK
    samples = [1, 100, 100, 150, 150, 200, 200]  # the first is taken before any block
    assert matching_day.Day(1, 0, 0, 1.0, samples).growth == 2
