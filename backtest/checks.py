"""What is wrong with a back-test, as far as its log and its data can tell. Every check here can fail; tests plant each.

*Look-ahead*: something was known before it had happened. Always a bug of the machinery or of the data.
*Unfillable*: a fill the recorded market did not offer. The profit of such a trade is not to be believed.
*Data*: what is missing or broken in the data, or had to be assumed.
*Trouble*: what stopped or limited trading.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from backtest.bar_lookup import BarLookup
from backtest.history import History, OrderStory
from backtest.run import DayRead, codec
from broker_sim.recording import Recording
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import regular_session
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.quotes import Quote, QuoteKind
from domain.time import kst_full_text, kst_text
from domain.types import Side
from persistence.reader import LogReader

LOOK_AHEAD, UNFILLABLE, DATA, TROUBLE = "look_ahead", "unfillable", "data", "trouble"
NAMED: Final = 5  # symbols or days named in a warning; the rest is counted
BOOK: Final = int(QuoteKind.BOOK)
BY_DAY: Final = (
    "row_of_another_bar",
    "better_than_the_bar",
    "more_than_the_bar_traded",
    "nothing_traded",
    "worse_than_the_bar",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding: how often, and the first in words."""

    kind: str  # look_ahead, unfillable, data, trouble
    rule: str
    count: int
    text: str
    first: str = ""  # the first alone


def warnings_of(
    history: History,
    days: Sequence[DayRead],
    recordings: Iterable[Recording],
    absent: dict[str, list[date]],
    overrides: Overrides = NO_OVERRIDES,
) -> list[Finding]:
    """Give every finding, the gravest kinds first. `recordings` are the days once more, in turn. Raises LogError."""
    by_day: list[Finding] = []
    for recording in recordings:
        bars = BarLookup([recording])
        by_day += [*rows_ahead(history, bars), *unfillable(history, bars)]
    found = _together(by_day)
    return [
        *look_ahead(history),
        *(item for item in found if item.kind == LOOK_AHEAD),
        *(item for item in found if item.kind != LOOK_AHEAD),
        *data_defects(history, days, absent, overrides),
        *troubles(history),
    ]


def _together(found: Iterable[Finding]) -> list[Finding]:
    """Make one finding of those of one rule on several days, in the order of the rules."""
    by_rule: dict[str, list[Finding]] = {rule: [] for rule in BY_DAY}
    for item in found:
        by_rule[item.rule].append(item)
    return [
        Finding(items[0].kind, rule, count, _and_more(items[0].first, count))
        for rule, items in by_rule.items()
        if items
        for count in (sum(item.count for item in items),)
    ]


# ---- look-ahead ------------------------------------------------------------------------------------------------


def look_ahead(history: History) -> list[Finding]:
    """Find what was known before it happened. Only a log on venue time can tell of its quotes."""
    found: list[Finding] = []
    if history.has_venue_clock:
        heard = [
            f"event {seq}: rows up to {kst_full_text(at)} heard at {kst_text(now)}" for seq, at, now in history.ahead
        ]
        found += _finding(LOOK_AHEAD, "row_from_the_future", heard)
        formed = [f"a signal of {kst_full_text(at)} formed at {kst_text(now)}" for at, now in history.late_signals]
        found += _finding(LOOK_AHEAD, "signal_from_the_future", formed)
    early = [
        f"{_order(story)}: decided at {kst_text(_decided(history, story))}, filled at {kst_text(fill.venue_time)}"
        for story in history.orders.values()
        for fill in story.fills
        if fill.venue_time < _decided(history, story)
    ]
    found += _finding(LOOK_AHEAD, "fill_before_its_decision", early)
    series = [
        f"the series of {item.symbol} for {day} has a point of {item.points[-1].day}"
        for day, item in history.series
        if day and item.points and item.points[-1].day >= day
    ]
    measured = [
        f"attention to {item.symbol} on {day} used {item.as_of}"
        for day, item in history.measured
        if day and item.as_of and item.as_of >= day
    ]
    return found + _finding(LOOK_AHEAD, "attention_of_the_same_day", [*series, *measured])


def _decided(history: History, story: OrderStory) -> int:
    """Give the moment of a decision on the venue's clock: the row it was about, or the clock of a back-test."""
    return story.recorded_at if history.has_venue_clock else story.approved.venue_time


def rows_ahead(history: History, bars: BarLookup) -> list[Finding]:
    """Find rows that show a price their own bar never had: a strategy that hears one knows of another bar."""
    found = []
    with LogReader(history.path, codec()) as reader:
        for record in reader.events(type=QuotesReceived.__name__, since=bars.since, until=bars.until):
            message = reader.decode(record)
            if not isinstance(message, QuotesReceived):
                continue
            for row in message.batch.rows:
                if row.kind != BOOK and bars.knows(row.symbol, row.venue_time) and not _is_of_its_bar(row, bars):
                    found.append(
                        f"event {record.seq}: {row.symbol} at {row.price:,} at {kst_full_text(row.venue_time)}"
                    )
    return _finding(LOOK_AHEAD, "row_of_another_bar", found)


def _is_of_its_bar(row: Quote, bars: BarLookup) -> bool:
    bar = bars.at(row.symbol, row.venue_time)
    return bar is not None and bar.low <= row.price <= bar.high


# ---- fills -----------------------------------------------------------------------------------------------------


def unfillable(history: History, bars: BarLookup) -> list[Finding]:
    """Find fills better than anything traded in their bar, fills in silence, and fills of too many shares."""
    better, silent, too_many, worse = [], [], [], []
    taken: Counter[tuple[str, int]] = Counter()
    for story in history.orders.values():
        symbol, side = story.approved.symbol, story.approved.side
        for fill in story.fills:
            if not bars.knows(symbol, fill.venue_time):
                continue
            bar = bars.at(symbol, fill.venue_time)
            said = f"{_order(story)}: {fill.quantity:,} at {fill.price:,} at {kst_full_text(fill.venue_time)}"
            if bar is None or not bar.volume:
                silent.append(f"{said}, no trade was recorded in that bar")
                continue
            span = f"the bar traded from {bar.low:,} to {bar.high:,}"
            if (fill.price < bar.low) if side is Side.BUY else (fill.price > bar.high):
                better.append(f"{said}, {span}")
            elif not bar.low <= fill.price <= bar.high:
                worse.append(f"{said}, {span} (against us: across a made-up spread)")
            taken[symbol, bar.start] += fill.quantity
            if taken[symbol, bar.start] > bar.volume:
                ours = taken[symbol, bar.start]
                too_many.append(f"{said}, ours are {ours:,} shares of a bar that traded {bar.volume:,}")
    return [
        *_finding(UNFILLABLE, "better_than_the_bar", better),
        *_finding(UNFILLABLE, "more_than_the_bar_traded", too_many),
        *_finding(UNFILLABLE, "nothing_traded", silent),
        *_finding(UNFILLABLE, "worse_than_the_bar", worse),
    ]


# ---- data ------------------------------------------------------------------------------------------------------


def data_defects(
    history: History, days: Sequence[DayRead], absent: dict[str, list[date]], overrides: Overrides
) -> list[Finding]:
    """Tell what of the data was refused, is missing, or had to be assumed."""
    refused: Counter[str] = Counter()
    for read in days:
        refused.update(read.refused)
    found = [
        Finding(DATA, "rows_refused", count, f"{count:,} rows of the file were left out: {reason}")
        for reason, count in sorted(refused.items())
    ]
    found += _judged(history)
    found += _calendar([read.day for read in days], overrides)
    if history.limits_unknown:
        names = _named(sorted(history.limits_unknown))
        text = f"no previous close, so no daily limits, on at least one day: {names}"
        found.append(Finding(DATA, "limits_unknown", len(history.limits_unknown), text))
    found += _said(days)
    gone = [f"{code} on {len(on)} days" for code, on in sorted(absent.items())]
    if gone:
        found.append(Finding(DATA, "symbol_absent", len(gone), f"not in the file: {_named(gone)}"))
    return found


def _said(days: Sequence[DayRead]) -> list[Finding]:
    """Pass on what the reader of the file says; what it says of every day is told once."""
    said: dict[str, list[str]] = {}
    for read in days:
        for text in read.warnings:
            said.setdefault(text.replace(read.day.isoformat(), "DAY"), []).append(text)
    return [item for texts in said.values() for item in _finding(DATA, "said_by_the_reader", texts)]


def _judged(history: History) -> list[Finding]:
    """Count the verdicts of the quality rules."""
    counts: Counter[tuple[str, bool]] = Counter()
    first: dict[tuple[str, bool], str] = {}
    with LogReader(history.path, codec()) as reader:
        for record in reader.events(type=QuotesJudged.__name__, raw=False):
            if b'"verdicts":[]' in record.payload:
                continue
            message = reader.decode(record)
            if isinstance(message, QuotesJudged):
                for verdict in message.verdicts:
                    key = (verdict.rule, verdict.refused)
                    counts[key] += 1
                    first.setdefault(key, f"{verdict.symbol}: {verdict.detail}")
    return [
        Finding(
            DATA, rule, count, f"{count:,} rows {'refused' if refused else 'flagged'} by {rule}, first {first[key]}"
        )
        for key, count in sorted(counts.items())
        for rule, refused in (key,)
    ]


def _calendar(days: Sequence[date], overrides: Overrides) -> list[Finding]:
    if not days:
        return []
    have, missing, day = set(days), [], days[0]
    while day <= days[-1]:
        if day not in have and regular_session(day, overrides) is not None:
            missing.append(day.isoformat())
        day += timedelta(days=1)
    if not missing:
        return []
    return [Finding(DATA, "session_missing", len(missing), f"sessions without data: {_named(missing)}")]


# ---- trouble ---------------------------------------------------------------------------------------------------


def troubles(history: History) -> list[Finding]:
    """Tell what stopped or limited trading."""
    found = []
    for kind in dict.fromkeys(item.kind for item in history.troubles):
        texts = [f"{kst_full_text(item.venue_time)} {item.text}" for item in history.troubles if item.kind == kind]
        found += _finding(TROUBLE, kind, texts)
    unfinished = [run.run_id for run in history.runs if run.run_id not in {end.run_id for end in history.ended}]
    found += _finding(TROUBLE, "run_cut_off", [f"run {name} has no end" for name in unfinished])
    disorderly = [end.reason for end in history.ended if "did not finish" in end.reason]
    return found + _finding(TROUBLE, "no_orderly_stop", disorderly)


# ---- words -----------------------------------------------------------------------------------------------------


def _finding(kind: str, rule: str, texts: Sequence[str]) -> list[Finding]:
    return [Finding(kind, rule, len(texts), _and_more(texts[0], len(texts)), texts[0])] if texts else []


def _and_more(first: str, count: int) -> str:
    return f"{first} (and {count - 1:,} more)" if count > 1 else first


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _order(story: OrderStory) -> str:
    order = story.approved
    return f"{order.side.lower()} of {order.symbol} ({order.client_order_id})"
