"""Logs of several days, each following the one before."""

import sqlite3
from pathlib import Path

from domain.messages.run import RoleState, StateCarried
from persistence.event_log import EventLog
from tests.persistence.logs import a_record, add, open_log

COMMITS = 4  # of a day, two events each; a day that follows another begins with one more event
Head = tuple[str, int, str]  # identity, sequence, hash


def a_day(path: Path, log_id: str, before: Head | None = None, commits: int = COMMITS, *, carry: bool = True) -> Head:
    """Write one day's log behind the one before; give its head."""
    previous = None if before is None else (before[2], before[1])
    log = open_log(path, create_id=lambda: log_id, previous=previous, reserve_bytes=0)
    if before is not None and carry:
        states = {"portfolio": RoleState(1, {"cash": 10_000_000})}
        add(log, (StateCarried(before[0], before[1], before[2], states), 0))
    more(log, commits)
    head = (log.log_id, log.last_seq, log.last_hash.hex())
    log.close()
    return head


def more(log: EventLog, commits: int) -> None:
    for _ in range(commits):
        seq = log.last_seq + 1
        log.commit([a_record(seq), a_record(seq + 1, causation_seq=seq)], durable=False)


def days(folder: Path, count: int = 3, *, carry: bool = True) -> list[Path]:
    """Write a chain of days; names run against the order of the days, so that only the content can tell it."""
    paths, head = [], None
    for number in range(count):
        paths.append(folder / f"{chr(ord('z') - number)} 하루{number + 1}.db")
        head = a_day(paths[-1], f"day{number + 1}", head, carry=carry)
    return paths


def by_sql(path: Path, *statements: str) -> None:
    """Change a log as a person with a database tool would."""
    conn = sqlite3.connect(path)
    for statement in statements:
        conn.execute(statement)
    conn.commit()
    conn.close()


def cut(path: Path, last_seq: int) -> None:
    """Cut a log exactly behind a commit: sound in itself, shorter than it was."""
    tables = (("events", "seq"), ("quotes", "seq"), ("commits", "first_seq"))
    by_sql(path, *(f"DELETE FROM {table} WHERE {column} > {last_seq}" for table, column in tables))
