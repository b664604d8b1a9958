"""Pin what this environment holds: write requirements/{build,base,dev}.lock as plain `name==version` lines.

Walks the dependencies declared in pyproject.toml through the installed packages, so nothing that merely lies about in
the environment is pinned. To renew: `.venv/bin/python -m pip install --upgrade NAME`, then `make lock` and `make test`.
"""

import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
BUILD = ["hatchling", "editables"]  # editables: hatchling asks for it to install in place


def closure(wanted: list[str]) -> dict[str, str]:
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
        package = distribution(name)
        if not requirement.specifier.contains(package.version, prereleases=True):
            raise SystemExit(f"{name} {package.version} is installed, but {requirement} is wanted")
        found[name] = package.version
        for text in package.requires or []:
            needed = Requirement(text)
            environments: list[dict[str, str]] = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if needed.marker is None or any(needed.marker.evaluate(one) for one in environments):
                todo.append(needed)
    return found


def write(name: str, pins: dict[str, str], what: str) -> None:
    """Write one lock file."""
    lines = [f"# {what}. Made by `make lock`; do not edit.", *(f"{key}=={pins[key]}" for key in sorted(pins))]
    (ROOT / "requirements" / f"{name}.lock").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Write the three lock files."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    base = closure(project["project"]["dependencies"])
    groups = project["dependency-groups"]
    dev = closure([*groups["dev"], *groups.get("bench", [])])
    write("build", closure(BUILD), "What builds the package")
    write("base", base, "What hantrade runs on")
    write("dev", {name: version for name, version in dev.items() if name not in base}, "What develops and tests it")


if __name__ == "__main__":
    main()
