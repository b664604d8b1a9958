"""How many shares a signal may ask for, what they cost, and where the daily loss ends."""

from typing import NamedTuple

from domain.krx.costs import commission
from domain.risk.picture import Denial, Picture
from domain.types import PPM, Krw


class Size(NamedTuple):
    """A quantity, and why it is not larger."""

    quantity: int  # shares
    binding: Denial  # the limit that bounds it; the reason when quantity is 0


def cost(quantity: int, price: int, commission_ppm: int) -> Krw:
    """Give what buying so many shares at a price (won) takes from the cash, commission included."""
    notional = quantity * price
    return Krw(notional + commission(notional, commission_ppm))


def affordable(cash: int, price: int, commission_ppm: int) -> int:
    """Give the most shares whose cost fits into cash (won)."""
    quantity = max(0, cash) * PPM // (price * (PPM + commission_ppm))
    while cost(quantity + 1, price, commission_ppm) <= cash:  # commission is cut to won: at most a share or two
        quantity += 1
    return quantity


def position_room(picture: Picture) -> int:
    """Give the won the position may still grow by; negative when it is over its limit."""
    return picture.equity * picture.config.max_position_ppm // PPM - picture.exposure


def size_entry(price: int, picture: Picture) -> Size:
    """Give the largest quantity that position size, order value and orderable cash allow at a price (won, > 0)."""
    rooms = (
        ("POSITION", position_room(picture)),
        ("ORDER_VALUE", picture.config.max_order_krw),
        ("CASH", picture.orderable),
    )
    sizes = [
        (affordable(room, price, picture.commission_ppm) if code == "CASH" else max(0, room) // price, code, room)
        for code, room in rooms
    ]
    quantity, code, room = min(sizes, key=lambda size: size[0])
    return Size(quantity, Denial(code, f"{room:,} KRW left, one share costs {price:,} KRW, {price - room:,} KRW short"))


def size_exit(picture: Picture) -> Size:
    """Give all sellable shares."""
    if picture.selling:
        text = f"{picture.held:,} shares held, {picture.selling:,} already in open sells: another would oversell"
        return Size(picture.sellable, Denial("DUPLICATE", text))
    return Size(picture.sellable, Denial("SELLABLE", f"{picture.held:,} shares held, nothing to sell"))


def loss_limit_krw(start_equity: int, daily_loss_ppm: int) -> Krw:
    """Give the smallest loss (won) that reaches the limit: the exact share of the starting equity, rounded up."""
    return Krw(-(-start_equity * daily_loss_ppm // PPM))
