"""Parameters of a strategy: declared once with type, range and meaning; read by settings, sweeps and the dashboard."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from domain.config import ParamValue
from domain.errors import ConfigError

NAME_RULE = re.compile(r"[a-z][a-z0-9_]{0,63}")  # of strategies and parameters: as in TOML and in HANTRADE_… variables
RESERVED = ("symbols",)  # what settings say of a strategy beside its parameters
_WORDS: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. Its type is that of the default: true or false, a whole number, a number, or one of `choices`.

    The range of a number is inclusive. Raises ValueError when default, `before` or `sweep` are not allowed values.
    """

    name: str
    default: ParamValue
    least: int | float = 0
    most: int | float = 0
    meaning: str = ""  # unit included
    choices: tuple[str, ...] = ()
    before: ParamValue | None = None  # what runs before 0.6.0 did that did not name it; None: the default
    sweep: tuple[ParamValue, ...] = ()  # values worth trying, chosen before any result was seen
    entry: bool = True  # False: it only decides when a holding is sold, so no entry's claim depends on it

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        if not NAME_RULE.fullmatch(self.name) or self.name in RESERVED:
            rule = f"small letters, digits and _, none of {', '.join(RESERVED)}"
            raise ValueError(f"parameter name expected {rule}, was {self.name!r}")
        if self.kind == "choice" and not self.choices:
            raise ValueError(f"parameter {self.name} expected choices, as its default is the text {self.default!r}")
        if self.kind in ("int", "float") and not (isfinite(self.least) and self.least < self.most < float("inf")):
            raise ValueError(f"parameter {self.name} expected a range, was {self.least!r} to {self.most!r}")
        declared = (self.default, *(() if self.before is None else (self.before,)), *self.sweep)
        for value in declared:
            if self.allowed(value) is None:
                raise ValueError(f"parameter {self.name} expected {self.wanted}, declares {value!r}")

    @property
    def kind(self) -> str:
        """Give bool, int, float or choice."""
        return "choice" if isinstance(self.default, str) else type(self.default).__name__

    @property
    def wanted(self) -> str:
        """Say in words which values are allowed."""
        about = f" ({self.meaning})" if self.meaning else ""
        if self.kind == "bool":
            return f"true or false{about}"
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}{about}"
        number = "a whole number" if self.kind == "int" else "a number"
        return f"{number} from {self.least} to {self.most}{about}"

    def allowed(self, value: object) -> ParamValue | None:
        """Give a value in the type of the parameter (2.0 is the whole number 2); None when it is not allowed."""
        if isinstance(value, bool) or self.kind == "bool":
            return value if isinstance(value, bool) and self.kind == "bool" else None
        if self.kind == "choice":
            return str(value) if isinstance(value, str) and value in self.choices else None
        if not isinstance(value, int | float) or not self.least <= value <= self.most:
            return None
        if self.kind == "float":
            return float(value)
        return int(value) if value == int(value) else None

    def read(self, text: str) -> ParamValue:
        """Give what a text of a command line or variable means; the text itself when it means nothing here."""
        if self.kind == "choice":
            return text
        if self.kind == "bool":
            return _WORDS.get(text.lower(), text)
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text


def resolve(
    strategy: str, declared: Iterable[Param], given: Mapping[str, ParamValue], *, before: bool = False
) -> dict[str, ParamValue]:
    """Give every declared parameter its value; `before`: those not named mean what they meant before 0.6.0.

    Raises ConfigError on an unknown name or a value that is not allowed.
    """
    known = {param.name: param for param in declared}
    for name, value in given.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise ConfigError(f"strategy {strategy} parameter {name}={value} is unknown, allowed: {names}")
    return {name: _value(strategy, param, given.get(name, _default(param, before))) for name, param in known.items()}


def read_all(declared: Iterable[Param], given: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """Give the values with the texts among them read, see `Param.read`; unknown names stay as they are."""
    known = {param.name: param for param in declared}
    return {
        name: known[name].read(value) if name in known and isinstance(value, str) else value
        for name, value in given.items()
    }


def _default(param: Param, before: bool) -> ParamValue:
    return param.before if before and param.before is not None else param.default


def _value(strategy: str, param: Param, value: object) -> ParamValue:
    found = param.allowed(value)
    if found is None:
        raise ConfigError(f"strategy {strategy} parameter {param.name} expected {param.wanted}, was {value!r}")
    return found
