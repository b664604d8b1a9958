"""vn.py's way: ZeroMQ PUB/SUB with pickle, orders by REQ/REP, a handler that keeps the last quote; nothing durable."""

import gc
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import zmq

from bench.pace import paced
from bench.quotes import MARK, Job, make_rows
from bench.reports import Arrivals, SinkReport

HELLO_EVERY_S = 0.05
POLL_MS = 100


def source(pipe: Connection, job: Job) -> None:
    """Publish every row as a message of its own; take orders on a second socket."""
    rows, arrivals, context = make_rows(job), Arrivals(), zmq.Context()
    publisher, replier = context.socket(zmq.PUB), context.socket(zmq.REP)
    publisher.set_hwm(0)  # a slow reader loses nothing, as with us
    ports = [one.bind_to_random_port("tcp://127.0.0.1") for one in (publisher, replier)]
    over = threading.Event()
    taking = threading.Thread(target=_take_orders, args=(replier, arrivals, over), daemon=True)
    taking.start()
    gc.freeze()
    pipe.send(f"{ports[0]},{ports[1]}")
    while not pipe.poll(HELLO_EVERY_S):  # a late subscriber misses what was sent before
        publisher.send_pyobj(["hello", None])
    pipe.recv()
    for row, at in paced(rows, job.rate):
        if row.last_qty == MARK:
            key = (row.symbol, row.price)
            arrivals.ticked[key] = arrivals.sent[key] = at
        publisher.send_pyobj(["tick", row])
    pipe.recv()
    pipe.send(arrivals.report())
    over.set()
    taking.join()  # a socket must not be closed under the thread that uses it
    context.destroy(linger=0)


def _take_orders(replier: Any, arrivals: Arrivals, over: threading.Event) -> None:
    while not over.is_set():
        if not replier.poll(POLL_MS):
            continue
        symbol, price = replier.recv_pyobj()
        now = time.monotonic_ns()
        arrivals.orders.append(((symbol, price), now, now))
        replier.send_pyobj(True)


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Keep the last row of each symbol; send an order for a marked one."""
    context = zmq.Context()
    subscriber, requester = context.socket(zmq.SUB), context.socket(zmq.REQ)
    subscriber.set_hwm(0)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"")
    ports = address.split(",")
    subscriber.connect(f"tcp://127.0.0.1:{ports[0]}")
    requester.connect(f"tcp://127.0.0.1:{ports[1]}")
    subscriber.recv_pyobj()
    pipe.send("ready")
    latest, count, first = {}, 0, 0
    while count < job.quotes:
        _, row = subscriber.recv_pyobj()
        if row is None:
            continue
        first = first or time.monotonic_ns()
        latest[row.symbol] = row
        count += 1
        if job.orders and row.last_qty == MARK:
            requester.send_pyobj((row.symbol, row.price))
            requester.recv_pyobj()
    pipe.send(SinkReport(count - 1, (time.monotonic_ns() - first) / 1e9))
    context.destroy(linger=0)
