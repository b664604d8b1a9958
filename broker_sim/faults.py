"""The fault plan: how the simulated broker misbehaves, as Kiwoom and the process next to it can. All off by default.

`faults_file.py` reads it from TOML; docs/sim-faults.md says what each knob does and what Kiwoom is known to do. Chances
are in parts per million, waits in ms of system time, times of day in KST by the venue's clock.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    HoldingAdjusted,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.time import from_kst, kst_date
from domain.types import NANOS_PER_SECOND, Side, UnixNanos

MESSAGE_KINDS: Final[dict[type, str]] = {
    OrderAccepted: "accepted",
    OrderRejected: "rejected",
    OrderFilled: "filled",
    ChangeReceived: "change_received",
    ChangeRefused: "change_refused",
    OrderCancelled: "cancelled",
    OrderReplaced: "replaced",
    OrderExpired: "expired",
    HoldingAdjusted: "adjusted",
}
REQUEST_KINDS: Final = ("submit", "modify", "cancel")
LISTS: Final = ("positions", "open_orders", "day_orders", "fills", "candles")  # reads that come in pages
READ_KINDS: Final = ("account", *LISTS, "quotes")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What a script may order, and for which kinds.
SCRIPTABLE: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("lost", "late", "duplicated", "reordered"), tuple(MESSAGE_KINDS.values())),
    "fill_before_ack": ("accepted",),
    "rejected_blank": REQUEST_KINDS,
    "send_failed": REQUEST_KINDS,
    "unanswered": (*REQUEST_KINDS, *READ_KINDS),
    "slow": (*REQUEST_KINDS, *READ_KINDS),
    "truncated": LISTS,
    "page_failed": LISTS,
}


def kind_of(fact: OrderFact) -> str:
    """Give the name a message's table has in the file."""
    return MESSAGE_KINDS[type(fact)]


@dataclass(frozen=True, slots=True)
class Between:
    """A range in ms, both ends included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class MessageFaults:
    """What happens to one kind of order message on its way from Kiwoom to the process."""

    lost_ppm: int = 0  # never comes; see Repair
    late_ppm: int = 0
    late_ms: Between = Between(200, 2_000)
    duplicated_ppm: int = 0  # comes twice
    duplicated_ms: Between = Between(0, 0)  # the second copy after the first
    reordered_ppm: int = 0  # comes after the message that follows it
    fill_before_ack_ppm: int = 0  # of an acceptance: comes after the next message of its order
    hold_ms: int = 1_000  # longest wait for the message to come after


@dataclass(frozen=True, slots=True)
class RequestFaults:
    """What happens to an order, a modify or a cancel on its way to Kiwoom."""

    order_rate: int = 0  # requests a second before -308; Kiwoom allows 5; 0: no limit
    rejected_blank_ppm: int = 0  # Kiwoom rejects it: no order number, only a text
    rejected_text: str = ""  # that text; empty: a sample of the mock server
    send_failed_ppm: int = 0  # -307: whether it arrived is not known
    send_failed_arrives_ppm: int = 500_000  # of those, how many did
    unanswered_ppm: int = 0  # no answer comes: whether it arrived is not known
    unanswered_arrives_ppm: int = 500_000
    unanswered_ms: int = 3_000  # the process gives up waiting
    slow_ppm: int = 0  # the answer takes its time
    slow_ms: Between = Between(200, 2_000)


@dataclass(frozen=True, slots=True)
class ReadFaults:
    """What happens to a query: account, lists, bars, latest quotes."""

    rate: int = 0  # queries a second before -200; Kiwoom allows 5; 0: no limit
    rate_penalty_ms: int = 0  # after that, every query is refused so long
    slow_ppm: int = 0
    slow_ms: Between = Between(200, 2_000)
    unanswered_ppm: int = 0
    unanswered_ms: int = 3_000
    truncated_ppm: int = 0  # a list ends after its first page and does not say so
    page_failed_ppm: int = 0  # the next page of a list does not come: the query fails
    costs_untold: bool = False  # the list of the day's orders has no commission and no tax
    page_rows: int = 30  # rows of a page


@dataclass(frozen=True, slots=True)
class QuoteFaults:
    """What happens to the quote stream, drawn per batch."""

    dropped_ppm: int = 0  # the stream breaks
    muted_ppm: int = 0  # nothing comes for a while, and nobody says so
    muted_ms: Between = Between(2_000, 10_000)


@dataclass(frozen=True, slots=True)
class LoginFaults:
    """What happens to the session with Kiwoom."""

    stale_after_ms: int = 0  # so long after a login it is worth nothing; 0: it holds
    failed_ppm: int = 0  # a login fails


@dataclass(frozen=True, slots=True)
class Repair:
    """How the process finds what it was not told. Not a fault: what a careful process does."""

    recover_after_ms: int = 5_000  # reads the day's lists so long after a loss; 0: never by itself
    on_read: bool = True  # reads them before it tells the state of the account
    doubt_ms: int = 2_000  # a request younger than this may be missing in the lists though it arrived


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day, end excluded, in seconds after midnight KST; on some days of the week (0 is Monday)."""

    start: int
    end: int
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)

    def covers(self, venue_time: int) -> bool:
        """Tell whether a venue time lies in it."""
        day = kst_date(UnixNanos(venue_time))
        second = (venue_time - from_kst(day, 0, 0)) // NANOS_PER_SECOND
        return day.weekday() in self.days and self.start <= second < self.end


@dataclass(frozen=True, slots=True)
class Script:
    """One fault that is certain: of the nth of its kind, of all in a time of day, or of the nth if it is in it."""

    what: str
    kind: str
    nth: int = 0  # from 1; 0: any
    window: Window | None = None

    def covers(self, kind: str, nth: int, venue_time: int) -> bool:
        """Tell whether it is about this one."""
        if self.kind != kind or (self.nth and self.nth != nth):
            return False
        return self.window is None or self.window.covers(venue_time)


@dataclass(frozen=True, slots=True)
class External:
    """An order placed elsewhere in the account on every trading date, at a time in seconds after midnight KST."""

    at: int
    symbol: str
    side: Side
    quantity: int
    price: int | None = None  # KRW; None: at the market
    cancel_at: int | None = None  # what is open of it then is cancelled; None: never


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All of it. The default does nothing."""

    seed: int = 1
    messages: Mapping[str, MessageFaults] = field(default_factory=dict)  # by kind; a kind not in it has no faults
    requests: RequestFaults = RequestFaults()
    reads: ReadFaults = ReadFaults()
    quotes: QuoteFaults = QuoteFaults()
    login: LoginFaults = LoginFaults()
    repair: Repair = Repair()
    maintenance: tuple[Window, ...] = ()
    scripts: tuple[Script, ...] = ()
    externals: tuple[External, ...] = ()

    def of(self, kind: str) -> MessageFaults:
        """Give the faults of one kind of message."""
        return self.messages.get(kind, _NONE)

    def switched_on(self) -> tuple[str, ...]:
        """Say in words what is switched on, one phrase each; empty when nothing is."""
        found = [f"messages.{kind}.{knob}={value}" for kind, knob, value in self._of_messages()]
        found += [f"{name}.{knob}={value}" for name, table in self._tables() for knob, value in _chances(table)]
        found += [f"maintenance {_clock(w.start)}-{_clock(w.end)}" for w in self.maintenance]
        found += [_order_words(order) for order in self.externals]
        return (*found, *(_words(script) for script in self.scripts))

    def _of_messages(self) -> list[tuple[str, str, int]]:
        """Give (kind, knob, chance); once as `all` where every kind has the same."""
        each = [(kind, *chance) for kind, table in self.messages.items() for chance in _chances(table)]
        shared = {chance for chance, times in Counter(item[1:] for item in each).items() if times == len(MESSAGE_KINDS)}
        return [("all", *chance) for chance in sorted(shared)] + [item for item in each if item[1:] not in shared]

    def _tables(self) -> tuple[tuple[str, object], ...]:
        return (("requests", self.requests), ("reads", self.reads), ("quotes", self.quotes), ("login", self.login))


_NONE: Final = MessageFaults()
_SWITCHES: Final = ("order_rate", "rate", "stale_after_ms", "costs_untold")  # beside chances, what switches a fault on
_SHARES: Final = ("send_failed_arrives_ppm", "unanswered_arrives_ppm")  # of a chance, not one


def _chances(table: object) -> list[tuple[str, int]]:
    knobs = [name for name in type(table).__dataclass_fields__ if name.endswith("_ppm") or name in _SWITCHES]  # type: ignore[attr-defined]
    return [(name, value) for name in knobs if name not in _SHARES and (value := getattr(table, name))]


def _words(script: Script) -> str:
    which = f"{script.kind} {script.nth}" if script.nth else f"every {script.kind}"
    window = script.window
    return f"{script.what} {which}" + (f" {_clock(window.start)}-{_clock(window.end)}" if window else "")


def _order_words(order: External) -> str:
    price = "the market" if order.price is None else str(order.price)
    words = f"external {order.side.value.lower()} {order.quantity} {order.symbol} at {price} {_clock(order.at)}"
    return words if order.cancel_at is None else f"{words}, cancelled {_clock(order.cancel_at)}"


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}"
