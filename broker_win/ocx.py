"""Kiwoom's control: the only module that touches PyQt5 and pykiwoom. Everything here runs on the control's thread.

pykiwoom makes the control, wires its events and wraps its methods; what it does in ways that do not survive a trading
day is replaced here (docs/decisions/0022-pykiwoom.md). A slot copies plain data, hands over one event and returns: it
never waits, never nests an event loop, and lets no exception out, for PyQt5 would end the process.
"""

import functools
import json
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any, Final, TypeVar
from zipfile import BadZipFile

from PyQt5.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QTimer,
    QtMsgType,
    pyqtSignal,
    qInstallMessageHandler,
)
from PyQt5.QtWidgets import QApplication

from broker_win.answers import UnreadableError, read_rows, read_single
from broker_win.control import (
    SIGNATURES,
    Answer,
    Chejan,
    ConditionFound,
    ConditionMoved,
    ConditionsLoaded,
    Connected,
    Fields,
    Hear,
    RealData,
    Told,
    TrAnswer,
    TrRequest,
    Value,
)
from broker_win.shield import load_shielded
from domain.errors import ConfigError, DataError

LOG = logging.getLogger(__name__)
BEAT_MS: Final = 100
MANY_CODES: Final = "OPTKWFID"  # asked by CommKwRqData instead of CommRqData
ORDERS: Final = "KOA_NORMAL_"  # how the trcode of an order's answer begins
ORDER_FIELDS: Final = Fields(single=("주문번호",))
F = TypeVar("F", bound=Callable[..., None])


def _stand_in(name: str, **members: object) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(members)
    return module


def _ax_widget(prog_id: str) -> Any:
    # Looked up when a control is made: Qt has it on Windows only, and the emulator may be put there until then.
    from PyQt5.QAxContainer import QAxWidget

    return QAxWidget(prog_id)


# What pykiwoom imports and this process does without. On every machine alike, so that it is the same everywhere.
# QApplication: pykiwoom makes one while it is imported, in whatever thread that is.
_LOADED: list[Any] = load_shielded(
    "pykiwoom",
    ["parser", "kiwoom"],
    {
        "pandas": _stand_in("pandas"),
        "pythoncom": _stand_in("pythoncom"),
        "PyQt5.QtWidgets": _stand_in("PyQt5.QtWidgets", QApplication=SimpleNamespace(instance=lambda: True)),
        "PyQt5.QAxContainer": _stand_in("PyQt5.QAxContainer", QAxWidget=_ax_widget),
    },
)
_PARSER, _KIWOOM = _LOADED
_PARSING = threading.Lock()  # pykiwoom keeps the folder in a variable of its module


def read_tr_definition(trcode: str, folder: str) -> dict[str, Any]:
    """Read a TR's definition as installed, by pykiwoom's parser. May be called from any thread.

    `folder` is what GetAPIModulePath gives. Gives `trcode`, and `input` and `output`: a list of blocks, each
    {record name: [field names in their order]}. Raises DataError when there is none, or it cannot be read.
    """
    with _PARSING:
        _PARSER.DIR_PATH = f"{Path(folder) / 'data'}/"
        try:
            found: dict[str, Any] = _PARSER.parse_dat(trcode, _PARSER.read_enc(trcode.lower()))
        except (OSError, BadZipFile, KeyError, IndexError, UnicodeDecodeError) as error:
            where = f"{_PARSER.DIR_PATH}{trcode.lower()}.enc"
            raise DataError(f"The definition of {trcode} cannot be read from {where}: {error}.") from error
    return found


def real_type_fields() -> Mapping[str, Sequence[int]]:
    """Give the FIDs of each real type, in the order of its tab-separated string."""
    text = resources.files("broker_win.data").joinpath("openapi_defs.json").read_text(encoding="utf-8")
    fields: Mapping[str, Sequence[int]] = json.loads(text)["real"]
    return fields


def _as_given(method: str) -> Callable[..., Answer]:
    """Make a method that gives what the control gives and returns at once, in place of pykiwoom's."""
    signature = SIGNATURES[method]

    def ask(self: Any, *arguments: Value) -> Answer:
        answer: Answer = self.ocx.dynamicCall(signature, *arguments)
        return answer

    return ask


def _slot(body: F) -> F:
    """Let nothing out of a slot."""

    @functools.wraps(body)
    def run(self: Any, *arguments: Any) -> None:
        try:
            body(self, *arguments)
        except Exception:
            LOG.exception("%s failed", body.__name__)
        except BaseException as stop:  # noqa: BLE001  # Ctrl-C: raised again by ControlLoop.run
            self._on_stop(stop)

    return run  # type: ignore[return-value]  # same arguments


class KiwoomControl(_KIWOOM.Kiwoom):  # type: ignore[name-defined, misc]  # pykiwoom has no types
    """A Control on pykiwoom's wrapper. Make it on the thread that has the QApplication."""

    # pykiwoom waits in a busy loop, drops the return code, or changes what was given.
    CommConnect = _as_given("CommConnect")
    CommRqData = _as_given("CommRqData")
    GetLoginInfo = _as_given("GetLoginInfo")
    GetCommData = _as_given("GetCommData")
    GetCodeListByMarket = _as_given("GetCodeListByMarket")
    GetMasterListedStockDate = _as_given("GetMasterListedStockDate")
    GetMasterLastPrice = _as_given("GetMasterLastPrice")
    GetMasterStockState = _as_given("GetMasterStockState")
    GetConditionLoad = _as_given("GetConditionLoad")
    GetConditionNameList = _as_given("GetConditionNameList")
    SendCondition = _as_given("SendCondition")
    # pykiwoom does not have it.
    KOA_Functions = _as_given("KOA_Functions")

    def __init__(
        self, hear: Hear, *, split_real_data: bool = True, on_stop: Callable[[BaseException], None] = lambda _: None
    ) -> None:
        """Make the control. Raises ConfigError where it is not registered.

        `split_real_data`: hand on the tab-separated string of real-time data, else read it field by field.
        `on_stop` hears of a KeyboardInterrupt or SystemExit that a slot may not let out.
        """
        self._hear = hear
        self._on_stop = on_stop
        self._expected: dict[str, Fields] = {}
        self._fids: Mapping[str, Sequence[int]] = {} if split_real_data else real_type_fields()
        self.unasked = 0  # answers that nobody waited for
        try:
            super().__init__(login=False)
        except (ImportError, AttributeError) as error:  # no QAxContainer; a control without events
            raise ConfigError(
                "Kiwoom's control is not there: it needs Windows, 32-bit Python, and OpenAPI+ registered "
                f"(docs/windows.md), or `--emulator` ({error})."
            ) from error

    # ---- Control -------------------------------------------------------------------------------------------------

    def call(self, method: str, *arguments: Value) -> Answer:
        """Call one method of `SIGNATURES` and give what it gives. Raises KeyError for another name."""
        if method not in SIGNATURES:
            raise KeyError(method)
        answer: Answer = getattr(self, method)(*arguments)
        return answer

    def request(self, request: TrRequest) -> Answer:
        """Set the inputs and ask for one page, in one piece; remember what to read when the answer comes.

        Gives the return code; with anything but 0 no answer comes, and none is expected.
        """
        # Before the call: the control may pump messages inside it.
        self._expected[request.rqname] = request.fields
        answer: Answer
        if request.trcode.upper() == MANY_CODES:
            codes = request.inputs[0][1]
            count = len([one for one in codes.split(";") if one])
            answer = self.CommKwRqData(codes, 0, count, 0, request.rqname, request.screen)
        else:
            for name, value in request.inputs:
                self.SetInputValue(name, value)
            answer = self.CommRqData(request.rqname, request.trcode, 2 if request.more else 0, request.screen)
        if answer != 0:
            self.forget(request.rqname)
        return answer

    def forget(self, rqname: str) -> None:
        """Do not expect this answer any more; it is dropped when it comes."""
        self._expected.pop(rqname, None)

    # ---- events, named and wired by pykiwoom -----------------------------------------------------------------------

    @_slot
    def OnEventConnect(self, code: int) -> None:  # noqa: N802  # the control's name, here and below
        self._hear(Connected(code))

    @_slot
    def OnReceiveTrData(  # noqa: N802
        self, screen: str, rqname: str, trcode: str, record: str, prev_next: str, *_unused: Value
    ) -> None:
        if trcode.upper().startswith(ORDERS):
            fields: Fields | None = ORDER_FIELDS
        else:
            fields = self._expected.pop(rqname, None)
        if fields is None:
            self.unasked += 1
            LOG.info("an answer nobody waits for: %s %s", trcode, rqname)
            return
        single: dict[str, str] = {}
        rows: list[tuple[str, ...]] = []
        failure = ""
        try:
            single = read_single(self, trcode, rqname, fields)
            rows = read_rows(self, trcode, fields.record or rqname, fields)
        except UnreadableError as error:
            failure = str(error)
        except Exception as error:
            LOG.exception("reading %s %s failed", trcode, rqname)
            failure = f"Reading {trcode} failed: {error!r}."
        self._hear(TrAnswer(screen, rqname, trcode, prev_next.strip() == "2", single, rows, failure))

    @_slot
    def OnReceiveMsg(self, screen: str, rqname: str, trcode: str, text: str) -> None:  # noqa: N802
        self._hear(Told(screen, rqname, trcode, text))

    @_slot
    def OnReceiveRealData(self, code: str, real_type: str, text: str) -> None:  # noqa: N802
        fids = self._fids.get(real_type)
        if fids is None:
            self._hear(RealData(code, real_type, text))
            return
        values = {fid: self.GetCommRealData(code, fid) for fid in fids}
        self._hear(RealData(code, real_type, {fid: value for fid, value in values.items() if value is not None}))

    @_slot
    def OnReceiveChejanData(self, gubun: str, count: int, fid_list: str) -> None:  # noqa: N802
        values: dict[int, str] = {}
        for text in fid_list.split(";"):
            if not text.strip().isdecimal():
                continue
            value = self.GetChejanData(int(text))
            if value is None:
                LOG.error("GetChejanData gave nothing for FID %s", text)
            else:
                values[int(text)] = value
        self._hear(Chejan(gubun, values))

    @_slot
    def OnReceiveConditionVer(self, ok: int, text: str) -> None:  # noqa: N802
        self._hear(ConditionsLoaded(ok == 1, text))

    @_slot
    def OnReceiveTrCondition(self, screen: str, codes: str, name: str, index: int, more: int) -> None:  # noqa: N802
        self._hear(ConditionFound(screen, codes, name, index, more == 2))

    @_slot
    def OnReceiveRealCondition(self, code: str, kind: str, name: str, index: str) -> None:  # noqa: N802
        self._hear(ConditionMoved(code, kind, name, index))


def _log_qt(kind: QtMsgType, _where: QMessageLogContext, text: str | None) -> None:
    # QAxBase says here why a call gave None.
    chatter = kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
    LOG.log(logging.DEBUG if chatter else logging.WARNING, "Qt: %s", text)


class _Mail(QObject):
    """What other threads send to the control's: Qt queues it and keeps its order."""

    job = pyqtSignal(object)
    exit = pyqtSignal(int)


class ControlLoop:
    """The thread of the control: Qt's loop with the control in it. Make and run it in the main thread.

    Signals get through on every system: the interpreter sees them at the next beat. What they raise ends the loop and
    is raised by `run`.
    """

    def __init__(self, hear: Hear, *, split_real_data: bool = True, on_beat: Callable[[], None] = lambda: None) -> None:
        """Make the QApplication, unless there is one, and the control. Raises ConfigError when it is not registered.

        `hear` gets every event; `on_beat` is called every 100 ms, and not while a job stands in a dialog. Both on this
        thread, and neither may wait.
        """
        self._app = QApplication.instance() or QApplication(sys.argv[:1] or ["hantrade"])
        self._app.setQuitOnLastWindowClosed(False)  # type: ignore[attr-defined, unused-ignore]
        self._stopped_by: BaseException | None = None
        self._on_beat = on_beat
        self._jobs: deque[Callable[[], None]] = deque()
        self._working = False
        self._mail = _Mail()
        # Queued also from this thread: the order is that of the calls.
        self._mail.job.connect(self._work, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # stubs
        self._mail.exit.connect(self._exit, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # stubs
        self._beat = QTimer()
        self._beat.setInterval(BEAT_MS)
        self._beat.timeout.connect(self._tick)
        self.control = KiwoomControl(hear, split_real_data=split_real_data, on_stop=self._on_stop)

    def post(self, job: Callable[[], None]) -> None:
        """Run a job on the control's thread, soon, in the order of the calls. From any thread."""
        self._mail.job.emit(job)

    def run(self) -> int:
        """Run until `quit`; give its code. Raises what a signal handler raised, e.g. KeyboardInterrupt."""
        self._beat.start()
        hook, sys.excepthook = sys.excepthook, self._escaped
        qInstallMessageHandler(_log_qt)
        try:
            code = self._app.exec_()
        finally:
            sys.excepthook = hook
            self._beat.stop()
            qInstallMessageHandler(None)  # not while the interpreter ends
        if self._stopped_by is not None:
            stopped_by, self._stopped_by = self._stopped_by, None
            raise stopped_by
        return code

    def quit(self, code: int = 0) -> None:
        """Let `run` return, behind the jobs posted before. From any thread, also before `run`."""
        self._mail.exit.emit(code)

    @_slot
    def _work(self, job: Callable[[], None]) -> None:
        # A dialog of the control's runs a loop of its own inside a call, and that loop comes here: such jobs wait.
        self._jobs.append(job)
        if self._working:
            return
        self._working = True
        try:
            while self._jobs:
                self._do(self._jobs.popleft())
        finally:
            self._working = False

    @_slot
    def _do(self, job: Callable[[], None]) -> None:
        job()

    @_slot
    def _tick(self) -> None:
        if not self._working:  # inside a call that does not return, this timer is no sign of life
            self._on_beat()

    @_slot
    def _exit(self, code: int) -> None:
        self._app.exit(code)

    def _escaped(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # What got past a slot: the interpreter lets a signal in at the first line of a function, before its `try`.
        # PyQt5 ends the process unless somebody takes it here (kiwoom.md 1.0 rule 7).
        if isinstance(error, Exception):
            LOG.critical("an exception escaped from a slot", exc_info=(kind, error, trace))
        else:
            self._on_stop(error)

    def _on_stop(self, stop: BaseException) -> None:
        self._stopped_by = stop
        self._app.exit(1)
