"""A home in which a trader runs, so that commands find it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.home import Home, Running
from cli.main import app
from cli.output import nanos_of
from domain.types import UnixNanos
from hantrade.v1 import desk_pb2
from tests.actors.trader_house import OTHER, SYMBOL, House, a_house, until
from tests.cli.demo_house import runner

WATCHED = {SYMBOL, OTHER}


@dataclass
class LiveHome:
    """A running trader and how to type commands at it."""

    root: Path
    house: House

    def type(self, *args: str) -> tuple[int, str]:
        """Run a command; give its exit code as the process would, and what it printed or complained."""
        done = runner.invoke(app, [*args, "--home", str(self.root)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            from cli.context import exit_code

            return int(exit_code(done.exception)), str(done.exception)
        return done.exit_code, done.stdout

    def venue_time(self) -> UnixNanos:
        """Give the venue's clock as the trader knows it."""
        return UnixNanos(nanos_of(self.house.trader.reader.status().venue_time))


@contextmanager
def a_live_home(folder: Path) -> Iterator[LiveHome]:
    home = Home(folder)
    with home.claim("trader"), a_house(folder) as house:
        address, run_id = house.trader.desk_address, house.trader.system.run_id
        home.announce("trader", Running(os.getpid(), address, str(folder / "log.db"), run_id, "paper"))
        until(lambda: house.trader.reader.status().day == "TRADING")
        until(lambda: {q.quote.symbol for q in house.desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes} == WATCHED)
        yield LiveHome(folder, house)
