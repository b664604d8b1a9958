"""How a client gets in: TLS, a bearer token, and the refusal to show either plain text or a token to a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import grpc

from broker.security.redaction import remember
from broker.security.tls import TlsFiles, channel_credentials
from broker.transport import is_loopback
from domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Access:
    """What a client shows. Without anything it is a lone user on a machine of their own."""

    tls: TlsFiles | None = None
    token: str = field(default="", repr=False)

    def check(self, endpoint: str) -> None:
        """Refuse what would cross a network in the clear. Raises ConfigError."""
        if self.tls is None and not is_loopback(host_of(endpoint)):
            raise ConfigError(
                f"endpoint must be a loopback address (127.0.0.1, ::1, localhost) without TLS, was {endpoint!r}; "
                "set ca, cert and key in [security.broker] or [security.desk]"
            )


PLAIN = Access()


def open_channel(endpoint: str, access: Access, options: Sequence[tuple[str, Any]] | None = None) -> grpc.Channel:
    """Make a channel; files are read now, so a new channel shows a renewed certificate. Raises ConfigError."""
    access.check(endpoint)
    if access.tls is None:
        channel = grpc.insecure_channel(endpoint, options=options)
    else:
        channel = grpc.secure_channel(endpoint, channel_credentials(access.tls), options=options)
    return grpc.intercept_channel(channel, Bearer(access.token)) if access.token else channel


def host_of(endpoint: str) -> str:
    """Give the host of HOST:PORT."""
    return endpoint.rpartition(":")[0].strip("[]")


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class Details(_Details, grpc.ClientCallDetails):
    """A call as it goes out."""


class Bearer(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs only
    grpc.UnaryStreamClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamStreamClientInterceptor,  # type: ignore[type-arg]
):
    """Adds the token to each call. gRPC's own call credentials refuse plain text, also on loopback."""

    def __init__(self, token: str) -> None:
        """Take the token."""
        self._header = ("authorization", f"Bearer {remember(token)}")

    def _call(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), self._header]
        kept = (details.credentials, getattr(details, "wait_for_ready", None), getattr(details, "compression", None))
        return go_on(Details(details.method, details.timeout, metadata, *kept), request)

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """Add it."""
        return self._call(continuation, client_call_details, request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """Add it."""
        return self._call(continuation, client_call_details, request)

    def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        """Add it."""
        return self._call(continuation, client_call_details, request_iterator)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        """Add it."""
        return self._call(continuation, client_call_details, request_iterator)
