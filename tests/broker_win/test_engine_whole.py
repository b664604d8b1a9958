"""The emulated control before a simulated venue: what an order does is what queries, events and streams tell."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan, FlagsPlan, HangsPlan
from broker_win.emulator.sim_house import SimHouse
from domain.types import UnixNanos
from tests.broker_sim.builders import at
from tests.broker_win.engine_stage import Stage
from tests.broker_win.venue_steps import ACCOUNT, SYMBOL, a_plan, a_row, a_stock

ACCOUNT_INPUTS = {"계좌번호": ACCOUNT, "비밀번호": "", "비밀번호입력매체구분": "00"}
DAY_ORDERS = {"계좌번호": ACCOUNT, "전체종목구분": "0", "매매구분": "0", "종목코드": "", "체결구분": "0"}
OPEN_ORDERS = {**DAY_ORDERS, "체결구분": "1"}


class Whole(Stage):
    """A control before a venue at 10:00 with one stock at 10,000 won; answers and chejan events are read at once."""

    def __init__(self, path: Path, plan: EmulatorPlan | None = None) -> None:
        """Open the venue and log in."""
        self.venue = SimHouse.opened(path / "sim.db", [a_stock()], now=lambda: 1)
        self.venue.on_quotes([a_row(when=at(9, 59, 59))], at(10, 0))
        super().__init__(path / "OpenAPI", plan or a_plan(), cast(Any, self.venue))
        self.told: list[str] = []
        self.number = ""
        self.on_event = self._read_event
        self.login()

    def order(self, kind: int, quantity: int, price: int, original: str = "") -> int:
        """SendOrder on screen 2000."""
        return int(self.call("SendOrder", "order", "2000", ACCOUNT, kind, SYMBOL, quantity, price, "00", original))

    def trade(self, price: int, quantity: int) -> None:
        """Let others trade a second later."""
        when = UnixNanos(self.venue.now() + 1_000_000_000)
        self.venue.on_quotes([a_row(price, quantity, when=when)], when)

    def ask_rows(self, trcode: str, inputs: dict[str, str], *names: str) -> list[list[str]]:
        """Read rows, or the single record, and go on listening."""
        rows, _ = self.read(trcode, inputs, *names)
        self.on_event = self._read_event
        return [[cell.strip() for cell in row] for row in rows]

    def _read_event(self, one: Emission) -> None:
        if one.signal == "OnReceiveTrData" and str(one.arguments[2]).startswith("KOA"):
            self.number = self.call("GetCommData", one.arguments[2], one.arguments[1], 0, "주문번호").strip()
            self.told.append(f"answer on {one.arguments[0]}")
        elif one.signal == "OnReceiveChejanData":
            fids = 913 if one.arguments[0] == "0" else 930
            assert str(fids) in str(one.arguments[2]).split(";")
            self.told.append(f"{one.arguments[0]} {self.call('GetChejanData', fids).strip()}")


@pytest.fixture
def whole(tmp_path: Path) -> Whole:
    """Give a control that is logged in before a venue."""
    return Whole(tmp_path)


def test_given_an_order_when_it_fills_then_events_and_lists_agree(whole: Whole) -> None:
    assert whole.order(1, 10, 10_000) == 0
    whole.run(1_000)
    assert whole.told == ["answer on 2000", "0 접수", "0 체결", "1 10"]
    assert len(whole.number) == 7 and whole.number.isdigit()
    [row] = whole.ask_rows("opt10075", DAY_ORDERS, "주문번호", "주문상태", "체결량", "미체결수량")
    assert row == [whole.number, "체결", "000000000010", "000000000000"]
    assert whole.ask_rows("opt10075", OPEN_ORDERS, "주문번호") == [[""]]
    [row] = whole.ask_rows("opw00018", {**ACCOUNT_INPUTS, "조회구분": "1"}, "종목번호", "보유수량", "매입금액")
    assert [row[0], *map(int, row[1:])] == [f"A{SYMBOL}", 10, 100_000]
    whole.run(2_000)  # 5 queries a second
    [row] = whole.ask_rows("opw00001", {**ACCOUNT_INPUTS, "조회구분": "2"}, "예수금", "d+2추정예수금")
    assert [int(cell) for cell in row] == [100_000_000, 100_000_000 - 100_350]


def test_given_an_open_order_when_it_is_cancelled_then_lists_tell_both_numbers(whole: Whole) -> None:
    assert whole.order(1, 10, 9_900) == 0
    whole.run(1_000)
    original = whole.number
    assert whole.order(3, 10, 0, original) == 0
    whole.run(1_000)
    assert whole.told == ["answer on 2000", "0 접수", "answer on 2000", "0 접수", "0 확인", "0 접수"]
    names = ("주문번호", "원주문번호", "주문구분", "주문상태", "미체결수량")
    rows = whole.ask_rows("opt10075", DAY_ORDERS, *names)
    assert rows == [
        [whole.number, original, "매수취소", "확인", "000000000000"],
        [original, "0000000", "+매수", "접수", "000000000000"],
    ]


def test_given_a_dialog_when_an_order_fills_meanwhile_then_everything_comes_once_it_is_closed(tmp_path: Path) -> None:
    whole = Whole(tmp_path, replace(a_plan(), hangs=HangsPlan(dialogs=("10:01 안내",))))
    whole.venue.on_quotes([a_row(when=at(10, 1))], at(10, 1))
    whole.run(1_000)
    assert whole.order(1, 10, 10_000) == 0
    whole.run(60_000)
    assert whole.told == []
    whole.desktop.close_all()
    whole.run(1_000)
    assert whole.told == ["answer on 2000", "0 접수", "0 체결", "1 10"]


def test_given_a_lost_line_when_an_order_fills_meanwhile_then_only_the_lists_of_the_next_process_tell(
    tmp_path: Path,
) -> None:
    whole = Whole(tmp_path, replace(a_plan(), hangs=HangsPlan(lost_lines=("10:01",))))
    assert whole.order(1, 10, 9_990) == 0
    whole.run(1_000)
    whole.venue.on_quotes([a_row(when=at(10, 1))], at(10, 1))
    whole.run(1_000)
    before = list(whole.told)
    whole.trade(9_990, 5_000)
    whole.trade(9_900, 5_000)
    whole.run(1_000)
    assert whole.told == before
    assert whole.order(1, 1, 10_000) == -106
    whole.engine.close()
    again = Whole(tmp_path, a_plan())
    again.run(1_000)
    assert again.told == []
    [row] = again.ask_rows("opt10075", DAY_ORDERS, "주문번호", "체결량")
    assert row == [whole.number, "000000000010"]


def test_given_a_registered_code_when_it_trades_then_the_stream_tells_it(whole: Whole) -> None:
    assert whole.call("SetRealReg", "3000", SYMBOL, "10;15", "0") == 0
    whole.trade(10_000, 7)
    came = [one for one in whole.run(1_000) if one.signal == "OnReceiveRealData" and one.arguments[1] == "주식체결"]
    assert [one.arguments[0] for one in came] == [SYMBOL]


def test_given_more_than_five_orders_in_a_second_when_sent_then_the_sixth_does_not_go(tmp_path: Path) -> None:
    whole = Whole(tmp_path, EmulatorPlan())
    assert [whole.order(1, 1, 9_900) for _ in range(6)] == [0] * 5 + [-308]
    whole.run(1_000)
    assert whole.told.count("0 접수") == 5


def test_given_a_wrong_screen_when_an_order_is_sent_then_it_does_not_go(whole: Whole) -> None:
    assert whole.call("SendOrder", "order", "0000", ACCOUNT, 1, SYMBOL, 1, 9_900, "00", "") == -105
    whole.run(1_000)
    assert whole.told == []


def test_given_a_stock_with_a_warning_when_it_is_bought_then_a_window_asks_first_and_sales_pass(tmp_path: Path) -> None:
    whole = Whole(tmp_path, replace(a_plan(), flags=FlagsPlan(warnings={SYMBOL: "5"})))
    assert whole.order(1, 10, 10_000) == 0
    whole.run(60_000)
    assert whole.told == []
    assert len(whole.desktop.titles) == 1
    whole.desktop.close_all()
    whole.run(1_000)
    assert whole.told == ["answer on 2000", "0 접수", "0 체결", "1 10"]
    assert whole.order(2, 10, 11_000) == 0
    whole.run(1_000)
    assert whole.told[4:] == ["answer on 2000", "0 접수"]


def test_given_a_lost_line_when_somebody_agrees_to_an_order_then_it_does_not_go(tmp_path: Path) -> None:
    plan = replace(a_plan(), flags=FlagsPlan(warnings={SYMBOL: "5"}), hangs=HangsPlan(lost_lines=("10:01",)))
    whole = Whole(tmp_path, plan)
    assert whole.order(1, 10, 10_000) == 0
    whole.venue.on_quotes([a_row(when=at(10, 1))], at(10, 1))
    whole.run(1_000)
    whole.desktop.close_all()
    whole.run(1_000)
    assert whole.call("GetConnectState") == 0
    assert whole.venue.venue.exchange.open_orders() == []
