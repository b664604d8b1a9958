"""Somebody at the desk who never stops: submits, modifies and cancels by hand while plugs are pulled."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc

from domain.krx.ticks import step
from domain.time import kst_date
from domain.types import Krw, Market, UnixNanos
from hantrade.v1 import desk_pb2, desk_pb2_grpc, types_pb2

CALL_S = 3.0
HALT_S = 20.0  # it waits for the broker
RECONCILE_S = 20.0  # it reads lists until they agree
BUY, SELL = types_pb2.SIDE_BUY, types_pb2.SIDE_SELL
LIMIT, MARKET = types_pb2.ORDER_KIND_LIMIT, types_pb2.ORDER_KIND_MARKET
CALLER = "chaos"
LEFT = ("001430", "085910")  # of the instruments, to the strategy: it enters nothing that somebody holds
DAY = kst_date(UnixNanos(1_768_262_400_000_000_000))  # of the sample, for its tick sizes


class Desk:
    """A channel to the desk of whichever trader runs now."""

    def __init__(self, find: Callable[[], str | None]) -> None:
        """Take how to find its address."""
        self._find = find
        self._address = ""
        self._channel: grpc.Channel | None = None
        self.trouble = ""  # why the last call got no answer

    def call(self, method: str, request: Any, timeout_s: float = CALL_S) -> Any:
        """Call; None when nobody answers or the answer is no."""
        address = self._find()
        if address is None:
            self.trouble = "no trader runs"
            return None
        if address != self._address:
            self.close()
            self._address, self._channel = address, grpc.insecure_channel(address)
        try:
            return getattr(desk_pb2_grpc.DeskServiceStub(self._channel), method)(request, timeout=timeout_s)
        except (grpc.RpcError, ValueError) as error:  # ValueError: closed under our hands
            self.trouble = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
            return None

    def open_orders(self) -> list[types_pb2.Order] | None:
        """Give what is not closed; None when nobody answers."""
        answer = self.call("ListOrders", desk_pb2.ListOrdersRequest(open_only=True, limit=10_000))
        return None if answer is None else list(answer.orders)

    def cancel(self, order_id: str) -> Any:
        """Ask for a cancel."""
        request = desk_pb2.CancelManualOrderRequest(client_order_id=order_id, caller=CALLER)
        return self.call("CancelManualOrder", request)

    def gate(self) -> Any:
        """Give the gate in force at the trader; None when nobody answers."""
        answer = self.call("GetStatus", desk_pb2.GetStatusRequest())
        return None if answer is None else answer.status.gate

    def halt(self) -> bool:
        """Halt; tell whether the answer promises that it is in force at the broker too."""
        answer = self.call("Halt", desk_pb2.HaltRequest(caller=CALLER, note="enough"), HALT_S)
        return answer is not None and not answer.unconfirmed

    def reconcile(self) -> Any:
        """Have the books compared with the broker's. What came of it is in the log."""
        return self.call("Reconcile", desk_pb2.ReconcileRequest(caller=CALLER), RECONCILE_S)

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()
            self._channel, self._address = None, ""


class Person(threading.Thread):
    """Acts until told to rest. What is drawn follows from the seed; what it meets does not."""

    def __init__(self, find: Callable[[], str | None], seed: str, pause_s: float, most_open: int = 30) -> None:
        """Take the way to the desk, the seed, the pause between two actions, and how many orders may be open."""
        super().__init__(name="person", daemon=True)
        self.desk = Desk(find)
        self._draw = random.Random(seed)
        self._pause_s = pause_s
        self._most_open = most_open
        self._over = threading.Event()
        self.hands = threading.Lock()  # whoever holds it acts
        self.done: Counter[str] = Counter()

    def stop(self) -> None:
        """End, and wait for it."""
        self._over.set()
        self.join()
        self.desk.close()

    def run(self) -> None:
        """Act."""
        while not self._over.wait(self._pause_s):
            with self.hands:
                quotes = self._quotes()
                orders = self.desk.open_orders()
                if quotes and orders is not None:
                    self._act(quotes, orders)

    def burst(self, count: int) -> None:
        """Submit so many orders in a row. Only for whoever holds the hands."""
        quotes = self._quotes()
        for _ in range(count if quotes else 0):
            self._note("submit", self._submit(self._draw.choice(quotes)))

    def _quotes(self) -> list[types_pb2.Quote]:
        answer = self.desk.call("ListQuotes", desk_pb2.ListQuotesRequest())
        quotes = [] if answer is None else [item.quote for item in answer.quotes]
        return [quote for quote in quotes if quote.symbol not in LEFT]

    def _act(self, quotes: list[types_pb2.Quote], orders: list[types_pb2.Order]) -> None:
        """Do some things in a row, as one would in a hurry."""
        draw = self._draw
        self.resume()
        for _ in range(draw.randint(1, 4)):
            many = len(orders) >= self._most_open
            what = draw.random()
            if orders and (many or what < 0.2):
                self._note("cancel", self.desk.cancel(draw.choice(orders).client_order_id))
            elif orders and what < 0.35:
                self._note("modify", self._modify(draw.choice(orders)))
            else:
                self._note("submit", self._submit(draw.choice(quotes)))

    def _submit(self, quote: types_pb2.Quote) -> Any:
        draw = self._draw
        side = draw.choice((BUY, BUY, SELL))
        kind = draw.choice((LIMIT, LIMIT, MARKET))
        price = self._near(quote.price_krw) if kind == LIMIT else None
        request = desk_pb2.SubmitManualOrderRequest(
            symbol=quote.symbol,
            side=side,
            kind=kind,
            quantity=draw.randint(1, 20),
            limit_price_krw=price,
            caller=CALLER,
        )
        return self.desk.call("SubmitManualOrder", request)

    def _modify(self, order: types_pb2.Order) -> Any:
        if not order.HasField("limit_price_krw"):
            return None
        request = desk_pb2.ModifyManualOrderRequest(
            client_order_id=order.client_order_id, limit_price_krw=self._near(order.limit_price_krw), caller=CALLER
        )
        return self.desk.call("ModifyManualOrder", request)

    def _near(self, price: int) -> int:
        return int(step(Krw(price), self._draw.randint(-8, 4), Market.KOSPI, DAY))

    def resume(self) -> None:
        """Lift a pause or halt that a fault brought; a person would look first."""
        status = self.desk.call("GetStatus", desk_pb2.GetStatusRequest())
        if status is not None and status.status.gate != types_pb2.GATE_OPEN and status.status.day in RESUMABLE:
            self._note("resume", self.desk.call("Resume", desk_pb2.ResumeRequest(caller=CALLER, note="looked at it")))

    def _note(self, what: str, answer: Any) -> None:
        self.done[what if answer is not None else f"{what} refused or unanswered"] += 1


RESUMABLE = ("PAUSED", "HALTED")
