"""`hantrade trends` against a stand-in on loopback, from words in watchlist.toml to figures and exit codes."""

import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from broker.security import redaction
from cli.context import Exit
from cli.main import app, run
from cli.settings import configured
from cli.trend_sources import store_of, today, trend_source
from cli.trends_settings import TrendsSection
from cli.trends_show import drawn
from domain.errors import ConfigError
from domain.messages.market import TrendReceived, TrendsMissing
from domain.time import KST
from domain.types import UnixNanos
from trends.naver.client import NaverClient
from trends.stand_in.naver import Fault, Limits, NaverStandIn

SYMBOL, OTHER, WORDLESS = "120110", "005930", "000660"
SECRET = "hub-secret"
WATCHLIST = f"""
[[instrument]]
symbol = "{SYMBOL}"
names = ["헨리코튼"]
ambiguous = ["시리즈"]
qualifiers = ["옷"]
version = 3
[[instrument]]
symbol = "{OTHER}"
names = ["삼성전자"]
[[instrument]]
symbol = "{WORDLESS}"
"""


NOW = datetime(2026, 1, 13, 8, 0, tzinfo=KST)


def volumes(size: float) -> dict[date, float]:
    """Give searches that rise and fall, most of all on the last day."""
    days = {NOW.date() - timedelta(days=back): 10 + back % 7 + math.sin(back) for back in range(420)}
    days[NOW.date() - timedelta(days=1)] = 25
    return {day: size * value for day, value in days.items()}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("HANTRADE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(time, "time_ns", lambda: int(NOW.timestamp()) * 10**9)
    monkeypatch.setattr(redaction, "_remembered", set())
    monkeypatch.setattr("cli.secrets._from_keyring", lambda name: "")


@pytest.fixture
def server() -> Iterator[NaverStandIn]:
    series = {"우체국": volumes(5), "헨리코튼": volumes(1), "시리즈 옷": volumes(1), "삼성전자": volumes(20)}
    with NaverStandIn(series, now=lambda: NOW) as stand_in:
        yield stand_in


@pytest.fixture
def home(tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "watchlist.toml").write_text(WATCHLIST)
    settings(tmp_path, server)
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_ID", "stand-in-hub")
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", SECRET)
    return tmp_path


def settings(home: Path, server: NaverStandIn, *lines: str) -> None:
    text = "\n".join(("[trends]", f'base_url = "{server.url}"', "per_second = 50", *lines))
    (home / "hantrade.toml").write_text(text)


class Said:
    """What a command answered."""

    def __init__(self, home: Path, *args: str) -> None:
        done = CliRunner().invoke(app, ["trends", *args, "--home", str(home)], standalone_mode=False)
        self.error = done.exception
        self.code = done.return_value
        self.out, self.err = done.stdout, done.stderr

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def ended(monkeypatch: pytest.MonkeyPatch, home: Path, *args: str) -> int:
    """Give the exit code of the whole command."""
    monkeypatch.setattr("sys.argv", ["hantrade", "trends", *args, "--home", str(home)])
    with pytest.raises(SystemExit) as end:
        run()
    return int(end.value.code or 0)


# ---- fetch -----------------------------------------------------------------------------------------------------


def test_given_a_watch_list_when_fetched_then_figures_and_what_is_unknown_are_told(
    home: Path, server: NaverStandIn
) -> None:
    said = Said(home, "fetch", "--json")
    rows = {row["symbol"]: row for row in said.rows}
    yesterday = (today() - timedelta(days=1)).isoformat()
    assert said.code == Exit.DONE
    assert (rows[SYMBOL]["days"], rows[SYMBOL]["newest_day"], rows[SYMBOL]["keyword_version"]) == (160, yesterday, 3)
    assert rows[SYMBOL]["asvi"] > 0
    assert rows[SYMBOL]["z"] is not None
    assert (rows[SYMBOL]["name"], rows[OTHER]["name"]) == ("코오롱인더", "삼성전자")
    assert rows[WORDLESS]["reason"].startswith("no keywords in watchlist.toml")
    assert rows[WORDLESS]["again"] is False
    assert all(set(row) == set(rows[SYMBOL]) for row in rows.values()), "the same names in every row"
    [call] = server.calls
    assert call.words == (("헨리코튼", "시리즈 옷"), ("삼성전자",), ("우체국",))
    assert call.host == "hub"
    assert "999 of 1,000 calls left today" in said.err


def test_given_the_first_fetch_of_a_home_when_done_then_the_terms_are_told_once(home: Path) -> None:
    assert "Naver's terms" in Said(home, "fetch", SYMBOL).err
    assert "Naver's terms" not in Said(home, "fetch", SYMBOL).err
    done = CliRunner().invoke(app, ["--verbose", "trends", "fetch", SYMBOL, "--home", str(home)], standalone_mode=False)
    assert "12 h and at most 50 MB in trends/series.db" in done.stderr


def test_given_a_home_that_is_made_when_fetched_then_the_terms_were_told_at_init(
    tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner().invoke(app, ["init", "--home", str(tmp_path)], standalone_mode=False)
    assert "Naver's terms" in done.stderr
    settings(tmp_path, server)
    assert "Naver's terms" not in Said(tmp_path, "fetch", SYMBOL).err


def test_given_a_korean_name_when_fetched_twice_then_a_line_tells_and_the_second_asks_nobody(
    home: Path, server: NaverStandIn
) -> None:
    first, second = Said(home, "fetch", "코오롱인더"), Said(home, "fetch", SYMBOL)
    assert first.out == second.out
    assert first.out.startswith("120110 코오롱인더 | naver | 160 days to ")
    assert "words version 3" in first.out
    assert len(server.calls) == 1


def test_given_a_window_when_fetched_then_its_days_are_asked_for(home: Path, server: NaverStandIn) -> None:
    last = today() - timedelta(days=30)
    said = Said(
        home, "fetch", OTHER, "--from", (last - timedelta(days=9)).isoformat(), "--to", last.isoformat(), "--json"
    )
    [row] = said.rows
    assert (row["days"], row["newest_day"]) == (10, last.isoformat())
    assert row["z"] is None
    assert row["quality"] == "unknown"
    first = last - timedelta(days=9)
    assert row["reason"] == f"the series begins too late, on {first}: asvi needs 35 days to {last}"
    assert server.calls[0].body["endDate"] == last.isoformat()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["fetch", "--source", "daum"], "--source expected naver or google, was 'daum'"),
        (["fetch", "--to", "2999-01-01"], "--to expected"),
        (["fetch", "--from", "yesterday"], "--from expected a day YYYY-MM-DD, was 'yesterday'"),
        (["fetch", "--from", "2026-02-01", "--to", "2026-01-01"], "--from expected 2026-01-01 or earlier"),
        (["fetch", SYMBOL, "--all"], "no symbol is expected with it"),
        (["fetch", "없는회사"], "symbol '없는회사' is not known"),
        (["suggest", "069500"], "listed stocks, was '069500'"),
    ],
)
def test_given_a_wrong_argument_when_typed_then_it_is_named(home: Path, args: list[str], told: str) -> None:
    said = Said(home, *args)
    assert isinstance(said.error, ConfigError)
    assert told in str(said.error)


def test_given_no_watch_list_when_fetched_then_a_symbol_is_asked_for(tmp_path: Path) -> None:
    assert "a symbol or --all is expected" in str(Said(tmp_path, "fetch").error)


def test_given_words_that_changed_when_fetched_or_started_then_a_new_version_is_asked_for(home: Path) -> None:
    assert Said(home, "fetch").code == Exit.DONE
    (home / "watchlist.toml").write_text(WATCHLIST.replace('["옷"]', '["옷", "브랜드"]'))
    for error in (Said(home, "fetch").error, started(home)):
        assert isinstance(error, ConfigError)
        assert "120110 version = 3: its words changed (+시리즈 브랜드)" in str(error)
        assert "raise version to 4" in str(error)
    (home / "watchlist.toml").write_text(WATCHLIST.replace('["옷"]', '["옷", "브랜드"]').replace("= 3", "= 4"))
    assert Said(home, "fetch").code == Exit.DONE
    assert started(home) is None


def started(home: Path) -> ConfigError | None:
    loaded, config = configured(home, "paper", "SIMULATED")
    try:
        trend_source(loaded, home, config)
    except ConfigError as error:
        return error
    return None


# ---- what goes wrong: exit codes -------------------------------------------------------------------------------


def test_given_no_keys_when_fetched_then_exit_1_and_where_they_belong(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HANTRADE_NAVER_CLIENT_SECRET")
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.REFUSED
    assert "HANTRADE_NAVER_CLIENT_SECRET" in capsys.readouterr().out


def test_given_a_wrong_key_when_fetched_then_exit_1_and_it_is_not_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "no-such-secret")
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.REFUSED
    out, err = capsys.readouterr()
    assert "no-such-secret" not in out + err
    assert "stand-in-hub" not in out + err


def test_given_keys_that_were_used_when_the_home_is_searched_then_no_file_holds_them(home: Path) -> None:
    done = CliRunner().invoke(app, ["--verbose", "trends", "fetch", "--home", str(home)], standalone_mode=False)
    assert done.return_value == Exit.DONE
    texts = [done.output.encode(), *(path.read_bytes() for path in home.rglob("*") if path.is_file())]
    assert len(texts) > 3
    assert [text for text in texts if SECRET.encode() in text or b"stand-in-hub" in text] == []


def test_given_a_spent_quota_when_fetched_then_exit_1_and_when_it_resets(
    home: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.limits = Limits(a_day=0)
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.REFUSED
    out, err = capsys.readouterr()
    assert "quota" in out
    assert "0 of 1,000 calls left today" in err


def test_given_a_source_that_has_trouble_when_fetched_then_exit_3(
    home: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail(Fault(dropped=True))
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.UNAVAILABLE
    assert "; run this again later" in capsys.readouterr().out


def test_given_a_plug_that_is_pulled_when_fetched_then_exit_3_and_what_is_kept_is_shown(
    home: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # between two tries
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.DONE
    server.__exit__(None, None, None)
    capsys.readouterr()
    assert ended(monkeypatch, home, "fetch", OTHER) == Exit.UNAVAILABLE
    told = capsys.readouterr().out
    assert "; check the network, nothing was sent; run this again later" in told
    assert "tried again" not in told, "a command asks no more by itself"
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.DONE, "it is kept"
    assert ended(monkeypatch, home, "show", SYMBOL, "--json") == Exit.DONE
    with server:
        pass
    capsys.readouterr()


def test_given_wrong_settings_when_fetched_then_exit_2(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "hantrade.toml").write_text('[trends]\nhost = "old"\n')
    assert ended(monkeypatch, home, "fetch", SYMBOL) == Exit.USAGE
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("sources", ["[]", '["shifted-demo"]'])
def test_given_sources_that_nobody_can_be_asked_of_when_fetched_then_nobody_is(
    home: Path, server: NaverStandIn, sources: str
) -> None:
    settings(home, server, f"sources = {sources}")
    error = Said(home, "fetch").error
    assert isinstance(error, ConfigError)
    assert str(error).startswith("[trends] sources expected naver or google among them, or --source naver|google, was ")
    assert server.calls == []
    assert Said(home, "fetch", "--source", "naver").code == Exit.DONE, "who names a source has said it"


def test_given_ctrl_c_when_fetched_then_exit_130_and_one_line_says_what_came(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(client: NaverClient, request: object) -> None:
        raise KeyboardInterrupt

    Said(home, "fetch", SYMBOL)
    monkeypatch.setattr(NaverClient, "ratios", stopped)
    said = Said(home, "fetch", SYMBOL, OTHER, "--json")
    assert said.code == 130
    assert [row["symbol"] for row in said.rows] == [SYMBOL]
    assert said.err == "interrupted: 1 series of 2 instruments came; naver: 999 of 1,000 calls left today\n"


# ---- show ------------------------------------------------------------------------------------------------------


def test_given_a_kept_series_when_shown_then_each_day_has_its_attention_and_where_it_is_from(home: Path) -> None:
    [fetched] = Said(home, "fetch", SYMBOL, "--json").rows
    said = Said(home, "show", SYMBOL, "--days", "30", "--json")
    assert said.code == Exit.DONE
    assert len(said.rows) == 30
    last = said.rows[-1]
    assert (last["day"], last["asvi"], last["z"]) == (fetched["newest_day"], fetched["asvi"], fetched["z"])
    assert (last["source"], last["keyword_version"], last["fetched_at"]) == ("naver", 3, fetched["fetched_at"])
    plain = Said(home, "show", SYMBOL, "--days", "30").out
    assert plain.splitlines()[0].startswith("120110 코오롱인더: naver, words version 3, fetched ")
    assert last["day"] in plain


def test_given_an_older_window_fetched_later_when_shown_then_it_goes_before_the_newest_days(
    home: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    [newest] = Said(home, "fetch", SYMBOL, "--json").rows
    monkeypatch.setattr(time, "time_ns", lambda: int((NOW + timedelta(hours=1)).timestamp()) * 10**9)
    first, last = (str(NOW.date() - timedelta(days=back)) for back in (300, 100))
    Said(home, "fetch", SYMBOL, "--from", first, "--to", last)
    assert len(server.calls) == 2
    rows = Said(home, "show", SYMBOL, "--days", "365", "--json").rows
    assert (rows[0]["day"], rows[-1]["day"], len(rows)) == (first, newest["newest_day"], 300)
    assert (rows[-1]["asvi"], rows[-1]["fetched_at"]) == (newest["asvi"], newest["fetched_at"])
    truth = server.series["헨리코튼"]
    scales = [row["ratio"] / truth[date.fromisoformat(row["day"])] for row in rows]
    assert scales == pytest.approx([scales[-1]] * 300, rel=1e-4), "one scale all the way"


def test_given_nothing_kept_when_shown_then_it_says_how_to_get_it(home: Path, server: NaverStandIn) -> None:
    said = Said(home, "show", SYMBOL)
    assert (said.code, said.out) == (Exit.REFUSED, "")
    assert "`hantrade trends fetch 120110` gets it" in said.err
    assert "with words version 3 is kept" in said.err
    unlisted, wordless = Said(home, "show", "035720").err, Said(home, "show", WORDLESS).err
    assert "it is not in " in unlisted
    assert "it has no words in " in wordless
    remedy = "`hantrade trends suggest 035720` writes words, then `hantrade trends fetch 035720` gets it"
    assert unlisted.strip().endswith(remedy)
    settings(home, server, "cache_hours = 0")
    Said(home, "fetch", SYMBOL)
    said = Said(home, "show", SYMBOL)
    assert said.code == Exit.REFUSED
    assert "cache_hours = 0 keeps none" in said.err
    assert "`hantrade trends suggest 035720` writes words, then" in Said(home, "show", "035720").err


def test_given_a_new_version_when_shown_then_series_of_the_old_one_are_not(home: Path) -> None:
    Said(home, "fetch", SYMBOL)
    (home / "watchlist.toml").write_text(WATCHLIST.replace("= 3", "= 4"))
    said = Said(home, "show", SYMBOL)
    assert said.code == Exit.REFUSED
    assert "with words version 4 is kept" in said.err


def test_given_a_series_that_begins_late_when_shown_then_rows_say_so_and_holes_are_told_apart(
    home: Path, server: NaverStandIn
) -> None:
    hole = NOW.date() - timedelta(days=50)
    server.series = {**server.series, "삼성전자": {d: one for d, one in volumes(20).items() if d != hole}}
    Said(home, "fetch")
    rows = {row["day"]: row for row in Said(home, "show", SYMBOL, "--days", "160", "--json").rows}
    first = min(rows)
    at_35, at_36 = (str(date.fromisoformat(first) + timedelta(days=back)) for back in (33, 34))
    assert rows[at_35]["reason"] == f"the series begins too late, on {first}: asvi needs 35 days to {at_35}"
    assert rows[at_36]["reason"] == f"the series begins too late, on {first}: z needs 125 days to {at_36}"
    assert all((row["z"] is None) == bool(row["reason"]) == (row["quality"] == "unknown") for row in rows.values())
    assert {row["z"] is None for row in rows.values()} == {True, False}
    [*_, last] = Said(home, "show", OTHER, "--days", "160", "--json").rows
    assert last["reason"] == f"search ratios missing in the 125 days to {last['day']}"
    assert last["quality"] == "unknown"


def test_given_words_that_changed_under_a_version_when_shown_then_it_says_of_which_the_figures_are(home: Path) -> None:
    Said(home, "fetch", SYMBOL)
    assert Said(home, "show", SYMBOL).err == ""
    (home / "watchlist.toml").write_text(WATCHLIST.replace('["옷"]', '["옷", "브랜드"]'))
    said = Said(home, "show", SYMBOL)
    assert said.code == Exit.DONE
    assert said.err.startswith("what is shown is of the words before: 120110 version = 3: its words changed (+시리즈 ")
    assert "raise version to 4" in said.err


@pytest.mark.parametrize("days", [1, 2, 6, 30, 90, 91, 365])
def test_given_any_number_of_days_when_drawn_then_dates_are_as_many_days_apart_and_the_last_is_the_newest(
    days: int,
) -> None:
    moments = [date(2026, 1, 1) + timedelta(days=back) for back in range(days)]
    text = drawn([{"day": day.isoformat(), "z": 1.0 + day.day} for day in moments], "z", "robust z", 120, 9)
    shown = re.findall(r"\d\d-\d\d", text.splitlines()[-1])
    places = [[f"{day:%m-%d}" for day in moments].index(one) for one in shown]
    assert len({after - before for before, after in pairwise(places)}) <= 1
    assert places[-1] == days - 1
    assert len(places) >= min(4, days)
    middles = [found.start() + 2 for found in re.finditer(r"\d\d-\d\d", text.splitlines()[-1])]
    gaps = [after - before for before, after in pairwise(middles)]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1, "a column is the finest there is"


def test_given_a_terminal_when_drawn_then_unknown_days_are_gaps() -> None:
    values: Sequence[float | None] = [*([1.0, 2.0] * 10), None, None, *([1.5] * 10)]
    rows = [{"day": f"2026-01-{place % 28 + 1:02d}", "z": value} for place, value in enumerate(values)]
    text = drawn(rows, "z", "robust z", 60, 9)
    assert "robust z" in text
    assert "01-04" in text
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 60
    assert drawn([{"day": "2026-01-01", "z": None}], "z", "robust z", 60, 9)


# ---- plan and suggest ------------------------------------------------------------------------------------------


def test_given_the_whole_market_when_planned_then_it_fits_the_quota_and_nobody_is_asked(
    home: Path, server: NaverStandIn
) -> None:
    said = Said(home, "plan", "--all", "--json")
    *parts, summary = said.rows
    assert said.code == Exit.DONE
    assert summary["calls"] == -(-(summary["symbols"] - summary["without_words"]) // 4) <= 750
    assert summary["symbols"] > 2_700
    assert sum(part["calls"] for part in parts) == summary["calls"]
    assert (summary["daily_quota"], summary["left_today"], summary["fits_today"]) == (1_000, 1_000, True)
    assert server.calls == []
    people = Said(home, "plan", "--all").out
    assert "are left today" in people
    assert [row["kind"] for row in said.rows] == ["day"] * len(parts) + ["sweep"]


def test_given_words_when_planned_then_calls_made_count_and_wordless_ones_are_told(home: Path) -> None:
    Said(home, "fetch", SYMBOL)
    [part, summary] = Said(home, "plan", "--json").rows
    assert (part["calls"], summary["symbols"], summary["without_words"], summary["left_today"]) == (1, 3, 1, 999)
    assert Said(home, "plan", WORDLESS).code == Exit.REFUSED
    assert (
        "1 instrument: 1 call, 50 a second; 999 of 1,000 are left today: it fits into today"
        in Said(home, "plan", SYMBOL).out
    )


def test_given_a_name_when_suggested_then_the_block_can_be_pasted(home: Path) -> None:
    said = Said(home, "suggest", "카카오")
    assert "카카오 is ambiguous: a common word" in said.err
    (home / "watchlist.toml").write_text(said.out)
    [words] = configured(home, "paper", "SIMULATED")[1].keywords
    assert words.keywords == ("035720", "카카오 주가", "카카오 주식")
    assert words.version == 1
    [row] = Said(home, "suggest", "카카오", "--json").rows
    assert (row["version"], row["words"]) == (2, list(words.keywords))
    assert "on the watch list already" in Said(home, "suggest", "카카오").err


# ---- the sources of a run --------------------------------------------------------------------------------------


def test_given_settings_when_sources_are_made_then_they_come_in_order_and_nothing_happens(
    home: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANTRADE_NAVER_CLIENT_SECRET")
    settings(home, server, 'sources = ["google", "naver", "shifted-demo"]')
    loaded, config = configured(home, "paper", "SIMULATED")
    sources = trend_source(loaded, home, config)
    assert tuple(source.name for source in sources) == config.trends.sources == ("google", "naver", "shifted-demo")
    assert server.calls == []
    assert not (home / "trends").exists()


def test_given_a_run_when_its_source_is_asked_then_the_words_of_its_configuration_are_used(
    home: Path, server: NaverStandIn
) -> None:
    loaded, config = configured(home, "paper", "SIMULATED")
    [naver] = trend_source(loaded, home, config)
    answers = list(naver.fetch([SYMBOL, WORDLESS], today(), UnixNanos(time.time_ns())))
    assert [type(answer) for answer in answers] == [TrendsMissing, TrendReceived]
    assert server.calls[0].words[0] == ("헨리코튼", "시리즈 옷")


def test_given_series_that_grew_old_when_a_run_begins_then_they_are_gone(home: Path, server: NaverStandIn) -> None:
    Said(home, "fetch")
    assert store_of(TrendsSection(), home).kept().answers == 2
    settings(home, server, "cache_hours = 0")
    started(home)
    assert store_of(TrendsSection(), home).kept().answers == 0


def test_given_a_broken_store_when_a_run_begins_then_it_begins_all_the_same(home: Path) -> None:
    (home / "trends").mkdir()
    (home / "trends" / "series.db").write_bytes(b"no database" * 100)
    assert started(home) is None
