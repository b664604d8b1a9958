"""A trader beside a broker process that misbehaves: orders find their end, the books are the venue's."""

import contextlib
import json
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.translate.facts import decode_fact
from cli.replay import replay_here
from domain.messages.orders import OrderAccepted, OrderFilled
from persistence.verify import verify
from tests.processes.harness import DEADLINE_S, Place, a_place, stopped, the_log, wait_until

pytestmark = pytest.mark.processes

PLAN = """
seed = 7
[messages.all]
duplicated_ppm = 300_000
duplicated_ms = [0, 300]
late_ppm = 300_000
late_ms = [10, 300]
[messages.accepted]
fill_before_ack_ppm = 500_000
hold_ms = 300
[repair]
recover_after_ms = 1_000
doubt_ms = 200
[requests]
order_rate = 5
slow_ppm = 200_000
slow_ms = [10, 200]
[reads]
slow_ppm = 300_000
slow_ms = [10, 100]
[[script]]
what = "lost"
kind = "filled"
nth = 2
[[script]]
what = "send_failed"
kind = "submit"
nth = 3
[[script]]
what = "rejected_blank"
kind = "submit"
nth = 4
[[script]]
what = "unanswered"
kind = "cancel"
nth = 1
"""
ENDS = ("FILLED", "REJECTED", "CANCELLED", "EXPIRED")


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path, orders_at_broker=True) as place:
        (tmp_path / "faults.toml").write_text(PLAN, encoding="utf-8")
        yield place


def serve(place: Place) -> Any:
    known = place.said("broker").count("listens on") if (place.root / "broker.out").exists() else 0
    faults = ("--faults", str(place.root / "faults.toml"))
    child = place.spawn(
        "broker",
        "broker",
        "serve",
        "sim",
        "--port",
        str(place.port),
        "--symbols",
        "120110,001430",
        "--speed",
        "60",
        *faults,
    )
    wait_until(lambda: place.said("broker").count("listens on") > known or child.poll() is not None, "the broker")
    assert child.poll() is None, place.said("broker")
    return child


def facts_of(journal: Path) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        return [decode_fact(row[0], "") for row in db.execute("SELECT payload FROM events ORDER BY seq")]


def test_given_a_broker_that_misbehaves_when_trading_and_killed_then_every_order_ends_and_the_books_agree(
    far: Place,
) -> None:
    broker = serve(far)
    assert "misbehaves as told" in far.said("broker")
    trader = far.trader()
    far.until()
    bought = [far.submit("buy", "001430", str(n)) for n in range(1, 5)]  # no twins of one whose fate is unknown
    resting = far.submit("buy", "120110", "2", "--price", "40000")
    for order in bought:
        far.until_order(order, *ENDS)
    far.until_order(resting, "WORKING", *ENDS)
    broker.kill()
    broker.wait(DEADLINE_S)
    wait_until(lambda: far.status().connection != "READY", "the loss of the broker")
    broker = serve(far)
    far.until()
    assert far.run("orders", "cancel", resting).code == 0

    def is_cancelled() -> bool:
        state = far.order(resting)
        if state == "WORKING":  # the cancel never arrived, and the broker has found out
            far.run("orders", "cancel", resting)
        return state == "CANCELLED"

    wait_until(is_cancelled, "the cancel")
    stopped(far, trader)
    broker.send_signal(signal.SIGTERM)
    assert broker.wait(DEADLINE_S) == 0
    said = far.said("broker")
    assert "has misbehaved" in said
    for what in ("filled", "lost", "send_failed", "rejected_blank", "unanswered"):
        assert what in said
    assert_the_books_are_the_venues(far)


def assert_the_books_are_the_venues(place: Place) -> None:
    folder = place.home / "broker_sim"
    truth, told = facts_of(folder / f"journal-{place.port}.db"), facts_of(folder / f"told-journal-{place.port}.db")
    accepted = [fact.client_order_id for fact in truth if isinstance(fact, OrderAccepted)]
    assert len(set(accepted)) == len(accepted), "an order is twice at the venue"
    fills = {(fact.venue_order_id, fact.trade_id): fact for fact in truth if isinstance(fact, OrderFilled)}
    heard = [(fact.venue_order_id, fact.trade_id) for fact in told if isinstance(fact, OrderFilled)]
    assert set(heard) == set(fills)
    positions = [json.loads(line) for line in place.run("positions", "--json").out.splitlines()]
    assert sum(line["quantity"] for line in positions) == sum(fill.last_qty for fill in fills.values()) > 0
    log = the_log(place)
    assert verify(log).ok
    replayed = replay_here(log)
    assert replayed.identical, replayed
