"""What commands print: tables for people, one JSON object a line for machines. Data to stdout, the rest to stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.time import KST
from domain.types import NANOS_PER_SECOND

WORDY = ("why", "reason", "figure", "state", "first of them", "allowed")  # columns of words
LEAST_WORDS = 24  # columns that words need to be read in a table
PIPE_WIDTH = 200  # a pipe has no width; nothing may be cut there


def console() -> Console:
    """Give the console of stdout."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH, highlight=False)


def note(text: str) -> None:
    """Tell a person something beside the data."""
    print(text, file=sys.stderr)


def emit_json(rows: Iterable[dict[str, Any]]) -> None:
    """Print one object a line."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False), flush=True)


def plain(message: Message) -> dict[str, Any]:
    """Turn a protobuf message into plain values: enums without prefix, times as ISO KST, spans in ms, unset as null."""
    result: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            result[field.name] = dict(sorted(value.items()))
        elif field.is_repeated:
            result[field.name] = [_value(item, field) for item in value]
        elif field.has_presence and not message.HasField(field.name):
            result[_name(field)] = None
        else:
            result[_name(field)] = _value(value, field)
    return result


def _name(field: Any) -> str:
    is_span = field.message_type is not None and field.message_type.full_name == Duration.DESCRIPTOR.full_name
    return f"{field.name}_ms" if is_span else str(field.name)


def _value(value: Any, field: Any) -> Any:
    if isinstance(value, Timestamp):
        return kst_iso(value)
    if isinstance(value, Duration):
        return value.seconds * 1000 + value.nanos // 1_000_000
    if isinstance(value, Message):
        return plain(value)
    if field.enum_type is not None:
        name = field.enum_type.values_by_number[value].name
        zero = field.enum_type.values_by_number[0].name
        return name.removeprefix(zero.removesuffix("UNSPECIFIED"))
    return value


def kst_iso(time: Timestamp) -> str:
    """Give a time as ISO text in KST, milliseconds kept."""
    return time.ToDatetime(tzinfo=KST).isoformat(timespec="milliseconds")


def kst_clock(time: Timestamp) -> str:
    """Give the clock time of a timestamp in KST."""
    return time.ToDatetime(tzinfo=KST).strftime("%H:%M:%S")


def kst_clocks(times: Sequence[Timestamp]) -> list[str]:
    """Give the clock times of a list in KST, with their dates when they are not all of one day."""
    moments = [time.ToDatetime(tzinfo=KST) for time in times]
    is_one_day = len({moment.date() for moment in moments}) <= 1
    return [moment.strftime("%H:%M:%S" if is_one_day else "%Y-%m-%d %H:%M:%S") for moment in moments]


def nanos_of(time: Timestamp) -> int:
    """Give a timestamp in UTC ns."""
    return time.seconds * NANOS_PER_SECOND + time.nanos


def krw(amount: int | None) -> str:
    """Give an amount with thousands separators; a dash when unknown."""
    return "-" if amount is None else f"{amount:,}"


def signed(amount: int) -> str:
    """Give an amount with its sign."""
    return f"{amount:+,}"


def show_table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], empty: str) -> None:
    """Print a table; `columns` are (heading, justify). `empty` is said when there are no rows."""
    out = console()
    if not rows:
        out.print(empty)
        return
    words = [index for index, (heading, _) in enumerate(columns) if heading in WORDY]
    if _figures_width(columns, rows) + (LEAST_WORDS if words else 0) > out.width:
        _show_narrow(out, title, columns, rows)
        return
    table = Table(title=title, title_justify="left")
    for heading, justify in columns:
        # Words may be broken over lines when the terminal is narrow, figures and names never.
        table.add_column(heading, justify=justify, no_wrap=heading not in WORDY)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)


def _widths(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(cell_len(text) for text in (heading, *(row[i] for row in rows))) for i, (heading, _) in enumerate(columns)
    ]


def _figures_width(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> int:
    """Give the columns a boxed table takes besides its words."""
    widths = _widths(columns, rows)
    return (
        sum(w for w, (heading, _) in zip(widths, columns, strict=True) if heading not in WORDY) + 3 * len(columns) + 1
    )


def _show_narrow(out: Console, title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """Print figures without a box and the words of a row below it, for a terminal too narrow for a table."""
    widths = _widths(columns, rows)

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, (heading, justify) in zip(cells, widths, columns, strict=True):
            blanks = " " * (width - cell_len(cell))
            if heading not in WORDY:
                padded.append(blanks + cell if justify == "right" else cell + blanks)
        return " ".join(padded).rstrip()

    out.print(Text(title, "italic"))
    out.print(Text(line([heading for heading, _ in columns]), "bold"), soft_wrap=True)
    for row in rows:
        out.print(Text(line(row)), soft_wrap=True)
        for cell, (heading, _) in zip(row, columns, strict=True):
            if heading in WORDY and cell:
                out.print(Padding(Text(cell, "dim"), (0, 0, 0, 2)))
