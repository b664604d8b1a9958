"""Which logs tell of an account, and which part of each belongs to which trading date."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.errors import ConfigError, HantradeError, LogCorrupt
from domain.quotes import QuoteBatch
from domain.time import kst_date
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from persistence.views import RARE
from reports.crew import NOBODY, Crew

READERS = 2  # threads that read: SQLite lets go of the interpreter meanwhile
DEMO = "demo"  # begin of the names of demo logs: their mode is paper, but they are no account of anybody
_TELLS_DATE = "e.type IN ('AccountOpened', 'SessionPlanned')"


class Stretch(NamedTuple):
    """Events of one log that belong to one trading date."""

    day: date
    low: int  # first sequence
    high: int  # last sequence


@dataclass(frozen=True, slots=True)
class LogHead:
    """What is known of a log before its events are read."""

    path: Path
    log_id: str
    follows: str  # identity of the log it goes on with; empty: it begins an account of its own
    account: str  # mode of its runs, or `demo`
    run_as: str  # mode of its runs: paper, mock, live, backtest
    began_at: int  # system time of its first event, UTC ns; of a back-test its venue time
    run_at: int  # the same of its newest run
    stretches: tuple[Stretch, ...]  # in order

    def within(self, first: date, last: date) -> tuple[Stretch, ...]:
        """Give the stretches of a period, both ends inclusive."""
        return tuple(one for one in self.stretches if first <= one.day <= last)


@dataclass(frozen=True, slots=True)
class Account:
    """All logs of one account, oldest first."""

    run_as: str
    heads: tuple[LogHead, ...]
    missing: tuple[str, ...]  # logs that could not be read, or are left out, and why


class _Config(msgspec.Struct):
    mode: str


class _Run(msgspec.Struct):
    config: _Config


class _Dated(msgspec.Struct):
    trading_date: date


class _Carried(msgspec.Struct):
    previous_log_id: str


class Unread(NamedTuple):
    """A log that could not be read."""

    problem: str


def account_of(logs: Iterable[Path], codec: MessageCodec, wanted: str | None, crew: Crew = NOBODY) -> Account:
    """Choose the logs of one account: `wanted` is a mode or `demo`; None: that of the newest run.

    Demos count only where nothing else is there or they are wanted. Of copies of a log the one that tells most counts,
    of logs of the same date that do not follow each other the newest. Raises ConfigError when no log is of the account.
    """
    heads, missing = [], []
    paths = list(dict.fromkeys(logs))
    for path, head in zip(paths, _heads(paths, codec, crew), strict=True):
        if isinstance(head, Unread):
            missing.append(f"{path.name} is left out: {head.problem}")
        elif head is not None:
            heads.append(head)
    real = [head for head in heads if head.account != DEMO] or heads
    if wanted is None and real:
        wanted = max(real, key=lambda head: (head.run_at, head.path.name)).account
    mine = [head for head in heads if head.account == wanted]
    if not mine:
        known = ", ".join(sorted({head.account for head in heads})) or "none"
        problem = f"; {'; '.join(missing)}" if missing else ""
        raise ConfigError(f"a report expected logs of {wanted or 'any mode'}, found logs of: {known}{problem}")
    once, copies = _without_copies(mine)
    kept, left_out = _without_doubles(once)
    return Account(kept[-1].run_as, tuple(kept), (*missing, *copies, *left_out))


def _heads(paths: Sequence[Path], codec: MessageCodec, crew: Crew) -> list[LogHead | Unread | None]:
    if crew:
        return crew.each(paths, head_of, head_of, lambda head: head)
    with ThreadPoolExecutor(READERS, thread_name_prefix="report") as pool:
        return list(pool.map(head_of, paths, repeat(codec)))


def head_of(path: Path, codec: MessageCodec | None = None) -> LogHead | Unread | None:
    """Read what a log is about, or why it cannot be read. No codec, where another process reads: no quotes are read."""
    try:
        return read_head(path, codec or without_quotes())
    except HantradeError as error:
        return Unread(str(error))


def without_quotes() -> MessageCodec:
    """Give a codec for what reads no quotes; unlike that of the caller it is to be had in every process."""
    return MessageCodec(_no_quotes)


def _no_quotes(_: bytes) -> QuoteBatch:
    raise ValueError("quotes are not read here")


def read_head(path: Path, codec: MessageCodec) -> LogHead | None:
    """Read what a log is about; None for one without a run. Raises ConfigError, LogError."""
    with LogReader(path, codec) as reader:
        runs = reader.rows(
            "SELECT e.seq, e.recorded_at, CAST(e.payload AS BLOB) FROM events e"
            f" WHERE e.type = 'RunStarted' AND e.{RARE} ORDER BY e.seq"
        )
        if not runs:
            return None
        [(began_at, last_seq)] = reader.rows(
            "SELECT (SELECT recorded_at FROM events ORDER BY seq LIMIT 1), (SELECT max(seq) FROM events)"
        )
        dated = reader.rows(
            f"SELECT e.seq, CAST(e.payload AS BLOB) FROM events e WHERE {_TELLS_DATE} AND e.{RARE} ORDER BY e.seq"
        )
        carried = reader.rows(
            f"SELECT CAST(e.payload AS BLOB) FROM events e WHERE e.type = 'StateCarried' AND e.{RARE} LIMIT 1"
        )
        try:
            run_as = msgspec.json.decode(runs[-1][2], type=_Run).config.mode
            told = [(seq, msgspec.json.decode(payload, type=_Dated).trading_date) for seq, payload in dated]
            follows = msgspec.json.decode(carried[0][0], type=_Carried).previous_log_id if carried else ""
        except msgspec.DecodeError as error:
            raise LogCorrupt(f"{path} cannot be read: {error}") from error
        return LogHead(
            path=path,
            log_id=reader.log_id,
            follows=follows,
            account=DEMO if path.name.startswith(f"{DEMO}-") else run_as,
            run_as=run_as,
            began_at=began_at,
            run_at=runs[-1][1],
            stretches=_stretches([row[0] for row in runs], told, kst_date(began_at), last_seq),
        )


def _stretches(runs: Sequence[int], told: Sequence[tuple[int, date]], else_on: date, last: int) -> tuple[Stretch, ...]:
    """Cut a log by date: a date begins with the run that first tells it, or where a run goes on into it."""
    begins: list[tuple[int, date]] = []
    before = 0
    for seq, day in told:
        if not begins or begins[-1][1] != day:
            begin = max((run for run in runs if before < run <= seq), default=seq)
            begins.append((begin if begins else 1, day))
        before = seq
    begins = begins or [(1, else_on)]
    ends = [begin - 1 for begin, _ in begins[1:]] + [last]
    return tuple(Stretch(day, begin, end) for (begin, day), end in zip(begins, ends, strict=True))


def _without_copies(heads: Sequence[LogHead]) -> tuple[list[LogHead], list[str]]:
    """Leave files out that are the same log as one that tells as much or more: fills would count twice."""
    furthest: dict[str, LogHead] = {}
    left_out = []
    for head in sorted(heads, key=lambda head: (-head.stretches[-1].high, head.path.name, head.path)):
        kept = furthest.setdefault(head.log_id, head)
        if kept is not head:
            left_out.append(f"{head.path.name} is left out: {kept.path.name} is the same log")
    return list(furthest.values()), left_out


def _without_doubles(heads: Sequence[LogHead]) -> tuple[list[LogHead], list[str]]:
    """Leave logs out whose dates a newer log tells that does not go on with them."""
    ordered = sorted(heads, key=lambda head: (head.began_at, head.path.name))
    by_id = {head.log_id: head for head in ordered}
    kept: list[LogHead] = []
    left_out = []
    owners: dict[date, LogHead] = {}  # date -> newest log that tells it
    for head in reversed(ordered):
        doubled = next((owners[one.day] for one in head.stretches if one.day in owners), None)
        if doubled is not None and not _leads_to(head, doubled, by_id):
            left_out.append(f"{head.path.name} is left out: {doubled.path.name} tells of the same date")
            continue
        kept.append(head)
        owners.update({one.day: head for one in head.stretches})
    return kept[::-1], left_out[::-1]


def _leads_to(older: LogHead, newer: LogHead, by_id: dict[str, LogHead]) -> bool:
    """Tell whether a log goes on with another, directly or not."""
    seen: set[str] = set()
    found: LogHead | None = newer
    while found is not None and found.log_id not in seen:
        if found.log_id == older.log_id:
            return True
        seen.add(found.log_id)
        found = by_id.get(found.follows)
    return False
