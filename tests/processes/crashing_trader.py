"""A trader that dies at one exact moment. First argument: the moment; the rest goes to `hantrade`."""

import os
import sys
from typing import Any

import cli.compose
from actors.edges.order_link import OrderLink
from broker.port import OrderRequest, Receipt
from cli.main import run
from domain.messages.orders import SubmitOrder
from persistence.event_log import EventLog

DIED = 77
ROOM_PAGES = 25  # of 4 KiB beyond what a fresh log has: some dozens of events
RESERVE_PAGES = 2_000


class DiesBeforeSending(OrderLink):
    """The intent is durable, the wire has seen nothing."""

    def _send(self, request: OrderRequest) -> None:
        if isinstance(request, SubmitOrder):
            os._exit(DIED)
        super()._send(request)


class DiesBeforeTheAnswer(OrderLink):
    """The venue has the order, its receipt reached this process, and the core never heard of it."""

    def _receipt(self, *parts: Any) -> None:
        if any(isinstance(part, Receipt) and not part.request_id.startswith("gate-") for part in parts):
            os._exit(DIED)
        super()._receipt(*parts)


def open_on_a_small_disk(*args: Any, **named: Any) -> EventLog:
    """Open a log with little room; freeing the reserve gives it more, as on a disk."""
    log = EventLog.open(*args, **named)
    conn = log._conn
    room = conn.execute("PRAGMA page_count").fetchone()[0] + ROOM_PAGES
    conn.execute(f"PRAGMA max_page_count = {room}")
    release = log.release_reserve

    def release_and_grow() -> bool:
        freed = release()
        if freed:
            conn.execute(f"PRAGMA max_page_count = {room + RESERVE_PAGES}")
        return freed

    setattr(log, "release_reserve", release_and_grow)  # noqa: B010  # a method, replaced on this one log
    return log


class SmallDisk:
    """Stands in for EventLog where the trader is composed."""

    open = staticmethod(open_on_a_small_disk)


if __name__ == "__main__":
    compose: Any = cli.compose
    match sys.argv.pop(1):
        case "before-send":
            compose.OrderLink = DiesBeforeSending
        case "before-answer":
            compose.OrderLink = DiesBeforeTheAnswer
        case "small-disk":
            compose.EventLog = SmallDisk
        case other:
            raise SystemExit(f"unknown moment {other!r}")
    run()
