"""Queries of the emulated control: inputs, pages, what they answer, and how it is written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker_win.emulator.definitions import definitions
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan, ServerPlan, TrPlan, UnknownsPlan
from broker_win.emulator.trs import TRS
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages.link import BrokerPosition
from domain.quotes import Depth
from domain.types import PPM, DayOrderAction, DayOrderState, Krw, Market, Side
from tests.broker_win.engine_stage import (
    ACCOUNT,
    FUND,
    HYNIX,
    KOSDAQ_ONE,
    MS,
    NINE,
    SAMSUNG,
    Stage,
    a_day_order,
    a_quote,
    an_instrument,
    some_candles,
)

PLAIN = EmulatorPlan()
DEPOSIT = {"계좌번호": ACCOUNT, "비밀번호": "", "비밀번호입력매체구분": "00", "조회구분": "2"}
BALANCES = {**DEPOSIT, "조회구분": "1"}
OPEN_ORDERS = {"계좌번호": ACCOUNT, "전체종목구분": "0", "매매구분": "0", "종목코드": "", "체결구분": "0"}
MINUTES = {"종목코드": SAMSUNG, "틱범위": "1", "수정주가구분": "0"}
DAYS = {"종목코드": SAMSUNG, "기준일자": "20260911", "수정주가구분": "0"}
HISTORY = {
    "주문일자": "20260911",
    "계좌번호": ACCOUNT,
    "비밀번호": "",
    "비밀번호입력매체구분": "00",
    "조회구분": "1",
    "주식채권구분": "0",
    "매도수구분": "0",
    "종목코드": "",
    "시작주문번호": "",
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Give a stage that is logged in."""
    made = Stage(tmp_path)
    made.login()
    return made


def a_stage(path: Path, **trs: int) -> Stage:
    made = Stage(path, replace(PLAIN, trs=TrPlan(**trs)))
    made.login()
    return made


def fields(names: str) -> list[str]:
    return names.split()


def answers(sent: list[Emission]) -> list[Emission]:
    return [one for one in sent if one.signal == "OnReceiveTrData"]


# ---- inputs --------------------------------------------------------------------------------------------------------


def test_given_inputs_in_order_when_asked_then_one_answer_comes_in_its_time(stage: Stage) -> None:
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == 0
    assert stage.run(9) == []
    [answer] = answers(stage.run(21))
    assert answer.arguments == ("1001", "q", "opt10001", "", "0", 0, "", "", "")


@pytest.mark.parametrize(
    "inputs",
    [
        {"틱범위": "1", "종목코드": SAMSUNG, "수정주가구분": "0"},  # not in their order
        {"종목코드": SAMSUNG, "틱범위": "1"},  # one is missing
        {},
    ],
)
def test_given_inputs_out_of_order_when_asked_then_it_cannot_be_parsed_and_is_never_answered(
    stage: Stage, inputs: dict[str, str]
) -> None:
    assert stage.ask("opt10080", inputs) == 0
    came = stage.run(60_000)
    assert [(one.signal, one.arguments) for one in came] == [
        ("OnReceiveMsg", ("1001", "q", "opt10080", "Fail to parse Request TR"))
    ]


def test_given_inputs_of_a_request_when_it_went_then_the_next_must_set_its_own(stage: Stage) -> None:
    stage.ask("opt10001", {"종목코드": SAMSUNG})
    stage.run(1_000)
    stage.ask("opt10001", {})
    assert answers(stage.run(60_000)) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("q", "opt10001", 0, "0000"), -105),
        (("q", "opt10001", 0, "77"), -105),
        (("q", "opt99999", 0, "1001"), -201),
        (("q", "optkwfid", 0, "1001"), -201),
        (("q", "opt10001", 1, "1001"), -202),
        (("", "opt10001", 0, "1001"), -202),
    ],
)
def test_given_a_wrong_request_when_asked_then_its_code_says_so(
    stage: Stage, arguments: tuple[str | int, ...], code: int
) -> None:
    stage.call("SetInputValue", "종목코드", SAMSUNG)
    assert stage.call("CommRqData", *arguments) == code


def test_given_an_unknown_code_when_asked_then_blanks_come(stage: Stage) -> None:
    rows, more = stage.read("opt10001", {"종목코드": "999999"}, "종목코드", "현재가", "종목명")
    assert (rows, more) == ([["", "", ""]], False)


@pytest.mark.parametrize("trcode", ["opt10003", "opt10004", "opt10080", "opt10081"])
def test_given_an_unknown_code_when_rows_are_asked_for_then_none_come(stage: Stage, trcode: str) -> None:
    known = {"종목코드": "999999", "틱범위": "1", "수정주가구분": "0", "기준일자": "20260911"}
    inputs = {name: known[name] for name in definitions()[trcode].inputs}
    assert stage.read(trcode, inputs, *definitions()[trcode].multi[:3]) == ([["", "", ""]], False)


def test_given_an_answer_when_rows_it_does_not_have_are_read_then_they_are_empty(stage: Stage) -> None:
    stage.house.answers["candles"] = some_candles(2)
    stage.house.answers["quotes"] = []
    read: list[str] = []

    def hear(one: Emission) -> None:
        for row, record in (
            (0, "주식분봉차트조회"),
            (2, "주식분봉차트조회"),
            (-1, "주식분봉차트조회"),
            (1, "주식분차트"),
        ):
            read.append(stage.call("GetCommData", "opt10080", record, row, "현재가").strip())
        read.append(stage.call("GetCommData", "opt10081", "주식분봉차트조회", 0, "현재가"))  # another TR
        read.append(str(stage.call("GetRepeatCnt", "opt10080", "주식분차트")))  # the single record has no rows
        read.append(str(stage.call("GetRepeatCnt", "opt10080", "주식분봉차트조회")))

    stage.on_event = hear
    stage.ask("opt10080", MINUTES)
    stage.run(1_000)
    assert read == ["+60020", "", "", "+60010", "", "0", "2"]


def test_given_no_event_when_getters_are_called_then_they_give_nothing(stage: Stage) -> None:
    stage.ask("opt10001", {"종목코드": SAMSUNG})
    stage.run(1_000)
    assert stage.call("GetCommData", "opt10001", "q", 0, "현재가") == ""
    assert stage.call("GetRepeatCnt", "opt10080", "q") == 0
    assert stage.call("GetCommDataEx", "opt10080", "q") == []
    assert stage.call("GetChejanData", 9203) == ""
    assert stage.call("GetCommRealData", SAMSUNG, 10) == ""


def test_given_every_definition_when_its_tr_is_looked_up_then_it_is_played_and_every_field_is_one_of_it(
    stage: Stage,
) -> None:
    assert set(TRS) == set(definitions())
    stage.house.answers |= {
        "day_orders": [a_day_order(1, filled_qty=10, leaves_qty=0, filled_notional=Krw(600_000), side=Side.SELL)],
        "candles": some_candles(3),
    }
    for definition in definitions().values():
        if definition.trcode == "optkwfid":
            stage.call("CommKwRqData", SAMSUNG, 0, 1, 0, "q", "1001")
        else:
            known = {"종목코드": SAMSUNG, "계좌번호": ACCOUNT}
            inputs = {name: known.get(name, "") for name in definition.inputs}
            assert stage.ask(definition.trcode, inputs) == 0
        [answer] = answers(stage.run(1_000))
        data: Any = answer.data
        assert set(data.single) == set(definition.single or (definition.multi if definition.is_read_as_single else ()))
        assert tuple(data.columns) in ((), definition.multi)


# ---- pages -------------------------------------------------------------------------------------------------------


def test_given_more_bars_than_a_page_when_asked_on_then_all_come_newest_first_and_none_twice(stage: Stage) -> None:
    stage.house.answers["candles"] = some_candles(2_000)
    times: list[str] = []
    for expected_rows, expected_more in ((900, True), (900, True), (200, False)):
        rows, more = stage.read("opt10080", MINUTES, "체결시간", more=bool(times))
        assert (len(rows), more) == (expected_rows, expected_more)
        times += [row[0].strip() for row in rows]
    assert times == sorted(set(times), reverse=True)
    assert times[-1] == "20260911090000"


def test_given_a_new_order_between_two_pages_when_asked_on_then_no_row_is_lost_or_doubled(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, short_pages=2)
    stage.house.answers["day_orders"] = [a_day_order(number) for number in range(1, 5)]
    first, more = stage.read("opt10075", OPEN_ORDERS, "주문번호")
    assert (first, more) == ([["0000004"], ["0000003"]], True)
    stage.house.answers["day_orders"] = [a_day_order(number) for number in range(1, 6)]
    second, more = stage.read("opt10075", OPEN_ORDERS, "주문번호", more=True)
    assert (second, more) == ([["0000002"], ["0000001"]], False)


def test_given_another_name_when_asked_for_the_next_page_then_the_first_comes(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, short_pages=1)
    stage.house.answers["candles"] = some_candles(3)
    stage.read("opt10080", MINUTES, "체결시간")
    assert stage.ask("opt10080", MINUTES, rqname="other", more=True) == 0
    [answer] = answers(stage.run(1_000))
    data: Any = answer.data
    assert data.rows[0][2].strip() == "20260911090200"


@pytest.mark.parametrize(("knob", "more", "come"), [("error_ppm", False, 0), ("page_lost_ppm", True, 1)])
def test_given_answers_that_get_lost_when_asked_then_they_never_come(
    tmp_path: Path, knob: str, more: bool, come: int
) -> None:
    stage = a_stage(tmp_path, short_pages=1, **{knob: PPM})
    stage.house.answers["candles"] = some_candles(3)
    assert stage.ask("opt10080", MINUTES) == 0
    stage.run(60_000)
    if more:
        assert stage.ask("opt10080", MINUTES, more=True) == 0
        stage.run(60_000)
    assert len(answers(stage.sent)) == come


@pytest.mark.parametrize(
    ("what", "trcode", "inputs"), [("account", "opw00001", DEPOSIT), ("candles", "opt10080", MINUTES)]
)
def test_given_servers_that_cannot_say_when_asked_then_a_message_comes_instead_of_an_answer(
    stage: Stage, what: str, trcode: str, inputs: dict[str, str]
) -> None:
    stage.house.answers[what] = BrokerUnavailable("away")
    stage.ask(trcode, inputs)
    assert [one.signal for one in stage.run(1_000)] == ["OnReceiveMsg"]


def test_given_servers_without_bars_when_asked_for_prices_then_they_answer_all_the_same(stage: Stage) -> None:
    stage.house.answers["candles"] = RequestRefused("NOT_OFFERED", "no bars")
    rows, _ = stage.read("opt10001", {"종목코드": SAMSUNG}, "현재가")
    assert rows[0][0].strip() == "+61000"


def test_given_late_servers_when_they_answer_then_the_answer_comes_once(stage: Stage) -> None:
    stage.house.late = []
    stage.ask("opw00001", DEPOSIT)
    assert stage.run(10_000) == []
    waiting, stage.house.late = stage.house.late, None
    for answer in waiting:
        answer()
    assert len(answers(stage.run(1_000))) == 1


# ---- what is written -----------------------------------------------------------------------------------------------


def test_given_a_quote_when_opt10001_is_read_then_prices_are_signed_against_the_base_and_padded(stage: Stage) -> None:
    stage.house.answers["candles"] = some_candles(2)
    names = fields("종목코드 종목명 현재가 기준가 전일대비 등락율 대비기호 시가 고가 저가 하한가 거래량")
    [row], _ = stage.read("opt10001", {"종목코드": SAMSUNG}, *names)
    assert row[1] == "삼성전자" + " " * 32  # 40 bytes of cp949
    assert row[2] == "+61000".rjust(15)
    stripped = [cell.strip() for cell in row]
    assert stripped[2:] == ["+61000", "60000", "+1000", "+1.66", "2", "60000", "+61000", "-59900", "-42000", "1000"]


def test_given_a_code_without_a_trade_when_read_then_it_stands_at_its_base(stage: Stage) -> None:
    [row], _ = stage.read("opt10001", {"종목코드": KOSDAQ_ONE}, "현재가", "시가", "대비기호", "등락율")
    assert [cell.strip() for cell in row] == ["70000", "0", "3", "0.00"]


def test_given_a_book_when_opt10004_is_read_then_its_levels_stand_under_their_odd_names_and_count_no_rows(
    stage: Stage,
) -> None:
    asks = tuple((61_100 + 100 * level, 10 + level) for level in range(10))
    bids = tuple((59_900 - 100 * level, 20 + level) for level in range(10))
    stage.house.on_rows([], [Depth(SAMSUNG, NINE + 1, bids, asks)])
    counts: list[int] = []
    stage.on_event = lambda one: counts.append(stage.call("GetRepeatCnt", "opt10004", "q"))
    stage.ask("opt10004", {"종목코드": SAMSUNG})
    stage.run(1_000)
    assert counts == [0]
    names = fields("매도최우선호가 매도최우선잔량 매수최우선호가 매수6우선호가 매도6우선잔량 매도10차선호가 총매수잔량")
    [row], _ = stage.read("opt10004", {"종목코드": SAMSUNG}, *names)
    assert [cell.strip() for cell in row] == ["+61100", "10", "-59900", "-59400", "15", "+62000", "245"]


def test_given_no_book_when_opt10004_is_read_then_it_tells_the_best_prices_or_zeros(stage: Stage) -> None:
    names = fields("매도최우선호가 매도최우선잔량 매수최우선호가 매수최우선잔량 매도2차선호가")
    [row], _ = stage.read("opt10004", {"종목코드": SAMSUNG}, *names)
    assert [cell.strip() for cell in row] == ["+61100", "60", "+60900", "50", "0"]
    [row], _ = stage.read("opt10004", {"종목코드": KOSDAQ_ONE}, *names)
    assert [cell.strip() for cell in row] == ["0"] * 5


@pytest.mark.parametrize(("price", "sign"), [(78_000, "1"), (60_001, "2"), (60_000, "3"), (42_000, "4"), (59_999, "5")])
def test_given_a_price_when_its_sign_is_read_then_limits_have_their_own(stage: Stage, price: int, sign: str) -> None:
    stage.house.answers["quotes"] = [a_quote(SAMSUNG, price)]
    [row], _ = stage.read("opt10001", {"종목코드": SAMSUNG}, "대비기호")
    assert row[0].strip() == sign


def test_given_no_base_price_when_read_then_nothing_has_a_direction(stage: Stage) -> None:
    stage.house.list_more(
        replace(an_instrument(SAMSUNG, "새 주식", 1), base_price=None, lower_limit=None, upper_limit=None)
    )
    [row], _ = stage.read("opt10001", {"종목코드": SAMSUNG}, "현재가", "기준가", "등락율", "상한가")
    assert [cell.strip() for cell in row] == ["61000", "", "0.00", "0"]


def test_given_trades_that_were_heard_when_opt10003_is_read_then_the_newest_is_first(stage: Stage) -> None:
    stage.house.on_rows([a_quote(SAMSUNG, 60_000 + 100 * number, 10 * number) for number in range(1, 4)], [])
    rows, _ = stage.read("opt10003", {"종목코드": SAMSUNG}, "현재가", "누적거래량")
    assert [[cell.strip() for cell in row] for row in rows] == [["+60300", "30"], ["+60200", "20"], ["+60100", "10"]]


def test_given_bars_when_minutes_are_put_together_then_prices_and_shares_hold(stage: Stage) -> None:
    stage.house.answers["candles"] = some_candles(7)
    stage.house.answers["quotes"] = []
    names = ("체결시간", "시가", "고가", "저가", "현재가", "거래량")
    rows, _ = stage.read("opt10080", {**MINUTES, "틱범위": "5"}, *names)
    stripped = [[cell.strip() for cell in row] for row in rows]
    assert stripped == [
        ["20260911090500", "+60050", "+60160", "-59950", "+60070", "200"],
        ["20260911090000", "60000", "+60140", "-59900", "+60050", "500"],
    ]


def test_given_shares_beyond_the_bars_when_read_then_the_bar_that_is_forming_comes_first(stage: Stage) -> None:
    stage.house.answers["candles"] = some_candles(2)
    stage.house.answers["quotes"] = [a_quote(SAMSUNG, 61_500, 230, at=NINE + 150_000 * MS)]
    rows, _ = stage.read("opt10080", MINUTES, "체결시간", "현재가", "거래량")
    assert [cell.strip() for cell in rows[0]] == ["20260911090200", "+61500", "30"]
    assert len(rows) == 3


def test_given_bars_of_two_days_when_days_are_read_then_each_is_one_and_only_the_first_has_its_code(
    stage: Stage,
) -> None:
    day_ns = 86_400_000 * MS
    stage.house.answers["candles"] = [*some_candles(3, NINE - day_ns), *some_candles(4)]
    stage.house.answers["quotes"] = []
    tables: list[Any] = []

    def hear(emission: Emission) -> None:
        if emission.signal == "OnReceiveTrData":
            tables.append(stage.call("GetCommDataEx", "opt10081", "주식일봉차트조회"))
            tables.append(stage.call("GetCommData", "opt10081", "주식일봉차트", 0, "종목코드").strip())

    stage.on_event = hear
    stage.ask("opt10081", DAYS)
    stage.run(1_000)
    table, code = tables
    assert code == SAMSUNG
    stripped = [[cell.strip() for cell in row[:8]] for row in table]
    assert stripped == [
        [SAMSUNG, "60040", "400", "24", "20260911", "60000", "60130", "59900"],
        ["", "60030", "300", "18", "20260910", "60000", "60120", "59900"],
    ]
    assert len(table[0]) == len(definitions()["opt10081"].multi)
    rows, _ = stage.read("opt10081", {**DAYS, "기준일자": "20260910"}, "일자")
    assert [row[0].strip() for row in rows] == ["20260910"]


def test_given_a_deposit_when_opw00001_is_read_then_it_is_filled_with_zeros_to_15_digits(stage: Stage) -> None:
    names = ("예수금", "d+1추정예수금", "d+2추정예수금", "주문가능금액", "출금가능금액", "d+2매도매수정산금")
    [row], _ = stage.read("opw00001", DEPOSIT, *names)
    assert row == [
        "000000001500000",
        "000000001200000",
        "000000001000000",
        "000000000700000",
        "000000000600000",
        "-00000000200000",
    ]


@pytest.mark.parametrize(("kind", "rate"), [("mock", "000000000247"), ("real", "+3.15")])
def test_given_a_holding_when_opw00018_is_read_then_code_costs_and_rate_are_the_servers_own(
    tmp_path: Path, kind: str, rate: str
) -> None:
    stage = Stage(tmp_path, replace(PLAIN, server=ServerPlan(kind=kind)))
    stage.login()
    stage.house.answers["day_orders"] = [
        a_day_order(1, filled_qty=3, leaves_qty=7, filled_notional=Krw(180_000)),
        a_day_order(2, side=Side.SELL, filled_qty=1, leaves_qty=0, filled_notional=Krw(61_000)),
    ]
    names = fields("종목번호 보유수량 매매가능수량 매입금액 매입가 현재가 금일매수수량 금일매도수량 수익률(%)")
    [row], _ = stage.read("opw00018", BALANCES, *names)
    assert row[0] == "A005930"
    numbers = [int(cell) for cell in row[1:8]]
    assert numbers == [10, 7, 590_005, 59_000, 61_000, 3, 1]
    assert row[8].strip() == rate


def test_given_more_holdings_than_a_page_when_read_then_the_count_is_of_the_page(stage: Stage) -> None:
    held = []
    for number in range(45):
        code = f"1{number:05d}"
        stage.house.list_more(an_instrument(code, f"회사{number}", 1_000, Market.KOSDAQ))
        held.append(BrokerPosition(code, 1, Krw(1_000)))
    stage.house.answers["positions"] = held
    seen: list[str] = []
    for expected, more_expected in ((20, True), (20, True), (5, False)):
        rows, more = stage.read("opw00018", BALANCES, "종목번호", "조회건수", more=bool(seen))
        assert (len(rows), more) == (expected, more_expected)
        assert int(rows[0][1] or rows[-1][1]) == expected
        seen += [row[0] for row in rows]
    assert seen == [f"A{one.symbol}" for one in held]


def test_given_a_fund_when_written_in_a_list_of_the_account_then_its_letter_is_there(stage: Stage) -> None:
    stage.house.list_more(an_instrument("580001", "어떤 ETN", 10_000, Market.ETN))
    stage.house.answers["positions"] = [BrokerPosition("580001", 1, Krw(10_000)), BrokerPosition(FUND, 2, Krw(80_000))]
    rows, _ = stage.read("opt10085", {"계좌번호": ACCOUNT}, "종목코드", "보유수량", "현재가")
    assert rows == [["Q580001", "000000000001", "000000010000"], ["A069500", "000000000002", "000000040000"]]


def test_given_another_letter_when_lists_of_the_account_are_written_then_it_is_in_front_of_codes(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, replace(PLAIN, unknowns=UnknownsPlan(account_first_letter="J")))
    stage.login()
    assert stage.read("opw00018", BALANCES, "종목번호")[0] == [["J005930"]]


DAY_ORDERS = [
    a_day_order(1, filled_qty=4, leaves_qty=6, filled_notional=Krw(240_000), commission=Krw(840), tax=Krw(0)),
    a_day_order(2, action=DayOrderAction.CANCEL, state=DayOrderState.CONFIRMED, leaves_qty=0, quantity=6,
                original_venue_order_id="0000001", limit_price=None),
    a_day_order(3, side=Side.SELL, limit_price=None, filled_qty=10, leaves_qty=0, filled_notional=Krw(610_000)),
    a_day_order(4, symbol=HYNIX, limit_price=Krw(190_000)),
    a_day_order(5, state=DayOrderState.REJECTED, leaves_qty=0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"체결구분": "1"}, [4, 1]),
        ({"체결구분": "2"}, [3, 1]),
        ({"매매구분": "1"}, [3]),
        ({"매매구분": "2"}, [5, 4, 2, 1]),
        ({"전체종목구분": "1", "종목코드": HYNIX}, [4]),
    ],
)
def test_given_orders_when_opt10075_is_read_then_its_filters_hold(
    stage: Stage, inputs: dict[str, str], numbers: list[int]
) -> None:
    stage.house.answers["day_orders"] = DAY_ORDERS
    rows, _ = stage.read("opt10075", {**OPEN_ORDERS, **inputs}, "주문번호")
    assert [int(row[0]) for row in rows] == numbers


def test_given_orders_when_opt10075_is_read_then_words_are_those_of_the_control(stage: Stage) -> None:
    stage.house.answers["day_orders"] = DAY_ORDERS
    names = fields("주문번호 종목코드 주문상태 주문구분 매매구분 원주문번호 미체결수량 체결가 시간 주문가격")
    rows, _ = stage.read("opt10075", OPEN_ORDERS, *names)
    assert [" ".join(row) for row in rows] == [
        "0000005 A005930 거부 +매수 보통 0000000 000000000000  090005 000000060000",
        "0000004 A000660 접수 +매수 보통 0000000 000000000010  090004 000000190000",
        "0000003 A005930 체결 -매도 시장가 0000000 000000000000 000000061000 090003 000000000000",
        "0000002 A005930 확인 매수취소 보통 0000001 000000000000  090002 000000000000",
        "0000001 A005930 체결 +매수 보통 0000000 000000000006 000000060000 090001 000000060000",
    ]


def test_given_orders_when_opw00007_is_read_then_they_come_in_order_with_what_was_confirmed(stage: Stage) -> None:
    stage.house.answers["day_orders"] = DAY_ORDERS
    names = ("주문번호", "정정취소", "원주문", "확인수량", "체결수량", "체결단가", "주문잔량", "주문구분")
    rows, _ = stage.read("opw00007", HISTORY, *names)
    assert [row[0] for row in rows] == [f"{number:07d}" for number in range(1, 6)]
    assert rows[1][1:3] == ["취소", "0000001"]
    assert [int(cell) for cell in rows[1][3:7]] == [6, 0, 0, 0]
    assert [int(cell) for cell in rows[2][3:7]] == [0, 10, 61_000, 0]
    assert rows[2][7] == "현금매도"
    assert stage.read("opw00007", {**HISTORY, "조회구분": "3"}, "주문번호")[0] == [["0000001"], ["0000004"]]
    assert stage.read("opw00007", {**HISTORY, "조회구분": "4"}, "주문번호")[0] == [["0000001"], ["0000003"]]
    behind = {**HISTORY, "조회구분": "2", "시작주문번호": "0000002"}
    assert stage.read("opw00007", behind, "주문번호")[0] == [["0000002"], ["0000001"]]
    assert stage.read("opw00007", {**HISTORY, "주문일자": "20260910"}, "주문번호")[0] == [[""]]


def test_given_an_order_number_when_opt10076_is_read_then_only_older_ones_come(stage: Stage) -> None:
    stage.house.answers["day_orders"] = DAY_ORDERS
    inputs = dict.fromkeys(definitions()["opt10076"].inputs, "") | {"계좌번호": ACCOUNT, "주문번호": "3"}
    assert stage.read("opt10076", inputs, "주문번호")[0] == [["0000002"], ["0000001"]]


def test_given_sales_when_profits_are_read_then_day_and_code_agree(stage: Stage) -> None:
    sold = a_day_order(
        3,
        side=Side.SELL,
        filled_qty=10,
        leaves_qty=0,
        filled_notional=Krw(610_000),
        commission=Krw(2_135),
        tax=Krw(915),
    )
    stage.house.answers["day_orders"] = [sold]
    stage.house.answers["positions"] = [BrokerPosition(SAMSUNG, 0, Krw(0), Krw(6_950))]
    inputs = {"계좌번호": ACCOUNT, "시작일자": "20260901", "종료일자": "20260911"}
    [row], _ = stage.read("opt10074", inputs, "일자", "매도금액", "당일매도손익", "당일매매세금", "총매도금액")
    assert [int(cell) for cell in row] == [20260911, 610_000, 6_950, 915, 610_000]
    inputs = {"계좌번호": ACCOUNT, "비밀번호": "", "종목코드": ""}
    names = fields("종목코드 체결량 체결가 매입단가 당일매도손익 당일실현손익")
    [row], _ = stage.read("opt10077", inputs, *names)
    assert row[0] == "A005930"
    assert [int(cell) for cell in row[1:]] == [10, 61_000, 60_000, 6_950, 6_950]
    past = {"계좌번호": ACCOUNT, "시작일자": "20260801", "종료일자": "20260831"}
    assert stage.read("opt10074", past, "일자", "총매도금액")[0] == [["", "000000000000000"]]


def test_given_many_codes_when_asked_in_one_request_then_rows_come_in_its_order_without_unknown_ones(
    stage: Stage,
) -> None:
    got: list[list[str]] = []

    def hear(one: Emission) -> None:
        for row in range(stage.call("GetRepeatCnt", "OPTKWFID", "q")):
            got.append([stage.call("GetCommData", "OPTKWFID", "q", row, name) for name in ("종목코드", "현재가")])

    stage.on_event = hear
    assert stage.call("CommKwRqData", f"{HYNIX};999999;{SAMSUNG}", 0, 3, 0, "q", "1001") == 0
    [answer] = stage.run(1_000)
    assert answer.arguments[2] == "OPTKWFID"
    assert [[cell.strip() for cell in row] for row in got] == [[HYNIX, "-190000"], [SAMSUNG, "+61000"]]


@pytest.mark.parametrize(
    ("codes", "count", "kind", "code"),
    [(";".join(["005930"] * 101), 101, 0, -204), ("005930", 101, 0, -204), ("", 1, 0, -202), ("005930", 1, 3, -202)],
)
def test_given_a_wrong_request_for_many_when_asked_then_its_code_says_so(
    stage: Stage, codes: str, count: int, kind: int, code: int
) -> None:
    assert stage.call("CommKwRqData", codes, 0, count, kind, "q", "1001") == code


def test_given_the_same_seed_when_the_same_is_asked_then_the_same_comes_at_the_same_time(tmp_path: Path) -> None:
    runs = []
    for _ in range(2):
        stage = Stage(tmp_path, replace(PLAIN, trs=TrPlan(error_ppm=400_000, per_minute=1_000)))
        stage.login()
        times: list[tuple[int, str]] = []
        stage.on_event = lambda one, times=times, stage=stage: times.append((stage.time, one.signal))  # type: ignore[misc]
        for _ in range(20):
            stage.ask("opt10001", {"종목코드": SAMSUNG})
            stage.run(1_000)
        runs.append(times)
    assert runs[0] == runs[1]
    assert 0 < len(runs[0]) < 20
