"""The logs of a year of trades, one a session, kept under the system's temporary folder.

Made of the messages themselves, not by the roles: 100,000 trades through a matching engine would take an hour, and a
report only reads. Each order leaves everything a paper trader writes of it: the batch of quotes and its judgement, the
signal, what risk said, the request, its answer, four moves of the order, its fill, the books, a mark of equity; an
entry is scored when its trade ends. Every trade is opened and closed again; prices walk by ticks from a fixed seed.
"""

import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from broker.translate.quotes import decode_batch, encode_batch
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.krx.calendar import is_session, next_session
from domain.messages import Message
from domain.messages.link import BrokerStateReceived, InstrumentsReceived, UptimeMeasured
from domain.messages.market import QuotesJudged, QuotesReceived
from domain.messages.orders import (
    OrderAccepted,
    OrderFilled,
    OrderSent,
    OrderStateChanged,
    RequestAnswered,
    SubmitOrder,
)
from domain.messages.run import RunEnded, RunStarted, StateCarried
from domain.messages.trading import (
    AccountOpened,
    DayChanged,
    EquityMarked,
    FillBooked,
    OrderApproved,
    SessionPlanned,
    SignalFormed,
    SignalInput,
    SignalScored,
)
from domain.quotes import Quote, QuoteBatch
from domain.time import from_kst
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Krw,
    Market,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    Side,
    Symbol,
    TradeId,
    UnixNanos,
    VenueOrderId,
)
from persistence.codec import MessageCodec
from persistence.event_log import EventLog

ROOT = Path(__file__).parent.parent
MAKERS = ("bench/made_year.py", "domain/messages", "persistence")
YEAR = 2026
SESSIONS = 366  # at most
CODES = tuple(f"9{number:05d}" for number in range(100, 2_100, 100))
SHARES = 10
CASH = 1_000_000_000
STEPS = (
    ("NEW", "PENDING_SUBMIT"),
    ("PENDING_SUBMIT", "SUBMITTED"),
    ("SUBMITTED", "WORKING"),
    ("WORKING", "FILLED"),
)
COMMISSION_PPM, TAX_PPM = 150, 2_000
REACTION_NS = 3_000_000
FAR = UnixNanos(2**62)
REASONS = ("time: held for 1800 s", "stop: 1.5% below cost", "target: 2% above cost")


def made_year(trades: int) -> Path:
    """Give a folder with the logs of so many trades, made when it is not there."""
    folder = Path(tempfile.gettempdir()) / f"hantrade-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    stem = f"year-{trades}"
    path = folder / f"{stem}-{_code_hash()}"
    if not path.exists():
        for old in folder.glob(f"{stem}-*"):  # of other code: never used again, and large
            shutil.rmtree(old)
        making = Path(tempfile.mkdtemp(dir=folder, prefix=f"{stem}-making-"))
        begin = time.monotonic()
        _make(making, trades)
        making.rename(path)
        size = sum(file.stat().st_size for file in path.iterdir())
        print(f"made {path} in {time.monotonic() - begin:.0f} s ({size / 1e6:,.0f} MB)")
    return path


class _Account:
    """Money of the whole year."""

    def __init__(self) -> None:
        self.cash = CASH
        self.realized = self.costs = 0
        self.rng = random.Random(1)
        self.prices = {code: 20_000 + 100 * index for index, code in enumerate(CODES)}
        self.event = 0


class _Out(NamedTuple):
    """One log being made."""

    log: EventLog
    codec: MessageCodec

    def say(self, *told: tuple[Message, int], at: int) -> int:
        """Commit messages with the distance back to what each came from (0: an input); give the last sequence."""
        first = self.log.last_seq + 1
        records = [
            self.codec.record(
                message,
                seq=seq,
                run_id="bench",
                recorded_at=at,
                causation_seq=seq - back if back else 0,
                role="bench",
            )
            for seq, (message, back) in enumerate(told, first)
        ]
        self.log.commit(records, durable=False)
        return self.log.last_seq


def _make(folder: Path, trades: int) -> None:
    days = list(islice(_sessions(), SESSIONS))
    each, rest = divmod(trades, len(days))
    account, before = _Account(), ("", 0)
    for index, day in enumerate(days):
        log = _log(folder / f"paper-{day:%Y%m%d}-090000.db", f"bench{index:03d}", from_kst(day, 8, 0))
        try:
            _trade(_Out(log, MessageCodec(decode_batch)), account, day, each + (index < rest), before)
            before = (log.log_id, log.last_seq)
        finally:
            log.close()
    for left in [*folder.glob("*.lock"), *folder.glob("*.reserve")]:
        left.unlink()


def _log(path: Path, log_id: str, at: int) -> EventLog:
    return EventLog.open(path, create_id=lambda: log_id, now=lambda: at)


def _sessions() -> Iterator[date]:
    day = date(YEAR, 1, 1)
    day = day if is_session(day) else next_session(day)
    while day.year == YEAR:
        yield day
        day = next_session(day)


def _trade(out: _Out, account: _Account, day: date, trades: int, before: tuple[str, int]) -> None:
    begin, opens, closes = from_kst(day, 8, 30), from_kst(day, 9, 0), from_kst(day, 15, 30)
    date_text = day.isoformat()
    if before[0]:
        out.say((StateCarried(before[0], before[1], "00", {}), 0), at=begin)
    listed = tuple(
        Instrument(Symbol(code), f"종목{code}", Market.KOSPI, Krw(20_000), Krw(14_000), Krw(26_000), True)
        for code in CODES
    )
    books = BrokerStateReceived(Krw(account.cash), (), (), "j", 0, begin)
    out.say((RunStarted("bench", "0.7.0", RunConfig("paper", tell_flows=True)), 0), at=begin)
    out.say(
        (SessionPlanned(date_text, True, opens, from_kst(day, 15, 20), closes, False), 0),
        (InstrumentsReceived(listed, ()), 0),
        (books, 0),
        (AccountOpened(date_text, Krw(account.cash), Krw(account.cash), begin), 1),
        at=begin,
    )
    step = (closes - opens - 600 * NANOS_PER_SECOND) // max(1, trades)
    for number in range(trades):
        at = UnixNanos(opens + NANOS_PER_SECOND + number * step)
        _round_trip(out, account, CODES[account.rng.randrange(len(CODES))], at, UnixNanos(at + step // 2))
    market = (closes - opens) // 1_000_000
    out.say(
        (UptimeMeasured(date_text, market, market, 0, 0, 0), 0),
        (DayChanged("CLOSING", "CLOSED", "end", "the session is over", closes), 0),
        (RunEnded("bench", "stopped"), 0),
        at=closes,
    )


def _round_trip(out: _Out, account: _Account, code: str, at: UnixNanos, until: UnixNanos) -> None:
    price = account.prices[code] = max(15_000, account.prices[code] + 10 * account.rng.randint(-9, 9))
    basis = price * SHARES
    paid = basis * COMMISSION_PPM // 1_000_000
    signal = _order(out, account, code, Side.BUY, price, at)
    exit_price = account.prices[code] = price + 10 * account.rng.randint(-8, 9)
    _order(out, account, code, Side.SELL, exit_price, until, basis=basis, paid=paid)
    gross = (exit_price - price) * 1_000_000 // price
    scored = SignalScored(
        *(signal, "bench", code, Side.BUY, Purpose.ENTRY, 0.7, "normal", "unknown", 1_800, 0, at, until),
        *(Krw(price), Krw(exit_price), gross, 2_300, gross > 2_300, "", until),
    )
    out.say((scored, 0), (_mark(account, 0, 0, UnixNanos(until + 1)), 0), at=until)


def _order(
    out: _Out,
    account: _Account,
    code: str,
    side: Side,
    price: int,
    at: UnixNanos,
    *,
    basis: int = 0,
    paid: int = 0,
) -> int:
    """Write one order from its quote to its fill; give the sequence of its signal."""
    account.event += 1
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    mark = price - 10 * side.sign
    quote = Quote(code, at, mark, 10, 1_000 + account.event, mark - 10, mark + 10, 50, 60, 1)
    batch = QuoteBatch("bench", account.event, (quote,), 0, False, at)
    first = out.log.last_seq + 1
    signal, order = first + 2, ClientOrderId(f"{out.log.log_id}-{first + 2}")
    notional = price * SHARES
    commission = notional * COMMISSION_PPM // 1_000_000
    tax = notional * TAX_PPM // 1_000_000 if side is Side.SELL else 0
    realized = 0 if side is Side.BUY else notional - commission - tax - basis - paid
    account.cash -= side.sign * notional + commission + tax
    account.realized, account.costs = account.realized + realized, account.costs + commission + tax
    held = SHARES if side is Side.BUY else 0
    why = "up 2.1% in 5 bars on volume" if side is Side.BUY else REASONS[account.event % len(REASONS)]
    terms = (code, side)
    kind = OrderKind.LIMIT
    out.say(
        (QuotesReceived(batch, encode_batch(batch), UnixNanos(at - 2_000_000)), 0),
        (QuotesJudged(first, (quote,), ()), 1),
        (
            SignalFormed(
                *("bench", code, side, purpose, 0.8, 0.7, 1_800, Krw(mark), Krw(price), "unknown"),
                *((SignalInput("momentum", 0.021, "for"), SignalInput("volume", 33.9, "for")), why, at),
            ),
            1,
        ),
        (
            OrderApproved(
                *(order, *terms, kind, purpose, SHARES, Krw(price), Krw(notional), "bench", why, at),
                arrival_price=Krw(mark),
            ),
            1,
        ),
        (_moved(order, code, side, purpose, price, 0, at), 1),
        (SubmitOrder(order, *terms, kind, purpose, SHARES, Krw(price), FAR), 2),
        (_moved(order, code, side, purpose, price, 1, at), 1),
        at=at,
    )
    number = VenueOrderId(f"{account.event:07d}")
    out.say(
        (OrderSent(order, RequestId(order), UnixNanos(at + REACTION_NS + account.rng.randrange(2_000_000))), 0),
        (RequestAnswered(order, RequestId(order), RequestOutcome.SENT, "", "", False, 0), 0),
        (OrderAccepted("j", 3 * account.event, at, order, number, *terms, SHARES, Krw(price)), 0),
        (_moved(order, code, side, purpose, price, 2, at), 1),
        at=at,
    )
    money = (Krw(notional), Krw(commission), Krw(tax), Krw(realized))
    books = (held, Krw(notional if held else 0), Krw(account.cash), at)
    fill = (TradeId(f"T{account.event}"), *terms, SHARES, Krw(price))
    out.say(
        (OrderFilled("j", 3 * account.event + 1, at, order, number, *fill, Krw(commission), Krw(tax), 0), 0),
        (_moved(order, code, side, purpose, price, 3, at), 1),
        (FillBooked(order, *fill, *money, *books), 2),
        (_mark(account, held * price, held * price - (basis or notional) - commission if held else 0, at), 1),
        at=at,
    )
    return signal


def _moved(
    order: ClientOrderId, code: str, side: Side, purpose: Purpose, price: int, step: int, at: UnixNanos
) -> OrderStateChanged:
    before, after = STEPS[step]
    filled = SHARES if after == "FILLED" else 0
    return OrderStateChanged(
        *(order, code, side, purpose, before, after, after.lower(), SHARES, filled, SHARES - filled, Krw(price), "", at)
    )


def _mark(account: _Account, value: int, unrealized: int, at: UnixNanos) -> EquityMarked:
    return EquityMarked(
        cash=Krw(account.cash),
        equity=Krw(account.cash + value),
        unrealized_pnl=Krw(unrealized),
        realized_pnl=Krw(account.realized),
        costs=Krw(account.costs),
        positions=int(value > 0),
        venue_time=at,
    )


def _code_hash() -> str:
    digest = hashlib.sha256()
    for maker in MAKERS:
        place = ROOT / maker
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
