"""How counts and long lists read."""

from collections.abc import Sequence

SHOWN = 12  # of a long list


def counted(count: int, noun: str) -> str:
    """Give a count with its noun: 1 day, 1,200 days."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(items: Sequence[str]) -> str:
    """Give the first of a list and how many more there are."""
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
