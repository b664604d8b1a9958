"""Chejan events field by field: what Kiwoom tells of an order number (gubun 0) and of a holding (gubun 1). Pure.

Source: kiwoom.md 2.4 and 2.5; order and number of the fields from the OpenAPI+ definitions of 2022, FID 819 behind
them as koapy hears it. Values that no source gives stand as they are seen in the order notices of the REST API of
2026-09-11: commission and tax are those of the order number, and numbers have no zeros in front.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from broker_win.control import Value
from broker_win.emulator.house import Held
from broker_win.emulator.order_lines import Line
from broker_win.emulator.parts import Emission
from broker_win.emulator.texts import NAME_WIDTH, basis_points, clock, direction, hundredths, text
from domain.instruments import Instrument
from domain.quotes import Quote
from domain.types import DayOrderAction, Market, OrderKind, Side, TimeInForce

RECEIVED: Final = "접수"
CONFIRMED: Final = "확인"
FILLED: Final = "체결"
REJECTED: Final = "거부"

ORDER_FIDS: Final = (
    *(9201, 9203, 9205, 9001, 912, 913, 302, 900, 901, 902, 903, 904, 905, 906, 907, 908, 909, 910, 911, 10, 27, 28),
    *(914, 915, 938, 939, 919, 920, 921, 922, 923, 949, 10010, 969, 13312, 13313, 8000, 985, 819),
)
BALANCE_FIDS: Final = (
    *(9201, 9001, 917, 916, 302, 10, 930, 931, 932, 933, 945, 946, 950, 951, 27, 28, 307, 8019, 957, 958, 918),
    *(990, 991, 992, 993, 959, 924, 10010, 25, 11, 12, 306, 305, 970),
)
NO_ORIGINAL: Final = "0000000"
TERMINAL: Final = "0000000"
NO_DATE: Final = "00000000"

_ACTIONS: Final[Mapping[tuple[Side, DayOrderAction], str]] = {
    (Side.BUY, DayOrderAction.NEW): "+매수",
    (Side.SELL, DayOrderAction.NEW): "-매도",
    (Side.BUY, DayOrderAction.MODIFY): "+매수정정",
    (Side.SELL, DayOrderAction.MODIFY): "-매도정정",
    (Side.BUY, DayOrderAction.CANCEL): "매수취소",
    (Side.SELL, DayOrderAction.CANCEL): "매도취소",
}
_KINDS: Final[Mapping[OrderKind, str]] = {
    OrderKind.LIMIT: "보통",
    OrderKind.MARKET: "시장가",
    OrderKind.CONDITIONAL_LIMIT: "조건부지정가",
    OrderKind.BEST_LIMIT: "최유리지정가",
    OrderKind.FIRST_LIMIT: "최우선지정가",
    OrderKind.MID: "중간가",
    OrderKind.STOP_LIMIT: "스톱지정가",
    OrderKind.PRE_OPEN_CLOSE: "장전시간외",
    OrderKind.POST_CLOSE: "장후시간외",
    OrderKind.OFF_HOURS_SINGLE: "시간외단일가",
}
_FORCES: Final = {TimeInForce.DAY: "", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}


@dataclass(frozen=True, slots=True)
class Fill:
    """The execution an event tells of."""

    trade_id: str
    quantity: int
    price: int
    told_quantity: int  # FID 911: cumulative or of this fill, as the plan says


@dataclass(frozen=True, slots=True)
class Tape:
    """What is known of the instrument when an event is written."""

    instrument: Instrument | None
    row: Quote | None

    def price(self, value: int) -> str:
        """Write a price with its direction against the previous close; a blank in front when level or unknown."""
        base = self.instrument.base_price if self.instrument is not None else None
        return (direction(value, base) or " ") + str(value)


def order_event(
    line: Line,
    status: str,
    venue_time: int,
    market: Tape,
    letter: str,
    *,
    left: int | None = None,
    fill: Fill | None = None,
    reason: str = "",
    is_last: bool = False,
) -> Emission:
    """Write 주문체결 of a number.

    `left` is 미체결수량 where it is not what is open of the number; `reason` why it was rejected; `is_last`: the group
    of events ends with it (FID 819).
    """
    row, last = market.row, (market.row.price if market.row else 0)
    values = {
        9201: line.account,
        9203: line.number,
        9205: "",
        9001: letter + line.symbol,
        912: "JJ",
        913: status,
        302: text(market.instrument.name if market.instrument else "", NAME_WIDTH),
        900: str(line.quantity),
        901: str(line.price),
        902: str(line.leaves if left is None else left),
        903: str(line.filled_notional),
        904: line.original or NO_ORIGINAL,
        905: _ACTIONS[line.side, line.action],
        906: _KINDS[line.kind] + _FORCES[line.time_in_force],
        907: "2" if line.side is Side.BUY else "1",
        908: clock(venue_time),
        909: fill.trade_id if fill else "",
        910: str(fill.price) if fill else "",
        911: str(fill.told_quantity) if fill else "",
        10: market.price(last),
        27: market.price(row.ask_price if row else 0),
        28: market.price(row.bid_price if row else 0),
        914: str(fill.price) if fill else "",
        915: str(fill.quantity) if fill else "",
        938: str(line.commission),
        939: str(line.tax),
        919: reason or "0",
        920: line.screen,
        921: TERMINAL,
        922: "00",
        923: NO_DATE,
        949: "0",
        10010: market.price(last),
        969: "0",
        13312: "",
        13313: "",
        8000: "",
        985: "",
        819: "1" if is_last else "0",
    }
    return _emission("0", ORDER_FIDS, values)


def balance_event(
    account: str, symbol: str, side: Side, held: Held, open_sells: int, net_bought: int, market: Tape, letter: str
) -> Emission:
    """Write 잔고 of a holding after a trade of a side; net_bought counts the day's shares bought less those sold."""
    row, instrument = market.row, market.instrument
    last = row.price if row else 0
    base = (instrument.base_price if instrument else None) or 0
    change = last - base if last and base else 0
    average = held.cost // held.quantity if held.quantity else 0
    profit = basis_points(last * held.quantity - held.cost, held.cost) if last else 0
    values = {
        9201: account,
        9001: letter + symbol,
        917: "00",
        916: NO_DATE,
        302: text(instrument.name if instrument else "", NAME_WIDTH),
        10: market.price(last),
        930: str(held.quantity),
        931: str(average),
        932: str(held.cost),
        933: str(max(0, held.quantity - open_sells)),
        945: str(net_bought),
        946: "2" if side is Side.BUY else "1",
        950: str(held.realized),
        951: "0",
        27: market.price(row.ask_price if row else 0),
        28: market.price(row.bid_price if row else 0),
        307: str(base),
        8019: hundredths(profit),
        957: "0",
        958: "0",
        918: NO_DATE,
        990: str(held.realized),
        991: "0.00",
        992: "0",
        993: "0.00",
        959: "0",
        924: "0",
        10010: market.price(last),
        25: direction_code(last, instrument),
        11: f"{change:+d}" if change else "0",
        12: hundredths(basis_points(change, base)),
        306: market.price((instrument.lower_limit if instrument else None) or 0),
        305: market.price((instrument.upper_limit if instrument else None) or 0),
        970: "",
    }
    return _emission("1", BALANCE_FIDS, values)


def direction_code(price: int, instrument: Instrument | None) -> str:
    """Give FID 25 of a price: 1 at the upper limit, 2 above the previous close, 3 level, 4 at the lower limit, 5 below.

    Level, too, where price or base are not known.
    """
    base = instrument.base_price if instrument is not None else None
    if instrument is None or not base or not price or price == base:
        return "3"
    if price > base:
        return "1" if price == instrument.upper_limit else "2"
    return "4" if price == instrument.lower_limit else "5"


def letter_of(instrument: Instrument | None, plain: str) -> str:
    """Give the letter in front of a code in account events: Q for an ETN, else `plain` (A)."""
    return "Q" if instrument is not None and instrument.market is Market.ETN else plain


def _emission(gubun: str, fids: tuple[int, ...], values: Mapping[int, str]) -> Emission:
    arguments: tuple[Value, ...] = (gubun, len(fids), ";".join(map(str, fids)))
    return Emission("OnReceiveChejanData", arguments, {fid: values[fid] for fid in fids})
