"""The yearly file for the tax office: headings and cells of its rows in Korean or English."""

from collections.abc import Sequence
from typing import Any

from reports.tax import TaxRow
from reports.words import Words

COLUMNS = (
    *("kind", "traded", "settled", "period", "symbol", "name", "market", "side", "shares", "price", "notional"),
    *("commission", "transaction_tax", "rural_tax", "cost_average", "realized", "cost_fifo", "realized_fifo"),
    *("order_id", "trade_id"),
)
CODED = ("kind", "side")  # told in the language of the headings


def headings(words: Words) -> list[str]:
    """Give the headings of the file."""
    return [words(f"tax.{name}") for name in COLUMNS]


def cells(row: TaxRow, words: Words) -> Sequence[Any]:
    """Give a row of the file: dates ISO, won and shares plain."""
    told = tax_object(row)
    return [words.name(f"tax_{name}", told[name]) if name in CODED else told[name] for name in COLUMNS]


def tax_object(row: TaxRow) -> dict[str, Any]:
    """Give a row with stable names, for `--json`."""
    found = {name: getattr(row, name) for name in COLUMNS}
    for name in ("traded", "settled"):
        found[name] = found[name].isoformat() if found[name] else None
    return found
