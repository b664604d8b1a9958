"""Korean names and codes: either is accepted, both are shown."""

import functools
import re

from broker_sim.listing import listing
from domain.errors import ConfigError
from domain.types import Market

CODE = re.compile(r"^[0-9A-Z]{6}$")


@functools.cache
def _by_name() -> dict[str, str]:
    return {name: code for code, (name, _) in listing().items() if name}


def symbol_of(text: str) -> str:
    """Give the code of a code or Korean name. Raises ConfigError naming near names."""
    if CODE.match(text.upper()):
        return text.upper()
    found = _by_name().get(text)
    if found is not None:
        return found
    near = [f"{name} ({code})" for name, code in _by_name().items() if text and text in name][:5]
    hint = (
        f"; did you mean {', '.join(near)}?" if near else "; a six-character code or a listed Korean name is expected"
    )
    raise ConfigError(f"symbol {text!r} is not known{hint}")


def stock_names() -> dict[str, str]:
    """Give the Korean names of listed stocks by code, without funds and notes (ETF, ETN)."""
    return {code: name for code, (name, market) in listing().items() if market not in (Market.ETF, Market.ETN)}


def name_of(symbol: str) -> str:
    """Give the Korean name of a code, empty when it is not known."""
    return listing().get(symbol, ("", None))[0]


def labelled(symbol: str) -> str:
    """Give code and name side by side."""
    name = name_of(symbol)
    return f"{symbol} {name}" if name else symbol
