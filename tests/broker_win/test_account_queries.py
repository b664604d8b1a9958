"""Cash, holdings, lists of orders and quotes out of Kiwoom's tables."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.config import LimitsConfig
from broker_win.control import TrRequest
from broker_win.requests import trs
from broker_win.requests.account import PasswordMissing, Queries
from broker_win.requests.asker import Asker
from broker_win.requests.order_rows import order_rows
from broker_win.requests.tables import TrTable
from broker_win.requests.trs import TrSpec, compare
from broker_win.rows import BalanceRow, Deposit, OrderLists, OrderRow
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import Krw, Side
from tests.broker_win.query_fakes import FakeBridge, FakeControl, Reply
from tests.broker_win.virtual_time import DAY, VirtualClock, run

ACCOUNT = "8012345611"
WIDE = LimitsConfig(per_second=1_000, per_minute=10_000, per_hour=100_000, reserve_per_hour=0)
Tables = dict[str, Reply | Callable[[TrRequest], Reply]]


def rows_of(spec: TrSpec, *rows: dict[str, str]) -> list[list[str]]:
    """Give rows in the columns asked for, padded as Kiwoom pads."""
    return [[row.get(name, "").ljust(14) for name in spec.fields.multi] for row in rows]


def asked(
    tables: Tables,
    work: Callable[[Queries, Asker], Coroutine[Any, Any, Any]],
    account: str = ACCOUNT,
    limits: LimitsConfig = WIDE,
) -> tuple[Any, list[TrRequest]]:
    """Ask queries of a control that answers from tables by TR; give what came and what was sent."""

    async def whole() -> tuple[Any, list[TrRequest]]:
        def script(request: TrRequest) -> Reply:
            reply = tables[request.trcode]
            return reply(request) if callable(reply) else reply

        control = FakeControl(script, lambda event: None)
        clock = VirtualClock()
        asker = Asker(FakeBridge(control), clock, limits, Screens(), 5.0)
        control.hear = asker.hear  # type: ignore[assignment]
        got = await work(Queries(asker, lambda: account, clock), asker)
        await asker.settled()
        return got, [request for _, request in control.requests]

    return run(whole())


CASH = {
    "예수금": "000000010000000",
    "출금가능금액": "000000009000000",
    "주문가능금액": "000000008000000",
    "d+1추정예수금": "000000007000000",
    "d+2추정예수금": "-00000000012345",
}


def test_given_a_deposit_when_asked_then_all_figures_are_read_and_a_debt_stays_one() -> None:
    got, sent = asked({"opw00001": Reply(single=CASH)}, lambda queries, _: queries.deposit())
    assert got == Deposit(Krw(10_000_000), Krw(7_000_000), Krw(-12_345), Krw(8_000_000), Krw(9_000_000))
    assert dict(sent[0].inputs) == {
        "계좌번호": ACCOUNT,
        "비밀번호": "",
        "비밀번호입력매체구분": "00",
        "조회구분": "3",
    }


def test_given_days_ahead_left_blank_when_asked_then_the_other_kind_is_asked_from_then_on() -> None:
    def script(request: TrRequest) -> Reply:
        is_plain = dict(request.inputs)["조회구분"] == "2"
        return Reply(single=CASH if is_plain else {**CASH, "d+2추정예수금": ""})

    async def work(queries: Queries, _: Asker) -> list[Deposit]:
        return [await queries.deposit(), await queries.deposit()]

    got, sent = asked({"opw00001": script}, work)
    assert [one.d2 for one in got] == [-12_345, -12_345]
    assert [dict(request.inputs)["조회구분"] for request in sent] == ["3", "2", "2"]


def test_given_figures_missing_for_good_when_asked_then_it_fails_and_never_says_zero() -> None:
    with pytest.raises(BrokerUnavailable, match=re.escape("opw00001 d+2추정예수금 expected an amount, was blank")):
        asked({"opw00001": Reply(single={**CASH, "d+2추정예수금": " "})}, lambda queries, _: queries.deposit())


def test_given_no_registered_password_when_asked_then_the_remedy_is_told() -> None:
    with pytest.raises(PasswordMissing, match="계좌비밀번호 저장"):
        asked({"opw00001": Reply(gave=-301)}, lambda queries, _: queries.deposit())


def test_given_no_account_when_asked_then_nothing_is_sent() -> None:
    with pytest.raises(BrokerUnavailable, match="before the log-in"):
        asked({}, lambda queries, _: queries.balances(), account="")


HOLDING = {
    "종목번호": "A005930",
    "종목명": "삼성전자",
    "매입가": "000000070123",
    "보유수량": "000000000000010",
    "매매가능수량": "000000000000004",
    "현재가": "-00000071000",
    "매입금액": "000000000701230",
}


SUM = {"총매입금액": "000000000701230"}


def test_given_nothing_held_when_asked_then_only_an_answer_that_says_so_is_taken() -> None:
    got, _ = asked({"opw00018": Reply((), {**SUM, "조회건수": "0000"})}, lambda queries, _: queries.balances())
    assert got == []
    with pytest.raises(BrokerUnavailable, match=re.escape("left 총매입금액 blank (Kiwoom said: [RC4027] 중단)")):
        asked({"opw00018": Reply(texts=("[RC4027] 중단",))}, lambda queries, _: queries.balances())


def test_given_holdings_when_asked_then_letters_and_signs_go_and_sold_out_codes_are_left_out() -> None:
    gone = {**HOLDING, "종목번호": "Q500001", "보유수량": "0"}
    reply = Reply(rows_of(trs.balances(), HOLDING, gone), {**SUM, "조회건수": "0002"})
    got, _ = asked({"opw00018": reply}, lambda queries, _: queries.balances())
    assert got == [BalanceRow("005930", "삼성전자", 10, 4, Krw(70_123), Krw(701_230), Krw(71_000))]


def test_given_fewer_rows_than_counted_when_asked_then_it_fails() -> None:
    reply = Reply(rows_of(trs.balances(), HOLDING), {**SUM, "조회건수": "0002"})
    with pytest.raises(BrokerUnavailable, match=re.escape("opw00018 expected 2 rows (조회건수), came 1")):
        asked({"opw00018": reply}, lambda queries, _: queries.balances())


def test_given_a_count_by_page_when_there_are_two_pages_then_all_rows_come() -> None:
    other = {**HOLDING, "종목번호": "A000660"}

    def script(request: TrRequest) -> Reply:
        row = other if request.more else HOLDING
        return Reply(rows_of(trs.balances(), row), {**SUM, "조회건수": "0001"}, more=not request.more)

    got, _ = asked({"opw00018": script}, lambda queries, _: queries.balances())
    assert [one.code for one in got] == ["005930", "000660"]


def test_given_a_code_twice_when_asked_then_pages_overlapped_and_it_fails() -> None:
    reply = Reply(rows_of(trs.balances(), HOLDING, HOLDING), {**SUM, "조회건수": "0002"})
    with pytest.raises(BrokerUnavailable, match="005930 came twice"):
        asked({"opw00018": reply}, lambda queries, _: queries.balances())


def test_given_a_cell_that_is_no_number_when_asked_then_query_field_and_text_are_named() -> None:
    reply = Reply(rows_of(trs.balances(), {**HOLDING, "보유수량": "ten"}), {**SUM, "조회건수": "1"})
    with pytest.raises(BrokerUnavailable, match="opw00018 보유수량: number expected, was 'ten'"):
        asked({"opw00018": reply}, lambda queries, _: queries.balances())


# ---- lists of orders -------------------------------------------------------------------------------------------


def an_open(number: str, **cells: str) -> dict[str, str]:
    known = {
        "주문번호": number,
        "종목코드": "A005930",
        "주문상태": "접수",
        "주문수량": "10",
        "주문가격": "70000",
        "미체결수량": "10",
        "체결누계금액": "0",
        "원주문번호": "0000000",
        "주문구분": "+매수",
        "매매구분": "보통",
        "시간": "090105",
        "체결가": "",
        "체결량": "",
        "당일매매수수료": "0",
        "당일매매세금": "0",
    }
    return known | cells


def a_history(number: str, **cells: str) -> dict[str, str]:
    known = {
        "주문번호": number,
        "종목번호": "A005930",
        "매매구분": "보통",
        "주문수량": "0000000010",
        "주문단가": "0000070000",
        "확인수량": "0000000000",
        "접수구분": "접수",
        "주문시간": "09:01:05",
        "원주문": "0000000",
        "주문구분": "현금매수",
        "체결수량": "0",
        "체결단가": "0",
        "주문잔량": "10",
        "정정취소": "",
    }
    return known | cells


def a_filled(number: str, **cells: str) -> dict[str, str]:
    known = {key: value for key, value in an_open(number).items() if key not in ("시간", "체결누계금액")}
    return known | {"주문시간": "090105"} | cells


def lists(
    open_: list[dict[str, str]], history: list[dict[str, str]], filled: list[dict[str, str]], count: int | None = None
) -> OrderLists:
    tables: Tables = {
        "opt10075": Reply(rows_of(trs.open_orders(), *open_)),
        "opw00007": Reply(
            rows_of(trs.order_history(), *history), {"출력건수": str(len(history) if count is None else count)}
        ),
        "opt10076": Reply(rows_of(trs.filled_orders(), *filled)),
    }
    got, sent = asked(tables, lambda queries, _: queries.order_lists())
    assert {request.trcode: dict(request.inputs).get("체결구분") for request in sent} == {
        "opw00007": None,
        "opt10075": "0",
        "opt10076": "0",
    }
    assert isinstance(got, OrderLists)
    return got


def test_given_one_number_in_three_lists_when_put_together_then_each_field_comes_from_where_it_is_exact() -> None:
    got = lists(
        [an_open("0000012", 주문상태="체결", 미체결수량="4", 체결누계금액="420003", 체결가="70000", 체결량="6")],
        [a_history("0000012", 체결수량="6", 체결단가="70000", 주문잔량="4")],
        [a_filled("0000012", 주문상태="체결", 체결가="70000", 체결량="6", 미체결수량="4", 당일매매수수료="1470")],
    )
    assert got.read_at == from_kst(DAY, 10, 0)
    assert got.rows == (
        OrderRow(
            number="0000012",
            original="",
            code="005930",
            side=Side.BUY,
            action="new",
            status="체결",
            kind="보통",
            quantity=10,
            price=Krw(70_000),
            leaves=4,
            confirmed=0,
            filled_qty=6,
            filled_notional=Krw(420_003),
            commission=Krw(1_470),
            tax=Krw(0),
            order_time=from_kst(DAY, 9, 1, 5),
        ),
    )


def test_given_a_fill_between_two_lists_when_put_together_then_what_is_further_holds() -> None:
    [row] = lists(
        [an_open("0000012", 주문상태="체결", 미체결수량="0", 체결누계금액="700000", 체결가="70000", 체결량="10")],
        [a_history("0000012", 체결수량="6", 체결단가="70000", 주문잔량="4")],
        [],
    ).rows
    assert (row.filled_qty, row.filled_notional, row.leaves, row.status) == (10, 700_000, 0, "체결")
    [row] = lists(
        [an_open("0000012", 주문상태="체결", 미체결수량="4", 체결누계금액="420000", 체결가="70000", 체결량="6")],
        [],
        [a_filled("0000012", 주문상태="체결", 체결가="70001", 체결량="10", 미체결수량="0")],
    ).rows
    assert (row.filled_qty, row.filled_notional, row.leaves) == (10, 700_010, 0)


def test_given_a_list_that_tells_only_the_last_fill_when_put_together_then_its_exact_sum_is_still_used() -> None:
    """Whether 체결량 is cumulative is not settled (kiwoom.md 8.2)."""
    [row] = lists(
        [an_open("0000012", 주문상태="체결", 미체결수량="4", 체결누계금액="420005", 체결가="70000", 체결량="2")],
        [a_history("0000012", 체결수량="6", 체결단가="70000", 주문잔량="4")],
        [],
    ).rows
    assert (row.filled_qty, row.filled_notional) == (6, 420_005)


def test_given_cancels_modifies_and_a_reject_when_put_together_then_action_side_and_status_are_told() -> None:
    got = lists(
        [
            an_open(
                "0000023", 주문구분="매도취소", 원주문번호="0000012", 주문상태="확인", 주문가격="0", 미체결수량="0"
            ),
            an_open("0000022", 주문구분="-매도정정", 원주문번호="0000011", 주문상태="접수"),
        ],
        [
            a_history(
                "0000022", 주문구분="현금매도", 정정취소="정정", 원주문="0000011", 접수구분="확인", 확인수량="10"
            ),
            a_history(
                "0000023",
                주문구분="현금매도",
                정정취소="취소",
                원주문="0000012",
                확인수량="10",
                주문단가="0",
                주문잔량="0",
            ),
            a_history("0000024", 접수구분="거부", 주문잔량="0"),
        ],
        [],
    )
    assert [(row.number, row.side, row.action, row.original, row.status, row.confirmed) for row in got.rows] == [
        ("0000022", Side.SELL, "modify", "0000011", "확인", 10),
        ("0000023", Side.SELL, "cancel", "0000012", "확인", 10),
        ("0000024", Side.BUY, "new", "", "거부", 0),
    ]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"종목번호": "A000660"}, "contradict each other on code of 0000012: opt10075 '005930', opw00007 '000660'"),
        ({"주문구분": "현금매도"}, "contradict each other on side"),
        ({"정정취소": "취소"}, "contradict each other on action"),
        ({"주문수량": "11"}, "contradict each other on quantity"),
        ({"주문구분": "대체"}, "expected 매수 or 매도"),
        ({"주문번호": "0000000"}, "주문번호 expected in every row"),
        ({"주문시간": "25:00:00"}, "opw00007 주문시간: time expected"),
    ],
)
def test_given_lists_that_contradict_or_cannot_be_read_when_put_together_then_the_whole_fails(
    cells: dict[str, str], words: str
) -> None:
    with pytest.raises(BrokerUnavailable, match=re.escape(words)):
        lists([an_open("0000012")], [a_history("0000012", **cells)], [])


def test_given_fewer_rows_than_the_list_counts_when_put_together_then_the_whole_fails() -> None:
    with pytest.raises(BrokerUnavailable, match="opw00007 expected 3 rows"):
        lists([], [a_history("0000012")], [], count=3)


def test_given_shares_without_any_price_when_put_together_then_no_sum_is_made_up() -> None:
    with pytest.raises(BrokerUnavailable, match="no price of them"):
        lists([], [a_history("0000012", 체결수량="3")], [])


def test_given_a_row_that_moved_to_the_next_page_when_put_together_then_it_counts_once() -> None:
    got = lists([an_open("0000012"), an_open("0000012", 체결량="2", 체결가="70000", 미체결수량="8")], [], [])
    assert [(row.number, row.filled_qty, row.leaves) for row in got.rows] == [("0000012", 2, 8)]


def test_given_no_list_that_tells_what_is_left_when_put_together_then_only_a_cancel_is_taken() -> None:
    cancel = {"주문구분": "매수취소", "원주문번호": "0000011", "미체결수량": ""}
    [row] = lists([an_open("0000012", **cancel)], [], []).rows
    assert row.leaves == 0
    with pytest.raises(BrokerUnavailable, match="do not tell what is left of 0000012"):
        lists([an_open("0000012", 미체결수량=" ")], [], [])
    [row] = lists([an_open("0000012", 미체결수량=" ")], [a_history("0000012", 주문잔량="7")], []).rows
    assert row.leaves == 7


@given(st.integers(1, 500), st.integers(1_000, 100_000), st.data())
def test_for_any_fills_the_exact_sum_survives_whatever_the_rounded_average(
    quantity: int, price: int, data: st.DataObject
) -> None:
    notional = price * quantity + data.draw(st.integers(0, quantity - 1))
    average = data.draw(st.sampled_from([notional // quantity, -(-notional // quantity)]))
    open_ = an_open("0000012", 주문수량=str(quantity), 체결누계금액=str(notional), 체결량="", 체결가="")
    history = a_history("0000012", 주문수량=str(quantity), 체결수량=str(quantity), 체결단가=str(average), 주문잔량="0")
    tables = TrTable({}, [open_]), TrTable({"출력건수": "1"}, [history]), TrTable({}, [])
    [row] = order_rows(*tables, DAY)
    assert (row.filled_notional, row.leaves) == (notional, 0)


# ---- quotes ----------------------------------------------------------------------------------------------------

WATCHED = {
    "종목코드": "005930",
    "현재가": "-70500",
    "거래량": "1234567",
    "체결량": "-12",
    "매도호가": "-70600",
    "매수호가": "-70500",
    "체결시간": "095959",
    "호가시간": "100000",
    "일자": f"{DAY:%Y%m%d}",
    "우선매도잔량": "300",
    "우선매수잔량": "200",
}


def quotes(*rows: dict[str, str], codes: list[str] | None = None) -> tuple[list[Quote], list[TrRequest]]:
    reply = Reply(rows_of(trs.quotes(), *rows))
    return asked({"OPTKWFID": reply}, lambda queries, _: queries.latest_quotes(codes or ["005930"]))


def test_given_a_traded_code_when_its_quote_is_asked_then_signs_go_and_the_time_is_of_today() -> None:
    got, _ = quotes(WATCHED)
    at = from_kst(DAY, 9, 59, 59)
    assert got == [Quote("005930", at, 70_500, 12, 1_234_567, 70_500, 70_600, 200, 300, QuoteKind.TRADE)]


def test_given_a_code_before_its_first_trade_when_asked_then_it_has_a_book_and_no_price() -> None:
    [quote], _ = quotes({**WATCHED, "거래량": "0", "체결량": "", "체결시간": ""})
    assert (quote.price, quote.last_qty, quote.kind, quote.bid_price) == (0, 0, QuoteKind.BOOK, 70_500)
    assert quote.venue_time == from_kst(DAY, 10, 0)


@pytest.mark.parametrize(
    "cells",
    [{"일자": "20261120"}, {"체결시간": ""}, {"종목코드": ""}, {"일자": "", "체결시간": "153000"}],
    ids=["another day", "no time", "unknown code", "a time to come"],
)
def test_given_no_quote_of_today_when_asked_then_there_is_none(cells: dict[str, str]) -> None:
    assert quotes({**WATCHED, **cells})[0] == []


def test_given_a_row_that_cannot_be_read_when_asked_then_it_is_left_out_and_the_others_hold(
    caplog: pytest.LogCaptureFixture,
) -> None:
    got, _ = quotes({**WATCHED, "종목코드": "000660", "거래량": "many"}, WATCHED)
    assert [quote.symbol for quote in got] == ["005930"]
    assert "the quote of 000660 is left out: optkwfid 거래량: number expected, was 'many'" in caplog.text


def test_given_250_codes_when_asked_then_three_requests_go() -> None:
    _, sent = quotes(codes=[f"{number:06d}" for number in range(250)])
    assert [len(dict(request.inputs)["종목코드"].split(";")) for request in sent] == [100, 100, 50]


def test_given_the_account_when_probed_then_the_cheapest_question_is_asked_and_told_in_words() -> None:
    reply = Reply(rows_of(trs.returns(), {"종목코드": "005930", "보유수량": "1"}), after_s=0.25)
    got, sent = asked({"opt10085": reply}, lambda queries, _: queries.probe())
    assert got == "opt10085 answered in 250 ms, holdings in the account"
    assert [request.trcode for request in sent] == ["opt10085"]


def test_given_an_hour_with_nothing_but_the_reserve_when_lists_are_read_then_they_come() -> None:
    only_reserve = LimitsConfig(per_hour=3, reserve_per_hour=3)
    empty = Reply()
    tables: Tables = {"opw00007": empty, "opt10075": empty, "opt10076": empty}
    got, sent = asked(tables, lambda queries, _: queries.order_lists(), limits=only_reserve)
    assert got.rows == () and len(sent) == 3


# ---- definitions -----------------------------------------------------------------------------------------------


def installed(spec: TrSpec) -> dict[str, Any]:
    outputs = [{"단일": list(spec.fields.single)}, {spec.fields.record: list(spec.layout)}]
    return {"trcode": spec.trcode, "input": [{"입력": list(spec.inputs)}], "output": outputs}


@pytest.mark.parametrize("spec", trs.used(), ids=lambda spec: spec.trcode)
def test_given_the_same_definition_or_one_with_more_when_compared_then_nothing_is_told(spec: TrSpec) -> None:
    definition = installed(spec)
    assert compare(spec, definition) == []
    definition["input"][0]["입력"].append("거래소구분")
    definition["output"][1][spec.fields.record].append("거래소구분명")
    assert compare(spec, definition) == []


def test_given_changed_definitions_when_compared_then_what_matters_is_told() -> None:
    definition = installed(trs.balances())
    definition["input"][0]["입력"].reverse()
    definition["output"][0]["단일"].remove("조회건수")
    definition["output"][1]["계좌평가잔고개별합산"].remove("보유수량")
    assert compare(trs.balances(), definition) == [
        "opw00018 input 계좌번호 expected at place 1, was at 4",
        "opw00018 input 비밀번호 expected at place 2, was at 3",
        "opw00018 input 비밀번호입력매체구분 expected at place 3, was at 2",
        "opw00018 input 조회구분 expected at place 4, was at 1",
        "opw00018 field 조회건수 is missing",
        "opw00018 column 보유수량 is missing",
    ]
    definition = installed(trs.balances())
    definition["output"] = definition["output"][:1]
    assert compare(trs.balances(), definition) == ["opw00018 record 계좌평가잔고개별합산 is missing"]


def test_given_a_moved_column_when_compared_then_it_matters_only_where_columns_are_read_by_place() -> None:
    for spec, told in ((trs.day_bars(), True), (trs.day_bars().cell_by_cell(), False), (trs.balances(), False)):
        definition = installed(spec)
        definition["output"][1][spec.fields.record].insert(0, "새항목")
        assert bool(compare(spec, definition)) is told
