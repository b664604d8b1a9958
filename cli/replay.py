"""`hantrade log replay`: a fresh process with another hash seed decides again and compares."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption, LogOption
from cli.home import newest_log
from cli.output import emit_json, krw
from domain.errors import ConfigError

CHILD = "HANTRADE_REPLAY_CHILD"


def replay(
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Feed the recorded inputs to fresh roles and compare every output with the recorded one. Exit 1 if not identical.

    Example: hantrade log replay --log .hantrade/logs/demo-20261123-101500.db
    """
    path = log or newest_log(home)
    if not path.exists():
        raise ConfigError(f"--log: {path} does not exist")
    if CHILD not in os.environ:
        raise typer.Exit(replay_process(path, json))
    report = replay_here(path)
    answer = {
        "events": report.events,
        "outputs": report.outputs,
        "identical": report.identical,
        "first_difference_seq": report.first_difference_seq,
    }
    if json:
        emit_json([answer])
    elif report.identical:
        print(f"identical: {krw(report.outputs)} outputs came out the same, of {krw(report.events)} events in {path}")
    elif report.outputs == 0:
        print(f"not identical: {path} holds no outputs to compare")
    else:
        print(f"not identical: the first difference is at sequence {report.first_difference_seq}")
        print(f"  recorded: {report.recorded or '(nothing)'}\n  replayed: {report.replayed or '(nothing)'}")
    raise typer.Exit(Exit.DONE if report.identical else Exit.REFUSED)


def replay_here(path: Path) -> Any:
    """Replay in this process. Raises LogError."""
    from actors.core.replay import replay as run_replay
    from actors.recovery import start_roles
    from actors.roster import make_roles
    from cli.compose import codec
    from persistence.reader import LogReader

    decoder = codec()
    reader = LogReader(path, decoder)
    return run_replay(reader.messages(), lambda: start_roles(make_roles()), decoder, reader.log_id)


def replay_process(path: Path, as_json: bool, output: Any = None) -> int:
    """Replay in a fresh process with another hash seed; give its exit code."""
    seed = str(random.SystemRandom().randrange(1, 2**32 - 1))
    env = os.environ | {CHILD: "1", "PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "cli.main", "log", "replay", "--log", str(path.resolve())]
    done = subprocess.run([*command, "--json"] if as_json else command, env=env, stdout=output, check=False)
    return done.returncode
