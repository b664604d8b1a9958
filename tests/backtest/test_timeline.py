"""One clock that only moves forward; what is due happens in order."""

from functools import partial

from backtest.timeline import Timeline
from domain.types import UnixNanos


def test_given_things_due_when_the_clock_runs_then_they_happen_in_order_at_their_time() -> None:
    line, seen = Timeline(), list[tuple[str, int]]()

    def see(name: str) -> None:
        seen.append((name, line.now))

    line.begin(UnixNanos(100))
    for delay, name in ((30, "c"), (10, "a"), (10, "b"), (90, "late")):
        line.after(delay, partial(see, name))
    line.run(150)
    assert seen == [("a", 110), ("b", 110), ("c", 130)]
    assert line.now == 150
    line.run(140)
    assert line.now == 150, "the clock never goes back"


def test_given_something_that_asks_for_more_at_once_when_run_then_that_happens_too_but_behind_what_waited() -> None:
    line, seen = Timeline(), list[str]()
    line.after(5, lambda: line.after(0, lambda: seen.append("then")))
    line.after(5, lambda: seen.append("first"))
    line.run(5)
    assert seen == ["first", "then"]


def test_given_a_new_day_when_it_begins_then_nothing_of_the_old_one_is_under_way() -> None:
    line, seen = Timeline(), list[str]()
    line.after(5, lambda: seen.append("old"))
    line.begin(UnixNanos(1_000))
    assert not line
    line.run(2_000)
    assert seen == []
