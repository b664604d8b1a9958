"""What `quality` tells of a recorded index."""

from pathlib import Path
from typing import Any

from broker_sim.data_check import Report, check_day
from broker_sim.data_file import DataKind
from broker_sim.findings import Verdict
from tests.broker_sim.builders import DAY, a_bar, a_day, a_file


def values(until: str = "15:30", fall_at: str = "99:99", market: str = "KOSPI") -> list[dict[str, Any]]:
    """Give a value a minute, 8.4 % lower from a time on."""
    times = [f"{hh:02d}:{mm:02d}" for hh in range(9, 16) for mm in range(60)]
    return [
        {"market": market, "date": "2026-01-13", "time": f"{time}:00", "value": value, "prev_close": 2_500.0}
        for time in times
        if time <= until
        for value in [2_290.0 if time >= fall_at else 2_500.0]
    ]


def told(folder: Path, bars: list[dict[str, Any]], index: list[dict[str, Any]]) -> tuple[Report, dict[str, list[str]]]:
    a_file(folder, bars)
    a_file(folder, index, "index.parquet")
    report = Report()
    check_day(report, folder, DAY, None, 1)
    return report, {one.rule: one.examples for one in report.findings.all()}


def test_given_a_sound_index_when_checked_then_nothing_is_told_of_it(tmp_path: Path) -> None:
    report, rules = told(tmp_path, a_day(prev_close=10_000), values())
    assert report.kinds == {DataKind.BARS, DataKind.INDEX} and report.ok
    assert report.rows == len(a_day()) + len(values())
    assert not {"breaker", "index_hole", "trade_in_halt"} & set(rules)


def test_given_an_index_with_defects_when_checked_then_refusals_and_holes_are_told(tmp_path: Path) -> None:
    index = [one for one in values("15:00") if not "11:00" <= one["time"] < "11:10"]
    index[5] |= {"value": 0.0}
    report, rules = told(tmp_path, a_day(prev_close=10_000), index)
    assert report.findings.total(Verdict.REFUSED) == 1 and not report.ok
    assert rules["index value not index points > 0 with at most two decimals"] == ["2026-01-13: 1"]
    assert rules["index_hole"] == [
        "KOSPI 2026-01-13 10:59:00: nothing until 11:10:00",
        "KOSPI 2026-01-13 15:00:00: nothing until 15:20:00",
    ]


def test_given_trades_in_a_halt_when_checked_then_the_contradiction_is_told(tmp_path: Path) -> None:
    minutes = [*(f"10:{mm}:00" for mm in range(20, 31)), *(f"10:{mm}:00" for mm in range(45, 60))]
    bars = [a_bar(time=time, prev_close=10_000, volume=0 if time == "10:29:00" else 8) for time in minutes]
    report, rules = told(tmp_path, bars, values(fall_at="10:26"))
    assert rules["breaker"] == ["KOSPI 2026-01-13 10:27:00: stage 1, until 10:47:00"]
    found = next(one for one in report.findings.all() if one.rule == "trade_in_halt")
    assert found.count == 5 and found.verdict is Verdict.FLAGGED  # 10:27, 10:28, 10:30, 10:45, 10:46
    assert found.examples[0] == "120110 2026-01-13 10:27:00: 8 shares"


def test_given_another_market_when_it_is_halted_then_its_trades_alone_contradict(tmp_path: Path) -> None:
    bars = [a_bar(time=f"10:{mm}:00", prev_close=10_000) for mm in range(20, 40)]
    _, rules = told(tmp_path, bars, values(fall_at="10:26", market="KOSDAQ"))
    assert "breaker" in rules and "trade_in_halt" not in rules
