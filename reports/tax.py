"""Every fill of a year with its costs, and what sales realised: rows for the tax office, or whoever does the taxes.

A trade belongs to the year in which it is settled, two sessions after the trade (T+2): the date that counts for the
transaction tax. Both dates are in every row. Source: Securities Transaction Tax Act, `domain/krx/costs.py`; 2026-11-22.

The tax that was booked is the truth. It is told as transaction tax and rural tax by the rates of the settlement date,
rural tax first as far as the rates say, and both always add up to what was booked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from domain.errors import ConfigError
from domain.krx.calendar import Overrides, settlement_date
from domain.krx.costs import cut_to_won, tax_rate
from domain.messages.holdings import FillRevised
from domain.messages.trading import FillBooked
from domain.performance.lots import Closed, lots_of
from domain.performance.trades import Entry, rebooked
from domain.types import Krw, Market, Side
from persistence.codec import MessageCodec
from reports.instruments import Listed, listed
from reports.logs import account_of
from reports.reading import DayFacts, read_movements
from reports.trades import NOTHING_BEFORE, gapless

TOTAL = "total"  # kind of the rows at the end


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One fill, one revision of a fill, or the sums of a month or the year; money is whole won.

    Costs of getting in are part of the cost of shares sold, so realised = notional - commission - both taxes - cost.
    """

    kind: str  # fill, revision (other money for shares booked before), total
    traded: date | None  # trading date; None in sums
    settled: date | None  # settlement date, T+2; None in sums
    period: str  # YYYY-MM of the settlement; YYYY in the sum of the year
    symbol: str  # empty in sums
    name: str  # Korean; empty when not known
    market: str  # KOSPI, KOSDAQ, KONEX, ETF, ETN; empty when not known, then KOSPI's rates count
    side: str  # BUY, SELL; empty in sums
    shares: int
    price: Krw | None  # of the fill; None in sums and where only a sum of fills is known
    notional: Krw  # of a sum: of sales alone
    commission: Krw
    transaction_tax: Krw
    rural_tax: Krw
    cost_average: Krw  # of the shares sold, at average cost, costs of getting in included; 0 for a buy
    cost_fifo: Krw  # the same, first in first out
    realized: Krw  # by average cost, as the books have it
    realized_fifo: Krw
    order_id: str
    trade_id: str


def tax_rows(logs: Sequence[Path], codec: MessageCodec, year: int, account: str | None = None) -> Iterator[TaxRow]:
    """Give the rows of everything settled in a year, oldest first, then the sums of its months and of the year.

    All logs are read, also those of years before: what shares cost comes from there. Raises ConfigError where no log is
    of the account, LogError where one cannot be read whole: a row that is missing would make every sum wrong.
    """
    found = account_of(logs, codec, account)
    if found.missing:
        raise ConfigError(f"a year's taxes expected every log to be readable, {found.missing[0]}")
    days = read_movements(found.heads, codec)
    moves = list(gapless(days, NOTHING_BEFORE, {}))
    entries = list(rebooked((moved for _, moved in moves), Krw(0)))
    by_lot = {id(closed.entry): closed for closed in lots_of(entries).closed}
    known = listed(found.heads, codec, {moved.symbol for _, moved in moves if moved.symbol})
    overrides = _overrides(days)
    rows = []
    for (day, moved), entry in zip(moves, entries, strict=True):
        if day is None or not isinstance(moved, FillBooked | FillRevised) or _says_nothing(moved):
            continue
        settled = settlement_date(day, overrides)
        if settled.year == year:
            rows.append(_row(day, settled, entry, moved, by_lot.get(id(entry)), known))
    yield from rows
    months = sorted({row.period for row in rows})
    for month in months:
        yield _total(month, [row for row in rows if row.period == month])
    yield _total(str(year), rows)


def _overrides(days: Iterable[DayFacts]) -> Overrides:
    """Give closings and hours that people set, those of later runs before those of earlier ones."""
    found: dict[str, tuple[str, str]] = {}
    for facts in days:
        for _, run in facts.runs:
            for day, hours in run.config.get("session_overrides", {}).items():
                found[day] = (hours[0], hours[1])
    return found


def _says_nothing(moved: FillBooked | FillRevised) -> bool:
    """Tell whether a revision changed no money: its detail was as the sums had it."""
    return isinstance(moved, FillRevised) and not (moved.notional or moved.commission or moved.tax)


def _row(
    day: date,
    settled: date,
    entry: Entry,
    moved: FillBooked | FillRevised,
    closed: Closed | None,
    known: Mapping[str, Listed],
) -> TaxRow:
    one = known.get(moved.symbol)
    is_fill = isinstance(moved, FillBooked)
    transaction, rural = split_tax(moved.tax, moved.notional, one.market if one else Market.KOSPI, day, settled)
    fifo = closed.realized if closed is not None else Krw(entry.realized)
    kept = moved.notional - moved.commission - moved.tax if moved.side is Side.SELL else 0
    return TaxRow(
        kind="fill" if is_fill else "revision",
        traded=day,
        settled=settled,
        period=f"{settled:%Y-%m}",
        symbol=moved.symbol,
        name=one.name if one else "",
        market=one.market.value if one else "",
        side=moved.side.value,
        shares=moved.last_qty if isinstance(moved, FillBooked) else 0,
        price=moved.last_px if isinstance(moved, FillBooked) and not _is_sum(moved) else None,
        notional=moved.notional,
        commission=moved.commission,
        transaction_tax=transaction,
        rural_tax=rural,
        cost_average=Krw(kept - entry.realized if moved.side is Side.SELL else 0),
        cost_fifo=Krw(kept - fifo if moved.side is Side.SELL else 0),
        realized=Krw(entry.realized),
        realized_fifo=fifo,
        order_id=moved.client_order_id,
        trade_id=moved.trade_id,
    )


def _is_sum(fill: FillBooked) -> bool:
    """Tell whether the price is no price of a trade: the broker's lists told only what shares cost together."""
    return fill.last_px * fill.last_qty != fill.notional


def split_tax(tax: int, notional: int, market: Market, traded: date, settled: date | None = None) -> tuple[Krw, Krw]:
    """Give transaction tax and rural tax (won) of a booked tax; they add up to it.

    What rates and rounding do not explain is transaction tax; where less was booked than the rates say, in proportion.
    """
    if not tax:
        return Krw(0), Krw(0)
    rate = tax_rate(market, traded, settled)
    both = rate.transaction_ppm + rate.rural_ppm
    rural = cut_to_won(abs(notional), rate.rural_ppm)
    if abs(tax) < rural + cut_to_won(abs(notional), rate.transaction_ppm):
        rural = Krw(abs(tax) * rate.rural_ppm // both) if both else Krw(0)
    signed = Krw(rural if tax > 0 else -rural)
    return Krw(tax - signed), signed


def _total(period: str, rows: Iterable[TaxRow]) -> TaxRow:
    mine = list(rows)
    sales = [row for row in mine if row.side == Side.SELL]
    return TaxRow(
        kind=TOTAL,
        traded=None,
        settled=None,
        period=period,
        symbol="",
        name="",
        market="",
        side="",
        shares=sum(row.shares for row in sales),
        price=None,
        notional=Krw(sum(row.notional for row in sales)),
        commission=Krw(sum(row.commission for row in mine)),
        transaction_tax=Krw(sum(row.transaction_tax for row in mine)),
        rural_tax=Krw(sum(row.rural_tax for row in mine)),
        cost_average=Krw(sum(row.cost_average for row in mine)),
        cost_fifo=Krw(sum(row.cost_fifo for row in mine)),
        realized=Krw(sum(row.realized for row in mine)),
        realized_fifo=Krw(sum(row.realized_fifo for row in mine)),
        order_id="",
        trade_id="",
    )
