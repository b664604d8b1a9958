"""The audit of packages finds each fault that is planted, and none in what is locked."""

import hashlib
from base64 import urlsafe_b64encode
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.version import Version

from tools import audit


@pytest.mark.parametrize("line", ["grpcio>=1.85", "grpcio", "Grpc_IO==1", "grpcio==", "a==1\na==1"])
def test_given_a_lock_with_a_line_that_pins_nothing_when_read_then_the_line_is_named(line: str) -> None:
    _, wrong = audit.pins(f"# made by make\n{line}\n", "base")
    assert len(wrong) == 1
    assert wrong[0].startswith("base: ")


def test_given_a_lock_when_read_then_each_package_has_its_version() -> None:
    assert audit.pins("# x\na==1\nb-c==2.0  # why\n\n", "base") == ({"a": "1", "b-c": "2.0"}, [])


def test_given_a_line_for_other_machines_when_read_then_it_is_not_wanted_here() -> None:
    text = "a==1 ; sys_platform == 'no-such-system'\nb==2 ; sys_platform != 'no-such-system'\n"
    assert audit.pins(text, "dev") == ({"b": "2"}, [])


def test_given_missing_packages_when_checked_then_only_what_is_shielded_on_purpose_is_allowed() -> None:
    complaints = """\
pykiwoom 0.1.6 requires pandas, which is not installed.
pykiwoom 0.1.6 requires pyqt5, which is not installed.
other 0.1.6 requires pandas, which is not installed.
pykiwoom 0.1.6 has requirement pandas>9, but you have pandas 2.0.3."""
    assert audit.unmet(complaints) == complaints.splitlines()[1:]


def test_given_two_locks_that_disagree_when_compared_then_both_are_named() -> None:
    assert audit.conflicts({"base": {"a": "1", "b": "1"}, "dev": {"a": "2", "b": "1"}}) == [
        "a: base pins 1, dev pins 2"
    ]


def test_given_a_version_with_a_known_hole_when_locked_then_it_is_named() -> None:
    assert audit.below_floors({"cryptography": "44.0.0", "h11": "0.16.0", "other": "0.1"}) == [
        "cryptography 44.0.0: 44.0.1 closed CVE-2024-12797"
    ]
    assert all(Version(floor) for floor, _ in audit.FLOORS.values())


def test_given_a_pin_that_is_not_installed_when_compared_then_it_is_named() -> None:
    here = distribution("grpcio").version
    assert audit.not_installed({"grpcio": here}) == []
    [other, missing] = audit.not_installed({"grpcio": "0.1", "no-such-package-here": "1"})
    assert f"0.1 is locked, {here} is installed" in other
    assert "1 is locked, missing is installed" in missing


def test_given_another_environment_when_compared_then_its_packages_count_and_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "thing-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
    assert audit.not_installed({"thing": "1"}, [str(tmp_path)]) == []
    [ours] = audit.not_installed({"grpcio": "1"}, [str(tmp_path)])
    assert "missing is installed" in ours


def test_given_an_installed_file_when_it_is_changed_or_gone_then_it_is_named(tmp_path: Path) -> None:
    files = {"thing/a.py": b"one", "thing/b.py": b"two", "thing/c.py": b"three"}
    folder = tmp_path / "thing-1.dist-info"
    folder.mkdir()
    (tmp_path / "thing").mkdir()
    record = []
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        value = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={value},{len(content)}")
    (folder / "RECORD").write_text("\n".join([*record, "thing-1.dist-info/RECORD,,"]))
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
    package = Distribution.at(folder)
    assert audit.changed_files(package) == []
    (tmp_path / "thing/a.py").write_bytes(b"import os")
    (tmp_path / "thing/b.py").unlink()
    assert sorted(audit.changed_files(package)) == [
        "thing: thing/a.py was changed after it was installed",
        "thing: thing/b.py is missing",
    ]
