"""A trader's life as a process: commands, refusals in one line, a second start, signals, a broker that comes late."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.harness import DEADLINE_S, Place, a_place, assert_books_agree, killed, stopped, the_log, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with a_place(tmp_path_factory.mktemp("life")) as place:
        place.broker()
        place.trader()
        place.until()
        yield place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as place:
        yield place


def test_given_a_trader_when_another_starts_then_it_is_refused_with_the_pid_of_the_first(desk: Place) -> None:
    pid = desk.children[1].pid
    for args in (("start",), ("start", "--paper", "--detach"), ("--home", str(desk.home), "start")):
        said = desk.run(*args)
        assert (said.code, said.err) == (
            2,
            f"hantrade: a trader already runs in {desk.home} (pid {pid}); `hantrade stop` ends it\n",
        )


def test_given_a_trader_of_another_home_when_it_takes_the_same_log_then_the_lock_refuses_it(
    desk: Place, tmp_path: Path
) -> None:
    (tmp_path / "logs").symlink_to(desk.home / "logs")
    said = desk.run("start", "--home", str(tmp_path))
    assert said.code == 1
    assert str(tmp_path / "logs") in said.err
    assert f"is being written by the process with pid {desk.children[1].pid}" in said.err
    assert said.err.count("\n") == 1
    assert desk.status().connection == "READY"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("orders", "submit", "buy", "120110", "0"), 2, ("quantity", "1 to", "was 0")),
        (("orders", "submit", "buy", "120110", "ten"), 2, ("quantity", "integer")),
        (("orders", "submit", "hold", "120110", "1"), 2, ("side", "buy or sell", "'hold'")),
        (("orders", "submit", "buy", "없는이름", "1"), 2, ("없는이름", "not known")),
        (("orders", "submit", "buy", "999999", "1", "--price", "1000"), 1, ("INSTRUMENT", "999999")),
        (("orders", "submit", "buy", "120110", "1", "--price", "44001"), 1, ("TICK", "44,001", "50")),
        (("orders", "submit", "buy", "120110", "1", "--price", "100"), 1, ("PRICE_LIMIT", "100", "lower limit")),
        (("orders", "submit", "buy", "120110", "1", "--price", "900000"), 1, ("PRICE_LIMIT", "upper limit")),
        (("orders", "submit", "buy", "120110", "1", "--price", "-100"), 2, ("price", "-100", "1 to")),
        (("orders", "submit", "buy", "120110", "9" * 20), 2, ("quantity", "9" * 20, "1 to")),
        (("orders", "submit", "sell", "001430", "1"), 1, ("SELLABLE", "1 shares", "0 that can be sold")),
        (("orders", "show", "nope"), 1, ("nope", "not known")),
        (("orders", "cancel", "nope"), 1, ("nope", "not known")),
        (("orders", "modify", "nope", "--price", "44000"), 1, ("nope", "not known")),
        (("orders", "modify", "nope"), 2, ("nothing to change",)),
        (("quotes", "005930"), 1, ("005930",)),
        (("stauts",), 2, ("stauts",)),
        (("status", "--colour"), 2, ("--colour",)),
    ],
)
def test_given_a_trader_when_asked_for_something_wrong_then_one_line_names_it(
    desk: Place, args: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    said = desk.run(*args)
    assert said.code == code, said
    assert said.err.startswith("hantrade: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err
    assert desk.status().gate_reason == ""


def test_given_a_trader_when_orders_are_sent_changed_and_cancelled_then_every_command_tells(desk: Place) -> None:
    resting = desk.submit("buy", "코오롱인더", "2", "--price", "40000")
    desk.until_order(resting, "WORKING")
    assert desk.run("orders", "modify", resting, "--price", "40050").code == 0
    wait_until(lambda: desk.run("orders", "show", resting, "--json").json["limit_price_krw"] == 40050, "the new price")
    desk.until_order(resting, "WORKING")
    desk.until_order(desk.submit("buy", "001430", "3"), "FILLED")
    assert [row["client_order_id"] for row in desk.run("orders", "list", "--open", "--json").rows] == [resting]
    assert sum(row["last_qty"] for row in desk.run("fills", "list", "--json").rows) == 3
    assert desk.run("positions", "--json").json["quantity"] == 3
    assert desk.run("cash", "--json").json["cash_krw"] < 10_000_000
    wait_until(lambda: len(desk.run("quotes", "--json").rows) == 2, "a quote of each")
    assert desk.run("signals", "--json").code == 0
    assert desk.run("orders", "cancel", resting).code == 0
    desk.until_order(resting, "CANCELLED")
    assert desk.run("flatten").code == 0
    wait_until(lambda: desk.status().positions == 0, "the sale")
    assert desk.run("resume").code == 0
    desk.until()


def test_given_a_trader_when_halted_then_only_a_note_lifts_it(desk: Place) -> None:
    desk.run("orders", "submit", "buy", "120110", "1", "--price", "40000")
    halted = desk.run("halt", "--note", "look")
    assert (halted.code, "CANCELS_ONLY" in halted.err) == (0, True)
    assert desk.run("status", "--json").json["day"] == "HALTED"
    wait_until(lambda: desk.status().orders_open == 0, "the cancel")
    denied = desk.run("orders", "submit", "buy", "120110", "1", "--price", "40000")
    assert (denied.code, "gate" in denied.err) == (1, True)
    refused = desk.run("resume")
    assert (refused.code, "--note" in refused.err, refused.err.count("\n")) == (1, True, 1)
    assert desk.run("resume", "--note", "looked").code == 0
    desk.until()
    assert desk.run("pause").code == 0
    assert desk.status().day == "PAUSED"
    assert desk.run("resume").code == 0
    desk.until()


def test_given_a_trader_when_stopped_then_the_log_tells_the_same_and_another_start_goes_on(desk: Place) -> None:
    desk.run("orders", "submit", "buy", "120110", "1", "--price", "40000")
    stopped(desk, desk.children[1])
    for log in ((), ("--log", str(the_log(desk)))):
        after = desk.run("status", "--json", *log)
        assert (after.json["connection"], after.json["orders_open"], after.json["running"]) == ("STOPPED", 0, False)
    assert desk.run("orders", "list").code == 0
    for command in (["stop"], ["pause"], ["orders", "submit", "buy", "120110", "1"]):
        said = desk.run(*command)
        assert (said.code, "no trader runs" in said.err) == (3, True)
    assert_books_agree(desk)
    again = desk.trader()
    desk.until()
    assert desk.runs(again).log_path == str(the_log(desk))  # type: ignore[union-attr]
    stopped(desk, again)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_given_a_trader_without_a_broker_when_signalled_then_it_stops_in_order(
    place: Place, number: signal.Signals
) -> None:
    trader = place.trader()
    wait_until(lambda: place.status().connection == "BACKING_OFF", "BACKING_OFF")
    trader.send_signal(number)
    assert trader.wait(DEADLINE_S) == 0
    assert "stopped in order" in place.said("trader")


def test_given_no_broker_when_started_with_wait_then_exit_3_and_ready_once_it_comes(place: Place) -> None:
    impatient = place.spawn("impatient", "start", "--wait", "0.3")
    assert impatient.wait(DEADLINE_S) == 3
    assert "not READY" in place.said("impatient")
    detached = place.spawn("detached", "start", "--detach", "--wait", "0.3")
    try:
        assert detached.wait(DEADLINE_S) == 3
        assert "not READY after 0.3 s" in place.said("detached")  # whether between attempts or in one
        place.broker()
        place.until()
    finally:
        assert place.run("stop").code == 0  # also when the test fails: nobody here is its parent


def test_given_a_killed_trader_when_asked_then_nothing_runs_and_pids_of_others_do_not_count(place: Place) -> None:
    trader = place.trader()
    note = place.home / "run" / "trader.json"
    killed(trader)
    assert note.exists()
    assert place.run("status", "--json").json["running"] is False
    assert place.run("stop").code == 3


def test_given_a_stop_that_waits_when_interrupted_again_then_the_process_ends_at_once(place: Place) -> None:
    place.broker()
    trader = place.trader(module="tests.processes.deaf_trader")
    place.until()
    trader.send_signal(signal.SIGINT)
    wait_until(lambda: "heard the stop" in place.said("trader"), "the first Ctrl-C")
    assert trader.poll() is None
    began = time.monotonic()
    trader.send_signal(signal.SIGINT)
    assert trader.wait(DEADLINE_S) == 128 + signal.SIGINT
    assert time.monotonic() - began < DEADLINE_S


def test_given_quotes_out_of_order_when_they_come_then_they_are_refused_and_counted(place: Place) -> None:
    place.broker(module="tests.processes.disordered_broker")
    trader = place.trader()
    place.until()
    wait_until(lambda: place.status().quotes_refused >= 3, "refused quotes")
    stopped(place, trader)
    status = place.run("status", "--json").json
    assert status["quotes_refused"] == sum(row["refused"] for row in place.run("quotes", "--json").rows)
    verdicts = place.run("log", "grep", "--type", "QuotesJudged", "--json").out
    assert verdicts.count('"out_of_order"') == status["quotes_refused"]
