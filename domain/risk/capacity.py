"""Limits on size and concentration: what stands, what may stand, and the room that is left between the two.

One idea for both ends: a rule denies an order for which there is no room, sizing asks for no more than the least room
of all. Every limit is off at 0. What is counted is said in `exposures.py`; a share of equity is cut to won.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from domain.krx.costs import commission
from domain.risk.picture import Picture, Proposal, worst_price
from domain.risk.rule import percent
from domain.types import PPM, Krw


class Measure(Enum):
    """What an order takes of a capacity."""

    NOTIONAL = "KRW"  # quantity at the price it is judged at
    COST = "KRW with costs"  # the same, commission included
    SHARES = "shares"
    POSITION = "positions"  # one, however large


_SHARES: Final = Measure.SHARES  # named once: reading them off their Enum is a call
_POSITION: Final = Measure.POSITION
_COST: Final = Measure.COST


class Capacity(NamedTuple):
    """One limit."""

    code: str
    measure: Measure
    what: Callable[[Picture], str]  # its name, in messages
    used: Callable[[Picture], int]  # before the order
    limit: Callable[[Picture], int | None]  # None: off, or not known
    at_most: Callable[[Picture], int] | None = (
        None  # what `used` never exceeds and is known sooner, where there is such
    )


def cost(quantity: int, price: int, commission_ppm: int) -> Krw:
    """Give what buying so many shares at a price (won) takes from the cash, commission included."""
    notional = quantity * price
    return Krw(notional + commission(notional, commission_ppm))


def affordable(cash: int, price: int, commission_ppm: int) -> int:
    """Give the most shares whose cost fits into cash (won)."""
    quantity = cash * PPM // (price * (PPM + commission_ppm)) if cash > 0 else 0
    while cost(quantity + 1, price, commission_ppm) <= cash:  # commission is cut to won: at most a share or two
        quantity += 1
    return quantity


# ---- the rows ------------------------------------------------------------------------------------------------------


def _nothing(_: Picture) -> int:
    return 0


def _of_equity(picture: Picture, ppm: int) -> int | None:
    return picture.equity * ppm // PPM if ppm else None


def _adv(picture: Picture) -> int | None:
    limit, volume = picture.config.max_adv_ppm, picture.exposures.average_volume
    return volume * limit // PPM if limit and volume is not None else None


def _adv_name(picture: Picture) -> str:
    volume = picture.exposures.average_volume or 0
    share = percent(picture.config.max_adv_ppm)
    return f"position ({share} of {volume:,} shares traded a day allowed)"


def _sector(picture: Picture) -> int | None:
    return _of_equity(picture, picture.config.max_sector_ppm) if picture.config.sectors else None


def _market(picture: Picture) -> str:
    return f"market {picture.instrument.market.value}" if picture.instrument is not None else "market unknown"


ORDER_VALUE = Capacity(
    "ORDER_VALUE", Measure.NOTIONAL, lambda _: "notional", _nothing, lambda picture: picture.config.max_order_krw
)
POSITION = Capacity(
    "POSITION",
    Measure.NOTIONAL,
    lambda _: "position",
    lambda picture: picture.exposure,
    lambda picture: picture.equity * picture.config.max_position_ppm // PPM,
)
CASH = Capacity("CASH", Measure.COST, lambda _: "cost", _nothing, lambda picture: picture.orderable)
CONCENTRATION = (
    Capacity(
        "MAX_QUANTITY", Measure.SHARES, lambda _: "order", _nothing, lambda picture: picture.config.max_quantity or None
    ),
    Capacity(
        "POSITION_KRW",
        Measure.NOTIONAL,
        lambda _: "position",
        lambda picture: picture.exposures.own,
        lambda picture: picture.config.max_position_krw or None,
    ),
    Capacity("ADV", Measure.SHARES, _adv_name, lambda picture: picture.exposures.shares, _adv),
    Capacity(
        "MAX_POSITIONS",
        Measure.POSITION,
        lambda _: "instruments held or being bought",
        lambda picture: picture.exposures.others,
        lambda picture: picture.config.max_positions or None,
    ),
    Capacity(
        "SECTOR",
        Measure.NOTIONAL,
        lambda picture: f"sector {picture.exposures.sector_name or 'unknown'}",
        lambda picture: picture.exposures.sector,
        _sector,
    ),
    Capacity(
        "MARKET",
        Measure.NOTIONAL,
        _market,
        lambda picture: picture.exposures.market,
        lambda picture: _of_equity(picture, picture.config.max_market_ppm),
    ),
    Capacity(
        "CORRELATED",
        Measure.NOTIONAL,
        lambda _: "position and what moves with it",
        lambda picture: picture.exposures.correlated,
        lambda picture: _of_equity(picture, picture.config.max_correlated_ppm),
        lambda picture: picture.exposures.gross,
    ),
    Capacity(
        "GROSS_EXPOSURE",
        Measure.NOTIONAL,
        lambda _: "all positions",
        lambda picture: picture.exposures.gross,
        lambda picture: _of_equity(picture, picture.config.max_gross_ppm),
    ),
)
SIZING = (POSITION, ORDER_VALUE, CASH, *CONCENTRATION)  # among equals the first one is named


# ---- what they are asked -------------------------------------------------------------------------------------------


def taken(capacity: Capacity, proposal: Proposal, picture: Picture) -> int:
    """Give what a proposal takes of a capacity, in its unit."""
    measure = capacity.measure
    if measure is _SHARES:
        return proposal.quantity
    if measure is _POSITION:
        return 1
    if measure is _COST:
        return cost(proposal.quantity, worst_price(proposal, picture), picture.commission_ppm)
    return proposal.quantity * worst_price(proposal, picture)


def rule_of(capacity: Capacity) -> Callable[[Proposal, Picture], str | None]:
    """Make the check that denies what there is no room for: value, limit and distance in words."""

    limit_of, used_of, at_most = capacity.limit, capacity.used, capacity.at_most

    def check(proposal: Proposal, picture: Picture) -> str | None:
        limit = limit_of(picture)
        if limit is None:
            return None
        value = used_of(picture) + taken(capacity, proposal, picture)
        return None if value <= limit else _over(capacity, picture, value, limit)

    def check_notional(proposal: Proposal, picture: Picture) -> str | None:  # of most: it asks what it takes by itself
        limit = limit_of(picture)
        if limit is None:
            return None
        value = used_of(picture) + proposal.quantity * worst_price(proposal, picture)
        return None if value <= limit else _over(capacity, picture, value, limit)

    def check_roughly_first(proposal: Proposal, picture: Picture) -> str | None:
        limit = limit_of(picture)
        if limit is None or at_most is None:
            return None
        if at_most(picture) + taken(capacity, proposal, picture) <= limit:
            return None
        return check(proposal, picture)

    if at_most is not None:
        return check_roughly_first
    return check_notional if capacity.measure is Measure.NOTIONAL else check


def most_shares(capacity: Capacity, room: int, price: int, commission_ppm: int) -> int | None:
    """Give the largest quantity that fits into a room, at a price (won, > 0); None: any does."""
    measure = capacity.measure
    if measure is _SHARES:
        return room if room > 0 else 0
    if measure is _POSITION:
        return None if room > 0 else 0
    if measure is _COST:
        return affordable(room, price, commission_ppm)
    return room // price if room > 0 else 0


def why_none(capacity: Capacity, picture: Picture, price: int) -> str:
    """Say why not even one share fits, at a price (won)."""
    limit, used = capacity.limit(picture) or 0, capacity.used(picture)
    room = limit - used
    if capacity.measure in (Measure.SHARES, Measure.POSITION):
        return _over(capacity, picture, used + 1, limit)
    text = f"{room:,} KRW left, one share costs {price:,} KRW, {price - room:,} KRW short"
    if capacity not in CONCENTRATION:
        return text
    return f"{capacity.what(picture)} {used:,} KRW of {limit:,} KRW: {text}"


def _over(capacity: Capacity, picture: Picture, value: int, limit: int) -> str:
    what, over = capacity.what(picture), value - limit
    if capacity.measure is Measure.POSITION:
        return f"{value:,} {what} with it are {over:,} over the limit of {limit:,}"
    unit = "shares" if capacity.measure is Measure.SHARES else "KRW"
    return f"{what} {value:,} {unit} is {over:,} {unit} over the limit of {limit:,} {unit}"
