"""Instruments as a broker gave them, in the metadata of a recorded file: limits are the broker's to tell."""

import json
from collections.abc import Iterable
from pathlib import Path

from domain.errors import DataError
from domain.instruments import Instrument
from domain.types import Krw, Market, Symbol


def write_instruments(instruments: Iterable[Instrument]) -> str:
    """Give JSON: a list of [symbol, name, market, base, lower, upper, tradable], prices in won or null."""
    return json.dumps(
        [
            [it.symbol, it.name, it.market.value, it.base_price, it.lower_limit, it.upper_limit, it.tradable]
            for it in instruments
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def read_instruments(path: Path, text: str) -> dict[str, Instrument]:
    """Read what `write_instruments` wrote. Raises DataError naming the file."""
    try:
        return {
            symbol: Instrument(
                Symbol(symbol), name, Market(market), _won(base), _won(lower), _won(upper), bool(tradable)
            )
            for symbol, name, market, base, lower, upper, tradable in json.loads(text)
        }
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{path}: instruments in the file's metadata expected as written, cannot be read: {error}"
        ) from None


def _won(value: object) -> Krw | None:
    return None if value is None else Krw(int(str(value)))
