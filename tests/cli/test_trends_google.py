"""`hantrade trends fetch --source google` runs pytrends itself against a stand-in of Google."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.context import Exit
from cli.main import app
from domain.time import KST
from tests.trends.google_pythons import NEWER, there
from trends.stand_in.google import GoogleStandIn
from trends.stand_in.serving import Fault

OPEN = datetime(2026, 1, 13, 9, 0, tzinfo=KST)
WATCHLIST = """
[[instrument]]
symbol = "120110"
names = ["헨리코튼"]
[[instrument]]
symbol = "005930"
names = ["삼성전자", "삼전"]
"""


def volumes(size: float) -> dict[date, float]:
    return {OPEN.date() - timedelta(days=back): size * (10 + back % 7 + back % 5) for back in range(300)}


@pytest.fixture
def server() -> Iterator[GoogleStandIn]:
    series = {"헨리코튼": volumes(1), "삼성전자": volumes(3), "삼전": volumes(2)}
    with GoogleStandIn(series, now=lambda: OPEN.astimezone(UTC)) as stand_in:
        yield stand_in


@pytest.fixture
def home(tmp_path: Path, server: GoogleStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HANTRADE_")]:
        monkeypatch.delenv(name)
    at(monkeypatch, OPEN)
    (tmp_path / "watchlist.toml").write_text(WATCHLIST)
    lines = ("[trends]", f'google_url = "{server.url}"', f'google_python = "{there(NEWER)}"', "cache_hours = 0")
    (tmp_path / "hantrade.toml").write_text("\n".join(lines))
    return tmp_path


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: int(moment.timestamp()) * 10**9)


def fetch(home: Path, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    arguments = ["trends", "fetch", "--source", "google", "--json", *more, "--home", str(home)]
    done = CliRunner().invoke(app, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.return_value, {row["symbol"]: row for row in rows}


def test_given_google_when_fetched_at_the_opening_then_attention_is_known(home: Path, server: GoogleStandIn) -> None:
    code, rows = fetch(home)
    assert code == Exit.DONE
    for row in rows.values():
        assert (row["source"], row["newest_day"]) == ("google", "2026-01-12")
        assert row["z"] is not None
    assert rows.keys() == {"120110", "005930"}
    assert {call.terms for call in server.calls} == {(), ("헨리코튼",), ("삼성전자 + 삼전",)}


def test_given_google_when_fetched_before_the_opening_then_yesterday_is_not_known_yet(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, OPEN - timedelta(seconds=1))
    _, rows = fetch(home, "120110")
    assert rows["120110"]["newest_day"] == "2026-01-11"
    assert (rows["120110"]["z"], rows["120110"]["again"]) == (None, True)


def test_given_429_at_the_first_call_when_fetched_then_both_are_unknown_and_later_may_help(
    home: Path, server: GoogleStandIn
) -> None:
    server.fail(Fault("too_many_requests"))
    code, rows = fetch(home)
    assert code == Exit.UNAVAILABLE
    assert {row["again"] for row in rows.values()} == {True}
    assert all(row["reason"].startswith("Google refuses for now: HTTP 429") for row in rows.values())
    assert {row["asvi"] for row in rows.values()} == {None}
    assert len(server.calls) == 1
