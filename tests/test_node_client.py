"""Clients that are not Python meet the real server: the Node example and `buf curl`, over gRPC on loopback."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from broker.port import BrokerBackend
from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from broker_sim.recording import Recording
from cli.sample import sample_path
from domain.messages.orders import OrderFact
from hantrade.v1 import types_pb2

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / "examples/node"
BUF = Path(sys.executable).parent / "buf"

pytestmark = pytest.mark.processes


def first_line(process: subprocess.Popen[str], within_s: float) -> str:
    """Give the first line a process prints, or what it printed until it ended or the time was over."""
    assert process.stdout is not None
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if select.select([process.stdout], [], [], 0.1)[0]:
            return process.stdout.readline()
    return ""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `hantrade broker serve sim` as its own process on a free port; give host:port."""
    home = tmp_path_factory.mktemp("node")
    log = home / "stderr.txt"
    command = ["broker", "serve", "sim", "--port", "0", "--speed", "60", "--symbols", "120110", "--home", str(home)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        line = first_line(process, within_s=30)
        assert " listens on 127.0.0.1:" in line, line + log.read_text()
        yield line.split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def run_client(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the Node client. Without Node the tests are skipped, but never in CI."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules/@connectrpc").exists():
        assert not os.environ.get("CI"), "CI must install Node and the packages of examples/node"
        pytest.skip("Node or the packages of examples/node are not installed")
    return subprocess.run(
        [node, "client.js", *arguments], cwd=NODE, capture_output=True, text=True, check=False, timeout=60
    )


def test_given_a_broker_when_the_node_client_loses_its_connection_then_events_resume_without_gap(broker: str) -> None:
    done = run_client("--broker", broker, "--symbol", "120110")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for head in ("session   SIMULATED", "refused   NotFound", "deadline ", "quote ", "receipt   SENT buy", "dropped "):
        assert any(line.startswith(head) for line in lines), head
    assert "reason UNKNOWN_SYMBOL" in done.stdout
    assert lines[-1] == "ok"
    assert lines[-2].startswith("resumed   events 1 to ")


def test_given_a_second_round_when_the_node_client_starts_then_it_resumes_behind_the_first(broker: str) -> None:
    assert run_client("--broker", broker).returncode == 0
    done = run_client("--broker", broker)
    assert done.returncode == 0, done.stdout + done.stderr


class Shifted(SimBackend):
    """A broken broker: a resumed order session begins `shift` events off."""

    shift = 0

    def order_events(self, after_seq: int) -> AsyncIterator[OrderFact]:
        return super().order_events(max(after_seq + self.shift, 0) if after_seq else 0)


@pytest.mark.parametrize(("shift", "says"), [(1, "expected event 2, was 3"), (-1, "expected event 2, was 1")])
def test_given_a_broker_that_skips_or_repeats_when_the_node_client_resumes_then_it_fails(
    shift: int, says: str, tmp_path: Path
) -> None:
    recording = Recording.load(sample_path(), None, ("120110",))

    @asynccontextmanager
    async def backend() -> AsyncIterator[BrokerBackend]:
        made = Shifted.recorded(recording, tmp_path / "journal.db", cash=10_000_000, commission_ppm=150, speed=60)
        assert isinstance(made, Shifted)
        made.shift = shift
        await made.start()
        yield made
        await made.close()

    server = BrokerServerThread(backend).start()
    try:
        done = run_client("--broker", server.address)
    finally:
        server.stop()
    assert done.returncode == 1
    assert says in done.stderr, done.stdout + done.stderr


def test_given_no_broker_when_the_node_client_starts_then_it_says_so() -> None:
    done = run_client("--broker", "127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.startswith("failed    Unavailable")


def test_given_an_unknown_symbol_when_the_node_client_starts_then_it_shows_the_typed_detail(broker: str) -> None:
    done = run_client("--broker", broker, "--symbol", "999999")
    assert done.returncode == 1
    assert "reason UNKNOWN_SYMBOL" in done.stderr


def curl(broker: str, method: str, body: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Call an RPC with buf, which learns the types by reflection."""
    return subprocess.run(
        [
            str(BUF),
            "curl",
            "--protocol",
            "grpc",
            "--http2-prior-knowledge",
            "-d",
            json.dumps(body),
            f"http://{broker}/{method}",
        ],
        cwd=ROOT.anchor,  # away from protos/, so that only reflection can tell the types
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_given_a_broker_when_buf_curl_asks_for_the_session_then_it_answers(broker: str) -> None:
    done = curl(broker, "hantrade.v1.BrokerService/GetSession", {})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["session"]["serverKind"] == "SERVER_KIND_SIMULATED"


def test_given_a_broker_when_buf_curl_asks_for_its_health_then_it_serves(broker: str) -> None:
    done = curl(broker, "grpc.health.v1.Health/Check", {"service": "hantrade.v1.BrokerService"})
    assert json.loads(done.stdout) == {"status": "SERVING"}, done.stderr


def test_given_an_unknown_symbol_when_buf_curl_streams_it_then_the_detail_is_typed(broker: str) -> None:
    done = curl(broker, "hantrade.v1.BrokerService/StreamQuotes", {"symbols": ["ZZZZZZ"]})
    assert done.returncode != 0
    failure = json.loads(done.stderr)
    [detail] = failure["details"]
    value = detail["value"] + "=" * (-len(detail["value"]) % 4)
    assert failure["code"] == "not_found"
    assert types_pb2.ErrorDetail.FromString(base64.b64decode(value)).reason_code == "UNKNOWN_SYMBOL"
