"""The pages on search trends, in both languages: what they show is what there is."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from cli.main import app
from cli.settings import Settings
from cli.trends_settings import TrendsSection
from cli.watchlist import Watchlist, keyword_sets

DOCS = Path(__file__).parents[2] / "docs"
BOTH = ("trends.md", "trends.ko.md")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("name", BOTH)
def test_given_settings_of_the_page_when_read_then_they_are_the_defaults(name: str) -> None:
    words, calls, google = blocks(text_of(name), "toml")
    [found] = keyword_sets(Watchlist(**tomllib.loads(words)).instrument)
    assert found.keywords == ("코오롱인더", "헨리코튼", "코오롱인더스트리", "시리즈 옷", "시리즈 코오롱")
    settings = Settings.model_validate(tomllib.loads(calls))
    assert settings.trends == TrendsSection()
    assert len(settings.trends.model_fields_set) == 4
    both = Settings.model_validate(tomllib.loads(google)).trends
    assert both.sources == ("naver", "google")
    python = Path(both.google_python)
    assert python.parts[-3:] == ("pytrends", "bin", "python")
    assert f"~/{'/'.join(python.parts[-3:-1])}/pip install pytrends==4.9.2" in text_of(name)


@pytest.mark.parametrize("name", BOTH)
def test_given_one_list_of_words_as_the_page_says_when_read_then_keywords_ask_what_names_do(name: str) -> None:
    keywords, names = re.findall(r"`((?:keywords|names) = \[[^`]*\])`", text_of(name))
    first, second = (
        keyword_sets(Watchlist(**tomllib.loads(f'[[instrument]]\nsymbol = "120110"\n{line}')).instrument)
        for line in (keywords, names)
    )
    assert first == second


@pytest.mark.parametrize("name", BOTH)
def test_given_commands_of_the_page_when_looked_up_then_each_is_there_with_its_options(name: str) -> None:
    trends = typer.main.get_command(app).commands["trends"]  # type: ignore[attr-defined]
    named = re.findall(r"`(?:hantrade )?trends ([a-z]+)([^`]*)`", text_of(name))
    assert {command for command, _ in named} == set(trends.commands)
    for command, rest in named:
        options = {option for param in trends.commands[command].params for option in param.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options


@pytest.mark.parametrize("name", BOTH)
def test_given_numbers_of_the_page_when_compared_then_they_are_the_code_s(name: str) -> None:
    from cli.names import stock_names
    from trends.naver.source import DAYS_ASKED

    text, section = text_of(name), TrendsSection()
    assert re.search(rf"\b{section.cache_hours}( hours|시간), (at most|최대) {section.cache_mb} MB", text)
    assert re.search(rf"\b{DAYS_ASKED}( days|일)", text)
    assert f"{len(stock_names()):,}" in text


@pytest.mark.parametrize("name", BOTH)
def test_given_links_of_the_page_when_followed_then_each_page_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", text_of(name))
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_given_both_pages_when_compared_then_they_have_the_same_sections_tables_and_commands() -> None:
    english, korean = (text_of(name) for name in BOTH)
    for shape in (r"^## \d", r"^\|", r"^(?:hantrade|python|export|printf|keyring) [^#\n]*"):
        found = [[part.strip() for part in re.findall(shape, text, re.MULTILINE)] for text in (english, korean)]
        assert found[0] == found[1]
