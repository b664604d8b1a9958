"""Buy what rises on unusual volume, more surely when people search for it more than usual.

Entry, on a completed minute: the return of the last bars and the bar's volume both speak for it. Search attention of
the days before raises the confidence when it is high, and less is then asked of price and volume; when it is low it
takes the confidence below the usual floor of risk; when it is unknown, price and volume may speak alone at lower
confidence, and the signal says so.

Exit, on any quote of a holding: target, stop, trailing stop, time, and before the closing auction.
No profit is promised: after costs the known effect is small (docs, evidence on search attention).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar

from domain.bars import MINUTE_NS, MINUTE_S, Bar
from domain.config import ParamValue
from domain.indicators import AGAINST, FOR, NEUTRAL, UNKNOWN, Momentum, Reading, VolumeSurprise, verdict
from domain.krx import ticks
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, PPM, Krw, Purpose, Side
from strategies.base import Argument, Day, Fill, Param, Scene, Strategy

CONFIDENCE = {FOR: 0.75, NEUTRAL: 0.6, UNKNOWN: 0.55, AGAINST: 0.4}  # by what attention says; risk's floor is 0.5
AUCTION = int(QuoteKind.AUCTION_TRADE)


class _Track:
    """What the strategy remembers of one symbol."""

    __slots__ = ("cool_until", "entered_at", "momentum", "peak", "volume")

    def __init__(self, momentum: Momentum, volume: VolumeSurprise) -> None:
        """Start flat and cold."""
        self.momentum = momentum
        self.volume = volume
        self.entered_at = 0  # venue time of the first fill of the holding; 0 when there is none
        self.peak = 0  # KRW, highest sellable price since
        self.cool_until = 0  # venue time


class AttentionMomentum(Strategy):
    """Long only, one entry per symbol at a time."""

    NAME: ClassVar[str] = "attention_momentum"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("momentum_bars", 5, 1, 60, "minute bars looked back"),
        Param("momentum_min", 0.015, 0.0001, 0.3, "log return over them that speaks for an entry"),
        Param("volume_bars", 20, 5, 120, "minute bars of normal volume"),
        Param("volume_min", 2.0, 0.1, 20.0, "robust standard deviations of log volume that speak for an entry"),
        Param("attention_min", 1.0, 0.1, 10.0, "robust z of abnormal search volume that counts as high, negated low"),
        Param(
            "searched_factor", 0.6, 0.1, 1.0, "share of momentum_min and volume_min asked for when attention is high"
        ),
        Param("max_spread_ppm", 8_000, 100, 100_000, "widest spread to enter, ppm of the ask"),
        Param("target_ppm", 30_000, 1_000, 300_000, "gain on cost that is taken, ppm"),
        Param("stop_ppm", 15_000, 1_000, 300_000, "loss on cost that is cut, ppm"),
        Param("trail_ppm", 15_000, 1_000, 300_000, "fall from the peak that ends it, ppm"),
        Param("hold_s", 1_800, 60, 23_400, "longest holding, venue seconds"),
        Param("cool_down_s", 900, 0, 23_400, "venue seconds without a new entry after an exit"),
        Param("open_quiet_s", 600, 0, 23_400, "venue seconds after the open without entries"),
        Param("close_quiet_s", 1_800, 0, 23_400, "venue seconds before the closing auction without entries"),
        Param("flat_before_s", 600, 30, 23_400, "venue seconds before the closing auction when holdings are sold"),
    )

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._real = {name: float(value) for name, value in self.params.items()}
        self._whole = {name: int(value) for name, value in self.params.items()}  # money is compared in whole numbers
        self._tracks: dict[str, _Track] = {}
        self._date: date | None = None

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give the bars both indicators need."""
        return {MINUTE_S: max(self._whole["momentum_bars"], self._whole["volume_bars"]) + 1}

    def on_day(self, day: Day) -> None:
        """Forget everything at a new date, except since when a holding is held."""
        if day.trading_date != self._date:
            held = {symbol: track.entered_at for symbol, track in self._tracks.items() if track.entered_at}
            self._tracks = {}
            for symbol, entered_at in held.items():
                self._track(symbol).entered_at = entered_at
        self._date = day.trading_date

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Fold the bar; argue for an entry when price and volume agree and the moment allows one."""
        track = self._track(bar.symbol)
        momentum = track.momentum.add(bar.close)
        volume = track.volume.add(bar.volume)
        attention = self._attention(scene)
        if attention.verdict == FOR:
            factor = self._real["searched_factor"]
            momentum = Reading(momentum.value, verdict(momentum.value, factor * self._real["momentum_min"]))
            volume = Reading(volume.value, verdict(volume.value, factor * self._real["volume_min"]))
        quote = scene.quote
        if momentum.verdict != FOR or volume.verdict != FOR or quote is None or scene.quantity:
            return ()
        if not self._may_enter(bar, quote, track, day):
            return ()
        limit = ticks.round_up(quote.ask_price, scene.instrument.market, day.trading_date)
        upper = scene.instrument.upper_limit
        if not scene.instrument.tradable or (upper is not None and limit >= upper):
            return ()  # at the upper limit nobody sells
        return (self._entry(bar.symbol, limit, momentum, volume, attention, _source(scene)),)

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue for selling the holding when one of the exits is reached."""
        track = self._track(quote.symbol)
        price = quote.bid_price or quote.price
        track.peak = max(track.peak, price)
        reason = self._exit_reason(quote.venue_time, price, track, scene, day)
        if not reason:
            return ()
        limit = ticks.round_down(price, scene.instrument.market, day.trading_date)
        gain = price * scene.quantity / scene.cost_basis - 1 if scene.cost_basis else 0.0
        inputs = (SignalInput("gain", gain, AGAINST), SignalInput("peak", float(track.peak), NEUTRAL))
        # attention plays no part in an exit, so the signal does not claim to have used any
        return (Argument(quote.symbol, Side.SELL, Purpose.EXIT, 1.0, 1.0, 0, Krw(limit), UNKNOWN, inputs, reason),)

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Start the clock of a holding at its first fill, the cool-down at its end."""
        track = self._track(scene.instrument.symbol)
        if scene.quantity and not track.entered_at:
            track.entered_at = fill.venue_time
            track.peak = scene.cost_basis // scene.quantity
        elif not scene.quantity:
            track.entered_at = track.peak = 0
            track.cool_until = fill.venue_time + self._whole["cool_down_s"] * NANOS_PER_SECOND

    def _track(self, symbol: str) -> _Track:
        """Give what is remembered of a symbol."""
        track = self._tracks.get(symbol)
        if track is None:
            momentum = Momentum(self._whole["momentum_bars"], self._real["momentum_min"])
            volume = VolumeSurprise(self._whole["volume_bars"], self._real["volume_min"])
            track = self._tracks[symbol] = _Track(momentum, volume)
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

    def _attention(self, scene: Scene) -> Reading:
        """Read attention; low is against, missing is unknown."""
        z = scene.attention.z if scene.attention else None
        return Reading(z, verdict(z, self._real["attention_min"]))

    def _entry(
        self, symbol: str, limit: Krw, momentum: Reading, volume: Reading, attention: Reading, source: str
    ) -> Argument:
        """Put the argument for an entry together."""
        rise, surprise, z = momentum.value or 0.0, volume.value or 0.0, attention.value
        searched = f"z {z:+.2f} from {source}" if z is not None else "unknown"
        return Argument(
            symbol=symbol,
            side=Side.BUY,
            purpose=Purpose.ENTRY,
            strength=min(1.0, rise / (2 * self._real["momentum_min"])),
            confidence=CONFIDENCE[attention.verdict],
            horizon_s=self._whole["hold_s"],
            limit_price=limit,
            attention=source,
            inputs=(
                SignalInput("momentum", momentum.value, momentum.verdict),
                SignalInput("volume_surprise", volume.value, volume.verdict),
                SignalInput("attention", attention.value, attention.verdict),
            ),
            rationale=f"up {rise:.2%} in {self._whole['momentum_bars']} bars on volume {surprise:+.1f} robust "
            f"deviations from normal; search attention {searched}",
        )

    def _exit_reason(self, now: int, price: int, track: _Track, scene: Scene, day: Day) -> str:
        """Say why to sell now; empty when there is no reason. Exact in whole won."""
        whole, cost, worth = self._whole, scene.cost_basis, price * scene.quantity
        if now >= day.close_auction_time - whole["flat_before_s"] * NANOS_PER_SECOND:
            return "close: flat before the closing auction"
        if worth * PPM <= cost * (PPM - whole["stop_ppm"]):
            return f"stop: {price} is {whole['stop_ppm'] / 10_000:g} % or more below cost"
        if worth * PPM >= cost * (PPM + whole["target_ppm"]):
            return f"target: {price} is {whole['target_ppm'] / 10_000:g} % or more above cost"
        if price * PPM <= track.peak * (PPM - whole["trail_ppm"]):
            return f"trailing: {price} is {whole['trail_ppm'] / 10_000:g} % or more below the peak {track.peak}"
        if now >= track.entered_at + whole["hold_s"] * NANOS_PER_SECOND:
            return f"time: held for {whole['hold_s']} s"
        return ""


def _source(scene: Scene) -> str:
    """Give where the attention used comes from; unknown when it could not be measured."""
    return scene.attention.source if scene.attention and scene.attention.z is not None else UNKNOWN
