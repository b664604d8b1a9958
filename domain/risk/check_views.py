"""How the account stands to every rule of the risk manager, for people: limit, value, what is left, what was denied.

Value and distance are in the unit of the limit. They are told where the account alone has them; what only an order has
(its price, its size) stays empty, and is told for one order by `hantrade log why`. Shares are rounded against us: a
value up, a distance down.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from domain.risk.exposures import largest
from domain.risk.rule import Rule
from domain.risk.state import RiskState
from domain.risk.table import RULES
from domain.risk_config import RiskConfig
from domain.types import NANOS_PER_SECOND, PPM, LinkName
from domain.views import CheckView


class Stand(NamedTuple):
    """How the account stands to one rule."""

    value: int | str = ""
    distance: int | str = ""
    whose: str = ""  # sector, market or instrument the value is of


def check_views(state: RiskState) -> tuple[CheckView, ...]:
    """Give every rule in the order in which they are asked."""
    denied = Counter(denial.reason for denial in state.denials)
    return tuple(_view(rule, state, denied[rule.code]) for rule in RULES)


def _view(rule: Rule, state: RiskState, denied: int) -> CheckView:
    config = state.config.risk
    limit = rule.limit(config)
    is_on = _SWITCHES[rule.code](config) if rule.code in _SWITCHES else limit not in (0, "off")
    stand = _STANDS[rule.code](state) if is_on and rule.code in _STANDS else Stand()
    unit = f"{rule.unit}, largest: {stand.whose}" if stand.whose else rule.unit
    return CheckView(rule.code, limit, unit, stand.value, stand.distance, denied, is_on)


# ---- the account against each ----------------------------------------------------------------------------------


def _gate(state: RiskState) -> Stand:
    return Stand(f"{state.gate.value}, day {state.day}")


def _connection(state: RiskState) -> Stand:
    links = (LinkName.ORDERS, LinkName.QUOTES)
    return Stand(", ".join(f"{link.value.lower()} {state.links.get(link, 'DISCONNECTED')}" for link in links))


def _daily_loss(state: RiskState) -> Stand:
    return _share(state.daily_loss[0], state.config.risk.daily_loss_ppm, state.start_equity)


def _symbol_halted(state: RiskState) -> Stand:
    return Stand(", ".join(sorted(state.halted)) or "books agree")


def _reducing(state: RiskState) -> Stand:
    return Stand(", ".join(cause.code for cause in state.watch.causes) or "none")


def _cash(state: RiskState) -> Stand:
    left = state.cash - state.reserved()
    return Stand(left, left)


def _position(state: RiskState) -> Stand:
    symbol, won = largest(state.exposures.values)
    return _share(won, state.config.risk.max_position_ppm, state.equity)._replace(whose=symbol)


def _position_krw(state: RiskState) -> Stand:
    symbol, won = largest(state.exposures.values)
    return _left(won, state.config.risk.max_position_krw)._replace(whose=symbol)


def _sector(state: RiskState) -> Stand:
    name, won = largest(state.exposures.sectors)
    whose = (name or "unknown") if won else ""
    return _share(won, state.config.risk.max_sector_ppm, state.equity)._replace(whose=whose)


def _market(state: RiskState) -> Stand:
    name, won = largest(state.exposures.markets)
    whose = (name or "unknown") if won else ""
    return _share(won, state.config.risk.max_market_ppm, state.equity)._replace(whose=whose)


def _correlated(state: RiskState) -> Stand:
    seen = {symbol: state.exposures_of(symbol).correlated for symbol in state.exposures.values}
    symbol, won = largest(seen)
    return _share(won, state.config.risk.max_correlated_ppm, state.equity)._replace(whose=symbol)


def _adv(state: RiskState) -> Stand:
    """Give the position that is the largest part of what its instrument trades; unknown volumes are left out."""
    volumes = state.exposure_facts.volumes
    parts = {
        symbol: -(-state.exposures_of(symbol).shares * PPM // volumes[symbol])
        for symbol in state.exposures.values
        if volumes.get(symbol)
    }
    symbol, ppm = largest(parts)
    return _left(ppm, state.config.risk.max_adv_ppm)._replace(whose=symbol)


def _losing_streak(state: RiskState) -> Stand:
    return _left(state.conduct.trades.losing_streak, state.config.risk.max_losing_streak)


def _cool_down(state: RiskState) -> Stand:
    """Give the seconds since the last loss; the distance is what is still to wait."""
    last = state.conduct.trades.last_loss_at
    if not last:
        return Stand()
    since = max(0, state.venue_time - last) // NANOS_PER_SECOND
    return Stand(since, max(0, state.config.risk.cool_down_s - since))


def _order_rate(state: RiskState) -> Stand:
    facts = state.conduct.facts("", state.venue_time)
    return _left(facts.requests_last_second, state.config.risk.max_orders_per_s)


def _left(value: int, limit: int) -> Stand:
    return Stand(value, limit - value)


def _share(won: int, limit_ppm: int, base: int) -> Stand:
    """Give a share of a base (won) against its limit; empty where there is no base."""
    return _left(-(-won * PPM // base), limit_ppm) if base > 0 else Stand()


_STANDS: dict[str, Callable[[RiskState], Stand]] = {
    "GATE": _gate,
    "CONNECTION": _connection,
    "DAILY_LOSS": _daily_loss,
    "SYMBOL_HALTED": _symbol_halted,
    "OPEN_ORDERS": lambda state: _left(state.holds.open_count, state.config.risk.max_open_orders),
    "REDUCING": _reducing,
    "MANUAL_MODE": lambda state: Stand("on" if state.conduct.manual_mode else "off"),
    "LOSING_STREAK": _losing_streak,
    "COOL_DOWN": _cool_down,
    "ORDERS_PER_DAY": lambda state: _left(state.conduct.orders, state.config.risk.max_orders_per_day),
    "CANCELS_PER_DAY": lambda state: _left(state.conduct.cancels, state.config.risk.max_cancels_per_day),
    "ORDER_RATE": _order_rate,
    "CASH": _cash,
    "POSITION": _position,
    "POSITION_KRW": _position_krw,
    "ADV": _adv,
    "MAX_POSITIONS": lambda state: _left(len(state.exposures.values), state.config.risk.max_positions),
    "SECTOR": _sector,
    "MARKET": _market,
    "CORRELATED": _correlated,
    "GROSS_EXPOSURE": lambda state: _share(state.exposures.gross, state.config.risk.max_gross_ppm, state.equity),
}
# Where the limit alone does not tell: a limit of 0 denies there, or the switch is another setting.
_SWITCHES: dict[str, Callable[[RiskConfig], bool]] = {
    "DAILY_LOSS": lambda _: True,
    "DATA_AGE": lambda _: True,
    "COLLAR": lambda _: True,
    "CONFIDENCE": lambda config: config.min_confidence_ppm > 0,
    "OPEN_ORDERS": lambda _: True,
    "UNRESOLVED_TWIN": lambda config: config.tell_unresolved_twins,
    "TWIN": lambda _: True,
    "ORDER_VALUE": lambda _: True,
    "POSITION": lambda _: True,
}
