"""`hantrade strategies`: what may be configured, built in or plugged in, with parameters and ranges."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.names import labelled
from cli.output import console, emit_json, note, show_table
from domain.errors import ConfigError

if TYPE_CHECKING:
    from domain.config import StrategyConfig
    from strategies.base import Strategy
    from strategies.params import Param

app = typer.Typer(
    no_args_is_help=True,
    help="Show strategies, built in and plugged in. Example: hantrade strategies list",
)
LENGTHS = {60: "minute", 86_400: "day"}


@app.command("list")
def list_(as_json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the strategies that settings may name; one that cannot be used says why.

    Example: hantrade strategies list --json
    """
    rows = list(_rows(_configured(home)))
    if as_json:
        emit_json(rows)
        return
    columns = [("name", "left"), ("runs", "left"), ("bars", "left"), ("attention", "left"), ("code", "left")]
    cells = [[row["name"], _runs(row), _bars(row), row["searches"] or "-", row["code"]] for row in rows]
    show_table("strategies", columns, cells, "no strategies")
    for row in rows:
        if row["error"]:
            note(row["error"])


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a strategy, see `hantrade strategies list`.")],
    as_json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show one strategy: what it does, what it needs, each parameter with range, value and what a sweep tries.

    Example: hantrade strategies show attention_momentum
    """
    from actors.plugins import code_of, known_strategies

    known = known_strategies()
    if name not in known:
        raise ConfigError(f"NAME expected one of {', '.join(sorted(known))}, was {name!r}")
    kind = known[name]
    config = (_configured(home) or {}).get(name)
    found = _about(name, code_of(name), kind, config) | {"params": [_param(one, config) for one in kind.PARAMS]}
    if as_json:
        emit_json([found])
    else:
        _print(kind, found)


def _configured(home: Path) -> "Mapping[str, StrategyConfig] | None":
    """Give what the settings of a home run, by name; None, with a note, when they cannot be read."""
    from cli.settings import load
    from cli.strategy_settings import configs

    try:
        return {config.name: config for config in configs(load(home)[0].strategies)}
    except ConfigError as error:
        note(f"settings are left out: {error}")
        return None


def _rows(configured: "Mapping[str, StrategyConfig] | None") -> "Iterator[dict[str, Any]]":
    """Give one row a strategy: built-ins, then plug-ins by name, then those that another hides."""
    from actors.plugins import code_of, known_strategies, shadowed

    known = known_strategies()
    for name in known:
        config = configured.get(name) if configured is not None else None
        try:
            kind, error = known[name], ""
        except ConfigError as raised:
            kind, error = None, str(raised)
        row = _about(name, code_of(name), kind, config, error)
        yield row if configured is not None else row | {"configured": None}
    for one in shadowed():
        error = f"strategy {one.name} of {one.code} cannot be used: a built-in strategy has this name"
        yield _about(one.name, one.code, None, None, error)


def _about(
    name: str, code: str, kind: "type[Strategy] | None", config: "StrategyConfig | None", error: str = ""
) -> dict[str, Any]:
    """Give what is known of a strategy without its parameters."""
    made = kind(config.params if config is not None else {}) if kind is not None else None
    return {
        "name": name,
        "code": code,
        "configured": config is not None,
        "symbols": list(config.symbols) if config is not None else [],
        "summary": _summary(kind) if kind is not None else "",
        "intervals_s": list(kind.INTERVALS) if kind is not None else [],
        "warm_up": {str(length): bars for length, bars in made.warm_up.items()} if made is not None else {},
        "searches": kind.SEARCHES.value if kind is not None else "",
        "sees": kind.SEES.value if kind is not None else "",
        "error": error,
    }


def _summary(kind: "type[Strategy]") -> str:
    return " ".join((kind.__doc__ or "").strip().partition("\n\n")[0].split())


def _param(param: "Param", config: "StrategyConfig | None") -> dict[str, Any]:
    is_number = param.kind in ("int", "float")
    return {
        "name": param.name,
        "kind": param.kind,
        "value": config.params[param.name] if config is not None else param.default,
        "default": param.default,
        "least": param.least if is_number else None,
        "most": param.most if is_number else None,
        "choices": list(param.choices),
        "sweep": list(param.sweep),
        "meaning": param.meaning,
    }


def _runs(row: Mapping[str, Any]) -> str:
    if row["error"]:
        return "broken"
    return {None: "?", True: "yes", False: "no"}[row["configured"]]


def _bars(row: Mapping[str, Any]) -> str:
    return ", ".join(LENGTHS[length] for length in row["intervals_s"]) or "-"


def _print(kind: "type[Strategy]", found: Mapping[str, Any]) -> None:
    out = console()
    out.print(f"{found['name']} ({found['code']}): {found['summary']}", markup=False, highlight=False)
    bars = ", ".join(f"{bars} {LENGTHS[int(length)]} bars" for length, bars in found["warm_up"].items())
    sees = ", ".join(map(labelled, found["symbols"])) or "every watched instrument"
    out.print(f"warm-up {bars or 'none'}; attention {found['searches']}; quotes of {found['sees']}", markup=False)
    if found["configured"]:
        out.print(f"runs with these settings on {sees}", markup=False)
    columns = [("parameter", "left"), ("value", "right"), ("allowed", "left"), ("sweep", "left")]
    rows = [
        [row["name"], _text(row["value"]), param.wanted, ", ".join(map(str, param.sweep))]
        for row, param in zip(found["params"], kind.PARAMS, strict=True)
    ]
    show_table("parameters", columns, rows, "no parameters")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
