"""How many shares a signal may ask for, and where the daily loss ends."""

from typing import Final, NamedTuple

from domain.risk.capacity import CASH, SIZING, Measure, affordable, cost, most_shares, why_none
from domain.risk.picture import Denial, Picture
from domain.types import PPM, Krw

__all__ = ["Size", "affordable", "cost", "loss_limit_krw", "size_entry", "size_exit"]


# Taken apart once: every signal asks them all.
_ROWS: Final = tuple((row, row.limit, row.used, row.at_most, row.measure is Measure.NOTIONAL) for row in SIZING)


class Size(NamedTuple):
    """A quantity, and why it is not larger."""

    quantity: int  # shares
    binding: Denial  # the limit that bounds it; in words where it left nothing


def size_entry(price: int, picture: Picture) -> Size:
    """Give the largest quantity that every limit on size and concentration has room for at a price (won, > 0)."""
    least, binding = -1, CASH
    for capacity, limit_of, used_of, at_most, is_notional in _ROWS:
        limit = limit_of(picture)
        if limit is None:
            continue
        if at_most is not None and 0 <= least * price <= limit - at_most(picture):
            continue  # whatever is used exactly leaves room for as many
        room = limit - used_of(picture)
        if is_notional:
            quantity = room // price if room > 0 else 0
        else:
            most = most_shares(capacity, room, price, picture.commission_ppm)
            if most is None:
                continue
            quantity = most
        if least < 0 or quantity < least:
            least, binding = quantity, capacity
    return Size(least, Denial(binding.code, "" if least else why_none(binding, picture, price)))


def size_exit(picture: Picture) -> Size:
    """Give all sellable shares, of those that are ours where others' are told apart."""
    ours = picture.ours_left
    if ours is not None and ours < picture.sellable:
        return _size_exit_of_ours(ours, picture)
    if picture.selling:
        text = f"{picture.held:,} shares held, {picture.selling:,} already in open sells: another would oversell"
        return Size(picture.sellable, Denial("DUPLICATE", text))
    return Size(picture.sellable, Denial("SELLABLE", f"{picture.held:,} shares held, nothing to sell"))


def _size_exit_of_ours(ours: int, picture: Picture) -> Size:
    what = f"{picture.held:,} shares held, {picture.conduct.ours:,} of them ours"
    if ours or not picture.conduct.ours:
        return Size(ours, Denial("FOREIGN", f"{what}; `hantrade claim` puts others under our care"))
    return Size(0, Denial("DUPLICATE", f"{what} and in open sells: another would sell what is not"))


def loss_limit_krw(start_equity: int, daily_loss_ppm: int) -> Krw:
    """Give the smallest loss (won) that reaches the limit: the exact share of the starting equity, rounded up."""
    return Krw(-(-start_equity * daily_loss_ppm // PPM))
