"""The book against the naive reference on random sequences of every call. `make soak` runs more of the same."""

from collections.abc import Callable
from typing import Any

import pytest

from broker_sim import auction, call_auction
from broker_sim.call_auction import AtAuctionPrice
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import CancelModel, Entry, Level
from tests.broker_sim.book_sequences import COLLECTING, ODD, WEIGHTS, Difference, an_episode, check, parts, shortened
from tools import soak

SEED = 20_261_123
CALLS = 40_000


def test_given_random_sequences_when_both_books_run_them_then_executions_and_queues_are_the_same() -> None:
    calls = executions = number = 0
    names: set[str] = set()
    while calls < CALLS:
        episode = an_episode(SEED, number)
        done = check(*episode)
        calls, executions, number = calls + done.calls, executions + done.executions, number + 1
        names |= {call[0] for call in episode.calls}
    assert executions > CALLS / 10
    assert names == {name for table in (*WEIGHTS.values(), COLLECTING, ODD) for name in table} | {"uncross_by_size"}


def test_given_a_seed_when_drawn_again_then_the_sequence_is_the_same_and_another_is_not() -> None:
    assert an_episode(SEED, 3) == an_episode(SEED, 3)
    assert an_episode(SEED, 3) != an_episode(SEED + 1, 3)
    episodes = [an_episode(SEED, number) for number in range(150)]
    assert {(one.cancels, one.at_auction_price, one.is_sound) for one in episodes} == {
        (cancels, at_price, sound) for cancels in CancelModel for at_price in AtAuctionPrice for sound in (True, False)
    }


# ---- a planted fault must be found ------------------------------------------------------------------------------


def _grow_in_front(level: Level, shares: int) -> None:
    level.others += shares
    if level.queue is not None:
        level.queue.insert(0, Entry(0, shares))
        level.tidy()


def _shrink_in_front(level: Level, shares: int, model: CancelModel) -> None:
    level.others -= shares
    for entry in level.queue or ():
        if not entry.order_id:
            gone = min(shares, entry.quantity)
            entry.quantity -= gone
            shares -= gone
    if level.queue is not None:
        level.tidy()


def _clears_nothing(level: Level) -> None:
    return


def _stays_in_an_auction(book: OrderBook) -> None:
    book.bids.taken.clear()
    book.asks.taken.clear()


def _never_equal(sizes: list[int], volume: int) -> list[int]:
    return auction.allocate_simultaneous(sizes, volume)


def _lowest(*arguments: Any) -> auction.Clearing:
    found = auction.clearing(*arguments)
    return found if found.price is None else found._replace(price=found.price - 1)


FAULTS: list[tuple[Any, str, Callable[..., Any]]] = [
    (Level, "grow", _grow_in_front),
    (Level, "shrink", _shrink_in_front),
    (Level, "clear_others", _clears_nothing),
    (OrderBook, "_continue", _stays_in_an_auction),
    (call_auction, "allocate_in_turn", _never_equal),
    (call_auction, "clearing", _lowest),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault[1]))
def test_given_a_planted_fault_when_the_soak_runs_then_it_ends_with_a_short_sequence_that_shows_it(
    fault: tuple[Any, str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(*fault)
    assert soak.main(["--seed", str(SEED), "--calls", "20000"]) == 1
    shown = capsys.readouterr()
    assert f"seed {SEED}, sequence" in shown.err
    pasted = shown.out[shown.out.index("check([") :]
    assert 1 <= pasted.count("    (") <= 12


def test_given_a_sequence_that_parts_when_shortened_then_every_call_left_matters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Level, "grow", _grow_in_front)
    episode = next(one for one in (an_episode(SEED, number) for number in range(1_000)) if parts(one))
    calls = shortened(episode)
    with pytest.raises(Difference):
        check(*episode._replace(calls=calls))
    for at in range(len(calls)):
        assert not parts(episode._replace(calls=calls[:at] + calls[at + 1 :]))


def test_given_no_fault_when_the_soak_runs_then_it_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(["--seed", "7", "--calls", "500"]) == 0
    assert "all the same on both books" in capsys.readouterr().out
