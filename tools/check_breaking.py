"""Compare the contract in protos/ with the one that landed last, by `buf breaking`; exit 1 when a client would break.

The landed contract is kept as an image, `protos/landed.binpb`: a fresh or shallow clone of main does not tell which
of its commits had landed before. `python tools/check_breaking.py --renew` writes it anew; do that in the first change
after a landing that added to the contract, never in the change that breaks it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANDED = ROOT / "protos" / "landed.binpb"


def buf(*arguments: str) -> int:
    """Run buf in the project; give its exit code."""
    return subprocess.run([str(Path(sys.executable).parent / "buf"), *arguments], cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    """Compare, or renew the image. Gives the exit code."""
    if arguments == ["--renew"]:
        return buf("build", "--exclude-source-info", "-o", str(LANDED))
    if arguments:
        print(f"unknown arguments {arguments}; --renew or none is expected")
        return 2
    if not LANDED.is_file():
        print(f"{LANDED.relative_to(ROOT)} is missing; `python tools/check_breaking.py --renew` writes it")
        return 1
    code = buf("breaking", "--against", str(LANDED))
    if code:
        print("the contract breaks clients of the one that landed last")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
