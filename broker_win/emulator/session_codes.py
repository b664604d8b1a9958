"""When Kiwoom says what of the market's day: the codes of 장시작시간 (FID 215). Pure. Source: kiwoom.md 2.3.

How often a notice is repeated is a guess: every minute, and ten seconds before its time.
"""

from datetime import date
from typing import Final, NamedTuple

from domain.krx.sessions import AFTER_MARKET_OPENED, RANDOM_END, RegularSession
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import NANOS_PER_SECOND

OPENING_NOTICE: Final = "0"
OPENED: Final = "3"
CLOSING_NOTICE: Final = "2"
CLOSING_CODES: Final = ("4", "8", "9")
REPEATED: Final = frozenset({OPENING_NOTICE, CLOSING_NOTICE})
_NOTICE_MINUTES: Final = 20
_SHORTLY: Final = 10 * NANOS_PER_SECOND
_ALL_OVER_MINUTES: Final = 150  # after the close: 18:00


class SessionCode(NamedTuple):
    """One thing said."""

    at: int  # UTC ns
    code: str
    left_s: int  # to what it announces


def session_codes(session: RegularSession, close_codes: tuple[str, ...], *, nxt_letters: bool) -> list[SessionCode]:
    """Give a day's codes in order of time. Of the codes that end the day only those in `close_codes` are said."""
    close = session.close
    said = _notices(OPENING_NOTICE, session.open - _NOTICE_MINUTES * NANOS_PER_MINUTE, session.open)
    said.append(SessionCode(session.open, OPENED, 0))
    said += _notices(CLOSING_NOTICE, session.close_auction, close)
    ends = {"4": close, "8": close + RANDOM_END + NANOS_PER_SECOND, "9": close + _ALL_OVER_MINUTES * NANOS_PER_MINUTE}
    said += [SessionCode(ends[code], code, 0) for code in close_codes if code in ends]
    said += [SessionCode(close + minutes * NANOS_PER_MINUTE, code, 0) for code, minutes in (("a", 10), ("b", 30))]
    if session.day < AFTER_MARKET_OPENED:
        minutes = (("c", 30), ("d", _ALL_OVER_MINUTES))
        said += [SessionCode(close + minute * NANOS_PER_MINUTE, code, 0) for code, minute in minutes]
    if nxt_letters:
        said += _nxt(session.day)
    return sorted(said)


def _notices(code: str, start: int, until: int) -> list[SessionCode]:
    times = [*range(start, until, NANOS_PER_MINUTE), until - _SHORTLY]
    return [SessionCode(at, code, (until - at) // NANOS_PER_SECOND) for at in times]


def _nxt(day: date) -> list[SessionCode]:
    times = {
        "P": (8, 0, 0),
        "Q": (8, 50, 0),
        "R": (9, 0, 30),
        "S": (15, 20, 0),
        "T": (15, 30, 0),
        "U": (15, 40, 0),
        "V": (20, 0, 0),
    }
    return [SessionCode(from_kst(day, *at), code, 0) for code, at in times.items()]
