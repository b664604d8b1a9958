"""The doctor on search trends: one line each, the remedy with it, and one request at most."""

import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broker.port import Diagnosis, DiagnosisState
from cli.context import Exit
from cli.doctor import doctor
from cli.doctor_trends import TrendsDoctor
from cli.trend_sources import store_of
from cli.trends_settings import TrendsSection
from cli.watchlist import WatchedInstrument, Watchlist
from domain.config import KeywordSet
from domain.time import KST
from trends.stand_in.naver import Fault, NaverStandIn

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState
NOW = datetime(2026, 1, 13, 8, 0, tzinfo=KST)
LISTED = Watchlist(instrument=(WatchedInstrument(symbol="120110", names=("헨리코튼",)),))


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: int(NOW.timestamp()) * 10**9)
    monkeypatch.setattr("cli.secrets._from_keyring", lambda name: "")
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_ID", "stand-in-hub")
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "hub-secret")


@pytest.fixture
def server() -> Iterator[NaverStandIn]:
    days = {NOW.date() - timedelta(days=back): 10.0 + back for back in range(30)}
    with NaverStandIn({"우체국": days}, now=lambda: NOW) as stand_in:
        yield stand_in


def looked(
    home: Path, server: NaverStandIn, watchlist: Watchlist = LISTED, asks: bool = True, **section: Any
) -> dict[str, Diagnosis]:
    found = TrendsDoctor(TrendsSection(base_url=server.url, **section), watchlist, home).look(asks=asks)
    return {one.name: one for one in found}


def test_given_all_is_well_when_looked_then_one_call_is_made_and_said_to_cost(
    tmp_path: Path, server: NaverStandIn
) -> None:
    found = looked(tmp_path, server)
    told = "NAVER API HUB answers, newest day 2026-01-12; 999 of 1,000 calls left today (this look cost one)"
    assert found["naver"] == Diagnosis("naver", OK, told)
    assert [call.words for call in server.calls] == [(("우체국",),)]
    assert [found[name].state for name in ("trend_words", "naver_keys", "trend_cache")] == [OK] * 3
    assert "at most 12 h and 50 MB" in found["trend_cache"].detail
    assert "terms may forbid" in found["trend_cache"].detail


def test_given_no_request_is_wanted_when_looked_then_none_is_made(tmp_path: Path, server: NaverStandIn) -> None:
    found = looked(tmp_path, server, asks=False)
    assert (found["naver"].state, found["naver"].detail) == (NOT_KNOWN, "no request was made (--no-trends)")
    assert server.calls == []
    assert list(tmp_path.iterdir()) == []


def test_given_no_keys_when_looked_then_the_remedy_names_where_they_belong(
    tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANTRADE_NAVER_CLIENT_SECRET")
    found = looked(tmp_path, server)
    assert found["naver_keys"].state is WARNING
    assert "naver-client-secret not set" in found["naver_keys"].detail
    assert "HANTRADE_NAVER_CLIENT_SECRET" in found["naver_keys"].remedy
    assert found["naver"].state is NOT_KNOWN
    assert server.calls == []


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("unknown_key", "key"),
        ("switched_off", "search trend"),
        ("quota_spent", "quota"),
        ("html", "NAVER API HUB"),
    ],
)
def test_given_naver_says_no_when_looked_then_what_and_remedy_are_told_without_keys(
    tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch, refusal: str, told: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between two tries
    server.fail(*[Fault(refusal=refusal)] * 3)
    found = looked(tmp_path, server)["naver"]
    assert found.state is FAILED
    assert told in found.detail + found.remedy
    assert found.remedy
    assert "hub-secret" not in found.detail + found.remedy


def test_given_words_that_changed_when_looked_then_the_remedy_is_told(tmp_path: Path, server: NaverStandIn) -> None:
    store_of(TrendsSection(), tmp_path).keep([], [KeywordSet("120110", 1, ("시리즈 옷",))])
    found = looked(tmp_path, server)["trend_words"]
    assert found.state is FAILED
    assert "raise version to 2" in found.detail


def test_given_instruments_without_words_when_looked_then_they_are_named(tmp_path: Path, server: NaverStandIn) -> None:
    bare = Watchlist(instrument=(*LISTED.instrument, WatchedInstrument(symbol="005930")))
    found = looked(tmp_path, server, bare)["trend_words"]
    assert (found.state, found.detail) == (WARNING, "no keywords for 005930 삼성전자: attention is unknown")
    assert "trends suggest 005930" in found.remedy
    assert looked(tmp_path, server, Watchlist())["trend_words"].state is WARNING


def test_given_another_source_when_looked_then_naver_is_left_alone(tmp_path: Path, server: NaverStandIn) -> None:
    found = looked(tmp_path, server, sources=("google",))
    assert found["naver"].state is NOT_KNOWN
    assert "naver_keys" not in found
    assert server.calls == []


def test_given_the_legacy_host_near_its_end_when_looked_then_it_is_told(
    tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = datetime(2027, 6, 1, 8, 0, tzinfo=KST)
    monkeypatch.setattr("time.time_ns", lambda: int(near.timestamp()) * 10**9)
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_ID", "stand-in-legacy")
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "legacy-secret")
    server.series["우체국"] = {near.date() - timedelta(days=back): 10.0 for back in range(1, 30)}
    server._now = lambda: near
    found = looked(tmp_path, server, host="legacy")["naver"]
    assert found.state is WARNING
    assert "2027-06-30" in found.remedy


def test_given_series_kept_for_ever_when_looked_then_it_is_a_warning(tmp_path: Path, server: NaverStandIn) -> None:
    found = looked(tmp_path, server, keep_series=True)["trend_cache"]
    assert found.state is WARNING
    assert "keep_series = false" in found.remedy


@pytest.mark.parametrize(
    ("said", "sources", "state", "told"),
    [
        ("4.9.2 1.26.20\n", ("google",), OK, "pytrends 4.9.2, urllib3 1.26.20: in use"),
        ("4.9.2 1.26.20\n", ("naver",), NOT_KNOWN, "usable, but not in [trends] sources"),
        ("2.0.0\n", ("google",), FAILED, "has no pytrends"),
        ("2.0.0\n", ("naver",), NOT_KNOWN, "has no pytrends"),
    ],
)
def test_given_a_python_for_google_when_looked_then_it_is_usable_or_not_and_why(
    tmp_path: Path,
    server: NaverStandIn,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    sources: tuple[str, ...],
    state: DiagnosisState,
    told: str,
) -> None:
    done = SimpleNamespace(stdout=said, stderr="", returncode=0)
    monkeypatch.setattr("cli.doctor_trends.subprocess.run", lambda *_, **__: done)
    found = looked(tmp_path, server, asks=False, sources=sources)["google"]
    assert found.state is state
    assert told in found.detail


def test_given_this_python_and_one_that_is_none_when_looked_then_both_are_told(
    tmp_path: Path, server: NaverStandIn
) -> None:
    assert "not usable" in looked(tmp_path, server, asks=False, google_python=sys.executable)["google"].detail
    missing = looked(tmp_path, server, asks=False, google_python="/no/python", sources=("google",))["google"]
    assert (missing.state, bool(missing.remedy)) == (FAILED, True)
    assert "'/no/python' does not run" in missing.detail


def test_given_a_wrong_key_when_the_whole_doctor_looks_then_exit_1(
    tmp_path: Path, server: NaverStandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hantrade.toml").write_text(f'[trends]\nbase_url = "{server.url}"\n')
    assert doctor(home=tmp_path) == Exit.DONE
    monkeypatch.setenv("HANTRADE_NAVER_CLIENT_SECRET", "wrong-secret")
    assert doctor(home=tmp_path) == Exit.REFUSED
    out = capsys.readouterr().out
    assert "FAIL  naver " in out
    assert "wrong-secret" not in out
    assert date(2026, 1, 12).isoformat() in out
