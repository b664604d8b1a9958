"""The journal keeps its word through every crash. A crash is a copy of the files as they are on disk."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.journal import OrderJournal
from broker.port import Receipt
from domain.errors import InvariantError, LogBusy, LogCorrupt, LogFull, LogTooNew
from domain.messages.orders import OrderAccepted, OrderExpired, OrderFact
from domain.types import ClientOrderId, Gate, Krw, RequestOutcome, Side, UnixNanos, VenueOrderId

SENT = RequestOutcome.SENT


def some_facts(order: str = "o-1") -> list[OrderFact]:
    at, mine, leg = UnixNanos(123), ClientOrderId(order), VenueOrderId("0000001")
    return [
        OrderAccepted("", 0, at, mine, leg, "120110", Side.BUY, 10, Krw(9_000)),
        OrderExpired("", 0, at, mine, leg, 10),
    ]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[OrderJournal]:
    made = OrderJournal(tmp_path / "orders.db", now=lambda: 1)
    yield made
    made.close()


def after_a_crash(journal: OrderJournal, to: Path) -> OrderJournal:
    """Open what a process that dies now leaves behind."""
    to.mkdir()
    for file in journal.path.parent.glob(journal.path.name + "*"):
        if file.suffix != ".lock":
            shutil.copy(file, to / file.name)
    return OrderJournal(to / journal.path.name, now=lambda: 2)


def test_given_a_new_journal_when_opened_then_it_is_empty_and_open(journal: OrderJournal) -> None:
    assert (journal.epoch, journal.last_seq, journal.gate) == (1, 0, Gate.OPEN)
    assert len(journal.journal_id) == 16
    assert list(journal.events()) == []
    assert journal.outcome("o-1") is None


def test_given_facts_when_recorded_then_they_are_numbered_and_named(journal: OrderJournal) -> None:
    numbered = journal.record("o-1", "h", Receipt("o-1", SENT), some_facts())
    assert [(one.event_seq, one.journal_id) for one in numbered] == [(1, journal.journal_id), (2, journal.journal_id)]
    assert list(journal.events()) == numbered
    assert list(journal.events(1)) == numbered[1:]
    assert journal.append(some_facts("o-2"))[-1].event_seq == journal.last_seq == 4
    assert journal.outcome("o-1") == Receipt("o-1", SENT, as_of_seq=4)


def test_given_more_than_one_page_of_events_when_read_then_none_is_missing(journal: OrderJournal) -> None:
    journal.append(some_facts() * 700)
    assert [one.event_seq for one in journal.events(3)] == list(range(4, 1_401))


def test_given_a_crash_after_each_step_when_reopened_then_the_step_holds(journal: OrderJournal, tmp_path: Path) -> None:
    journal.begin("o-1", "h")
    with_begin = after_a_crash(journal, tmp_path / "begun")
    assert with_begin.outcome("o-1") == Receipt("o-1", RequestOutcome.IN_DOUBT)
    assert with_begin.resolve("o-1").outcome is RequestOutcome.IN_DOUBT  # never VOID: it may be at the venue
    assert with_begin.epoch == 2
    with_begin.close()

    numbered = journal.record("o-1", "h", Receipt("o-1", SENT), some_facts())
    recorded = after_a_crash(journal, tmp_path / "recorded")
    assert recorded.outcome("o-1") == Receipt("o-1", SENT, as_of_seq=2)
    assert list(recorded.events()) == numbered
    recorded.close()

    journal.resolve("lost")
    resolved = after_a_crash(journal, tmp_path / "resolved")
    assert resolved.outcome("lost") == Receipt("lost", RequestOutcome.VOID, as_of_seq=2)
    resolved.close()

    journal.set_gate("g-1", Gate.CANCELS_ONLY)
    journal.set_meta("date", "2026-01-13")
    gated = after_a_crash(journal, tmp_path / "gated")
    assert (gated.gate, gated.get_meta("date"), gated.journal_id) == (
        Gate.CANCELS_ONLY,
        "2026-01-13",
        journal.journal_id,
    )
    gated.close()


def test_given_a_crash_inside_a_transaction_when_reopened_then_nothing_of_it_is_there(tmp_path: Path) -> None:
    def crash() -> int:  # the journal reads its clock in the middle of each transaction
        left.append(after_a_crash(journal, tmp_path / f"crash-{len(left)}"))
        return 1

    left: list[OrderJournal] = []
    journal = OrderJournal(tmp_path / "orders.db", now=crash)
    journal.record("o-1", "h", Receipt("o-1", SENT), some_facts())
    journal.set_gate("g-1", Gate.CANCELS_ONLY)
    assert [(one.outcome("o-1"), one.last_seq, one.gate) for one in left] == [
        (None, 0, Gate.OPEN),
        (Receipt("o-1", SENT, as_of_seq=2), 2, Gate.OPEN),
    ]
    for one in (*left, journal):
        one.close()


def test_given_a_fact_that_cannot_be_written_when_recorded_then_nothing_of_the_request_is_kept(
    journal: OrderJournal,
) -> None:
    with pytest.raises(TypeError):
        journal.record("o-1", "h", Receipt("o-1", SENT), [*some_facts(), "not a fact"])  # type: ignore[list-item]
    assert (journal.outcome("o-1"), journal.last_seq, list(journal.events())) == (None, 0, [])


def test_given_a_request_in_doubt_when_evidence_comes_then_it_is_settled_once(
    journal: OrderJournal, tmp_path: Path
) -> None:
    journal.begin("o-1", "h")
    reopened = after_a_crash(journal, tmp_path / "crash")
    reopened.record("o-1", "h", Receipt("o-1", SENT), some_facts())
    assert reopened.resolve("o-1").outcome is SENT
    with pytest.raises(InvariantError, match="final"):
        reopened.record("o-1", "h", Receipt("o-1", RequestOutcome.REFUSED))
    reopened.close()


@pytest.mark.parametrize("first", [SENT, RequestOutcome.REFUSED, RequestOutcome.VOID])
def test_given_a_final_outcome_when_recorded_again_then_it_stands(journal: OrderJournal, first: RequestOutcome) -> None:
    if first is RequestOutcome.VOID:
        journal.resolve("o-1")
    else:
        journal.record("o-1", "h", Receipt("o-1", first))
    with pytest.raises(InvariantError):
        journal.record("o-1", "h", Receipt("o-1", RequestOutcome.IN_DOUBT))
    assert journal.resolve("o-1").outcome is first


def test_given_a_gate_request_when_it_echoes_late_then_the_gate_stays(journal: OrderJournal) -> None:
    journal.set_gate("g-1", Gate.OPEN)
    journal.set_gate("g-2", Gate.CANCELS_ONLY)
    assert journal.set_gate("g-1", Gate.OPEN).outcome is SENT
    assert journal.gate is Gate.CANCELS_ONLY
    assert journal.set_gate("g-2", Gate.OPEN).code == "ID_REUSED"
    assert journal.gate is Gate.CANCELS_ONLY


def test_given_an_open_journal_when_opened_again_then_it_is_refused_until_closed(journal: OrderJournal) -> None:
    with pytest.raises(LogBusy, match=r"orders\.db is in use"):
        OrderJournal(journal.path)
    journal.close()
    again = OrderJournal(journal.path)
    assert again.epoch == 2
    again.close()


def test_given_a_newer_schema_when_opened_then_it_is_refused_unharmed(journal: OrderJournal) -> None:
    journal.close()
    db = sqlite3.connect(journal.path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LogTooNew, match="99"):
        OrderJournal(journal.path)
    db = sqlite3.connect(journal.path)
    assert db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone() == ("1",)
    db.close()


def test_given_a_gap_or_garbage_when_opened_then_it_is_corrupt(journal: OrderJournal, tmp_path: Path) -> None:
    journal.append(some_facts())
    journal.close()
    db = sqlite3.connect(journal.path)
    db.execute("DELETE FROM events WHERE seq = 1")
    db.commit()
    db.close()
    with pytest.raises(LogCorrupt, match="1 events up to seq 2"):
        OrderJournal(journal.path)
    (tmp_path / "garbage.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LogCorrupt):
        OrderJournal(tmp_path / "garbage.db")


def test_given_a_full_disk_when_recorded_then_it_says_so_and_nothing_is_half_written(journal: OrderJournal) -> None:
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LogFull):
        journal.record("o-1", "h", Receipt("o-1", SENT), some_facts() * 200)
    assert (journal.outcome("o-1"), journal.last_seq, list(journal.events())) == (None, 0, [])
    journal._db.execute("PRAGMA max_page_count = 100000")
    assert journal.record("o-1", "h", Receipt("o-1", SENT), some_facts())[0].event_seq == 1


def test_given_meta_when_a_key_of_the_journal_is_set_then_it_is_refused(journal: OrderJournal) -> None:
    with pytest.raises(InvariantError):
        journal.set_meta("epoch", "7")
