"""`hantrade trends evaluate`: strategies judged on recorded prices and search series, walk-forward."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.names import labelled, symbol_of
from cli.output import emit_json, note
from domain.errors import ConfigError

if TYPE_CHECKING:
    from backtest.judging.pairing import Pairing
    from backtest.judging.series import Series
    from strategies.base import Strategy

MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="Listed owner of a keyword, KEYWORD=CODE or KEYWORD=NAME; repeatable."),
]


def evaluate(
    *,
    prices: Annotated[Path, typer.Option("--prices", help="Daily or minute bars: parquet, csv or csv.gz.")],
    series: Annotated[
        Path | None, typer.Option("--series", help="Search series: csv, csv.gz or parquet; without: prices only.")
    ] = None,
    keywords: Annotated[str, typer.Option("--keywords", help="Keywords to use, comma separated; default: all.")] = "",
    without: Annotated[str, typer.Option("--without", help="Keywords to leave out, comma separated.")] = "",
    owners: MapOption = None,
    strategies: Annotated[
        str, typer.Option("--strategies", help="Strategies by name, comma separated; default: all that fit the bars.")
    ] = "",
    windows: Annotated[int, typer.Option("--windows", help="Test windows of the walk forward.", min=1, max=50)] = 4,
    commission_ppm: Annotated[
        int, typer.Option("--commission-ppm", help="Commission of one side, ppm.", min=0, max=50_000)
    ] = 150,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Judge strategies on recorded prices and search series: walk-forward, after costs, against luck.

    Parameters are chosen before each test window; `p_value` says how often entries moved in time do as well.
    Exit codes: 0 judged (well or badly), 1 no keyword stands for a symbol with prices, 2 a file or option is wrong.

    Example: hantrade trends evaluate --prices daily.parquet --series naver.csv.gz --without 시리즈 --json
    """
    from backtest.judging.evaluation import evaluate as run
    from backtest.judging.pairing import measure
    from backtest.judging.prices import read_prices
    from cli.trends_evaluate_table import show
    from cli.trends_settings import SignalsSection, signal_config
    from strategies.registry import STRATEGIES

    bars = read_prices(prices)
    panel = bars.panel
    _tell(prices, panel.remarks)
    measures = {}
    if series is not None:
        chosen = chosen_series(series, keywords, without)
        pairing = pairs_of(chosen, owners or (), panel.codes, str(prices), series, home)
        _tell_pairs(pairing)
        measures = measure(pairing, panel.sessions)
    elif keywords or without or owners:
        raise ConfigError("--keywords, --without and --map expected a file of series (--series), was none")
    rows = run(
        bars,
        measures,
        _kinds(strategies, has_minutes=bars.minutes is not None, has_series=bool(measures)),
        signals=signal_config(SignalsSection()),
        commission_ppm=commission_ppm,
        windows=windows,
        known=STRATEGIES,
        tell=note,
    )
    if json:
        emit_json(rows)
    else:
        show(rows, panel)


def chosen_series(path: Path, keywords: str, without: str) -> "dict[str, Series]":
    """Read a file of series and give those asked for, by keyword. Raises DataError, ConfigError."""
    from backtest.judging.series import read_series

    read, remarks = read_series(path)
    _tell(path, remarks)
    return _chosen(path, read, keywords, without)


def pairs_of(
    chosen: "Mapping[str, Series]", owners: Sequence[str], codes: Sequence[str], prices: str, path: Path, home: Path
) -> "Pairing":
    """Say which keywords stand for which codes. Raises ConfigError, and RequestRefused when there is no pair."""
    from backtest.judging.pairing import check_pairs, pair

    pairing = pair(chosen, codes, _owners(owners, chosen), _watched(home), _code_of)
    check_pairs(pairing, codes, prices, str(path), labelled)
    return pairing


def _tell(path: Path, remarks: Mapping[str, int]) -> None:
    for what, rows in remarks.items():
        note(f"{path}: {rows:,} rows {what}")


def _words(text: str) -> list[str]:
    return [word for part in normalize("NFC", text).split(",") if (word := part.strip())]


def _chosen(path: Path, read: "Mapping[str, Series]", keywords: str, without: str) -> "dict[str, Series]":
    """Give the series asked for. Raises ConfigError naming unknown keywords and those of the file, DataError."""
    from backtest.judging.series import check_usable

    only, left_out = _words(keywords), _words(without)
    for option, words in (("--keywords", only), ("--without", left_out)):
        _check_known(option, words, read, path)
    found = {word: one for word, one in read.items() if (not only or word in only) and word not in left_out}
    if not found:
        raise ConfigError(f"--keywords, --without: at least one keyword of {path} expected, none is left")
    check_usable(found.values())
    return found


def _check_known(option: str, words: Iterable[str], read: "Mapping[str, Series]", path: object) -> None:
    from backtest.judging.pairing import shortened

    if unknown := [word for word in words if word not in read]:
        raise ConfigError(f"{option}: expected keywords of {path} ({shortened(list(read))}), was {', '.join(unknown)}")


def _owners(said: Iterable[str], read: "Mapping[str, Series]") -> dict[str, str]:
    """Read --map. Raises ConfigError."""
    owners: dict[str, str] = {}
    for text in said:
        word, equals, owner = (part.strip() for part in normalize("NFC", text).rpartition("="))
        if not (word and equals and owner):
            raise ConfigError(f"--map: KEYWORD=CODE expected, was {text!r}")
        _check_known("--map", [word], read, "the series chosen")
        owners[word] = symbol_of(owner)
        if read[word].owner not in ("", owners[word]):
            note(f"--map: {word} stands for {owners[word]}, not for {read[word].owner} as the file says")
    return owners


def _watched(home: Path) -> dict[str, tuple[str, ...]]:
    """Give the keyword sets of the watch list, by code."""
    from cli.settings import load
    from cli.watchlist import keyword_sets

    return {one.symbol: one.keywords for one in keyword_sets(load(home)[1].instrument)}


def _code_of(word: str) -> str:
    try:
        return symbol_of(word)
    except ConfigError:
        return ""


def _tell_pairs(pairing: "Pairing") -> None:
    for code, own in pairing.pairs.items():
        words = ", ".join(f"{one.keyword} ({len(one.points):,} {'days' if one.step == 1 else 'weeks'})" for one in own)
        note(f"{labelled(code)}: {words}")
    if pairing.dropped:
        note(f"weekly beside daily series of one owner are not mixed, left out: {', '.join(pairing.dropped)}")


def _kinds(names: str, *, has_minutes: bool, has_series: bool) -> "Sequence[type[Strategy]]":
    """Give the strategies asked for, by default those built in that fit. Raises ConfigError."""
    from actors.plugins import known_strategies
    from domain.bars import DAY_S, MINUTE_S
    from strategies.base import Searches
    from strategies.registry import STRATEGIES

    fitting = {DAY_S, *((MINUTE_S,) if has_minutes else ())}
    known = known_strategies()
    wanted = list(dict.fromkeys(_words(names)))
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError(f"--strategies: expected {', '.join(sorted(known))}, was {', '.join(unknown)}")
    kinds = [known[name] for name in wanted] if wanted else list(STRATEGIES.values())
    unfit = [kind.NAME for kind in kinds if not fitting & set(kind.INTERVALS)]
    if wanted and unfit:
        lengths = "daily and minute" if has_minutes else "daily"
        raise ConfigError(f"--strategies: strategies of {lengths} bars expected, was {', '.join(unfit)}")
    if waiting := [kind.NAME for kind in kinds if kind.NAME in unfit and kind.INTERVALS]:
        note(f"not judged, bars of minutes are needed: {', '.join(waiting)}")
    if wanted and not has_series and (blind := [k.NAME for k in kinds if k.SEARCHES is Searches.REQUIRED]):
        raise ConfigError(f"--strategies: {', '.join(blind)} expected search series (--series), was none")
    return [kind for kind in kinds if kind.NAME not in unfit and (has_series or kind.SEARCHES is not Searches.REQUIRED)]
