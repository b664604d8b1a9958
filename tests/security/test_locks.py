"""What is declared is locked, and what is wanted on some machines only keeps its condition."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import audit, lock

ROOT = Path(__file__).parents[2]
ELSEWHERE = "sys_platform == 'no-such-system'"


def test_given_a_requirement_with_a_condition_when_walked_then_what_it_alone_needs_has_it_too() -> None:
    found = lock.conditions(["pytest", f"hypothesis; {ELSEWHERE}", "sortedcontainers"])
    assert set(found) == {"hypothesis"}  # sortedcontainers is wanted always
    assert found["hypothesis"] == str(Requirement(f"x; {ELSEWHERE}").marker)
    assert set(lock.conditions(["pytest", f"hypothesis; {ELSEWHERE}"])) == {"hypothesis", "sortedcontainers"}
    assert lock.conditions(["pytest", f"pytest; {ELSEWHERE}"]) == {}


def test_given_exact_requirements_when_read_then_nothing_they_need_is_among_them() -> None:
    assert lock.exact(["PyKiwoom==0.1.6", "a_b==1.0"]) == {"pykiwoom": "0.1.6", "a-b": "1.0"}


def test_given_what_is_declared_when_compared_then_each_is_in_its_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    locked = {
        name: audit.pins((ROOT / "requirements" / f"{name}.lock").read_text(), name)[0]
        for name in (*audit.LOCKS, *lock.GOOGLE)
    }
    wanted = {
        ("base",): project["project"]["dependencies"],
        ("base", "dev"): [*groups["dev"], *groups["bench"]],
        ("nodeps",): groups["nodeps"],
        ("build",): project["build-system"]["requires"],
        ("google",): project["project"]["optional-dependencies"]["google"],
        ("google-newer",): groups["google-newer"],
    }
    missing = [
        text
        for names, texts in wanted.items()
        for text in texts
        if (one := Requirement(text)).marker is None or one.marker.evaluate()
        if not any(_satisfies(one, locked[name]) for name in names)
    ]
    assert missing == []


def _satisfies(wanted: Requirement, found: dict[str, str]) -> bool:
    version = found.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version, prereleases=True)
