"""docs/faults.md is held against the code: tests it names exist, sentences it quotes are said."""

import re
from pathlib import Path

from actors.edges.clock import STEP_NS
from actors.roles import notices
from actors.system import STALL_S
from domain.config import ExecutionConfig
from persistence.disk import RESERVE_BYTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_given_the_page_when_it_names_a_test_then_there_is_one() -> None:
    there = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_given_\w+|test_for_\w+)`", PAGE)
    assert len(named) > 20
    assert [name for name in named if f"def {name}(" not in there] == []


def test_given_the_page_when_it_says_what_you_read_then_that_is_said() -> None:
    constants = [notices.HALTED, notices.PAUSED, notices.RESUME, notices.START_AGAIN, notices.FREE_SPACE]
    for sentence in (*constants, notices.CHECK_CLOCK, *notices.UNCANCELLED.values()):
        assert sentence in PAGE


def test_given_the_page_when_it_gives_a_figure_then_it_is_the_one_in_force() -> None:
    assert f"stays at one message for {STALL_S:g} s" in PAGE
    assert f"put back by {STEP_NS // 10**9} s or more" in PAGE
    assert f"more than {ExecutionConfig().request_ttl_ms // 1000} s ahead" in PAGE
    assert f"reserve beside the log ({RESERVE_BYTES >> 20} MB)" in PAGE
