"""What a person should know of search attention: that there is none at all, or that sources contradict each other."""

from dataclasses import dataclass, field
from typing import Any

from domain.messages.market import AttentionMeasured, FetchTrends
from domain.messages.run import RunStarted
from domain.opinions import CONTRADICTED, NO_ANSWER
from domain.types import Severity

TOPIC = "trends"
SEE = "`hantrade trends show` has the rest"
MOST_REASON = 300  # characters

Notice = tuple[Severity, str, str]


@dataclass(slots=True)
class TrendNews:
    """What is known of the trading date's attention, and what was said of it: each cause once a date."""

    is_configured: bool = False  # sources are; without them nobody expects attention
    trading_date: str = ""  # YYYY-MM-DD
    asked: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)  # symbol -> why, where every source has answered
    is_known: bool = False  # of at least one symbol
    told: set[str] = field(default_factory=set)  # topics

    def fold(self, message: Any) -> None:
        """Fold one message."""
        match message:
            case RunStarted(config=config):
                self.is_configured = bool(config.trends.sources)
                self.told = set()  # whoever starts the trader wants to hear how it stands
            case FetchTrends(symbols=symbols, trading_date=on):
                if on != self.trading_date:
                    self.trading_date, self.is_known = on, False
                    self.asked, self.unknown, self.told = set(), {}, set()
                self.asked.update(symbols)
            case AttentionMeasured(symbol=symbol, z=z, reason=reason):
                if z is not None:
                    self.is_known = True
                elif NO_ANSWER not in reason:
                    self.unknown[symbol] = reason

    def say(self, topic: str) -> None:
        """Remember what was said."""
        if topic.startswith(TOPIC):
            self.told.add(topic)

    def notice(self, measured: AttentionMeasured, name: str) -> Notice | None:
        """Say what is new; `name` is the instrument's code and Korean name."""
        if measured.quality == CONTRADICTED:
            topic = f"{TOPIC}/contradicted"
            text = f"Sources contradict each other about searches for {name} on {self.trading_date}: {measured.reason}."
            return None if topic in self.told else (Severity.WARNING, topic, f"{text} {SEE}.")
        all_unknown = self.asked and not self.is_known and self.asked <= self.unknown.keys()
        if not self.is_configured or not all_unknown or TOPIC in self.told:
            return None
        count = len(self.asked)
        what = f"all {count} instruments" if count > 1 else f"the one instrument watched, {name},"
        text = f"Search attention to {what} is unknown on {self.trading_date}: {self._commonest()}"
        return Severity.WARNING, TOPIC, f"{text}. Strategies that need it do not enter. `hantrade doctor` checks keys."

    def _commonest(self) -> str:
        counts: dict[str, int] = {}
        for symbol in sorted(self.asked):
            reason = self.unknown[symbol]
            counts[reason] = counts.get(reason, 0) + 1
        return max(counts, key=lambda reason: counts[reason])[:MOST_REASON].rstrip(".")
