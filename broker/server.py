"""A broker server: BrokerService, health and reflection, on an event loop of yours or in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, TypeVar

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from broker.port import BrokerBackend
from broker.security.guard import Security
from broker.security.interceptors import AioGuard
from broker.servicer import SERVICE, BrokerServicer, handler
from broker.transport import address_of, server_options
from domain.errors import BrokerUnavailable, ConfigError

T = TypeVar("T")


class BrokerServer:
    """A started server. All methods belong to the loop it was started on."""

    def __init__(self, server: grpc.aio.Server, checks: Any, host: str, port: int) -> None:
        """Keep what `serve` started."""
        self._server = server
        self._checks = checks
        self.port = port
        self.address = address_of(host, port)

    async def stop(self, grace_s: float = 0.5) -> None:
        """Say NOT_SERVING, let calls end for `grace_s` seconds, then cut them off."""
        await self._checks.enter_graceful_shutdown()
        await self._server.stop(grace_s)

    async def wait(self) -> None:
        """Wait until the server has stopped."""
        await self._server.wait_for_termination()


async def serve(
    backend: BrokerBackend, host: str = "127.0.0.1", port: int = 50051, security: Security | None = None
) -> BrokerServer:
    """Start a server; port 0 picks a free one.

    Raises ConfigError for a port in use, for TLS or token files that cannot be used, and for a host off this machine
    that is not protected by both.
    """
    guard = security or Security()
    guard.check_host(host)
    server = grpc.aio.server(interceptors=[AioGuard(guard)], options=server_options(guard.limits.connections))
    server.add_generic_rpc_handlers((handler(BrokerServicer(backend)),))
    checks = health.aio.HealthServicer()  # type: ignore[attr-defined]  # set at import, the stubs do not know
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    for name in ("", SERVICE.full_name):
        await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((SERVICE.full_name, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    try:
        bound = guard.bind(server, address_of(host, port))
    except RuntimeError as error:
        raise ConfigError(f"port must be free on {host}, was {port}, which is in use") from error
    await server.start()
    return BrokerServer(server, checks, host, bound)


class BrokerServerThread:
    """A backend and its server on an event loop in a thread of their own.

    `open_backend` is called in the thread and gives a context manager: entered before the server starts, left after it
    stopped. Methods may be called from any other thread.
    """

    def __init__(
        self,
        open_backend: Callable[[], AbstractAsyncContextManager[BrokerBackend]],
        host: str = "127.0.0.1",
        port: int = 0,
        security: Security | None = None,
    ) -> None:
        """Keep what to start; nothing runs yet."""
        self._open_backend = open_backend
        self._host, self._port, self._security = host, port, security
        self._thread = threading.Thread(target=self._run, name="broker-server", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stopping: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop
        self.backend: BrokerBackend
        self.address = ""
        self.port = 0

    def start(self, timeout_s: float = 10.0) -> "BrokerServerThread":
        """Start and wait until it serves. Raises what the backend or server raised, BrokerUnavailable on time-out."""
        self._thread.start()
        if not self._ready.wait(timeout_s):
            raise BrokerUnavailable(f"broker server did not start within {timeout_s} s")
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def call(self, make: Callable[[], Coroutine[Any, Any, T]], timeout_s: float = 5.0) -> T:
        """Run a coroutine on the loop and give its result. Raises what it raised, TimeoutError when it is late."""
        return asyncio.run_coroutine_threadsafe(make(), self.loop).result(timeout_s)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop server and backend and wait for the thread. Raises BrokerUnavailable if it hangs."""
        if self._stopping is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # the loop may close between the two lines
                self.loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                raise BrokerUnavailable(f"broker server did not stop within {timeout_s} s")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # handed to the caller of start
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        self.loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with self._open_backend() as backend:
            self.backend = backend
            server = await serve(backend, self._host, self._port, self._security)
            self.address, self.port = server.address, server.port
            self._ready.set()
            try:
                await self._stopping.wait()
            finally:
                await server.stop()
