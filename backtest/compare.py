"""Two logs held against each other, order by order: what is the same, what differs, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from backtest.align import Pair, align
from backtest.causes import Causes
from backtest.history import History, OrderStory
from domain.config import RunConfig

SAME, DIFFERS, ONLY_A, ONLY_B = "same", "differs", "only_a", "only_b"
# Of a configuration: where a broker listens, how links behave and how often books are compared says nothing about what
# was decided.
NOT_COMPARED = ("mode", "quotes_endpoint", "orders_endpoint", "link", "reconcile")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one order in both logs."""

    number: int  # from 1, in order of time
    pair: Pair
    verdict: str  # same, differs, only_a, only_b
    differences: tuple[str, ...]  # time, quantity, price, fills, end
    causes: tuple[str, ...]  # in words


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two logs."""

    a: History
    b: History
    settings: tuple[str, ...]  # what differs in the configuration, in words
    verdicts: tuple[Verdict, ...]
    names: tuple[str, str] = ("A", "B")  # what the logs are called in causes

    @property
    def counts(self) -> dict[str, int]:
        """Count the verdicts."""
        found = Counter(item.verdict for item in self.verdicts)
        return {name: found[name] for name in (SAME, DIFFERS, ONLY_A, ONLY_B)}

    @property
    def is_same(self) -> bool:
        """Tell whether both made the same orders with the same fills."""
        return all(item.verdict == SAME for item in self.verdicts)

    @property
    def first_difference(self) -> Verdict | None:
        """Give the first order that is not the same; what follows may follow from it."""
        return next((item for item in self.verdicts if item.verdict != SAME), None)

    @property
    def unexplained(self) -> int:
        """Count the orders that are not the same without a cause in the logs."""
        return sum(1 for item in self.verdicts if item.verdict != SAME and not item.causes)


def compare(a: History, b: History, names: tuple[str, str] = ("A", "B")) -> Comparison:
    """Align the orders of two logs and explain what is not the same. The verdicts say `a` and `b` for any names."""
    pairs = align(list(a.orders.values()), list(b.orders.values()))
    causes = Causes(a, b, names)
    verdicts: list[Verdict] = []
    for number, pair in enumerate(pairs, 1):
        found = differences(pair)
        verdict = SAME
        if pair.b is None or pair.a is None:
            verdict = ONLY_A if pair.b is None else ONLY_B
        elif found:
            verdict = DIFFERS
        why = () if verdict == SAME else tuple(causes.of(number, pair, found))
        verdicts.append(Verdict(number, pair, verdict, found, why))
        causes.note(number, pair, verdict != SAME)
    return Comparison(a, b, tuple(settings(a, b)), tuple(verdicts), names)


def differences(pair: Pair) -> tuple[str, ...]:
    """Name in what an order of both logs differs. When it was filled does not count, at which price and shares does."""
    a, b = pair
    if a is None or b is None:
        return ()
    found = []
    if a.approved.venue_time != b.approved.venue_time:
        found.append("time")
    if a.approved.quantity != b.approved.quantity:
        found.append("quantity")
    if a.approved.limit_price != b.approved.limit_price:
        found.append("price")
    if shares_at_prices(a) != shares_at_prices(b):
        found.append("fills")
    return tuple(found)


def shares_at_prices(story: OrderStory) -> dict[int, int]:
    """Give how many shares were filled at each price (KRW)."""
    found: Counter[int] = Counter()
    for fill in story.fills:
        found[fill.price] += fill.quantity
    return dict(found)


def settings(a: History, b: History) -> Iterator[str]:
    """Say in words what differs in the configurations two logs began with."""
    if not a.runs or not b.runs:
        yield "one of the logs holds no run"
        return
    first, second = a.runs[0].config, b.runs[0].config
    for item in fields(RunConfig):
        if item.name in NOT_COMPARED:
            continue
        left, right = getattr(first, item.name), getattr(second, item.name)
        if left != right:
            yield from _setting(item.name, left, right)


def _setting(name: str, left: Any, right: Any) -> Iterator[str]:
    if not hasattr(left, "__dataclass_fields__"):
        yield f"{name}: {left} against {right}"
        return
    for item in fields(left):
        mine, other = getattr(left, item.name), getattr(right, item.name)
        if mine != other:
            yield f"{name}.{item.name}: {mine} against {other}"
