"""DeskService's commands that put things right: reconcile, release, adjust, and another way for orders."""

from collections.abc import Callable
from typing import Any

import grpc

from actors.edges.desk_log import DeskLog
from actors.edges.desk_reader import DeskReader
from broker.translate.desk import write_report
from broker.translate.values import bad_field
from domain.errors import RequestRefused
from domain.messages import Message, operator
from domain.messages.holdings import AdjustmentBooked
from domain.messages.link import ReconcileReported
from domain.messages.operator import CommandAnswered
from domain.types import ClientOrderId, Krw
from hantrade.v1 import desk_pb2, desk_pb2_grpc

RECONCILE_S = 60.0  # lists are read several times until they agree with each other
MOST = 10**15  # won or shares; beyond this a number is a slip of the hand


class Repairs(desk_pb2_grpc.DeskServiceServicer):
    """Mixed into the desk's servicer, which gives `_answer` and `_command`."""

    _read: DeskReader
    _log: DeskLog
    _command: Callable[..., CommandAnswered]
    _answer: Callable[[grpc.ServicerContext, Callable[[], Any]], Any]
    _caller: Callable[[Any, Any], str]

    def Reconcile(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller, dry = self._caller(request, context), request.dry_run
        answer = self._command(lambda i: operator.ReconcileRequested(i, caller, dry), context, RECONCILE_S)
        report = self._answer(context, lambda: self._report(answer.command_id))
        return desk_pb2.ReconcileResponse(report=report)

    def ReleaseOrder(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller, order_id = self._caller(request, context), ClientOrderId(request.client_order_id)
        self._answer(context, lambda: noted(request))
        self._command(lambda i: operator.ReleaseRequested(i, caller, order_id, request.note), context)
        found = self._answer(context, lambda: self._read.order_status(order_id))
        return desk_pb2.ReleaseOrderResponse(order=found)

    def BookAdjustment(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = self._caller(request, context)
        self._answer(context, lambda: adjusting(request))

        def make(command_id: str) -> Message:
            cost, cash = Krw(request.cost_krw), Krw(request.cash_krw)
            terms = (request.symbol, request.quantity, cost, cash, request.note, request.kind)
            return operator.AdjustmentRequested(command_id, caller, *terms)

        answer = self._command(make, context)
        booked = self._answer(context, lambda: self._log.newest(AdjustmentBooked, command_id=answer.command_id))
        return desk_pb2.BookAdjustmentResponse(
            quantity=booked.position_qty, cost_basis_krw=booked.cost_basis, cash_krw=booked.cash
        )

    def SwitchOrders(self, request: Any, context: Any) -> Any:  # noqa: N802
        caller = self._caller(request, context)
        self._answer(context, lambda: noted(request))
        self._command(lambda i: operator.OrdersRouteRequested(i, caller, request.endpoint, request.note), context)
        return desk_pb2.SwitchOrdersResponse(endpoint=request.endpoint)

    def _report(self, run: str) -> desk_pb2.ReconcileReport:
        return write_report(self._log.newest(ReconcileReported, run=run))


def noted(request: Any) -> None:
    """Refuse a command that needs a reason and has none. Raises RequestRefused."""
    if not request.note.strip():
        raise bad_field("note", request.note, "a reason in words (--note)")


def adjusting(request: desk_pb2.BookAdjustmentRequest) -> None:
    """Refuse an adjustment that can never be booked. Raises RequestRefused naming the field."""
    noted(request)
    for field in ("quantity", "cost_krw", "cash_krw"):
        value = getattr(request, field)
        if abs(value) > MOST:
            raise bad_field(field, value, f"{-MOST:,} to {MOST:,}")
    if not (request.quantity or request.cost_krw or request.cash_krw):
        raise RequestRefused(
            "INVALID_ARGUMENT", "nothing to adjust: quantity, cost and cash are all 0", field="quantity"
        )
    if not request.symbol and (request.quantity or request.cost_krw):
        raise bad_field("symbol", request.symbol, "the code whose shares or cost are adjusted")
