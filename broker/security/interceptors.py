"""The guard around every RPC, of an asyncio server and of a server of threads.

A request is read only after its caller was let in. What a handler raises beyond its own refusals is logged here and
answered INTERNAL without its text, which may hold anything.
"""

import inspect
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, NoReturn

import grpc
import grpc.aio

from broker import statuses
from broker.security.callers import CALLER
from broker.security.guard import Admission, Security
from broker.security.limits import too_many
from broker.security.roles import Kind
from domain.errors import RequestRefused

_log = logging.getLogger(__name__)


class AioGuard(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Guards a server on an event loop."""

    def __init__(self, security: Security) -> None:
        """Take what to ask."""
        self._security = security

    async def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Put the guard around the handler of a call."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:  # no such RPC: UNIMPLEMENTED
            return None
        inner = _inner(handler)
        behave = self._generating if inspect.isasyncgenfunction(inner) else self._answering
        return _rebuilt(handler, behave(handler_call_details, handler, inner))

    def _answering(self, details: Any, handler: Any, inner: Any) -> Any:
        async def behave(raw: Any, context: Any) -> Any:
            async with self._admitted(details, context) as admission:
                CALLER.set(admission.caller)
                return await inner(self._read(admission, handler, raw), context)

        return behave

    def _generating(self, details: Any, handler: Any, inner: Any) -> Any:
        async def behave(raw: Any, context: Any) -> AsyncIterator[Any]:
            async with (
                self._admitted(details, context) as admission,
                aclosing(inner(self._read(admission, handler, raw), context)) as answers,
            ):
                async for answer in answers:
                    yield answer

        return behave

    def _read(self, admission: Admission, handler: Any, raw: Any) -> Any:
        def read(one: bytes) -> Any:
            return self._security.read(admission, handler.request_deserializer, one)

        return _Messages(raw, read) if handler.request_streaming else read(raw)

    @asynccontextmanager
    async def _admitted(self, details: Any, context: Any) -> AsyncIterator[Admission]:
        admission = None
        try:
            admission = self._security.admit(details.method, details.invocation_metadata or (), context.peer())
            yield admission
        except RequestRefused as refused:
            await statuses.abort(context, refused)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            if context.done() or context.cancelled():  # the caller left: nobody to answer
                raise
            _log.exception("%s failed", details.method)
            await context.abort(grpc.StatusCode.INTERNAL, internal(error))
        finally:
            if admission is not None:
                self._security.leave(admission)


class _Messages:
    """The messages of a stream, each read and checked. Not a generator: waiting for one may be given up and resumed."""

    def __init__(self, raw: Any, read: Callable[[bytes], Any]) -> None:
        self._raw = aiter(raw)
        self._read = read

    def __aiter__(self) -> "_Messages":
        return self

    async def __anext__(self) -> Any:
        return self._read(await anext(self._raw))


class ThreadGuard(grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Guards a server of threads, and keeps some of its threads free for what takes risk away."""

    def __init__(self, security: Security, threads: Mapping[Kind, int]) -> None:
        """Take what to ask, and how many threads calls of a kind may hold together."""
        self._security = security
        self._threads = threads
        self._busy: Counter[Kind] = Counter()
        self._lock = threading.Lock()

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Put the guard around the handler of a call."""
        handler: Any = continuation(handler_call_details)
        if handler is None:
            return None
        inner = _inner(handler)
        behave = self._answering
        if getattr(inner, "experimental_non_blocking", False):  # health: it holds no thread while it watches
            behave = self._watching
        elif handler.response_streaming:
            behave = self._streaming
        return _rebuilt(handler, behave(handler_call_details, handler, inner))

    def _answering(self, details: Any, handler: Any, inner: Any) -> Any:
        def behave(raw: Any, context: Any) -> Any:
            with self._answered(details, context), self._admitted(details, context) as admission:
                before = CALLER.set(admission.caller)
                try:
                    return inner(self._read(admission, handler, raw), context)
                finally:
                    CALLER.reset(before)

        return behave

    def _streaming(self, details: Any, handler: Any, inner: Any) -> Any:
        def behave(raw: Any, context: Any) -> Iterator[Any]:
            with self._answered(details, context), self._admitted(details, context) as admission:
                yield from inner(self._read(admission, handler, raw), context)

        return behave

    def _watching(self, details: Any, handler: Any, inner: Any) -> Any:
        def behave(raw: Any, context: Any, send_response_callback: Any) -> None:
            with self._answered(details, context):
                admission = self._security.admit(details.method, details.invocation_metadata or (), context.peer())
                if not context.add_callback(lambda: self._security.leave(admission)):  # over already
                    self._security.leave(admission)
                inner(self._read(admission, handler, raw), context, send_response_callback)

        behave.experimental_non_blocking = True  # type: ignore[attr-defined]  # how gRPC marks such a handler
        behave.experimental_thread_pool = inner.experimental_thread_pool  # type: ignore[attr-defined]
        return behave

    def _read(self, admission: Admission, handler: Any, raw: Any) -> Any:
        def read(one: bytes) -> Any:
            return self._security.read(admission, handler.request_deserializer, one)

        return map(read, raw) if handler.request_streaming else read(raw)

    @contextmanager
    def _admitted(self, details: Any, context: Any) -> Iterator[Admission]:
        admission = self._security.admit(details.method, details.invocation_metadata or (), context.peer())
        try:
            with self._thread(admission.kind):
                yield admission
        finally:
            self._security.leave(admission)

    @contextmanager
    def _thread(self, kind: Kind) -> Iterator[None]:
        most = self._threads.get(kind)
        if most is None:
            yield
            return
        with self._lock:
            if self._busy[kind] >= most:
                raise too_many("CALLS", kind, most, f"at most {most} at once in all; the other threads are for halts")
            self._busy[kind] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[kind] -= 1

    @contextmanager
    def _answered(self, details: Any, context: Any) -> Iterator[None]:
        """Turn what is raised into the status of the call."""
        try:
            yield
        except RequestRefused as refused:
            _end(context, refused)
        except Exception as error:
            if context.code() is not None or not context.is_active():  # ended on purpose, or nobody to answer
                raise
            _log.exception("%s failed", details.method)
            context.abort(grpc.StatusCode.INTERNAL, internal(error))


def _end(context: Any, refused: RequestRefused) -> NoReturn:
    context.abort_with_status(statuses.status_of(refused))
    raise AssertionError("abort returned")  # for the type checker: it always raises


def internal(error: Exception) -> str:
    """Say in an answer that we failed; what exactly stands in the server's log."""
    return f"the server failed: {type(error).__name__}; its log tells more"


def _inner(handler: Any) -> Any:
    return handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream


_MAKERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def _rebuilt(handler: Any, behave: Any) -> Any:
    """Give a handler that is handed the bytes as they came: they are read behind the guard."""
    make: Any = _MAKERS[handler.request_streaming, handler.response_streaming]
    return make(behave, None, handler.response_serializer)
