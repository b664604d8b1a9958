"""The command line against a trader and a broker that ask for certificates and tokens, set up by `hantrade certs`."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.client import BrokerClient
from broker.security.roles import Role
from cli.context import exit_code
from cli.home import Home, Running
from cli.main import app
from cli.protection import access_of, desk_access, protection_of, security_of
from cli.settings import load
from domain.errors import BrokerUnavailable, RequestRefused
from tests.actors.trader_house import a_trader, until
from tests.security.conftest import WAIT_S, a_broker

SETTINGS = """
[security]
commands_a_second = 50
[security.broker]
ca = "certs/ca.pem"
cert = "certs/both.pem"
key = "certs/both.key"
[security.desk]
ca = "certs/ca.pem"
cert = "certs/both.pem"
key = "certs/both.key"
"""


@dataclass
class Guarded:
    """A home whose trader and broker ask for everything."""

    root: Path
    broker: str
    secrets: dict[Role, str]

    def type(self, *words: str, token: str = "") -> tuple[int, str]:
        """Type a command with a token in the environment; gives exit code and what it said."""
        done = CliRunner().invoke(app, [*words, "--home", str(self.root)], env={"HANTRADE_TOKEN": token or None})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            return int(exit_code(done.exception)), str(done.exception)
        return done.exit_code, done.output


def certs(root: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["certs", *words, "--home", str(root)])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    root = tmp_path_factory.mktemp("guarded")
    certs(root, "init")
    certs(root, "server", "both")
    secrets = {role: certs(root, "token", f"t-{role.name.lower()}", "--role", role.name.lower()) for role in Role}
    (root / "hantrade.toml").write_text(SETTINGS)
    settings, _ = load(root)
    with ExitStack() as open_things:
        patch = open_things.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("HANTRADE_TOKEN", secrets[Role.TRADER])
        broker = a_broker(root, security_of(root, settings, "broker")).start()
        open_things.callback(broker.stop)
        open_things.enter_context(Home(root).claim("trader"))
        protection = protection_of(root, settings)
        trader = open_things.enter_context(a_trader(root, broker.address, protection=protection))
        patch.delenv("HANTRADE_TOKEN")
        note = Running(os.getpid(), trader.desk_address, str(root / "log.db"), trader.system.run_id, "paper")
        Home(root).announce("trader", note)
        read = trader.reader.status
        until(lambda: (read().quotes_link, read().orders_link) == ("READY", "READY"))
        yield Guarded(root, broker.address, secrets)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    monkeypatch.setattr(keyring, "get_password", lambda *_: None)
    monkeypatch.delenv("HANTRADE_TOKEN", raising=False)


def test_given_no_token_when_a_command_is_typed_then_one_line_tells_how_to_get_one(guarded: Guarded) -> None:
    for words in (["status"], ["halt"], ["orders", "list"]):
        code, said = guarded.type(*words)
        assert code == 1
        assert said.startswith("UNAUTHENTICATED: no token was given; give a token made by `hantrade certs token`")
        assert len(said.splitlines()) == 1


def test_given_a_viewer_when_it_halts_then_it_may_not_and_reads_on(guarded: Guarded) -> None:
    viewer = guarded.secrets[Role.VIEWER]
    assert guarded.type("halt", token=viewer) == (
        1,
        "PERMISSION_DENIED: Halt needs the role operator; t-viewer is viewer",
    )
    code, said = guarded.type("status", token=viewer)
    assert (code, "READY" in said) == (0, True)
    code, said = guarded.type("orders", "submit", "buy", "120110", "1", "--price", "10000", token=viewer)
    assert (code, said.split(":")[0]) == (1, "PERMISSION_DENIED")


def test_given_an_operator_when_it_halts_then_the_log_names_its_token(guarded: Guarded) -> None:
    code, _ = guarded.type("halt", "--note", "enough", token=guarded.secrets[Role.OPERATOR])
    assert code == 0
    log = str(guarded.root / "log.db")
    done = CliRunner().invoke(app, ["log", "grep", "--type", "HaltRequested", "--json", "--log", log])
    said = done.output
    assert '"t-operator (' in said.replace('\\"', '"')


def test_given_broken_settings_when_a_trader_must_be_halted_then_the_call_is_made_all_the_same(
    guarded: Guarded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hantrade.toml").write_text("[broken")
    assert desk_access(tmp_path).tls is None
    assert "settings cannot be read" in capsys.readouterr().err


def test_given_two_tokens_when_a_broker_is_called_then_the_one_for_brokers_is_shown(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = load(guarded.root)
    monkeypatch.setenv("HANTRADE_TOKEN", "for everything")
    monkeypatch.setenv("HANTRADE_BROKER_TOKEN", guarded.secrets[Role.VIEWER])
    assert access_of(guarded.root, settings, "desk").token == "for everything"
    access = access_of(guarded.root, settings, "broker")
    assert access.token == guarded.secrets[Role.VIEWER]
    client = BrokerClient(guarded.broker, WAIT_S, access=access)
    try:
        assert client.session().logged_in
    finally:
        client.close()


def test_given_a_token_that_is_revoked_while_the_broker_runs_when_it_calls_again_then_it_is_unknown(
    guarded: Guarded,
) -> None:
    secret = certs(guarded.root, "token", "guest", "--role", "viewer")
    settings, _ = load(guarded.root)
    access = access_of(guarded.root, settings, "broker")
    client = BrokerClient(guarded.broker, WAIT_S, access=type(access)(access.tls, secret))
    try:
        assert client.session().logged_in
        certs(guarded.root, "revoke", "guest")
        with pytest.raises(RequestRefused, match="UNAUTHENTICATED: the token is not known here"):
            client.session()
    finally:
        client.close()


def test_given_a_caller_without_tls_when_it_dials_then_it_hears_nothing(guarded: Guarded) -> None:
    client = BrokerClient(guarded.broker, WAIT_S)
    try:
        with pytest.raises(BrokerUnavailable):
            client.session()
    finally:
        client.close()


def test_given_the_paper_simulator_when_tokens_are_asked_for_then_it_has_one_of_its_own(guarded: Guarded) -> None:
    settings, _ = load(guarded.root)
    security, access = protection_of(guarded.root, settings).paper()
    assert security is not None
    assert security.asks_for_tokens
    assert access.token
    assert access.token not in guarded.secrets.values()
