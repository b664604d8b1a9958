"""`hantrade log replay`: decide again and compare, show the states behind an event, ask what other settings decide."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption, LogOption
from cli.home import newest_log
from cli.output import emit_json, krw
from cli.replay_pair import Beside, Channel, fold_beside
from domain.errors import ConfigError

if TYPE_CHECKING:
    from actors.core.replay import Entry, ReplayReport
    from domain.messages import Message
    from persistence.codec import MessageCodec, UnknownEvent
    from persistence.reader import LogReader
    from persistence.record import Record

CHILD = "HANTRADE_REPLAY_CHILD"  # set in the process that replays: its socket to the one that folds, -1 for none
ONE_PROCESS = (
    "not so in one process, event by event: it lies in the hash seed, in what reading a message back makes of it,"
    " or in folding uneventful quotes together"
)

UntilOption = Annotated[
    int | None, typer.Option("--until", metavar="SEQ", help="Print every role's state behind this event.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--with-config", metavar="FILE", help="Ask what these settings (as in hantrade.toml) would decide."),
]


def replay(
    until: UntilOption = None,
    with_config: ConfigOption = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Feed the recorded inputs to fresh roles and compare every output with the recorded one. Exit 1 if not identical.

    Example: hantrade log replay --log .hantrade/logs/demo-20261123-101500.db

    `--until SEQ` prints every role's state behind that event. `--with-config FILE` prints the decisions that other
    settings would have made; only the keys in FILE are changed.
    """
    path = log or newest_log(home)
    if not path.exists():
        raise ConfigError(f"--log: {path} does not exist")
    if until is not None and with_config is not None:
        raise ConfigError("--until and --with-config answer two questions: use one of them")
    if with_config is not None:
        from cli.what_if import what_if

        with reading(path) as (reader, codec):
            what_if(reader, codec, with_config, json)
        return
    if CHILD not in os.environ:
        if until is not None:
            with reading(path) as (reader, _):
                _check_until(until, reader.last_seq())
        raise typer.Exit(replay_process(path, json, until=until))
    with _beside(int(os.environ[CHILD])) as beside:
        report = _up_to(replay_here(path, until, beside), until)
    if until is not None:
        _print_states(path, until, json)
    if json:
        from cli.replay_text import answer

        emit_json([answer(report, writers(path, until))])
    else:
        _print(path, report, until)
    raise typer.Exit(Exit.DONE if report.identical else Exit.REFUSED)


def replay_here(path: Path, until: int | None = None, beside: Beside | None = None) -> "ReplayReport":
    """Replay in this process, to the end or to the end of what the input before `until` led to.

    The states are compared with a fold of the log: of the process `beside` this one, which has another hash seed, else
    of this one. Raises LogError.
    """
    from actors.core.replay import first_drift, undecoded
    from actors.core.replay import replay as run_replay
    from actors.roster import make_roles

    with reading(path) as (reader, codec):

        def entries() -> "Iterator[Entry]":
            return undecoded(reader.events(), _decoder(reader))

        report = run_replay(entries(), make_roles, codec, reader.log_id, until, fold=beside is None)
        if beside is not None and report.left is not None:
            report = report.compared(beside.fold_of(report.left))
        if not report.states or report.difference is None:
            return report
        seq = first_drift(entries, make_roles, codec, reader.log_id, report)
        where = f"they part first at input {seq}" if seq else ONE_PROCESS
        difference = replace(report.difference, text=f"{report.difference.text}; {where}")
        return replace(report, first_difference_seq=seq or report.first_difference_seq, difference=difference)


def _decoder(reader: "LogReader") -> "Callable[[Record], Message | UnknownEvent]":
    """Give what makes messages of records; states carried from another log come as this version can load them."""
    from actors.recovery import carried
    from domain.messages.run import StateCarried

    decode, special = reader.decode, StateCarried.__name__

    def decoded(record: "Record") -> "Message | UnknownEvent":
        message = decode(record)
        if record.type == special and isinstance(message, StateCarried):
            return carried(message, reader)
        return message

    return decoded


def replay_process(path: Path, as_json: bool, output: Any = None, until: int | None = None) -> int:
    """Replay in a fresh process with another hash seed, fold the log meanwhile in this one; give its exit code."""
    seed = str(random.SystemRandom().randrange(1, 2**32 - 1))
    command = [sys.executable, "-m", "cli.main", "log", "replay", "--log", str(path.resolve())]
    command += ["--json"] * as_json + ([] if until is None else ["--until", str(until)])
    mine, its = socket.socketpair()
    with Channel(mine) as channel:
        with its:
            env = os.environ | {CHILD: str(its.fileno()), "PYTHONHASHSEED": seed}
            fds = (its.fileno(),)
            child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, pass_fds=fds)
        with child:
            fold_beside(path, channel, until)
            return child.wait()


@contextmanager
def _beside(fd: int) -> "Iterator[Beside | None]":
    """Give the process that folds, None when this one is alone."""
    if fd < 0:
        yield None
        return
    with Channel(socket.socket(fileno=fd)) as channel:
        yield Beside(channel)


@contextmanager
def reading(path: Path) -> "Iterator[tuple[LogReader, MessageCodec]]":
    """Open a log and the codec of its quotes."""
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec
    from persistence.reader import LogReader

    codec = MessageCodec(decode_batch)
    with LogReader(path, codec) as reader:
        yield reader, codec


def _check_until(until: int, last: int) -> None:
    if not 1 <= until <= last:
        raise ConfigError(f"--until expected 1 to {last}, was {until}")


def _up_to(report: "ReplayReport", until: int | None) -> "ReplayReport":
    """Leave out a difference behind the event that was asked for; its input was followed to the end."""
    if until is None or report.difference is None or report.difference.seq <= until or report.states:
        return report
    outputs = report.outputs - (report.difference.recorded is not None)
    return replace(report, outputs=outputs, identical=outputs > 0, first_difference_seq=None, difference=None)


def _print_states(path: Path, until: int, as_json: bool) -> None:
    """Print the state of every role as the fold of the log gives it."""
    from actors.core.kernel import Kernel
    from actors.core.state import dump
    from actors.recovery import fold
    from actors.roster import make_roles
    from cli.replay_text import state_lines, state_object, states_title

    with reading(path) as (reader, _):
        kernel = Kernel(make_roles(), reader.log_id)
        fold(kernel, reader, until)
        states = {role.NAME: dump(role) for role in kernel.roles}
        if as_json:
            emit_json(state_object(name, saved, until) for name, saved in states.items())
            return
        record = reader.record(until)
        if record is not None:
            print(states_title(record), end="\n\n")
        for name, saved in states.items():
            benched = kernel.benched.get(name)
            print("\n".join(state_lines(name, saved, f"left out since it failed: {benched}" if benched else "")))


def _print(path: Path, report: "ReplayReport", until: int | None) -> None:
    from cli.replay_text import difference_lines, versions_text

    versions = versions_text(writers(path, until))
    where = f"{path}" if until is None else f"{path} up to {until:,}"
    if report.identical:
        events = f"of {krw(report.events)} events in {where}"
        print(f"identical: {krw(report.outputs)} outputs and every role's state came out the same, {events}{versions}")
    elif report.difference is None:
        print(f"not identical: {where} holds no outputs to compare")
    else:
        if versions:
            print(f"{path}{versions}: what differs may be a change of the code, no wrong log or role")
        print(f"not identical: the first difference is at sequence {krw(report.first_difference_seq)}")
        print("\n".join(difference_lines(report)))


def writers(path: Path, until: int | None = None) -> list[str]:
    """Give the versions of hantrade that wrote a log, in their order: another one may decide otherwise."""
    from domain.messages.run import RunStarted

    with reading(path) as (reader, _):
        runs = [message for _, message in reader.messages(to_seq=until, type=RunStarted.__name__)]
    return list(dict.fromkeys(message.version for message in runs if isinstance(message, RunStarted)))
