"""A small true world: the log of a trader and the journal of its venue, and how to doctor copies of both."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from broker.translate.facts import decode_fact, encode_fact
from chaos.books import TraderBook, VenueBook, read_trader, read_venue
from cli.compose import codec
from hantrade.v1 import desk_pb2, types_pb2
from persistence.event_log import EventLog
from persistence.reader import LogReader
from persistence.record import Record
from tests.actors.trader_house import SYMBOL, House, a_house, until

BUY, SELL = types_pb2.SIDE_BUY, types_pb2.SIDE_SELL
ENDED = ("FILLED", "CANCELLED")


@dataclass(frozen=True)
class World:
    """Two files of one account."""

    log: Path
    journal: Path

    def copied(self, folder: Path) -> "World":
        """Give a copy to doctor."""
        folder.mkdir()
        return World(Path(shutil.copy(self.log, folder)), Path(shutil.copy(self.journal, folder)))

    @property
    def venue(self) -> VenueBook:
        return read_venue(self.journal)

    @property
    def trader(self) -> TraderBook:
        return read_trader(self.log)

    # ---- the venue's journal -----------------------------------------------------------------------------------

    def fact(self, kind: type) -> Any:
        """Give the newest fact of a kind."""
        with closing(sqlite3.connect(self.journal)) as db:
            rows = db.execute("SELECT payload FROM events ORDER BY seq DESC").fetchall()
        return next(fact for fact in (decode_fact(row[0], "") for row in rows) if isinstance(fact, kind))

    def add_fact(self, fact: Any) -> None:
        """Let the venue have done one thing more."""
        with closing(sqlite3.connect(self.journal)) as db, db:
            seq = db.execute("SELECT max(seq) + 1 FROM events").fetchone()[0]
            db.execute("INSERT INTO events VALUES (?, ?)", (seq, encode_fact(replace(fact, event_seq=seq))))

    def sql(self, statement: str, *args: Any) -> None:
        """Change the journal as a person with a database tool would."""
        with closing(sqlite3.connect(self.journal)) as db, db:
            assert db.execute(statement, args).rowcount == 1

    # ---- the trader's log --------------------------------------------------------------------------------------

    def overwrite(self, kind: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the newest event of a kind where it stands; the chain of hashes does not fit any more."""
        with closing(sqlite3.connect(self.log)) as db, db:
            seq, payload = db.execute(
                "SELECT seq, CAST(payload AS TEXT) FROM events WHERE type = ? ORDER BY seq DESC LIMIT 1", (kind,)
            ).fetchone()
            content = json.loads(payload)
            change(content)
            db.execute("UPDATE events SET payload = ? WHERE seq = ?", (json.dumps(content), seq))

    def rewrite(self, kind: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the newest event of a kind and write the whole log anew, so that its chain fits."""
        self.overwrite(kind, change)
        path = self.log.with_name("anew.db")
        with LogReader(self.log, codec()) as reader:
            records: list[Record] = list(reader.events())
            commits = reader.rows("SELECT first_seq, last_seq FROM commits ORDER BY first_seq")
            log = EventLog.open(path, create_id=lambda: reader.log_id, reserve_bytes=0)
        for first, last in commits:
            log.commit(records[first - 1 : last], durable=False)
        log.close()
        path.replace(self.log)
        for suffix in ("-wal", "-shm"):
            self.log.with_name(self.log.name + suffix).unlink(missing_ok=True)


def a_world(folder: Path) -> World:
    """Trade a little: a purchase, a sale of half of it, an order that is cancelled."""
    with a_house(folder) as house:
        until(lambda: house.desk.GetStatus(desk_pb2.GetStatusRequest()).status.day == "TRADING")
        until(lambda: is_quoted(house))
        an_order(house, BUY, 10, None)
        an_order(house, SELL, 5, None)
        an_order(house, BUY, 7, 9_750)
        house.trader.system.stop("enough")
    return World(folder / "log.db", folder / "paper" / "journal.db")


def is_quoted(house: House) -> bool:
    quotes = house.desk.ListQuotes(desk_pb2.ListQuotesRequest()).quotes
    return any(item.quote.symbol == SYMBOL and item.quote.cumulative_volume > 0 for item in quotes)


def an_order(house: House, side: Any, quantity: int, price: int | None) -> None:
    """Submit by hand and follow to the end; one with a price rests and is cancelled."""
    kind = types_pb2.ORDER_KIND_MARKET if price is None else types_pb2.ORDER_KIND_LIMIT
    request = desk_pb2.SubmitManualOrderRequest(
        symbol=SYMBOL, side=side, kind=kind, quantity=quantity, limit_price_krw=price, caller="test"
    )
    order_id = house.desk.SubmitManualOrder(request).order.client_order_id

    def status() -> str:
        order = house.desk.GetOrder(desk_pb2.GetOrderRequest(client_order_id=order_id)).order
        return types_pb2.OrderStatus.Name(order.status).removeprefix("ORDER_STATUS_")

    if price is not None:
        until(lambda: status() == "WORKING")
        house.desk.CancelManualOrder(desk_pb2.CancelManualOrderRequest(client_order_id=order_id, caller="test"))
    until(lambda: status() in ENDED)
