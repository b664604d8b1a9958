"""What the strategist keeps: whose holdings are whose, who hears what, and which arguments may be made.

What strategies see of each message is in `strategist_hearing.py`, what the strategist says in `strategist.py`.
"""

from collections import deque
from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from actors.core.role import Role
from actors.roles.daily_feed import DailyFeed
from actors.roles.signal_rules import AFTER_DENIAL_NS, Made, is_anothers, may_say, why_withheld
from actors.roles.strategist_tracks import Track
from actors.roles.strategy_bench import StrategyBench
from domain.bars import DAY_S, MINUTE_S
from domain.config import SignalConfig
from domain.messages import Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.market import FetchHistory
from domain.messages.orders import OrderStateChanged
from domain.messages.trading import (
    FillBooked,
    OrderDenied,
    SignalFormed,
    StrategyBenched,
)
from domain.quotes import Quote
from domain.status import SignalView
from domain.types import Krw, Purpose, Side, UnixNanos
from fsm.client_order import CLOSED
from strategies.base import Argument, Day, Fill, Sees, Strategy
from strategies.registry import STRATEGIES

NO_FLAGS: Mapping[int, str] = {}
SIGNALS_KEPT = 10_000  # for views; the log keeps all
Booking = FillBooked | HoldingBooked | AdjustmentBooked


class StrategistState(Role):
    """Strategies and who is benched, bars and holding of each watched symbol, open orders, the day, and the arguments
    made by the message being handled.
    """

    GIVEN: ClassVar[frozenset[str]] = frozenset({"_known"})

    def __init__(self, known: Mapping[str, type[Strategy]] = STRATEGIES) -> None:
        """Start without strategies; `known` are those a configuration may name."""
        super().__init__()
        self._known = known
        self._bench = StrategyBench()
        self._clocked: tuple[str, ...] = ()  # strategies that do something at the begin of a minute
        self._rules = SignalConfig()
        self._wanted: tuple[str, ...] = ()  # of the configuration; empty means all served
        self._tracks: dict[str, Track] = {}
        self._day: Day | None = None
        self._date: date | None = None  # of the last session, also while none is on
        self._day_state = ""
        self._daily = DailyFeed()
        self._next_minute = 0  # venue time at which the next minute begins
        self._tell_quality = False
        self._own_clock = False  # the orders' broker has a venue clock of its own
        self._open: dict[str, tuple[str, Purpose]] = {}  # client order id -> symbol, purpose
        self._quiet_until: dict[tuple[str, Purpose], int] = {}  # after a denial, venue time
        self._formed: deque[SignalView] = deque(maxlen=SIGNALS_KEPT)
        self._by_attention: dict[str, int] = {}
        self._by_strategy: dict[str, int] = {}  # signals formed
        self._withheld: dict[str, int] = {}  # strategy -> arguments that a rule of the configuration withheld
        self._arguments: list[Made] = []  # made by the message being handled

    # ---- own outputs and arguments ---------------------------------------------------------------------------------

    def _fold_signal(self, message: SignalFormed, stamp: Stamp) -> None:
        self._formed.append(SignalView(stamp.seq, message))
        self._by_attention[message.attention] = self._by_attention.get(message.attention, 0) + 1
        self._by_strategy[message.strategy] = self._by_strategy.get(message.strategy, 0) + 1
        track = self._tracks.get(message.symbol)
        if message.purpose is Purpose.ENTRY and track is not None:
            track.scene.owner = message.strategy
            self._arrange(track)

    def _fold_benched(self, message: StrategyBenched, _: Stamp) -> None:
        """Leave a strategy out; exit strategies that see its holdings only now are told of them."""
        self._bench.told(message.strategy, message.error)
        held = {symbol: track.holders for symbol, track in self._tracks.items() if track.scene.quantity}
        self._arrange_all()
        for symbol, before in held.items():
            track = self._tracks[symbol]
            for name in track.holders:
                if name not in before:
                    self._take_over(name, track)

    def _fold_request(self, message: FetchHistory, _: Stamp) -> None:
        self._daily.asked.update(message.symbols)

    def _take_over(self, name: str, track: Track) -> None:
        """Tell a strategy of a holding that it finds. Its time is that of the newest row, before one the open."""
        scene, day, code = track.scene, self._day, self._bench.configs[name].code
        if scene.quote is not None:
            at = scene.quote.venue_time
        elif day is not None and code:  # runs before 0.6.0 said nothing then
            at = day.open_time
        else:
            return
        fill = Fill(track.bars.symbol, Side.BUY, scene.quantity, None, UnixNanos(at))
        self._bench.call(name, self._bench.strategies[name].on_fill, fill, scene)

    def _keep(self, name: str, argument: Argument, quote: Quote, now: int, quality: str) -> None:
        """Keep an argument that may be made now and that no rule withholds; `quote` is the latest of its symbol."""
        quiet_until = self._quiet_until.get((argument.symbol, argument.purpose), 0)
        if not may_say(argument, now, self._day_state, self._open, quiet_until):
            return
        track = self._tracks[argument.symbol]
        if is_anothers(argument, name, track.scene, track.holders, self._bench.names()):
            return
        attention = track.scene.attention
        if why_withheld(argument, attention, self._bench.strategies[name].SEARCHES, self._rules):
            self._withheld[name] = self._withheld.get(name, 0) + 1
        else:
            self._arguments.append(Made(name, argument, Krw(quote.price), UnixNanos(now), quality))

    # ---- orders and holdings -------------------------------------------------------------------------------------

    def _fold_order(self, message: OrderStateChanged) -> None:
        if message.to_status in CLOSED:
            self._open.pop(message.client_order_id, None)
        else:
            self._open[message.client_order_id] = (message.symbol, message.purpose)
        self._release(message.symbol)

    def _fold_denial(self, message: OrderDenied) -> None:
        if message.origin in self._bench.strategies:
            self._quiet_until[message.symbol, message.purpose] = message.venue_time + AFTER_DENIAL_NS[message.purpose]
        self._release(message.symbol)

    def _fold_fill(self, message: Booking) -> None:
        """Book a holding; who sees it hears of it. What a person bought is nobody's."""
        track = self._tracks.get(message.symbol)
        if track is None:
            return
        scene = track.scene
        grown = message.position_qty - scene.quantity
        scene.quantity, scene.cost_basis = message.position_qty, message.cost_basis
        self._arrange(track)
        if track.holders:
            # Strategies count from here on by the clock of the quotes.
            at = scene.quote.venue_time if self._own_clock and scene.quote is not None else message.venue_time
            price = message.last_px if isinstance(message, FillBooked) else None
            side = Side.BUY if grown >= 0 else Side.SELL
            fill = Fill(message.symbol, side, abs(grown), price, UnixNanos(at))
            for name in track.holders:
                self._bench.call(name, self._bench.strategies[name].on_fill, fill, scene)
        self._release(message.symbol)

    def _fold_revision(self, message: FillRevised) -> None:
        """Take over what a holding cost; it is the same holding, so no strategy counts anew."""
        track = self._tracks.get(message.symbol)
        if track is not None:
            track.scene.cost_basis = message.cost_basis

    def _release(self, symbol: str) -> None:
        """Forget whose a symbol is once nothing is held and no order is open."""
        track = self._tracks.get(symbol)
        if track is None or track.scene.quantity or not track.scene.owner:
            return
        if not any(s == symbol for s, _ in self._open.values()):
            track.scene.owner = ""
            self._arrange(track)

    # ---- who hears what ------------------------------------------------------------------------------------------

    def _arrange_all(self) -> None:
        self._clocked = self._bench.overriding("on_clock")
        for track in self._tracks.values():
            self._arrange(track)

    def _arrange(self, track: Track) -> None:
        """Say who hears what of a symbol, in the order of the configuration."""
        bench, scene = self._bench, track.scene
        symbol = track.bars.symbol
        names = bench.names()
        seeing = [name for name in names if bench.sees(name, symbol)]
        kinds = bench.strategies
        track.minutes = tuple(name for name in seeing if MINUTE_S in kinds[name].INTERVALS)
        track.days = tuple(name for name in seeing if DAY_S in kinds[name].INTERVALS)
        handed = self._rules.rescue_benched and scene.owner in bench.benched
        found = [*seeing, *bench.exits()] if handed else seeing
        guards = {name for name in found if kinds[name].SEES is Sees.EVERY_HOLDING} if scene.owner else set()
        track.holders = tuple(name for name in names if name == scene.owner or name in guards)
        watching = {name for name in seeing if kinds[name].SEES is Sees.WATCHED}
        held = track.holders if scene.quantity else ()
        track.quotes = tuple(name for name in names if name in watching or name in held)
        track.listen()
