"""What Kiwoom's return codes and texts mean for a query, in words with a remedy. Source: facts, kiwoom.md 1.8."""

from collections.abc import Sequence
from typing import Final

from broker_win.control import Answer
from broker_win.requests.queue import Budget
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused

PAUSED: Final = (-200, -211)  # asked too often, queries in all or those of accounts: patience
AGAIN: Final = (*PAUSED, -205)
PASSWORD: Final = -301
PASSWORD_WORD: Final = "비밀번호"
REMEDY: Final = (
    "the account password is not registered on the Windows PC; right-click the OpenAPI+ icon beside the clock, choose "
    "계좌비밀번호 저장, enter the password of the account and tick AUTO"
)
WORDS: Final = {
    -1: "failed without a reason",
    -10: "failed",
    -22: "the query failed",
    -101: "the server cannot be reached",
    -106: "the line to Kiwoom is lost",
    -200: "queries are asked too often",
    -201: "the request could not be prepared",
    -205: "the data could not be received",
    -211: "queries of the account are asked too often",
}
CALLER: Final = {
    -105: "a wrong argument",
    -202: "a wrong input",
    -204: "too many codes",
    -206: "too many fields",
    -300: "a wrong input",
    -302: "an account of somebody else",
    -340: "no such account",
    -500: "no such symbol",
}


class PasswordMissing(BrokerUnavailable):
    """The account password is not registered in OpenAPI+: a person must do it on the PC."""


def failure_of(gave: Answer, trcode: str, texts: Sequence[str], what: str = "") -> tuple[HantradeError, bool]:
    """Give the error a code or a text stands for, and whether asking again is of use.

    `what` says in words what is wrong where there is no code. Texts are for people and may change: only the word for
    password is looked for in them.
    """
    said = said_in_words(texts)
    if gave == PASSWORD or wants_password(texts):
        return PasswordMissing(f"{trcode} was not answered: {REMEDY}{said}"), False
    if what:
        return BrokerUnavailable(f"{what}{said}"), False
    if gave is None:
        return BrokerUnavailable(f"{trcode} was not taken: the control does not answer; is OpenAPI+ registered?"), False
    if isinstance(gave, int) and gave in CALLER:
        reason = f"{trcode} was refused with {gave}: {CALLER[gave]}{said}"
        return RequestRefused("INVALID_ARGUMENT", reason, field=trcode, value=str(gave)), False
    words = WORDS.get(gave, "no words for this code") if isinstance(gave, int) else "no code"
    return BrokerUnavailable(f"{trcode} gave {gave}: {words}{said}"), gave in AGAIN


def wants_password(texts: Sequence[str]) -> bool:
    """Tell whether Kiwoom said something about the password of the account: it does when it is missing or wrong."""
    return any(PASSWORD_WORD in text for text in texts)


def said_in_words(texts: Sequence[str]) -> str:
    """Give what Kiwoom said as the end of a sentence; empty when it said nothing."""
    return f" (Kiwoom said: {' / '.join(texts)})" if texts else ""


def no_room(what: str, budget: Budget) -> RequestRefused:
    """Give the refusal of a query that has no room to wait in."""
    waiting = ", ".join(f"{count} {name.lower()}" for name, count in budget.waiting.items() if count)
    return RequestRefused(
        "TOO_MANY_CALLS",
        f"{what} was not asked: too many queries wait for Kiwoom ({waiting})",
        field="queries",
        value=waiting,
        allowed="fewer at once; the limit is Kiwoom's",
    )
