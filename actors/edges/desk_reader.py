"""What DeskService reads, put together from what roles answer. Works on a running trader and on a folded log alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from broker.translate import desk as wire
from broker.translate.risk import add_risk
from broker.translate.signals import accuracy_answer, write_attention, write_signal, write_strategy
from domain.errors import RequestRefused
from domain.signal_views import AttentionQuery, ScoresQuery, StrategiesQuery
from domain.status import DayQuery, LinksQuery, OrdersQuery, QuotesQuery, SignalsQuery
from domain.types import Purpose, UnixNanos
from domain.views import CashQuery, ComparisonQuery, FillsQuery, PerformanceQuery, PositionsQuery, RiskQuery, StopView
from hantrade.v1 import desk_pb2, types_pb2

Ask = Callable[[str, Any], Any]  # (role, query) -> view
ALL = 1_000_000
DEFAULT_LIMIT = 1_000
CONTRADICTED = "contradicted"  # quality of attention on which sources disagree


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What no role knows about the run."""

    mode: str
    run_id: str
    log_path: str


class DeskReader:
    """Answers every reading RPC."""

    def __init__(self, ask: Ask, facts: RunFacts, now: Callable[[], UnixNanos], last_seq: Callable[[], int]) -> None:
        """Take how to ask a role, the run, the clock and the log's last sequence."""
        self._ask = ask
        self.facts = facts
        self._now = now
        self._last_seq = last_seq

    def status(self) -> desk_pb2.TraderStatus:
        """Give the status."""
        held = [view for view in self._ask("portfolio", PositionsQuery()) if view.quantity]
        cash, risk = self._ask("portfolio", CashQuery()), self._ask("risk_manager", RiskQuery())
        status = wire.write_status(
            self._ask("trading_day", DayQuery()),
            self._ask("connection_supervisor", LinksQuery(self._now())),
            cash,
            risk,
            len(self._ask("executor", OrdersQuery(open_only=True, limit=ALL))),
            len(held),
        )
        status.signals = sum(self._ask("strategist", SignalsQuery(limit=0)).by_attention.values())
        status.fills = len(self._ask("portfolio", FillsQuery(limit=ALL)))
        wire.add_comparison(status, self._ask("executor", ComparisonQuery()))
        add_risk(status, risk)
        status.exit_costs_krw = cash.exit_costs
        self._add_signals(status)
        status.mode, status.run_id = self.facts.mode, self.facts.run_id
        status.log_path, status.log_seq = self.facts.log_path, self._last_seq()
        return status

    def _add_signals(self, status: desk_pb2.TraderStatus) -> None:
        """Add attention, strategies that were left out, and how entries turned out."""
        measured = self._ask("trend_analyst", AttentionQuery())
        status.attention_known = sum(1 for row in measured if row.z is not None)
        status.attention_contradicted = sum(1 for row in measured if row.quality == CONTRADICTED)
        for view in self._ask("strategist", StrategiesQuery()):
            if view.error:
                status.benched_strategies[view.name] = view.error
        for scored in self._ask("scorekeeper", ScoresQuery(baselines=False)).scored:
            if scored.purpose is Purpose.ENTRY and scored.won is not None:
                status.signals_scored += 1
                status.signals_right += scored.won

    def orders(self, request: desk_pb2.ListOrdersRequest) -> desk_pb2.ListOrdersResponse:
        """Give orders, newest first."""
        query = OrdersQuery(request.open_only, request.symbol, "", request.limit or DEFAULT_LIMIT)
        return desk_pb2.ListOrdersResponse(orders=[wire.write_order(item) for item in self._ask("executor", query)])

    def order(self, client_order_id: str) -> desk_pb2.GetOrderResponse:
        """Give one order with its fills. Raises RequestRefused NOT_FOUND."""
        found = self._ask("executor", OrdersQuery(client_order_id=client_order_id))
        if not found:
            text = f"client_order_id {client_order_id!r} is not known; `hantrade orders list` shows all"
            raise RequestRefused("NOT_FOUND", text, field="client_order_id", value=client_order_id)
        fills = [f for f in self._ask("portfolio", FillsQuery(limit=ALL)) if f.client_order_id == client_order_id]
        return desk_pb2.GetOrderResponse(
            order=wire.write_order(found[0]), fills=[wire.write_booked(fill) for fill in fills]
        )

    def fills(self, symbol: str, limit: int) -> desk_pb2.DeskServiceListFillsResponse:
        """Give fills, newest first."""
        fills = self._ask("portfolio", FillsQuery(symbol, limit or DEFAULT_LIMIT))
        return desk_pb2.DeskServiceListFillsResponse(fills=[wire.write_booked(fill) for fill in reversed(fills)])

    def positions(self) -> desk_pb2.DeskServiceListPositionsResponse:
        """Give holdings by symbol; instruments traded today but no longer held stay listed with their result."""
        sellable = self._ask("risk_manager", RiskQuery()).sellable
        names = self._names()
        return desk_pb2.DeskServiceListPositionsResponse(
            positions=[
                wire.write_position(view, names.get(view.symbol, ""), sellable.get(view.symbol, 0))
                for view in self._ask("portfolio", PositionsQuery())
            ]
        )

    def cash(self) -> desk_pb2.GetCashResponse:
        """Give cash and equity."""
        return wire.write_cash(self._ask("portfolio", CashQuery()), self._ask("risk_manager", RiskQuery()))

    def quotes(self, symbols: tuple[str, ...]) -> desk_pb2.ListQuotesResponse:
        """Give the latest quotes. Raises RequestRefused NOT_FOUND for a symbol without one."""
        watched = self._ask("connection_supervisor", QuotesQuery(symbols))
        seen = {item.quote.symbol for item in watched}
        for symbol in symbols:
            if symbol not in seen:
                raise RequestRefused("NOT_FOUND", f"no quote of symbol {symbol!r} yet", field="symbols", value=symbol)
        return desk_pb2.ListQuotesResponse(quotes=[wire.write_watched(item) for item in watched])

    def signals(self, symbol: str, limit: int, strategy: str = "") -> desk_pb2.ListSignalsResponse:
        """Give signals, newest first."""
        most = limit or DEFAULT_LIMIT
        found = self._ask("strategist", SignalsQuery(symbol, ALL if strategy else most)).signals
        found = [item for item in found if strategy in ("", item.signal.strategy)][:most]
        scores = {item.signal_seq: item for item in self._ask("scorekeeper", ScoresQuery(baselines=False)).scored}
        return desk_pb2.ListSignalsResponse(signals=[write_signal(item, scores.get(item.seq)) for item in found])

    def accuracy(self, strategy: str = "", symbol: str = "") -> desk_pb2.GetAccuracyResponse:
        """Give how often signals were right, group by group."""
        return accuracy_answer(self._ask("scorekeeper", ScoresQuery()), strategy, symbol)

    def attention(self) -> desk_pb2.ListAttentionResponse:
        """Give attention to the watched instruments."""
        return desk_pb2.ListAttentionResponse(
            rows=[write_attention(row) for row in self._ask("trend_analyst", AttentionQuery())]
        )

    def strategies(self) -> desk_pb2.ListStrategiesResponse:
        """Give the strategies of this run."""
        return desk_pb2.ListStrategiesResponse(
            strategies=[write_strategy(view) for view in self._ask("strategist", StrategiesQuery())]
        )

    def performance(self) -> desk_pb2.GetPerformanceResponse:
        """Give the day's performance."""
        return wire.write_performance(self._ask("portfolio", PerformanceQuery()))

    def stop(self, symbol: str) -> StopView:
        """Give the stops of one position. Raises RequestRefused NOT_FOUND when it is not held."""
        stops: tuple[StopView, ...] = self._ask("risk_manager", RiskQuery()).stops
        for view in stops:
            if view.symbol == symbol:
                return view
        text = f"{symbol!r} is not held; `hantrade positions` shows what is"
        raise RequestRefused("NOT_FOUND", text, field="symbol", value=symbol)

    def order_status(self, client_order_id: str) -> types_pb2.Order:
        """Give one order. Raises RequestRefused NOT_FOUND."""
        return self.order(client_order_id).order

    def known(self, symbol: str) -> None:
        """Refuse an instrument that is neither quoted nor held. Raises RequestRefused INSTRUMENT."""
        if symbol in self._names() or any(view.symbol == symbol for view in self._ask("portfolio", PositionsQuery())):
            return
        text = f"{symbol!r} is neither quoted nor held here; `hantrade positions` shows what is held"
        raise RequestRefused("INSTRUMENT", text, field="symbol", value=symbol)

    def _names(self) -> dict[str, str]:
        watched = self._ask("connection_supervisor", QuotesQuery())
        return {item.quote.symbol: item.name for item in watched}
