"""The trader's end of an order session: a writer queue, a reading thread, and the list of what got no answer yet.

With a rhythm a third thread sends signs of life and ends the session when none comes back: half open is over.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final

import grpc

from broker.gateway import identity
from broker.port import Guard, OrderRequest, OrderSessionOpened, Receipt
from broker.session_pulse import Pulse, Rhythm
from broker.statuses import read_error
from broker.translate import broker as wire
from domain.errors import BrokerOutcomeUnknown, BrokerUnavailable, HantradeError, RequestRefused
from domain.messages.orders import CancelOrder, ModifyOrder, OrderFact, SubmitOrder
from domain.types import Gate
from hantrade.v1 import broker_pb2 as pb

JOIN_TIMEOUT_S = 5.0
MOST_WAITING: Final = 1_024  # requests handed over that the broker did not take yet; one more is refused here


@dataclass(frozen=True, slots=True)
class SessionListener:
    """Who hears what the broker says. All calls come from one thread."""

    on_event: Callable[[OrderFact], None]
    on_receipt: Callable[[Receipt], None]
    on_opened: Callable[[OrderSessionOpened], None]
    on_end: Callable[[HantradeError | None, tuple[str, ...]], None]


class OrderSessionHandle:
    """One order session. Requests may come from any thread and leave in the order of the calls."""

    def __init__(
        self,
        method: Any,
        endpoint: str,
        opening: pb.OpenOrderSession,
        listener: SessionListener,
        rhythm: Rhythm | None = None,
    ) -> None:
        """Start the call and its threads."""
        self._endpoint = endpoint
        self._listener = listener
        self._outbox: SimpleQueue[pb.OrderSessionRequest | None] = SimpleQueue()  # None ends the sending side
        self._outbox.put(pb.OrderSessionRequest(open=opening))
        self._lock = threading.Lock()
        self._unanswered: dict[str, int] = {}  # id -> requests without a receipt, in order of sending
        self._journal_id = ""  # set when opened
        self._closing = self._ended = False
        self._hearing = False  # in a callback
        self._silence = ""  # why it is over although nothing broke
        self._sent_all, self._over = threading.Event(), threading.Event()
        self._call = method(self._sending())
        self._thread = threading.Thread(target=self._listen, name=f"orders {endpoint}", daemon=True)
        self._pulse = Pulse(rhythm) if rhythm is not None else None
        self._beating = threading.Thread(target=self._beat_on, args=(rhythm,), name=f"pulse {endpoint}", daemon=True)
        self._thread.start()
        if rhythm is not None:
            self._beating.start()

    @property
    def ended(self) -> bool:
        """Tell whether the session is over."""
        return not self._thread.is_alive()

    def submit(self, request: SubmitOrder, guard: Guard) -> None:
        """Hand a request over; its receipt comes to the listener. Raises BrokerUnavailable: then it never left."""
        self._send(identity(request), wire.write_request(request, guard))

    def modify(self, request: ModifyOrder, guard: Guard) -> None:
        """Hand a modify over, as `submit`."""
        self._send(identity(request), wire.write_request(request, guard))

    def cancel(self, request: CancelOrder, guard: Guard) -> None:
        """Hand a cancel over, as `submit`."""
        self._send(identity(request), wire.write_request(request, guard))

    def request(self, request: OrderRequest, guard: Guard) -> None:
        """Hand any request over, as `submit`."""
        self._send(identity(request), wire.write_request(request, guard))

    def set_gate(self, request_id: str, level: Gate) -> None:
        """Ask for a gate level; it is in force and durable when the receipt comes."""
        self._send(request_id, wire.write_set_gate(request_id, level))

    def close(self) -> None:
        """Hang up and wait for the threads (not when called from a callback). `on_end` hears what got no receipt."""
        self._closing = True
        self._over.set()
        self._outbox.put(None)
        self._call.cancel()
        if threading.current_thread() is not self._thread:
            self._thread.join(JOIN_TIMEOUT_S)
            self._sent_all.wait(JOIN_TIMEOUT_S)
        if self._beating.ident is not None:
            self._beating.join(JOIN_TIMEOUT_S)

    # ---- inside --------------------------------------------------------------------------------------------

    def _send(self, request_id: str, message: pb.OrderSessionRequest) -> None:
        with self._lock:
            if self._ended or self._closing or not self._journal_id:
                state = "not open yet" if not (self._ended or self._closing) else "over"
                raise BrokerUnavailable(f"the order session with {self._endpoint} is {state}")
            if self._outbox.qsize() >= MOST_WAITING:
                raise BrokerUnavailable(f"broker {self._endpoint} takes no requests: {MOST_WAITING} wait already")
            self._unanswered[request_id] = self._unanswered.get(request_id, 0) + 1
            self._outbox.put(message)

    def _sending(self) -> Iterator[pb.OrderSessionRequest]:
        # Runs on a thread of gRPC's own, which ends with this generator.
        try:
            while (message := self._outbox.get()) is not None:
                yield message
        finally:
            self._sent_all.set()

    def _beat_on(self, rhythm: Rhythm) -> None:
        """Send signs of life until the session is over, or silence says that it is."""
        while not rhythm.wait(self._over, rhythm.interval_s) and self._beat(rhythm):
            pass

    def _beat(self, rhythm: Rhythm) -> bool:
        """Send one sign of life; False when the session is over."""
        with self._lock:
            if self._ended or self._closing or self._pulse is None:
                return False
            if not self._journal_id:  # not open yet
                return True
            if self._hearing:  # what came meanwhile was not read yet: the silence is ours
                self._pulse.excuse()
            if self._pulse.is_dead:
                silent = f"no sign of life from broker {self._endpoint} for {self._pulse.silent_s:.1f} s"
                self._silence = f"{silent}, {rhythm.promise_s:g} s were promised: the connection is half open"
            elif self._outbox.qsize() < MOST_WAITING:
                self._outbox.put(wire.write_heartbeat(self._pulse.beat(), rhythm.promise_s))
        if self._silence:
            self._call.cancel()
        return not self._silence

    def _listen(self) -> None:
        reason: HantradeError | None = None
        try:
            for message in self._call:
                self._hearing = True
                self._hear(message)
                self._hearing = False
        except grpc.RpcError as error:
            reason = read_error(error, self._endpoint)
        except RequestRefused as error:  # a broker that sends what cannot be read
            reason = error
        finally:  # also when a callback raised: the session is over then, and somebody must hear of it
            self._outbox.put(None)
            self._over.set()
            self._call.cancel()
            with self._lock:
                self._ended = True
                unanswered = tuple(self._unanswered)
            self._listener.on_end(self._reason(reason, unanswered), unanswered)

    def _hear(self, message: pb.OrderSessionResponse) -> None:
        match message.WhichOneof("response"):
            case "event":
                self._listener.on_event(wire.read_fact(message.event, self._journal_id))
            case "receipt":
                receipt = wire.read_receipt(message.receipt)
                self._answered(receipt.request_id)
                self._listener.on_receipt(receipt)
            case "opened":
                opened = wire.read_opened(message.opened)
                with self._lock:
                    self._journal_id = opened.journal_id
                self._listener.on_opened(opened)
            case "heartbeat":
                with self._lock:
                    if self._pulse is not None:
                        self._pulse.echo()

    def _answered(self, request_id: str) -> None:
        with self._lock:
            left = self._unanswered.pop(request_id, 0) - 1
            if left > 0:
                self._unanswered[request_id] = left

    def _reason(self, reason: HantradeError | None, unanswered: tuple[str, ...]) -> HantradeError | None:
        if self._closing:
            return None
        if self._silence:
            reason = BrokerUnavailable(self._silence)
        cause = reason or BrokerUnavailable(f"broker {self._endpoint} ended the order session")
        if not unanswered:
            return cause
        unknown = BrokerOutcomeUnknown(f"no receipt for {', '.join(unanswered)}: {cause}")
        unknown.__cause__ = cause
        return unknown
