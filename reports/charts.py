"""Charts as inline SVG: a curve over time, a bar beside a figure, an interval beside an aim. No script, no style sheet
of another place; colours are classes of the page (`templates/page.css`), so that print and dark mode can choose theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from domain.types import UnixNanos
from reports.ticks import TimeScale, round_values

LETTER_PX = 6.6  # width of a digit at the size of the labels
TOP, BOTTOM, RIGHT = 12, 24, 14  # room around a plot, px
BAR_WIDTH, BAR_HEIGHT = 120, 12
COLUMN_POINTS = 4  # of a pixel column: first, lowest, highest, last


@dataclass(frozen=True, slots=True)
class Curve:
    """What a curve shows."""

    title: str
    description: str  # the curve in words, for who cannot see it
    points: Sequence[tuple[UnixNanos, float]]
    print_value: Callable[[float], str]
    least_step: float = 0.0
    is_area: bool = False  # filled down (or up) to 0
    marks: Sequence[tuple[UnixNanos, str]] = ()  # vertical lines with a text that a pointer shows
    identity: str = "curve"  # unique in a page
    least_left: float = 0.0  # px left of the plot at least, so that curves above each other share their time


def curve_svg(curve: Curve, width: int = 760, height: int = 230, kind: str = "wide") -> Markup:
    """Draw a curve; without a point only the frame and what is said of it. `kind` is a class of the page."""
    values = [value for _, value in curve.points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if curve.is_area:
        low, high = min(low, 0.0), max(high, 0.0)
    ticks = round_values(low, high, max(3, height // 48), curve.least_step) if values else []
    labels = [curve.print_value(tick) for tick in ticks]
    left = max(curve.least_left, 10 + max((len(label) for label in labels), default=0) * LETTER_PX)
    plot = _Plot(left, width - RIGHT, TOP, height - BOTTOM, (ticks[0], ticks[-1]) if ticks else (0.0, 1.0))
    scale = TimeScale.of([at for at, _ in curve.points])
    parts = [*_grid(plot, list(zip(ticks, labels, strict=True))), *_times(plot, scale, width)]
    if curve.points:
        parts += _line(plot, scale, curve)
    for at, text in curve.marks:
        x = plot.x(scale.place(at))
        parts.append(
            Markup('<g class="mark"><title>{}</title><line x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                text, _n(x), TOP, _n(x), height - BOTTOM
            )
            + Markup('<path d="M{} {}l-4 -7h8z"/></g>').format(_n(x), TOP + 7)
        )
    return _framed(curve, width, height, kind, parts)


def bar_svg(value: float, largest: float) -> Markup:
    """Draw a bar from the middle: right for a gain, left for a loss. The figure beside it says the same in words."""
    half = BAR_WIDTH / 2
    length = 0.0 if largest <= 0 else min(1.0, abs(value) / largest) * (half - 1)
    x = half if value >= 0 else half - length
    kind = "gain" if value >= 0 else "loss"
    return Markup(
        '<svg class="bar" aria-hidden="true" focusable="false" viewBox="0 0 {} {}">'
        '<rect class="{}" x="{}" y="2" width="{}" height="{}"/>'
        '<line class="zero" x1="{}" y1="0" x2="{}" y2="{}"/></svg>'
    ).format(BAR_WIDTH, BAR_HEIGHT, kind, _n(x), _n(length), BAR_HEIGHT - 4, _n(half), _n(half), BAR_HEIGHT)


def interval_svg(measured: float, low: float | None, high: float | None, aim: float) -> Markup:
    """Draw what was measured (dot), its interval (line) and the aim (mark) on one scale from 0."""
    upper = max(measured, aim, high or 0.0, 1e-12) * 1.05
    lower = min(0.0, measured, low or 0.0) * 1.05

    def x(value: float) -> str:
        return _n(3 + (value - lower) / (upper - lower) * (BAR_WIDTH - 6))

    middle = BAR_HEIGHT / 2
    parts = [Markup('<line class="track" x1="3" y1="{}" x2="{}" y2="{}"/>').format(middle, BAR_WIDTH - 3, middle)]
    if low is not None and high is not None:
        parts.append(
            Markup('<line class="span" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(x(low), middle, x(high), middle)
        )
    parts.append(Markup('<line class="aim" x1="{}" y1="0" x2="{}" y2="{}"/>').format(x(aim), x(aim), BAR_HEIGHT))
    parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="3.2"/>').format(x(measured), middle))
    opening = Markup('<svg class="bar" aria-hidden="true" focusable="false" viewBox="0 0 {} {}">').format(
        BAR_WIDTH, BAR_HEIGHT
    )
    return opening + Markup("").join(parts) + Markup("</svg>")


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where the curve may be, px."""

    left: float
    right: float
    top: float
    bottom: float
    span: tuple[float, float]  # values at the bottom and at the top

    def x(self, place: float) -> float:
        return self.left + place * (self.right - self.left)

    def y(self, value: float) -> float:
        low, high = self.span
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def _grid(plot: _Plot, ticks: Sequence[tuple[float, str]]) -> list[Markup]:
    parts = []
    for tick, label in ticks:
        y = plot.y(tick)
        kind = "axis" if tick == 0 else "grid"
        parts.append(
            Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                kind, _n(plot.left), _n(y), _n(plot.right), _n(y)
            )
        )
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_n(plot.left - 6), _n(y + 4), label)
        )
    return parts


def _times(plot: _Plot, scale: TimeScale, width: int) -> list[Markup]:
    parts = [
        Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
            _n(plot.left), _n(plot.bottom), _n(plot.right), _n(plot.bottom)
        )
    ]
    for place, label in scale.marks(max(2, int((plot.right - plot.left) // 68))):
        x = plot.x(place)
        half = len(label) * LETTER_PX / 2
        parts.append(
            Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                _n(x), _n(plot.bottom), _n(x), _n(plot.bottom + 4)
            )
        )
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
                _n(min(x, width - half)), _n(plot.bottom + 17), label
            )
        )
    return parts


def _line(plot: _Plot, scale: TimeScale, curve: Curve) -> list[Markup]:
    placed = thinned([(plot.x(scale.place(at)), plot.y(value)) for at, value in curve.points])
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in placed)
    parts = []
    if len(placed) == 1:
        [(x, y)] = placed
        parts.append(Markup('<circle class="point" cx="{}" cy="{}" r="3"/>').format(_n(x), _n(y)))
    elif curve.is_area:
        floor = _n(plot.y(0.0))
        area = f"{_n(placed[0][0])},{floor} {path} {_n(placed[-1][0])},{floor}"
        parts.append(Markup('<polygon class="area" points="{}"/>').format(area))
    if len(placed) > 1:
        parts.append(Markup('<polyline class="line" points="{}"/>').format(path))
    return parts


def thinned(placed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep of each pixel column its first, lowest, highest and last point, in order: more cannot be seen."""
    kept: list[tuple[float, float]] = []
    begin = 0
    ends = [i for i, (one, next_one) in enumerate(pairwise(placed), 1) if int(one[0]) != int(next_one[0])]
    for end in [*ends, len(placed)]:
        column = range(begin, end)
        if len(column) <= COLUMN_POINTS:
            kept += placed[begin:end]
        else:
            extremes = {
                begin,
                end - 1,
                min(column, key=lambda i: placed[i][1]),
                max(column, key=lambda i: placed[i][1]),
            }
            kept += [placed[i] for i in sorted(extremes)]
        begin = end
    return kept


def _framed(curve: Curve, width: int, height: int, kind: str, parts: Sequence[Markup]) -> Markup:
    name = curve.identity
    return (
        Markup(
            '<svg class="chart {k}" role="img" aria-labelledby="{n}-t {n}-d" viewBox="0 0 {w} {h}">'
            '<title id="{n}-t">{title}</title><desc id="{n}-d">{text}</desc>'
        ).format(k=kind, n=name, w=width, h=height, title=curve.title, text=curve.description)
        + Markup("").join(escape(part) for part in parts)
        + Markup("</svg>")
    )


def _n(value: float) -> str:
    """Print a coordinate: a tenth of a pixel is enough."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")
