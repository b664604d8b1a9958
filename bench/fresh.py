"""`python -m bench.fresh`: one piece of work in a process of its own, its times as JSON on the last line of stdout.

    recover LOG     the start of a trader on this log, up to the recovered kernel
    replay LOG      the replay alone, as the child of `hantrade log replay` does it; for profiles
"""

import time

BEGAN = time.monotonic()  # before anything else is imported

import argparse  # noqa: E402  # the imports are part of what is measured
import cProfile  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
import os  # noqa: E402
import pstats  # noqa: E402
import resource  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, TypeVar  # noqa: E402

T = TypeVar("T")

TOP = 25
TIMEOUT_S = 600


def main() -> None:
    """Do the work; print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("recover", "replay"))
    parser.add_argument("log", type=Path)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    work = recover_log if chosen.work == "recover" else replay_log
    if not chosen.profile:
        print(json.dumps(work(chosen.log)))
        return
    profile = cProfile.Profile()
    print(json.dumps(profile.runcall(work, chosen.log)))
    pstats.Stats(profile).sort_stats("tottime").print_stats(TOP)


def recover_log(path: Path) -> dict[str, Any]:
    """Fold a log as a starting trader does. Raises LogError."""
    from actors.recovery import recover
    from cli.compose import codec
    from persistence.reader import LogReader

    imported, cpu = time.monotonic(), time.process_time()
    with LogReader(path, codec()) as reader:
        kernel = recover(reader, reader.log_id)
    ended = time.monotonic()
    return {
        "events": kernel.last_seq,
        "benched": sorted(kernel.benched),
        "began": BEGAN,
        "imported": imported,
        "ended": ended,
        "cpu_s": time.process_time() - cpu,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def replay_log(path: Path) -> dict[str, Any]:
    """Replay a log in this process. Raises LogError."""
    from cli.replay import replay_here

    begin, cpu = time.monotonic(), time.process_time()
    report = replay_here(path)
    spent = {"seconds": time.monotonic() - begin, "cpu_s": time.process_time() - cpu}
    return {"events": report.events, "outputs": report.outputs, "identical": report.identical} | spent


def in_fresh(work: str, path: Path, *, profile: bool = False) -> dict[str, Any]:
    """Run a piece of work in a new process with another hash seed. Gives its figures and when it was started.

    With `profile` the child's table goes to stdout. Raises RuntimeError when the child fails.
    """
    command = [sys.executable, "-m", "bench.fresh", work, str(path), *(["--profile"] if profile else [])]
    started = time.monotonic()  # the same clock in every process of the machine
    text = run(command)
    first, _, rest = text.partition("\n")
    if profile:
        print(rest)
    found: dict[str, Any] = json.loads(first)
    return found | {"started": started}


def run(command: list[str]) -> str:
    """Run a child with another hash seed; give its stdout. Raises RuntimeError when it fails."""
    env = os.environ | {"PYTHONHASHSEED": str(time.monotonic_ns() % 2**32)}
    root = Path(__file__).parent.parent
    done = subprocess.run(
        command, env=env, cwd=root, stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=False, encoding="utf-8"
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {done.returncode}: {done.stdout}")
    return done.stdout


def apart(work: Callable[..., T], *args: Any) -> T:
    """Run a function of a module in a new process; give what it gives, raise what it raises."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as pool:
        return pool.submit(work, *args).result(TIMEOUT_S)


if __name__ == "__main__":
    main()
