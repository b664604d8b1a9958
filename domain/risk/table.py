"""Every rule of the risk manager, in the order in which they are asked: the first denial counts."""

from domain.risk import rules
from domain.risk.rule import Rule, Scope
from domain.risk_config import RiskConfig


def check_list(config: RiskConfig) -> tuple[tuple[str, int | str, str], ...]:
    """Give every check as (name, limit in force, unit)."""
    return tuple((rule.code, rule.limit(config), rule.unit) for rule in RULES)


STATE_RULES = (
    Rule("GATE", Scope.ALL, rules.gate, lambda _: "OPEN, exits EXITS_ONLY", "gate"),
    Rule("CONNECTION", Scope.ALL, rules.connection, lambda _: "READY", "state of both links"),
    Rule("DAILY_LOSS", Scope.ENTRIES, rules.daily_loss, lambda config: config.daily_loss_ppm, "ppm of start equity"),
    Rule("INSTRUMENT", Scope.ALL, rules.instrument, lambda _: "tradable", "instrument"),
    Rule("SYMBOL_HALTED", Scope.ALL, rules.symbol_halted, lambda _: "books agree", "state of the instrument"),
    Rule("TICK", Scope.ALL, rules.tick, lambda _: "tick table of the market", "KRW"),
    Rule("PRICE_LIMIT", Scope.ALL, rules.price_limit, lambda _: "daily limits", "KRW"),
    Rule("STOP_PRICE", Scope.ALL, rules.stop_price, lambda _: "buys above the mark, sells below", "KRW"),
    Rule("DATA_AGE", Scope.ALL, rules.data_age, lambda config: config.max_data_age_ms, "ms of venue time"),
    Rule("DATA_QUALITY", Scope.ENTRIES, rules.data_quality, lambda _: "no doubt", "quality of the quotes"),
    Rule("COLLAR", Scope.ALL, rules.collar, lambda config: config.price_collar_ppm, "ppm of the mark"),
    Rule("CONFIDENCE", Scope.ENTRIES, rules.confidence, lambda config: config.min_confidence_ppm, "ppm"),
    Rule("OPEN_ORDERS", Scope.ENTRIES, rules.open_orders, lambda config: config.max_open_orders, "orders"),
    Rule("DUPLICATE", Scope.ALL, rules.duplicate, lambda config: config.duplicate_window_ms, "ms of venue time"),
)

RULES = (
    *STATE_RULES,
    Rule("QUANTITY", Scope.ALL, rules.quantity, lambda _: 1, "shares at least"),
    Rule("UNRESOLVED_TWIN", Scope.ALL, rules.unresolved_twin, lambda _: 0, "unknown orders alike"),
    Rule("TWIN", Scope.ALL, rules.twin, lambda _: 0, "unresolved orders alike"),
    Rule("ORDER_VALUE", Scope.BUYS, rules.order_value, lambda config: config.max_order_krw, "KRW"),
    Rule("POSITION", Scope.BUYS, rules.position, lambda config: config.max_position_ppm, "ppm of equity"),
    Rule("CASH", Scope.BUYS, rules.cash, lambda _: "orderable cash", "KRW"),
    Rule("SELLABLE", Scope.SELLS, rules.sellable, lambda _: "held less open sells", "shares"),
)
