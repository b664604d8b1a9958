"""Whose quotes are doubtful: what the quality rules and other sources said of them lately."""

from dataclasses import dataclass, field

from domain import quality
from domain.config import QualityConfig
from domain.messages.market import QuotesJudged
from domain.types import PPM

WINDOW = 50  # rows of an instrument after which what was counted weighs half
PRESUMED = WINDOW // 2  # rows before the first refusal, which were not counted: none of them was refused


@dataclass(slots=True)
class Refusals:
    """How many of an instrument's recent rows were refused."""

    rows: int = PRESUMED
    refused: int = 0

    def count(self, *, refused: bool) -> None:
        """Take one row in."""
        self.rows += 1
        self.refused += refused
        if self.rows >= WINDOW:
            self.rows, self.refused = self.rows // 2, self.refused // 2


@dataclass(slots=True)
class QuoteDoubts:
    """Keeps something only of instruments that gave a reason: clean quotes cost two look-ups a batch."""

    config: QualityConfig = field(default_factory=QualityConfig)
    flagged: dict[str, str] = field(default_factory=dict)  # symbol -> flags of its last row
    refusals: dict[str, Refusals] = field(default_factory=dict)
    contradicted: tuple[str, ...] = ()  # by another source, twice in a row

    def fold(self, judged: QuotesJudged) -> None:
        """Take one judged batch in."""
        if not (judged.verdicts or self.flagged or self.refusals) or not self.config.deny_bad_quality:
            return
        for verdict in judged.verdicts:
            if verdict.refused:
                self.refusals.setdefault(verdict.symbol, Refusals()).count(refused=True)
        marked = quality.flags(judged.verdicts)
        for index, row in enumerate(judged.rows):
            symbol = row[0]
            if index in marked:
                self.flagged[symbol] = marked[index]
            elif symbol in self.flagged:
                del self.flagged[symbol]
            if symbol in self.refusals:
                self.refusals[symbol].count(refused=False)
        self.refusals = {symbol: one for symbol, one in self.refusals.items() if one.refused}

    def of(self, symbol: str, behind: str) -> str:
        """Say why quotes of a symbol are doubtful, value and limit; empty when they are not.

        `behind` is the quality of the quotes behind a signal: ok, or the flags of rows left out of it.
        """
        config = self.config
        if not config.deny_bad_quality:
            return ""
        if symbol in self.flagged:
            return f"the last row of {symbol} is flagged {self.flagged[symbol]}, expected no flag"
        if symbol in self.contradicted:
            return f"another source contradicts the quotes of {symbol}, expected sources that agree"
        counted = self.refusals.get(symbol)
        if counted is not None and counted.refused * PPM > config.max_refused_ppm * counted.rows:
            limit = f"{config.max_refused_ppm // 10_000}.{config.max_refused_ppm % 10_000 // 100:02d} %"
            return f"{counted.refused} of the last {counted.rows} rows of {symbol} were refused, {limit} allowed"
        return f"rows behind the signal were flagged {behind}, expected ok" if behind != "ok" else ""
