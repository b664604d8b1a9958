"""Real money needs three consents; each missing one starts nothing."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broker.journal import OrderJournal
from broker.server import BrokerServerThread
from cli.consents import require_consents
from cli.home import Home
from cli.trader import start
from domain.accounts import check_of
from domain.errors import BrokerUnavailable, ConfigError, HantradeError, RequestRefused
from domain.messages.link import SessionInfo
from domain.types import ServerKind
from tests.broker.fake_backend import FakeBackend, FakeVenue

ACCOUNT = "8012345611"


class Kiwoom(FakeBackend):
    """Says what a test wants of itself."""

    said: dict[str, object]

    async def session(self) -> SessionInfo:
        return replace(
            await super().session(),
            account="******5611",
            account_check=check_of(ACCOUNT),
            server_kind=ServerKind.REAL,
            **self.said,
        )


@pytest.fixture
def kiwoom(tmp_path: Path) -> Iterator[Kiwoom]:
    """Serve a real server that is logged in, unless `said` tells otherwise."""
    made: list[Kiwoom] = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[Kiwoom]:
        journal = OrderJournal(tmp_path / "orders.db")
        backend = Kiwoom(journal, FakeVenue(), lambda: 0)  # type: ignore[arg-type]  # no order goes
        backend.said = {}
        made.append(backend)
        yield backend
        journal.close()

    server = BrokerServerThread(opened).start()
    settle(tmp_path, server.address)
    yield made[0]
    server.stop()


def settle(home: Path, address: str, server: str = "real", account: str = ACCOUNT) -> None:
    text = f'[broker]\nquotes = "{address}"\nserver = "{server}"\naccount = "{account}"\n'
    (home / "hantrade.toml").write_text(text)


def refused(home: Path, typed: str = ACCOUNT) -> HantradeError:
    with pytest.raises(HantradeError) as caught:
        require_consents(home, typed)
    return caught.value


def test_given_all_three_when_asked_then_the_account_is_given_back(kiwoom: Kiwoom, tmp_path: Path) -> None:
    assert require_consents(tmp_path, ACCOUNT) == ACCOUNT


@pytest.mark.parametrize("typed", ["", "8012345612", "5611", "yes"])
def test_given_another_account_when_typed_then_nothing_starts(kiwoom: Kiwoom, tmp_path: Path, typed: str) -> None:
    error = refused(tmp_path, typed)
    assert isinstance(error, RequestRefused)
    assert (error.code, error.field) == ("CONSENT", "account")
    assert ACCOUNT not in str(error)


@pytest.mark.parametrize(("server", "account", "told"), [("mock", ACCOUNT, "server"), ("", ACCOUNT, "server")])
def test_given_settings_that_do_not_say_real_when_asked_then_it_is_named(
    kiwoom: Kiwoom, tmp_path: Path, server: str, account: str, told: str
) -> None:
    settle(tmp_path, "127.0.0.1:1", server, account)
    error = refused(tmp_path)
    assert isinstance(error, ConfigError)
    assert f'[broker] {told} must be "real"' in str(error)


def test_given_no_account_in_the_settings_when_asked_then_it_is_named(kiwoom: Kiwoom, tmp_path: Path) -> None:
    settle(tmp_path, "127.0.0.1:1", account="")
    assert "[broker] account must be ten digits" in str(refused(tmp_path, ""))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"server_kind": ServerKind.MOCK}, "the broker is on a MOCK server"),
        ({"server_kind": ServerKind.SIMULATED}, "the broker is on a SIMULATED server"),
        ({"account": "******9999"}, "not on the account that was typed"),
        ({"account_check": check_of("9912345611")}, "not on the account that was typed"),
        ({"account_check": ""}, "does not tell enough of its account"),
        ({"logged_in": False, "trouble": "-101: the server cannot be reached"}, "not logged in"),
    ],
)
def test_given_a_broker_that_is_not_what_settings_say_when_asked_then_nothing_starts(
    kiwoom: Kiwoom, tmp_path: Path, said: dict[str, object], words: str
) -> None:
    kiwoom.session = said_by(kiwoom, said)  # type: ignore[method-assign]
    error = refused(tmp_path)
    assert isinstance(error, RequestRefused)
    assert error.code == "CONSENT"
    assert words in str(error)


def said_by(kiwoom: Kiwoom, said: dict[str, object]):  # type: ignore[no-untyped-def]
    whole = kiwoom.session

    async def session() -> SessionInfo:
        return replace(await whole(), **said)  # type: ignore[arg-type]

    return session


def test_given_no_broker_when_asked_then_it_is_unavailable(tmp_path: Path) -> None:
    settle(tmp_path, "127.0.0.1:9")
    assert isinstance(refused(tmp_path), BrokerUnavailable)


def test_given_a_person_who_types_nothing_when_started_live_then_no_log_and_no_process_is_begun(
    kiwoom: Kiwoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(RequestRefused, match="CONSENT"):
        start(paper=False, mock=False, live=True, detach=True, wait=0, home=tmp_path)
    assert "ends in 5611" in capsys.readouterr().err
    assert Home(tmp_path).running("trader") is None
    assert not (tmp_path / "logs").exists()
