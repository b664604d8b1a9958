"""The trader's side: the real kernel, core, roles and orders link, each taken up from a state and put down again."""

import pickle
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from actors.core.core import Core
from actors.core.kernel import Kernel, KernelState, Numbered
from actors.core.role import Role
from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.executor import Executor
from actors.roles.portfolio import Portfolio
from actors.roles.risk_manager import RiskManager
from actors.roles.trading_day import TradingDay
from broker.gateway import identity
from domain.messages import Message, Stamp
from domain.messages.market import QuotesReceived
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.messages.run import RoleFailed
from domain.messages.trading import GateChanged
from domain.quotes import QuoteBatch
from domain.types import Gate, LinkName, UnixNanos
from fsm.client_order import State
from persistence.codec import UnknownEvent
from persistence.record import Record
from tests.persistence.logs import a_codec
from tests.protocol.world import Action, Store, Violation

LOG_ID = "L"
REQUESTS = tuple(kind.__name__ for kind in (SubmitOrder, CancelOrder, ModifyOrder))
Roster = Callable[[], list[Role]]


def roster() -> list[Role]:
    """Make the roles the order path needs, in the house's order. The others neither make nor touch an order."""
    return [ConnectionSupervisor(), TradingDay(), Portfolio(), RiskManager(), Executor()]


class Books(NamedTuple):
    """What a kernel believes, as far as the promises speak of it."""

    orders: tuple[tuple[str, State, str], ...]  # id, status, reason
    positions: tuple[tuple[str, int], ...]
    cash: int
    link: str
    asking: bool  # an answer to ResolveOrder is expected
    open: bool  # an order is not over
    waiting: bool  # a request has no answer yet
    gate: Gate
    day: str


class Drained(NamedTuple):
    """What the core makes of what waits at its door."""

    kernel: int
    actions: tuple[Action, ...]
    urgent: tuple[int, ...]  # still waiting
    normal: tuple[int, ...]
    made: frozenset[str]


class Trader:
    """Memoised: the same kernel over the same input gives the same."""

    def __init__(self, core_type: type[Core] = Core) -> None:
        self.messages = Store()
        self.kernels = Store()
        self.books: list[Books] = []
        self._core_type = core_type
        self.codec = a_codec()
        self._drains: dict[Any, Drained] = {}

    @property
    def drains(self) -> int:
        """Tell how many different drains there were."""
        return len(self._drains)

    def message(self, message: Message) -> int:
        return self.messages.number(message, repr(message))

    # ---- kernels -----------------------------------------------------------------------------------------------

    def fresh(self) -> int:
        kernel = Kernel(roster(), LOG_ID)
        return self._keep(kernel, kernel.dump())

    def taken(self, number: int) -> Kernel:
        """Give a kernel in a state kept. From a pickle: that takes a fifth of the time of `Kernel.restore`."""
        kernel = Kernel(roster(), LOG_ID)
        kernel.last_seq, kernel.benched, kernel._told, roles = pickle.loads(self.kernels[number])
        for role in kernel.roles:
            for name, value in roles[role.NAME].items():
                setattr(role, name, value)
        return kernel

    def _keep(self, kernel: Kernel, state: KernelState) -> int:
        key = key_of(state)
        number = self.kernels.find(key)
        if number is None:
            roles = {
                role.NAME: {name: getattr(role, name) for name in state.roles[role.NAME].state} for role in kernel.roles
            }
            kept = (kernel.last_seq, kernel.benched, kernel._told, roles)
            number = self.kernels.number(pickle.dumps(kept, protocol=5), key)
            self.books.append(books_of(kernel))
        return number

    # ---- the core ----------------------------------------------------------------------------------------------

    def drain(self, kernel: int, urgent: tuple[int, ...], normal: tuple[int, ...], now: int) -> Drained:
        """Let the real core drain its door once; its commit and its releases are recorded, not carried out."""
        key = (kernel, urgent, normal, now)
        found = self._drains.get(key)
        if found is None:
            found = self._drains[key] = self._drain(*key)
        return found

    def _drain(self, number: int, urgent: tuple[int, ...], normal: tuple[int, ...], now: int) -> Drained:
        kernel = self.taken(number)
        tape = _Tape(self, number)
        core = self._core_type(kernel, tape, self.codec, "r", lambda: UnixNanos(now), tape.release, tape.fail)
        waiting = {True: list(urgent), False: list(normal)}
        for is_urgent, numbers in waiting.items():
            for item in numbers:
                core.post(self.messages[item], source="test", urgent=is_urgent)
        left = core.door.depth()
        core.drain()
        taken = left - core.door.depth()
        rest_urgent, rest_normal = urgent[taken:], normal[max(0, taken - len(urgent)) :]
        if not tape.actions:
            raise Violation("the core drained its door and did nothing")
        state = kernel.dump()
        tape.check_fold(state)
        return Drained(self._keep(kernel, state), tuple(tape.actions), rest_urgent, rest_normal, frozenset(tape.made))

    def fold(self, number: int, records: Sequence[Record]) -> Kernel:
        """Fold a commit, read back from its bytes, over the state before it."""
        kernel = self.taken(number)
        batches: dict[int, QuoteBatch] = {}
        for record in records:
            message = self.codec.decode(record, batches.get)
            if isinstance(message, QuotesReceived):
                batches[record.seq] = message.batch
            if isinstance(message, UnknownEvent):
                raise Violation(f"{record.type} cannot be read back: {message.reason}")
            kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), LOG_ID), record.role)
        return kernel


class _Tape:
    """Stands for log and edges while the core drains: notes what it asks of them, in order."""

    def __init__(self, trader: Trader, before: int) -> None:
        self._trader = trader
        self._before = before
        self._records: list[Record] = []
        self.actions: list[Action] = []
        self.made: set[str] = set()

    def commit(self, records: Sequence[Record], *, durable: bool) -> None:
        for record in records:
            if record.type in REQUESTS:
                request: Any = self._trader.codec.decode(record)
                self.made.add(identity(request))
        self.actions.append(Action("commit", durable=durable, requests=frozenset(self.made)))
        self._records += records
        for record in records:
            if record.type == RoleFailed.__name__:
                raise Violation(f"a role failed: {record.payload.decode()}")
            if record.causation_seq and record.causation_seq < records[0].seq:
                raise Violation(f"{record.type} at {record.seq} is not in one commit with what it follows from")

    def release_reserve(self) -> bool:
        raise AssertionError("the disk is not full")

    def release(self, item: Numbered) -> None:
        self.actions.append(
            Action("release", self._trader.message(item.message), isinstance(item.message, GateChanged))
        )

    def fail(self, error: BaseException) -> None:
        raise error

    def check_fold(self, live: KernelState) -> None:
        """A log that ends with this commit must give the state the live roles have."""
        folded = self._trader.fold(self._before, self._records).dump()
        if folded != live:
            names = [name for name, state in live.roles.items() if folded.roles[name] != state]
            what = ", ".join(names) or f"sequence {folded.last_seq} for {live.last_seq}"
            raise Violation(f"a log cut behind this commit folds to another state: {what}")


# What a role keeps of sequences and of statistics: never compared with anything but the sequence of the message at
# hand, or only shown. Two states that differ in nothing else behave alike, see docs/commit-protocol.md.
_NOT_COMPARED = (
    ("portfolio", "state", "fresh_seq"),
    ("trading_day", "lifted_seq"),
    ("connection_supervisor", "uptime"),
)


def key_of(state: KernelState) -> bytes:
    """Give bytes that are equal when two kernels behave alike."""
    roles = {name: dict(saved.state) for name, saved in state.roles.items()}
    for name, *path in _NOT_COMPARED:
        place = roles[name]
        for step in path[:-1]:
            place[step] = dict(place[step])
            place = place[step]
        place[path[-1]] = None
    return msgspec.json.encode([roles, state.benched, state.told])


def books_of(kernel: Kernel) -> Books:
    executor: Any = kernel.role("executor")
    portfolio: Any = kernel.role("portfolio")
    links: Any = kernel.role("connection_supervisor")
    day: Any = kernel.role("trading_day")
    held = {code: item.quantity for code, item in portfolio.state.books.positions.items()}
    open_orders = [executor.orders[name] for name in executor.open]
    return Books(
        orders=tuple((item.client_order_id, item.status, item.reason) for item in executor.orders.values()),
        positions=tuple(sorted(held.items())),
        cash=portfolio.state.books.cash,
        link=links.links[LinkName.ORDERS].state.value,
        asking=bool(executor.resolving),
        open=bool(open_orders),
        waiting=any(is_waiting(item) for item in open_orders),
        gate=day.gate,
        day=day.state.value,
    )


def is_waiting(order: Any) -> bool:
    return order.status in (State.PENDING_SUBMIT, State.SUBMITTED, State.PENDING_CANCEL) or order.is_unknown
