"""Rows for other tools: what is in them, and that a file appears whole or not at all."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError, LogCorrupt, LogError
from domain.messages.market import QuotesReceived
from domain.messages.trading import NoticeRaised
from domain.quotes import Quote
from domain.types import Severity
from persistence import export, tables, views
from persistence.query import EventFilter
from persistence.reader import LogReader
from tests.persistence.logs import T0, a_batch, a_codec, a_quote, a_record, add, open_log, to_bytes

MINUTE = 60 * 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = open_log(tmp_path / "day.db")
    first = a_batch(a_quote("120110", T0), a_quote("005930", T0 + MINUTE, price=71_000))
    second = a_batch(a_quote("120110", T0 + 2 * MINUTE), a_quote("120110", T0 + 3 * MINUTE, price=12_400), seq=2)
    add(
        log,
        (QuotesReceived(first, to_bytes(first)), 0),
        (NoticeRaised(Severity.ALERT, "quality", '줄 바꿈\n"따옴표", 쉼표'), 1),
        (QuotesReceived(second, to_bytes(second)), 0),
    )
    log.commit([a_record(4, type="FromTheFuture", payload=b'{"x":[1,{"y":null}]}', venue_time=None)], durable=False)
    log.close()
    return tmp_path / "day.db"


def _events(path: Path, kind: tables.Format) -> tuple[list[tables.Row], tables.Columns]:
    with LogReader(path, a_codec()) as reader:
        pages, columns = export.events(reader.events(raw=False), kind)
        return [row for page in pages for row in page], columns


def _quotes(path: Path, **wanted: Any) -> list[tables.Row]:
    with LogReader(path, a_codec()) as reader:
        pages, columns = export.quotes(reader, EventFilter(**wanted), a_codec())
        assert tuple(columns) == ("seq", *Quote._fields)
        return [row for page in pages for row in page]


def test_given_events_when_written_as_json_lines_then_payloads_are_unpacked(path: Path) -> None:
    rows, columns = _events(path, "jsonl")
    sink = io.StringIO()
    assert tables.write_jsonl([rows], columns, sink) == 4
    found = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert list(found[0]) == list(export.EVENT_COLUMNS)
    assert found[1]["payload"]["text"] == '줄 바꿈\n"따옴표", 쉼표'
    assert (found[3]["type"], found[3]["payload"]) == ("FromTheFuture", {"x": [1, {"y": None}]})
    assert found[0]["payload"]["symbols"] == ["005930", "120110"]


def test_given_events_when_written_as_csv_then_it_reads_back_with_the_payload_as_text(path: Path) -> None:
    rows, columns = _events(path, "csv")
    sink = io.StringIO()
    tables.write_csv([rows], columns, sink)
    found = list(csv.DictReader(io.StringIO(sink.getvalue())))
    assert json.loads(found[1]["payload"])["text"] == '줄 바꿈\n"따옴표", 쉼표'
    assert found[0]["venue_kst"] == "2026-01-13T09:01:00.000+09:00"
    assert (found[3]["venue_time"], found[3]["venue_kst"]) == ("", "")


def test_given_events_when_written_as_parquet_then_columns_are_typed(path: Path, tmp_path: Path) -> None:
    rows, columns = _events(path, "parquet")
    assert tables.write([rows], columns, "parquet", tmp_path / "e.parquet") == 4
    found = pl.read_parquet(tmp_path / "e.parquet")
    assert found.schema["seq"] == found.schema["venue_time"] == pl.Int64
    assert found.schema["payload"] == pl.String
    assert found.rows() == [tuple(row) for row in rows]


def test_given_quotes_when_exported_then_each_is_a_row_with_the_sequence_of_its_batch(path: Path) -> None:
    found = _quotes(path)
    assert [row[0] for row in found] == [1, 1, 3, 3]
    assert found[1] == (1, *a_quote("005930", T0 + MINUTE, price=71_000))


def test_given_a_span_and_a_symbol_when_quotes_are_exported_then_single_rows_are_chosen_not_batches(
    path: Path,
) -> None:
    assert [row[2] for row in _quotes(path, symbol="120110")] == [T0, T0 + 2 * MINUTE, T0 + 3 * MINUTE]
    assert [row[2] for row in _quotes(path, since=T0 + MINUTE, until=T0 + 3 * MINUTE)] == [T0 + MINUTE, T0 + 2 * MINUTE]
    assert [row[2] for row in _quotes(path, until=T0 + 1)] == [T0]
    assert _quotes(path, since=T0 + 4 * MINUTE) == []


def test_given_broken_quote_bytes_when_exported_then_the_event_is_named(tmp_path: Path) -> None:
    log = open_log(tmp_path / "bad.db")
    log.commit([a_record(1, type="QuotesReceived", stream="quotes", raw=b"\xff", payload=b"{}")], durable=False)
    log.close()
    with pytest.raises(LogCorrupt, match="event 1 expected a quote batch"):
        _quotes(tmp_path / "bad.db")


def test_given_a_view_when_exported_then_its_columns_are_typed_by_what_is_in_them(path: Path) -> None:
    with LogReader(path, a_codec()) as reader:
        for view in views.VIEWS:
            pages, columns = export.view(reader, view.name)
            assert tuple(columns) == views.columns()[view.name]
        pages, columns = export.view(reader, "notices")
        assert columns == {
            "seq": int,
            "recorded_kst": str,
            "recorded_at": int,
            "severity": str,
            "topic": str,
            "text": str,
        }
        assert [len(page) for page in pages] == [1]


# ---- files ---------------------------------------------------------------------------------------------------------


def test_given_a_file_when_it_is_there_then_only_force_replaces_it(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    out.write_text("mine")
    with pytest.raises(ConfigError, match=r"--force replaces it"), tables.appearing(out):
        pass
    assert out.read_text() == "mine"
    with tables.appearing(out, force=True) as part:
        part.write_text("new")
        assert out.read_text() == "mine"  # until all of it is there
    assert out.read_text() == "new"


@pytest.mark.parametrize("kind", tables.FORMATS)
def test_given_a_failure_in_the_middle_when_writing_then_nothing_appears(tmp_path: Path, kind: tables.Format) -> None:
    def failing() -> Iterator[list[tables.Row]]:
        yield [(1,)]
        raise LogCorrupt("the disk is broken")

    with pytest.raises(LogCorrupt, match="the disk is broken"), tables.appearing(tmp_path / "a") as part:
        tables.write(failing(), {"n": int}, kind, part)
    assert list(tmp_path.iterdir()) == []


def test_given_a_full_disk_when_writing_then_one_line_says_so_and_nothing_is_left(tmp_path: Path) -> None:
    with (
        pytest.raises(LogError, match=r"a\.csv cannot be written: No space left"),
        tables.appearing(tmp_path / "a.csv"),
        Path("/dev/full").open("w") as sink,
    ):
        sink.write("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_given_a_place_that_is_none_when_writing_then_the_option_is_named(tmp_path: Path) -> None:
    for out in (tmp_path / "no" / "a.csv", tmp_path):
        with pytest.raises(ConfigError, match=r"^--out expected a file"), tables.appearing(out):
            pass


def test_given_many_rows_when_written_then_memory_does_not_grow_with_them(tmp_path: Path) -> None:
    def peak(pages: int, kind: tables.Format) -> int:
        """Give the most bytes that Python held at once."""
        tracemalloc.start()
        rows = ([(page * 500 + n, "x" * 50 + str(n)) for n in range(500)] for page in range(pages))
        written = tables.write(rows, {"n": int, "text": str}, kind, tmp_path / "a")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert written == pages * 500
        return most

    for kind in tables.FORMATS:
        peak(2, kind)  # what is made once
        assert peak(24, kind) < 2 * peak(6, kind), kind


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | _TEXT, st.none() | st.binary())))
def test_for_any_rows_parquet_gives_them_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    pages = [rows[:2], rows[2:]]
    count = tables.write_parquet(pages, {"n": int, "text": str, "raw": bytes}, path)
    assert list(tables.read_parquet(path, count)) == rows


def test_given_more_rows_than_a_row_group_when_read_back_then_none_is_lost(tmp_path: Path) -> None:
    total = tables.ROW_GROUP + 7
    tables.write_parquet([[(n,) for n in range(total)]], {"n": int}, tmp_path / "a.parquet")
    assert [n for (n,) in tables.read_parquet(tmp_path / "a.parquet", total)] == list(range(total))
