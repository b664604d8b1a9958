"""Kill -9 at the worst moments: whatever dies, a new start goes on without a lost or a doubled order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.crashing_trader import DIED
from tests.processes.harness import DEADLINE_S, Place, a_place, assert_books_agree, killed, stopped, the_log, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as place:
        place.broker()
        yield place


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Place]:
    """A place whose orders go to the broker's process."""
    with a_place(tmp_path, orders_at_broker=True) as place:
        yield place


def test_given_orders_and_holdings_when_the_trader_is_killed_then_a_new_start_goes_on(place: Place) -> None:
    trader = place.trader()
    place.until()
    resting = place.submit("buy", "120110", "2", "--price", "40000")
    bought = place.submit("buy", "001430", "3")
    place.until_order(resting, "WORKING")
    place.until_order(bought, "FILLED")
    late = place.submit("buy", "120110", "1")  # killed somewhere between intent and fill
    killed(trader)
    log = the_log(place)
    listed = {row["client_order_id"] for row in place.run("orders", "list", "--json").rows}
    assert {resting, bought, late} <= listed

    again = place.trader()
    status = place.until()
    assert Path(status.log_path) == log
    place.until_order(resting, "WORKING")
    place.until_order(late, "FILLED", "REJECTED", "EXPIRED", "CANCELLED")
    assert place.run("orders", "cancel", resting).code == 0
    place.until_order(resting, "CANCELLED")
    place.until_order(place.submit("buy", "001430", "1"), "FILLED")
    stopped(place, again)
    assert_books_agree(place)


@pytest.mark.parametrize(("moment", "fates"), [("before-send", {"REJECTED"}), ("before-answer", {"FILLED"})])
def test_given_an_order_in_flight_when_the_trader_dies_then_its_fate_is_found_and_never_sent_again(
    place: Place, moment: str, fates: set[str]
) -> None:
    doomed = place.spawn("trader", moment, "start", module="tests.processes.crashing_trader")
    wait_until(lambda: place.runs(doomed), "the trader")
    place.until()
    wait_until(lambda: "120110" in place.run("quotes", "--json").out, "a quote")
    said = place.run("orders", "submit", "buy", "120110", "1", "--json")
    assert said.code in (0, 3, 4), said  # the answer may be lost with the process
    assert doomed.wait(DEADLINE_S) == DIED
    [order] = [row for row in place.run("orders", "list", "--json").rows if row["status"] != "DENIED"]
    assert order["status"] == "PENDING_SUBMIT"

    again = place.trader()
    place.until()
    place.until_order(order["client_order_id"], *fates)
    stopped(place, again)
    assert_books_agree(place)


def test_given_open_orders_when_the_broker_is_killed_then_it_comes_back_on_its_port_and_they_stand(far: Place) -> None:
    broker = far.broker()
    trader = far.trader()
    far.until()
    resting = far.submit("buy", "120110", "2", "--price", "40000")
    far.until_order(resting, "WORKING")
    far.until_order(far.submit("buy", "001430", "3"), "FILLED")
    killed(broker)
    wait_until(lambda: far.status().connection == "BACKING_OFF", "BACKING_OFF")
    refused = far.run("orders", "submit", "buy", "120110", "1")
    assert (refused.code, "CONNECTION" in refused.err) == (1, True), refused

    far.broker()
    far.until()
    far.until_order(resting, "WORKING")
    assert far.run("orders", "cancel", resting).code == 0
    far.until_order(resting, "CANCELLED")
    far.until_order(far.submit("buy", "001430", "1"), "FILLED")
    stopped(far, trader)
    assert_books_agree(far)


def test_given_open_orders_when_both_are_killed_then_both_come_back_and_the_books_agree(far: Place) -> None:
    broker = far.broker()
    trader = far.trader()
    far.until()
    resting = far.submit("buy", "120110", "2", "--price", "40000")
    far.until_order(resting, "WORKING")
    far.submit("buy", "001430", "3")
    killed(broker)
    killed(trader)

    trader = far.trader()
    wait_until(lambda: far.status().connection == "BACKING_OFF", "BACKING_OFF")
    far.broker()
    far.until()
    far.until_order(resting, "WORKING")
    assert far.run("halt").code == 0
    wait_until(lambda: far.status().orders_open == 0, "all orders closed")
    stopped(far, trader)
    assert_books_agree(far)


def test_given_a_full_disk_when_events_are_appended_then_the_gate_closes_says_so_and_nothing_is_half_written(
    far: Place,
) -> None:
    place = far
    place.broker(speed=200)
    trader = place.spawn("trader", "small-disk", "start", module="tests.processes.crashing_trader")
    wait_until(lambda: place.runs(trader), "the trader")
    place.until()
    resting = place.submit("buy", "120110", "1", "--price", "40000")
    wait_until(lambda: place.status().day == "HALTED", "the halt")
    status = place.run("status", "--json").json
    assert status["gate"] == "CANCELS_ONLY"
    assert "space" in status["gate_reason"]
    assert "no space for the event log" in place.said("trader")
    wait_until(lambda: place.order(resting) == "CANCELLED", "the cancel")
    refused = place.run("orders", "submit", "buy", "120110", "1")
    assert (refused.code, "GATE" in refused.err) == (1, True)
    stopped(place, trader)
    assert_books_agree(place)
