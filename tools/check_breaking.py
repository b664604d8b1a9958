"""Compare the contract in protos/ with the last landed main by `buf breaking`; exit 1 when a client would break.

The landed main is where this change left origin/main; without a remote, where it left the local main. In a checkout of
the remote's main it is HEAD when protos/ is edited, else the state before the newest commit. BREAKING_AGAINST=REF names
it by hand. Without any landed contract (a first change, a shallow clone) that is said, and the check passes.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ["protos", "buf.yaml"]


def git(*arguments: str) -> str | None:
    """Give git's answer, or None when it refuses."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def landed() -> str | None:
    """Give the commit of the last landed main, or None when there is none to compare with."""
    named = os.environ.get("BREAKING_AGAINST")
    if named:
        commit = git("rev-parse", "--verify", "--quiet", f"{named}^{{commit}}")
        if commit is None:
            raise SystemExit(f"BREAKING_AGAINST names no commit: {named}")
        return commit
    head = git("rev-parse", "--verify", "--quiet", "HEAD")
    remote = git("rev-parse", "--verify", "--quiet", "refs/remotes/origin/main")
    main = remote or git("rev-parse", "--verify", "--quiet", "refs/heads/main")
    if head is None or main is None:
        return None
    left_at = git("merge-base", main, head)
    if left_at is None or left_at != head:
        return left_at
    if not remote:  # the only main is the one being written
        return None
    edited = git("diff", "--name-only", "HEAD", "--", *CONTRACT)
    return head if edited else git("rev-parse", "--verify", "--quiet", "HEAD^1")


def main() -> int:
    """Run the comparison. Gives the exit code."""
    commit = landed()
    if commit is None or git("cat-file", "-e", f"{commit}:protos") is None:
        print("no landed main with a contract yet: nothing to break")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        kept = subprocess.run(["git", "archive", commit, *CONTRACT], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=kept.stdout, check=True)
        buf = Path(sys.executable).parent / "buf"
        done = subprocess.run([str(buf), "breaking", "--against", folder], cwd=ROOT, check=False)
    if done.returncode:
        print(f"the contract breaks clients of {commit[:12]}")
    return 1 if done.returncode else 0


if __name__ == "__main__":
    raise SystemExit(main())
