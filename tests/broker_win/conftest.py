"""Qt in tests: one application per process, nothing on a screen, and events that are waited for."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that asks for `main_thread` in another thread, and Qt's loop in this one meanwhile."""
    if "main_thread" not in pyfuncitem.fixturenames:
        return None
    qt = pyfuncitem.funcargs["qt"]
    main = pyfuncitem.funcargs["main_thread"]
    wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    failure: list[BaseException] = []

    def body() -> None:
        try:
            pyfuncitem.obj(**wanted)
        except BaseException as error:  # noqa: BLE001  # raised again below
            failure.append(error)
        main.post(qt.quit)

    thread = threading.Thread(target=body, name="test body", daemon=True)
    thread.start()
    qt.exec_()
    thread.join()
    if failure:
        raise failure[0]
    return True


@pytest.fixture
def main_thread(qt: Any) -> Any:
    """Give the way to Qt's thread; the test that asks for it runs in another."""
    from tests.broker_win.emulated import MainThread

    return MainThread()


@pytest.fixture(scope="session")
def qt() -> Iterator[Any]:
    """Give the process's QApplication."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    widgets = pytest.importorskip("PyQt5.QtWidgets")
    yield widgets.QApplication.instance() or widgets.QApplication(["tests"])


@pytest.fixture
def pump(qt: Any) -> Callable[[Callable[[], bool]], None]:
    """Give a function that lets Qt's events happen until something is so. What never is ends by pytest's time-out."""
    from PyQt5.QtCore import QEventLoop, QTimer

    looks = QTimer(qt)  # so that the interpreter sees a time-out even where no event comes
    looks.setInterval(50)

    def until(so: Callable[[], bool]) -> None:
        looks.start()
        while not so():
            qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        looks.stop()

    return until
