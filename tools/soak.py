"""`make soak`: random sequences on the book and on the naive reference, for as long as asked.

Prints how far it is, then calls, executions and seconds. A sequence on which the two part is printed with its seed and
shortened, as a call that can be pasted into a test; then the exit code is 1.
"""

import argparse
import sys
import time

from tests.broker_sim.book_sequences import Difference, Tally, an_episode, check, shortened, told

CALLS = 3_000_000
TELL_EVERY_S = 30


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=CALLS, help=f"at least so many calls of the book ({CALLS:,})")
    parser.add_argument("--seed", type=int, default=None, help="of the sequences; by default another every time")
    parser.add_argument("--first", type=int, default=0, help="number of the first sequence (0)")
    chosen = parser.parse_args(arguments)
    seed = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000_000
    return soak(seed, chosen.calls, chosen.first)


def soak(seed: int, calls: int, first: int = 0) -> int:
    """Run sequences of a seed until there were so many calls; give the exit code."""
    begin = told_at = time.monotonic()
    done, number = Tally(), first
    print(f"seed {seed}: {calls:,} calls", flush=True)
    while done.calls < calls:
        episode = an_episode(seed, number)
        try:
            one = check(*episode)
        except Exception as error:  # noqa: BLE001  # whatever a broken book raises is a finding
            print(f"seed {seed}, sequence {number}: {type(error).__name__}: {error}", file=sys.stderr)
            print(f"python -m tools.soak --seed {seed} --first {number} --calls 1 repeats it; shortened:\n")
            few = episode._replace(calls=shortened(episode))
            print(told(few))
            try:
                check(*few)
            except Difference as difference:
                print(f"\n{difference}")
            return 1
        done = Tally(*map(sum, zip(done, one, strict=True)))
        number += 1
        if time.monotonic() - told_at > TELL_EVERY_S:
            told_at = time.monotonic()
            print(f"{done.calls:,} calls, {done.executions:,} executions, {told_at - begin:.0f} s", flush=True)
    print(
        f"seed {seed}: {number - first:,} sequences, {done.calls:,} calls, {done.executions:,} executions of"
        f" {done.shares:,} shares, all the same on both books; {time.monotonic() - begin:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
