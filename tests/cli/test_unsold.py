"""`hantrade stop --flatten` and `flatten` say which shares they do not sell, and why."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.main import app
from domain.messages.risk import Unsold
from domain.messages.trading import StopReady
from hantrade.v1 import desk_pb2
from tests.actors.builders import House
from tests.actors.log_writer import write_log
from tests.actors.trader_house import SYMBOL
from tests.cli.demo_house import runner

LEFT = (Unsold(SYMBOL, 1_200, "its shares are not ours"), Unsold(SYMBOL, 3, "not sold within 60 s"))


def a_stopped_trader(folder: Path, monkeypatch: pytest.MonkeyPatch, run_id: str = "r") -> Path:
    """Give the log of a trader that ends as soon as it is asked to; its run is called r."""
    house = House()
    house.hear(StopReady("an earlier stop", 0, (Unsold("000660", 9, "long ago"),)), StopReady("bye", 0, LEFT))
    path = write_log(folder / "log.db", house)
    trader = SimpleNamespace(alive=False, pid=1, log_path=str(path), run_id=run_id)
    monkeypatch.setattr("cli.trader.Home", lambda _: SimpleNamespace(running=lambda _: trader))
    monkeypatch.setattr("cli.trader.desk_of", lambda _: nullcontext(SimpleNamespace(call=lambda *_: None)))
    return path


def test_given_shares_that_were_not_sold_when_stopped_with_a_flatten_then_each_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_stopped_trader(tmp_path, monkeypatch)
    done = runner.invoke(app, ["stop", "--flatten", "--home", str(tmp_path)])
    first, second, last = done.stderr.splitlines()
    assert first == "not sold: 120110 코오롱인더, 1,200 shares: its shares are not ours"
    assert second == "not sold: 120110 코오롱인더, 3 shares: not sold within 60 s"
    assert last.startswith(f"stopped; log {path}: 2 events, head ")
    assert (done.exit_code, done.stdout) == (0, "")


def test_given_a_plain_stop_when_it_ends_then_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_stopped_trader(tmp_path, monkeypatch)
    done = runner.invoke(app, ["stop", "--home", str(tmp_path)])
    assert "not sold" not in done.stderr and done.stderr.startswith("stopped; log ")


def test_given_a_run_that_was_cut_off_when_stopped_with_a_flatten_then_it_says_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stopped_trader(tmp_path, monkeypatch, "another run")
    done = runner.invoke(app, ["stop", "--flatten", "--home", str(tmp_path)])
    first, last = done.stderr.splitlines()
    assert first == "what was not sold is not known: the trader ended before its stop was done"
    assert last.startswith("stopped; log ")


@pytest.mark.parametrize("text", ["cancelling 0 orders, selling 1 holdings; not 120110: never sold by settings", ""])
def test_given_holdings_that_are_not_sold_when_flattened_then_the_answer_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    answer = desk_pb2.FlattenResponse(exits=1, text=text)
    monkeypatch.setattr("cli.trader.desk_of", lambda _: nullcontext(SimpleNamespace(call=lambda *_: answer)))
    done = runner.invoke(app, ["flatten", "--home", str(tmp_path)])
    assert done.stderr == f"flattening: {text or 'cancelling 0 orders, selling 1 holdings'}\n"


def test_given_a_log_that_cannot_be_read_when_stopped_with_a_flatten_then_it_says_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stopped_trader(tmp_path, monkeypatch).write_bytes(b"broken")
    done = runner.invoke(app, ["stop", "--flatten", "--home", str(tmp_path)])
    assert (done.exit_code, done.stderr.startswith("what was not sold is not known: ")) == (0, True)
