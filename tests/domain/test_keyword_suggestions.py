"""Words to begin with."""

import pytest

from domain.errors import ConfigError
from domain.keyword_suggestions import NOUNS, Suggestion, Suggestions
from domain.keywords import MOST_WORDS

NAMES = {
    "120110": "코오롱인더",
    "002020": "코오롱",
    "120115": "코오롱인더우",
    "003550": "LG",
    "051910": "LG화학",
    "035720": "카카오",
    "323410": "카카오뱅크",
    "377300": "카카오페이",
    "293490": "카카오게임즈",
    "035420": "NAVER",
    "033780": "KT&G",
    "000880": "한화",
    "017670": "SK텔레콤",
    "005490": "POSCO홀딩스",
    "011070": "S-Oil",
    "271560": "오리온",
}


LG_WORDS = ("LG 주가", "LG 주식", "엘지 주가", "엘지 주식")


def suggested(symbol: str) -> Suggestion:
    return Suggestions(NAMES).of(symbol)


def test_given_a_clear_name_when_suggested_then_it_is_asked_alone_with_its_code_and_with_qualifiers() -> None:
    found = suggested("120110")
    assert found.fields.resolved().keywords == ("코오롱인더", "120110", "코오롱인더 주가", "코오롱인더 주식")
    assert (found.name, found.warnings, found.fields.version) == ("코오롱인더", (), 0)


@pytest.mark.parametrize(
    ("symbol", "doubts", "words"),
    [
        (
            "003550",
            ["2 letters", "Latin letters", "LG화학 (051910)"],
            ("003550", *LG_WORDS),
        ),
        ("002020", ["코오롱인더 (120110)"], ("002020", "코오롱 주가", "코오롱 주식")),
        ("035720", ["a common word", "카카오뱅크 (323410), 카카오페이 (377300), 카카오게임즈 (293490)"], None),
        ("035420", ["Latin letters only"], ("035420", "NAVER 주가", "NAVER 주식", "네이버 주가", "네이버 주식")),
        ("033780", ["Latin letters only"], ("033780", "KT&G 주가", "KT&G 주식", "케이티앤지 주가", "케이티앤지 주식")),
        ("000880", ["2 letters"], None),
        ("271560", ["a common word"], None),
        ("011070", ["Latin letters only"], ("011070", "S-Oil 주가", "S-Oil 주식")),
    ],
)
def test_given_an_ambiguous_name_when_suggested_then_it_is_asked_only_with_qualifiers_and_the_reason_told(
    symbol: str, doubts: list[str], words: tuple[str, ...] | None
) -> None:
    found = suggested(symbol)
    assert len(found.warnings) == len(doubts)
    for doubt, warning in zip(doubts, found.warnings, strict=True):
        assert warning.startswith(f"{NAMES[symbol]} is ambiguous: ")
        assert doubt in warning
    asked = found.fields.resolved().keywords
    assert NAMES[symbol] not in asked
    assert words is None or asked == words


def test_given_a_name_that_begins_with_letters_when_suggested_then_it_is_asked_as_it_is_read_too() -> None:
    assert "에스케이텔레콤" in suggested("017670").fields.resolved().keywords
    assert "포스코홀딩스" in suggested("005490").fields.resolved().keywords


def test_given_a_preferred_share_when_suggested_then_the_common_one_is_named_and_is_no_reason_to_doubt_it() -> None:
    assert suggested("120115").warnings == ("a preferred share: most people search for 코오롱인더 (120110)",)
    assert not any("우" in warning for warning in suggested("120110").warnings)


def test_given_a_code_that_is_not_listed_when_suggested_then_it_is_named() -> None:
    with pytest.raises(ConfigError, match="symbol expected one of 16 listed stocks, was '999999'"):
        suggested("999999")


def test_given_the_packaged_list_when_all_are_suggested_then_every_stock_has_words_that_resolve() -> None:
    from cli.names import stock_names

    names = stock_names()
    found = list(Suggestions(names).all())
    assert len(found) == len(names) > 2_500
    assert all(0 < len(one.fields.resolved().keywords) <= MOST_WORDS for one in found)
    assert {name for name in NOUNS if name not in names.values()} <= {"시리즈"}, "the others are listed names"
