"""koapy's way: one gRPC message per quote on a synchronous server, one unary call per order. Nothing is durable."""

import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import grpc

from bench.pace import paced
from bench.quotes import MARK, Job, make_rows
from bench.reports import Arrivals, SinkReport
from domain.quotes import Quote
from hantrade.v1 import broker_pb2, types_pb2

STREAM, ORDER = "/bench.Single/Stream", "/bench.Single/Order"
THREADS = 8


class _Service:
    """The server's two methods."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._rows = make_rows(job)
        self.arrivals = Arrivals()
        self.go = threading.Event()

    def stream(self, _request: bytes, _context: Any) -> Iterator[types_pb2.Quote]:
        yield types_pb2.Quote()  # says hello
        self.go.wait()
        for row, at in paced(self._rows, self._job.rate):
            if row.last_qty == MARK:
                key = (row.symbol, row.price)
                self.arrivals.ticked[key] = self.arrivals.sent[key] = at
            yield _message(row)

    def order(self, request: broker_pb2.SubmitOrder, _context: Any) -> bytes:
        now = time.monotonic_ns()
        self.arrivals.orders.append(((request.symbol, request.limit_price_krw), now, now))
        return b""


def _message(row: Quote) -> types_pb2.Quote:
    return types_pb2.Quote(
        symbol=row.symbol,
        venue_time_unix_ns=row.venue_time,
        price_krw=row.price,
        last_qty=row.last_qty,
        cumulative_volume=row.cumulative_volume,
        bid_price_krw=row.bid_price,
        ask_price_krw=row.ask_price,
        bid_qty=row.bid_qty,
        ask_qty=row.ask_qty,
        kind=row.kind,  # type: ignore[arg-type]  # the same numbers
    )


def source(pipe: Connection, job: Job) -> None:
    """Serve every row as a message of its own; take orders as unary calls."""
    service = _Service(job)
    server = grpc.server(ThreadPoolExecutor(THREADS))
    methods = {
        "Stream": grpc.unary_stream_rpc_method_handler(
            service.stream, response_serializer=types_pb2.Quote.SerializeToString
        ),
        "Order": grpc.unary_unary_rpc_method_handler(service.order, broker_pb2.SubmitOrder.FromString),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Single", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    gc.freeze()
    pipe.send(f"127.0.0.1:{port}")
    pipe.recv()  # go
    service.go.set()
    pipe.recv()  # stop
    pipe.send(service.arrivals.report())
    server.stop(0)


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Keep the last row of each symbol; send an order for a marked one."""
    with grpc.insecure_channel(address) as channel:
        calls: Any = channel  # its stubs want both serialisers
        stream = calls.unary_stream(STREAM, response_deserializer=types_pb2.Quote.FromString)(b"")
        order = calls.unary_unary(ORDER, request_serializer=broker_pb2.SubmitOrder.SerializeToString)
        next(stream)
        pipe.send("ready")
        latest, count, first = {}, 0, 0
        for row in stream:
            first = first or time.monotonic_ns()
            latest[row.symbol] = row
            count += 1
            if job.orders and row.last_qty == MARK:
                order(broker_pb2.SubmitOrder(symbol=row.symbol, limit_price_krw=row.price_krw))
        if count != job.quotes:
            raise RuntimeError(f"{count} of {job.quotes} quotes came")
        pipe.send(SinkReport(count - 1, (time.monotonic_ns() - first) / 1e9))
