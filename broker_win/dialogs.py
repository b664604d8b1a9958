"""What to do about windows that Kiwoom opens on the PC: a table of titles, and how long each may stand. Pure.

They belong to the host's process and are modal: until somebody closes them, events may stop. Which titles exist is
known from others' work (koapy closes them by title); an unknown one is told at once and ends the host after a while,
because a host that waits for a click is as good as dead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NANOS_PER_SECOND: Final = 1_000_000_000
CLOSE_TRIES: Final = 3
CLOSE_EVERY_NS: Final = 3 * NANOS_PER_SECOND
UNKNOWN_AFTER_S: Final = 30
LOGIN_PATIENCE_S: Final = 60  # with automatic log-in its window is there for some seconds only
OK_BUTTON: Final = "확인"


class Act(StrEnum):
    """What a title calls for."""

    CLOSE = "close"  # its button is pressed
    ALERT = "alert"  # a person must come; the host goes on
    RESTART = "restart"  # the host is ended and started anew


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about windows whose title contains a text."""

    title: str
    act: Act
    why: str
    button: str = OK_BUTTON  # for CLOSE
    after_s: int = 0  # it may stand so long before anything is done


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """One visible top-level window of the host, or one of a program that OpenAPI+ starts."""

    handle: str
    title: str
    text: str = ""  # what stands in it, as far as it can be read


@dataclass(frozen=True, slots=True)
class Deed:
    """What to do now about one window."""

    act: Act
    window: SeenWindow
    why: str
    button: str = ""


# Source: koapy and breadum/kiwoom, which watch for these titles; texts read in their code, 2026-11-23.
RULES: Final = (
    Rule("안녕하세요. 키움증권 입니다", Act.CLOSE, "notice before the maintenance"),
    Rule("HTS 재접속 안내", Act.RESTART, "sessions from before the maintenance show stale balances"),
    Rule("KHOpenAPI", Act.RESTART, "the line to Kiwoom is lost"),
    Rule(
        "Open API Login",
        Act.ALERT,
        "a log-in by hand is asked for: is automatic log-in (AUTO in the account window) set?",
        after_s=LOGIN_PATIENCE_S,
    ),
    Rule("opstarter", Act.ALERT, "OpenAPI+ wants a newer version: run `python -m broker_win update`"),
    Rule("opversionup", Act.ALERT, "OpenAPI+ wants a newer version: run `python -m broker_win update`"),
    Rule("업그레이드 확인", Act.ALERT, "OpenAPI+ wants a newer version: run `python -m broker_win update`"),
    Rule("계좌비밀번호", Act.ALERT, "the account window stands open; register the password, tick AUTO, close it"),
)


def rule_for(title: str, rules: Iterable[Rule]) -> Rule | None:
    """Give the first rule whose text stands in a title, without regard to upper and lower case."""
    wanted = title.casefold()
    return next((rule for rule in rules if rule.title.casefold() in wanted), None)


@dataclass(slots=True)
class _Known:
    since: int
    tries: int = 0
    tried_at: int = 0
    told: bool = False


class DialogCare:
    """Remembers which windows stand since when, and says what to do about them."""

    def __init__(self, rules: Iterable[Rule] = RULES, unknown_after_s: int = UNKNOWN_AFTER_S) -> None:
        """Begin with no window seen. Rules given first win."""
        self._rules = tuple(rules)
        self._unknown_after_s = unknown_after_s
        self._known: dict[str, _Known] = {}

    def forget(self) -> None:
        """Begin anew: another process, other windows."""
        self._known.clear()

    def sees(self, windows: Iterable[SeenWindow], now: int) -> list[Deed]:
        """Take the windows that stand at `now` (monotonic ns) and give what to do about them."""
        standing = {window.handle: window for window in windows}
        self._known = {handle: known for handle, known in self._known.items() if handle in standing}
        found = []
        for handle, window in standing.items():
            known = self._known.setdefault(handle, _Known(now))
            found += self._deeds(window, known, now)
        return found

    def _deeds(self, window: SeenWindow, known: _Known, now: int) -> list[Deed]:
        rule = rule_for(window.title, self._rules)
        stood_s = (now - known.since) // NANOS_PER_SECOND
        if rule is None:
            if stood_s >= self._unknown_after_s:
                return [Deed(Act.RESTART, window, f"an unknown window stands for {stood_s} s")]
            return self._alert(window, known, "an unknown window stands in the way of events; somebody must close it")
        if stood_s < rule.after_s:
            return []
        if rule.act is Act.ALERT:
            return self._alert(window, known, rule.why)
        if rule.act is Act.RESTART:
            return [Deed(Act.RESTART, window, rule.why)]
        if known.tries and now - known.tried_at < CLOSE_EVERY_NS:
            return []
        if known.tries >= CLOSE_TRIES:
            return [Deed(Act.RESTART, window, f"it does not close after {known.tries} tries")]
        known.tries, known.tried_at = known.tries + 1, now
        return [Deed(Act.CLOSE, window, rule.why, rule.button)]

    def _alert(self, window: SeenWindow, known: _Known, why: str) -> list[Deed]:
        if known.told:
            return []
        known.told = True
        return [Deed(Act.ALERT, window, why)]
