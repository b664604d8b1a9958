"""The fold: events a second into fresh roles, and how long a trader takes to start on a long log."""

import statistics
from dataclasses import replace
from typing import Any

from bench.fresh import in_fresh
from bench.made_log import FULL, LIVE, Mix, made_log
from bench.outcome import Line, Size, say

AIM_EVENTS, AIM_START_S = 250_000, 5.0


def sized(mix: Mix, size: Size) -> Mix:
    """Give a mix, a fiftieth of it for a look whether everything works."""
    return replace(mix, events=mix.events // 50) if size is Size.SMALL else mix


def measure(size: Size) -> list[Line]:
    """Fold both mixes in fresh processes, rounds in turns. Raises RuntimeError when a fold is not of the whole log."""
    mixes = [sized(mix, size) for mix in (LIVE, FULL)]
    logs = [made_log(mix) for mix in mixes]
    rounds: dict[str, list[dict[str, Any]]] = {mix.name: [] for mix in mixes}
    for number in range(1 if size is Size.SMALL else 3):
        for mix, log in zip(mixes, logs, strict=True):
            found = in_fresh("recover", log)
            if found["benched"] or found["events"] < mix.events:
                raise RuntimeError(f"the fold of {log} went wrong: {found}")
            rounds[mix.name].append(found)
            say(_told(f"fold, {mix.name}, round {number + 1}", found))
    return [line for mix in mixes for line in _lines(mix, rounds[mix.name])]


def _lines(mix: Mix, found: list[dict[str, Any]]) -> list[Line]:
    rate = statistics.median(one["events"] / (one["ended"] - one["imported"]) for one in found)
    cpu = statistics.median(one["events"] / one["cpu_s"] for one in found)
    whole = statistics.median(one["ended"] - one["started"] for one in found)
    recover = statistics.median(one["ended"] - one["imported"] for one in found)
    is_main = mix.name == LIVE.name
    lines = [
        Line(f"fold, {mix.name}", "events/s", rate, AIM_EVENTS if is_main else None),
        Line(f"fold, {mix.name}, per CPU second", "events/s", cpu),
    ]
    if is_main:
        name = f"start on {mix.events:,} events without a snapshot"
        lines.append(Line(f"{name}: process start to kernel", "s", whole, AIM_START_S, lower=True, digits=3))
        lines.append(Line(f"{name}: without the imports", "s", recover, AIM_START_S, lower=True, digits=3))
    return lines


def _told(what: str, one: dict[str, Any]) -> str:
    return (
        f"{what}: {one['events']:,} events in {one['ended'] - one['imported']:.2f} s (CPU {one['cpu_s']:.2f} s),"
        f" imports {one['imported'] - one['started']:.2f} s, {one['rss_mb']:.0f} MB"
    )


def profile(size: Size) -> None:
    """Print where the time of a fold goes."""
    for mix in (LIVE, FULL):
        found = in_fresh("recover", made_log(sized(replace(mix, events=mix.events // 5), size)), profile=True)
        say(f"{mix.name}: {found['cpu_s'] * 1e6 / found['events']:.2f} µs of CPU per event under the profiler")
