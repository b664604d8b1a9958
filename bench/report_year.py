"""A year's report over 100,000 trades: a process of its own, from its start to the report, its imports included.

`python -m bench.report_year FOLDER` is that process; its times are JSON on the last line of stdout.
"""

import time

BEGAN = time.monotonic()  # before anything else is imported

import argparse  # noqa: E402  # the imports are part of what is measured
import cProfile  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import pstats  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from datetime import date  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

AIM_S = 5.0
TRADES = 100_000
TOP = 40


def report(folder: Path) -> dict[str, Any]:
    """Build the report and tell what is in it, with seconds of the process so far and of its CPU."""
    from broker.translate.quotes import decode_batch
    from persistence.codec import MessageCodec
    from reports.assembly import build_report

    codec = MessageCodec(decode_batch, joins=True)
    made = build_report(sorted(folder.glob("*.db")), codec, "year", date(2026, 7, 1))
    return {
        "trades": made.summary.trades,
        "orders": made.execution.orders,
        "reactions": made.execution.reactions,
        "realized_krw": made.summary.realized_pnl_krw,
        "days": len(made.days),
        "seconds": time.monotonic() - BEGAN,
        "cpu_s": cpu_s(),
    }


def cpu_s() -> float:
    """Give seconds of CPU of this process and of those it started and waited for; on Windows of this one alone."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def measure(size: Any) -> list[Any]:
    """Time the report in fresh processes; medians. Raises RuntimeError when it does not hold every trade."""
    from bench.fresh import run
    from bench.made_year import made_year
    from bench.outcome import Line, Size, say

    trades = TRADES // 50 if size is Size.SMALL else TRADES
    rounds = {Size.SMALL: 1, Size.USUAL: 3, Size.FULL: 5}[size]
    folder = made_year(trades)
    found = []
    for _ in range(rounds):
        one = json.loads(run([sys.executable, "-m", "bench.report_year", str(folder)]).splitlines()[-1])
        say(f"report of {one['trades']:,} trades in {one['seconds']:.2f} s (CPU {one['cpu_s']:.2f} s)")
        check(one, trades)
        found.append(one)
    name = f"a year's report, {trades:,} trades"
    return [
        Line(f"{name}: process start to report", "s", _median(found, "seconds"), AIM_S, lower=True, digits=3),
        Line(f"{name}: CPU", "s", _median(found, "cpu_s"), lower=True, digits=3),
    ]


def check(found: dict[str, Any], trades: int) -> None:
    """Raise RuntimeError when trades, their orders or their measured reactions are not all in the report."""
    expected = {"trades": trades, "orders": 2 * trades, "reactions": 2 * trades}
    if any(found[key] != value for key, value in expected.items()):
        raise RuntimeError(f"the report expected {expected}, was {found}")


def _median(found: list[dict[str, Any]], key: str) -> float:
    return float(statistics.median(one[key] for one in found))


def profile(size: Any) -> None:
    """Print where the time goes."""
    from bench.made_year import made_year
    from bench.outcome import Size

    folder = made_year(TRADES // 50 if size is Size.SMALL else TRADES)
    profiled = cProfile.Profile()
    profiled.runcall(report, folder)
    pstats.Stats(profiled).sort_stats("tottime").print_stats(TOP)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    print(json.dumps(report(parser.parse_args().folder)))
