"""`make chaos`: pull plugs on real processes for so many minutes, then hold every book against the others.

The exit code is 1 when anything was lost, doubled, left open, booked otherwise or replayed otherwise; the scenario,
its seed and the folder with its logs, journals and plan are printed. `--turn` and `--only` play one scenario of a run
again.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from chaos.plan import ALONE, SCENARIOS, Plan, plan_of
from chaos.report import findings_text, heading, line, summary, summary_line
from chaos.scenario import Outcome, play

MINUTES = 15.0
KILLS = 40  # of each scenario that kills
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=None, help="of every plan; by default another every time")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"how long ({MINUTES:.0f})")
    names = ", ".join([*SCENARIOS, *ALONE])
    parser.add_argument("--only", metavar="NAME", choices=[*SCENARIOS, *ALONE], help=f"one scenario: {names}")
    parser.add_argument("--kills", type=int, default=KILLS, metavar="N", help=f"of each scenario that kills ({KILLS})")
    parser.add_argument("--turn", type=int, default=None, help="play this turn of the scenarios alone, from 0")
    parser.add_argument("--once", action="store_true", help="end after one turn of the scenarios")
    parser.add_argument("--keep", action="store_true", help="keep the folder of each scenario, not only of failed ones")
    parser.add_argument("--out", type=Path, help="where folders are made; by default among temporary files")
    parser.add_argument("--plan", action="store_true", help="print the plans of one turn as JSON and do nothing")
    chosen = parser.parse_args(arguments)
    if chosen.minutes <= 0 or chosen.kills <= 0:
        parser.error("--minutes and --kills must be more than 0")
    seed = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000_000
    if chosen.plan:
        for plan in plans(seed, chosen.only, chosen.kills, chosen.turn or 0, once=True):
            print(summary_line(plan.to_json()))
        return 0
    once = chosen.once or chosen.turn is not None
    wanted = plans(seed, chosen.only, chosen.kills, chosen.turn or 0, once=once)
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        return run(wanted, seed, chosen.minutes, chosen.out, keep=chosen.keep)
    finally:
        signal.signal(signal.SIGTERM, before)


def plans(seed: int, only: str | None, kills: int, first: int, *, once: bool) -> Iterator[Plan]:
    """Give plan after plan: every scenario of a turn, turn after turn."""
    for turn in [first] if once else count(first):
        for name in [only] if only else SCENARIOS:
            yield plan_of(name, seed, turn, kills)


def run(wanted: Iterator[Plan], seed: int, minutes: float, out: Path | None, *, keep: bool) -> int:
    """Play plans until the time is over; print what came of them; give the exit code."""
    begin = time.monotonic()
    deadline = begin + 60 * minutes
    root = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-", dir=_made(out)))
    print(f"seed {seed}, {minutes:g} minutes, folders in {root}\n{heading()}", flush=True)
    outcomes: list[Outcome] = []
    interrupted = False
    try:
        for number, plan in enumerate(wanted):
            if time.monotonic() > deadline:
                break
            outcome = play(plan, root / f"{number:03}-{plan.name}", deadline)
            outcomes.append(outcome)
            print(line(outcome), flush=True)
            if outcome.findings:
                text = "\n".join(f"{found.check}: {found.subject}: {found.text}" for found in outcome.findings)
                (outcome.folder / "findings.txt").write_text(text + "\n", encoding="utf-8")
                print("\n".join(findings_text(outcome)), flush=True)
            elif not keep:
                shutil.rmtree(outcome.folder)
    except KeyboardInterrupt:
        interrupted = True
        print("interrupted; nothing runs any more", file=sys.stderr)
    found = summary(outcomes, seed, minutes)
    _close(found, outcomes, time.monotonic() - begin)
    if not any(root.iterdir()):
        root.rmdir()
    if interrupted:
        return INTERRUPTED
    return 1 if found["failures"] or not outcomes else 0


def _close(found: dict[str, Any], outcomes: list[Outcome], seconds: float) -> None:
    """Print the closing table and the object."""
    print(f"\n{heading()}")
    for outcome in outcomes:
        print(line(outcome))
    print(
        f"{found['scenarios']} scenarios in {seconds:.0f} s: {found['kills']} kills, {found['kills_in_flight']} of them"
        f" with a request in flight; {found['orders']:,} orders, {found['intents']:,} intents;"
        f" lost {found['lost']}, doubled {found['doubled']};"
        f" recovery p50 {found['recovery_ms_p50']} ms, p99 {found['recovery_ms_p99']} ms"
    )
    for failure in found["failures"]:
        name, turn = failure["scenario"], failure["seed"].split("/")[1]
        print(f"again: python -m chaos --seed {found['seed']} --only {name} --turn {turn}   ({failure['folder']})")
    print(summary_line(found), flush=True)


def _made(out: Path | None) -> Path | None:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    return out


def _interrupted(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main())
