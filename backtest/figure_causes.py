"""Why a figure of one log differs from that of another: sums over orders, and what else the two logs say, in words.

A sum over orders is split into orders that one log alone made and orders that both made with another outcome; the parts
add up to the difference, and what is left over is named as such. What no fact explains gets no cause.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import Final

from backtest.compare import ONLY_A, ONLY_B, SAME, Comparison, Verdict
from backtest.history import History, OrderStory
from backtest.order_sums import FILLED, MEASURES, SIZED, Sums, kind_of, sums_of
from backtest.same_days import Told
from domain.order_work import BY_HAND
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND

NANOS_PER_MS: Final = 1_000_000
MOST_NAMED: Final = 3  # causes, reasons or symbols in one cell
_NUMBERS: Final = re.compile(r"[\d,.:]*\d")
# Figures that settings move: begins of the settings' names.
_SETTINGS: Final = {
    "orders": ("strategies", "risk.", "execution.", "symbols", "signals", "trends", "quality"),
    "signals": ("strategies", "symbols", "signals", "trends", "quality"),
    "orders_denied": ("risk.",),
    "fills": ("sim.", "execution."),
    "costs_krw": ("costs.",),
    "equity_end_krw": ("cash",),
    "quotes": ("symbols", "quality"),
}


class FigureCauses:
    """Explains one log against the first."""

    def __init__(self, first: Told, other: Told, pair: Comparison, shown: Callable[[str], str]) -> None:
        """Take both logs, their comparison order by order, and how a symbol is written."""
        self._a, self._b, self._pair, self._shown = first, other, pair, shown
        self._sums_a, self._sums_b = sums_of(first), sums_of(other)

    def of(self, key: str, first: float | None, other: float | None) -> Iterator[str]:
        """Give the causes of one figure that differs."""
        if first is None or other is None:
            yield self._untold(key, self._a if first is None else self._b)
            return
        if key in MEASURES:
            yield from self._by_orders(key, round(other - first))
        match key:
            case "orders":
                yield from self._orders()
            case "orders_by_hand":
                yield from self._people()
            case "orders_denied":
                yield from self._reasons()
            case "unrealized_pnl_krw":
                yield from self._holdings()
            case "equity_end_krw":
                yield from self._equity(round(other - first))
            case "day_loss_pct":
                yield from self._marks()
            case "decision_slippage_ppm" | "arrival_slippage_ppm":
                yield from self._slippage()
            case "reaction_ms_p50" | "reaction_ms_p99":
                yield f"orders measured: {self._both(lambda told: told.period.execution.reactions)}"
            case "signals":
                yield from self._signals()
            case "quotes":
                yield from self._quotes()
            case "batches":
                yield from self._batches()
            case "uptime_pct":
                yield from self._losses()
        yield from self._settings(key)

    # ---- orders and money --------------------------------------------------------------------------------------

    def _orders(self) -> Iterator[str]:
        for verdict, name in ((ONLY_A, self._a.name), (ONLY_B, self._b.name)):
            alone = [item for item in self._pair.verdicts if item.verdict == verdict]
            if alone:
                yield f"{len(alone):,} only in {name}{_mostly(alone)}"

    def _by_orders(self, key: str, difference: int) -> Iterator[str]:
        measure, unit = MEASURES[key]
        parts, counts = Counter[str](), Counter[str]()
        for item in self._pair.verdicts:
            a, b = (self._of(sums, story) for sums, story in zip((self._sums_a, self._sums_b), item.pair, strict=True))
            moved = measure(b) - measure(a)
            kind = kind_of(item)
            parts[kind] += moved
            counts[kind] += bool(moved)
        words = {
            ONLY_A: f"only in {self._a.name}",
            ONLY_B: f"only in {self._b.name}",
            SIZED: "in both, of another quantity",
            FILLED: "in both, filled otherwise",
        }
        for kind, text in words.items():
            if counts[kind]:
                yield f"{_orders(counts[kind])} {text}: {parts[kind]:+,}{unit}"
        rest = difference - sum(parts.values())
        if rest:
            yield f"not by orders decided here (earlier orders, revisions, corporate actions): {rest:+,}{unit}"
        if key == "realized_pnl_krw":
            yield from self._waits()

    @staticmethod
    def _of(sums: Mapping[str, Sums], story: OrderStory | None) -> Sums:
        return sums.get(story.approved.client_order_id, Sums()) if story is not None else Sums()

    def _waits(self) -> Iterator[str]:
        """Say how long orders that both made took to the venue, by the venue's clock."""
        waits: tuple[list[int], list[int]] = ([], [])
        for item in self._pair.verdicts:
            a, b = item.pair
            if a is not None and b is not None and a.reached_at and b.reached_at:
                for found, story in zip(waits, (a, b), strict=True):
                    found.append((story.reached_at - story.approved.venue_time) // NANOS_PER_MS)
        if waits[0] and _middle(waits[0]) != _middle(waits[1]):
            there, here = f"{_middle(waits[0]):,} ms after", f"{_middle(waits[1]):,} ms"
            yield f"orders reached the venue {there} their row in {self._a.name}, {here} in {self._b.name} (median)"

    def _people(self) -> Iterator[str]:
        a, b = (_by_hand(told.history) for told in (self._a, self._b))
        for person in sorted({*a, *b}):
            if a[person] != b[person]:
                yield f"by {person}: {a[person]:,} in {self._a.name}, {b[person]:,} in {self._b.name}"
        for told in (self._a, self._b):
            if told.is_backtest:
                yield f"{told.name} is a back-test: no person is in it"

    def _reasons(self) -> Iterator[str]:
        a, b = self._a.period.execution.denied, self._b.period.execution.denied
        apart = {reason: b.get(reason, 0) - a.get(reason, 0) for reason in {*a, *b}}
        for reason in sorted(apart, key=lambda name: (-abs(apart[name]), name))[:MOST_NAMED]:
            if apart[reason]:
                yield f"{reason}: {a.get(reason, 0):,} in {self._a.name}, {b.get(reason, 0):,} in {self._b.name}"

    def _holdings(self) -> Iterator[str]:
        a, b = _held(self._a.history), _held(self._b.history)
        apart = [symbol for symbol in sorted({*a, *b}) if a.get(symbol, 0) != b.get(symbol, 0)]
        for symbol in apart[:MOST_NAMED]:
            here, there = a.get(symbol, 0), b.get(symbol, 0)
            where = f"{here:,} shares at the end in {self._a.name}, {there:,} in {self._b.name}"
            yield f"{self._shown(symbol)}: {where}"
        if len(apart) > MOST_NAMED:
            yield f"{len(apart) - MOST_NAMED:,} more symbols held otherwise"
        if not apart and a:
            yield "the same shares at the end, bought or marked at other prices"

    def _equity(self, difference: int) -> Iterator[str]:
        parts = {
            "at the start": self._apart(lambda told: told.period.curve.lines[0].start_equity),
            "realised": self._apart(lambda told: sum(line.realized for line in told.period.curve.lines)),
            "unrealised": self._apart(lambda told: told.period.curve.lines[-1].unrealized),
            "money that came or left": self._apart(lambda told: sum(line.flow for line in told.period.curve.lines)),
        }
        parts["unrealised before, corporate actions, revisions"] = difference - sum(parts.values())
        for what, part in parts.items():
            if part:
                yield f"{what}: {part:+,} KRW"

    def _marks(self) -> Iterator[str]:
        realized = self._apart(lambda told: sum(line.realized for line in told.period.curve.lines))
        if realized:
            yield f"realised differs by {realized:+,} KRW"
        if self._apart(lambda told: len(told.period.curve.marks)):
            yield f"marks of equity: {self._both(lambda told: len(told.period.curve.marks))}"

    def _slippage(self) -> Iterator[str]:
        if self._apart(lambda told: told.period.execution.slips):
            yield f"fills measured: {self._both(lambda told: told.period.execution.slips)}"
        kinds = Counter(kind_of(item) for item in self._pair.verdicts if item.verdict != SAME)
        for kind, text in ((SIZED, "of another quantity"), (FILLED, "filled otherwise")):
            if kinds[kind]:
                yield f"{_orders(kinds[kind])} in both, {text}"
        yield from self._waits()

    # ---- what was heard ----------------------------------------------------------------------------------------

    def _signals(self) -> Iterator[str]:
        a, b = self._a.history, self._b.history
        if a.quotes != b.quotes:
            yield f"quotes heard: {self._both(lambda told: told.history.quotes)}"
        if any(mine != other for mine, other in zip(a.ends, b.ends, strict=False)):  # one may break off before
            yield "batches end elsewhere, and strategies decide at their ends"
        if a.signals != b.signals and set(a.signals) != set(b.signals):
            yield f"attention came from {_sources(a)} in {self._a.name}, from {_sources(b)} in {self._b.name}"

    def _batches(self) -> Iterator[str]:
        if self._apart(lambda told: told.history.quotes):
            yield f"quotes heard: {self._both(lambda told: told.history.quotes)}"
        if self._apart(lambda told: _middle(told.history.rows)):
            yield f"rows of a batch (median): {self._both(lambda told: _middle(told.history.rows))}"
        elif self._apart(lambda told: max(told.history.rows, default=0)):
            yield f"rows of the largest batch: {self._both(lambda told: max(told.history.rows, default=0))}"

    def _quotes(self) -> Iterator[str]:
        a, b = self._a.history, self._b.history
        if a.conflated != b.conflated:
            yield f"rows left out by the broker for a slow reader: {self._both(lambda told: told.history.conflated)}"
        for which, what in ((0, "began"), (-1, "ended")):
            if a.ends and b.ends and abs(a.ends[which] - b.ends[which]) >= NANOS_PER_SECOND:
                at = [kst_text(history.ends[which]) for history in (a, b)]
                yield f"quotes {what} at {at[0]} in {self._a.name}, {at[1]} in {self._b.name}"
        yield from self._losses("quotes")
        missing = sorted(a.served ^ b.served)
        if missing:
            named = ", ".join(map(self._shown, missing[:MOST_NAMED])) + (" and more" if missing[MOST_NAMED:] else "")
            yield f"served by one broker only: {named}"

    def _losses(self, link: str = "") -> Iterator[str]:
        for told in (self._a, self._b):
            lost = {name: times for name, times in told.period.connection.losses.items() if link in ("", name)}
            for name, times in sorted(lost.items()):
                longest = told.period.connection.longest_ms
                yield f"the {name} link was lost {times:,} times in {told.name}, links were away {longest:,} ms at most"

    # ---- inside ------------------------------------------------------------------------------------------------

    def _untold(self, key: str, told: Told) -> str:
        if told.is_backtest and key in ("uptime_pct", "reaction_ms_p50", "reaction_ms_p99"):
            return f"not told in {told.name}: a back-test has no line, and waits for none"
        if not told.period.curve.lines:
            return f"not told in {told.name}: no account was opened"
        if not told.period.execution.orders and key not in ("uptime_pct",):
            return f"not told in {told.name}: it made no order"
        return f"not told in {told.name}: nothing in the log measures it"

    def _settings(self, key: str) -> Iterator[str]:
        begins = _SETTINGS.get(key, ())
        yield from (f"settings differ: {text}" for text in self._pair.settings if begins and text.startswith(begins))

    def _both(self, of: Callable[[Told], int]) -> str:
        return f"{of(self._a):,} in {self._a.name}, {of(self._b):,} in {self._b.name}"

    def _apart(self, of: Callable[[Told], int]) -> int:
        return of(self._b) - of(self._a)


def _by_hand(history: History) -> Counter[str]:
    """Count the orders of each person."""
    origins = (story.approved.origin for story in history.orders.values())
    return Counter(origin.removeprefix(BY_HAND) for origin in origins if origin.startswith(BY_HAND))


def _held(history: History) -> dict[str, int]:
    held = {fill.symbol: fill.position_qty for fill in history.booked}
    return {symbol: shares for symbol, shares in held.items() if shares}


def _mostly(alone: list[Verdict]) -> str:
    """Give the cause that most of these orders have, by one of them."""
    kinds = Counter(_NUMBERS.sub("0", item.causes[0]) for item in alone if item.causes)
    if not kinds:
        return ""
    kind, times = kinds.most_common(1)[0]
    example = next(item.causes[0] for item in alone if item.causes and _NUMBERS.sub("0", item.causes[0]) == kind)
    return f": {example}" if len(alone) == 1 else f", {times:,} of them as this one: {example}"


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count:,} orders"


def _sources(history: History) -> str:
    return ", ".join(sorted(filter(None, history.signals))) or "nowhere"


def _middle(values: list[int]) -> int:
    return round(median(values)) if values else 0
