"""The composition root: the only place that knows the mode and picks implementations."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pykka

from actors.core.kernel import Kernel
from actors.edges.alert_sender import AlertSender
from actors.edges.clock import SystemClock
from actors.edges.desk_reader import DeskReader, RunFacts
from actors.edges.desk_server import DeskServer
from actors.edges.gate import WireGate
from actors.edges.gated_read import ReadPlan
from actors.edges.history import HistoryEdge
from actors.edges.order_link import OrderLink
from actors.edges.quote_link import QuoteLink, QuoteTap
from actors.edges.shadow_watch import ShadowWatch, SnapshotPlan
from actors.edges.trend_source import TrendEdge
from actors.recovery import Recovered, recover_fully, start_roles
from actors.roster import make_roles
from actors.system import Effects, TraderSystem, newest_time
from broker.client import BrokerClient
from broker.retries import Budget
from broker.security.access import Access
from broker.server import BrokerServerThread
from broker.translate.quotes import decode_batch
from broker_sim.action_table import FILE_NAME, read_actions
from broker_sim.backend import SimBackend
from cli.paper_tap import PaperTap
from cli.protection import Protection
from domain.config import RunConfig
from domain.errors import ConfigError, InvariantError
from domain.messages import Message
from domain.messages.link import ProbeSource, ReadBroker, SubscribeQuotes
from domain.messages.market import FetchHistory, FetchTrends
from domain.messages.operator import CommandAnswered
from domain.messages.orders import CancelOrder, ModifyOrder, ResolveOrder, SubmitOrder
from domain.messages.trading import GateChanged, NoticeRaised
from domain.types import LinkName, ServerKind
from hantrade import __version__
from persistence.codec import MessageCodec
from persistence.event_log import WAL_BYTES, EventLog
from persistence.reader import LogReader
from trends.source import TrendSource

MODES = ("paper", "mock", "live")
SERVER_KINDS = {"paper": ServerKind.SIMULATED, "mock": ServerKind.MOCK, "live": ServerKind.REAL}


@asynccontextmanager
async def running(make: Callable[[], SimBackend]) -> AsyncIterator[SimBackend]:
    """Make, start and at the end close a simulated broker on the running loop."""
    backend = make()
    await backend.start()
    try:
        yield backend
    finally:
        await backend.close()


@dataclass(slots=True)
class Trader:
    """A composed trader."""

    system: TraderSystem
    reader: DeskReader
    desk_address: str
    log: EventLog
    close: Callable[[], None]


def codec() -> MessageCodec:
    """Give the codec of the log."""
    return MessageCodec(decode_batch, joins=True)


def open_log(path: Path) -> tuple[EventLog, LogReader | None]:
    """Open a log for writing, and a reader over its past when it has one."""
    log = EventLog.open(path, create_id=lambda: uuid.uuid4().hex[:10], wal_bytes=WAL_BYTES)
    return log, (LogReader(path, codec()) if log.last_seq else None)


def compose_trader(
    config: RunConfig,
    log_path: Path,
    paper_folder: Path,
    desk: tuple[str, int],
    listeners: Sequence[Callable[[Message], None]] = (),
    show_notice: Callable[[NoticeRaised], None] | None = None,
    recovered: Recovered | None = None,
    snapshots: SnapshotPlan | None = None,
    protection: Protection | None = None,
    trends: Sequence[TrendSource] = (),
) -> Trader:
    """Build and start a trader. Raises ConfigError, LogError; leaves nothing running when it does.

    `recovered` is a fold of this very log that was made already; without a plan no snapshots are written, without
    protection everything is plain text on loopback, without `trends` nobody knows what people search for.
    """
    cleanups: list[Callable[[], None]] = []
    try:
        edges = (tuple(listeners), show_notice, snapshots)
        guarded = protection or Protection()
        return _compose(config, log_path, paper_folder, desk, recovered, *edges, guarded, tuple(trends), cleanups)
    except BaseException as error:
        for cleanup in reversed(cleanups):
            cleanup()
        if isinstance(error, pykka.ActorDeadError):
            raise InvariantError(f"{error.args[0]}: it died while it started, its error stands above") from error
        raise


def _compose(
    config: RunConfig,
    log_path: Path,
    paper_folder: Path,
    desk: tuple[str, int],
    recovered: Recovered | None,
    listeners: tuple[Callable[[Message], None], ...],
    show_notice: Callable[[NoticeRaised], None] | None,
    snapshots: SnapshotPlan | None,
    protection: Protection,
    sources: tuple[TrendSource, ...],
    cleanups: list[Callable[[], None]],
) -> Trader:
    for endpoint in (config.quotes_endpoint, *config.quotes_backups, config.orders_endpoint):
        if endpoint:
            protection.broker.check(endpoint)
    log, past = open_log(log_path)
    cleanups.append(log.close)
    if recovered is None or recovered.kernel.last_seq != log.last_seq:
        recovered = recover_fully(past) if past is not None else Recovered(Kernel(make_roles(), log.log_id))
    kernel = recovered.kernel
    start_roles(list(kernel.roles))
    clock = SystemClock(newest_time(past))
    if past is not None:
        past.close()
    run_id = uuid.uuid4().hex[:8]
    gate = WireGate()
    system = TraderSystem(log, kernel, codec(), run_id, gate, clock)
    tap, orders_at, order_access = _order_side(config, paper_folder, protection, cleanups)
    timeout_s = config.link.call_timeout_ms / 1000
    budget = Budget(config.link.read_attempts, config.link.read_deadline_ms / 1000)

    def dial(endpoint: str) -> BrokerClient:
        return BrokerClient(endpoint, timeout_s, budget, protection.broker)

    def dial_orders(endpoint: str) -> BrokerClient:
        if endpoint not in ("", config.orders_endpoint):  # the way an operator chose, see docs/connections.md
            protection.broker.check(endpoint)
            return dial(endpoint)
        return BrokerClient(orders_at, timeout_s, budget, order_access)

    candles = _once(lambda: dial(config.quotes_endpoint), cleanups)
    edges: list[Any] = []

    def stop_edges() -> None:
        for edge in reversed(edges):
            edge.stop(block=True, timeout=5)

    cleanups.append(stop_edges)
    facts = RunFacts(config.mode, run_id, str(log_path))
    reader = DeskReader(system.ask, facts, clock.now, lambda: kernel.last_seq)
    alerts = start_edge(edges, AlertSender, show_notice)
    trends = start_edge(edges, TrendEdge, system.core.post, sources, config.trends.keep_series)
    history = start_edge(edges, HistoryEdge, system.core.post, candles)
    quotes = start_edge(edges, QuoteLink, system.core.post, dial, tap, clock.now)
    plan = ReadPlan(config.reconcile.reads, clock.now)
    orders = start_edge(edges, OrderLink, system.core.post, dial_orders, gate, config.link, plan)
    desk_server = start_edge(edges, DeskServer, system.core.post, reader, *desk, protection.desk, gate)
    address = str(desk_server.ask("ping", timeout=5))
    if snapshots is not None:
        start_edge(edges, ShadowWatch, system.core.post, log_path, recovered.snapshot, snapshots)
    effects = _effects(alerts, trends, history, quotes, orders, desk_server, listeners)
    system.start(config, __version__, edges, effects)
    cleanups.pop()  # the system stops its edges from here on

    def close() -> None:
        for cleanup in reversed(cleanups):
            cleanup()

    return Trader(system, reader, address, log, close)


def _once(dial: Callable[[], BrokerClient], cleanups: list[Callable[[], None]]) -> Callable[[], BrokerClient]:
    """Dial when first asked; the channel comes back by itself after a broken line."""
    dialled: list[BrokerClient] = []

    def client() -> BrokerClient:
        if not dialled:
            dialled.append(dial())
        return dialled[0]

    def close() -> None:
        for one in dialled:
            one.close()

    cleanups.append(close)
    return client


def _effects(
    alerts: Any,
    trends: Any,
    history: Any,
    quotes: Any,
    orders: Any,
    desk_server: Any,
    listeners: tuple[Callable[[Message], None], ...],
) -> Effects:
    """Say which edge carries out what."""
    routes: dict[type[Message], Any] = {
        SubmitOrder: orders,
        ModifyOrder: orders,
        CancelOrder: orders,
        ResolveOrder: orders,
        ReadBroker: orders,
        GateChanged: orders,
        SubscribeQuotes: quotes,
        ProbeSource: quotes,
        FetchTrends: trends,
        FetchHistory: history,
        NoticeRaised: alerts,
        CommandAnswered: desk_server,
    }
    return Effects(routes, {LinkName.QUOTES: quotes, LinkName.ORDERS: orders}, listeners)


def start_edge(edges: list[Any], kind: Any, *args: Any) -> Any:
    """Start one edge and remember it in start order."""
    edge = kind.start(*args)
    edges.append(edge)
    return edge


def _order_side(
    config: RunConfig, paper_folder: Path, protection: Protection, cleanups: list[Callable[[], None]]
) -> tuple[QuoteTap, str, Access]:
    """Pick where orders go, and what is shown there: a broker by address, or the paper simulator beside the trader."""
    if config.mode not in MODES:
        raise ConfigError(f"mode must be one of {', '.join(MODES)}, was {config.mode!r}")
    if config.orders_endpoint:
        return QuoteTap(), config.orders_endpoint, protection.broker
    if config.mode != "paper":
        return QuoteTap(), config.quotes_endpoint, protection.broker
    paper_folder.mkdir(parents=True, exist_ok=True)
    table = paper_folder / FILE_NAME
    actions = read_actions(table, config.session_overrides) if table.exists() else None
    security, access = protection.paper()
    server = BrokerServerThread(
        lambda: running(
            lambda: SimBackend.paper(
                paper_folder / "journal.db",
                cash=config.cash,
                commission_ppm=config.costs.commission_ppm,
                overrides=config.session_overrides,
                actions=actions,
                sim=config.sim,
                seed=config.seed,
            )
        ),
        security=security,
    ).start()
    cleanups.append(server.stop)
    if not isinstance(server.backend, SimBackend):
        raise TypeError("the paper simulator is not a SimBackend")
    return PaperTap(server.backend), server.address, access
