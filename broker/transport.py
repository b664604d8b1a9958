"""gRPC options of both ends, and where plain text may listen."""

import ipaddress
import sys

from domain.errors import ConfigError

MOST_REQUEST_BYTES = 1 << 20  # a request is small; more is a mistake
MOST_ANSWER_BYTES = 32 << 20  # a day of bars of one instrument, all instruments

_KEEPALIVE: list[tuple[str, int]] = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # 0: as many as wanted
    # Without this gRPC widens its window to megabytes, and a reader that falls behind gets quotes seconds old instead
    # of conflated ones: tick to order at full load 17 ms with 64 KB, 450 ms without the limit (make bench).
    ("grpc.http2.bdp_probe", 0),
]

SERVER_OPTIONS: list[tuple[str, int]] = [
    *_KEEPALIVE,
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # what callers may do
    ("grpc.max_receive_message_length", MOST_REQUEST_BYTES),
    ("grpc.max_send_message_length", MOST_ANSWER_BYTES),
    ("grpc.so_reuseport", 0),  # a second server on the port is refused instead of taking every other call
    ("grpc.max_concurrent_streams", 128),  # calls at once on one connection
    ("grpc.server_handshake_timeout_ms", 10_000),  # a connection that says nothing is not kept
    ("grpc.max_metadata_size", 16_384),  # a token is 46 bytes
]

CLIENT_OPTIONS: list[tuple[str, int]] = [
    *_KEEPALIVE,
    ("grpc.max_send_message_length", MOST_ANSWER_BYTES),
    ("grpc.max_receive_message_length", MOST_ANSWER_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 100),  # the trader's own back-off decides when to try
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.use_local_subchannel_pool", 1),  # a new client makes a new connection
]


def server_options(connections: int) -> list[tuple[str, int]]:
    """Give a server's options with how many connections it holds; more are closed as they come."""
    return [*SERVER_OPTIONS, ("grpc.max_allowed_incoming_connections", affordable(connections, _most_files()))]


def affordable(connections: int, files: int) -> int:
    """Give how many connections a process with so many file descriptors (-1: any number) can hold: at most half.

    The rest is for logs and journals: a flood of connections must not keep a trader from its disk.
    """
    return connections if files < 0 else max(8, min(connections, files // 2))


def _most_files() -> int:
    if sys.platform == "win32":  # it has no such limit
        return -1
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return -1 if soft == resource.RLIM_INFINITY else soft


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its address or as `localhost`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def loopback_only(host: str) -> str:
    """Give the host back. Raises ConfigError unless it is this machine: plain text goes nowhere else."""
    if not is_loopback(host):
        raise ConfigError(f"host must be a loopback address (127.0.0.1, ::1, localhost) in plain text, was {host!r}")
    return host


def address_of(host: str, port: int) -> str:
    """Give host and port as gRPC wants them. Raises ConfigError on a port out of range."""
    if not 0 <= port <= 65_535:
        raise ConfigError(f"port must be 0 (any free) to 65535, was {port}")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
