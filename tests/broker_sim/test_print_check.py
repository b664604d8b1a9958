"""The check of simulated prints must find each defect it names."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.bar_file import Bar
from broker_sim.bar_ticks import ticks_of
from broker_sim.findings import Findings
from broker_sim.print_check import RULES, PrintCheck, PrintCount
from broker_sim.recording import Recording
from cli.sample import sample_path
from domain.krx.sessions import regular_session
from domain.quotes import Quote, QuoteKind
from domain.time import NANOS_PER_MINUTE
from domain.types import NANOS_PER_SECOND
from tests.broker_sim.builders import DAY, SYMBOL, a_bar, a_file, an_instrument, at


def a_recording(folder: Path) -> Recording:
    times = ("09:00", "09:01", "09:02", "15:19", "15:30")
    return Recording.load(a_file(folder, [a_bar(time=f"{time}:00", prev_close=10_000) for time in times]))


def found(recording: Recording, rows: list[Quote]) -> set[str]:
    findings = Findings()
    PrintCheck(recording, findings, PrintCount()).run(rows)
    return {one.rule for one in findings.all()}


def test_given_prints_of_the_simulator_when_checked_then_nothing_is_found(tmp_path: Path) -> None:
    recording = a_recording(tmp_path)
    count, findings = PrintCount(), Findings()

    PrintCheck(recording, findings, count).run(ticks_of(recording, 3))

    assert findings.all() == []
    assert count.volume == count.recorded_volume == 5 * 800
    assert count.prints == count.rows > 20


def change(rows: list[Quote], index: int, **values: Any) -> list[Quote]:
    rows[index] = rows[index]._replace(**values)
    return rows


def last_before(rows: list[Quote], when: int) -> int:
    return max(n for n, row in enumerate(rows) if row.venue_time < when)


def drop_last_trade_of_a_bar(rows: list[Quote]) -> list[Quote]:
    index = last_before(rows, at(9, 2))
    return rows[:index] + rows[index + 1 :]


DEFECTS: list[tuple[str, Callable[[list[Quote]], list[Quote]]]] = [
    ("outside_bar", lambda rows: change(rows, 3, price=10_060)),
    ("outside_limits", lambda rows: change(rows, 3, price=13_010)),
    ("open_not_first", lambda rows: change(rows, 0, price=10_010)),
    ("close_not_last", lambda rows: change(rows, -1, price=10_010)),
    ("extreme_missed", lambda rows: [row._replace(price=10_040) if row.price == 10_050 else row for row in rows]),
    ("volume_differs", drop_last_trade_of_a_bar),
    ("volume_differs", lambda rows: rows[:-1]),
    ("cumulative_differs", lambda rows: change(rows, 5, cumulative_volume=1)),
    ("out_of_order", lambda rows: [rows[1], rows[0], *rows[2:]]),
    ("no_bar", lambda rows: change(rows, last_before(rows, at(9, 3)), venue_time=at(9, 30))),
    ("before_open", lambda rows: change(rows, 0, venue_time=at(8, 59))),
    ("in_closing_auction", lambda rows: change(rows, -2, venue_time=at(15, 25))),
    ("opening_cross", lambda rows: change(rows, 0, kind=int(QuoteKind.TRADE))),
    ("closing_cross", lambda rows: change(rows, -1, venue_time=at(15, 30) + 36 * NANOS_PER_SECOND)),
    ("stray_cross", lambda rows: change(rows, 3, kind=int(QuoteKind.AUCTION_TRADE))),
]


@pytest.mark.parametrize(("rule", "damage"), DEFECTS)
def test_given_a_defect_in_the_prints_when_checked_then_its_rule_finds_it(
    tmp_path: Path, rule: str, damage: Callable[[list[Quote]], list[Quote]]
) -> None:
    recording = a_recording(tmp_path)

    assert rule in found(recording, damage(list(ticks_of(recording, 3))))


def test_every_rule_has_a_defect_that_shows_it() -> None:
    assert {rule for rule, _ in DEFECTS} == set(RULES)


def test_given_the_packaged_day_when_checked_then_no_print_contradicts_its_bar() -> None:
    recording = Recording.load(sample_path())
    findings, count = Findings(), PrintCount()

    PrintCheck(recording, findings, count).run(ticks_of(recording, 11))

    assert findings.all() == []
    assert count.volume == count.recorded_volume > 10**8


@st.composite
def days(draw: st.DrawFn) -> Recording:
    """Any day of minute bars of one symbol: late opens, gaps, bars without volume, half ticks, with a close or not."""
    session = regular_session(draw(st.sampled_from((DAY, date(2025, 11, 13), date(2026, 1, 2)))))
    assert session is not None
    minutes = (session.close_auction - session.open) // NANOS_PER_MINUTE
    starts = draw(st.sets(st.integers(0, minutes - 1), max_size=8))
    moments = [session.open + minute * NANOS_PER_MINUTE for minute in sorted(starts)]
    if draw(st.booleans()) or not moments:
        moments.append(session.close)
    bars = []
    for start in moments:
        low, high = sorted((draw(st.integers(7_000, 13_000)), draw(st.integers(7_000, 13_000))))
        inside, closing = st.integers(low, high), start >= session.close
        volume = draw(st.one_of(st.integers(1, 12), st.integers(1, 10**7))) if closing else draw(st.integers(0, 10**6))
        bars.append(Bar(start, draw(inside), high, low, draw(inside), volume))
    instrument = an_instrument(base=draw(st.sampled_from((10_000, None))))
    return Recording(Path("day"), session.day, session, 60, {SYMBOL: instrument}, {SYMBOL: bars}, {})


@given(days(), st.integers(0, 2**63))
def test_for_any_day_and_seed_no_print_contradicts_its_bar(recording: Recording, seed: int) -> None:
    findings, count = Findings(), PrintCount()

    PrintCheck(recording, findings, count).run(ticks_of(recording, seed))

    assert findings.all() == []
    assert count.volume == count.recorded_volume
