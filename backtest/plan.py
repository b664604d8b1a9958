"""What a back-test is told beside the trader's configuration."""

from dataclasses import dataclass

from domain.errors import ConfigError

NANOS_PER_MS = 1_000_000
MOST_ROWS = 4_096
LONGEST_MS = 600_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How venue time passes between the market, the trader and the venue. Raises ConfigError on what is out of range.

    A batch ends with the row that fills it, or before the first row that lies `batch_ms` or more behind its first one;
    the trader hears it at the time of its last row. Rows of one moment stay together, as the broker keeps them.
    """

    batch_rows: int = 256
    batch_ms: int = 1_000  # venue ms; 0: rows of one moment only
    link_ms: int = 0  # venue ms a request needs to the venue, and a receipt or event back; the exchange has its own
    tick_ms: int = 60_000  # venue ms between two ticks of the clock and two heartbeats

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name, least, most in (
            ("batch_rows", 1, MOST_ROWS),
            ("batch_ms", 0, LONGEST_MS),
            ("link_ms", 0, LONGEST_MS),
            ("tick_ms", 100, LONGEST_MS),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigError(f"--{name.replace('_', '-')} must be {least} to {most}, was {value}")
