"""Put the emulated control where Windows has Kiwoom's, so that pykiwoom and the Windows process run anywhere."""

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

from broker_win.emulator.engine_port import EnginePort
from domain.errors import ConfigError

# pykiwoom names pywin32 among what it needs, which exists for Windows only, so pip has to be told not to ask for it.
REMEDY: Final = "install it by `pip install pyqt5==5.15.11` and `pip install --no-deps pykiwoom==0.1.6`"


def install(make_engine: Callable[[], EnginePort], *, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
    """Let `PyQt5.QAxContainer.QAxWidget` hold the emulated control from now on, and give pykiwoom a `pythoncom`.

    `make_engine` is called for each control that is made; `monotonic` is the clock of its `next_at`, ns. Calling
    `install` again only replaces the two. No window is shown: where nothing else is set, Qt draws off screen.
    Raises ConfigError when PyQt5 or pykiwoom is missing, or a library that Qt loads.
    """
    if sys.platform != "win32":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if importlib.util.find_spec("pykiwoom") is None:
        raise ConfigError(f"The emulator expected the package pykiwoom, was not installed: {REMEDY}.")
    try:
        import PyQt5
        from PyQt5.QtCore import QCoreApplication

        from broker_win.emulator.axwidget import AxWidget, Behind
    except ImportError as error:
        raise ConfigError(f"The emulator expected the package PyQt5, was not usable ({error}): {REMEDY}.") from error

    AxWidget.behind = Behind(make_engine, monotonic)
    if issubclass(getattr(sys.modules.get("PyQt5.QAxContainer"), "QAxWidget", object), AxWidget):
        return  # who imported it before has the very same class

    class QAxWidget(AxWidget):
        """What is imported."""

        def setControl(self, name: str) -> bool:  # noqa: N802  # Qt's name
            """Put the control into the widget, and let pykiwoom look for TR definitions where the control has them."""
            found = super().setControl(name)
            parser = sys.modules.get("pykiwoom.parser")
            if found and parser is not None:  # it knows C:/OpenAPI only
                vars(parser)["DIR_PATH"] = f"{Path(str(self.dynamicCall('GetAPIModulePath()'))) / 'data'}/"
            return found

    container = sys.modules["PyQt5.QAxContainer"] = ModuleType("PyQt5.QAxContainer")
    vars(container)["QAxWidget"] = QAxWidget
    vars(PyQt5)["QAxContainer"] = container
    if importlib.util.find_spec("pythoncom") is None:
        _lend_pythoncom(QCoreApplication.processEvents)


def _lend_pythoncom(pump: Callable[[], None]) -> None:
    def pump_waiting_messages() -> int:
        """Let waiting events be delivered, as pykiwoom does while it waits. Gives 0: nobody wants to quit."""
        pump()
        return 0

    module = sys.modules["pythoncom"] = ModuleType("pythoncom")
    module.__spec__ = importlib.util.spec_from_loader("pythoncom", loader=None)  # so that it is found again
    vars(module)["PumpWaitingMessages"] = pump_waiting_messages
