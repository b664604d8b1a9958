"""The day's order numbers out of three lists, put together by number. Pure.

opw00007 shows every number with modifies and cancels, opt10075 the exact sum of what was filled, opt10076 costs. They
are read one after the other, so a later one may be further: what only ever grows is taken from the furthest. What may
never differ (code, side, action, number it changes, quantity) makes the whole fail when it does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from broker_win import text
from broker_win.requests.tables import Row, TrTable, cell, code_of, count_of, number_of, price_of, quantity_of, time_of
from broker_win.rows import OrderRow
from domain.errors import BrokerUnavailable
from domain.types import Krw, Side, UnixNanos

BUY: Final = "매수"
SELL: Final = "매도"
MODIFY: Final = "정정"
CANCEL: Final = "취소"
RECEIVED: Final = "접수"
REJECTED: Final = "거부"


@dataclass(frozen=True, slots=True)
class _List:
    """The names one list has for what it says of a number; empty: it does not say it."""

    trcode: str
    code: str
    status: str
    price: str
    leaves: str
    original: str
    time: str
    average: str
    filled: str
    change: str = ""
    confirmed: str = ""
    notional: str = ""
    commission: str = ""
    tax: str = ""


_OPEN: Final = _List(
    *("opt10075", "종목코드", "주문상태", "주문가격", "미체결수량", "원주문번호", "시간", "체결가", "체결량"),
    notional="체결누계금액",
    commission="당일매매수수료",
    tax="당일매매세금",
)
_HISTORY: Final = _List(
    *("opw00007", "종목번호", "접수구분", "주문단가", "주문잔량", "원주문", "주문시간", "체결단가", "체결수량"),
    change="정정취소",
    confirmed="확인수량",
)
_FILLED: Final = _List(
    *("opt10076", "종목코드", "주문상태", "주문가격", "미체결수량", "원주문번호", "주문시간", "체결가", "체결량"),
    commission="당일매매수수료",
    tax="당일매매세금",
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one list says of a number; None or empty where it does not say it."""

    trcode: str
    number: str
    original: str
    code: str
    side: Side
    action: str
    status: str
    kind: str
    quantity: int
    price: Krw
    leaves: int | None
    filled_qty: int
    average: Krw  # 0 when nothing was filled
    notional: Krw | None
    confirmed: int
    commission: Krw | None
    tax: Krw | None
    order_time: UnixNanos | None


def order_rows(open_: TrTable, history: TrTable, filled: TrTable, day: date) -> tuple[OrderRow, ...]:
    """Put opt10075, opw00007 and opt10076 of a day together, oldest first.

    Raises BrokerUnavailable, naming the number, when a cell cannot be read, rows are missing or the lists contradict
    each other.
    """
    count_of("opw00007", history, "출력건수")
    parts: dict[str, dict[str, _Part]] = {}
    for names, table in ((_OPEN, open_), (_HISTORY, history), (_FILLED, filled)):
        for row in table.rows:
            part = _part(names, row, day)
            known = parts.setdefault(part.number, {})
            # Twice in one list: a row moved to the next page while pages were read; the one that is further holds.
            before = known.get(part.trcode)
            known[part.trcode] = part if before is None or part.filled_qty >= before.filled_qty else before
    return tuple(_together(list(parts[number].values())) for number in sorted(parts))


def _together(parts: Sequence[_Part]) -> OrderRow:
    first = parts[0]
    for name in ("code", "side", "action", "original", "quantity"):
        # A blank or zero is "not said": whether every list tells what a cancel changes is not known.
        values = {value: part.trcode for part in parts if (value := getattr(part, name))}
        if len(values) > 1:
            said = ", ".join(f"{trcode} {value!r}" for value, trcode in values.items())
            raise BrokerUnavailable(f"lists of orders contradict each other on {name} of {first.number}: {said}")
    furthest = max(parts, key=lambda part: part.filled_qty)
    return OrderRow(
        number=first.number,
        original=next((part.original for part in parts if part.original), ""),
        code=first.code,
        side=first.side,
        action=first.action,
        status=_status(parts),
        kind=next((part.kind for part in parts if part.kind), ""),
        quantity=max(part.quantity for part in parts),
        price=next((part.price for part in parts if part.price), Krw(0)),
        leaves=_leaves(parts),
        confirmed=max(part.confirmed for part in parts),
        filled_qty=furthest.filled_qty,
        filled_notional=_notional(parts, furthest.filled_qty),
        commission=_most(part.commission for part in parts),
        tax=_most(part.tax for part in parts),
        order_time=_time(parts),
    )


def _status(parts: Sequence[_Part]) -> str:
    said = [part.status for part in parts if part.status]
    if REJECTED in said:
        return REJECTED
    return next((status for status in said if status != RECEIVED), said[0] if said else "")


def _leaves(parts: Sequence[_Part]) -> int:
    told = [part.leaves for part in parts if part.leaves is not None]
    if told:
        return min(told)
    if parts[0].action == "cancel" or _status(parts) == REJECTED:
        return 0
    raise BrokerUnavailable(f"lists of orders do not tell what is left of {parts[0].number}")


def _notional(parts: Sequence[_Part], filled_qty: int) -> Krw:
    """Give the exact sum where it belongs to these shares, else what the rounded average comes to."""
    if not filled_qty:
        return Krw(0)
    averages = [part.average for part in parts if part.filled_qty == filled_qty and part.average]
    sums = [part.notional for part in parts if part.notional]
    for total in sums:
        # An average is rounded: the true sum lies within one won a share of it.
        if any(part.notional == total and part.filled_qty == filled_qty for part in parts) or any(
            abs(total - average * filled_qty) < filled_qty for average in averages
        ):
            return total
    if averages:
        return Krw(averages[0] * filled_qty)
    raise BrokerUnavailable(f"lists of orders give {parts[0].number} {filled_qty} filled shares, but no price of them")


def _most(amounts: Iterable[Krw | None]) -> Krw | None:
    return max((amount for amount in amounts if amount is not None), default=None)


def _time(parts: Sequence[_Part]) -> UnixNanos:
    """Give the earliest: a list may tell the time of the last fill instead of the order's."""
    times = [part.order_time for part in parts if part.order_time is not None]
    if not times:
        raise BrokerUnavailable(f"lists of orders give no time of {parts[0].number}")
    return min(times)


# ---- one row ---------------------------------------------------------------------------------------------------


def _part(names: _List, row: Row, day: date) -> _Part:
    trcode = names.trcode
    number = number_of(trcode, row, "주문번호")
    if not number:
        raise BrokerUnavailable(f"{trcode} 주문번호 expected in every row, was blank")
    words = row["주문구분"]
    if (BUY in words) == (SELL in words):
        raise BrokerUnavailable(f"{trcode} 주문구분 of {number} expected 매수 or 매도 in it, was {words!r}")
    changes = words + (row[names.change] if names.change else "")
    return _Part(
        trcode=trcode,
        number=number,
        original=number_of(trcode, row, names.original),
        code=code_of(trcode, row, names.code),
        side=Side.BUY if BUY in words else Side.SELL,
        action="cancel" if CANCEL in changes else "modify" if MODIFY in changes else "new",
        status=row[names.status],
        kind=row["매매구분"],
        quantity=quantity_of(trcode, row, "주문수량"),
        price=price_of(trcode, row, names.price),
        leaves=cell(trcode, row, names.leaves, text.quantity),
        filled_qty=quantity_of(trcode, row, names.filled),
        average=price_of(trcode, row, names.average),
        notional=_amount(trcode, row, names.notional),
        confirmed=quantity_of(trcode, row, names.confirmed),
        commission=_amount(trcode, row, names.commission),
        tax=_amount(trcode, row, names.tax),
        order_time=time_of(trcode, row, names.time, day) if row[names.time] else None,
    )


def _amount(trcode: str, row: Row, name: str) -> Krw | None:
    value = cell(trcode, row, name, text.number)
    return None if value is None else Krw(abs(value))
