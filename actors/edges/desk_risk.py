"""DeskService's commands about risk: stops of a position, shares put under our care, manual mode, signs of life."""

from collections.abc import Callable
from typing import Any

import grpc

from actors.edges.desk_reader import DeskReader
from actors.edges.desk_repairs import noted
from broker.translate.by_hand import MAX_QUANTITY, whole
from broker.translate.risk import read_terms, write_stop
from domain.messages import operator
from domain.messages.operator import CommandAnswered
from hantrade.v1 import desk_pb2, desk_pb2_grpc


class RiskCommands(desk_pb2_grpc.DeskServiceServicer):
    """Mixed into the desk's servicer, which gives `_answer` and `_command`."""

    _read: DeskReader
    _command: Callable[..., CommandAnswered]
    _answer: Callable[[grpc.ServicerContext, Callable[[], Any]], Any]
    _caller: Callable[[Any, Any], str]

    def SetStops(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = self._caller(request, context)
        terms = self._answer(context, lambda: read_terms(request))
        self._command(lambda i: operator.StopsRequested(i, caller, request.symbol, terms, request.note), context)
        return desk_pb2.SetStopsResponse(
            stop=write_stop(self._answer(context, lambda: self._read.stop(request.symbol)))
        )

    def ClaimHolding(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = self._caller(request, context)
        self._answer(context, lambda: noted(request))
        quantity = request.quantity
        if not request.HasField("quantity"):
            quantity = self._answer(context, lambda: self._read.stop(request.symbol)).quantity
        elif quantity:
            self._answer(context, lambda: whole(quantity, "quantity", MAX_QUANTITY))
        asked = (caller, request.symbol, quantity, request.note)
        self._command(lambda i: operator.ClaimRequested(i, *asked), context)
        return desk_pb2.ClaimHoldingResponse(ours=self._answer(context, lambda: self._read.stop(request.symbol)).ours)

    def SetManualMode(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = self._caller(request, context)
        self._command(lambda i: operator.ManualModeRequested(i, caller, request.manual, request.note), context)
        return desk_pb2.SetManualModeResponse(manual=self._answer(context, self._read.status).manual_mode)

    def ReportPresence(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._command(lambda i: operator.PresenceReported(i, self._caller(request, context)), context)
        return desk_pb2.ReportPresenceResponse()
