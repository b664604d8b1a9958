"""Buy what rises on unusual volume, more surely when people search for it more than usual.

Entry, on a completed minute: the return of the last bars and the bar's volume both speak for it. Search attention of
the days before raises the confidence when it is high, and less is then asked of price and volume; when it is low it
takes the confidence below the usual floor of risk; when it is unknown, price and volume may speak alone at lower
confidence, and the signal says so. Further indicators (a slower momentum, volatility, distance to interruption and
limit, spread) confirm: too many that speak against it prevent the entry, the rest moves the confidence a little.

Exit, on any quote of a holding: before the closing auction, stop, target, trailing stop, time, attention fading.
No profit is promised: after costs the known effect is small (docs, evidence on search attention).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar

from domain.bars import MINUTE_NS, MINUTE_S, Bar
from domain.config import ParamValue
from domain.indicators import AGAINST, FOR, NEUTRAL, UNKNOWN, Reading, verdict
from domain.krx import ticks
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, PPM, Krw, Purpose, Side
from strategies.attention_momentum_params import PARAMS, confirmation_settings, exit_rules
from strategies.base import Argument, Day, Fill, Param, Scene, Strategy
from strategies.exits import Held, attention_of, first_reason, sale, sellable
from strategies.price_view import PriceView, balance

CONFIDENCE = {FOR: 0.75, NEUTRAL: 0.6, UNKNOWN: 0.55, AGAINST: 0.4}  # by what attention says; risk's floor is 0.5
AUCTION = int(QuoteKind.AUCTION_TRADE)


class _Track:
    """What the strategy remembers of one symbol."""

    __slots__ = ("cool_until", "held", "prices")

    def __init__(self, prices: PriceView) -> None:
        """Start flat and cold."""
        self.prices = prices
        self.held = Held()
        self.cool_until = 0  # venue time


class AttentionMomentum(Strategy):
    """Buy what rises on unusual volume, more surely when people search for it; one entry a symbol at a time."""

    NAME: ClassVar[str] = "attention_momentum"
    PARAMS: ClassVar[tuple[Param, ...]] = PARAMS

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._real = {name: float(value) for name, value in self.params.items()}
        self._whole = {name: int(value) for name, value in self.params.items()}  # money is compared in whole numbers
        self._confirms = bool(self.params["confirm"])
        self._settings = confirmation_settings(self.params)
        self._exits = exit_rules(self.params)
        self._tracks: dict[str, _Track] = {}
        self._date: date | None = None

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give the bars that what must speak for an entry needs; the slower indicators may still be unknown then."""
        return {MINUTE_S: max(self._whole["momentum_bars"], self._whole["volume_bars"]) + 1}

    def on_day(self, day: Day) -> None:
        """Forget everything at a new date, except since when and with what attention a holding is held."""
        if day.trading_date != self._date:
            held = {symbol: track.held for symbol, track in self._tracks.items() if track.held.entered_at}
            self._tracks = {}
            for symbol, one in held.items():
                one.peak = 0
                self._track(symbol).held = one
        self._date = day.trading_date

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Begin bars and peak anew: prices are of another scale, or minutes are missing."""
        track = self._tracks.get(symbol)
        if track is not None and self._confirms:  # what runs before 0.6.0 did not do
            track.prices = PriceView(self._settings, further=self._confirms)
            track.held.peak = 0

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Fold the bar; argue for an entry when price and volume agree and the moment allows one."""
        track, quote = self._track(bar.symbol), scene.quote
        track.prices.add(bar, quote)
        attention, source = self._attention(scene)
        factor = self._real["searched_factor"] if attention.verdict == FOR else 1.0
        momentum, volume = track.prices.gates(self._settings, factor)
        if momentum.verdict != FOR or volume.verdict != FOR or quote is None or scene.quantity:
            return ()
        if not self._may_enter(bar, quote, track, day):
            return ()
        limit = ticks.round_up(quote.ask_price, scene.instrument.market, day.trading_date)
        upper = scene.instrument.upper_limit
        if not scene.instrument.tradable or (upper is not None and limit >= upper):
            return ()  # at the upper limit nobody sells
        further = track.prices.further(self._settings, quote, scene.instrument, day.trading_date)
        if sum(item.verdict == AGAINST for item in further) > self._whole["most_against"]:
            return ()
        inputs = (momentum, volume, SignalInput("attention", attention.value, attention.verdict), *further)
        return (self._entry(bar.symbol, limit, inputs, source, track.prices.regime),)

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue for selling the holding when one of the exits is reached."""
        track = self._track(quote.symbol)
        price = sellable(quote)
        track.held.see(price)
        reason = first_reason(self._exits, track.held, price, quote.venue_time, day, scene)
        if not reason:
            return ()
        return (sale(quote, track.held, scene, day, reason, self._whole["exit_claim_s"], track.prices.regime),)

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Start the clock of a holding at its first fill, the cool-down at its end."""
        track = self._track(scene.instrument.symbol)
        if scene.quantity and not track.held.entered_at:
            track.held.begin(fill.venue_time, scene)
        elif not scene.quantity:
            track.held.end()
            track.cool_until = fill.venue_time + self._whole["cool_down_s"] * NANOS_PER_SECOND

    def _track(self, symbol: str) -> _Track:
        """Give what is remembered of a symbol."""
        track = self._tracks.get(symbol)
        if track is None:
            track = self._tracks[symbol] = _Track(PriceView(self._settings, further=self._confirms))
        return track

    def _may_enter(self, bar: Bar, quote: Quote, track: _Track, day: Day) -> bool:
        """Tell whether moment and book allow an entry."""
        whole, now, bid, ask = self._whole, quote.venue_time, quote.bid_price, quote.ask_price
        return (
            now >= track.cool_until
            and now >= day.open_time + whole["open_quiet_s"] * NANOS_PER_SECOND
            and now < day.close_auction_time - whole["close_quiet_s"] * NANOS_PER_SECOND
            and now < bar.start + 2 * MINUTE_NS  # the bar is the minute before, not news of long ago
            and quote.kind != AUCTION
            and 0 < bid < ask
            and (ask - bid) * PPM <= ask * whole["max_spread_ppm"]
        )

    def _attention(self, scene: Scene) -> tuple[Reading, str]:
        """Read attention and its source; low is against, missing is unknown."""
        z, source = attention_of(scene)
        return Reading(z, verdict(z, self._real["attention_min"])), source

    def _entry(self, symbol: str, limit: Krw, inputs: tuple[SignalInput, ...], source: str, regime: str) -> Argument:
        """Put the argument for an entry together; the first inputs are momentum, volume and attention."""
        momentum, volume, attention, *further = inputs
        rise, surprise, z = momentum.value or 0.0, volume.value or 0.0, attention.value
        searched = f"z {z:+.2f} from {source}" if z is not None else "unknown"
        moved = self._real["agreement_weight"] * balance(further)
        return Argument(
            symbol=symbol,
            side=Side.BUY,
            purpose=Purpose.ENTRY,
            strength=min(1.0, rise / (2 * self._real["momentum_min"])),
            confidence=min(1.0, max(0.0, CONFIDENCE[attention.verdict] + moved)),
            horizon_s=self._whole["hold_s"],
            limit_price=limit,
            attention=source,
            inputs=inputs,
            rationale=f"up {rise:.2%} in {self._whole['momentum_bars']} bars on volume {surprise:+.1f} robust "
            f"deviations from normal; search attention {searched}{_confirmed(further)}",
            regime=regime,
        )


def _confirmed(further: list[SignalInput]) -> str:
    """Say what the further indicators say; empty when there are none."""
    if not further:
        return ""
    against = [item.name for item in further if item.verdict == AGAINST]
    speaking = [item.name for item in further if item.verdict == FOR]
    return f"; confirmed by {', '.join(speaking) or 'none'}, against it {', '.join(against) or 'none'}"
