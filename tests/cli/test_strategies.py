"""`hantrade strategies list|show`: what may be configured, with parameters, and what settings make of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.settings import load, resolve
from cli.watchlist import Watchlist
from domain.config import RunConfig
from domain.errors import ConfigError
from strategies.registry import STRATEGIES


def run(home: Path, *args: str) -> Any:
    return CliRunner().invoke(app, ["strategies", *args, "--home", str(home)])


def lines(done: Any) -> list[dict[str, Any]]:
    assert done.exception is None, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def configured(home: Path, text: str, watchlist: Watchlist | None = None) -> RunConfig:
    (home / "hantrade.toml").write_text(text, encoding="utf-8")
    return resolve(load(home)[0], watchlist or Watchlist(), "paper", "SIMULATED")


def test_given_no_settings_when_listed_then_every_built_in_is_a_line_with_what_it_needs(tmp_path: Path) -> None:
    found = {row["name"]: row for row in lines(run(tmp_path, "list", "--json"))}
    assert found.keys() >= set(STRATEGIES)
    one = found["attention_momentum"]
    assert (one["configured"], one["intervals_s"], one["warm_up"], one["error"]) == (True, [60], {"60": 21}, "")
    assert one["code"].startswith("hantrade ")
    assert (found["exit_stop"]["configured"], found["exit_stop"]["sees"]) == (False, "every holding")
    assert all(found[name]["summary"] for name in STRATEGIES)


@pytest.mark.parametrize("name", ["price_drift", "attention_drift", "attention_reversion"])
def test_given_a_strategy_over_sessions_when_shown_then_its_first_line_says_what_it_buys_and_when(
    tmp_path: Path, name: str
) -> None:
    summaries = {row["name"]: row["summary"] for row in lines(run(tmp_path, "list", "--json"))}
    assert summaries[name].startswith("Buy at the first row of a session what ")
    assert list(summaries.values()).count(summaries[name]) == 1


def test_given_people_when_listed_then_a_table_names_them(tmp_path: Path) -> None:
    done = run(tmp_path, "list")
    assert done.exit_code == 0
    assert all(name in done.stdout for name in STRATEGIES)


def test_given_settings_when_shown_then_values_are_theirs_and_ranges_are_told(tmp_path: Path) -> None:
    text = '[strategies.opening_range_breakout]\nattention = "required"\nrange_min = 30\nsymbols = ["코오롱인더"]\n'
    (tmp_path / "hantrade.toml").write_text(text, encoding="utf-8")
    [found] = lines(run(tmp_path, "show", "opening_range_breakout", "--json"))
    params = {row["name"]: row for row in found["params"]}
    assert (found["configured"], found["symbols"]) == (True, ["120110"])
    assert (params["attention"]["value"], params["attention"]["default"]) == ("required", "optional")
    assert params["attention"]["choices"] == ["ignored", "optional", "required"]
    assert (params["attention"]["kind"], params["attention"]["least"]) == ("choice", None)
    assert (params["range_min"]["value"], params["range_min"]["least"], params["range_min"]["most"]) == (30, 5, 120)
    assert params["range_min"]["sweep"] == [5, 15, 30]
    shown = run(tmp_path, "show", "opening_range_breakout").stdout
    assert "120110 코오롱인더" in shown
    assert "minutes after the open that make the range" in shown


def test_given_an_unknown_name_when_shown_then_the_known_ones_are_named(tmp_path: Path) -> None:
    done = run(tmp_path, "show", "moon")
    assert isinstance(done.exception, ConfigError)
    assert "attention_momentum" in str(done.exception)
    assert str(done.exception).endswith("was 'moon'")


def test_given_settings_that_are_wrong_when_listed_then_the_list_comes_and_a_note_says_so(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").write_text("[strategies.moon]\n", encoding="utf-8")
    done = run(tmp_path, "list", "--json")
    assert {row["configured"] for row in lines(done)} == {None}
    assert "settings are left out" in done.stderr
    assert "was 'moon'" in done.stderr


def test_given_settings_when_resolved_then_every_parameter_is_named_with_whose_code_it_is(tmp_path: Path) -> None:
    [config] = configured(tmp_path, "[strategies.attention_momentum]\nhold_s = 600\nconfirm = false\n").strategies
    assert set(config.params) == {param.name for param in STRATEGIES["attention_momentum"].PARAMS}
    assert (config.params["hold_s"], config.params["confirm"]) == (600, False)
    assert config.code.startswith("hantrade ")


def test_given_the_environment_when_resolved_then_its_texts_are_read_by_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANTRADE_STRATEGIES__ATTENTION_MOMENTUM__HOLD_S", "600")
    monkeypatch.setenv("HANTRADE_STRATEGIES__ATTENTION_MOMENTUM__CONFIRM", "false")
    monkeypatch.setenv("HANTRADE_STRATEGIES__ATTENTION_MOMENTUM__MOMENTUM_MIN", "0.02")
    [config] = configured(tmp_path, "").strategies
    assert [config.params[name] for name in ("hold_s", "confirm", "momentum_min")] == [600, False, 0.02]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[strategies.attention_momentum]\nhold_s = true\n", "parameter hold_s expected a whole number"),
        ('[strategies.attention_momentum]\nconfirm = "yes"\n', "parameter confirm expected true or false"),
        ("[strategies.attention_momentum]\nmomentum_min = nan\n", "parameter momentum_min expected a number"),
        ('[strategies.opening_range_breakout]\nattention = "much"\n', "expected one of ignored, optional, required"),
        ("[strategies.attention_momentum]\nhold_s = [600]\n", "was [600]"),
        ('[strategies.attention_momentum]\nsymbols = "120110"\n', "symbols expected a list of codes or Korean names"),
        ('[strategies.attention_momentum]\nsymbols = ["없는종목"]\n', "symbols: symbol '없는종목' is not known"),
        ("[strategies.opening_range_breakout]\nrange_min = 5\nrange_bars_min = 6\n", "range_bars_min expected at most"),
    ],
)
def test_given_a_bad_table_when_loaded_then_one_line_names_the_strategy_the_key_and_the_value(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text)
    assert says in str(caught.value)
    assert "hantrade.toml" in str(caught.value)


def test_given_a_watch_list_when_a_strategy_is_to_see_more_then_it_is_refused(tmp_path: Path) -> None:
    text = '[strategies.attention_momentum]\nsymbols = ["120110", "코오롱인더"]\n'
    watched = Watchlist.model_validate({"instrument": [{"symbol": "120110"}]})
    assert configured(tmp_path, text, watched).strategies[0].symbols == ("120110",)
    other = Watchlist.model_validate({"instrument": [{"symbol": "005930"}]})
    with pytest.raises(ConfigError, match="symbols expected instruments of the watch list, was 120110 코오롱인더"):
        configured(tmp_path, text, other)
