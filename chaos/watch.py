"""Follows the log of a running trader: how far it is, whether both links are READY, which requests are in flight."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

REQUESTS = {"SubmitOrder": "client_order_id", "ModifyOrder": "request_id", "CancelOrder": "request_id"}
FACTS = {  # what the venue says of a request, by the field that names it: it answers as well as a receipt does
    **dict.fromkeys(("OrderAccepted", "OrderRejected", "OrderFilled", "OrderExpired"), "client_order_id"),
    **dict.fromkeys(("ChangeReceived", "ChangeRefused", "OrderCancelled", "OrderReplaced"), "request_id"),
}
_TYPES = (
    "RunStarted",
    "ConnectionChanged",
    "DayChanged",
    "SourceChanged",
    "ReconcileReported",
    "RequestAnswered",
    *REQUESTS,
    *FACTS,
)
_NEW = (
    "SELECT seq, recorded_at, type, CAST(payload AS TEXT) FROM events"
    f" WHERE seq > ? AND seq <= ? AND type IN {_TYPES!r} ORDER BY seq"
)
_VENUE = "SELECT venue_time FROM events WHERE venue_time IS NOT NULL ORDER BY seq DESC LIMIT 1"
_NEWEST = "SELECT recorded_at FROM events ORDER BY seq DESC LIMIT 1"
_HEAD = "SELECT last_seq FROM commits ORDER BY first_seq DESC LIMIT 1"
LINKS = ("quotes", "orders")
NANOS_PER_MS = 1_000_000


class Ready(NamedTuple):
    """A moment from which both links were READY, or were not any more."""

    seq: int
    at: int  # system time, ns
    is_ready: bool


class Fault(NamedTuple):
    """When something was done."""

    at: int  # system time of the trader, ns
    known: int  # moments in the history then


def recoveries(faults: Sequence[Fault], history: Sequence[Ready]) -> list[float]:
    """Give how long after each fault both links were READY again, ms.

    One that left them READY has no time; neither has one that the next fault overtook.
    """
    found = []
    ends = [*(fault.known for fault in faults[1:]), len(history)]
    for fault, end in zip(faults, ends, strict=False):
        moments = history[fault.known : end]
        was_ready = fault.known > 0 and history[fault.known - 1].is_ready
        again = moments[1:] if was_ready else moments
        if again and again[0].is_ready:
            found.append((again[0].at - fault.at) / NANOS_PER_MS)
    return found


class LogWatch:
    """What has happened in a log so far; `look` reads what is new. Used by one thread."""

    def __init__(self, find: Callable[[], Path | None]) -> None:
        """Take how to find the log, which may not be there yet, or be followed by another one."""
        self._find = find
        self._path: Path | None = None
        self._db: sqlite3.Connection | None = None
        self.seq = 0
        self.states = dict.fromkeys(LINKS, "DISCONNECTED")
        self.day = ""
        self.run_seq = 0  # where the present run began
        self.open: dict[str, int] = {}  # request -> seq, sent and not answered
        self.sent = 0  # requests, of all runs
        self.history: list[Ready] = []
        self.stand_ins = 0  # times quotes went to another source
        self.on_stand_in = False
        self.reconciled: dict[str, Any] | None = None  # last report a person asked for

    @property
    def is_ready(self) -> bool:
        """Tell whether both links are READY."""
        return all(state == "READY" for state in self.states.values())

    def look(self) -> "LogWatch":
        """Read what is new."""
        found = self._find()
        if found is None:
            return self
        if found != self._path:
            self.close()
            self._path, self.seq = found, 0
        with contextlib.suppress(sqlite3.OperationalError):  # being made, or locked for an instant
            if self._db is None:
                self._db = sqlite3.connect(f"file:{found}?mode=ro", uri=True, isolation_level=None)
            head = self._db.execute(_HEAD).fetchone()
            if head is None or head[0] <= self.seq:
                return self
            rows = self._db.execute(_NEW, (self.seq, head[0])).fetchall()
            for row in rows:
                self._take(*row)
            self.seq = head[0]
        return self

    def venue_time(self) -> int:
        """Give the newest venue time of the log, ns; 0 when there is none."""
        return self._one(_VENUE)

    def system_time(self) -> int:
        """Give when the newest event was recorded, by the trader's clock, ns; 0 when there is none."""
        return self._one(_NEWEST)

    def _one(self, sql: str) -> int:
        with contextlib.suppress(sqlite3.OperationalError):
            row = self._db.execute(sql).fetchone() if self._db is not None else None
            return int(row[0]) if row else 0
        return 0

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _take(self, seq: int, at: int, kind: str, payload: str) -> None:
        said: dict[str, Any] = json.loads(payload)
        match kind:
            case "RunStarted":
                self.run_seq = seq
                self.states = dict.fromkeys(LINKS, "DISCONNECTED")
            case "ConnectionChanged":
                self.states[said["link"]] = said["to_state"]
            case "DayChanged":
                self.day = said["to_state"]
            case "SourceChanged":
                self.on_stand_in = bool(said["is_backup"])
                self.stand_ins += self.on_stand_in
            case "ReconcileReported":
                if said.get("kind") == "manual":
                    self.reconciled = said
            case "RequestAnswered":
                if said["outcome"] != "IN_DOUBT":
                    self.open.pop(said["request_id"], None)
            case _ if kind in FACTS:
                self.open.pop(said[FACTS[kind]], None)
            case _:
                self.open[said[REQUESTS[kind]]] = seq
                self.sent += 1
        if kind in ("RunStarted", "ConnectionChanged") and (not self.history or self._turned()):
            self.history.append(Ready(seq, at, self.is_ready))

    def _turned(self) -> bool:
        return self.history[-1].is_ready is not self.is_ready
