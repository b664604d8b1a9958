"""Which keywords stand for which listed company, and what is searched for each symbol that has prices.

The owner of a keyword is what a person says on the command line, else what the file says, else the watch list's keyword
sets, else the keyword itself where it is a code or the name of a listed share.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backtest.judging.series import DAILY, Series
from domain.attention import combined_attention, ratios_by_day
from domain.errors import HantradeError
from domain.messages.market import AttentionMeasured
from domain.weekly_attention import combined_weekly_attention
from domain.wording import shortened

SOURCE = "file"


class NoPair(HantradeError):
    """No keyword stands for a symbol with prices (exit code 1)."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Keywords by the code they stand for."""

    owners: Mapping[str, str]  # keyword -> code; empty: none is known
    pairs: Mapping[str, tuple[Series, ...]]  # code with prices -> its keywords' series, by name of keyword
    dropped: tuple[str, ...] = ()  # weekly keywords beside daily ones of the same owner, which are not mixed

    @property
    def unpaired(self) -> tuple[str, ...]:
        """Give the keywords that stand for no symbol with prices."""
        # those whose owner is known first: they are the ones somebody meant to match
        return tuple(
            sorted(
                (word for word, code in self.owners.items() if code not in self.pairs),
                key=lambda word: (not self.owners[word], word),
            )
        )

    @property
    def unpaired_text(self) -> str:
        """Name them with their owners; of many the first."""
        return shortened([f"{word} ({self.owners[word] or 'owner unknown'})" for word in self.unpaired])


def pair(
    series: Mapping[str, Series],
    codes: Iterable[str],
    said: Mapping[str, str],
    watched: Mapping[str, Sequence[str]],
    code_of: Callable[[str], str],
) -> Pairing:
    """Match keywords with symbols that have prices.

    `said` are owners by keyword, `watched` keywords by code; `code_of` reads a code or name, empty for none.
    """
    by_watch = {word: code for code, words in watched.items() for word in words}
    owners = {word: said.get(word) or one.owner or by_watch.get(word) or code_of(word) for word, one in series.items()}
    have = set(codes)
    pairs: dict[str, tuple[Series, ...]] = {}
    dropped: list[str] = []
    for code in sorted(set(owners.values()) & have):
        own = [series[word] for word in sorted(owners) if owners[word] == code]
        daily = [one for one in own if one.step == DAILY]
        dropped += [one.keyword for one in own if daily and one.step != DAILY]
        pairs[code] = tuple(daily or own)
    return Pairing(owners, pairs, tuple(dropped))


def check_pairs(
    pairing: Pairing, codes: Sequence[str], prices: str, series: str, labelled: Callable[[str], str], instead: str
) -> None:
    """Refuse to go on when no keyword's owner has prices, naming both sets; `instead`: what happens without series.

    Raises NoPair.
    """
    if pairing.pairs:
        return
    raise NoPair(
        f"no keyword of {series} stands for a symbol of {prices}. Keywords: {pairing.unpaired_text}. "
        f"Codes with prices: {shortened([labelled(code) for code in codes])}. "
        f"--map KEYWORD=CODE names an owner; without --series {instead}"
    )


def measure(pairing: Pairing, sessions: Sequence[date]) -> dict[str, list[AttentionMeasured | None]]:
    """Measure attention for each session from the days or weeks before it, by code."""
    return {code: [_measured(code, own, day) for day in sessions] for code, own in _ratios(pairing).items()}


def _ratios(pairing: Pairing) -> dict[str, tuple[bool, list[dict[str, float]]]]:
    return {
        code: (own[0].step == DAILY, [ratios_by_day(one.points) for one in own]) for code, own in pairing.pairs.items()
    }


def _measured(code: str, own: tuple[bool, list[dict[str, float]]], day: date) -> AttentionMeasured:
    is_daily, ratios = own
    found = combined_attention(ratios, day) if is_daily else combined_weekly_attention(ratios, day)
    return AttentionMeasured(code, SOURCE, found.as_of, found.asvi, found.z, found.reason)
