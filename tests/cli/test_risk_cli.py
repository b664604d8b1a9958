"""`stops`, `claim`, `manual`, `checkin`, `orders submit --override`, `status --checks`, typed at a running trader."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.actors.trader_house import OTHER, SYMBOL, until
from tests.cli.live_house import LiveHome, a_live_home


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    with a_live_home(tmp_path_factory.mktemp("risk")) as made:
        until(lambda: status(made)["connection"] == "READY")
        assert made.type("orders", "submit", "buy", SYMBOL, "3")[0] == 0
        until(lambda: held(made).get("peak_price_krw") is not None)  # a quote came since it was bought
        yield made


def status(live: LiveHome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live.type("status", "--json")[1])
    return found


def held(live: LiveHome) -> dict[str, Any]:
    lines = live.type("positions", "--json")[1].splitlines()
    found = [json.loads(line) for line in lines]
    return next((row for row in found if row["symbol"] == SYMBOL), {})


def cancel(live: LiveHome, submitted: str) -> None:
    """Cancel an order at once, wherever it is on its way to the broker; see it end."""
    order_id = json.loads(submitted)["client_order_id"]
    code, told = live.type("orders", "cancel", order_id)
    assert code == 0, told
    until(lambda: json.loads(live.type("orders", "show", order_id, "--json")[1])["status"] == "CANCELLED")


def test_given_a_position_when_it_gets_stops_of_its_own_then_they_hold_until_cleared(live: LiveHome) -> None:
    default = held(live)
    assert default["ours"] == 3
    assert default["stop_price_krw"] == default["cost_basis_krw"] * 95 // 300  # 5 % by the settings
    code, told = live.type("stops", "set", SYMBOL, "--stop-loss", "3", "--trailing", "2.5", "--hold", "60000", "--json")
    own = json.loads(told)
    assert (code, own["own_terms"], own["stop_price_krw"]) == (0, True, default["cost_basis_krw"] * 97 // 300)
    assert own["trailing_price_krw"] and own["sell_at"] and own["target_price_krw"] is None
    assert held(live)["own_terms"]
    assert live.type("stops", "clear", "코오롱인더")[0] == 0
    assert held(live)["stop_price_krw"] == default["stop_price_krw"]
    [listed] = [json.loads(line) for line in live.type("stops", "list", "--json")[1].splitlines()]
    assert (listed["symbol"], listed["quantity"]) == (SYMBOL, 3)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("stops", "set", OTHER, "--stop-loss", "3"), 1, "not held"),
        (("stops", "set", SYMBOL, "--stop-loss", "0.00001"), 2, "at most four decimals"),
        (("stops", "set", SYMBOL), 2, "--stop-loss 0 alone takes all off"),
        (("stops", "set", SYMBOL, "--take-profit", "1001"), 1, "terms.take_profit_ppm expected 0 (off) to 10,000,000"),
        (("claim", OTHER, "--note", "mine"), 1, OTHER),
        (("claim", SYMBOL), 2, "--note must say why"),
        (("manual", "maybe"), 2, "SWITCH must be on or off, was 'maybe'"),
        (("orders", "submit", "buy", SYMBOL, "1", "--override", "SECTOR"), 2, "--note must say why"),
        (("orders", "submit", "buy", SYMBOL, "1", "--override", "CASH", "--note", "x"), 1, "CASH"),
        (("adjust", "--cash", "5", "--kind", "gift", "--note", "x"), 2, "--kind must be one of deposit"),
        (("adjust", "--cash", "-5", "--kind", "deposit", "--note", "x"), 1, "deposit"),
    ],
)
def test_given_a_bad_command_when_typed_then_it_is_refused_and_named(
    live: LiveHome, command: tuple[str, ...], code: int, said: str
) -> None:
    ended, told = live.type(*command)
    assert (ended, said in told) == (code, True), told


def test_given_a_limit_when_a_person_overrides_it_with_a_reason_then_the_order_passes(live: LiveHome) -> None:
    far = ("orders", "submit", "buy", SYMBOL, "1", "--price", "9600")
    code, told = live.type(*far)
    assert (code, "COLLAR" in told) == (1, True), told
    code, told = live.type(*far, "--override", "collar", "--note", "waiting for a dip", "--json")
    assert code == 0, told
    cancel(live, told)


def test_given_manual_mode_when_switched_then_status_says_so_and_people_go_on(live: LiveHome) -> None:
    assert live.type("manual", "on", "--note", "earnings")[0] == 0
    assert status(live)["manual_mode"]
    code, told = live.type("orders", "submit", "buy", SYMBOL, "1", "--price", "9800", "--json")
    assert code == 0, told
    cancel(live, told)
    assert live.type("manual", "off")[0] == 0
    assert not status(live)["manual_mode"]


def test_given_a_running_trader_when_asked_then_every_check_and_limit_is_told(live: LiveHome) -> None:
    assert live.type("checkin")[0] == 0
    told = status(live)
    checks = {check["name"]: check for check in told["checks"]}
    assert checks["OPEN_ORDERS"]["limit"] == "20"
    assert int(checks["GROSS_EXPOSURE"]["value"]) > 0
    assert checks["SECTOR"]["limit"] == "off"  # without a file of sectors
    limits = {limit["name"]: limit for limit in told["limits"]}
    assert set(limits) == {"daily_loss", "drawdown"}
    assert limits["drawdown"]["limit_krw"] == -(-limits["drawdown"]["base_equity_krw"] // 10)  # rounded up
    assert told["operator_seen"] and told["exit_costs_krw"] > 0
    code, printed = live.type("status", "--checks")
    assert code == 0
    assert "daily loss" in printed and "GROSS_EXPOSURE" in printed


def test_given_a_withdrawal_when_booked_then_limits_move_with_it(live: LiveHome) -> None:
    before = {limit["name"]: limit["base_equity_krw"] for limit in status(live)["limits"]}
    code, told = live.type("adjust", "--cash", "-2000000", "--kind", "withdrawal", "--note", "rent")
    assert code == 0, told
    after = status(live)
    moved = {limit["name"]: before[limit["name"]] - limit["base_equity_krw"] for limit in after["limits"]}
    assert all(abs(won - 2_000_000) < 2_000 for won in moved.values()), moved  # in proportion to equity, so not exactly
    assert (after["day"], {limit["level"] for limit in after["limits"]}) == ("TRADING", {"OK"})
