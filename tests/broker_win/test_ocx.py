"""The control on its own thread: calls give what the control gives, slots make plain events and let nothing out."""

import asyncio
import functools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from broker_win.bridge import ThreadBridge
from broker_win.control import (
    Chejan,
    ConditionFound,
    ConditionMoved,
    ConditionsLoaded,
    Connected,
    Event,
    Fields,
    RealData,
    Told,
    TrAnswer,
    TrRequest,
)
from domain.errors import ConfigError, DataError
from tests.broker_win.fake_engine import FakeEngine

Pump = Callable[[Callable[[], bool]], None]
CHART = Fields(single=("종목코드",), record="주식분봉차트조회", multi=("현재가", "거래량"))
ONE_CALL = Fields(record="주식분봉차트조회", multi=("현재가", "거래량"), in_one_call=True)
ROWS = [["  +70000", "   12"], ["  -69900", "    3"]]


class Desk:
    """A control with a fake engine, and what was heard of it."""

    def __init__(self, pump: Pump, **options: Any) -> None:
        from broker_win.emulator.inject import install
        from broker_win.ocx import KiwoomControl

        self.engine = FakeEngine()
        self.heard: list[Event] = []
        install(lambda: self.engine)
        self.control = KiwoomControl(self.heard.append, **options)
        self._pump = pump
        self.engine.answers.update({"CommRqData": 0, "CommKwRqData": 0, "SetInputValue": None})

    def ask(self, fields: Fields, rqname: str = "r1", **options: Any) -> Any:
        request = TrRequest(rqname, "opt10080", (("종목코드", "005930"), ("틱범위", "1")), "1000", fields, **options)
        return self.control.request(request)

    def answer(self, rqname: str = "r1", trcode: str = "opt10080", more: str = "", **getters: Any) -> None:
        """Send an answer, and behind it another event, so that an answer which is not told ends the wait too."""
        self.engine.say("OnReceiveTrData", "1000", rqname, trcode, "", more, 0, "", "", "", **getters)
        self.settle()

    def settle(self) -> None:
        """Let everything said so far be heard."""
        self.engine.say("OnReceiveMsg", "", "", "", "end")
        self._pump(lambda: bool(self.heard) and self.heard[-1] == Told("", "", "", "end"))
        self.heard.pop()


@pytest.fixture
def desk(pump: Pump) -> Desk:
    return Desk(pump)


def cells(rows: list[list[str]]) -> Callable[[str, str, int, str], str]:
    columns = {"현재가": 0, "거래량": 1}
    return lambda trcode, record, row, name: rows[row][columns[name]] if name in columns else f" {name} "


# ---- calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "arguments", "given"),
    [
        ("CommConnect", (), 0),
        ("GetConnectState", (), 1),
        ("GetLoginInfo", ("ACCNO",), "8012345611;"),
        ("GetCodeListByMarket", ("0",), "005930;000660;"),
        ("GetMasterListedStockDate", ("005930",), ""),
        ("GetMasterLastPrice", ("005930",), "00070000"),
        ("GetMasterStockState", ("005930",), "증거금40%|담보대출"),
        ("GetConditionLoad", (), 0),
        ("GetConditionNameList", (), "000^상승;"),
        ("SendCondition", ("1000", "상승", 0, 1), 0),
        ("KOA_Functions", ("GetServerGubun", ""), "1"),
        ("SendOrder", ("r", "1000", "8012345611", 1, "005930", 10, 70_000, "00", ""), -308),
        ("SetRealReg", ("1000", "005930;", "20;10", "1"), -200),
    ],
)
def test_given_a_method_when_called_then_its_answer_comes_at_once_and_as_given(
    desk: Desk, method: str, arguments: tuple[Any, ...], given: Any
) -> None:
    desk.engine.answers[method] = given
    assert desk.control.call(method, *arguments) == given
    assert desk.engine.calls == [(method, *arguments)]


def test_given_every_method_of_the_boundary_when_looked_up_then_its_signature_reaches_the_control(desk: Desk) -> None:
    from broker_win.control import SIGNATURES

    kinds = {"QString": "1", "int": 1, "bool": 0}
    for method, signature in SIGNATURES.items():
        arguments = [kinds[one] for one in signature[len(method) + 1 : -1].replace(" ", "").split(",") if one]
        desk.engine.answers[method] = 0
        desk.control.call(method, *arguments)
        assert desk.engine.calls[-1] == (method, *arguments)


def test_given_a_method_outside_the_boundary_when_called_then_key_error(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.control.call("block_request")
    with pytest.raises(KeyError):
        desk.control.call("CommTerminate")


def test_given_a_control_that_is_not_there_when_made_then_the_remedy_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from broker_win.emulator import axwidget
    from broker_win.ocx import KiwoomControl

    monkeypatch.setattr(axwidget, "NAMES", ())  # Windows without OpenAPI+
    with pytest.raises(ConfigError, match="OpenAPI"):
        KiwoomControl(desk.heard.append)
    monkeypatch.setitem(sys.modules, "PyQt5.QAxContainer", None)  # not Windows
    with pytest.raises(ConfigError, match="--emulator"):
        KiwoomControl(desk.heard.append)


# ---- queries ---------------------------------------------------------------------------------------------------------


def test_given_a_request_when_asked_then_inputs_go_first_in_their_order(desk: Desk) -> None:
    assert desk.ask(CHART) == 0
    assert desk.ask(CHART, more=True) == 0
    inputs = [("SetInputValue", "종목코드", "005930"), ("SetInputValue", "틱범위", "1")]
    first, second = ("CommRqData", "r1", "opt10080", 0, "1000"), ("CommRqData", "r1", "opt10080", 2, "1000")
    assert desk.engine.calls == [*inputs, first, *inputs, second]


def test_given_many_codes_when_asked_then_one_call_carries_them(desk: Desk) -> None:
    fields = Fields(record="OPTKWFID", multi=("현재가",))
    request = TrRequest("r1", "OPTKWFID", (("종목코드", "005930;000660"),), "1000", fields)
    assert desk.control.request(request) == 0
    assert desk.engine.calls == [("CommKwRqData", "005930;000660", 0, 2, 0, "r1", "1000")]


@pytest.mark.parametrize(("prev_next", "more"), [("2", True), (" 2 ", True), ("0", False), ("", False)])
def test_given_an_answer_when_it_comes_then_it_is_read_as_asked_and_as_received(
    desk: Desk, prev_next: str, more: bool
) -> None:
    desk.ask(CHART)
    desk.answer(more=prev_next, GetRepeatCnt=2, GetCommData=cells(ROWS))
    rows = [("  +70000", "   12"), ("  -69900", "    3")]
    assert desk.heard == [TrAnswer("1000", "r1", "opt10080", more, {"종목코드": " 종목코드 "}, rows)]
    asked = [call for call in desk.engine.calls if call[0] == "GetRepeatCnt"]
    assert asked == [("GetRepeatCnt", "opt10080", "주식분봉차트조회")]


def test_given_one_call_when_the_columns_fit_then_no_cell_is_asked_for(desk: Desk) -> None:
    desk.ask(ONE_CALL)
    desk.answer(GetRepeatCnt=2, GetCommDataEx=ROWS)
    [answer] = desk.heard
    assert isinstance(answer, TrAnswer)
    assert answer.rows == [("  +70000", "   12"), ("  -69900", "    3")]
    assert "GetCommData" not in [call[0] for call in desk.engine.calls]


@pytest.mark.parametrize(
    "table",
    [
        [["x", *row] for row in ROWS],  # a column more, in front of all
        [row[:1] for row in ROWS],
        ROWS[:1],
        [],
        None,
        "",
        ["  +70000", "   12"],  # a single row, flat
        [["  +70000", None], ["  -69900", "    3"]],
    ],
)
def test_given_one_call_when_its_table_does_not_fit_then_cells_are_read_by_name(desk: Desk, table: Any) -> None:
    desk.ask(ONE_CALL)
    desk.answer(GetRepeatCnt=2, GetCommDataEx=table, GetCommData=cells(ROWS))
    [answer] = desk.heard
    assert isinstance(answer, TrAnswer)
    assert (answer.rows, answer.failure) == ([("  +70000", "   12"), ("  -69900", "    3")], "")


@pytest.mark.parametrize(
    ("getters", "named"),
    [
        ({"GetRepeatCnt": None}, "GetRepeatCnt"),
        ({"GetRepeatCnt": 1, "GetCommData": None}, "종목코드"),
        ({"GetRepeatCnt": 1, "GetCommData": lambda *of: None if of[3] == "거래량" else "1"}, "거래량"),
    ],
)
def test_given_getters_that_give_nothing_when_read_then_the_failure_is_told(
    desk: Desk, getters: dict[str, Any], named: str
) -> None:
    desk.ask(CHART)
    desk.answer(**{"GetCommData": "1", **getters})
    [answer] = desk.heard
    assert isinstance(answer, TrAnswer)
    assert named in answer.failure
    assert answer.rows == []


def test_given_an_answer_nobody_waits_for_when_it_comes_then_it_is_dropped_and_counted(desk: Desk) -> None:
    desk.answer("r0")  # never asked
    desk.ask(CHART, "r1")
    desk.control.forget("r1")
    desk.answer("r1")  # given up
    desk.engine.answers["CommRqData"] = -200
    assert desk.ask(CHART, "r2") == -200
    desk.answer("r2")  # refused
    desk.engine.answers["CommRqData"] = 0
    desk.ask(Fields(), "r3")
    desk.answer("r3")
    desk.answer("r3")  # twice
    assert [event.rqname for event in desk.heard if isinstance(event, TrAnswer)] == ["r3"]
    assert desk.control.unasked == 4


@pytest.mark.parametrize("number", ["0000123", "       "])
def test_given_an_order_when_it_is_answered_then_its_number_is_told(desk: Desk, number: str) -> None:
    desk.answer("order-1", "KOA_NORMAL_BUY_KP_ORD", GetCommData=lambda trcode, record, row, name: number)
    assert desk.heard == [TrAnswer("1000", "order-1", "KOA_NORMAL_BUY_KP_ORD", False, {"주문번호": number}, [])]
    assert desk.engine.calls == [("GetCommData", "KOA_NORMAL_BUY_KP_ORD", "order-1", 0, "주문번호")]


# ---- events ----------------------------------------------------------------------------------------------------------


def test_given_events_when_they_come_then_each_is_told_in_order(desk: Desk) -> None:
    say = desk.engine.say
    say("OnEventConnect", -106)
    say("OnReceiveMsg", "1000", "r1", "opt10080", "[00Z112] 정상")
    say("OnReceiveRealData", "005930", "주식체결", "090000\t+70000")
    say("OnReceiveChejanData", "1", 3, "9201; 930;;x;10", GetChejanData=lambda fid: None if fid == 10 else f" {fid} ")
    say("OnReceiveConditionVer", 1, "")
    say("OnReceiveConditionVer", 0, "실패")
    say("OnReceiveTrCondition", "1000", "005930;000660;", "상승", 3, 2)
    say("OnReceiveRealCondition", "005930", "I", "상승", "003")
    desk.settle()
    assert desk.heard == [
        Connected(-106),
        Told("1000", "r1", "opt10080", "[00Z112] 정상"),
        RealData("005930", "주식체결", "090000\t+70000"),
        Chejan("1", {9201: " 9201 ", 930: " 930 "}),
        ConditionsLoaded(True, ""),
        ConditionsLoaded(False, "실패"),
        ConditionFound("1000", "005930;000660;", "상승", 3, True),
        ConditionMoved("005930", "I", "상승", "003"),
    ]


def test_given_reading_by_field_when_real_data_comes_then_every_field_of_its_type_is_read(pump: Pump) -> None:
    desk = Desk(pump, split_real_data=False)
    getter = {"GetCommRealData": lambda code, fid: None if fid == 215 else f"{code}.{fid}"}
    desk.engine.say("OnReceiveRealData", "005930", "주식우선호가", "raw", **getter)
    desk.engine.say("OnReceiveRealData", "", "장시작시간", "raw", **getter)
    desk.engine.say("OnReceiveRealData", "005930", "처음보는것", "raw", **getter)
    desk.settle()
    assert desk.heard == [
        RealData("005930", "주식우선호가", {27: "005930.27", 28: "005930.28"}),
        RealData("", "장시작시간", {20: ".20", 214: ".214"}),
        RealData("005930", "처음보는것", "raw"),
    ]


def test_given_a_hearer_that_raises_when_events_come_then_the_process_and_the_next_events_live(
    pump: Pump, caplog: pytest.LogCaptureFixture
) -> None:
    from broker_win.ocx import KiwoomControl

    desk = Desk(pump)
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        raise ValueError("planted")

    control = KiwoomControl(hear)
    with caplog.at_level(logging.CRITICAL, "broker_win.ocx"):
        desk.engine.say("OnEventConnect", 0)
        desk.engine.say("OnReceiveRealData", "005930", "주식체결", "x")
        desk.engine.say("OnReceiveChejanData", "0", 0, "")
        desk.engine.say("OnReceiveTrData", "1000", "r", "KOA_NORMAL_KP_CANCEL", "", "", 0, "", "", "", GetCommData="")
        pump(lambda: len(heard) == 4)
    assert [type(event) for event in heard] == [Connected, RealData, Chejan, TrAnswer]
    assert control.unasked == 0


# ---- the loop --------------------------------------------------------------------------------------------------------


def a_loop(**options: Any) -> Any:
    from broker_win.emulator.inject import install
    from broker_win.ocx import ControlLoop

    engine = FakeEngine()
    engine.answers["GetConnectState"] = 1
    install(lambda: engine)
    return ControlLoop(options.pop("hear", lambda event: None), **options)


def test_given_jobs_from_another_thread_when_posted_then_they_run_in_order_on_the_controls_thread(qt: Any) -> None:
    loop = a_loop()
    ran: list[tuple[int, int, Any]] = []

    def send() -> None:
        for number in range(50):
            loop.post(lambda n=number: ran.append((n, threading.get_ident(), loop.control.call("GetConnectState"))))
        loop.post(lambda: 1 // 0)  # a job that fails ends nothing
        loop.quit(7)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    assert loop.run() == 7
    thread.join()
    assert ran == [(number, threading.get_ident(), 1) for number in range(50)]


def test_given_a_loop_when_it_runs_then_it_beats_and_a_failing_beat_ends_nothing(qt: Any) -> None:
    beats: list[int] = []

    def beat() -> None:
        beats.append(threading.get_ident())
        if len(beats) == 2:
            loop.quit()
        raise ValueError("planted")

    loop = a_loop(on_beat=beat)
    assert loop.run() == 0
    assert set(beats) == {threading.get_ident()}


def test_given_a_call_that_stands_in_a_dialog_when_jobs_come_then_they_wait_and_no_beat_is_given(qt: Any) -> None:
    from PyQt5.QtCore import QEventLoop, QTimer

    from broker_win.ocx import BEAT_MS

    ran: list[str] = []
    loop = a_loop(on_beat=lambda: ran.append("beat"))

    def stand() -> None:
        """Run a loop as a modal dialog does, until a beat would have come and a job was due."""
        ran.append("opened")
        loop.post(lambda: ran.append("job"))
        loop.post(loop.quit)
        dialog, ticks = QEventLoop(), QTimer()
        ticks.setInterval(BEAT_MS)  # started behind the beat's own timer: due behind it
        ticks.timeout.connect(lambda: (ran.append("tick"), ran.count("tick") == 2 and dialog.quit()))
        ticks.start()
        dialog.exec_()
        ran.append("closed")

    loop.post(stand)
    loop.run()
    inside = ran[ran.index("opened") : ran.index("closed")]
    assert inside == ["opened", "tick", "tick"]
    assert [one for one in ran if one not in ("beat", "tick")] == ["opened", "closed", "job"]


def test_given_a_word_of_qts_when_the_loop_runs_then_it_is_in_the_log(
    qt: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from PyQt5.QtCore import qWarning

    loop = a_loop()
    loop.post(lambda: qWarning("QAxBase: planted"))
    loop.quit()
    loop.run()
    assert "Qt: QAxBase: planted" in caplog.text


def test_given_quit_before_run_when_run_then_it_returns(qt: Any) -> None:
    loop = a_loop()
    loop.quit(3)
    assert loop.run() == 3


def test_given_an_idle_loop_when_a_signal_comes_then_it_gets_through(qt: Any) -> None:
    from PyQt5.QtCore import QTimer

    loop = a_loop()
    hook = sys.excepthook
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process behind `&` begins without one
    # Outside every slot of ours: the interpreter raises it here or at the first line of the next slot.
    QTimer.singleShot(0, functools.partial(signal.raise_signal, signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    signal.signal(signal.SIGINT, handler)
    assert sys.excepthook is hook


def test_given_a_slot_of_somebody_else_when_it_raises_then_the_loop_goes_on(
    qt: Any, caplog: pytest.LogCaptureFixture
) -> None:
    loop = a_loop()

    def other(code: int) -> None:
        loop.quit(5)
        raise ValueError("planted")

    loop.control.ocx.OnEventConnect.connect(other)
    loop.post(lambda: loop.control.ocx.OnEventConnect.emit(0))
    assert loop.run() == 5
    assert "planted" in caplog.text


def test_given_a_slot_when_it_is_interrupted_then_the_loop_ends_with_it(qt: Any) -> None:
    def hear(event: Event) -> None:
        raise KeyboardInterrupt

    loop = a_loop(hear=hear)
    loop.post(lambda: loop.control.OnEventConnect(0))
    with pytest.raises(KeyboardInterrupt):
        loop.run()


def test_given_a_loop_on_another_thread_when_it_asks_then_answers_come_over_the_bridge_in_order(qt: Any) -> None:
    from broker_win.emulator.inject import install
    from broker_win.ocx import ControlLoop

    engine = FakeEngine()
    threads: set[int] = set()

    def answer(rqname: str, trcode: str, more: int, screen: str) -> int:
        threads.add(threading.get_ident())
        engine.say("OnReceiveMsg", screen, rqname, trcode, "")
        arguments = ("1000", rqname, trcode, "", "", 0, "", "", "")
        engine.say("OnReceiveTrData", *arguments, GetRepeatCnt=2, GetCommDataEx=ROWS)
        return 0

    engine.answers = {"CommRqData": answer}
    install(lambda: engine)
    loop = ControlLoop(lambda event: bridge.deliver(event), on_beat=lambda: bridge.beat())
    bridge = ThreadBridge(loop.post, loop.control, time.monotonic_ns)
    heard: list[str] = []
    count = 30

    async def talk() -> None:
        done = asyncio.Event()

        def hear(events: Sequence[Event]) -> None:
            heard.extend(f"{type(event).__name__} {event.rqname}" for event in events)  # type: ignore[union-attr]
            if len(heard) == 2 * count:
                done.set()

        bridge.on_events(hear)
        for number in range(count):
            request = TrRequest(f"r{number}", "opt10080", (), "1000", ONE_CALL)
            assert await bridge.run(lambda control, request=request: control.request(request)) == 0
        await done.wait()
        loop.quit()

    thread = threading.Thread(target=asyncio.run, args=(talk(),), daemon=True)
    loop.post(thread.start)
    assert loop.run() == 0
    thread.join()
    assert heard == [f"{kind} r{number}" for number in range(count) for kind in ("Told", "TrAnswer")]
    assert threads == {threading.get_ident()}


# ---- definitions -----------------------------------------------------------------------------------------------------

DEFINITION = """[TRINFO]
TRName=주식분봉차트조회요청
TRCode=opt10080

[INPUT]
@START_주식분봉차트조회
종목코드=,0,6
틱범위=,0,2
@END_주식분봉차트조회

[OUTPUT]
@START_주식분차트=*,*,*
종목코드=389,0,6,0
@END_주식분차트=*,*,*
@START_주식분봉차트조회=900,*,*
현재가=10,0,9,0
거래량=15,0,10,0
@END_주식분봉차트조회=900,*,*
"""


def a_definition(folder: Path, text: str = DEFINITION, member: str = "OPT10080.dat") -> None:
    (folder / "data").mkdir()
    with zipfile.ZipFile(folder / "data" / "opt10080.enc", "w") as enc:
        enc.writestr(member, text.replace("\n", "\r\n").encode("cp949"))


def test_given_an_installed_definition_when_read_then_records_and_fields_come_in_order(qt: Any, tmp_path: Path) -> None:
    from broker_win.ocx import read_tr_definition

    a_definition(tmp_path)
    assert read_tr_definition("OPT10080", str(tmp_path)) == {
        "trcode": "OPT10080",
        "input": [{"주식분봉차트조회": ["종목코드", "틱범위"]}],
        "output": [{"주식분차트": ["종목코드"]}, {"주식분봉차트조회": ["현재가", "거래량"]}],
    }


def test_given_a_definition_that_is_missing_or_damaged_when_read_then_its_file_is_named(
    qt: Any, tmp_path: Path
) -> None:
    from broker_win.ocx import read_tr_definition

    with pytest.raises(DataError, match=r"opt10080\.enc"):
        read_tr_definition("opt10080", str(tmp_path))
    a_definition(tmp_path, member="OTHER.dat")
    with pytest.raises(DataError, match=r"opt10080\.enc"):
        read_tr_definition("opt10080", str(tmp_path))
    (tmp_path / "data" / "opt10080.enc").write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"opt10080\.enc"):
        read_tr_definition("opt10080", str(tmp_path))


# ---- pykiwoom itself -------------------------------------------------------------------------------------------------


def run_apart(script: str, folder: Path) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    here = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_given_our_module_when_imported_then_it_brings_neither_pandas_nor_an_application(
    qt: Any, tmp_path: Path
) -> None:
    script = """
import sys
import broker_win.ocx
from PyQt5.QtWidgets import QApplication
assert QApplication.instance() is None
print([name for name in sys.modules if name.split(".")[0] in ("pandas", "numpy", "pythoncom", "pykiwoom")])
"""
    assert run_apart(script, tmp_path).strip() == "[]"


def test_given_pykiwoom_unchanged_when_it_blocks_then_the_emulator_answers_it(qt: Any, tmp_path: Path) -> None:
    script = """
import sys, types
from tests.broker_win.fake_engine import FakeEngine
from broker_win.emulator.inject import install

frames = types.ModuleType("pandas")  # what pykiwoom makes of an answer
frames.DataFrame = lambda data, columns: [dict(zip(columns, row)) for row in data]
sys.modules["pandas"] = frames

class Engine(FakeEngine):
    def call(self, method, arguments):
        if method == "CommConnect":
            self.say("OnEventConnect", 0)
        if method == "CommRqData":
            rqname, trcode, more, screen = arguments
            rows = [("+70000 ", " 12"), ("-69900 ", "  3")]
            self.say("OnReceiveTrData", screen, rqname, trcode, "", "2", 0, "", "", "", GetRepeatCnt=2,
                     GetCommData=lambda trcode, record, row, name: rows[row][("현재가", "거래량").index(name)])
        return super().call(method, arguments)

engine = Engine()
engine.answers = {"CommConnect": 0, "CommRqData": 0, "SetInputValue": None, "GetAPIModulePath": sys.argv[1],
                  "GetLoginInfo": "8012345611;"}
install(lambda: engine)

from pykiwoom.kiwoom import Kiwoom
kiwoom = Kiwoom()
kiwoom.CommConnect(block=True)
assert kiwoom.connected
assert kiwoom.GetLoginInfo("ACCNO") == ["8012345611"]
print(kiwoom.block_request("opt10080", 종목코드="005930", 틱범위="1", output="주식분봉차트조회", next=0))
print(kiwoom.tr_remained)
"""
    a_definition(tmp_path)
    rows = [{"현재가": "+70000", "거래량": "12"}, {"현재가": "-69900", "거래량": "3"}]
    lines = run_apart(script, tmp_path).splitlines()  # pykiwoom prints lines of its own before
    assert lines[-2:] == [str(rows), "True"]
