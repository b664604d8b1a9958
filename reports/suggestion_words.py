"""A suggestion in words: the sentence of its rule with its figures printed as a person reads them."""

from collections.abc import Callable, Mapping

from domain.performance.model import Suggestion
from domain.types import PPM
from reports import numbers
from reports.labels import Labels
from reports.page_targets import printed_measure
from reports.words import Words

Figure = float | int | str
SHARES = frozenset({"share", "aim", "limit", "low", "high", "measured"})  # fractions
OF_TARGET = frozenset({"aim", "low", "high", "measured"})  # in the unit of the target that `name` tells


def suggestion_text(found: Suggestion, words: Words, labels: Labels) -> str:
    """Give the words of a suggestion; a rule without a sentence tells its name and figures as they are."""
    printed = {name: _printed(name, value, found.figures, words, labels) for name, value in found.figures.items()}
    return words.filled(f"suggestion.{found.rule}", printed) or f"{found.rule}: " + ", ".join(
        f"{name} {value}" for name, value in found.figures.items()
    )


def _printed(name: str, value: Figure, figures: Mapping[str, Figure], words: Words, labels: Labels) -> str:
    if isinstance(value, str):
        return _named(name, value, figures, words, labels) or numbers.NONE
    if name in OF_TARGET and isinstance(target := figures.get("name"), str):
        return printed_measure(target, value)
    if name in SHARES:
        return numbers.share(value, 1)
    for ending, show in _BY_ENDING.items():
        if name.endswith(ending):
            return show(value)
    return numbers.whole(value)


def _named(name: str, value: str, figures: Mapping[str, Figure], words: Words, labels: Labels) -> str:
    match name:
        case "kind":
            return words.name("group", value)
        case "key":
            return labels.of_group(str(figures.get("kind", "")), value)
        case "hour":
            return labels.hour(value)
        case "name":
            return words.name("target", value)
        case "denominator":
            return words.name("denominator", value)
        case "reason":
            return words.name("denial", value)
    return value


_BY_ENDING: Mapping[str, Callable[[float], str]] = {
    "_ms": numbers.span,
    "_krw": numbers.signed,
    "_bps": lambda value: numbers.plain(value, 1),
    "_ppm": lambda value: numbers.share(value / PPM, 3),
    "p_adjusted": numbers.chance,
}
