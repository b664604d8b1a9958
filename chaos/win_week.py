"""A trading week of the Windows broker in compressed time, with everything that goes wrong on a PC (`make soak-win`).

Real processes: a parent in here, hosts with the emulated control, an exchange a day for Kiwoom's servers. Every night
is either a rest by plan or a loss of the servers under a running host; by day hosts are killed, frozen, stopped by
windows, cut off and hung by their control, while somebody trades. Each evening both journals are compared: no order
lost, none doubled, amounts equal to the won. The last stretch is calm: the host's memory must not grow.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from broker_win import config_file
from broker_win.config import WinConfig
from broker_win.config_file import HostSettings, WinSettings
from broker_win.emulator.desktop import WINDOWS, FolderDesktop, FolderWindows
from broker_win.serving import Surroundings, make_supervisor
from broker_win.toml_text import table_of, text_of
from broker_win.watch import WatchConfig
from chaos.win_books import Books, compare
from chaos.win_orders import Trader
from cli.home import Home
from cli.sample import sample_path
from cli.serve_win import ToldClock, Venue, free_port
from domain.krx.calendar import is_session
from domain.time import from_kst
from fsm.win_host import State

WATCH = WatchConfig(
    start_timeout_s=30,
    beat_timeout_s=3,
    hang_timeout_s=2,
    login_timeout_s=30,
    end_grace_s=2,
    backoff_first_s=1,
    backoff_max_s=1,
    stable_s=1,
    breaker_starts=1_000,
    unknown_window_s=1,
)
PATIENCE_S = 90.0
SETTLE_S = 15.0
STEP_S = 0.1
COMMISSION_PPM = 150  # what the exchange takes by default; the broker is told, as a person would
WARM_UP_S = 10.0  # of a calm host, before its memory is looked at
SESSION_END = 15 * 60 + 30  # minutes of the day
FIRST = date(2026, 1, 12)
FAULTS = """
[hangs]
dialogs = ["10:15 안녕하세요. 키움증권 입니다."]
freezes = ["11:30 30"]
lost_lines = ["13:45"]
[orders]
chejan_first_ppm = 200000
answer_lost_ppm = 20000
chejan_twice_ppm = 50000
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    days: int
    speed: float
    hangs: int  # all days together
    calm_s: float
    seed: int
    since: str = "09:00:00"  # what comes before is left out of each day
    size_of: Callable[[int], float] = lambda _pid: 0.0  # MB of a process


class Week:
    """All of it. `step` keeps the parent going; everything else waits by stepping."""

    def __init__(self, wanted: Wanted, folder: Path, stack: ExitStack) -> None:
        """Prepare data, settings and a parent that has started nothing yet."""
        self.wanted, self.folder = wanted, folder
        self.random = Random(wanted.seed)
        self.days = _sessions(wanted.days)
        self.data = _write_days(self.days, folder / "days.parquet", wanted.since)
        self.venue_port = free_port()
        self.settings = _write_settings(folder, free_port())
        self.told = ToldClock(wanted.speed)
        self.night: int | None = int(from_kst(self.days[0], 8, 0))  # the clock, while no host tells it
        self.woken = threading.Event()
        openapi = folder / "openapi"
        self.screen = openapi / WINDOWS
        (folder / "faults.toml").write_text(FAULTS, encoding="utf-8")
        arguments = ("--emulator", f"127.0.0.1:{self.venue_port}", "--openapi", str(openapi))
        around = Surroundings(
            (*arguments, "--faults", str(folder / "faults.toml")),
            {"QT_QPA_PLATFORM": "offscreen"},
            lambda: FolderDesktop(self.screen),
            lambda: self.told.now() if self.night is None else self.night,
            self.told.hear,
        )
        self.supervisor = make_supervisor(self.settings, around, self.woken)
        stack.callback(self.supervisor.kill)
        broker = self.settings.broker
        self.trader = Trader(f"{broker.host}:{broker.port}", wanted.seed)
        stack.callback(self.trader.stopping.set)
        self.did: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.books = Books()

    @property
    def is_up(self) -> bool:
        """Tell whether a host is logged in."""
        return self.supervisor.watch.state is State.UP

    def step(self) -> None:
        """Let the parent look once."""
        before = self.supervisor.watch.starts
        self.supervisor.step()
        for decision in self.supervisor.told:
            if decision.what.value in ("kill", "note"):
                self.ends[decision.why.partition(";")[0].partition(" for ")[0][:60]] += 1
        self.did["starts"] += self.supervisor.watch.starts - before
        self.woken.wait(STEP_S)
        self.woken.clear()

    def until(self, found: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> bool:
        """Step until something holds; note a problem and give False when it never does."""
        deadline = time.monotonic() + patience_s
        while not found():
            if time.monotonic() > deadline:
                self.books.problems.append(f"waited {patience_s:.0f} s for {what}")
                return False
            self.step()
        return True

    def run(self) -> None:
        """Trade the week."""
        self.trader.start()
        hangs = _shares(self.wanted.hangs, len(self.days))
        for number, (day, count) in enumerate(zip(self.days, hangs, strict=True)):
            place = self.folder / f"day{number}"
            place.mkdir()
            asked = ("--data", str(self.data), "--day", day.isoformat(), "--speed", str(self.wanted.speed))
            with Venue(Home(place), place, asked, self.venue_port):
                if self.night is not None and number:
                    self.night = int(from_kst(day, 7, 10))  # the rest is over
                self.until(lambda: self.is_up, f"a host on {day}")
                self.night = None
                self.trade(day, count)
                self.close_books(day, place / "venue.db")
                if number + 1 == len(self.days):
                    break
                self.begin_night(self.days[number + 1], by_plan=number % 2 == 0)
            if self.night is None:  # the servers went under a running host: it must have noticed
                self.until(lambda: not self.is_up, "the loss of the servers to be noticed")

    def trade(self, day: date, hangs: int) -> None:
        """Let the day pass, with so many hangs spread over it."""
        self.trader.new_day()
        length_s = (SESSION_END - _minutes(self.wanted.since)) * 60 / self.wanted.speed
        waits = [length_s / (hangs + 1)] * hangs
        begun = time.monotonic()
        deadline = begun + length_s * 4 + PATIENCE_S
        due = begun + (waits[0] if waits else 0)
        while not self.trader.day_over and time.monotonic() < deadline:
            if waits and time.monotonic() >= due and self.is_up and self.supervisor.pid:
                self.hang(self.supervisor.pid)
                waits.pop()
                due = time.monotonic() + (waits[0] if waits else 0)
            self.step()
        if not self.trader.day_over:
            self.books.problems.append(f"{day} did not come to its end")
        while waits:  # the market was faster than the hosts: the rest happens behind the close
            waits.pop()
            if self.until(lambda: self.is_up and self.supervisor.pid, "a host to hang"):
                self.hang(self.supervisor.pid or 0)
                self.until(lambda: not self.is_up, "the hang to be noticed")

    def hang(self, pid: int) -> None:
        """Do something bad to a host."""
        kind = self.random.choice(("kill", "stop", "lost window", "unknown window"))
        self.did[kind] += 1
        if kind == "kill":
            os.kill(pid, signal.SIGKILL)
        elif kind == "stop":
            os.kill(pid, signal.SIGSTOP)
        else:
            title = "KHOpenAPI" if kind == "lost window" else "처음 보는 창"
            windows = FolderWindows(self.screen, pid, first=self.did[kind] * 1_000)
            windows.open(title, "")

    def close_books(self, day: date, venue: Path) -> None:
        """Compare both journals once everything has an end."""
        self.trader.trading.clear()
        self.until(lambda: self.is_up, f"a host at the evening of {day}")
        self.settle()
        journal = self.settings.broker.journal
        found = Books()

        def agree() -> bool:
            nonlocal found
            found = compare(journal, venue, day, list(self.trader.sent))
            return not found.problems

        deadline = time.monotonic() + PATIENCE_S / 3
        while not agree() and time.monotonic() < deadline:
            self.step()
        self.books.add(found)
        self.did["sent"] += len(self.trader.sent)
        _say(
            f"{day}: {found.orders} orders, {found.fills} fills, {found.notional_krw:,} KRW; {found.problems or 'well'}"
        )

    def settle(self) -> None:
        """Wait until every request has an end, or nothing changes any more: absence in a list is no evidence."""
        left, since = len(self.trader.doubt), time.monotonic()
        while left and time.monotonic() - since < SETTLE_S:
            self.step()
            if len(self.trader.doubt) != left:
                left, since = len(self.trader.doubt), time.monotonic()

    def begin_night(self, tomorrow: date, *, by_plan: bool) -> None:
        """Rest by plan, or leave the host to lose its servers."""
        if by_plan:
            self.night = int(from_kst(tomorrow, 4, 0))
            self.until(lambda: self.supervisor.pid is None, "the rest to begin")
        self.did["rests" if by_plan else "servers lost"] += 1

    def calm(self, seconds: float) -> tuple[float, int]:
        """Leave a host alone; give the slope of its memory in MB an hour and its size in MB at the end."""
        self.until(lambda: self.is_up, "a host for the calm")
        pid = self.supervisor.pid or 0
        times: list[float] = []
        sizes: list[float] = []
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds and self.supervisor.pid == pid:
            if passed >= min(WARM_UP_S, seconds / 3):
                times.append(passed)
                sizes.append(self.wanted.size_of(pid))
            self.step()
        if self.supervisor.pid != pid:
            self.books.problems.append("a host that was left alone ended")
        return _slope(times, sizes) * 3_600, round(sizes[-1]) if sizes else 0


def soak(wanted: Wanted, folder: Path) -> dict[str, Any]:
    """Run a week in a folder and give what was found."""
    begun = time.monotonic()
    with ExitStack() as stack:
        week = Week(wanted, folder, stack)
        week.run()
        slope, size = 0.0, 0
        if wanted.calm_s:
            place = folder / "calm"
            place.mkdir()
            week.night = None
            speed = 390 * 60 / wanted.calm_s / 1.5  # the market outlasts the calm
            with Venue(Home(place), place, ("--speed", f"{speed:g}"), week.venue_port):
                week.until(lambda: not week.is_up, "the loss of the servers to be noticed")
                (folder / "faults.toml").write_text("", encoding="utf-8")
                slope, size = week.calm(wanted.calm_s)
        week.trader.stopping.set()
        week.supervisor.stop("the week is over")
        week.until(lambda: week.supervisor.is_over, "the host to end")
    books = week.books
    return {
        "days": len(week.days),
        "orders": books.orders,
        "requests": week.did["sent"],
        "fills": books.fills,
        "notional_krw": books.notional_krw,
        "difference_krw": books.difference_krw,
        "rounding_krw": books.rounding_krw,
        "lost": books.lost,
        "doubled": books.doubled,
        "in_doubt": books.in_doubt,
        "vanished": books.vanished,
        "hangs": sum(week.did[kind] for kind in ("kill", "stop", "lost window", "unknown window")),
        "did": dict(week.did),
        "ends": dict(week.ends),
        "host_starts": week.supervisor.watch.starts,
        "memory_mb": size,
        "memory_mb_per_hour": round(slope, 1),
        "problems": books.problems,
        "seconds": round(time.monotonic() - begun, 1),
        "ok": not (books.problems or books.lost or books.doubled or books.difference_krw),
    }


def _sessions(count: int) -> list[date]:
    found: list[date] = []
    day = FIRST
    while len(found) < count:
        if is_session(day):
            found.append(day)
        day += timedelta(days=1)
    return found


def _write_days(days: list[date], path: Path, since: str) -> Path:
    """Write the sample's day once for each day."""
    sample = pl.read_parquet(sample_path()).filter(pl.col("time") >= since)
    pl.concat([sample.with_columns(pl.lit(day.isoformat()).alias("date")) for day in days]).write_parquet(path)
    return path


def _write_settings(folder: Path, port: int) -> WinSettings:
    path = folder / "broker_win.toml"
    broker = WinConfig(port=port, journal=folder / "orders.db", login_timeout_s=20.0, commission_ppm=COMMISSION_PPM)
    tables = {
        "broker": table_of(broker, config_file.NOT_IN_FILE),
        "watch": table_of(WATCH),
        "host": table_of(HostSettings(log="")),
    }
    path.write_text(text_of(tables), encoding="utf-8")
    return replace(config_file.load(path))


def _minutes(time_of_day: str) -> int:
    hours, minutes, _ = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (number < total % parts) for number in range(parts)]


def _slope(times: list[float], sizes: list[float]) -> float:
    """Give the slope of the least squares line, MB a second; 0 for fewer than two points."""
    if len(times) < 2:
        return 0.0
    mid_time, mid_size = sum(times) / len(times), sum(sizes) / len(sizes)
    above = sum((time_ - mid_time) * (size - mid_size) for time_, size in zip(times, sizes, strict=True))
    below = sum((time_ - mid_time) ** 2 for time_ in times)
    return above / below if below else 0.0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
