"""pykiwoom itself, unchanged and with its busy waits, against the whole emulated Kiwoom: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, queue, sys, time, types
from pathlib import Path

frames = types.ModuleType("pandas")  # what pykiwoom makes of an answer, without pandas
frames.DataFrame = lambda data, columns: [dict(zip(columns, row)) for row in data]
sys.modules["pandas"] = frames

from broker_win.emulator.engine import KiwoomEngine
from broker_win.emulator.inject import install
from broker_win.emulator.plan import EmulatorPlan, FlagsPlan
from broker_win.emulator.sim_house import SimHouse
from tests.broker_sim.builders import a_quote, an_instrument, at

class NoDesktop:
    def open(self, title, text):
        raise AssertionError(title)

    def is_open(self, dialog_id):
        return False

folder = Path(sys.argv[1])
house = SimHouse.opened(folder / "venue.db", [an_instrument("005930")])
house.set_time(at(9, 59))
house.on_quotes([a_quote(symbol="005930", when=at(9, 59), price=10_500)])
plan = EmulatorPlan(flags=FlagsPlan(conditions={"오름": "change >= 1.5"}))
install(lambda: KiwoomEngine(house, plan, time.monotonic_ns, folder / "OpenAPI", NoDesktop()))

from pykiwoom.kiwoom import Kiwoom
import pythoncom

told, chejan = {}, queue.Queue()
kiwoom = Kiwoom(chejan_dqueue=chejan)
kiwoom.CommConnect(block=True)
told["state"] = kiwoom.GetConnectState()
told["accounts"] = kiwoom.GetLoginInfo("ACCNO")
told["codes"] = kiwoom.GetCodeListByMarket("0")
told["base"] = kiwoom.GetMasterLastPrice("005930")
quote = kiwoom.block_request("opt10001", 종목코드="005930", output="주식기본정보", next=0)
told["quote"] = [quote[0]["종목코드"], quote[0]["현재가"]]
kiwoom.GetConditionLoad(block=True)
told["conditions"] = kiwoom.GetConditionNameList()
told["found"] = kiwoom.SendCondition("0102", "오름", told["conditions"][0][0], 0, block=True)
told["sent"] = kiwoom.SendOrder("order", "1000", "8012345611", 1, "005930", 10, 9_000, "00", "")
while chejan.empty():
    pythoncom.PumpWaitingMessages()
fact = chejan.get()
told["order"] = [fact[fid] for fid in ("gubun", "9001", "913", "900", "902", "920")]
kiwoom.ocx.clear()
print(json.dumps(told))
"""


def test_given_pykiwoom_unchanged_when_it_runs_a_day_then_the_emulated_kiwoom_serves_it(tmp_path: Path) -> None:
    pytest.importorskip("PyQt5.QtWidgets")
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == {  # pykiwoom prints lines of its own before
        "state": 1,
        "accounts": ["8012345611"],
        "codes": ["005930"],
        "base": 10_000,
        "quote": ["005930", "+10500"],
        "conditions": [["000", "오름"]],
        "found": ["005930"],
        "sent": 0,
        "order": ["0", "A005930", "접수", "10", "10", "1000"],
    }
