"""`hantrade log`: read the event log, also while a trader writes it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, exit_code
from cli.home import newest_log
from cli.output import emit_json, note
from domain.errors import ConfigError, HantradeError

if TYPE_CHECKING:
    from persistence.query import Clock
    from persistence.reader import LogReader
    from persistence.record import Record
    from persistence.stats import LogStats
    from persistence.verify import ChainReport, FileReport

POLL_S = 0.3  # between two looks for new events

app = typer.Typer(no_args_is_help=True, help="Read the event log. Example: hantrade log tail --follow")

PathOption = Annotated[Path | None, typer.Option("--log", help="Event log to read; else the newest of the home.")]


@app.callback()
def main() -> None:
    """Read the event log. Example: hantrade log tail --follow"""


@app.command()
def tail(
    count: Annotated[int, typer.Option("-n", min=0, help="How many of the last events.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones until Ctrl-C.")] = False,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Print the last events. Example: hantrade log tail -n 50 --follow"""
    with reading(log, home) as reader:
        last = reader.last_seq()
        for record in reader.events(max(1, last - count + 1), last, raw=False):
            _print(record, as_json)
        if follow:
            for record in reader.follow(POLL_S, time.sleep, last + 1):
                _print(record, as_json)


@app.command()
def show(
    seq: Annotated[int, typer.Argument(help="Sequence of the event.", metavar="SEQ")],
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Print one event with what led to it and what it led to. Example: hantrade log show 1042"""
    from cli.log_text import detail, detail_object

    with reading(log, home) as reader:
        record = reader.record(seq)
        if record is None:
            raise ConfigError(f"SEQ expected 1 to {reader.last_seq()}, was {seq}")
        if as_json:
            emit_json([detail_object(reader, record)])
        else:
            typer.echo("\n".join(detail(reader, record)))


@app.command()
def grep(  # noqa: PLR0917  # an option each
    kinds: Annotated[
        list[str] | None, typer.Option("--type", help="Type of the message, e.g. OrderFilled; repeat for several.")
    ] = None,
    stream: Annotated[str | None, typer.Option("--stream", help="Beginning of the stream, e.g. order/.")] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Code or Korean name; its orders come whole.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Words in what it says, large and small alike.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Role or edge that said it, e.g. executor.")] = None,
    cause: Annotated[
        int | None, typer.Option("--cause", min=1, metavar="SEQ", help="What this event led to, directly or not.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From this time on (KST): 09:30, 2026-01-13T09:30.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this time (KST).")] = None,
    recorded: Annotated[bool, typer.Option("--recorded", help="Times are the machine's, not the venue's.")] = False,
    count: Annotated[int | None, typer.Option("-n", min=1, help="Only the last so many.")] = None,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Print the events that fit all that is given. Example: hantrade log grep --type OrderFilled --since 09:30"""
    with reading(log, home) as reader:
        clock: Clock = "recorded" if recorded else "venue"
        for kind in kinds or ():
            _check_type(reader, kind)
        led_to = None if cause is None else _led_to(reader, cause)
        needle = "" if text is None else text.casefold()
        moments = (_moment(reader, since, "--since", clock), _moment(reader, until, "--until", clock))

        def of(kind: str | None) -> "Iterator[Record]":
            return reader.events(
                min(led_to, default=1) if led_to is not None else 1,
                max(led_to, default=0) if led_to is not None else None,
                type=kind,
                stream_prefix=stream,
                since=moments[0],
                until=moments[1],
                clock=clock,
                symbol=_symbol(symbol),
                reverse=count is not None,
                raw=False,
            )

        # Each type goes by the index of the log; together they are put back into sequence.
        several = (of(kind) for kind in dict.fromkeys(kinds or (None,)))
        fits = (
            record
            for record in merge(*several, key=lambda each: each.seq, reverse=count is not None)
            if (led_to is None or record.seq in led_to)
            and (role is None or record.role == role)
            and needle in record.payload.decode("utf-8", "replace").casefold()
        )
        is_empty = True
        for record in fits if count is None else reversed(list(islice(fits, count))):
            is_empty = False
            _print(record, as_json)
        if is_empty:
            note("no events fit")


@app.command("stats")
def show_stats(log: PathOption = None, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Count what the log holds. Example: hantrade log stats --json"""
    from persistence.stats import stats

    with reading(log, home) as reader:
        found = stats(reader)
        if as_json:
            emit_json([{"log_path": str(reader.path), **asdict(found)}])
        else:
            typer.echo("\n".join(_stats_lines(reader.path, found)))


@app.command()
def verify(
    only: Annotated[bool, typer.Option("--only", help="Prove just this file, not the ones it follows.")] = False,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Prove that nothing in the log and the files it follows was changed or lost; exit 1 when not.

    Example: hantrade log verify
    """
    from persistence.verify import verify_chain

    with _explained():
        report = verify_chain(log or newest_log(home), only=only)
    if as_json:
        emit_json([_verify_object(report)])
    else:
        typer.echo("\n".join(_verify_lines(report)))
    if not report.ok:
        raise typer.Exit(1)


def _verify_object(report: "ChainReport") -> dict[str, Any]:
    bad = report.first_bad
    return {
        "events": report.events,
        "ok": report.ok,
        "first_bad_seq": bad.first_bad_seq if bad else None,
        "first_bad_log": bad.log_path if bad else None,
        "problem": bad.problem if bad else "",
        "log_path": report.files[-1].log_path,
        "head_hash": report.head_hash,
        "complete": report.complete,
        "missing": report.missing,
        "notes": report.notes,
        "files": [asdict(file) for file in report.files],
    }


def _verify_lines(report: "ChainReport") -> list[str]:
    lines = [
        f"{file.log_path}: {file.events:,} events, unbroken; head {file.head_hash}"
        if file.ok
        else f"{file.log_path}: NOT as written;{_first_bad(file)} {file.problem}"
        f" ({file.events:,} events before it are good)"
        for file in report.files
    ]
    lines += [f"note: {text}" for text in report.notes]
    count = "1 file" if len(report.files) == 1 else f"{len(report.files)} files"
    if report.first_bad:
        lines.append(f"NOT as written: the first fault is in {report.first_bad.log_path}")
    elif report.complete:
        lines.append(f"as written: {count}, {report.events:,} events, from the first one to the head")
    else:
        lines.append(f"as written as far as it goes back ({count}, {report.events:,} events); {report.missing}")
    return lines


def _first_bad(file: "FileReport") -> str:
    return "" if file.first_bad_seq is None else f" first bad event {file.first_bad_seq:,}:"


@contextmanager
def _explained() -> Iterator[None]:
    """Turn our errors into one clear line and their exit code; Ctrl-C ends quietly."""
    try:
        yield
    except HantradeError as error:
        note(str(error))
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@contextmanager
def reading(log: Path | None, home: Path) -> "Iterator[LogReader]":
    """Open a log, else the newest of the home; what is wrong with it becomes one clear line and an exit code."""
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec
    from persistence.reader import LogReader

    with _explained(), LogReader(log or newest_log(home), MessageCodec(decode_batch)) as reader:
        yield reader


def _print(record: "Record", as_json: bool) -> None:
    from cli.log_text import as_line, as_object

    if as_json:
        emit_json([as_object(record)])
    else:
        typer.echo(as_line(record))


def _led_to(reader: "LogReader", seq: int) -> frozenset[int]:
    last = reader.last_seq()
    if seq > last:
        raise ConfigError(f"--cause expected 1 to {last:,}, was {seq:,}")
    return frozenset(record.seq for record in reader.consequences(seq))


def _check_type(reader: "LogReader", kind: str) -> None:
    """Refuse a type that neither this version nor the log knows: a typing error would look like "no events"."""
    from difflib import get_close_matches

    from domain.messages import MESSAGES

    if kind in MESSAGES or next(reader.events(type=kind, raw=False), None) is not None:
        return
    near = ", ".join(get_close_matches(kind, MESSAGES, 3))
    raise ConfigError(
        f"--type expected a type of the log, was {kind!r}; {f'near: {near}' if near else 'see log stats'}"
    )


def _symbol(text: str | None) -> str | None:
    if text is None:
        return None
    from cli.names import symbol_of

    return symbol_of(text)


def _moment(reader: "LogReader", text: str | None, option: str, clock: "Clock") -> int | None:
    from cli.log_text import moment

    if text is None:
        return None
    for record in reader.events(reverse=True, raw=False):
        at = record.venue_time if clock == "venue" else record.recorded_at
        if at is not None:
            return moment(text, option, at)
    return moment(text, option, None)


def _stats_lines(path: Path, found: "LogStats") -> list[str]:
    from domain.time import kst_full_text

    def span(first: int | None, last: int | None) -> str:
        return "-" if first is None or last is None else f"{kst_full_text(first)} to {kst_full_text(last)} KST"

    lines = [
        f"{path}  (log {found.log_id})",
        f"  events      {found.events:,} in {found.commits:,} commits",
        f"  quote rows  {found.quote_rows:,}, {found.quote_bytes:,} bytes",
        f"  on disk     {found.bytes:,} bytes",
        f"  recorded    {span(found.first_recorded_at, found.last_recorded_at)}",
        f"  venue       {span(found.first_venue_time, found.last_venue_time)}",
        "runs",
    ]
    for run in found.runs:
        end = "ended" if run.ended else "running or cut off"
        lines.append(
            f"  {run.run_id}  {run.first_seq:,} to {run.last_seq:,}  {span(run.started_at, run.last_at)}  {end}"
        )
    for heading, counts in (("types", found.by_type), ("streams", found.by_stream_kind)):
        width = max(map(len, counts), default=0)
        lines += [heading, *(f"  {name:<{width}}  {number:>12,}" for name, number in counts.items())]
    return lines
