"""A server that behaves as Naver's search trend API does, with both hosts' paths on one port of this machine.

Where Naver's own behaviour is not known (how late a day is, whether an empty bucket is 0 or absent, how the HUB words
its refusals) it is a setting, so that a client can be tried against both.
"""

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from domain.time import KST
from trends.stand_in.naver_refusals import HUB, LEGACY, NAMES, refuse
from trends.stand_in.naver_request import BadRequest, TrendRequest, read_request
from trends.stand_in.series import Volumes, ratios, summed
from trends.stand_in.serving import LARGEST_BODY, Answer, Asked, Fault, LoopbackServer

PATHS = {"/search-trend/v1/search": HUB, "/v1/datalab/search": LEGACY}
HEADERS = {
    HUB: ("x-ncp-apigw-api-key-id", "x-ncp-apigw-api-key"),
    LEGACY: ("x-naver-client-id", "x-naver-client-secret"),
}
KEYS = {HUB: {"stand-in-hub": "hub-secret"}, LEGACY: {"stand-in-legacy": "legacy-secret"}}


class Call(NamedTuple):
    """One request that came in."""

    number: int  # from 1, over both hosts; what `faults` counts by
    host: str  # hub, legacy; empty: a path of neither
    method: str
    path: str
    key_id: str  # as sent for the host of the path
    body: Any  # parsed JSON; None when it is none
    status: int  # as answered; a call that was dropped was answered all the same, only nobody heard

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Give the words of each group that was asked for; empty when the body is no request."""
        groups = self.body.get("keywordGroups", []) if isinstance(self.body, dict) else []
        return tuple(tuple(group["keywords"]) for group in groups)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may do. None: as much as it likes."""

    a_day: int | None = 1_000  # calls on one KST date, refused ones with a good key included
    a_month: int | None = None  # the same in a calendar month
    a_second: int | None = None


@dataclass(frozen=True, slots=True)
class Rebase:
    """From now on all values before a day are answered multiplied by a factor: history was revised."""

    before: date
    factor: float


def kst_now() -> datetime:
    """Give the time in KST."""
    return datetime.fromtimestamp(time.time(), KST)


class NaverStandIn(LoopbackServer):
    """Naver's search trend on loopback, see the module. Settings are attributes and may be changed while it serves.

    `series`: volume by word and day. A word's ratio is that of its volume to the largest bucket of all groups in the
    request, times 100, five decimals; a group sums its words; a day the series does not hold is absent. A word nobody
    searched (not in `series`) gives a group without data.

    Refusals a Fault may name: `NAMES` in trends/stand_in/naver_refusals.py (server_error, too_fast, quota_spent,
    unknown_key, error_with_200, html, ...).
    """

    refusals = NAMES

    def __init__(
        self,
        series: Mapping[str, Volumes],
        *,
        keys: Mapping[str, Mapping[str, str]] = KEYS,
        limits: Limits = Limits(),
        now: Callable[[], datetime] = kst_now,
        seconds: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        """Serve these series. `keys`: secret by key id, by host; `now` in KST; `seconds` for the limit a second."""
        super().__init__(port)
        self.series = dict(series)
        self.keys = keys
        self.limits = limits
        self.calls: list[Call] = []
        self.late_days = 0  # so many of the newest past days are absent; today is absent always
        self.late_until: datetime | None = None  # from then on they are there; None: they stay absent
        self.drops_zeros = False  # True: a bucket without searches is absent; False: its ratio is 0
        self.switched_on = True  # False: the key's application has no DataLab
        self.rebase: Rebase | None = None
        # The HUB was seen to label JSON as text, so that is what a client must live with.
        self.content_types = {HUB: "text/plain;charset=utf-8", LEGACY: "application/json;charset=UTF-8"}
        self._now = now
        self._seconds = seconds
        self._used: dict[tuple[str, str], int] = defaultdict(int)  # by key id and date or month
        self._recent: dict[str, deque[float]] = defaultdict(deque)  # by key id

    def used(self, key_id: str) -> int:
        """Give the calls a key has used today."""
        with self._lock:
            return self._used[key_id, self._now().date().isoformat()]

    def answer(self, asked: Asked, number: int, fault: Fault) -> Answer:
        """Answer one call and note it."""
        host = PATHS.get(asked.path, "")
        key_id = asked.headers.get(HEADERS[host][0], "") if host else ""
        answer = self._answer(asked, host, key_id, fault)
        try:
            body = json.loads(asked.body)
        except ValueError:
            body = None
        self.calls.append(Call(number, host, asked.method, asked.path, key_id, body, answer.status))
        return answer

    def _answer(self, asked: Asked, host: str, key_id: str, fault: Fault) -> Answer:
        label = self.content_types[host or LEGACY]
        # A path of neither host: whose gateway it is shows in the key that came with it.
        where = host or (HUB if HEADERS[HUB][0] in asked.headers else LEGACY)
        refused, values = self._refusal(asked, host, key_id)
        if not refused and fault.refusal:
            refused = fault.refusal
            values = {"count": (self.limits.a_day or 0) + 1, "quota": self.limits.a_day or 0}
        if refused:
            return refuse(refused, where, label, **values)
        try:
            request = read_request(asked.headers.get("content-type", ""), asked.body)
        except BadRequest as error:
            return refuse("bad_request", where, label, detail=error)
        return Answer(200, json.dumps(self._data(request), ensure_ascii=False).encode(), (("Content-Type", label),))

    def _refusal(self, asked: Asked, host: str, key_id: str) -> tuple[str, dict[str, object]]:
        """Name what a call is refused for before its body is read, empty if nothing; in the order gateways check."""
        if not host:
            return "wrong_path", {}
        if asked.method != "POST":
            return "wrong_method", {}
        if len(asked.body) > LARGEST_BODY:
            return "too_large", {}
        secret = self.keys.get(host, {}).get(key_id)
        if secret is None:
            return "unknown_key", {}
        if asked.headers.get(HEADERS[host][1], "") != secret:
            return "wrong_secret", {}
        if not self.switched_on:
            return "switched_off", {}
        if self._too_fast(key_id):
            return "too_fast", {}
        return self._quota(key_id)

    def _too_fast(self, key_id: str) -> bool:
        if self.limits.a_second is None:
            return False
        recent, now = self._recent[key_id], self._seconds()
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if len(recent) >= self.limits.a_second:
            return True
        recent.append(now)
        return False

    def _quota(self, key_id: str) -> tuple[str, dict[str, object]]:
        today = self._now().date()
        for period, allowed in (
            (today.isoformat(), self.limits.a_day),
            (today.isoformat()[:7], self.limits.a_month),
        ):
            self._used[key_id, period] += 1
            count = self._used[key_id, period]
            if allowed is not None and count > allowed:
                return "quota_spent", {"count": count, "quota": allowed}
        return "", {}

    def _data(self, request: TrendRequest) -> dict[str, Any]:
        last = min(request.last, self._newest())
        groups = [
            summed([self._volumes(word) for word in dict.fromkeys(group.words)], request.first, last, request.unit)
            for group in request.groups
        ]
        if self.drops_zeros:
            groups = [{day: volume for day, volume in group.items() if volume} for group in groups]
        return {
            "startDate": request.first.isoformat(),
            "endDate": request.last.isoformat(),
            "timeUnit": request.unit,
            "results": [
                {
                    "title": group.title,
                    "keywords": list(group.words),
                    "data": [{"period": day.isoformat(), "ratio": ratio} for day, ratio in scaled.items()],
                }
                for group, scaled in zip(request.groups, ratios(groups), strict=True)
            ],
        }

    def _newest(self) -> date:
        """Give the newest day there are data of."""
        now = self._now()
        late = 0 if self.late_until is not None and now >= self.late_until else self.late_days
        return now.date() - timedelta(days=1 + late)

    def _volumes(self, word: str) -> Volumes:
        volumes = self.series.get(word, {})
        if self.rebase is None:
            return volumes
        before, factor = self.rebase.before, self.rebase.factor
        return {day: volume * factor if day < before else volume for day, volume in volumes.items()}


__all__ = ["KEYS", "NAMES", "Call", "Fault", "Limits", "NaverStandIn", "Rebase", "kst_now"]
