"""One order session as its link sees it: what is in flight, how far events came, and whether it is over."""

import threading
from typing import Final, NamedTuple

from broker.client_orders import OrderSessionHandle
from broker.port import OrderSessionOpened
from domain.errors import BrokerUnavailable
from domain.types import ClientOrderId, Purpose

MOST_UNHANDLED: Final = 1_024  # order events the core has not handled yet; more wait at the broker, in its journal


class Sent(NamedTuple):
    """A request that was handed over."""

    owner: ClientOrderId
    purpose: Purpose | None  # of what it places or changes; None for a cancel, which passes every gate


class Conversation:
    """Shared by the link's thread, which asks, and the session's reading thread, which hears.

    A conversation that is over stays over: a new connection gets a new one, so nothing late can touch it.
    """

    def __init__(self, after_seq: int) -> None:
        """Begin behind an event."""
        self.session: OrderSessionHandle | None = None  # set by the link's thread
        self._changed = threading.Condition()
        self._opened: OrderSessionOpened | None = None
        self._delivered = after_seq  # last event posted to the core
        self._unhandled = 0  # events posted and not committed yet
        self._in_flight: dict[str, Sent] = {}  # no receipt yet
        self._over = ""

    # ---- the reading thread ------------------------------------------------------------------------------------

    def opened(self, answer: OrderSessionOpened) -> None:
        """Note the first answer."""
        with self._changed:
            self._opened = answer
            self._changed.notify_all()

    def admit(self) -> bool:
        """Wait until the core has room for an event; False when the conversation is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._unhandled < MOST_UNHANDLED)
            if not self._over:
                self._unhandled += 1
            return not self._over

    def handled(self) -> None:
        """Note that the core has committed an event. Core's thread."""
        with self._changed:
            self._unhandled -= 1
            self._changed.notify_all()

    def delivered(self, event_seq: int) -> None:
        """Note that an event was posted to the core."""
        with self._changed:
            self._delivered = event_seq
            self._changed.notify_all()

    def answered(self, request_id: str) -> Sent | None:
        """Take a request out of flight; None when it is not in flight (any more)."""
        with self._changed:
            return self._in_flight.pop(request_id, None)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing may be heard or said any more."""
        return bool(self._over)

    def end(self, reason: str) -> list[tuple[str, ClientOrderId]]:
        """End it, waking who waits; give what is in flight, in order of sending. Each request is given once."""
        with self._changed:
            self._over = self._over or reason
            stranded = [(request_id, sent.owner) for request_id, sent in self._in_flight.items()]
            self._in_flight.clear()
            self._changed.notify_all()
            return stranded

    # ---- the link's thread -------------------------------------------------------------------------------------

    def sending(self, request_id: str, owner: ClientOrderId, purpose: Purpose | None = None) -> bool:
        """Note a request about to be sent; False, and nothing noted, when the conversation is over."""
        with self._changed:
            if not self._over:
                self._in_flight[request_id] = Sent(owner, purpose)
            return not self._over

    def wait_opened(self, timeout_s: float) -> OrderSessionOpened:
        """Wait for the first answer. Raises BrokerUnavailable when it does not come."""
        with self._changed:
            self._changed.wait_for(lambda: self._opened is not None or self._over, timeout_s)
            if self._opened is None or self._over:
                raise BrokerUnavailable(self._over or "the order session did not open in time")
            return self._opened

    def wait_delivered(self, seq: int, timeout_s: float) -> None:
        """Wait until events up to `seq` were posted to the core. Raises BrokerUnavailable when they do not come."""
        with self._changed:
            self._changed.wait_for(lambda: self._delivered >= seq or self._over, timeout_s)
            if self._delivered < seq:
                raise BrokerUnavailable(self._over or f"order events stop at {self._delivered}, {seq} is missing")
