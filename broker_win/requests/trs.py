"""The queries used here: inputs in their order, fields to read, and how they differ from what is installed.

The definitions are those published in December 2022 (`broker_win/data/openapi_defs.json`); Kiwoom appends fields now
and then, which harms nothing. `compare` tells what else changed, from the `.enc` files of the installation.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from broker_win.control import Fields
from domain.errors import InvariantError

PRICES: Final = ("시가", "고가", "저가", "현재가", "거래량")  # of a bar


@dataclass(frozen=True, slots=True)
class TrSpec:
    """One query: what it asks and what is read of its answer."""

    trcode: str
    inputs: tuple[str, ...]  # names in the order in which the definition lists them
    fields: Fields
    layout: tuple[str, ...]  # all columns of the multi record; matters where they are read in one call
    needed: tuple[str, ...]  # columns that are made use of
    must: tuple[str, ...] = ()  # single fields that no good answer leaves blank
    count: str = ""  # single field that says how many rows there are
    account: bool = False  # needs the password of the account: without it the answer may just be empty
    quote: bool = False  # its screen is registered for real-time data by itself, and must be freed of it

    def cell_by_cell(self) -> "TrSpec":
        """Give the same query read field by field, for an installation whose columns stand elsewhere."""
        return replace(self, fields=replace(self.fields, multi=self.needed, in_one_call=False))


@cache
def _definitions() -> dict[str, Any]:
    text = files("broker_win.data").joinpath("openapi_defs.json").read_text(encoding="utf-8")
    definitions: dict[str, Any] = json.loads(text)["tr"]
    return definitions


@cache
def _spec(
    trcode: str,
    single: tuple[str, ...] = (),
    multi: tuple[str, ...] = (),
    *,
    in_one_call: bool = False,
    must: tuple[str, ...] = (),
    count: str = "",
    account: bool = False,
    quote: bool = False,
) -> TrSpec:
    definition = _definitions()[trcode.lower()]
    layout = tuple(name for name, _fid in definition["multi"])
    singles = {name for name, _fid in definition["single"]}
    if odd := [name for name in (*single, *must) if name not in singles] + [n for n in multi if n not in layout]:
        raise InvariantError(f"fields of {trcode} expected those of its definition, was {', '.join(odd)}")
    # In one call the columns come as they stand, so all of them are named.
    columns = layout if in_one_call else multi
    fields = Fields(single, definition["multi_record"] if columns else "", columns, in_one_call and bool(columns))
    return TrSpec(trcode, tuple(definition["inputs"]), fields, layout, multi, must, count, account, quote)


def deposit() -> TrSpec:
    """Give opw00001, cash today and after settlement."""
    return _spec(
        "opw00001",
        _names("예수금 출금가능금액 주문가능금액 d+1추정예수금 d+2추정예수금"),
        must=("예수금",),
        account=True,
    )


def balances() -> TrSpec:
    """Give opw00018, the holdings."""
    columns = _names("종목번호 종목명 매입가 보유수량 매매가능수량 현재가 매입금액")
    single = ("총매입금액", "조회건수")  # the sum of nothing is zeros, not a blank
    return _spec("opw00018", single, columns, must=("총매입금액",), count="조회건수", account=True)


def open_orders() -> TrSpec:
    """Give opt10075, orders of the day by number (체결구분 0)."""
    columns = _names(
        "주문번호 종목코드 주문상태 주문수량 주문가격 미체결수량 체결누계금액 원주문번호 주문구분 매매구분 "
        "시간 체결가 체결량 당일매매수수료 당일매매세금"
    )
    return _spec("opt10075", (), columns, account=True)


def filled_orders() -> TrSpec:
    """Give opt10076, orders of the day with what they filled."""
    columns = _names(
        "주문번호 주문구분 주문가격 주문수량 체결가 체결량 미체결수량 당일매매수수료 당일매매세금 "
        "주문상태 매매구분 원주문번호 주문시간 종목코드"
    )
    return _spec("opt10076", (), columns, account=True)


def order_history() -> TrSpec:
    """Give opw00007, every order number of a day with its modifies and cancels."""
    columns = _names(
        "주문번호 종목번호 매매구분 주문수량 주문단가 확인수량 접수구분 주문시간 원주문 주문구분 "
        "체결수량 체결단가 주문잔량 정정취소"
    )
    return _spec("opw00007", ("출력건수",), columns, count="출력건수", account=True)


def returns() -> TrSpec:
    """Give opt10085, holdings without a password: the cheapest question about an account."""
    return _spec("opt10085", (), ("종목코드", "보유수량"))


def quotes() -> TrSpec:
    """Give the quotes of up to 100 codes in one request (CommKwRqData)."""
    columns = _names("종목코드 현재가 거래량 체결량 매도호가 매수호가 체결시간 호가시간 일자 우선매도잔량 우선매수잔량")
    return replace(_spec("optkwfid", (), columns, quote=True), trcode="OPTKWFID")


def minute_bars() -> TrSpec:
    """Give opt10080, bars of 1 to 60 minutes, the newest first, 900 a page."""
    return _spec("opt10080", (), ("체결시간", *PRICES), in_one_call=True, quote=True)


def day_bars() -> TrSpec:
    """Give opt10081, bars of a day, the newest first, 600 a page."""
    return _spec("opt10081", (), ("일자", *PRICES), in_one_call=True, quote=True)


def used() -> tuple[TrSpec, ...]:
    """Give all of them, for the comparison with what is installed."""
    account = (deposit(), balances(), open_orders(), filled_orders(), order_history(), returns())
    return (*account, quotes(), minute_bars(), day_bars())


INPUT: Final = "input"
OUTPUT: Final = "output"
COLUMN: Final = "column"


def compare(spec: TrSpec, definition: Mapping[str, Any]) -> list[str]:
    """Tell in words how an installed definition differs so that it matters; empty when it does not.

    `definition` is what pykiwoom's parser makes of an `.enc` file: `{"input": [{record: [names]}], "output": […]}`.
    Missing fields matter, and moved ones where their place does: inputs, and columns read in one call. Appended ones
    do not.
    """
    found = _moved(f"{spec.trcode} input", spec.inputs, _all(definition.get(INPUT, ())))
    outputs: Sequence[Mapping[str, Sequence[str]]] = definition.get(OUTPUT, ())
    everything = _all(outputs)
    found += [f"{spec.trcode} field {name} is missing" for name in spec.fields.single if name not in everything]
    if not spec.fields.multi:
        return found
    columns = next((tuple(one[spec.fields.record]) for one in outputs if spec.fields.record in one), None)
    if columns is None:
        return [*found, f"{spec.trcode} record {spec.fields.record} is missing"]
    if spec.fields.in_one_call:
        return found + _moved(f"{spec.trcode} {COLUMN}", spec.layout, columns)
    return found + [f"{spec.trcode} {COLUMN} {name} is missing" for name in spec.fields.multi if name not in columns]


def reads_by_place_no_more(spec: TrSpec, differences: Sequence[str]) -> bool:
    """Tell whether what `compare` told makes the columns of a query unfit to be read in one call."""
    return spec.fields.in_one_call and any(one.startswith(f"{spec.trcode} {COLUMN}") for one in differences)


def _all(records: Sequence[Mapping[str, Sequence[str]]]) -> tuple[str, ...]:
    return tuple(name for record in records for names in record.values() for name in names)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _moved(what: str, ours: tuple[str, ...], theirs: tuple[str, ...]) -> list[str]:
    found = []
    for place, name in enumerate(ours):
        if name not in theirs:
            found.append(f"{what} {name} is missing")
        elif place >= len(theirs) or theirs[place] != name:
            found.append(f"{what} {name} expected at place {place + 1}, was at {theirs.index(name) + 1}")
    return found
