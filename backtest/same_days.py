"""Which trading dates several logs are held against each other on, and what of each log tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backtest.history import History, read_history
from backtest.run import codec
from domain.errors import ConfigError
from reports.logs import LogHead, read_head
from reports.measured import Period, measure

MOST_NAMED = 8  # dates of one log in an error


@dataclass(frozen=True, slots=True)
class Told:
    """One log on these dates: what it tells order by order, and measured as a report measures it."""

    name: str  # A, B, C
    history: History
    period: Period

    @property
    def is_backtest(self) -> bool:
        """Tell whether system time was venue time and nothing went over a wire."""
        return self.history.has_venue_clock


@dataclass(frozen=True, slots=True)
class SameDays:
    """The logs, and the trading dates they are held against each other on."""

    days: tuple[date, ...]
    logs: tuple[Told, ...]


def read_same_days(paths: Sequence[Path], day: date | None = None) -> SameDays:
    """Read two or more logs on one date, or on those they share. Raises ConfigError naming what does not fit, LogError.

    Dates that one of them lacks are left out before and after those they share, never between them.
    """
    heads = [_head(path) for path in paths]
    days = _chosen(heads, day)
    told = []
    for name, head in zip("ABC", heads, strict=False):
        stretches = head.within(days[0], days[-1])
        span = (stretches[0].low if stretches[0].day > head.stretches[0].day else 1, stretches[-1].high)
        period = measure([head], codec(), days[0], days[-1])
        told.append(Told(name, read_history(head.path, span), period))
    return SameDays(days, tuple(told))


def _head(path: Path) -> LogHead:
    head = read_head(path, codec())
    if head is None:
        raise ConfigError(f"{path} holds no run: there is nothing to compare")
    return head


def _chosen(heads: Sequence[LogHead], day: date | None) -> tuple[date, ...]:
    of_each = [{stretch.day for stretch in head.stretches} for head in heads]
    if day is not None:
        for head, days in zip(heads, of_each, strict=True):
            if day not in days:
                raise ConfigError(f"--day {day} is not in {head.path}, it tells of {_named(days)}")
        return (day,)
    shared = sorted(set.intersection(*of_each))
    if not shared:
        each = "; ".join(f"{head.path} tells of {_named(days)}" for head, days in zip(heads, of_each, strict=True))
        raise ConfigError(f"the logs share no trading date: {each}")
    for head, days in zip(heads, of_each, strict=True):
        between = sorted(one for one in days if shared[0] < one < shared[-1] and one not in shared)
        if between:
            raise ConfigError(
                f"the logs share {_named(shared)}, and {head.path} tells of {between[0]} too: choose one with --day"
            )
    return tuple(shared)


def _named(days: Sequence[date] | set[date]) -> str:
    ordered = sorted(days)
    more = f" and {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
    return ", ".join(map(str, ordered[:MOST_NAMED])) + more
