"""Labels and printed figures of the small tables of a page, row by row."""

from domain.performance.model import Drawdown
from domain.time import kst_full_text
from domain.types import PPM
from reports import numbers
from reports.model import Report
from reports.page_headline import NAMES, printed
from reports.words import Words

Row = tuple[str, str]  # label, figure


def account_figures(report: Report, words: Words) -> list[Row]:
    """Give return, risk and ratios of the account."""
    m = report.metrics
    return [
        (words("figure.total_return"), numbers.signed_share(m.total_return)),
        (words("figure.cagr"), numbers.signed_share(m.cagr)),
        (words("figure.volatility"), numbers.share(m.volatility)),
        (words("figure.sharpe"), numbers.plain(m.sharpe)),
        (words("figure.sortino"), numbers.plain(m.sortino)),
        (words("figure.calmar"), numbers.plain(m.calmar)),
        *_drawdown(m.drawdown, words),
        (words("figure.exposure"), numbers.share(m.exposure, 1)),
        (words("figure.time_in_market"), numbers.share(m.time_in_market, 1)),
    ]


def _drawdown(found: Drawdown | None, words: Words) -> list[Row]:
    if found is None:
        return [(words("figure.drawdown"), numbers.NONE)]
    over = words("figure.not_yet") if found.recovered_at is None else kst_full_text(found.recovered_at)[:16]
    return [
        (words("figure.drawdown"), numbers.share(found.ppm / PPM)),
        (words("figure.drawdown_from"), kst_full_text(found.peak_at)[:16]),
        (words("figure.drawdown_to"), kst_full_text(found.trough_at)[:16]),
        (words("figure.drawdown_over"), over),
    ]


def trade_figures(report: Report, words: Words) -> list[Row]:
    """Give what trades earned and cost."""
    m = report.metrics
    return [
        (words("figure.trades"), numbers.whole(m.trades)),
        (words("figure.win_rate"), numbers.share(m.win_rate, 1)),
        (words("figure.profit_factor"), numbers.plain(m.profit_factor)),
        (words("figure.expectancy"), numbers.signed(m.expectancy_krw)),
        (words("figure.average_win"), numbers.signed(m.average_win_krw)),
        (words("figure.average_loss"), numbers.signed(m.average_loss_krw)),
        (words("figure.turnover"), numbers.plain(m.turnover)),
        (words("figure.cost_share"), numbers.share(m.cost_share, 1)),
        (words("figure.costs_of_turnover"), numbers.share(m.costs_of_turnover, 3)),
    ]


def execution_figures(report: Report, words: Words) -> list[Row]:
    """Give how orders went."""
    x = report.execution
    return [
        (words("figure.orders"), numbers.whole(x.orders)),
        (words("figure.by_hand"), numbers.whole(x.by_hand)),
        (words("figure.denied"), numbers.whole(sum(x.denied.values()))),
        (words("figure.rejected"), numbers.whole(sum(x.rejected.values()))),
        (words("figure.unknown"), numbers.whole(x.unknown)),
        (words("figure.filled"), numbers.whole(x.filled)),
        (words("figure.partly"), numbers.whole(x.partly)),
        (words("figure.unfilled"), numbers.whole(x.unfilled)),
        (words("figure.cancels"), numbers.whole(x.cancels)),
        (words("figure.reaction_p50"), numbers.span(x.reaction_ms_p50)),
        (words("figure.reaction_p99"), numbers.span(x.reaction_ms_p99)),
        (words("figure.reactions"), numbers.whole(x.reactions)),
        (words("figure.decision_slip"), numbers.ppm_share(x.decision_slip_ppm)),
        (words("figure.arrival_slip"), numbers.ppm_share(x.arrival_slip_ppm)),
        (words("figure.slips"), numbers.whole(x.slips)),
    ]


def connection_figures(report: Report, words: Words) -> list[Row]:
    """Give how long links were up."""
    c = report.connection
    up = c.up_ms / c.market_ms if c.market_ms else None
    return [
        (words("figure.market"), numbers.span(c.market_ms)),
        (words("figure.up"), numbers.span(c.up_ms)),
        (words("figure.degraded"), numbers.span(c.degraded_ms)),
        (words("figure.down"), numbers.span(c.down_ms)),
        (words("figure.planned"), numbers.span(c.planned_ms)),
        (words("figure.longest"), numbers.span(c.longest_ms)),
        (words("figure.uptime"), numbers.share(up)),
    ]


def quality_figures(report: Report, words: Words) -> list[Row]:
    """Give how quotes were judged."""
    q = report.quality
    part = [numbers.share(n / q.quotes, 3) if q.quotes else numbers.NONE for n in (q.refused, q.flagged)]
    return [
        (words("figure.quotes"), numbers.whole(q.quotes)),
        (words("figure.refused"), f"{numbers.whole(q.refused)} ({part[0]})"),
        (words("figure.flagged"), f"{numbers.whole(q.flagged)} ({part[1]})"),
        (words("figure.conflated"), numbers.whole(q.conflated)),
    ]


def compared_figures(report: Report, words: Words) -> list[tuple[str, str, str]]:
    """Give the figures of the period before and of this one; nothing without one before."""
    if report.before is None:
        return []
    return [
        (words(f"tile.{name}"), printed(key, report.before), printed(key, report.summary))
        for key, name in NAMES.items()
    ]
