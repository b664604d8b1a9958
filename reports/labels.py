"""What a person reads instead of a code: a symbol with its Korean name, a strategy, an hour, a weekday, a reason."""

from collections.abc import Mapping

from domain.order_work import BY_HAND
from reports.words import Words


class Labels:
    """Labels of one report in one language."""

    def __init__(self, words: Words, names: Mapping[str, str]) -> None:
        """Take the words and the Korean names by symbol."""
        self._words = words
        self._names = names

    def symbol(self, code: str) -> str:
        """Give code and Korean name side by side; what is no symbol stays as it is."""
        name = self._names.get(code, "")
        return f"{code} {name}" if name else code

    def strategy(self, origin: str) -> str:
        """Give a strategy's name, or who opened a position otherwise."""
        if origin.startswith(BY_HAND):
            return f"{self._words.name('strategy', 'operator')}: {origin.removeprefix(BY_HAND)}"
        return self._words.name("strategy", origin)

    def hour(self, key: str) -> str:
        """Give an hour of the day as a span: 09 is 09:00–10:00."""
        return f"{int(key):02d}:00–{int(key) + 1:02d}:00" if key.isdecimal() else key

    def weekday(self, key: str) -> str:
        """Give a day of the week (1 is Monday)."""
        return self._words.name("day", key)

    def reason(self, key: str) -> str:
        """Give the reason of an exit; the part before the first colon names the rule."""
        return self._words.name("reason", key.partition(":")[0].strip())

    def of_group(self, kind: str, key: str) -> str:
        """Give the label of a key of a group of trades: symbol, strategy, hour, weekday or reason."""
        shown = {"symbol": self.symbol, "strategy": self.strategy, "hour": self.hour, "weekday": self.weekday}
        return shown.get(kind, self.reason)(key)
