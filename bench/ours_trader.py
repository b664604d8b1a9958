"""Our sink: links, core with every role, event log on disk; put together as cli/compose.py does, without a desk."""

import cProfile
import logging
import threading
import time
import uuid
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from actors.core.kernel import Kernel
from actors.edges.alert_sender import AlertSender
from actors.edges.gate import WireGate
from actors.edges.order_link import OrderLink
from actors.edges.quote_link import QuoteLink, QuoteTap
from actors.edges.trend_source import TrendEdge
from actors.recovery import start_roles
from actors.roles.strategist import Strategist
from actors.roster import make_roles
from actors.system import Effects, TraderSystem
from bench.quotes import BEGIN, HELD, Job
from bench.reports import SinkReport
from bench.stages import Stages
from bench.strategy import OrderOnMark
from broker.client import BrokerClient
from cli.compose import codec
from domain.config import RunConfig, StrategyConfig
from domain.messages.link import SubscribeQuotes
from domain.messages.market import FetchTrends
from domain.messages.orders import CancelOrder, ModifyOrder, ResolveOrder, SubmitOrder
from domain.messages.trading import GateChanged, NoticeRaised
from domain.quotes import QuoteBatch
from domain.risk_config import RiskConfig
from domain.status import OrdersQuery
from domain.types import PPM, Krw, LinkName
from domain.views import PositionsQuery
from persistence.event_log import WAL_BYTES, EventLog
from persistence.reader import LogReader
from persistence.verify import verify
from strategies.base import Strategy
from trends.recorded import packaged_trends

POLL_S = 0.05
READY_S = 30.0
SETTLE_S = 30.0

WIDE = RiskConfig(
    max_position_ppm=PPM,
    max_order_krw=Krw(150_000),  # one share
    daily_loss_ppm=PPM,
    max_data_age_ms=10**9,
    duplicate_window_ms=0,
    max_open_orders=100_000,
    price_collar_ppm=PPM,
)


class CountingTap(QuoteTap):
    """Counts rows the core has handled and committed, from the first batch of the measurement on."""

    def __init__(self, wanted: int) -> None:
        """Take how many rows end the measurement."""
        self._wanted = wanted
        self.first_at = self.last_at = 0  # monotonic ns
        self.first_rows = self.rows = self.lost = 0
        self.done = threading.Event()

    def on_batch(self, batch: QuoteBatch) -> None:
        """Count one batch. Core's thread."""
        if not batch.rows or batch.rows[0].venue_time < BEGIN:
            return
        if not self.first_at:
            self.first_at, self.first_rows = time.monotonic_ns(), len(batch.rows)
        self.rows += len(batch.rows)
        self.lost += batch.conflated
        if self.rows + self.lost >= self._wanted:
            self.last_at = time.monotonic_ns()
            self.done.set()


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Run the trader's process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    path, tap = Path(job.folder) / "events.db", CountingTap(job.quotes)
    log = EventLog.open(path, create_id=lambda: uuid.uuid4().hex[:10], wal_bytes=WAL_BYTES)
    stages = Stages() if job.stages else None
    profile = cProfile.Profile() if job.profile else None
    system = start(log, address, tap, OrderOnMark, stages, profile)
    await_held(system)
    if stages is not None:
        stages.reset()
    cpu = time.process_time()
    pipe.send("ready")
    if not tap.done.wait(SETTLE_S + (3 * job.quotes / job.rate if job.rate else 0) + job.quotes / 2_000):
        raise RuntimeError(f"only {tap.rows} of {job.quotes} quotes were handled")
    spent = stages.seconds() if stages is not None else {}
    await_settled(system)
    cpu_s = time.process_time() - cpu
    system.stop("measured")
    log.close()
    if profile is not None:
        profile.dump_stats(job.profile)
    seconds = (tap.last_at - tap.first_at) / 1e9
    pipe.send(SinkReport(tap.rows - tap.first_rows, seconds, facts_of(path, tap), spent, cpu_s))


def start(
    log: EventLog,
    address: str,
    tap: CountingTap,
    strategy: type[Strategy],
    stages: Stages | None = None,
    profile: cProfile.Profile | None = None,
    **changes: Any,
) -> TraderSystem:
    """Start a trader without a desk on this strategy; `changes` are fields of its configuration."""
    known = {strategy.NAME: strategy}
    roles = [Strategist(known) if isinstance(role, Strategist) else role for role in make_roles()]
    kernel = Kernel(start_roles(roles), log.log_id)
    gate, coder = WireGate(), codec()
    system = TraderSystem(log, kernel, coder, uuid.uuid4().hex[:8], gate)
    config = RunConfig(
        mode="paper",
        quotes_endpoint=address,
        orders_endpoint=address,
        risk=WIDE,
        strategies=(StrategyConfig(strategy.NAME),),
        **changes,
    )
    post = system.core.post
    alerts, trends = AlertSender.start(None), TrendEdge.start(post, (packaged_trends(),))
    quotes = QuoteLink.start(post, BrokerClient, tap)
    orders = OrderLink.start(post, BrokerClient, gate)
    to_orders: dict[Any, Any] = dict.fromkeys(
        (SubmitOrder, ModifyOrder, CancelOrder, ResolveOrder, GateChanged), orders
    )
    routes = to_orders | {SubscribeQuotes: quotes, FetchTrends: trends, NoticeRaised: alerts}
    if stages is not None:
        stages.watch(system, log, coder)
    if profile is not None:
        _profile_core(system, profile)
    edges: list[Any] = [alerts, trends, quotes, orders]
    system.start(config, "bench", edges, Effects(routes, {LinkName.QUOTES: quotes, LinkName.ORDERS: orders}))
    return system


def _profile_core(system: TraderSystem, profile: cProfile.Profile) -> None:
    core: Any = system.core
    run = core._run
    core._thread = threading.Thread(target=lambda: profile.runcall(run), name="core", daemon=True)


def await_held(system: TraderSystem) -> None:
    """Wait until the warm-up has led to holdings. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + READY_S
    while len(system.ask("portfolio", PositionsQuery())) < len(HELD) or _open_orders(system):
        if time.monotonic() > deadline:
            raise RuntimeError("the warm-up did not lead to holdings")
        time.sleep(POLL_S)


def await_settled(system: TraderSystem) -> None:
    """Wait until no order is open. Raises RuntimeError when one stays."""
    deadline = time.monotonic() + SETTLE_S
    while _open_orders(system):
        if time.monotonic() > deadline:
            raise RuntimeError("orders stayed open")
        time.sleep(POLL_S)


def _open_orders(system: TraderSystem) -> int:
    return len(system.ask("executor", OrdersQuery(open_only=True), timeout_s=READY_S))


def facts_of(path: Path, tap: CountingTap) -> dict[str, int]:
    """Count in the log what the run says it did, and check its chain. Raises RuntimeError when not all is well."""
    found = verify(path)
    if not found.ok:
        raise RuntimeError(f"the log of the measurement is not whole: {found}")
    with LogReader(path, codec()) as reader:
        counted = dict(reader.rows("SELECT type, count(*) FROM events GROUP BY type"))
        commits = reader.rows("SELECT count(*) FROM commits")[0][0]
    broken = {name: counted[name] for name in ("RoleFailed", "StrategyBenched") if name in counted}
    if broken:
        raise RuntimeError(f"the measurement is worth nothing: {broken} in its log")
    return {"quotes": tap.rows, "conflated": tap.lost, "commits": commits, **counted}
