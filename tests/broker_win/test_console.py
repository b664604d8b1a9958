"""A console's quick-edit mode is switched off, and nothing else of its mode is; other systems are left alone."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.console import ENABLE_QUICK_EDIT_MODE, switch_quick_edit_off, without_quick_edit
from broker_win.timers import ask_for_fine_timers


@given(st.integers(0, 0x3FF))
def test_for_any_mode_only_quick_edit_goes_and_the_flag_that_makes_it_count_comes(mode: int) -> None:
    found = without_quick_edit(mode)
    assert found & ENABLE_QUICK_EDIT_MODE == 0
    assert found & ~0xC0 == mode & ~0xC0
    assert found & 0x80


@pytest.mark.skipif(sys.platform == "win32", reason="a console of its own")
def test_given_another_system_when_asked_then_nothing_is_done() -> None:
    assert switch_quick_edit_off() is False
    assert ask_for_fine_timers() is False
