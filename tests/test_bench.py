"""The bench measures real work: nothing here is timed, only counted."""

import json
from pathlib import Path

import pytest

pytest.importorskip("zmq", reason="the bench group is not installed")

from bench.__main__ import show
from bench.quotes import HELD, MARK, Job, make_rows, marks
from bench.reports import Arrivals, percentile
from bench.run import OURS, PEERS, SIDES, SMALL, results, run
from domain.quality import QualityBook, judge

KEYS = {"name", "ours", "peer", "peer_name", "unit", "ratio"}


@pytest.mark.processes
@pytest.mark.timeout(110)
def test_given_the_smallest_plan_when_run_then_the_work_was_done_and_the_results_have_their_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(SMALL, lambda _: None)

    ours = [(job, sent, taken) for side, job, sent, taken in done.sinks if side is OURS]
    assert len(ours) == 2
    for job, sent, taken in ours:
        facts = taken.facts
        wanted = job.quotes // job.every
        assert facts["quotes"] == job.quotes
        assert facts["conflated"] == 0
        assert sent.asked == wanted
        assert 0 < len(sent.from_tick) <= wanted
        assert facts["SubmitOrder"] == facts["OrderFilled"] == len(HELD) + len(sent.from_tick)
        assert all(time > 0 for time in sent.from_sent)
        assert all(a >= b for a, b in zip(sent.from_tick, sent.from_sent, strict=True))
        assert "StrategyBenched" not in facts
        assert "RoleFailed" not in facts
        assert "OrderDenied" not in facts
    for side in PEERS:
        assert len(done.paced[side.name, 1_000].from_sent) == SMALL.orders
    assert {side for side, *_ in done.sinks} == set(SIDES)

    rows = json.loads(json.dumps(results(done)))
    assert len(rows) == 2 * (1 + 4)
    for row in rows:
        assert set(row) == KEYS
        better = row["ours"] / row["peer"] if row["unit"] == "quotes/s" else row["peer"] / row["ours"]
        assert row["ratio"] == pytest.approx(better, rel=0.02, abs=0.002)
    show(rows, done)
    assert "20 orders for 20 asked" in capsys.readouterr().out


def test_given_the_bench_rows_when_judged_then_none_is_refused_or_flagged_and_marks_are_unique() -> None:
    from bench.quotes import instruments

    rows = make_rows(Job(20_000, 10, 5_000, True, ""))
    kept, verdicts = judge(rows, QualityBook(), {item.symbol: item for item in instruments()})
    assert kept is rows
    assert verdicts == ()
    asked = marks(rows)
    assert len(asked) == len(set(asked.values())) == sum(row.last_qty == MARK for row in rows) == 2_000


def test_given_an_order_no_mark_asked_for_when_reported_then_it_is_left_out() -> None:
    arrivals = Arrivals()
    arrivals.ticked["A", 1] = 10
    arrivals.sent["A", 1] = 12
    arrivals.orders += [(("A", 1), 20, 25), (("B", 1), 20, 25)]
    report = arrivals.report()
    assert (report.from_tick, report.from_sent, report.journaled, report.asked) == ([10], [8], [15], 1)


def test_given_values_when_a_percentile_is_asked_then_it_is_one_of_them() -> None:
    assert percentile(range(100), 0.5) == 50
    assert percentile(range(100), 0.99) == 99
    assert percentile([7], 0.99) == 7
    with pytest.raises(ValueError, match="at least one"):
        percentile([], 0.5)
