"""TRs about the day's orders and what they earned: opt10075, opt10076, opw00007, opt10074, opt10077 (kiwoom.md 3)."""

from collections.abc import Iterable
from typing import Final

from broker_win.emulator.texts import basis_points, clock, day, direction, hundredths, row, single, text
from broker_win.emulator.tr_case import ACCOUNT, CODE, Case, Row, Sheet, Tr
from broker_win.emulator.tr_holdings import Traded, traded_today, written_code
from domain.messages.link import BrokerDayOrder
from domain.quotes import Quote
from domain.types import DayOrderAction, DayOrderState, Side

ALL: Final = "0"
SELL: Final = "1"
BUY: Final = "2"
NO_NUMBER: Final = "0000000"
ACTIONS: Final = {DayOrderAction.NEW: "", DayOrderAction.MODIFY: "정정", DayOrderAction.CANCEL: "취소"}


def open_orders(case: Case) -> Sheet:
    """Answer opt10075, newest first. 체결구분 0: all of the day, 1: with shares left, 2: filled."""
    chosen, quotes = _chosen(case, "전체종목구분", "매매구분"), case.quotes
    rows = [Row(order.venue_order_id, _open_row(case, order, quotes.get(order.symbol))) for order in reversed(chosen)]
    return Sheet(rows=rows)


def executions(case: Case) -> Sheet:
    """Answer opt10076, newest first; with 주문번호 only older ones."""
    chosen = _chosen(case, "조회구분", "매도수구분")
    below = case.inputs.get("주문번호", "").strip()
    if below:
        chosen = [order for order in chosen if order.venue_order_id < below.zfill(7)]
    return Sheet(rows=[Row(order.venue_order_id, _execution_row(case, order)) for order in reversed(chosen)])


def day_list(case: Case) -> Sheet:
    """Answer opw00007 for today; nothing is known of other days. 조회구분 1 in order, 2 reverse, 3 open, 4 filled."""
    if case.inputs.get("주문일자", "").strip() not in ("", day(case.now)):
        return Sheet({"출력건수": "0000"})
    kind, side = case.inputs.get("조회구분", "").strip(), case.inputs.get("매도수구분", "").strip()
    chosen = [order for order in case.rows("day_orders") if _is_side(order, side)]
    if code := _asked_code(case):
        chosen = [order for order in chosen if order.symbol == code]
    if kind == "3":
        chosen = [order for order in chosen if order.leaves_qty]
    elif kind == "4":
        chosen = [order for order in chosen if order.filled_qty]
    elif kind == "2":
        chosen = chosen[::-1]
    first = case.inputs.get("시작주문번호", "").strip()
    if first.strip("0"):
        back = kind == "2"
        chosen = [order for order in chosen if _from(order.venue_order_id, first.zfill(7), back=back)]
    rows = [Row(order.venue_order_id, _day_row(case, order)) for order in chosen]
    return Sheet({"출력건수": f"{len(rows):04d}"}, rows)


def realized_by_day(case: Case) -> Sheet:
    """Answer opt10074: today alone, when it lies within the days asked for."""
    today = day(case.now)
    first, last = (case.inputs.get(name, "").strip() for name in ("시작일자", "종료일자"))
    if not (first or today) <= today <= (last or today):
        return Sheet(dict.fromkeys(("총매수금액", "총매도금액", "실현손익", "매매수수료", "매매세금"), single(0)))
    sums = _sum(traded_today(case).values())
    gain = sum(one.realized_pnl for one in case.rows("positions"))
    fields = {
        "총매수금액": single(sums.paid),
        "총매도금액": single(sums.earned),
        "실현손익": single(gain),
        "매매수수료": single(sums.commission),
        "매매세금": single(sums.tax),
    }
    rows = {
        "일자": today,
        "매수금액": row(sums.paid),
        "매도금액": row(sums.earned),
        "당일매도손익": row(gain),
        "당일매매수수료": row(sums.commission),
        "당일매매세금": row(sums.tax),
    }
    return Sheet(fields, [Row(today, rows)] if sums.paid or sums.earned else [])


def realized_today(case: Case) -> Sheet:
    """Answer opt10077: what was sold today by code, at average prices."""
    wanted = _asked_code(case)
    gains = {one.symbol: int(one.realized_pnl) for one in case.rows("positions")}
    sold = {code: one for code, one in sorted(traded_today(case).items()) if one.sold and wanted in ("", code)}
    rows = [Row(code, _realized_row(case, code, one, gains.get(code, 0))) for code, one in sold.items()]
    return Sheet({"당일실현손익": single(sum(gains.get(code, 0) for code in sold))}, rows)


# ---- rows ------------------------------------------------------------------------------------------------------


def _open_row(case: Case, order: BrokerDayOrder, quote: Quote | None) -> dict[str, str]:
    base = case.base(order.symbol)
    price, ask, bid = (quote.price, quote.ask_price, quote.bid_price) if quote else (0, 0, 0)
    return {
        **_shared(case, order),
        "계좌번호": case.inputs.get(ACCOUNT, ""),
        "관리사번": "",
        "업무구분": "JJ",
        "미체결수량": row(order.leaves_qty),
        "체결누계금액": row(order.filled_notional),
        "시간": clock(order.order_time),
        "체결번호": "",
        "현재가": f"{direction(price, base)}{price}",
        "매도호가": f"{direction(ask, base)}{ask}",
        "매수호가": f"{direction(bid, base)}{bid}",
        "단위체결가": "",
        "단위체결량": "",
        "개인투자자": "",
    }


def _execution_row(case: Case, order: BrokerDayOrder) -> dict[str, str]:
    return {**_shared(case, order), "미체결수량": row(order.leaves_qty), "주문시간": clock(order.order_time)}


def _shared(case: Case, order: BrokerDayOrder) -> dict[str, str]:
    return {
        "주문번호": order.venue_order_id,
        CODE: written_code(case, order.symbol),
        "주문상태": _state(order),
        "종목명": text(case.name(order.symbol), 40),
        "주문수량": row(order.quantity),
        "주문가격": row(_price(order)),
        "원주문번호": order.original_venue_order_id or NO_NUMBER,
        "주문구분": _kind(order),
        "매매구분": _price_type(order),
        "체결가": row(_average(order)) if order.filled_qty else "",
        "체결량": row(order.filled_qty) if order.filled_qty else "",
        "당일매매수수료": row(order.commission),
        "당일매매세금": row(order.tax),
    }


def _day_row(case: Case, order: BrokerDayOrder) -> dict[str, str]:
    confirmed = order.state is DayOrderState.CONFIRMED
    time = clock(order.order_time)
    written = f"{time[:2]}:{time[2:4]}:{time[4:]}"
    return {
        "주문번호": order.venue_order_id,
        "종목번호": written_code(case, order.symbol),
        "매매구분": _price_type(order),
        "신용구분": "보통매매",
        "주문수량": row(order.quantity),
        "주문단가": row(_price(order)),
        "확인수량": row(order.quantity if confirmed else 0),
        "접수구분": _state(order),
        "반대여부": "",
        "주문시간": written,
        "원주문": order.original_venue_order_id or NO_NUMBER,
        "종목명": text(case.name(order.symbol), 40),
        "주문구분": "현금매수" if order.side is Side.BUY else "현금매도",
        "대출일": "",
        "체결수량": row(order.filled_qty),
        "체결단가": row(_average(order)),
        "주문잔량": row(order.leaves_qty),
        "통신구분": "OpenAPI",
        "정정취소": ACTIONS[order.action],
        "확인시간": written if confirmed else "",
    }


def _realized_row(case: Case, code: str, one: Traded, gain: int) -> dict[str, str]:
    # What was paid for the shares sold: the proceeds less what was gained and what it cost.
    paid = one.earned - one.commission - one.tax - gain
    return {
        "종목명": text(case.name(code), 40),
        "체결량": row(one.sold),
        "매입단가": row(paid // one.sold),
        "체결가": row(one.earned // one.sold),
        "당일매도손익": row(gain),
        "손익율": hundredths(basis_points(gain, paid)) if paid > 0 else "",
        "당일매매수수료": row(one.commission),
        "당일매매세금": row(one.tax),
        CODE: written_code(case, code),
    }


# ---- words -----------------------------------------------------------------------------------------------------


def _chosen(case: Case, which: str, side: str) -> list[BrokerDayOrder]:
    one_code = case.inputs.get(which, "").strip() not in ("", ALL)
    kind, wanted = case.inputs.get("체결구분", "").strip(), case.inputs.get(side, "").strip()
    code = _asked_code(case)
    return [
        order
        for order in case.rows("day_orders")
        if (not one_code or order.symbol == code)
        and _is_side(order, wanted)
        and (kind != "1" or order.leaves_qty)
        and (kind != "2" or order.filled_qty)
    ]


def _asked_code(case: Case) -> str:
    """Give the code asked for; lists of the account take it with its letter, too."""
    return case.code[1:] if len(case.code) == 7 else case.code


def _is_side(order: BrokerDayOrder, wanted: str) -> bool:
    return wanted not in (SELL, BUY) or (order.side is Side.SELL) == (wanted == SELL)


def _from(number: str, first: str, *, back: bool) -> bool:
    return number <= first if back else number >= first


def _state(order: BrokerDayOrder) -> str:
    if order.state is DayOrderState.REJECTED:
        return "거부"
    if order.state is DayOrderState.CONFIRMED:
        return "체결" if order.filled_qty else "확인"
    return "체결" if order.filled_qty else "접수"


def _kind(order: BrokerDayOrder) -> str:
    word = "매수" if order.side is Side.BUY else "매도"
    if order.action is DayOrderAction.CANCEL:
        return f"{word}취소"
    return f"{'+' if order.side is Side.BUY else '-'}{word}{ACTIONS[order.action]}"


def _price_type(order: BrokerDayOrder) -> str:
    is_market = order.limit_price is None and order.action is not DayOrderAction.CANCEL
    return "시장가" if is_market else "보통"


def _price(order: BrokerDayOrder) -> int:
    return 0 if order.action is DayOrderAction.CANCEL else order.limit_price or 0


def _average(order: BrokerDayOrder) -> int:
    return order.filled_notional // order.filled_qty if order.filled_qty else 0


def _sum(all_: Iterable[Traded]) -> Traded:
    found = Traded()
    for one in all_:
        found = Traded(*(mine + theirs for mine, theirs in zip(found, one, strict=True)))
    return found


ORDER_TRS: Final = {
    "opt10075": Tr(open_orders, ("day_orders", "quotes"), is_of_account=True),
    "opt10076": Tr(executions, ("day_orders",), is_of_account=True),
    "opw00007": Tr(day_list, ("day_orders",), is_of_account=True),
    "opt10074": Tr(realized_by_day, ("day_orders", "positions"), is_of_account=True),
    "opt10077": Tr(realized_today, ("day_orders", "positions"), is_of_account=True),
}
