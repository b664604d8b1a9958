"""How Naver's two hosts say no: status, code and text by what is wrong.

The legacy host's quota and 024 texts are as recorded; 012 and everything of the HUB's gateway is from the documentation
of the same gateways, not observed on this API.
"""

import json
from typing import NamedTuple

from trends.stand_in.serving import Answer

HUB, LEGACY = "hub", "legacy"


class Refusal(NamedTuple):
    """One refusal on both hosts."""

    status: int
    code: str  # of the legacy host
    text: str
    gateway_code: str = ""  # of the HUB, nested; empty: comes from behind the gateway, in the legacy host's form
    gateway_text: str = ""


REFUSALS = {
    "bad_request": Refusal(400, "400", "Bad Request : {detail} (잘못된 요청입니다.)"),
    "unknown_key": Refusal(
        401,
        "024",
        "Not Exist Client ID : Authentication failed. (인증에 실패했습니다.)",
        "200",
        "Authentication Failed",
    ),
    "wrong_secret": Refusal(
        401,
        "024",
        "NID AUTH Result Invalid (1000) : Authentication failed. (인증에 실패했습니다.)",
        "200",
        "Authentication Failed",
    ),
    "switched_off": Refusal(403, "403", "Forbidden : DataLab (search trend) is not switched on for this application."),
    "wrong_path": Refusal(404, "404", "Not Found (찾을 수 없습니다.)", "300", "Not Found Exception"),
    "wrong_method": Refusal(405, "405", "Method Not Allowed (허용되지 않은 메서드입니다.)"),
    "too_large": Refusal(413, "413", "Request Entity Too Large", "430", "Request Entity Too Large"),
    "quota_spent": Refusal(
        429,
        "010",
        "{{count/quota={count}/{quota}}} : Query limit exceeded. (쿼리 한도를 초과했습니다.)",
        "400",
        "Quota Exceeded",
    ),
    "too_fast": Refusal(429, "012", "Rate limit exceeded. (속도 제한을 초과했습니다.)", "420", "Rate Limited"),
    "throttled": Refusal(429, "012", "Rate limit exceeded. (속도 제한을 초과했습니다.)", "410", "Throttle Limited"),
    "server_error": Refusal(500, "99", "Internal Server Error (서버 오류)"),
    "unavailable": Refusal(503, "99", "Service Unavailable (서비스를 사용할 수 없습니다.)"),
}
# What may stand in a body whose status says 200, and what is no JSON at all.
MASKED = {"error_with_200": "server_error", "quota_with_200": "quota_spent", "key_with_200": "unknown_key"}
NOT_JSON = {"html": b"<html><body>502 Bad Gateway</body></html>", "empty": b"", "no_results": b"{}"}
NAMES = (*REFUSALS, *MASKED, *NOT_JSON)


def refuse(name: str, host: str, content_type: str, **values: object) -> Answer:
    """Give a refusal by its name in NAMES, as a host says it. Raises KeyError for a name that is none."""
    labelled = (("Content-Type", content_type),)
    if name in NOT_JSON:
        html = (("Content-Type", "text/html"),)
        return Answer(502, NOT_JSON[name], html) if name == "html" else Answer(200, NOT_JSON[name], labelled)
    refusal = REFUSALS[MASKED.get(name, name)]
    body: dict[str, object] = {
        "errorMessage": refusal.text.format_map({"count": 0, "quota": 0, "detail": "", **values}),
        "errorCode": refusal.code,
    }
    if host == HUB and refusal.gateway_code:
        body = {"error": {"errorCode": refusal.gateway_code, "message": refusal.gateway_text}}
    return Answer(200 if name in MASKED else refusal.status, json.dumps(body, ensure_ascii=False).encode(), labelled)
