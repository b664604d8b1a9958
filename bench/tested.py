"""What a back-test of a peer gives; apart from the peer, which only its own Python can import."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.fresh import run

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv" / "nautilus" / ("Scripts" if sys.platform == "win32" else "bin") / "python"


@dataclass(frozen=True, slots=True)
class Tested:
    """What a back-test of theirs did."""

    quotes: int
    seconds: float  # the engine's run alone: data are made and sorted before
    cpu_s: float
    orders: int
    fills: int


def nautilus(*figures: int) -> Tested:
    """Run bench/nautilus.py with these arguments. Raises RuntimeError when it fails."""
    text = run([str(PYTHON), "-m", "bench.nautilus", *map(str, figures)])
    return Tested(**json.loads(text.splitlines()[-1]))
