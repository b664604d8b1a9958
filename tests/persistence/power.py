"""A log of real roles, kept as the disk holds it at a power failure, and what must stand of it."""

import struct
from dataclasses import dataclass
from pathlib import Path

from actors.core.core import to_record
from actors.core.kernel import Kernel
from actors.core.state import canonical
from actors.roster import make_roles
from domain.messages import Message, Stamp
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import SubmitOrder
from domain.types import Krw, LinkName, OrderKind, Side, UnixNanos
from persistence.codec import UnknownEvent
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.verify import verify
from tests.actors.builders import (
    SAMSUNG,
    T0,
    Venue,
    a_quote,
    a_run,
    broker_state,
    instruments,
    opened,
    received,
)
from tests.persistence.logs import a_codec, a_record, open_log

HEADER, FRAME, PAGE = 32, 24, 4096  # bytes: of the WAL, of a frame, of the page behind it
STEP = FRAME + PAGE


@dataclass(frozen=True)
class Written:
    """One commit: where it ends in the WAL, how the log and the roles stand behind it."""

    frames: int  # of the WAL, up to the end of this commit
    durable: bool
    last_seq: int
    head: bytes
    state: bytes


@dataclass(frozen=True, repr=False)
class Kept:
    """What lay on the disk, and what was in it."""

    database: bytes
    wal: bytes
    older_wal: bytes  # as it was before it was begun anew: what a torn write leaves in place of new bytes
    base: Written  # what the database holds without the WAL
    commits: tuple[Written, ...]  # those that stand in the WAL

    def behind(self, frames: int) -> Written:
        """Give the last commit whose frames are whole when only so many are."""
        return [self.base, *(item for item in self.commits if item.frames <= frames)][-1]

    @property
    def frames(self) -> int:
        return self.commits[-1].frames


class Scribe:
    """Commits what real roles make of inputs."""

    def __init__(self, path: Path, checkpoint_pages: int) -> None:
        self.path, self.wal = path, path.with_name(path.name + "-wal")
        self.log = open_log(path, reserve_bytes=0)
        self.log._conn.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
        self.kernel, self.codec = Kernel(make_roles(), "L1"), a_codec()

    def hear(self, *messages: Message, durable: bool = False) -> list[SubmitOrder]:
        """Make one commit of some inputs; give the orders in it."""
        items = [item for message in messages for item in self.kernel.handle(message, UnixNanos(T0), "test")]
        durable = durable or any(item.message.SENDS_ORDER for item in items)
        self.log.commit([to_record(item, "r1", self.codec) for item in items], durable=durable)
        frames = valid_frames(self.wal.read_bytes())
        self.last = Written(frames, durable, self.log.last_seq, self.log.last_hash, state_of(self.kernel))
        return [item.message for item in items if isinstance(item.message, SubmitOrder)]


def valid_frames(wal: bytes) -> int:
    """Count the frames of the WAL that carry its present salts; the rest is left over from before."""
    if len(wal) < HEADER:
        return 0
    salts, count = wal[16:24], 0
    for at in range(HEADER, len(wal) - STEP + 1, STEP):
        page, _, *_ = struct.unpack(">II", wal[at : at + 8])
        if page == 0 or wal[at + 8 : at + 16] != salts:
            break
        count += 1
    return count


def state_of(kernel: Kernel) -> bytes:
    return b"\n".join(canonical(state) for state in kernel.dump().roles.values())


def quotes(at: float, rows: int) -> Message:
    """Make a batch of quotes; 60 of them are bigger than a page."""
    return received(*(a_quote(at + row / 1000, 10_000 + 10 * (row % 5)) for row in range(rows)))


def a_mixed_day(folder: Path) -> Kept:
    """Write durable and other commits, small ones and ones of many pages, past a checkpoint; keep it unclosed."""
    scribe, venue, before = Scribe(folder / "live.db", checkpoint_pages=60), Venue(), None
    scribe.hear(a_run())
    scribe.hear(opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    commits: list[Written] = [scribe.last]
    older = b""
    number = 0
    while number < 12 or not older or commits[-1].frames < 25:  # well into a WAL that was begun anew
        number += 1
        wal = scribe.wal.read_bytes()
        venue.at = float(number)
        if number % 3 == 0:
            asked = ManualOrderRequested(
                f"c{number}", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, number, Krw(10_000), ""
            )
            orders = scribe.hear(quotes(number, 2), asked)
            commits.append(scribe.last)
            for order in orders:
                scribe.hear(venue.accepts(order, str(number)), venue.fills(order, order.quantity, 0, str(number)))
                commits.append(scribe.last)
        else:
            scribe.hear(quotes(number, 90 if number % 4 == 1 else 3), durable=number % 5 == 0)
            commits.append(scribe.last)
        restarts = [at for at in range(1, len(commits)) if commits[at].frames < commits[at - 1].frames]
        if restarts:
            before, commits = commits[restarts[-1] - 1], commits[restarts[-1] :]
            older = wal
        assert number < 200, "the WAL was never begun anew"
    assert before is not None
    kept = Kept(scribe.path.read_bytes(), scribe.wal.read_bytes(), older, before, tuple(commits))
    scribe.log.close()
    return kept


def put(folder: Path, database: bytes | None, wal: bytes | None) -> Path:
    """Lay a copy out as the next start finds it."""
    path = folder / "after.db"
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    if database is not None:
        path.write_bytes(database)
    if wal is not None:
        path.with_name(path.name + "-wal").write_bytes(wal)
    return path


def folded(path: Path) -> bytes:
    """Fold a log into fresh roles; give their state. Fails on anything that cannot be read."""
    kernel = Kernel(make_roles(), "L1")
    with LogReader(path, a_codec()) as reader:
        for record, message in reader.messages():
            assert not isinstance(message, UnknownEvent), message
            assert record.seq == kernel.last_seq + 1
            kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), "L1"), record.role)
    assert not kernel.benched
    return state_of(kernel)


def stands(path: Path, expected: Written) -> None:
    """Hold a copy against the commit that must be its last: verified, folded, opened, appended to, verified."""
    report = verify(path)
    assert (report.ok, report.events, report.head_hash) == (True, expected.last_seq, expected.head.hex()), report
    assert folded(path) == expected.state
    log = open_log(path, create_id=None, reserve_bytes=0)
    assert (log.last_seq, log.last_hash) == (expected.last_seq, expected.head)
    _go_on(log)
    report = verify(path)
    assert (report.ok, report.events) == (True, expected.last_seq + 1), report


def _go_on(log: EventLog) -> None:
    log.commit([a_record(log.last_seq + 1)], durable=False)
    log.close()
