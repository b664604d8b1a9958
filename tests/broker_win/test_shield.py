"""What is loaded behind a shield is ours alone: everybody else finds the modules as they were."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from broker_win.shield import load_shielded


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a package that imports a heavy module, and does more than that in its __init__."""
    folder = tmp_path / "shielded_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text("import heavy_sample\nSEEN = heavy_sample.WHAT\n")
    (folder / "part.py").write_text(
        "import heavy_sample\nfrom shielded_sample import other\nSEEN = heavy_sample.WHAT\n"
    )
    (folder / "other.py").write_text("NAME = __name__\n")
    (tmp_path / "heavy_sample.py").write_text("WHAT = 'real'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("heavy_sample", "shielded_sample", "shielded_sample.part", "shielded_sample.other"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "shielded_sample"


def stand_in() -> dict[str, ModuleType]:
    module = ModuleType("heavy_sample")
    vars(module)["WHAT"] = "stand-in"
    return {"heavy_sample": module}


def test_given_a_package_when_loaded_behind_a_shield_then_nothing_of_it_stays_behind(package: str) -> None:
    part, other = load_shielded(package, ["part", "other"], stand_in())
    assert (vars(part)["SEEN"], vars(other)["NAME"]) == ("stand-in", "shielded_sample.other")
    assert vars(part)["other"] is other
    assert {"heavy_sample", package, f"{package}.part", f"{package}.other"}.isdisjoint(sys.modules)


def test_given_modules_that_are_there_when_others_are_loaded_behind_a_shield_then_they_stay(package: str) -> None:
    whole = importlib.import_module(f"{package}.part")
    before = dict(sys.modules)
    [part] = load_shielded(package, ["part"], stand_in())
    assert (vars(whole)["SEEN"], vars(part)["SEEN"]) == ("real", "stand-in")
    assert sys.modules == before


def test_given_a_module_that_cannot_be_loaded_when_tried_then_the_modules_are_as_they_were(package: str) -> None:
    importlib.import_module(package)
    before = dict(sys.modules)
    with pytest.raises(ImportError):
        load_shielded(package, ["part", "missing"], stand_in())
    assert sys.modules == before
    with pytest.raises(ImportError):
        load_shielded("no_such_package_sample", ["part"], {})
