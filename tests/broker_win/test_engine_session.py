"""The log-in of the emulated control, its lost lines, dialogs and outages."""

from dataclasses import replace
from pathlib import Path

import pytest

from broker_win.emulator.plan import EmulatorPlan, HangsPlan, ServerPlan, TimesPlan
from domain.time import NANOS_PER_MINUTE, from_kst
from tests.broker_win.engine_stage import ACCOUNT, DAY, MS, NINE, SAMSUNG, FakeHouse, Stage, a_quote

PLAIN = EmulatorPlan()


def with_server(**more: object) -> EmulatorPlan:
    return replace(PLAIN, server=ServerPlan(**more))  # type: ignore[arg-type]  # names of ServerPlan


def with_hangs(**more: tuple[str, ...]) -> EmulatorPlan:
    return replace(PLAIN, hangs=HangsPlan(**more))


def connects(stage: Stage) -> list[object]:
    return [one.arguments[0] for one in stage.sent if one.signal == "OnEventConnect"]


def test_given_auto_login_when_connecting_then_it_logs_in_without_a_window(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.call("GetConnectState") == 0
    assert stage.call("CommConnect") == 0
    stage.run(49)
    assert connects(stage) == []
    stage.run(1)
    assert connects(stage) == [0]
    assert stage.call("GetConnectState") == 1
    assert stage.desktop.titles == []
    assert stage.call("GetLoginInfo", "ACCNO") == f"{ACCOUNT};"
    assert stage.call("GetLoginInfo", "ACCOUNT_CNT") == "1"
    assert stage.call("GetLoginInfo", "GetServerGubun") == "1"
    assert stage.call("KOA_Functions", "GetServerGubun", "") == "1"
    assert stage.call("GetAPIModulePath") == str(tmp_path)


def test_given_the_real_server_when_asked_then_it_is_not_1(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_server(kind="real", accounts=(ACCOUNT, "8012345631")))
    stage.login()
    assert stage.call("KOA_Functions", "GetServerGubun", "") == "0"
    assert stage.call("GetLoginInfo", "ACCNO") == f"{ACCOUNT};8012345631;"


def test_given_no_auto_login_when_connecting_then_the_window_stands_until_somebody_closes_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_server(auto_login=False))
    assert stage.call("CommConnect") == 0
    assert stage.call("CommConnect") == 0  # no second window
    stage.run(3_600_000)
    assert connects(stage) == []
    assert stage.desktop.titles == ["Open API Login"]
    stage.desktop.close_all()
    stage.run(1_000)
    assert connects(stage) == [0]


def test_given_failures_when_connecting_then_it_says_0_after_so_many(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_server(login_code=-100, login_fails=2))
    for _ in range(3):
        stage.call("CommConnect")
        stage.run(1_000)
    assert connects(stage) == [-100, -100, 0]


def test_given_an_old_version_when_logged_in_by_hand_then_the_next_process_has_the_new_one(tmp_path: Path) -> None:
    old = with_server(login_code=-102)
    stage = Stage(tmp_path, old)
    stage.call("CommConnect")
    stage.run(1_000)
    assert connects(stage) == [-102]
    assert stage.desktop.titles == []
    auto = tmp_path / "system" / "Autologin.dat"
    kept = auto.rename(auto.with_suffix(".kept"))
    by_hand = Stage(tmp_path, old)
    by_hand.call("CommConnect")
    for _ in range(2):
        by_hand.run(100)
        by_hand.desktop.close_all()
    by_hand.run(1_000)
    assert by_hand.desktop.titles == ["Open API Login", "opstarter"]
    assert connects(by_hand) == [-102]  # this very process holds the files
    kept.rename(auto)
    again = Stage(tmp_path, old)
    again.login()
    assert again.desktop.titles == []


def test_given_servers_that_do_not_answer_when_connecting_then_it_waits_and_fails(tmp_path: Path) -> None:
    house = FakeHouse()
    house.is_up = False
    stage = Stage(tmp_path, house=house)
    stage.call("CommConnect")
    stage.run(4_000)
    assert connects(stage) == []
    stage.run(4_000)
    assert connects(stage) == [-101]


def test_given_nobody_logged_in_when_anything_is_asked_then_it_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == -101
    assert stage.call("CommKwRqData", SAMSUNG, 0, 1, 0, "q", "1001") == -101
    assert stage.call("SetRealReg", "3000", SAMSUNG, "10", "0") == -101
    assert stage.call("SendOrder", "o", "2000", ACCOUNT, 1, SAMSUNG, 1, 60_000, "00", "") == -101
    assert stage.call("GetConditionLoad") == 0
    assert stage.call("SendCondition", "4000", "a", 0, 0) == 0
    assert stage.call("GetLoginInfo", "ACCNO") == ""
    assert stage.call("GetCodeListByMarket", "0") == ""
    assert stage.run(1_000) == []


def test_given_a_lost_line_when_its_minute_comes_then_nothing_of_the_servers_comes_any_more(tmp_path: Path) -> None:
    plan = replace(with_hangs(lost_lines=("09:01",)), times=TimesPlan(tr_ms=(500, 500)))
    stage = Stage(tmp_path, plan)
    stage.login()
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == 0  # its answer is on the way
    stage.house.clock = NINE + NANOS_PER_MINUTE
    stage.run(10_000)
    assert stage.signals() == ["OnEventConnect", "OnEventConnect"]
    assert connects(stage) == [0, -106]
    assert stage.call("GetConnectState") == 0
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == -106
    assert stage.call("GetMasterCodeName", SAMSUNG) == "삼성전자"  # the master files are there
    stage.call("CommConnect")  # not in this process
    stage.run(1_000)
    assert connects(stage) == [0, -106, -101]


def test_given_a_minute_before_the_start_when_the_process_begins_then_nothing_befalls_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_hangs(dies=("09:00",), dialogs=("08:59 어떤 창",), freezes=("09:00 5",)))
    stage.login()
    stage.house.clock = NINE + NANOS_PER_MINUTE
    stage.run(1_000)
    assert (stage.deaths, stage.desktop.titles, stage.frozen) == (0, [], [])


def test_given_planned_hangs_when_their_minute_passes_then_they_befall_it_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_hangs(dies=("09:02",), dialogs=("09:01 어떤 창",), freezes=("09:01 5",)))
    stage.login()
    stage.house.clock = NINE + NANOS_PER_MINUTE
    stage.run(1_000)
    assert (stage.deaths, stage.desktop.titles, stage.frozen) == (0, ["어떤 창"], [5])
    stage.house.clock = NINE + 2 * NANOS_PER_MINUTE
    stage.run(1_000)
    assert (stage.deaths, stage.desktop.titles, stage.frozen) == (1, ["어떤 창"], [5])


def test_given_an_open_dialog_when_an_answer_is_due_then_it_comes_after_the_dialog_and_calls_answer(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, with_hangs(dialogs=("09:01 안내",)))
    stage.login()
    stage.house.clock = NINE + NANOS_PER_MINUTE
    stage.run(200)
    before = len(stage.sent)
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == 0
    stage.run(60_000)
    assert stage.sent[before:] == []
    assert stage.call("GetConnectState") == 1
    stage.desktop.close_all()
    assert [one.signal for one in stage.run(1_000)] == ["OnReceiveTrData"]


def test_given_an_open_dialog_when_data_streams_then_it_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path, with_hangs(dialogs=("09:01 안내",)))
    stage.login()
    assert stage.call("SetRealReg", "3000", SAMSUNG, "10", "0") == 0
    stage.house.clock = NINE + NANOS_PER_MINUTE
    stage.run(200)
    stage.house.on_rows([a_quote(SAMSUNG, 61_100, 1_010)], [])
    stage.run(1_000)
    stage.desktop.close_all()
    assert stage.run(1_000) == []
    stage.house.on_rows([a_quote(SAMSUNG, 61_200, 1_020)], [])
    assert {one.signal for one in stage.run(1_000)} == {"OnReceiveRealData"}


@pytest.mark.parametrize(
    ("window", "title"),
    [("fri 10:00-10:05", "KHOpenAPI"), ("fri 06:50-06:55", "[HTS 재접속 안내]")],
)
def test_given_maintenance_when_it_begins_then_notice_loss_and_dialog_come(
    tmp_path: Path, window: str, title: str
) -> None:
    hour, minute = int(window[4:6]), int(window[7:9])
    house = FakeHouse()
    house.clock = from_kst(DAY, hour, minute) - 30 * NANOS_PER_MINUTE
    stage = Stage(tmp_path, with_server(maintenance=(window,)), house)
    stage.login()
    house.clock += 10 * NANOS_PER_MINUTE
    stage.run(1_000)
    assert stage.desktop.titles == ["안녕하세요. 키움증권 입니다."]
    stage.desktop.close_all()
    house.clock += 20 * NANOS_PER_MINUTE
    stage.run(1_000)
    assert stage.desktop.titles[1:] == [title]
    assert connects(stage) == [0, -106]
    anew = Stage(tmp_path, with_server(maintenance=(window,)), house)
    anew.call("CommConnect")
    anew.run(1_000)
    assert connects(anew) == [-101]
    house.clock += 5 * NANOS_PER_MINUTE
    anew.call("CommConnect")
    anew.run(1_000)
    assert connects(anew) == [-101, 0]


@pytest.mark.parametrize("asks", [False, True])
def test_given_no_registered_password_when_the_account_is_asked_about_then_minus_301(
    tmp_path: Path, asks: bool
) -> None:
    stage = Stage(tmp_path, with_server(password_registered=False, password_dialog=asks))
    stage.login()
    inputs = {"계좌번호": ACCOUNT, "비밀번호": "", "비밀번호입력매체구분": "00", "조회구분": "2"}
    assert stage.ask("opw00001", inputs) == -301
    assert stage.ask("opt10085", {"계좌번호": ACCOUNT}) == 0  # takes no password
    assert stage.call("SendOrder", "o", "2000", ACCOUNT, 1, SAMSUNG, 1, 60_000, "00", "") == -301
    assert stage.desktop.titles == ["계좌비밀번호 입력"] * asks
    stage.call("KOA_Functions", "ShowAccountWindow", "")
    stage.run(100)
    stage.desktop.close_all()
    stage.run(100)
    assert stage.ask("opw00001", inputs) == 0


def test_given_somebody_elses_account_when_it_is_asked_about_then_minus_302(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.login()
    inputs = {"계좌번호": "8099999911", "비밀번호": "", "비밀번호입력매체구분": "00", "조회구분": "2"}
    assert stage.ask("opw00001", inputs) == -302
    assert stage.ask("opt10085", {"계좌번호": "8099999911"}) == -302
    assert stage.ask("opt10085", {"계좌번호": ACCOUNT}) == 0


def test_given_a_closed_engine_when_time_passes_then_nothing_is_sent(tmp_path: Path) -> None:
    stage = Stage(tmp_path, replace(PLAIN, times=TimesPlan(tr_ms=(5, 5))))
    stage.login()
    stage.ask("opt10001", {"종목코드": SAMSUNG})
    stage.engine.close()
    assert stage.run(1_000) == []
    assert stage.engine.next_at() is None
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == -106


def test_given_a_clock_that_is_not_known_yet_when_it_is_then_nothing_of_before_befalls_the_process(
    tmp_path: Path,
) -> None:
    house = FakeHouse()
    house.clock = 0
    stage = Stage(tmp_path, with_hangs(dies=("08:59", "09:01")), house)
    stage.run(1_000)
    house.clock = NINE
    stage.run(1_000)
    assert stage.deaths == 0
    house.clock = NINE + NANOS_PER_MINUTE
    stage.run(1_000)
    assert stage.deaths == 1


def test_given_a_clock_that_is_taken_back_when_the_minute_comes_again_then_it_befalls_the_process_again(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, with_hangs(freezes=("09:01 5",)))
    for _ in range(2):
        stage.house.clock = NINE
        stage.run(1_000)
        stage.house.clock = NINE + 90 * 1_000 * MS
        stage.run(1_000)
    assert stage.frozen == [5, 5]


def test_given_servers_that_stop_answering_when_looked_at_then_the_line_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.login()
    stage.house.is_up = False
    stage.run(1_000)
    assert connects(stage) == [0, -106]
