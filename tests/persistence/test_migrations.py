"""Logs of every earlier schema version stay readable and upgradable; what a future version writes is never fatal."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from broker.translate.quotes import decode_batch
from cli.log import app
from domain.errors import LogTooNew
from domain.messages import MESSAGES
from persistence import schema, views
from persistence.codec import MessageCodec, UnknownEvent
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.verify import verify
from tests.persistence.logs import a_record, open_log

OLD = Path(__file__).parent / "old"
VERSIONS = range(1, schema.SCHEMA_VERSION)  # the current one is made on the fly by every other test


class Old(NamedTuple):
    """What a log held when it was made."""

    events: int
    head: str
    signal_seq: int  # of a SignalFormed
    orders: int
    fills: int
    cash: int  # KRW
    realized: int  # KRW


MADE = {
    1: Old(2_254, "46bf8da480809ed06ed75e194b35a600d83cff89e33042b54264888a777e0d99", 406, 6, 15, 9_992_647, -7_353),
    2: Old(2_245, "e416c48623a70c66da30e973e735f4e86d62286263a406399d4dabf6dae75fea", 463, 6, 20, 9_979_952, -20_048),
    3: Old(1_424, "6f28e47f0880ca2ec5d3d0f2115433cde13a180c167b5d429f1dcf02175c4494", 545, 4, 13, 9_990_272, -9_728),
}
runner = CliRunner()


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a log as an earlier version wrote it."""
    return _unpacked(request.param, tmp_path)


def _unpacked(version: int, folder: Path) -> Path:
    path = folder / "old.db"
    path.write_bytes(gzip.decompress((OLD / f"v{version:04d}.db.gz").read_bytes()))
    return path


def _version(path: Path) -> int:
    conn = sqlite3.connect(path)
    found = dict(conn.execute("SELECT key, value FROM meta"))["schema_version"]
    conn.close()
    return int(found)


def _reading(path: Path) -> LogReader:
    return LogReader(path, MessageCodec(decode_batch))


def _said(path: Path, *args: str) -> list[dict[str, Any]]:
    done = runner.invoke(app, [*args, "--log", str(path), "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- every version has a log ---------------------------------------------------------------------------------------


def test_given_the_schema_version_when_it_grew_then_a_log_of_each_version_before_is_checked_in() -> None:
    missing = [version for version in VERSIONS if not (OLD / f"v{version:04d}.db.gz").is_file()]
    assert not missing, f"add tests/persistence/old/v{missing[0]:04d}.db.gz, see the README there"
    assert set(MADE) == set(VERSIONS), "write down what the new old log holds"


def test_given_the_migrations_when_counted_then_there_is_one_per_version(tmp_path: Path) -> None:
    open_log(tmp_path / "new.db").close()
    conn = sqlite3.connect(tmp_path / "new.db")
    applied = [name for (name,) in conn.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    conn.close()
    assert [int(name[1:5]) for name in applied] == list(range(1, schema.SCHEMA_VERSION + 1))


def test_given_a_new_log_when_compared_with_an_upgraded_one_then_the_tables_are_the_same(
    tmp_path: Path, old: Path
) -> None:
    open_log(tmp_path / "new.db").close()
    open_log(old, create_id=None).close()

    def objects(path: Path) -> list[tuple[str, ...]]:
        conn = sqlite3.connect(path)
        found = conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        conn.close()
        return found

    assert objects(old) == objects(tmp_path / "new.db")


# ---- an old log is read as it is -----------------------------------------------------------------------------------


def test_given_an_old_log_when_only_read_then_it_is_proven_and_not_a_byte_changes(old: Path) -> None:
    before, made = old.read_bytes(), MADE[_version(old)]
    report = verify(old)
    assert (report.ok, report.problem) == (True, "")
    assert (report.events, report.head_hash) == made[:2]
    [shown] = _said(old, "show", str(made.signal_seq))
    assert shown["type"] == "SignalFormed"
    assert shown["unknown"] == ""
    assert len(_said(old, "grep", "--type", "OrderFilled")) == made.fills
    [stats] = _said(old, "stats")
    assert stats["by_type"]["HaltRequested"] == 1
    [verified] = _said(old, "verify")
    assert verified["ok"] is True
    assert old.read_bytes() == before


def test_given_an_old_log_when_decoded_then_every_message_is_known_to_this_version(old: Path) -> None:
    """A new field of a message needs a default, or this fails: old payloads do not have it."""
    seen = set()
    with _reading(old) as reader:
        for record, message in reader.messages():
            assert not isinstance(message, UnknownEvent), f"{record.type} #{record.seq}: {message}"
            seen.add(record.type)
    assert {"SignalFormed", "OrderFilled", "OrderReplaced", "OrderCancelled", "RunStarted"} <= seen


def test_given_an_old_log_when_folded_then_books_and_day_are_as_they_were(old: Path) -> None:
    from cli.offline import fold

    books, made = fold(old), MADE[_version(old)]
    cash = books.cash()
    assert (cash.cash_krw, cash.realized_pnl_krw) == (made.cash, made.realized)
    assert len(books.fills("", 100).fills) == made.fills


def test_given_an_old_log_when_replayed_then_the_roles_of_today_decide_the_same(old: Path) -> None:
    from cli.replay import replay_here

    report = replay_here(old)
    assert report.identical, (report.difference, report.states)


def test_given_an_old_log_without_views_when_asked_with_temporary_ones_then_they_answer(old: Path) -> None:
    made = MADE[_version(old)]
    with _reading(old) as reader:
        for sql in views.temporary():
            reader.rows(sql)
        assert reader.rows("SELECT count(*), sum(realized_pnl) FROM fills") == [(made.fills, made.realized)]


# ---- a trader brings it up to date ---------------------------------------------------------------------------------


def test_given_an_old_log_when_opened_for_writing_then_it_is_upgraded_and_the_chain_goes_on(old: Path) -> None:
    made = MADE[_version(old)]
    log = open_log(old, create_id=None)
    assert (log.last_seq, log.last_hash.hex()) == made[:2]
    log.commit([a_record(made.events + 1)], durable=True)
    log.close()
    assert _version(old) == schema.SCHEMA_VERSION
    report = verify(old)
    assert (report.ok, report.events) == (True, made.events + 1)
    with _reading(old) as reader:
        assert reader.rows("SELECT count(*) FROM orders") == [(made.orders,)]


@pytest.mark.parametrize("at", range(len(views.VIEWS) + 1))
def test_given_a_crash_inside_the_upgrade_when_looked_at_then_the_old_version_stands(
    tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _unpacked(1, tmp_path)
    real = views.statement
    calls = iter(range(1_000))

    def failing(view: views.View, **options: bool) -> str:
        return real(view, **options) if next(calls) != at else "CREATE VIEW broken AS SELECT"

    if at < len(views.VIEWS):
        monkeypatch.setattr(views, "statement", failing)
    else:
        monkeypatch.setattr(schema, "SCHEMA_VERSION", Unprintable(2))  # the very last step, where the version is noted
    with pytest.raises((sqlite3.OperationalError, RuntimeError)):
        _upgrade(path)
    assert _version(path) == 1
    assert verify(path).head_hash == MADE[1].head
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone() == (0,)
    assert conn.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (1,)
    conn.close()
    monkeypatch.undo()
    open_log(path, create_id=None).close()  # and the next start does it
    assert _version(path) == schema.SCHEMA_VERSION


class Unprintable(int):
    """A number that fails when it is written."""

    def __str__(self) -> str:
        raise RuntimeError("the power went")


def _upgrade(path: Path) -> None:
    """Upgrade as a trader does, then let the process die: the connection is dropped without a word."""
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        schema.upgrade(conn)
    finally:
        conn.close()


def test_given_a_newer_log_when_opened_then_it_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    open_log(path).close()
    conn = sqlite3.connect(path)
    conn.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(schema.SCHEMA_VERSION + 1),))
    conn.commit()
    conn.close()
    before = path.read_bytes()
    for opening in (lambda: _reading(path), lambda: open_log(path)):
        refused: Callable[[], LogReader | EventLog] = opening
        with pytest.raises(LogTooNew, match=f"schema {schema.SCHEMA_VERSION + 1}.*upgrade hantrade"):
            refused()
    assert path.read_bytes() == before


# ---- what another version wrote into payloads ----------------------------------------------------------------------


def test_given_types_and_fields_of_another_version_when_read_then_they_are_shown_raw(tmp_path: Path) -> None:
    path = tmp_path / "mixed.db"
    log = open_log(path)
    log.commit(
        [
            a_record(1, type="FromTheFuture", payload=b'{"x":1,"deep":{"y":[2]}}'),
            a_record(2, payload=b'{"severity":"INFO","topic":"t","text":"more","color":"red"}'),
            a_record(3, payload=b'{"severity":"INFO","text":"less"}'),
            a_record(4, payload=b'{"severity":"LOUD","topic":"t","text":"other word"}'),
            a_record(5, type="CommandAnswered", stream="operator", payload=_ANSWER_WITHOUT_COUNTS),
        ],
        durable=False,
    )
    log.close()
    with _reading(path) as reader:
        messages = {record.seq: message for record, message in reader.messages()}
    known = {seq for seq, message in messages.items() if not isinstance(message, UnknownEvent)}
    assert known == {2, 5}  # an extra field is left alone, one with a default filled in
    assert getattr(messages[5], "cancels", None) == 0
    reasons = {seq: found.reason for seq, found in messages.items() if isinstance(found, UnknownEvent)}
    assert "does not know the type" in reasons[1]
    assert "topic" in reasons[3]
    assert "LOUD" in reasons[4]
    assert verify(path).ok
    for command in (["tail"], ["grep", "--type", "FromTheFuture"], ["stats"], ["show", "1"], ["show", "3"]):
        done = runner.invoke(app, [*command, "--log", str(path)])
        assert done.exit_code == 0, done.output
    assert "shown as it is" in runner.invoke(app, ["show", "3", "--log", str(path)]).stdout
    [shown] = _said(path, "show", "1")
    assert shown["payload"] == {"x": 1, "deep": {"y": [2]}}


_ANSWER_WITHOUT_COUNTS = b'{"command_id":"c","accepted":true,"code":"","text":"t","client_order_id":""}'


def test_given_the_messages_when_compared_with_the_old_logs_then_no_type_was_dropped(old: Path) -> None:
    """A type that left the code would make old logs unreadable for a fold; keep the class."""
    with _reading(old) as reader:
        kinds = {kind for (kind,) in reader.rows("SELECT DISTINCT type FROM events")}
    assert kinds <= MESSAGES.keys()
