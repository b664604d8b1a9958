"""The curves of a page: equity with flows marked, and drawdown; wide for a screen and paper, narrow for a phone."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from domain.types import UnixNanos
from reports import numbers
from reports.charts import Curve, curve_svg
from reports.model import Report
from reports.words import Words

WIDE, NARROW = (1000, 260), (380, 230)  # px of the drawing; it scales with the page
LEAST_LEFT = 84.0  # px: the equity of 99,999,999 won fits


@dataclass(frozen=True, slots=True)
class Chart:
    """A curve, drawn."""

    title: str
    description: str
    is_area: bool
    wide: Markup
    narrow: Markup


def charts_of(report: Report, words: Words) -> list[Chart]:
    """Give the curves of a report."""
    return [_drawn(_equity(report, words)), _drawn(_drawdown(report, words))]


def _equity(report: Report, words: Words) -> Curve:
    flows = [point for point in report.equity if point.flow]
    values = [point.equity for point in report.equity]
    text = words("chart.empty")
    if values:
        text = words(
            "chart.equity_text",
            first=numbers.whole(values[0]),
            last=numbers.whole(values[-1]),
            low=numbers.whole(min(values)),
            high=numbers.whole(max(values)),
            points=len(values),
        )
        if flows:
            text += " " + words("chart.equity_flows", flows=len(flows))
    return Curve(
        title=words("chart.equity"),
        description=text,
        points=[(point.at, float(point.equity)) for point in report.equity],
        print_value=numbers.whole,
        least_step=1.0,
        marks=[(point.at, _flow(point.at, point.flow, report, words)) for point in flows],
        identity="equity",
        least_left=LEAST_LEFT,
    )


def _flow(at: UnixNanos, flow: int, report: Report, words: Words) -> str:
    return words("chart.flow", at=numbers.moment(at, report.days), amount=numbers.signed(flow))


def _drawdown(report: Report, words: Words) -> Curve:
    text = words("chart.empty")
    if report.drawdowns:
        at, deepest = max(report.drawdowns, key=lambda each: each[1])
        text = words(
            "chart.drawdown_text",
            deepest=numbers.share(deepest),
            at=numbers.moment(at, report.days),
            last=numbers.share(report.drawdowns[-1][1]),
        )
    return Curve(
        title=words("chart.drawdown"),
        description=text,
        points=[(at, -fraction) for at, fraction in report.drawdowns],
        print_value=numbers.share,
        least_step=0.0001,
        is_area=True,
        identity="drawdown",
        least_left=LEAST_LEFT,
    )


def _drawn(curve: Curve) -> Chart:
    """Draw a curve twice: letters of the wide one would be too small on a phone."""
    wide = curve_svg(curve, *WIDE, kind="wide")
    narrow = curve_svg(replace(curve, identity=f"{curve.identity}-narrow"), *NARROW, kind="narrow")
    return Chart(curve.title, curve.description, curve.is_area, wide, narrow)
