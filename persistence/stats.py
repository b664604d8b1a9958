"""Counts over a log."""

from dataclasses import dataclass

from persistence.reader import LogReader


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run of a trader in this log."""

    run_id: str
    first_seq: int
    last_seq: int
    started_at: int  # UTC ns, system time
    last_at: int  # UTC ns, system time
    ended: bool  # False: still running, or cut off


@dataclass(frozen=True, slots=True)
class LogStats:
    """What a log holds. Times in UTC ns, None when there is none."""

    log_id: str
    events: int
    commits: int
    quote_rows: int
    bytes: int  # of the database and its WAL on the disk
    quote_bytes: int
    first_recorded_at: int | None
    last_recorded_at: int | None
    first_venue_time: int | None
    last_venue_time: int | None
    by_type: dict[str, int]  # most frequent first
    by_stream_kind: dict[str, int]  # the part of a stream before the slash
    runs: tuple[RunInfo, ...]


def runs(reader: LogReader) -> list[RunInfo]:
    """Give the runs in this log, oldest first. Raises LogError."""
    found = reader.rows(
        "SELECT run_id, min(seq), max(seq), min(recorded_at), max(recorded_at), max(type = 'RunEnded')"
        " FROM events NOT INDEXED GROUP BY run_id ORDER BY min(seq)"
    )
    return [
        RunInfo(run_id, first_seq, last_seq, started_at, last_at, bool(ended))
        for run_id, first_seq, last_seq, started_at, last_at, ended in found
    ]


def stats(reader: LogReader) -> LogStats:
    """Count. Reads every event, so it takes a second or so per million. Raises LogError."""
    events, first_at, last_at, first_venue, last_venue = reader.rows(
        "SELECT count(*), min(recorded_at), max(recorded_at), min(nullif(venue_time, 0)), max(venue_time)"
        " FROM events NOT INDEXED"
    )[0]
    by_type = reader.rows("SELECT type, count(*) FROM events NOT INDEXED GROUP BY type ORDER BY 2 DESC, 1")
    by_kind = reader.rows(
        "SELECT CASE instr(stream, '/') WHEN 0 THEN stream ELSE substr(stream, 1, instr(stream, '/') - 1) END, count(*)"
        " FROM events NOT INDEXED GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    quote_rows = reader.rows(
        "SELECT coalesce(sum(json_extract(payload, '$.rows')), 0) FROM events NOT INDEXED WHERE type = 'QuotesReceived'"
    )[0][0]
    wal = reader.path.with_name(reader.path.name + "-wal")
    return LogStats(
        reader.log_id,
        events,
        reader.rows("SELECT count(*) FROM commits")[0][0],
        quote_rows,
        reader.path.stat().st_size + (wal.stat().st_size if wal.exists() else 0),
        reader.rows("SELECT coalesce(sum(length(raw)), 0) FROM quotes")[0][0],
        first_at,
        last_at,
        first_venue,
        last_venue,
        dict(by_type),
        dict(by_kind),
        tuple(runs(reader)),
    )
