"""Real-time data as the control gives it: tab-separated values in the order of the type's FIDs. Pure, and fast.

Source: kiwoom.md 2.1 to 2.3; orders of FIDs from the OpenAPI+ definitions of 2022. Prices carry their direction against
the previous close (a blank when level), and an empty level of a book is -0. What no quote tells is 0 or a plain value.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from broker_sim.auction import clearing
from broker_win.emulator.chejan import direction_code, letter_of
from broker_win.emulator.code_tape import CodeTape
from broker_win.emulator.texts import NAME_WIDTH, text
from domain.quotes import Depth
from domain.types import Market

TRADE: Final = "주식체결"
PRICE: Final = "주식시세"
BEST: Final = "주식우선호가"
EXPECTED: Final = "주식예상체결"
BOOK: Final = "주식호가잔량"
SESSION: Final = "장시작시간"
INTERRUPTION: Final = "VI발동/해제"
INDEX: Final = "업종지수"

FIDS: Final[Mapping[str, tuple[int, ...]]] = {
    TRADE: (
        *(20, 10, 11, 12, 27, 28, 15, 13, 14, 16, 17, 18, 25, 26, 29, 30, 31, 32, 228, 311, 290, 691, 822, 567, 568),
        *(851, 1890, 1891, 1892, 1030, 1031, 1032, 1071, 1072, 1313, 1315, 1316, 1314, 1497, 1498, 620, 732, 852),
    ),
    PRICE: (10, 11, 12, 27, 28, 13, 14, 16, 17, 18, 25, 26, 29, 30, 31, 32, 311, 822, 567, 568, 732, 852),
    BEST: (27, 28),
    EXPECTED: (20, 10, 11, 12, 15, 13, 25),
    BOOK: (
        21,
        *(base + level for level in range(10) for base in (41, 61, 81, 51, 71, 91)),
        *(121, 122, 125, 126, 23, 24, 128, 129, 138, 139, 200, 201, 238, 291, 292, 293, 294, 295),
        *(base + level for level in range(10) for base in (621, 631)),
        *(13, 299, 215, 216),
    ),
    SESSION: (215, 20, 214),
    INTERRUPTION: (
        *(9001, 302, 13, 14, 9068, 9008, 9075, 1221, 1223, 1224, 1225, 1236, 1237, 1238, 1239, 1489, 1490, 9069, 1279),
    ),
    INDEX: (20, 10, 11, 12, 15, 13, 14, 16, 17, 18, 25, 26),
}
OF_CODES: Final = (TRADE, PRICE, BEST, EXPECTED, BOOK, INTERRUPTION, INDEX)  # what a code can be registered for
_PLACES: Final = {kind: {fid: place for place, fid in enumerate(fids)} for kind, fids in FIDS.items()}
_LEVELS: Final = 10
_NO_LP: Final = "\t".join(["0"] * 20)
_MILLION: Final = 1_000_000


class RealFields(Mapping[int, str]):
    """One event's values by FID; split when somebody asks. Empty for FIDs the type lacks."""

    __slots__ = ("_kind", "_text", "_values")

    def __init__(self, kind: str, text: str) -> None:
        """Keep the type and its tab-separated values."""
        self._kind = kind
        self._text = text
        self._values: list[str] | None = None

    def __getitem__(self, fid: int) -> str:
        """Give one value. Raises KeyError for a FID the type lacks."""
        place = _PLACES[self._kind][fid]
        if self._values is None:
            self._values = self._text.split("\t")
        return self._values[place]

    def __iter__(self) -> Iterator[int]:
        """Go through the FIDs in their order."""
        return iter(FIDS[self._kind])

    def __len__(self) -> int:
        """Give how many there are."""
        return len(FIDS[self._kind])


def types_of(fids: frozenset[int]) -> frozenset[str]:
    """Give the types a list of FIDs pulls in: each that contains one of them, whole."""
    return frozenset(kind for kind in OF_CODES if not fids.isdisjoint(FIDS[kind]))


def trade_text(tape: CodeTape, when: str) -> str:
    """Write 주식체결 of the tape's newest row, which is a trade."""
    row = tape.row
    if row is None:
        return ""
    signed = tape.signed
    price = row[2]
    change, percent = tape.change(price)
    quantity = tape.last_signed
    strength = tape.bought * 10_000 // tape.sold if tape.sold else 10_000
    total = tape.bought + tape.sold
    ratio = tape.bought * 10_000 // total if total else 0
    average = tape.notional // row[4] if row[4] else price
    traded = price * abs(quantity) // 1_000 * (1 if quantity > 0 else -1)  # in thousands, as seen
    one_sold, one_bought = (quantity, 0) if quantity < 0 else (0, quantity)
    return (
        f"{when}\t{signed(price)}\t{change}\t{percent}\t{signed(row[6])}\t{signed(row[5])}\t{quantity:+d}\t{row[4]}\t"
        f"{tape.notional // _MILLION}\t{signed(tape.open)}\t{signed(tape.high)}\t{signed(tape.low)}\t"
        f"{direction_code(price, tape.instrument)}\t0\t0\t0.00\t0.00\t0\t{strength // 100}.{strength % 100:02d}\t0\t"
        f"2\t0\t0\t000000\t000000\t0.00\t{tape.open_at}\t{tape.high_at}\t{tape.low_at}\t{tape.sold}\t{tape.bought}\t"
        f"{ratio // 100}.{ratio % 100:02d}\t{tape.sells}\t{tape.buys}\t{traded}\t{one_sold}\t"
        f"{one_bought}\t{quantity}\t0\t0\t{average}\t0\t0"
    )


def price_text(tape: CodeTape) -> str:
    """Write 주식시세 of the tape's newest row: a change without a trade."""
    row = tape.row
    if row is None:
        return ""
    signed, price = tape.signed, row[2]
    change, percent = tape.change(price) if price else ("0", "0.00")
    return (
        f"{signed(price)}\t{change}\t{percent}\t{signed(row[6])}\t{signed(row[5])}\t{row[4]}\t"
        f"{tape.notional // _MILLION}\t{signed(tape.open)}\t{signed(tape.high)}\t{signed(tape.low)}\t"
        f"{direction_code(price, tape.instrument)}\t0\t0\t0.00\t0.00\t0\t0\t0\t000000\t000000\t0\t0"
    )


def best_text(tape: CodeTape) -> str:
    """Write 주식우선호가 of the tape's newest row."""
    row = tape.row
    return "" if row is None else f"{tape.signed(row[6])}\t{tape.signed(row[5])}"


def expected_text(tape: CodeTape, when: str, price: int, quantity: int) -> str:
    """Write 주식예상체결: what an auction would give."""
    change, percent = tape.change(price)
    volume = tape.row[4] if tape.row is not None else 0
    sign = direction_code(price, tape.instrument)
    return f"{when}\t{tape.signed(price)}\t{change}\t{percent}\t{quantity}\t{volume}\t{sign}"


def expectation(tape: CodeTape, depth: Depth | None) -> tuple[int, int]:
    """Give price (KRW) and shares an auction would give by what is displayed, (0, 0) when nothing meets."""
    row = tape.row
    if depth is not None:
        bids, asks = depth.bids, depth.asks
    elif row is not None:
        bids, asks = ((row.bid_price, row.bid_qty),), ((row.ask_price, row.ask_qty),)
    else:
        return 0, 0
    reference = (row.price if row is not None else 0) or tape.base or None
    found = clearing([level for level in bids if level[0]], [level for level in asks if level[0]], reference)
    return (found.price, found.volume) if found.price is not None else (0, 0)


def book_text(tape: CodeTape, when: str, depth: Depth | None, expected: tuple[int, int] = (0, 0)) -> str:
    """Write 주식호가잔량 of a book, of the best prices alone where there is none.

    `expected` is price and shares of the auction under way; (0, 0) out of auctions.
    """
    row = tape.row
    if depth is not None:
        bids, asks = depth[2], depth[3]
    elif row is not None:
        bids = ((row[5], row[7]),) if row[5] else ()
        asks = ((row[6], row[8]),) if row[6] else ()
    else:
        return ""
    base = tape.base
    parts = [when]
    bid_total = ask_total = 0
    bid_count, ask_count = len(bids), len(asks)
    for level in range(_LEVELS):
        if level < ask_count:
            price, shares = asks[level]
            ask_total += shares
        else:
            price = shares = 0
        sign = "+" if price > base else "-" if price < base else " "
        if level < bid_count:
            bid, bid_shares = bids[level]
            bid_total += bid_shares
        else:
            bid = bid_shares = 0
        bid_sign = "+" if bid > base else "-" if bid < base else " "
        parts.append(f"{sign}{price}\t{shares}\t0\t{bid_sign}{bid}\t{bid_shares}\t0")
    net = bid_total - ask_total
    bid_ratio = bid_total * 10_000 // ask_total if ask_total else 0
    ask_ratio = ask_total * 10_000 // bid_total if bid_total else 0
    parts.append(
        f"{ask_total}\t0\t{bid_total}\t0\t{_expected(tape, expected)}\t{net}\t"
        f"{bid_ratio // 100}.{bid_ratio % 100:02d}\t{-net}\t{ask_ratio // 100}.{ask_ratio % 100:02d}\t"
        f"{_expected_change(tape, expected)}"
    )
    parts.append(_NO_LP)
    parts.append(f"{row[4] if row is not None else 0}\t0.00\t0\t0")
    return "\t".join(parts)


def _expected(tape: CodeTape, expected: tuple[int, int]) -> str:
    return f"{tape.signed(expected[0])}\t{expected[1]}" if expected[0] else "0\t0"


def _expected_change(tape: CodeTape, expected: tuple[int, int]) -> str:
    price, shares = expected
    if not price:
        return "0\t0.00\t3\t0\t0\t3\t0\t0.00"
    change, percent = tape.change(price)
    sign = direction_code(price, tape.instrument)
    return f"{change}\t{percent}\t{sign}\t{tape.signed(price)}\t{shares}\t{sign}\t{change}\t{percent}"


def session_text(code: str, when: str, left: str) -> str:
    """Write 장시작시간: session code, time, time left to what it announces."""
    return f"{code}\t{when}\t{left}"


def index_text(when: str, value: int, previous: int) -> str:
    """Write 업종지수 of a value and the close before it (hundredths of a point); sign and decimals are unconfirmed."""
    change = value - previous if previous else 0
    sign = "+" if change > 0 else "-" if change < 0 else " "
    percent = abs(change) * 10_000 // previous if previous else 0
    code = "2" if change > 0 else "5" if change < 0 else "3"
    points, moved = _points(value), _points(abs(change))
    return (
        f"{when}\t{sign}{points}\t{sign.strip()}{moved}\t{sign.strip()}{_points(percent)}\t0\t0\t0\t"
        f"{sign}{points}\t{sign}{points}\t{sign}{points}\t{code}\t0.00"
    )


def _points(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def interruption_text(
    tape: CodeTape, code: str, when: str, price: int, reason: str, times: int, *, active: bool
) -> str:
    """Write VI발동/해제. `price` (KRW) triggered it, `reason` is 정적, 동적 or 동적+정적, `times` counts today's."""
    instrument, row = tape.instrument, tape.row
    board = "101" if instrument is not None and instrument.market is Market.KOSDAQ else "001"
    off = abs(price - tape.base) * 10_000 // tape.base if tape.base else 0
    rate = f"{'+' if price >= tape.base else '-'}{off // 100}.{off % 100:02d}"
    static, dynamic = ("정적" in reason), ("동적" in reason)
    values = (
        letter_of(instrument, "A") + code,
        text(instrument.name if instrument is not None else "", NAME_WIDTH),
        str(row.cumulative_volume if row is not None else 0),
        str(tape.notional // _MILLION),
        "1" if active else "2",
        board,
        "1",
        tape.signed(price),
        when,
        "000000" if active else when,
        reason,
        str(tape.base) if static else "0",
        str(tape.base) if dynamic else "0",
        rate if static else "0.00",
        rate if dynamic else "0.00",
        "0.00",
        str(times),
        "1" if price >= tape.base else "2",
        "",
    )
    return "\t".join(values)
