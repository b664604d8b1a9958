"""The scorecard of a page: targets and wishes beside what was measured, each with its interval and its sample."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from domain.performance.model import Target
from domain.performance.scorecard import WISHES
from reports import numbers
from reports.charts import interval_svg
from reports.words import Words

SMALL = frozenset({"reaction", "daily_loss", "drawdown"})  # the smaller, the better
IN_MS = frozenset({"reaction"})
BELOW = frozenset({"reaction"})  # the target itself is too much
SPANS = "_ms"  # how denominators that are spans of time end


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One line of the scorecard, printed."""

    label: str
    is_wish: bool
    aim: str
    measured: str
    interval: str
    verdict: str
    counted: str  # n and what it counts
    before: str
    trend: str
    chart: Markup


def target_rows(targets: Sequence[Target], words: Words) -> list[TargetRow]:
    """Print targets and wishes in their order."""
    return [_row(target, words) for target in targets]


def interval_text(low: float | None, high: float | None, printed: Callable[[float], str] | None = None) -> str:
    """Print an interval of a share; a dash when there is none."""
    if low is None or high is None:
        return numbers.NONE
    show = printed or (lambda value: numbers.share(value, 1))
    return f"{show(low)} – {show(high)}"


def printed_measure(name: str, value: float | None) -> str:
    """Print what was measured of a target in its unit."""
    if name in IN_MS:
        return numbers.span(value)
    return numbers.share(value)


def counted_text(target: Target, words: Words) -> str:
    """Print n and what it counts."""
    size = numbers.span(target.n) if target.denominator.endswith(SPANS) else numbers.whole(target.n)
    return f"{words.name('denominator', target.denominator)}: {size}"


def aim_text(target: Target, words: Words) -> str:
    """Print the target with its direction; a wish as the span it is."""
    if target.name in WISHES:
        low, high = (numbers.share(end, _digits(end)) for end in WISHES[target.name])
        return words("targets.range", low=low, high=high)
    aim = numbers.span(target.aim) if target.name in IN_MS else numbers.share(target.aim, _digits(target.aim))
    side = "below" if target.name in BELOW else "at_most" if target.name in SMALL else "at_least"
    return words(f"targets.{side}", aim=aim)


def verdict_text(target: Target, words: Words) -> str:
    """Say whether the target was met; nothing of a wish."""
    if target.is_wish:
        return ""
    return words("targets.not_measured" if target.met is None else "targets.met" if target.met else "targets.missed")


def trend_text(target: Target, words: Words) -> str:
    """Say how it went since the period before; nothing without one."""
    if target.before is None or target.measured is None:
        return ""
    change = target.measured - target.before
    if abs(change) < 1e-9:
        return words("targets.same")
    return words("targets.better" if (change < 0) == (target.name in SMALL) else "targets.worse")


def _row(target: Target, words: Words) -> TargetRow:
    drawn = Markup("")
    if target.measured is not None:
        drawn = interval_svg(target.measured, target.low, target.high, target.aim)
    return TargetRow(
        label=words.name("target", target.name),
        is_wish=target.is_wish,
        aim=aim_text(target, words),
        measured=printed_measure(target.name, target.measured),
        interval=interval_text(target.low, target.high, lambda value: printed_measure(target.name, value)),
        verdict=verdict_text(target, words),
        counted=counted_text(target, words),
        before=printed_measure(target.name, target.before),
        trend=trend_text(target, words),
        chart=drawn,
    )


def _digits(aim: float) -> int:
    return 0 if round(aim * 100, 6) == round(aim * 100) else 1
