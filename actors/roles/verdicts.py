"""What the risk manager says of one order: approved or denied."""

from domain.messages.trading import OrderApproved, OrderDenied
from domain.risk import Denial, Proposal
from domain.types import ClientOrderId, Krw

Verdict = OrderApproved | OrderDenied


def approved(
    order_id: ClientOrderId,
    proposal: Proposal,
    reserved: Krw,
    origin: str,
    rationale: str,
    overridden: tuple[str, ...] = (),
    arrival_price: Krw | None = None,
) -> OrderApproved:
    """Let an order pass under an id; `reserved` is the cash (won) held for a buy."""
    return OrderApproved(  # by place: names cost half a microsecond of every order
        order_id,
        proposal.symbol,
        proposal.side,
        proposal.kind,
        proposal.purpose,
        proposal.quantity,
        proposal.limit_price,
        reserved,
        origin,
        rationale,
        proposal.venue_time,
        proposal.time_in_force,
        proposal.venue,
        proposal.stop_price,
        arrival_price,
        overridden,
    )


def denied(order_id: ClientOrderId, proposal: Proposal, denial: Denial, origin: str, rationale: str) -> OrderDenied:
    """Refuse an order under an id, and say why."""
    return OrderDenied(
        client_order_id=order_id,
        symbol=proposal.symbol,
        side=proposal.side,
        kind=proposal.kind,
        purpose=proposal.purpose,
        quantity=proposal.quantity,
        limit_price=proposal.limit_price,
        reason=denial.code,
        message=denial.message,
        origin=origin,
        rationale=rationale,
        venue_time=proposal.venue_time,
        time_in_force=proposal.time_in_force,
        venue=proposal.venue,
        stop_price=proposal.stop_price,
    )
