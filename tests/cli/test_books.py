"""`fills`, `positions`, `cash`, `quotes`, `signals` read the same from a running trader and from its log."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker.translate.desk import write_cash
from cli.books import settled_rows
from cli.demo_events import events_of, unfilled
from cli.main import app
from cli.offline import fold, fold_roles
from domain.errors import ConfigError
from domain.messages.operator import HaltRequested
from domain.messages.trading import LossLimitHit
from domain.types import Krw
from domain.views import CashQuery, CashView, RiskView
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
    moving = ("equity_krw", "unrealized_pnl_krw", "mark_price_krw", "sellable_price_krw", "peak_price_krw")
    return {key: value for key, value in row.items() if key not in moving}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], LiveHome]:
    """Give what a running trader said, and its home after it halted and stopped."""
    with a_live_home(tmp_path_factory.mktemp("books")) as live:
        live.type("orders", "submit", "buy", SYMBOL, "2")
        until(lambda: '"quantity": 2' in live.type("positions", "--json")[1])
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


def test_given_a_purchase_of_today_when_cash_is_asked_then_its_money_is_still_settled_but_may_not_leave(
    read: tuple[dict[str, Any], LiveHome],
) -> None:
    said, live = read
    [cash] = said["cash"]
    assert (cash["deposit_krw"], cash["d1_deposit_krw"]) == (10_000_000, 10_000_000)
    assert cash["cash_krw"] < 10_000_000
    assert cash["withdrawable_krw"] == cash["orderable_cash_krw"] == cash["cash_krw"]  # nothing is open any more
    assert cash["income_krw"] == 0
    code, out = live.type("cash", "--log", str(live.root / "log.db"))
    assert code == 0, out
    for words in ("D+2 deposit", "deposit, settled today", "next session (D+1)", "may be withdrawn today", "dividends"):
        assert words in out


def test_given_a_broker_that_does_not_tell_when_cash_is_asked_then_those_rows_are_missing() -> None:
    assert settled_rows(desk_pb2.GetCashResponse(cash_krw=5)) == []
    told = desk_pb2.GetCashResponse(deposit_krw=0, withdrawable_krw=3)
    assert settled_rows(told) == [("deposit, settled today", 0), ("may be withdrawn today", 3)]


@pytest.mark.parametrize(
    ("orderable", "told", "shown"), [(700, 900, 700), (900, 700, 700), (-5, 700, 0), (700, None, None)]
)
def test_given_orders_since_the_broker_told_when_cash_is_written_then_what_they_need_may_not_leave(
    orderable: int, told: int | None, shown: int | None
) -> None:
    zero = Krw(0)
    cash = CashView("2026-01-13", Krw(1_000), zero, zero, zero, zero, zero, zero, withdrawable=told and Krw(told))
    risk = RiskView(zero, Krw(orderable), {}, 0, 0, {}, False, (), ())
    wire = write_cash(cash, risk)
    assert (wire.withdrawable_krw if wire.HasField("withdrawable_krw") else None) == shown


def test_given_no_log_when_read_then_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        fold(tmp_path / "none.db")
    done = runner.invoke(app, ["cash", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
