"""TLS of both ends over real servers: whose certificates count, and what happens when they change."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from actors.edges.desk_reader import DeskReader, RunFacts
from actors.edges.desk_server import DeskServer
from broker.client import BrokerClient
from broker.retries import Budget
from broker.security.access import Access, open_channel
from broker.security.guard import Security
from broker.security.tls import Renewed, TlsFiles
from broker.server import BrokerServerThread
from domain.errors import BrokerUnavailable, ConfigError, RequestRefused
from domain.types import UnixNanos
from tests.security.builders import NOW, a_certificate, an_authority, some_tokens
from tests.security.conftest import WAIT_S, Keys, a_broker

Dial = Callable[..., BrokerClient]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Security], BrokerServerThread]]:
    with ExitStack() as open_things:

        def start(security: Security) -> BrokerServerThread:
            server = a_broker(tmp_path, security).start()
            open_things.callback(server.stop)
            return server

        yield start


@pytest.fixture
def dial() -> Iterator[Dial]:
    with ExitStack() as open_things:

        def connect(address: str, tls: TlsFiles | None, token: str = "") -> BrokerClient:
            client = BrokerClient(address, WAIT_S, Budget(attempts=1), Access(tls, token))
            open_things.callback(client.close)
            return client

        yield connect


def served(address: str, files: TlsFiles) -> bytes:
    """Give the certificate a server shows to a new connection, DER."""
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.cert, files.key)
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        found = wrapped.getpeercert(binary_form=True)
    assert found is not None
    return found


def der(cert: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(cert.read_text())


def test_given_certificates_of_one_authority_when_dialled_then_both_ends_believe_each_other(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, keys: Keys
) -> None:
    server = serve(Security(keys.server))
    assert dial(server.address, keys.client).session().logged_in
    by_name = server.address.replace("127.0.0.1", "localhost")
    assert dial(by_name, keys.server).session().logged_in, "who serves may call too"


def bad_callers(folder: Path, keys: Keys) -> dict[str, TlsFiles | None]:
    """Give callers whose certificate is none, of another authority, over, or not for calling."""
    other = an_authority(folder / "other")
    stranger = a_certificate(other, "client")
    expired = a_certificate(keys.authority, "expired", since=NOW - timedelta(days=5), days=2)
    return {
        "plain text": None,
        "wrong authority": TlsFiles(keys.client.ca, stranger.cert, stranger.key),
        "server of another authority": stranger,
        "expired": expired,
    }


def test_given_certificates_that_do_not_count_when_dialled_then_nobody_gets_in_and_the_server_goes_on(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, keys: Keys, tmp_path: Path
) -> None:
    server = serve(Security(keys.server))
    for kind, files in bad_callers(tmp_path, keys).items():
        with pytest.raises(BrokerUnavailable):
            pytest.fail(f"{kind} got in: {dial(server.address, files).session()}")
    # TLS, but without a certificate of one's own
    credentials = grpc.ssl_channel_credentials(keys.client.ca.read_bytes())
    with closing(grpc.secure_channel(server.address, credentials)) as channel:
        probe = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(grpc.RpcError) as failed:
            probe.Check(health_pb2.HealthCheckRequest(), timeout=WAIT_S)
        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert dial(server.address, keys.client).session().logged_in


def test_given_a_server_whose_certificate_is_over_when_dialled_then_the_caller_does_not_believe_it(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, keys: Keys, tmp_path: Path
) -> None:
    authority = an_authority(tmp_path / "own")
    over = a_certificate(authority, "server", server=True, since=NOW - timedelta(days=5), days=2)
    server = serve(Security(over))
    with pytest.raises(BrokerUnavailable, match="expired"):
        dial(server.address, a_certificate(authority, "client")).session()


def test_given_a_name_that_is_not_in_the_certificate_when_dialled_then_the_caller_does_not_believe_it(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, tmp_path: Path
) -> None:
    authority = an_authority(tmp_path / "own")
    cert, key = authority.issue("server", ["office.example"], NOW, 30, server=True)
    server = serve(Security(TlsFiles(authority.ca, cert, key)))
    with pytest.raises(BrokerUnavailable):
        dial(server.address, a_certificate(authority, "client")).session()


# ---- renewal and rotation while the server runs --------------------------------------------------------------


def test_given_a_running_server_when_its_certificate_is_renewed_then_the_next_connection_sees_it(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, tmp_path: Path
) -> None:
    authority = an_authority(tmp_path / "own")
    files, client = a_certificate(authority, "server", server=True), a_certificate(authority, "client")
    server = serve(Security(files))
    before, open_one = der(files.cert), dial(server.address, client)
    assert open_one.session().logged_in
    assert served(server.address, client) == before
    authority.renew("server", NOW, 30)
    after = der(files.cert)
    assert after != before
    assert served(server.address, client) == after
    assert open_one.session().logged_in, "connections that are open stay"
    assert dial(server.address, client).session().logged_in


def test_given_a_rotation_when_it_is_half_done_then_old_and_new_callers_get_in_until_the_old_one_retires(
    serve: Callable[[Security], BrokerServerThread], dial: Dial, tmp_path: Path
) -> None:
    authority = an_authority(tmp_path / "own")
    files = a_certificate(authority, "server", server=True)
    old, new = a_certificate(authority, "old"), a_certificate(authority, "new")
    server = serve(Security(files))
    authority.create(NOW, 3650, beside_old=True)
    authority.renew("new", NOW, 30)
    assert dial(server.address, old).session().logged_in
    assert dial(server.address, new).session().logged_in
    authority.renew("server", NOW, 30)
    assert dial(server.address, old).session().logged_in, "it trusts both, too"
    authority.retire()
    assert dial(server.address, new).session().logged_in
    with pytest.raises(BrokerUnavailable):
        dial(server.address, old).session()


def test_given_half_written_files_when_a_handshake_comes_then_the_old_certificate_stays_until_they_fit(
    tmp_path: Path,
) -> None:
    authority = an_authority(tmp_path)
    files = a_certificate(authority, "server", server=True)
    renewed = Renewed(files)
    assert renewed.fetch() is None
    key = files.key.read_bytes()
    authority.renew("server", NOW, 30)
    new_key = files.key.read_bytes()
    files.key.write_bytes(key)  # the new certificate is there, its key is not yet
    assert renewed.fetch() is None
    files.key.unlink()
    assert renewed.fetch() is None
    files.key.touch(0o600)
    files.key.write_bytes(new_key)
    assert renewed.fetch() is not None
    assert renewed.fetch() is None


# ---- where a server may listen, and what a client may show ---------------------------------------------------


def test_given_an_address_off_this_machine_when_served_then_tls_and_tokens_are_both_needed(
    keys: Keys, tmp_path: Path
) -> None:
    tokens = some_tokens(tmp_path / "tokens.toml").path
    for security in (Security(), Security(None, tokens)):
        with pytest.raises(ConfigError, match=r"loopback address .* in plain text, was '0\.0\.0\.0'"):
            security.check_host("0.0.0.0")
    with pytest.raises(ConfigError, match=r"loopback address without tokens, was '0\.0\.0\.0'"):
        Security(keys.server, tmp_path / "none.toml").check_host("0.0.0.0")
    assert Security(keys.server, tokens).check_host("0.0.0.0") == "0.0.0.0"
    for security in (Security(), Security(keys.server)):
        assert security.check_host("127.0.0.1") == "127.0.0.1"


def test_given_all_addresses_of_a_machine_when_served_with_tls_and_tokens_then_a_caller_with_both_gets_in(
    keys: Keys, tmp_path: Path, dial: Dial
) -> None:
    tokens = some_tokens(tmp_path / "tokens.toml")
    server = a_broker(tmp_path, Security(keys.server, tokens.path))
    server._host = "0.0.0.0"
    server.start()
    try:
        address = f"127.0.0.1:{server.port}"
        assert dial(address, keys.client, tokens.viewer).session().logged_in
        with pytest.raises(RequestRefused, match="UNAUTHENTICATED"):
            dial(address, keys.client).session()
    finally:
        server.stop()


@pytest.mark.parametrize("endpoint", ["192.168.0.10:50051", "broker.example:50051", "[2001:db8::1]:50051"])
def test_given_an_endpoint_off_this_machine_when_dialled_in_plain_text_then_no_byte_leaves(endpoint: str) -> None:
    for access in (Access(), Access(token="ht_something")):
        with pytest.raises(ConfigError, match=r"loopback address .* without TLS, was"):
            open_channel(endpoint, access)


def test_given_a_token_when_an_access_is_shown_then_it_is_not_in_it(keys: Keys) -> None:
    assert "ht_something" not in repr(Access(keys.client, "ht_something"))


def test_given_tls_when_the_desk_is_called_then_it_asks_for_certificate_and_token(keys: Keys, tmp_path: Path) -> None:
    tokens = some_tokens(tmp_path / "tokens.toml")
    reader = DeskReader(lambda *_: None, RunFacts("paper", "r1", str(tmp_path / "no.db")), lambda: UnixNanos(0), int)
    security = Security(keys.server, tokens.path)
    server = DeskServer.start(lambda *_, **__: None, reader, "127.0.0.1", 0, security)
    try:
        address = str(server.ask("ping", timeout=5))
        halt = "/hantrade.v1.DeskService/Halt"
        for access, code in [
            (Access(), grpc.StatusCode.UNAVAILABLE),
            (Access(keys.client), grpc.StatusCode.UNAUTHENTICATED),
            (Access(keys.client, tokens.viewer), grpc.StatusCode.PERMISSION_DENIED),
        ]:
            with closing(open_channel(address, access)) as channel, pytest.raises(grpc.RpcError) as failed:
                channel.unary_unary(halt, lambda raw: raw, lambda raw: raw)(b"", timeout=WAIT_S)
            assert failed.value.code() is code
    finally:
        server.stop()
