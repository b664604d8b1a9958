"""Run a stand-in by hand: `python -m trends.stand_in --series FILE --port N`, until Ctrl-C."""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from domain.errors import DataError
from trends.stand_in.google import GoogleStandIn
from trends.stand_in.naver import KEYS, Limits, NaverStandIn, kst_now
from trends.stand_in.naver_refusals import HUB, LEGACY
from trends.stand_in.series import Volumes, moved, read_volumes


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; gives the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        series = read_volumes(chosen.series, chosen.word)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    if not chosen.as_recorded:
        series = moved(series, kst_now().date() - timedelta(days=1))
    try:
        with _stand_in(chosen, series) as stand_in:
            sys.stdout.write(directions(stand_in, series))
            sys.stdout.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except OSError as error:
        print(f"--port expected one that is free, was {chosen.port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def directions(stand_in: NaverStandIn | GoogleStandIn, series: Mapping[str, Volumes]) -> str:
    """Say where it listens, what it knows, and how to point hantrade at it."""
    newest = max(day for volumes in series.values() for day in volumes)
    words = ", ".join(list(series)[:5]) + (" ..." if len(series) > 5 else "")
    lines = [f"{len(series)} words up to {newest}: {words}"]
    if isinstance(stand_in, GoogleStandIn):
        lines += [f"Google Trends on {stand_in.url}", f'[trends]\ngoogle_url = "{stand_in.url}"']
        return "\n".join(lines) + "\n"
    lines += [f"Naver's search trend, both hosts, on {stand_in.url}", f'[trends]\nbase_url = "{stand_in.url}"']
    for host in (HUB, LEGACY):
        [(key_id, secret)] = KEYS[host].items()
        lines.append(f"host = {host}: HANTRADE_NAVER_CLIENT_ID={key_id} HANTRADE_NAVER_CLIENT_SECRET={secret}")
    return "\n".join(lines) + "\n"


def _stand_in(chosen: argparse.Namespace, series: Mapping[str, Volumes]) -> NaverStandIn | GoogleStandIn:
    if chosen.source == "google":
        return GoogleStandIn(series, port=chosen.port)
    stand_in = NaverStandIn(series, limits=Limits(chosen.quota, a_second=chosen.a_second), port=chosen.port)
    stand_in.late_days = chosen.late_days
    stand_in.drops_zeros = chosen.drops_zeros
    return stand_in


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trends.stand_in", description=__doc__)
    parser.add_argument("--source", choices=("naver", "google"), default="naver", help="whom to stand in for")
    parser.add_argument("--series", type=Path, required=True, metavar="FILE", help="CSV: keyword, period, ratio")
    parser.add_argument("--word", default="", help="the keyword of a file without that column")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--as-recorded", action="store_true", help="do not move the series so that it ends yesterday")
    parser.add_argument("--quota", type=int, default=1_000, help="Naver: calls a day")
    parser.add_argument("--a-second", type=int, default=None, help="Naver: calls a second; without it, any")
    parser.add_argument("--late-days", type=int, default=0, help="Naver: newest days that are absent")
    parser.add_argument("--drops-zeros", action="store_true", help="Naver: buckets without searches are absent, not 0")
    return parser


if __name__ == "__main__":
    # The serving threads inherit the mask, so that the signal is left for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main())
