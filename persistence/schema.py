"""Version and identity of a log's tables. They are made by the sqlite-utils migrations in `persistence.migrations`:
one per schema version, in one transaction with the record of it.

A new version needs a log of the version before it in tests/persistence/old/ (its README says how one is made). What
lies in payloads is no part of the schema: a new field of a message gets a default, so that old payloads stay readable.

Indexes cost every append, so there are two, both partial: quote batches and clock ticks, nearly all rows of a day,
never enter them. `type` and `stream` are what people and the order views ask for; causes go by primary key, and
consequences lie in the commit of their cause, right behind it. Questions about time scan.
"""

import sqlite3

from domain.errors import LogCorrupt, LogError, LogTooNew
from persistence import views

APPLICATION_ID = 0x48545244  # "HTRD" in the file's header: this is one of ours
SCHEMA_VERSION = 4
RARE = views.RARE  # condition of both indexes; a query must repeat it to use them
META_KEYS = ("log_id", "created_at", "previous_hash", "previous_seq")
RENEWED = "renewed"  # in meta only where it is so: why the log before got this new identity


def is_new(conn: sqlite3.Connection) -> bool:
    """Tell whether the database holds nothing at all. Raises LogCorrupt when it is not one of ours."""
    try:
        objects: int = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application_id: int = conn.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise LogError(f"the log cannot be read: {error}") from error
    except (
        sqlite3.DatabaseError,
        UnicodeDecodeError,
    ) as error:  # the latter: SQLite quotes broken bytes in its message
        raise LogCorrupt(f"not an event log of hantrade: {error}") from error
    if objects == 0 and application_id == 0:
        return True
    if application_id != APPLICATION_ID:
        raise LogCorrupt("not an event log of hantrade: the database was written by another program")
    return False


def create(conn: sqlite3.Connection, meta: dict[str, str | None], renewed: str = "") -> None:
    """Make all tables and the identity of a new log in one transaction; `renewed` as in `EventLog.open`."""
    from sqlite_utils import Database  # here: it is slow to import, and an ordinary start does without

    from persistence.migrations import migrations

    db = Database(conn)
    with db.atomic():
        migrations.apply(db)
        rows = [(key, meta[key]) for key in META_KEYS] + [("schema_version", str(SCHEMA_VERSION))]
        rows += [(RENEWED, renewed)] if renewed else []
        conn.executemany("INSERT INTO meta(key, value) VALUES (?, ?)", rows)


def upgrade(conn: sqlite3.Connection) -> None:
    """Bring the tables of an older log up to date. Raises LogTooNew for a newer one."""
    if check_version(conn) == SCHEMA_VERSION:
        return
    from sqlite_utils import Database  # as above

    from persistence.migrations import migrations

    db = Database(conn)
    with db.atomic():
        migrations.apply(db)
        conn.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(SCHEMA_VERSION),))


def read_meta(conn: sqlite3.Connection) -> dict[str, str | None]:
    """Give the identity of the log. Raises LogCorrupt when a part of it is missing."""
    try:
        meta: dict[str, str | None] = {str(key): value for key, value in conn.execute("SELECT key, value FROM meta")}
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise LogCorrupt(f"the identity of the log cannot be read: {error}") from error
    missing = [key for key in (*META_KEYS, "schema_version") if key not in meta]
    if missing or not meta["log_id"]:
        raise LogCorrupt(f"the log expected an identity in its table meta, {', '.join(missing) or 'log_id'} is missing")
    return meta


def check_version(conn: sqlite3.Connection) -> int:
    """Give the schema version. Raises LogTooNew when a newer hantrade wrote it, LogCorrupt when it is no number."""
    found = read_meta(conn)["schema_version"]
    if not isinstance(found, str) or not found.isdecimal():
        raise LogCorrupt(f"the log expected a number as schema version, was {found!r}")
    if int(found) > SCHEMA_VERSION:
        raise LogTooNew(f"the log has schema {found}, this hantrade reads up to {SCHEMA_VERSION}: upgrade hantrade")
    return int(found)
