"""A year read by several processes: nothing in the report may show who read what."""

import importlib
import os
import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.krx.calendar import is_session
from domain.types import Side
from reports import crew
from reports.assembly import build_report
from reports.condensing import Wanted, read_condensed, read_there
from reports.crew import ENOUGH, NOBODY, Crew, Member, crew_for
from reports.logs import LogHead, Unread, account_of, head_of
from reports.model import Report
from reports.packing import Packed, unpack
from reports.reading import read_days
from tests.reports.in_process import InProcess, work_with
from tests.reports.logs import MONDAY, Writer, a_codec

BUY, SELL = Side.BUY, Side.SELL
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def a_log(folder: Path, number: int) -> Path:
    """Write a date with a round trip, one in three with shares kept overnight, the next with their sale."""
    day = [MONDAY + timedelta(days=n) for n in range(40) if is_session(MONDAY + timedelta(days=n))][number]
    log = Writer(folder / f"paper-{number:02d}.db", f"L{number}")
    kept = number % 3 == 1
    log.opens(day, held=((("005930", 10, 10_000),) if kept else ()))
    log.fill(day, 9, BUY, 10, 1_000, 10 + 10 * kept, order=log.approve(day, 9, BUY, arrival_price=999))
    log.mark(day, 10, 10_000_000 + 100 * number, 9_990_000)
    left = 10 if number % 3 == 0 else 0
    if kept or not left:
        sold = 10 + 10 * kept
        log.fill(day, 11, SELL, sold, 1_010 + number, 0, order=log.approve(day, 11, SELL, quantity=sold))
    log.mark(day, 15, 10_000_500 - 100 * number)
    return log.close()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("crew")
    return [a_log(folder, number) for number in range(7)]


def the_year(logs: list[Path]) -> Report:
    return build_report(logs, a_codec(), "year", MONDAY)


def spoil(path: Path, kind: str) -> None:
    conn = sqlite3.connect(path)
    conn.execute('UPDATE events SET payload = \'{"cash":"much"}\' WHERE type = ?', (kind,))
    conn.commit()
    conn.close()


@contextmanager
def ending(one: Member) -> Iterator[Member]:
    try:
        yield one
    finally:
        one.kill()
        one.close()


@pytest.fixture
def member() -> Iterator[Member]:
    with ending(Member()) as made:
        yield made


# ---- the same report -------------------------------------------------------------------------------------------


def test_given_a_crew_when_a_year_is_reported_then_it_is_the_report_of_one_process(
    logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = the_year(logs)
    helper = InProcess()
    work_with(monkeypatch, helper)
    assert the_year(logs) == alone
    assert alone.summary.trades == 4, "two within a date, two overnight"
    assert helper.worked.count("head_of") == helper.worked.count("read_there") == 4, "half of seven logs"


def test_given_real_processes_when_a_year_is_reported_then_it_is_the_report_of_one(
    logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = the_year(logs)
    monkeypatch.setattr(crew, "ENOUGH", 1)
    monkeypatch.setattr(crew, "cpus", lambda: 2)
    assert the_year(logs) == alone


def test_given_a_member_that_fails_when_a_year_is_reported_then_its_part_is_done_here(
    logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = the_year(logs)
    work_with(monkeypatch, InProcess(fails=True))
    assert the_year(logs) == alone


@pytest.mark.parametrize("kind", ["EquityMarked", "RunStarted"])
def test_given_a_log_that_cannot_be_read_when_others_read_it_then_the_report_says_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = [a_log(tmp_path, number) for number in range(4)]
    spoil(logs[3], kind)  # the last one, which the other side takes
    alone = the_year(logs)
    assert [text for text in alone.missing if "paper-03.db" in text and "cannot be read" in text]
    helper = InProcess()
    work_with(monkeypatch, helper)
    assert the_year(logs) == alone
    assert "read_there" in helper.worked


# ---- one process -----------------------------------------------------------------------------------------------


def test_given_a_process_when_it_reads_logs_then_the_dates_are_those_read_here(
    logs: list[Path], member: Member
) -> None:
    heads = account_of(logs, a_codec(), None).heads
    here, _ = read_condensed(heads, NOBODY, FIRST, LAST)
    made = member.help(read_there, [Wanted(head, FIRST, LAST, counts=True) for head in heads], deque(range(len(heads))))
    there = [unpack(packed) for number in range(len(heads)) for packed in _packed(made[number])]
    assert there == here
    assert [bool(facts.rounds) for facts in there] == [False, False, True, False, False, True, False]


def _packed(found: list[Packed] | Unread) -> list[Packed]:
    assert not isinstance(found, Unread)
    return found


def test_given_a_process_when_a_log_cannot_be_read_then_it_tells_what_this_one_would(
    tmp_path: Path, member: Member
) -> None:
    path = a_log(tmp_path, 0)
    head = head_of(path)
    assert isinstance(head, LogHead)
    spoil(path, "EquityMarked")
    _, [problem] = read_days([head], a_codec(), FIRST, LAST)
    found = member.help(read_there, [Wanted(head, FIRST, LAST, counts=False)], deque([0]))[0]
    assert isinstance(found, Unread)
    assert problem.endswith(f": {found.problem}")


def test_given_a_process_when_it_is_asked_twice_then_each_answer_is_of_its_question(member: Member) -> None:
    assert member.help(abs, [-1, -2, -3], deque(range(3))) == {0: 1, 1: 2, 2: 3}
    assert member.ask(str, 5) == ["5"]
    assert member.help(abs, range(-50, 0), deque(range(50))) == {n: 50 - n for n in range(50)}


def test_given_modules_of_ours_by_name_where_it_is_started_when_it_works_then_they_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("reports", "pickle"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    with ending(Member()) as one:
        assert one.ask(abs, -1) == [1]


def test_given_a_caller_that_looks_where_it_is_when_a_process_works_then_it_does_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def twice(n):\n    return 2 * n\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    twice = importlib.import_module("only_here").twice
    with ending(Member()) as one:
        assert one.ask(twice, 4) == [8]


class OnceTooLarge:
    """What can be sent, and received the second time only."""

    received = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _receive, ()


def _receive() -> int:
    OnceTooLarge.received += 1
    if OnceTooLarge.received == 1:
        raise MemoryError
    return 99


def too_large(_: int) -> OnceTooLarge:
    return OnceTooLarge()


def test_given_an_answer_that_was_not_taken_when_asked_again_then_it_is_no_answer_to_that(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnceTooLarge, "received", 0)
    assert member.help(too_large, [1, 2, 3, 4], deque(range(4))) == {}
    assert member.help(abs, [-1, -2, -3, -4], deque(range(4))) == {}
    assert member.ask(abs, -1) == []


def test_given_a_process_that_died_when_it_is_to_help_then_it_gives_nothing(member: Member) -> None:
    member.kill()
    assert member.help(abs, [1], deque([0])) == {}
    assert member.ask(abs, 1) == []


def test_given_work_that_raises_there_when_it_is_done_then_it_raises_here(member: Member) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Crew([member]).each(["1", "x"], int, int, int)
    with pytest.raises(ValueError, match="invalid literal"):
        Crew([member]).aside(int, "x")()


def test_given_a_caller_that_ended_when_a_process_waits_for_work_then_it_ends() -> None:
    one = Member()
    one._to.close()  # what the system does when the caller is gone
    assert one._process.wait(20) == 0
    one.close()


# ---- when ------------------------------------------------------------------------------------------------------


def test_given_few_logs_or_one_cpu_when_a_crew_is_wanted_then_nobody_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(crew, "cpus", lambda: 8)
    with crew_for(ENOUGH - 1) as few:
        assert not few
    monkeypatch.setattr(crew, "cpus", lambda: 1)
    with crew_for(ENOUGH) as single:
        assert not single
        assert single.each(["1", "2"], int, int, int) == [1, 2]
        assert single.aside(abs, -3)() == 3


def test_given_a_system_that_starts_no_process_when_a_crew_is_wanted_then_it_goes_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(crew, "cpus", lambda: 8)
    with crew_for(ENOUGH) as nobody:
        assert not nobody


def test_given_a_system_without_affinity_when_asked_for_cpus_then_all_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert crew.cpus() == 1
