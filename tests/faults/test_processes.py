"""Faults of the disk and of the code under a real trader process: exit code, output, and how the next start behaves."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.replay import replay_here
from persistence.verify import verify
from tests.processes.harness import DEADLINE_S, Place, a_place, assert_books_agree, stopped, the_log, wait_until

pytestmark = pytest.mark.processes
FAULTY = "tests.faults.faulty_trader"


@contextlib.contextmanager
def a_small_disk(at: Path, *how: str) -> Iterator[None]:
    """Mount a small file system; skips the test where that is not allowed."""
    at.mkdir()
    if shutil.which("mount") is None or not done("mount", *how, str(at)):
        pytest.skip("mounting a file system needs to be root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def done(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def filled(disk: Path) -> Path:
    """Fill a small disk; give the file that does."""
    assert disk.is_mount(), f"{disk} expected a disk of its own: this fills it"
    space = os.statvfs(disk)
    assert space.f_blocks * space.f_frsize < 64 << 20
    path = disk / "fill"
    with path.open("wb", buffering=0) as sink, contextlib.suppress(OSError):
        for _ in range(64 << 8):
            sink.write(bytes(4096))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path, orders_at_broker=True) as one:
        yield one


def last_line(place: Place, name: str = "trader") -> str:
    return place.said(name).strip().splitlines()[-1]


def a_broker_elsewhere(place: Place) -> None:
    """Start a broker whose own home is elsewhere, as on another machine."""
    serve = ("broker", "serve", "sim", "--port", str(place.port), "--symbols", "120110,001430", "--speed", "200")
    child = place.spawn("broker", *serve, HANTRADE_HOME=str(place.root / "elsewhere"))
    wait_until(lambda: "listens on" in place.said("broker") or child.poll() is not None, "the broker")


def refused_start(place: Place, *args: str, module: str = "cli.main", code: int = 1) -> str:
    """Start a trader that must not come up; give its last line."""
    child = place.spawn("refused", *args, "start", module=module)
    assert child.wait(DEADLINE_S) == code, place.said("refused")
    assert place.runs(child) is None
    return last_line(place, "refused")


def assert_halted_until_resumed(place: Place, why: str) -> None:
    """Check that the new run is shut, says why, and trades again once a person says so."""
    assert why in place.run("status", "--json").json["gate_reason"]
    assert place.status().day == "HALTED"
    assert place.run("resume").code == 1
    assert place.run("resume", "--note", "mended").code == 0
    place.until()


def test_given_a_disk_that_fills_up_when_trading_then_it_halts_cancels_and_goes_on_once_there_is_space(
    place: Place,
) -> None:
    with a_small_disk(place.home, "-t", "tmpfs", "-o", "size=8m", "hantrade-test"):
        a_broker_elsewhere(place)
        trader = place.trader()
        place.until()
        resting = place.submit("buy", "120110", "1", "--price", "40000")
        place.until_order(resting, "WORKING")
        fill = filled(place.home)
        wait_until(lambda: place.status().day == "HALTED", "the halt")
        assert "no space is left on its disk" in place.run("status", "--json").json["gate_reason"]
        assert "Free space on the disk, stop and start the trader, then `hantrade resume --note`." in place.said(
            "trader"
        )
        place.until_order(resting, "CANCELLED")
        assert place.run("orders", "submit", "buy", "120110", "1").code == 1
        stopped(place, trader)
        fill.unlink()
        trader = place.trader()
        assert_halted_until_resumed(place, "no space is left")
        stopped(place, trader)
        assert verify(the_log(place)).ok
        assert replay_here(the_log(place)).identical
        place.clean_up()


def test_given_a_log_held_locked_when_trading_then_the_process_ends_and_the_next_start_goes_on(place: Place) -> None:
    place.broker(speed=200)
    trader = place.trader()
    place.until()
    resting = place.submit("buy", "120110", "1", "--price", "40000")
    place.until_order(resting, "WORKING")
    with contextlib.closing(sqlite3.connect(the_log(place), isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert trader.wait(DEADLINE_S) == 1
        assert "the core failed" in last_line(place)
        assert "another program holds it locked" in last_line(place)
        alert = "The process ends; start the trader again."
        assert alert in place.said("trader")
        other.execute("ROLLBACK")
    trader = place.trader()
    place.until()
    place.until_order(resting, "WORKING")
    stopped(place, trader)
    assert_books_agree(place)


def test_given_a_file_system_that_becomes_read_only_when_trading_then_the_process_ends_and_says_so(
    place: Place,
) -> None:
    image = place.root / "disk"
    with image.open("wb") as sink:
        sink.truncate(24 << 20)
    if shutil.which("mkfs.ext4") is None or not done("mkfs.ext4", "-q", "-F", str(image)):
        pytest.skip("mkfs.ext4 is not there")
    with a_small_disk(place.home, "-o", "loop", str(image)):
        a_broker_elsewhere(place)
        trader = place.trader()
        place.until()
        resting = place.submit("buy", "120110", "1", "--price", "40000")
        place.until_order(resting, "WORKING")
        assert done("mount", "-o", "remount,abort", str(place.home)), "what the kernel does after a write error"
        assert trader.wait(DEADLINE_S) == 1, place.said("trader")
        assert "the core failed" in last_line(place)
        assert "its file system is read-only; make it writable" in last_line(place)
        assert "Read-only file system" in refused_start(place, code=2)
        assert place.said("refused").count("\n") == 1
    place.home.rmdir()
    with a_small_disk(place.home, "-o", "loop", str(image)):
        trader = place.trader()
        place.until()
        place.until_order(resting, "WORKING")
        stopped(place, trader)
        assert verify(the_log(place)).ok
        assert replay_here(the_log(place)).identical


def test_given_a_role_that_raises_when_trading_then_it_halts_and_a_version_without_the_bug_goes_on(
    place: Place,
) -> None:
    place.broker(speed=200)
    trader = place.spawn("trader", "risk-manager", "start", module=FAULTY)
    wait_until(lambda: place.runs(trader), "the trader")
    place.until()
    resting = place.submit("buy", "120110", "1", "--price", "40000")
    wait_until(lambda: place.status().day == "HALTED", "the halt")
    why = "role risk_manager failed: ZeroDivisionError: a bug of ours (evolving over OrderStateChanged)"
    assert place.run("status", "--json").json["gate_reason"] == f"halted: {why}"
    refused = place.run("resume", "--note", "looks fine")
    assert refused.code == 1
    assert "role risk_manager cannot be trusted before the next start" in refused.err
    assert "Trading is halted, open orders are cancelled. Stop and start the trader" in place.said("trader")
    place.until_order(resting, "REJECTED")  # approved, then the gate shut before it was sent
    stopped(place, trader)
    assert "AlertSender" in refused_start(place, "alerts-start", module=FAULTY)
    trader = place.trader()
    assert_halted_until_resumed(place, why)
    stopped(place, trader)
    assert verify(the_log(place)).ok
