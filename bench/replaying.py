"""`hantrade log replay` on a long log: every role decides again in a fresh process, every output is compared."""

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.folding import sized
from bench.fresh import in_fresh, run
from bench.made_log import FULL, LIVE, made_log
from bench.outcome import Line, Size, children_cpu_s, say

AIM_EVENTS = 60_000


def measure(size: Size) -> list[Line]:
    """Run the command as a person does, imports included. Raises RuntimeError when a replay is not identical."""
    mixes = [sized(mix, size) for mix in (LIVE, FULL)]
    logs = [made_log(mix) for mix in mixes]
    rates: dict[str, list[float]] = {mix.name: [] for mix in mixes}
    for number in range(3 if size is Size.FULL else 1):
        for mix, log in zip(mixes, logs, strict=True):
            events, seconds, cpu = command(log)
            rates[mix.name].append(events / seconds)
            say(f"replay, {mix.name}, round {number + 1}: {events:,} events in {seconds:.2f} s (CPU {cpu:.2f} s)")
    aims = {LIVE.name: AIM_EVENTS}
    return [
        Line(f"log replay, {name}", "events/s", statistics.median(found), aims.get(name))
        for name, found in rates.items()
    ]


def command(log: Path) -> tuple[int, float, float]:
    """Give events, wall seconds and CPU seconds of one replay."""
    begin, cpu = time.monotonic(), children_cpu_s()
    text = run([sys.executable, "-m", "cli.main", "log", "replay", "--json", "--log", str(log)])
    seconds, spent = time.monotonic() - begin, children_cpu_s() - cpu
    found = json.loads(text.splitlines()[-1])
    if not found["identical"] or not found["outputs"]:
        raise RuntimeError(f"the replay of {log} went wrong: {found}")
    return int(found["events"]), seconds, spent


def profile(size: Size) -> None:
    """Print where the time of a replay goes."""
    for mix in (LIVE, FULL):
        found = in_fresh("replay", made_log(sized(replace(mix, events=mix.events // 5), size)), profile=True)
        say(f"{mix.name}: {found['cpu_s'] * 1e6 / found['events']:.2f} µs of CPU per event under the profiler")
