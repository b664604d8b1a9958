"""`hantrade backtest`: the trader's own roles on stored data, and two logs held against each other."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.backtest_series import series_source
from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.names import symbol_of
from cli.output import emit_json, note
from cli.sample import sample_path
from cli.trends_evaluate import MapOption
from domain.errors import ConfigError

if TYPE_CHECKING:
    from datetime import date

    from backtest.plan import Pace
    from backtest.run import Setup
    from backtest.source import Source
    from broker_sim.corporate_actions import ActionTable
    from domain.config import RunConfig, SimConfig, StrategyConfig
    from trends.source import TrendSource

app = typer.Typer(no_args_is_help=True, help="Trade stored data with the trader's own roles; compare two runs.")

INTERRUPTED = 130
PATIENT_MS = 3_600_000
FromOption = Annotated[str, typer.Option("--from", help="First day YYYY-MM-DD; default: the first in the file.")]
ToOption = Annotated[str, typer.Option("--to", help="Last day YYYY-MM-DD; default: the last in the file.")]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", help="A parameter of the strategy, NAME=VALUE; repeatable; a wrong name tells all."),
]
SimOption = Annotated[
    list[str] | None,
    typer.Option("--sim", help="An assumption of the exchange, NAME=VALUE; repeatable; a wrong name tells all."),
]


@app.command("run")
def run(
    *,
    data: Annotated[Path | None, typer.Option("--data", help="Recorded data; default: the packaged day.")] = None,
    begin: FromOption = "",
    end: ToOption = "",
    symbols: Annotated[str, typer.Option(help="Codes or names, comma separated; default: all of the file.")] = "",
    strategy: Annotated[str, typer.Option(help="One strategy by name; default: those of the settings.")] = "",
    param: ParamOption = None,
    cash: Annotated[int | None, typer.Option(help="Cash to begin with, KRW.", min=1, max=10**15)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything drawn.", min=0, max=2**63)] = None,
    sim: SimOption = None,
    series: Annotated[
        Path | None, typer.Option("--series", help="Daily search series; default: a packaged one, moved in time.")
    ] = None,
    keywords: Annotated[str, typer.Option("--keywords", help="Keywords of it to use, comma separated.")] = "",
    owners: MapOption = None,
    batch_rows: Annotated[int, typer.Option(help="Most rows the trader hears at once.")] = 256,
    batch_ms: Annotated[int, typer.Option(help="Longest span of a batch, venue ms.")] = 1_000,
    link_ms: Annotated[int, typer.Option(help="Venue ms to the venue, and back, beside the exchange's own.")] = 0,
    like: Annotated[
        Path | None,
        typer.Option(help="Hear rows in the batches of this log of the same day, with its delays of orders."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Event log to write; default: a new one at home.")] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Verify the log and replay it afterwards.")] = True,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Trade stored days on venue time: the trader's roles, the paper exchange, a normal log, then what to distrust.

    Exit codes: 0 done, 1 the log is not proven or something was known before it happened, 130 interrupted in order.

    Example: hantrade backtest run --from 2026-01-13 --strategy attention_momentum --param target_ppm=40000
    """
    from backtest.checks import LOOK_AHEAD, warnings_of
    from backtest.history import read_history
    from backtest.plan import Pace
    from backtest.run import run as run_backtest
    from cli.backtest_progress import Progress, StopFlag
    from cli.backtest_report import Report, result_of, show
    from cli.demo_report import check_log

    began = time.monotonic()
    pace = Pace(batch_rows=batch_rows, batch_ms=batch_ms, link_ms=link_ms)
    config = _config(home, strategy, param or (), cash, seed, sim or ())
    source = _source(data or sample_path(), begin, end, symbols, config)
    config = replace(config, symbols=())  # all that the data serves: it is cut to the wanted ones
    trends = series_source(series, keywords, owners or (), source.codes(), source.days, home)
    setup = replace(_setup(config, pace, _log_path(out, home), like, trends), actions=_actions(home, config))
    with StopFlag() as flag, Progress(len(source.days), quiet=json) as progress:
        ran = run_backtest(setup, source, progress.update, flag.is_set)
    ran_s = time.monotonic() - began
    checks = None
    if check:
        note("checking the log: hash chain, then a replay in a fresh process")
        checks = check_log(ran.log_path)
    history = read_history(ran.log_path)
    traded = replace(source, days=tuple(read.day for read in ran.days), absent={})
    found = warnings_of(history, ran.days, traded.load(), source.absent, config.session_overrides)
    report = Report(history, checks, found, ran, round(ran_s, 2))
    if json:
        emit_json([result_of(report) | {"seconds": round(time.monotonic() - began, 1)}])
    else:
        show(report)
    if ran.interrupted:
        raise typer.Exit(INTERRUPTED)
    is_proven = checks is None or (checks.verified and checks.replay_identical)
    is_honest = not any(item.kind == LOOK_AHEAD for item in found)
    raise typer.Exit(Exit.DONE if is_proven and is_honest else Exit.REFUSED)


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="An event log; the others are held against it.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another one, of the same days.")],
    third: Annotated[Path | None, typer.Argument(metavar="[C]", help="A third one.")] = None,
    day: Annotated[str, typer.Option(help="One trading date YYYY-MM-DD; default: those the logs share.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Show the orders that are the same, too.")] = False,
    json: JsonOption = False,
) -> None:
    """Hold two or three logs of the same days against each other, say a back-test, paper and live.

    First one table of figures with what makes them differ, then order by order: the same, different in what and why,
    only in one. Exit codes: 0 the same orders with the same fills, 1 not.

    Example: hantrade backtest compare back.db paper.db live.db --day 2026-01-13
    """
    from backtest.figures import table_of
    from backtest.same_days import read_same_days
    from cli.backtest_compare import objects_of, show
    from cli.names import labelled

    found = read_same_days([first, second, *([third] if third else [])], _day("--day", day))
    table = table_of(found.logs, labelled)
    if json:
        emit_json(objects_of(table, found.days))
    else:
        show(table, found.days, everything=everything)
    raise typer.Exit(Exit.DONE if table.is_same else Exit.REFUSED)


# ---- what was asked for ----------------------------------------------------------------------------------------


def _config(
    home: Path, strategy: str, params: Sequence[str], cash: int | None, seed: int | None, sim: Sequence[str]
) -> "RunConfig":
    """Resolve settings and options. Raises ConfigError naming the option, the value and what is allowed."""
    from cli.settings import configured
    from domain.types import Krw

    config = replace(configured(home, "backtest", "SIMULATED")[1], orders_endpoint="", quotes_endpoint="data")
    changes: dict[str, Any] = {"strategies": _strategies(config, strategy, params), "sim": _sim(config.sim, sim)}
    if cash is not None:
        changes["cash"] = Krw(cash)
    if seed is not None:
        changes["seed"] = seed
    return replace(config, **changes)


def _strategies(config: "RunConfig", name: str, params: Sequence[str]) -> "tuple[StrategyConfig, ...]":
    from actors.plugins import configured

    given = dict(_pairs("--param", params))
    if not name:
        if not given:
            return config.strategies
        if len(config.strategies) != 1:
            named = ", ".join(item.name for item in config.strategies)
            raise ConfigError(f"--param needs --strategy NAME: the settings hold {named or 'no strategy'}")
        name = config.strategies[0].name
    of_settings = next((item for item in config.strategies if item.name == name), None)
    if of_settings is None:
        return (configured(name, given),)
    return (configured(name, {**of_settings.params, **given}, of_settings.symbols),)


def _sim(config: "SimConfig", texts: Sequence[str]) -> "SimConfig":
    from pydantic import ValidationError

    from cli.settings_tables import SimSection

    given = dict(_pairs("--sim", texts))
    for key, text in given.items():
        if key not in SimSection.model_fields:
            raise ConfigError(f"--sim {key}={text} is unknown, allowed: {', '.join(SimSection.model_fields)}")
    try:
        section = SimSection(**{**dataclasses.asdict(config), **given})
    except ValidationError as error:
        problem = error.errors()[0]
        raise ConfigError(f"--sim {problem['loc'][0]}={problem['input']}: {problem['msg']}") from None
    return replace(config, **section.model_dump())


def _pairs(option: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key.strip() and sign and value.strip()):
            raise ConfigError(f"{option} must be NAME=VALUE, was {text!r}")
        pairs.append((key.strip(), value.strip()))
    return pairs


def _source(path: Path, begin: str, end: str, symbols: str, config: "RunConfig") -> "Source":
    from backtest.source import Source, check_symbols, chosen_days

    wanted = tuple(dict.fromkeys(symbol_of(text.strip()) for text in symbols.split(",") if text.strip()))
    if symbols and not wanted:
        raise ConfigError(f"--symbols: codes or names, comma separated, are expected, was {symbols!r}")
    first, last = _day("--from", begin), _day("--to", end)
    if first and last and first > last:
        raise ConfigError(f"--from must not be after --to, was {first} after {last}")
    days, chosen = chosen_days(path, first, last), wanted or config.symbols or None
    if chosen:
        check_symbols(path, days, chosen)  # before there is a log
    return Source(path, days, chosen, config.session_overrides)


def _day(option: str, text: str) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{option} must be YYYY-MM-DD, was {text!r}") from None


def _setup(config: "RunConfig", pace: "Pace", log_path: Path, like: Path | None, trends: "TrendSource") -> "Setup":
    from functools import partial

    from backtest.batches import batches_at
    from backtest.history import read_history
    from backtest.run import Setup
    from backtest.travel import AsBefore
    from hantrade import __version__

    setup = Setup(config, __version__, pace, log_path, trends)
    if like is None:
        return setup
    other = read_history(like)
    travel = AsBefore(list(other.requests.values()), other.answers, other.heard)
    # There deadlines were judged by system time, which may have run many times slower than the venue's.
    patient = replace(config.execution, request_ttl_ms=PATIENT_MS, submit_timeout_ms=PATIENT_MS)
    config = replace(config, execution=patient)
    return replace(setup, config=config, cut=partial(batches_at, ends=sorted(set(other.ends))), travel=travel)


def _actions(home: Path, config: "RunConfig") -> "ActionTable | None":
    """Read the corporate actions of the paper account, if there is a table."""
    from broker_sim.action_table import FILE_NAME, read_actions
    from cli.home import Home

    table = Home(home).paper / FILE_NAME
    return read_actions(table, config.session_overrides) if table.exists() else None


def _log_path(out: Path | None, home: Path) -> Path:
    from cli.home import Home, new_log

    if out is None:
        return new_log(Home(home), "backtest")
    if out.exists():
        raise ConfigError(f"--out: {out} exists; a back-test writes a new log")
    if not out.parent.exists():
        raise ConfigError(f"--out: folder {out.parent} does not exist")
    return out
