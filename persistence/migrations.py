"""The migrations themselves, apart from the schema: sqlite-utils takes half a second to import where pandas lies about.

Only a log that is made or upgraded needs them; an ordinary start opens its log without (`persistence.schema`).
"""

from typing import Any

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from persistence import views
from persistence.schema import APPLICATION_ID, RARE

migrations = Migrations("event_log")


@migrations()
def v0001_events(db: Database) -> None:
    """Create the first tables."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    table: Any = db["events"]
    table.create(
        {
            "seq": int,
            "run_id": str,
            "recorded_at": int,
            "venue_time": int,
            "type": str,
            "stream": str,
            "causation_seq": int,
            "role": str,
            "payload": str,
        },
        pk="seq",
        not_null={"run_id", "recorded_at", "type", "stream", "causation_seq", "role", "payload"},
    )
    db.execute(f"CREATE INDEX events_type ON events(type) WHERE {RARE}")
    db.execute(f"CREATE INDEX events_stream ON events(stream) WHERE {RARE}")
    quotes: Any = db["quotes"]
    quotes.create({"seq": int, "raw": bytes}, pk="seq", not_null={"raw"})
    commits: Any = db["commits"]
    commits.create(
        {"first_seq": int, "last_seq": int, "prev_hash": str, "hash": str},
        pk="first_seq",
        not_null={"last_seq", "prev_hash", "hash"},
    )
    meta: Any = db["meta"]
    meta.create({"key": str, "value": str}, pk="key")


@migrations()
def v0002_views(db: Database) -> None:
    """Add the views: left to the newest migration that changed them, so that a new file holds no freed pages."""


@migrations()
def v0003_revisions(db: Database) -> None:
    """Bring the views up to date: sums over fills hold what their executions changed. Left to the newest, as above."""


@migrations()
def v0004_scores(db: Database) -> None:
    """Bring the views up to date: how signals turned out.

    A later change of views is a migration of its own that calls `views.replace`; this one then does nothing.
    """
    views.replace(db.conn)
