"""How the account stands to its limits and to every check before an order, for `status` and `positions`."""

from cli.names import labelled
from cli.output import krw, kst_clock, show_table
from cli.risk import remarks
from hantrade.v1 import desk_pb2

NAMES = {"daily_loss": "daily loss", "drawdown": "drawdown"}


def limit_rows(status: desk_pb2.TraderStatus) -> list[list[str]]:
    """Give the rows of a status about limits, causes, stuck exits and people; what has nothing to say is empty."""
    stuck = "; ".join(f"{labelled(stop.symbol)}: {stop.stuck}" for stop in status.stops if stop.stuck)
    special = "; ".join(f"{labelled(stop.symbol)} {remarks(stop)}" for stop in status.stops if _is_special(stop))
    return [
        ["limits of the account", "; ".join(limit_words(limit) for limit in status.limits)],
        ["entries are denied", status.entries_denied],
        ["only exits pass", "; ".join(f"{cause.code}: {cause.text}" for cause in status.reducing)],
        ["manual mode", "only a person enters; `hantrade manual off` ends it" if status.manual_mode else ""],
        ["exits that are stuck", stuck],
        ["held back", special],
        ["checks", check_words(status)],
        ["person heard of last", kst_clock(status.operator_seen) if status.HasField("operator_seen") else ""],
    ]


def _is_special(stop: desk_pb2.HoldingStop) -> bool:
    return not stop.stuck and (stop.never_sell or stop.ours < stop.quantity)


def limit_words(limit: desk_pb2.RiskLimit) -> str:
    """Say how far one limit on losses is, open positions and what closing them costs included."""
    name, rate = NAMES.get(limit.name, limit.name), f"{limit.limit_ppm / 10_000:g} %"
    if not limit.limit_krw:
        return f"{name} {krw(limit.loss_krw)} KRW, no limit yet"
    share = 100 * limit.loss_krw // limit.limit_krw
    left = max(0, limit.limit_krw - limit.loss_krw)
    figures = f"{krw(limit.loss_krw)} of {krw(limit.limit_krw)} KRW ({share} % of the limit of {rate})"
    return f"{name} {figures}, {krw(left)} left, {limit.level}"


def check_words(status: desk_pb2.TraderStatus) -> str:
    """Count the checks, and say which denied orders today."""
    if not status.checks:
        return ""
    on = sum(check.limit != "off" for check in status.checks)
    denied = ", ".join(f"{check.name} {krw(check.denied)}" for check in status.checks if check.denied)
    return f"{on} on, {len(status.checks) - on} off; denied today: {denied or 'none'} (`status --checks`)"


def show_checks(status: desk_pb2.TraderStatus) -> None:
    """Print every check with its limit and how the account stands to it."""
    rows = [_check(check) for check in status.checks]
    columns = [("check", "left"), ("limit", "right"), ("unit", "left"), ("now", "right"), ("left", "right")]
    show_table("checks before an order, in their order", [*columns, ("denied", "right")], rows, "no checks")


def _check(check: desk_pb2.RiskCheck) -> list[str]:
    is_rate = check.unit.startswith("ppm")
    unit = check.unit.removeprefix("ppm").strip() if is_rate else check.unit
    figures = [_digits(text, is_rate=is_rate) for text in (check.limit, check.value, check.distance)]
    return [check.name, figures[0], unit, *figures[1:], krw(check.denied)]


def _digits(text: str, *, is_rate: bool) -> str:
    """Give thousands separators to what is a number; rates as percent."""
    if not text.lstrip("-").isdigit():
        return text or "-"
    return f"{int(text) / 10_000:g} %" if is_rate else f"{int(text):,}"
