"""What price and volume of one symbol say: momentum and volume that must speak for an entry, and what confirms them."""

from collections.abc import Sequence
from datetime import date

from domain.bars import Bar
from domain.indicators import AGAINST, FOR, UNKNOWN, Momentum, Reading, VolumeSurprise, verdict
from domain.indicators.confirmation import Confirmation, ConfirmationSettings
from domain.instruments import Instrument
from domain.messages.trading import SignalInput
from domain.quotes import Quote


class PriceView:
    """Indicators of one symbol over minute bars. Plain state.

    The gates are the first momentum horizon and the volume of the settings, over every bar. The further indicators are
    those of `Confirmation` beside these two; without `further` there are none, and the regime is not judged. Who asks
    brings the settings along, always the same: kept here, every symbol would have a copy in every snapshot.
    """

    __slots__ = ("_confirmation", "_last", "_momentum", "_volume")

    def __init__(self, settings: ConfirmationSettings, *, further: bool) -> None:
        """Start cold."""
        bars, least = settings.momentum[0]
        self._momentum = Momentum(bars, least)
        self._volume = VolumeSurprise(settings.volume_bars, settings.volume_min)
        self._last = (Reading(None, UNKNOWN), Reading(None, UNKNOWN))  # momentum, volume surprise of the last bar
        self._confirmation = Confirmation(settings) if further else None

    @property
    def regime(self) -> str:
        """Give calm, normal, wild or unknown; empty when it is not judged."""
        return self._confirmation.regime if self._confirmation is not None else ""

    def add(self, bar: Bar, quote: Quote | None) -> None:
        """Take the next completed bar, and the row that ended it: it may be an auction's price."""
        self._last = (self._momentum.add(bar.close), self._volume.add(bar.volume))
        if self._confirmation is not None:
            self._confirmation.add(bar)
            if quote is not None:
                self._confirmation.on_quote(quote)

    def gates(self, settings: ConfirmationSettings, factor: float) -> tuple[SignalInput, SignalInput]:
        """Give what momentum and volume of the last bar say when only `factor` of their thresholds is asked for."""
        momentum, volume = self._last
        least = settings.momentum[0][1]
        return (
            SignalInput("momentum", momentum.value, verdict(momentum.value, factor * least)),
            SignalInput("volume_surprise", volume.value, verdict(volume.value, factor * settings.volume_min)),
        )

    def further(
        self, settings: ConfirmationSettings, quote: Quote, instrument: Instrument, on: date
    ) -> tuple[SignalInput, ...]:
        """Give what the other indicators say at a row of a trading date (KST); none without them."""
        if self._confirmation is None:
            return ()
        gates = (f"momentum_{settings.momentum[0][0]}", "volume_surprise")
        return tuple(item for item in self._confirmation.inputs(quote, instrument, on) if item.name not in gates)


def balance(inputs: Sequence[SignalInput]) -> float:
    """Give how far the inputs that are known agree: -1 all against, 1 all for, 0 when none is known."""
    known = [item.verdict for item in inputs if item.verdict != UNKNOWN]
    return (known.count(FOR) - known.count(AGAINST)) / len(known) if known else 0.0
