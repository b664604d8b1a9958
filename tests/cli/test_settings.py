"""Settings: defaults, files, environment, and one clear line for everything that is wrong."""

from pathlib import Path
from typing import Any

import pytest

from cli.risk_settings import AccountSection, RiskSection, StopsSection
from cli.settings import configured, load, resolve
from cli.trends_settings import SignalsSection, TrendsSection, of_recordings
from domain.config import KeywordSet, RunConfig, SignalConfig, SimConfig, TrendConfig
from domain.errors import ConfigError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("HANTRADE_")]:
        monkeypatch.delenv(name)


def config_of(home: Path) -> RunConfig:
    settings, watchlist = load(home)
    return resolve(settings, watchlist, "paper", "SIMULATED")


def refusal(home: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(home)
    return str(caught.value)


def test_given_no_files_when_loaded_then_the_defaults_of_the_design_hold(tmp_path: Path) -> None:
    settings, _ = load(tmp_path)
    config = config_of(tmp_path)
    assert (config.cash, config.symbols) == (10_000_000, ())
    assert (config.quotes_endpoint, settings.desk.port) == ("127.0.0.1:50051", 50052)
    assert (config.risk.max_position_ppm, config.risk.daily_loss_ppm) == (200_000, 50_000)


def test_given_the_files_of_init_when_loaded_then_they_say_what_the_defaults_say(tmp_path: Path) -> None:
    from importlib.resources import files

    default = config_of(tmp_path)
    for name in ("hantrade.toml", "watchlist.toml"):
        text = files("cli").joinpath("templates", name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text)
    assert config_of(tmp_path) == default
    for name in ("hantrade.toml", "watchlist.toml"):  # with every commented setting switched on as it is printed
        text = (tmp_path / name).read_text()
        lines = [line.removeprefix("# ") if is_setting(line) else line for line in text.splitlines()]
        (tmp_path / name).write_text("\n".join(lines))
    config = config_of(tmp_path)
    assert config.symbols == ("120110",)
    [words] = config.keywords
    assert words.keywords == ("코오롱인더", "헨리코튼", "코오롱인더스트리", "시리즈 옷", "시리즈 코오롱")
    assert (config.risk, config.costs, config.execution, config.link, config.sim) == (
        default.risk,
        default.costs,
        default.execution,
        default.link,
        default.sim,
    )
    assert (config.signals, config.trends, config.strategies) == (default.signals, default.trends, default.strategies)
    assert load(tmp_path)[0].trends == TrendsSection()


SHOWN = {
    TrendsSection: "trends",
    SignalsSection: "signals",
    RiskSection: "risk",
    StopsSection: "stops",
    AccountSection: "account",
}


@pytest.mark.parametrize("section", SHOWN)
def test_given_the_settings_file_of_init_when_read_then_it_shows_every_key_of_the_section(section: Any) -> None:
    from importlib.resources import files

    text = files("cli").joinpath("templates", "hantrade.toml").read_text(encoding="utf-8")
    name = SHOWN[section]
    shown = text.split(f"[{name}]\n")[1].split("\n[")[0].split("# [")[0]
    assert [line.split("=")[0].strip("# ") for line in shown.splitlines() if is_setting(line)] == list(
        section.model_fields
    )


def test_given_assumptions_of_the_simulator_when_loaded_then_the_run_carries_them(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").write_text('[sim]\nlatency_ms = 0\ndepth_levels = 1\ncancel_model = "proportional"\n')

    assert config_of(tmp_path).sim == SimConfig(latency_ms=0, depth_levels=1, cancel_model="proportional")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('cancel_model = "front"', "cancel_model = 'front': 'back' or 'proportional' is expected"),
        ("depth_levels = 0", "sim.depth_levels = 0: 1 or more is expected"),
        ("latency_ms = -1", "0 or more"),
        ("latency = 1", "unknown key sim.latency; allowed here: auction_share, cancel_model, depth_levels"),
    ],
)
def test_given_a_wrong_assumption_when_loaded_then_it_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "hantrade.toml").write_text(f"[sim]\n{line}\n")

    assert told in refusal(tmp_path)


def is_setting(line: str) -> bool:
    bare = line.removeprefix("# ")
    key = bare.split("=")[0].strip().strip('"')
    return line.startswith("# ") and (bare.startswith("[") or ("=" in bare and " " not in key))


def test_given_files_and_environment_when_loaded_then_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hantrade.toml").write_text("[risk]\nmax_order_krw = 7\nmax_open_orders = 3\n")
    monkeypatch.setenv("HANTRADE_RISK__MAX_ORDER_KRW", "9")
    monkeypatch.setenv("HANTRADE_HOME", str(tmp_path))
    risk = config_of(tmp_path).risk
    assert (risk.max_order_krw, risk.max_open_orders) == (9, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[risk\n", ["not valid TOML"]),
        ("colour = 1\n", ["unknown key colour", "broker"]),
        ("[risk]\nmax_ordr_krw = 1\n", ["unknown key risk.max_ordr_krw", "max_order_krw"]),
        ("[risk]\nmax_order_krw = 'much'\n", ["risk.max_order_krw = 'much': a whole number is expected"]),
        ("[risk]\nmax_order_krw = 0\n", ["risk.max_order_krw", "0", "1 or more"]),
        ("[risk]\ndaily_loss_pct = 500\n", ["risk.daily_loss_pct", "500", "100"]),
        ("[risk]\ndaily_loss_pct = 0.00001\n", ["risk.daily_loss_pct", "four decimals"]),
        ("[broker]\nquotes = 'nowhere'\n", ["broker.quotes", "'nowhere'", "HOST:PORT"]),
        ("[desk]\nport = 70000\n", ["desk.port", "70000", "65535"]),
        ("risk = 5\n", ["risk = 5: a table is expected"]),
        (
            "[trends]\nsources = 'naver'\n",
            ["sources = 'naver': a list in brackets is expected, for example [\"naver\"]"],
        ),
        (
            "[trends]\nsources = ['daum']\n",
            ["trends.sources = 'daum': 'naver', 'google' or 'shifted-demo' is expected"],
        ),
        ("[trends]\nkeep_series = 'maybe'\n", ["trends.keep_series = 'maybe': true or false is expected"]),
        ("[trends]\nanchor = []\n", ["trends.anchor = []: a list of at least 1 is expected"]),
        ("[strategies.nonsense]\n", ["strategies", "nonsense", "attention_momentum"]),
        ("[strategies.attention_momentum]\nnope = 1\n", ["attention_momentum", "nope"]),
        ("[sessions]\n'2026-13-45' = ['10:00', '16:00']\n", ["sessions", "2026-13-45"]),
        ("[sessions]\n'2026-11-19' = ['25:00', '16:00']\n", ["sessions", "25:00"]),
        ("[sessions]\n'2026-11-19' = ['16:00', '10:00']\n", ["sessions", "2026-11-19"]),
    ],
)
def test_given_a_bad_settings_file_when_loaded_then_file_key_and_value_are_named(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    (tmp_path / "hantrade.toml").write_text(text)
    said = refusal(tmp_path)
    assert said.startswith(str(tmp_path / "hantrade.toml"))
    assert "\n" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[instrument]]\nsymbol = '1'\n", ["instrument 1: symbol: '1' is not known"]),
        (
            "[[instrument]]\nsymbol = '없다'\n",
            ["instrument 1: symbol: '없다' is not known", "code or a listed Korean name"],
        ),
        ("[[instrument]]\nkeywords = ['a']\n", ["instrument 1: symbol is expected"]),
        ("[[instrument]]\nsymbol = 120110\n", ["instrument 1: symbol = 120110: a code in quotes or a Korean name"]),
        ("[[instrument]]\nsymbol = '코오롱인'\n", ["'코오롱인' is not known; did you mean ", "코오롱인더 (120110)"]),
        ("[[instrument]]\nsymbol = '120110'\nkeyword = 'a'\n", ["instrument 1: unknown key keyword;", "keywords"]),
        ("[[instrument]]\nsymbol = '120110'\n[[instrument]]\nsymbol = '120110'\n", ["120110", "twice"]),
        ("[instruments]\n", ["unknown key instruments", "instrument"]),
        ("[[instrument]]\nsymbol = '120110'\nnames = ['']\n", ["instrument 1: 120110 names", "not empty, was ''"]),
        (
            "[[instrument]]\nsymbol = '120110'\nambiguous = ['시리즈']\n",
            ["120110 qualifiers expected", "'시리즈'", "was none"],
        ),
        (
            "[[instrument]]\nsymbol = '120110'\nkeywords = 'a'\n",
            ["instrument 1: keywords = 'a': a list in brackets", '["a"]'],
        ),
        ("[[instrument]]\nsymbol = '120110'\nversion = 0\n", ["instrument 1: version = 0: 1 or more is expected"]),
    ],
)
def test_given_a_bad_watch_list_when_loaded_then_file_key_and_value_are_named(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    (tmp_path / "watchlist.toml").write_text(text)
    said = refusal(tmp_path)
    assert said.startswith(str(tmp_path / "watchlist.toml"))
    assert "\n" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HANTRADE_RISK__MAX_ORDER_KRW", "lots", ["'lots'", "whole number"]),
        ("HANTRADE_RISK__MAX_ORDR_KRW", "1", ["unknown key", "max_order_krw"]),
        ("HANTRADE_RISK_MAX_ORDER_KRW", "1", ["not a setting"]),
        ("HANTRADE_RIKS__MAX_ORDER_KRW", "1", ["not a setting"]),
        ("HANTRADE_RISK", "not json", ["risk"]),
        ("HANTRADE_DESK__PORT", "99999", ["'99999'", "65535"]),
    ],
)
def test_given_a_bad_variable_when_loaded_then_it_names_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: list[str]
) -> None:
    monkeypatch.setenv(name, value)
    said = refusal(tmp_path)
    assert said.startswith("environment ")
    assert "\n" not in said
    words = [*words, name] if name != "HANTRADE_RISK" else words
    for word in words:
        assert word in said


def test_given_a_korean_name_in_the_watch_list_when_loaded_then_it_is_its_code(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text('[[instrument]]\nsymbol = "코오롱인더"\nnames = ["헨리코튼"]\n')
    config = config_of(tmp_path)
    assert config.symbols == ("120110",)
    assert [one.symbol for one in config.keywords] == ["120110"]


def test_given_a_file_that_cannot_be_read_when_loaded_then_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").mkdir()
    assert str(tmp_path / "hantrade.toml") in refusal(tmp_path)
    (tmp_path / "hantrade.toml").rmdir()
    (tmp_path / "hantrade.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(tmp_path)


def test_given_settings_when_resolved_then_percent_becomes_ppm_and_sessions_are_kept(tmp_path: Path) -> None:
    text = "[costs]\ncommission_pct = 0.014\n[sessions]\n'2026-11-19' = ['10:00', '16:30']\n"
    (tmp_path / "hantrade.toml").write_text(text)
    config: Any = config_of(tmp_path)
    assert config.costs.commission_ppm == 140
    assert config.session_overrides == {"2026-11-19": ("10:00", "16:30")}


def test_given_a_calendar_of_its_own_when_a_home_is_configured_then_it_lies_over_the_packaged_one_and_under_settings(
    tmp_path: Path,
) -> None:
    table = "\n".join(
        f'[[day]]\ndate = {day}\n{hours}\nnote = "n"\nsource = "s"'
        for day, hours in (
            ("2027-06-02", "closed = true"),
            ("2026-11-19", 'open = "11:00"\nclose = "16:30"'),
            ("2026-11-20", 'open = "10:30"\nclose = "15:30"'),
        )
    )
    (tmp_path / "krx.toml").write_text(table)
    (tmp_path / "hantrade.toml").write_text('[sessions]\n"2026-11-20" = ["10:00", "16:00"]\n')
    _, config = configured(tmp_path, "paper", "SIMULATED")
    found = config.session_overrides
    assert found["2027-06-02"] == ("", "")
    assert found["2026-11-19"] == ("11:00", "16:30")
    assert found["2026-11-20"] == ("10:00", "16:00")
    assert found["2025-11-13"] == ("10:00", "16:30"), "the packaged table"
    (tmp_path / "krx.toml").write_text("[[day]]\ndate = 2027-06-02\nopen = 9\n")
    with pytest.raises(ConfigError, match=r"krx\.toml"):
        configured(tmp_path, "paper", "SIMULATED")


def test_given_no_settings_when_configured_then_orders_by_hand_rest_and_their_cancels_are_kept(tmp_path: Path) -> None:
    execution = configured(tmp_path, "paper", "SIMULATED")[1].execution
    assert (execution.hurry_hand_orders, execution.remember_cancels) == (False, True)


# ---- links -----------------------------------------------------------------------------------------------------


def test_given_no_settings_when_loaded_then_subscriptions_are_proved_and_the_schedules_of_kiwoom_known(
    tmp_path: Path,
) -> None:
    found = config_of(tmp_path)
    link = found.link
    assert (link.first_quote_ms, link.symbol_mute_ms, link.maintenance) == (30_000, 120_000, ("kiwoom",))
    assert (found.quotes_backups, link.measures_uptime) == ((), True)


def test_given_other_sources_and_windows_when_loaded_then_the_run_carries_them_in_order(tmp_path: Path) -> None:
    broker, link = '[broker]\nquotes_backups = ["b:2", "a:1"]\n', '[link]\nmaintenance = ["sat 22:00-23:30"]\n'
    (tmp_path / "hantrade.toml").write_text(f"{broker}{link}failover_after_ms = 2000\n")
    found = config_of(tmp_path)
    assert found.quotes_backups == ("b:2", "a:1")
    assert (found.link.maintenance, found.link.failover_after_ms) == (("sat 22:00-23:30",), 2_000)


@pytest.mark.parametrize(
    ("section", "line", "told"),
    [
        ("broker", 'quotes_backups = ["b2"]', "HOST:PORT is expected"),
        ("broker", 'quotes_backups = ["127.0.0.1:50051"]', "127.0.0.1:50051 is a source already"),
        ("broker", 'quotes_backups = ["b:2", "b:2"]', "b:2 is a source already"),
        ("link", 'maintenance = ["mon 6-7"]', "maintenance window 'mon 6-7' names the time '6'"),
        ("link", "probe_ms = 10", "500 or more is expected"),
        ("link", "measures_uptime = false", "unknown key link.measures_uptime"),
    ],
)
def test_given_a_wrong_source_or_window_when_loaded_then_it_is_named(
    tmp_path: Path, section: str, line: str, told: str
) -> None:
    (tmp_path / "hantrade.toml").write_text(f"[{section}]\n{line}\n")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert told in str(refused.value)


# ---- searches and signals --------------------------------------------------------------------------------------


def test_given_no_settings_when_resolved_then_signals_are_judged_and_naver_is_asked(tmp_path: Path) -> None:
    found = config_of(tmp_path)
    assert found.signals == SignalConfig(0, 2, 2, scores=True, history_days=120, rescue_benched=True)
    assert found.trends == TrendConfig(("naver",), 900_000, "15:00", keep_series=False, contradiction_z=1.0)
    assert found.keywords == ()


def test_given_searches_and_signals_when_resolved_then_the_run_carries_what_roles_need(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").write_text(
        "[signals]\nmin_confidence_pct = 62.5\nagree = 3\nmost_against = 0\nscores = false\n"
        '[trends]\nsources = ["google", "naver"]\nretry_minutes = 0\nkeep_series = true\ncontradiction_z = 2.5\n'
    )
    found = config_of(tmp_path)
    assert found.signals == SignalConfig(625_000, 3, 0, scores=False, history_days=120, rescue_benched=True)
    assert found.trends == TrendConfig(("google", "naver"), 0, "15:00", keep_series=True, contradiction_z=2.5)


def test_given_words_when_resolved_then_the_run_carries_those_that_are_asked(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text(
        '[[instrument]]\nsymbol = "120110"\nnames = [" 헨리코튼 "]\nambiguous = ["시리즈"]\nqualifiers = ["옷"]\n'
        'version = 3\n[[instrument]]\nsymbol = "005930"\n[[instrument]]\nsymbol = "000660"\nkeywords = ["하이닉스"]\n'
    )
    found = config_of(tmp_path)
    assert found.keywords == (
        KeywordSet("120110", 3, ("헨리코튼", "시리즈 옷")),
        KeywordSet("000660", 1, ("하이닉스",)),
    )
    assert found.symbols == ("120110", "005930", "000660")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('sources = ["naver", "naver"]', "each source is expected once"),
        ('sources = ["daum"]', "'naver', 'google' or 'shifted-demo'"),
        ('host = "open"', "'hub' or 'legacy'"),
        ('base_url = "http://example.com"', "trends.base_url: expected https:// (http:// on this machine only)"),
        ('google_url = "ftp://127.0.0.1"', "trends.google_url: expected https://"),
        ("daily_quota = 0", "1 or more is expected"),
        ("anchor = []", "at least 1 is expected"),
        ('anchor = [" "]', "words of 1 to 100 letters"),
        ("cache_hours = -1", "0 or more is expected"),
        ('retry_until = "24:00"', "HH:MM"),
        ("contradiction_z = nan", "finite"),
        ('client_id = "x"', "unknown key trends.client_id"),
    ],
)
def test_given_a_wrong_setting_of_searches_when_loaded_then_it_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "hantrade.toml").write_text(f"[trends]\n{line}\n")
    assert told in refusal(tmp_path)


def test_given_the_series_of_the_demo_when_asked_for_then_only_paper_takes_it(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").write_text('[trends]\nsources = ["shifted-demo"]\n')
    assert config_of(tmp_path).trends.sources == ("shifted-demo",)
    settings, watchlist = load(tmp_path)
    for mode, kind in (("mock", "MOCK"), ("live", "REAL")):
        with pytest.raises(ConfigError, match="shifted-demo is a series of other years"):
            resolve(settings, watchlist, mode, kind)


def test_given_a_back_test_when_resolved_then_series_of_files_are_used_and_kept(tmp_path: Path) -> None:
    settings, watchlist = load(tmp_path)
    found = resolve(settings, watchlist, "backtest", "SIMULATED").trends
    assert found == TrendConfig(contradiction_z=1.0) == of_recordings(config_of(tmp_path).trends)


def test_given_keys_in_the_environment_when_loaded_then_they_are_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_ID", "an-id")
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "a-secret")
    assert "a-secret" not in repr(load(tmp_path))


def test_given_a_server_that_is_not_the_mock_one_when_mock_is_asked_for_then_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hantrade.toml").write_text('[broker]\nserver = "real"\n')
    with pytest.raises(ConfigError, match=r"\[broker\] server must be .mock. or empty"):
        configured(tmp_path, "mock", "MOCK")
    assert configured(tmp_path, "paper", "SIMULATED")[1].mode == "paper"
