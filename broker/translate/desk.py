"""The trader's views and their wire form for DeskService."""

from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration

from broker.security.redaction import redacted
from broker.translate.values import GATE, KIND, PURPOSE, QUOTE_KIND, SIDE, TIME_IN_FORCE, VENUE, timestamp
from domain.messages.link import ReconcileReported
from domain.messages.trading import FillBooked
from domain.orders import ClientOrder
from domain.quotes import QuoteKind
from domain.status import DayView, LinksView, WatchedQuote
from domain.types import Gate, LinkName
from domain.views import CashView, ComparisonView, PerformanceView, PositionView, RiskView
from fsm import leg
from hantrade.v1 import desk_pb2, types_pb2

MS = 1_000_000


def worst(states: Iterable[str]) -> str:
    """Give the state that matters most of several links: anything before READY."""
    found = list(states)
    ranks = {"FAILED": 0, "STOPPED": 1, "DISCONNECTED": 2, "BACKING_OFF": 3, "CONNECTING": 4, "LOGGING_IN": 5}
    ranks |= {"RECONCILING": 6, "DEGRADED": 7, "READY": 8}
    return min(found, key=lambda state: ranks.get(state, 0)) if found else "DISCONNECTED"


def duration_ms(milliseconds: int) -> Duration:
    """Give the wire form of a span."""
    return Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * MS)


def write_status(
    day: DayView, links: LinksView, cash: CashView, risk: RiskView, open_orders: int, positions: int
) -> desk_pb2.TraderStatus:
    """Give what these views say; the caller adds run, log, mode and the counts of signals and fills."""
    status = desk_pb2.TraderStatus(
        connection=worst(links.states.values()),
        quotes_link=links.states[LinkName.QUOTES],
        orders_link=links.states[LinkName.ORDERS],
        day=day.state,
        gate=GATE.write(day.gate),
        gate_reason="" if day.gate is Gate.OPEN else day.gate_reason,
        trading_date=day.trading_date,
        orders_open=open_orders,
        positions=positions,
        equity_krw=cash.equity,
        day_pnl_krw=cash.day_pnl,
        realized_pnl_krw=cash.realized_pnl,
        costs_krw=cash.commission + cash.tax,
        uptime_ppm=links.uptime_ppm,
        quotes=links.quotes,
        quotes_refused=links.refused,
        limits_unknown=links.unknown_limits,
        symbols=links.symbols,
        denied=risk.denied,
        link_up_ppm=links.up_ppm,
        link_degraded_ppm=links.degraded_ppm,
        link_down_ppm=links.down_ppm,
        market_time=duration_ms(links.market_ms),
        quotes_source=links.quotes_source,
        on_backup=links.on_backup,
        maintenance=links.maintenance,
        unproved_symbols=links.unproved,
        quality_verdicts=links.verdicts,
        stop="" if day.stop == "RUNNING" else day.stop,
        link_reasons={
            name: redacted(links.reasons[name])
            for name, state in links.states.items()
            if state != "READY" and links.reasons[name]
        },
    )
    if links.feed_age_ms is not None:
        status.feed_age.CopyFrom(duration_ms(links.feed_age_ms))
    if day.venue_time:
        status.venue_time.CopyFrom(timestamp(day.venue_time))
    return status


def add_comparison(status: desk_pb2.TraderStatus, found: ComparisonView) -> None:
    """Add to a status what the last comparison with the broker's books left."""
    status.halted_symbols.update(found.halted)
    status.external_orders = len(found.externals)
    status.orders_unknown = found.unknown_orders
    if found.compared_at:
        status.reconciled_at.CopyFrom(timestamp(found.compared_at))


def write_order(order: ClientOrder) -> types_pb2.Order:
    """Give one order."""
    live = [item.venue_order_id for item in order.legs if item.state is leg.State.LIVE]
    wire = types_pb2.Order(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=SIDE.write(order.side),
        kind=KIND.write(order.kind),
        purpose=PURPOSE.write(order.purpose),
        quantity=order.quantity,
        limit_price_krw=order.limit_price,
        filled_qty=order.filled_qty,
        leaves_qty=0 if order.is_closed else order.leaves_qty,
        filled_notional_krw=order.filled_notional,
        status=f"ORDER_STATUS_{order.status.value}",
        live_venue_order_ids=live,
        reason=order.reason,
        origin=order.origin,
        rationale=order.rationale,
        time_in_force=TIME_IN_FORCE.write(order.time_in_force),
        venue=VENUE.write(order.venue),
        stop_price_krw=order.stop_price,
        legs=[
            types_pb2.OrderLeg(
                venue_order_id=item.venue_order_id,
                leaves_qty=item.leaves_qty,
                limit_price_krw=item.limit_price,
                can_trade=item.state is leg.State.LIVE,
            )
            for item in order.legs
        ],
    )
    if order.decided_at:
        wire.decided_at.CopyFrom(timestamp(order.decided_at))
    if order.changed_at:
        wire.changed_at.CopyFrom(timestamp(order.changed_at))
    return wire


def write_booked(fill: FillBooked) -> types_pb2.Fill:
    """Give one fill as it stands in the books."""
    return types_pb2.Fill(
        trade_id=fill.trade_id,
        client_order_id=fill.client_order_id,
        symbol=fill.symbol,
        side=SIDE.write(fill.side),
        last_qty=fill.last_qty,
        last_px_krw=fill.last_px,
        notional_krw=fill.notional,
        commission_krw=fill.commission,
        tax_krw=fill.tax,
        realized_pnl_krw=fill.realized_pnl,
        fill_time=timestamp(fill.venue_time),
    )


def write_position(view: PositionView, name: str, sellable: int) -> types_pb2.Position:
    """Give one holding."""
    wire = types_pb2.Position(
        symbol=view.symbol,
        name=name,
        quantity=view.quantity,
        cost_basis_krw=view.cost_basis,
        realized_pnl_krw=view.realized_pnl,
        sellable_qty=sellable,
    )
    if view.mark is not None:
        wire.mark_price_krw = view.mark
        wire.unrealized_pnl_krw = view.unrealized_pnl
    return wire


def write_cash(cash: CashView, risk: RiskView) -> desk_pb2.GetCashResponse:
    """Give cash and equity."""
    return desk_pb2.GetCashResponse(
        cash_krw=cash.cash,
        orderable_cash_krw=risk.orderable_cash,
        equity_krw=cash.equity,
        start_equity_krw=cash.start_equity,
        commission_krw=cash.commission,
        tax_krw=cash.tax,
        realized_pnl_krw=cash.realized_pnl,
        unrealized_pnl_krw=cash.unrealized_pnl,
        deposit_krw=cash.deposit,
        d1_deposit_krw=cash.d1_deposit,
        # What open buys and purchases since then need may not leave, whatever the broker said before them.
        withdrawable_krw=None if cash.withdrawable is None else max(0, min(cash.withdrawable, risk.orderable_cash)),
        income_krw=cash.income,
    )


def write_watched(quote: WatchedQuote) -> desk_pb2.WatchedQuote:
    """Give one watched quote."""
    row = quote.quote
    wire = desk_pb2.WatchedQuote(name=quote.name, quality=quote.quality, refused=quote.refused)
    wire.quote.CopyFrom(
        types_pb2.Quote(
            symbol=row.symbol,
            venue_time_unix_ns=row.venue_time,
            price_krw=row.price,
            last_qty=row.last_qty,
            cumulative_volume=row.cumulative_volume,
            bid_price_krw=row.bid_price,
            ask_price_krw=row.ask_price,
            bid_qty=row.bid_qty,
            ask_qty=row.ask_qty,
            kind=QUOTE_KIND.write(QuoteKind(row.kind)),
        )
    )
    return wire


def write_report(report: ReconcileReported) -> desk_pb2.ReconcileReport:
    """Give the outcome of a reconciliation."""
    return desk_pb2.ReconcileReport(
        agreed=report.agreed and not report.differences,  # a link may be READY while one instrument differs
        differences=report.differences,
        open_orders=report.open_orders,
        unknown_orders=report.unknown_orders,
        day_orders=report.day_orders,
        inferred=report.inferred,
        external_orders=report.external_orders,
        halted_symbols=report.halted_symbols,
        reads=report.reads,
        took=duration_ms(report.duration_ms),
        kind=report.kind,
    )


def write_performance(view: PerformanceView) -> desk_pb2.GetPerformanceResponse:
    """Give the day's performance."""
    return desk_pb2.GetPerformanceResponse(
        trades=view.trips,
        wins=view.wins,
        realized_pnl_krw=view.realized_pnl,
        unrealized_pnl_krw=view.unrealized_pnl,
        costs_krw=view.costs,
        max_drawdown_krw=view.max_drawdown,
    )
