"""One state of the whole system: two processes, what is between them, their disks, and the venue. Plain and hashable.

Messages, receipts, states of the kernel and contents of the journal are kept once, in `Store`s, and named by number.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

from domain.types import Gate


class Violation(Exception):
    """The protocol broke one of its promises."""


class Store:
    """Things by number; equal keys get one number."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Hashable, int] = {}

    def find(self, key: Hashable) -> int | None:
        return self._numbers.get(key)

    def number(self, item: Any, key: Hashable) -> int:
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.items)
            self.items.append(item)
        return found

    def __getitem__(self, number: int) -> Any:
        return self.items[number]

    def __len__(self) -> int:
        return len(self.items)


class Talk(NamedTuple):
    """`actors.edges.conversation.Conversation` as values."""

    delivered: int
    in_flight: tuple[tuple[str, str], ...]
    over: bool


class Link(NamedTuple):
    """`actors.edges.order_link.OrderLink` as values."""

    open: bool = False
    told: bool = False  # the end of this connection was told
    talk: Talk | None = None
    after_seq: int = 0
    resume_journal: str = ""
    journal_id: str = ""
    epoch: int = 0


class Item(NamedTuple):
    """Something on its way to the broker."""

    kind: str  # request, gate, resolve
    what: str  # id
    message: int = -1  # of a request: number of the message
    journal_id: str = ""
    epoch: int = 0
    level: Gate = Gate.OPEN  # of a gate
    stale: bool = False  # said on a session that a newer one has fenced off
    mute: bool = False  # waits at the broker, and who would hear its receipt is gone


class VenueOrder(NamedTuple):
    """The truth about one order. It has a number of its own: its place at the venue, from 1."""

    client_order_id: str
    state: str  # live, filled, cancelled
    cancelled_by: str = ""


class Action(NamedTuple):
    """What the core does next: commit, or release one effect."""

    kind: str  # commit, release
    message: int = -1  # release
    is_gate: bool = False  # release of a GateChanged
    durable: bool = False  # commit
    requests: frozenset[str] = frozenset()  # commit: ids of the requests in it


class Budget(NamedTuple):
    """What may still go wrong or happen, each at any moment."""

    crashes: int = 2  # of either process
    breaks: int = 1  # of the link: half open first, what is on it may come late, twice lost or never
    jumps: int = 1  # of the clock past every deadline while something is under way
    doubles: int = 0  # a request on the wire is there twice
    fills: int = 1
    waits: int = 0  # a request that has reached the broker waits for its limit


class World(NamedTuple):
    """Everything there is."""

    # the trader's memory
    kernel: int
    gate: Gate = Gate.CANCELS_ONLY
    urgent: tuple[int, ...] = ()  # at the core's door
    normal: tuple[int, ...] = ()
    pending: tuple[Action, ...] = ()  # of the core, after handling
    inbox: tuple[int, ...] = ()  # of the link: released effects
    quotes: tuple[int, ...] = ()  # what the quotes link has still to answer: it has a thread of its own
    link: Link = Link()
    # the trader's disk
    log: int = 0  # the kernel its fold gives
    tail: frozenset[int] = frozenset()  # kernels that its fold may give after a power cut instead
    # between them
    half: bool = False  # the link is broken and the trader does not know
    wire: tuple[Item, ...] = ()
    receipts: tuple[tuple[int, int], ...] = ()  # receipt, and the event that must be heard before it
    limbo: tuple[Item, ...] = ()  # on links that are gone; may arrive any time or never
    waiting: tuple[Item, ...] = ()  # requests that wait in the broker's queue; cancels and gates overtake them
    # the broker and the venue
    journal: int = 0
    venue: tuple[VenueOrder, ...] = ()
    now: int = 0  # system time, ns
    # what is allowed still
    left: Budget = Budget()
    script: int = 0  # commands people gave so far
    calm: int = 0  # ticks since anything else happened
    # what an all-seeing witness keeps
    run: int = 1
    made: frozenset[str] = frozenset()  # requests this run decided on
    sent: frozenset[str] = frozenset()  # requests that were put on the wire, ever
    durable: frozenset[str] = frozenset()  # requests whose intent no crash can take from the log
    soft: frozenset[str] = frozenset()  # requests whose intent a power cut can take from the log
    void: frozenset[str] = frozenset()  # requests the broker called void
