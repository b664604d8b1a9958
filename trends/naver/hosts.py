"""The two hosts of Naver's search trend API, and the keys they take. Body and answer are the same on both.

Source: notice developers.naver.com/notice/article/32530; naver/naver-openapi-guide (legacy host); public clients of
July to October 2026 (API HUB). Read 2026-11-22.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import httpx

from domain.errors import ConfigError

HIDDEN: Final = "***"
WARN_DAYS: Final = 90  # before a host ends
_PRINTABLE: Final = re.compile(r"[!-~]+")  # what may stand in a header
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


@dataclass(frozen=True, slots=True)
class Host:
    """Where to ask and how to show who asks."""

    name: str  # in settings
    title: str  # for people
    base_url: str  # scheme and name
    path: str
    id_header: str
    secret_header: str
    a_day: int  # calls; of API HUB unconfirmed, so it is a setting
    per_second: int  # calls; 0: not limited by us
    keys_from: str  # where an operator gets and mends keys
    last_day: date | None = None  # from then on its keys stop working

    def warning(self, today: date) -> str:
        """Say that this host ends soon or has ended; empty when it does not or is more than WARN_DAYS away."""
        if self.last_day is None or today < self.last_day - timedelta(days=WARN_DAYS):
            return ""
        left = (self.last_day - today).days
        ends = f"ends in {left} days, on {self.last_day}" if left > 0 else f"ended on {self.last_day}"
        return f"{self.title} {ends}: get keys of {API_HUB.title} ({API_HUB.keys_from}) and set the host to hub"

    def url(self, base_url: str | None = None) -> httpx.URL:
        """Give the address to post to, at another base if one is given.

        Raises ConfigError unless it is https, or http on this machine: the keys go with every request.
        """
        given = base_url or self.base_url
        try:
            url = httpx.URL(given.rstrip("/") + self.path)
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigError(f"base_url expected an address like {self.base_url}, was {_harmless(given)}") from error
        is_local = _LOOPBACK.fullmatch(url.host) is not None
        is_plain = not (url.userinfo or url.query or url.fragment)
        if not url.host or not is_plain or not (url.scheme == "https" or (url.scheme == "http" and is_local)):
            allowed = "https:// (http:// on this machine only), host and path, nothing else"
            raise ConfigError(f"base_url expected {allowed}, was {_harmless(given)}")
        return url

    def is_local(self, base_url: str | None = None) -> bool:
        """Tell whether the address is on this machine."""
        return _LOOPBACK.fullmatch(self.url(base_url).host) is not None


API_HUB: Final = Host(
    name="hub",
    title="NAVER API HUB",
    base_url="https://naverapihub.apigw.ntruss.com",
    path="/search-trend/v1/search",
    id_header="X-NCP-APIGW-API-KEY-ID",
    secret_header="X-NCP-APIGW-API-KEY",
    a_day=1_000,  # unconfirmed: one document says 1,000 a day, one project 50,000 a month
    per_second=50,
    keys_from="the console of Naver Cloud Platform, API HUB, application",
)
# No new keys are given out since 2026-07-31.
LEGACY: Final = Host(
    name="legacy",
    title="Naver's legacy host",
    base_url="https://openapi.naver.com",
    path="/v1/datalab/search",
    id_header="X-Naver-Client-Id",
    secret_header="X-Naver-Client-Secret",
    a_day=1_000,
    per_second=10,  # ours: no figure is published for this API
    keys_from="developers.naver.com, my applications",
    last_day=date(2027, 6, 30),
)
HOSTS: Final[Mapping[str, Host]] = MappingProxyType({host.name: host for host in (API_HUB, LEGACY)})


def host_named(name: str) -> Host:
    """Give a host by its name in settings. Raises ConfigError."""
    if name not in HOSTS:
        raise ConfigError(f"host expected one of {', '.join(HOSTS)}, was {name!r}")
    return HOSTS[name]


@dataclass(frozen=True, slots=True)
class NaverKeys:
    """Client id and secret of one host, never shown. Raises ConfigError, without the value, for what cannot be one."""

    client_id: str = field(repr=False)
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot stand in a header: an error from there would show it."""
        for name, value in (("client id", self.client_id), ("client secret", self.secret)):
            if not _PRINTABLE.fullmatch(value):
                what = "blanks or letters that are not ASCII" if value else "nothing"
                raise ConfigError(f"Naver {name} expected letters, digits and signs as Naver gave them, was {what}")

    def headers(self, host: Host) -> dict[str, str]:
        """Give the headers that show who asks."""
        return {host.id_header: self.client_id, host.secret_header: self.secret}

    def hide(self, text: str) -> str:
        """Black the keys out of a text of the server's."""
        for key in sorted((self.client_id, self.secret), key=len, reverse=True):  # one may hold the other
            for written in (key, repr(key)[1:-1]):  # as it is, and with what repr puts before quotes
                text = text.replace(written, HIDDEN)
        return text


def _harmless(address: str) -> str:
    """Show an address unless it may hold a password."""
    return "one with an @" if "@" in address else repr(address)


def key_hash(client_id: str) -> str:
    """Give what stands for a client id on disk: it cannot be turned back."""
    return hashlib.sha256(f"hantrade naver client id\0{client_id}".encode()).hexdigest()[:16]
