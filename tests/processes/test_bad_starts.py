"""What `start` and `broker serve` refuse: bad logs, bad settings, taken ports. One line, nothing started."""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.home import Home
from tests.processes.harness import DEADLINE_S, Place, a_place, stopped, the_log, wait_until

pytestmark = pytest.mark.processes
PAGE = 4096


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """Give the bytes of a log that a trader wrote and closed."""
    with a_place(tmp_path_factory.mktemp("written")) as place:
        place.broker(speed=100)
        trader = place.trader()
        place.until()
        wait_until(lambda: place.status().quotes > 30, "quotes")
        stopped(place, trader)
        yield the_log(place).read_bytes()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as place:
        yield place


def refused_start(place: Place) -> tuple[int, str]:
    """Start a trader that must not come up; give its exit code and output."""
    child = place.spawn("trader", "start")
    code = child.wait(DEADLINE_S)
    assert Home(place.home).running("trader") is None
    return code, place.said("trader")


def with_bad_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // PAGE // 2 * PAGE
    content[middle : middle + PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def of_a_newer_schema(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    conn.close()


def no_database(path: Path) -> None:
    path.write_text("this is not a log\n" * 500)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (with_bad_page, ("paper-20260113-090000.db",)),
        (cut_short, ("paper-20260113-090000.db",)),
        (of_a_newer_schema, ("paper-20260113-090000.db", "schema 99", "upgrade")),
        (no_database, ("paper-20260113-090000.db",)),
    ],
)
def test_given_a_log_that_cannot_be_trusted_when_started_then_one_line_names_it_and_nothing_runs(
    place: Place, written: bytes, damage: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    path = place.home / "logs" / "paper-20260113-090000.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(written)
    damage(path)
    before = path.read_bytes()
    code, said = refused_start(place)
    assert code == 1, said
    assert said.startswith("hantrade: ")
    assert said.count("\n") == 1, said
    for word in words:
        assert word in said
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.glob("*.db")] == [path.name]
    verdict = place.run("log", "verify", "--json")
    assert (verdict.code, verdict.out + verdict.err != "") == (1, True)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("hantrade.toml", "[risk\n", ("hantrade.toml", "not valid TOML")),
        ("hantrade.toml", "[risk]\nmax_ordr_krw = 1\n", ("hantrade.toml", "risk.max_ordr_krw", "max_order_krw")),
        ("hantrade.toml", "[risk]\nmax_order_krw = -5\n", ("hantrade.toml", "risk.max_order_krw", "-5")),
        ("watchlist.toml", '[[instrument]]\nsymbol = "1"\n', ("watchlist.toml", "instrument 1: symbol", "'1'")),
    ],
)
def test_given_bad_settings_when_started_then_one_line_names_file_key_and_value(
    place: Place, file: str, text: str, words: tuple[str, ...]
) -> None:
    place.home.mkdir()
    (place.home / file).write_text(text)
    for command in (["start"], ["broker", "serve", "sim"]):
        said = place.run(*command)
        assert (said.code, said.err.count("\n")) == (2, 1), said
        for word in words:
            assert word in said.err


def test_given_a_bad_table_of_corporate_actions_when_started_then_one_line_names_file_row_field_and_value(
    place: Place,
) -> None:
    place.home.joinpath("paper").mkdir(parents=True)
    table = place.home / "paper" / "actions.toml"
    table.write_text('[[action]]\ndate = 2026-05-06\nsymbol = "005930"\naction = "split"\nratio = "5-1"\n')
    for command in (["start"], ["broker", "serve", "sim", "--actions", str(table)]):
        said = place.run(*command)
        assert (said.code, said.err.count("\n")) == (2, 1), said
        for word in (str(table), "action 1", "ratio expected new:old", "'5-1'"):
            assert word in said.err


def test_given_a_taken_desk_port_when_started_then_it_is_named_and_nothing_runs(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = place.run("start", HANTRADE_DESK__PORT=str(port))
    assert said.code == 2
    assert f"desk.port: 127.0.0.1:{port}" in said.err
    assert Home(place.home).running("trader") is None


def test_given_a_broker_when_another_takes_its_port_then_it_is_refused_with_the_pid(place: Place) -> None:
    broker = place.broker()
    said = place.run("broker", "serve", "sim", "--port", str(place.port))
    assert (said.code, f"pid {broker.pid}" in said.err) == (2, True)
    elsewhere = place.run("broker", "serve", "sim", "--port", str(place.port), "--home", str(place.root / "other"))
    assert (elsewhere.code, str(place.port) in elsewhere.err) == (2, True)
    broker.terminate()
    assert broker.wait(DEADLINE_S) == 0
