"""Both services as they run, protected by tokens; the broker's also behind TLS. Made once for all tests of a module."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from broker.client import BrokerClient
from broker.security.access import Access, open_channel
from broker.security.guard import Security
from broker.security.limits import Limits
from broker.security.roles import Role
from broker.security.tls import TlsFiles
from broker.server import BrokerServerThread
from broker.statuses import read_error
from cli.authority import Authority
from cli.compose import Trader
from cli.protection import Protection
from domain.errors import RequestRefused
from domain.types import UnixNanos
from hantrade.v1 import desk_pb2_grpc
from tests.actors.trader_house import a_trader
from tests.broker.fake_backend import FakeBackend, open_fake
from tests.security.builders import Tokens, a_certificate, an_authority, some_tokens

WAIT_S = 10.0
FREE = Limits({}, Limits().at_once)  # the tests call more often than people do; limits have tests of their own


@dataclass(frozen=True)
class Keys:
    """An authority with the certificates of a server and of a client."""

    authority: Authority
    server: TlsFiles
    client: TlsFiles


@dataclass(frozen=True)
class House:
    """A broker and a trader's desk, and what opens their doors."""

    broker: BrokerServerThread
    trader: Trader
    tokens: Tokens

    @property
    def backend(self) -> FakeBackend:
        assert isinstance(self.broker.backend, FakeBackend)
        return self.broker.backend

    def address(self, method: str) -> str:
        return self.broker.address if "BrokerService" in method else self.trader.desk_address

    def channel(self, address: str, token: str) -> grpc.Channel:
        return open_channel(address, Access(token=token), [("grpc.use_local_subchannel_pool", 1)])


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    authority = an_authority(tmp_path_factory.mktemp("certs"))
    server = a_certificate(authority, "server", server=True)
    return Keys(authority, server, a_certificate(authority, "client"))


def a_broker(folder: Path, security: Security | None) -> BrokerServerThread:
    clock: Callable[[], UnixNanos] = lambda: UnixNanos(time.time_ns())  # noqa: E731  # one expression, used once
    return BrokerServerThread(lambda: open_fake(folder / "orders.db", clock), security=security)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    tokens = some_tokens(folder / "tokens.toml")
    protection = Protection(Security(None, tokens.path, FREE), Access(token=tokens.trader))
    with ExitStack() as open_things:
        broker = a_broker(folder, Security(None, tokens.path, FREE)).start()
        open_things.callback(broker.stop)
        trader = open_things.enter_context(a_trader(folder, broker.address, protection=protection))
        yield House(broker, trader, tokens)


@pytest.fixture
def broker_as(house: House) -> Iterator[Callable[[Role], BrokerClient]]:
    """Give clients of the broker by role."""
    with ExitStack() as open_things:

        def dial(role: Role) -> BrokerClient:
            client = BrokerClient(house.broker.address, WAIT_S, access=Access(token=house.tokens.of(role)))
            open_things.callback(client.close)
            return client

        yield dial


@pytest.fixture
def desk_as(house: House) -> Iterator[Callable[[Role], Any]]:
    """Give stubs of the desk by role."""
    with ExitStack() as open_things:

        def dial(role: Role) -> Any:
            channel = open_things.enter_context(
                closing(house.channel(house.trader.desk_address, house.tokens.of(role)))
            )
            return desk_pb2_grpc.DeskServiceStub(channel)

        yield dial


def refusal(call: Callable[[], object]) -> tuple[grpc.StatusCode, RequestRefused]:
    """Make a call that must be refused; give its status and the typed refusal."""
    with pytest.raises(grpc.RpcError) as failed:
        call()
    refused = read_error(failed.value, "here")
    assert isinstance(refused, RequestRefused), refused
    return failed.value.code(), refused
