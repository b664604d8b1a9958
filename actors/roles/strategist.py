"""The strategist: runs the strategies over good quotes and lets them argue."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from actors.core.role import Role
from domain.bars import MinuteBars
from domain.config import StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, QuotesJudged
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
from domain.quality import flags
from domain.quotes import Quote
from domain.status import SignalsQuery, SignalsView, SignalView
from domain.types import NANOS_PER_SECOND, Krw, Purpose, Side, UnixNanos
from fsm.client_order import CLOSED
from fsm.trading_day import State as DayState
from strategies.base import Argument, Day, Fill, Scene, Strategy
from strategies.registry import STRATEGIES, build

SIGNALS_IN: Mapping[Purpose, tuple[str, ...]] = {
    Purpose.ENTRY: (DayState.TRADING,),
    Purpose.EXIT: (DayState.TRADING, DayState.PAUSED),
}
AFTER_DENIAL_NS: Mapping[Purpose, int] = {  # venue time; a denied argument is not repeated with every quote
    Purpose.ENTRY: 300 * NANOS_PER_SECOND,
    Purpose.EXIT: 10 * NANOS_PER_SECOND,
}
NO_FLAGS: Mapping[int, str] = {}
GOOD = "ok"
SIGNALS_KEPT = 10_000  # for views; the log keeps all


class _Track:
    """One watched symbol."""

    __slots__ = ("bars", "flags", "owner", "scene")

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.bars = MinuteBars(scene.instrument.symbol)
        self.flags: tuple[str, ...] = ()  # of rows left out since the bar before
        self.owner = ""  # strategy whose entry led to the holding or open order; empty when there is none

    def leave_out(self, rules: str) -> None:
        """Note why a row is no part of the bar being made."""
        self.flags = tuple(sorted({*self.flags, *rules.split(",")}))

    @property
    def quality(self) -> str:
        """Give the quality of what stands behind an argument: ok, or the flags of the rows left out."""
        return ",".join(self.flags) or GOOD


class Strategist(Role):
    """Let each strategy see bars, quotes, attention and its holdings, and pass its arguments on.

    Hears: RunStarted, InstrumentsReceived, SessionPlanned, DayChanged, QuotesJudged, AttentionMeasured, FillBooked,
        FillRevised, HoldingBooked, AdjustmentBooked, OrderStateChanged, OrderDenied.
    Says: SignalFormed (entries only while TRADING and with no order of the symbol open, exits also while PAUSED),
        StrategyBenched (a hook raised).
    Keeps: the strategies and who is benched, bars and holding of each watched symbol, open orders, the day, and the
        arguments made by the message being handled. Hooks run in `evolve`, so recovery warms strategies up.
    """

    NAME: ClassVar[str] = "strategist"
    STATE_VERSION: ClassVar[int] = 3  # 2: knows whose clock counts; 3: why rows were left out
    HEARS: ClassVar[tuple[type[Message], ...]] = (
        RunStarted,
        InstrumentsReceived,
        SessionPlanned,
        DayChanged,
        QuotesJudged,
        AttentionMeasured,
        FillBooked,
        FillRevised,
        HoldingBooked,
        AdjustmentBooked,
        OrderStateChanged,
        OrderDenied,
    )
    SAYS: ClassVar[tuple[type[Message], ...]] = (SignalFormed, StrategyBenched)
    GIVEN: ClassVar[frozenset[str]] = frozenset({"_known"})

    def __init__(self, known: Mapping[str, type[Strategy]] = STRATEGIES) -> None:
        """Start without strategies; `known` are those a configuration may name."""
        super().__init__()
        self._known = known
        self._configs: dict[str, StrategyConfig] = {}
        self._strategies: dict[str, Strategy] = {}  # in the order of the configuration
        self._benched: set[str] = set()
        self._wanted: tuple[str, ...] = ()  # of the configuration; empty means all served
        self._tracks: dict[str, _Track] = {}
        self._day: Day | None = None
        self._day_state = ""
        self._tell_quality = False
        self._own_clock = False  # the orders' broker has a venue clock of its own
        self._open: dict[str, tuple[str, Purpose]] = {}  # client order id -> symbol, purpose
        self._quiet_until: dict[tuple[str, Purpose], int] = {}  # after a denial, venue time
        self._formed: deque[SignalView] = deque(maxlen=SIGNALS_KEPT)
        self._by_attention: dict[str, int] = {}
        self._arguments: list[tuple[str, Argument, Quote, str]] = []  # made by the message being handled, with quality
        self._failures: list[tuple[str, str]] = []  # strategy, error; until told: what follows comes in between

    # ---- fold ----------------------------------------------------------------------------------------------------

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message into the state; strategies see it here."""
        if isinstance(message, SignalFormed):
            self._formed.append(SignalView(stamp.seq, message))
            self._by_attention[message.attention] = self._by_attention.get(message.attention, 0) + 1
            if message.purpose is Purpose.ENTRY and message.symbol in self._tracks:
                self._tracks[message.symbol].owner = message.strategy
            return
        if isinstance(message, StrategyBenched):
            self._benched.add(message.strategy)
            self._failures = [item for item in self._failures if item[0] != message.strategy]
            return
        self._arguments = []
        if isinstance(message, QuotesJudged):
            self._fold_quotes(message)
        else:
            fold = self._FOLDS.get(type(message))
            if fold is not None:
                fold(self, message)

    def _fold_quotes(self, message: QuotesJudged) -> None:
        """Feed good rows to bars and strategies. The hot path: two look-ups for a row that changes nothing."""
        day = self._day
        if day is None:
            return
        flagged = flags(message.verdicts) if message.verdicts else NO_FLAGS
        tracks = self._tracks
        for index, row in enumerate(message.rows):
            track = tracks.get(row[0])
            if track is None:
                continue
            if flagged and index in flagged:
                if self._tell_quality:
                    track.leave_out(flagged[index])
                continue
            scene = track.scene
            scene.quote = row
            bar = track.bars.add(row)
            if bar is not None:
                for name, strategy in self._strategies.items():
                    self._argue(name, row, track.quality, strategy.on_bar, bar, scene, day)
                track.flags = ()
            if scene.quantity and track.owner in self._strategies:
                self._argue(track.owner, row, track.quality, self._strategies[track.owner].on_quote, row, scene, day)

    def _fold_order(self, message: OrderStateChanged) -> None:
        if message.to_status in CLOSED:
            self._open.pop(message.client_order_id, None)
        else:
            self._open[message.client_order_id] = (message.symbol, message.purpose)
        self._release(message.symbol)

    def _fold_denial(self, message: OrderDenied) -> None:
        if message.origin in self._strategies:
            self._quiet_until[message.symbol, message.purpose] = message.venue_time + AFTER_DENIAL_NS[message.purpose]
        self._release(message.symbol)

    def _fold_instruments(self, message: InstrumentsReceived) -> None:
        for instrument in message.instruments:
            track = self._tracks.get(instrument.symbol)
            if track is not None:
                track.scene.instrument = instrument
            elif not self._wanted or instrument.symbol in self._wanted:
                self._tracks[instrument.symbol] = _Track(Scene(instrument))

    def _fold_day(self, message: DayChanged) -> None:
        self._day_state = message.to_state

    def _fold_run(self, message: RunStarted) -> None:
        """Take the configuration. What is configured as before keeps its state, a benched strategy starts anew."""
        self._wanted, self._failures = message.config.symbols, []
        self._own_clock = message.config.orders_have_own_clock
        self._tell_quality = message.config.quality.deny_bad_quality
        configs = {config.name: config for config in message.config.strategies}
        kept = {name for name in self._strategies if self._configs[name] == configs.get(name)} - self._benched
        self._strategies = {
            name: self._strategies[name] if name in kept else build(config, self._known)
            for name, config in configs.items()
        }
        self._configs, self._benched = configs, set()
        for name, strategy in self._strategies.items():
            if name not in kept:
                self._introduce(name, strategy)

    def _introduce(self, name: str, strategy: Strategy) -> None:
        """Tell a fresh strategy about the day, attention and the holdings of its name."""
        if self._day is not None:
            self._guard(name, strategy.on_day, self._day)
        for track in self._tracks.values():
            scene = track.scene
            if scene.attention is not None:
                self._guard(name, strategy.on_trend, scene.attention, scene)
            if scene.quantity and track.owner == name and scene.quote is not None:
                self._guard(name, strategy.on_fill, _taken_over(scene, scene.quote), scene)

    def _fold_session(self, message: SessionPlanned) -> None:
        """Take the session times; another date begins with fresh bars and unknown attention."""
        before = self._day.trading_date if self._day else None
        if not message.is_session:
            self._day = None
            return
        on = date.fromisoformat(message.trading_date)
        self._day = Day(on, message.open_time, message.close_auction_time, message.close_time)
        if before is not None and on != before:
            self._quiet_until = {}
            for symbol, track in self._tracks.items():
                track.bars, track.flags = MinuteBars(symbol), ()
                track.scene.attention = track.scene.quote = None
        for name, strategy in self._strategies.items():
            self._guard(name, strategy.on_day, self._day)

    def _fold_attention(self, message: AttentionMeasured) -> None:
        track = self._tracks.get(message.symbol)
        if track is not None:
            track.scene.attention = message
            for name, strategy in self._strategies.items():
                self._guard(name, strategy.on_trend, message, track.scene)

    def _fold_fill(self, message: FillBooked | HoldingBooked | AdjustmentBooked) -> None:
        """Book a holding; only the strategy that argued for it hears of it. Others' holdings are theirs."""
        track = self._tracks.get(message.symbol)
        if track is None:
            return
        scene = track.scene
        grown = message.position_qty - scene.quantity
        scene.quantity, scene.cost_basis = message.position_qty, message.cost_basis
        if track.owner in self._strategies:
            # Strategies count from here on by the clock of the quotes.
            at = scene.quote.venue_time if self._own_clock and scene.quote is not None else message.venue_time
            price = message.last_px if isinstance(message, FillBooked) else None
            side = Side.BUY if grown >= 0 else Side.SELL
            fill = Fill(message.symbol, side, abs(grown), price, UnixNanos(at))
            self._guard(track.owner, self._strategies[track.owner].on_fill, fill, scene)
        self._release(message.symbol)

    def _fold_revision(self, message: FillRevised) -> None:
        """Take over what a holding cost; it is the same holding, so no strategy counts anew."""
        track = self._tracks.get(message.symbol)
        if track is not None:
            track.scene.cost_basis = message.cost_basis

    def _release(self, symbol: str) -> None:
        """Forget whose a symbol is once nothing is held and no order is open."""
        track = self._tracks.get(symbol)
        if track is not None and not track.scene.quantity and not any(s == symbol for s, _ in self._open.values()):
            track.owner = ""

    def _argue(self, name: str, row: Quote, quality: str, hook: Callable[..., Iterable[Argument]], *args: Any) -> None:
        """Call a hook and keep what it argues for."""
        found = self._guard(name, hook, *args)
        if not found:
            return
        wrong = [item for item in found if not isinstance(item, Argument) or item.symbol != row.symbol]
        if wrong:
            self._bench(name, f"expected arguments about {row.symbol}, gave {wrong[0]!r:.200}")
        else:
            self._arguments += [(name, argument, row, quality) for argument in found]

    def _guard(self, name: str, hook: Callable[..., Any], *args: Any) -> Any:
        """Call a hook of a strategy that is not benched; bench it when it raises."""
        if name in self._benched:
            return ()
        try:
            found = hook(*args)
            return found if found is None else tuple(found)  # a generator runs here, too
        except Exception as error:  # noqa: BLE001  # whatever a strategy raises, the others go on
            self._bench(name, f"{type(error).__name__}: {error}")
            return ()

    def _bench(self, name: str, error: str) -> None:
        self._benched.add(name)
        self._failures.append((name, error))

    _FOLDS: ClassVar[dict[type[Message], Callable[["Strategist", Any], None]]] = {
        RunStarted: _fold_run,
        InstrumentsReceived: _fold_instruments,
        SessionPlanned: _fold_session,
        DayChanged: _fold_day,
        AttentionMeasured: _fold_attention,
        FillBooked: _fold_fill,
        FillRevised: _fold_revision,
        HoldingBooked: _fold_fill,
        AdjustmentBooked: _fold_fill,
        OrderStateChanged: _fold_order,
        OrderDenied: _fold_denial,
    }

    # ---- answer --------------------------------------------------------------------------------------------------

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Say which strategies failed and pass on the arguments that may be made now."""
        if not self._arguments and not self._failures:
            return ()
        said: list[Message] = [StrategyBenched(name, error, stamp.seq) for name, error in self._failures]
        taken: set[str] = set()  # one signal per symbol and message
        for name, argument, row, quality in self._arguments:
            if argument.symbol not in taken and self._may_say(argument, row.venue_time):
                taken.add(argument.symbol)
                said.append(_signal(name, argument, row, quality))
        return said

    def _may_say(self, argument: Argument, now: int) -> bool:
        """Tell whether day, open orders and an earlier denial allow an argument."""
        purpose = argument.purpose
        if self._day_state not in SIGNALS_IN[purpose] or now < self._quiet_until.get((argument.symbol, purpose), 0):
            return False
        is_entry = purpose is Purpose.ENTRY
        return not any(s == argument.symbol and (is_entry or p is purpose) for s, p in self._open.values())

    def view(self, query: Any) -> Any:
        """Answer SignalsQuery."""
        if not isinstance(query, SignalsQuery):
            return super().view(query)
        chosen = [item for item in reversed(self._formed) if query.symbol in ("", item.signal.symbol)]
        return SignalsView(tuple(chosen[: query.limit]), dict(self._by_attention))


def _taken_over(scene: Scene, quote: Quote) -> Fill:
    """Make a fill of a holding that a fresh strategy finds."""
    return Fill(scene.instrument.symbol, Side.BUY, scene.quantity, None, UnixNanos(quote.venue_time))


def _signal(name: str, argument: Argument, row: Quote, quality: str) -> SignalFormed:
    """Make the message of an argument."""
    return SignalFormed(
        strategy=name,
        symbol=argument.symbol,
        side=argument.side,
        purpose=argument.purpose,
        strength=argument.strength,
        confidence=argument.confidence,
        horizon_s=argument.horizon_s,
        reference_price=Krw(row.price),
        limit_price=argument.limit_price,
        attention=argument.attention,
        inputs=argument.inputs,
        rationale=argument.rationale,
        venue_time=UnixNanos(row.venue_time),
        quality=quality,
        horizon_sessions=argument.horizon_sessions,
        regime=argument.regime,
    )
