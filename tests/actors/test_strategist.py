"""The strategist: signals from quotes, who may argue when, benching, the same again."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from actors.roles.strategist import Strategist
from domain.bars import Bar
from domain.config import RunConfig, StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesJudged, QuoteVerdict
from domain.messages.orders import OrderStateChanged
from domain.messages.run import RunStarted
from domain.messages.trading import (
    DayChanged,
    FillBooked,
    OrderDenied,
    SessionPlanned,
    SignalFormed,
    StrategyBenched,
)
from domain.quotes import Quote
from domain.status import SignalsQuery
from domain.types import ClientOrderId, Krw, OrderKind, Purpose, Side, UnixNanos
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Argument, Day, Fill, Scene, Strategy
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, a_quote, a_rising_day, an_instrument, measured

SERVED = InstrumentsReceived((an_instrument(), an_instrument("005930")), ())
PLANNED = SessionPlanned("2026-01-13", True, DAY.open_time, DAY.close_auction_time, DAY.close_time, False)


class Fragile(Strategy):
    """Raises at its third bar."""

    NAME = "fragile"

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.bars = 0

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        self.bars += 1
        if self.bars == 3:
            raise ZeroDivisionError("three")
        yield from ()


KNOWN: dict[str, type[Strategy]] = {"attention_momentum": AttentionMomentum, "fragile": Fragile}


def started(*strategies: str, symbols: tuple[str, ...] = ()) -> RunStarted:
    configs = tuple(StrategyConfig(name) for name in strategies or ("attention_momentum",))
    return RunStarted("run", "0", RunConfig("paper", symbols=symbols, strategies=configs))


class Noting(Strategy):
    """Notes when it heard of its position."""

    NAME = "noting"

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self.told: list[int] = []

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        self.told.append(fill.venue_time)


@pytest.mark.parametrize(("orders_at", "minute"), [("", 90), ("elsewhere:1", 2)])
def test_given_an_orders_broker_with_its_own_clock_when_it_fills_then_a_strategy_counts_by_the_quotes(
    orders_at: str, minute: int
) -> None:
    role = Strategist({"noting": Noting})
    config = RunConfig("paper", orders_endpoint=orders_at, strategies=(StrategyConfig("noting"),))
    for message in (RunStarted("run", "0", config), SERVED, PLANNED, judged([a_quote(2)])):
        role.evolve(message, Stamp(1, OPEN, "L"))
    role._tracks[CODE].scene.owner = "noting"
    role.evolve(a_fill(1, 90), Stamp(2, OPEN, "L"))
    [strategy] = role._bench.strategies.values()
    assert isinstance(strategy, Noting)
    assert strategy.told == [OPEN + minute * MINUTE]


def day(state: str) -> DayChanged:
    return DayChanged("ARMED", state, "t", "", DAY.open_time)


def judged(rows: Sequence[Quote], *verdicts: QuoteVerdict) -> QuotesJudged:
    return QuotesJudged(1, rows, verdicts)


def batches(rows: list[Quote], size: int = 4) -> list[Message]:
    return [judged(rows[i : i + size]) for i in range(0, len(rows), size)]


def a_fill(quantity: int, minute: float, price: int = 10_300) -> FillBooked:
    cost, time = Krw(quantity * price), UnixNanos(OPEN + int(minute * MINUTE))
    side, zero = Side.BUY if quantity else Side.SELL, Krw(0)
    order = ClientOrderId("o")
    return FillBooked(order, "t", CODE, side, 1, Krw(price), cost, zero, zero, zero, quantity, cost, zero, time)


def an_order(status: str, purpose: Purpose = Purpose.ENTRY, order_id: str = "o") -> OrderStateChanged:
    side = Side.BUY if purpose is Purpose.ENTRY else Side.SELL
    return OrderStateChanged(
        ClientOrderId(order_id), CODE, side, purpose, "NEW", status, "t", 10, 0, 10, Krw(10_300), "", DAY.open_time
    )


def a_denial(purpose: Purpose, minute: float) -> OrderDenied:
    time = UnixNanos(OPEN + int(minute * MINUTE))
    return OrderDenied(
        ClientOrderId("d"), CODE, Side.BUY, OrderKind.LIMIT, purpose, 0, None, "X", "", "attention_momentum", "", time
    )


def play(role: Strategist, messages: Iterable[Message]) -> list[Message]:
    said: list[Message] = []
    for seq, message in enumerate(messages, 1):
        stamp = Stamp(seq, UnixNanos(0), "log")
        role.evolve(message, stamp)
        outputs = list(role.decide(message, stamp))
        assert list(role.decide(message, stamp)) == outputs  # deciding changes nothing
        for output in outputs:
            role.evolve(output, stamp)
        said += outputs
    return said


def a_ready_strategist(*more: Message, state: str = "TRADING") -> Strategist:
    role = Strategist(KNOWN)
    assert play(role, [started(), SERVED, PLANNED, day(state), *more]) == []
    return role


def a_holding_strategist() -> Strategist:
    role = a_ready_strategist()
    assert len(play(role, batches(a_rising_day(minutes=32)))) == 1
    assert play(role, [an_order("WORKING"), a_fill(100, 31.7), an_order("FILLED")]) == []
    return role


def purposes(said: list[Message]) -> list[Purpose]:
    return [message.purpose for message in said if isinstance(message, SignalFormed)]


def test_given_a_trading_day_when_a_symbol_rises_on_volume_then_one_entry_is_argued() -> None:
    [signal] = play(a_ready_strategist(), batches(a_rising_day()))
    assert isinstance(signal, SignalFormed)
    assert (signal.symbol, signal.side, signal.purpose) == (CODE, Side.BUY, Purpose.ENTRY)
    assert (signal.attention, signal.confidence, signal.strategy) == ("unknown", 0.55, "attention_momentum")
    assert signal.venue_time == OPEN + int(31.1 * MINUTE)  # the first row after the bar ended
    assert (signal.reference_price, signal.limit_price) == (10_300, 10_300)


def test_given_measured_attention_when_an_entry_is_argued_then_it_names_the_source() -> None:
    [signal] = play(a_ready_strategist(measured(2.0)), batches(a_rising_day()))
    assert isinstance(signal, SignalFormed)
    assert (signal.attention, signal.confidence) == ("shifted-demo", 0.75)


@pytest.mark.parametrize("state", ["PREFLIGHT", "ARMED", "PAUSED", "HALTED", "CLOSING", "REPORTING"])
def test_given_another_state_of_the_day_when_a_symbol_rises_then_no_entry_is_argued(state: str) -> None:
    assert play(a_ready_strategist(state=state), batches(a_rising_day())) == []


@pytest.mark.parametrize(("status", "entries"), [("WORKING", 0), ("UNKNOWN_SUBMIT", 0), ("CANCELLED", 1)])
def test_given_an_order_of_the_symbol_when_it_rises_then_only_a_closed_one_lets_an_entry_pass(
    status: str, entries: int
) -> None:
    assert len(play(a_ready_strategist(an_order(status)), batches(a_rising_day()))) == entries


def test_given_symbols_not_watched_when_quoted_then_they_are_ignored() -> None:
    role = Strategist(KNOWN)
    play(role, [started(symbols=("005930",)), SERVED, PLANNED, day("TRADING")])
    assert play(role, batches(a_rising_day())) == []
    assert len(play(role, batches(a_rising_day("005930")))) == 1


def test_given_flagged_rows_when_judged_then_they_move_nothing() -> None:
    rows = a_rising_day()
    marked = [judged([row], QuoteVerdict(0, CODE, "off_tick", "", False)) if i > 59 else judged([row])
              for i, row in enumerate(rows)]  # fmt: skip
    assert play(a_ready_strategist(), marked) == []


def test_given_a_holding_when_the_stop_is_reached_then_an_exit_is_argued_also_while_paused() -> None:
    for state, found in (("TRADING", [Purpose.EXIT]), ("PAUSED", [Purpose.EXIT]), ("HALTED", [])):
        said = play(a_holding_strategist(), [day(state), judged([a_quote(33, 10_000)])])
        assert purposes(said) == found


def test_given_an_open_exit_when_more_quotes_come_then_it_is_not_argued_again() -> None:
    role = a_holding_strategist()
    falling = [judged([a_quote(33, 10_000), a_quote(33.1, 9_990)]), judged([a_quote(33.2, 9_990)])]
    assert purposes(play(role, [falling[0], an_order("WORKING", Purpose.EXIT, "e"), falling[1]])) == [Purpose.EXIT]
    assert purposes(play(role, [an_order("CANCELLED", Purpose.EXIT, "e"), falling[1]])) == [Purpose.EXIT]


def test_given_a_denied_exit_when_more_quotes_come_then_it_waits_ten_seconds() -> None:
    role = a_holding_strategist()
    play(role, [judged([a_quote(33, 10_000)]), a_denial(Purpose.EXIT, 33)])
    assert play(role, [judged([a_quote(33.1, 10_000)])]) == []
    assert purposes(play(role, [judged([a_quote(33.17, 10_000)])])) == [Purpose.EXIT]


def test_given_a_holding_of_somebody_else_when_it_falls_then_it_is_left_alone() -> None:
    role = a_ready_strategist(an_order("WORKING"), a_fill(100, 20), an_order("FILLED"))
    assert play(role, [judged([a_quote(33, 9_000)])]) == []


def test_given_a_sold_holding_when_somebody_else_buys_then_it_is_left_alone() -> None:
    role = a_holding_strategist()
    play(role, [an_order("WORKING", Purpose.EXIT, "e"), a_fill(0, 34), an_order("FILLED", Purpose.EXIT, "e")])
    play(role, [an_order("WORKING", order_id="m"), a_fill(50, 35), an_order("FILLED", order_id="m")])
    assert play(role, [judged([a_quote(36, 9_000)])]) == []


def test_given_a_strategy_that_raises_when_bars_come_then_it_is_benched_and_the_others_go_on() -> None:
    role = Strategist(KNOWN)
    play(role, [started("fragile", "attention_momentum"), SERVED, PLANNED, day("TRADING")])
    benched, signal = play(role, batches(a_rising_day(), 1))
    assert benched == StrategyBenched("fragile", "ZeroDivisionError: three", 7)
    assert isinstance(signal, SignalFormed)
    play(role, [started("fragile", "attention_momentum")])  # a new run starts it anew
    assert [type(said) for said in play(role, batches(a_rising_day(minutes=46)[80:], 1))] == [StrategyBenched]


def test_given_the_same_messages_when_played_in_a_second_instance_then_it_says_the_same() -> None:
    rows = sorted(a_rising_day() + a_rising_day("005930", jump_at=33), key=lambda row: row.venue_time)
    past = [started(), SERVED, PLANNED, day("TRADING"), measured(2.0), *batches(rows, 7)]
    first = play(Strategist(KNOWN), past)
    assert len(first) == 2
    assert play(Strategist(KNOWN), past) == first


def test_given_a_day_folded_without_deciding_when_it_goes_on_then_it_says_what_the_first_would() -> None:
    rows = batches(a_rising_day(), 3)
    past, rest = [started(), SERVED, PLANNED, day("TRADING"), *rows[:19]], rows[19:]
    told, folded = Strategist(KNOWN), Strategist(KNOWN)
    assert play(told, past) == []
    for seq, message in enumerate(past, 1):
        folded.evolve(message, Stamp(seq, UnixNanos(0), "log"))
    assert play(folded, [started(), *rest]) == play(told, rest) != []


def test_given_a_holding_when_its_execution_tells_another_cost_then_the_cost_follows_and_no_clock_begins_anew() -> None:
    role = Strategist({Noting.NAME: Noting})
    play(role, [RunStarted("r", "0", RunConfig("demo", strategies=(StrategyConfig("noting"),))), SERVED])
    role._tracks[CODE].scene.owner = "noting"
    play(role, [a_fill(100, 2)])
    what = ("o", "V1", "t", CODE, Side.BUY, 100, Krw(500), Krw(0), Krw(0), Krw(0), Krw(1_030_500), Krw(0))
    play(role, [FillRevised(*what, UnixNanos(OPEN + 33 * MINUTE))])
    scene, [strategy] = role._tracks[CODE].scene, role._bench.strategies.values()
    assert (scene.quantity, scene.cost_basis) == (100, 1_030_500)
    assert isinstance(strategy, Noting)
    assert strategy.told == [OPEN + 2 * MINUTE]


def test_given_a_holding_that_a_person_took_out_of_the_books_when_heard_then_nobody_owns_it() -> None:
    role = a_holding_strategist()
    money = (Krw(0), Krw(0), Krw(0))
    play(role, [AdjustmentBooked("c", "kim", CODE, 100, 0, *money, "sold elsewhere", UnixNanos(OPEN + 33 * MINUTE))])
    track = role._tracks[CODE]
    assert (track.scene.quantity, track.scene.owner) == (0, "")


# ---- logs of before ----------------------------------------------------------------------------------------------


def a_run_of_before(*strategies: str) -> RunStarted:
    """Give what a log of 0.5.0 says of a run: none of the fields that came later."""
    configs = tuple(StrategyConfig(name, {}) for name in strategies)
    return RunStarted("run", "0.5.0", RunConfig("paper", strategies=configs))


def test_given_a_run_of_before_when_a_day_is_played_then_it_says_what_it_said_then() -> None:
    role = Strategist(KNOWN)
    begin = [a_run_of_before("fragile", "attention_momentum"), SERVED, PLANNED, day("TRADING"), measured(-2.0), SERVED]
    assert play(role, begin) == [], "no history was asked for"
    benched, signal = play(role, batches(a_rising_day(), 1))
    assert benched == StrategyBenched("fragile", "ZeroDivisionError: three", 7)
    assert isinstance(signal, SignalFormed)
    assert (signal.confidence, signal.attention, signal.horizon_s, signal.quality) == (0.4, "shifted-demo", 1800, "ok")
    verdicts = [(item.name, item.verdict) for item in signal.inputs]
    assert verdicts == [("momentum", "for"), ("volume_surprise", "for"), ("attention", "against")], "passed on unsure"
    assert (signal.horizon_sessions, role.view(SignalsQuery("", 9)).by_attention) == (0, {"shifted-demo": 1})
