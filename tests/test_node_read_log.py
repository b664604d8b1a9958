"""The Node example reads the log of a trader through DeskService, loses its connection and resumes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from actors.edges import desk_log
from tests.actors.test_desk_log import serving, write

NODE = Path(__file__).resolve().parent.parent / "examples/node"

pytestmark = pytest.mark.processes


def read_log(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the example. Without Node the tests are skipped, but never in CI."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules/@connectrpc").exists():
        assert not os.environ.get("CI"), "CI must install Node and the packages of examples/node"
        pytest.skip("Node or the packages of examples/node are not installed")
    command = [node, "read_log.js", *arguments]
    return subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("wanted", [(), ("--types", "OrderApproved,OrderCancelled"), ("--symbol", "120110")])
def test_given_a_log_when_the_node_client_loses_its_connection_then_it_resumes_without_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: tuple[str, ...]
) -> None:
    monkeypatch.setattr(desk_log, "WINDOW", 4)
    with serving(tmp_path / "day.db") as desk:
        write(desk.log, 400)
        done = read_log("--desk", desk.address, "--until", "400", *wanted)
        fits = {(): 400, ("--types", "OrderApproved,OrderCancelled"): 80, ("--symbol", "120110"): 40}[wanted]
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dropped   behind #" in done.stdout
    assert done.stdout.splitlines()[-2:] == [f"resumed   {fits} events up to #400, none missing, none twice", "ok"]


def test_given_a_wrong_type_when_the_node_client_reads_then_it_shows_the_typed_detail(tmp_path: Path) -> None:
    with serving(tmp_path / "day.db") as desk:
        write(desk.log, 3)
        done = read_log("--desk", desk.address, "--until", "3", "--types", "Nonsense")
    assert done.returncode == 1
    assert "field types=Nonsense" in done.stderr


def test_given_a_wrong_option_when_the_node_client_starts_then_it_exits_2() -> None:
    assert read_log("--nonsense").returncode == 2
