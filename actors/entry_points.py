"""Strategies that installed distributions offer, by the entry points of `hantrade.strategies`; nothing is imported.

    [project.entry-points."hantrade.strategies"]
    night_owl = "owls.night:NightOwl"

What is installed is looked up once a process, and not before somebody asks for what is not built in.
"""

import sys
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import NamedTuple

GROUP = "hantrade.strategies"


class Offered(NamedTuple):
    """One entry point."""

    name: str
    point: EntryPoint
    code: str  # distribution and version, e.g. "owls 1.2"
    root: str  # top package its class is found in; empty when the entry point names none


@cache
def offered() -> tuple[Offered, ...]:
    """Give every entry point of the group, by name and distribution."""
    found = [Offered(point.name, point, _code(point.dist), _root(point)) for point in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda one: (one.name, one.code, one.point.value)))


@cache
def roots() -> frozenset[str]:
    """Give the top packages of what is offered; those of Python itself are never among them."""
    return frozenset(one.root for one in offered() if one.root) - sys.stdlib_module_names


def forget() -> None:
    """Look again the next time."""
    offered.cache_clear()
    roots.cache_clear()


def _code(dist: Distribution | None) -> str:
    if dist is None:
        return "an unnamed distribution"
    about = dist.metadata
    return f"{about['Name'] or 'an unnamed distribution'} {about['Version'] or '?'}"


def _root(point: EntryPoint) -> str:
    matched = EntryPoint.pattern.match(point.value)
    return matched["module"].partition(".")[0] if matched else ""
