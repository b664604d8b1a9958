"""Qt in tests: one application per process, nothing on a screen, and events that are waited for."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def qt() -> Iterator[Any]:
    """Give the process's QApplication."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    widgets = pytest.importorskip("PyQt5.QtWidgets")
    yield widgets.QApplication.instance() or widgets.QApplication(["tests"])


@pytest.fixture
def pump(qt: Any) -> Callable[[Callable[[], bool]], None]:
    """Give a function that lets Qt's events happen until something is so. What never is ends by pytest's time-out."""
    from PyQt5.QtCore import QEventLoop

    def until(so: Callable[[], bool]) -> None:
        while not so():
            qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    return until
