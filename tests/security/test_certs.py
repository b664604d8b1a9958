"""`hantrade certs`: what the files are, who trusts whom through a rotation, and what is said to a person."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import keyring
import keyring.errors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from typer.testing import CliRunner, Result

from broker.security.roles import Role
from broker.security.tls import TlsFiles
from broker.security.tokens import hashed, read_tokens
from cli import secrets
from cli.authority import Authority
from cli.main import app
from cli.protection import security_of
from cli.settings import Settings
from cli.settings_tables import SecuritySection, TlsSection
from domain.errors import ConfigError
from tests.security.builders import NOW, a_certificate, an_authority


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["certs", *words, "--home", str(home)])


def listed(home: Path) -> dict[tuple[str, str], dict[str, object]]:
    lines = run(home, "list", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return {(row["name"], row["kind"]): row for row in rows}


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_given_a_home_when_certificates_are_made_then_files_are_private_and_say_what_they_are_for(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, "init").exit_code == 0
    told = run(tmp_path, "server", "office", "--host", "192.168.0.10", "--host", "office.example").output
    assert "[security.broker]" in told
    assert 'cert = "certs/office.pem"' in told
    assert run(tmp_path, "client", "dash", "--days", "30").exit_code == 0

    folder = tmp_path / "certs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    office, dash, ca = (read(folder / f"{name}.pem") for name in ("office", "dash", "ca"))
    office.verify_directly_issued_by(ca)
    dash.verify_directly_issued_by(ca)
    key = office.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    purposes = [set(one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) for one in (office, dash)]
    assert purposes[1] == {ExtendedKeyUsageOID.CLIENT_AUTH}
    assert purposes[0] == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    rows = listed(tmp_path)
    assert rows["office", "server"]["hosts"] == ["localhost", "127.0.0.1", "::1", "192.168.0.10", "office.example"]
    assert rows["dash", "client"]["days_left"] == 29
    assert {row["state"] for row in rows.values()} == {"trusted"}


def test_given_an_authority_when_rotated_then_both_are_trusted_until_the_old_one_retires(tmp_path: Path) -> None:
    run(tmp_path, "init")
    run(tmp_path, "server", "office", "--host", "192.168.0.10")
    assert run(tmp_path, "init").exit_code != 0, "an authority is not replaced by accident"
    assert run(tmp_path, "init", "--rotate").exit_code == 0
    assert len(x509.load_pem_x509_certificates((tmp_path / "certs" / "ca.pem").read_bytes())) == 2
    assert listed(tmp_path)["office", "server"]["state"] == "trusted"
    refused = run(tmp_path, "retire")
    assert "office: signed by an old authority" in str(refused.exception)
    before = (tmp_path / "certs" / "office.key").read_bytes()
    assert run(tmp_path, "renew", "office").exit_code == 0
    assert (tmp_path / "certs" / "office.key").read_bytes() != before
    assert run(tmp_path, "retire").exit_code == 0
    rows = listed(tmp_path)
    assert rows["office", "server"]["state"] == "trusted"
    assert rows["office", "server"]["hosts"] == ["localhost", "127.0.0.1", "::1", "192.168.0.10"]
    assert ("ca", "old authority") not in rows


def test_given_certificates_running_out_when_listed_then_a_person_is_told(tmp_path: Path) -> None:
    authority = an_authority(tmp_path / "certs")
    a_certificate(authority, "old", since=NOW - timedelta(days=5), days=2)
    a_certificate(authority, "soon", days=3)
    shown = run(tmp_path, "list").output
    assert "`hantrade certs renew soon`" in shown
    assert listed(tmp_path)["old", "client"]["state"] == "expired"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["server", "ca"], "NAME must match"),
        (["server", "../x"], "NAME must match"),
        (["server", "a", "--host", "a b"], "--host must be a name or an address of a machine, was 'a b'"),
        (["renew", "ghost"], "ghost.pem does not exist"),
        (["token", "minji", "--role", "boss"], "--role must be one of viewer, operator, trader, was 'boss'"),
        (["token", "Minji", "--role", "viewer"], "NAME must match"),
        (["revoke", "ghost"], "NAME must be one of the tokens (none), was 'ghost'"),
    ],
)
def test_given_words_that_are_wrong_when_typed_then_one_line_names_them(
    tmp_path: Path, words: list[str], told: str
) -> None:
    an_authority(tmp_path / "certs")
    done = run(tmp_path, *words)
    assert isinstance(done.exception, ConfigError)
    assert told in str(done.exception)


def test_given_a_token_when_made_then_it_is_shown_once_and_can_be_revoked(tmp_path: Path) -> None:
    done = run(tmp_path, "token", "minji", "--role", "operator", "--days", "30")
    secret = done.stdout.strip()
    [token] = read_tokens(tmp_path / "tokens.toml")
    assert (token.name, token.role, token.sha256) == ("minji", Role.OPERATOR, hashed(secret))
    assert secret not in (tmp_path / "tokens.toml").read_text()
    assert isinstance(run(tmp_path, "token", "minji", "--role", "viewer").exception, ConfigError)
    shown = run(tmp_path, "tokens", "--json").stdout
    assert json.loads(shown) == {
        "name": "minji",
        "role": "operator",
        "expires": str(token.expires),
        "state": "valid",
    }
    assert "nobody may call" in run(tmp_path, "revoke", "minji").output
    assert read_tokens(tmp_path / "tokens.toml") == ()


# ---- files a server refuses to start with --------------------------------------------------------------------


def test_given_files_that_do_not_fit_when_read_then_each_is_named(tmp_path: Path) -> None:
    authority = an_authority(tmp_path)
    good, other = a_certificate(authority, "good"), a_certificate(authority, "other")
    good.read()
    no_pem = tmp_path / "text.pem"
    no_pem.write_text("no certificate")
    for files, told in [
        (TlsFiles(tmp_path / "none.pem", good.cert, good.key), "none.pem: cannot be read"),
        (TlsFiles(no_pem, good.cert, good.key), "text.pem: certificates of an authority in PEM"),
        (TlsFiles(good.ca, no_pem, good.key), "a certificate and its key in PEM"),
        (TlsFiles(good.ca, good.cert, other.key), "a certificate and its key in PEM"),
    ]:
        with pytest.raises(ConfigError) as found:
            files.read()
        assert told in str(found.value)
    good.key.chmod(0o640)
    with pytest.raises(ConfigError, match="must be its owner's alone"):
        good.read()


def test_given_an_authority_whose_time_is_over_when_it_signs_then_it_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.create(NOW - timedelta(days=10), 5)
    with pytest.raises(ConfigError, match="has expired"):
        a_certificate(authority, "late")
    (tmp_path / "ca.key").unlink()
    with pytest.raises(ConfigError, match=r"ca\.key: cannot be read"):
        a_certificate(authority, "late")


@pytest.mark.parametrize(("days", "told"), [(40, ""), (3, "expires in 2 days"), (-1, "has expired")])
def test_given_a_certificate_that_runs_out_when_a_server_starts_then_a_person_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, told: str
) -> None:
    authority = an_authority(tmp_path / "certs")
    a_certificate(authority, "old", server=True, since=NOW - timedelta(days=5), days=days + 5)
    paths = TlsSection(ca="certs/ca.pem", cert="certs/old.pem", key="certs/old.key")
    security_of(tmp_path, Settings(security=SecuritySection(broker=paths)), "broker")
    said = capsys.readouterr().err
    assert told in said
    assert bool(said) == bool(told)


# ---- where secrets come from ---------------------------------------------------------------------------------


class Drawer:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    made = Drawer()
    monkeypatch.setattr(keyring, "get_password", made.get_password)
    monkeypatch.setattr(keyring, "set_password", made.set_password)
    monkeypatch.delenv("HANTRADE_TOKEN", raising=False)
    return made


def test_given_a_keyring_when_a_secret_is_asked_for_then_the_environment_wins(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secrets.find("token") == ""
    with pytest.raises(ConfigError, match="put it into HANTRADE_TOKEN or into the keyring"):
        secrets.get("token")
    secrets.keep("token", "from the keyring")
    assert secrets.get("token") == "from the keyring"
    assert secrets.find("token", keyring=False) == ""
    monkeypatch.setenv("HANTRADE_TOKEN", " from the environment ")
    assert secrets.get("token") == "from the environment"


def test_given_no_keyring_when_a_secret_is_kept_then_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise keyring.errors.NoKeyringError("no backend")

    monkeypatch.setattr(keyring, "set_password", fail)
    monkeypatch.setattr(keyring, "get_password", fail)
    monkeypatch.delenv("HANTRADE_TOKEN", raising=False)
    assert secrets.find("token") == ""
    with pytest.raises(ConfigError, match="use HANTRADE_TOKEN instead"):
        secrets.keep("token", "a secret of some length")


def test_given_a_token_for_the_keyring_when_it_is_made_then_clients_of_this_machine_find_it(
    drawer: Drawer, tmp_path: Path
) -> None:
    secret = run(tmp_path, "token", "me", "--role", "trader", "--keyring").stdout.strip()
    assert secrets.get("token") == secret
