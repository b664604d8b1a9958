"""The trader as a whole: it starts, notices what dies, stops, and recovers from its log or refuses to."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pykka
import pytest

from actors.recovery import recover
from cli.compose import codec
from domain.errors import InvariantError, LogError
from domain.messages.operator import StopRequested
from domain.messages.orders import ResolveOrder
from domain.messages.run import ClockTicked, RunEnded
from domain.messages.trading import NoticeRaised
from domain.types import ClientOrderId, Gate, RequestId
from persistence.reader import LogReader
from tests.actors.trader_house import WAIT_S, a_broker, a_trader, until


def test_given_a_day_when_it_is_over_then_the_trader_stops_in_order_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with a_broker(tmp_path, speed=0) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().quotes > 0)
        trader.system.core.post(StopRequested("s", "test", "enough"), source="test", urgent=True)
        assert trader.system.stopped.wait(WAIT_S)
        assert trader.system.failure is None
        trader.system.stop("stopped in order")
        assert not trader.system.core.alive
    left = {t.name for t in threading.enumerate() if t not in before and t.is_alive()}
    assert not [
        name for name in left if name.startswith(("core", "quotes", "clock", "watch", "orders", "broker", "desk"))
    ]
    with LogReader(tmp_path / "log.db", codec()) as reader:
        assert [message for _, message in reader.messages(type="RunEnded")] == [
            RunEnded(trader.system.run_id, "stopped in order")
        ]


@pytest.mark.parametrize("edge", ["OrderLink", "ClockEdge"])
def test_given_an_edge_that_dies_when_it_is_noticed_then_the_gate_shuts_and_the_run_ends_untold_as_orderly(
    tmp_path: Path, edge: str
) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        system = trader.system
        until(lambda: trader.reader.status().connection == "READY")
        [ref] = [one for one in system._edges if one.actor_class.__name__ == edge]
        if edge == "ClockEdge":
            actor: Any = ref._actor_weakref()
            actor._post = None  # its thread fails at the next tick
        else:
            ref.tell(object())  # no link can carry this out: our bug
        with excused():
            assert system.stopped.wait(WAIT_S)
        assert isinstance(system.failure, InvariantError)
        assert edge in str(system.failure)
        assert system.gate.level is Gate.CANCELS_ONLY
        system.stop(str(system.failure))
    with LogReader(tmp_path / "log.db", codec()) as reader:
        told = [message for _, message in reader.messages(type="NoticeRaised")]
        assert any(isinstance(notice, NoticeRaised) and edge in notice.text for notice in told)
        assert list(reader.messages(type="RunEnded")) == []


class excused:  # noqa: N801  # reads like contextlib.suppress
    """Let threads of the trader fail without failing the test."""

    def __enter__(self) -> None:
        self._hook, threading.excepthook = threading.excepthook, lambda _: None

    def __exit__(self, *_: Any) -> None:
        threading.excepthook = self._hook


def test_given_a_broker_that_is_away_when_started_then_the_trader_keeps_trying_and_connects_when_it_comes(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path) as broker:
        address = broker.address
    (tmp_path / "again").mkdir()
    with a_trader(tmp_path, address) as trader:
        until(lambda: trader.reader.status().quotes_link == "BACKING_OFF")
        assert trader.system.failure is None
        assert trader.reader.status().orders_link in ("READY", "RECONCILING", "CONNECTING", "BACKING_OFF")


def test_given_a_quotes_broker_that_goes_away_when_it_does_then_the_link_is_lost_and_orders_stay(
    tmp_path: Path,
) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().connection == "READY")
        broker.stop()
        until(lambda: trader.reader.status().quotes_link != "READY")
        assert trader.reader.status().orders_link == "READY"
        trader.system.core.post(StopRequested("s", "test", "enough"), source="test", urgent=True)
        assert trader.system.stopped.wait(WAIT_S)
        assert trader.system.failure is None


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Path]:
    """Give the log of a short run."""
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().connection == "READY")
    path = tmp_path / "log.db"
    yield path


def change(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute(sql)
    conn.close()


def folded(path: Path) -> int:
    with LogReader(path, codec()) as reader:
        return recover(reader, reader.log_id).last_seq


def test_given_a_log_when_it_is_folded_then_gate_day_and_sequence_are_those_of_the_run(past: Path) -> None:
    with LogReader(past, codec()) as reader:
        kernel = recover(reader, reader.log_id)
        assert kernel.last_seq == reader.last_seq()
    with a_trader(past.parent, "127.0.0.1:1") as trader:
        assert trader.system.kernel.last_seq > kernel.last_seq


def test_given_an_event_that_cannot_be_read_when_recovering_then_it_is_refused_and_named(past: Path) -> None:
    change(past, "UPDATE events SET payload = '{}' WHERE seq = 1")
    with pytest.raises(LogError, match="event 1, a RunStarted, cannot be read"):
        folded(past)


def test_given_an_event_of_a_newer_version_when_recovering_then_it_is_left_out_but_counted(past: Path) -> None:
    last = folded(past)
    change(past, f"UPDATE events SET type = 'FromTheFuture' WHERE seq = {last}")
    assert folded(past) == last


def test_given_a_hole_in_the_log_when_recovering_then_it_is_refused(past: Path) -> None:
    change(past, "DELETE FROM events WHERE seq = 3")
    with pytest.raises(LogError, match="expected sequence 3, found 4"):
        folded(past)


def test_given_roles_when_the_core_has_stopped_then_questions_are_answered_by_an_error(tmp_path: Path) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().connection == "READY")
        trader.system.stop("test")
        with pytest.raises(pykka.ActorDeadError):
            trader.reader.status()


def test_given_an_effect_for_a_link_that_is_gone_when_released_then_the_core_lives(tmp_path: Path) -> None:
    with a_broker(tmp_path) as broker, a_trader(tmp_path, broker.address) as trader:
        until(lambda: trader.reader.status().connection == "READY")
        trader.system._edges[3].stop()
        resolve = ResolveOrder(ClientOrderId("o"), RequestId("o"))
        trader.system.core.post(resolve, source="test")
        done = threading.Event()
        now = trader.log.last_seq
        trader.system.core.post(ClockTicked(now, False), source="test", on_committed=done.set)  # type: ignore[arg-type]
        assert done.wait(WAIT_S)
