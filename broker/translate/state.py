"""Session, instruments, cash, holdings, open orders, bars."""

from google.protobuf.duration_pb2 import Duration

from broker.port import AccountState, Candle
from broker.security.redaction import redacted
from domain.instruments import Instrument
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, SessionInfo
from domain.types import NANOS_PER_SECOND, Krw, OrderKind, Symbol, TimeInForce, Venue
from hantrade.v1 import broker_pb2 as pb
from hantrade.v1 import types_pb2

from .values import (
    DAY_ACTION,
    DAY_STATE,
    FLAG,
    GATE,
    KIND,
    MARKET,
    PHASE,
    SERVER_KIND,
    SIDE,
    TIME_IN_FORCE,
    VENUE,
    bad_field,
    krw_or_none,
    timestamp,
    unix_nanos,
)


def write_session(session: SessionInfo) -> pb.Session:
    """Give the wire form of a session."""
    return pb.Session(
        server_kind=SERVER_KIND.write(session.server_kind),
        logged_in=session.logged_in,
        account=redacted(session.account),
        venue_time=timestamp(session.venue_time),
        phase=PHASE.write(session.phase),
        journal_id=session.journal_id,
        epoch=session.epoch,
        gate=GATE.write(session.gate),
        run_id=session.run_id,
        speed_milli=session.speed_milli,
        trouble=redacted(session.trouble),
        account_check=session.account_check,
    )


def read_session(session: pb.Session) -> SessionInfo:
    """Read a session. Raises RequestRefused INVALID_ARGUMENT when an enum is unset."""
    return SessionInfo(
        server_kind=SERVER_KIND.read(session.server_kind, "session.server_kind"),
        logged_in=session.logged_in,
        account=redacted(session.account),
        venue_time=unix_nanos(session.venue_time, "session.venue_time"),
        phase=PHASE.read(session.phase, "session.phase"),
        journal_id=session.journal_id,
        epoch=session.epoch,
        gate=GATE.read(session.gate, "session.gate"),
        run_id=session.run_id,
        speed_milli=session.speed_milli if session.HasField("speed_milli") else None,
        trouble=redacted(session.trouble),
        account_check=session.account_check,
    )


def write_instrument(instrument: Instrument) -> types_pb2.Instrument:
    """Give the wire form of an instrument."""
    return types_pb2.Instrument(
        symbol=instrument.symbol,
        name=instrument.name,
        market=MARKET.write(instrument.market),
        base_price_krw=instrument.base_price,
        lower_limit_krw=instrument.lower_limit,
        upper_limit_krw=instrument.upper_limit,
        tradable=instrument.tradable,
        flags=[FLAG.write(flag) for flag in instrument.flags],
        state_words=instrument.state_words,
    )


def read_instrument(instrument: types_pb2.Instrument) -> Instrument:
    """Read an instrument. Raises RequestRefused INVALID_ARGUMENT when its market is unset."""
    return Instrument(
        symbol=Symbol(instrument.symbol),
        name=instrument.name,
        market=MARKET.read(instrument.market, "instrument.market"),
        base_price=krw_or_none(instrument, "base_price_krw"),
        lower_limit=krw_or_none(instrument, "lower_limit_krw"),
        upper_limit=krw_or_none(instrument, "upper_limit_krw"),
        tradable=instrument.tradable,
        flags=tuple(FLAG.read(flag, "instrument.flags") for flag in instrument.flags),
        state_words=tuple(instrument.state_words),
    )


def write_account(account: AccountState) -> pb.GetAccountResponse:
    """Give the wire form of cash."""
    return pb.GetAccountResponse(
        account=redacted(account.account),
        cash_krw=account.cash,
        orderable_cash_krw=account.orderable_cash,
        commission_krw=account.commission,
        tax_krw=account.tax,
        as_of_seq=account.as_of_seq,
        deposit_krw=account.deposit,
        d1_deposit_krw=account.d1_deposit,
        withdrawable_krw=account.withdrawable,
    )


def read_account(account: pb.GetAccountResponse) -> AccountState:
    """Read cash."""
    return AccountState(
        account=redacted(account.account),
        cash=Krw(account.cash_krw),
        orderable_cash=Krw(account.orderable_cash_krw),
        commission=Krw(account.commission_krw),
        tax=Krw(account.tax_krw),
        as_of_seq=account.as_of_seq,
        deposit=krw_or_none(account, "deposit_krw"),
        d1_deposit=krw_or_none(account, "d1_deposit_krw"),
        withdrawable=krw_or_none(account, "withdrawable_krw"),
    )


def write_position(position: BrokerPosition, sellable_qty: int) -> types_pb2.Position:
    """Give the wire form of a holding. Name and mark are the trader's to know."""
    return types_pb2.Position(
        symbol=position.symbol,
        quantity=position.quantity,
        cost_basis_krw=position.cost_basis,
        realized_pnl_krw=position.realized_pnl,
        sellable_qty=sellable_qty,
    )


def read_position(position: types_pb2.Position) -> BrokerPosition:
    """Read a holding."""
    cost, realized = Krw(position.cost_basis_krw), Krw(position.realized_pnl_krw)
    return BrokerPosition(position.symbol, position.quantity, cost, realized, position.sellable_qty)


def write_open_order(order: BrokerOpenOrder) -> pb.OpenOrder:
    """Give the wire form of an open venue order. A kind not told follows from the price."""
    kind = order.kind or (OrderKind.MARKET if order.limit_price is None else OrderKind.LIMIT)
    return pb.OpenOrder(
        venue_order_id=order.venue_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=SIDE.write(order.side),
        kind=KIND.write(kind),
        quantity=order.quantity,
        leaves_qty=order.leaves_qty,
        limit_price_krw=order.limit_price,
        time_in_force=TIME_IN_FORCE.write(order.time_in_force),
        venue=VENUE.write(order.venue),
        stop_price_krw=order.stop_price,
    )


def read_open_order(order: pb.OpenOrder) -> BrokerOpenOrder:
    """Read an open venue order. Raises RequestRefused INVALID_ARGUMENT when its side is unset."""
    return BrokerOpenOrder(
        venue_order_id=order.venue_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=SIDE.read(order.side, "order.side"),
        quantity=order.quantity,
        leaves_qty=order.leaves_qty,
        limit_price=krw_or_none(order, "limit_price_krw"),
        kind=KIND.read(order.kind, "order.kind") if order.kind else None,
        time_in_force=TIME_IN_FORCE.read_or(order.time_in_force, "order.time_in_force", TimeInForce.DAY),
        venue=VENUE.read_or(order.venue, "order.venue", Venue.KRX),
        stop_price=krw_or_none(order, "stop_price_krw"),
    )


def write_day_order(order: BrokerDayOrder) -> pb.DayOrder:
    """Give the wire form of an order number of the day."""
    return pb.DayOrder(
        venue_order_id=order.venue_order_id,
        original_venue_order_id=order.original_venue_order_id,
        client_order_id=order.client_order_id,
        request_id=order.request_id,
        symbol=order.symbol,
        side=SIDE.write(order.side),
        action=DAY_ACTION.write(order.action),
        state=DAY_STATE.write(order.state),
        quantity=order.quantity,
        leaves_qty=order.leaves_qty,
        filled_qty=order.filled_qty,
        filled_notional_krw=order.filled_notional,
        limit_price_krw=order.limit_price,
        commission_krw=order.commission,
        tax_krw=order.tax,
        order_time=timestamp(order.order_time),
    )


def read_day_order(order: pb.DayOrder) -> BrokerDayOrder:
    """Read an order number of the day. Raises RequestRefused INVALID_ARGUMENT when side, action or state is unset."""
    return BrokerDayOrder(
        venue_order_id=order.venue_order_id,
        original_venue_order_id=order.original_venue_order_id,
        client_order_id=order.client_order_id,
        request_id=order.request_id,
        symbol=order.symbol,
        side=SIDE.read(order.side, "order.side"),
        action=DAY_ACTION.read(order.action, "order.action"),
        state=DAY_STATE.read(order.state, "order.state"),
        quantity=order.quantity,
        leaves_qty=order.leaves_qty,
        filled_qty=order.filled_qty,
        filled_notional=Krw(order.filled_notional_krw),
        limit_price=krw_or_none(order, "limit_price_krw"),
        commission=krw_or_none(order, "commission_krw"),
        tax=krw_or_none(order, "tax_krw"),
        order_time=unix_nanos(order.order_time, "order.order_time"),
    )


def write_candle(candle: Candle) -> pb.Candle:
    """Give the wire form of a bar."""
    return pb.Candle(
        start=timestamp(candle.start),
        open_krw=candle.open,
        high_krw=candle.high,
        low_krw=candle.low,
        close_krw=candle.close,
        volume=candle.volume,
    )


def read_candle(candle: pb.Candle) -> Candle:
    """Read a bar."""
    return Candle(
        start=unix_nanos(candle.start, "candle.start"),
        open=Krw(candle.open_krw),
        high=Krw(candle.high_krw),
        low=Krw(candle.low_krw),
        close=Krw(candle.close_krw),
        volume=candle.volume,
    )


def duration(seconds: float) -> Duration:
    """Give the wire form of a waiting time, to the nanosecond."""
    whole, rest = divmod(round(seconds * NANOS_PER_SECOND), NANOS_PER_SECOND)
    return Duration(seconds=whole, nanos=rest)


def waiting_time(message: object, field: str, default_s: float, least_s: float, most_s: float) -> float:
    """Read an optional waiting time in seconds. Raises RequestRefused INVALID_ARGUMENT outside least to most."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return default_s
    given: Duration = getattr(message, field)
    seconds = given.seconds + given.nanos / NANOS_PER_SECOND
    if not least_s <= seconds <= most_s:
        raise bad_field(field, f"{seconds:g} s", f"{least_s:g} s to {most_s:g} s")
    return seconds
