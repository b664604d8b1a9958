"""A slice of the chaos suite: twenty kills and every fault of the wires once, on real processes."""

import json
from pathlib import Path

import pytest

from chaos.__main__ import main

KILLS = 20
SEED = 20260113


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
