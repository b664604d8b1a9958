"""`hantrade fsm`: the state machines as they are in force."""

import json
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Show the state machines. Example: hantrade fsm show client_order",
)


@app.callback()
def main() -> None:
    """Show the state machines. Example: hantrade fsm show client_order"""


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="client_order, leg, change_request, connection, broker_login, trading_day, stop or win_host."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One object per row of the table.")] = False,
) -> None:
    """Print the table of a machine and its Mermaid diagram. Example: hantrade fsm show client_order"""
    from rich.console import Console
    from rich.table import Table

    from fsm.machines import MACHINES

    machine = MACHINES.get(name)
    if machine is None:
        typer.echo(f"hantrade: NAME must be one of {', '.join(MACHINES)}, was {name!r}", err=True)
        raise typer.Exit(2)
    if as_json:
        for row in machine.rows():
            final = machine.is_final(machine.states(row.dest))
            typer.echo(json.dumps({"machine": name, **row._asdict(), "dest_is_final": final}))
        return
    typer.echo(machine.theory + "\n")
    table = Table("trigger", "from", "to", title=name)
    for row in machine.rows():
        table.add_row(*row)
    Console().print(table)
    typer.echo(machine.mermaid())
