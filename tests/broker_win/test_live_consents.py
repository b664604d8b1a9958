"""Real money against the emulated Kiwoom: all three consents, and each missing one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broker.server import BrokerServerThread
from broker_win.emulator.plan import ServerPlan
from cli.consents import require_consents
from domain.errors import ConfigError, HantradeError, RequestRefused
from domain.types import ServerKind
from hantrade.v1 import broker_pb2
from tests.broker_sim.builders import an_instrument
from tests.broker_win.emulated import EmulatedPc, MainThread
from tests.broker_win.test_contract_emulator import open_market

ACCOUNT = "8012345611"


@contextmanager
def a_broker(folder: Path, main: MainThread, plan: ServerPlan, kind: ServerKind) -> Iterator[BrokerServerThread]:
    pc = EmulatedPc(folder, main, [an_instrument()], server=plan)
    pc.config = replace(pc.config, server_kind=kind)
    server = BrokerServerThread(lambda: pc.opened(open_market)).start()
    try:
        yield server
    finally:
        server.stop()


def settings(home: Path, address: str, server: str = "real", account: str = ACCOUNT) -> None:
    text = f'[broker]\nquotes = "{address}"\nserver = "{server}"\naccount = "{account}"\n'
    (home / "hantrade.toml").write_text(text)


def refusal(home: Path, typed: str = ACCOUNT) -> HantradeError:
    with pytest.raises(HantradeError) as caught:
        require_consents(home, typed)
    return caught.value


def test_given_a_real_server_as_configured_when_the_account_is_typed_then_all_three_hold(
    tmp_path: Path, main_thread: MainThread
) -> None:
    with a_broker(tmp_path, main_thread, ServerPlan(kind="real"), ServerKind.REAL) as broker:
        settings(tmp_path, broker.address)
        assert require_consents(tmp_path, ACCOUNT) == ACCOUNT
        wrong = refusal(tmp_path, "8012345612")
        assert (isinstance(wrong, RequestRefused), "not the account" in str(wrong)) == (True, True)
        settings(tmp_path, broker.address, server="mock")
        assert isinstance(refusal(tmp_path), ConfigError)
        settings(tmp_path, broker.address, account="9912345611")  # ends as the broker's own
        assert "trades on" in str(refusal(tmp_path, "9912345611"))
        settings(tmp_path, broker.address, account="8012345699")
        assert "trades on" in str(refusal(tmp_path, "8012345699"))


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        ("mock", ServerKind.REAL, "the broker is on a MOCK server"),  # the PC logged in to the wrong one
        ("mock", ServerKind.MOCK, "the broker is on a MOCK server"),  # the PC is set up for the mock server
    ],
)
def test_given_the_mock_server_when_started_live_then_the_brokers_own_word_forbids_it(
    tmp_path: Path, main_thread: MainThread, kind: str, expected: ServerKind, words: str
) -> None:
    with a_broker(tmp_path, main_thread, ServerPlan(kind=kind), expected) as broker:
        settings(tmp_path, broker.address)
        assert words in str(refusal(tmp_path))


def test_given_a_real_server_on_a_pc_set_up_for_the_mock_one_when_looked_at_then_no_order_may_go(
    tmp_path: Path, main_thread: MainThread
) -> None:
    with a_broker(tmp_path, main_thread, ServerPlan(kind="real"), ServerKind.MOCK) as broker:
        session = broker.call(broker.backend.session)
        assert (session.server_kind, session.logged_in) == (ServerKind.REAL, True)
        assert "configured for Kiwoom's MOCK server" in session.trouble


def test_given_the_contract_when_read_then_a_log_in_carries_nothing() -> None:
    assert list(broker_pb2.LoginRequest.DESCRIPTOR.fields) == []
