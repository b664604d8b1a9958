"""The proof of the Windows PC's packages finds each fault that is planted, and none in what is locked."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tools import lock_windows
from tools.lock_windows import Pin, disagreements, misfits, read_lock, read_wanted, sha256, too_old

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
HASH = "a" * 64


def a_wheel(folder: Path, name: str = "thing-1.0-py3-none-any.whl", *asks: str) -> Path:
    """Write a wheel that holds its metadata only."""
    wheel = folder / name
    with ZipFile(wheel, "w") as archive:
        wanted = "".join(f"Requires-Dist: {one}\n" for one in asks)
        archive.writestr("thing-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n{wanted}")
    return wheel


@pytest.mark.parametrize(
    "line",
    ["grpcio==1", f"grpcio>=1 --hash=sha256:{HASH}", "grpcio==1 --hash=sha256:abc", f"Grpc_IO==1 --hash=sha256:{HASH}"],
)
def test_given_a_line_without_version_or_hash_when_read_then_it_is_named(line: str) -> None:
    found, wrong = read_lock(f"# made\n{line}\n")
    assert found == {}
    assert len(wrong) == 1


def test_given_a_name_twice_when_read_then_it_is_named() -> None:
    _, wrong = read_lock(f"a==1 --hash=sha256:{HASH}\na==2 --hash=sha256:{HASH}\n")
    assert len(wrong) == 1


def test_given_the_lock_of_this_tree_when_read_then_each_line_is_a_pin_and_the_control_can_be_reached() -> None:
    found, wrong = read_lock((REQUIREMENTS / "windows.lock").read_text())
    assert wrong == []
    assert {"grpcio", "protobuf", "pyqt5", "pykiwoom"} <= found.keys()
    assert found["pyqt5-qt5"].version == "5.15.2"
    assert found.keys().isdisjoint({"pandas", "numpy", "msgspec", "polars", "pydantic", "pywin32"})


def test_given_what_is_wanted_when_not_locked_or_older_then_it_is_named() -> None:
    wanted = read_wanted("# why\na\nb==2 # why\nc>=1\n")
    locked = {"b": Pin("1", HASH), "c": Pin("1", HASH)}
    assert disagreements(locked, wanted, {}) == [
        "a is wanted, nothing is locked for Windows",
        "b==2 is wanted, 1 is locked for Windows",
    ]


def test_given_another_version_in_another_lock_when_compared_then_both_are_named() -> None:
    locked = {"a": Pin("1", HASH), "b": Pin("1", HASH)}
    assert disagreements(locked, [Requirement("a")], {"a": "2", "b": "1", "z": "9"}) == [
        "a: 2 elsewhere, 1 for Windows (make lock)"
    ]


def test_given_packages_older_than_the_stubs_when_compared_then_each_stub_is_named(tmp_path: Path) -> None:
    (tmp_path / "a_pb2_grpc.py").write_text("GRPC_GENERATED_VERSION = '1.85.1'\n")
    (tmp_path / "a_pb2.py").write_text("# Protobuf Python Version: 7.35.1\n")
    good = {"grpcio": Pin("1.85.1", HASH), "protobuf": Pin("8.1.0", HASH)}
    assert too_old(good, tmp_path) == []
    old = {"grpcio": Pin("1.85.0", HASH), "protobuf": Pin("7.35.0", HASH)}
    assert len(too_old(old, tmp_path)) == 2
    assert len(too_old(good | {"protobuf": Pin("9.0.0", HASH)}, tmp_path)) == 1
    assert len(too_old({}, tmp_path)) == 2


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("thing-1.0-py3-none-any.whl", True),
        ("thing-1.0-cp311-cp311-win32.whl", True),
        ("thing-1.0-cp38-abi3-win32.whl", True),
        ("thing-1.0-py3-none-win32.whl", True),
        ("thing-1.0-cp311-cp311-win_amd64.whl", False),
        ("thing-1.0-cp312-cp312-win32.whl", False),
        ("thing-1.0-cp311-cp311-manylinux2014_x86_64.whl", False),
    ],
)
def test_given_a_wheel_when_looked_at_then_only_what_runs_on_the_pc_fits(tmp_path: Path, name: str, fits: bool) -> None:
    wheel = a_wheel(tmp_path, name)
    wrong = misfits({"thing": wheel}, {"thing": Pin("1.0", sha256(wheel))})
    assert wrong == ([] if fits else [f"{name} is not for 32-bit Python 3.11 on Windows"])


def test_given_what_a_wheel_asks_for_when_not_locked_then_it_is_named_for_windows_only(tmp_path: Path) -> None:
    asks = [
        "colorama>=1; sys_platform == 'win32'",
        "jeepney; sys_platform == 'linux'",
        "six>=2",
        "extra1; extra == 'x'",
    ]
    wheel = a_wheel(tmp_path, "thing-1.0-py3-none-any.whl", *asks)
    six = a_wheel(tmp_path, "six-1.0-py3-none-any.whl")
    locked = {"thing": Pin("1.0", HASH), "six": Pin("1.0", HASH)}
    assert [line.split(",", 1)[1] for line in misfits({"thing": wheel, "six": six}, locked)] == [
        " nothing is locked for Windows",
        " 1.0 is locked for Windows",
    ]


def test_given_pykiwoom_when_it_asks_for_what_is_shielded_then_nothing_is_wrong(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path, "pykiwoom-1.0-py3-none-any.whl", "pandas", "pywin32")
    assert misfits({"pykiwoom": wheel}, {"pykiwoom": Pin("1.0", HASH)}) == []


def test_given_a_locked_package_without_its_wheel_when_proven_then_it_is_named() -> None:
    assert misfits({}, {"a": Pin("1", HASH)}) == ["a: no wheel with the locked hash"]


def test_given_wheels_of_the_last_time_when_fetched_then_no_registry_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a registry was asked")

    monkeypatch.setattr(lock_windows, "pip_download", refuse)
    wheel = a_wheel(tmp_path)
    assert lock_windows.fetch({"thing": Pin("1.0", sha256(wheel))}, tmp_path / "no.lock", tmp_path) == {"thing": wheel}


def test_given_no_registry_when_checked_then_it_is_said_and_not_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: object) -> None:
        raise lock_windows.Unreachable("no route")

    monkeypatch.setattr(lock_windows, "pip_download", unreachable)
    monkeypatch.setattr(lock_windows, "WHEELS", tmp_path)
    assert lock_windows.check() == []
    assert "not checked: no registry: no route" in capsys.readouterr().out
