"""Chejan events read: signs, padding, letters, empty against 0, and what cannot be read."""

from typing import Any, cast

import pytest

from broker_win.orders.notices import Action, UnitFill, UnreadableNotice, read_balance, read_order
from broker_win.rows import BalanceRow
from domain.time import from_kst
from domain.types import Side
from tests.broker_win.order_kit import ACCOUNT, CODE, DAY, chejan


def test_given_an_order_event_when_read_then_it_is_typed() -> None:
    notice = read_order(chejan(status=" 접수 ", price=10_050, time="094022"), DAY)
    assert (notice.account, notice.number, notice.original, notice.code) == (ACCOUNT, "0000101", "", CODE)
    assert (notice.side, notice.action, notice.status) == (Side.BUY, Action.NEW, "접수")
    assert (notice.quantity, notice.leaves, notice.price, notice.notional) == (100, 100, 10_050, 0)
    assert (notice.fill, notice.trade_number, notice.reason, notice.screen) == (None, "", "", "2000")
    assert notice.time == from_kst(DAY, 9, 40, 22)


@pytest.mark.parametrize(
    ("words", "side", "action"),
    [
        ("+매수", Side.BUY, Action.NEW),
        ("-매도", Side.SELL, Action.NEW),
        ("+매수정정", Side.BUY, Action.MODIFY),
        ("-매도정정", Side.SELL, Action.MODIFY),
        ("매수취소", Side.BUY, Action.CANCEL),
        (" 매도취소 ", Side.SELL, Action.CANCEL),
    ],
)
def test_given_a_kind_of_order_when_read_then_side_and_action_are_known(words: str, side: Side, action: Action) -> None:
    notice = read_order(chejan(side=side, f905=words), DAY)
    assert (notice.side, notice.action) == (side, action)


@pytest.mark.parametrize(
    ("fields", "fill"),
    [
        ({"f914": " +60700 ", "f915": "3"}, UnitFill(3, 60_700)),  # type: ignore[arg-type]  # plain numbers
        ({"f914": "-60700", "f915": "0000003"}, UnitFill(3, 60_700)),  # type: ignore[arg-type]
        ({"f914": "", "f915": ""}, None),
        ({"f914": "0", "f915": "0"}, None),
    ],
)
def test_given_unit_fields_when_read_then_only_shares_make_a_fill(
    fields: dict[str, str], fill: UnitFill | None
) -> None:
    assert read_order(chejan(status="체결", **cast(Any, fields)), DAY).fill == fill


def test_given_no_unit_fields_at_all_when_read_then_the_total_is_told() -> None:
    values = chejan(status="체결", f910="+60700", f911="30")
    assert read_order(values, DAY).total_filled is None  # empty says: no fill
    del values[914], values[915]
    notice = read_order(values, DAY)
    assert (notice.fill, notice.total_filled, notice.total_price) == (None, 30, 60_700)


@pytest.mark.parametrize(
    ("code", "plain"), [("A005930", "005930"), ("Q530036", "530036"), ("J57JBH", "J57JBH"), (" A0001A0 ", "0001A0")]
)
def test_given_a_code_when_read_then_its_letter_is_gone(code: str, plain: str) -> None:
    assert read_order(chejan(f9001=code), DAY).code == plain


def test_given_an_event_of_no_session_of_ours_when_read_then_it_has_no_screen() -> None:
    assert read_order(chejan(screen="0000"), DAY).screen == ""
    assert read_order(chejan(f920="    "), DAY).screen == ""


def test_given_no_time_when_read_then_it_is_not_made_up() -> None:
    assert read_order(chejan(time=" "), DAY).time is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("f902", ""),
        ("f902", "1O0"),
        ("f9203", "0000000"),
        ("f9203", "12345678"),
        ("f9001", "A0059"),
        ("f905", "매수매도"),
        ("f905", ""),
        ("f907", "1"),
        ("f908", "250000"),
        ("f908", "9:4"),
        ("f914", "60700"),
        ("f915", "3"),
        ("f903", "1.5"),
    ],
)
def test_given_what_nobody_can_read_when_read_then_it_is_an_error_that_names_the_field(field: str, value: str) -> None:
    with pytest.raises(UnreadableNotice, match="91[45]" if field in ("f914", "f915") else field[1:]):
        read_order(chejan(**cast(Any, {field: value})), DAY)


@pytest.mark.parametrize("status", ["HALTED", "", "거부", "10"])
def test_given_any_status_when_read_then_it_is_kept_as_it_came(status: str) -> None:
    assert read_order(chejan(status=status), DAY).status == status


def a_balance(**fields: str) -> dict[int, str]:
    values = {9201: ACCOUNT, 9001: "A005930", 302: " 삼성전자 ", 10: "-60700", 930: "102", 931: "154116", 932: "0000"}
    return {**values, 933: "102", **{int(name[1:]): value for name, value in fields.items()}}


def test_given_a_balance_event_when_read_then_it_is_a_holding() -> None:
    notice = read_balance(a_balance())
    assert notice.account == ACCOUNT
    assert notice.row == BalanceRow(CODE, "삼성전자", 102, 102, 154_116, 0, 60_700)  # type: ignore[arg-type]
    assert read_balance(a_balance(f930="0", f933="0", f10="")).row.mark_price is None


@pytest.mark.parametrize(("field", "value"), [("f930", ""), ("f933", ""), ("f931", "x"), ("f9001", "")])
def test_given_a_balance_nobody_can_read_when_read_then_it_is_an_error(field: str, value: str) -> None:
    with pytest.raises(UnreadableNotice, match=field[1:]):
        read_balance(a_balance(**{field: value}))
