"""Condition searches (조건검색) of the emulated account: small rules over the day, one-shot or live (kiwoom.md 1.6).

A rule is `FIELD OP NUMBER`, several joined by `and`, or `all`. Fields: `change` (percent against the base price, up to
two decimals), `price` (KRW), `volume` (shares today). OP is one of >= <= > <. An instrument without a quote of today
fits only `all`. Example: `change >= 3.5 and volume > 100000`.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from broker_win.emulator.house import House
from broker_win.emulator.parts import Emission, Emitter
from domain.errors import ConfigError
from domain.instruments import Instrument
from domain.quotes import Quote

NO_SUCH_INDEX: Final = -11
NAME_DIFFERS: Final = -12
TOO_OFTEN: Final = -13
SUCCESS: Final = 1
FAILURE: Final = 0
MOST_LIVE: Final = 10
MOST_LIVE_CODES: Final = 100
SAME_AGAIN_NS: Final = 60 * 1_000_000_000
LOOK_EVERY_MS: Final = 1_000
ALL: Final = "all"
FIELDS: Final = ("change", "price", "volume")
OPERATORS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_TERM: Final = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([+-]?\d{1,15})(?:\.(\d{1,2}))?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; changes in hundredths of a percent."""

    field: str
    op: str
    value: int


def parse_rule(text: str) -> tuple[Term, ...]:
    """Read a rule; no terms: everything fits. Raises ConfigError saying what is allowed."""
    if text.strip() == ALL:
        return ()
    return tuple(_term(part, text) for part in text.split(" and "))


def _term(part: str, whole: str) -> Term:
    found = _TERM.fullmatch(part)
    if found is None or found[1] not in FIELDS or (found[4] and found[1] != "change"):
        allowed = f'"all" or FIELD OP NUMBER joined by "and", FIELD one of {", ".join(FIELDS)}, OP one of >= <= > <'
        raise ConfigError(f"condition must be {allowed} (decimals with change only), was {whole!r}")
    if found[1] != "change":
        return Term(found[1], found[2], int(found[3]))
    digits = f"{found[3]}{(found[4] or '').ljust(2, '0')}"
    return Term(found[1], found[2], int(digits))


def fits(rule: Sequence[Term], quote: Quote | None, instrument: Instrument) -> bool:
    """Tell whether an instrument fits."""
    return all(_holds(term, quote, instrument) for term in rule)


def _holds(term: Term, quote: Quote | None, instrument: Instrument) -> bool:
    if quote is None or quote.price <= 0:
        return False
    value = quote.cumulative_volume if term.field == "volume" else quote.price
    if term.field == "change":
        if not instrument.base_price:
            return False
        # Compared without a division: price against base, both times 10,000.
        value, bound = (quote.price - instrument.base_price) * 10_000, term.value * instrument.base_price
        return OPERATORS[term.op](value, bound)
    return OPERATORS[term.op](value, term.value)


@dataclass(slots=True)
class _Live:
    """A condition in real time."""

    name: str
    index: int
    rule: tuple[Term, ...]
    fitting: frozenset[str]


class Conditions:
    """What a person made in the broker's own program, numbered in the order of their names."""

    def __init__(
        self,
        house: House,
        emitter: Emitter,
        rules: Mapping[str, str],
        count: Callable[[], int],
        delay_ms: Callable[[], int],
    ) -> None:
        """Keep rules by name; `count` asks the limit of queries, `delay_ms` draws how long an answer takes."""
        self._house, self._emitter, self._count, self._delay_ms = house, emitter, count, delay_ms
        self._rules = [(name, parse_rule(rules[name])) for name in sorted(rules)]
        self._is_loaded = False
        self._asked: dict[int, int] = {}  # index -> when last, monotonic ns
        self._live: dict[tuple[str, int], _Live] = {}  # by screen and index
        self._starting: set[tuple[str, int]] = set()
        self._looks = False
        self._with_price = False

    def load(self) -> int:
        """Load them (GetConditionLoad). Gives 1."""
        self._emitter.emit(Emission("OnReceiveConditionVer", (1, "[OK]")), self._delay_ms())
        self._emitter.later(0, self._loaded)
        return SUCCESS

    def names(self) -> str:
        """Give GetConditionNameList; empty until they are loaded."""
        if not self._is_loaded:
            return ""
        return "".join(f"{index:03d}^{name};" for index, (name, _) in enumerate(self._rules))

    def set_flag(self, flag: str) -> str:
        """Take SetConditionSearchFlag: AddPrice or DelPrice."""
        if flag in ("AddPrice", "DelPrice"):
            self._with_price = flag == "AddPrice"
        return ""

    def send(self, screen: str, name: str, index: int, search: int) -> int:
        """Search once (0), or go on live (1). There is never a second page (2).

        Gives 1; 0 when it does not go; -11 for an unknown index, -12 when the name is another's, -13 when the same was
        asked for within a minute or 10 are live.
        """
        if not self._is_loaded or search not in (0, 1):
            return FAILURE
        if not 0 <= index < len(self._rules):
            return NO_SUCH_INDEX
        if self._rules[index][0] != name:
            return NAME_DIFFERS
        now = self._emitter.now
        key = (screen, index)
        watched = {*self._live, *self._starting}
        if search and key not in watched and len(watched) >= MOST_LIVE:
            return TOO_OFTEN
        if index in self._asked and now - self._asked[index] < SAME_AGAIN_NS:
            return TOO_OFTEN
        if self._count():
            return FAILURE
        self._asked[index] = now
        if search:
            self._starting.add(key)
        self._house.read("quotes", lambda got: self._answer(screen, index, got))
        return SUCCESS

    def stop(self, screen: str, index: int) -> None:
        """Search live no more (SendConditionStop)."""
        self._live.pop((screen, index), None)
        self._starting.discard((screen, index))

    def reset(self) -> None:
        """Search nothing live any more: the line is lost."""
        self._live.clear()
        self._starting.clear()

    # ---- inside ------------------------------------------------------------------------------------------------

    def _loaded(self) -> None:
        self._is_loaded = True

    def _answer(self, screen: str, index: int, got: Any) -> None:
        if isinstance(got, Exception):
            self._starting.discard((screen, index))
            return
        name, rule = self._rules[index]
        quotes = {quote.symbol: quote for quote in got}
        found = self._fitting(rule, quotes)
        codes = "".join(f"{self._written(code, quotes)};" for code in found)
        self._emitter.emit(Emission("OnReceiveTrCondition", (screen, codes, name, index, 0)), self._delay_ms())
        if (screen, index) in self._starting:
            self._starting.discard((screen, index))
            if len(found) <= MOST_LIVE_CODES:
                self._live[screen, index] = _Live(name, index, rule, frozenset(found))
                self._look_later()

    def _written(self, code: str, quotes: Mapping[str, Quote]) -> str:
        return f"{code}^{quotes[code].price if code in quotes else 0}" if self._with_price else code

    def _fitting(self, rule: Sequence[Term], quotes: Mapping[str, Quote]) -> list[str]:
        instruments = self._house.instruments
        return [code for code in sorted(instruments) if fits(rule, quotes.get(code), instruments[code])]

    def _look_later(self) -> None:
        if self._live and not self._looks:
            self._looks = True
            self._emitter.later(LOOK_EVERY_MS, lambda: self._house.read("quotes", self._look))

    def _look(self, got: Any) -> None:
        self._looks = False
        if not isinstance(got, Exception):
            quotes = {quote.symbol: quote for quote in got}
            for one in list(self._live.values()):
                now = frozenset(self._fitting(one.rule, quotes))
                for kind, codes in (("I", now - one.fitting), ("D", one.fitting - now)):
                    for code in sorted(codes):
                        self._emitter.emit(
                            Emission("OnReceiveRealCondition", (code, kind, one.name, f"{one.index:03d}"))
                        )
                one.fitting = now
        self._look_later()
