"""What the risk manager tells of checks, limits and stops, and its wire form for DeskService."""

from broker.translate.values import INVALID_ARGUMENT, timestamp
from domain.errors import RequestRefused
from domain.risk_config import StopTerms
from domain.types import PPM, UnixNanos
from domain.views import CheckView, LimitView, RiskView, StopView
from hantrade.v1 import desk_pb2

OFF = "off"
MOST_TARGET_PPM = 10 * PPM  # a gain of tenfold; beyond this a number is a slip of the hand
MOST_HOLD_S = 10 * 365 * 86_400


def add_risk(status: desk_pb2.TraderStatus, risk: RiskView) -> None:
    """Add to a status how the account stands to every check and limit, and what stops would sell."""
    status.checks.extend(write_check(check) for check in risk.checks)
    status.limits.extend(write_limit(limit) for limit in risk.limits)
    status.reducing.extend(
        desk_pb2.ReducingCause(code=cause.code, text=cause.text, needs_person=cause.needs_person)
        for cause in risk.reducing
    )
    status.entries_denied = risk.entries_denied
    status.manual_mode = risk.manual_mode
    status.stops.extend(write_stop(stop) for stop in risk.stops)
    if risk.operator_seen:
        status.operator_seen.CopyFrom(timestamp(risk.operator_seen))


def write_check(check: CheckView) -> desk_pb2.RiskCheck:
    """Give one check; numbers as plain digits, so that programs read them."""
    return desk_pb2.RiskCheck(
        name=check.name,
        limit=str(check.limit) if check.is_on else OFF,
        unit=check.unit,
        value=str(check.value),
        distance=str(check.distance),
        denied=check.denied,
    )


def write_limit(limit: LimitView) -> desk_pb2.RiskLimit:
    """Give one limit on losses."""
    return desk_pb2.RiskLimit(
        name=limit.name,
        level=limit.level,
        loss_krw=limit.loss,
        limit_krw=limit.limit,
        base_equity_krw=limit.base_equity,
        limit_ppm=limit.limit_ppm,
    )


def write_stop(stop: StopView) -> desk_pb2.HoldingStop:
    """Give what would make the trader sell one position."""
    wire = desk_pb2.HoldingStop(
        symbol=stop.symbol,
        quantity=stop.quantity,
        ours=stop.ours,
        stop_price_krw=stop.stop_price,
        target_price_krw=stop.target_price,
        trailing_price_krw=stop.trailing_price,
        peak_price_krw=stop.peak_price,
        sellable_price_krw=stop.sellable_price,
        own_terms=stop.own_terms,
        stuck=stop.stuck,
        never_sell=stop.never_sell,
    )
    if stop.sell_at is not None:
        wire.sell_at.CopyFrom(timestamp(UnixNanos(stop.sell_at)))
    return wire


def read_terms(request: desk_pb2.SetStopsRequest) -> StopTerms | None:
    """Read stops of a position; None: those of the settings. Raises RequestRefused naming field, value and range."""
    if not request.HasField("terms"):
        return None
    terms = request.terms
    _within("terms.stop_loss_ppm", terms.stop_loss_ppm, PPM - 1)
    _within("terms.take_profit_ppm", terms.take_profit_ppm, MOST_TARGET_PPM)
    _within("terms.trailing_ppm", terms.trailing_ppm, PPM - 1)
    _within("terms.hold_s", terms.hold_s, MOST_HOLD_S)
    return StopTerms(terms.stop_loss_ppm, terms.take_profit_ppm, terms.trailing_ppm, terms.hold_s)


def _within(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        allowed = f"0 (off) to {most:,}"
        text = f"{field} expected {allowed}, was {value:,}"
        raise RequestRefused(INVALID_ARGUMENT, text, field=field, value=str(value), allowed=allowed)
