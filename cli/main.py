"""The command `hantrade`: commands by noun, errors in one line, exit codes of design.md 8."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from broker.security.redaction import redacted
from cli import (
    backtest,
    backups,
    books,
    broker,
    broker_reads,
    certs,
    demo,
    doctor,
    fsm,
    krx,
    log,
    log_export,
    log_why,
    orders,
    positions,
    quality,
    record,
    repairs,
    replay,
    report,
    report_tax,
    risk,
    signals,
    status,
    strategies,
    trader,
    trends,
)
from cli.context import HOME_VARIABLE, Exit, exit_code
from cli.logging import set_up_logging
from domain.errors import ConfigError, HantradeError, RequestRefused

app = typer.Typer(
    name="hantrade",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Trade Korean stocks through Kiwoom: typed broker, deterministic roles, a replayable log. No profit promised.",
)
app.command("demo")(demo.demo)
app.command("init")(trader.init)
app.command("start")(trader.start)
app.command("doctor")(doctor.doctor)
app.command("stop")(trader.stop)
app.command("status")(status.status)
app.command("pause")(trader.pause)
app.command("resume")(trader.resume)
app.command("halt")(trader.halt)
app.command("flatten")(trader.flatten)
app.command("manual")(risk.manual)
app.command("claim")(risk.claim)
app.command("checkin")(risk.checkin)
app.add_typer(risk.stops_app, name="stops")
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("reconcile")(repairs.reconcile)
app.command("adjust")(repairs.adjust)
app.command("route")(repairs.route)
orders.app.command("release")(repairs.release)
app.add_typer(orders.app, name="orders")
app.add_typer(books.fills_app, name="fills")
app.command("positions")(positions.positions)
app.command("cash")(books.cash)
app.command("quotes")(books.quotes)
app.command("signals")(signals.signals)
app.command("quality")(quality.quality)
log.app.command("replay")(replay.replay)
log.app.command("export")(log_export.export)
log.app.command("archive")(log_export.archive)
log.app.command("views")(log_export.views)
log.app.command("why")(log_why.why)
app.add_typer(log.app, name="log")
broker.app.command("record")(record.record)
broker.app.command("conditions")(broker_reads.conditions)
broker.app.command("candles")(broker_reads.candles)
broker.app.command("market")(broker_reads.market)
app.add_typer(broker.app, name="broker")
app.add_typer(certs.app, name="certs")
app.add_typer(fsm.app, name="fsm")
app.add_typer(backtest.app, name="backtest")
app.add_typer(krx.app, name="krx")
app.add_typer(trends.app, name="trends")
app.add_typer(strategies.app, name="strategies")
report.app.command("tax")(report_tax.tax)
app.add_typer(report.app, name="report")


def _version(asked: bool) -> None:
    if asked:
        from hantrade import __version__

        print(f"hantrade {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more to stderr.")] = False,
    home: Annotated[
        Path | None, typer.Option("--home", help="Home folder of any command, when it does not name one itself.")
    ] = None,
) -> None:
    """Set up what every command shares."""
    if home is not None:
        os.environ[HOME_VARIABLE] = str(home)
    set_up_logging(verbose=verbose)


def run() -> None:
    """Run the command line; errors of ours and of usage become one clear line, never a traceback."""
    try:
        result = app(standalone_mode=False)
        sys.exit(result if isinstance(result, int) else Exit.DONE)
    except HantradeError as error:
        print(f"hantrade: {_told(error)}", file=sys.stderr)
        sys.exit(exit_code(error))
    except TyperException as error:
        # of the two-line usage text only the complaint: it names the option or argument and what is allowed
        text = error.format_message()
        print(text if text.startswith("Usage:") else f"hantrade: {text}", file=sys.stderr)
        sys.exit(Exit.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        print("hantrade: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output left (`| head`): nothing to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except PermissionError as error:
        print(f"hantrade: {error.filename}: {error.strerror}; choose another place with --home", file=sys.stderr)
        sys.exit(Exit.USAGE)
    except Exception as error:  # the process's outermost loop: a person gets a line, not a traceback
        if os.environ.get("HANTRADE_DEBUG"):
            raise
        said = redacted(f"{type(error).__name__}: {error}")
        print(f"hantrade: internal error: {said} (HANTRADE_DEBUG=1 shows more)", file=sys.stderr)
        sys.exit(Exit.REFUSED)


def _told(error: HantradeError) -> str:
    """Give an error without secrets; what a person typed is a price or a count unless it speaks of an account."""
    field = error.field if isinstance(error, RequestRefused) else "typed" if isinstance(error, ConfigError) else ""
    text = str(error)
    return redacted(text, "" if "account" in text.lower() else field)


if __name__ == "__main__":
    run()
