"""The command `hantrade`: commands by noun, errors in one line, exit codes of design.md 8."""

import os
import sys
from typing import Annotated

import click
import typer

from cli import books, broker, demo, fsm, krx, log, orders, replay, trader
from cli.context import Exit, exit_code
from cli.logging import set_up_logging
from domain.errors import HantradeError

app = typer.Typer(
    name="hantrade",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Trade Korean stocks through Kiwoom: typed broker, deterministic roles, a log that replays. No profit promised.",
)
app.command("demo")(demo.demo)
app.command("init")(trader.init)
app.command("start")(trader.start)
app.command("stop")(trader.stop)
app.command("status")(trader.status)
app.command("pause")(trader.pause)
app.command("resume")(trader.resume)
app.command("halt")(trader.halt)
app.command("flatten")(trader.flatten)
app.add_typer(orders.app, name="orders")
app.add_typer(books.fills_app, name="fills")
app.command("positions")(books.positions)
app.command("cash")(books.cash)
app.command("quotes")(books.quotes)
app.command("signals")(books.signals)
log.app.command("replay")(replay.replay)
app.add_typer(log.app, name="log")
app.add_typer(broker.app, name="broker")
app.add_typer(fsm.app, name="fsm")
app.add_typer(krx.app, name="krx")


def _version(asked: bool) -> None:
    if asked:
        from hantrade import __version__

        print(f"hantrade {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more to stderr.")] = False,
) -> None:
    """Set up what every command shares."""
    set_up_logging(verbose=verbose)


def run() -> None:
    """Run the command line; errors of ours and of usage become one clear line, never a traceback."""
    try:
        result = app(standalone_mode=False)
        sys.exit(result if isinstance(result, int) else Exit.DONE)
    except HantradeError as error:
        print(f"hantrade: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        print("hantrade: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output left (`| head`): nothing to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)


if __name__ == "__main__":
    run()
