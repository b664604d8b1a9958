"""A query's table, and reading its cells with the name of query and field in every complaint. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from broker_win import text
from domain.errors import BrokerUnavailable
from domain.types import Krw, UnixNanos

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrTable:
    """What a query answered, without padding: single fields of the first page, rows of all pages as received."""

    single: Mapping[str, str]
    rows: list[Row]


def cell(trcode: str, row: Mapping[str, str], name: str, read: Callable[[str], T]) -> T:
    """Read one cell. Raises BrokerUnavailable naming query, field and text when it cannot be read."""
    try:
        return read(row.get(name, ""))
    except ValueError as error:
        raise BrokerUnavailable(f"{trcode} {name}: {error}") from None


def won_of(trcode: str, row: Mapping[str, str], name: str) -> Krw:
    """Give an amount (KRW, signed). Raises BrokerUnavailable, also for a blank."""
    value = cell(trcode, row, name, text.number)
    if value is None:
        raise BrokerUnavailable(f"{trcode} {name} expected an amount, was blank")
    return Krw(value)


def price_of(trcode: str, row: Mapping[str, str], name: str) -> Krw:
    """Give a price (KRW), 0 for a blank. Raises BrokerUnavailable."""
    return cell(trcode, row, name, text.price) or Krw(0)


def quantity_of(trcode: str, row: Mapping[str, str], name: str) -> int:
    """Give shares, 0 for a blank. Raises BrokerUnavailable."""
    return cell(trcode, row, name, text.quantity) or 0


def code_of(trcode: str, row: Mapping[str, str], name: str) -> str:
    """Give a short code. Raises BrokerUnavailable."""
    return cell(trcode, row, name, text.code)


def number_of(trcode: str, row: Mapping[str, str], name: str) -> str:
    """Give an order number, empty for zeros. Raises BrokerUnavailable."""
    return cell(trcode, row, name, text.order_number)


def time_of(trcode: str, row: Mapping[str, str], name: str, day: date) -> UnixNanos:
    """Give a time of day as a moment (UTC ns). Raises BrokerUnavailable."""
    return cell(trcode, row, name, lambda cell: text.hhmmss(cell, day))


def count_of(trcode: str, table: TrTable, name: str) -> None:
    """Check the rows against the field that counts them. Raises BrokerUnavailable when some are missing."""
    said = cell(trcode, table.single, name, text.number)
    if said is not None and len(table.rows) < said:
        raise BrokerUnavailable(f"{trcode} expected {said} rows ({name}), came {len(table.rows)}")
