"""`python -m bench`: measure beside peers, print a table, write bench/results.json.

The exit code is 0 also when an aim is missed: a slow machine is no fault. A lost order, a wrong count, a log that is
not whole or a replay that is not identical ends the run with an error.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from bench.outcome import Line, Size, say, show

RESULTS = Path(__file__).with_name("results.json")


class Group(NamedTuple):
    """Measurements that belong together, by the names of their functions: modules load when they are asked for."""

    module: str
    measure: str
    says: str


GROUPS = {
    "end-to-end": Group("run", "measure_rates", "broker process, gRPC, every role, log: quotes per second"),
    "tick-to-order": Group("run", "measure_times", "a quote leaves the broker, its durable order arrives back"),
    "halt": Group("halting", "measure", "a halt asked at the desk, in force at the broker, at 10,000 quotes a second"),
    "folding": Group("folding", "measure", "fold of a long log, start with and without a snapshot"),
    "replaying": Group("replaying", "measure", "`log replay` of a long log"),
    "inline": Group("inline", "measure", "the inline core on quotes, EMA cross"),
    "matching": Group("matching", "measure", "the matching core of the simulated exchange, alone"),
    "signals": Group("signals", "measure", "attention, indicators and a strategy's hook, beside pandas"),
    "risk": Group("risk", "measure", "a risk decision with 100 positions and 1,000 open orders, every check on"),
    "appends": Group("appends", "measure", "durable appends to the log"),
    "win-quotes": Group("win_quotes", "measure", "quotes through the Windows broker: control, Qt, gRPC, client"),
    "reports": Group("report_year", "measure", "a year's report over 100,000 trades, in a process of its own"),
    "day": Group("day", "measure", "a day of 2,700 symbols, compressed in time"),
}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and measure or profile."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    names = "; ".join(f"{name}: {group.says}" for name, group in GROUPS.items())
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="NAME", default=list(GROUPS), help=names)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--small", action="store_true", help="a little of everything: does it work, not how fast is it")
    sizes.add_argument("--full", action="store_true", help="more rounds, 5,200 orders, the whole day; about an hour")
    parser.add_argument("--out", type=Path, help="where the results go (default: bench/results.json)")
    parser.add_argument("--profile", action="store_true", help="where our time goes, instead of the comparison")
    chosen = parser.parse_args(arguments)
    size = Size.SMALL if chosen.small else Size.FULL if chosen.full else Size.USUAL
    begin = time.monotonic()
    if chosen.profile:
        for name in dict.fromkeys(GROUPS[name].module for name in chosen.only):
            print(f"\n== {name}", flush=True)
            _function(name, "profile")(size)
        return 0
    lines: list[Line] = []
    for name in chosen.only:
        say(f"== {name}: {GROUPS[name].says}")
        lines += _function(GROUPS[name].module, GROUPS[name].measure)(size)
    show(lines)
    out = chosen.out or RESULTS
    write(out, lines, keep_others=len(chosen.only) < len(GROUPS))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{time.monotonic() - begin:.0f} s; load average {load} on {os.cpu_count()} CPUs; written to {out}")
    return 0


def write(out: Path, lines: list[Line], *, keep_others: bool) -> None:
    """Write the results; a run of some groups keeps what an earlier one wrote of the others."""
    made = [row for line in lines for row in line.results()]
    names = {row["name"] for row in made}
    old: list[dict[str, Any]] = []
    if keep_others and out.exists():
        old = [row for row in json.loads(out.read_text(encoding="utf-8")) if row["name"] not in names]
    out.write_text(json.dumps(old + made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _function(module: str, name: str) -> Callable[[Size], Any]:
    found: Callable[[Size], Any] = getattr(import_module(f"bench.{module}"), name)
    return found


if __name__ == "__main__":
    sys.exit(main())
