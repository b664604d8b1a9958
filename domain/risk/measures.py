"""What each rule looked at: value and limit side by side, also where the rule passed. The rules decide, not this."""

from collections.abc import Callable
from typing import NamedTuple

from domain.krx.ticks import tick_size
from domain.order_terms import terms_in_words
from domain.risk import conduct_rules
from domain.risk.capacity import CASH, CONCENTRATION, ORDER_VALUE, POSITION, Capacity, taken
from domain.risk.picture import Picture, Proposal
from domain.risk.rule import NANOS_PER_MS, Pair, Rule, Scope, percent
from domain.risk.state import RiskState
from domain.risk.table import RULES
from domain.time import kst_date
from domain.types import PPM, Side


class Measured(NamedTuple):
    """One rule that was asked."""

    code: str
    value: str
    limit: str
    problem: str | None  # None when it passed; else why not, in the rule's words


def measure(state: RiskState, proposal: Proposal) -> tuple[Measured, ...]:
    """Ask every rule that covers a proposal, in their order; those behind a denial too."""
    picture = state.picture(proposal)
    asked = (rule for rule in RULES if rule.scope.covers(proposal))
    return tuple(_measured(rule, proposal, picture, state) for rule in asked)


def _measured(rule: Rule, proposal: Proposal, picture: Picture, state: RiskState) -> Measured:
    if rule.code == "DAILY_LOSS":  # the picture tells that it was hit, the state how far it is
        loss, limit = state.daily_loss
        pair = (f"loss {loss:,} KRW", f"below {limit:,} KRW")
    else:
        pair = _PAIRS[rule.code](proposal, picture)
    return Measured(rule.code, *pair, rule.check(proposal, picture))


def _gate(proposal: Proposal, picture: Picture) -> Pair:
    wanted = "gate OPEN, day TRADING" if Scope.ENTRIES.covers(proposal) else "gate OPEN or EXITS_ONLY"
    return f"gate {picture.gate.value}, day {picture.day}", wanted


def _connection(_: Proposal, picture: Picture) -> Pair:
    return f"orders {picture.orders_link}, quotes {picture.quotes_link}", "both READY"


def _instrument(_: Proposal, picture: Picture) -> Pair:
    known = picture.instrument
    return "unknown" if known is None else "tradable" if known.tradable else "not tradable", "tradable"


def _halted(_: Proposal, picture: Picture) -> Pair:
    return picture.halted or "books agree", "books agree"


def _tick(proposal: Proposal, picture: Picture) -> Pair:
    price, known = proposal.limit_price, picture.instrument
    if price is None or known is None:
        return _limit(proposal), "-"
    return _limit(proposal), f"tick {tick_size(price, known.market, kst_date(proposal.venue_time)):,} KRW"


def _price_limit(proposal: Proposal, picture: Picture) -> Pair:
    known = picture.instrument
    lower, upper = (None, None) if known is None else (known.lower_limit, known.upper_limit)
    return _limit(proposal), f"{_bound(lower)} to {_bound(upper)} KRW"


def _stop_price(proposal: Proposal, picture: Picture) -> Pair:
    if proposal.stop_price is None:
        return "none", "-"
    wanted = "above" if proposal.side is Side.BUY else "below"
    return f"{proposal.stop_price:,} KRW", f"{wanted} the mark" + (f" {picture.mark:,} KRW" if picture.mark else "")


def _data_age(proposal: Proposal, picture: Picture) -> Pair:
    limit = f"{picture.config.max_data_age_ms:,} ms"
    if picture.quoted_at is None:
        return "no quote", limit
    return f"{-(-(proposal.venue_time - picture.quoted_at) // NANOS_PER_MS):,} ms", limit


def _data_quality(_: Proposal, picture: Picture) -> Pair:
    return picture.doubt or "no doubt", "no doubt"


def _collar(proposal: Proposal, picture: Picture) -> Pair:
    limit, price, mark = percent(picture.config.price_collar_ppm), proposal.limit_price, picture.mark
    if price is None or not mark:
        return "-", f"{limit} of the mark"
    return f"{percent(abs(price - mark) * PPM // mark)} from {mark:,} KRW", f"{limit} of the mark"


def _confidence(proposal: Proposal, picture: Picture) -> Pair:
    value = "by hand" if proposal.confidence_ppm is None else percent(proposal.confidence_ppm)
    return value, f"{percent(picture.config.min_confidence_ppm)} at least"


def _open_orders(_: Proposal, picture: Picture) -> Pair:
    return f"{picture.open_orders:,} open", f"below {picture.config.max_open_orders:,}"


def _duplicate(proposal: Proposal, picture: Picture) -> Pair:
    if proposal.side is Side.SELL and (picture.selling or not proposal.by_hand):
        return f"open sells bind {picture.selling:,} of {picture.held:,} shares", "none sold twice"
    window = f"{picture.config.duplicate_window_ms:,} ms apart"
    if picture.last_same_at is None:
        return "none before", window
    return f"{(proposal.venue_time - picture.last_same_at) // NANOS_PER_MS:,} ms since the last", window


def _quantity(proposal: Proposal, _: Picture) -> Pair:
    return f"{proposal.quantity:,} shares", "1 at least"


def _twin(_: Proposal, picture: Picture) -> Pair:
    return f"{len(picture.unresolved)} unresolved orders of it", "none alike"


def _order_value(proposal: Proposal, picture: Picture) -> Pair:
    return _won(taken(ORDER_VALUE, proposal, picture)), _won(picture.config.max_order_krw)


def _position(proposal: Proposal, picture: Picture) -> Pair:
    after = picture.exposure + taken(POSITION, proposal, picture)
    return f"{after:,} KRW with it", _won(POSITION.limit(picture) or 0)


def _cash(proposal: Proposal, picture: Picture) -> Pair:
    return _won(taken(CASH, proposal, picture)), f"{picture.orderable:,} KRW orderable"


def _pair_of(capacity: Capacity) -> Callable[[Proposal, Picture], Pair]:
    """Make the pair of a limit on size or concentration."""

    def pair(proposal: Proposal, picture: Picture) -> Pair:
        limit = capacity.limit(picture)
        unit = capacity.measure.value
        value = f"{capacity.used(picture) + taken(capacity, proposal, picture):,} {unit} with it"
        if capacity.code == "ADV" and picture.config.max_adv_ppm and limit is None:
            return value, "average volume unknown: no limit"
        where = f"{picture.exposures.sector_name or 'unknown'}: " if capacity.code == "SECTOR" else ""
        return where + value, "off" if limit is None else f"{limit:,} {unit}"

    return pair


def _sellable(proposal: Proposal, picture: Picture) -> Pair:
    return f"{proposal.quantity:,} shares", f"{picture.sellable:,} sellable"


def _limit(proposal: Proposal) -> str:
    if proposal.limit_price is None:
        return terms_in_words(proposal.kind, None)
    return _won(proposal.limit_price)


def _won(amount: int) -> str:
    return f"{amount:,} KRW"


def _bound(amount: int | None) -> str:
    return "unknown" if amount is None else f"{amount:,}"


_PAIRS: dict[str, Callable[[Proposal, Picture], Pair]] = {
    "GATE": _gate,
    "CONNECTION": _connection,
    "INSTRUMENT": _instrument,
    "SYMBOL_HALTED": _halted,
    "TICK": _tick,
    "PRICE_LIMIT": _price_limit,
    "STOP_PRICE": _stop_price,
    "DATA_AGE": _data_age,
    "DATA_QUALITY": _data_quality,
    "COLLAR": _collar,
    "CONFIDENCE": _confidence,
    "OPEN_ORDERS": _open_orders,
    "DUPLICATE": _duplicate,
    "QUANTITY": _quantity,
    "UNRESOLVED_TWIN": _twin,
    "TWIN": _twin,
    "ORDER_VALUE": _order_value,
    "POSITION": _position,
    "CASH": _cash,
    "SELLABLE": _sellable,
    **{capacity.code: _pair_of(capacity) for capacity in CONCENTRATION},
    **conduct_rules.PAIRS,
}
