"""Rules of conduct: pace, time, past trades, what is not to be touched. Value, limit and distance when one denies.

Every limit is off at 0. Getting out is never made hard: pace, time and past trades hold for entries only.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from domain.krx.order_kinds import allowed_at
from domain.krx.order_phases import OrderPhase
from domain.risk.conduct_measures import PAIRS, phases_at, ticks_away
from domain.risk.overrides import OVERRIDABLE
from domain.risk.picture import Picture, Proposal
from domain.risk.rule import NANOS_PER_MS, Rule, Scope
from domain.risk_config import RiskConfig
from domain.time import NANOS_PER_MINUTE, kst_date, kst_text
from domain.types import NANOS_PER_SECOND, Market, OrderKind, TimeInForce, Venue

__all__ = ["OVERRIDABLE", "PAIRS", "SIZED", "STATE"]

# A fill may be newer than the newest quote. One that is much newer is of a day that is played again from its beginning.
_AHEAD: Final = NANOS_PER_MINUTE


@lru_cache(1_024)
def _refused(
    kind: OrderKind,
    force: TimeInForce,
    venue: Venue,
    phases: tuple[OrderPhase, ...],
    on: date,
    market: Market | None,
) -> str | None:
    """Say why none of these phases takes an order; the same few questions come all day long."""
    return allowed_at(kind, force, venue, phases_at(venue, phases), on, market=market)


# ---- what reduces trading, and who trades --------------------------------------------------------------------


def reducing(_: Proposal, picture: Picture) -> str | None:
    """Deny entries while there is a cause for which only exits pass."""
    return "only exits pass: " + "; ".join(cause.text for cause in picture.reducing) if picture.reducing else None


def manual_mode(proposal: Proposal, picture: Picture) -> str | None:
    """Deny entries of strategies while a person trades alone."""
    if not picture.conduct.manual_mode or proposal.by_hand:
        return None
    return "manual mode is on: only a person enters; `hantrade manual off` lets strategies enter again"


# ---- instrument, kind and price ------------------------------------------------------------------------------


def flags(proposal: Proposal, picture: Picture) -> str | None:
    """Deny entries in an instrument the exchange marks with a flag the settings name."""
    found = picture.instrument is not None and picture.instrument.flags and _flagged(picture)
    if not found:
        return None
    return f"{proposal.symbol} is {', '.join(found)}; no entries where {', '.join(picture.config.denied_flags)}"


def session_kind(proposal: Proposal, picture: Picture) -> str | None:
    """Need a venue that takes the order's kind and time in force in the phase of the day; an unknown phase passes."""
    facts, known = picture.conduct, picture.instrument
    if not picture.config.check_sessions or not facts.phases_known:
        return None
    market = None if known is None else known.market
    terms = (proposal.kind, proposal.time_in_force, proposal.venue, facts.phases)
    problem = _refused(*terms, kst_date(facts.now), market)
    return None if problem is None else f"at {kst_text(facts.now)}: {problem}"


def collar_ticks(proposal: Proposal, picture: Picture) -> str | None:
    """Keep a limit price within so many ticks of the mark, counted along the tick ladder."""
    limit, price, mark = picture.config.collar_ticks, proposal.limit_price, picture.mark
    if not limit or price is None or not mark or abs(price - mark) <= limit:
        return None  # no tick is below a won: so near, none has to be counted
    away = ticks_away(proposal, picture)
    if away is None or away <= limit:
        return None
    what = f"{price:,} KRW is {away:,} ticks from the mark {mark:,} KRW"
    return f"{what}, {away - limit:,} over the limit of {limit:,} ticks"


def signal_age(proposal: Proposal, picture: Picture) -> str | None:
    """Need a signal that is not older than so long against the newest quote, in venue time."""
    age, limit = picture.conduct.now - proposal.venue_time, picture.config.max_signal_age_ms
    if not limit or age <= limit * NANOS_PER_MS or proposal.by_hand:
        return None
    age_ms = -(-age // NANOS_PER_MS)
    return f"the signal is {age_ms:,} ms old, {age_ms - limit:,} ms over the limit of {limit:,} ms"


# ---- pace ----------------------------------------------------------------------------------------------------


def order_rate(_: Proposal, picture: Picture) -> str | None:
    """Keep requests to the broker within so many a second, system time; one more is asked for."""
    count, limit = picture.conduct.requests_last_second, picture.config.max_orders_per_s
    return _one_more(count, limit, "requests in the last second")


def orders_per_day(_: Proposal, picture: Picture) -> str | None:
    """Keep the orders of a trading date bounded; one more is asked for."""
    return _one_more(picture.conduct.orders_today, picture.config.max_orders_per_day, "orders approved today")


def cancels_per_day(_: Proposal, picture: Picture) -> str | None:
    """Make nothing new that may have to be cancelled once so many cancels were asked of the broker on the date."""
    return _one_more(picture.conduct.cancels_today, picture.config.max_cancels_per_day, "cancels asked today")


# ---- time and past trades ------------------------------------------------------------------------------------


def time_of_day(_: Proposal, picture: Picture) -> str | None:
    """Deny entries in the first and last while of the session, venue time; unknown session times pass."""
    facts, config = picture.conduct, picture.config
    if not facts.open_time:
        return None
    if config.quiet_open_s and facts.now < facts.open_time + config.quiet_open_s * NANOS_PER_SECOND:
        until = facts.open_time + config.quiet_open_s * NANOS_PER_SECOND
        what = f"no entries for {config.quiet_open_s:,} s after the open at {kst_text(facts.open_time)}"
        return f"{what}: it is {kst_text(facts.now)}, {_seconds(until - facts.now):,} s too early"
    since = facts.close_auction_time - config.quiet_close_s * NANOS_PER_SECOND
    if config.quiet_close_s and facts.now > since:
        auction = kst_text(facts.close_auction_time)
        what = f"no entries in the last {config.quiet_close_s:,} s before the closing auction at {auction}"
        return f"{what}: it is {kst_text(facts.now)}, {_seconds(facts.now - since):,} s too late"
    return None


def cool_down(_: Proposal, picture: Picture) -> str | None:
    """Deny entries for a while after a losing trade was closed, venue time."""
    lost_at, wait = picture.conduct.last_loss_at, picture.config.cool_down_s
    return _too_soon(picture.conduct.now, lost_at, wait, "a losing trade was closed", "cool-down")


def losing_streak(_: Proposal, picture: Picture) -> str | None:
    """Deny entries after so many losing trades in a row, until the next date or a person resumes with a note."""
    count, limit = picture.conduct.losing_streak, picture.config.max_losing_streak
    if not limit or count < limit:
        return None
    over = f"{count - limit:,} over" if count > limit else "at"
    return (
        f"{count:,} losing trades in a row today, {over} the limit of {limit:,}; "
        "the next date lifts it, or `hantrade resume` with a note"
    )


def re_entry(proposal: Proposal, picture: Picture) -> str | None:
    """Keep strategies out of an instrument for a while after its position was closed, venue time."""
    facts, wait = picture.conduct, picture.config.reentry_block_s
    if not wait or not facts.closed_at or proposal.by_hand:
        return None
    what = f"the position in {proposal.symbol} was closed"
    return _too_soon(facts.now, facts.closed_at, wait, what, "re-entry block")


# ---- what is not to be touched -------------------------------------------------------------------------------


def never_sell(proposal: Proposal, picture: Picture) -> str | None:
    """Deny every sale of a symbol the settings mark never to sell, whoever asks."""
    if proposal.symbol not in picture.config.never_sell:
        return None
    return f"{proposal.symbol} is marked never to sell: 0 of {picture.held:,} held shares may be sold"


def foreign(proposal: Proposal, picture: Picture) -> str | None:
    """Sell only shares that are ours; those in open sells of ours are gone."""
    left = picture.ours_left
    if left is None or proposal.quantity <= left:
        return None
    over, facts = proposal.quantity - left, picture.conduct
    what = f"{proposal.quantity:,} shares are {over:,} more than the {left:,} that are ours to sell"
    return f"{what} ({facts.ours:,} of {picture.held:,} held are ours); `hantrade claim` puts others under our care"


def _flagged(picture: Picture) -> list[str]:
    known = picture.instrument
    return [] if known is None else [flag.value for flag in known.flags if flag in picture.config.denied_flags]


def _one_more(count: int, limit: int, what: str) -> str | None:
    if not limit or count < limit:
        return None
    return f"{count:,} {what}, {count + 1 - limit:,} too many for the limit of {limit:,}"


def _too_soon(now: int, then: int, wait_s: int, what: str, name: str) -> str | None:
    since = now - then
    if not wait_s or not then or not -_AHEAD <= since < wait_s * NANOS_PER_SECOND:
        return None
    passed = max(0, since) // NANOS_PER_SECOND
    return f"{what} {passed:,} s ago, {wait_s - passed:,} s inside the {name} of {wait_s:,} s"


def _seconds(nanos: int) -> int:
    return -(-nanos // NANOS_PER_SECOND)


def _switch(is_on: bool) -> str:
    return "what the venue takes" if is_on else "off"


def _quiet(config: RiskConfig) -> str:
    if not config.quiet_open_s and not config.quiet_close_s:
        return "off"
    return f"{config.quiet_open_s:,} after the open, {config.quiet_close_s:,} before the closing auction"


# ---- tables --------------------------------------------------------------------------------------------------

STATE: Final = (
    Rule("REDUCING", Scope.ENTRIES, reducing, lambda _: "no cause", "causes"),
    Rule("MANUAL_MODE", Scope.ENTRIES, manual_mode, lambda _: "off for strategies", "mode"),
    Rule("NEVER_SELL", Scope.SELLS, never_sell, lambda config: ", ".join(config.never_sell) or "off", "symbols"),
    Rule("FLAGS", Scope.ENTRIES, flags, lambda config: ", ".join(config.denied_flags) or "off", "flags"),
    Rule("SESSION_KIND", Scope.ALL, session_kind, lambda config: _switch(config.check_sessions), "phase of the day"),
    Rule("COLLAR_TICKS", Scope.ALL, collar_ticks, lambda config: config.collar_ticks, "ticks from the mark"),
    Rule("SIGNAL_AGE", Scope.ENTRIES, signal_age, lambda config: config.max_signal_age_ms, "ms of venue time"),
    Rule("TIME_OF_DAY", Scope.ENTRIES, time_of_day, _quiet, "s"),
    Rule("COOL_DOWN", Scope.ENTRIES, cool_down, lambda config: config.cool_down_s, "s of venue time"),
    Rule("LOSING_STREAK", Scope.ENTRIES, losing_streak, lambda config: config.max_losing_streak, "trades"),
    Rule("RE_ENTRY", Scope.ENTRIES, re_entry, lambda config: config.reentry_block_s, "s of venue time"),
    Rule("ORDER_RATE", Scope.ENTRIES, order_rate, lambda config: config.max_orders_per_s, "requests a second"),
    Rule("ORDERS_PER_DAY", Scope.ENTRIES, orders_per_day, lambda config: config.max_orders_per_day, "orders"),
    Rule("CANCELS_PER_DAY", Scope.ENTRIES, cancels_per_day, lambda config: config.max_cancels_per_day, "cancels"),
)
SIZED: Final = (
    Rule("FOREIGN", Scope.SELLS, foreign, lambda config: "ours" if config.leave_foreign else "off", "shares"),
)
