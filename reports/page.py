"""A report as one HTML file: no script, nothing loaded from anywhere, fit for a screen, a phone and a printer.

Everything that comes from logs is text: jinja2 escapes it, and the page forbids itself scripts and the network.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from domain.performance.metrics import LEAST_DAYS
from domain.performance.model import GroupLine
from reports import numbers
from reports.charts import bar_svg
from reports.labels import Labels
from reports.model import Report
from reports.notable import notable_events
from reports.page_account import charts_of
from reports.page_figures import (
    account_figures,
    compared_figures,
    connection_figures,
    execution_figures,
    quality_figures,
    trade_figures,
)
from reports.page_headline import tiles_of
from reports.page_targets import interval_text, target_rows
from reports.suggestion_words import suggestion_text
from reports.words import Words

SECTIONS = (
    *("headline", "account", "targets", "suggestions", "patterns", "trades", "metrics", "execution", "connection"),
    *("quality", "signals", "events", "flows", "changes", "missing"),
)
FORMULAS = ("return", "realized", "drawdown", "win_rate", "ratios", "shares", "chance")
MOST_TRADES, MOST_EVENTS, MOST_GROUPS = 500, 300, 60  # of a page; CSV has them all
TEMPLATES = Path(__file__).parent / "templates"


def page(report: Report, lang: str, version: str) -> str:
    """Give the page of a report in a language (`en`, `ko`), made by a version of hantrade.

    Raises ConfigError for another language.
    """
    words = Words(lang)
    template = _environment(words, report).get_template("page.html")
    return template.render(version=version, **_parts(report, words))


def _environment(words: Words, report: Report) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        whole=numbers.whole,
        signed=numbers.signed,
        share=numbers.share,
        plain=numbers.plain,
        chance=numbers.chance,
        moment=lambda at: numbers.moment(at, report.days),
        ranked=_ranked,
        largest=_largest,
        coded=_coded,
        ends=_ends,
    )
    labels = Labels(words, report.names)
    made.globals.update(
        t=words,
        name=words.name,
        bar=bar_svg,
        label=labels.symbol,
        strategy=labels.strategy,
        hour=labels.hour,
        weekday=labels.weekday,
        reason=labels.reason,
        interval=interval_text,
    )
    return made


def _parts(report: Report, words: Words) -> dict[str, Any]:
    heading = f"head.{report.kind}"
    period = period_text(report, words)
    events, interruptions = notable_events(report)
    return {
        "report": report,
        "r": report,
        "title": f"{words(heading)} {period} · hantrade",
        "heading": heading,
        "period": period,
        "sections": SECTIONS,
        "formulas": FORMULAS,
        "least_days": LEAST_DAYS,
        "tiles": tiles_of(report, words),
        "charts": charts_of(report, words),
        "targets": target_rows(report.targets, words),
        "suggestions": suggestions_of(report, words),
        "trades": report.trades[-MOST_TRADES:],
        "left_out": len(report.trades) > MOST_TRADES,
        "events": events[-MOST_EVENTS:],
        "events_left_out": len(events) > MOST_EVENTS,
        "events_all": len(events),
        "interruptions": interruptions,
        "account_figures": account_figures(report, words),
        "trade_figures": trade_figures(report, words),
        "execution_figures": execution_figures(report, words),
        "connection_figures": connection_figures(report, words),
        "quality_figures": quality_figures(report, words),
        "compared": compared_figures(report, words),
    }


def period_text(report: Report, words: Words) -> str:
    """Print the dates of a report: one, or first and last."""
    first, last = words.date(report.first), words.date(report.last)
    return first if report.first == report.last else f"{first} – {last}"


def suggestions_of(report: Report, words: Words) -> list[dict[str, str]]:
    """Give rule and words of each suggestion, the weightiest first."""
    labels = Labels(words, report.names)
    ordered = sorted(report.suggestions, key=lambda each: -each.weight)
    return [{"rule": each.rule, "text": suggestion_text(each, words, labels)} for each in ordered]


def _ranked(found: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give counts, the largest first, equal ones by name."""
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _coded(text: str) -> Markup:
    """Set what stands between backticks as code."""
    pieces = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(pieces))


def _ends(lines: Sequence[GroupLine]) -> Sequence[GroupLine]:
    """Leave out the middle of a long table: the largest gains and losses stand at its ends."""
    half = MOST_GROUPS // 2
    return lines if len(lines) <= MOST_GROUPS else (*lines[:half], *lines[-half:])


def _largest(lines: Sequence[GroupLine]) -> float:
    return float(max((abs(line.realized) for line in lines), default=0))
