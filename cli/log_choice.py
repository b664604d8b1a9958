"""Which log a start goes on with, and the roll to a new file when a trading day is over.

A log is left only for one that begins with everything it held: states of all roles, halts, locks, holdings, open and
unknown orders. So a halt outlives the day, and an order of yesterday is still resolved (decision 0016).
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from actors.core.core import to_record
from actors.core.kernel import Kernel
from actors.edges.clock import SystemClock
from actors.recovery import (
    Recovered,
    beginning_of,
    fold,
    recover_fully,
    recover_quickly,
    restored,
    snapshot_of,
)
from actors.roles.trading_day import TradingDay
from actors.roster import make_roles
from actors.system import newest_time
from cli.compose import codec
from cli.home import Home, changed_at, new_log
from domain.errors import HantradeError, InvariantError, LogError
from domain.messages.run import StateCarried
from domain.types import NANOS_PER_SECOND
from persistence import schema
from persistence.event_log import EventLog
from persistence.files import LogFile, read_log_file
from persistence.reader import LogReader

SLACK_NS = 7 * 86_400 * NANOS_PER_SECOND

logger = structlog.get_logger("trader")


@dataclass(frozen=True, slots=True)
class Choice:
    """A log to go on with."""

    path: Path
    recovered: Recovered | None  # None for a log that holds nothing yet, or only what was carried into it


def choose_log(home: Home, mode: str, recover: Callable[[LogReader], Recovered] = recover_quickly) -> Choice:
    """Continue the mode's newest log, or follow it with a new file when its trading day is over.

    A roll that was cut off is completed. A log in which a role is left out is not left: its state is not trusted.
    Raises LogError when the newest log cannot be read or is being written, or when a log that a roll needs is gone.
    """
    logs = sorted(home.logs.glob(f"{mode}-*.db"), key=changed_at, reverse=True)
    latest = _latest(logs)
    if latest is None:
        return Choice(new_log(home, mode), None)
    with _named(latest):
        newest = _last_of_chain(latest, logs)
    with _named(newest), LogReader(newest, codec()) as reader:
        if reader.last_seq() == 0 and reader.meta["previous_hash"]:
            return _complete(newest, _readable(logs))
        recovered = recover(reader)
        if recovered.problem:
            logger.warning("the snapshot is not used, the whole log is folded", why=recovered.problem)
        if _has_ended(recovered.kernel):
            ended = _day_of(recovered.kernel).ended_date
            logger.info(
                "this date has been traded, the next one will be; a recorded day needs another --home", date=ended
            )
        if recovered.kernel.benched or not is_over(recovered.kernel, reader):
            return Choice(newest, recovered)
    return _roll(newest, new_log(home, mode), recovered.kernel)


def is_over(kernel: Kernel, reader: LogReader) -> bool:
    """Tell whether a trading day has ended in this very log; one that was carried into it does not count."""
    if not _has_ended(kernel):
        return False
    begun = beginning_of(reader)
    carried = begun.states.get(TradingDay.NAME) if begun is not None else None
    return carried is None or carried.state.get("ended_date") != _day_of(kernel).ended_date


def _has_ended(kernel: Kernel) -> bool:
    day = _day_of(kernel)
    return day.plan is not None and day.ended_date == day.plan.trading_date


def _day_of(kernel: Kernel) -> TradingDay:
    day = kernel.role(TradingDay.NAME)
    if not isinstance(day, TradingDay):
        raise TypeError("the roster lacks trading_day")
    return day


# ---- the roll --------------------------------------------------------------------------------------------------


def _roll(old: Path, new: Path, kernel: Kernel) -> Choice:
    try:
        restored(snapshot_of(kernel, ""))  # before a file is made: what is carried can be taken up
    except (InvariantError, LogError) as error:
        _refuse_if_renewed(new, str(error))
        logger.error("the log cannot be followed by a new one and goes on; this is a bug", error=str(error))
        return Choice(old, Recovered(kernel))
    why = _renewed(new) or "the trading day is over"
    carry(old, new, kernel)
    logger.info("a new log follows", because=why, log=str(new), follows=str(old))
    return Choice(new, None)


def carry(old: Path, new: Path, kernel: Kernel) -> None:
    """Make a log that follows another, or finish one that was made, with every role's state as its first commit.

    `kernel` has folded the old one. Raises LogError; LogBusy when somebody else writes one of them.
    """
    # The lock of the old log is held until the new one stands: nobody goes on with it meanwhile.
    with closing(EventLog.open(old, create_id=None)) as before, LogReader(old, codec()) as reader:
        fold(kernel, reader)
        if kernel.last_seq != before.last_seq:
            raise LogError(f"{old}: expected its fold to end at {before.last_seq}, was {kernel.last_seq}")
        now = SystemClock(newest_time(reader)).now()
        head = before.last_hash.hex()
        following = (head, before.last_seq)
        with closing(EventLog.open(new, create_id=lambda: uuid.uuid4().hex[:10], previous=following)) as log:
            message = StateCarried(before.log_id, before.last_seq, head, kernel.dump().roles, _renewed(new))
            numbered = Kernel(make_roles(), log.log_id).handle(message, now, "roll")
            run_id, encoder = uuid.uuid4().hex[:8], codec()
            log.commit([to_record(item, run_id, encoder) for item in numbered], durable=True)


def _complete(unfinished: Path, files: dict[Path, LogFile]) -> Choice:
    """Finish a roll that was cut off between making the file and its first commit."""
    wanted = files[unfinished].previous
    found = [file for file in files.values() if wanted == (file.last_seq, file.head_hash)]
    if not found or wanted is None:
        seq, head = wanted or (0, "")
        raise LogError(
            f"{unfinished} holds nothing yet and follows a log that ends at event {seq} with hash {head[:16]}…, which"
            f" is not beside it: put that log back, or remove {unfinished.name} to begin without its halts and orders"
        )
    with LogReader(found[0].path, codec()) as reader:
        kernel = recover_fully(reader).kernel
        if kernel.benched:  # since the upgrade between: the log before stays the one
            names = ", ".join(kernel.benched)
            _refuse_if_renewed(unfinished, f"{names} fails on it")
            return Choice(found[0].path, Recovered(kernel))
    return _roll(found[0].path, unfinished, kernel)


def _renewed(path: Path) -> str:
    """Give why a log follows where that is no ordinary roll; empty for one that is not there yet."""
    if not path.exists():
        return ""
    with LogReader(path, codec()) as reader:
        return reader.meta.get(schema.RENEWED) or ""


def _refuse_if_renewed(path: Path, problem: str) -> None:
    """A log that was closed for a new identity is never gone on with: it would make ids that were made already."""
    why = _renewed(path)
    if why:
        raise LogError(f"{path} cannot go on for the log before it ({why}): {problem}")


# ---- files -----------------------------------------------------------------------------------------------------


def _latest(logs: list[Path]) -> Path | None:
    """Give the log whose last event was recorded last; the times of files only bound the search.

    A log that was restored or copied back is a new file with old events: going on with it would forget what came after.
    """
    latest, end, since = None, (-1, 0), 0.0
    for path in logs:
        if changed_at(path) * NANOS_PER_SECOND < since:
            break  # it and all behind it were finished before
        if _is_blank(path):
            continue
        with _named(path), LogReader(path, codec()) as reader:
            recorded = newest_time(reader) or int(reader.meta["created_at"] or 0)
            found = (recorded, reader.last_seq())
        if found > end:
            latest, end = path, found
            since = min(recorded, changed_at(path) * NANOS_PER_SECOND) - SLACK_NS
    return latest


def _readable(logs: list[Path]) -> dict[Path, LogFile]:
    found = {}
    for path in logs:
        try:
            found[path] = read_log_file(path)
        except (HantradeError, OSError):
            continue  # the choice says so when it is the newest
    return found


def _last_of_chain(path: Path, logs: list[Path]) -> Path:
    """Give the log at the end of a chain: one that another follows is never gone on with, whatever touched it last."""
    with LogReader(path, codec()) as reader:
        ended = min(newest_time(reader), changed_at(path) * NANOS_PER_SECOND)
    # A follower was written after the log ended; years of older ones need not be opened. Clocks may have been put back.
    files = _readable([path, *(log for log in logs if changed_at(log) * NANOS_PER_SECOND > ended - SLACK_NS)])
    followers = {file.previous: file.path for file in files.values() if file.previous is not None}
    while path in files:
        follower = followers.get((files[path].last_seq, files[path].head_hash))
        if follower is None:
            return path
        path = follower
    return path


def _is_blank(path: Path) -> bool:
    """Tell whether a file holds nothing at all: its making was cut off."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            return schema.is_new(conn)
    except (HantradeError, sqlite3.Error):
        return False


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the log in an error that does not."""
    try:
        yield
    except LogError as error:
        if str(path) not in str(error):
            error.args = (f"{path}: {error}",)
        raise
