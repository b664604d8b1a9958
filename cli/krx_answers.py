"""What the `krx` commands share: options, arguments as values, answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Final

import typer

from domain.errors import ConfigError
from domain.krx.sessions import HOURS_KNOWN_FROM
from domain.time import KST
from domain.types import Market

BIGGEST: Final = 10**12  # won or shares
LAST_DAY: Final = date(2099, 12, 31)  # lunar holidays are computed up to there
PLAIN: Final = {"ignore_unknown_options": True}  # so that -5 is judged as a price, not as an option

DateOption = Annotated[
    str, typer.Option("--date", help="Day whose rules hold, YYYY-MM-DD. Default: today in Korea.", show_default=False)
]
MarketOption = Annotated[str, typer.Option("--market", help="kospi, kosdaq, konex, etf or etn.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn a ConfigError into one line on stderr and exit 2."""
    try:
        yield
    except ConfigError as error:
        typer.echo(f"hantrade: {error}", err=True)
        raise typer.Exit(2) from error


def number(field: str, text: str) -> int:
    """Read a whole number > 0. Raises ConfigError."""
    if text.isascii() and text.isdecimal() and len(text) <= 13 and 0 < int(text) <= BIGGEST:
        return int(text)
    raise ConfigError(f"{field} expected a whole number from 1 to {BIGGEST}, was {text!r}")


def day_of(text: str) -> date:
    """Read a day, today in Korea for an empty text. Raises ConfigError."""
    if not text:
        return datetime.now(KST).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not HOURS_KNOWN_FROM <= day <= LAST_DAY:
        allowed = f"YYYY-MM-DD from {HOURS_KNOWN_FROM.isoformat()} to {LAST_DAY.isoformat()}"
        raise ConfigError(f"date expected {allowed}, was {text!r}")
    return day


def market_of(text: str) -> Market:
    """Read a market. Raises ConfigError."""
    try:
        return Market(text.upper())
    except ValueError:
        allowed = ", ".join(market.value.lower() for market in Market)
        raise ConfigError(f"market expected one of {allowed}, was {text!r}") from None


def say(answer: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Print an answer as one JSON object or as lines for people."""
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))
