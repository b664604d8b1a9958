"""Reads Naver's ways to say no. Status and code decide; where they do not, the words.

Two forms: `{"errorMessage": …, "errorCode": …}` of the API itself, `{"error": {"errorCode": …, "message": …}}` of the
HUB's gateway. Either may come with status 200. Codes of the API: 010 quota, 012 calls a second, 024 keys. Codes of the
gateway: 100 request, 200 keys, 210 not allowed, 300 no such address, 400 quota, 410 and 420 calls a second, 430 body
too large (from the document of the older gateway; of the HUB unconfirmed).
"""

import json
from typing import Final, NamedTuple

from trends.naver.errors import (
    BadAnswer,
    KeysRefused,
    NaverError,
    NoAnswer,
    NotSwitchedOn,
    QuotaSpent,
    ServerTrouble,
    TooFast,
    TooMany,
    WrongAddress,
    WrongRequest,
)
from trends.naver.hosts import Host, NaverKeys

TEXT_SHOWN: Final = 200  # letters of a server's text
FAST_CODES: Final = ("012", "410", "420")
_GATEWAY_STATUS: Final = {
    "100": 400,
    "200": 401,
    "210": 403,
    "300": 404,
    "400": 429,
    "410": 429,
    "420": 429,
    "430": 413,
}
_API_STATUS: Final = {"010": 429, "012": 429, "024": 401}


class Said(NamedTuple):
    """What a body says of an error."""

    code: str  # empty: no error body
    text: str
    by_gateway: bool = False

    @property
    def status(self) -> int | None:
        """Give the status its code stands for, None when the code says nothing by itself."""
        return (_GATEWAY_STATUS if self.by_gateway else _API_STATUS).get(self.code)


def error_in(body: object) -> Said | None:
    """Give what parsed JSON says of an error, in either form; None when it is none."""
    if not isinstance(body, dict):
        return None
    nested = body.get("error")
    if isinstance(nested, dict):
        return Said(_text(nested.get("errorCode")), _text(nested.get("message")), by_gateway=True)
    if "errorCode" in body or "errorMessage" in body:
        return Said(_text(body.get("errorCode")), _text(body.get("errorMessage")))
    return None


def refusal(status: int, body: bytes, host: Host, keys: NaverKeys) -> NaverError:
    """Give the error an answer other than data stands for; the keys are nowhere in it."""
    try:
        said = error_in(json.loads(body))
    except (ValueError, RecursionError):
        said = None
    text = body.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    return refused(status, said or Said("", "a web page" if text.startswith("<") else text), host, keys)


def refused(status: int, said: Said, host: Host, keys: NaverKeys) -> NaverError:
    """Give the error for a status and what its body said."""
    # With 200 the status says nothing, so the code stands in for it.
    meant = said.status if status < 300 and said.status else status
    code, spoken = one_line(said.code, keys), one_line(said.text, keys)
    answer = " ".join(part for part in (str(status), f"code {code}" if code else "", spoken) if part)
    kind, what, todo = _meaning(meant, said, host)
    return kind(f"{what} ({answer})", todo, status=status, code=code)


def one_line(text: object, keys: NaverKeys) -> str:
    """Give a server's text on one line, printable, not too long, without the keys: half a key is none of it, either."""
    hidden = keys.hide(str(text))
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in hidden).split())
    return line if len(line) <= TEXT_SHOWN else line[:TEXT_SHOWN] + "…"


def _meaning(status: int, said: Said, host: Host) -> tuple[type[NaverError], str, str]:
    if said.code == "024" or (status == 401 and said.code != "210"):
        return KeysRefused, f"{host.title} refused the keys", f"check client id and secret: {_keys_hint(host)}"
    if status == 429 or said.code in ("010", "012"):
        return _too_many(said, host)
    if status in (401, 403):
        todo = f"switch DataLab (search trend) on for the application ({host.keys_from})"
        return NotSwitchedOn, f"{host.title} does not let these keys use search trend", todo
    if status in (404, 405) or 300 <= status < 400:
        todo = "check [trends] host and base_url; redirects are not followed, the keys would go along"
        return WrongAddress, f"{host.title} has no search trend at this address", todo
    if status in (400, 413):
        return WrongRequest, f"{host.title} refused the request", "check words, dates and filters of this request"
    if status >= 500:
        return ServerTrouble, f"{host.title} has trouble of its own", "nothing can be done here but wait"
    if status == 408 or status < 300:
        return NoAnswer, f"{host.title} gave an error instead of data", "nothing can be done here but wait"
    return BadAnswer, f"{host.title} gave an answer nobody documented", "look for news of this API"


def _too_many(said: Said, host: Host) -> tuple[type[NaverError], str, str]:
    words = said.text.casefold()
    is_quota = said.code == "010" or (said.by_gateway and said.code == "400")
    if is_quota or (said.code not in FAST_CODES and ("quota" in words or "query limit" in words)):
        todo = "it resets at 00:00 KST; if calls were left, lower [trends] daily_quota"
        if said.by_gateway:
            todo += f", or search trend is not switched on for the application ({host.keys_from})"
        return QuotaSpent, f"{host.title} says the quota is spent", todo
    if said.code in FAST_CODES or "rate limit" in words or "throttle" in words:
        return TooFast, f"{host.title} was asked too fast", "lower [trends] per_second"
    return TooMany, f"{host.title} was asked too often, it does not say in which time", "wait, or look at its console"


def _keys_hint(host: Host) -> str:
    ends = f", and this host takes none from {host.last_day} on" if host.last_day else ""
    return f"they come from {host.keys_from}; keys of one host are not valid on the other{ends}"


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
