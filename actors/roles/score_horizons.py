"""How long always being in is held: as long as strategies say their entries are meant for."""

from collections.abc import Sequence

from domain.config import RunConfig
from domain.messages.trading import SignalFormed

MOST_HORIZONS = 8  # followed of each kind; a strategy may name another with every signal
# Parameters that say how long a claim is meant for. A strategy that calls it otherwise is followed from its first
# signal of a date on, and from the begin of the next.
SECONDS, SESSIONS = ("hold_s", "horizon_s"), ("hold_sessions", "horizon_sessions")

Pair = tuple[tuple[int, ...], tuple[int, ...]]  # seconds, sessions


class Horizons:
    """Lengths that are followed: those of the configuration first, then those seen on the date or the one before."""

    __slots__ = ("_configured", "_seen", "seconds", "sessions")

    def __init__(self) -> None:
        """Start with none."""
        self.seconds: tuple[int, ...] = ()
        self.sessions: tuple[int, ...] = ()
        self._configured: Pair = ((), ())
        self._seen: Pair = ((), ())  # with entries of the date

    def configure(self, config: RunConfig) -> None:
        """Take what the parameters of the configured strategies name."""
        self._configured = _named(config, SECONDS), _named(config, SESSIONS)
        self._follow()

    def see(self, signal: SignalFormed) -> None:
        """Follow the horizon of an entry from now on."""
        seconds, sessions = self._seen
        if signal.horizon_sessions > 0:
            self._seen = seconds, _some((*sessions, signal.horizon_sessions))
            self.sessions = _some((*self.sessions, signal.horizon_sessions))
        else:
            self._seen = _some((*seconds, signal.horizon_s)), sessions
            self.seconds = _some((*self.seconds, signal.horizon_s))

    def begin_date(self) -> None:
        """Leave those that the date before did not see."""
        self._follow()
        self._seen = ((), ())

    def _follow(self) -> None:
        self.seconds = _some((*self._configured[0], *self._seen[0]))
        self.sessions = _some((*self._configured[1], *self._seen[1]))


def _some(horizons: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(horizons))[:MOST_HORIZONS]


def _named(config: RunConfig, names: tuple[str, ...]) -> tuple[int, ...]:
    found = [strategy.params[name] for strategy in config.strategies for name in names if name in strategy.params]
    whole = [int(value) for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    return tuple(dict.fromkeys(value for value in whole if value > 0))
