"""Every warning can come: each fault is planted here, and a sound log gives none of its kind."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backtest import checks
from backtest.bar_lookup import BarLookup
from backtest.checks import DATA, LOOK_AHEAD, TROUBLE, UNFILLABLE, warnings_of
from backtest.history import History, Trouble, read_history
from backtest.run import DayRead, Ran, codec
from broker.translate.quotes import encode_batch
from broker_sim.recording import Bar, Recording
from domain.messages.market import AttentionMeasured, QuotesReceived, TrendPoint, TrendReceived
from domain.messages.run import RunEnded
from domain.quotes import Quote, QuoteBatch
from domain.types import Purpose, Side, UnixNanos
from persistence.event_log import EventLog
from tests.backtest.builders import a_history, a_run, a_story, at, lively_days
from tests.broker_sim.builders import SYMBOL, a_quote

MINUTE = 60


class Done(NamedTuple):
    """A finished back-test and its one day."""

    ran: Ran
    day: Recording

    @property
    def log_path(self) -> Path:
        return self.ran.log_path

    def warnings(self) -> list[checks.Finding]:
        return warnings_of(read_history(self.log_path), self.ran.days, [self.day], {})


def a_done(folder: Path, end: int, **more: Any) -> Done:
    data = lively_days(folder, end=end)
    return Done(a_run(data, folder / "log.db", **more), Recording.load(data))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Back-test one made day."""
    return a_done(tmp_path_factory.mktemp("done"), 700)


def rules(found: list[checks.Finding], kind: str = "") -> list[str]:
    return [item.rule for item in found if kind in ("", item.kind)]


def the_bar(start: int = 600, low: int = 9_990, high: int = 10_010, volume: int = 100) -> Bar:
    return Bar(at(start), low, high, low, high, volume)


def lookup(done: Done, *bars: Bar) -> BarLookup:
    return BarLookup([replace(done.day, bars={SYMBOL: list(bars)})])


# ---- nothing planted -------------------------------------------------------------------------------------------


def test_given_a_sound_back_test_when_checked_then_nothing_was_known_too_early(done: Done) -> None:
    assert read_history(done.log_path).orders
    found = done.warnings()
    assert not rules(found, LOOK_AHEAD)
    assert not rules(found, TROUBLE)


# ---- look-ahead ------------------------------------------------------------------------------------------------


def test_given_a_fill_before_its_decision_when_checked_then_it_is_look_ahead() -> None:
    history = a_history(a_story(600, (599.999, 10, 10_000)))
    assert rules(checks.look_ahead(history)) == ["fill_before_its_decision"]
    assert not checks.look_ahead(a_history(a_story(600, (600, 10, 10_000))))


def test_given_rows_heard_before_their_time_when_checked_then_it_is_look_ahead() -> None:
    history = a_history()
    history.ahead.append((7, at(61), at(60)))
    history.late_signals.append((at(61), at(60)))
    found = checks.look_ahead(history)
    assert rules(found) == ["row_from_the_future", "signal_from_the_future"]
    assert "event 7: rows up to 2026-01-13 09:01:01 heard at 09:01:00" in found[0].text
    live = replace(history.runs[0], config=replace(history.runs[0].config, mode="paper"))
    history.runs[0] = live
    assert not checks.look_ahead(history), "a live clock is not the venue's"


def test_given_attention_of_the_day_itself_when_checked_then_it_is_look_ahead() -> None:
    history = a_history()
    series = TrendReceived(
        SYMBOL, "naver", 1, UnixNanos(0), (TrendPoint("2026-01-12", 1.0), TrendPoint("2026-01-13", 9.0))
    )
    history.series.append(("2026-01-13", series))
    history.measured.append(("2026-01-13", AttentionMeasured(SYMBOL, "naver", "2026-01-13", 0.1, 2.0, "")))
    [found] = checks.look_ahead(history)
    assert (found.rule, found.count) == ("attention_of_the_same_day", 2)
    history.series[0] = ("2026-01-14", series)
    history.measured.clear()
    assert not checks.look_ahead(history)


def a_log_of(path: Path, *rows: Quote) -> History:
    """Write a log that holds one batch and nothing else."""
    from actors.core.core import to_record
    from actors.core.kernel import Kernel

    batch = QuoteBatch("r", 1, rows, 0, False, 0)
    numbered = Kernel([], "L").handle(
        QuotesReceived(batch, encode_batch(batch)), UnixNanos(rows[-1].venue_time), "test"
    )
    log = EventLog.open(path, create_id=lambda: "L", reserve_bytes=4096)
    log.commit([to_record(item, "r", codec()) for item in numbered], durable=False)
    log.close()
    return read_history(path)


def test_given_a_row_with_the_price_of_a_later_bar_when_checked_then_a_bar_was_used_before_its_end(
    done: Done, tmp_path: Path
) -> None:
    bars = lookup(done, the_bar(), the_bar(600 + MINUTE, 10_500, 10_600))
    honest = a_quote(10_000, at(630), symbol=SYMBOL)
    early = a_quote(10_550, at(640), symbol=SYMBOL)
    history = a_log_of(tmp_path / "a.db", honest, early)
    [found] = checks.rows_ahead(history, bars)
    assert (found.kind, found.rule, found.count) == (LOOK_AHEAD, "row_of_another_bar", 1)
    assert "10,550 at 2026-01-13 09:10:40" in found.text
    assert not checks.rows_ahead(a_log_of(tmp_path / "b.db", honest), bars)


# ---- fills -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "price", "shares", "rule"),
    [
        (Side.BUY, 9_980, 10, "better_than_the_bar"),
        (Side.SELL, 10_020, 10, "better_than_the_bar"),
        (Side.BUY, 10_020, 10, "worse_than_the_bar"),
        (Side.SELL, 9_980, 10, "worse_than_the_bar"),
        (Side.BUY, 10_000, 101, "more_than_the_bar_traded"),
        (Side.BUY, 9_990, 100, ""),
        (Side.SELL, 10_010, 100, ""),
    ],
)
def test_given_a_fill_when_its_bar_did_not_offer_it_then_it_is_unfillable(
    done: Done, side: Side, price: int, shares: int, rule: str
) -> None:
    story = a_story(620, (630, shares, price), side=side, purpose=Purpose.ENTRY)
    found = checks.unfillable(a_history(story), lookup(done, the_bar()))
    assert rules(found, UNFILLABLE) == ([rule] if rule else [])
    assert all(item.text.count("against us") == (rule == "worse_than_the_bar") for item in found)


def test_given_fills_of_two_orders_when_together_they_take_more_than_the_bar_then_it_is_unfillable(
    done: Done,
) -> None:
    stories = [a_story(seconds, (seconds + 1, 60, 10_000)) for seconds in (610, 620)]
    [found] = checks.unfillable(a_history(*stories), lookup(done, the_bar()))
    assert found.rule == "more_than_the_bar_traded"
    assert "ours are 120 shares of a bar that traded 100" in found.text


def test_given_a_fill_where_nothing_traded_when_checked_then_it_is_unfillable(done: Done) -> None:
    silent = a_history(a_story(700, (701, 10, 10_000)))
    assert rules(checks.unfillable(silent, lookup(done, the_bar()))) == ["nothing_traded"]
    assert rules(checks.unfillable(silent, lookup(done, the_bar(660, volume=0)))) == ["nothing_traded"]
    assert not checks.unfillable(silent, BarLookup([])), "recorded ticks without bars cannot tell"


def test_given_the_closing_cross_of_a_bar_until_the_close_when_looked_up_then_it_is_of_that_bar(
    done: Done,
) -> None:
    day: Recording = replace(done.day, bar_seconds=390 * MINUTE, bars={SYMBOL: [the_bar(0)]})
    close = at(390 * MINUTE)
    assert BarLookup([day]).at(SYMBOL, close + 20 * 10**9) == the_bar(0)
    assert BarLookup([day]).at(SYMBOL, close + 40 * 10**9) is None


# ---- data and trouble ------------------------------------------------------------------------------------------


def test_given_findings_on_two_days_when_put_together_then_each_rule_is_told_once(done: Done) -> None:
    first = checks.unfillable(a_history(a_story(620, (630, 10, 9_980))), lookup(done, the_bar()))
    [found] = checks._together([*first, *first, *first])
    assert (found.rule, found.count) == ("better_than_the_bar", 3)
    assert found.text.endswith("the bar traded from 9,990 to 10,010 (and 2 more)")


def test_given_defects_of_the_data_when_checked_then_each_is_told(done: Done) -> None:
    monday, friday = (
        DayRead(day, {"price <= 0": count}, (f"prices of {day} guessed",))
        for day, count in ((date(2026, 1, 12), 2), (date(2026, 1, 16), 1))
    )
    history = read_history(done.log_path)
    history.limits_unknown.add(SYMBOL)
    found = checks.data_defects(history, [monday, friday], {"000660": [date(2026, 1, 12)]}, {})
    texts = {item.rule: item.text for item in found if item.kind == DATA}
    assert texts["rows_refused"] == "3 rows of the file were left out: price <= 0"
    assert texts["said_by_the_reader"] == "prices of 2026-01-12 guessed (and 1 more)"
    assert texts["session_missing"] == "sessions without data: 2026-01-13, 2026-01-14, 2026-01-15"
    assert SYMBOL in texts["limits_unknown"]
    assert texts["symbol_absent"] == "not in the file: 000660 on 1 days"


def test_given_rows_the_quality_rules_flagged_when_checked_then_they_are_counted(tmp_path: Path) -> None:
    def counted_anew(rows: object) -> object:
        from backtest.batches import batches
        from backtest.plan import Pace

        for index, batch in enumerate(batches(rows, Pace())):  # type: ignore[call-overload]
            yield [row._replace(cumulative_volume=1) if index == 3 else row for row in batch]

    found = a_done(tmp_path, 560, cut=counted_anew).warnings()
    counted = [item for item in found if item.rule == "volume_fell"]
    assert [item.kind for item in counted] == [DATA]
    assert "flagged by volume_fell" in counted[0].text


def test_given_trouble_in_the_log_when_checked_then_it_is_told_by_kind() -> None:
    history = a_history()
    history.troubles += [Trouble(at(5), "RoleFailed", "role x failed"), Trouble(at(6), "RoleFailed", "role y failed")]
    history.troubles.append(Trouble(at(7), "StrategyBenched", "strategy s raised"))
    found = checks.troubles(history)
    assert [(item.rule, item.count) for item in found] == [
        ("RoleFailed", 2),
        ("StrategyBenched", 1),
        ("run_cut_off", 1),
    ]
    assert found[0].text == "2026-01-13 09:00:05 role x failed (and 1 more)"
    history.ended.append(RunEnded("r", "over; the orderly stop did not finish"))
    assert rules(checks.troubles(history))[-1] == "no_orderly_stop"


def test_given_a_strategy_that_raises_when_back_tested_then_the_warning_names_it(tmp_path: Path) -> None:
    from strategies.attention_momentum import AttentionMomentum

    def raises(*_: object) -> None:
        raise ZeroDivisionError("oops")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AttentionMomentum, "on_bar", raises)
        raised = a_done(tmp_path, 560)
    [found] = [item for item in raised.warnings() if item.kind == TROUBLE]
    assert found.rule == "StrategyBenched"
    assert "ZeroDivisionError: oops" in found.text
