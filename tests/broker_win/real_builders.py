"""Real-time events as the control's slot copies them: every field of the type, most of them empty."""

from collections.abc import Mapping
from datetime import date

from broker_win.control import RealData
from broker_win.realtime.layouts import field_order
from domain.time import from_kst
from domain.types import UnixNanos

DAY = date(2026, 11, 23)
SAMSUNG = "005930"


def at(hh: int, mm: int, ss: int = 0) -> UnixNanos:
    return from_kst(DAY, hh, mm, ss)


def a_string(real_type: str, values: Mapping[int, str]) -> str:
    """Give the tab-separated string; fields not given are empty."""
    order = field_order(real_type)
    assert set(values) <= set(order)
    return "\t".join(values.get(fid, "") for fid in order)


def an_event(real_type: str, values: Mapping[int, str], code: str = SAMSUNG) -> RealData:
    return RealData(code, real_type, a_string(real_type, values))


def a_trade(
    time: str = "100000", price: str = "-257750", shares: str = "-19", volume: str = "7198927", code: str = SAMSUNG
) -> RealData:
    values = {20: time, 10: price, 15: shares, 13: volume, 27: "-258000", 28: "-257500"}
    return an_event("주식체결", values, code)


def book_values(time: str, asks: list[tuple[str, str]], bids: list[tuple[str, str]]) -> dict[int, str]:
    values = {21: time} | dict.fromkeys(range(41, 81), "0")
    for n, (price, shares) in enumerate(asks):
        values |= {41 + n: price, 61 + n: shares}
    for n, (price, shares) in enumerate(bids):
        values |= {51 + n: price, 71 + n: shares}
    return values


def a_book(time: str = "100000", code: str = SAMSUNG) -> RealData:
    asks, bids = [("-258000", "120"), ("-258500", "7")], [("-257500", "33"), ("-257000", "4000")]
    return an_event("주식호가잔량", book_values(time, asks, bids), code)


def an_expectation(time: str, price: str = "+258000", shares: str = "400", code: str = SAMSUNG) -> RealData:
    return an_event("주식예상체결", {20: time, 10: price, 15: shares}, code)


def a_session(letter: str, time: str) -> RealData:
    return RealData("", "장시작시간", f"{letter}\t{time}\t000000")


def a_halt(kind: str, began: str = "", ended: str = "", code: str = SAMSUNG, named: str = "A005930") -> RealData:
    values = {9001: named, 9068: kind, 1221: "+283500", 1223: began, 1224: ended, 1225: "정적", 1490: "1"}
    return an_event("VI발동/해제", values, code)
