"""What rules of conduct look at: value and limit side by side, also where a rule passed. The rules decide, not this."""

from collections.abc import Callable
from typing import Final

from domain.krx.order_phases import KRX_PHASES, NXT_PHASES, OrderPhase
from domain.krx.ticks import ticks_between
from domain.order_terms import in_words
from domain.risk.picture import Picture, Proposal
from domain.risk.rule import NANOS_PER_MS, Pair
from domain.time import kst_date, kst_text
from domain.types import NANOS_PER_SECOND, Venue


def phases_of(proposal: Proposal, picture: Picture) -> tuple[OrderPhase, ...]:
    """Give the phases of the venue the order goes to; SOR is of both."""
    return phases_at(proposal.venue, picture.conduct.phases)


def phases_at(venue: Venue, phases: tuple[OrderPhase, ...]) -> tuple[OrderPhase, ...]:
    """Give those of the phases in which a venue is; SOR is in all of them."""
    others = {Venue.KRX: NXT_PHASES, Venue.NXT: KRX_PHASES}.get(venue, frozenset())
    return tuple(phase for phase in phases if phase not in others)


def ticks_away(proposal: Proposal, picture: Picture) -> int | None:
    """Give the ticks between the limit price and the mark; None where one of them or the ladder is not known."""
    price, mark, known = proposal.limit_price, picture.mark, picture.instrument
    if price is None or price <= 0 or not mark or known is None:
        return None
    return ticks_between(mark, price, known.market, kst_date(proposal.venue_time))


def _reducing(_: Proposal, picture: Picture) -> Pair:
    return ", ".join(cause.code for cause in picture.reducing) or "no cause", "no cause"


def _manual(proposal: Proposal, picture: Picture) -> Pair:
    return f"manual mode {'on' if picture.conduct.manual_mode else 'off'}", "any" if proposal.by_hand else "off"


def _never_sell(proposal: Proposal, picture: Picture) -> Pair:
    return "marked" if proposal.symbol in picture.config.never_sell else "not marked", "not marked never to sell"


def _flags(_: Proposal, picture: Picture) -> Pair:
    known, denied = picture.instrument, picture.config.denied_flags
    told = () if known is None else known.flags
    return ", ".join(told) or "no flag", f"none of {', '.join(denied)}" if denied else "any"


def _session_kind(proposal: Proposal, picture: Picture) -> Pair:
    what = f"{in_words(proposal.kind)} {proposal.time_in_force}"
    if not picture.config.check_sessions:
        return what, "not checked"
    if not picture.conduct.phases_known:
        return what, "phase not known: not checked"
    phases = ", ".join(phases_of(proposal, picture)) or "no phase"
    return what, f"taken by {proposal.venue} in {phases}"


def _collar_ticks(proposal: Proposal, picture: Picture) -> Pair:
    away = ticks_away(proposal, picture)
    return "-" if away is None else f"{away:,} ticks", _within(picture.config.collar_ticks, "ticks of the mark")


def _signal_age(proposal: Proposal, picture: Picture) -> Pair:
    limit = _within(picture.config.max_signal_age_ms, "ms")
    if proposal.by_hand:
        return "by hand", limit
    return f"{-(-(picture.conduct.now - proposal.venue_time) // NANOS_PER_MS):,} ms", limit


def _order_rate(_: Proposal, picture: Picture) -> Pair:
    return f"{picture.conduct.requests_last_second:,} in the last second", _below(picture.config.max_orders_per_s)


def _orders_per_day(_: Proposal, picture: Picture) -> Pair:
    return f"{picture.conduct.orders_today:,} today", _below(picture.config.max_orders_per_day)


def _cancels_per_day(_: Proposal, picture: Picture) -> Pair:
    return f"{picture.conduct.cancels_today:,} today", _below(picture.config.max_cancels_per_day)


def _time_of_day(_: Proposal, picture: Picture) -> Pair:
    facts, config = picture.conduct, picture.config
    if not config.quiet_open_s and not config.quiet_close_s:
        return kst_text(facts.now), "any time"
    if not facts.open_time:
        return kst_text(facts.now), "session times not known: not checked"
    first = facts.open_time + config.quiet_open_s * NANOS_PER_SECOND
    last = facts.close_auction_time - config.quiet_close_s * NANOS_PER_SECOND
    begin = kst_text(first) if config.quiet_open_s else "any time"
    return kst_text(facts.now), f"{begin} to {kst_text(last) if config.quiet_close_s else 'any time'}"


def _cool_down(_: Proposal, picture: Picture) -> Pair:
    facts = picture.conduct
    return _since(facts.now, facts.last_loss_at, "no loss today"), _apart(picture.config.cool_down_s)


def _losing_streak(_: Proposal, picture: Picture) -> Pair:
    return f"{picture.conduct.losing_streak:,} lost in a row", _below(picture.config.max_losing_streak)


def _re_entry(proposal: Proposal, picture: Picture) -> Pair:
    facts = picture.conduct
    if proposal.by_hand:
        return "by hand", "any"
    return _since(facts.now, facts.closed_at, "not closed before"), _apart(picture.config.reentry_block_s)


def _foreign(proposal: Proposal, picture: Picture) -> Pair:
    left = picture.ours_left
    return f"{proposal.quantity:,} shares", "all held may be sold" if left is None else f"{left:,} ours to sell"


def _within(limit: int, unit: str) -> str:
    return f"{limit:,} {unit}" if limit else "off"


def _below(limit: int) -> str:
    return f"below {limit:,}" if limit else "off"


def _apart(limit: int) -> str:
    return f"{limit:,} s apart" if limit else "off"


def _since(now: int, then: int, never: str) -> str:
    return f"{(now - then) // NANOS_PER_SECOND:,} s since" if then else never


PAIRS: Final[dict[str, Callable[[Proposal, Picture], Pair]]] = {
    "REDUCING": _reducing,
    "MANUAL_MODE": _manual,
    "NEVER_SELL": _never_sell,
    "FLAGS": _flags,
    "SESSION_KIND": _session_kind,
    "COLLAR_TICKS": _collar_ticks,
    "SIGNAL_AGE": _signal_age,
    "TIME_OF_DAY": _time_of_day,
    "LOSING_STREAK": _losing_streak,
    "COOL_DOWN": _cool_down,
    "RE_ENTRY": _re_entry,
    "ORDERS_PER_DAY": _orders_per_day,
    "CANCELS_PER_DAY": _cancels_per_day,
    "ORDER_RATE": _order_rate,
    "FOREIGN": _foreign,
}
