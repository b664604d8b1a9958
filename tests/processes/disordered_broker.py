"""A simulated broker that now and then repeats what an instrument did a second ago, as venues do after a hiccup."""

from typing import Any

from broker_sim.feed import Feed
from cli.main import run
from domain.quotes import Quote
from domain.types import UnixNanos

SECOND = 10**9
EVERY = 3  # batches
handed_on = Feed._hand_on


def in_disorder(feed: Any, venue_time: UnixNanos, rows: list[Quote]) -> None:
    """Hand on the rows, every third time followed by an old one."""
    handed_on(feed, venue_time, rows)
    feed.batches = getattr(feed, "batches", 0) + bool(rows)
    if rows and feed.batches % EVERY == 0:
        late = rows[0]._replace(venue_time=rows[0].venue_time - SECOND)
        for reader in feed._readers:
            reader.offer([late])


if __name__ == "__main__":
    feed: Any = Feed
    feed._hand_on = in_disorder
    run()
