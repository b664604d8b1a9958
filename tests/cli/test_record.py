"""`hantrade broker record`: a broker's quotes to files that other commands read."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from broker_sim.bar_ticks import ticks_of
from broker_sim.recording import Recording
from cli.compose import running
from cli.main import app
from domain.errors import BrokerUnavailable, ConfigError, DataError
from tests.broker_sim.builders import CASH, SYMBOL, a_bar, a_day, a_file


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    recording = Recording.load(a_file(tmp_path, a_day(prev_close=10_000) + a_day("000660", prev_close=10_000)))

    def make() -> SimBackend:
        return SimBackend.recorded(recording, tmp_path / "sim.db", cash=CASH, commission_ppm=150, speed=0)

    server = BrokerServerThread(lambda: running(make)).start()
    handler = signal.getsignal(signal.SIGTERM)
    yield server.address
    signal.signal(signal.SIGTERM, handler)
    server.stop()


def recorded(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["broker", "record", *arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_given_a_broker_when_recorded_then_the_file_holds_its_day_and_a_second_run_is_refused(
    tmp_path: Path, broker: str
) -> None:
    out = tmp_path / "out"
    told = json.loads(recorded("--from", broker, "--out", str(out), "--symbols", SYMBOL, "--json"))

    rows = list(ticks_of(Recording.load(out), 1))
    assert told["rows"] == len(rows) > 100
    assert told["files"] == [str(out / "2026-01-13.ticks.parquet")]
    assert {row.symbol for row in rows} == {SYMBOL}
    with pytest.raises(ConfigError, match="exists already"):
        recorded("--from", broker, "--out", str(out))


@pytest.mark.processes
def test_given_a_running_recorder_when_told_to_end_twice_then_the_day_is_one_file(tmp_path: Path) -> None:
    recording = Recording.load(a_file(tmp_path, a_day(prev_close=10_000)))

    def make() -> SimBackend:
        return SimBackend.recorded(recording, tmp_path / "sim.db", cash=CASH, commission_ppm=150, speed=600)

    server = BrokerServerThread(lambda: running(make)).start()
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cli.main", "broker", "record", "--from", server.address, "--out", str(out)]
    process = subprocess.Popen([*command, "--flush", "0.1"], stdout=subprocess.PIPE, text=True)
    try:
        watched = threading.Event()
        while not list(out.glob("*.part-*")) and process.poll() is None:
            watched.wait(0.05)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        server.stop()

    assert process.returncode == 0
    assert "2026-01-13.ticks.parquet" in told
    assert [path.name for path in out.iterdir()] == ["2026-01-13.ticks.parquet"]


def test_given_no_broker_when_recorded_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable):
        recorded("--from", "127.0.0.1:9", "--out", str(tmp_path / "out"))


@pytest.mark.parametrize("endpoint", ["here", "127.0.0.1:", "127.0.0.1:70000"])
def test_given_no_endpoint_when_recorded_then_the_form_is_named(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(ConfigError, match="HOST:PORT"):
        recorded("--from", endpoint, "--out", str(tmp_path))


def test_given_help_when_asked_then_an_example_is_shown() -> None:
    assert "Example: hantrade broker record" in " ".join(recorded("--help").split())


def test_given_daily_bars_when_a_broker_is_to_serve_them_then_they_are_refused(tmp_path: Path) -> None:
    daily = [{key: value for key, value in a_bar().items() if key != "time"}]
    arguments = ["broker", "serve", "sim", "--data", str(a_file(tmp_path, daily)), "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(app, arguments, standalone_mode=False)

    assert isinstance(done.exception, DataError)
    assert "was daily bars" in str(done.exception)
