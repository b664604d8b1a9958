"""Asks Naver's search trend, one call at a time: counted, paced, tried again where that helps, and checked.

Synchronous on purpose: it runs on the thread of the trend edge or of a command. A call is taken from the quota before
it is made. It is tried again by itself after a 429 for too many calls a second, after 5xx, and where no connection came
about; the last gives its call back, nothing was sent. After a request went out and no answer came the call may count at
Naver's, so it stays taken and is not made again at once.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, Self

import httpx
import structlog

from domain.errors import ConfigError
from trends.naver.errors import NaverError, NoAnswer, NoConnection, QuotaSpent
from trends.naver.hosts import Host, NaverKeys
from trends.naver.reading import read_answer
from trends.naver.refusals import one_line, refusal
from trends.naver.request import DataLabAnswer, DataLabRequest
from trends.quota import Quota

LARGEST_ANSWER: Final = 16 << 20  # bytes; five groups of ten years are about 1 MB
# Nothing of the request has left when one of these is raised.
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

logger = structlog.get_logger("trends")


class Effort(NamedTuple):
    """How long to try. Times in seconds."""

    attempts: int = 3
    wait_first_s: float = 1.0  # doubled each time; limits a second are over by then
    wait_most_s: float = 8.0  # a server that asks for longer (Retry-After) is left alone
    connect_s: float = 5.0
    read_s: float = 15.0  # between two pieces of an answer
    whole_s: float = 30.0  # of one attempt


_USUAL: Final = Effort()


class NaverClient:
    """One application's way to search trend. Used on one thread at a time; a context manager."""

    def __init__(
        self,
        keys: NaverKeys,
        host: Host,
        *,
        quota: Quota,
        wait: Callable[[float], object],
        transport: httpx.BaseTransport | None = None,
        base_url: str | None = None,
        per_second: int | None = None,
        effort: Effort = _USUAL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `host`, at `base_url` if one is given (https, or http on this machine).

        `wait` sleeps so many seconds (what it raises ends the asking), `per_second` is the most calls in any second
        (None: the host's, 0: no limit), `now` a clock in seconds that only goes forward. Raises ConfigError.
        """
        self.host = host
        self.quota = quota
        self._keys = keys
        self._url = host.url(base_url)
        self._wait = wait
        self._effort = effort
        self._now = now
        self._most = host.per_second if per_second is None else per_second
        self._warned = False
        self._sent: deque[float] = deque(maxlen=max(1, self._most))
        timeout = httpx.Timeout(effort.read_s, connect=effort.connect_s)
        # A proxy of the environment is for the way out, not for what listens on this machine.
        trust_env = not host.is_local(base_url)
        try:
            self._http = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=trust_env)
        except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
            raise ConfigError(f"proxy or certificates of the environment cannot be used: {error}") from error

    def __repr__(self) -> str:
        """Show where, not who."""
        return f"NaverClient({self._url})"

    def __enter__(self) -> Self:
        """Use it; connections are closed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        self.close()

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    @property
    def warning(self) -> str:
        """Say that the host ends soon or has ended; empty when there is nothing to say."""
        return self.host.warning(self.quota.today())

    def ratios(self, request: DataLabRequest) -> DataLabAnswer:
        """Ask once, and again where that helps. Raises NaverError (see errors.py); QuotaSpent before a call is made."""
        if self.warning and not self._warned:
            self._warned = True
            logger.warning("search trend asks a host that ends", warning=self.warning)
        failed = 0
        while True:
            answer = self._once(request)
            if isinstance(answer, DataLabAnswer):
                return answer
            failed += 1
            wait_s = max(min(self._effort.wait_most_s, self._effort.wait_first_s * 2.0 ** (failed - 1)), answer.wait_s)
            if not answer.error.tried_again or failed >= self._effort.attempts or wait_s > self._effort.wait_most_s:
                raise answer.error
            self._wait(wait_s)

    def _once(self, request: DataLabRequest) -> "DataLabAnswer | _Failed":
        """Make one call. What failed is handed over, not raised: an exception of httpx holds the request and its keys,
        and must not be in the chain of what is raised."""
        self._pace()
        day = self.quota.take()
        self._sent.append(self._now())
        status, body, wait_s, trouble = self._posted(json.dumps(request.body(), ensure_ascii=False).encode())
        if trouble is not None:
            if isinstance(trouble, NoConnection):
                self.quota.give_back(day)
            return _Failed(trouble)
        try:
            if status < 300:
                return read_answer(status, body, request, self.host, self._keys)
            error = refusal(status, body, self.host, self._keys)
        except NaverError as found:
            error = found
        if isinstance(error, QuotaSpent):
            self.quota.mark_spent(day)
        return _Failed(error, wait_s)

    def _posted(self, content: bytes) -> tuple[int, bytes, float, NaverError | None]:
        """Send the request; give status, body, seconds the server asks to wait, and what went wrong on the way."""
        headers = {"Content-Type": "application/json", "User-Agent": "hantrade", **self._keys.headers(self.host)}
        ends = self._now() + self._effort.whole_s
        body = bytearray()
        try:
            with self._http.stream("POST", self._url, content=content, headers=headers) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LARGEST_ANSWER or self._now() > ends:
                        what = "is larger than any can be" if len(body) > LARGEST_ANSWER else "comes too slowly"
                        return response.status_code, b"", 0.0, self._unanswered(f"its answer {what}")
                return response.status_code, bytes(body), _retry_after(response), None
        except _UNSENT as error:
            unsent, why = True, _why(error)
        except (httpx.HTTPError, httpx.StreamError) as error:
            unsent, why = False, _why(error)
        if unsent:
            what = f"no connection to {self.host.title} at {self._url.host} ({one_line(why, self._keys)})"
            return 0, b"", 0.0, NoConnection(what, "check the network, nothing was sent")
        return 0, b"", 0.0, self._unanswered(one_line(why, self._keys))

    def _unanswered(self, why: str) -> NoAnswer:
        what = f"{self.host.title} gave no whole answer ({why})"
        return NoAnswer(what, "the call may count and is taken as made")

    def _pace(self) -> None:
        """Wait until one more call within the last second is allowed."""
        if self._most and len(self._sent) == self._most:
            free_in = self._sent[0] + 1.0 - self._now()
            if free_in > 0:
                self._wait(free_in)


class _Failed(NamedTuple):
    error: NaverError
    wait_s: float = 0.0  # the server asks for at least this


def _retry_after(response: httpx.Response) -> float:
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0.0


def _why(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())
