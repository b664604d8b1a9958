"""Bearer tokens: made once, shown once, kept as SHA-256 with a name, a role and a last day.

A token is 256 random bits, so a plain hash is enough: nobody can try them out. The file is read again when it changes,
so a revoked token is refused from the next call on; a server that has seen one asks for tokens also when it is gone.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from broker.security.callers import ALONE, Caller
from broker.security.roles import Role
from domain.errors import ConfigError, RequestRefused

FILE_NAME = "tokens.toml"
PREFIX = "ht_"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
HEAD = "# Tokens of hantrade's services. Made by `hantrade certs token`; the secrets are not in here.\n"
SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret."""

    name: str
    role: Role
    sha256: str  # hex, of the secret
    expires: date | None = None  # the first day, KST, on which it is refused; None never


def new_secret() -> str:
    """Make a secret. It can be told by its prefix wherever it turns up."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Read a file of tokens. Raises ConfigError naming file, token and key; FileNotFoundError when it is missing."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: tokens cannot be read: {error}") from None
    return tuple(_token(path, name, entry) for name, entry in data.items())


def write_tokens(path: Path, tokens: tuple[Token, ...]) -> None:
    """Write the file with mode 0600; readers never see half of it. Raises ConfigError."""
    lines = [HEAD]
    for token in sorted(tokens, key=lambda one: one.name):
        lines.append(f'\n[{json.dumps(token.name)}]\nrole = "{token.role.name.lower()}"\nsha256 = "{token.sha256}"\n')
        if token.expires is not None:
            lines.append(f"expires = {token.expires.isoformat()}\n")
    write_private(path, "".join(lines).encode())


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read. Raises ConfigError."""
    draft = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None


class TokenBook:
    """Knows callers by their tokens. May be asked from any thread."""

    def __init__(self, path: Path | None, today: Callable[[], date], fixed: tuple[Token, ...] = ()) -> None:
        """Take the file (None: none) and tokens that are in no file. Raises ConfigError when the file is broken."""
        self._path, self._today, self._fixed = path, today, fixed
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None  # of the file read last
        self._known: dict[str, Token] = {one.sha256: one for one in fixed}
        self._asked_for = bool(fixed)
        self._refresh(first=True)

    @property
    def asked_for(self) -> bool:
        """Tell whether callers need a token."""
        with self._lock:
            self._refresh()
            return self._asked_for

    def identify(self, metadata: Mapping[str, str]) -> Caller:
        """Give who calls. Raises RequestRefused UNAUTHENTICATED for no, an unknown or an expired token."""
        with self._lock:
            self._refresh()
            if not self._asked_for:
                return ALONE
            known = dict(self._known)
        given = metadata.get("authorization", "")
        if not given.lower().startswith(SCHEME):
            raise unknown("none" if not given else "not a bearer token", "no token was given")
        asked = hashed(given[len(SCHEME) :].strip())
        # every entry is compared, in constant time each: how long it takes tells nothing
        found = [token for sha256, token in known.items() if hmac.compare_digest(sha256, asked)]
        if not found:
            raise unknown("unknown", "the token is not known here")
        [token] = found
        if token.expires is not None and self._today() >= token.expires:
            raise unknown("expired", f"the token {token.name} expired on {token.expires}")
        return Caller(token.name, token.role)

    def _refresh(self, first: bool = False) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if version == self._seen:
                return
            tokens = read_tokens(self._path)
        except (ConfigError, OSError) as error:
            if isinstance(error, FileNotFoundError) and not self._asked_for:
                return
            if first:
                raise error if isinstance(error, ConfigError) else ConfigError(f"{self._path}: {error}") from None
            # a file that is gone or broken knows nobody: better nobody than everybody
            self._seen, tokens = None, ()
        else:
            self._seen = version
        self._asked_for = True
        self._known = {one.sha256: one for one in (*self._fixed, *tokens)}


def unknown(value: str, text: str) -> RequestRefused:
    """Give the refusal of a caller nobody knows. The secret is not in it."""
    allowed = "a token made by `hantrade certs token`, in HANTRADE_TOKEN or the keyring"
    return RequestRefused("UNAUTHENTICATED", f"{text}; give {allowed}", field="token", value=value, allowed=allowed)


def _token(path: Path, name: str, entry: object) -> Token:
    fields = entry if isinstance(entry, dict) else {}
    role, sha256, expires = fields.get("role"), fields.get("sha256"), fields.get("expires")
    roles = {one.name.lower(): one for one in Role}
    if not NAME.fullmatch(name):
        raise ConfigError(f"{path}: a token's name must match {NAME.pattern}, was {name!r}")
    if role not in roles:
        raise ConfigError(f"{path}: {name}.role must be one of {', '.join(roles)}, was {role!r}")
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ConfigError(f"{path}: {name}.sha256 must be 64 hex digits")
    if expires is not None and type(expires) is not date:
        raise ConfigError(f"{path}: {name}.expires must be a date, was {expires!r}")
    if unknown_keys := sorted(set(fields) - {"role", "sha256", "expires"}):
        raise ConfigError(f"{path}: {name}: unknown key {unknown_keys[0]}; allowed are role, sha256, expires")
    return Token(name, roles[role], sha256, expires)
