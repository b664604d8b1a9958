"""The Windows process imports with what its PC has: the standard library there, the locked packages, our own roots."""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tools.lock_windows import read_lock

ROOT = Path(__file__).parents[2]
OURS = {"broker", "broker_win", "domain", "fsm", "hantrade"}
BUILDS = {"hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}  # not at run time
CONTROL = {"PyQt5", "pykiwoom"}  # for broker_win/ocx.py alone
# Our code may not ask for them; `resource` is asked for behind a look at the platform, and how it is used there is
# checked by `mypy --platform win32` (make lint).
UNIX = {"fcntl", "grp", "posix", "pty", "pwd", "syslog", "termios", "tty"}

# Runs in a fresh process. The standard library itself may use what is Unix only; here it does, on the PC it does not.
PROBE = """
import importlib, json, sys
allowed, ours, unix, modules, root = json.loads(sys.stdin.read())
sys.path.insert(0, root)

def importer():
    frame = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return "" if frame is None else frame.f_globals.get("__name__", "").partition(".")[0]

class OnlyWhatThePcHas:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in unix and importer() in ours:
            raise ModuleNotFoundError(f"{top} is not on Windows")
        if top not in sys.stdlib_module_names and top not in allowed:
            raise ModuleNotFoundError(f"{top} is not in windows.lock")
        return None

sys.meta_path.insert(0, OnlyWhatThePcHas())
for top in unix:  # one that is loaded already would never be asked for again
    sys.modules.pop(top, None)
failed = {}
for name in modules:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps({"failed": failed, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def locked_names() -> set[str]:
    """Give the names under which the packages of windows.lock are imported."""
    found, wrong = read_lock((ROOT / "requirements" / "windows.lock").read_text())
    assert wrong == []
    wanted = found.keys() - BUILDS
    return {
        name
        for name, packages in packages_distributions().items()
        if wanted & {canonicalize_name(package) for package in packages}
    }


def probe(modules: list[str], allowed: set[str]) -> tuple[dict[str, str], set[str]]:
    """Import modules in a process of their own: what failed and why, and the top names that were loaded."""
    asked = json.dumps([sorted(allowed), sorted(OURS), sorted(UNIX), modules, str(ROOT)])
    ran = subprocess.run(
        [sys.executable, "-c", PROBE], input=asked, capture_output=True, text=True, check=True, cwd=ROOT
    )
    said = json.loads(ran.stdout.splitlines()[-1])
    return said["failed"], set(said["loaded"])


def process_modules() -> list[str]:
    """Name every module of broker_win outside the control's and the emulator."""
    folder = ROOT / "broker_win"
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if name != "broker_win.ocx" and not name.startswith("broker_win.emulator")]


def test_given_the_packages_of_the_pc_when_each_module_is_imported_then_nothing_else_is_needed() -> None:
    modules = process_modules()
    assert len(modules) > 10
    allowed = (locked_names() - CONTROL) | OURS
    failed, loaded = probe(modules, allowed)
    assert failed == {}
    assert {"broker", "domain", "grpc", "transitions"} <= loaded  # it did import
    assert loaded.isdisjoint({"msgspec", "pandas", "polars", "pydantic", "typer", "rich", "structlog", "PyQt5"})


def test_given_qt_and_pykiwoom_too_when_the_control_is_imported_then_pandas_and_pywin32_are_not_needed() -> None:
    failed, _ = probe(["broker_win.ocx"], locked_names() | OURS)
    assert failed == {}


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("msgspec", "msgspec is not in windows.lock"),
        ("pykiwoom.kiwoom", "pykiwoom is not in windows.lock"),
        ("broker_sim.backend", "broker_sim is not in windows.lock"),
    ],
)
def test_given_what_the_pc_lacks_when_imported_then_it_is_refused(module: str, why: str) -> None:
    failed, _ = probe([module], (locked_names() - CONTROL) | OURS)
    assert failed == {module: f"ModuleNotFoundError: {why}"}
