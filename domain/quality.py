"""Quality of quotes: which rows are dropped, which are kept but marked.

`judge` is pure: it looks at a batch and at the book and gives the accepted rows and the verdicts. `QualityBook.fold`
is the only change of state and takes what was accepted, so a role judges in `decide` and folds in `evolve`.

A good row costs one boolean expression and makes no object. Only when that expression fails are the rules asked one
by one, so the expression and the table must agree; a test compares them.

Source: KRX rules and Kiwoom's habits as gathered in docs (what makes a record invalid), read 2026-11-22.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from domain.config import QualityConfig
from domain.instruments import Instrument
from domain.krx import ticks
from domain.messages.market import QuoteVerdict
from domain.quotes import Quote, QuoteKind
from domain.tape import UNSEEN, Tape
from domain.types import NANOS_PER_SECOND, Market, UnixNanos

BAD_VALUE = "bad_value"
UNKNOWN_SYMBOL = "unknown_symbol"
OUTSIDE_LIMITS = "outside_limits"
OUTSIDE_SESSION = "outside_session"
OUT_OF_ORDER = "out_of_order"
DUPLICATE = "duplicate"
VOLUME_FELL = "volume_fell"
OFF_TICK = "off_tick"
CROSSED_BOOK = "crossed_book"
PRICE_JUMP = "price_jump"
NO_VOLUME = "no_volume"
IN_CLOSING_AUCTION = "in_closing_auction"
STALE = "stale"
JUMP_UNCONFIRMED = "jump_unconfirmed"
JUMP_REFUTED = "jump_refuted"
NOTES = frozenset({JUMP_REFUTED})  # say something of another row: theirs is good

RANDOM_END_NS = 35 * NANOS_PER_SECOND  # closing crosses were measured up to 32 s after 15:30:00
STAMP_NS = NANOS_PER_SECOND  # brokers stamp trades in whole seconds
NANOS_PER_MS = 1_000_000
FOR_EVER = UnixNanos(2**63 - 1)
_BOOK = int(QuoteKind.BOOK)
_AUCTION = int(QuoteKind.AUCTION_TRADE)
NO_ROW = Quote("", -1, 0, 0, -1, 0, 0, 0, 0, 0)  # stands before the first row of a symbol: anything may follow it
MOST_PRICES = 1 << 16  # remembered of a market


class QualityBook:
    """What the rules remember: the session, and the last accepted row of each symbol."""

    __slots__ = ("close_auction", "close_time", "config", "last", "newest", "open_time", "tape", "trading_date")

    def __init__(self) -> None:
        """Start with no session (times and ticks are then not judged) and no rows."""
        self.config = QualityConfig()
        self.newest = 0  # venue time of the last row of the batch judged last, UTC ns
        self.close_auction = FOR_EVER
        self.trading_date: date | None = None
        self.open_time = UnixNanos(0)
        self.close_time = FOR_EVER
        self.last: dict[str, Quote] = {}
        self.tape = Tape()  # empty where the run judges no jumps by it

    def configure(self, config: QualityConfig) -> None:
        """Take the thresholds of a run; those of `QualityConfig()` judge as logs without them were judged."""
        self.config = config

    def plan(
        self, trading_date: date, open_time: UnixNanos, close_time: UnixNanos, close_auction: UnixNanos = FOR_EVER
    ) -> None:
        """Set the session (UTC ns): regular open, nominal close, and when the closing auction begins to collect orders.

        A new date forgets the rows of the old one.
        """
        if trading_date != self.trading_date:
            self.last, self.newest, self.tape = {}, 0, Tape()
        self.close_auction = close_auction
        self.trading_date = trading_date
        self.open_time = open_time
        self.close_time = close_time

    def fold(self, accepted: Sequence[Quote], verdicts: Sequence[QuoteVerdict] = ()) -> None:
        """Take in the accepted rows of one batch, flagged ones included, and what was said of the batch."""
        last = self.last
        if self.config.jump_deviations:
            self._follow(accepted, unconfirmed_rows(verdicts) if verdicts else frozenset())
        else:
            for row in accepted:
                last[row[0]] = row
        if accepted:
            self.newest = accepted[-1].venue_time

    def _follow(self, accepted: Sequence[Quote], unconfirmed: frozenset[int]) -> None:
        """Take rows in and follow how far prices move; prints that wait, and what ends their wait, are no moves."""
        last, tape, config = self.last, self.tape, self.config
        pending = tape.pending
        if not pending and not unconfirmed:
            for row in accepted:
                if not row[1] & UNSEEN:
                    before = last.get(row[0], NO_ROW)[2]
                    if before > 0 < row[2] != before:
                        tape.moved(row[0], before, row[2], config)
                last[row[0]] = row
            return
        for index, row in enumerate(accepted):
            symbol, price = row[0], row[2]
            before = last.get(symbol, NO_ROW)[2]
            last[symbol] = row
            if index in unconfirmed:
                waited_for(pending, row, before)
            elif symbol in pending:
                del pending[symbol]
            elif before > 0 < price != before and not row[1] & UNSEEN:
                tape.moved(symbol, before, price, config)


class _Case(NamedTuple):
    """One row and what it is judged against."""

    row: Quote
    before: Quote | None  # last accepted row of the symbol
    instrument: Instrument | None
    book: QualityBook
    pending: tuple[int, int] | None = None  # a print of the symbol that waits: its price, the one before it


class Rule(NamedTuple):
    """One quality rule. `check` gives value and expectation in words when the row breaks it, else None."""

    name: str
    refuses: bool
    explanation: str
    check: Callable[[_Case], str | None]


def _unknown(case: _Case) -> str | None:
    return f"{case.row.symbol!r} is not among the instruments served" if case.instrument is None else None


def _bad_value(case: _Case) -> str | None:
    row = case.row
    least_price = 0 if row.kind == _BOOK else 1  # before the first trade a book row has price 0
    if row.price < least_price:
        return f"price {row.price}, expected >= {least_price}"
    names = ("last_qty", "cumulative_volume", "bid_price", "ask_price", "bid_qty", "ask_qty")
    bad = [f"{name} {value}" for name, value in zip(names, row[3:9], strict=True) if value < 0]
    return f"{', '.join(bad)}, expected >= 0" if bad else None


def _outside_limits(case: _Case) -> str | None:
    it, price = case.instrument, case.row.price
    if it is None or it.lower_limit is None or it.upper_limit is None or price == 0:
        return None
    inside = it.lower_limit <= price <= it.upper_limit
    return None if inside else f"price {price}, limits of the day {it.lower_limit} to {it.upper_limit}"


def _outside_session(case: _Case) -> str | None:
    time, book = case.row.venue_time, case.book
    if time < book.open_time:
        return f"{(book.open_time - time) / NANOS_PER_SECOND:.3f} s before the open"
    late = time - book.close_time
    return f"{late / NANOS_PER_SECOND:.3f} s after the close, 35 s allowed" if late > RANDOM_END_NS else None


def _in_closing_auction(case: _Case) -> str | None:
    row, book = case.row, case.book
    if not book.config.strict_trades or row.kind == _BOOK:
        return None
    if not book.close_auction + STAMP_NS <= row.venue_time < book.close_time:
        return None
    return f"a trade {(row.venue_time - book.close_auction) / NANOS_PER_SECOND:.3f} s into the closing auction"


def _no_volume(case: _Case) -> str | None:
    row = case.row
    is_empty = case.book.config.strict_trades and row.kind != _BOOK and row.last_qty == 0
    return f"a trade of {row.last_qty} shares, expected > 0" if is_empty else None


def _stale(case: _Case) -> str | None:
    book, limit = case.book, case.book.config.stale_ms
    behind = book.newest - case.row.venue_time
    if not limit or behind <= limit * NANOS_PER_MS:
        return None
    return f"{behind / NANOS_PER_SECOND:.3f} s behind the feed, {limit / 1000:.3f} s allowed"


def _out_of_order(case: _Case) -> str | None:
    back = case.before.venue_time - case.row.venue_time if case.before else 0
    return f"{back / NANOS_PER_SECOND:.3f} s before the last row of the symbol" if back > 0 else None


def _duplicate(case: _Case) -> str | None:
    row, before = case.row, case.before
    if before is None or row.kind == _BOOK or row[1] != before[1] or row[4] != before[4]:
        return None
    return f"a trade at the same time with the same cumulative volume {row.cumulative_volume}"


def _volume_fell(case: _Case) -> str | None:
    row, before = case.row, case.before
    if before is None or row.cumulative_volume >= before.cumulative_volume:
        return None
    return f"cumulative volume {row.cumulative_volume}, was {before.cumulative_volume}"


def _off_tick(case: _Case) -> str | None:
    it, on, price = case.instrument, case.book.trading_date, case.row.price
    if it is None or on is None or not _is_off_grid(price, it.market, on):
        return None
    return f"price {price} is neither on the tick {ticks.tick_size(price, it.market, on)} nor half of it off"


def _crossed(case: _Case) -> str | None:
    bid, ask = case.row.bid_price, case.row.ask_price
    crossed = 0 < ask <= bid and case.row.kind != _AUCTION
    return f"bid {bid} is not below ask {ask}" if crossed else None


def waited_for(pending: dict[str, tuple[int, int]], row: Quote, before: int) -> None:
    """Note an unconfirmed row: a trade is a new guess at the price, a book row beside one that waits tells nothing."""
    symbol, waits = row.symbol, pending.get(row.symbol)
    if waits is None:
        pending[symbol] = (row.price, before)
    elif row.kind != _BOOK:
        pending[symbol] = (row.price, waits[1])


def _is_near(case: _Case, price: int) -> bool:
    return abs(case.row.price - price) <= case.book.tape.band(case.row.symbol, price)


def _jump_unconfirmed(case: _Case) -> str | None:
    row, waits, last = case.row, case.pending, case.before.price if case.before else 0
    if not case.book.config.jump_deviations or row.kind == _AUCTION:
        return None  # an auction finds a price of its own
    if waits is not None:
        if row.kind != _BOOK and (_is_near(case, waits[0]) or _is_near(case, waits[1])):
            return None
        return f"price {row.price}, while {waits[0]} after {waits[1]} waits for a trade that confirms it"
    if row.price == 0 or last == 0 or _is_near(case, last):
        return None
    return f"price {row.price}, last {last}: more than {case.book.tape.band(row.symbol, last)} KRW away"


def _jump_refuted(case: _Case) -> str | None:
    row, waits = case.row, case.pending
    if waits is None or row.kind in (_BOOK, _AUCTION) or _is_near(case, waits[0]) or not _is_near(case, waits[1]):
        return None
    return f"price {row.price} is near {waits[1]} again: {waits[0]} was none"


def _jump(case: _Case) -> str | None:
    price, last = case.row.price, case.before.price if case.before else 0
    if case.book.config.jump_deviations:
        return None  # judged by the tape instead
    if price == 0 or 10 * abs(price - last) <= 3 * last or last == 0:
        return None
    return f"price {price}, last {last}: more than 30 %"


RULES: tuple[Rule, ...] = (  # a refused row gets the first refusal only, a kept one every flag
    Rule(UNKNOWN_SYMBOL, True, "the symbol is not served by the broker", _unknown),
    Rule(BAD_VALUE, True, "a price is not positive or a quantity is negative", _bad_value),
    Rule(OUTSIDE_LIMITS, True, "the price lies outside the limits of the day (when they are known)", _outside_limits),
    Rule(OUTSIDE_SESSION, True, "before the open, or later than 35 s after the close (random end)", _outside_session),
    Rule(OUT_OF_ORDER, True, "venue time before the last row of the symbol", _out_of_order),
    Rule(DUPLICATE, True, "a trade with time and cumulative volume of the row before", _duplicate),
    Rule(NO_VOLUME, True, "a trade of no shares", _no_volume),
    Rule(IN_CLOSING_AUCTION, True, "a trade while the closing auction collects orders", _in_closing_auction),
    Rule(STALE, False, "venue time far behind the newest of the feed", _stale),
    Rule(VOLUME_FELL, False, "cumulative volume fell; it may only grow within a day", _volume_fell),
    Rule(OFF_TICK, False, "neither on the tick grid nor half a tick off (mid-point prints are legal)", _off_tick),
    Rule(CROSSED_BOOK, False, "best bid at or above best ask outside an auction", _crossed),
    Rule(PRICE_JUMP, False, "more than 30 % away from the last accepted price", _jump),
    Rule(
        JUMP_UNCONFIRMED,
        False,
        "far from the last price by the symbol's own moves, until a trade agrees",
        _jump_unconfirmed,
    ),
    Rule(JUMP_REFUTED, False, "a note: the jump before was not confirmed, the price is back", _jump_refuted),
)
EXPLANATIONS: Mapping[str, str] = {rule.name: rule.explanation for rule in RULES}


def _is_off_grid(price: int, market: Market, on: date) -> bool:
    """Tell whether a price is neither on the grid nor half a tick off."""
    return price > 0 and not ticks.is_on_tick(price, market, on) and not ticks.is_half_tick(price, market, on)


@lru_cache(maxsize=8)
def _prices_on_grid(_: date) -> dict[Market, set[int]]:
    """Give a memo of prices found to be on the grid of a date: a symbol moves among few prices."""
    return {market: set() for market in Market}


def _is_on_grid(price: int, market: Market, on: date, memo: set[int]) -> bool:
    if _is_off_grid(price, market, on):
        return False
    if len(memo) >= MOST_PRICES:
        memo.clear()
    memo.add(price)
    return True


def judge(
    rows: Sequence[Quote], book: QualityBook, instruments: Mapping[str, Instrument]
) -> tuple[Sequence[Quote], tuple[QuoteVerdict, ...]]:
    """Give the rows to keep and what is wrong with the others. Changes nothing; `book.fold` takes the result in.

    Rows of one batch are judged against accepted rows before them in the same batch, too. Without a refusal the
    very sequence given comes back.
    """
    verdicts: list[QuoteVerdict] = []
    refused: list[int] = []
    fresh: dict[str, Quote] = {}  # accepted rows of this batch over book.last
    last, on, first, end = book.last, book.trading_date, book.open_time, book.close_time + RANDOM_END_NS
    strict, late = book.config.strict_trades, book.close_auction + STAMP_NS if book.config.strict_trades else FOR_EVER
    if book.config.stale_ms:
        first = UnixNanos(max(first, book.newest - book.config.stale_ms * NANOS_PER_MS))
    bands, waiting = book.tape.bands, dict(book.tape.pending)
    on_grid = _prices_on_grid(on) if on is not None else {}
    for index, row in enumerate(rows):
        symbol, time, price, qty, volume, bid, ask, bid_qty, ask_qty, kind = row
        before = fresh.get(symbol)
        if before is None:
            before = last.get(symbol, NO_ROW)
        _, time_0, price_0, _, volume_0, _, _, _, _, _ = before
        it = instruments.get(symbol)
        if not (
            it is not None
            and time_0 <= time
            and volume_0 <= volume
            and (time_0 < time or volume_0 < volume or kind == _BOOK)
            and (price == price_0 or not price_0 or abs(price - price_0) <= (bands.get(symbol) or price_0 * 3 // 10))
            and (not waiting or symbol not in waiting)
            and price > 0
            and (qty > 0 or (qty == 0 and (not strict or kind == _BOOK)))
            and volume >= 0
            and bid_qty >= 0
            and ask_qty >= 0
            and (0 <= bid < ask or (ask == 0 and bid >= 0) or (kind == _AUCTION and bid >= 0 and ask >= 0))
            and first <= time <= end
            and (time < late or kind == _BOOK or time >= book.close_time)
            and (it.lower_limit is None or it.upper_limit is None or it.lower_limit <= price <= it.upper_limit)
            and (on is None or price in on_grid[it.market] or _is_on_grid(price, it.market, on, on_grid[it.market]))
        ):
            case = _Case(row, None if before is NO_ROW else before, it, book, waiting.get(symbol))
            found = _verdicts(index, case)
            verdicts += found
            if found and found[0].refused:
                refused.append(index)
                continue
            if any(verdict.rule == JUMP_UNCONFIRMED for verdict in found):
                waited_for(waiting, row, price_0)
            else:
                waiting.pop(symbol, None)
        fresh[symbol] = row
    if refused:
        out = frozenset(refused)
        return [row for index, row in enumerate(rows) if index not in out], tuple(verdicts)
    return rows, tuple(verdicts)


def _verdicts(index: int, case: _Case) -> list[QuoteVerdict]:
    """Ask every rule; a refusal stands alone."""
    flags: list[QuoteVerdict] = []
    for rule in RULES:
        detail = rule.check(case)
        if detail is not None:
            verdict = QuoteVerdict(index, case.row.symbol, rule.name, detail, rule.refuses)
            if rule.refuses:
                return [verdict]
            flags.append(verdict)
    return flags


def flags(verdicts: Sequence[QuoteVerdict]) -> dict[int, str]:
    """Give the flags, comma separated, by position of the row among the accepted ones: kept, no basis for a signal.

    Notes are none.
    """
    found: dict[int, str] = {}
    refused = 0
    for verdict in verdicts:  # in the order of the rows
        if verdict.refused:
            refused += 1
        elif verdict.rule not in NOTES:
            at = verdict.row - refused
            found[at] = f"{found[at]},{verdict.rule}" if at in found else verdict.rule
    return found


def unconfirmed_rows(verdicts: Sequence[QuoteVerdict]) -> frozenset[int]:
    """Give the positions, among the accepted rows, of prices that wait to be confirmed."""
    return frozenset(at for at, rules in flags(verdicts).items() if JUMP_UNCONFIRMED in rules.split(","))


def confirmed(rows: Sequence[Quote], verdicts: Sequence[QuoteVerdict]) -> Sequence[Quote]:
    """Give the accepted rows whose price does not wait to be confirmed: what may be a mark."""
    waiting = unconfirmed_rows(verdicts) if verdicts else None
    return [row for index, row in enumerate(rows) if index not in waiting] if waiting else rows
