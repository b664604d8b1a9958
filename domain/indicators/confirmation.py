"""Price confirmation: what several indicators say about buying one instrument now, each for itself."""

from dataclasses import dataclass
from datetime import date

from domain.bars import DAY_S, Bar
from domain.errors import ConfigError, InvariantError
from domain.indicators.limit_distance import limit_distance
from domain.indicators.momentum import Momentum
from domain.indicators.reading import UNKNOWN, Reading
from domain.indicators.spread import spread
from domain.indicators.vi_distance import vi_distance
from domain.indicators.volatility_regime import VolatilityRegime
from domain.indicators.volume_surprise import VolumeSurprise
from domain.instruments import Instrument
from domain.krx.brakes import VolatilityGroup
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.time import kst_date
from domain.types import InstrumentFlag

VOLUME, VOLATILITY = "volume_surprise", "volatility_regime"
NO_BARS = "no bar yet"
NO_TRADE = "nothing traded in the last bar"
NO_VOLUME = "the last bar has no volume"
FROM_BASE = "measured from the base price: no auction of the day was seen"
LIQUIDATION = "liquidation trading knows no interruptions"
_AUCTION = int(QuoteKind.AUCTION_TRADE)


@dataclass(frozen=True, slots=True)
class ConfirmationSettings:
    """What the indicators look at and where they begin to speak. Raises ConfigError for numbers that make no sense."""

    momentum: tuple[tuple[int, float], ...] = ((5, 0.015), (20, 0.02))  # bars looked back, log return that speaks for
    volume_bars: int = 20  # bars of normal volume
    volume_min: float = 2.0  # robust standard deviations of log volume that speak for
    volatility_short: int = 10  # returns that are judged
    volatility_long: int = 30  # returns before them that are the norm
    calm: float = 0.5  # quotient of both at or below which it is calm
    wild: float = 2.0  # at or above which it is wild
    vi_min_ppm: int = 20_000  # least distance to the next interruption, ppm of the price
    limit_min_ppm: int = 30_000  # least distance to a daily limit, ppm of the price
    spread_max_ppm: int = 8_000  # widest spread, ppm of the ask

    def __post_init__(self) -> None:
        """Refuse windows without a bar, horizons named twice, thresholds that are not positive."""
        horizons = [bars for bars, _ in self.momentum]
        if len(set(horizons)) < len(horizons) or any(bars < 1 or least <= 0 for bars, least in self.momentum):
            raise ConfigError(f"momentum expected different bars >= 1 with thresholds > 0, was {self.momentum!r}")
        for name in ("volume_bars", "volatility_short", "volatility_long"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} expected 1 bar or more, was {getattr(self, name)!r}")
        if not 0 <= self.calm < self.wild:
            raise ConfigError(f"calm expected >= 0 and below wild, was {self.calm!r} with wild {self.wild!r}")
        for name in ("volume_min", "vi_min_ppm", "limit_min_ppm", "spread_max_ppm"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} expected 0 or more, was {getattr(self, name)!r}")


class Confirmation:
    """The indicators of one instrument over bars of one length. State is plain: snapshots keep it.

    Bars without a trade are left out of every window, so a halt makes neither momentum nor a norm of volume; while the
    last bar is one of them, what is read from bars is unknown. Prices across a corporate action need a fresh object
    (`Strategy.on_reset`), and so do minute bars of a new date if the night's jump is not to count as momentum.
    """

    __slots__ = (
        "_auction",
        "_auction_on",
        "_interval_s",
        "_momentum",
        "_of_bars",
        "_seen",
        "_settings",
        "_volatility",
        "_volume",
        "_volumes",
        "regime",
    )

    def __init__(self, settings: ConfirmationSettings) -> None:
        """Start cold."""
        self._settings = settings
        self._interval_s = 0  # of the bars; 0 before the first
        self._seen = self._volumes = 0  # bars with a trade, bars with a volume so far
        self._momentum = tuple(Momentum(bars, least) for bars, least in settings.momentum)
        self._volume = VolumeSurprise(settings.volume_bars, settings.volume_min)
        self._volatility = VolatilityRegime(
            settings.volatility_short, settings.volatility_long, settings.calm, settings.wild
        )
        self._auction = 0  # KRW, last single price of an auction; 0 before the first
        self._auction_on = 0  # venue time of it, UTC ns
        self._of_bars = self._all_unknown(NO_BARS)  # inputs as of the last bar
        self.regime = UNKNOWN  # calm, normal, wild, unknown: as of the last bar

    @property
    def warm_up(self) -> int:
        """Give how many bars with a trade everything read from bars needs."""
        return warm_up(self._settings)

    def add(self, bar: Bar) -> None:
        """Take the next completed bar. Raises InvariantError when it is of another length than those before it."""
        if bar.interval_s != self._interval_s:
            if self._interval_s:
                raise InvariantError(f"bars expected of {self._interval_s} s, was {bar.interval_s} s")
            self._interval_s = bar.interval_s
        close, volume = bar.close, bar.volume
        # A halted session carries the close forward, with open and volume 0. A minute exists only where something
        # traded, so there a volume of 0 is a counter that fell, not a price that stood still.
        if close <= 0 or (bar.interval_s == DAY_S and (bar.open <= 0 or volume <= 0)):
            self._of_bars = self._all_unknown(NO_TRADE)
            self.regime = UNKNOWN
            return
        self._seen += 1
        said = [
            self._input(f"momentum_{bars}", momentum.add(close), self._seen, bars + 1)
            for momentum, (bars, _) in zip(self._momentum, self._settings.momentum, strict=True)
        ]
        if volume > 0:
            self._volumes += 1
            said.append(self._input(VOLUME, self._volume.add(volume), self._volumes, self._settings.volume_bars + 1))
        else:
            said.append(SignalInput(VOLUME, None, UNKNOWN, NO_VOLUME))
        volatility = self._volatility
        returns = self._settings.volatility_short + self._settings.volatility_long
        said.append(self._input(VOLATILITY, volatility.add(close), self._seen, returns + 1))
        self._of_bars = tuple(said)
        self.regime = volatility.regime

    def on_quote(self, quote: Quote) -> None:
        """Take a good row: an auction's price is what the next static interruption is measured against."""
        if quote[9] == _AUCTION and quote[2] > 0:  # by place: this runs for every row of every watched symbol
            self._auction, self._auction_on = quote[2], quote[1]

    def inputs(
        self,
        quote: Quote | None,
        instrument: Instrument,
        on: date,
        base: int | None = None,
        *,
        group: VolatilityGroup = VolatilityGroup.OTHER,
    ) -> tuple[SignalInput, ...]:
        """Give what every indicator says, always in the same order, as of the last bar and the last row.

        `quote` is the last good row (None: there is none), `on` its trading date (KST). `base` is the base price of
        the day in KRW, None: that of the instrument; an auction's price that `on_quote` saw on this date is used
        instead. Who shows `on_quote` nothing is told so in the quality of vi_distance. `group` decides the percentage
        of dynamic interruptions.
        """
        settings = self._settings
        return (
            *self._of_bars,
            self._vi_distance(quote, instrument, on, base, group),
            limit_distance(quote, instrument, settings.limit_min_ppm),
            spread(quote, settings.spread_max_ppm),
        )

    def _vi_distance(
        self, quote: Quote | None, instrument: Instrument, on: date, base: int | None, group: VolatilityGroup
    ) -> SignalInput:
        if InstrumentFlag.LIQUIDATION in instrument.flags:
            return SignalInput("vi_distance", None, UNKNOWN, LIQUIDATION)
        least = self._settings.vi_min_ppm
        if quote is not None and quote.kind == _AUCTION:
            return vi_distance(quote, quote.price, on, group, least)
        if self._auction and kst_date(self._auction_on) == on:
            return vi_distance(quote, self._auction, on, group, least)
        reference = instrument.base_price if base is None else base
        return vi_distance(quote, reference, on, group, least, FROM_BASE)

    def _all_unknown(self, why: str) -> tuple[SignalInput, ...]:
        """Give what is read from bars, all unknown."""
        names = (*(f"momentum_{bars}" for bars, _ in self._settings.momentum), VOLUME, VOLATILITY)
        return tuple(SignalInput(name, None, UNKNOWN, why) for name in names)

    @staticmethod
    def _input(name: str, reading: Reading, seen: int, needed: int) -> SignalInput:
        if reading.value is None:
            return SignalInput(name, None, UNKNOWN, f"warming up: {seen} of {needed} bars")
        return SignalInput(name, reading.value, reading.verdict)


def warm_up(settings: ConfirmationSettings) -> int:
    """Give how many bars with a trade everything read from bars needs, the last one included."""
    returns = settings.volatility_short + settings.volatility_long
    return max(*(bars for bars, _ in settings.momentum), settings.volume_bars, returns) + 1
