"""A running trader's figures for Prometheus: `GET /metrics` on loopback, read from the same answers as `status`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from domain.errors import ConfigError
from hantrade.v1 import desk_pb2

LOOPBACK = "127.0.0.1"  # the page has no log-in: other hosts reach it through a tunnel of yours
STATES = ("DISCONNECTED", "CONNECTING", "LOGGING_IN", "RECONCILING", "READY", "DEGRADED", "BACKING_OFF", "FAILED")

Metric = GaugeMetricFamily | CounterMetricFamily


class StatusCollector(Collector):
    """Turns one status into metrics, at each scrape. Money is in KRW."""

    def __init__(self, status: Callable[[], desk_pb2.TraderStatus]) -> None:
        """Take how to ask."""
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Give every figure."""
        status = self._status()
        yield from _money_and_counts(status)
        links = GaugeMetricFamily("hantrade_link_state", "1 for the state a link is in.", labels=("link", "state"))
        for link, state in (("quotes", status.quotes_link), ("orders", status.orders_link)):
            for known in STATES:
                links.add_metric((link, known), int(state == known))
        yield links
        uptime = GaugeMetricFamily("hantrade_market_time_ratio", "Share of market time today.", labels=("links",))
        for name in ("up", "degraded", "down"):
            uptime.add_metric((name,), getattr(status, f"link_{name}_ppm") / 1_000_000)
        yield uptime
        rules = CounterMetricFamily("hantrade_quality_verdicts", "Quotes a quality rule spoke of.", labels=("rule",))
        for rule, count in sorted(status.quality_verdicts.items()):
            rules.add_metric((rule,), count)
        yield rules
        halted = GaugeMetricFamily("hantrade_symbol_halted", "1: no new orders, books differ.", labels=("symbol",))
        for symbol in sorted(status.halted_symbols):
            halted.add_metric((symbol,), 1)
        yield halted
        yield from _risk(status)


def _risk(status: desk_pb2.TraderStatus) -> Iterator[Metric]:
    loss = GaugeMetricFamily("hantrade_limit_loss_krw", "Lost towards a limit of the account.", labels=("limit",))
    limit = GaugeMetricFamily("hantrade_limit_krw", "Loss at which trading halts.", labels=("limit",))
    for item in status.limits:
        loss.add_metric((item.name,), item.loss_krw)
        limit.add_metric((item.name,), item.limit_krw)
    yield loss
    yield limit
    reducing = GaugeMetricFamily("hantrade_reducing", "1: only exits pass, because of this.", labels=("cause",))
    for cause in status.reducing:
        reducing.add_metric((cause.code,), 1)
    yield reducing
    stuck = GaugeMetricFamily("hantrade_exit_stuck", "1: its sale does not get done.", labels=("symbol",))
    for stop in status.stops:
        if stop.stuck:
            stuck.add_metric((stop.symbol,), 1)
    yield stuck
    denied = CounterMetricFamily("hantrade_denied_by_check", "Orders a check denied today.", labels=("check",))
    for check in status.checks:
        denied.add_metric((check.name,), check.denied)
    yield denied


def _money_and_counts(status: desk_pb2.TraderStatus) -> Iterator[Metric]:
    for name, text, value in (
        ("equity_krw", "Cash and positions at mark.", status.equity_krw),
        ("day_pnl_krw", "Equity less that of the day's start, deposits and withdrawals left out.", status.day_pnl_krw),
        ("open_orders", "Orders not closed.", status.orders_open),
        ("unknown_orders", "Open orders whose fate is unknown.", status.orders_unknown),
        ("external_orders", "Open orders in the account that are not ours.", status.external_orders),
        ("positions", "Instruments held.", status.positions),
        ("on_backup_source", "1 while quotes come from a backup.", int(status.on_backup)),
        ("attention_known", "Watched instruments whose search attention is known.", status.attention_known),
        ("strategies_benched", "Strategies left out because they raised.", len(status.benched_strategies)),
        ("exit_costs_krw", "Costs of selling all positions now, not in equity.", status.exit_costs_krw),
        ("manual_mode", "1 while only a person enters.", int(status.manual_mode)),
        ("log_events", "Events in the log.", status.log_seq),
    ):
        yield GaugeMetricFamily(f"hantrade_{name}", text, value=value)
    if status.HasField("feed_age"):
        age = status.feed_age.seconds + status.feed_age.nanos / 1e9
        yield GaugeMetricFamily("hantrade_feed_age_seconds", "Since the last quotes came.", value=age)
    for name, text, value in (
        ("quotes", "Quotes judged in this run.", status.quotes),
        ("quotes_refused", "Quotes refused in this run.", status.quotes_refused),
        ("signals", "Signals of the log.", status.signals),
        ("entries_scored", "Entry signals of the log whose horizon has passed.", status.signals_scored),
        ("entries_right", "Of these, those that earned more than a round trip costs.", status.signals_right),
        ("denied", "Orders risk denied today.", status.denied),
        ("fills", "Fills today.", status.fills),
    ):
        yield CounterMetricFamily(f"hantrade_{name}", text, value=value)


@contextmanager
def serving(status: Callable[[], desk_pb2.TraderStatus], port: int) -> Iterator[int]:
    """Serve `/metrics` on loopback and give the port; 0 serves nothing. Raises ConfigError when the port is taken."""
    if port == 0:
        yield 0
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatusCollector(status))
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as error:
        raise ConfigError(f"metrics.port: {LOOPBACK}:{port} cannot be listened on: {error.strerror}") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
