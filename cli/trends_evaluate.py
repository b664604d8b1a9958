"""`hantrade trends evaluate`: strategies judged on recorded prices and search series, walk-forward."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
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

WITHOUT_SERIES: Final = "strategies that need prices only are judged"


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
        str | None,
        typer.Option("--strategies", help="Strategies by name, comma separated; default: all that fit the bars."),
    ] = None,
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

    if series is None and (keywords or without or owners):
        raise ConfigError("--keywords, --without and --map expected a file of series (--series), was none")
    asked = _asked(strategies, has_series=series is not None)
    bars = read_prices(prices)
    panel = bars.panel
    _tell(prices, panel.remarks)
    measures = {}
    if series is not None:
        chosen = chosen_series(series, keywords, without)
        pairing = pairs_of(chosen, owners or (), panel.codes, str(prices), series, home, WITHOUT_SERIES)
        _tell_pairs(pairing)
        measures = measure(pairing, panel.sessions)
    rows = run(
        bars,
        measures,
        _kinds(asked, has_minutes=bars.minutes is not None, has_series=bool(measures)),
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
    chosen: "Mapping[str, Series]",
    owners: Sequence[str],
    codes: Sequence[str],
    prices: str,
    path: Path,
    home: Path,
    instead: str,
) -> "Pairing":
    """Say which keywords stand for which codes, and on stderr which for none; `instead`: what happens without series.

    Raises ConfigError, and NoPair when there is no pair.
    """
    from backtest.judging.pairing import check_pairs, pair

    said = _owners(owners, chosen)
    pairing = pair(chosen, codes, said, _watched(home), _code_of)
    for word in sorted(set(said) & set(pairing.unpaired)):
        note(f"--map: {word} stands for {labelled(said[word])}, which has no prices in {prices}")
    check_pairs(pairing, codes, prices, str(path), labelled, instead)
    if count := len(pairing.unpaired):
        stand = "keyword stands" if count == 1 else "keywords stand"
        note(f"{count} {stand} for no symbol with prices: {pairing.unpaired_text}")
    return pairing


def _tell(path: Path, remarks: Mapping[str, int]) -> None:
    from domain.wording import counted

    for what, rows in remarks.items():
        note(f"{path}: {counted(rows, 'row')} {what}")


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
    from domain.wording import shortened

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
    from backtest.judging.series import DAILY
    from domain.wording import counted

    for code, own in pairing.pairs.items():
        sizes = (counted(len(one.points), "day" if one.step == DAILY else "week") for one in own)
        words = ", ".join(f"{one.keyword} ({size})" for one, size in zip(own, sizes, strict=True))
        note(f"{labelled(code)}: {words}")
    if pairing.dropped:
        note(f"weekly beside daily series of one owner are not mixed, left out: {', '.join(pairing.dropped)}")


def _asked(names: str | None, *, has_series: bool) -> "list[type[Strategy]]":
    """Give the strategies asked for by name, none for all that fit. Raises ConfigError naming those that are judged."""
    from actors.plugins import known_strategies
    from strategies.base import Searches
    from strategies.registry import STRATEGIES

    if names is None:
        return []
    known = known_strategies()
    exits = {name for name, kind in STRATEGIES.items() if not kind.INTERVALS}  # their claims have no horizon of bars
    wanted = list(dict.fromkeys(_words(names)))
    wrong = [name for name in wanted if name not in known or name in exits or not known[name].INTERVALS]
    if wrong or not wanted:
        offered = ", ".join(sorted(set(known) - exits))
        why = " (exits are not judged)" if set(wrong) & set(known) else ""
        raise ConfigError(f"--strategies: expected {offered}, was {', '.join(wrong) or repr(names)}{why}")
    kinds = [known[name] for name in wanted]
    if not has_series and (blind := [kind.NAME for kind in kinds if kind.SEARCHES is Searches.REQUIRED]):
        raise ConfigError(f"--strategies: {', '.join(blind)} expected search series (--series), was none")
    return kinds


def _kinds(wanted: "Sequence[type[Strategy]]", *, has_minutes: bool, has_series: bool) -> "Sequence[type[Strategy]]":
    """Give the strategies wanted, by default those built in that fit the bars. Raises ConfigError."""
    from domain.bars import DAY_S, MINUTE_S
    from strategies.base import Searches
    from strategies.registry import STRATEGIES

    fitting = {DAY_S, *((MINUTE_S,) if has_minutes else ())}
    kinds = wanted or list(STRATEGIES.values())
    unfit = [kind.NAME for kind in kinds if not fitting & set(kind.INTERVALS)]
    if wanted and unfit:
        lengths = "daily and minute" if has_minutes else "daily"
        raise ConfigError(f"--strategies: strategies of {lengths} bars expected, was {', '.join(unfit)}")
    if waiting := [kind.NAME for kind in kinds if kind.NAME in unfit and kind.INTERVALS]:
        note(f"not judged, bars of minutes are needed: {', '.join(waiting)}")
    return [kind for kind in kinds if kind.NAME not in unfit and (has_series or kind.SEARCHES is not Searches.REQUIRED)]
