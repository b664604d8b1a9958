"""The command itself: one clear line for every error, the exit codes of the design, secrets blacked out."""

from typing import Any

import pytest
from typer.testing import CliRunner

from cli.logging import redact
from cli.main import app, run
from domain.errors import (
    BrokerOutcomeUnknown,
    BrokerUnavailable,
    ConfigError,
    DataError,
    LogCorrupt,
    RequestRefused,
)


def ended(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr("cli.main.app", fail)
    with pytest.raises(SystemExit) as end:
        run()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (DataError("x"), 2),
        (BrokerUnavailable("x"), 3),
        (BrokerOutcomeUnknown("x"), 4),
        (RequestRefused("CODE", "x"), 1),
        (LogCorrupt("x"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_given_an_error_when_a_command_fails_then_one_line_and_the_code_tell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    assert ended(monkeypatch, error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("hantrade: ")
    assert len(err.splitlines()) == 1


def test_given_no_command_when_typed_then_help_names_the_main_ones() -> None:
    done = CliRunner().invoke(app, ["--help"])
    for name in ("demo", "start", "halt", "orders", "log"):
        assert name in done.stdout
    assert "hantrade" in CliRunner().invoke(app, ["--version"]).stdout


def test_given_secrets_when_logged_then_they_are_blacked_out() -> None:
    event = {"event": "login token=abc123 of 1234567890", "app_key": "k", "account": "1234567890", "count": 3}
    redacted = redact(None, "info", dict(event))
    assert redacted == {"event": "login token=*** of ***7890", "app_key": "***", "account": "***7890", "count": 3}
