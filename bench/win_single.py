"""koapy's way with the control: every field asked of it, every event a message with lists of names and values.

As `KiwoomOpenApiPlusRealEventHandler` of koapy 0.9.0 does without its fast parse: names are FIDs, the arguments of the
event go along, a synchronous gRPC server streams one message per event. The message is built here because koapy itself
does not install on this Python.
"""

import gc
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from bench.quotes import SYMBOLS, Job
from bench.win_feed import FIRST, FeedEngine
from bench.win_side import Sent, Taken
from broker_win.control import SIGNATURES
from broker_win.realtime.books import BOOK
from broker_win.realtime.layouts import field_order
from broker_win.realtime.registry import CODES_PER_SCREEN, SYMBOL_FIDS
from broker_win.realtime.ticks import TRADE

STREAM = "/bench.Koapy/Listen"
THREADS = 8  # as koapy's server
NUMBER_FIDS = {BOOK: "71"}  # where an event carries its number, else in 13


@cache
def message() -> Any:
    """Give koapy's ListenResponse: name, arguments, and parallel lists of names and values."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="bench/koapy.proto", package="bench", syntax="proto3")
    made = file.message_type.add(name="ListenResponse")
    made.field.add(name="name", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    for number, name in enumerate(("arguments", "names", "values"), 2):
        made.field.add(name=name, number=number, type=field.TYPE_STRING, label=field.LABEL_REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.ListenResponse"))


class _Koapy:
    """The control's process: Qt in the main thread, a synchronous server beside it."""

    def __init__(self, pipe: Connection, job: Job) -> None:
        from broker_win.emulator.inject import install

        self.pipe, self.engine = pipe, FeedEngine(job)
        self.waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.listening = threading.Event()
        install(lambda: self.engine)
        from PyQt5.QAxContainer import QAxWidget
        from PyQt5.QtWidgets import QApplication

        self.application = QApplication.instance() or QApplication(["bench"])
        self.ocx = QAxWidget("KHOPENAPI.KHOpenAPICtrl.1")
        self.fids = {real_type: field_order(real_type) for real_type in (TRADE, BOOK)}
        self.ocx.OnReceiveRealData.connect(self.on_real_data)
        for screen, start in enumerate(range(0, len(SYMBOLS), CODES_PER_SCREEN), 3000):
            codes = ";".join(SYMBOLS[start : start + CODES_PER_SCREEN])
            self.ocx.dynamicCall(SIGNATURES["SetRealReg"], str(screen), codes, SYMBOL_FIDS, "0")

    def on_real_data(self, code: str, real_type: str, text: str) -> None:
        """Make the message of one event."""
        names, values = [], []
        for fid in self.fids[real_type]:
            names.append(str(fid))
            values.append(self.ocx.dynamicCall(SIGNATURES["GetCommRealData"], code, fid))
        arguments = [code, real_type, text]
        self.waiting.put(message()(name="OnReceiveRealData", arguments=arguments, names=names, values=values))

    def listen(self, _request: bytes, _context: Any) -> Iterator[Any]:
        """Serve the stream."""
        self.listening.set()
        while (told := self.waiting.get()) is not None:
            yield told

    def talk(self) -> None:
        """Follow the measurement, in a thread of its own."""
        from PyQt5.QtCore import QMetaObject, Qt

        self.pipe.recv()  # go
        self.listening.wait()
        self.engine.go()
        self.pipe.recv()  # stop
        self.pipe.send(Sent(self.engine.due_at, self.engine.sent))
        self.waiting.put(None)
        QMetaObject.invokeMethod(self.application, "quit", Qt.ConnectionType.QueuedConnection)


def source(pipe: Connection, job: Job) -> None:
    """Run the control's process."""
    koapy = _Koapy(pipe, job)
    server = grpc.server(ThreadPoolExecutor(THREADS))
    rpc = grpc.unary_stream_rpc_method_handler(koapy.listen, response_serializer=message().SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Koapy", {"Listen": rpc}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    gc.freeze()
    pipe.send(f"127.0.0.1:{port}")
    talk = threading.Thread(target=koapy.talk)
    talk.start()
    koapy.application.exec_()
    talk.join()
    server.stop(0)


def sink(pipe: Connection, job: Job, address: str) -> None:
    """Read every message as a client of koapy's does."""
    arrived = [0] * job.quotes
    with grpc.insecure_channel(address) as channel:
        calls: Any = channel
        stream = calls.unary_stream(STREAM, response_deserializer=message().FromString)(b"")
        pipe.send("ready")
        for _ in range(job.quotes):
            told = next(stream)
            fields = dict(zip(told.names, told.values, strict=True))
            number = int(fields[NUMBER_FIDS.get(told.arguments[1], "13")]) - FIRST
            arrived[number] = time.monotonic_ns()
    pipe.send(Taken(arrived, 0))
