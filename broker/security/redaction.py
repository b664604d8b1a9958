"""Takes secrets out of text before it leaves the process: account numbers, keys, tokens, bearer headers.

Secrets this process has read itself (`remember`) go wherever they stand, the others by their shape. Account numbers of
Kiwoom have ten digits, without the product part eight; the last four stay, so that a person can tell two apart.
"""

import re
import threading

HIDDEN = "***"
SHORTEST_SECRET = 6  # shorter ones would black out ordinary words

_KEY = r"(?:authorization|secret(?:_?key)?|token|password|passwd|credentials?|(?:app|api|access|private)[_-]?key)"
_NAMED = re.compile(rf"(?i)(?<![a-z])({_KEY}[\"']?\s*[=:]\s*)(bearer\s+)?(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}")
_TOKEN = re.compile(r"\bht_[A-Za-z0-9_-]{16,}")
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
# 8 to 10 digits by themselves, or as 1234-5678-90 or 12345678-90. What carries a unit is an amount; what is part of a
# longer word (an id, a hash), of a decimal number or of one with commas is no account. Korean particles may follow.
_ACCOUNT = re.compile(
    r"(?<![A-Za-z0-9_.,])(?<!\d-)(?:\d{8,10}|\d{4}-\d{4}-\d{2}|\d{8}-\d{2})(?![A-Za-z0-9_]|-\d|[.,]\d)"
    r"(?!\s*(?:KRW|won|원|주|shares|events|ms|ns)(?![A-Za-z]))"
)
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

_lock = threading.Lock()
_remembered: set[str] = set()


def remember(secret: str) -> str:
    """Black this secret out from now on wherever it stands; gives it back."""
    if len(secret) >= SHORTEST_SECRET:
        with _lock:
            _remembered.add(secret)
    return secret


def redacted(text: str, field: str = "") -> str:
    """Give a text without secrets. What was redacted already stays as it is.

    Of a text about one field the digits stay, unless it is the account: they are a price or a number of shares.
    """
    with _lock:
        known = sorted(_remembered, key=len, reverse=True)  # a secret may hold another
    for secret in known:
        text = text.replace(secret, HIDDEN)
    text = _PRIVATE.sub(HIDDEN, text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _JWT.sub(HIDDEN, _TOKEN.sub(HIDDEN, text))
    return text if field and "account" not in field else _ACCOUNT.sub(_masked_account, text)


def masked(account: str) -> str:
    """Give an account number but for its last four digits hidden."""
    return HIDDEN + account[-4:]


def _masked_account(found: "re.Match[str]") -> str:
    digits = found[0].replace("-", "")
    return found[0] if _DAY.fullmatch(found[0]) else masked(digits)
