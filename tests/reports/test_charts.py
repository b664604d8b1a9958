"""Curves, bars and ticks: nothing, one point and ten thousand, flat and negative, inside their frame."""

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, UnixNanos
from reports.charts import BAR_WIDTH, Curve, bar_svg, curve_svg, interval_svg, thinned
from reports.numbers import share, whole
from reports.ticks import TimeScale, round_values
from tests.reports.report_builders import DAY, at

WIDTH, HEIGHT = 760, 230
MONEY = st.integers(-(10**13), 10**13).map(float)


def a_curve(values: list[float], step_s: int = 10, **more: object) -> Curve:
    points = [(UnixNanos(at(9) + i * step_s * NANOS_PER_SECOND), value) for i, value in enumerate(values)]
    return Curve("Equity", "in words", points, whole, least_step=1.0, **more)  # type: ignore[arg-type]


def numbers_of(svg: str, attribute: str) -> list[float]:
    return [float(text) for text in re.findall(rf'\b{attribute}="(-?[\d.]+)"', svg)]


def line_of(svg: str) -> list[tuple[float, float]]:
    found = re.search(r'<polyline class="line" points="([^"]*)"', svg)
    pairs = found[1].split() if found else []
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in pairs)]


@settings(max_examples=60, deadline=None)
@given(st.lists(MONEY, max_size=40), st.booleans())
def test_for_any_values_a_curve_stays_in_its_frame_and_is_xml(values: list[float], is_area: bool) -> None:
    svg = str(curve_svg(a_curve(values, is_area=is_area), WIDTH, HEIGHT))
    ElementTree.fromstring(svg)
    assert "nan" not in svg
    assert "inf" not in svg
    for x, y in line_of(svg):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    for attribute, most in (
        ("x1", WIDTH),
        ("x2", WIDTH),
        ("y1", HEIGHT),
        ("y2", HEIGHT),
        ("cx", WIDTH),
        ("cy", HEIGHT),
    ):
        assert all(0 <= value <= most for value in numbers_of(svg, attribute))


def test_given_no_point_one_and_a_flat_line_when_drawn_then_each_is_a_chart() -> None:
    assert "polyline" not in curve_svg(a_curve([]))
    one = curve_svg(a_curve([10_000_000.0]))
    assert "polyline" not in one
    assert one.count('class="point"') == 1
    assert "10,000,000</text>" in one
    flat = line_of(str(curve_svg(a_curve([5.0, 5.0, 5.0]))))
    assert len({y for _, y in flat}) == 1


def test_given_ten_thousand_points_when_drawn_then_the_drawing_is_small_and_keeps_both_extremes() -> None:
    values = [float((i * 7_919) % 1_000) for i in range(10_000)]
    values[4_321], values[6_789] = -50_000.0, 90_000.0
    svg = str(curve_svg(a_curve(values, step_s=2), WIDTH, HEIGHT))
    assert len(svg) < 60_000
    heights = [y for _, y in line_of(svg)]
    small = [y for _, y in line_of(str(curve_svg(a_curve([-50_000.0, 90_000.0]), WIDTH, HEIGHT)))]
    assert (min(heights), max(heights)) == (min(small), max(small))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(-1e6, 1e6)), max_size=200))
def test_for_any_points_thinning_keeps_order_ends_and_extremes(points: list[tuple[float, float]]) -> None:
    placed = sorted(points, key=lambda each: each[0])
    kept = thinned(placed)
    assert [each for each in kept if each not in placed] == []
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    if placed:
        assert (kept[0], kept[-1]) == (placed[0], placed[-1])
        assert {min(y for _, y in kept), max(y for _, y in kept)} == {
            min(y for _, y in placed),
            max(y for _, y in placed),
        }
    assert len(kept) <= 4 * 51


@settings(max_examples=150, deadline=None)
@given(st.integers(-(10**13), 10**13), st.integers(0, 10**13), st.integers(2, 9))
def test_for_any_span_ticks_are_even_round_and_enclose_it(low: int, span: int, wanted: int) -> None:
    ticks = round_values(low, low + span, wanted, least=1.0)
    steps = {round(after - before, 6) for before, after in pairwise(ticks)}
    assert len(steps) == 1
    [step] = steps
    assert ticks[0] - low <= step * 1e-9  # less than can be seen
    assert low + span - ticks[-1] <= step * 1e-9
    assert 2 <= len(ticks) <= wanted + 3
    assert str(int(step)).rstrip("0") in {"1", "2", "25", "5"}


def test_given_a_marked_flow_when_drawn_then_its_text_is_escaped() -> None:
    svg = str(curve_svg(a_curve([1.0, 2.0], marks=[(at(9), "<b>&")])))
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg


def test_given_one_day_when_marked_then_clock_times_and_of_several_days_dates_without_nights() -> None:
    one = TimeScale.of([at(9), at(15, 30)])
    assert [label for _, label in one.marks(8)][:2] == ["09:00", "10:00"]
    assert (one.place(at(9)), one.place(at(15, 30))) == (0.0, 1.0)
    friday, monday = date(2026, 1, 16), date(2026, 1, 19)
    several = TimeScale.of([from_kst(friday, 9, 0), from_kst(friday, 15, 0), from_kst(monday, 9, 0)])
    assert [label for _, label in several.marks()] == ["01-16", "01-19"]
    assert several.place(from_kst(friday, 15, 0)) == several.place(from_kst(monday, 9, 0)) == 0.5
    assert several.place(from_kst(date(2026, 1, 17), 12, 0)) == 0.5  # a closed day lies between
    assert several.place(from_kst(date(2026, 2, 1), 12, 0)) == 1.0


def test_given_moments_of_one_second_when_marked_then_one_mark_stands_in_the_middle() -> None:
    assert TimeScale.of([at(9)]).marks() == [(0.5, "09:00")]
    assert TimeScale.of([]).marks() == []


@pytest.mark.parametrize(
    ("value", "kind", "x", "width"),
    [(100.0, "gain", 60.0, 59.0), (-100.0, "loss", 1.0, 59.0), (50.0, "gain", 60.0, 29.5), (0.0, "gain", 60.0, 0.0)],
)
def test_given_a_value_when_drawn_as_bar_then_it_grows_from_the_middle(
    value: float, kind: str, x: float, width: float
) -> None:
    svg = str(bar_svg(value, 100.0))
    assert f'class="{kind}" x="{x:g}" y="2" width="{width:g}"' in svg
    assert 'width="0"' in str(bar_svg(0.0, 0.0))


@settings(max_examples=80, deadline=None)
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0.001, 1))
def test_for_any_share_its_dot_interval_and_aim_stay_in_the_picture(measured: float, wide: float, aim: float) -> None:
    svg = str(interval_svg(measured, measured - wide, measured + wide, aim))
    ElementTree.fromstring(svg)
    for attribute in ("x1", "x2", "cx"):
        assert all(0 <= value <= BAR_WIDTH for value in numbers_of(svg, attribute)), svg


def test_given_a_drawdown_when_drawn_then_its_top_is_zero() -> None:
    points = [(at(9), 0.0), (at(10), -0.0123), (at(11, day=DAY), -0.004)]
    svg = str(curve_svg(Curve("Drawdown", "x", points, share, least_step=0.0001, is_area=True)))
    assert "0.00 %</text>" in svg
    assert "-0.00 %" not in svg
