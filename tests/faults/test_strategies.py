"""A strategy that raises or gives garbage is left out; the others and the house go on."""

from asyncio import CancelledError
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from actors.roles.notifier import Notifier
from actors.roles.strategist import Strategist
from actors.roles.trading_day import TradingDay
from domain.config import SignalConfig, StrategyConfig
from domain.messages import Message
from domain.messages.market import AttentionMeasured
from domain.messages.run import RoleFailed
from domain.messages.trading import FillBooked, SignalFormed, StrategyBenched
from domain.quotes import Quote
from domain.signal_views import StrategiesQuery
from domain.types import ClientOrderId, Krw, LinkName, Purpose, Side, UnixNanos
from strategies.base import Argument, Day, Fill, Param, Scene, Sees, Strategy
from tests.actors.builders import SAMSUNG, House, a_quote, a_run, instruments, judged, link_is, opened, venue
from tests.faults.builders import day_of, notices

MINUTE = 60


def an_argument(**changes: Any) -> Argument:
    sound = Argument(SAMSUNG, Side.BUY, Purpose.ENTRY, 0.5, 0.9, 60, Krw(10_000), "unknown", (), "it rises")
    return replace(sound, **changes) if changes else sound


class Sound(Strategy):
    """Argues at each bar."""

    NAME = "sound"

    def on_bar(self, *_: Any) -> Iterable[Argument]:
        return (an_argument(),)

    def on_quote(self, *_: Any) -> Iterable[Argument]:
        return ()


class Faulty(Sound):
    """Does in one hook what it is told."""

    NAME = "faulty"
    hook, deed = "", staticmethod(lambda: None)

    def _do(self, hook: str) -> Any:
        return type(self).deed() if hook == type(self).hook else ()

    def on_day(self, *_: Any) -> Any:
        return self._do("on_day")

    def on_bar(self, *_: Any) -> Any:
        return self._do("on_bar")

    def on_quote(self, *_: Any) -> Any:
        return self._do("on_quote")

    def on_trend(self, *_: Any) -> Any:
        return self._do("on_trend")

    def on_fill(self, *_: Any) -> Any:
        return self._do("on_fill")

    def on_clock(self, *_: Any) -> Any:
        return self._do("on_clock")


def a_fill() -> FillBooked:
    zero, cost = Krw(0), Krw(100_000)
    order = ClientOrderId("o")
    at = UnixNanos(venue(30))
    return FillBooked(order, "t", SAMSUNG, Side.BUY, 10, Krw(10_000), cost, zero, zero, zero, 10, cost, zero, at)


def played(hook: str, deed: Any, owner: str = "faulty", made: Any = None) -> House:
    """Give a house in which `faulty` runs before `sound`, holds something, and saw every kind of message."""
    body = {"hook": hook, "deed": staticmethod(deed)} | ({"__init__": made} if made else {})
    kind: Any = type("Faulty", (Faulty,), body)
    known: dict[str, type[Strategy]] = {"faulty": kind, "sound": Sound}
    house = House(Notifier(), TradingDay(), Strategist(known))
    configs = tuple(StrategyConfig(name) for name in known)
    house.hear(a_run(strategies=configs), opened(LinkName.QUOTES), instruments())
    house.hear(*(link_is(name) for name in LinkName), judged(a_quote(1)))
    house.hear(AttentionMeasured(SAMSUNG, "x", "", None, None, ""))
    tracks: Any = house.core.kernel.role("strategist")
    tracks._tracks[SAMSUNG].scene.owner = owner
    house.hear(a_fill())
    for minute in range(1, 4):
        house.hear(judged(a_quote(minute * MINUTE + 1)))
    return house


def raises(error: BaseException) -> Any:
    def deed() -> Any:
        raise error

    return deed


HOOKS = ["on_day", "on_bar", "on_quote", "on_trend", "on_fill", "on_clock"]


@pytest.mark.parametrize("hook", HOOKS)
def test_given_a_strategy_whose_hook_raises_when_called_then_it_alone_is_benched_and_a_person_reads_it(
    hook: str,
) -> None:
    house = played(hook, raises(KeyError("price")))
    [benched] = house.said(StrategyBenched)
    assert (benched.strategy, benched.error) == ("faulty", "KeyError: 'price'")
    assert notices(house, "strategy/") == [
        f"Strategy faulty is benched since event {benched.at_seq}: KeyError: 'price'."
    ]
    goes_on(house)


def goes_on(house: House) -> None:
    assert house.said(RoleFailed) == []
    assert day_of(house).state == "TRADING"
    assert {signal.strategy for signal in house.said(SignalFormed)} == {"sound"}


class Mute(Exception):
    """Cannot say itself."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def deepens(depth: int = 0) -> Any:
    return deepens(depth + 1)


def generates(error: BaseException) -> Any:
    def deed() -> Any:
        yield an_argument()
        raise error

    return deed


MISDEEDS: dict[str, tuple[Any, str]] = {
    "recursion without end": (deepens, "RecursionError: maximum recursion depth exceeded"),
    "memory": (raises(MemoryError("all of it")), "MemoryError: all of it"),
    "leaving the process": (raises(SystemExit(3)), "SystemExit: 3"),
    "an error that is no Exception": (raises(CancelledError("late")), "CancelledError: late"),
    "an error that cannot say itself": (raises(Mute()), "Mute: (it raises when asked what it says)"),
    "an error no log can keep": (raises(ValueError("half \ud800 of it")), "ValueError: half ? of it"),
    "an error without end": (raises(ValueError("x" * 10_000)), "ValueError: " + "x" * 288),
    "a generator that argues and raises": (generates(KeyError("late")), "KeyError: 'late'"),
    "a generator that argues and leaves": (generates(SystemExit("bye")), "SystemExit: bye"),
}


@pytest.mark.parametrize("what", MISDEEDS)
@pytest.mark.parametrize("hook", HOOKS)
def test_given_a_strategy_that_does_its_worst_when_called_then_it_alone_is_benched(what: str, hook: str) -> None:
    deed, error = MISDEEDS[what]
    house = played(hook, deed)
    [benched] = house.said(StrategyBenched)
    assert benched.error.startswith(error)
    assert len(benched.error) <= 300
    goes_on(house)


def test_given_a_strategy_that_argues_without_end_when_called_then_it_is_benched() -> None:
    house = played("on_bar", lambda: iter(an_argument, None))
    [benched] = house.said(StrategyBenched)
    assert benched.error == "gave more than 10,000 arguments at once"
    goes_on(house)


def test_given_a_strategy_that_raises_when_made_then_it_alone_is_benched() -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError("made")

    house = played("", None, made=fails)
    assert [item.error for item in house.said(StrategyBenched)] == ["ZeroDivisionError: made"]
    [faulty, sound] = house.core.kernel.role("strategist").view(StrategiesQuery())
    assert (faulty.error, faulty.params, sound.error) == ("ZeroDivisionError: made", (), "")
    goes_on(house)


def test_given_a_log_whose_strategy_is_installed_no_more_when_folded_then_it_alone_is_benched() -> None:
    house = House(Notifier(), TradingDay(), Strategist({"sound": Sound}))
    configs = (StrategyConfig("gone", {"bars": 5}, code="owls 1.2"), StrategyConfig("sound"))
    house.hear(a_run(strategies=configs), opened(LinkName.QUOTES), instruments())
    house.hear(*(link_is(name) for name in LinkName))
    for minute in range(4):
        house.hear(judged(a_quote(minute * MINUTE + 1)))
    [benched] = house.said(StrategyBenched)
    assert (benched.strategy, benched.error) == ("gone", "ConfigError: strategy expected one of sound, was 'gone'")
    goes_on(house)
    house.hear(a_run(strategies=configs[1:]), judged(a_quote(5 * MINUTE)))
    assert [item.strategy for item in house.said(StrategyBenched)] == ["gone"], "a later run without it is whole"


def test_given_arguments_and_a_raise_in_one_message_when_handled_then_what_was_argued_in_it_is_dropped() -> None:
    kind: Any = type("Faulty", (Faulty,), {"hook": "on_quote", "deed": staticmethod(raises(KeyError("x")))})
    kind.on_bar = Sound.on_bar
    kind.SEES = Sees.WATCHED
    house = House(TradingDay(), Strategist({"faulty": kind}))
    house.hear(a_run(strategies=(StrategyConfig("faulty"),)), opened(LinkName.QUOTES), instruments())
    house.hear(*(link_is(name) for name in LinkName))
    strategist: Any = house.core.kernel.role("strategist")
    strategist._bench.strategies["faulty"].on_quote = lambda *_: ()
    house.hear(judged(a_quote(1)))
    del strategist._bench.strategies["faulty"].on_quote
    house.hear(judged(a_quote(MINUTE + 1)))
    assert [type(item) for item in house.said(StrategyBenched, SignalFormed)] == [StrategyBenched]


# ---- whose holdings nobody runs for ----------------------------------------------------------------------------------


class Guard(Strategy):
    """Sells at the first quote it sees."""

    NAME = "guard"
    SEES = Sees.EVERY_HOLDING

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.told: list[tuple[str, int]] = []

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        self.told.append((fill.symbol, scene.quantity))

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        return (replace(an_argument(), side=Side.SELL, purpose=Purpose.EXIT),) if quote.price < 9_000 else ()


def with_a_guard(rescue: bool, *guards: StrategyConfig) -> House:
    """Give a house in which `faulty` holds something and is benched at the next bar."""
    kind: Any = type("Faulty", (Faulty,), {"hook": "on_bar", "deed": staticmethod(raises(KeyError("price")))})
    known: dict[str, type[Strategy]] = {"faulty": kind, "guard": Guard}
    house = House(Notifier(), TradingDay(), Strategist(known))
    strategies = (StrategyConfig("faulty"), *guards)
    house.hear(a_run(strategies=strategies, signals=SignalConfig(rescue_benched=rescue)))
    house.hear(opened(LinkName.QUOTES), instruments(), *(link_is(name) for name in LinkName), judged(a_quote(1)))
    tracks: Any = house.core.kernel.role("strategist")
    tracks._tracks[SAMSUNG].scene.owner = "faulty"
    house.hear(a_fill(), judged(a_quote(MINUTE + 1)))
    return house


def test_given_exit_strategies_when_the_owner_of_a_holding_is_benched_then_they_are_named_and_sell_it() -> None:
    house = with_a_guard(True, StrategyConfig("guard"))
    [benched] = house.said(StrategyBenched)
    assert (benched.holdings, benched.guards) == ((SAMSUNG,), ("guard",))
    [notice] = notices(house, "strategy/")
    assert notice.endswith("KeyError: 'price'. What it leaves behind is guarded by guard: 005930.")
    house.hear(judged(a_quote(MINUTE + 2, 8_990)))
    [signal] = house.said(SignalFormed)
    assert (signal.strategy, signal.purpose, signal.symbol) == ("guard", Purpose.EXIT, SAMSUNG)


@pytest.mark.parametrize("rescue", [True, False])
def test_given_an_exit_strategy_of_other_symbols_when_an_owner_is_benched_then_it_takes_over_where_it_is_configured(
    rescue: bool,
) -> None:
    house = with_a_guard(rescue, StrategyConfig("guard", {}, ("000660",)))
    strategist: Any = house.core.kernel.role("strategist")
    assert strategist._bench.strategies["guard"].told == ([(SAMSUNG, 10)] if rescue else [])
    house.hear(judged(a_quote(MINUTE + 2, 8_990)))
    assert len(house.said(SignalFormed)) == rescue


def test_given_no_exit_strategy_when_the_owner_of_a_holding_is_benched_then_a_person_reads_that_nobody_guards_it(
) -> None:  # fmt: skip
    house = with_a_guard(True)
    [notice] = notices(house, "strategy/")
    assert notice.endswith("Nobody guards what it leaves behind: 005930. Sell by hand, or all with `hantrade flatten`.")


def test_given_the_last_guard_when_it_is_benched_too_then_a_person_reads_that_nobody_guards_it() -> None:
    house = with_a_guard(True, StrategyConfig("guard"))
    strategist: Any = house.core.kernel.role("strategist")
    strategist._bench.strategies["guard"].on_quote = raises(KeyError("mine"))
    house.hear(judged(a_quote(MINUTE + 2)))
    _, second = house.said(StrategyBenched)
    assert (second.strategy, second.holdings, second.guards) == ("guard", (SAMSUNG,), ())
    assert "Nobody guards" in notices(house, "strategy/guard")[-1]


def test_given_no_rescue_when_an_owner_is_benched_then_it_is_said_as_before() -> None:
    house = with_a_guard(False, StrategyConfig("guard"))
    [benched] = house.said(StrategyBenched)
    assert benched == StrategyBenched("faulty", "KeyError: 'price'", benched.at_seq)


def hollow() -> Argument:
    return object.__new__(Argument)


def changed(name: str, value: object) -> Argument:
    argument = an_argument()
    object.__setattr__(argument, name, value)
    return argument


class Evasive(Argument):
    """Says another thing each time it is asked."""

    @property
    def symbol(self) -> str:
        """Raise."""
        raise KeyError("symbol")


def test_given_a_strategy_that_spoils_its_parameters_when_strategies_are_listed_then_they_are_as_configured() -> None:
    class Careless(Sound):
        PARAMS = (Param("bars", 5, 1, 9, "bars"),)

        def on_bar(self, *_: Any) -> Iterable[Argument]:
            self.params = {"bars": object()}  # type: ignore[dict-item]
            return ()

    house = House(TradingDay(), Strategist({"sound": Careless}))
    house.hear(a_run(strategies=(StrategyConfig("sound", {"bars": 7}),)), opened(LinkName.QUOTES), instruments())
    house.hear(*(link_is(name) for name in LinkName), judged(a_quote(1)), judged(a_quote(MINUTE + 1)))
    [view] = house.core.kernel.role("strategist").view(StrategiesQuery())
    assert [(param.name, param.value) for param in view.params] == [("bars", 7)]


class NotAnArgument:
    symbol, purpose = SAMSUNG, Purpose.ENTRY


GARBAGE: dict[str, Any] = {
    "a number": lambda: 5,
    "text": lambda: "buy",
    "none inside": lambda: [None],
    "another type": lambda: [NotAnArgument()],
    "another instrument": lambda: [an_argument(symbol="000660")],
    "not a number": lambda: [an_argument(strength=float("nan"))],
    "a price in fractions": lambda: [an_argument(limit_price=10_000.5)],
    "a side in text": lambda: [an_argument(side="BUY")],
    "a purpose in text": lambda: [an_argument(purpose="ENTRY")],
    "inputs that are none": lambda: [an_argument(inputs=("z",))],
    "a generator that raises": lambda: (1 // zero for zero in [0]),
    "an argument that was never made": lambda: [hollow()],
    "an argument changed since it was made": lambda: [changed("confidence", float("nan"))],
    "an argument that hides its symbol": lambda: [object.__new__(Evasive)],
    "good, then garbage": lambda: [an_argument(), None],
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("hook", ["on_bar", "on_quote", "on_clock"])
def test_given_a_strategy_that_gives_garbage_when_it_does_then_it_alone_is_benched(what: str, hook: str) -> None:
    house = played(hook, GARBAGE[what])
    assert [item.strategy for item in house.said(StrategyBenched)] == ["faulty"]
    goes_on(house)


def test_given_a_strategy_that_argues_ten_thousand_times_when_it_does_then_one_signal_is_formed() -> None:
    house = played("on_bar", lambda: [an_argument()] * 10_000, owner="gone")
    seen: list[Message] = house.said(SignalFormed)
    assert len(seen) == 3, "one per bar"
    assert house.said(RoleFailed) == []


def test_given_nothing_when_a_strategy_gives_none_then_it_is_as_good_as_no_argument() -> None:
    house = played("on_bar", lambda: None, owner="gone")
    assert house.said(StrategyBenched) == []
    goes_on(house)
