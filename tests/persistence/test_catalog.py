"""The list of event types in the documentation is the one of the code."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from domain.messages import MESSAGES
from persistence import catalog
from tests.persistence.logs import a_record, open_log


def test_given_the_documentation_when_checked_then_the_list_of_types_is_fresh() -> None:
    assert catalog.main(["--check"]) == 0, "run `python -m persistence.catalog`"


def test_given_a_stale_page_when_checked_then_it_is_told_and_rewritten_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "event-log.md"
    stale = f"before\n{catalog.BEGIN}\nold\n{catalog.END}\nafter\n"
    page.write_text(stale, encoding="utf-8")
    monkeypatch.setattr(catalog, "DOC", page)
    assert catalog.main(["--check"]) == 1
    assert "is stale" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == stale
    assert catalog.main([]) == 0
    assert catalog.main(["--check"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert all(f"| `{name}`" in text for name in MESSAGES)


def test_given_a_log_when_hashed_as_documented_then_the_hashes_agree(tmp_path: Path) -> None:
    """Follow docs/event-log.md with nothing but the standard library."""
    log = open_log(tmp_path / "a.db")
    log.commit([a_record(1, stream="order/점\n1", venue_time=None), a_record(2, raw=b"\x00\xff")], durable=False)
    log.commit([a_record(3, causation_seq=2)], durable=True)
    log.close()

    def j(value: object) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    conn = sqlite3.connect(tmp_path / "a.db")
    meta = dict(conn.execute("SELECT key, value FROM meta"))
    keys = ("log_id", "created_at", "previous_hash", "previous_seq")
    head = hashlib.sha256(j([meta[key] or "" for key in keys])).digest()
    for first, last, prev_hash, stored in conn.execute("SELECT * FROM commits ORDER BY first_seq"):
        assert prev_hash == head.hex()
        digest = hashlib.sha256(head)
        rows = conn.execute(
            "SELECT e.*, raw FROM events e LEFT JOIN quotes USING (seq) WHERE seq BETWEEN ? AND ?", (first, last)
        )
        for *columns, text, raw in rows.fetchall():
            payload = text.encode()
            digest.update(
                j([*columns, len(payload), None if raw is None else len(raw)]) + b"\n" + payload + (raw or b"")
            )
        head = digest.digest()
        assert head.hex() == stored
    conn.close()
    assert head == log.last_hash
