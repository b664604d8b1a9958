"""`hantrade log why ORDER`: one order's whole story, from the quote to what it came to."""

from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.log import PathOption, reading
from cli.output import emit_json


def why(
    order: Annotated[
        str,
        typer.Argument(
            metavar="ORDER", help="Id of the order or the beginning of one, number of the venue, or sequence ('#N')."
        ),
    ],
    checks: Annotated[bool, typer.Option(help="Recompute the risk checks; reads the log up to the order.")] = True,
    log: PathOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell an order's whole story: quote, signal, risk, wire, venue, fills, result. Example: hantrade log why 1358"""
    from cli.compose import codec
    from cli.why_checks import recompute
    from cli.why_text import as_lines, as_objects
    from persistence.order_names import find_order
    from persistence.story import gather

    with reading(log, home) as reader:
        story = gather(reader, find_order(reader, order, codec()), codec())
        found = recompute(story, reader, codec()) if checks else None
        if as_json:
            emit_json(as_objects(story, found))
        else:
            typer.echo("\n".join(as_lines(story, found)))
