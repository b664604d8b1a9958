"""`python -m bench`: measure beside peers, print a table, write bench/results.json."""

import argparse
import json
import pstats
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.quotes import Job
from bench.run import OURS, SMALL, Measured, Plan, one, results, run

RESULTS = Path(__file__).with_name("results.json")
PROFILED_QUOTES = 100_000
TOP = 25


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and measure or profile."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few thousand quotes: does it work, not how fast is it")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the results go (default: bench/results.json)")
    parser.add_argument("--profile", action="store_true", help="where our time goes, instead of the comparison")
    chosen = parser.parse_args(arguments)
    if chosen.profile:
        return profile()
    begin = time.monotonic()
    done = run(SMALL if chosen.small else Plan(), _say)
    rows = results(done)
    chosen.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show(rows, done)
    print(f"{time.monotonic() - begin:.0f} s; written to {chosen.out}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(rows: list[dict[str, Any]], done: Measured) -> None:
    """Print one line per measurement, the peers side by side."""
    peers = list(dict.fromkeys(row["peer_name"] for row in rows))
    table = Table("", "unit", OURS.name, title="ratios above 1 are better for us")
    for peer in peers:
        table.add_column(peer, justify="right")
        table.add_column("ratio", justify="right")
    for name in dict.fromkeys(row["name"] for row in rows):
        pairs = {row["peer_name"]: row for row in rows if row["name"] == name}
        cells = [cell for peer in peers for cell in (_number(pairs[peer]["peer"]), f"{pairs[peer]['ratio']:.2f}")]
        first = pairs[peers[0]]
        table.add_row(name, first["unit"], _number(first["ours"]), *cells)
    Console(width=max(140, Console().width)).print(table)
    for (name, rate), report in done.paced.items():
        print(f"{name} at {rate:,} quotes/s: {len(report.from_sent)} orders for {report.asked} asked")


def _number(value: float) -> str:
    return f"{value:,.2f}" if value < 1_000 else f"{value:,.0f}"


def profile() -> int:
    """Print our CPU time per quote by stage and the core's cProfile, at one order per 1,000 and per 100 quotes."""
    for every in (1_000, 100):
        _, taken = one(Measured(), OURS, Job(PROFILED_QUOTES, every, 0, True, "", stages=True))
        print(f"\none order per {every:,} quotes: {taken.rate:,.0f} quotes/s; µs per quote by stage")
        for name, seconds in taken.stages.items():
            print(f"{seconds * 1e6 / PROFILED_QUOTES:8.2f}  {name}")
        with tempfile.NamedTemporaryFile(suffix=".prof") as file:
            one(Measured(), OURS, Job(PROFILED_QUOTES, every, 0, True, "", profile=file.name))
            pstats.Stats(file.name).sort_stats("tottime").print_stats(TOP)
    return 0


if __name__ == "__main__":
    sys.exit(main())
