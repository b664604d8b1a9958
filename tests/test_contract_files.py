"""What the project promises of itself holds: commands explain themselves, stubs are fresh, no RPC is missing unsaid."""

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hantrade
from hantrade.v1 import broker_pb2, desk_pb2

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Walk a command tree; give path and command of each leaf."""
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")
    else:
        yield path, command


def without_example(tree: Any, path: str = "hantrade") -> list[str]:
    """Name the commands whose help does not say what they do and show a line to type."""
    return [
        name
        for name, command in commands(tree, path)
        if not re.match(r"\w", command.help or "")
        or f"{name} " not in f"{command.help} " + (command.epilog or "") + " "
    ]


def test_given_the_command_line_when_help_is_read_then_every_command_shows_an_example() -> None:
    tree = typer.main.get_command(importlib.import_module("cli.main").app)
    assert len(list(commands(tree, "hantrade"))) > 20
    assert without_example(tree) == []


def test_given_a_command_without_an_example_when_help_is_read_then_it_is_named() -> None:
    app = typer.Typer()
    app.command("good", help="Do it.\n\nExample: hantrade good --all")(lambda: None)
    app.command("bad", help="Do something else.")(lambda: None)
    app.command("mute")(lambda: None)
    assert without_example(typer.main.get_command(app)) == ["hantrade bad", "hantrade mute"]


def test_given_the_protos_when_stubs_are_generated_then_those_checked_in_are_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "tools/gen_stubs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


SERVICES = [
    (broker_pb2.DESCRIPTOR.services_by_name["BrokerService"], "broker.servicer", "BrokerServicer"),
    (desk_pb2.DESCRIPTOR.services_by_name["DeskService"], "actors.edges.desk_server", "DeskServicer"),
]


def built(servicer: type, names: list[str]) -> set[str]:
    """Give the RPCs that are ours: named in `methods`, or not inherited from the class that answers UNIMPLEMENTED."""
    if hasattr(servicer, "methods"):
        return set(names) & set(servicer.__new__(servicer).methods())
    ours = [one for one in servicer.__mro__ if not one.__module__.startswith("hantrade.")]
    return {name for name in names if any(name in vars(one) for one in ours)}


def listed_as_not_built(readme: str, service: str) -> set[str]:
    """Give the methods that the README's section on what is not built names, as `Service.Method`."""
    section = re.search(r"^#+ [^\n]*not built[^\n]*\n(.*?)(?=^#+ |\Z)", readme, re.I | re.M | re.S)
    return set(re.findall(rf"`{service}\.(\w+)`", section.group(1))) if section else set()


@pytest.mark.parametrize(("service", "module", "name"), SERVICES, ids=["broker", "desk"])
def test_given_an_rpc_when_it_is_not_built_then_the_readme_lists_it(service: Any, module: str, name: str) -> None:
    methods = [method.name for method in service.methods]
    servicer = getattr(importlib.import_module(module), name)
    missing = set(methods) - built(servicer, methods)
    assert listed_as_not_built((ROOT / "README.md").read_text(encoding="utf-8"), service.name) == missing


def test_given_a_readme_when_its_list_is_read_then_only_that_section_counts() -> None:
    readme = "# A\n`S.Built`\n## What is not built yet\n- `S.Later`\n- `T.Other`\n## End\n`S.More`\n"
    assert listed_as_not_built(readme, "S") == {"Later"}


def test_given_the_version_when_a_package_is_built_then_it_is_read_from_its_only_place() -> None:
    assert "version" in PYPROJECT["project"]["dynamic"]
    assert ROOT / PYPROJECT["tool"]["hatch"]["version"]["path"] == Path(hantrade.__file__)


@pytest.mark.parametrize("group", ["base", "dev"])
def test_given_a_declared_package_when_the_lock_is_read_then_it_is_pinned_within_its_range(group: str) -> None:
    groups = PYPROJECT["dependency-groups"]
    declared = PYPROJECT["project"]["dependencies"] if group == "base" else [*groups["dev"], *groups["bench"]]
    lines = (ROOT / f"requirements/{group}.lock").read_text(encoding="utf-8").splitlines()
    pinned = (line.partition(";")[0].strip() for line in lines if not line.startswith("#"))  # behind it: where it holds
    pins = dict(line.split("==") for line in pinned)
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_given_the_owners_ten_packages_when_pyproject_is_read_then_all_are_declared() -> None:
    project = PYPROJECT["project"]
    texts = [*project["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    texts += [text for extra in project["optional-dependencies"].values() for text in extra]
    names = {canonicalize_name(Requirement(text).name) for text in texts}
    owners = {"grpcio", "grpcio-tools", "protobuf", "pykka", "transitions", "sqlite-utils", "pytest"}
    assert names >= owners | {"pykiwoom", "pyqt5", "pytrends"}


def test_given_a_renamed_field_when_compared_with_the_landed_contract_then_it_is_a_break(tmp_path: Path) -> None:
    for name in ("buf.yaml", "protos"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    command = [str(Path(sys.executable).parent / "buf"), "breaking", "--against", str(ROOT / "protos/landed.binpb")]
    same = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (same.returncode, same.stdout) == (0, "")
    types = tmp_path / "protos/hantrade/v1/types.proto"
    types.write_text(types.read_text(encoding="utf-8").replace("string client_order_id = 1;", "string order_id = 1;"))
    broken = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert broken.returncode != 0 and "client_order_id" in broken.stdout
