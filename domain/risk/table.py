"""Every rule of the risk manager, in the order in which they are asked: the first denial counts."""

from collections.abc import Callable

from domain.risk import capacity, conduct_rules, rules
from domain.risk.rule import Checks, Rule, Scope
from domain.risk_config import RiskConfig


def check_list(config: RiskConfig) -> tuple[tuple[str, int | str, str], ...]:
    """Give every check as (name, limit in force, unit)."""
    return tuple((rule.code, rule.limit(config), rule.unit) for rule in RULES)


_LIMITS: dict[str, tuple[Callable[[RiskConfig], int | str], str]] = {
    "ORDER_VALUE": (lambda config: config.max_order_krw, "KRW"),
    "POSITION": (lambda config: config.max_position_ppm, "ppm of equity"),
    "CASH": (lambda _: "orderable cash", "KRW"),
    "MAX_QUANTITY": (lambda config: config.max_quantity, "shares"),
    "POSITION_KRW": (lambda config: config.max_position_krw, "KRW"),
    "ADV": (lambda config: config.max_adv_ppm, "ppm of average daily volume"),
    "MAX_POSITIONS": (lambda config: config.max_positions, "instruments"),
    "SECTOR": (lambda config: config.max_sector_ppm if config.sectors else 0, "ppm of equity"),
    "MARKET": (lambda config: config.max_market_ppm, "ppm of equity"),
    "CORRELATED": (lambda config: config.max_correlated_ppm, "ppm of equity"),
    "GROSS_EXPOSURE": (lambda config: config.max_gross_ppm, "ppm of equity"),
}
_ROOM = {row.code: Rule(row.code, Scope.BUYS, capacity.rule_of(row), *_LIMITS[row.code]) for row in capacity.SIZING}
_CONDUCT = {rule.code: rule for rule in (*conduct_rules.STATE, *conduct_rules.SIZED)}
# Asked before a signal is sized: none of them looks at the quantity, but for sells of what open sells sell already.
STATE_RULES = (
    _CONDUCT["REDUCING"],  # before the gate, which follows it: this one says why
    Rule("GATE", Scope.ALL, rules.gate, lambda _: "OPEN, exits EXITS_ONLY", "gate"),
    Rule("CONNECTION", Scope.ALL, rules.connection, lambda _: "READY", "state of both links"),
    Rule("DAILY_LOSS", Scope.ENTRIES, rules.daily_loss, lambda config: config.daily_loss_ppm, "ppm of start equity"),
    _CONDUCT["MANUAL_MODE"],
    Rule("INSTRUMENT", Scope.ALL, rules.instrument, lambda _: "tradable", "instrument"),
    Rule("SYMBOL_HALTED", Scope.ALL, rules.symbol_halted, lambda _: "books agree", "state of the instrument"),
    _CONDUCT["NEVER_SELL"],
    _CONDUCT["FLAGS"],
    _CONDUCT["SESSION_KIND"],
    Rule("TICK", Scope.ALL, rules.tick, lambda _: "tick table of the market", "KRW"),
    Rule("PRICE_LIMIT", Scope.ALL, rules.price_limit, lambda _: "daily limits", "KRW"),
    Rule("STOP_PRICE", Scope.ALL, rules.stop_price, lambda _: "buys above the mark, sells below", "KRW"),
    Rule("DATA_AGE", Scope.ALL, rules.data_age, lambda config: config.max_data_age_ms, "ms of venue time"),
    Rule("DATA_QUALITY", Scope.ENTRIES, rules.data_quality, lambda _: "no doubt", "quality of the quotes"),
    Rule("COLLAR", Scope.ALL, rules.collar, lambda config: config.price_collar_ppm, "ppm of the mark"),
    _CONDUCT["COLLAR_TICKS"],
    Rule("CONFIDENCE", Scope.ENTRIES, rules.confidence, lambda config: config.min_confidence_ppm, "ppm"),
    _CONDUCT["SIGNAL_AGE"],
    _CONDUCT["TIME_OF_DAY"],
    _CONDUCT["COOL_DOWN"],
    _CONDUCT["LOSING_STREAK"],
    _CONDUCT["RE_ENTRY"],
    _CONDUCT["ORDER_RATE"],
    _CONDUCT["ORDERS_PER_DAY"],
    _CONDUCT["CANCELS_PER_DAY"],
    Rule("OPEN_ORDERS", Scope.ENTRIES, rules.open_orders, lambda config: config.max_open_orders, "orders"),
    Rule("DUPLICATE", Scope.ALL, rules.duplicate, lambda config: config.duplicate_window_ms, "ms of venue time"),
)

SIZED_RULES = (
    Rule("QUANTITY", Scope.ALL, rules.quantity, lambda _: 1, "shares at least"),
    _ROOM["MAX_QUANTITY"],
    Rule("UNRESOLVED_TWIN", Scope.ALL, rules.unresolved_twin, lambda _: 0, "unknown orders alike"),
    Rule("TWIN", Scope.ALL, rules.twin, lambda _: 0, "unresolved orders alike"),
    _ROOM["ORDER_VALUE"],
    _ROOM["POSITION"],
    _ROOM["POSITION_KRW"],
    _ROOM["ADV"],
    _ROOM["MAX_POSITIONS"],
    _ROOM["SECTOR"],
    _ROOM["MARKET"],
    _ROOM["CORRELATED"],
    _ROOM["GROSS_EXPOSURE"],
    _ROOM["CASH"],
    Rule("SELLABLE", Scope.SELLS, rules.sellable, lambda _: "held less open sells", "shares"),
    _CONDUCT["FOREIGN"],
)
RULES = (*STATE_RULES, *SIZED_RULES)
# Asked of a signal once it is sized: sizing left it in the room of all others.
FITTED_RULES = tuple(rule for rule in SIZED_RULES if rule.code not in _ROOM)

STATE_CHECKS, SIZED_CHECKS, FITTED_CHECKS = Checks(STATE_RULES), Checks(SIZED_RULES), Checks(FITTED_RULES)
ALL_CHECKS = Checks(RULES)
