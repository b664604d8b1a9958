"""Authorities, certificates and tokens for the tests of who may connect."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from broker.security.roles import Role
from broker.security.tls import TlsFiles
from broker.security.tokens import Token, hashed, new_secret, write_tokens
from cli.authority import LOCAL, Authority

NOW = datetime.now(UTC)
NEVER = date(2999, 1, 1)


def an_authority(folder: Path) -> Authority:
    authority = Authority(folder)
    authority.create(NOW - timedelta(days=10), 3650)
    return authority


def a_certificate(
    authority: Authority, name: str, *, server: bool = False, since: datetime = NOW, days: int = 30
) -> TlsFiles:
    """Make a certificate for this machine, and give it with what it trusts."""
    cert, key = authority.issue(name, LOCAL if server else (), since, days, server=server)
    return TlsFiles(authority.ca, cert, key)


@dataclass(frozen=True)
class Tokens:
    """A file of tokens and the secrets that are not in it."""

    path: Path
    viewer: str
    operator: str
    trader: str
    expired: str

    def of(self, role: Role) -> str:
        secret: str = getattr(self, role.name.lower())
        return secret


def some_tokens(path: Path) -> Tokens:
    """Write one token a role, named after who might have it, and one that is no longer good."""
    names = {"viewer": "vera", "operator": "olga", "trader": "tae", "expired": "eun"}
    secrets = {kind: new_secret() for kind in names}
    roles = {"viewer": Role.VIEWER, "operator": Role.OPERATOR, "trader": Role.TRADER, "expired": Role.TRADER}
    write_tokens(
        path,
        tuple(
            Token(names[kind], roles[kind], hashed(secret), date(2020, 1, 1) if kind == "expired" else NEVER)
            for kind, secret in secrets.items()
        ),
    )
    return Tokens(path, **secrets)
