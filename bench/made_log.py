"""A log as a trader leaves it, made once by the real core and kept under the system's temporary folder.

The roles, the strategy and the configuration are the product's, so `recover` and `hantrade log replay` take the log as
they are. Orders come from the strategy and, one per 1,000 quotes, from a person at the desk: buy one share, sell it.
The name of the file holds a hash of the code that made it; other code makes another log.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path

from actors.core.kernel import Kernel
from actors.roster import make_roles
from bench.house import House, Venue, wide_config
from bench.traffic import OPEN, batches, listed, live_sizes, symbols, walk
from domain.messages.operator import ManualOrderRequested
from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND, Krw, OrderKind, Side
from persistence.event_log import EventLog

ROOT = Path(__file__).parent.parent
MAKERS = (
    *("bench/house.py", "bench/made_log.py", "bench/traffic.py", "broker/translate", "broker_sim"),
    *("actors", "domain", "fsm", "persistence", "strategies"),
)
BEGIN = OPEN + 3_600 * NANOS_PER_SECOND
ORDER_EVERY = 1_000  # quotes
RATE = 1_000  # quotes per venue second
INSTRUMENTS = 500


@dataclass(frozen=True, slots=True)
class Mix:
    """How quotes come in batches."""

    name: str
    events: int  # the log ends at the first batch that reaches so many
    rows: int  # of a batch; 0 as at live pace, 1 to 4 and rarely more

    def sizes(self) -> Iterator[int]:
        """Give the sizes of the batches."""
        return repeat(self.rows) if self.rows else live_sizes()


LIVE = Mix("live pace", 1_000_000, 0)
FULL = Mix("batches of 64", 100_000, 64)


def made_log(mix: Mix) -> Path:
    """Give the log of a mix, made when it is not there. Raises RuntimeError when the house failed while making it."""
    folder = Path(tempfile.gettempdir()) / f"hantrade-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    stem = f"log-{mix.name.replace(' ', '-')}-{mix.events}"
    path = folder / f"{stem}-{_code_hash()}.db"
    if not path.exists():
        for old in folder.glob(f"{stem}-*"):  # of other code: never used again, and large
            old.unlink()
        making = path.with_suffix(".making")
        begin = time.monotonic()
        _make(making, mix)
        making.rename(path)
        for rest in folder.glob(f"{making.name}.*"):  # its lock and its reserve
            rest.unlink()
        print(f"made {path} in {time.monotonic() - begin:.0f} s ({path.stat().st_size / 1e6:,.0f} MB)")
    return path


def _make(path: Path, mix: Mix) -> None:
    codes = symbols(INSTRUMENTS)
    log = EventLog.open(path, create_id=lambda: "bench", now=lambda: BEGIN)
    try:
        house = House(Kernel(make_roles(), log.log_id), Venue(listed(codes), matches_all=False), log)
        house.begin(wide_config(), BEGIN)
        rows = walk(codes, mix.events * max(mix.rows, 4), RATE, begin=BEGIN + 60 * NANOS_PER_SECOND)
        by_hand = count(1)
        last: dict[str, Quote] = {}
        due = ORDER_EVERY
        for batch in batches(rows, mix.sizes()):
            house.quotes(batch)
            last.update((row.symbol, row) for row in batch)
            if house.tally.quotes >= due:
                due += ORDER_EVERY
                house.say(_order(next(by_hand), codes, last), "desk")
            if house.kernel.last_seq >= mix.events:
                break
        house.end()
    finally:
        log.close()


def _order(number: int, codes: tuple[str, ...], last: dict[str, Quote]) -> ManualOrderRequested:
    """Give the next order by hand at the touch: odd ones buy a share, even ones sell it again."""
    row = last[codes[(number - 1) // 2 % len(codes)]]
    side, price = (Side.BUY, row.ask_price) if number % 2 else (Side.SELL, row.bid_price)
    return ManualOrderRequested(f"b{number}", "bench", row.symbol, side, OrderKind.LIMIT, 1, Krw(price), "by the bench")


def _code_hash() -> str:
    digest = hashlib.sha256()
    for maker in MAKERS:
        place = ROOT / maker
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
