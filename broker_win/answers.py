"""Read a TR's answer while its event lasts: the control's getters give data then and only then."""

import logging
from typing import Any, Protocol

from broker_win.control import Fields

LOG = logging.getLogger(__name__)


class Getters(Protocol):
    """The getters of OnReceiveTrData, as the control has them: None when a call did not reach it."""

    def GetCommData(self, trcode: str, record: str, row: int, name: str) -> Any:  # noqa: N802  # the control's names
        """Give one field, padded."""

    def GetRepeatCnt(self, trcode: str, record: str) -> Any:  # noqa: N802
        """Give how many rows the multi record has."""

    def GetCommDataEx(self, trcode: str, record: str) -> Any:  # noqa: N802
        """Give the whole multi record: rows of columns in the definition's order."""


class UnreadableError(Exception):
    """An answer cannot be read. The text says what was given instead."""


def read_single(control: Getters, trcode: str, record: str, fields: Fields) -> dict[str, str]:
    """Give the single record's fields by name, padded as received. Raises UnreadableError."""
    return {name: _cell(control, trcode, record, 0, name) for name in fields.single}


def read_rows(control: Getters, trcode: str, record: str, fields: Fields) -> list[tuple[str, ...]]:
    """Give the multi record's rows, columns as `fields.multi`, padded as received. Raises UnreadableError."""
    if not fields.multi:
        return []
    count = control.GetRepeatCnt(trcode, record)
    if not isinstance(count, int):
        raise UnreadableError(f"GetRepeatCnt gave {count!r} for {record} of {trcode}.")
    if fields.in_one_call and count > 0:
        table = control.GetCommDataEx(trcode, record)
        if _fits(table, count, len(fields.multi)):
            return [tuple(row) for row in table]
        # Columns have no names here: with others than the definition's, only reading by name is safe.
        LOG.warning("GetCommDataEx of %s does not have the columns expected: reading cell by cell", trcode)
    return [tuple(_cell(control, trcode, record, row, name) for name in fields.multi) for row in range(count)]


def _cell(control: Getters, trcode: str, record: str, row: int, name: str) -> str:
    value = control.GetCommData(trcode, record, row, name)
    if not isinstance(value, str):
        raise UnreadableError(f"GetCommData gave {value!r} for {name} of {trcode}, row {row}.")
    return value


def _fits(table: object, rows: int, columns: int) -> bool:
    return (
        isinstance(table, list)
        and len(table) == rows
        and all(isinstance(row, list | tuple) and len(row) == columns for row in table)
        and all(isinstance(cell, str) for row in table for cell in row)
    )
