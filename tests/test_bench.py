"""The bench measures real work: nothing here is timed, only counted, and every check of it is shown to fail."""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import pytest

from bench import appends, day, folding, halting, inline, replaying
from bench.__main__ import main, write
from bench.fresh import in_fresh
from bench.house import Tally
from bench.made_log import LIVE, Mix, made_log
from bench.outcome import Line, Size, show
from bench.quotes import HELD, MARK, Job, make_rows, marks
from bench.quotes import instruments as bench_instruments
from bench.reports import Arrivals, SinkReport, SourceReport, percentile
from bench.tested import PYTHON, nautilus
from bench.traffic import batches, listed, live_sizes, moves, symbols, walk
from domain.quality import QualityBook, judge
from persistence.reader import LogReader
from persistence.verify import verify

KEYS = {"name", "ours", "peer", "peer_name", "unit", "ratio"}


# ---- broker process to trader process --------------------------------------------------------------------------


@pytest.mark.processes
@pytest.mark.timeout(110)
def test_given_zeromq_installed_when_the_smallest_plan_is_run_then_the_work_was_done() -> None:
    pytest.importorskip("zmq", reason="the bench group is not installed")
    from bench.run import OURS, PEERS, PLANS, SIDES, Measured, rate_lines, run_rates, run_times, time_lines

    done, plan = Measured(), PLANS[Size.SMALL]
    run_rates(plan, done)
    run_times(plan, done)

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
        assert len(done.paced[side.name, 1_000].from_sent) == plan.orders
    assert {side for side, *_ in done.sinks} == set(SIDES)
    lines = rate_lines(done) + time_lines(done)
    assert [len(line.peers) for line in lines] == [2] * 5
    assert all(line.ours > 0 and theirs > 0 for line in lines for _, theirs in line.peers)


def test_given_zeromq_installed_when_an_order_is_lost_at_either_end_then_the_run_fails() -> None:
    pytest.importorskip("zmq", reason="the bench group is not installed")
    from bench.run import OURS, ZEROMQ, check

    job, count = Job(1_000, 100, 0, True, ""), len(HELD) + 10
    facts = dict.fromkeys(("SubmitOrder", "OrderAccepted", "OrderFilled"), count) | {"quotes": 990, "conflated": 10}
    came = SourceReport(from_sent=[5] * 10, asked=10)
    check(OURS, job, came, SinkReport(facts=facts))
    check(ZEROMQ, job, came, SinkReport())
    for side, sent, odd in (
        (OURS, replace(came, from_sent=[5] * 9), {}),
        (OURS, came, {"OrderFilled": count - 1}),
        (OURS, came, {"quotes": 989}),
        (ZEROMQ, replace(came, asked=11), {}),
    ):
        with pytest.raises(RuntimeError, match="orders arrived"):
            check(side, job, sent, SinkReport(facts=facts | odd))


def test_given_the_bench_rows_when_judged_then_none_is_refused_or_flagged_and_marks_are_unique() -> None:
    rows = make_rows(Job(20_000, 10, 5_000, True, ""))
    kept, verdicts = judge(rows, QualityBook(), {item.symbol: item for item in bench_instruments()})
    assert kept is rows
    assert verdicts == ()
    asked = marks(rows)
    assert len(asked) == len(set(asked.values())) == sum(row.last_qty == MARK for row in rows) == 2_000


def test_given_an_order_no_mark_asked_for_when_reported_then_it_is_left_out() -> None:
    arrivals = Arrivals()
    arrivals.ticked |= {("A", 1): 10, ("C", 1): 11}  # the second was conflated away before it left
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


# ---- traffic ---------------------------------------------------------------------------------------------------


def test_given_walking_quotes_when_judged_then_none_is_refused_or_flagged_and_a_seed_gives_the_same() -> None:
    codes = symbols(30)
    rows = list(walk(codes, 20_000, 1_000))
    kept, verdicts = judge(rows, QualityBook(), {item.symbol: item for item in listed(codes)})
    assert kept is rows
    assert verdicts == ()
    assert rows == list(walk(codes, 20_000, 1_000))
    assert rows != list(walk(codes, 20_000, 1_000, seed=2))
    assert {row.symbol for row in rows} == set(codes)


def test_given_rows_when_cut_into_batches_then_every_row_is_in_one() -> None:
    rows = list(walk(symbols(3), 1_000, 1_000))
    for sizes in (repeat(64), live_sizes()):
        cut = list(batches(iter(rows), sizes))
        assert [row for batch in cut for row in batch] == rows
    sizes_seen = list(islice(live_sizes(), 20_000))
    assert min(sizes_seen) == 1
    assert 1.95 < sum(sizes_seen) / len(sizes_seen) < 2.05


def test_given_marks_when_rows_are_made_then_each_nth_is_of_the_next_marked_instrument() -> None:
    codes = symbols(5)
    rows = list(moves(codes, range(100), marked=codes[:2], every=10))
    assert [row.symbol for row in rows if row.last_qty == MARK] == [codes[0], codes[1]] * 5


# ---- log, fold, replay -----------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_given_a_mix_when_its_log_is_made_then_it_is_whole_and_made_once(temporary: Path) -> None:
    mix = replace(LIVE, events=8_000)
    path = made_log(mix)
    found = verify(path)
    assert found.ok
    assert 8_000 <= found.events < 8_100
    with LogReader(path, appends.MessageCodec(appends.decode_batch)) as reader:
        counted = dict(reader.rows("SELECT type, count(*) FROM events GROUP BY type"))
    assert counted["QuotesReceived"] == counted["QuotesJudged"] > 3_000
    assert counted["ManualOrderRequested"] == counted["SubmitOrder"] == counted["OrderFilled"] > 5
    assert "RoleFailed" not in counted
    made_at = path.stat().st_mtime_ns
    assert made_log(mix) == path
    assert path.stat().st_mtime_ns == made_at


@pytest.mark.processes
def test_given_a_made_log_when_folded_in_fresh_processes_then_snapshot_and_fold_agree(temporary: Path) -> None:
    path = made_log(Mix("test", 3_000, 8))
    whole = in_fresh("recover", path)
    assert whole["events"] == whole["folded"] >= 3_000
    assert whole["benched"] == []
    in_fresh("snap", path, "--behind", "1000")
    quick = in_fresh("quick", path)
    assert 900 < quick["folded"] < 1_100
    folding.check("start", [whole], [quick])
    with pytest.raises(RuntimeError, match="another state"):
        folding.check("start", [whole], [quick | {"state": "other"}])


@pytest.mark.processes
def test_given_a_made_log_when_the_replay_command_runs_then_it_is_identical_and_an_edited_one_is_not(
    temporary: Path,
) -> None:
    path = made_log(Mix("test", 2_000, 8))
    events, seconds, cpu = replaying.command(path)
    assert events >= 2_000
    assert seconds > 0 < cpu
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE events SET payload = replace(payload, '\"last_qty\":1', '\"last_qty\":2')")
    conn.close()
    with pytest.raises(RuntimeError, match=r'"identical": *false'):
        replaying.command(path)


# ---- inline core -----------------------------------------------------------------------------------------------

QUOTES = 36_000  # 720 for each instrument: the slow average is warm after 500


def test_given_every_way_of_the_inline_core_when_run_then_quotes_are_handled_and_orders_filled() -> None:
    done = [inline.run(way, QUOTES) for way in inline.WAYS]
    assert {one.tally.quotes for one in done} == {QUOTES}
    assert all(one.tally.orders > 5 for one in done)
    assert done[0].tally == done[2].tally  # with and without a log: the same


def test_given_nautilus_installed_when_both_run_row_by_row_then_both_send_the_same_number_of_orders() -> None:
    if not PYTHON.exists():
        pytest.skip("`make bench-peer` was not run")
    way = next(way for way in inline.WAYS if way.rows == 1)
    args = (QUOTES, inline.INSTRUMENTS, inline.RATE, inline.BEGIN, inline.FAST, inline.SLOW)
    tested = nautilus(*args)
    assert inline.run(way, QUOTES).tally.orders == tested.orders == tested.fills


@pytest.mark.parametrize("tally", [Tally(quotes=9), Tally(quotes=10, orders=2, fills=1), Tally(quotes=10)])
def test_given_a_quote_or_a_fill_too_few_when_checked_then_the_inline_run_fails(tally: Tally) -> None:
    inline.check(10, Tally(quotes=10, orders=2, fills=2))
    with pytest.raises(RuntimeError, match="expected"):
        inline.check(10, tally)


# ---- appends ---------------------------------------------------------------------------------------------------


def test_given_records_of_the_core_when_appended_in_turns_then_every_side_takes_them_all() -> None:
    assert list(appends.SIDES)[:2] == ["hantrade", "sqlite-utils insert_all"]
    for name in ("hantrade", "sqlite-utils insert_all"):
        rate, cpu, _ = appends.append_all(name, 1_000)
        assert rate > 0 < cpu


def test_given_eventsourcing_installed_when_records_are_appended_then_it_takes_them_all() -> None:
    pytest.importorskip("eventsourcing", reason="the bench group is not installed")
    rate, cpu, _ = appends.append_all("eventsourcing SQLiteApplicationRecorder", 1_000)
    assert rate > 0 < cpu


def test_given_records_that_come_again_when_made_then_sequence_and_causes_are_sound() -> None:
    records = appends.made_records(appends.TEMPLATES + 100)
    assert [one.seq for one in records] == list(range(1, len(records) + 1))
    assert all(0 <= one.causation_seq < one.seq for one in records)
    assert len({one.type for one in records}) > 10


def test_given_a_connection_that_is_not_durable_when_its_settings_are_checked_then_it_is_refused(
    tmp_path: Path,
) -> None:
    conn = sqlite3.connect(tmp_path / "x.db")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(f"PRAGMA wal_autocheckpoint = {appends.CHECKPOINT_PAGES}")
    conn.execute("PRAGMA synchronous = FULL")
    appends.check_settings(conn)
    conn.execute("PRAGMA synchronous = NORMAL")
    with pytest.raises(RuntimeError, match="settings"):
        appends.check_settings(conn)
    conn.close()


# ---- a day -----------------------------------------------------------------------------------------------------


def test_given_a_day_when_its_times_are_listed_then_they_grow_and_are_as_many_as_are_due() -> None:
    at = list(day.times(2))
    assert len(at) == day.due(120) == 2 * day.PER_MINUTE
    assert at == sorted(set(at))
    seconds = (at[-1] - at[0]) / 1e9
    assert 119 < seconds < 120
    assert day.due(59) == 59_000
    assert day.due(59.5) == 64_000


@pytest.mark.processes
@pytest.mark.timeout(110)
def test_given_a_minute_of_the_day_when_run_then_both_ends_agree_and_every_figure_is_there() -> None:
    found = {line.name: line for line in day.measure(Size.SMALL)}
    assert len(found) == 8
    assert found["a day: log per million quotes"].ours > 1


def _sent(**changes: Any) -> day.Sent:
    return replace(day.Sent(["a", "b"], facts=4, fills=2, burst_conflated=7), **changes)


def _taken(**changes: Any) -> day.Taken:
    facts = {"OrderFilled": 2, "quotes": 93, "conflated": 7}
    return replace(day.Taken(1.0, facts, ["b", "a"], last_event_seq=4, is_fold=True), **changes)


@pytest.mark.parametrize(
    ("sent", "taken", "says"),
    [
        (_sent(orders=["a"]), _taken(), "orders of both ends differ"),
        (_sent(orders=["a", "b", "b"]), _taken(), "came twice"),
        (_sent(facts=5), _taken(), "order event 4 of 5"),
        (_sent(fills=3), _taken(), "2 of 3 fills"),
        (_sent(steady_conflated=1), _taken(), "7 conflated quotes were told, 8 were"),
        (_sent(), _taken(facts={"OrderFilled": 2, "quotes": 92, "conflated": 7}), "92 quotes came"),
        (_sent(), _taken(is_fold=False), "not the live state"),
    ],
)
def test_given_ends_that_differ_when_checked_then_the_day_fails(sent: day.Sent, taken: day.Taken, says: str) -> None:
    day.check(100, _sent(), _taken())
    with pytest.raises(RuntimeError, match=says):
        day.check(100, sent, taken)


def test_given_memory_that_grows_when_asked_then_its_growth_is_told() -> None:
    assert day.Memory([100] * 9).growth == 1
    assert day.Memory([100, 100, 100, 150, 150, 150, 200, 200, 200]).growth == 2


# ---- the table -------------------------------------------------------------------------------------------------


def test_given_lines_when_shown_and_written_then_aims_and_ratios_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        Line("rate", "quotes/s", 500, 1_000, (("peer", 250.0), ("other", 1_000.0))),
        Line("time", "ms", 1.5, 2.0, (("peer", 3.0),), lower=True, digits=3),
        Line("alone", "s", 7.0),
    ]
    show(lines)
    told = capsys.readouterr().out
    assert "≥ 1,000 MISSED" in told
    assert "≤ 2 met" in told
    rows = [row for line in lines for row in line.results()]
    assert all(set(row) == KEYS for row in rows)
    assert [row["ratio"] for row in rows] == [2.0, 0.5, 2.0, None]
    assert (rows[3]["peer"], rows[3]["peer_name"]) == (None, "–")
    out = tmp_path / "results.json"
    write(out, lines[:2], keep_others=False)
    write(out, [replace(lines[1], ours=2.0), lines[2]], keep_others=True)
    assert [(row["name"], row["ours"]) for row in json.loads(out.read_text())] == [
        ("rate", 500),
        ("rate", 500),
        ("time", 2.0),
        ("alone", 7.0),
    ]


def test_given_one_group_when_the_command_runs_then_its_results_are_written_and_a_missed_aim_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missed: Callable[[Size], list[Line]] = lambda _: [Line("slow", "x/s", 1.0, 9.0)]  # noqa: E731
    monkeypatch.setattr(appends, "measure", missed)
    assert main(["--small", "--only", "appends", "--out", str(tmp_path / "r.json")]) == 0
    assert "MISSED" in capsys.readouterr().out
    assert [row["name"] for row in json.loads((tmp_path / "r.json").read_text())] == ["slow"]
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])


# ---- halts -----------------------------------------------------------------------------------------------------


def halts(*times: tuple[int, int, int], unconfirmed: str = "") -> halting.Halts:
    return halting.Halts(list(times), [unconfirmed] if unconfirmed else [])


def test_given_orders_before_each_halt_and_none_behind_when_checked_then_it_is_sound() -> None:
    made = halts((100, 120, 200), (300, 320, 400))
    halting.check(made, halting.Reached([50, 110, 120, 200, 250, 400]), limit=0)
    figures = halting.lines(0, made, halting.Reached([50]))
    assert [line.ours for line in figures] == [20 / halting.NS_PER_MS] * 3
    assert {line.aim for line in figures} == {50.0}


@pytest.mark.parametrize(
    ("made", "reached", "limit", "words"),
    [
        (halts((100, 120, 200)), halting.Reached([50, 121]), 0, "reached the venue"),
        (halts((100, 120, 200)), halting.Reached([110]), 0, "nothing was traded"),
        (halts((100, 120, 200), (300, 320, 400)), halting.Reached([50]), 0, "nothing was traded"),
        (halts((100, 120, 200)), halting.Reached([50]), 5, "no order waited"),
        (halts((100, 120, 200), unconfirmed="the link is down"), halting.Reached([50]), 0, "the link is down"),
    ],
)
def test_given_a_halt_that_was_none_when_checked_then_the_run_ends_with_an_error(
    made: halting.Halts, reached: halting.Reached, limit: int, words: str
) -> None:
    with pytest.raises(RuntimeError, match=words):
        halting.check(made, reached, limit)


@pytest.mark.processes
@pytest.mark.timeout(110)
def test_given_a_few_halts_when_measured_then_each_is_in_force_at_the_broker_before_its_answer() -> None:
    for limit in halting.LIMITS:
        made, reached = halting.one(2, limit)  # it checks itself
        assert len(made.times) == 2
        assert made.facts["DayChanged"] >= 6
        assert reached.placed
