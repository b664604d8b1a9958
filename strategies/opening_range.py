"""Opening-range breakout: buy when the price leaves the range of the first minutes upwards on unusual volume.

    range      highest and lowest price of the first `range_min` minutes after the open
    breakout   a completed minute closes at least `margin_ppm` above the top, with at least `volume_times` the usual
               volume of the range's minutes (their median), for the first time that day

The range counts from the open of the session as planned, so a day that opens at 10:00 has its range from 10:00. The
opening auction's price is part of it; what printed before the open, or in the closing auction, is not. An instrument
that first trades after the range has ended, or in fewer than `range_bars_min` of its minutes, has no range that day: it
was halted or is too thin. Nor has one of whose volume until then less than half was seen: the feed began late. One
entry a day and symbol, whether it was filled or not.

Attention, as `attention` says: ignored; required (no entry unless it is high); optional: high raises the confidence,
low lowers it below the usual floor of risk, unknown and neutral leave it.
Exits: before the closing auction, stop, back inside the range, target, trailing stop, time.
Source: Toby Crabel, Day Trading with Short Term Price Patterns and Opening Range Breakout, 1990 (the idea).
No profit is promised.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median
from typing import ClassVar

from domain.bars import MINUTE_NS, MINUTE_S, Bar
from domain.config import ParamValue
from domain.errors import ConfigError
from domain.indicators import AGAINST, FOR, NEUTRAL, UNKNOWN, verdict
from domain.krx import ticks
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, PPM, Krw, Purpose, Side
from strategies.base import Argument, Day, Fill, Param, Scene, Searches, Strategy
from strategies.exits import (
    PPM_PER_PERCENT,
    BeforeClose,
    Held,
    Stop,
    Target,
    TimeLimit,
    Trailing,
    attention_of,
    first_reason,
    sale,
    sellable,
)

CONFIDENCE = {FOR: 0.7, NEUTRAL: 0.55, UNKNOWN: 0.55, AGAINST: 0.4}  # by what attention says; risk's floor is 0.5
AUCTION = int(QuoteKind.AUCTION_TRADE)
SESSION_S = 23_400  # 6.5 hours


class _Track:
    """One symbol on one day."""

    __slots__ = ("held", "high", "is_done", "is_judged", "low", "volumes")

    def __init__(self) -> None:
        """Start without a range."""
        self.high = self.low = 0  # KRW; 0 before the first bar of the range
        self.volumes: list[int] = []  # of the minutes of the range, shares
        self.is_judged = False  # whether the minutes seen make a range
        self.is_done = False  # no entry today any more: there was one, a breakout was let pass, or there is no range
        self.held = Held()


class OpeningRange(Strategy):
    """Buy what leaves the range of its first minutes upwards on volume; one entry a day and symbol."""

    NAME: ClassVar[str] = "opening_range_breakout"
    SEARCHES: ClassVar[Searches] = Searches.OPTIONAL
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("range_min", 15, 5, 120, "minutes after the open that make the range", sweep=(5, 15, 30)),
        Param("range_bars_min", 5, 1, 120, "least of these minutes with a trade"),
        Param("margin_ppm", 2_000, 0, 100_000, "close above the top that is a breakout, ppm", sweep=(0, 2_000, 5_000)),
        Param(
            "volume_times",
            1.5,
            0.0,
            50.0,
            "volume of it, times the range's median minute",
            sweep=(1.0, 1.5, 3.0),
        ),
        Param("widest_ppm", 60_000, 1_000, 300_000, "widest range that is traded, ppm of its low"),
        Param("until_s", 7_200, 600, SESSION_S, "venue seconds after the open when breakouts stop counting"),
        Param(
            "attention", "optional", choices=("ignored", "optional", "required"), meaning="what search attention does"
        ),
        Param("attention_min", 1.0, 0.1, 10.0, "robust z of abnormal search volume that counts as high, negated low"),
        Param("max_spread_ppm", 8_000, 100, 100_000, "widest spread to enter, ppm of the ask"),
        Param(
            "target_ppm",
            30_000,
            1_000,
            300_000,
            "gain on cost that is taken, ppm",
            sweep=(15_000, 30_000, 60_000),
            entry=False,
        ),
        Param(
            "stop_ppm",
            15_000,
            1_000,
            300_000,
            "loss on cost that is cut, ppm",
            sweep=(10_000, 15_000, 30_000),
            entry=False,
        ),
        Param("trail_ppm", 20_000, 1_000, 300_000, "fall from the peak that ends it, ppm"),
        Param("inside_ppm", 5_000, 0, 300_000, "fall below the top of the range that ends it, ppm"),
        Param("hold_s", 3_600, 60, SESSION_S, "longest holding, venue seconds", sweep=(1_800, 3_600, 7_200)),
        Param("flat_before_s", 600, 30, SESSION_S, "venue seconds before the closing auction when holdings are sold"),
        Param("exit_claim_s", 1_800, 0, SESSION_S, "venue seconds an exit claims for; 0: it is not scored"),
    )

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        values = self.params
        self._whole = {name: int(value) for name, value in values.items() if not isinstance(value, str)}
        if self._whole["range_bars_min"] > self._whole["range_min"]:
            raise ConfigError(
                f"strategy {self.NAME} parameter range_bars_min expected at most range_min "
                f"({self._whole['range_min']} minutes), was {self._whole['range_bars_min']}"
            )
        self._searches = Searches(str(values["attention"]))
        whole = self._whole
        self._before = (BeforeClose(whole["flat_before_s"]), Stop(whole["stop_ppm"]))  # outweigh the range
        self._behind = (Target(whole["target_ppm"]), Trailing(whole["trail_ppm"]), TimeLimit(whole["hold_s"]))
        self._tracks: dict[str, _Track] = {}
        self._session: tuple[date, int] | None = None

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give the bars of the range that are needed at least."""
        return {MINUTE_S: self._whole["range_bars_min"]}

    def on_day(self, day: Day) -> None:
        """Forget ranges and entries at a new date, or when the open was put off; a holding keeps its clock."""
        if (day.trading_date, day.open_time) != self._session:
            held = {symbol: track.held for symbol, track in self._tracks.items() if track.held.entered_at}
            self._tracks = {}
            for symbol, one in held.items():
                self._track(symbol).held = one
        self._session = (day.trading_date, day.open_time)

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Give the day up for a symbol whose prices changed scale: its range is of the old one."""
        track = self._tracks.get(symbol)
        if track is not None:
            track.high = track.low = track.held.peak = 0
            track.volumes, track.is_done = [], True

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Build the range from the bars of its minutes; argue for an entry at the first breakout."""
        if not day.open_time <= bar.start < day.close_auction_time:
            return ()
        track = self._track(bar.symbol)
        if bar.start < day.open_time + self._whole["range_min"] * MINUTE_NS:
            track.high = max(track.high, bar.high)
            track.low = min(track.low or bar.low, bar.low)
            track.volumes.append(bar.volume)
            return ()
        quote = scene.quote
        if quote is None or track.is_done:
            return ()
        if not track.is_judged:
            track.is_judged, track.is_done = True, not self._has_range(bar, quote, track)
        if track.is_done or not self._breaks_out(bar, track, day):
            return ()
        track.is_done = True  # the first breakout counts, taken or not: the second one is another pattern
        if scene.quantity or not self._may_enter(bar, quote, scene):
            return ()
        z, source = (None, UNKNOWN) if self._searches is Searches.IGNORED else attention_of(scene)
        said = verdict(z, float(self.params["attention_min"]))
        if self._searches is Searches.REQUIRED and said != FOR:
            return ()
        limit = ticks.round_up(quote.ask_price, scene.instrument.market, day.trading_date)
        upper = scene.instrument.upper_limit
        if upper is not None and limit >= upper:
            return ()  # at the upper limit nobody sells
        return (self._entry(bar, limit, track, SignalInput("attention", z, said), source),)

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue for selling the holding when one of the exits is reached."""
        track = self._track(quote.symbol)
        price = sellable(quote)
        if not scene.quantity or price <= 0:
            return ()
        if not track.held.entered_at:
            track.held.begin(quote.venue_time, scene)
        track.held.see(price)
        seen = (track.held, price, quote.venue_time, day, scene)
        reason = first_reason(self._before, *seen) or self._inside(track, price) or first_reason(self._behind, *seen)
        return (sale(quote, track.held, scene, day, reason, self._whole["exit_claim_s"]),) if reason else ()

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Start the clock of a holding at its first fill."""
        track = self._track(fill.symbol)
        if not scene.quantity:
            track.held.end()
        elif not track.held.entered_at:
            track.held.begin(fill.venue_time, scene)
        elif fill.last_px is None:
            track.held.peak = 0  # shares came or went by themselves, so prices are of another scale

    def _track(self, symbol: str) -> _Track:
        """Give what is remembered of a symbol."""
        track = self._tracks.get(symbol)
        if track is None:
            track = self._tracks[symbol] = _Track()
        return track

    def _has_range(self, bar: Bar, quote: Quote, track: _Track) -> bool:
        """Tell whether the minutes seen make a range, at the first bar behind it."""
        seen = sum(track.volumes) + bar.volume
        return len(track.volumes) >= self._whole["range_bars_min"] and (
            2 * seen >= quote.cumulative_volume - quote.last_qty
        )

    def _breaks_out(self, bar: Bar, track: _Track, day: Day) -> bool:
        """Tell whether a bar behind the range leaves it upwards on enough volume, in time."""
        whole = self._whole
        if bar.start >= day.open_time + whole["until_s"] * NANOS_PER_SECOND:
            return False
        is_above = bar.close * PPM >= track.high * (PPM + whole["margin_ppm"]) and bar.close > track.high
        return is_above and bar.volume >= float(self.params["volume_times"]) * median(track.volumes)

    def _may_enter(self, bar: Bar, quote: Quote, scene: Scene) -> bool:
        """Tell whether the range, the moment and the book allow an entry."""
        track, bid, ask = self._track(bar.symbol), quote.bid_price, quote.ask_price
        return (
            scene.instrument.tradable
            and (track.high - track.low) * PPM <= track.low * self._whole["widest_ppm"]
            and quote.venue_time < bar.start + 2 * MINUTE_NS  # the bar is the minute before, not news of long ago
            and quote.kind != AUCTION
            and 0 < bid < ask
            and (ask - bid) * PPM <= ask * self._whole["max_spread_ppm"]
        )

    def _inside(self, track: _Track, price: int) -> str:
        """Say why a breakout has failed: the price is below the top of the day's range again, by so much or more."""
        ppm = self._whole["inside_ppm"]
        if not track.high or price * PPM > track.high * (PPM - ppm):
            return ""
        return f"range: {price} is {ppm / PPM_PER_PERCENT:g} % or more below its top {track.high}"

    def _entry(self, bar: Bar, limit: Krw, track: _Track, attention: SignalInput, source: str) -> Argument:
        """Put the argument for an entry together."""
        above = bar.close / track.high - 1
        times = bar.volume / max(median(track.volumes), 1)
        searched = f"z {attention.value:+.2f} from {source}" if attention.value is not None else UNKNOWN
        if self._searches is Searches.IGNORED:
            searched = "ignored"
        return Argument(
            symbol=bar.symbol,
            side=Side.BUY,
            purpose=Purpose.ENTRY,
            strength=min(1.0, above * PPM / (2 * max(self._whole["margin_ppm"], 1_000))),
            confidence=CONFIDENCE[attention.verdict],
            horizon_s=self._whole["hold_s"],
            limit_price=limit,
            attention=source,
            inputs=(
                SignalInput("breakout", above, FOR),
                SignalInput("volume_times", times, FOR),
                SignalInput("range_width", track.high / track.low - 1, NEUTRAL),
                *(() if self._searches is Searches.IGNORED else (attention,)),
            ),
            rationale=f"closed {above:.2%} above the top {track.high} of the first {self._whole['range_min']} minutes "
            f"on {times:.1f} times their volume; search attention {searched}",
        )
