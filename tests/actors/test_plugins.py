"""Strategies of other distributions: found without an import, checked when named, kept in states, run alike."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from actors import plugins
from actors.core.role import Role
from actors.core.state import canonical, dump, load
from actors.roles.strategist import Strategist
from actors.roster import make_roles
from cli.sample import sample_path
from domain.config import RunConfig
from domain.errors import ConfigError, InvariantError, LogError
from domain.messages import Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesJudged
from domain.messages.run import RoleState, RunStarted
from domain.messages.trading import SessionPlanned, StrategyBenched
from strategies.registry import STRATEGIES
from tests.actors.plugged import a_distribution
from tests.strategies.builders import DAY, a_quote, an_instrument

ROOT = Path(__file__).resolve().parents[2]


class Keeper(Role):
    """Keeps one value."""

    NAME = "keeper"
    HEARS = ()
    SAYS = ()
    GIVEN: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder on `sys.path`; what is plugged in there is forgotten again."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.forget()
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.endswith("_plugin"):
            del sys.modules[name]
    monkeypatch.undo()
    plugins.forget()


def test_given_a_plug_in_when_named_then_it_is_a_strategy_like_those_built_in(path: Path) -> None:
    a_distribution(path)
    known = plugins.known_strategies()
    assert list(known) == [*STRATEGIES, "owl"]
    assert len(known) == len(STRATEGIES) + 1
    assert "owl_plugin" not in sys.modules, "it is not imported before it is named"
    assert known["owl"].NAME == "owl"
    assert (plugins.code_of("owl"), plugins.code_of("exit_stop")) == ("owls 1.2", plugins.OURS)
    config = plugins.configured("owl", {"every": "7"}, ("120110",))
    assert (config.params, config.symbols, config.code) == ({"every": 7}, ("120110",), "owls 1.2")
    [strategist] = [role for role in make_roles() if role.NAME == "strategist"]
    assert getattr(strategist, "_known")["owl"] is known["owl"]  # noqa: B009  # a role keeps it for itself


def test_given_no_such_name_when_asked_then_it_is_unknown(path: Path) -> None:
    with pytest.raises(KeyError):
        plugins.known_strategies()["owl"]
    with pytest.raises(KeyError):
        plugins.code_of("owl")
    with pytest.raises(ConfigError, match=r"strategy expected one of .*attention_momentum.*, was 'owl'"):
        plugins.configured("owl", {})


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "raises": ({"source": "raise OSError('no\\nfeathers')"}, "OSError: no feathers"),
    "exits": ({"source": "import sys; sys.exit(3)"}, "SystemExit: 3"),
    "no_python": ({"source": "def"}, "SyntaxError: invalid syntax"),
    "nothing": ({"source": "x = 1"}, "AttributeError: module 'nothing_plugin' has no attribute 'Plugged'"),
    "no_module": ({"value": "owl_that_is_not_there:Plugged"}, "ModuleNotFoundError"),
    "no_class": ({"source": "Plugged = 5"}, "expected a subclass of strategies.base.Strategy, was 5"),
    "other_name": (
        {"source": "from strategies.base import Strategy\nclass Plugged(Strategy):\n    NAME = 'eagle'"},
        "NAME expected 'other_name' as its entry point says, was 'eagle'",
    ),
    "of_python": ({"value": "json:JSONDecoder"}, "entry point expected MODULE:CLASS of a package of its own"),
    "no_value": ({"value": "?"}, "entry point expected MODULE:CLASS"),
    "no_state": (
        {
            "source": "from strategies.base import Strategy\nclass Plugged(Strategy):\n    NAME = 'no_state'\n"
            "    def __init__(self, params):\n        super().__init__(params)\n        self.lock = (x for x in ())"
        },
        "expected plain values or classes of ours, was builtins.generator",
    ),
    "bad_range": (
        {"source": "from strategies.base import Param\nParam('bars', 5, 10, 1)"},
        "ValueError: parameter bars expected a range, was 10 to 1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_given_a_plug_in_that_is_broken_when_named_then_one_line_tells_whose_it_is_and_the_others_run(
    path: Path, name: str
) -> None:
    made, says = BROKEN[name]
    a_distribution(path, name, **made)
    a_distribution(path, "owl")
    known = plugins.known_strategies()
    assert name in known
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            plugins.configured(name, {})
        assert str(caught.value).startswith(f"strategy {name} of {name}s 1.2 cannot be used: ")
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)
    assert plugins.configured("owl", {}).code == "owls 1.2"
    assert plugins.configured("attention_momentum", {}).code == plugins.OURS


def test_given_a_plug_in_with_the_name_of_a_built_in_when_named_then_the_built_in_runs(path: Path) -> None:
    a_distribution(path, "exit_stop", dist="thief")
    assert plugins.known_strategies()["exit_stop"] is STRATEGIES["exit_stop"]
    assert list(plugins.known_strategies()) == list(STRATEGIES)
    assert [(one.name, one.code) for one in plugins.shadowed()] == [("exit_stop", "thief 1.2")]


def test_given_two_distributions_with_one_name_when_named_then_both_are_told(path: Path) -> None:
    a_distribution(path, dist="owls")
    a_distribution(path, dist="night-owls")
    with pytest.raises(ConfigError, match=r"owl is offered by night-owls 1.2 and owls 1.2: remove all but one"):
        plugins.configured("owl", {})


def test_given_a_plug_in_whose_init_raises_for_some_values_when_configured_then_it_is_a_line(path: Path) -> None:
    source = (
        "from strategies.base import Param, Strategy\nclass Plugged(Strategy):\n    NAME = 'owl'\n"
        "    PARAMS = (Param('bars', 5, 1, 60),)\n    def __init__(self, params):\n        super().__init__(params)\n"
        "        self.share = 1 / (6 - self.params['bars'])"
    )
    a_distribution(path, source=source)
    assert plugins.configured("owl", {})
    with pytest.raises(ConfigError, match=r"strategy owl \(owls 1.2\) with {'bars': 6}: ZeroDivisionError"):
        plugins.configured("owl", {"bars": 6})


# ---- state -----------------------------------------------------------------------------------------------------


def through_json(value: Any) -> RoleState:
    return msgspec.json.decode(canonical(dump(Keeper(value))), type=RoleState)


def test_given_state_of_a_plug_in_when_carried_then_it_is_the_same(path: Path) -> None:
    a_distribution(path)
    strategy: Any = plugins.known_strategies()["owl"]({})
    module = sys.modules["owl_plugin"]
    strategy.memory = {"120110": module.Memory()}
    saved, again = through_json(strategy), Keeper()
    load(again, saved)
    assert type(again.value) is type(strategy)
    assert again.value.memory["120110"].bars == 0
    assert canonical(dump(again)) == canonical(dump(Keeper(strategy)))


LOCKED = """
import threading
from strategies.base import Strategy

class Plugged(Strategy):
    NAME = "owl"

    def {hook}(self, *args):
        self.lock = threading.Lock()
        {then}
"""


@pytest.mark.parametrize(
    ("hook", "then", "minutes"),
    [("on_day", "return None", 1), ("on_bar", "return ()", 90), ("on_bar", "raise KeyError('night')", 3)],
)
def test_given_a_plug_in_that_keeps_what_no_snapshot_can_when_it_does_then_it_is_benched_and_the_state_is_whole(
    path: Path, hook: str, then: str, minutes: int
) -> None:
    a_distribution(path, source=LOCKED.format(hook=hook, then=then))
    role = Strategist(plugins.known_strategies())
    config = RunConfig("paper", strategies=(plugins.configured("owl", {}), plugins.configured("exit_stop", {})))
    served = InstrumentsReceived((an_instrument(),), ())
    planned = SessionPlanned("2026-01-13", True, DAY.open_time, DAY.close_auction_time, DAY.close_time, False)
    said: list[Any] = []
    for message in (RunStarted("run", "0", config), served, planned):
        role.evolve(message, Stamp(1, DAY.open_time, "L"))
        said += role.decide(message, Stamp(1, DAY.open_time, "L"))
    for minute in range(minutes):
        message = QuotesJudged(1, [a_quote(minute)], ())
        role.evolve(message, Stamp(1, DAY.open_time, "L"))
        said += role.decide(message, Stamp(1, DAY.open_time, "L"))
    [benched] = {one.strategy: one for one in said if isinstance(one, StrategyBenched)}.values()
    expected = "KeyError" if "raise" in then else "its state.lock expected plain values or classes of ours"
    assert (benched.strategy, expected in benched.error) == ("owl", True), benched.error
    assert dump(role).state, "what the others and the log need can be kept"


def test_given_a_class_when_its_distribution_is_plugged_in_later_then_no_older_answer_is_kept(path: Path) -> None:
    (path / "late_plugin.py").write_text("class Memory:\n    pass\n", encoding="utf-8")
    memory = importlib.import_module("late_plugin").Memory()
    with pytest.raises(InvariantError, match=r"expected plain values or classes of ours, was late_plugin.Memory"):
        dump(Keeper(memory))
    saved = RoleState(Keeper.STATE_VERSION, {"value": {"$": "late_plugin:Memory"}})
    with pytest.raises(LogError, match="late_plugin:Memory is no class of a state"):
        load(Keeper(), saved)
    a_distribution(path, "late")
    (path / "late_plugin.py").write_text("class Memory:\n    pass\n", encoding="utf-8")
    plugins.forget()
    again = Keeper()
    load(again, saved)
    assert type(again.value) is type(memory)
    assert dump(Keeper(memory)).state == {"value": {"$": "late_plugin:Memory"}}


@pytest.mark.parametrize("name", ["os:system", "json:JSONDecoder", "tests.actors.plugged:a_distribution"])
def test_given_a_state_that_names_a_class_of_nobody_when_read_then_nothing_is_made(path: Path, name: str) -> None:
    a_distribution(path, "thief", value="json:JSONDecoder")  # the modules of Python are never a plug-in's
    with pytest.raises(LogError, match="is no class of a state"):
        load(Keeper(), RoleState(Keeper.STATE_VERSION, {"value": {"$": name}}))


def test_given_a_state_whose_plug_in_raises_when_read_then_it_is_an_error_of_the_log(path: Path) -> None:
    a_distribution(path, source="raise OSError('no feathers')")
    with pytest.raises(LogError, match="owl_plugin cannot be imported: OSError: no feathers"):
        load(Keeper(), RoleState(Keeper.STATE_VERSION, {"value": {"$": "owl_plugin:Plugged"}}))


# ---- the whole way, in a process of its own --------------------------------------------------------------------


def hantrade(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder), "HANTRADE_HOME": str(folder / "home")},
    )


def test_given_a_distribution_on_the_path_when_back_tested_then_it_trades_and_the_replay_agrees(
    tmp_path: Path,
) -> None:
    a_distribution(tmp_path)
    a_distribution(tmp_path, "raven", source="raise OSError('no feathers')")
    home = tmp_path / "home"
    home.mkdir()
    (home / "hantrade.toml").write_text(
        '[strategies.owl]\nevery = 30\nsymbols = ["046310"]\n[strategies.exit_time]\n[strategies.exit_close]\n'
    )
    listed = [json.loads(line) for line in hantrade(tmp_path, "strategies", "list", "--json").stdout.splitlines()]
    found = {row["name"]: row for row in listed}
    assert (found["owl"]["code"], found["owl"]["configured"]) == ("owls 1.2", True)
    assert "raven of ravens 1.2 cannot be used: OSError: no feathers" in found["raven"]["error"]
    done = hantrade(tmp_path, "backtest", "run", "--data", str(sample_path()), "--symbols", "046310,120110", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["trades_closed"] >= 2
    assert (answer["verified"], answer["replay_identical"], answer["positions"]) == (True, True, {})
    refused = hantrade(tmp_path, "backtest", "run", "--data", str(sample_path()), "--strategy", "raven")
    assert refused.returncode == 2
    assert refused.stderr == "hantrade: strategy raven of ravens 1.2 cannot be used: OSError: no feathers\n"
