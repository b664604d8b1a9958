"""The list of event types in the documentation is the one of the code."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from broker.translate.quotes import decode_batch
from domain.messages import MESSAGES, Message
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.messages.orders import SubmitOrder
from persistence import catalog, codec
from persistence.codec import MessageCodec
from persistence.fields import Field, fields_of, is_number
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
    assert all(f"\n#### {name}\n" in text for name in MESSAGES)


@pytest.mark.parametrize("kind", MESSAGES.values(), ids=lambda kind: kind.__name__)
def test_given_a_type_when_documented_then_numbers_have_units_and_the_example_is_one_of_it(
    kind: type[Message],
) -> None:
    found = catalog.fields(kind)
    assert not [field.name for field in found if is_number(field) and not field.unit], "say the unit in fields.py"
    examples = catalog.read_examples()
    assert kind.__name__ in examples, "add an example to persistence/examples.json"
    example = examples[kind.__name__]
    assert example.keys() <= {field.name for field in found}
    encoded = json.dumps(example).encode()
    if kind is QuotesReceived:
        msgspec.json.decode(encoded, type=codec._QuotesPayload)
        assert example.keys() == {field.name for field in found}
    elif kind is QuotesJudged:
        msgspec.json.decode(encoded, type=codec._JudgedPayload)
    else:
        record = a_record(1, type=kind.__name__, payload=encoded)
        assert isinstance(MessageCodec(decode_batch).decode(record), kind)


def test_given_objects_inside_payloads_when_documented_then_their_numbers_have_units() -> None:
    inner = {each for kind in MESSAGES.values() for each in catalog._nested(kind)}
    bare = [f"{each.__name__}.{f.name}" for each in inner for f in fields_of(each) if is_number(f) and not f.unit]
    assert not bare, "say the unit in fields.py"


def test_given_examples_when_compared_with_the_types_then_none_is_left_over() -> None:
    assert catalog.read_examples().keys() <= MESSAGES.keys()


def test_given_annotations_and_comments_when_read_then_unit_and_meaning_are_those_of_the_source() -> None:
    found = {field.name: field for field in fields_of(SubmitOrder)}
    assert found["limit_price"] == Field(
        "limit_price", "integer or null", "KRW", "None for kinds without a price of their own"
    )
    assert found["valid_until"] == Field("valid_until", "integer", "UTC ns", "system time; not sent after it")
    assert found["quantity"].unit == "shares"
    assert found["side"].json == "`BUY` `SELL`"


def test_given_a_number_nobody_gave_a_unit_when_looked_at_then_the_check_sees_it() -> None:
    @dataclass
    class Bare:
        wibbles: tuple[int, ...]

    [field] = fields_of(Bare)
    assert is_number(field)
    assert field.unit == ""


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
