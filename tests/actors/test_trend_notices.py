"""Notices of search attention: none at all, and contradictions, each once a date."""

from actors.roles.notifier import Notifier
from domain.config import RunConfig, TrendConfig
from domain.messages.market import AttentionMeasured, FetchTrends
from domain.messages.run import RunStarted
from domain.messages.trading import NoticeRaised
from tests.actors.builders import SAMSUNG, House, instruments

A, B = SAMSUNG, "000660"
BOTH = TrendConfig(("naver", "google"), contradiction_z=1.0)


def a_house(trends: TrendConfig = BOTH) -> House:
    house = House(Notifier())
    house.hear(RunStarted("r", "0", RunConfig("paper", trends=trends)), instruments(A, B), asked())
    return house


def asked(on: str = "2026-01-13") -> FetchTrends:
    return FetchTrends((A, B), on)


def unknown(symbol: str, reason: str = "naver: no key; google: 429") -> AttentionMeasured:
    return AttentionMeasured(symbol, "unknown", "", None, None, reason, "unknown")


def known(symbol: str, quality: str = "ok", reason: str = "") -> AttentionMeasured:
    return AttentionMeasured(symbol, "naver", "2026-01-12", 0.1, 2.0, reason, quality)


def texts(house: House) -> list[str]:
    return [notice.text for notice in house.said(NoticeRaised) if notice.topic.startswith("trends")]


def test_given_nobody_knows_anything_when_all_have_answered_then_it_is_told_once_a_date_with_the_reason() -> None:
    house = a_house()
    house.hear(unknown(A, "naver: no key; google: no answer yet"), unknown(B, "naver: no key; google: no answer yet"))
    house.hear(unknown(A))
    assert texts(house) == []
    house.hear(unknown(B), unknown(B, "naver: no key; google: 400"), asked(), unknown(A))
    [text] = texts(house)
    assert text.startswith(
        "Search attention to all 2 instruments is unknown on 2026-01-13: naver: no key; google: 429."
    )
    house.hear(asked("2026-01-14"), unknown(A), unknown(B))
    assert len(texts(house)) == 2


def test_given_one_symbol_that_is_known_when_the_others_are_not_then_nothing_is_told() -> None:
    house = a_house()
    house.hear(known(A), unknown(B), unknown(A))
    assert texts(house) == []


def test_given_no_sources_configured_when_nothing_is_known_then_nothing_is_told() -> None:
    house = a_house(TrendConfig())
    house.hear(unknown(A, "no search series for this symbol"), unknown(B, "no search series for this symbol"))
    assert texts(house) == []


def test_given_contradictions_when_measured_then_the_first_of_a_date_is_told() -> None:
    house = a_house()
    house.hear(known(A, "contradicted", "naver has z +2.00, google -2.00"), known(B, "contradicted", "other"))
    [text] = texts(house)
    assert f"searches for {A}" in text
    assert "naver has z +2.00, google -2.00" in text
    house.hear(asked("2026-01-14"), known(B, "contradicted", "other"))
    assert len(texts(house)) == 2
