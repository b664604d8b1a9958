"""A slice of the chaos suite: twenty kills and every fault of the wires once, on real processes."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chaos.__main__ import main

KILLS = 20
SEED = 20260113
DEADLINE_S = 60


def processes_of(folder: Path) -> list[str]:
    """Give the command lines that name a folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_given_a_run_when_interrupted_then_no_process_of_it_is_left(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "chaos", "--only", "slice", "--seed", "1", "--out", str(tmp_path)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + DEADLINE_S
        while len(processes_of(tmp_path)) < 4:  # itself, two brokers and the trader
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(number)
        out, err = run.communicate(timeout=DEADLINE_S)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 130, err
    assert processes_of(tmp_path) == []
    assert json.loads(out.splitlines()[-1])["scenarios"] == 0


@pytest.mark.processes
@pytest.mark.timeout(900)
def test_given_twenty_kills_and_damaged_wires_when_all_is_quiet_then_nothing_is_lost_doubled_or_booked_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["--only", "slice", "--kills", str(KILLS), "--seed", str(SEED), "--turn", "0", "--out", str(tmp_path)]
    code = main([*wanted, "--minutes", "14"])
    said = capsys.readouterr().out
    result = json.loads(said.splitlines()[-1])
    assert code == 0, said
    assert (result["scenarios"], result["kills"], result["failures"]) == (1, KILLS, [])
    assert (result["lost"], result["doubled"]) == (0, 0)
    assert result["books_agree"]
    assert result["replay_identical"]
    assert result["orders"] > 0
    assert result["recovery_ms_p50"] <= result["recovery_ms_p99"]
