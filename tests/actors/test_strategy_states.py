"""Every strategy built in: what a snapshot keeps is enough to go on alike, and nothing else moves it."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.core.role import Role
from actors.core.state import canonical, dump, load
from domain.bars import DAY_S, MINUTE_S, Bar
from domain.config import ParamValue
from domain.messages.run import RoleState
from domain.quotes import QuoteKind
from domain.types import Krw, Side, UnixNanos
from strategies.base import Argument, Day, Fill, Scene, Strategy
from strategies.registry import STRATEGIES
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, S, a_quote, a_scene, measured

NIGHT = 86_400 * S


LIVELY: dict[str, dict[str, ParamValue]] = {  # with these a few dozen minutes lead to entries and exits
    "attention_momentum": {
        "momentum_bars": 1, "momentum_min": 0.0005, "volume_bars": 5, "volume_min": 0.1, "most_against": 9,
        "cool_down_s": 0, "open_quiet_s": 0,
    },
    "opening_range_breakout": {"range_bars_min": 1, "margin_ppm": 0, "volume_times": 0.0, "widest_ppm": 300_000},
    "exit_fading": {"high_z": 0.1, "fading_share": 1.0},
}  # fmt: skip


def lively(name: str) -> Strategy:
    return STRATEGIES[name](LIVELY.get(name, {}))


class Keeper(Role):
    """Keeps one value."""

    NAME = "keeper"
    HEARS = ()
    SAYS = ()
    GIVEN: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value


def carried(strategy: Strategy) -> Strategy:
    """Give a strategy from what a snapshot of this one keeps."""
    again = Keeper()
    load(again, msgspec.json.decode(canonical(dump(Keeper(strategy))), type=RoleState))
    assert isinstance(again.value, Strategy)
    return again.value


Step = tuple[str, int, int]  # what happens, change of the price in ticks, shares or tenths of z
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bar"] * 40 + ["quote"] * 6 + ["buy", "sell"] * 2 + ["trend", "clock", "night", "reset"]),
        st.integers(-25, 25),
        st.integers(-30, 2_000),
    ),
    min_size=40,
    max_size=120,
)


class Market:
    """What a strategist would hand out: one symbol, its scene, the clock."""

    def __init__(self, minute: int) -> None:
        self.scene: Scene = a_scene()
        self.day: Day = DAY
        self.price, self.minute, self.sessions = 10_000, minute, 0

    def calls(self, step: Step) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Give the hooks to call and with what."""
        what, ticks, number = step
        scene = self.scene
        self.price = min(max(self.price + 10 * ticks, 7_100), 12_900)
        if what == "night" or self.minute >= 390:
            self.sessions, self.minute = self.sessions + 1, 0
            date = DAY.trading_date.replace(day=1 + (DAY.trading_date.day - 1 + self.sessions) % 28)
            times = (UnixNanos(at + self.sessions * NIGHT) for at in DAY[1:])
            self.day = Day(date, *times)
            scene.attention = scene.quote = None
            yield "on_day", (self.day,)
        at = OPEN + self.sessions * NIGHT + self.minute * MINUTE
        quote = a_quote(0, self.price)._replace(venue_time=at + MINUTE + S)
        scene.quote = quote._replace(kind=int(QuoteKind.AUCTION_TRADE)) if number % 17 == 0 else quote
        if what == "bar":
            self.minute += 1
            prices = (self.price, self.price + 20, self.price - 20, self.price, max(number, 0))
            yield "on_bar", (Bar(CODE, at, *prices, MINUTE_S), scene, self.day)
            yield "on_bar", (Bar(CODE, at - NIGHT, *prices, DAY_S), scene, self.day)
        elif what in ("buy", "sell"):
            shares = max(number, 1) if what == "buy" else -scene.quantity if number % 4 else -(scene.quantity // 2)
            scene.quantity += shares
            scene.cost_basis = Krw(scene.quantity * self.price)
            side = Side.BUY if shares > 0 else Side.SELL
            yield "on_fill", (Fill(CODE, side, abs(shares), Krw(self.price), UnixNanos(at)), scene)
        elif what == "trend":
            scene.attention = measured(None if number % 5 == 0 else number / 500, "naver" if number % 2 else "google")
            yield "on_trend", (scene.attention, scene)
        elif what == "clock":
            yield "on_clock", (UnixNanos(at), {CODE: scene}, self.day)
        elif what == "reset":
            yield "on_reset", (CODE, MINUTE_S if number % 2 else DAY_S)
        yield "on_quote", (scene.quote, scene, self.day)


def heard(strategy: Strategy, hook: str, args: tuple[Any, ...]) -> list[Argument]:
    if hook == "on_bar" and args[0].interval_s not in strategy.INTERVALS:
        return []
    return list(getattr(strategy, hook)(*args) or ())


@pytest.mark.parametrize("name", list(STRATEGIES))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, cut=st.integers(1, 39), minute=st.sampled_from([0, 0, 60, 340]))
def test_for_any_course_a_strategy_made_from_its_snapshot_goes_on_alike(
    name: str, steps: list[Step], cut: int, minute: int
) -> None:
    market, first, second = Market(minute), lively(name), lively(name)
    for strategy in (first, second):
        strategy.on_day(market.day)
    for number, step in enumerate(steps):
        if number == cut:
            second = carried(first)
        for hook, args in market.calls(step):
            said = heard(first, hook, args)
            assert heard(second, hook, args) == said
            assert all(argument.symbol == CODE for argument in said)
    assert canonical(dump(Keeper(first))) == canonical(dump(Keeper(second)))
