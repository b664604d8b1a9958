"""Which words stand for which instrument: those of the watch list, and suggested ones for the rest of the market."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.names import stock_names, symbol_of
from cli.watchlist import keyword_sets
from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.keyword_suggestions import Suggestions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.settings import Settings


def words_of(
    home: Path, texts: "Sequence[str]", everything: bool
) -> "tuple[Settings, tuple[str, ...], dict[str, KeywordSet]]":
    """Give settings, the symbols meant, and the words known for them.

    `texts` are codes or Korean names, none means the watch list; `everything` is every listed stock, with suggested
    words where a person gave none. Raises ConfigError.
    """
    from cli.settings import load

    settings, watchlist = load(home)
    known = {one.symbol: one for one in keyword_sets(watchlist.instrument)}
    watched = tuple(item.symbol for item in watchlist.instrument)
    if everything:
        if texts:
            raise ConfigError(f"--all means every listed stock: no symbol is expected with it, was {texts[0]!r}")
        suggested = {one.fields.symbol: one.fields.resolved() for one in Suggestions(stock_names()).all()}
        sets = suggested | known
        return settings, (*watched, *(symbol for symbol in sets if symbol not in watched)), sets
    symbols = tuple(dict.fromkeys(symbol_of(text) for text in texts)) or watched
    if not symbols:
        raise ConfigError(f"no instrument in {home / 'watchlist.toml'}: a symbol or --all is expected")
    return settings, symbols, known
