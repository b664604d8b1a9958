"""What the emulated control enforces: queries per second, minute and hour, screens, conditions, and no error ever."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker_win.control import SIGNATURES
from broker_win.emulator.conditions import fits, parse_rule
from broker_win.emulator.limits import OrderLimit, QueryLimit, Screens
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import EmulatorPlan, FlagsPlan, TrPlan
from domain.errors import BrokerUnavailable, ConfigError
from domain.types import NANOS_PER_SECOND, Market
from tests.broker_win.engine_stage import (
    ACCOUNT,
    HYNIX,
    KOSDAQ_ONE,
    SAMSUNG,
    Stage,
    a_quote,
    an_instrument,
    some_candles,
)

PLAIN = EmulatorPlan()
SECOND = NANOS_PER_SECOND


def many(limit: QueryLimit, count: int, now: int) -> list[int]:
    return [limit.ask(now) for _ in range(count)]


# ---- queries and orders ----------------------------------------------------------------------------------------------


def test_given_five_in_a_second_when_a_sixth_comes_then_it_waits_17_seconds() -> None:
    limit = QueryLimit(5, 100, 1_000)
    assert many(limit, 6, 0) == [0] * 5 + [-200]
    assert limit.ask(17 * SECOND - 1) == -200  # and this one was the second on end, so the wait begins anew
    assert limit.ask(17 * SECOND - 1 + 17 * SECOND) == 0


@pytest.mark.parametrize(("refused", "wait"), [(1, 17), (4, 17), (5, 90), (9, 90), (10, 180), (30, 180)])
def test_given_so_many_refused_on_end_when_waiting_then_it_takes_so_long(refused: int, wait: int) -> None:
    limit = QueryLimit(5, 100, 1_000)
    assert many(limit, 5 + refused, 0)[5:] == [-200] * refused
    assert limit.ask(wait * SECOND) == 0


def test_given_one_that_passed_when_the_next_is_refused_then_it_is_the_first_on_end_again() -> None:
    limit = QueryLimit(5, 100, 1_000)
    many(limit, 9, 0)
    assert many(limit, 6, 17 * SECOND) == [0] * 5 + [-200]
    assert limit.ask(34 * SECOND) == 0


def test_given_a_full_minute_when_one_more_comes_then_it_waits_for_room_only() -> None:
    limit = QueryLimit(5, 10, 1_000)
    assert [limit.ask(number * SECOND) for number in range(11)] == [0] * 10 + [-200]
    assert limit.ask(60 * SECOND) == 0


def test_given_a_full_hour_when_one_more_comes_then_nothing_passes_until_somebody_logs_in_again() -> None:
    limit = QueryLimit(5, 1_000, 10)
    assert [limit.ask(number * SECOND) for number in range(11)] == [0] * 10 + [-200]
    assert limit.ask(10_000 * SECOND) == -200
    limit.login_demanded = False
    assert limit.ask(10_000 * SECOND) == 0


def test_given_orders_when_they_are_too_many_then_those_refused_do_not_count() -> None:
    limit = OrderLimit(5)
    assert [limit.ask(0) for _ in range(7)] == [0] * 5 + [-308] * 2
    assert limit.ask(SECOND) == 0


@given(st.lists(st.integers(0, 2 * SECOND), max_size=60))
def test_for_any_times_no_second_and_no_minute_has_more_queries_than_allowed(gaps: list[int]) -> None:
    limit, now, passed = QueryLimit(5, 20, 40), 0, []
    for gap in gaps:
        now += gap
        if limit.ask(now) == 0:
            passed.append(now)
    for at in passed:
        assert sum(at - SECOND < other <= at for other in passed) <= 5
        assert sum(at - 60 * SECOND < other <= at for other in passed) <= 20
    assert len(passed) <= 40


def test_given_the_control_when_queries_are_too_many_then_all_kinds_count_together(tmp_path: Path) -> None:
    plan = replace(PLAIN, flags=FlagsPlan(conditions={"모두": "all"}))
    stage = Stage(tmp_path, plan)
    stage.login()
    stage.call("GetConditionLoad")
    stage.run(1_000)
    assert [stage.ask("opt10001", {"종목코드": SAMSUNG}) for _ in range(3)] == [0] * 3
    assert stage.call("CommKwRqData", SAMSUNG, 0, 1, 0, "q", "1001") == 0
    assert stage.call("SendCondition", "4000", "모두", 0, 0) == 1
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == -200
    assert len([one for one in stage.run(1_000) if one.signal.startswith("OnReceiveTr")]) == 5


def test_given_the_hour_used_up_when_logged_in_again_then_queries_pass_once_there_is_room(tmp_path: Path) -> None:
    stage = Stage(tmp_path, replace(PLAIN, trs=TrPlan(per_hour=3)))
    stage.login()
    assert [stage.ask("opt10001", {"종목코드": SAMSUNG}) for _ in range(4)] == [0, 0, 0, -200]
    stage.run(3_600_000)
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == -200
    stage.login()
    assert stage.ask("opt10001", {"종목코드": SAMSUNG}) == 0


# ---- screens -------------------------------------------------------------------------------------------------------


def test_given_200_screens_when_one_more_is_used_then_its_data_comes_under_another_name() -> None:
    screens = Screens()
    names = [f"{number:04d}" for number in range(1, 201)]
    assert [screens.use(name) for name in names] == names
    assert screens.use("0201") == "0001"
    assert screens.use("0201") == "0001"  # and stays there
    assert screens.use("0202") == "0002"
    assert screens.shown("0201") == "0001"
    assert screens.release("0100") == "0100"
    assert screens.use("0203") == "0203"  # there is room again


def test_given_200_screens_in_use_when_another_asks_then_the_answer_comes_on_the_wrong_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path, replace(PLAIN, trs=TrPlan(per_second=1_000, per_minute=1_000)))
    stage.login()
    for number in range(1, 202):
        stage.call("SetInputValue", "종목코드", SAMSUNG)
        assert stage.call("CommRqData", f"q{number}", "opt10001", 0, f"{number:04d}") == 0
    came = {str(one.arguments[1]): one.arguments[0] for one in stage.run(1_000) if one.signal == "OnReceiveTrData"}
    assert len(came) == 201
    assert came["q200"] == "0200"
    assert came["q201"] == "0001"
    stage.call("DisconnectRealData", "0100")
    stage.call("SetInputValue", "종목코드", SAMSUNG)
    stage.call("CommRqData", "q", "opt10001", 0, "0100")
    [again] = [one for one in stage.run(1_000) if one.signal == "OnReceiveTrData"]
    assert again.arguments[0] == "0100"


def test_given_a_screen_too_many_when_it_registers_anew_then_the_codes_of_another_fall_silent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.login()
    for number in range(1, 201):
        assert stage.call("SetRealReg", f"{number:04d}", SAMSUNG if number == 1 else HYNIX, "10", "0") == 0
    assert stage.call("SetRealReg", "0201", KOSDAQ_ONE, "10", "0") == 0
    stage.house.on_rows([a_quote(SAMSUNG, 61_000), a_quote(HYNIX, 190_000), a_quote(KOSDAQ_ONE, 70_000)], [])
    codes = {one.arguments[0] for one in stage.run(1_000) if one.signal == "OnReceiveRealData"}
    assert codes == {HYNIX, KOSDAQ_ONE}


@pytest.mark.parametrize("many_codes", [False, True])
def test_given_a_query_of_a_price_when_it_was_answered_then_its_code_flows_on_its_screen(
    tmp_path: Path, many_codes: bool
) -> None:
    stage = Stage(tmp_path)
    stage.login()
    stage.house.on_rows([a_quote(SAMSUNG, 61_000)], [])
    assert "OnReceiveRealData" not in [one.signal for one in stage.run(1_000)]
    if many_codes:
        stage.call("CommKwRqData", SAMSUNG, 0, 1, 0, "q", "1001")
    else:
        stage.ask("opt10001", {"종목코드": SAMSUNG})
    stage.run(1_000)
    stage.house.on_rows([a_quote(SAMSUNG, 61_100, 1_010)], [])
    assert "OnReceiveRealData" in [one.signal for one in stage.run(1_000)]
    stage.call("DisconnectRealData", "1001")
    stage.house.on_rows([a_quote(SAMSUNG, 61_200, 1_020)], [])
    assert "OnReceiveRealData" not in [one.signal for one in stage.run(1_000)]


def test_given_real_time_data_when_its_event_lasts_then_its_fields_can_be_read_for_its_code_only(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    stage.login()
    stage.call("SetRealReg", "3000", SAMSUNG, "10;20", "0")
    read: list[tuple[str, str, str]] = []

    def hear(one: Emission) -> None:
        if one.arguments[1] == "주식체결":
            got = (stage.call("GetCommRealData", code, 10) for code in (SAMSUNG, HYNIX))
            read.append((*got, stage.call("GetCommRealData", SAMSUNG, 9_999)))

    stage.on_event = hear
    stage.house.on_rows([a_quote(SAMSUNG, 61_000)], [])
    stage.run(1_000)
    assert [tuple(cell.strip() for cell in row) for row in read] == [("+61000", "", "")]


# ---- conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fitting"),
    [
        ("all", [HYNIX, SAMSUNG]),
        ("change > 1.66", [SAMSUNG]),
        ("change >= 1.67", []),
        ("change <= -5", [HYNIX]),
        ("price >= 190000 and volume >= 1000", [HYNIX]),
        ("volume > 1000", []),
    ],
)
def test_given_a_rule_when_quotes_are_held_against_it_then_it_finds_what_fits(rule: str, fitting: list[str]) -> None:
    quotes = {SAMSUNG: a_quote(SAMSUNG, 61_000), HYNIX: a_quote(HYNIX, 190_000)}
    listed = {SAMSUNG: an_instrument(SAMSUNG, "a", 60_000), HYNIX: an_instrument(HYNIX, "b", 200_000)}
    terms = parse_rule(rule)
    assert [code for code in sorted(listed) if fits(terms, quotes[code], listed[code])] == fitting


@pytest.mark.parametrize(
    "rule", ["", "price", "price > ", "price == 3", "price > 1.5", "change > 1.234", "all and all"]
)
def test_given_a_rule_that_is_none_when_read_then_it_says_what_is_allowed(rule: str) -> None:
    with pytest.raises(ConfigError, match="change, price, volume"):
        parse_rule(rule)


def with_conditions(path: Path, **rules: str) -> Stage:
    stage = Stage(path, replace(PLAIN, flags=FlagsPlan(conditions=rules)))
    stage.login()
    assert stage.call("GetConditionNameList") == ""
    assert stage.call("GetConditionLoad") == 1
    assert [(one.signal, one.arguments) for one in stage.run(1_000)] == [("OnReceiveConditionVer", (1, "[OK]"))]
    return stage


def test_given_conditions_when_they_are_loaded_then_names_and_answers_come(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, 상승="change > 0", 하락="change < 0")
    assert stage.call("GetConditionNameList") == "000^상승;001^하락;"
    assert stage.call("SendCondition", "4000", "상승", 0, 0) == 1
    assert [one.arguments for one in stage.run(5_000)] == [("4000", f"{SAMSUNG};", "상승", 0, 0)]
    stage.call("KOA_Functions", "SetConditionSearchFlag", "AddPrice")
    assert stage.call("SendCondition", "4000", "하락", 1, 0) == 1
    assert [one.arguments for one in stage.run(5_000)] == [("4000", f"{HYNIX}^190000;", "하락", 1, 0)]


def test_given_wrong_conditions_when_sent_then_their_codes_say_so(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, 상승="change > 0", 하락="change < 0")
    assert stage.call("SendCondition", "4000", "상승", 2, 0) == -11
    assert stage.call("SendCondition", "4000", "상승", 1, 0) == -12
    assert stage.call("SendCondition", "4000", "상승", 0, 2) == 0
    assert stage.call("SendCondition", "0000", "상승", 0, 0) == 0
    assert stage.call("SendCondition", "4000", "상승", 0, 0) == 1
    assert stage.call("SendCondition", "4001", "상승", 0, 0) == -13  # the same within a minute
    assert stage.call("SendCondition", "4001", "하락", 1, 0) == 1
    stage.run(60_000)
    assert stage.call("SendCondition", "4001", "상승", 0, 0) == 1


def test_given_a_live_condition_when_prices_move_then_codes_enter_and_leave_until_it_is_stopped(
    tmp_path: Path,
) -> None:
    stage = with_conditions(tmp_path, 상승="change > 0")
    assert stage.call("SendCondition", "4000", "상승", 0, 1) == 1
    stage.run(5_000)
    stage.house.answers["quotes"] = [a_quote(SAMSUNG, 59_000), a_quote(HYNIX, 201_000)]
    moved = [one.arguments for one in stage.run(5_000)]
    assert moved == [(HYNIX, "I", "상승", "000"), (SAMSUNG, "D", "상승", "000")]
    stage.call("SendConditionStop", "4000", "상승", 0)
    stage.house.answers["quotes"] = []
    assert stage.run(5_000) == []


def test_given_a_screen_too_many_when_its_condition_is_stopped_then_it_is_that_one(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, 상승="change > 0")
    for number in range(1, 201):
        stage.call("SetRealReg", f"{number:04d}", SAMSUNG, "10", "0")
    assert stage.call("SendCondition", "4000", "상승", 0, 1) == 1
    [answer] = [one for one in stage.run(2_000) if one.signal == "OnReceiveTrCondition"]
    assert answer.arguments[0] == "0001"
    stage.call("SendConditionStop", "4000", "상승", 0)
    stage.house.answers["quotes"] = []
    assert [one for one in stage.run(5_000) if one.signal == "OnReceiveRealCondition"] == []


def test_given_servers_that_cannot_say_when_a_condition_is_live_then_it_goes_on_once_they_can(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, 상승="change > 0", 하락="change < 0")
    assert stage.call("SendCondition", "4000", "상승", 0, 1) == 1
    stage.run(2_000)
    stage.house.answers["quotes"] = BrokerUnavailable("away")
    assert stage.call("SendCondition", "4001", "하락", 1, 1) == 1
    assert stage.run(5_000) == []  # neither an answer nor news
    stage.house.answers["quotes"] = [a_quote(HYNIX, 201_000)]
    assert [one.arguments for one in stage.run(2_000)] == [
        (HYNIX, "I", "상승", "000"),
        (SAMSUNG, "D", "상승", "000"),
    ]


def test_given_more_than_100_that_fit_when_live_then_only_the_answer_comes(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, 모두="all", 상승="change > 0")
    for number in range(100):
        stage.house.list_more(an_instrument(f"1{number:05d}", "회사", 1_000, Market.KOSDAQ))
    assert stage.call("SendCondition", "4000", "모두", 0, 1) == 1
    [answer] = stage.run(5_000)
    assert str(answer.arguments[1]).count(";") == 104
    stage.house.list_more(an_instrument("200000", "회사", 1_000))
    assert stage.run(5_000) == []


def test_given_ten_live_conditions_when_another_is_to_be_live_then_it_does_not_go(tmp_path: Path) -> None:
    stage = with_conditions(tmp_path, **{f"조건{number:02d}": "change > 99" for number in range(11)})
    for number in range(10):
        assert stage.call("SendCondition", f"40{number:02d}", f"조건{number:02d}", number, 1) == 1
        stage.run(2_000)
    assert stage.call("SendCondition", "4010", "조건10", 10, 1) == -13
    assert stage.call("SendCondition", "4010", "조건10", 10, 0) == 1
    stage.run(2_000)
    stage.call("SendConditionStop", "4000", "조건00", 0)
    stage.run(60_000)
    assert stage.call("SendCondition", "4010", "조건10", 10, 1) == 1


# ---- whatever is called ----------------------------------------------------------------------------------------------

WORDS = (
    "q 005930 999999 1001 3000 0000 opt10001 opt10080 opw00018 opt10075 10;20 0 1 ALL 모두 종목코드 틱범위 "
    "수정주가구분 계좌번호 8012345611 미체결 GetServerGubun ACCNO ShowAccountWindow 00 03"
)
TEXTS = st.sampled_from(["", *WORDS.split()])
NUMBERS = st.integers(-2, 101)


def arguments_of(method: str) -> st.SearchStrategy[tuple[str, tuple[str | int, ...]]]:
    inside = SIGNATURES[method].partition("(")[2].rstrip(")")
    kinds = inside.split(", ") if inside else []
    drawn = st.tuples(*[TEXTS if kind == "QString" else NUMBERS for kind in kinds])
    return drawn.map(lambda arguments: (method, arguments))


CALLS = st.sampled_from(sorted(SIGNATURES)).flatmap(arguments_of)
QUERIES = st.sampled_from(
    [
        ("opt10001", {"종목코드": SAMSUNG}),
        ("opt10080", {"종목코드": SAMSUNG, "틱범위": "1", "수정주가구분": "0"}),
        ("opt10085", {"계좌번호": ACCOUNT}),
    ]
)
STEPS = st.one_of(
    CALLS.map(lambda drawn: ("call", drawn)),
    st.tuples(QUERIES, st.booleans()).map(lambda drawn: ("query", drawn)),
    st.integers(0, 40).map(lambda ms: ("run", ms)),
    st.sampled_from([("hear", None), ("close dialogs", None), ("away", None)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=40), st.booleans())
def test_for_any_calls_nothing_is_raised_and_no_query_is_answered_more_than_once(
    steps: list[tuple[str, Any]], logged_in: bool
) -> None:
    with TemporaryDirectory() as folder:
        plan = replace(
            PLAIN,
            flags=FlagsPlan(conditions={"모두": "all"}),
            trs=TrPlan(per_second=50, short_pages=2),
        )
        stage = Stage(Path(folder), plan)
        stage.house.answers["candles"] = some_candles(5)
        if logged_in:
            stage.login()
        accepted = 0

        def hear(one: Emission) -> None:
            for method, arguments in (
                ("GetRepeatCnt", (str(one.arguments[-1]), "q")),
                ("GetCommData", ("opt10080", "q", 0, "현재가")),
                ("GetCommDataEx", ("opt10080", "q")),
                ("GetChejanData", (9203,)),
            ):
                stage.call(method, *arguments)

        stage.on_event = hear
        for kind, drawn in steps:
            if kind == "call":
                method, arguments = drawn
                given_back = stage.call(method, *arguments)
                accepted += method in ("CommRqData", "CommKwRqData") and given_back == 0
            elif kind == "query":
                (trcode, inputs), more = drawn
                accepted += stage.ask(trcode, inputs, more=more) == 0
            elif kind == "run":
                stage.run(drawn)
            elif kind == "hear":
                stage.house.on_rows([a_quote(SAMSUNG, 61_000)], [])
            elif kind == "close dialogs":
                stage.desktop.close_all()
            else:
                stage.house.answers["account"] = BrokerUnavailable("away")
        stage.desktop.close_all()
        stage.run(10_000)
        answered = [one for one in stage.sent if one.signal == "OnReceiveTrData" and one.arguments[2] != ""]
        assert len([one for one in answered if not str(one.arguments[2]).startswith("KOA")]) <= accepted


def test_given_an_unknown_method_or_too_few_arguments_when_called_then_it_is_not_played(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    for method, arguments in (("GetFutureList", ()), ("CommRqData", ("q", "opt10001")), ("CommConnect", (1,))):
        with pytest.raises(KeyError):
            stage.engine.call(method, arguments)
