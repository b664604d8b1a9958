"""The trader beside a broker that misbehaves: nothing lost, nothing doubled, every book right in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.messages import Message
from domain.messages.link import ReconcileReported
from domain.messages.operator import ManualOrderRequested
from domain.messages.trading import OrderDenied
from domain.types import OrderKind, Side
from tests.actors.builders import SAMSUNG
from tests.actors.test_corporate_actions import a_desk, an_adjustment
from tests.attack.faulty_storm import FaultyStorm
from tests.attack.wire import SYMBOLS

PLANS = {
    "lost": "[messages.all]\nlost_ppm = 200000\n",
    "late": "[messages.all]\nlate_ppm = 300000\nlate_ms = [100, 9000]\n",
    "duplicated": "[messages.all]\nduplicated_ppm = 400000\nduplicated_ms = [0, 20000]\n",
    "reordered": "[messages.all]\nreordered_ppm = 400000\nhold_ms = 8000\n",
    "fill before ack": "[messages.accepted]\nfill_before_ack_ppm = 800000\nhold_ms = 8000\n",
    "rejected blank": "[requests]\nrejected_blank_ppm = 300000\n",
    "send failed": "[requests]\nsend_failed_ppm = 300000\n",
    "unanswered": "[requests]\nunanswered_ppm = 300000\n",
    "order rate": "[requests]\norder_rate = 1\n",
    "bad reads": "[reads]\nunanswered_ppm = 300000\npage_failed_ppm = 300000\npage_rows = 1\nrate = 4\n",
    "truncated open orders": '[reads]\npage_rows = 1\n[[script]]\nwhat = "truncated"\nkind = "open_orders"\n'
    'from = "09:00"\nuntil = "09:02"\n',
    "stale login": "[login]\nstale_after_ms = 20000\nfailed_ppm = 300000\n",
    "maintenance": "".join(f'[[maintenance]]\nfrom = "09:0{at}"\nuntil = "09:0{at + 1}"\n' for at in (1, 3)),
}
ALL = """
[messages.all]
lost_ppm = 60000
late_ppm = 100000
late_ms = [100, 5000]
duplicated_ppm = 100000
duplicated_ms = [0, 10000]
reordered_ppm = 100000
[messages.accepted]
fill_before_ack_ppm = 300000
[requests]
order_rate = 5
rejected_blank_ppm = 50000
send_failed_ppm = 60000
unanswered_ppm = 60000
[reads]
unanswered_ppm = 100000
page_failed_ppm = 100000
[login]
stale_after_ms = 120000
failed_ppm = 200000
[[maintenance]]
from = "09:03"
until = "09:04"
"""


@contextmanager
def a_storm(folder: Path, seed: int, plan: str) -> Iterator[FaultyStorm]:
    folder.mkdir(exist_ok=True)
    storm = FaultyStorm(folder, seed, f"seed = {seed}\n{plan}")
    try:
        yield storm
    finally:
        storm.close()


@pytest.mark.parametrize("name", PLANS)
def test_given_one_fault_in_a_storm_when_it_is_over_then_every_book_is_right(tmp_path: Path, name: str) -> None:
    struck = trades = 0
    for seed in (100, 107):
        with a_storm(tmp_path / str(seed), seed, PLANS[name]) as storm:
            storm.blow(500)
            storm.stop()
            struck += sum(storm.counts.values())
            trades += storm.truth.exchange.books.account.trades
    assert struck and trades, "a plan that struck nothing proves nothing"


@pytest.mark.parametrize("seed", [100, 103, 107, 110])
def test_given_all_faults_in_a_storm_when_it_is_over_then_every_book_is_right(tmp_path: Path, seed: int) -> None:
    with a_storm(tmp_path, seed, ALL) as storm:
        storm.blow(600)
        storm.stop()
        assert len(storm.counts) > 2, storm.counts


def test_given_a_fill_in_the_books_the_day_begins_with_when_it_comes_again_then_it_is_not_booked_twice(
    tmp_path: Path,
) -> None:
    plan = "[messages.filled]\nduplicated_ppm = 1000000\nduplicated_ms = [30000, 30000]\n"
    with a_storm(tmp_path, 1, plan) as storm:
        storm.begin_to_trade()
        for code in SYMBOLS:
            storm.post(ManualOrderRequested(*storm.command(), code, Side.BUY, OrderKind.MARKET, 1, None, ""))
        storm.settle()
        told = storm.heard.journal.last_seq
        storm.another_log()  # its account is opened with what was bought
        storm.settle()
        storm.tick(31)
        storm.settle()
        assert storm.heard.journal.last_seq == told + len(SYMBOLS), "every fill came again"
        books: Any = storm.kernel.role("portfolio")
        assert {code: held.quantity for code, held in books.state.books.positions.items()} == dict.fromkeys(SYMBOLS, 1)
        storm.stop()


def test_given_a_process_that_never_looks_when_a_fill_is_lost_then_the_difference_is_shown_and_entries_are_denied(
    tmp_path: Path,
) -> None:
    plan = '[repair]\nrecover_after_ms = 0\non_read = false\n[[script]]\nwhat = "lost"\nkind = "filled"\nnth = 1\n'
    with a_storm(tmp_path, 1, plan) as storm:
        storm.begin_to_trade()
        storm.post(ManualOrderRequested(*storm.command(), SYMBOLS[0], Side.BUY, OrderKind.MARKET, 1, None, ""))
        storm.settle()
        storm.wire.lose("the wire broke")  # the next reconciliation compares the books
        told: list[Message] = []
        storm.listeners.append(told.append)
        for _ in range(30):
            storm.tick(1.0)
            while storm.waiting or storm.wire.out or storm.wire.back:
                storm.hear()
                storm.wire_step()
        reports = [item for item in told if isinstance(item, ReconcileReported)]
        assert reports and not any(item.agreed for item in reports)
        assert f"{SYMBOLS[0]}: 0 shares here, 1 at the broker" in reports[-1].differences
        for _ in SYMBOLS:
            storm.quote()
        before = len(storm.facts)
        told.clear()
        storm.post(ManualOrderRequested(*storm.command(), SYMBOLS[1], Side.BUY, OrderKind.MARKET, 1, None, ""))
        storm.tick(1.0)
        assert len(storm.facts) == before, "an entry went out though the books differ"
        assert "CONNECTION" in [item.reason for item in told if isinstance(item, OrderDenied)]


def test_given_a_split_when_it_is_told_twice_then_it_is_booked_once() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    assert desk.say(an_adjustment(1, 10, 50))
    assert not desk.say(an_adjustment(2, 10, 50))


def test_given_all_faults_when_logs_and_days_follow_each_other_then_books_agree_after_each(tmp_path: Path) -> None:
    with a_storm(tmp_path, 77, ALL) as storm:
        storm.blow(400)
        storm.stop()
        storm.another_log()
        storm.blow(400)
        storm.stop()
        storm.another_day(86_400)
        storm.blow(400)
        storm.stop()
