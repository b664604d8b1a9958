"""Order events, asks and list rows for tests, as Kiwoom writes them."""

from datetime import date
from typing import Any

from broker_win.orders.asks import Ask
from broker_win.orders.books import Now
from broker_win.orders.flow import OrderFlow
from broker_win.orders.notices import Action, read_order
from broker_win.rows import OrderLists, OrderRow
from domain.messages.orders import OrderFact
from domain.time import from_kst
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Krw,
    Market,
    OrderKind,
    RequestId,
    Side,
    TimeInForce,
    UnixNanos,
)

DAY = date(2026, 11, 23)
OPEN = from_kst(DAY, 10, 0)
ACCOUNT = "8012345611"
CODE = "005930"
TIMEOUT_NS = 5 * NANOS_PER_SECOND
KIND_TEXTS = {
    (Side.BUY, Action.NEW): "+매수",
    (Side.SELL, Action.NEW): "-매도",
    (Side.BUY, Action.MODIFY): "+매수정정",
    (Side.SELL, Action.MODIFY): "-매도정정",
    (Side.BUY, Action.CANCEL): "매수취소",
    (Side.SELL, Action.CANCEL): "매도취소",
}


def chejan(
    number: str = "0000101",
    status: str = "접수",
    *,
    quantity: int = 100,
    leaves: int = 100,
    price: int = 10_000,
    notional: int = 0,
    original: str = "",
    side: Side = Side.BUY,
    action: Action = Action.NEW,
    fill: tuple[int, int] | None = None,
    trade: str = "",
    screen: str = "2000",
    reason: str = "",
    time: str = "100001",
    code: str = CODE,
    **others: Any,
) -> dict[int, str]:
    """Give the values of an order event, padded and signed as they come; `fill` is shares and price.

    `others` sets fields by number: f902="x".
    """
    values = {
        9201: ACCOUNT,
        9203: number,
        9001: f"A{code}",
        912: "JJ",
        913: status,
        302: "삼성전자            ",
        900: str(quantity),
        901: str(price),
        902: str(leaves),
        903: str(notional),
        904: original or "0000000",
        905: KIND_TEXTS[side, action],
        906: "보통",
        907: "2" if side is Side.BUY else "1",
        908: time,
        909: trade,
        910: str(fill[1]) if fill else "",
        911: str(fill[0]) if fill else "",
        914: f"{fill[1]}" if fill else "",
        915: str(fill[0]) if fill else "",
        919: reason or "0",
        920: screen,
    }
    return values | {int(name[1:]): value for name, value in others.items()}


def an_ask(
    request_id: str = "o-1",
    *,
    order: str = "",
    action: Action = Action.NEW,
    side: Side = Side.BUY,
    quantity: int = 100,
    price: int | None = 10_000,
    original: str = "",
    in_force: TimeInForce = TimeInForce.DAY,
    screen: str = "2000",
    asked_at: int = OPEN,
    code: str = CODE,
) -> Ask:
    """Give what is asked; its name is the request's."""
    return Ask(
        RequestId(request_id),
        ClientOrderId(order or request_id),
        action,
        code,
        side,
        quantity,
        None if price is None else Krw(price),
        original,
        OrderKind.LIMIT if price is not None or action is Action.CANCEL else OrderKind.MARKET,
        in_force,
        screen,
        f"name-{request_id}",
        UnixNanos(asked_at),
    )


def a_row(
    number: str = "0000101",
    *,
    original: str = "",
    side: Side = Side.BUY,
    action: Action = Action.NEW,
    status: str = "접수",
    quantity: int = 100,
    price: int = 10_000,
    leaves: int = 100,
    confirmed: int = 0,
    filled: int = 0,
    notional: int = 0,
    code: str = CODE,
    at: int = OPEN,
) -> OrderRow:
    """Give a row of the lists."""
    return OrderRow(
        number,
        original,
        code,
        side,
        action.value,
        status,
        "보통",
        quantity,
        Krw(price),
        leaves,
        confirmed,
        filled,
        Krw(notional),
        None,
        None,
        UnixNanos(at),
    )


class Bench:
    """A flow with a clock to hand; facts come out in words."""

    def __init__(self, *, is_over: bool = False, total_is_cumulative: bool = True) -> None:
        """Begin at 10:00 with nothing known. Commission 0.35 %."""
        self.at = 0
        self.flow = OrderFlow(
            DAY,
            commission_ppm=3_500,
            market_of=lambda _code: Market.KOSPI,
            answer_timeout_ns=TIMEOUT_NS,
            total_is_cumulative=total_is_cumulative,
        )
        self.flow.is_over = is_over
        self.facts: list[OrderFact] = []

    @property
    def now(self) -> Now:
        """Give both clocks."""
        return Now(UnixNanos(OPEN + self.at), self.at)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at += int(seconds * NANOS_PER_SECOND)
        self.flow.tick(self.now)

    def ask(self, ask: Ask) -> None:
        """Send a request: SendOrder gave 0."""
        self.flow.begin(ask, self.now)
        self.flow.end(ask.request_id, self.now, is_refused=False)

    def answer(self, request_id: str, number: str) -> None:
        """Let the TR answer come."""
        assert self.flow.answer(f"name-{request_id}", number, self.now)

    def say(self, request_id: str, words: str) -> None:
        """Let the message come."""
        assert self.flow.message(f"name-{request_id}", words, self.now)

    def hear(self, values: dict[int, str]) -> None:
        """Let an order event come."""
        self.flow.notice(read_order(values, DAY), self.now)

    def learn(self, *rows: OrderRow) -> None:
        """Read the lists."""
        self.flow.learn(OrderLists(rows, self.now.venue), self.now)

    def told(self) -> list[str]:
        """Give the facts since the last look, in words."""
        facts = self.flow.take()
        self.facts += facts
        return [in_words(fact) for fact in facts]

    def questions(self) -> list[str]:
        """Give what is open."""
        return [question.key for question in self.flow.questions(self.now)]


def in_words(fact: OrderFact) -> str:
    """Say a fact in one short line."""
    name = type(fact).__name__
    who = fact.client_order_id or "-"
    fields = {
        "OrderAccepted": ("venue_order_id", "quantity", "limit_price"),
        "OrderRejected": ("code", "text"),
        "OrderFilled": ("venue_order_id", "trade_id", "last_qty", "last_px", "leaves_qty"),
        "ChangeReceived": ("request_id", "venue_order_id", "change_venue_order_id", "quantity", "limit_price"),
        "ChangeRefused": ("request_id", "venue_order_id", "code", "text"),
        "OrderCancelled": ("request_id", "venue_order_id", "cancelled_qty", "leaves_qty"),
        "OrderReplaced": (
            "request_id",
            "venue_order_id",
            "new_venue_order_id",
            "moved_qty",
            "limit_price",
            "leaves_qty",
        ),
        "OrderExpired": ("venue_order_id", "expired_qty"),
    }[name]
    return " ".join([name, who, *(_short(getattr(fact, field)) for field in fields)])


def _short(value: object) -> str:
    words = str(value)
    return words.lstrip("0") if len(words) == 7 and words.isdecimal() else words
