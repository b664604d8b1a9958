"""The plan of the house holds: arrows point down, pure code is pure, imports do nothing, one file knows the mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layer_rules import ARROWS, violations

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "hantrade/v1/"


def sources() -> list[str]:
    """List our source files, generated ones left out."""
    paths = (path.relative_to(ROOT).as_posix() for root in ARROWS for path in (ROOT / root).rglob("*.py"))
    return sorted(path for path in paths if not path.startswith(GENERATED))


def test_given_the_project_when_it_is_read_then_every_rule_of_the_house_holds() -> None:
    broken = [one for path in sources() for one in violations(path, (ROOT / path).read_text(encoding="utf-8"))]
    assert not broken, "\n" + "\n".join(broken)


def test_given_the_project_when_its_roots_are_listed_then_each_has_its_rules() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench", "chaos", "tools"} <= set(ARROWS)
    assert len(sources()) > 20


@pytest.mark.parametrize(
    ("path", "source", "says"),
    [
        ("fsm/a.py", "from domain import types", "fsm may not import domain"),
        ("domain/a.py", "import persistence.log", "domain may not import persistence"),
        ("domain/a.py", "def f():\n    from actors.core import role", "domain may not import actors"),
        ("domain/a.py", "from ..actors import core", "domain may not import actors"),
        ("domain/krx/a.py", "from ...broker import port", "domain may not import broker"),
        ("strategies/a.py", "from broker.port import Guard", "strategies may not import broker"),
        ("persistence/a.py", "import broker.translate", "persistence may not import broker"),
        ("broker/a.py", "import broker_sim", "broker may not import broker_sim"),
        (
            "broker_sim/a.py",
            "import importlib\nimportlib.import_module('actors.core')",
            "broker_sim may not import actors",
        ),
        ("actors/core/a.py", "from cli import compose", "actors may not import cli"),
        ("cli/a.py", "import tests.conftest", "cli may not import tests"),
        (
            "domain/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import trends",
            "domain may not import trends",
        ),
        ("domain/a.py", "import msgspec", "domain may not import the package msgspec"),
        ("broker/a.py", "import polars", "broker may not import the package polars"),
        ("persistence/a.py", "from hantrade.v1 import broker_pb2", "protobuf stays at the wire"),
        ("actors/roles/a.py", "from google.protobuf import timestamp_pb2", "protobuf stays at the wire"),
        ("actors/roles/a.py", "from transitions import Machine", "transitions is used in fsm only"),
        ("domain/a.py", "import time", "may not import time"),
        ("domain/a.py", "def f():\n    import random", "may not import random"),
        ("strategies/a.py", "from threading import Thread", "may not import threading"),
        ("fsm/a.py", "import logging", "may not import logging"),
        ("actors/roles/a.py", "import grpc", "may not import grpc"),
        ("domain/a.py", "def f():\n    return open('x')", "may not call open()"),
        ("strategies/a.py", "def f():\n    print(1)", "may not call print()"),
        (
            "domain/a.py",
            "from datetime import datetime\ndef f():\n    return datetime.now()",
            "may not read a clock: .now",
        ),
        ("domain/a.py", "import datetime\ndef f():\n    return datetime.date.today()", "may not read a clock: .today"),
        ("domain/a.py", "SEEN = []\ndef f():\n    SEEN.append(1)", "SEEN.append()"),
        ("domain/a.py", "SEEN: dict[int, int] = {}\ndef f():\n    SEEN[1] = 2", "SEEN is written"),
        ("actors/roles/a.py", "N = 0\ndef f():\n    global N\n    N += 1", "global N"),
        ("broker/a.py", "import grpc\nCHANNEL = grpc.insecure_channel('x')", "insecure_channel() runs at import"),
        ("cli/a.py", "class A:\n    x = open('y')", "open() runs at import"),
        ("cli/a.py", "import os\nHOME = os.environ['HOME']", "the environment is read at import"),
        ("trends/a.py", "def f(x=open('y')): ...", "open() runs at import"),
        ("actors/a.py", "def f(mode): ...", "a parameter named mode"),
        ("broker_sim/a.py", "def f(*, dry_run=False): ...", "a parameter named dry_run"),
        ("actors/a.py", "def f(c):\n    if c.mode == 'live':\n        return 1", "a decision on mode"),
        ("cli/start.py", "def f(c):\n    match c.mode:\n        case 'x': ...", "a decision on mode"),
        ("actors/a.py", "def f(c):\n    return 1 if c.is_live else 2", "a decision on is_live"),
    ],
)
def test_given_a_planted_fault_when_it_is_read_then_it_is_named(path: str, source: str, says: str) -> None:
    assert any(says in one for one in violations(path, source)), violations(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/a.py", "from fsm.client_order import next_state\nfrom datetime import datetime, time"),
        ("domain/a.py", "TABLE = {1: 2}\ndef f(x):\n    TABLE_ = dict(TABLE)\n    TABLE_[1] = x\n    return TABLE[1]"),
        ("domain/a.py", "SEEN = ()\ndef f():\n    SEEN = []\n    SEEN.append(1)\n    return SEEN"),
        ("cli/compose.py", "def bind(mode):\n    if mode == 'live':\n        return 1"),
        ("broker/a.py", "from hantrade.v1 import broker_pb2\nimport time\ndef f():\n    return time.time_ns()"),
        ("cli/start.py", "def start(live):\n    if live:\n        raise ValueError('not built')"),
        ("broker_sim/a.py", "if __name__ == '__main__':\n    print(open('x').read())"),
    ],
)
def test_given_sound_code_when_it_is_read_then_nothing_is_named(path: str, source: str) -> None:
    assert violations(path, source) == []


WATCH = """
import sys
watched = {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"}
ours = sys.argv[1]
seen = []
def from_us():
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(ours) and ".venv" not in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
def hook(event, arguments):
    written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if (event in watched or written or event == "_thread.start_new_thread") and from_us():
        seen.append(f"{event} {arguments[0]!r}")
sys.addaudithook(hook)
sys.path.insert(0, ours)
import importlib
for name in sys.argv[2:]:
    importlib.import_module(name)
print("\\n".join(seen))
"""


def what_importing_does(folder: Path, modules: list[str]) -> list[str]:
    """Import modules in a fresh process; name connections, threads, processes and written files."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, str(folder), *modules],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr.strip().split("\n")[-1]
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def test_given_every_module_when_it_is_imported_then_nothing_happens_outside() -> None:
    modules = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in sources()]
    modules = [name for name in modules if not name.endswith("__main__")]
    assert what_importing_does(ROOT, modules) == []


def test_given_a_module_with_effects_when_it_is_imported_then_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "import sqlite3\nsqlite3.connect(':memory:')\nopen(__file__ + 'x', 'w').close()\n"
    )
    seen = what_importing_does(tmp_path, ["planted"])
    assert len(seen) == 2
    assert seen[0].startswith("sqlite3.connect")
