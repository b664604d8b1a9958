"""The strategist: runs the strategies over good quotes and lets them argue."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.roles.signal_rules import chosen, signal
from actors.roles.strategist_hearing import StrategistHearing
from domain.config import StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, FetchHistory, HistoryReceived, QuotesEnded, QuotesJudged
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
from domain.signal_views import ParamView, StrategiesQuery, StrategyView
from domain.status import SignalsQuery, SignalsView
from strategies.base import Sees, Strategy, resolve


class Strategist(StrategistHearing):
    """Let each strategy see bars, quotes, attention and its holdings, and pass its arguments on.

    Hears: RunStarted, InstrumentsReceived, SessionPlanned, DayChanged, QuotesJudged, QuotesEnded, AttentionMeasured,
        HistoryReceived, FillBooked, FillRevised, HoldingBooked, AdjustmentBooked, OrderStateChanged, OrderDenied.
    Says: SignalFormed (entries only while TRADING and with no order of the symbol open, exits also while PAUSED; one of
        a symbol and message), StrategyBenched (a hook raised), FetchHistory (once a date for the symbols of strategies
        that take daily bars, or for all where limits of the risk manager need them; again when a link or a run begins
        and the answer was empty or did not come).
    Keeps: see StrategistState.
    """

    NAME: ClassVar[str] = "strategist"
    # 2: knows whose clock counts; 3: why rows were left out; 4: daily bars, who hears; 5: daily bars for limits
    STATE_VERSION: ClassVar[int] = 5
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        InstrumentsReceived,
        SessionPlanned,
        DayChanged,
        QuotesJudged,
        QuotesEnded,
        AttentionMeasured,
        HistoryReceived,
        FillBooked,
        FillRevised,
        HoldingBooked,
        AdjustmentBooked,
        OrderStateChanged,
        OrderDenied,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (SignalFormed, StrategyBenched, FetchHistory)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Say which strategies failed, pass on the arguments that may be made now, and ask for history."""
        said: list[Message] = []
        bench = self._bench
        if bench.failures:
            said += [self._told(name, error, stamp.seq) for name, error in bench.failures.items()]
        if self._arguments:
            said += [signal(made) for made in chosen(self._arguments) if made.strategy not in bench.benched]
        if isinstance(message, SessionPlanned | InstrumentsReceived):
            request = self._daily.request(self._day, self._tracks)
            said += [request] if request is not None else []
        return said

    def _told(self, name: str, error: str, seq: int) -> StrategyBenched:
        """Say that a strategy is benched and, where exit strategies take over, who guards what nobody runs for now."""
        if not self._rules.rescue_benched:
            return StrategyBenched(name, error, seq)
        bench = self._bench
        kind = bench.strategies.get(name)
        was_exit, running = kind is not None and kind.SEES is Sees.EVERY_HOLDING, bench.names()
        held = tuple(
            symbol
            for symbol, track in self._tracks.items()
            if track.scene.quantity
            and track.scene.owner
            and (track.scene.owner == name or (was_exit and track.scene.owner not in running))
        )
        return StrategyBenched(name, error, seq, held, bench.exits() if held else ())

    def view(self, query: Any) -> Any:
        """Answer SignalsQuery and StrategiesQuery."""
        if isinstance(query, StrategiesQuery):
            return tuple(self._strategy_view(name) for name in self._bench.configs)
        if not isinstance(query, SignalsQuery):
            return super().view(query)
        wanted = [item for item in reversed(self._formed) if query.symbol in ("", item.signal.symbol)]
        return SignalsView(tuple(wanted[: query.limit]), dict(self._by_attention))

    def _strategy_view(self, name: str) -> StrategyView:
        bench, config = self._bench, self._bench.configs[name]
        made = bench.strategies.get(name)
        return StrategyView(
            name=name,
            code=config.code,
            error=bench.benched.get(name, ""),
            symbols=config.symbols,
            searches="" if made is None else made.SEARCHES.value,
            warm_up=bench.warm_up(name),
            params=() if made is None else _params(made, config),
            signals=self._by_strategy.get(name, 0),
            withheld=self._withheld.get(name, 0),
        )


def _params(made: Strategy, config: StrategyConfig) -> tuple[ParamView, ...]:
    """Give what it was configured with: what a plug-in made of its own copy is nobody's answer."""
    values = resolve(config.name, made.PARAMS, config.params)
    return tuple(
        ParamView(
            name=param.name,
            value=values[param.name],
            default=param.default,
            least=param.least,
            most=param.most,
            choices=param.choices,
            meaning=param.meaning,
            sweep=param.sweep,
        )
        for param in made.PARAMS
    )
