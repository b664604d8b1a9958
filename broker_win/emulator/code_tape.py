"""What a code did today, as far as the control saw it, and times as the control writes them."""

from typing import Final

from domain.instruments import Instrument
from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND

_KST: Final = 9 * 3_600


class Clock:
    """Korean times of day as HHmmss; the same second is written once."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        """Begin with no second."""
        self._second = -1
        self._text = ""

    def at(self, nanos: int) -> str:
        """Write a moment (UTC ns)."""
        second = nanos // NANOS_PER_SECOND
        if second != self._second:
            self._second = second
            self._text = hhmmss((second + _KST) % 86_400)
        return self._text


def hhmmss(seconds: int) -> str:
    """Write seconds, of the day or of a time left, as HHmmss."""
    return f"{seconds // 3_600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


class CodeTape:
    """What a code did today, as far as it was seen: the sums that quotes do not carry."""

    __slots__ = (
        *("instrument", "base", "row", "moved", "notional", "open", "high", "low"),
        *("open_at", "high_at", "low_at", "bought", "sold", "buys", "sells", "last_signed"),
    )

    def __init__(self, instrument: Instrument | None) -> None:
        """Begin without a row."""
        self.instrument = instrument
        self.base = (instrument.base_price if instrument is not None else None) or 0
        self.row: Quote | None = None
        self.moved = False  # the newest row changed the best prices
        self.notional = 0  # KRW of all trades
        self.open = self.high = self.low = 0
        self.open_at = self.high_at = self.low_at = "000000"
        self.bought = self.sold = self.buys = self.sells = 0  # shares and trades by who came
        self.last_signed = 0  # shares of the newest trade, below 0 when a seller came

    def take(self, row: Quote, when: str) -> None:
        """Take the next row; `when` is its time as HHmmss."""
        before, self.row = self.row, row
        self.moved = before is None or before[5] != row[5] or before[6] != row[6]
        price, shares = row[2], row[3]
        if not shares:
            return
        if not self.notional:  # what traded before is not known: valued at this price
            self.notional = (row[4] - shares) * price if row[4] > shares else 0
            self.open = self.high = self.low = price
            self.open_at = self.high_at = self.low_at = when
        self.notional += price * shares
        if price > self.high:
            self.high, self.high_at = price, when
        elif price < self.low:
            self.low, self.low_at = price, when
        if before is not None and before[5] and price <= before[5]:
            self.last_signed = -shares
            self.sold += shares
            self.sells += 1
        else:
            self.last_signed = shares
            self.bought += shares
            self.buys += 1

    def signed(self, price: int) -> str:
        """Write a price with its direction."""
        base = self.base
        if not base or price == base:
            return f" {price}"
        return f"+{price}" if price > base else f"-{price}"

    def change(self, price: int) -> tuple[str, str]:
        """Write the change against the previous close, in KRW and in percent."""
        change = price - self.base
        if not self.base or not change:
            return "0", "0.00"
        part = abs(change) * 10_000 // self.base
        sign = "+" if change > 0 else "-"
        return f"{sign}{abs(change)}", f"{sign}{part // 100}.{part % 100:02d}"
