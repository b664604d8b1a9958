"""Chejan events read: orders and fills (gubun 0) and holdings (gubun 1). Pure. Source: kiwoom.md 2.1, 2.4, 2.5.

Empty is not 0: what an event does not tell stays None. What cannot be read is raised as `UnreadableNotice` and never
guessed; the lists of the account tell it then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from broker_win import text
from broker_win.rows import BalanceRow
from domain.errors import HantradeError
from domain.types import Krw, Side, UnixNanos

RECEIVED, CONFIRMED, FILLED, REJECTED, CANCELLED = "접수", "확인", "체결", "거부", "취소"
_NO_SCREEN: Final = "0000"

T = TypeVar("T")


class UnreadableNotice(HantradeError):
    """An event says what nobody here can read."""


class Action(StrEnum):
    """What an order number was given for; values as in `rows.OrderRow.action`."""

    NEW = "new"
    MODIFY = "modify"
    CANCEL = "cancel"


_KINDS: Final = {
    "매수": (Side.BUY, Action.NEW),
    "매도": (Side.SELL, Action.NEW),
    "매수정정": (Side.BUY, Action.MODIFY),
    "매도정정": (Side.SELL, Action.MODIFY),
    "매수취소": (Side.BUY, Action.CANCEL),
    "매도취소": (Side.SELL, Action.CANCEL),
}
_SIDES: Final = {"1": Side.SELL, "2": Side.BUY}


@dataclass(frozen=True, slots=True)
class UnitFill:
    """One execution: shares (> 0) and price per share."""

    quantity: int
    price: Krw


@dataclass(frozen=True, slots=True)
class OrderNotice:
    """What one event says of one order number."""

    account: str
    number: str  # 7 digits
    original: str  # number it changes; empty for none
    code: str  # 6 characters
    side: Side
    action: Action
    status: str  # as received: 접수, 확인, 체결, 거부 or anything else
    quantity: int | None  # ordered; of a cancel or modify what it asks for
    leaves: int  # still open of this number
    price: Krw | None  # 0 for market orders and cancels
    notional: Krw | None  # of all fills of this number so far
    fill: UnitFill | None  # None: this event is no fill
    total_filled: int | None  # FID 911; only where 914 and 915 are not in the event at all
    total_price: Krw | None  # FID 910, likewise
    trade_number: str  # empty unless it tells one
    reason: str  # of a reject, empty for none
    screen: str  # of SendOrder; empty when not from a session of ours
    time: UnixNanos | None  # of the order or fill, to the second; None when the event has none


@dataclass(frozen=True, slots=True)
class BalanceNotice:
    """What one event says of one holding."""

    account: str
    row: BalanceRow


def read_order(values: Mapping[int, str], today: date) -> OrderNotice:
    """Read an order event of a KST day. Raises UnreadableNotice."""
    side, action = _kind(values)
    leaves = _read(values, 902, text.quantity)
    if leaves is None:
        raise _told(values, 902, "is empty, expected the open shares")
    number = _read(values, 9203, text.order_number)
    if not number:
        raise _told(values, 9203, "is empty, expected an order number")
    has_units = 914 in values or 915 in values
    trade, reason, screen = (_text(values, fid) for fid in (909, 919, 920))
    return OrderNotice(
        account=_text(values, 9201),
        number=number,
        original=_read(values, 904, text.order_number),
        code=_read(values, 9001, text.code),
        side=side,
        action=action,
        status=_text(values, 913),
        quantity=_read(values, 900, text.quantity),
        leaves=leaves,
        price=_read(values, 901, text.price),
        notional=_read(values, 903, text.price),
        fill=_fill(values),
        total_filled=None if has_units else _read(values, 911, text.quantity),
        total_price=None if has_units else _read(values, 910, text.price),
        trade_number=trade if trade.strip("0") else "",
        reason=reason if reason.strip("0") else "",
        screen="" if screen == _NO_SCREEN else screen,
        time=_read(values, 908, lambda value: _time(value, today)),
    )


def read_balance(values: Mapping[int, str]) -> BalanceNotice:
    """Read a balance event. Raises UnreadableNotice."""
    quantity, sellable = _read(values, 930, text.quantity), _read(values, 933, text.quantity)
    if quantity is None or sellable is None:
        raise _told(values, 930 if quantity is None else 933, "is empty, expected shares")
    row = BalanceRow(
        code=_read(values, 9001, text.code),
        name=_text(values, 302),
        quantity=quantity,
        sellable=sellable,
        average_price=_read(values, 931, text.price) or Krw(0),
        cost=_read(values, 932, text.price) or Krw(0),
        mark_price=_read(values, 10, text.price),
    )
    return BalanceNotice(_text(values, 9201), row)


# ---- fields --------------------------------------------------------------------------------------------------------


def _text(values: Mapping[int, str], fid: int) -> str:
    return values.get(fid, "").strip()


def _told(values: Mapping[int, str], fid: int, what: object) -> UnreadableNotice:
    return UnreadableNotice(
        f"event of order {_text(values, 9203) or '?'} of {_text(values, 9001) or '?'}: {fid} {what}"
    )


def _read(values: Mapping[int, str], fid: int, read: Callable[[str], T]) -> T:
    try:
        return read(values.get(fid, ""))
    except ValueError as error:
        raise _told(values, fid, error) from None


def _kind(values: Mapping[int, str]) -> tuple[Side, Action]:
    kind = _text(values, 905).lstrip("+-").strip()
    known = _KINDS.get(kind)
    if known is None:
        raise _told(values, 905, f"expected one of {', '.join(_KINDS)}, was {kind!r}")
    side = _text(values, 907)
    if side and _SIDES.get(side) is not known[0]:
        raise _told(values, 907, f"expected the side of {kind!r}, was {side!r}")
    return known


def _fill(values: Mapping[int, str]) -> UnitFill | None:
    price, quantity = _read(values, 914, text.price), _read(values, 915, text.quantity)
    if not quantity:
        if quantity is None and price:
            raise _told(values, 915, "is empty beside the price of a fill")
        return None
    if not price:
        raise _told(values, 914, f"expected the price of {quantity} shares, was {price!r}")
    return UnitFill(quantity, price)


def _time(value: str, today: date) -> UnixNanos | None:
    return text.hhmmss(value, today) if value.strip() else None
