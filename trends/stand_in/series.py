"""What people searched for, as the stand-ins know it: an absolute volume by word and day, and the ratios made of it."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from domain.errors import DataError

Volumes = Mapping[date, float]  # searches by day; any unit, the same for all words of a stand-in
DECIMALS = 5
UNITS = ("date", "week", "month")


def read_volumes(path: Path, keyword: str = "") -> dict[str, dict[date, float]]:
    """Read a CSV, gzip-compressed or not, into volumes by word and day.

    Columns: `keyword` (without it all rows are of the word `keyword`), `period` or `day` (YYYY-MM-DD, the first day of
    a bucket), and `est_volume` or else `ratio`. Ratios of words that were scaled apart do not compare; this takes them
    as if they did. Raises DataError naming file, line and row.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path} expected a CSV of series: {error}") from error
    rows = csv.DictReader(io.StringIO(text))
    columns = set(rows.fieldnames or ())
    if (
        not columns & {"period", "day"}
        or not columns & {"est_volume", "ratio"}
        or not (keyword or "keyword" in columns)
    ):
        expected = "columns keyword, period (or day) and ratio (or est_volume)"
        raise DataError(f"{path} expected {expected}, was {', '.join(sorted(columns)) or 'empty'}")
    found: dict[str, dict[date, float]] = {}
    for number, row in enumerate(rows, start=2):
        try:
            word = row["keyword"] if "keyword" in columns else keyword
            day = date.fromisoformat(row.get("period") or row["day"])
            volume = float(row.get("est_volume") or row["ratio"])
            if not word or not 0 <= volume < math.inf or day in found.get(word, {}):
                raise ValueError("a word, one row a day and a volume >= 0 are expected")
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} line {number}: {error}, was {row!r}") from error
        found.setdefault(word, {})[day] = volume
    if not found:
        raise DataError(f"{path} expected at least one row, was empty")
    return found


def bucket_of(day: date, unit: str) -> date:
    """Give the first day of the bucket (date, week, month) a day falls into; a week starts on Monday."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def summed(words: Iterable[Volumes], first: date, last: date, unit: str) -> dict[date, float]:
    """Sum words into buckets, oldest first, from the days of the window only. A bucket of which no day is known is
    absent."""
    found: dict[date, float] = {}
    for volumes in words:
        for day, volume in volumes.items():
            if first <= day <= last:
                bucket = bucket_of(day, unit)
                found[bucket] = found.get(bucket, 0.0) + volume
    return dict(sorted(found.items()))


def ratios(groups: Sequence[Mapping[date, float]]) -> list[dict[date, float]]:
    """Scale groups by the largest bucket over all of them to 100, five decimals, as one answer of Naver is."""
    largest = max((volume for group in groups for volume in group.values()), default=0.0)
    # Divided first: 100 divided by a very small largest would be infinite.
    return [
        {day: round(volume / largest * 100, DECIMALS) if largest else 0.0 for day, volume in group.items()}
        for group in groups
    ]


def moved(series: Mapping[str, Volumes], last: date) -> dict[str, dict[date, float]]:
    """Move all series by the same multiple of seven days, so that the newest day reaches `last` or just passes it."""
    newest = max(day for volumes in series.values() for day in volumes)
    shift = timedelta(days=-((newest - last).days // 7) * 7)
    return {word: {day + shift: volume for day, volume in volumes.items()} for word, volumes in series.items()}
