"""What the quality rules said of the quotes of a period. The only part of a report that reads batches of quotes."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from domain.errors import LogCorrupt
from persistence.reader import LogReader
from reports.logs import Stretch
from reports.model import QualityPart

MOST_EVENTS = 2_000_000  # of a period; reading more takes longer than the rest of a report
BLOCK = 50_000  # events of one query


class _Verdict(msgspec.Struct):
    row: int
    rule: str
    refused: bool


class _Judged(msgspec.Struct):
    verdicts: tuple[_Verdict, ...]


_JUDGED = msgspec.json.Decoder(_Judged)


def is_countable(stretches: Iterable[Stretch]) -> bool:
    """Tell whether a period is short enough to read its batches of quotes."""
    return _events(stretches) <= MOST_EVENTS


def count_quality(reader: LogReader, stretch: Stretch) -> QualityPart:
    """Count quotes and verdicts of one date; a row counts once, whatever spoke of it. Raises LogError, LogCorrupt."""
    sums, rules = Counter[str](), Counter[str]()
    for low in range(stretch.low, stretch.high + 1, BLOCK):
        block = (low, min(low + BLOCK - 1, stretch.high))
        [(rows, conflated)] = reader.rows(
            "SELECT sum(json_extract(payload, '$.rows')), sum(json_extract(payload, '$.conflated'))"
            " FROM events NOT INDEXED WHERE seq BETWEEN ? AND ? AND type = 'QuotesReceived'",
            block,
        )
        judged = reader.rows(
            "SELECT seq, CAST(payload AS BLOB) FROM events NOT INDEXED WHERE seq BETWEEN ? AND ?"
            " AND type = 'QuotesJudged' AND instr(payload, '\"verdicts\":[]') = 0 ORDER BY seq",
            block,
        )
        sums["rows"] += rows or 0
        sums["conflated"] += conflated or 0
        for seq, payload in judged:
            try:
                verdicts = _JUDGED.decode(payload).verdicts
            except ValueError as error:
                raise LogCorrupt(f"{reader.path} event {seq} cannot be read: {error}", seq) from error
            refused = {one.row for one in verdicts if one.refused}
            sums["refused"] += len(refused)
            sums["flagged"] += len({one.row for one in verdicts} - refused)
            rules.update(one.rule for one in verdicts)
    return QualityPart(sums["rows"], sums["refused"], sums["flagged"], sums["conflated"], dict(rules))


def quality_of(parts: Sequence[QualityPart]) -> QualityPart:
    """Add dates up, the rules that spoke most first."""
    rules = Counter[str]()
    for part in parts:
        rules.update(part.by_rule)
    return QualityPart(
        sum(part.quotes for part in parts),
        sum(part.refused for part in parts),
        sum(part.flagged for part in parts),
        sum(part.conflated for part in parts),
        dict(sorted(rules.items(), key=lambda item: (-item[1], item[0]))),
    )


def uncounted(stretches: Sequence[Stretch]) -> tuple[str, ...]:
    """Say why quality is not told; nothing where it is."""
    if is_countable(stretches):
        return ()
    return (f"quality of quotes: not counted over {_events(stretches):,} events, only up to {MOST_EVENTS:,}",)


def _events(stretches: Iterable[Stretch]) -> int:
    return sum(stretch.high - stretch.low + 1 for stretch in stretches)
