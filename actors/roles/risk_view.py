"""What the risk manager answers when it is asked how things stand."""

from collections import Counter

from domain.messages.trading import OrderDenied
from domain.risk import RiskState
from domain.risk.check_views import check_views
from domain.types import Krw
from domain.views import DenialsQuery, RiskView


def denials(state: RiskState, query: DenialsQuery) -> tuple[OrderDenied, ...]:
    """Give the trading date's denials, oldest first, the newest so many."""
    found = [denial for denial in state.denials if query.symbol in ("", denial.symbol)]
    return tuple(found[-query.limit :] if query.limit else found)


def risk_view(state: RiskState) -> RiskView:
    """Give limits in force, how the account stands to them, and what is left to order and to sell."""
    reserved = state.reserved()
    held = sorted(state.positions.items())
    return RiskView(
        reserved=reserved,
        orderable_cash=Krw(state.cash - reserved),
        sellable={symbol: max(0, quantity - state.selling(symbol)) for symbol, quantity in held},
        open_orders=state.holds.open_count,
        denied=len(state.denials),
        denied_by_reason=dict(sorted(Counter(denial.reason for denial in state.denials).items())),
        entries_denied=entries_denied(state),
        flattening=tuple(sorted(state.flattening)),
        checks=check_views(state),
        limits=state.watch.limit_views(state),
        reducing=state.watch.causes,
        stops=state.stops.views(state),
        manual_mode=state.conduct.manual_mode,
        operator_seen=state.watch.operator_seen,
    )


def entries_denied(state: RiskState) -> str:
    """Say why the daily loss denies every entry, also by an open gate, and what ends it; empty while it denies none."""
    is_over = state.is_over_loss_limit
    if not (state.loss_locked or is_over):
        return ""
    loss, limit = state.daily_loss
    ends = ["a person resumes with a note"] if state.loss_locked else []
    ends += ["the loss is below the limit"] if is_over else []
    return f"DAILY_LOSS: {loss:,} KRW are lost, the limit is {limit:,} KRW, until {' and '.join(ends)}"
