"""`hantrade log export|archive|views`: the log for other tools, and for good."""

from collections.abc import Iterator
from dataclasses import asdict
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.home import newest_log
from cli.log import PathOption, _check_type, _explained, _moment, _symbol, reading
from cli.output import emit_json, krw, note
from domain.errors import ConfigError

if TYPE_CHECKING:
    from persistence.archive import Manifest
    from persistence.codec import MessageCodec
    from persistence.query import Clock, EventFilter
    from persistence.reader import LogReader
    from persistence.record import Record
    from persistence.tables import Columns, Format, Pages

DEMO = "demo-"  # how the names of logs begin that no trader goes on with

FormatOption = Annotated[
    str | None, typer.Option("--format", help="jsonl, csv or parquet; else by the ending of --out, else jsonl.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write; else stdout.")]
TypeOption = Annotated[list[str] | None, typer.Option("--type", help="Type of the message; repeat for several.")]
StreamOption = Annotated[str | None, typer.Option("--stream", help="Beginning of the stream, e.g. order/.")]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Code or Korean name; its orders come whole.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="From this time on (KST): 09:30, 2026-01-13T09:30.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this time (KST).")]
RecordedOption = Annotated[bool, typer.Option("--recorded", help="Times are the machine's, not the venue's.")]


def export(  # noqa: PLR0917 - one per option
    kind: FormatOption = None,
    out: OutOption = None,
    types: TypeOption = None,
    stream: StreamOption = None,
    symbol: SymbolOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    recorded: RecordedOption = False,
    quotes: Annotated[bool, typer.Option("--quotes", help="The quotes, decoded, one row each.")] = False,
    view: Annotated[str | None, typer.Option("--view", help="The rows of a view, see `log views`.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write events, quotes or a view as JSON lines, CSV or Parquet.

    Example: hantrade log export --format parquet --out fills.parquet --view fills
    """
    with reading(log, home) as reader:
        _check_combination(quotes, view, types, stream, (symbol, since, until))
        chosen = _format(kind, out)
        clock: Clock = "recorded" if recorded else "venue"
        wanted = _filter(reader, types, stream, symbol, since, until, clock)
        _write(_pages(reader, wanted, chosen, quotes, view), chosen, out, force)


def archive(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to make; else archive/NAME beside the log.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="DIR", help="Prove an archive instead of making one.")
    ] = None,
    restore: Annotated[
        Path | None, typer.Option("--restore", metavar="DIR", help="Make the log of an archive again, as --log FILE.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the log once its archive is proven equal.")] = False,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write a finished log as compressed Parquet files and prove them by reading them back. The log stays.

    Exit 1 when a trader writes the log, or when log or archive are not as they were written.

    Example: hantrade log archive --log .hantrade/logs/paper-20260113-085500.db
    """
    with _explained():
        if sum(bool(each) for each in (check, restore, out or remove)) > 1:
            raise ConfigError("--check, --restore and making an archive (--out, --remove) exclude each other")
        if check is not None:
            _check(check, as_json)
        elif restore is not None:
            _restore(restore, log, as_json)
        else:
            _archive(log or newest_log(home), out, remove, as_json)


def views(
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL, as temporary views: for logs written before there were any.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the views that a log holds for SQL tools, with their columns. Example: hantrade log views --sql"""
    from persistence import views as all_views

    columns = all_views.columns()
    if sql:
        typer.echo("\n\n".join(f"{statement};" for statement in all_views.creating(temporary=True)))
    elif as_json:
        emit_json({"name": v.name, "says": v.says, "columns": list(columns[v.name])} for v in all_views.VIEWS)
    else:
        for each in all_views.VIEWS:
            typer.echo(f"{each.name}: {each.says}\n    {', '.join(columns[each.name])}")


# ---- export ------------------------------------------------------------------------------------------------------


def _check_combination(
    quotes: bool, view: str | None, types: list[str] | None, stream: str | None, others: tuple[str | None, ...]
) -> None:
    from persistence.views import VIEWS

    if quotes and (types or stream or view):
        raise ConfigError("--quotes takes --symbol, --since and --until, not --type, --stream or --view")
    if view is not None and (types or stream or any(others)):
        raise ConfigError("--view gives all its rows: filter them where they are read")
    names = [each.name for each in VIEWS]
    if view is not None and view not in names:
        raise ConfigError(f"--view expected one of {', '.join(names)}, was {view!r}")


def _format(kind: str | None, out: Path | None) -> "Format":
    from persistence.tables import FORMATS

    if kind is None:
        ending = out.suffix.lstrip(".") if out is not None else ""
        return next((each for each in FORMATS if each == ending), "jsonl")
    for each in FORMATS:
        if each == kind:
            return each
    raise ConfigError(f"--format expected {', '.join(FORMATS)}, was {kind!r}")


def _filter(
    reader: "LogReader",
    types: list[str] | None,
    stream: str | None,
    symbol: str | None,
    since: str | None,
    until: str | None,
    clock: "Clock",
) -> "list[EventFilter]":
    """Give one filter per type: each goes by the index of the log."""
    from persistence.query import EventFilter

    for kind in types or ():
        _check_type(reader, kind)
    moments = (_moment(reader, since, "--since", clock), _moment(reader, until, "--until", clock))
    code = _symbol(symbol)
    return [EventFilter(kind, stream, *moments, clock, code) for kind in dict.fromkeys(types or (None,))]


def _pages(
    reader: "LogReader", wanted: "list[EventFilter]", kind: "Format", quotes: bool, view: str | None
) -> "tuple[Pages, Columns]":
    from persistence import export as exporting

    if view is not None:
        return exporting.view(reader, view)
    if quotes:
        return exporting.quotes(reader, wanted[0], _codec())

    def of(each: "EventFilter") -> "Iterator[Record]":
        return reader.events(
            type=each.type,
            stream_prefix=each.stream_prefix,
            since=each.since,
            until=each.until,
            clock=each.clock,
            symbol=each.symbol,
            raw=False,
        )

    return exporting.events(merge(*map(of, wanted), key=lambda record: record.seq), kind)


def _write(found: "tuple[Pages, Columns]", kind: "Format", out: Path | None, force: bool) -> None:
    import sys

    from persistence import tables

    pages, columns = found
    if out is None:
        rows = tables.text_writer(kind)(pages, columns, sys.stdout)
        if not rows:
            note("no rows fit")
        return
    first = next(iter(pages), [])  # what is wrong with the log shows before a file is made
    with tables.appearing(out, force=force) as part:
        rows = tables.write(chain([first], pages), columns, kind, part)
    note(f"{out}: {rows:,} rows, {out.stat().st_size:,} bytes{'' if rows else ' (no rows fit)'}")


# ---- archive -----------------------------------------------------------------------------------------------------


def _archive(path: Path, out: Path | None, remove: bool, as_json: bool) -> None:
    from hantrade import __version__
    from persistence import archive as archiving

    folder = out or path.parent / "archive" / path.stem
    if remove:
        _refuse_to_remove_the_last(path)
    manifest = archiving.archive(path, folder, _codec(), __version__)
    if remove:
        archiving.remove(path, folder, _codec())
    if as_json:
        emit_json([_object(folder, manifest) | {"removed": remove}])
        return
    left = manifest.log_bytes - manifest.bytes
    typer.echo(
        f"{folder}: {manifest.events:,} events, read back equal; head {manifest.head_hash}\n"
        f"  {krw(manifest.log_bytes)} bytes before, {krw(manifest.bytes)} after"
        f" ({manifest.bytes * 100 // max(1, manifest.log_bytes)} %, {krw(left)} fewer)"
    )
    for name, file in manifest.files.items():
        typer.echo(f"  {name:<16} {file.rows:>12,} rows {file.bytes:>14,} bytes")
    if manifest.undecoded:
        typer.echo(f"  {manifest.undecoded:,} quote batches are kept as bytes only: this version cannot decode them")
    typer.echo(f"  {path} {'is removed' if remove else 'stays'}")


def _refuse_to_remove_the_last(path: Path) -> None:
    """A trader goes on with its newest log: without it, it would start without halts, locks and open orders."""
    from domain.errors import HantradeError
    from persistence.files import read_log_file

    if path.name.startswith(DEMO):
        return
    own = read_log_file(path)
    for other in path.parent.glob("*.db"):
        try:
            follower = read_log_file(other)
            if follower.previous == (own.last_seq, own.head_hash) and follower.last_seq > 0:
                return  # an empty one is a roll that was cut off: only this log can complete it
        except HantradeError:
            continue  # it cannot be the proof
    raise ConfigError(
        f"--remove expected a log that another one follows, {path} is the newest of its chain:"
        " a trader goes on with its halts, holdings and open orders"
    )


def _check(folder: Path, as_json: bool) -> None:
    from persistence import archive as archiving

    report = archiving.check(folder, _codec())
    if as_json:
        emit_json([asdict(report) | {"archive": str(folder)}])
    elif report.ok:
        typer.echo(f"{folder}: {report.events:,} events, unbroken; head {report.head_hash}")
    else:
        typer.echo(f"{folder}: NOT as written; {report.problem} ({report.events:,} events before it are good)")
    if not report.ok:
        raise typer.Exit(Exit.REFUSED)


def _restore(folder: Path, log: Path | None, as_json: bool) -> None:
    from persistence import archive as archiving

    if log is None:
        raise ConfigError("--restore expected --log FILE, the log to make")
    report = archiving.restore(folder, log, _codec())
    if as_json:
        emit_json([asdict(report) | {"log_path": str(log)}])
    else:
        typer.echo(f"{log}: {report.events:,} events, as they were; head {report.head_hash}")


def _object(folder: Path, manifest: "Manifest") -> dict[str, Any]:
    return {"archive": str(folder), "bytes": manifest.bytes, **asdict(manifest)}


def _codec() -> "MessageCodec":
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec

    return MessageCodec(decode_batch)
