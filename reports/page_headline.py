"""The figures at the head of a page, each with the sample it rests on and the period before."""

from collections.abc import Callable
from dataclasses import dataclass

from reports import numbers
from reports.model import Report, Summary
from reports.words import Words

FEW_TRADES = 30  # below it a share of trades is mostly luck: its 95 % interval is wider than 30 points
COLOURED = frozenset({"return_pct", "realized_pnl_krw", "unrealized_pnl_krw"})  # red above 0, blue below
OF_TRADES = frozenset({"win_rate", "profit_factor"})  # luck weighs heavily in them when trades are few
NAMES = {  # key of the summary -> its name in the words, in the order of the page
    "return_pct": "return",
    "realized_pnl_krw": "realized",
    "unrealized_pnl_krw": "unrealized",
    "costs_krw": "costs",
    "trades": "trades",
    "win_rate": "win_rate",
    "profit_factor": "profit_factor",
    "mdd_pct": "drawdown",
    "day_loss_pct": "day_loss",
    "uptime_pct": "uptime",
    "signal_precision": "precision",
    "automation_pct": "automation",
    "reaction_ms_p99": "reaction",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    label: str
    figure: str
    tone: str = ""  # up, down or nothing
    hints: tuple[str, ...] = ()


def tiles_of(report: Report, words: Words) -> list[Tile]:
    """Give the figures at the head, the most asked for first."""
    hints = _hints(report, words)
    return [_tile(report, words, key, hints[name]) for key, name in NAMES.items()]


def printed(key: str, summary: Summary) -> str:
    """Print a figure of a summary by its key."""
    value: float | None = getattr(summary, key)
    return _PRINTED.get(key, numbers.percent)(value)


def _percent_1(value: float | None) -> str:
    return numbers.percent(value, 1)


def _signed_percent(value: float | None) -> str:
    return numbers.signed_share(None if value is None else value / 100)


_PRINTED: dict[str, Callable[[float | None], str]] = {
    "return_pct": _signed_percent,
    "realized_pnl_krw": numbers.signed,
    "unrealized_pnl_krw": numbers.signed,
    "costs_krw": numbers.whole,
    "trades": numbers.whole,
    "win_rate": _percent_1,
    "profit_factor": numbers.plain,
    "signal_precision": _percent_1,
    "automation_pct": _percent_1,
    "reaction_ms_p99": numbers.span,
}


def _tile(report: Report, words: Words, key: str, hint: str) -> Tile:
    s = report.summary
    told = [hint]
    if key in OF_TRADES and s.trades < FEW_TRADES:
        told.append(words("hint.few", least=FEW_TRADES))
    if report.before is not None and (before := printed(key, report.before)) != numbers.NONE:
        told.append(words("hint.before", before=before))
    value = getattr(s, key) if key in COLOURED else None
    tone = "" if not value else "up" if value > 0 else "down"
    return Tile(words(f"tile.{NAMES[key]}"), printed(key, s), tone, tuple(told))


def _hints(report: Report, words: Words) -> dict[str, str]:
    """Say what each figure is of."""
    s, m, x = report.summary, report.metrics, report.execution
    entries = [line for line in report.signals if line.purpose == "ENTRY"]
    scored, right = sum(line.scored for line in entries), sum(line.right for line in entries)
    wins = sum(day.wins for day in report.days)
    still_open = sum(1 for line in report.trades if line.is_open)
    return {
        "return": words("hint.return", days=m.days),
        "realized": words("hint.realized", trades=s.trades),
        "unrealized": words("hint.unrealized", positions=len(report.positions)),
        "costs": words("hint.costs", share=numbers.share(m.costs_of_turnover, 3)),
        "trades": words("hint.trades", open=still_open),
        "win_rate": words("hint.win_rate", wins=wins, trades=s.trades),
        "profit_factor": words("hint.profit_factor"),
        "drawdown": words("hint.drawdown"),
        "day_loss": words("hint.day_loss"),
        "uptime": words("hint.uptime", span=numbers.span(report.connection.market_ms)),
        "precision": words("hint.precision", right=right, scored=scored),
        "automation": words("hint.automation", by_hand=x.by_hand, orders=x.orders),
        "reaction": words("hint.reaction", n=x.reactions),
    }
