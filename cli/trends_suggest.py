"""`hantrade trends suggest`: words to begin with, as a block for watchlist.toml."""

import json as jsons
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.names import stock_names, symbol_of
from cli.output import emit_json, note
from domain.keyword_suggestions import Suggestion, Suggestions


def suggest(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name of a listed stock.", metavar="SYMBOL")],
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Print words for an instrument, ready for watchlist.toml, with a warning when its name means other things too.

    A guess from the list of listed names: read it before you use it. Nothing is asked and nothing is changed.

    Example: hantrade trends suggest 카카오
    """
    from cli.settings import load

    code = symbol_of(symbol)
    versions = [item.version for item in load(home)[1].instrument if item.symbol == code]
    found = Suggestions(stock_names()).of(code, version=max(versions, default=0) + 1)
    words = found.fields.resolved().keywords
    if json:
        emit_json(
            [
                {
                    "symbol": code,
                    "name": found.name,
                    "names": list(found.fields.names),
                    "synonyms": list(found.fields.synonyms),
                    "ambiguous": list(found.fields.ambiguous),
                    "qualifiers": list(found.fields.qualifiers),
                    "version": found.fields.version,
                    "words": list(words),
                    "warnings": list(found.warnings),
                }
            ]
        )
        return
    for warning in found.warnings:
        note(f"warning: {warning}")
    if versions:
        note(f"{code} is on the watch list already; this block replaces it and has a new version")
    print(block(found))


def block(found: Suggestion) -> str:
    """Give the block as it stands in watchlist.toml."""
    fields = found.fields
    lines = ["[[instrument]]", f'symbol = "{fields.symbol}"          # {found.name}']
    lines += [f"# {warning}" for warning in found.warnings]
    for name in ("names", "synonyms", "ambiguous", "qualifiers"):
        words = getattr(fields, name)
        if words:
            lines.append(f"{name} = {jsons.dumps(list(words), ensure_ascii=False)}")
    return "\n".join([*lines, f"version = {fields.version}"])
