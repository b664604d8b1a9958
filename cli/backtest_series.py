"""`backtest run --series FILE`: search attention of a back-test from a file of series."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.names import labelled
from cli.output import note
from cli.trends_evaluate import chosen_series, pairs_of
from domain.errors import ConfigError

if TYPE_CHECKING:
    from backtest.judging.series import Series
    from trends.source import TrendSource

WITHOUT_SERIES: Final = "the packaged series, moved in time, is used"


def series_source(
    path: Path | None,
    keywords: str,
    owners: Sequence[str],
    codes: Sequence[str],
    days: Sequence[date],
    home: Path,
) -> "TrendSource":
    """Give the series of a file, or without one the packaged series, moved in time.

    Several keywords of one symbol were scaled apart and a back-test measures one series, so one must be chosen.
    `days` are those that are traded, ascending; one the series does not reach is warned of.
    Raises DataError, ConfigError, and NoPair when no keyword stands for one of the codes.
    """
    from backtest.judging.series import DAILY
    from trends.given import GivenTrends
    from trends.recorded import packaged_trends

    if path is None:
        if keywords or owners:
            raise ConfigError("--keywords and --map expected a file of series (--series), was none")
        return packaged_trends()
    pairing = pairs_of(chosen_series(path, keywords, ""), owners, codes, "the data", path, home, WITHOUT_SERIES)
    given = {}
    for code, own in pairing.pairs.items():
        words = ", ".join(one.keyword for one in own)
        if len(own) > 1:
            raise ConfigError(f"--keywords: one keyword for {labelled(code)} expected, {path} has {words}")
        if own[0].step != DAILY:
            raise ConfigError(f"--series: daily series expected, {words} is weekly")
        note(f"search series of {labelled(code)}: {words}, to {own[0].points[-1].day}")
        if unknown := _unknown(own[0], days):
            note(f"WARNING: search series of {labelled(code)} {unknown}")
        given[code] = own[0].points
    return GivenTrends(given)


def _unknown(series: "Series", days: Sequence[date]) -> str:
    """Say on which of the days attention is unknown since the series ends or begins elsewhere; empty: on none.

    Attention of a day needs searches of the day before.
    """
    begins, ends = (date.fromisoformat(series.points[at].day) for at in (0, -1))
    missed = [day for day in days if day - timedelta(days=1) > ends]
    if len(missed) == len(days):
        return f"ends on {ends}, before the first day, {days[0]}: attention is unknown on all days"
    if begins >= days[-1]:
        return f"begins on {begins}, not before the last day, {days[-1]}: attention is unknown on all days"
    if missed:
        return f"ends on {ends}, before the last day, {days[-1]}: attention is unknown from {missed[0]} on"
    return ""
