"""`hantrade broker faults`, and the `--faults` of `broker serve sim`: a broker that misbehaves on purpose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer

from broker.port import BrokerBackend
from broker_sim.backend import SimBackend
from broker_sim.faults import FaultPlan
from broker_sim.faults_file import example, load_faults
from broker_sim.faulty import FaultyBackend, said
from cli.context import JsonOption
from cli.output import emit_json
from domain.errors import ConfigError

logger = structlog.get_logger("broker")

FaultsOption = Annotated[
    Path | None,
    typer.Option("--faults", help="How it misbehaves, TOML: docs/sim-faults.md; win: docs/emulator.md."),
]

__all__ = ["FaultsOption", "load_faults", "misbehaving", "show_faults"]


@asynccontextmanager
async def misbehaving(
    venue: SimBackend, plan: FaultPlan | None, journal: Path, orders_per_second: int = 0
) -> AsyncIterator[BrokerBackend]:
    """Give a broker that carries out a plan, or the venue itself without one. Logs each fault, and counts at the end.

    More requests than `orders_per_second` wait at the one that carries out a plan (0: none).
    Raises LogError when the journal cannot be used, ConfigError for a plan this venue cannot carry out.
    """
    if plan is None:
        yield venue
        return
    backend = FaultyBackend(venue, journal, plan, orders_per_second=orders_per_second)
    try:
        backend.venue.fates.on_done = lambda kind, what: logger.info("fault", of=kind, what=what)
        await backend.start()
        logger.warning("broker sim misbehaves as told", seed=plan.seed, faults=_words(plan))
        yield backend
    finally:
        await backend.close()
        logger.info("broker sim has misbehaved", done=said(backend.done))


def show_faults(
    file: Annotated[Path | None, typer.Argument(help="A faults file to check.")] = None,
    as_example: Annotated[bool, typer.Option("--example", help="Print a file with every knob.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a faults file and say what it switches on, or print an example to begin with.

    Example: hantrade broker faults --example > faults.toml
    """
    if as_example == (file is not None):
        raise ConfigError("broker faults: a FILE or --example is expected, and not both")
    if file is None:
        print(example(), end="")
        return
    plan = load_faults(file)
    if as_json:
        emit_json([{"file": str(file), "seed": plan.seed, "switched_on": list(plan.switched_on())}])
        return
    for words in plan.switched_on() or ("nothing is switched on",):
        print(words)


def _words(plan: FaultPlan) -> str:
    return ", ".join(plan.switched_on()) or "nothing is switched on"
