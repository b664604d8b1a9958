"""The calendar's exceptions of a home folder, and reading them again."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from cli.krx_hours import load_hours, load_overrides, packaged_table
from domain.errors import ConfigError
from domain.krx.calendar import is_session
from domain.krx.sessions import regular_session


def closed(home: Path, *days: str) -> Path:
    table = home / "krx.toml"
    table.write_text("".join(f"[[day]]\ndate = {day}\nclosed = true\n" for day in days))
    return table


def test_given_no_table_of_its_own_when_loaded_then_the_packaged_one_holds(tmp_path: Path) -> None:
    found = load_overrides(tmp_path)
    assert found["2026-11-19"] == found["2025-11-13"] == ("10:00", "16:30")
    assert found == packaged_table().overrides


def test_given_all_three_when_loaded_then_the_settings_win_over_the_table_and_it_over_the_package(
    tmp_path: Path,
) -> None:
    closed(tmp_path, "2026-11-19", "2027-03-03")
    found = load_overrides(tmp_path, {"2027-03-03": ("10:00", "15:30")})
    assert found["2026-11-19"] == ("", "")
    assert found["2027-03-03"] == ("10:00", "15:30")
    assert found["2025-11-13"] == ("10:00", "16:30")


def test_given_a_running_process_when_the_file_changes_then_it_is_read_again_and_only_then(tmp_path: Path) -> None:
    first = load_hours(tmp_path, {"2027-01-04": ("10:00", "15:30")})
    assert first.refreshed() is first
    table = closed(tmp_path, "2027-03-03")
    second = first.refreshed()
    assert second.overrides["2027-03-03"] == ("", "")
    assert second.overrides["2027-01-04"] == ("10:00", "15:30")
    assert second.refreshed() is second
    was = table.stat()
    closed(tmp_path, "2027-03-04")  # as long as before
    os.utime(table, ns=(was.st_atime_ns, was.st_mtime_ns + 1))
    third = second.refreshed()
    assert "2027-03-03" not in third.overrides
    assert third.overrides["2027-03-04"] == ("", "")
    table.unlink()
    assert third.refreshed().overrides == first.overrides


def test_given_a_table_that_became_bad_when_read_again_then_it_is_named_and_the_old_one_stays(tmp_path: Path) -> None:
    table = closed(tmp_path, "2027-03-03")
    now = load_hours(tmp_path)
    table.write_text("[[day]]\ndate = 2027-03-03\n")
    with pytest.raises(ConfigError, match=r"krx\.toml: 2027-03-03: expected closed"):
        now.refreshed()
    assert now.overrides["2027-03-03"] == ("", "")
    assert regular_session(date(2027, 3, 3), now.overrides) is None


def test_given_an_unreadable_table_when_loaded_then_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "krx.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"krx\.toml: cannot be read"):
        load_overrides(tmp_path)
    (tmp_path / "krx.toml").unlink()
    (tmp_path / "krx.toml").mkdir()
    with pytest.raises(ConfigError, match=r"krx\.toml: cannot be read"):
        load_overrides(tmp_path)


@pytest.mark.parametrize(("year", "sessions"), [(2026, 244), (2027, 245)])
def test_given_the_packaged_table_when_a_year_is_counted_then_it_adds_and_closes_no_day(
    tmp_path: Path, year: int, sessions: int
) -> None:
    overrides = load_overrides(tmp_path)
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    assert sum(is_session(day, overrides) for day in days) == sessions


def test_given_the_example_of_the_documentation_when_read_then_it_says_what_the_text_says(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "krx.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "krx.toml").write_text(example, encoding="utf-8")
    found = load_overrides(tmp_path)
    assert {day: found[day] for day in ("2027-03-03", "2027-11-18", "2027-11-25")} == {
        "2027-03-03": ("", ""), "2027-11-18": ("10:00", "16:30"), "2027-11-25": ("09:00", "15:30"),
    }  # fmt: skip
