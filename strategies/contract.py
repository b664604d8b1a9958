"""Whether a class keeps the contract of strategies, as far as that can be told before it runs."""

from domain.bars import DAY_S, MINUTE_S
from domain.described import described
from domain.errors import ConfigError
from strategies.base import Searches, Sees, Strategy
from strategies.params import NAME_RULE, Param

INTERVALS = (MINUTE_S, DAY_S)


def checked(kind: object, name: str) -> type[Strategy]:
    """Give the class back. Raises ConfigError saying what of the contract it breaks; `name` is the one it goes by."""
    if not isinstance(kind, type) or not issubclass(kind, Strategy) or kind is Strategy:
        raise ConfigError(f"expected a subclass of strategies.base.Strategy, was {kind!r:.100}")
    own = getattr(kind, "NAME", None)
    if not isinstance(own, str) or not NAME_RULE.fullmatch(own):
        raise ConfigError(f"NAME expected small letters, digits and _, was {own!r:.100}")
    if own != name:
        raise ConfigError(f"NAME expected {name!r} as its entry point says, was {own!r}")
    _check_params(kind.PARAMS)
    if not isinstance(kind.INTERVALS, tuple) or not set(kind.INTERVALS) <= set(INTERVALS):
        raise ConfigError(f"INTERVALS expected a tuple of {MINUTE_S}, {DAY_S} (s), was {kind.INTERVALS!r:.100}")
    if not isinstance(kind.SEARCHES, Searches) or not isinstance(kind.SEES, Sees):
        raise ConfigError(f"SEARCHES, SEES expected Searches, Sees, were {kind.SEARCHES!r:.60}, {kind.SEES!r:.60}")
    _check_shared(kind)
    made = kind({})
    if not isinstance(getattr(made, "params", None), dict):
        raise ConfigError("__init__ expected to call that of Strategy, which keeps the parameters")
    _check_warm_up(made.warm_up)
    return kind


def _check_params(declared: object) -> None:
    if not isinstance(declared, tuple) or not all(isinstance(param, Param) for param in declared):
        raise ConfigError(f"PARAMS expected a tuple of Param, was {declared!r:.100}")
    names = [param.name for param in declared]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"PARAMS expected each name once, {', '.join(twice)} is there twice")


def _check_shared(kind: type[Strategy]) -> None:
    """Refuse changeable attributes of the class: no snapshot keeps them. Names in capitals are constants."""
    for base in kind.__mro__[: kind.__mro__.index(Strategy)]:
        for name, value in vars(base).items():
            if isinstance(value, list | dict | set | bytearray) and not name.isupper() and not name.startswith("__"):
                raise ConfigError(f"class attribute {name} expected to be made in on_day or __init__, to be state")


def _check_warm_up(bars: object) -> None:
    sound = isinstance(bars, dict) and all(
        length in INTERVALS and type(count) is int and count >= 0 for length, count in bars.items()
    )
    if not sound:
        raise ConfigError(f"warm_up expected bars (0 or more) by length {MINUTE_S} or {DAY_S} (s), was {bars!r:.100}")


def first_line(error: BaseException, most: int = 200) -> str:
    """Give an error of somebody's code as one line that can be printed, even when it cannot say itself."""
    return " ".join(described(error).split()).removesuffix(":")[:most]
