"""Pin what this environment holds: write requirements/{build,base,dev,nodeps,google,quantstats}.lock.

Each line is `name==version`.

Walks the dependencies declared in pyproject.toml through the installed packages, so nothing that merely lies about in
the environment is pinned. A package wanted on some machines only keeps its condition, and so does what it alone needs.
`nodeps` and `quantstats` are not walked: those are installed without what they ask for. The extra `google` is walked
through .venv/google, where there is one. The PC's own set is made by `tools/lock_windows.py`. To renew:
`.venv/bin/python -m pip install --upgrade NAME` (of google: `pip --python .venv/google/bin/python`), then `make lock`
and `make test`.
"""

import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
GOOGLE = ("google", "google-newer")  # folders in .venv, each with a lock of its name (tools/setup_google.sh)
QUANTSTATS = "quantstats"  # the same, installed without what its packages ask for (tools/setup_quantstats.sh)
BUILD = ["hatchling", "editables"]  # editables: hatchling asks for it to install in place


def beside(folder: str) -> list[str]:
    """Give where the packages of an environment beside this one are; empty when it is not there."""
    return [str(path) for path in (ROOT / ".venv" / folder).glob("lib/python*/site-packages")]


def package_of(name: str, path: list[str] | None = None) -> Distribution:
    """Find an installed package, here or in these folders. Raises PackageNotFoundError."""
    if path is None:
        return distribution(name)
    for found in Distribution.discover(name=name, path=path):
        return found
    raise PackageNotFoundError(name)


def closure(wanted: list[str], path: list[str] | None = None) -> dict[str, str]:
    """Give name -> version of everything `wanted` needs here. Raises PackageNotFoundError when something is missing."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(text) for text in wanted]
    while todo:
        requirement = todo.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        package = package_of(name, path)
        if not requirement.specifier.contains(package.version, prereleases=True):
            raise SystemExit(f"{name} {package.version} is installed, but {requirement} is wanted")
        found[name] = package.version
        for text in package.requires or []:
            needed = Requirement(text)
            environments: list[dict[str, str]] = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if needed.marker is None or any(needed.marker.evaluate(one) for one in environments):
                todo.append(needed)
    return found


def conditions(wanted: list[str]) -> dict[str, str]:
    """Give name -> marker of everything in the closure of `wanted` that is needed under a condition only."""
    always = closure([text for text in wanted if Requirement(text).marker is None])
    found: dict[str, str] = {}
    for text in wanted:
        marker = Requirement(text).marker
        if marker is not None:
            found |= dict.fromkeys(closure([text]).keys() - always, str(marker))
    return found


def exact(wanted: list[str]) -> dict[str, str]:
    """Give name -> version of what is wanted with `==` itself, without what that needs."""
    found: dict[str, str] = {}
    for text in wanted:
        requirement = Requirement(text)
        [version] = [one.version for one in requirement.specifier if one.operator == "=="]
        found[canonicalize_name(requirement.name)] = version
    return found


def write(name: str, pins: dict[str, str], what: str, markers: dict[str, str] | None = None) -> None:
    """Write one lock file; a package in `markers` is for the machines its marker names."""
    lines = [f"# {what}. Made by `make lock`; do not edit."]
    for key in sorted(pins):
        marker = (markers or {}).get(key)
        lines.append(f"{key}=={pins[key]}" + (f" ; {marker}" if marker else ""))
    (ROOT / "requirements" / f"{name}.lock").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Write the lock files."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    base = closure(project["project"]["dependencies"])
    groups = project["dependency-groups"]
    wanted = [*groups["dev"], *groups.get("bench", [])]
    dev = closure(wanted)
    write("build", closure(BUILD), "What builds the package")
    write("base", base, "What hantrade runs on")
    beyond = {name: version for name, version in dev.items() if name not in base}
    write("dev", beyond, "What develops and tests it, on Linux and macOS", conditions(wanted))
    write("nodeps", exact(groups["nodeps"]), "Installed with dev, each without what it asks for")
    write(QUANTSTATS, exact(groups[QUANTSTATS]), f"The environment .venv/{QUANTSTATS}, made for tests")
    google = {"google": project["project"]["optional-dependencies"]["google"], "google-newer": groups["google-newer"]}
    for folder in GOOGLE:
        if path := beside(folder):
            write(folder, closure(google[folder], path), f"The environment .venv/{folder}, made for tests")


if __name__ == "__main__":
    main()
