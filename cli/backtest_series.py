"""`backtest run --series FILE`: search attention of a back-test from a file of series."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.names import labelled
from cli.output import note
from cli.trends_evaluate import chosen_series, pairs_of
from domain.errors import ConfigError

if TYPE_CHECKING:
    from trends.source import TrendSource


def series_source(
    path: Path | None, keywords: str, owners: Sequence[str], codes: Sequence[str], home: Path
) -> "TrendSource":
    """Give the series of a file, or without one the packaged series, moved in time.

    Several keywords of one symbol were scaled apart and a back-test measures one series, so one must be chosen.
    Raises DataError, ConfigError, and RequestRefused when no keyword stands for one of the codes.
    """
    from backtest.judging.series import DAILY
    from trends.given import GivenTrends
    from trends.recorded import packaged_trends

    if path is None:
        if keywords or owners:
            raise ConfigError("--keywords and --map expected a file of series (--series), was none")
        return packaged_trends()
    pairing = pairs_of(chosen_series(path, keywords, ""), owners, codes, "the data", path, home)
    given = {}
    for code, own in pairing.pairs.items():
        words = ", ".join(one.keyword for one in own)
        if len(own) > 1:
            raise ConfigError(f"--keywords: one keyword for {labelled(code)} expected, {path} has {words}")
        if own[0].step != DAILY:
            raise ConfigError(f"--series: daily series expected, {words} is weekly")
        note(f"search series of {labelled(code)}: {words}, to {own[0].points[-1].day}")
        given[code] = own[0].points
    return GivenTrends(given)
