"""A QAxWidget that holds the emulated control, and no other. Stands where `PyQt5.QAxContainer.QAxWidget` does.

It calls as QAxBase does: a full signature, at most 8 values or one list behind it; what does not fit gives None
(kiwoom.md 1.0 rules 5 and 6). Calls from another thread than its own do not reach the control (rule 2).
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from PyQt5.QtCore import QObject, Qt, QTimer, pyqtBoundSignal, pyqtSignal
from PyQt5.QtWidgets import QApplication, QWidget

from broker_win.control import SIGNATURES, Value
from broker_win.emulator.engine_port import EnginePort
from broker_win.emulator.parts import Emission

LOG = logging.getLogger(__name__)
NAMES: Final = ("KHOPENAPI.KHOPENAPICTRL.1", "{A1574A0D-6BFA-4BD7-9020-DED88711818D}")  # ProgID, CLSID: any case
MOST_VALUES: Final = 8  # behind the signature
DAY_MS: Final = 86_400_000  # the timer counts ms in 32 bits; waking once too often does no harm
# Of the type library, beside those the product calls; the engine need not play them.
OTHERS: Final = (
    "CommTerminate()",
    "SetInfoData(QString)",
    "CommGetData(QString, QString, QString, int, QString)",
    "CommKwRqData(QString, int, int, int, QString, QString)",
    "GetDataCount(QString)",
    "GetOutputValue(QString, int, int)",
    "GetBranchCodeName()",
    "GetThemeGroupList(int)",
    "GetThemeGroupCode(QString)",
    "GetFutureList()",
)


def normalized(signature: str) -> str:
    """Give a signature as Qt compares it: without blanks, `const QString&` as QString."""
    return "".join(signature.replace("const ", " ").replace("&", " ").split())


# normalized signature -> method and the kinds of its arguments
METHODS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    text: (text[: text.index("(")], tuple(one for one in text[text.index("(") + 1 : -1].split(",") if one))
    for text in map(normalized, (*SIGNATURES.values(), *OTHERS))
}


class _Events(QObject):
    """The control's events (kiwoom.md 1.7)."""

    OnEventConnect = pyqtSignal(int)
    OnReceiveTrData = pyqtSignal(str, str, str, str, str, int, str, str, str)
    OnReceiveRealData = pyqtSignal(str, str, str)
    OnReceiveMsg = pyqtSignal(str, str, str, str)
    OnReceiveChejanData = pyqtSignal(str, int, str)
    OnReceiveConditionVer = pyqtSignal(int, str)
    OnReceiveTrCondition = pyqtSignal(str, str, str, int, int)
    OnReceiveRealCondition = pyqtSignal(str, str, str, str)
    OnReceiveInvestRealData = pyqtSignal(str)


EVENTS: Final = frozenset(one for one in vars(_Events) if one.startswith("On"))


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the widgets that are made."""

    make_engine: Callable[[], EnginePort]  # one for each control
    monotonic: Callable[[], int]  # the clock of EnginePort.next_at, ns


class AxWidget(QWidget):
    """The stand-in. `emulator/inject.py` puts it in place and says what stands behind."""

    behind: ClassVar[Behind]

    _woken = pyqtSignal()  # from another thread to this one

    def __init__(self, name: str | QWidget | None = None, parent: QWidget | None = None) -> None:
        """Make a widget, with the control of that ProgID or CLSID in it where a name is given."""
        super().__init__(name if isinstance(name, QWidget) else parent)
        self._name = ""
        self._engine: EnginePort | None = None
        self._events: _Events | None = None
        self._sending = False
        self._thread = threading.get_ident()
        self.lost_calls = 0  # from other threads
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._due)
        self._woken.connect(self._wake, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # stubs
        if isinstance(name, str):
            self.setControl(name)

    # ---- QAxWidget -----------------------------------------------------------------------------------------------

    def setControl(self, name: str) -> bool:  # noqa: N802  # Qt's name
        """Put the control of this ProgID or CLSID into the widget. Gives False, and holds nothing, for any other."""
        self.clear()
        if name.upper() not in NAMES:
            LOG.error("no control is registered as %s", name)
            return False
        self._name = name
        self._events = _Events()
        self._engine = self.behind.make_engine()
        self._engine.bind(self._send, self._wake)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.clear)
        self._wake()
        return True

    def control(self) -> str:
        """Give the name of the control, empty when there is none."""
        return self._name

    def isNull(self) -> bool:  # noqa: N802  # Qt's name
        """Tell whether the widget holds nothing."""
        return self._engine is None

    def clear(self) -> None:
        """Let go of the control."""
        engine, self._engine, self._events, self._name = self._engine, None, None, ""
        self._timer.stop()
        if engine is not None:
            engine.close()

    def dynamicCall(self, signature: str, *values: Any) -> Any:  # noqa: N802  # Qt's name
        """Call a method by its full signature, with at most 8 values or one list of them.

        Gives None, as QAxBase does, for what the control does not know or was not given enough or too much for.
        Raises TypeError for more than 8 values.
        """
        if len(values) > MOST_VALUES:
            raise TypeError("dynamicCall(): arguments did not match any overloaded call: too many arguments")
        if threading.get_ident() != self._thread:
            self.lost_calls += 1
            LOG.error("%s was called from another thread and is lost (kiwoom.md 1.0 rule 2)", signature)
            return None
        if self._engine is None:
            return None
        given = values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values
        method, kinds = METHODS.get(normalized(signature), ("", ()))
        if not method or len(given) != len(kinds):
            LOG.error("%s with %d values is nothing the control knows", signature, len(given))
            return None
        try:
            return self._engine.call(method, tuple(converted(*one) for one in zip(kinds, given, strict=True)))
        except KeyError:
            LOG.warning("the emulated control does not play %s", method, exc_info=True)
        except Exception:
            LOG.exception("the emulated control failed in %s", method)
        return None

    def __getattr__(self, name: str) -> pyqtBoundSignal:
        """Give the events, which are there as long as a control is."""
        events = self.__dict__.get("_events")
        if events is None or name not in EVENTS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        event: pyqtBoundSignal = getattr(events, name)
        return event

    # ---- the engine's side -----------------------------------------------------------------------------------------

    def _send(self, emission: Emission) -> None:
        if self._events is not None:  # a slot may have let go of the control
            getattr(self._events, emission.signal).emit(*emission.arguments)

    def _wake(self) -> None:
        if threading.get_ident() != self._thread:
            self._woken.emit()
        elif self._engine is not None and not self._sending:
            self._timer.start(0)
        # While slots run the timer rests: a loop nested in one of them gets nothing, as on Windows, until it returns.

    def _due(self) -> None:
        if self._engine is None:
            return
        self._sending = True
        try:
            self._engine.due()
        except Exception:
            LOG.exception("the emulated control failed to send")
        finally:
            self._sending = False
        self._arm()

    def _arm(self) -> None:
        at = self._engine.next_at() if self._engine is not None else None
        if at is not None:
            self._timer.start(wait_ms(at, self.behind.monotonic()))


def wait_ms(at: int, now: int) -> int:
    """Give how long a timer has to wait, rounded up: woken early it would only have to wait again. ns in, ms out."""
    return min(max(-((now - at) // 1_000_000), 0), DAY_MS)


def converted(kind: str, value: Any) -> Value:
    """Convert as Qt's variants do: to text, or to a number (0 where there is none)."""
    if kind == "QString":
        return value if isinstance(value, str) else "" if value is None else str(value)
    if isinstance(value, int):
        return int(value)
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0
