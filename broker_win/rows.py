"""What Kiwoom's lists say, typed: rows of the account TRs after parsing, before they are made into answers of ours."""

from dataclasses import dataclass

from domain.types import Krw, Side, UnixNanos


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order number of the day, from opt10075 (체결구분 0), opw00007 and opt10076 put together by number.

    For a cancel the quantity is what it asked to cancel. Sums may come from only one of the lists.
    """

    number: str  # 7 digits
    original: str  # number it changes; empty for a new order (zeros count as empty)
    code: str  # 6 characters, without the letter in front
    side: Side  # of the original for a cancel
    action: str  # `new`, `modify`, `cancel`, from 주문구분 / 정정취소
    status: str  # as received: 접수, 확인, 체결, 거부 …
    kind: str  # 매매구분 as received: 보통, 시장가 …
    quantity: int
    price: Krw  # 0 for market orders and cancels
    leaves: int  # 미체결수량 / 주문잔량
    confirmed: int  # 확인수량 of a cancel or modify, 0 where not told
    filled_qty: int
    filled_notional: Krw  # 체결누계금액; from 체결단가 × 체결수량 where there is no sum
    commission: Krw | None  # 당일매매수수료, None when not told
    tax: Krw | None
    order_time: UnixNanos


@dataclass(frozen=True, slots=True)
class OrderLists:
    """All of the day's order numbers, oldest first, read whole, and when reading began (venue time)."""

    rows: tuple[OrderRow, ...]
    read_at: UnixNanos


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One holding (opw00018, or a chejan balance)."""

    code: str
    name: str
    quantity: int
    sellable: int  # 매매가능수량 / 주문가능수량
    average_price: Krw  # 매입가, as the broker rounds it
    cost: Krw  # 매입금액, KRW
    mark_price: Krw | None


@dataclass(frozen=True, slots=True)
class Deposit:
    """Cash (opw00001, 조회구분 2/3). `d2` is 예수금 after everything settled: what counts."""

    deposit: Krw
    d1: Krw
    d2: Krw
    orderable: Krw
    withdrawable: Krw
