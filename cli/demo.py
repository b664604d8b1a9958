"""`hantrade demo`: the main job, self-contained: a broker process, a trader, a recorded day, report, replay check."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.broker import DataOption, DayOption, SymbolsOption, load_recording
from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.output import emit_json, note
from domain.errors import BrokerUnavailable

DEFAULT_SPEED = 700.0  # a whole day in about 35 s


def demo(
    data: DataOption = None,
    day: DayOption = "",
    symbols: SymbolsOption = "",
    speed: Annotated[
        float, typer.Option(help="Venue seconds per second; 0: at once, in batches of minutes.", min=0)
    ] = DEFAULT_SPEED,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Trade one recorded day on paper: real processes, real gRPC, then a report and the proof that the log replays.

    Exit codes: 0 the day is over and proven, 1 it is not, 3 the broker process died, 130 interrupted, stopped in order.

    Example: hantrade demo --symbols 120110,000250 --speed 200
    """
    from cli.demo_report import DemoReport, check_log, show_report
    from cli.demo_run import run_day

    began = time.monotonic()
    recording = load_recording(data, day, symbols)  # refuse bad input before any process starts
    place = Place(home)
    command = ["--speed", str(speed), "--day", recording.day.isoformat()]
    command += ["--data", str(data)] if data else []
    command += ["--symbols", symbols] if symbols else []
    with ended_by_signals(), broker_process(place.folder, command) as broker:
        finished = run_day(recording, broker, place.folder, place.log_path, speed, as_json=json)
    if finished.exit_code:
        note(f"hantrade: {finished.reason}; the report is about what came before")
    note("checking the log: hash chain, then a replay in a fresh process")
    checks = check_log(place.log_path)
    report = DemoReport.of(place.log_path, checks, recording)
    if not json:
        show_report(report, finished)
    seconds = round(time.monotonic() - began, 1)
    result = report.result() | {"seconds": seconds, "day": recording.day.isoformat(), "finished": finished.reason}
    if json:
        emit_json([result])
    else:
        print(
            f"\n{seconds} s in all. Read on: hantrade log tail, hantrade orders list, hantrade signals "
            f"(log {place.log_path})"
        )
    proven = checks.verified and checks.replay_identical and finished.in_order
    raise typer.Exit(finished.exit_code or Exit.DONE if proven else Exit.REFUSED)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that they leave no broker process behind either."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Place:
    """Where a demo keeps its things."""

    def __init__(self, home: Path) -> None:
        """Make folders of its own below the home."""
        from cli.home import Home, new_log

        self.log_path = new_log(Home(home), "demo")
        self.folder = home / "demo" / self.log_path.stem
        self.folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def broker_process(folder: Path, options: list[str]) -> Iterator["BrokerProcess"]:
    """Run `broker serve sim` as a process of its own. Raises BrokerUnavailable when it does not come up."""
    stderr = folder / "broker.log"
    command = [sys.executable, "-m", "cli.main", "broker", "serve", "sim", "--port", "0", "--home", str(folder)]
    with stderr.open("ab") as sink:
        child = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the trader, which stops in order first
        )
    try:
        yield BrokerProcess(child, _address(child, stderr))
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


def _address(child: "subprocess.Popen[str]", stderr: Path) -> str:
    if child.stdout is None:
        raise BrokerUnavailable("the broker process has no output")
    line = child.stdout.readline()  # ends with the process at the latest
    if not line.startswith("broker sim listens on "):
        tail = stderr.read_text(errors="replace").strip().splitlines()[-1:]
        raise BrokerUnavailable(f"the broker process did not start: {tail[0] if tail else line.strip() or 'no output'}")
    return line.rsplit(" ", 1)[1].strip()


class BrokerProcess:
    """The broker of a demo."""

    def __init__(self, child: "subprocess.Popen[str]", address: str) -> None:
        """Keep the process and where it listens."""
        self.child = child
        self.address = address

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.child.poll() is None
