"""The words whose searches stand for an instrument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.keywords import MOST_WORDS, KeywordFields, alike, changed_words, check_versions

SYMBOL = "120110"
Words = st.lists(st.text(st.sampled_from("가나다 a"), max_size=4), max_size=6).map(tuple)


def words(**fields: tuple[str, ...]) -> tuple[str, ...]:
    return KeywordFields(SYMBOL, 3, **fields).resolved().keywords


def refusal(**fields: tuple[str, ...]) -> str:
    with pytest.raises(ConfigError) as caught:
        words(**fields)
    return str(caught.value)


def test_given_every_field_when_resolved_then_ambiguous_words_are_asked_with_each_qualifier_only() -> None:
    found = KeywordFields(
        SYMBOL,
        3,
        names=("헨리코튼", "시리즈"),
        synonyms=("헨리코튼즈",),
        keywords=("코오롱 시리즈",),
        ambiguous=("시리즈", "래코드"),
        qualifiers=("옷", "브랜드"),
    ).resolved()
    asked = ("헨리코튼", "헨리코튼즈", "코오롱 시리즈", "시리즈 옷", "시리즈 브랜드", "래코드 옷", "래코드 브랜드")
    assert found == KeywordSet(SYMBOL, 3, asked)


def test_given_keywords_only_when_resolved_then_they_are_asked_as_they_stand() -> None:
    assert words(keywords=("커스텀멜로우", "헨리코튼")) == ("커스텀멜로우", "헨리코튼")
    assert words() == ()


def test_given_blanks_doubles_and_split_letters_when_resolved_then_each_word_is_asked_once() -> None:
    assert words(names=(" 한화 ", "한화", "한화  주가"), keywords=("한화주가",)) == ("한화", "한화 주가")
    assert words(names=("LG", "엘지", "kt"), synonyms=("lg",), ambiguous=("KT",), qualifiers=("주가",)) == (
        "LG",
        "엘지",
        "KT 주가",
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"names": ("가", " ")}, "names expected a word that is not empty, was ' '"),
        ({"synonyms": ("가\x07",)}, "synonyms expected a word of at most 100 letters without control characters"),
        ({"keywords": ("가" * 101,)}, "keywords expected a word of at most 100 letters"),
        ({"ambiguous": ("시리즈",)}, "qualifiers expected at least one for ambiguous '시리즈'"),
        ({"qualifiers": ("옷",)}, "ambiguous expected at least one word that '옷' qualify"),
        (
            {"keywords": ("시리즈",), "ambiguous": ("시리즈",), "qualifiers": ("옷",)},
            "keywords expected a word that is not ambiguous, too",
        ),
        (
            {"names": tuple("가나다라마바사아자차카타파하abcdefg")},
            "words expected at most 20 (0 come from qualifiers), was 21",
        ),
        (
            {"ambiguous": tuple("가나다라마바사"), "qualifiers": ("옷", "주가", "주식")},
            "words expected at most 20 (21 come from qualifiers), was 21",
        ),
    ],
)
def test_given_a_wrong_field_when_resolved_then_instrument_field_and_what_is_allowed_are_named(
    fields: dict[str, tuple[str, ...]], told: str
) -> None:
    said = refusal(**fields)
    assert said.startswith(SYMBOL)
    assert told in said
    assert "\n" not in said


@given(Words, Words, Words, Words)
def test_for_any_fields_the_words_are_few_tidy_and_once_or_refused(
    names: tuple[str, ...], keywords: tuple[str, ...], ambiguous: tuple[str, ...], qualifiers: tuple[str, ...]
) -> None:
    fields = KeywordFields(SYMBOL, 1, names, (), keywords, ambiguous, qualifiers)
    try:
        found = fields.resolved().keywords
    except ConfigError:
        return
    assert len(found) == len({alike(word) for word in found}) <= MOST_WORDS
    assert all(word and word == " ".join(word.split()) for word in found)
    pairs = {alike(f"{word} {qualifier}") for word in ambiguous for qualifier in qualifiers}
    assert not {alike(word) for word in ambiguous} & ({alike(word) for word in found} - pairs)
    assert fields.resolved().keywords == found


# ---- versions --------------------------------------------------------------------------------------------------


def test_given_words_that_changed_under_a_used_version_when_checked_then_the_remedy_is_told() -> None:
    known = {(SYMBOL, 1): ("가", "나"), (SYMBOL, 4): ("가",), ("005930", 9): ("삼성전자",)}
    with pytest.raises(ConfigError) as caught:
        check_versions(known, [KeywordSet(SYMBOL, 1, ("나", "다"))])
    said = str(caught.value)
    assert "120110 version = 1: its words changed (+다, -가)" in said
    assert "raise version to 5 in watchlist.toml" in said


def test_given_the_same_words_in_another_order_or_a_new_version_when_checked_then_all_is_well() -> None:
    known = {(SYMBOL, 1): ("가", "나")}
    check_versions(known, [KeywordSet(SYMBOL, 1, ("나", "가")), KeywordSet(SYMBOL, 2, ("다",))])
    assert changed_words(("가", "나"), ("나", "가")) == ""
