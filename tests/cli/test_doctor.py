"""The doctor tells the truth about a broker, one line each, and leaves nothing behind."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broker.port import Diagnosis, DiagnosisState
from broker.security.access import PLAIN
from broker.server import BrokerServerThread
from broker_sim.backend import SimBackend
from cli.context import Exit
from cli.doctor import doctor
from cli.doctor_broker import BrokerDoctor
from domain.accounts import mark_of
from domain.errors import ConfigError
from domain.messages.link import SessionInfo
from domain.types import Gate, ServerKind
from tests.broker.contract import WAIT_S
from tests.broker_sim.builders import SYMBOL, a_quote, an_instrument, at

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerServerThread]:
    @asynccontextmanager
    async def paper() -> AsyncIterator[SimBackend]:
        backend = SimBackend.paper(tmp_path / "orders.db", cash=10_000_000, commission_ppm=150)
        await backend.start()
        backend.on_venue_time(at(9, 59))
        backend.on_instruments([an_instrument()])
        backend.on_batch([a_quote()])
        yield backend
        await backend.close()

    server = BrokerServerThread(paper).start()
    yield server
    server.stop()


def looked(broker: BrokerServerThread, kind: ServerKind | None = None, order: bool = True) -> dict[str, Diagnosis]:
    seen = BrokerDoctor(broker.address, PLAIN, (SYMBOL,), kind).look(why_no_order="" if order else "not asked for")
    return {one.name: one for one in seen}


def test_given_a_broker_that_is_well_when_looked_at_then_an_order_was_placed_and_cancelled(
    broker: BrokerServerThread,
) -> None:
    found = looked(broker)
    assert [name for name, one in found.items() if one.state is FAILED] == ["quote"], "the paper broker has no quotes"
    assert "accepted as" in found["order"].detail
    assert "cancelled" in found["order"].detail
    assert "10,000,000 KRW" in found["deposit"].detail
    orders, _ = broker.call(broker.backend.open_orders, WAIT_S)
    assert orders == []


def test_given_another_kind_than_expected_when_looked_at_then_it_is_named(broker: BrokerServerThread) -> None:
    found = looked(broker, ServerKind.REAL, order=False)
    assert found["expected_kind"].state is FAILED
    assert "expected REAL, is SIMULATED" in found["expected_kind"].detail
    assert found["order"].state is NOT_KNOWN


def test_given_another_account_than_expected_when_looked_at_then_it_is_named_and_no_order_sent(
    broker: BrokerServerThread,
) -> None:
    whole = broker.backend.session

    async def mock() -> SessionInfo:
        return replace(await whole(), server_kind=ServerKind.MOCK)

    broker.backend.session = mock  # type: ignore[method-assign]
    seen = BrokerDoctor(broker.address, PLAIN, (SYMBOL,), None, mark_of("8012341111")).look(why_no_order="")
    found = {one.name: one for one in seen}
    assert found["expected_account"].state is FAILED
    assert "expected the one that ends in 1111" in found["expected_account"].detail
    assert found["order"].state is NOT_KNOWN
    assert broker.backend.last_event_seq() == 0


def test_given_a_closed_gate_when_looked_at_then_no_order_is_sent(broker: BrokerServerThread) -> None:
    broker.call(lambda: broker.backend.set_gate("g-1", Gate.CANCELS_ONLY), WAIT_S)
    assert "gate is CANCELS_ONLY" in looked(broker)["order"].detail
    assert broker.backend.last_event_seq() == 0


def test_given_no_broker_when_asked_then_one_line_says_so_and_the_exit_code_is_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = doctor(broker=True, endpoint="127.0.0.1:9", order=True, trends=False, json=True, home=tmp_path)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == Exit.UNAVAILABLE
    assert (lines[-1]["name"], lines[-1]["state"]) == ("reachable", "FAILED")
    assert lines[-1]["remedy"]
    here = {"settings", "disk", "trader", "trend_words", "naver_keys", "naver", "trend_cache", "google"}
    assert {line["name"] for line in lines} == here | {"reachable"}


@pytest.mark.parametrize("endpoint", ["here", "127.0.0.1", "127.0.0.1:0"])
def test_given_an_endpoint_that_is_none_when_asked_then_the_option_is_named(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        doctor(broker=True, endpoint=endpoint, order=False, trends=False, json=False, home=tmp_path)
    assert str(caught.value) == f"--endpoint: HOST:PORT is expected, for example 127.0.0.1:50051, was '{endpoint}'"


def test_given_an_endpoint_without_broker_when_asked_then_it_is_not_left_out_silently(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--broker is expected with it"):
        doctor(broker=False, endpoint="127.0.0.1:9", order=False, trends=False, json=False, home=tmp_path)


def test_given_settings_that_are_wrong_when_asked_then_they_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hantrade.toml").write_text("[broker]\naccount = 'abc'\n")
    assert doctor(broker=False, endpoint="", order=False, trends=False, json=False, home=tmp_path) == Exit.REFUSED
    out = capsys.readouterr().out
    assert "FAIL  settings" in out
    assert "broker.account = 'abc'" in out
