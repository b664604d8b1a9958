"""What the tests of the Naver client share: a request, its answer, a quota in a folder, a client on a fake wire."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from trends.naver.client import NaverClient
from trends.naver.hosts import API_HUB, Host, NaverKeys
from trends.naver.request import DataLabRequest, Group
from trends.quota import Quota

ID, SECRET = "Qz81hJ0123456789", "Wk92mLABCDEFGHIJ"
KEYS = NaverKeys(ID, SECRET)
TODAY = date(2026, 11, 23)
START = date(2026, 11, 1)


def a_request(**changed: Any) -> DataLabRequest:
    groups = (Group("005930", ("삼성전자", "005930")), Group("anchor", ("날씨",)))
    return DataLabRequest(**{"groups": groups, "start": START, "end": START + timedelta(days=3), **changed})


def an_answer(request: DataLabRequest | None = None) -> dict[str, Any]:
    """Give the answer Naver would: 100, 75, 50 … for each group of a daily request."""
    asked = request or a_request()
    days = [asked.start + timedelta(days=back) for back in range((asked.end - asked.start).days + 1)]
    return {
        "startDate": asked.start.isoformat(),
        "endDate": asked.end.isoformat(),
        "timeUnit": asked.unit,
        "results": [
            {
                "title": group.name,
                "keywords": list(group.words),
                "data": [
                    {"period": day.isoformat(), "ratio": round(100 / (1 + place + later), 5)}
                    for later, day in enumerate(days)
                ],
            }
            for place, group in enumerate(asked.groups)
        ],
    }


class Wire:
    """Answers each call with the next of what it was given, the last for ever; keeps calls and waits."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers) or [answered(an_answer())]
        self.calls: list[httpx.Request] = []
        self.waits: list[float] = []
        self.now = 100.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def client(self, folder: Path, host: Host = API_HUB, a_day: int = 1_000, **more: Any) -> NaverClient:
        return NaverClient(
            KEYS,
            host,
            quota=a_quota(folder, a_day),
            wait=self.wait,
            transport=httpx.MockTransport(self.handle),
            now=lambda: self.now,
            **more,
        )


def a_quota(folder: Path, a_day: int = 1_000) -> Quota:
    return Quota(folder / "quota.db", ID, a_day, None, lambda: TODAY)


def answered(body: object, status: int = 200, **headers: str) -> httpx.Response:
    """Give an answer with JSON that is labelled as text, as the HUB was seen to do."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return httpx.Response(status, content=content, headers={"Content-Type": "text/plain;charset=utf-8", **headers})


def api_error(code: str, text: str) -> dict[str, object]:
    return {"errorMessage": text, "errorCode": code}


def gateway_error(code: str, text: str) -> dict[str, object]:
    return {"error": {"errorCode": code, "message": text}}
