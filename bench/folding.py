"""The fold: events a second into fresh roles, and how long a trader takes to start on a long log."""

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.fresh import in_fresh
from bench.made_log import FULL, LIVE, Mix, made_log
from bench.outcome import Line, Size, say

AIM_EVENTS, AIM_START_S, AIM_QUICK_S = 250_000, 5.0, 1.0
BEHIND = 50_000  # events a snapshot may be behind after a crash, see actors/shadow.py; none after an orderly stop

Found = dict[str, Any]


def sized(mix: Mix, size: Size) -> Mix:
    """Give a mix, a fiftieth of it for a look whether everything works."""
    return replace(mix, events=mix.events // 50) if size is Size.SMALL else mix


def measure(size: Size) -> list[Line]:
    """Fold both mixes in fresh processes, then start from snapshots; medians.

    Raises RuntimeError when a fold is not of the whole log, or when a snapshot leads to another state than the fold.
    """
    rounds = {Size.SMALL: 1, Size.USUAL: 2, Size.FULL: 5}[size]
    lines: list[Line] = []
    for mix in (sized(LIVE, size), sized(FULL, size)):
        log = made_log(mix)
        folds = [_recover("recover", f"fold, {mix.name}", log, mix.events) for _ in range(rounds)]
        rate = statistics.median(one["events"] / _seconds(one) for one in folds)
        cpu = statistics.median(one["events"] / one["cpu_s"] for one in folds)
        is_main = mix.name == LIVE.name
        lines.append(Line(f"fold, {mix.name}", "events/s", rate, AIM_EVENTS if is_main else None))
        lines.append(Line(f"fold, {mix.name}, per CPU second", "events/s", cpu))
        if is_main:
            lines += _starts(f"start on {mix.events:,} events, no snapshot", folds, AIM_START_S)
            for behind, what in ((0, "snapshot at its end"), (min(BEHIND, mix.events // 2), "snapshot {} behind")):
                name = f"start on {mix.events:,} events, {what.format(f'{behind:,}')}"
                made = in_fresh("snap", log, "--behind", str(behind))
                say(f"snapshot of {made['bytes']:,} B made in {made['seconds']:.2f} s at event {made['at']:,}")
                quick = [_recover("quick", name, log, mix.events) for _ in range(rounds)]
                check(name, folds, quick)
                lines += _starts(name, quick, AIM_QUICK_S)
    return lines


def check(name: str, folds: list[Found], quick: list[Found]) -> None:
    """Raise RuntimeError when a start from a snapshot came to another state than the fold."""
    if {one["state"] for one in (*folds, *quick)} != {folds[0]["state"]}:
        raise RuntimeError(f"{name}: the snapshot leads to another state than the fold")


def _recover(work: str, name: str, log: Path, events: int) -> Found:
    found = in_fresh(work, log)
    say(
        f"{name}: {found['folded']:,} of {found['events']:,} events folded in {_seconds(found):.2f} s"
        f" (CPU {found['cpu_s']:.2f} s), imports {found['imported'] - found['started']:.2f} s,"
        f" {found['rss_mb']:.0f} MB"
    )
    if found["benched"] or found["events"] < events:
        raise RuntimeError(f"the fold of {log} went wrong: {found}")
    return found


def _seconds(found: Found) -> float:
    return float(found["ended"] - found["imported"])


def _starts(name: str, found: list[Found], aim: float) -> list[Line]:
    """Give the time from the start of the process to its recovered kernel, with and without the imports."""
    whole = statistics.median(one["ended"] - one["started"] for one in found)
    bare = statistics.median(_seconds(one) for one in found)
    return [
        Line(f"{name}: process start to kernel", "s", whole, aim, lower=True, digits=3),
        Line(f"{name}: without the imports", "s", bare, aim, lower=True, digits=3),
    ]


def profile(size: Size) -> None:
    """Print where the time of a fold goes."""
    for mix in (LIVE, FULL):
        found = in_fresh("recover", made_log(sized(replace(mix, events=mix.events // 5), size)), profile=True)
        say(f"{mix.name}: {found['cpu_s'] * 1e6 / found['events']:.2f} µs of CPU per event under the profiler")
