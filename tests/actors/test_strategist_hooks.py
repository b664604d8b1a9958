"""The strategist's hooks: who hears what, several strategies side by side, the rules an argument must meet."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from actors.core.state import dump, load
from actors.roles.strategist import Strategist
from domain.bars import DAY_S, MINUTE_S, Bar
from domain.config import RunConfig, SignalConfig, StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.market import AttentionMeasured
from domain.messages.run import RunStarted
from domain.messages.trading import SessionPlanned, SignalFormed, SignalInput, StrategyBenched
from domain.quotes import Quote
from domain.signal_views import StrategiesQuery
from domain.status import SignalsQuery
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.base import Argument, Day, Fill, Param, Scene, Searches, Sees, Strategy
from tests.actors.test_strategist import PLANNED, SERVED, a_fill, an_order, batches, day, judged, play
from tests.strategies.builders import CODE, MINUTE, OPEN, S, a_quote, measured

OTHER = "005930"


class Noting(Strategy):
    """Notes every hook, and argues for what a test put into its class."""

    NAME = "noting"
    ARGUES: ClassVar[Mapping[str, Any]] = {}  # hook -> arguments

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.heard: list[tuple[Any, ...]] = []

    def _note(self, hook: str, *what: Any) -> Iterable[Argument]:
        self.heard.append((hook, *what))
        return tuple(type(self).ARGUES.get(hook, ()))

    def on_day(self, day: Day) -> None:
        self._note("day")

    def on_trend(self, measured: AttentionMeasured, scene: Scene) -> None:
        self._note("trend", measured.symbol)

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        return self._note("bar", bar.symbol, bar.start)

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        return self._note("quote", quote.symbol, quote.venue_time)

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        self._note("fill", fill.symbol, fill.last_qty, scene.quantity)

    def on_reset(self, symbol: str, interval_s: int) -> None:
        self._note("reset", symbol, interval_s)

    def on_clock(self, now: UnixNanos, scenes: Mapping[str, Scene], day: Day) -> Iterable[Argument]:
        return self._note("clock", now, tuple(scenes))


def a_kind(name: str = "noting", **changes: Any) -> dict[str, type[Strategy]]:
    """Give one kind of strategy by its name."""
    argues = changes.pop("argues", {})
    return {name: type(name, (Noting,), {"NAME": name, "ARGUES": argues, "__module__": __name__} | changes)}


def an_entry(symbol: str = CODE, **changes: Any) -> Argument:
    sound = Argument(symbol, Side.BUY, Purpose.ENTRY, 0.5, 0.6, 60, Krw(10_000), "unknown", (), "it rises")
    return replace(sound, **changes)


def an_exit(symbol: str = CODE) -> Argument:
    return Argument(symbol, Side.SELL, Purpose.EXIT, 1.0, 1.0, 0, Krw(10_000), "unknown", (), "enough")


def a_run(
    kinds: Mapping[str, Any], rules: SignalConfig | None = None, symbols: Mapping[str, tuple[str, ...]] | None = None
) -> RunStarted:
    seen = symbols or {}
    configs = tuple(StrategyConfig(name, {}, seen.get(name, ()), "test 1") for name in kinds)
    return RunStarted("r", "0", RunConfig("paper", strategies=configs, signals=rules or SignalConfig()))


def a_role(
    kinds: Mapping[str, Any], rules: SignalConfig | None = None, symbols: Mapping[str, tuple[str, ...]] | None = None
) -> Strategist:
    role = Strategist(kinds)
    assert play(role, [a_run(kinds, rules, symbols), SERVED, PLANNED, day("TRADING")]) == []
    return role


def heard(role: Strategist, name: str, *hooks: str) -> list[tuple[Any, ...]]:
    strategy: Any = role._bench.strategies[name]
    return [item for item in strategy.heard if item[0] in hooks]


def own(role: Strategist, name: str, quantity: int = 100, minute: float = 0.5) -> None:
    """Let a strategy buy."""
    signal = SignalFormed(
        name, CODE, Side.BUY, Purpose.ENTRY, 0.5, 0.6, 60, Krw(10_000), Krw(10_000), "unknown", (), "", UnixNanos(OPEN)
    )
    role.evolve(signal, Stamp(1, OPEN, "L"))
    assert play(role, [an_order("WORKING"), a_fill(quantity, minute, 10_000), an_order("FILLED")]) == []


def tomorrow() -> SessionPlanned:
    later = 24 * 3600 * S
    opens, auction, closes = PLANNED.open_time, PLANNED.close_auction_time, PLANNED.close_time
    times = (UnixNanos(opens + later), UnixNanos(auction + later), UnixNanos(closes + later))
    return SessionPlanned("2026-01-14", True, *times, False)


def signals(said: list[Message]) -> list[tuple[str, str, Purpose]]:
    return [(item.strategy, item.symbol, item.purpose) for item in said if isinstance(item, SignalFormed)]


# ---- who hears what --------------------------------------------------------------------------------------------------


def test_given_lengths_of_bars_when_minutes_end_then_only_who_takes_minutes_is_given_them() -> None:
    role = a_role(a_kind("minutes", INTERVALS=(MINUTE_S,)) | a_kind("days", INTERVALS=(DAY_S,)))
    play(role, batches([a_quote(0.1), a_quote(1.1), a_quote(2.1)], 2))
    assert heard(role, "minutes", "bar") == [("bar", CODE, OPEN), ("bar", CODE, OPEN + MINUTE)]
    assert heard(role, "days", "bar") == []


@pytest.mark.parametrize(
    ("sees", "others", "own_one", "nobodys"),
    [(Sees.OWN_HOLDINGS, 0, 1, 0), (Sees.EVERY_HOLDING, 1, 1, 0), (Sees.WATCHED, 1, 1, 1)],
)
def test_given_whose_quotes_a_strategy_sees_when_rows_come_then_it_is_given_those(
    sees: Sees, others: int, own_one: int, nobodys: int
) -> None:
    for owner, expected in (("buyer", others), ("seeing", own_one), ("", nobodys)):
        role = a_role(a_kind("buyer") | a_kind("seeing", SEES=sees))
        if owner:
            own(role, owner)
        else:
            play(role, [a_fill(100, 0.5)])
        play(role, [judged([a_quote(1), a_quote(1, symbol=OTHER)])])
        of_it = [item for item in heard(role, "seeing", "quote") if item[1] == CODE]
        assert len(of_it) == expected, f"held by {owner or 'a person'}"
        assert len(heard(role, "seeing", "quote")) - len(of_it) == (sees is Sees.WATCHED)
        assert len(heard(role, "buyer", "quote")) == (owner == "buyer")


def test_given_holdings_when_filled_then_the_owner_and_who_sees_every_holding_hear_of_it() -> None:
    role = a_role(a_kind("buyer") | a_kind("guard", SEES=Sees.EVERY_HOLDING) | a_kind("looking", SEES=Sees.WATCHED))
    own(role, "buyer")
    play(role, [an_order("WORKING", Purpose.EXIT, "e"), a_fill(0, 2), an_order("FILLED", Purpose.EXIT, "e")])
    told = [("fill", CODE, 100, 100), ("fill", CODE, 100, 0)]
    assert [heard(role, name, "fill") for name in ("buyer", "guard", "looking")] == [told, told, []]
    assert role._tracks[CODE].scene.owner == ""


def test_given_symbols_a_strategy_sees_when_anything_comes_then_it_hears_of_these_only() -> None:
    role = a_role(a_kind("all", SEES=Sees.WATCHED) | a_kind("one", SEES=Sees.WATCHED), symbols={"one": (OTHER,)})
    play(role, [measured(1.0), measured(1.0, symbol=OTHER)])
    play(role, [judged([a_quote(minute, symbol=symbol) for minute in (0.1, 1.1) for symbol in (CODE, OTHER)])])
    assert {item[1] for item in heard(role, "one", "trend", "bar", "quote")} == {OTHER}
    assert {item[1] for item in heard(role, "all", "trend", "bar", "quote")} == {CODE, OTHER}
    assert {item[2] for item in heard(role, "one", "clock")} == {(OTHER,)}


def test_given_a_holding_of_a_symbol_it_does_not_see_any_more_when_quoted_then_its_owner_still_guards_it() -> None:
    kinds = a_kind("buyer")
    role = a_role(kinds)
    own(role, "buyer")
    play(role, [judged([a_quote(1)]), a_run(kinds, symbols={"buyer": (OTHER,)}), judged([a_quote(2)])])
    assert heard(role, "buyer", "fill", "quote") == [("fill", CODE, 100, 100), ("quote", CODE, OPEN + 2 * MINUTE)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_given_rows_in_any_cut_when_they_come_then_the_clock_strikes_once_a_minute_at_its_first_good_row(
    size: int,
) -> None:
    role = a_role(a_kind())
    rows = [a_quote(part, symbol=symbol) for part in (0.2, 0.3, 0.9, 3.0, 3.5, 4.01) for symbol in (CODE, OTHER)]
    play(role, batches(rows, size))
    assert heard(role, "noting", "clock") == [("clock", OPEN + at * MINUTE, (CODE, OTHER)) for at in (0, 3, 4)]


def test_given_a_strategy_without_a_clock_when_minutes_pass_then_no_scenes_are_gathered_for_it() -> None:
    role = a_role(a_kind("plain", on_clock=Strategy.on_clock))
    assert role._clocked == ()


def test_given_the_clock_when_it_argues_then_the_mark_is_that_of_its_symbol_and_the_time_that_of_the_row() -> None:
    role = a_role(a_kind(argues={"clock": [an_entry(OTHER)]}))
    assert signals(play(role, [judged([a_quote(0.2)])])) == [], "no price of it yet"
    play(role, [judged([a_quote(0.3, 9_000, symbol=OTHER)])])
    [said] = play(role, [judged([a_quote(1.5)])])
    assert isinstance(said, SignalFormed)
    assert (said.symbol, said.reference_price, said.venue_time) == (OTHER, 9_000, OPEN + MINUTE * 3 // 2)


def test_given_a_clock_that_argues_about_what_it_does_not_see_when_it_does_then_it_is_benched() -> None:
    role = a_role(a_kind(argues={"clock": [an_entry(CODE)]}), symbols={"noting": (OTHER,)})
    [benched] = play(role, [judged([a_quote(0.2)])])
    assert isinstance(benched, StrategyBenched)
    assert benched.error.startswith("expected arguments about")


def test_given_another_date_when_it_begins_then_strategies_hear_of_it_and_the_clock_begins_anew() -> None:
    role = a_role(a_kind())
    play(role, [judged([a_quote(5)])])
    play(role, [tomorrow()])
    play(role, [judged([a_quote(5 + 1440)])])
    assert [item[0] for item in heard(role, "noting", "day", "clock")] == ["day", "clock", "day", "clock"]


def test_given_a_weekend_between_two_dates_when_the_second_begins_then_bars_and_attention_are_fresh() -> None:
    role = a_role(a_kind())
    play(role, [measured(1.0), judged([a_quote(5)])])
    zero = UnixNanos(0)
    play(role, [SessionPlanned("2026-01-17", False, zero, zero, zero, False)])
    play(role, [replace(PLANNED, trading_date="2026-01-19")])
    scene = role._tracks[CODE].scene
    assert (scene.attention, scene.quote) == (None, None)
    play(role, [judged([a_quote(5 + 6 * 1440)])])
    assert heard(role, "noting", "bar") == [], "the open minute of Friday is no bar of Monday"


def test_given_a_holding_of_yesterday_when_a_strategy_joins_before_a_row_then_it_hears_of_it_as_of_the_open() -> None:
    times: list[int] = []

    class Timing(Noting):
        NAME = "timing"
        SEES = Sees.EVERY_HOLDING

        def on_fill(self, fill: Fill, scene: Scene) -> None:
            times.append(fill.venue_time)

    kinds = a_kind("buyer")
    role = Strategist(kinds | {"timing": Timing})
    play(role, [a_run(kinds), SERVED, PLANNED, day("TRADING"), judged([a_quote(0.1)])])
    own(role, "buyer")
    both = {**kinds, "timing": Timing}
    play(role, [tomorrow(), a_run(both)])
    assert times == [tomorrow().open_time]
    play(role, [a_run(kinds), judged([a_quote(1441)]), a_run(both)])
    assert times == [tomorrow().open_time, OPEN + 1441 * MINUTE]


# ---- several strategies ----------------------------------------------------------------------------------------------


def test_given_two_that_argue_about_one_symbol_when_a_bar_ends_then_the_first_of_the_configuration_is_heard() -> None:
    for names in (("one", "two"), ("two", "one")):
        kinds: dict[str, Any] = {}
        for name in names:
            kinds |= a_kind(name, argues={"bar": [an_entry()]})
        assert signals(play(a_role(kinds), batches([a_quote(0.1), a_quote(1.1)]))) == [(names[0], CODE, Purpose.ENTRY)]


def test_given_an_entry_and_an_exit_of_one_symbol_in_one_message_when_argued_then_the_exit_is_heard() -> None:
    kinds = a_kind("buyer", argues={"bar": [an_entry()]}) | a_kind(
        "guard", SEES=Sees.EVERY_HOLDING, argues={"quote": [an_exit()]}
    )
    role = a_role(kinds)
    play(role, [judged([a_quote(0.1)])])
    own(role, "buyer")
    said = play(role, [judged([a_quote(1.1)])])  # ends the bar, so the entry is argued first
    assert signals(said) == [("guard", CODE, Purpose.EXIT)]


def test_given_arguments_about_two_symbols_when_made_in_one_message_then_they_keep_the_order_of_the_rows() -> None:
    kinds = a_kind("buyer", argues={"bar": [an_entry(OTHER)]}, SEES=Sees.OWN_HOLDINGS)
    kinds |= a_kind("guard", SEES=Sees.EVERY_HOLDING, argues={"quote": [an_exit()]}, INTERVALS=())
    role = a_role(kinds, symbols={"buyer": (OTHER,)})
    own(role, "buyer")
    play(role, [judged([a_quote(0.1, symbol=OTHER)]), an_order("WORKING", Purpose.EXIT, "e")])
    play(role, [an_order("CANCELLED", Purpose.EXIT, "e")])
    said = play(role, [judged([a_quote(1.1, symbol=OTHER), a_quote(1.2)])])
    assert signals(said) == [("buyer", OTHER, Purpose.ENTRY), ("guard", CODE, Purpose.EXIT)]


def test_given_a_holding_of_another_that_runs_when_an_entry_is_argued_then_it_is_left_to_its_owner() -> None:
    role = a_role(a_kind("buyer") | a_kind("eager", argues={"bar": [an_entry()]}))
    own(role, "buyer")
    assert play(role, batches([a_quote(1), a_quote(2.1)])) == []
    assert role._tracks[CODE].scene.owner == "buyer"


def test_given_what_a_person_bought_when_an_entry_is_argued_then_nobody_buys_into_it_and_sells_it_later() -> None:
    role = a_role(a_kind("eager", argues={"bar": [an_entry()]}))
    play(role, [a_fill(100, 0.5)])
    assert play(role, batches([a_quote(1), a_quote(2.1)])) == []
    play(role, [a_fill(0, 2.5)])
    assert signals(play(role, batches([a_quote(3.1)]))) == [("eager", CODE, Purpose.ENTRY)], "it is sold"


def test_given_a_holding_it_does_not_see_when_it_argues_for_selling_it_then_nobody_listens() -> None:
    role = a_role(a_kind("buyer") | a_kind("eager", SEES=Sees.WATCHED, argues={"quote": [an_exit()]}))
    play(role, [a_fill(100, 0.5)])
    assert play(role, [judged([a_quote(1)])]) == [], "a person's"
    own(role, "buyer")
    assert play(role, [judged([a_quote(1)])]) == [], "another strategy's"
    own(role, "eager")
    assert signals(play(role, [judged([a_quote(1)])])) == [("eager", CODE, Purpose.EXIT)]


# ---- rules -----------------------------------------------------------------------------------------------------------

FOR, AGAINST = SignalInput("momentum", 1.0, "for"), SignalInput("volume_surprise", -1.0, "against")


@pytest.mark.parametrize(
    ("rules", "argument", "passes"),
    [
        (SignalConfig(), an_entry(confidence=0.0, inputs=(AGAINST,) * 3), True),
        (SignalConfig(min_confidence_ppm=600_000), an_entry(confidence=0.6), True),
        (SignalConfig(min_confidence_ppm=600_001), an_entry(confidence=0.6), False),
        (SignalConfig(agree=2), an_entry(inputs=(FOR, AGAINST)), False),
        (SignalConfig(agree=2), an_entry(inputs=(FOR, FOR, AGAINST)), True),
        (SignalConfig(agree=2, most_against=0), an_entry(inputs=(FOR, FOR, AGAINST)), False),
    ],
)
def test_given_rules_when_an_entry_is_argued_then_it_passes_or_is_counted_as_withheld(
    rules: SignalConfig, argument: Argument, passes: bool
) -> None:
    role = a_role(a_kind(argues={"bar": [argument]}), rules)
    said = play(role, batches([a_quote(0.1), a_quote(1.1)]))
    assert bool(signals(said)) is passes
    [view] = role.view(StrategiesQuery())
    assert (view.signals, view.withheld) == ((1, 0) if passes else (0, 1))


def test_given_the_strictest_rules_when_an_exit_is_argued_then_it_passes() -> None:
    rules = SignalConfig(min_confidence_ppm=1_000_000, agree=9, most_against=0)
    poor = replace(an_exit(), confidence=0.0, inputs=(AGAINST,))
    role = a_role(a_kind(SEARCHES=Searches.REQUIRED, argues={"quote": [poor]}), rules)
    own(role, "noting")
    assert signals(play(role, [judged([a_quote(1)])])) == [("noting", CODE, Purpose.EXIT)]


@pytest.mark.parametrize(
    ("searches", "attention", "passes"),
    [
        (Searches.REQUIRED, None, False),
        (Searches.REQUIRED, measured(None), False),
        (Searches.REQUIRED, replace(measured(2.0), quality="contradicted"), False),
        (Searches.REQUIRED, replace(measured(2.0), quality="unknown"), False),
        (Searches.REQUIRED, measured(-2.0), True),
        (Searches.OPTIONAL, None, True),
        (Searches.OPTIONAL, replace(measured(2.0), quality="contradicted"), True),
        (Searches.IGNORED, measured(None), True),
    ],
)
def test_given_what_a_strategy_needs_of_searches_when_it_argues_then_unknown_and_contradicted_withhold_an_entry(
    searches: Searches, attention: AttentionMeasured | None, passes: bool
) -> None:
    role = a_role(a_kind(SEARCHES=searches, argues={"bar": [an_entry()]}))
    said = play(role, [*([attention] if attention else []), *batches([a_quote(0.1), a_quote(1.1)])])
    assert bool(signals(said)) is passes


def test_given_a_day_that_lets_no_entry_pass_when_one_is_argued_then_no_rule_withheld_it() -> None:
    role = a_role(a_kind(argues={"bar": [an_entry()]}), SignalConfig(agree=2))
    play(role, [day("PAUSED"), *batches([a_quote(0.1), a_quote(1.1)])])
    [view] = role.view(StrategiesQuery())
    assert view.withheld == 0


# ---- answers and state -----------------------------------------------------------------------------------------------


def test_given_strategies_when_asked_then_each_is_shown_with_its_parameters_and_what_became_of_it() -> None:
    def fails(*_: Any) -> Any:
        raise ValueError("no")

    param = Param("bars", 5, 1, 60, "bars looked back", sweep=(3, 5))
    kinds = a_kind("good", PARAMS=(param,), SEARCHES=Searches.REQUIRED, warm_up={60: 6}) | a_kind("bad", on_bar=fails)
    role = a_role(kinds, symbols={"bad": (CODE,)})
    play(role, batches([a_quote(0.1), a_quote(1.1)]))
    good, bad = role.view(StrategiesQuery())
    assert (good.name, good.code, good.error, good.symbols, good.searches) == ("good", "test 1", "", (), "required")
    assert (good.warm_up, good.signals, good.withheld) == ({60: 6}, 0, 0)
    [shown] = good.params
    assert (shown.name, shown.value, shown.default, shown.least, shown.most, shown.sweep) == (
        "bars",
        5,
        5,
        1,
        60,
        (3, 5),
    )
    assert (bad.name, bad.error, bad.symbols) == ("bad", "ValueError: no", (CODE,))
    assert role.view(SignalsQuery("", 5)).signals == ()


def test_given_a_strategist_in_the_middle_of_a_day_when_its_state_is_carried_then_it_goes_on_alike() -> None:
    role = Strategist()
    run = RunStarted("r", "0", RunConfig("paper", strategies=(StrategyConfig("attention_momentum", {}, (), "x"),)))
    play(role, [run, SERVED, PLANNED, day("TRADING"), measured(2.0), *batches([a_quote(0.1), a_quote(1.1)])])
    again = Strategist()
    load(again, dump(role))
    more: list[Message] = [judged([a_quote(2.1), a_quote(2.2, symbol=OTHER)]), a_fill(5, 3)]
    assert play(again, more) == play(role, more)
    assert dump(again) == dump(role)
