"""Requests, hosts and keys: what is refused before anything is sent, and what is never shown."""

import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest

from domain.errors import ConfigError
from tests.trends.naver_answers import ID, KEYS, SECRET, START, a_request
from trends.naver.hosts import API_HUB, LEGACY, NaverKeys, host_named, key_hash
from trends.naver.request import AGES, DataLabAnswer, DataLabRequest, Group, RatioSeries

WORD = (Group("a", ("a",)),)


def groups(count: int) -> tuple[Group, ...]:
    return tuple(Group(f"g{place}", ("word",)) for place in range(count))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"groups": ()}, "keywordGroups expected 1 to 5 groups, was 0"),
        ({"groups": groups(6)}, "keywordGroups expected 1 to 5 groups, was 6"),
        ({"groups": (*WORD, *WORD)}, "groupName expected each name once, was 'a' twice"),
        ({"start": date(2015, 12, 31)}, "startDate expected 2016-01-01 or later and not after endDate"),
        ({"start": START + timedelta(days=4)}, "startDate expected 2016-01-01 or later and not after endDate"),
        ({"unit": "day"}, "timeUnit expected 'date' or 'week' or 'month', was 'day'"),
        ({"device": "tv"}, "device expected '' or 'pc' or 'mo', was 'tv'"),
        ({"gender": "x"}, "gender expected '' or 'm' or 'f', was 'x'"),
        ({"ages": ("0",)}, "ages expected each of 1 to 11 at most once, was ['0']"),
        ({"ages": ("12",)}, "ages expected each of 1 to 11 at most once"),
        ({"ages": ("1", "1")}, "ages expected each of 1 to 11 at most once"),
    ],
)
def test_given_a_request_against_the_rules_when_made_then_the_field_is_named(
    changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError) as error:
        a_request(**changed)
    assert str(error.value).startswith(named)


@pytest.mark.parametrize(
    ("name", "words", "named"),
    [
        ("", ("a",), "groupName expected a name"),
        ("a\nb", ("a",), "groupName expected a name without control characters"),
        ("a", (), "a keywords expected 1 to 20 words, was 0"),
        ("a", tuple(f"w{number}" for number in range(21)), "a keywords expected 1 to 20 words, was 21"),
        ("a", ("b", " "), "a keywords expected words without control characters, was ''"),
        ("a", ("b\0",), "a keywords expected words without control characters"),
        ("a", ("\ud800",), "a keywords expected words without control characters"),
        ("a", ("b", "b "), "a keywords expected each word once, was 'b' twice"),
    ],
)
def test_given_a_group_against_the_rules_when_made_then_the_field_is_named(
    name: str, words: tuple[str, ...], named: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Group(name, words)
    assert str(error.value).startswith(named)


def test_given_the_most_that_is_allowed_when_made_then_it_is() -> None:
    full = tuple(Group(f"g{place}", tuple(f"w{number}" for number in range(20))) for place in range(5))
    request = DataLabRequest(full, date(2016, 1, 1), date(2016, 1, 1), "month", "mo", "f", AGES)
    assert request.body()["ages"] == [str(number) for number in range(1, 12)]


def test_given_a_request_when_its_body_is_made_then_filters_that_mean_all_are_left_out() -> None:
    assert a_request().body() == {
        "startDate": "2026-11-01",
        "endDate": "2026-11-04",
        "timeUnit": "date",
        "keywordGroups": [
            {"groupName": "005930", "keywords": ["삼성전자", "005930"]},
            {"groupName": "anchor", "keywords": ["날씨"]},
        ],
    }
    filtered = a_request(device="pc", gender="m", ages=("3", "4")).body()
    assert (filtered["device"], filtered["gender"], filtered["ages"]) == ("pc", "m", ["3", "4"])


def test_given_a_word_in_single_letters_when_grouped_then_it_is_composed() -> None:
    assert Group("a", (f" {unicodedata.normalize('NFD', '삼성전자')} ",)).words == ("삼성전자",)


def test_given_the_two_hosts_when_named_then_address_and_headers_are_theirs() -> None:
    assert str(host_named("hub").url()) == "https://naverapihub.apigw.ntruss.com/search-trend/v1/search"
    assert str(host_named("legacy").url()) == "https://openapi.naver.com/v1/datalab/search"
    assert KEYS.headers(API_HUB) == {"X-NCP-APIGW-API-KEY-ID": ID, "X-NCP-APIGW-API-KEY": SECRET}
    assert KEYS.headers(LEGACY) == {"X-Naver-Client-Id": ID, "X-Naver-Client-Secret": SECRET}
    with pytest.raises(ConfigError, match=r"^host expected one of hub, legacy, was 'naver'$"):
        host_named("naver")


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2027, 3, 31), ""),
        (date(2027, 4, 1), "ends in 90 days, on 2027-06-30"),
        (date(2027, 6, 29), "ends in 1 days, on 2027-06-30"),
        (date(2027, 6, 30), "ended on 2027-06-30"),
        (date(2028, 1, 1), "ended on 2027-06-30"),
    ],
)
def test_given_the_legacy_host_near_its_end_when_asked_then_it_says_so(today: date, said: str) -> None:
    warning = LEGACY.warning(today)
    assert bool(warning) == bool(said)
    assert said in warning
    assert not said or "get keys of NAVER API HUB" in warning
    assert API_HUB.warning(today) == ""


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/search-trend/v1/search"),
        ("http://localhost:8080/", "http://localhost:8080/search-trend/v1/search"),
        ("http://[::1]:8080", "http://[::1]:8080/search-trend/v1/search"),
        ("https://proxy.example/naver", "https://proxy.example/naver/search-trend/v1/search"),
    ],
)
def test_given_another_base_when_used_then_the_path_is_the_hosts(base_url: str, address: str) -> None:
    assert str(API_HUB.url(base_url)) == address


@pytest.mark.parametrize(
    "base_url",
    [
        "http://naverapihub.apigw.ntruss.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
        "https://",
        "http://[::1",
        "https://somebody:topsecret@proxy.example",
        "https://somebody:topsecret@[::1",
        "https://proxy.example/?to=naver",
        "https://proxy.example/#naver",
    ],
)
def test_given_a_base_that_would_show_the_keys_when_used_then_it_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"^base_url expected") as error:
        API_HUB.url(base_url)
    assert "topsecret" not in str(error.value)


def test_given_keys_when_shown_then_they_are_not_there() -> None:
    assert ID not in repr(KEYS)
    assert SECRET not in repr(KEYS)
    assert KEYS.hide(f"no client {ID} with {SECRET}!") == "no client *** with ***!"
    assert NaverKeys("abc", "abcdef").hide("abcdef") == "***"
    assert NaverKeys(r"a\b'", "abcdef").hide(repr({r"a\b'": 1})) == '{"***": 1}'
    assert key_hash(ID) == key_hash(ID) != key_hash(SECRET)
    assert ID not in key_hash(ID)


@pytest.mark.parametrize("value", ["", "with blank", "line\nbreak", "한글키", "\x00"])
def test_given_what_cannot_be_a_key_when_made_then_it_is_refused_without_being_shown(value: str) -> None:
    for keys in ((value, SECRET), (ID, value)):
        with pytest.raises(ConfigError, match=r"^Naver client (id|secret) expected") as error:
            NaverKeys(*keys)
        assert not value or value not in str(error.value)


@pytest.mark.parametrize(
    ("unit", "first", "last", "buckets"),
    [
        ("date", START + timedelta(days=1), START + timedelta(days=2), 3),  # from the request's start on
        ("week", date(2026, 10, 26), date(2026, 11, 16), 4),
        ("month", date(2026, 10, 1), date(2027, 1, 1), 4),
    ],
)
def test_given_an_answer_when_joined_then_every_bucket_up_to_the_newest_is_listed(
    unit: str, first: date, last: date, buckets: int
) -> None:
    request = a_request(unit=unit, end=date(2027, 2, 1))
    answer = DataLabAnswer(
        request, (RatioSeries("005930", ((first, 1.0), (last, 100.0))), RatioSeries("anchor", ())), 5
    )
    assert answer.newest == last
    assert len(answer.response().buckets) == buckets
    assert answer.response().buckets[-1] == last


def test_given_an_answer_without_data_when_joined_then_it_has_no_buckets() -> None:
    answer = DataLabAnswer(a_request(), (RatioSeries("005930", ()), RatioSeries("anchor", ())), 0)
    assert (answer.newest, answer.response().buckets, answer["anchor"].ratios) == (None, (), {})
    with pytest.raises(KeyError):
        answer["000660"]
