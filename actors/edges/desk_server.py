"""The desk edge: DeskService. Reads ask roles; commands are inputs and answer once durable and in force."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import grpc
import pykka
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from actors.edges.desk_commands import COMMAND_S, Commands, Handled, content_of
from actors.edges.desk_log import DeskLog
from actors.edges.desk_reader import DeskReader
from actors.edges.desk_repairs import Repairs
from actors.edges.desk_risk import RiskCommands
from actors.edges.gate import WireGate
from actors.edges.post import Post
from broker.security.callers import named_caller
from broker.security.guard import Security
from broker.security.interceptors import ThreadGuard
from broker.security.roles import Kind
from broker.statuses import status_of
from broker.translate.by_hand import MAX_QUANTITY, price_of, read_manual_order, whole
from broker.translate.values import bad_field
from broker.transport import address_of, server_options
from domain.errors import BrokerUnavailable, ConfigError, LogError, RequestRefused
from domain.messages import Message, operator
from domain.messages.operator import CommandAnswered
from domain.types import ClientOrderId
from hantrade.v1 import desk_pb2, desk_pb2_grpc

MAX_STREAMS = 8
# Who may hold the server's threads together; the rest is for halts, and for streams, which are counted by Callers.
THREADS = {Kind.READ: 12, Kind.COMMAND: 8, Kind.REFLECTION: 4}
WORKERS = sum(THREADS.values()) + MAX_STREAMS + 8
BROKER_GATE_S = 2.0  # a halt waits so long for the broker to have it in force; then it tells that this is not known
MIN_INTERVAL_S, MAX_INTERVAL_S, DEFAULT_INTERVAL_S = 0.1, 60.0, 1.0


class Callers:
    """Who streams now. A stream holds a worker thread, and a halt must always find one, so streams are limited."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._lock = threading.Lock()
        self._here: set[threading.Event] = set()
        self._ended = False

    def come(self) -> threading.Event | None:
        """Give what is set when this stream must end, None when there are too many."""
        with self._lock:
            if len(self._here) >= MAX_STREAMS:
                return None
            left = threading.Event()
            if self._ended:
                left.set()
            self._here.add(left)
            return left

    def go(self, left: threading.Event) -> None:
        """Forget a stream."""
        with self._lock:
            self._here.discard(left)

    def end(self) -> None:
        """End every stream, and those that still come."""
        with self._lock:
            self._ended = True
            for left in self._here:
                left.set()


class DeskServicer(Repairs, RiskCommands):
    """Answers people and pages. Runs on the gRPC server's worker threads."""

    def __init__(
        self, commands: Commands, reader: DeskReader, log: DeskLog, callers: Callers, gate: WireGate | None = None
    ) -> None:
        """Take the way of commands, what can be read, the log, who streams, and the gate that a halt shuts."""
        self._wire_gate = gate
        self._commands = commands
        self._read = reader
        self._log = log
        self._callers = callers

    def _command(
        self, make: Callable[[str], Message], context: grpc.ServicerContext, wait_s: float = COMMAND_S
    ) -> CommandAnswered:
        """Post a command and wait until its answer is durable. Aborts the call when it was refused."""
        answer: CommandAnswered = self._answer(context, lambda: self._commands.ask(make, wait_s))
        return answer

    def _caller(self, request: Any, context: Any) -> str:
        return who(request, context)

    def _answer(self, context: grpc.ServicerContext, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except RequestRefused as refused:
            abort_with(context, refused)
        except (BrokerUnavailable, LogError) as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except futures.TimeoutError:
            late = "the core did not answer in time; the command may still run"
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, late)
        except (pykka.Timeout, pykka.ActorDeadError):
            context.abort(grpc.StatusCode.UNAVAILABLE, "the trader is too busy or stopping")

    # ---- reads -------------------------------------------------------------------------------------------------

    def GetStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        return desk_pb2.GetStatusResponse(status=self._answer(context, self._read.status))

    def WatchStatus(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        interval = seconds_of(request.interval) if request.HasField("interval") else DEFAULT_INTERVAL_S
        if not MIN_INTERVAL_S <= interval <= MAX_INTERVAL_S:
            abort_with(context, bad_field("interval", f"{interval} s", "100 ms to 60 s"))
        with self._streaming(context) as left:
            while not left.is_set():
                yield desk_pb2.WatchStatusResponse(status=self._answer(context, self._read.status))
                left.wait(interval)

    def ReadLog(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        with self._streaming(context) as left:
            records = self._log.read(request, left)
            while (record := self._answer(context, lambda: next(records, None))) is not None:
                yield record

    @contextmanager
    def _streaming(self, context: grpc.ServicerContext) -> Iterator[threading.Event]:
        """Give what is set when the caller leaves or the server stops. Aborts the call when too many stream."""
        left = self._callers.come()
        if left is None:
            text = f"{MAX_STREAMS} callers stream already; the other threads are kept for commands"
            told = {"field": "streams", "value": f"more than {MAX_STREAMS}", "allowed": f"at most {MAX_STREAMS} in all"}
            abort_with(context, RequestRefused("TOO_MANY_STREAMS", text, **told))
        try:
            if not context.add_callback(left.set):
                left.set()
            yield left
        finally:
            self._callers.go(left)

    def ListOrders(self, request: Any, context: Any) -> Any:  # noqa: N802
        limited(request.limit, context)
        return self._answer(context, lambda: self._read.orders(request))

    def GetOrder(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, lambda: self._read.order(request.client_order_id))

    def ListFills(self, request: Any, context: Any) -> Any:  # noqa: N802
        limited(request.limit, context)
        return self._answer(context, lambda: self._read.fills(request.symbol, request.limit))

    def ListPositions(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, self._read.positions)

    def GetCash(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, self._read.cash)

    def ListQuotes(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, lambda: self._read.quotes(tuple(request.symbols)))

    def ListSignals(self, request: Any, context: Any) -> Any:  # noqa: N802
        limited(request.limit, context)
        return self._answer(context, lambda: self._read.signals(request.symbol, request.limit, request.strategy))

    def GetAccuracy(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, lambda: self._read.accuracy(request.strategy, request.symbol))

    def ListAttention(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, self._read.attention)

    def ListStrategies(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, self._read.strategies)

    def GetPerformance(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(context, self._read.performance)

    # ---- commands ----------------------------------------------------------------------------------------------

    def Stop(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = who(request, context)
        self._command(lambda i: operator.StopRequested(i, caller, f"asked by {caller}", request.flatten), context)
        return desk_pb2.StopResponse()

    def Pause(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._command(lambda i: operator.PauseRequested(i, who(request, context), request.note), context)
        return desk_pb2.PauseResponse(gate=self._gate(context))

    def Resume(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._command(lambda i: operator.ResumeRequested(i, who(request, context), request.note.strip()), context)
        status = self._answer(context, self._read.status)
        return desk_pb2.ResumeResponse(gate=status.gate, entries_denied=status.entries_denied)

    def Halt(self, request: Any, context: Any) -> Any:  # noqa: N802
        answer = self._command(lambda i: operator.HaltRequested(i, who(request, context), request.note), context)
        # Durable and in force here by now; this thread waits for the broker's receipt, the core does not.
        unconfirmed = self._wire_gate.await_broker(BROKER_GATE_S) if self._wire_gate is not None else ""
        return desk_pb2.HaltResponse(gate=self._gate(context), cancels=answer.cancels, unconfirmed=unconfirmed)

    def Flatten(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = who(request, context)
        if request.symbol:  # before anything is posted: a slip of the finger must not pause the day
            self._answer(context, lambda: self._read.known(request.symbol))
        answer = self._command(lambda i: operator.FlattenRequested(i, caller, request.symbol, request.note), context)
        return desk_pb2.FlattenResponse(cancels=answer.cancels, exits=answer.exits, text=answer.text)

    def SubmitManualOrder(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = who(request, context)
        order: operator.ManualOrderRequested = self._answer(context, lambda: read_manual_order(request, caller))

        def make(command_id: str) -> operator.ManualOrderRequested:
            return replace(order, command_id=command_id)

        if request.command_id:
            once = (request.command_id, content_of(order), make)
            answer = self._answer(context, lambda: self._commands.ask_once(*once))
        else:
            answer = self._command(make, context)
        found = self._answer(context, lambda: self._read.order_status(answer.client_order_id))
        return desk_pb2.SubmitManualOrderResponse(order=found)

    def ModifyManualOrder(self, request: Any, context: Any) -> Any:  # noqa: N802
        order_id = ClientOrderId(request.client_order_id)
        quantity = request.quantity if request.HasField("quantity") else None
        if quantity is not None:
            self._answer(context, lambda: whole(quantity, "quantity", MAX_QUANTITY))
        price = self._answer(context, lambda: price_of(request, "limit_price_krw"))
        caller = who(request, context)
        self._command(lambda i: operator.ManualModifyRequested(i, caller, order_id, quantity, price), context)
        found = self._answer(context, lambda: self._read.order_status(order_id))
        return desk_pb2.ModifyManualOrderResponse(order=found)

    def CancelManualOrder(self, request: Any, context: Any) -> Any:  # noqa: N802
        order_id = ClientOrderId(request.client_order_id)
        caller = who(request, context)
        answer = self._command(lambda i: operator.ManualCancelRequested(i, caller, order_id), context)
        found = self._answer(context, lambda: self._read.order_status(order_id))
        return desk_pb2.CancelManualOrderResponse(order=found, cancels=answer.cancels, text=answer.text)

    def _gate(self, context: Any) -> Any:
        return self._answer(context, self._read.status).gate


def abort_with(context: grpc.ServicerContext, refused: RequestRefused) -> NoReturn:
    """End the call with the status of a refusal and its typed detail."""
    context.abort_with_status(status_of(refused))
    raise AssertionError("abort returned")  # for the type checker: it always raises


def limited(limit: int, context: grpc.ServicerContext) -> None:
    """Refuse a negative number of rows."""
    if limit < 0:
        abort_with(context, bad_field("limit", limit, "0 (1,000 rows) or above"))


def who(request: Any, context: Any) -> str:
    """Name the caller for the log."""
    return named_caller(request.caller, context.peer())


def seconds_of(span: Duration) -> float:
    """Give a span in seconds; used for waiting only."""
    return span.seconds + span.nanos / 1e9


class DeskServer(pykka.ThreadingActor):
    """Owns the desk's gRPC server. After a crash nothing is redone: callers ask again."""

    use_daemon_thread = True

    def __init__(
        self,
        post: Post,
        reader: DeskReader,
        host: str,
        port: int,
        security: Security | None = None,
        gate: WireGate | None = None,
    ) -> None:
        """Bind; `address` tells where. With the wire gate a halt is answered once the broker has it in force too.

        Raises ConfigError when the port is taken, and for a host off this machine without TLS and tokens.
        """
        super().__init__()
        guard = security or Security()
        guard.check_host(host)
        self._callers = Callers()
        log = DeskLog(reader.facts.log_path)
        self._commands = Commands(post, self.actor_ref.tell, log.order_by_hand)
        self._server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="desk"),
            interceptors=[ThreadGuard(guard, THREADS)],
            options=server_options(guard.limits.connections),
        )
        servicer = DeskServicer(self._commands, reader, log, self._callers, gate)
        desk_pb2_grpc.add_DeskServiceServicer_to_server(servicer, self._server)
        checks = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(checks, self._server)
        service = desk_pb2.DESCRIPTOR.services_by_name["DeskService"].full_name
        for name in ("", service):
            checks.set(name, health_pb2.HealthCheckResponse.SERVING)
        reflection.enable_server_reflection((service, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        self.address = bind(self._server, host, port, guard)

    def on_start(self) -> None:
        """Start serving."""
        self._server.start()

    def on_stop(self) -> None:
        """End streams and the server."""
        self._commands.end()
        self._callers.end()
        self._server.stop(grace=0.5).wait()

    def on_receive(self, message: Any) -> Any:
        """Pass answers on."""
        if isinstance(message, CommandAnswered):
            self._commands.answered(message)
        elif isinstance(message, Handled):
            self._commands.handled(message.command_id)
        return self.address


def bind(server: grpc.Server, host: str, port: int, guard: Security) -> str:
    """Listen. Raises ConfigError naming the address when it is taken, or the TLS file that cannot be used."""
    try:
        chosen = guard.bind(server, address_of(host, port))
    except RuntimeError:
        chosen = 0
    if chosen == 0:
        raise ConfigError(f"desk.port: {host}:{port} cannot be listened on; it is taken, choose another or 0")
    return address_of(host, chosen)
