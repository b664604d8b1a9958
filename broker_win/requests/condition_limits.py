"""What Kiwoom allows of condition searches: the same one once a minute, ten live, at most 100 symbols live. Pure.

Source: guide of KOA Studio as koapy copies it (kiwoom.md 1.6, 4.1). Time is an argument (monotonic ns).
"""

from typing import Final

from domain.errors import RequestRefused
from domain.types import NANOS_PER_SECOND

MOST_LIVE: Final = 10
MOST_LIVE_SYMBOLS: Final = 100
MINUTE: Final = 60 * NANOS_PER_SECOND
RATE_LIMITED: Final = "RATE_LIMITED"


class ConditionLimits:
    """When each condition was searched last."""

    def __init__(self, per_minute: int) -> None:
        """Let the same condition be searched `per_minute` times."""
        self._per_minute = per_minute
        self._searched: dict[str, list[int]] = {}

    def free_at(self, name: str, now: int) -> int:
        """Give when a condition may be searched again, `now` when at once (ns)."""
        recent = [at for at in self._searched.get(name, ()) if now - at < MINUTE]
        self._searched[name] = recent
        return now if len(recent) < self._per_minute else recent[-self._per_minute] + MINUTE

    def searched(self, name: str, now: int) -> None:
        """Count one search."""
        self._searched.setdefault(name, []).append(now)

    def went_out(self, name: str, now: int) -> None:
        """Take it that the last search counted reached Kiwoom only now: it may have waited for its turn."""
        if recent := self._searched.get(name):
            recent[-1] = now

    def check(self, name: str, now: int) -> None:
        """Raise RequestRefused RATE_LIMITED unless it may be searched now."""
        if (wait := self.free_at(name, now) - now) > 0:
            seconds = -(-wait // NANOS_PER_SECOND)
            raise RequestRefused(
                RATE_LIMITED,
                f"condition {name} was searched within the last minute: try again in {seconds} s",
                field="condition",
                value=name,
                allowed=f"{self._per_minute} a minute",
            )


def no_more_live(count: int) -> RequestRefused:
    """Give the refusal of one live condition too many."""
    return RequestRefused(
        RATE_LIMITED,
        f"{count} conditions are live, Kiwoom allows {MOST_LIVE}: stop watching another first",
        field="condition",
        value=str(count),
        allowed=f"at most {MOST_LIVE} live",
    )


def too_many_symbols(name: str, count: int) -> RequestRefused:
    """Give the refusal of a condition that Kiwoom does not serve live because it fits too many symbols."""
    return RequestRefused(
        "TOO_MANY_SYMBOLS",
        f"condition {name} fits {count} symbols: Kiwoom serves no more than {MOST_LIVE_SYMBOLS} live; narrow it in HTS",
        field="condition",
        value=str(count),
        allowed=f"at most {MOST_LIVE_SYMBOLS} symbols",
    )


def unknown(name: str, index: int, known: str) -> RequestRefused:
    """Give the refusal of a condition that is not there, or whose number and name do not belong together."""
    return RequestRefused(
        "UNKNOWN_CONDITION",
        f"there is no condition {index} {name}",
        field="condition",
        value=f"{index} {name}",
        allowed=known or "none: conditions are made in the broker's HTS",
    )
