"""What can go wrong between us and Naver, by what happens next. All say in one line what happened and what to do.

NaverError
├── KeysRefused      wrong keys, or keys of the other host (401)
├── NotSwitchedOn    the application may not use search trend (403)
├── WrongRequest     Naver does not understand us (400, 413)
├── WrongAddress     nothing there answers to this (404, 405, a redirect)
├── QuotaSpent       no calls left today or this month, by our count or Naver's (429 code 010, of the HUB 400)
├── QuotaUnusable    the file that counts calls cannot be used: nothing is called that is not counted
├── TooFast          too many calls in one second (429 code 012, of the HUB 410, 420)
├── TooMany          429 that does not say which limit
├── ServerTrouble    5xx
├── NoConnection     nothing was sent
├── NoAnswer         sent, but no answer came that can be read: the call may count
└── BadAnswer        an answer that is not what was asked for
"""

from typing import ClassVar

from domain.errors import HantradeError


class NaverError(HantradeError):
    """A request to Naver that gave no series. Never zero attention: unknown."""

    again: ClassVar[bool] = False  # True: asking later the same day may help
    tried_again: ClassVar[bool] = False  # True: the client asks again by itself, a few times
    concerns_all: ClassVar[bool] = True  # False: other requests may do well

    def __init__(self, what: str, todo: str, *, status: int | None = None, code: str = "") -> None:
        """Keep what happened, what the operator can do, and status and code as Naver gave them."""
        super().__init__(f"{what}; {todo}")
        self.what = what
        self.todo = todo
        self.status = status
        self.code = code


class KeysRefused(NaverError):
    """The keys are wrong, or are keys of the other host."""


class NotSwitchedOn(NaverError):
    """The application these keys belong to may not use search trend."""


class WrongRequest(NaverError):
    """Naver refused the request itself. Another with other words may do well."""

    concerns_all = False


class WrongAddress(NaverError):
    """What answers there is not search trend."""


class QuotaSpent(NaverError):
    """No calls are left today or this month."""


class QuotaUnusable(NaverError):
    """Calls cannot be counted, so none is made."""


class TooFast(NaverError):
    """Too many calls in one second."""

    again = True
    tried_again = True


class TooMany(NaverError):
    """Too many calls, and Naver did not say in which time: not tried again at once, it might be the day's quota."""

    again = True


class ServerTrouble(NaverError):
    """Naver has trouble of its own."""

    again = True
    tried_again = True


class NoConnection(NaverError):
    """Nothing was sent: the call does not count."""

    again = True
    tried_again = True


class NoAnswer(NaverError):
    """No answer came that can be read. The call may count, so it is not made again at once."""

    again = True


class BadAnswer(NaverError):
    """An answer that cannot be used for this request, and would hardly be another the next time."""

    concerns_all = False
