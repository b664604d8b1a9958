"""`python -m bench.fresh`: one piece of work in a process of its own, its times as JSON on the last line of stdout.

recover LOG     the start of a trader on this log without a snapshot, up to the recovered kernel
quick LOG       the same with the snapshot beside the log
snap LOG        write the snapshot beside the log, --behind events before its end
replay LOG      the replay alone, as the child of `hantrade log replay` does it; for profiles
"""

import time

BEGAN = time.monotonic()  # before anything else is imported

import argparse  # noqa: E402  # the imports are part of what is measured
import cProfile  # noqa: E402
import hashlib  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
import os  # noqa: E402
import pstats  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, TypeVar  # noqa: E402

import psutil  # noqa: E402

T = TypeVar("T")

TOP = 25
TIMEOUT_S = 600


def main() -> None:
    """Do the work; print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("snap", *WORKS))
    parser.add_argument("log", type=Path)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--behind", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.work == "snap":
        print(json.dumps(snap(chosen.log, chosen.behind)))
        return
    work = WORKS[chosen.work]
    if not chosen.profile:
        print(json.dumps(work(chosen.log)))
        return
    profile = cProfile.Profile()
    print(json.dumps(profile.runcall(work, chosen.log)))
    pstats.Stats(profile).sort_stats("tottime").print_stats(TOP)


def recover_log(path: Path, *, quickly: bool = False) -> dict[str, Any]:
    """Recover a log as a starting trader does. Raises LogError, and RuntimeError when a snapshot was not used."""
    import cli.compose  # all that a trader imports
    from actors.recovery import recover_fully, recover_quickly
    from persistence.reader import LogReader

    imported, cpu = time.monotonic(), time.process_time()
    with LogReader(path, cli.compose.codec()) as reader:
        found = recover_quickly(reader) if quickly else recover_fully(reader)
    ended, spent = time.monotonic(), time.process_time() - cpu
    if quickly and not found.began_at:
        raise RuntimeError(f"the snapshot of {path} was not used: {found.problem or 'there is none'}")
    return {
        "events": found.kernel.last_seq,
        "folded": found.kernel.last_seq - found.began_at,
        "benched": sorted(found.kernel.benched),
        "state": state_digest(found.kernel),
        "began": BEGAN,
        "imported": imported,
        "ended": ended,
        "cpu_s": spent,
        "rss_mb": psutil.Process().memory_info().rss / 1e6,
    }


def recover_quickly(path: Path) -> dict[str, Any]:
    """Recover from the snapshot and what came after it."""
    return recover_log(path, quickly=True)


def snap(path: Path, behind: int) -> dict[str, Any]:
    """Write a snapshot of the fold up to the commit of the event that is so many before the end."""
    from actors.core.kernel import Kernel
    from actors.recovery import fold, snapshot_of
    from actors.roster import make_roles
    from cli.compose import codec
    from persistence import snapshots
    from persistence.reader import LogReader

    with LogReader(path, codec()) as reader:
        commit = snapshots.commit_at(reader, max(1, reader.last_seq() - behind))
        if commit is None:
            raise RuntimeError(f"{path} is empty")
        kernel = Kernel(make_roles(), reader.log_id)
        fold(kernel, reader, commit.last_seq)
        begin = time.monotonic()
        data = snapshots.pack(snapshot_of(kernel, commit.hash))
        snapshots.write(path, data)
        return {"at": commit.last_seq, "bytes": len(data), "seconds": time.monotonic() - begin}


def state_digest(kernel: Any) -> str:
    """Give a hash that two kernels share exactly when their states are equal."""
    from actors.core.state import canonical

    state = kernel.dump()
    digest = hashlib.sha256(repr((state.last_seq, state.benched, state.told)).encode())
    for name, role in state.roles.items():
        digest.update(name.encode() + canonical(role))
    return digest.hexdigest()


def replay_log(path: Path) -> dict[str, Any]:
    """Replay a log in this process. Raises LogError."""
    from cli.replay import replay_here

    begin, cpu = time.monotonic(), time.process_time()
    report = replay_here(path)
    spent = {"seconds": time.monotonic() - begin, "cpu_s": time.process_time() - cpu}
    return {"events": report.events, "outputs": report.outputs, "identical": report.identical} | spent


def in_fresh(work: str, path: Path, *options: str, profile: bool = False) -> dict[str, Any]:
    """Run a piece of work in a new process with another hash seed. Gives its figures and when it was started.

    With `profile` the child's table goes to stdout. Raises RuntimeError when the child fails.
    """
    command = [sys.executable, "-m", "bench.fresh", work, str(path), *options, *(["--profile"] if profile else [])]
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


def apart(work: Callable[..., T], *args: Any, timeout_s: float = TIMEOUT_S) -> T:
    """Run a function of a module in a new process; give what it gives, raise what it raises."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as pool:
        return pool.submit(work, *args).result(timeout_s)


WORKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "recover": recover_log,
    "quick": recover_quickly,
    "replay": replay_log,
}

if __name__ == "__main__":
    main()
