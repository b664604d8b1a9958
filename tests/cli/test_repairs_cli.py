"""`reconcile`, `adjust`, `route`, `orders release`, `backup` and `restore`, typed at a running trader."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from persistence.files import read_log_file
from persistence.verify import verify_chain
from tests.actors.trader_house import SYMBOL, until
from tests.cli.live_house import LiveHome, a_live_home


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    with a_live_home(tmp_path_factory.mktemp("repairs")) as made:
        until(lambda: status(made)["connection"] == "READY" and status(made)["day"] == "TRADING")
        yield made


def status(live: LiveHome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live.type("status", "--json")[1])
    return found


def reconciled(live: LiveHome, *args: str) -> tuple[int, dict[str, Any]]:
    code, out = live.type("reconcile", "--json", *args)
    return code, json.loads(out)


def test_given_books_that_agree_when_reconciled_then_it_says_so_and_ends_with_0(live: LiveHome) -> None:
    code, report = reconciled(live, "--dry-run")
    assert (code, report["agreed"], report["kind"], report["differences"]) == (0, True, "dry_run", [])
    assert status(live)["reconciled_at"]


def test_given_a_difference_when_reconciled_then_the_symbol_halts_until_books_agree_again(live: LiveHome) -> None:
    added = ("--quantity", "10", "--cost", "98000", "--note", "booked twice")
    assert live.type("adjust", SYMBOL, *added)[0] == 0
    code, report = reconciled(live, "--dry-run")
    assert (code, report["agreed"], len(report["differences"])) == (1, False, 1)
    assert f"{SYMBOL}: 10 shares here, 0 at the broker" in report["differences"][0]
    assert status(live)["halted_symbols"] == {}, "a dry run changes nothing"
    code, report = reconciled(live)
    assert (code, report["halted_symbols"]) == (1, [SYMBOL])
    until(lambda: status(live)["connection"] == "READY")
    assert set(status(live)["halted_symbols"]) == {SYMBOL}
    assert live.type("orders", "submit", "buy", SYMBOL, "1", "--price", "9800")[0] == 1
    taken = ("--quantity", "-10", "--cost", "-98000", "--note", "undone")
    assert live.type("adjust", SYMBOL, *taken)[0] == 0
    assert reconciled(live)[0] == 0
    until(lambda: status(live)["connection"] == "READY")
    assert status(live)["halted_symbols"] == {}


@pytest.mark.parametrize(
    "args",
    [
        ["adjust", SYMBOL, "--quantity", "1"],
        ["adjust", "--note", "x"],
        ["adjust", "--quantity", "1", "--note", "x"],
        ["route", "nowhere", "--note", "x"],
        ["route", "127.0.0.1:50071"],
        ["orders", "release", "x"],
    ],
)
def test_given_what_can_never_be_when_typed_then_it_is_a_usage_error(live: LiveHome, args: list[str]) -> None:
    assert live.type(*args)[0] == 2


@pytest.mark.parametrize(
    "args",
    [
        ["adjust", SYMBOL, "--quantity", "-1", "--note", "more than is held"],
        ["orders", "release", "unknown", "--note", "x"],
        ["route", "127.0.0.1:50071", "--note", "while it trades"],
    ],
)
def test_given_what_must_not_be_now_when_typed_then_the_trader_refuses_it(live: LiveHome, args: list[str]) -> None:
    before = status(live)
    assert live.type(*args)[0] == 1
    assert (status(live)["day"], status(live)["gate"]) == (before["day"], before["gate"])


def test_given_a_running_trader_when_backed_up_and_restored_then_another_log_goes_on(
    live: LiveHome, tmp_path: Path
) -> None:
    (live.root / "logs").mkdir()
    (live.root / "logs" / "paper-1.db").symlink_to(live.root / "log.db")  # where `start` would have put it
    code, out = live.type("backup", str(tmp_path / "copy"), "--json")
    assert (code, json.loads(out)["files"] >= 1) == (0, True)
    other = LiveHome(tmp_path / "other", live.house)
    code, out = other.type("restore", str(tmp_path / "copy"), "--json")
    [renewed] = json.loads(out)["renewed"]
    restored = read_log_file(Path(renewed))
    assert (code, restored.last_seq) == (0, 0)
    assert verify_chain(Path(renewed)).ok
    assert other.type("restore", str(tmp_path / "copy"))[0] == 2, "never over what is there"
