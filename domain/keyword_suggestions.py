"""Words to begin with for an instrument, from the list of listed names. A guess for a person to read, not a finding.

A name that is short, in Latin letters, part of other listed names or a common noun is searched for other reasons too:
it is asked only with the qualifiers people put behind a stock's name. Any other name is asked by itself, and with them,
because a source counts a search for "… 주가" apart from one for the name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.errors import ConfigError
from domain.keywords import SUGGESTED, KeywordFields, alike

QUALIFIERS: Final = ("주가", "주식")  # share price, shares
SHORT: Final = 2  # letters; Korean words of two are mostly common nouns, names or places
MOST_NAMED: Final = 3
# Listed names of three and more letters that are words, places, persons or brands of others; read from the packaged
# list.
NOUNS: Final = frozenset(
    (
        *("그래피", "기업은행", "나무가", "네이블", "노브랜드", "롤링스톤", "링크드", "머큐리", "모나리자", "모비스"),
        *("비비안", "빙그레", "사람인", "상상인", "손오공", "스피어", "시리즈", "신세계", "아세아", "아크릴"),
        *("얼라인드", "오로라", "오리온", "유니온", "유니크", "이글루", "이지스", "자비스", "정다운", "제우스"),
        *("제주은행", "질경이", "카카오", "컬러레이", "타이드", "파라다이스", "판타지오", "프리티", "하이브"),
    )
)
# How letters are read aloud, which is how many names are typed.
_READ: Final = (
    *("에이", "비", "씨", "디", "이", "에프", "지", "에이치", "아이", "제이", "케이", "엘", "엠", "엔"),
    *("오", "피", "큐", "알", "에스", "티", "유", "브이", "더블유", "엑스", "와이", "제트", "앤"),
)
LETTERS: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ&", _READ, strict=True))
MOST_READ: Final = 4  # Latin letters in a row that are read one by one; longer ones are words (NAVER, POSCO)
KNOWN_READINGS: Final = {"NAVER": "네이버", "POSCO": "포스코", "NICE": "나이스", "SOOP": "숲", "NEW": "뉴"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Fields for watchlist.toml, and what a person should know about them."""

    name: str
    fields: KeywordFields
    warnings: tuple[str, ...]


class Suggestions:
    """Suggests words against one list of names by code (stocks only: funds carry the names of what they hold)."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take the list."""
        self._names = {code: name for code, name in names.items() if name}
        self._all = "\n".join(self._names.values())

    def of(self, symbol: str, version: int = SUGGESTED) -> Suggestion:
        """Give words for one instrument. Raises ConfigError when it is not in the list."""
        name = self._names.get(symbol)
        if name is None:
            raise ConfigError(f"symbol expected one of {len(self._names):,} listed stocks, was {symbol!r}")
        doubts = list(self._doubts(symbol, name))
        base = base_code(symbol, self._names)
        whose = [f"a preferred share: most people search for {self._names[base]} ({base})"] if base else []
        spellings = [name, *_readings(name)]
        if doubts:
            fields = KeywordFields(
                symbol, version, synonyms=(symbol,), ambiguous=tuple(spellings), qualifiers=QUALIFIERS
            )
        else:
            with_qualifier = tuple(f"{one} {qualifier}" for one in spellings for qualifier in QUALIFIERS)
            fields = KeywordFields(symbol, version, names=tuple(spellings), synonyms=(symbol, *with_qualifier))
        return Suggestion(name, fields, (*(f"{name} is ambiguous: {doubt}" for doubt in doubts), *whose))

    def all(self) -> Iterator[Suggestion]:
        """Give words for every instrument of the list, by code."""
        return (self.of(symbol) for symbol in sorted(self._names))

    def _doubts(self, symbol: str, name: str) -> Iterator[str]:
        bare = alike(name)
        if len(bare) <= SHORT:
            yield f"{len(bare)} letters are also other words"
        if bare.isascii():
            yield "Latin letters only, used for many other things"
        if name in NOUNS:
            yield "a common word, place or person"
        others = [f"{other} ({code})" for code, other in self._containing(symbol, name)]
        if others:
            more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
            yield f"part of other listed names: {', '.join(others[:MOST_NAMED])}{more}"

    def _containing(self, symbol: str, name: str) -> Iterable[tuple[str, str]]:
        """Give other companies whose names contain this one; its own other shares are none."""
        if self._all.count(name) == 1:
            return []
        own = symbol[:5]
        return [(code, other) for code, other in self._names.items() if name in other and code[:5] != own]


def base_code(symbol: str, names: Mapping[str, str]) -> str:
    """Give the code of the common share of a preferred one, empty for a common share. They differ in the last place."""
    common = f"{symbol[:5]}0"
    return common if symbol != common and common in names else ""


def _readings(name: str) -> list[str]:
    """Give how the Latin beginning of a name is read aloud, with what follows; none for names without one."""
    letters = name[: next((place for place, letter in enumerate(name) if letter not in LETTERS), len(name))]
    rest = name[len(letters) :]
    if letters in KNOWN_READINGS:
        return [KNOWN_READINGS[letters] + rest]
    if not letters or len(letters) > MOST_READ or (rest and rest[0].isascii()):
        return []
    return ["".join(LETTERS[letter] for letter in letters) + rest]
