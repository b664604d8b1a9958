"""`hantrade broker record`: keep what a broker sends for later back-tests, as a client like any other."""

import signal
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.names import symbol_of
from cli.output import emit_json, note
from cli.protection import access_of
from cli.settings import load
from domain.errors import ConfigError


def record(
    source: Annotated[str, typer.Option("--from", help="Broker to record, HOST:PORT.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the files; one file a day and kind.")],
    symbols: Annotated[str, typer.Option("--symbols", help="Codes or names, comma separated; default: all.")] = "",
    depth: Annotated[
        bool, typer.Option("--depth/--no-depth", help="Order books too, where the broker has them.")
    ] = True,
    flush: Annotated[
        float, typer.Option("--flush", help="Seconds between writes: what a killed recorder loses.", min=0.1, max=3600)
    ] = 10.0,
    as_json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Record quotes and order books to Parquet until the broker's data ends or Ctrl-C. Connects again when it breaks.

    The folder can be given to --data of other commands, also while it is being recorded.
    Example: hantrade broker record --from 127.0.0.1:50051 --out recorded --symbols 005930
    """
    from broker.client import BrokerClient
    from broker_sim.record_session import Flusher
    from broker_sim.record_session import record as record_from
    from broker_sim.recorder import Recorder

    _check_endpoint(source)
    wanted = [symbol_of(text.strip()) for text in symbols.split(",") if text.strip()]
    if symbols and not wanted:
        raise ConfigError(f"--symbols: codes or names, comma separated, are expected, was {symbols!r}")
    access = access_of(home, load(home)[0], "broker")
    access.check(source)
    recorder = Recorder(out, source, flush, time.monotonic)
    stop = threading.Event()

    def leave(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would keep the parts from being put together
        stop.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with it ignored
    note(f"recording {source} to {out}; Ctrl-C ends it")
    flusher = Flusher(recorder, flush)
    try:
        record_from(
            lambda: _client(BrokerClient, source, access), recorder, wanted, depth=depth, wait=stop.wait, say=note
        )
    except KeyboardInterrupt:
        note("stopped")
    finally:
        flusher.close()
        recorder.close()
    told = recorder.summary
    files = [str(path) for path in told.files]
    if as_json:
        emit_json(
            [{"rows": told.rows, "books": told.books, "conflated": told.conflated, "gaps": told.gaps, "files": files}]
        )
        return
    print(f"{told.rows} rows, {told.books} order books; {told.conflated} rows conflated, {told.gaps} gaps")
    for path in files:
        print(path)


def _client(make: Any, endpoint: str, access: Any) -> Any:
    return make(endpoint, access=access)


def _check_endpoint(text: str) -> None:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdigit() and 0 < int(port) < 65_536):
        raise ConfigError(f"--from: HOST:PORT is expected, for example 127.0.0.1:50051, was {text!r}")
