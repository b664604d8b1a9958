"""What docs/windows.md, its Korean version and docs/emulator.md say is what the code has."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from broker_win import config_file
from broker_win.__main__ import _parser
from broker_win.config import LimitsConfig, WinConfig
from broker_win.dialogs import LOGIN_PATIENCE_S, RULES, UNKNOWN_AFTER_S, Act
from broker_win.emulator.plan import EmulatorPlan, UnknownsPlan
from broker_win.emulator.plan_file import parse_plan
from broker_win.session import WORDS
from broker_win.watch import WatchConfig

DOCS = Path(__file__).parents[2] / "docs"
BOTH = ("windows.md", "windows.ko.md")
DONE_ABOUT_IT = {  # words of the table of windows
    "windows.md": {Act.CLOSE: "closed", Act.ALERT: "told", Act.RESTART: "restart"},
    "windows.ko.md": {Act.CLOSE: "닫음", Act.ALERT: "알림", Act.RESTART: "재시작"},
}


def text_of(name: str) -> str:
    """Read a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Give its code of one language, without comments and blanks before them."""
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"[ ]*#.*", "", one) for one in found]


def section(text: str, number: int) -> str:
    """Give one numbered section."""
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0]


def test_given_both_languages_when_compared_then_commands_settings_and_tables_are_the_same() -> None:
    english, korean = (text_of(name) for name in BOTH)
    for language in ("sh", "powershell", "toml"):
        assert blocks(english, language) == blocks(korean, language)
        assert blocks(english, language)
    sections = len(re.findall(r"^## ", english, re.MULTILINE))
    assert sections == len(re.findall(r"^## ", korean, re.MULTILINE))
    for number in range(1, sections + 1):
        rows = [len(re.findall(r"^\|", section(text, number), re.MULTILINE)) for text in (english, korean)]
        assert rows[0] == rows[1], number


@pytest.mark.parametrize("name", [*BOTH, "emulator.md"])
def test_given_a_page_when_its_links_are_followed_then_each_file_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text_of(name))
    assert links
    assert [link for link in links if "//" not in link and not (DOCS / link).exists()] == []


@pytest.mark.parametrize("name", BOTH)
def test_given_the_titles_that_are_watched_when_looked_up_then_the_table_has_each_with_what_is_done(name: str) -> None:
    rows = [line for line in section(text_of(name), 9).splitlines() if line.startswith("|")]
    for rule in RULES:
        [row] = [line for line in rows if f"`{rule.title}`" in line.split("|")[1]]
        assert DONE_ABOUT_IT[name][rule.act] in row.split("|")[3], rule.title


@pytest.mark.parametrize("name", BOTH)
def test_given_settings_of_the_page_when_read_then_both_sides_take_them(name: str, tmp_path: Path) -> None:
    from cli.settings import Settings

    on_the_pc, at_the_trader = blocks(text_of(name), "toml")
    path = tmp_path / config_file.FILE_NAME
    path.write_text(on_the_pc, encoding="utf-8")
    settings = config_file.load(path)
    assert settings.protection.cert == "certs/office.pem"
    trader = Settings.model_validate(tomllib.loads(at_the_trader))
    assert trader.broker.account == settings.broker.account
    assert trader.broker.quotes == f"{settings.broker.host}:{settings.broker.port}"


@pytest.mark.parametrize("name", BOTH)
def test_given_commands_of_the_process_when_parsed_then_each_is_known(name: str) -> None:
    commands = set(re.findall(r"-m broker_win ([a-z-]+)", text_of(name)))
    assert commands == {"update", "check-config"}
    for command in commands:
        assert callable(_parser().parse_args([command]).run)


@pytest.mark.parametrize("name", BOTH)
def test_given_numbers_of_the_page_when_compared_then_they_are_the_defaults(name: str) -> None:
    text, watch, limits = text_of(name), WatchConfig(), LimitsConfig()
    table = section(text, 12)
    for number in (watch.hang_timeout_s, watch.mute_timeout_s, watch.login_timeout_s, int(WinConfig().login_timeout_s)):
        assert re.search(rf"\b{number} ?(s\b|초)", table), number
    paces = re.search(r"(\d+)/(?:s|초), (\d+)/(?:min|분), (\d+)/(?:h|시간)", table)
    assert paces is not None
    assert [int(one) for one in paces.groups()] == [limits.per_second, limits.per_minute, limits.per_hour]
    assert re.search(rf"{watch.memory_soft_mb} MB.*{watch.memory_hard_mb:,} MB", table)
    assert re.search(rf"\b{watch.backoff_first_s}(?: to |–){watch.backoff_max_s} ?(s\b|초)", table)
    assert watch.breaker_starts == 6
    assert watch.breaker_window_s == 15 * 60
    windows = section(text, 9)
    assert all(re.search(rf"\b{number} ?(s\b|초)", windows) for number in (LOGIN_PATIENCE_S, UNKNOWN_AFTER_S))
    assert {one.split(" ", 1)[1] for one in WinConfig().rest_windows} == {"04:00-07:10"}
    assert "04:00–07:10" in section(text, 10)


@pytest.mark.parametrize("name", BOTH)
def test_given_the_codes_that_have_words_when_looked_up_then_the_table_of_troubles_or_windows_has_each(
    name: str,
) -> None:
    told = section(text_of(name), 9) + section(text_of(name), 12)
    assert [code for code in WORDS if f"`{code}`" not in told] == []


def test_given_the_knobs_of_the_emulator_when_looked_up_then_its_page_names_each_table_and_each_unknown() -> None:
    text = text_of("emulator.md")
    assert [one.name for one in fields(EmulatorPlan) if f"`[{one.name}]`" not in text] == []
    assert [one.name for one in fields(UnknownsPlan) if f"`{one.name}`" not in text] == []
    [example] = blocks(text, "toml")
    plan = parse_plan(example, "docs/emulator.md")
    assert plan != EmulatorPlan()
