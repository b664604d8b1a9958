"""What protects this home's processes, from its settings: TLS files, tokens, limits, and what its clients show."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from broker.security.access import PLAIN, Access
from broker.security.guard import Security
from broker.security.limits import Limits
from broker.security.roles import Kind, Role
from broker.security.tls import TlsFiles
from broker.security.tokens import FILE_NAME, Token, hashed, new_secret
from cli import secrets
from cli.output import note
from domain.errors import ConfigError

if TYPE_CHECKING:
    from cli.settings import Settings
    from cli.settings_tables import SecuritySection

Service = Literal["broker", "desk"]


@dataclass(frozen=True, slots=True)
class Protection:
    """Of a trader: what its desk asks of callers, and what it shows to brokers."""

    desk: Security | None = None
    broker: Access = PLAIN

    def paper(self) -> tuple[Security | None, Access]:
        """Give what protects the paper simulator beside the trader: where tokens are asked for, one nobody else has."""
        if self.desk is None or not self.desk.asks_for_tokens:
            return None, PLAIN
        secret = new_secret()
        return Security(fixed=(Token("paper", Role.TRADER, hashed(secret)),)), Access(token=secret)


def protection_of(home: Path, settings: "Settings") -> Protection:
    """Give what protects a trader. Raises ConfigError for files that cannot be used."""
    return Protection(security_of(home, settings, "desk"), access_of(home, settings, "broker"))


def security_of(home: Path, settings: "Settings", service: Service) -> Security:
    """Give what a server asks of its callers. Raises ConfigError."""
    section = settings.security
    files = tls_files(home, section, service)
    if files is not None:
        files.read()  # a file that cannot be used is told before anything starts
        _warn_of_age(files.cert)
    return Security(files, home / FILE_NAME, limits_of(section))


def access_of(home: Path, settings: "Settings", service: Service) -> Access:
    """Give what a client shows; HANTRADE_BROKER_TOKEN goes to brokers only. Raises ConfigError."""
    files = tls_files(home, settings.security, service)
    if files is not None:
        files.read()
    return Access(files, _token(service, files is not None or (home / FILE_NAME).exists()))


def desk_access(home: Path) -> Access:
    """Give what the command line shows to its trader; broken settings must not keep anybody from halting."""
    from cli.settings import load

    try:
        settings, _ = load(home)
    except ConfigError as error:
        note(f"settings cannot be read, so the trader is called without TLS: {error}")
        return Access(None, _token("desk", (home / FILE_NAME).exists()))
    return access_of(home, settings, "desk")


def tls_files(home: Path, section: "SecuritySection", service: Service) -> TlsFiles | None:
    """Give the files of one service, None without TLS. Paths are relative to the home folder."""
    tls = section.broker if service == "broker" else section.desk
    return TlsFiles(home / tls.ca, home / tls.cert, home / tls.key) if tls.ca else None


def limits_of(section: "SecuritySection") -> Limits:
    """Give the limits that are set."""
    usual = Limits()
    return Limits(
        a_second={**usual.a_second, Kind.READ: section.reads_a_second, Kind.COMMAND: section.commands_a_second},
        at_once={**usual.at_once, Kind.STREAM: section.streams},
        connections=section.connections,
    )


def _warn_of_age(cert: Path) -> None:
    from cli.authority import SOON_DAYS, days_left

    left = days_left(cert)
    if left < SOON_DAYS:
        when = "has expired, nobody can connect" if left < 0 else f"expires in {left} days"
        note(f"{cert} {when}; `hantrade certs renew {cert.stem}` makes it anew")


def _token(service: Service, protected: bool) -> str:
    """Find the token. The keyring may ask its user something, so it is opened for protected services only."""
    own = secrets.find("broker-token", keyring=protected) if service == "broker" else ""
    return own or secrets.find("token", keyring=protected)
