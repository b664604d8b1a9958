"""What OnReceiveMsg says of orders: a code in brackets and words. The venue's reasons in Kiwoom's manner.

Codes 00Z112, 00Z217, 00Z218, 00Z237 and 00Z924 were seen on the mock server (kiwoom.md 1.7); the others are made up
here, as are most of the words: nobody may branch on them.
"""

from typing import Final

from domain.types import DayOrderAction

DONE: Final = ("00Z112", "정상처리 되었습니다")
BEFORE_OPEN: Final = ("00Z217", "장시작전 입니다")
AFTER_CLOSE: Final = ("00Z218", "장종료 상태입니다")
NO_PRICE_WANTED: Final = ("00Z237", "단가를 입력하지 않습니다")
TOO_MUCH_TO_CHANGE: Final = ("00Z924", "{action}수량이 {action}가능수량을 초과합니다")
NOT_ON_MOCK: Final = ("00Z990", "지정가, 시장가 주문만 가능합니다")
NO_SUCH_ORDER: Final = ("00Z991", "원주문번호가 존재하지 않습니다")
OTHER: Final = "00Z999"

_WORDS: Final = {
    "BAD_TICK": "호가단위 오류입니다",
    "OUTSIDE_LIMITS": "상하한가를 벗어난 단가입니다",
    "BAD_PRICE": "주문단가를 확인하십시오",
    "BAD_QUANTITY": "주문수량을 확인하십시오",
    "INSUFFICIENT_CASH": "주문가능금액이 부족합니다",
    "INSUFFICIENT_SHARES": "매도가능수량이 부족합니다",
    "KIND_NOT_ALLOWED": "현재 시간에 주문할 수 없는 거래구분입니다",
    "MARKET_HALTED": "매매거래가 중단되었습니다",
    "NOT_TRADABLE": "거래정지 종목입니다",
    "UNKNOWN_SYMBOL": "종목코드 오류입니다",
}
_ACTIONS: Final = {DayOrderAction.NEW: "주문", DayOrderAction.CANCEL: "취소", DayOrderAction.MODIFY: "정정"}


def message(said: tuple[str, str], action: DayOrderAction, is_mock: bool) -> str:
    """Put a code and words together as the server does."""
    code, words = said
    return f"[{code}] {'모의투자 ' if is_mock else ''}{words.format(action=_ACTIONS[action])}"


def refusal(code: str, text: str, action: DayOrderAction, *, is_morning: bool) -> tuple[str, str]:
    """Give code and words for a reason of the venue (`broker_sim/venue_rules.py`); its own text where there are none.

    `is_morning`: the regular session is still to come.
    """
    if code == "SESSION_CLOSED":
        return BEFORE_OPEN if is_morning else AFTER_CLOSE
    if action is not DayOrderAction.NEW and code in ("NOT_OPEN", "BAD_QUANTITY"):
        return TOO_MUCH_TO_CHANGE
    return OTHER, _WORDS.get(code, text.replace("{", "(").replace("}", ")"))
