"""The rows for the tax office: years by settlement, costs to the won, both ways of reckoning what shares cost."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.krx.costs import tax_rate
from domain.messages.holdings import FillRevised
from domain.types import Krw, Market, Side
from reports.tax import TaxRow, split_tax, tax_rows
from tests.reports.logs import MONDAY, OTHER, SYMBOL, TUESDAY, Writer, a_codec, clock

LAST = date(2026, 12, 28)  # settled on 30 December, the last session of 2026
AFTER = date(2026, 12, 29)  # settled on the first session of 2027
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def rows(tmp_path: Path) -> list[TaxRow]:
    """Give 2026: two buys at different prices, a sale of more than the first, one settled in 2027."""
    log = Writer(tmp_path / "live-1.db")
    log.opens(MONDAY)
    log.lists(MONDAY, (SYMBOL, "삼성전자", Market.KOSPI))
    log.fill(MONDAY, 10, BUY, 10, 1_000, 10)
    log.fill(MONDAY, 11, BUY, 10, 2_000, 20)
    log.opens(LAST, held=[(SYMBOL, 20, 30_000)])
    log.fill(LAST, 10, SELL, 15, 2_000, 5, tax=Krw(60), trade_id="last")
    log.opens(AFTER, held=[(SYMBOL, 5, 7_500)])
    log.fill(AFTER, 10, SELL, 5, 2_000, 0, trade_id="after")
    return list(tax_rows([log.close()], a_codec(), 2026))


def test_given_a_sale_when_told_then_dates_costs_and_what_the_shares_cost_are_there(
    rows: list[TaxRow],
) -> None:
    fills = [row for row in rows if row.kind == "fill"]
    assert [(row.side, row.shares) for row in fills] == [("BUY", 10), ("BUY", 10), ("SELL", 15)]
    sale = fills[-1]
    assert (sale.traded, sale.settled, sale.period) == (LAST, date(2026, 12, 30), "2026-12")
    assert (sale.symbol, sale.name, sale.market, sale.price) == (SYMBOL, "삼성전자", "KOSPI", 2_000)
    assert (sale.notional, sale.commission, sale.transaction_tax, sale.rural_tax) == (30_000, 15, 15, 45)
    assert sale.cost_average == 30_000 * 15 // 20 + 30 * 15 // 20
    assert sale.cost_fifo == 10_000 + 15 + 10_000 + 7, "all of the first lot, half of the second"
    assert sale.realized == 30_000 - 15 - 60 - sale.cost_average
    assert sale.realized_fifo == 30_000 - 15 - 60 - sale.cost_fifo


def test_given_a_year_when_summed_then_months_and_year_are_the_sums_of_their_rows(rows: list[TaxRow]) -> None:
    totals = {row.period: row for row in rows if row.kind == "total"}
    assert list(totals) == ["2026-03", "2026-12", "2026"]
    for name in (
        "commission",
        "transaction_tax",
        "rural_tax",
        "cost_average",
        "cost_fifo",
        "realized",
        "realized_fifo",
    ):
        fills = sum(getattr(row, name) for row in rows if row.kind != "total")
        assert getattr(totals["2026"], name) == fills
        assert getattr(totals["2026-03"], name) + getattr(totals["2026-12"], name) == fills
    assert (totals["2026"].notional, totals["2026"].shares) == (30_000, 15), "of sales"


def test_given_a_trade_that_settles_in_the_next_year_when_told_then_it_belongs_to_that(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "live-1.db")
    log.opens(AFTER, held=[(SYMBOL, 5, 7_500)])
    log.fill(AFTER, 10, SELL, 5, 2_000, 0)
    path = log.close()
    assert [row.kind for row in tax_rows([path], a_codec(), 2026)] == ["total"]
    sale = next(tax_rows([path], a_codec(), 2027))
    assert (sale.traded, sale.settled) == (AFTER, date(2027, 1, 4))
    assert (sale.cost_average, sale.cost_fifo) == (7_500, 7_500), "as the broker told it: no log knows of the buy"
    assert (sale.name, sale.market) == ("", "")


def test_given_sums_with_details_when_told_then_the_revision_is_a_row_of_its_own(tmp_path: Path) -> None:
    log = Writer(tmp_path / "live-1.db")
    log.opens(MONDAY)
    log.fill(MONDAY, 10, BUY, 3, 333, 3, trade_id="inferred:V:3", order="o", notional=Krw(1_000))
    revised = (3, Krw(8), Krw(1), Krw(0), Krw(0), Krw(1_008), Krw(0), clock(MONDAY, 10))
    log.say(FillRevised("o", "V", "t1", SYMBOL, BUY, *revised), clock(MONDAY, 10))
    nothing = (3, Krw(0), Krw(0), Krw(0), Krw(0), Krw(1_008), Krw(0), clock(MONDAY, 10))
    log.say(FillRevised("o", "V", "inferred:V:3", SYMBOL, BUY, *nothing), clock(MONDAY, 10))
    log.fill(MONDAY, 11, SELL, 3, 400, 0, tax=Krw(2))
    made = [row for row in tax_rows([log.close()], a_codec(), 2026) if row.kind != "total"]
    assert [(row.kind, row.shares, row.price, row.notional) for row in made] == [
        ("fill", 3, None, 1_000),
        ("revision", 0, None, 8),
        ("fill", 3, 400, 1_200),
    ]
    assert made[-1].cost_average == made[-1].cost_fifo == 1_008 + 16


def test_given_a_log_that_cannot_be_read_when_asked_then_no_row_is_told(tmp_path: Path) -> None:
    log = Writer(tmp_path / "live-1.db")
    log.opens(TUESDAY)
    (tmp_path / "live-0.db").write_bytes(b"x" * 5_000)
    with pytest.raises(ConfigError, match=r"every log to be readable, live-0\.db is left out"):
        next(tax_rows([tmp_path / "live-0.db", log.close()], a_codec(), 2026))


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**12), st.sampled_from(Market), st.dates(date(2019, 1, 1)))
def test_for_any_tax_its_two_parts_add_up_to_it(tax: int, notional: int, market: Market, on: date) -> None:
    if on.year > 2090:
        on = on.replace(year=2026, day=1)
    transaction, rural = split_tax(tax, notional, market, on, on)
    assert transaction + rural == tax
    assert transaction * tax >= 0 <= rural * tax, "neither goes against the whole"
    if market is Market.KOSDAQ:
        assert rural == 0


@given(st.integers(1, 10**12), st.sampled_from((Market.KOSPI, Market.KOSDAQ)))
def test_for_any_sale_taxed_by_the_table_the_parts_are_those_of_the_rates(notional: int, market: Market) -> None:
    rate = tax_rate(market, MONDAY)
    parts = (notional * rate.transaction_ppm // 1_000_000, notional * rate.rural_ppm // 1_000_000)
    assert split_tax(sum(parts), notional, market, MONDAY) == parts


def test_given_another_instrument_when_told_then_rows_keep_the_order_of_the_trades(tmp_path: Path) -> None:
    log = Writer(tmp_path / "live-1.db")
    log.opens(MONDAY)
    log.fill(MONDAY, 9, BUY, 1, 100, 1, symbol=OTHER)
    log.fill(MONDAY, 10, BUY, 1, 100, 1)
    made = list(tax_rows([log.close()], a_codec(), 2026))
    assert [row.symbol for row in made] == [OTHER, SYMBOL, "", ""]
