"""The stand-in for QAxWidget: it calls as QAxBase does, and sends events in the control's own thread."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.broker_win.fake_engine import FakeEngine

Pump = Callable[[Callable[[], bool]], None]
PROG_ID = "KHOPENAPI.KHOpenAPICtrl.1"


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def widget(qt: Any, engine: FakeEngine) -> Iterator[Any]:
    from broker_win.emulator.inject import install

    install(lambda: engine)
    from PyQt5.QAxContainer import QAxWidget

    made = QAxWidget(PROG_ID)
    yield made
    made.clear()


def in_a_thread(work: Callable[[], Any]) -> Any:
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(work()))
    thread.start()
    thread.join()
    return given[0]


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_given_a_full_signature_when_called_then_the_engine_gets_method_and_values(
    widget: Any, engine: FakeEngine
) -> None:
    engine.answers["CommRqData"] = 0
    assert widget.dynamicCall("CommRqData(QString, QString, int, QString)", "r1", "opt10001", 0, "1000") == 0
    assert widget.dynamicCall("CommRqData(const QString&,QString ,int,QString)", ["r2", "opt10001", 2, "1000"]) == 0
    assert engine.calls == [("CommRqData", "r1", "opt10001", 0, "1000"), ("CommRqData", "r2", "opt10001", 2, "1000")]


def test_given_nine_values_when_called_then_only_a_list_passes(widget: Any, engine: FakeEngine) -> None:
    engine.answers["SendOrder"] = 0
    signature = "SendOrder(QString, QString, QString, int, QString, int, int, QString, QString)"
    values = ["r", "1000", "8012345611", 1, "005930", 10, 70_000, "00", ""]
    with pytest.raises(TypeError):
        widget.dynamicCall(signature, *values)
    assert engine.calls == []
    assert widget.dynamicCall(signature, values) == 0
    assert engine.calls == [("SendOrder", *values)]


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("GetConnectState", ()),  # no signature
        ("GetConnectState(QString)", ("x",)),  # not this method's
        ("NoSuchMethod()", ()),
        ("GetLoginInfo(QString)", ()),
        ("GetLoginInfo(QString)", ("ACCNO", "more")),
        ("GetLoginInfo(QString)", (["ACCNO", "more"],)),
        ("GetBranchCodeName()", ()),  # known, but not played
    ],
)
def test_given_what_the_control_does_not_know_when_called_then_none(widget: Any, signature: str, values: Any) -> None:
    assert widget.dynamicCall(signature, *values) is None


def test_given_values_of_another_kind_when_called_then_they_are_converted_as_qt_does(
    widget: Any, engine: FakeEngine
) -> None:
    engine.answers["CommRqData"] = 0
    widget.dynamicCall("CommRqData(QString, QString, int, QString)", 7, None, "2", 1000)
    widget.dynamicCall("CommRqData(QString, QString, int, QString)", "", "", "two", True)
    assert engine.calls == [("CommRqData", "7", "", 2, "1000"), ("CommRqData", "", "", 0, "True")]


def test_given_an_engine_that_fails_when_called_then_none(widget: Any, engine: FakeEngine) -> None:
    engine.answers["GetConnectState"] = lambda: 1 // 0
    assert widget.dynamicCall("GetConnectState()") is None


def test_given_another_thread_when_called_then_the_call_is_lost_and_counted(widget: Any, engine: FakeEngine) -> None:
    engine.answers["GetConnectState"] = 1
    assert in_a_thread(lambda: widget.dynamicCall("GetConnectState()")) is None
    assert (engine.calls, widget.lost_calls) == ([], 1)
    assert widget.dynamicCall("GetConnectState()") == 1


# ---- which control ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [PROG_ID, "{a1574a0d-6bfa-4bd7-9020-ded88711818d}"])
def test_given_kiwooms_name_when_set_then_the_control_is_there(widget: Any, engine: FakeEngine, name: str) -> None:
    made = type(widget)()
    assert (made.isNull(), made.dynamicCall("GetConnectState()")) == (True, None)
    assert made.setControl(name)
    assert (made.isNull(), made.control()) == (False, name)
    engine.answers["GetConnectState"] = 1
    assert made.dynamicCall("GetConnectState()") == 1


def test_given_another_name_when_set_then_nothing_is_there(widget: Any) -> None:
    made = type(widget)("KHOPENAPI.KHOpenAPICtrl.2")
    assert made.isNull()
    assert made.dynamicCall("GetConnectState()") is None
    with pytest.raises(AttributeError):
        _ = made.OnEventConnect


def test_given_a_control_when_cleared_then_the_engine_is_closed_and_nothing_is_sent(
    widget: Any, engine: FakeEngine, qt: Any
) -> None:
    heard: list[int] = []
    widget.OnEventConnect.connect(heard.append)
    engine.say("OnEventConnect", 0)
    widget.clear()
    qt.processEvents()
    assert (engine.closed, heard) == (True, [])
    assert widget.dynamicCall("GetConnectState()") is None


# ---- events ----------------------------------------------------------------------------------------------------------


def test_given_events_when_due_then_slots_get_every_argument_in_order(
    widget: Any, engine: FakeEngine, pump: Pump
) -> None:
    samples: dict[str, tuple[str | int, ...]] = {
        "OnEventConnect": (-106,),
        "OnReceiveTrData": ("1000", "r", "opt10001", "", "2", 0, "", "", ""),
        "OnReceiveRealData": ("005930", "주식체결", "090000\t+70000"),
        "OnReceiveMsg": ("1000", "r", "opt10001", "[00Z112] 정상"),
        "OnReceiveChejanData": ("0", 2, "9201;9203"),
        "OnReceiveConditionVer": (1, "ok"),
        "OnReceiveTrCondition": ("1000", "005930;", "상승", 3, 2),
        "OnReceiveRealCondition": ("005930", "I", "상승", "3"),
        "OnReceiveInvestRealData": ("x",),
    }
    heard: list[tuple[str, tuple[Any, ...]]] = []
    for signal, arguments in samples.items():
        getattr(widget, signal).connect(lambda *given, signal=signal: heard.append((signal, given)))
        engine.say(signal, *arguments)
    assert heard == []  # nothing comes before the loop runs
    pump(lambda: len(heard) == len(samples))
    assert heard == list(samples.items())


def test_given_a_slot_when_it_calls_back_then_the_getters_give_its_events_data(
    widget: Any, engine: FakeEngine, pump: Pump
) -> None:
    heard: list[Any] = []
    signature = "GetCommRealData(QString, int)"
    widget.OnReceiveRealData.connect(lambda code, *_: heard.append(widget.dynamicCall(signature, code, 10)))
    engine.say("OnReceiveRealData", "005930", "주식체결", "", GetCommRealData="+70000")
    pump(lambda: bool(heard))
    assert heard == ["+70000"]
    assert widget.dynamicCall(signature, "005930", 10) == ""


def test_given_a_loop_nested_in_a_slot_when_it_waits_then_nothing_comes_until_the_slot_returns(
    widget: Any, engine: FakeEngine, qt: Any, pump: Pump
) -> None:
    heard: list[str] = []

    def slot(code: int) -> None:
        heard.append(f"in {code}")
        if code == 0:
            engine.say("OnEventConnect", 1)
            for _ in range(5):
                qt.processEvents()
        heard.append(f"out {code}")

    widget.OnEventConnect.connect(slot)
    engine.say("OnEventConnect", 0)
    pump(lambda: len(heard) == 4)
    assert heard == ["in 0", "out 0", "in 1", "out 1"]


def test_given_another_thread_when_it_wakes_then_the_engine_is_asked_on_the_controls_thread(
    widget: Any, engine: FakeEngine, pump: Pump
) -> None:
    heard: list[int] = []
    widget.OnEventConnect.connect(lambda _: heard.append(threading.get_ident()))
    in_a_thread(lambda: engine.say("OnEventConnect", 0))
    pump(lambda: bool(heard))
    assert heard == [threading.get_ident()]


def test_given_an_engine_that_fails_to_send_when_due_then_the_next_events_come(
    widget: Any, engine: FakeEngine, pump: Pump
) -> None:
    heard: list[int] = []
    widget.OnEventConnect.connect(heard.append)
    engine.say("OnNoSuchEvent", 0)
    pump(lambda: not engine.queue)
    engine.say("OnEventConnect", 0)
    pump(lambda: bool(heard))
    assert heard == [0]


@pytest.mark.parametrize(
    ("at", "now", "expected"),
    [(0, 0, 0), (5, 9_000_000, 0), (1, 0, 1), (1_000_000, 0, 1), (1_000_001, 0, 2), (10**18, 0, 86_400_000)],
)
def test_given_a_time_when_armed_then_the_timer_does_not_end_before_it(at: int, now: int, expected: int) -> None:
    pytest.importorskip("PyQt5.QtWidgets")
    from broker_win.emulator.axwidget import wait_ms

    assert wait_ms(at, now) == expected


# ---- putting it in place ---------------------------------------------------------------------------------------------


def test_given_an_installed_emulator_when_installed_again_then_who_imported_it_has_the_new_engine(widget: Any) -> None:
    from broker_win.emulator.inject import install

    second = FakeEngine()
    second.answers["GetConnectState"] = 1
    install(lambda: second)
    assert type(widget)(PROG_ID).dynamicCall("GetConnectState()") == 1
    from PyQt5.QAxContainer import QAxWidget

    assert QAxWidget is type(widget)


@pytest.mark.parametrize("missing", ["pykiwoom", "PyQt5"])
def test_given_a_missing_package_when_installed_then_it_is_named_with_the_remedy(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util
    import sys

    from broker_win.emulator.inject import install
    from domain.errors import ConfigError

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else real(name))
    for name in ("PyQt5", "PyQt5.QtCore"):
        if missing == "PyQt5":
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=rf"{missing}.*pip install"):
        install(FakeEngine)
