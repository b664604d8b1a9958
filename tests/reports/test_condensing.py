"""Round trips told where their log is read: a period comes out as if nothing had been told apart."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.trading import FillBooked
from domain.time import from_kst
from domain.types import ClientOrderId, Krw, Purpose, Side, UnixNanos
from reports.assembly import groups_of_period, trade_lines
from reports.condensing import condense
from reports.crew import NOBODY
from reports.logs import LogHead, Stretch
from reports.marks import Marks
from reports.measured import Period, measured
from reports.packing import pack, unpack
from reports.positions import held_at_end
from reports.queries import Asked
from reports.reading import DayFacts, Opening
from reports.rounds import EntangledError
from reports.rows import Approved, Held, Mark, Opened, Scored
from reports.trades import held_at_begin
from tests.reports.in_process import travelled
from tests.reports.logs import MONDAY, a_codec

BUY, SELL = Side.BUY, Side.SELL
ONE, OTHER = "005930", "035720"
NOTHING = Krw(0)


class Dates:
    """Dates written in memory; shares of each symbol go on over nights."""

    def __init__(self, days: int = 1) -> None:
        self.days = [self._empty(MONDAY + timedelta(days=number), number) for number in range(days)]
        self.left = {ONE: 0, OTHER: 0}
        self.seq = 0

    def _empty(self, day: date, number: int) -> DayFacts:
        head = LogHead(Path(f"paper-{number}.db"), f"L{number}", f"L{number - 1}", "paper", "paper", 0, 0, ())
        facts = DayFacts(day, head, Stretch(day, 1, 10_000))
        opened = Opened(Krw(1_000_000), Krw(1_000_000), from_kst(day, 8, 0))
        facts.openings.append(Opening(0, opened, None))
        facts.marks = Marks.of([Mark(Krw(900_000), Krw(1_000_000 + number), NOTHING, 1, from_kst(day, 15, 0))])
        facts.marked = [9_999]
        return facts

    def at(self, day: int) -> UnixNanos:
        return UnixNanos(from_kst(self.days[day].day, 9, 0) + self.seq)

    def order(self, day: int, side: Side = BUY, quantity: int = 10, **changes: Any) -> str:
        self.seq += 1
        made = Approved(f"o{self.seq}", side, quantity, "ema", f"why: {self.seq}", self.at(day), ONE, Krw(990))
        for name, value in changes.items():
            setattr(made, name, value)
        self.days[day].approved.append(Asked(self.seq, made, 980 + self.seq, 0))
        return made.client_order_id

    def fill(self, day: int, side: Side, shares: int, symbol: str = ONE, order: str = "", **changes: Any) -> None:
        order = order or self.order(day, side, shares)
        self.seq += 1
        after = self.left[symbol] = self.left[symbol] + side.sign * shares
        price = Krw(1_000 + self.seq)
        made = FillBooked(
            *(ClientOrderId(order), f"t{self.seq}", symbol, side, shares, price, Krw(price * shares), Krw(7)),
            *(Krw(3), NOTHING, after, Krw(after * 1_000), NOTHING, self.at(day)),
        )
        self.days[day].moved.append((self.seq, replace(made, **changes)))

    def trip(self, day: int, symbol: str = ONE, shares: int = 10) -> None:
        self.fill(day, BUY, shares, symbol)
        self.fill(day, SELL, shares, symbol)

    def revise(self, day: int, symbol: str = ONE) -> None:
        self.seq += 1
        money = (Krw(-5), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
        self.days[day].moved.append((self.seq, FillRevised("o1", "v1", "t", symbol, BUY, 1, *money, self.at(day))))

    def found(self, day: int, symbol: str, came: int) -> None:
        self.seq += 1
        before = self.left[symbol]
        self.left[symbol] = before + came
        books = (before, before + came, Krw(500), NOTHING, NOTHING)
        made = AdjustmentBooked("c", "kim", symbol, *books, "a gift", self.at(day))
        self.days[day].moved.append((self.seq, made))


def seen(days: Sequence[DayFacts]) -> tuple[Any, ...]:
    """Give whatever fills and orders have a part in."""
    period: Period = measured((), a_codec(), days[0].day, NOBODY, days, ())
    execution = period.execution
    told = (period.closed, trade_lines(period), groups_of_period(period), execution, period.metrics, period.missing)
    held = set(held_at_begin(days)), held_at_end(days)
    return (*told, period.curve.lines, period.curve.points, period.signals, *held)


def apart(days: Sequence[DayFacts]) -> list[DayFacts]:
    """Condense dates, each on its way through another process."""
    return [unpack(travelled(pack(condense(facts)))) for facts in copy.deepcopy(days)]


def trips_apart(days: Sequence[DayFacts]) -> list[int]:
    return [len(facts.rounds.lines) if facts.rounds is not None else 0 for facts in days]


def test_given_round_trips_of_a_date_when_condensed_then_only_their_lines_are_left() -> None:
    dates = Dates()
    dates.trip(0)
    dates.trip(0, OTHER)
    dates.trip(0)
    [facts] = found = apart(dates.days)
    assert trips_apart(found) == [3]
    assert (facts.moved, facts.approved, facts.sent, facts.scored) == ([], [], [], [])
    assert seen(found) == seen(dates.days)


@pytest.mark.parametrize(
    "case", ["overnight", "by a person", "not ours", "of no order", "revised", "overridden", "twice"]
)
def test_given_what_is_more_than_a_date_when_condensed_then_it_stays_as_it_is(case: str) -> None:
    dates = Dates(2)
    dates.trip(0, OTHER)
    match case:
        case "overnight":
            dates.fill(0, BUY, 10)
            dates.fill(1, SELL, 10)
        case "by a person":
            dates.trip(0)
            dates.found(0, ONE, 4)
            dates.fill(0, SELL, 4)
        case "not ours":
            dates.left[ONE] = 5  # without a movement
            dates.fill(0, SELL, 5)
        case "of no order":
            dates.fill(0, BUY, 10, order="unheard of")
            dates.fill(0, SELL, 10)
        case "revised":
            dates.trip(0)
            dates.revise(0)
        case "overridden":
            dates.fill(0, BUY, 10, order=dates.order(0, overridden=("daily_loss",)))
            dates.fill(0, SELL, 10)
        case "twice":
            dates.fill(0, BUY, 10, order=dates.order(0, client_order_id="same"))
            dates.fill(0, SELL, 10, order=dates.order(0, client_order_id="same"))
    found = apart(dates.days)
    assert trips_apart(found) == [0 if case == "twice" else 1, 0]
    assert seen(found) == seen(dates.days)


def test_given_a_score_no_machine_word_holds_when_condensed_then_it_travels_all_the_same() -> None:
    dates = Dates()
    at = dates.at(0)
    dates.days[0].scored = [Scored("ema", ONE, Purpose.ENTRY, 0.5, 60, 0, at, 10**25, 0, True)]  # of a damaged log
    found = apart(dates.days)
    assert seen(found) == seen(dates.days)


@pytest.mark.parametrize("case", ["revised later", "filled later", "approved again", "held before"])
def test_given_a_later_part_in_a_round_trip_when_dates_come_together_then_that_is_told(case: str) -> None:
    dates = Dates(2)
    first = dates.order(0)
    dates.fill(0, BUY, 10, order=first)
    dates.fill(0, SELL, 10)
    match case:
        case "revised later":
            dates.revise(1)
        case "filled later":
            dates.fill(1, BUY, 3, OTHER, order=first)
        case "approved again":
            dates.fill(1, BUY, 3, OTHER, order=dates.order(1, client_order_id=first))
            dates.fill(1, SELL, 3, OTHER)
        case "held before":
            held = (Held(ONE, 4, Krw(4_000)),)
            dates.days[0].openings[0] = dates.days[0].openings[0]._replace(held=held)
    with pytest.raises(EntangledError):
        seen(apart(dates.days))


def test_given_a_revision_of_a_trade_told_whole_when_one_before_was_told_apart_then_both_are_told() -> None:
    dates = Dates(2)
    dates.trip(0)
    dates.trip(1)
    dates.revise(1)
    found = apart(dates.days)
    assert trips_apart(found) == [1, 0]
    assert seen(found) == seen(dates.days)


def test_given_shares_that_came_later_when_a_trip_before_was_told_apart_then_they_were_not_held_at_the_begin() -> None:
    dates = Dates(2)
    dates.trip(0)
    dates.left[ONE] = 5  # without a movement
    dates.fill(1, SELL, 5)
    found = apart(dates.days)
    assert trips_apart(found) == [1, 0]
    assert set(held_at_begin(found)) == set(held_at_begin(dates.days)) == set()
    assert seen(found) == seen(dates.days)


def test_given_trades_closed_at_once_when_one_is_told_apart_then_that_opened_first_is_told_first() -> None:
    dates = Dates()
    dates.fill(0, BUY, 10, order=dates.order(0, overridden=("daily_loss",)))  # so that it is not told apart
    dates.trip(0, OTHER)
    at = dates.days[0].moved[-1][1].venue_time
    dates.fill(0, SELL, 10, venue_time=at)
    found = apart(dates.days)
    assert trips_apart(found) == [1]
    assert seen(found) == seen(dates.days)
    assert [trade.symbol for trade in seen(found)[0]] == [ONE, OTHER]


def test_given_an_opening_amid_a_date_when_condensed_then_what_was_before_it_stays() -> None:
    dates = Dates()
    dates.trip(0, OTHER)
    opened = dates.days[0].openings[0]
    dates.days[0].openings.append(opened._replace(seq=dates.seq + 1))
    dates.seq += 1
    dates.trip(0)
    found = apart(dates.days)
    assert trips_apart(found) == [1]
    assert seen(found) == seen(dates.days)


steps = st.tuples(
    st.sampled_from([*["trip"] * 6, "buy", "sell", "sell all", "late", "revise", "found", "gap"]),
    st.integers(0, 2),  # date
    st.sampled_from([ONE, OTHER]),
    st.integers(1, 5),
)


@given(st.lists(steps, max_size=10))
def test_for_any_dates_when_condensed_then_a_period_is_the_same_or_said_to_be_entangled(
    moves: list[tuple[str, int, str, int]],
) -> None:
    dates = Dates(3)
    orders = ["unheard of"]
    for what, day, symbol, shares in sorted(moves, key=lambda move: move[1]):
        match what:
            case "trip":
                dates.trip(day, symbol, shares)
                orders.append(dates.days[day].approved[-1].order.client_order_id)
            case "sell all" if dates.left[symbol] > 0:
                dates.fill(day, SELL, dates.left[symbol], symbol)
            case "late":
                dates.fill(day, BUY, shares, symbol, orders[shares % len(orders)])
            case "revise":
                dates.revise(day, symbol)
            case "found":
                dates.found(day, symbol, shares)
            case "gap":
                dates.left[symbol] += shares
            case _:
                orders.append(dates.order(day, BUY if what == "buy" else SELL, shares))
                dates.fill(day, BUY if what == "buy" else SELL, shares, symbol, orders[-1])
    try:
        found = seen(apart(dates.days))
    except EntangledError:
        return
    assert found == seen(dates.days)
