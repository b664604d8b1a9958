"""`/metrics` tells what `status` tells, on loopback, and a port that is taken is named."""

import socket
import urllib.request
from collections.abc import Iterator

import pytest

from cli.metrics import LOOPBACK, serving
from domain.errors import ConfigError
from hantrade.v1 import desk_pb2


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield taken.getsockname()[1]


def page(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_given_a_status_when_scraped_then_every_scrape_asks_anew() -> None:
    status = desk_pb2.TraderStatus(
        equity_krw=9_999_999, quotes_link="READY", orders_link="DEGRADED", link_up_ppm=999_000, fills=1
    )
    status.quality_verdicts["OFF_TICK"] = 3
    status.halted_symbols["005930"] = "194 shares here, 204 at the broker"
    status.feed_age.FromMilliseconds(250)
    status.limits.append(desk_pb2.RiskLimit(name="drawdown", loss_krw=400, limit_krw=1_000))
    status.reducing.append(desk_pb2.ReducingCause(code="DEAD_MAN"))
    status.checks.append(desk_pb2.RiskCheck(name="SECTOR", denied=7))
    status.stops.append(desk_pb2.HoldingStop(symbol="120110", stuck="locked at the lower limit"))
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        chosen = free.getsockname()[1]
    with serving(lambda: status, chosen) as port:
        told = page(port)
        assert told["hantrade_equity_krw"] == 9_999_999
        assert told['hantrade_link_state{link="quotes",state="READY"}'] == 1
        assert told['hantrade_link_state{link="orders",state="READY"}'] == 0
        assert told['hantrade_link_state{link="orders",state="DEGRADED"}'] == 1
        assert told['hantrade_market_time_ratio{links="up"}'] == 0.999
        assert told['hantrade_quality_verdicts_total{rule="OFF_TICK"}'] == 3
        assert told['hantrade_symbol_halted{symbol="005930"}'] == 1
        assert told["hantrade_feed_age_seconds"] == 0.25
        assert told['hantrade_limit_loss_krw{limit="drawdown"}'] == 400
        assert told['hantrade_limit_krw{limit="drawdown"}'] == 1_000
        assert told['hantrade_reducing{cause="DEAD_MAN"}'] == 1
        assert told['hantrade_denied_by_check_total{check="SECTOR"}'] == 7
        assert told['hantrade_exit_stuck{symbol="120110"}'] == 1
        status.fills = 2
        assert page(port)["hantrade_fills_total"] == 2


def test_given_port_zero_when_served_then_nothing_listens() -> None:
    with serving(desk_pb2.TraderStatus, 0) as port:
        assert port == 0


def test_given_a_port_in_use_when_served_then_it_is_named(port: int) -> None:
    with pytest.raises(ConfigError, match=rf"metrics\.port: .*:{port} "), serving(desk_pb2.TraderStatus, port):
        pass
