"""`fills`, `positions`, `cash`, `quotes`, `signals` read the same from a running trader and from its log."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.demo_events import events_of, unfilled
from cli.main import app
from cli.offline import fold, fold_roles
from domain.errors import ConfigError
from domain.messages.operator import HaltRequested
from domain.messages.trading import LossLimitHit
from domain.types import Krw
from domain.views import CashQuery
from hantrade.v1 import desk_pb2
from tests.actors.trader_house import SYMBOL, until
from tests.cli.demo_house import runner
from tests.cli.live_house import LiveHome, a_live_home

READS = [["orders", "list"], ["fills", "list"], ["positions"], ["cash"], ["signals"]]


def answers(live: LiveHome) -> dict[str, Any]:
    found = {}
    for command in READS:
        code, out = live.type(*command, "--json")
        assert code == 0, out
        found[" ".join(command)] = [without_clock(json.loads(line)) for line in out.splitlines()]
    return found


def without_clock(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what moves with the market between two questions."""
    moving = ("equity_krw", "unrealized_pnl_krw", "mark_price_krw")
    return {key: value for key, value in row.items() if key not in moving}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], LiveHome]:
    """Give what a running trader said, and its home after it halted and stopped."""
    with a_live_home(tmp_path_factory.mktemp("books")) as live:
        live.type("orders", "submit", "buy", SYMBOL, "2")
        until(lambda: bool(json.loads(live.type("positions", "--json")[1].splitlines()[0])["quantity"] == 2))
        live.type("orders", "submit", "buy", SYMBOL, "1", "--price", "9800")
        until(lambda: "WORKING" in live.type("orders", "list", "--json", "--open")[1])
        loss = LossLimitHit("daily_loss", Krw(9), Krw(10), Krw(1_234_567), Krw(1_000_000), live.venue_time())
        live.house.trader.system.core.post(loss, source="test")
        live.house.trader.system.core.post(HaltRequested("h", "test", "look"), source="test", urgent=True)
        until(lambda: live.type("orders", "list", "--json", "--open")[1] == "")
        said = answers(live)
    return said, live


def test_given_a_log_when_read_without_a_trader_then_it_says_what_the_trader_said(
    read: tuple[dict[str, Any], LiveHome],
) -> None:
    said, live = read
    log = ("--log", str(live.root / "log.db"))
    for command in READS:
        code, out = live.type(*command, "--json", *log)
        assert code == 0, out
        assert [without_clock(json.loads(line)) for line in out.splitlines()] == said[" ".join(command)], command


def test_given_a_log_when_its_roles_are_asked_then_each_answers_as_in_the_run(
    read: tuple[dict[str, Any], LiveHome],
) -> None:
    reader, ask = fold_roles(read[1].root / "log.db")
    status = reader.status()
    assert (status.mode, status.day, status.positions) == ("paper", "HALTED", 1)
    assert ask("portfolio", CashQuery()).cash == reader.cash().cash_krw
    assert reader.status() == fold(read[1].root / "log.db").status()


def test_given_a_run_with_a_loss_limit_when_reported_then_time_and_reason_stand_there(
    read: tuple[dict[str, Any], LiveHome],
) -> None:
    path = read[1].root / "log.db"
    told = [text for _, text in events_of(path)]
    assert "daily loss limit reached: 1,234,567 KRW lost, 1,000,000 KRW allowed; trading is halted" in told
    assert any(text.startswith("the day is HALTED") for text in told)
    assert all(len(clock.split(":")) == 3 for clock, _ in events_of(path))
    orders = fold(path).orders(desk_pb2.ListOrdersRequest()).orders
    [(ended, why, count)] = unfilled(path, orders)
    assert (ended, count) == ("cancelled", 1)
    assert "halt" in why or "loss" in why


def test_given_no_log_when_read_then_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        fold(tmp_path / "none.db")
    done = runner.invoke(app, ["cash", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
