"""Every query of docs/queries.md on a real log: in SQLite, in its command line, in Datasette, in DuckDB."""

import asyncio
import gzip
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.messages.trading import BaselineScored, SignalScored
from domain.types import Krw, Purpose, Side, UnixNanos
from persistence import views
from tests.persistence.logs import add, open_log

PAGE = Path(__file__).parents[2] / "docs" / "queries.md"
NO_ROWS = ("Which signals came to nothing?", "Which quotes were refused or flagged?")  # nothing of it on that day
AT = UnixNanos(1_768_264_260_547_000_000)
DUE = UnixNanos(AT + 1_800 * 10**9)
A_SCORE = SignalScored(
    signal_seq=406,
    strategy="attention_momentum",
    symbol="120110",
    side=Side.BUY,
    purpose=Purpose.ENTRY,
    confidence=0.75,
    regime="normal",
    attention="shifted-demo",
    horizon_s=1_800,
    horizon_sessions=0,
    formed_at=AT,
    due_at=DUE,
    entry_price=Krw(10_300),
    exit_price=Krw(10_310),
    gross_ppm=970,
    cost_ppm=2_300,
    won=False,
    reason="",
    venue_time=DUE,
)
A_BASELINE = BaselineScored("120110", "2026-01-13", 1_800, 0, 40, 10, 4_000, 92_000, DUE)
ASK_DUCKDB = """
import duckdb, pickle, sys
folder, queries = pickle.load(sys.stdin.buffer)
conn = duckdb.connect(config={"file_search_path": folder})
pickle.dump([conn.execute(query).fetchall() for query in queries], sys.stdout.buffer)
"""
BLOCK = re.compile(r"^## (?P<question>.+?)$|^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Query(NamedTuple):
    """One block of the page."""

    question: str
    kind: str
    text: str


def _queries() -> Iterator[Query]:
    question = ""
    for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        question = found["question"] or question
        if found["kind"] and found["kind"].startswith("sql"):
            yield Query(question, found["kind"], found["text"])


QUERIES = tuple(_queries())
SQLITE = [query for query in QUERIES if query.kind == "sql"]
DUCKDB = [query for query in QUERIES if query.kind == "sql duckdb"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the log of a small day (see old/README.md) and everything exported as the page says."""
    folder = tmp_path_factory.mktemp("queries")
    path = folder / "day.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "old" / "v0001.db.gz").read_bytes()))
    log = open_log(path, create_id=None)
    add(log, (A_SCORE, 406), (A_BASELINE, 406))  # schema 1 knew neither
    log.close()
    exports = [["--view", view.name, "--out", f"{view.name}.parquet"] for view in views.VIEWS]
    exports += [["--out", "events.parquet"], ["--quotes", "--out", "quotes.parquet"]]
    for *options, name in exports:
        done = CliRunner().invoke(app, ["log", "export", "--log", str(path), *options, str(folder / name)])
        assert done.exit_code == 0, done.output
    return folder


def _sqlite(day: Path, sql: str) -> list[tuple[Any, ...]]:
    conn = sqlite3.connect(f"{(day / 'day.db').as_uri()}?mode=ro", uri=True)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


@pytest.fixture(scope="module")
def answers(day: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Give DuckDB's rows by query, from a process of its own: at its end it writes of leaks in its bindings."""
    queries = pickle.dumps((str(day), [query.text for query in DUCKDB]))
    done = subprocess.run([sys.executable, "-c", ASK_DUCKDB], input=queries, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return dict(zip((query.text for query in DUCKDB), pickle.loads(done.stdout), strict=True))


def test_given_the_page_when_read_then_its_questions_and_export_commands_are_all_found() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(SQLITE) >= 15
    assert len(SQLITE) + len(DUCKDB) == text.count("```sql")
    assert {query.question for query in SQLITE} <= {query.question for query in DUCKDB}
    loop = " ".join(re.findall(r"for view in (.*?); do", text, re.DOTALL)[0].replace("\\", " ").split())
    assert loop.split() == [view.name for view in views.VIEWS]


@pytest.mark.parametrize("query", SQLITE, ids=lambda query: query.question)
def test_given_a_question_when_asked_in_sqlite_then_there_is_an_answer(day: Path, query: Query) -> None:
    assert bool(_sqlite(day, query.text)) is (query.question not in NO_ROWS)


@pytest.mark.parametrize("query", DUCKDB, ids=lambda query: query.question)
def test_given_a_question_when_asked_in_duckdb_then_the_answer_is_the_same(
    day: Path, answers: dict[str, list[tuple[Any, ...]]], query: Query
) -> None:
    found = answers[query.text]
    assert bool(found) is (query.question not in NO_ROWS)
    for twin in SQLITE:
        if twin.question == query.question:
            assert found == _sqlite(day, twin.text)


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3 command line")
def test_given_the_questions_when_asked_on_the_command_line_then_it_answers_them_all(day: Path) -> None:
    for query in SQLITE:
        command = ["sqlite3", "-readonly", "-json", str(day / "day.db"), query.text]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), query.question
        assert bool(done.stdout.strip()) is (query.question not in NO_ROWS), query.question


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3 command line")
def test_given_a_log_without_views_when_given_the_printed_ones_then_it_answers(tmp_path: Path) -> None:
    path, script = tmp_path / "day.db", tmp_path / "views.sql"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "old" / "v0001.db.gz").read_bytes()))
    script.write_text(CliRunner().invoke(app, ["log", "views", "--sql"]).stdout, encoding="utf-8")
    command = ["sqlite3", "-readonly", "-batch", "-init", str(script), str(path), "SELECT count(*) FROM fills"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "15"), done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_given_the_questions_when_asked_in_datasette_then_it_answers_them_all_and_shows_every_view(day: Path) -> None:
    from datasette.app import Datasette

    async def ask() -> None:
        served = Datasette([str(day / "day.db")], settings={"num_sql_threads": 1})
        await served.invoke_startup()
        for query in SQLITE:
            sql = query.text.strip().rstrip(";")
            answer = await served.client.get(f"/day.json?{urlencode({'_shape': 'array', 'sql': sql})}")
            assert answer.status_code == 200, (query.question, answer.text)
            assert [tuple(row.values()) for row in answer.json()] == _sqlite(day, query.text), query.question
        for view in views.VIEWS:
            page = await served.client.get(f"/day/{view.name}.json?_shape=array")
            assert page.status_code == 200, view.name

    asyncio.run(ask())


def test_given_a_score_and_a_baseline_when_asked_then_the_views_tell_right_from_wrong(day: Path) -> None:
    sql = "SELECT outcome, net_bps FROM signals ORDER BY seq LIMIT 2"
    assert _sqlite(day, sql) == [("wrong", -13.3), ("open", None)]
    [row] = _sqlite(day, "SELECT * FROM accuracy")
    assert row == ("attention_momentum", "ENTRY", 1, 0, 0.0, 0.25, -13.3, 0)


def _score(**changes: Any) -> SignalScored:
    return replace(A_SCORE, **changes)


def test_given_what_has_no_score_or_no_rival_when_asked_then_the_views_claim_nothing_of_it(tmp_path: Path) -> None:
    log = open_log(tmp_path / "day.db")
    scores = (A_SCORE, _score(exit_price=None, gross_ppm=0, won=None, reason="a halt"))
    sold = _score(purpose=Purpose.EXIT, side=Side.SELL, gross_ppm=800, cost_ppm=0, won=True)
    others = (_score(strategy="other"), _score(strategy="other", symbol="005930"))
    add(log, *((message, 0) for message in (*scores, sold, A_BASELINE, *others)))
    log.close()
    assert _sqlite(tmp_path, "SELECT * FROM accuracy") == [
        ("attention_momentum", "ENTRY", 2, 0, 0.0, 0.25, -13.3, 1),
        ("attention_momentum", "EXIT", 1, 1, 1.0, None, 8.0, 0),
        ("other", "ENTRY", 2, 0, 0.0, None, -13.3, 0),
    ]
