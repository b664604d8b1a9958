"""`make soak-win`: a trading week of the Windows broker in compressed time (chaos/win_week.py).

One JSON object is the last line; the exit code is 1 when an order is lost or doubled, a won of amounts is missing, or
something did not come about in time. What stays in doubt is counted: it is not at the venue, and nothing proves that.
"""

import argparse
import json
import logging
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil

from chaos.win_week import Wanted, soak


def size_of(pid: int) -> float:
    """Give the resident memory of a process in MB."""
    return float(psutil.Process(pid).memory_info().rss / 1_048_576)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="make soak-win", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=5, help="trading days (5)")
    parser.add_argument("--speed", type=float, default=300.0, help="venue seconds per second (300), 900 at most")
    parser.add_argument("--hangs", type=int, default=20, help="hangs of hosts, all days together (20)")
    parser.add_argument("--calm", type=float, default=300.0, help="seconds in which memory is measured (300)")
    parser.add_argument("--seed", type=int, default=1, help="of orders and hangs (1)")
    parser.add_argument("--keep", type=Path, default=None, help="an empty folder for journals and logs; default: none")
    chosen = parser.parse_args(arguments)
    wanted = Wanted(chosen.days, chosen.speed, chosen.hangs, chosen.calm, chosen.seed, size_of=size_of)
    with ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-win-")))
        folder.mkdir(parents=True, exist_ok=True)
        form = "%(asctime)s %(name)s: %(message)s"
        logging.basicConfig(filename=folder / "soak.log", level=logging.INFO, format=form)
        found = soak(wanted, folder)
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
