"""Small recordings with the shapes of the real ones, and a demo run on them."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app
from tests.broker_sim.builders import a_bar, a_day, a_file

runner = CliRunner()
SYMBOL, OTHER = "120110", "000250"


def a_lively_day(day: str = "2026-01-13", begin: int = 540, end: int = 930, **more: Any) -> list[dict[str, Any]]:
    """Give minute bars that jump once in a while, from a minute of the day to another; 540 is 09:00."""
    bars, price = [], 10_000
    for minute in range(begin, end + 1):
        if 920 <= minute < 930:
            continue  # the closing auction: nothing trades
        jump = 300 if minute % 60 == 30 else -20 if minute % 2 else 20
        close = max(9_000, min(11_500, price + jump))
        volume = 9_000 if jump == 300 else 300 + minute % 7
        prices = {"open": price, "high": max(price, close), "low": min(price, close), "close": close}
        bars.append(
            a_bar(SYMBOL, f"{minute // 60:02d}:{minute % 60:02d}:00", date=day, volume=volume, **prices, **more)
        )
        price = close
    return bars


def a_demo(*args: str) -> Result:
    return runner.invoke(app, ["demo", "--speed", "0", *args])


def result_of(done: Result) -> dict[str, Any]:
    """Read the last line of stdout; nothing else may stand there."""
    [line] = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def small(folder: Path) -> Path:
    return a_file(folder, a_day(SYMBOL, prev_close=10_000), "small.parquet")
