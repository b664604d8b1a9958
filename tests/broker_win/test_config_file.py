"""`broker_win.toml`: what it says holds, and what is wrong with it is named."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from broker_win.config import LimitsConfig, UnknownsConfig, WinConfig
from broker_win.config_file import EXAMPLE, HostSettings, Protection, load, settings_of
from broker_win.dialogs import RULES, Act
from broker_win.watch import WatchConfig
from domain.errors import ConfigError
from domain.types import ServerKind

HERE = Path("/somewhere/broker_win.toml")


def read(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "broker_win.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_given_an_empty_file_when_read_then_everything_is_the_default() -> None:
    settings = settings_of({}, HERE)
    assert settings.broker == WinConfig(journal=Path("/somewhere/orders.db"))
    assert (settings.watch, settings.rules) == (WatchConfig(), RULES)


def test_given_values_when_read_then_they_hold(tmp_path: Path) -> None:
    path = read(
        tmp_path,
        """
        [broker]
        server_kind = "Real"
        account = "8012345611"
        symbols = ["005930", "0000J0"]
        answer_timeout_s = 3
        journal = "books/orders.db"
        [limits]
        per_second = 3
        [unknowns]
        close_codes = ["8"]
        [rest]
        windows = ["kiwoom"]
        [watch]
        stable_s = 60
        [[dialogs]]
        title = "공지"
        act = "close"
        """,
    )
    settings = load(path)
    assert settings.broker.server_kind is ServerKind.REAL
    assert settings.broker.symbols == ("005930", "0000J0")
    assert settings.broker.answer_timeout_s == 3.0
    assert settings.broker.journal == tmp_path / "books" / "orders.db"
    assert settings.broker.limits.per_second == 3
    assert settings.broker.unknowns.close_codes == ("8",)
    assert settings.broker.rest_windows == ("kiwoom",)
    assert settings.watch.stable_s == 60
    assert (settings.rules[0].title, settings.rules[0].act) == ("공지", Act.CLOSE)
    assert settings.rules[1:] == RULES


def test_given_a_file_written_by_notepad_when_read_then_its_mark_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "broker_win.toml"
    path.write_text("[broker]\nport = 1\n", encoding="utf-8-sig")
    assert load(path).broker.port == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[brokers]", "unknown key brokers; allowed here: broker, "),
        ("[broker]\nports = 1", "unknown key broker.ports; allowed here: server_kind"),
        ("[broker]\nport = 70000", "broker.port must be 0 to 65535, was 70000"),
        ('[broker]\nport = "50051"', "broker.port must be a whole number, was '50051'"),
        ("[broker]\nport = true", "broker.port must be a whole number, was True"),
        ('[broker]\nserver_kind = "paper"', "broker.server_kind must be one of simulated, mock, real, was 'paper'"),
        ('[broker]\nserver_kind = "simulated"', "broker.server_kind must be mock or real, was 'simulated'"),
        ('[broker]\naccount = "80-12345611"', "broker.account must be ten digits"),
        ('[broker]\naccount = "８０１２３４５６１１"', "broker.account must be ten digits"),
        ('[broker]\naccount = "80123456-11"', "was '***5611'"),
        ('[security]\ntokens = "a\\u0000b"', "security.tokens must be a text without the character NUL"),
        ('[broker]\nsymbols = "005930"', "broker.symbols must be a list of texts"),
        ('[broker]\nsymbols = ["5930"]', "broker.symbols must be codes of six digits or capital letters, was '5930'"),
        ("[limits]\nper_second = 6", "limits.per_second must be 1 to 5, was 6"),
        ("[limits]\nper_hour = 90", "limits.reserve_per_hour must be less than per_hour, was 95"),
        ("[unknowns]\nsplit_real_data = 1", "unknowns.split_real_data must be true or false, was 1"),
        ('[security]\nca = "ca.crt"', "security must be ca, cert and key together, or none"),
        ('[rest]\nwindows = ["at night"]', "rest.windows: maintenance window 'at night'"),
        ("rest = 4", "rest must be a table"),
        ("[watch]\nmemory_soft_mb = 2000", "watch.memory_soft_mb must be at most memory_hard_mb"),
        ("[watch]\nbackoff_first_s = 400", "watch.backoff_first_s must be at most backoff_max_s"),
        ('[[dialogs]]\ntitle = "x"', "dialogs[1].act is expected and missing"),
        ('[[dialogs]]\ntitle = "x"\nact = "shout"', "dialogs[1].act must be one of close, alert, restart"),
        ('[[dialogs]]\ntitle = ""\nact = "close"', "dialogs[1].title must be a part of the window's title"),
        ("[broker", "not valid TOML"),
    ],
)
def test_given_a_wrong_file_when_read_then_file_key_value_and_what_is_allowed_are_told(
    tmp_path: Path, text: str, said: str
) -> None:
    path = read(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_given_no_file_when_read_then_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="python -m broker_win example"):
        load(tmp_path / "none.toml")


def test_given_the_example_when_its_comments_are_taken_away_then_it_says_the_defaults() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert load(EXAMPLE).broker == WinConfig(journal=EXAMPLE.parent / "orders.db")
    open_text = re.sub(r"(?m)^# ([a-z_]+ += )", r"\1", text.partition("# [[dialogs]]")[0])
    said = tomllib.loads(open_text)
    tables = {
        "broker": WinConfig(),
        "limits": LimitsConfig(),
        "unknowns": UnknownsConfig(),
        "watch": WatchConfig(),
        "security": Protection(),
        "host": HostSettings(),
    }
    for name, defaults in tables.items():
        known = {one.name for one in fields(defaults)} - {"limits", "unknowns", "rest_windows"}  # type: ignore[arg-type]
        assert set(said[name]) == known, name
        for key in said[name].keys() - {"account", "symbols", "ca", "cert", "key", "python"}:  # examples of values
            value = getattr(defaults, key)
            shown = list(value) if isinstance(value, tuple) else str(value).lower() if key == "server_kind" else value
            assert said[name][key] == (str(shown) if isinstance(shown, Path) else shown), f"{name}.{key}"
    assert tuple(said["rest"]["windows"]) == WinConfig().rest_windows
    settings_of(tomllib.loads(re.sub(r"(?m)^# (\[\[|title|act|button|why|after_s)", r"\1", text)), EXAMPLE)


def test_given_the_example_when_read_then_nothing_in_it_is_secret() -> None:
    said = EXAMPLE.read_text(encoding="utf-8").lower()
    assert not re.search(r"(?m)^#? *(password|secret|token|id) *=", said)
