"""Names and markets of listed instruments, from the packaged list."""

import csv
import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import TextIOWrapper
from types import MappingProxyType
from typing import Final

from domain.errors import DataError
from domain.types import Market

LIST: Final = "data/instruments.csv.gz"  # columns code, name, market and, where known, kind (EQUITY, ETF, ETN)


def listed(code: str) -> tuple[str, Market]:
    """Give Korean name and market of a code; ("", KOSPI) when the list does not have it."""
    return listing().get(code, ("", Market.KOSPI))


@cache
def listing() -> Mapping[str, tuple[str, Market]]:
    """Give (name, market) of every listed code, read once. Raises DataError when the package is broken."""
    path = files("broker_sim").joinpath(LIST)
    try:
        with path.open("rb") as packed, gzip.open(packed) as raw:
            rows = csv.DictReader(TextIOWrapper(raw, encoding="utf-8-sig"))
            return MappingProxyType({row["code"]: (row["name"], _market(row)) for row in rows})
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise DataError(f"{path}: packaged list of instruments cannot be read: {error}") from error


def _market(row: dict[str, str]) -> Market:
    kind = row.get("kind", "")
    if kind in (Market.ETF, Market.ETN):
        return Market(kind)
    return Market(row["market"].split()[0])  # KOSDAQ GLOBAL is a segment of KOSDAQ
