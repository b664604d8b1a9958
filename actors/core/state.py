"""State of a role as plain JSON values and back: for snapshots, for the log that follows another, for people.

    None, true, numbers, text, list     themselves
    dict with text keys                 object, in its order
    everything else                     object whose `$` names the type: tuple, set, deque, dict (other keys), float
                                        (NaN, infinity), date, or `module:Class` with its attributes by name

Only classes of the packages below and of strategies that are plugged in are taken or made, so a file that was tampered
with cannot run anything else. Two places that share one changeable object would come back as two that drift apart, so
such a state is refused.
"""

import dataclasses
import importlib
import math
from collections import deque
from collections.abc import Callable
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from actors import entry_points
from actors.core.actor import CoreActor
from actors.core.role import Role
from domain.errors import InvariantError, LogError
from domain.messages.run import RoleState

PACKAGES = ("actors", "domain", "fsm", "strategies")  # whose classes a state may hold, with those of plug-ins
TAG = "$"
_NOT_STATE = frozenset(vars(CoreActor()))  # what Pykka keeps in every actor
_PLAIN = frozenset({type(None), bool, int, str})


def dump(role: Role) -> RoleState:
    """Give the state of a role. Raises InvariantError naming the attribute that is no plain state."""
    writer = _Writer()
    return RoleState(role.STATE_VERSION, {name: writer.whole(getattr(role, name), name) for name in _attributes(role)})


def load(role: Role, saved: RoleState) -> None:
    """Put a state into a fresh role of the same version. Raises LogError when it does not fit; the role is spoilt."""
    if saved.version != role.STATE_VERSION:
        raise LogError(f"state of {role.NAME} expected version {role.STATE_VERSION}, was {saved.version}")
    expected = _attributes(role)
    if saved.state.keys() != set(expected):
        odd = ", ".join(sorted(saved.state.keys() ^ set(expected)))
        raise LogError(f"state of {role.NAME} expected the attributes of version {saved.version}, differs in {odd}")
    for name, value in saved.state.items():
        try:
            setattr(role, name, _read(value))
        except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
            raise LogError(f"state of {role.NAME}: {name} cannot be read: {error}") from error


def check_plain(value: object, name: str) -> None:
    """Write a value as a state and read it back. Raises InvariantError, or LogError, when it could not be kept."""
    written = _Writer().whole(value, name)
    try:
        again = _read(written)
    except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
        raise LogError(f"{name} cannot be read back: {error}") from error
    if _Writer().write(again, name) != written:
        raise InvariantError(f"{name} expected to come back as it was")


def unkept(value: object) -> str:
    """Say why no state could keep an object of a plug-in; empty when one could, and for what is no plug-in's.

    Ours are held to it by tests.
    """
    if _root(type(value).__module__) not in entry_points.roots():
        return ""
    try:
        check_plain(value, "its state")
    except (InvariantError, LogError) as error:
        return str(error)
    return ""


def canonical(state: RoleState) -> bytes:
    """Give bytes that are equal exactly when two states are."""
    return msgspec.json.encode(state)


def _attributes(role: Role) -> list[str]:
    return [name for name in vars(role) if name not in _NOT_STATE and name not in role.GIVEN]


class _Writer:
    """Writes one state; remembers what it met, so that sharing is noticed."""

    def __init__(self) -> None:
        self._met: dict[int, str] = {}  # id of a changeable object -> where

    def whole(self, value: Any, path: str) -> Any:
        """Write a value with all that is in it. Raises InvariantError."""
        try:
            return self.write(value, path)
        except RecursionError:
            raise InvariantError(f"{path} expected a state with an end, holds itself or is nested too deep") from None

    def write(self, value: Any, path: str) -> Any:
        kind: Any = type(value)
        if kind in _PLAIN:
            return value if kind is not str or value.isascii() else _text(value, path)
        if kind is float:
            return value if math.isfinite(value) else {TAG: "float", "v": repr(value)}
        if kind is tuple:
            return {TAG: "tuple", "v": [self.write(item, path) for item in value]}
        if kind in (list, dict, set, deque):
            self._meet(value, path)
            return self._container(value, path)
        if kind is frozenset:
            return {TAG: "frozenset", "v": self._sorted(value, path)}
        if kind is date:
            return {TAG: "date", "v": value.isoformat()}
        return self._object(value, path)

    def _container(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self.write(item, path) for item in value]
        if isinstance(value, set):
            return {TAG: "set", "v": self._sorted(value, path)}
        if isinstance(value, deque):
            return {TAG: "deque", "maxlen": value.maxlen, "v": [self.write(item, path) for item in value]}
        if all(type(key) is str for key in value) and TAG not in value:
            return {self.write(key, path): self.write(item, f"{path}[{key!r}]") for key, item in value.items()}
        return {TAG: "dict", "v": [[self.write(key, path), self.write(item, path)] for key, item in value.items()]}

    def _sorted(self, value: Any, path: str) -> list[Any]:
        return sorted((self.write(item, path) for item in value), key=msgspec.json.encode)

    def _object(self, value: Any, path: str) -> Any:
        kind: Any = type(value)
        name = _name_of(kind)
        if not name:
            raise InvariantError(
                f"{path} expected plain values or classes of ours, was {kind.__module__}.{kind.__name__}"
            )
        if isinstance(value, Enum):
            return {TAG: name, "v": value.value}
        if isinstance(value, tuple):
            return {TAG: name} | {key: self.write(value[at], f"{path}.{key}") for at, key in enumerate(_fields(kind))}
        if not _is_frozen(kind):
            self._meet(value, path)
        return {TAG: name} | {key: self.write(getattr(value, key), f"{path}.{key}") for key in _keys(value)}

    def _meet(self, value: Any, path: str) -> None:
        other = self._met.setdefault(id(value), path)
        if other is not path:
            raise InvariantError(f"{path} and {other} share one {type(value).__name__}: a state must hold it once")


def _text(value: str, path: str) -> str:
    """Give a text that JSON can hold. Raises InvariantError for half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvariantError(f"{path} expected a text of whole characters, was {value!r:.100}") from None
    return value


_OURS: dict[Any, str] = {}  # class of our packages -> its name in a state; those of plug-ins may come and go


def _name_of(kind: Any) -> str:
    """Give the name a class has in a state; empty when it may not be in one."""
    known = _OURS.get(kind)
    if known is not None:
        return known
    if not _may_hold(kind.__module__) or issubclass(kind, CoreActor) or "<" in kind.__qualname__:
        return ""
    name = f"{kind.__module__}:{kind.__qualname__}"
    if _root(kind.__module__) in PACKAGES:
        _OURS[kind] = name
    return name


def _root(module: str) -> str:
    return module.partition(".")[0]


def _may_hold(module: str) -> bool:
    """Tell whether a module is of a package whose classes a state may hold."""
    return _root(module) in PACKAGES or _root(module) in entry_points.roots()


def _class_of(name: str) -> Any:
    """Find a class by its name in a state. Raises ValueError when there is none or it may not be in one."""
    return _our_class(name) if _root(name.partition(":")[0]) in PACKAGES else _find(name)


@cache
def _our_class(name: str) -> Any:
    return _find(name)


def _find(name: str) -> Any:
    module, _, path = name.partition(":")
    if not _may_hold(module):
        raise ValueError(f"{name} is no class of a state")
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # the code of a plug-in may raise anything
        raise ValueError(f"{module} cannot be imported: {type(error).__name__}: {error}") from error
    for part in path.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or _name_of(found) != name:
        raise ValueError(f"{name} is no class of a state")
    return found


@cache
def _is_frozen(kind: Any) -> bool:
    params = getattr(kind, "__dataclass_params__", None)
    return params is not None and bool(params.frozen)


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(getattr(kind, "_fields", ()))


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    found: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        slots = base.__dict__.get("__slots__", ())
        found |= dict.fromkeys((slots,) if isinstance(slots, str) else slots)
    return tuple(found)


def _keys(value: Any) -> tuple[str, ...]:
    kind: Any = type(value)
    slots = _slots(kind)
    own = getattr(value, "__dict__", None)
    return slots if not own else (*slots, *(key for key in own if key not in slots))


def _read(value: Any) -> Any:
    if type(value) in _PLAIN or type(value) is float:
        return value
    if isinstance(value, list):
        return [_read(item) for item in value]
    tag = value.get(TAG)
    if tag is None:
        return {key: _read(item) for key, item in value.items()}
    reader = _READERS.get(tag)
    return reader(value) if reader is not None else _make(value, _class_of(tag))


def _make(value: dict[str, Any], kind: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(value["v"])
    fields = _fields(kind)
    if fields:
        odd = (value.keys() - {TAG}) ^ set(fields)
        if odd:
            raise ValueError(f"{kind.__name__} differs in {', '.join(sorted(odd))}")
        return kind(**{key: _read(item) for key, item in value.items() if key != TAG})
    made = kind.__new__(kind)
    given = value.keys() - {TAG}
    missing = set(_slots(kind)) - given
    unknown = given - set(_slots(kind)) if not hasattr(made, "__dict__") or dataclasses.is_dataclass(kind) else set()
    if missing or unknown:
        raise ValueError(f"{kind.__name__} differs in {', '.join(sorted(missing | unknown))}")
    for key, item in value.items():
        if key != TAG:
            object.__setattr__(made, key, _read(item))
    return made


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "tuple": lambda value: tuple(map(_read, value["v"])),
    "set": lambda value: set(map(_read, value["v"])),
    "frozenset": lambda value: frozenset(map(_read, value["v"])),
    "deque": lambda value: deque(map(_read, value["v"]), value["maxlen"]),
    "dict": lambda value: {_read(key): _read(item) for key, item in value["v"]},
    "float": lambda value: float(value["v"]),
    "date": lambda value: date.fromisoformat(value["v"]),
}
