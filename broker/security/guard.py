"""What both interceptors ask: is this caller known, may they call this, and not too often."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from broker.security.callers import Caller
from broker.security.limits import Limits, Meter
from broker.security.redaction import redacted
from broker.security.roles import Kind, Role, check_message, check_probe, check_role, rule_of
from broker.security.tls import TlsFiles, server_credentials
from broker.security.tokens import Token, TokenBook
from broker.transport import loopback_only
from domain.errors import ConfigError, RequestRefused
from domain.types import NANOS_PER_SECOND

_log = logging.getLogger(__name__)
_KST = timezone(timedelta(hours=9))
_MOST_TOLD = 1024  # addresses
NOBODY = Caller("", Role.VIEWER)  # who asks for what needs no token


def today() -> date:
    """Give the date in Korea."""
    return datetime.now(UTC).astimezone(_KST).date()


@dataclass(frozen=True, slots=True)
class Admission:
    """One call that was let in."""

    caller: Caller
    key: str  # what its calls are counted under
    kind: Kind


class Security:
    """What one server asks of its callers. May be used from any thread."""

    def __init__(
        self,
        tls: TlsFiles | None = None,
        tokens: Path | None = None,
        limits: Limits | None = None,
        fixed: tuple[Token, ...] = (),
        clock: Callable[[], int] = time.monotonic_ns,
        on_day: Callable[[], date] = today,
    ) -> None:
        """Take files of TLS and tokens, limits, tokens that are in no file, and clocks. Raises ConfigError."""
        self.tls = tls
        self.limits = limits or Limits()
        self._book = TokenBook(tokens, on_day, fixed)
        self._meter = Meter(self.limits, clock)
        self._clock = clock
        self._told: dict[str, int] = {}  # address -> when its last refusal was logged, ns

    @property
    def asks_for_tokens(self) -> bool:
        """Tell whether callers need a token."""
        return self._book.asked_for

    def check_host(self, host: str) -> str:
        """Give the host back. Raises ConfigError unless it is loopback, or TLS and tokens protect it."""
        if self.tls is None:
            return loopback_only(host)
        try:
            return loopback_only(host)
        except ConfigError:
            if not self._book.asked_for:
                raise ConfigError(
                    f"host must be a loopback address without tokens, was {host!r}; "
                    "`hantrade certs token NAME --role ROLE` makes one"
                ) from None
            return host

    def bind(self, server: Any, address: str) -> int:
        """Make a server listen; gives the port. Raises ConfigError, RuntimeError when the port is taken."""
        if self.tls is None:
            return int(server.add_insecure_port(address))
        return int(server.add_secure_port(address, server_credentials(self.tls)))

    def admit(self, method: str, metadata: Iterable[Any], peer: str) -> Admission:
        """Let a call in; whoever was let in must `leave`. Raises RequestRefused, which is logged."""
        address = peer.rpartition(":")[0] or peer
        try:
            rule = rule_of(method)
            if rule.least is None:
                key, caller = address, NOBODY
            else:
                caller = self._book.identify({str(name): _text(value) for name, value in metadata})
                check_role(caller.role, method, rule, caller.name)
                key = f"token {caller.name}" if caller.name else address
            self._meter.come(key, rule.kind)
        except RequestRefused as refused:
            self._tell(address, method, refused)
            raise
        return Admission(caller, key, rule.kind)

    def leave(self, admission: Admission) -> None:
        """Forget a call."""
        if admission.kind in self.limits.at_once:
            self._meter.leave(admission.key, admission.kind)

    def read(self, admission: Admission, deserialize: Callable[[bytes], Any] | None, raw: bytes) -> Any:
        """Read one message. Raises RequestRefused MALFORMED, PERMISSION_DENIED, NOT_FOUND."""
        try:
            message = deserialize(raw) if deserialize is not None else raw
        except Exception as error:  # noqa: BLE001  # whatever bytes from outside do to a parser
            text = f"the request cannot be read: {type(error).__name__}"
            named = {"field": "request", "value": f"{len(raw)} bytes", "allowed": "a message of its type"}
            raise RequestRefused("MALFORMED", text, **named) from None
        check_probe(admission.kind, message)
        check_message(admission.caller.role, message, admission.caller.name)
        return message

    def _tell(self, address: str, method: str, refused: RequestRefused) -> None:
        """Log a refusal, one a second from an address: a flood of calls must not become a flood of lines."""
        now = self._clock()
        if now - self._told.get(address, now - NANOS_PER_SECOND) < NANOS_PER_SECOND:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[address] = now
        _log.warning("refused %s of %s: %s", method, address, redacted(str(refused)))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii", "replace")
