"""Faults of a running trader in this process: an edge that dies, a core that fails or hangs, a clock that steps."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pykka
import pytest

import actors.system
from actors.edges.alert_sender import AlertSender
from actors.edges.desk_server import DeskServer
from actors.edges.order_link import OrderLink
from actors.edges.quote_link import QuoteLink
from actors.edges.trend_source import TrendEdge
from cli.compose import Trader, codec
from domain.errors import InvariantError, LogError, LogFull
from domain.messages.market import QuotesReceived
from domain.messages.operator import PauseRequested, ResumeRequested
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.types import Gate, Purpose, UnixNanos
from persistence.reader import LogReader
from tests.actors.test_system import excused
from tests.actors.trader_house import WAIT_S, a_broker, a_trader, until

EDGES = ("AlertSender", "TrendEdge", "QuoteLink", "OrderLink", "DeskServer", "ClockEdge")


def ready(trader: Trader) -> None:
    until(lambda: trader.reader.status().connection == "READY")


def told(folder: Path) -> list[str]:
    """Give the alerts that stand in the log."""
    with LogReader(folder / "log.db", codec()) as reader:
        found = [message for _, message in reader.messages(type="NoticeRaised")]
    return [notice.text for notice in found if isinstance(notice, NoticeRaised)]


def types(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "log.db")) as conn:
        return [name for (name,) in conn.execute("SELECT DISTINCT type FROM events")]


def in_core(trader: Trader, message: Any) -> None:
    """Post a message and wait until it is durable."""
    done = threading.Event()
    trader.system.core.post(message, source="test", urgent=True, on_committed=done.set)
    assert done.wait(WAIT_S)


# ---- edges -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", ["AlertSender", "TrendEdge", "QuoteLink", "DeskServer"])
def test_given_an_edge_that_dies_when_it_is_noticed_then_the_gate_shuts_and_the_log_names_it(
    tmp_path: Path, edge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orders link and the clock are in tests/actors/test_system.py."""
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        ready(trader)
        [ref] = [one for one in trader.system._edges if one.actor_class.__name__ == edge]

        def die(*_: Any) -> None:
            raise ZeroDivisionError("a bug of ours")

        monkeypatch.setattr(ref.actor_class, "on_receive", die)
        with excused():
            ref.tell(object())
            assert trader.system.stopped.wait(WAIT_S)
        assert isinstance(trader.system.failure, InvariantError)
        assert str(trader.system.failure) == f"{edge} died; the run ends, start it again"
        assert trader.system.gate.level is Gate.CANCELS_ONLY
        monkeypatch.undo()
    assert f"{edge} died; the run ends, start it again" in told(tmp_path)
    assert "RunEnded" not in types(tmp_path)


@pytest.mark.parametrize("kind", [AlertSender, TrendEdge, QuoteLink, OrderLink, DeskServer])
def test_given_an_edge_that_dies_in_its_start_when_composed_then_nothing_runs_and_nothing_is_written(
    tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Any) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(kind, "on_start", die)
    before = set(threading.enumerate())
    with (
        excused(),
        pytest.raises(InvariantError, match=f"^{kind.__name__}.* died while it started"),
        a_trader(tmp_path, "127.0.0.1:1"),
    ):
        pass
    left = {thread.name for thread in set(threading.enumerate()) - before if not thread.daemon}
    assert not {name for name in left if kind.__name__ in name}
    assert types(tmp_path) == []
    monkeypatch.undo()
    with a_trader(tmp_path, "127.0.0.1:1") as trader:  # the log is free, nothing is in the way of another start
        assert trader.system.failure is None


@pytest.mark.parametrize("kind", [AlertSender, QuoteLink, OrderLink, DeskServer])
def test_given_an_edge_that_dies_in_its_stop_when_stopped_then_the_others_stop_and_the_run_is_ended(
    tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_trader(tmp_path, "127.0.0.1:1") as trader:
        sound: Callable[[Any], None] = kind.on_stop

        def die(self: Any) -> None:
            sound(self)
            raise ZeroDivisionError("a bug of ours")

        monkeypatch.setattr(kind, "on_stop", die)
        with excused():
            trader.system.stop("stopped in order")
        assert [edge for edge in trader.system._edges if edge.is_alive()] == []
        assert trader.system.failure is None
    assert "RunEnded" in types(tmp_path)


# ---- the core --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [LogError("log.db cannot be appended to: disk I/O error"), LogFull("log.db: no space"), MemoryError("full")],
)
def test_given_a_commit_that_fails_when_it_does_then_the_core_ends_and_a_person_is_told_past_it(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        ready(trader)
        monkeypatch.setattr(AlertSender, "on_receive", lambda _, notice: shown.append(notice.text))
        written = trader.log.last_seq

        def fail(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(trader.log, "commit", fail)
        monkeypatch.setattr(trader.log, "release_reserve", lambda: False)
        assert trader.system.stopped.wait(WAIT_S)
        assert trader.system.failure is error
        assert trader.system.gate.level is Gate.CANCELS_ONLY
        trader.system.stop("the test is over")
        assert trader.log.last_seq - written <= 64, "what was committed before the fault"
    text = f"The core failed ({type(error).__name__}: {error}). The process ends; start the trader again."
    assert text in shown
    assert "RunEnded" not in types(tmp_path)


def test_given_a_core_that_hangs_when_noticed_then_only_cancels_pass_and_the_day_is_paused_once_it_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors.system, "STALL_S", 0.3)
    monkeypatch.setattr(actors.system, "WATCH_S", 0.02)
    shown: list[str] = []
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().day == "TRADING")
        gate, role = trader.system.gate, trader.system.kernel.role("strategist")
        assert gate.passes(Purpose.ENTRY)
        goes_on = threading.Event()
        monkeypatch.setattr(AlertSender, "on_receive", lambda _, notice: shown.append(notice.text))
        monkeypatch.setattr(role, "evolve", hanging(role.evolve, goes_on))
        until(lambda: gate.stalled)
        assert [gate.passes(purpose) for purpose in (Purpose.ENTRY, Purpose.EXIT)] == [False, False]
        with pytest.raises(pykka.Timeout):
            trader.system.ask("portfolio", None, timeout_s=0.05)
        until(lambda: bool(shown))
        assert "the core does not move: 0.3 s and more at Quotes" in shown[0]
        goes_on.set()
        until(lambda: not gate.stalled)
        assert (gate.level, gate.passes(Purpose.ENTRY), gate.passes(Purpose.EXIT)) == (Gate.EXITS_ONLY, False, True)
        assert trader.system.failure is None
        in_core(trader, ResumeRequested("c", "kim", ""))
        assert gate.passes(Purpose.ENTRY)
    with LogReader(tmp_path / "log.db", codec()) as reader:
        [pause] = [message for _, message in reader.messages(type="PauseRequested")]
    assert isinstance(pause, PauseRequested)
    assert pause.caller == "watchdog"


def hanging(sound: Callable[..., None], goes_on: threading.Event) -> Callable[..., None]:
    def evolve(message: Any, stamp: Any) -> None:
        if isinstance(message, QuotesReceived) or type(message).__name__ == "QuotesJudged":
            goes_on.wait(WAIT_S)
        sound(message, stamp)

    return evolve


# ---- the clock -------------------------------------------------------------------------------------------------


def put_back(trader: Trader, seconds: float) -> None:
    """Put the machine's clock back for a running trader."""
    clock = trader.system.clock
    sound = clock._wall
    clock._wall = lambda: sound() - int(seconds * 1e9)


def test_given_the_machines_clock_put_back_an_hour_when_trading_then_it_pauses_once_and_deadlines_hold(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().day == "TRADING")
        put_back(trader, 3600)
        until(lambda: trader.reader.status().day == "PAUSED")
        assert "the machine's clock went back by 3,600,000 ms" in trader.reader.status().gate_reason
        assert trader.system.gate.level is Gate.EXITS_ONLY
        in_core(trader, ResumeRequested("c", "kim", "the time service did it"))
        until(lambda: trader.reader.status().day == "TRADING")
        broker.stop()  # the heartbeat's deadline is told by the clock that was put back
        until(lambda: trader.reader.status().quotes_link != "READY")
    [alert] = [text for text in told(tmp_path) if text.startswith("At ")]
    assert "the machine's clock went back by 3,600,000 ms. Ours goes on" in alert
    with closing(sqlite3.connect(tmp_path / "log.db")) as conn:
        times = [at for (at,) in conn.execute("SELECT recorded_at FROM events ORDER BY seq")]
    assert times == sorted(times)


def test_given_a_log_that_ends_ahead_of_the_machine_when_started_again_then_it_is_told_and_nothing_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().day == "TRADING")
        ahead = UnixNanos(trader.system.clock.now() + 3600 * 10**9)
        trader.system.clock._time = ahead  # as if the machine's clock had been an hour ahead
        in_core(trader, ClockTicked(ahead, False))
    (tmp_path / "again").mkdir()
    with a_broker(tmp_path / "again") as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().day == "PAUSED")
        assert trader.system.clock.now() >= ahead
        assert "the machine's clock went back by 3,5" in trader.reader.status().gate_reason
        until(lambda: trader.reader.status().connection == "READY")
        assert trader.reader.status().day == "PAUSED"
