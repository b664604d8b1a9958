"""What the quality rules said of the quotes of a period. The only part of a report that reads batches of quotes."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from domain.errors import HantradeError, LogCorrupt
from persistence.codec import MessageCodec
from persistence.reader import LogReader
from reports.model import QualityPart
from reports.reading import DayFacts

MOST_EVENTS = 2_000_000  # of a period; reading more takes longer than the rest of a report
BLOCK = 50_000  # events of one query
NONE_TOLD = QualityPart(0, 0, 0, 0, {})


class _Verdict(msgspec.Struct):
    row: int
    rule: str
    refused: bool


class _Judged(msgspec.Struct):
    verdicts: tuple[_Verdict, ...]


_JUDGED = msgspec.json.Decoder(_Judged)


def quality_of(days: Sequence[DayFacts], codec: MessageCodec) -> tuple[QualityPart, tuple[str, ...]]:
    """Count quotes and verdicts; what was not counted, and why, is named. A row counts once, whatever spoke of it."""
    events = sum(facts.stretch.high - facts.stretch.low + 1 for facts in days)
    if events > MOST_EVENTS:
        return NONE_TOLD, (f"quality of quotes is not counted over {events:,} events, {MOST_EVENTS:,} at most",)
    sums, rules = Counter[str](), Counter[str]()
    missing = []
    for facts in days:
        try:
            with LogReader(facts.path, codec) as reader:
                _count(reader, facts, sums, rules)
        except HantradeError as error:
            missing.append(f"quality of quotes on {facts.day}: {error}")
    counted = (sums["rows"], sums["refused"], sums["flagged"], sums["conflated"])
    return QualityPart(*counted, dict(rules.most_common())), tuple(missing)


def _count(reader: LogReader, facts: DayFacts, sums: Counter[str], rules: Counter[str]) -> None:
    for low in range(facts.stretch.low, facts.stretch.high + 1, BLOCK):
        block = (low, min(low + BLOCK - 1, facts.stretch.high))
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
