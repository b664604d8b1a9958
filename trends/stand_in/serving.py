"""The loopback server under each stand-in: requests in, answers out, and what may happen to an answer on its way."""

import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

POLL_S = 0.01  # how often the serving thread looks whether it is to end
LARGEST_BODY = 1 << 20  # bytes of a request
MOST_READ = 64 << 20  # bytes: a body that is too large is read all the same, or its sender would not see the answer


class Asked(NamedTuple):
    """One request as it came in."""

    method: str
    path: str  # without the query
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Answer(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call. Several may be combined; without any the call is answered as ever."""

    refusal: str = ""  # name of an answer the stand-in gives in the place of its own; each stand-in lists its names
    delay_s: float = 0.0  # the answer waits so long; `close` ends the wait
    held: bool = False  # the answer waits until `release` is called
    dropped: bool = False  # the connection ends without a byte of an answer; the call counts all the same
    cut_to: int | None = None  # bytes of the body that are sent before the connection ends, of a length that says more


class LoopbackServer(ABC):
    """A server on 127.0.0.1 that calls `answer` for each request, each in a thread of its own.

    A context manager: listens from entering to leaving. `faults` says what happens to which call, counted from 1.
    What goes wrong inside `answer` is raised on leaving, so that it is not taken for a fault that was ordered.
    """

    refusals: tuple[str, ...] = ()  # names a Fault may give

    def __init__(self, port: int = 0) -> None:
        """Take a port; 0: any that is free."""
        self.faults: dict[int, Fault] = {}
        self.mistakes: list[BaseException] = []  # own ones
        self._port = port
        self._lock = threading.RLock()
        self._count = 0
        self._released = threading.Event()
        self._closed = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Give where it listens, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("the stand-in listens only inside its with-block")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, *faults: Fault) -> None:
        """Let these faults happen to the next calls, one each, in this order. An unknown refusal is a ValueError."""
        for fault in faults:
            if fault.refusal and fault.refusal not in self.refusals:
                raise ValueError(f"refusal expected one of {', '.join(self.refusals)}, was {fault.refusal!r}")
        with self._lock:
            self.faults.update({self._count + place: fault for place, fault in enumerate(faults, start=1)})

    def release(self) -> None:
        """Let answers go that are held, and those held from now on."""
        self._released.set()

    @abstractmethod
    def answer(self, asked: Asked, number: int, fault: Fault) -> Answer:
        """Give the answer to call `number`; its fault's refusal is for the stand-in to give, the rest is done here."""

    def handle(self, asked: Asked) -> tuple[Answer, Fault]:
        """Count a call, let it be answered, and wait where its fault says so. Called by the server's threads."""
        with self._lock:
            self._count += 1
            number = self._count
            fault = self.faults.get(number, Fault())
            answer = self.answer(asked, number, fault)
        if fault.delay_s:
            self._closed.wait(fault.delay_s)
        if fault.held:
            self._released.wait()
        return answer, fault

    def __enter__(self) -> Self:
        """Listen."""
        self._closed.clear()
        self._server = _Server(self._port, self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": POLL_S}, name="stand-in", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end every connection."""
        self._closed.set()
        self._released.set()
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.end_connections()
            server.server_close()
        if self.mistakes and error is None:
            raise RuntimeError("the stand-in itself failed") from self.mistakes[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, stand_in: LoopbackServer) -> None:
        self.stand_in = stand_in
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def track(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def end_connections(self) -> None:
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):  # the client was quicker
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep own mistakes; say nothing of clients that went away in the middle of an answer: tests do so."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.stand_in.mistakes.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one segment
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.track(self.connection)

    def finish(self) -> None:
        self.server.forget(self.connection)
        with suppress(OSError):  # what was buffered for a client that has gone
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Keep no log: `calls` holds what was asked."""

    def serve(self) -> None:
        """Answer one request, of whatever method."""
        said = self.headers.get("Content-Length", "0")
        length = int(said) if said.isdecimal() else 0
        if length > MOST_READ:
            self.close_connection = True
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(min(length, MOST_READ))
        answer, fault = self.server.stand_in.handle(Asked(self.command, parts.path, query, headers, body))
        if fault.dropped:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault.cut_to is not None:
            self.close_connection = True
            self.wfile.write(answer.body[: fault.cut_to])
            return
        self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815 - looked up by these names
