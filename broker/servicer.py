"""BrokerService over a backend: reads requests, asks the backend, writes answers and typed failures."""

from __future__ import annotations  # the stubs' generics do not exist at run time

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NoReturn

import grpc
from google.protobuf.message_factory import GetMessageClass

from broker import statuses
from broker.fences import Fences
from broker.order_session import OrderSession
from broker.port import BrokerBackend
from broker.translate import broker as wire
from domain.errors import BrokerUnavailable, LogError, RequestRefused
from domain.types import Side
from hantrade.v1 import broker_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["BrokerService"]
DEFAULT_ROWS, MOST_ROWS = 256, 4096
DEFAULT_DELAY_S, LONGEST_DELAY_S = 0.001, 1.0

_log = logging.getLogger(__name__)

Context = Any  # grpc.aio.ServicerContext; its stubs want both message types everywhere


class BrokerServicer:
    """One method per RPC, named in `methods`."""

    def __init__(self, backend: BrokerBackend) -> None:
        """Keep the backend."""
        self._backend = backend
        self._fences = Fences()

    def methods(self) -> dict[str, Callable[..., Any]]:
        """Give the RPCs by name."""
        return {
            "GetSession": self.get_session,
            "Login": self.login,
            "WatchSession": self.watch_session,
            "ListInstruments": self.list_instruments,
            "StreamQuotes": self.stream_quotes,
            "GetQuotes": self.get_quotes,
            "ListCandles": self.list_candles,
            "GetAccount": self.get_account,
            "ListPositions": self.list_positions,
            "ListOpenOrders": self.list_open_orders,
            "ListDayOrders": self.list_day_orders,
            "ListFills": self.list_fills,
            "OrderSession": self.order_session,
            "ResolveOrder": self.resolve_order,
            "ListConditions": self.list_conditions,
            "RunCondition": self.run_condition,
            "WatchCondition": self.watch_condition,
            "WatchMarket": self.watch_market,
            "Diagnose": self.diagnose,
        }

    async def get_session(self, _request: pb.GetSessionRequest) -> pb.GetSessionResponse:
        """Tell what stands behind."""
        return pb.GetSessionResponse(session=wire.write_session(await self._backend.session()))

    async def login(self, _request: pb.LoginRequest) -> pb.LoginResponse:
        """Log the broker in."""
        return pb.LoginResponse(session=wire.write_session(await self._backend.login()))

    async def watch_session(self, request: pb.WatchSessionRequest, context: Context) -> None:
        """Send heartbeats until the caller leaves."""
        interval = wire.waiting_time(request, "interval", default_s=1.0, least_s=0.1, most_s=60.0)
        seq = 0
        while True:
            seq += 1
            session = wire.write_session(await self._backend.session())
            await context.write(pb.WatchSessionResponse(seq=seq, session=session))
            await asyncio.sleep(interval)

    async def list_instruments(self, request: pb.ListInstrumentsRequest) -> pb.ListInstrumentsResponse:
        """Give instruments."""
        known, unknown = await self._backend.instruments(list(request.symbols))
        return pb.ListInstrumentsResponse(
            instruments=[wire.write_instrument(one) for one in known], unknown_symbols=unknown
        )

    async def stream_quotes(self, request: pb.StreamQuotesRequest, context: Context) -> None:
        """Send batches, each encoded once. Batches are not kept: a resumed stream goes on from now.

        Within the run named, the numbers go on behind `after_seq`; of another run, they begin at 1 and the answer
        names the new run.
        """
        symbols, max_rows, max_delay_s = _subscription(request)
        batches: Any = self._backend.stream_quotes(symbols, max_rows, max_delay_s, request.depth)
        async with aclosing(batches):
            async for batch in batches:
                if request.after_seq and batch.run_id == request.run_id:
                    batch = batch._replace(seq=request.after_seq + batch.seq)  # noqa: PLW2901
                await context.write(wire.encode_batch(batch, columns=request.columns))

    async def get_quotes(self, request: pb.GetQuotesRequest) -> pb.GetQuotesResponse:
        """Give the latest quotes."""
        answer = pb.GetQuotesResponse()
        wire.fill_quotes(answer.quotes, await self._backend.latest_quotes(list(request.symbols)))
        return answer

    async def list_candles(self, request: pb.ListCandlesRequest) -> pb.ListCandlesResponse:
        """Give bars."""
        since = wire.unix_nanos(getattr(request, "from"), "from") if request.HasField("from") else None
        until = wire.unix_nanos(request.until, "until") if request.HasField("until") else None
        interval = wire.INTERVAL.read(request.interval, "interval") if request.interval else None
        symbol = wire.identifier(request.symbol, "symbol", longest=16)
        bars = await self._backend.candles(symbol, since, until, interval, request.adjusted)
        return pb.ListCandlesResponse(candles=[wire.write_candle(bar) for bar in bars])

    async def get_account(self, _request: pb.GetAccountRequest) -> pb.GetAccountResponse:
        """Give cash."""
        return wire.write_account(await self._backend.account())

    async def list_positions(self, _request: pb.ListPositionsRequest) -> pb.ListPositionsResponse:
        """Give holdings; what open sell orders hold is not free to sell. A backend that knows tells so itself."""
        held, as_of_seq = await self._backend.positions()
        selling: Counter[str] = Counter()
        if any(one.sellable is None for one in held):
            orders, _ = await self._backend.open_orders()
            for order in orders:
                selling[order.symbol] += order.leaves_qty if order.side is Side.SELL else 0
        free = [max(0, one.quantity - selling[one.symbol]) if one.sellable is None else one.sellable for one in held]
        positions = [wire.write_position(one, sellable) for one, sellable in zip(held, free, strict=True)]
        return pb.ListPositionsResponse(positions=positions, as_of_seq=as_of_seq)

    async def list_open_orders(self, _request: pb.ListOpenOrdersRequest) -> pb.ListOpenOrdersResponse:
        """Give open venue orders."""
        orders, as_of_seq = await self._backend.open_orders()
        return pb.ListOpenOrdersResponse(orders=[wire.write_open_order(one) for one in orders], as_of_seq=as_of_seq)

    async def list_day_orders(self, _request: pb.ListDayOrdersRequest) -> pb.ListDayOrdersResponse:
        """Give every order number of the day."""
        orders, as_of_seq = await self._backend.day_orders()
        return pb.ListDayOrdersResponse(orders=[wire.write_day_order(one) for one in orders], as_of_seq=as_of_seq)

    async def list_fills(self, _request: pb.ListFillsRequest) -> pb.ListFillsResponse:
        """Give the day's executions."""
        fills, as_of_seq = await self._backend.fills()
        return pb.ListFillsResponse(fills=[wire.write_fill(one) for one in fills], as_of_seq=as_of_seq)

    async def order_session(self, requests: AsyncIterator[pb.OrderSessionRequest], context: Context) -> None:
        """Serve one order session."""
        await OrderSession(self._backend, context.write, self._fences).run(requests)

    async def resolve_order(self, request: pb.ResolveOrderRequest) -> pb.ResolveOrderResponse:
        """Tell what became of a request."""
        return wire.write_resolved(await self._backend.resolve(wire.identifier(request.request_id, "request_id")))

    async def list_conditions(self, _request: pb.ListConditionsRequest) -> pb.ListConditionsResponse:
        """Give the condition searches."""
        found = await self._backend.conditions()
        return pb.ListConditionsResponse(conditions=[wire.write_condition(one) for one in found])

    async def run_condition(self, request: pb.RunConditionRequest) -> pb.RunConditionResponse:
        """Give what fits a condition now."""
        return pb.RunConditionResponse(
            symbols=await self._backend.run_condition(wire.read_condition(request.condition))
        )

    async def watch_condition(self, request: pb.WatchConditionRequest, context: Context) -> None:
        """Send what fits a condition and what changes, until the caller leaves."""
        news: Any = self._backend.watch_condition(wire.read_condition(request.condition))
        async with aclosing(news):
            async for one in news:
                await context.write(wire.write_condition_news(one))

    async def watch_market(self, _request: pb.WatchMarketRequest, context: Context) -> None:
        """Send what happens to the market, until the caller leaves."""
        news: Any = self._backend.watch_market()
        async with aclosing(news):
            async for one in news:
                await context.write(wire.write_market_news(one))

    async def diagnose(self, request: pb.DiagnoseRequest) -> pb.DiagnoseResponse:
        """Look at the broker's own health."""
        found = await self._backend.diagnose(request.probe)
        return pb.DiagnoseResponse(diagnoses=[wire.write_diagnosis(one) for one in found])


def _subscription(request: pb.StreamQuotesRequest) -> tuple[list[str], int, float]:
    if not request.symbols:
        raise wire.bad_field("symbols", "none", "at least one symbol")
    if not 0 <= request.max_rows <= MOST_ROWS:
        raise wire.bad_field("max_rows", request.max_rows, f"1 to {MOST_ROWS}, or 0 for {DEFAULT_ROWS}")
    if request.after_seq < 0:
        raise wire.bad_field("after_seq", request.after_seq, "0 or above")
    if request.after_seq and not request.run_id:
        raise wire.bad_field("run_id", "", "the run that after_seq belongs to")
    delay = wire.waiting_time(request, "max_delay", DEFAULT_DELAY_S, 0.0, LONGEST_DELAY_S)
    return list(dict.fromkeys(request.symbols)), request.max_rows or DEFAULT_ROWS, delay


def handler(servicer: BrokerServicer) -> grpc.GenericRpcHandler[Any, Any]:
    """Give the handler of all RPCs. Unlike the generated one it lets quote batches through as bytes."""
    made: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
    methods = servicer.methods()
    for rpc in SERVICE.methods:
        read = GetMessageClass(rpc.input_type).FromString
        write = None if rpc.name == "StreamQuotes" else GetMessageClass(rpc.output_type).SerializeToString
        if rpc.client_streaming:
            made[rpc.name] = grpc.stream_stream_rpc_method_handler(_streaming(methods[rpc.name]), read, write)
        elif rpc.server_streaming:
            made[rpc.name] = grpc.unary_stream_rpc_method_handler(_streaming(methods[rpc.name]), read, write)
        else:
            made[rpc.name] = grpc.unary_unary_rpc_method_handler(_unary(methods[rpc.name]), read, write)
    return grpc.method_handlers_generic_handler(SERVICE.full_name, made)


def _unary(method: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Context], Awaitable[Any]]:
    async def call(request: Any, context: Context) -> Any:
        try:
            return await method(request)
        except (RequestRefused, BrokerUnavailable) as error:
            await statuses.abort(context, error)
        except LogError as error:
            await _journal_failed(context, error)

    return call


def _streaming(method: Callable[[Any, Context], Awaitable[None]]) -> Callable[[Any, Context], Awaitable[None]]:
    async def call(request: Any, context: Context) -> None:
        try:
            await method(request, context)
        except (RequestRefused, BrokerUnavailable) as error:
            await statuses.abort(context, error)
        except LogError as error:
            await _journal_failed(context, error)

    return call


async def _journal_failed(context: Context, error: LogError) -> NoReturn:
    """End the call as unavailable; whoever runs this broker must make room or look at the disk."""
    _log.error("%s", error)
    await statuses.abort(context, error)
