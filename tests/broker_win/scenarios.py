"""Every sequence of order events Kiwoom sends (kiwoom.md 2.6), as a table: what is done, what the control says, and
beside it the facts BrokerService must make of it.

The market: one KOSPI stock, 005930, base 10,000 won, bids 9,990 and asks 10,000 for 1,000 shares each, at 10:00 on
2026-01-13, and a KOSDAQ stock, 035720, base 50,000 won, without quotes; the account holds nothing and 100,000,000 won.
Numbers and ids are names: each stands for one value, the same everywhere in a scenario. Of facts and events only the
fields named count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from broker_sim.exchange import PLAIN
from broker_win.emulator.plan import TimesPlan
from domain.config import SimConfig
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
)
from domain.types import OrderKind, RequestOutcome, Side, TimeInForce

SLOW: Final = SimConfig(latency_ms=2_000, latency_jitter_ms=0, depth_levels=1, interruptions=False)
ALWAYS: Final = 1_000_000  # ppm
QUICK: Final = TimesPlan(order_ms=(10, 10), chejan_ms=(5, 5), message_ms=(1, 1))
# Slow enough for a race to be lost for sure: what is sent at once leaves before the events of what happened before.
RACE: Final = TimesPlan(order_ms=(250, 250), chejan_ms=(150, 150), message_ms=(1, 1))

# ---- what is done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A new order. `price` in won, None at the market; `told_price` is what SendOrder is given where it differs."""

    order: str
    side: Side
    quantity: int
    price: int | None = None
    kind: OrderKind | None = None  # None: limit or market, as the price tells
    time_in_force: TimeInForce = TimeInForce.DAY
    told_price: int | None = None
    code: int = 0  # what SendOrder gives
    stock: str = "005930"


@dataclass(frozen=True, slots=True)
class Cancel:
    """A cancel of what is open of a number, or of so many shares of it."""

    request: str
    number: str  # the leg to change: name of an order or of a modify
    side: Side
    quantity: int = 0
    code: int = 0


@dataclass(frozen=True, slots=True)
class Modify:
    """A modify of so many shares of a number."""

    request: str
    number: str
    side: Side
    quantity: int
    price: int
    code: int = 0


@dataclass(frozen=True, slots=True)
class Others:
    """Others trade a second later; bids stand 10 won below the price then, asks 20 above it, 1,000 shares each."""

    price: int
    quantity: int
    unheard: bool = False  # the next step is done before any event of this one comes


@dataclass(frozen=True, slots=True)
class Read:
    """Whoever trades asks for the day's orders, as an audit does. The control alone does nothing of its own."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The venue's clock goes on."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An order placed by hand in the HTS."""

    order: str
    side: Side
    quantity: int
    price: int | None = None


@dataclass(frozen=True, slots=True)
class CancelElsewhere:
    """A cancel by hand of what is open of a number."""

    number: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The control's process ends; what is in `meanwhile` happens without it; another one begins."""

    meanwhile: tuple["Others | Wait", ...] = ()


Step = Place | Cancel | Modify | Others | Read | Wait | Elsewhere | CancelElsewhere | Restart

# ---- what is heard -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tr:
    """OnReceiveTrData of an order; no number: rejected."""

    trcode: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Msg:
    """OnReceiveMsg; the code in its brackets."""

    code: str


@dataclass(frozen=True, slots=True)
class Told:
    """Chejan 0: number, 913, 902, then other FIDs by number; 914/915 are empty unless `fill` gives shares and price."""

    number: str
    status: str
    left: int
    fill: tuple[int, int] | None = None
    fids: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Balance:
    """Chejan 1: 930 and 933."""

    quantity: int
    sellable: int


Event = Tr | Msg | Told | Balance

# ---- what BrokerService says -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """One order event of BrokerService: its type and the fields that count. Ids and numbers are names."""

    kind: type
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table."""

    name: str
    steps: tuple[Step, ...]
    events: tuple[Event, ...]
    facts: tuple[Fact, ...] | None  # None: the service never asks the control for what is done here
    # The venue's own journal tells the same. Not where Kiwoom's servers refuse before the venue, nor where the service
    # cannot know all the venue does, or does not let a request go (its receipt is REFUSED then).
    venue_agrees: bool = True
    receipts: Mapping[str, RequestOutcome] = field(default_factory=dict)  # by order or request; all others SENT
    kind: str = "mock"
    orders: Mapping[str, Any] = field(default_factory=dict)  # of OrdersPlan
    unknowns: Mapping[str, Any] = field(default_factory=dict)  # of UnknownsPlan
    sim: SimConfig = PLAIN
    settles: bool = True  # False: events come only when all is done
    times: TimesPlan = QUICK


BUY, SELL = Side.BUY, Side.SELL
BUY_TR, SELL_TR = "KOA_NORMAL_BUY_KP_ORD", "KOA_NORMAL_SELL_KP_ORD"
CANCEL_TR, MODIFY_TR = "KOA_NORMAL_KP_CANCEL", "KOA_NORMAL_KP_MODIFY"
DONE = Msg("00Z112")
LOST = Msg("00Z924")


def taken(number: str, quantity: int, trcode: str = BUY_TR, **fids: str) -> tuple[Event, ...]:
    """Answer, message and 접수 of a new order."""
    told = {int(fid.removeprefix("f")): value for fid, value in fids.items()}
    return Tr(trcode, number), DONE, Told(number, "접수", quantity, fids={900: str(quantity)} | told)


def bought(
    number: str, quantity: int, price: int, left: int, held: int, sellable: int | None = None
) -> tuple[Event, ...]:
    """체결 and the balance behind it."""
    return Told(number, "체결", left, (quantity, price)), Balance(held, held if sellable is None else sellable)


def asked(request: str, number: str, quantity: int, trcode: str) -> tuple[Event, ...]:
    """Answer, message and 접수 of a cancel or modify."""
    return Tr(trcode, request), DONE, Told(request, "접수", quantity, fids={904: number})


def accepted(order: str, quantity: int, **more: Any) -> Fact:
    return Fact(OrderAccepted, {"client_order_id": order, "venue_order_id": order, "quantity": quantity} | more)


def filled(order: str, quantity: int, price: int, leaves: int, number: str = "") -> Fact:
    fields = {"client_order_id": order, "venue_order_id": number or order}
    return Fact(OrderFilled, fields | {"last_qty": quantity, "last_px": price, "leaves_qty": leaves})


def received(request: str, order: str, number: str = "", **more: Any) -> Fact:
    fields = {"client_order_id": order, "request_id": request, "venue_order_id": number or order}
    return Fact(ChangeReceived, fields | {"change_venue_order_id": request} | more)


def cancelled(request: str, order: str, quantity: int, leaves: int, number: str = "") -> Fact:
    fields = {"client_order_id": order, "request_id": request, "venue_order_id": number or order}
    return Fact(OrderCancelled, fields | {"cancelled_qty": quantity, "leaves_qty": leaves})


def replaced(request: str, order: str, quantity: int, price: int, leaves: int, number: str = "") -> Fact:
    fields = {"client_order_id": order, "request_id": request, "venue_order_id": number or order}
    moved = {"new_venue_order_id": request, "moved_qty": quantity, "limit_price": price, "leaves_qty": leaves}
    return Fact(OrderReplaced, fields | moved)


def refused(request: str, order: str, number: str = "") -> Fact:
    fields = {"client_order_id": order, "request_id": request, "venue_order_id": number or order}
    return Fact(ChangeRefused, fields)


def rejected(order: str) -> Fact:
    return Fact(OrderRejected, {"client_order_id": order})


# ---- the table ---------------------------------------------------------------------------------------------------

REST: Final = Place("a", BUY, 10, 9_980)  # stays open
TEN: Final = Place("a", BUY, 10)  # is filled at 10,000 at once

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario(
        "a market buy is filled at once",
        (TEN,),
        (*taken("a", 10, f901="0", f905="+매수", f906="시장가", f907="2"), *bought("a", 10, 10_000, 0, 10)),
        (accepted("a", 10, limit_price=None, kind=OrderKind.MARKET), filled("a", 10, 10_000, 0)),
    ),
    Scenario(
        "a limit buy rests until somebody sells",
        (REST, Others(9_990, 50), Others(9_970, 20)),
        (
            *taken("a", 10, f901="9980", f905="+매수", f906="보통", f904="0000000", f919="0"),
            *bought("a", 10, 9_980, 0, 10),
        ),
        (accepted("a", 10, limit_price=9_980), filled("a", 10, 9_980, 0)),
    ),
    Scenario(
        "part of an order is filled, the rest later",
        (REST, Others(9_970, 4), Others(9_970, 20)),
        (*taken("a", 10), *bought("a", 4, 9_980, 6, 4), *bought("a", 6, 9_980, 0, 10)),
        (accepted("a", 10), filled("a", 4, 9_980, 6), filled("a", 6, 9_980, 0)),
    ),
    Scenario(
        "an order nobody met is cancelled",
        (REST, Cancel("x", "a", BUY, 10)),
        (
            *taken("a", 10),
            *asked("x", "a", 10, CANCEL_TR),
            Told("x", "확인", 0, fids={904: "a", 901: "0", 905: "매수취소", 819: "0"}),
            Told("a", "접수", 0, fids={819: "1"}),
        ),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 10, 0)),
    ),
    Scenario(
        "a cancel of 0 shares is one of all",
        (REST, Cancel("x", "a", BUY)),
        (*taken("a", 10), *asked("x", "a", 10, CANCEL_TR), Told("x", "확인", 0), Told("a", "접수", 0)),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 10, 0)),
    ),
    Scenario(
        "a cancel of part of an order",
        (REST, Cancel("x", "a", BUY, 4)),
        (*taken("a", 10), *asked("x", "a", 4, CANCEL_TR), Told("x", "확인", 0), Told("a", "접수", 6)),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 4, 6)),
    ),
    Scenario(
        "a partly filled order is cancelled",
        (REST, Others(9_970, 4), Cancel("x", "a", BUY, 6)),
        (
            *taken("a", 10),
            *bought("a", 4, 9_980, 6, 4),
            *asked("x", "a", 6, CANCEL_TR),
            Told("x", "확인", 0),
            Told("a", "체결", 0, fids={903: "39920", 911: ""}),  # 체결, and yet no fill
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), received("x", "a"), cancelled("x", "a", 6, 0)),
    ),
    Scenario(
        "a modify moves all shares to a new number, which is filled",
        (REST, Modify("m", "a", BUY, 10, 9_970), Others(9_960, 20)),
        (
            *taken("a", 10),
            *asked("m", "a", 10, MODIFY_TR),
            Told("m", "확인", 10, fids={904: "a", 901: "9970", 905: "+매수정정"}),
            Told("a", "접수", 0),
            *bought("m", 10, 9_970, 0, 10),
        ),
        (
            accepted("a", 10),
            received("m", "a", limit_price=9_970, quantity=10),
            replaced("m", "a", 10, 9_970, 0),
            filled("a", 10, 9_970, 0, "m"),
        ),
    ),
    Scenario(
        "a modify of part of an order leaves two numbers, both are filled",
        (REST, Modify("m", "a", BUY, 4, 9_970), Others(9_960, 20)),
        (
            *taken("a", 10),
            *asked("m", "a", 4, MODIFY_TR),
            Told("m", "확인", 4),
            Told("a", "접수", 6),
            *bought("a", 6, 9_980, 0, 6),
            *bought("m", 4, 9_970, 0, 10),
        ),
        (
            accepted("a", 10),
            received("m", "a"),
            replaced("m", "a", 4, 9_970, 6),
            filled("a", 6, 9_980, 0),
            filled("a", 4, 9_970, 0, "m"),
        ),
    ),
    Scenario(
        "a partly filled order is modified",
        (REST, Others(9_970, 4), Modify("m", "a", BUY, 6, 9_960)),
        (
            *taken("a", 10),
            *bought("a", 4, 9_980, 6, 4),
            *asked("m", "a", 6, MODIFY_TR),
            Told("m", "확인", 6),
            Told("a", "체결", 0),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), received("m", "a"), replaced("m", "a", 6, 9_960, 0)),
    ),
    Scenario(
        "what was modified is cancelled under its new number",
        (REST, Modify("m", "a", BUY, 10, 9_970), Cancel("x", "m", BUY, 10)),
        (
            *taken("a", 10),
            *asked("m", "a", 10, MODIFY_TR),
            Told("m", "확인", 10),
            Told("a", "접수", 0),
            *asked("x", "m", 10, CANCEL_TR),
            Told("x", "확인", 0, fids={904: "m"}),
            Told("m", "접수", 0),
        ),
        (
            accepted("a", 10),
            received("m", "a"),
            replaced("m", "a", 10, 9_970, 0),
            received("x", "a", "m"),
            cancelled("x", "a", 10, 0, "m"),
        ),
    ),
    Scenario(
        "a modify that crosses is filled at once",
        (REST, Modify("m", "a", BUY, 10, 10_000)),
        (
            *taken("a", 10),
            *asked("m", "a", 10, MODIFY_TR),
            Told("m", "확인", 10),
            Told("a", "접수", 0),
            *bought("m", 10, 10_000, 0, 10),
        ),
        (accepted("a", 10), received("m", "a"), replaced("m", "a", 10, 10_000, 0), filled("a", 10, 10_000, 0, "m")),
    ),
    Scenario(
        "a cancel loses the race: the order was filled",
        (REST, Others(9_970, 20, unheard=True), Cancel("x", "a", BUY, 10)),
        (*taken("a", 10), *bought("a", 10, 9_980, 0, 10), Tr(CANCEL_TR), LOST),
        (accepted("a", 10), filled("a", 10, 9_980, 0), refused("x", "a")),
        times=RACE,
    ),
    Scenario(
        "a cancel loses the race and is told so by event",
        (REST, Others(9_970, 20, unheard=True), Cancel("x", "a", BUY, 10)),
        (
            *taken("a", 10),
            *bought("a", 10, 9_980, 0, 10),
            *asked("x", "a", 10, CANCEL_TR),
            Told("x", "거부", 0, fids={904: "a", 819: "1"}),
        ),
        (accepted("a", 10), filled("a", 10, 9_980, 0), received("x", "a"), refused("x", "a")),
        venue_agrees=False,  # the venue gives such a cancel no number
        unknowns={"cancel_loses_by_event": True},
        times=RACE,
    ),
    Scenario(
        "an order that is known to be filled is cancelled",
        (TEN, Cancel("x", "a", BUY, 10)),
        (*taken("a", 10), *bought("a", 10, 10_000, 0, 10), Tr(CANCEL_TR), LOST),
        (accepted("a", 10), filled("a", 10, 10_000, 0)),
        venue_agrees=False,
        receipts={"x": RequestOutcome.REFUSED},
    ),
    Scenario(
        "a cancel loses the race after it was received",
        (REST, Wait(3), Cancel("x", "a", BUY, 10), Others(9_960, 2_000), Wait(3)),
        (
            *taken("a", 10),
            *asked("x", "a", 10, CANCEL_TR),
            *bought("a", 10, 9_980, 0, 10),
            Told("x", "거부", 0, fids={904: "a"}),
        ),
        (accepted("a", 10), received("x", "a"), filled("a", 10, 9_980, 0), refused("x", "a")),
        sim=SLOW,
    ),
    Scenario(
        "part is filled while a cancel is on its way: its confirmation leaves shares",
        (REST, Wait(3), Cancel("x", "a", BUY, 10), Others(9_970, 4), Wait(3)),
        (
            *taken("a", 10),
            *asked("x", "a", 10, CANCEL_TR),
            *bought("a", 4, 9_980, 6, 4),
            Told("x", "확인", 4),
            Told("a", "체결", 0),
        ),
        (accepted("a", 10), received("x", "a"), filled("a", 4, 9_980, 6), cancelled("x", "a", 6, 0)),
        sim=SLOW,
    ),
    Scenario(
        "part is filled while a modify is on its way: it moves the rest",
        (REST, Wait(3), Modify("m", "a", BUY, 10, 9_960), Others(9_970, 4), Wait(3)),
        (
            *taken("a", 10),
            *asked("m", "a", 10, MODIFY_TR),
            *bought("a", 4, 9_980, 6, 4),
            Told("m", "확인", 6, fids={900: "10"}),
            Told("a", "체결", 0),
        ),
        (accepted("a", 10), received("m", "a"), filled("a", 4, 9_980, 6), replaced("m", "a", 6, 9_960, 0)),
        sim=SLOW,
    ),
    Scenario(
        "a number that was modified away cannot be cancelled",
        (REST, Modify("m", "a", BUY, 10, 9_970), Cancel("x", "a", BUY, 10)),
        (
            *taken("a", 10),
            *asked("m", "a", 10, MODIFY_TR),
            Told("m", "확인", 10),
            Told("a", "접수", 0),
            Tr(CANCEL_TR),
            LOST,
        ),
        (accepted("a", 10), received("m", "a"), replaced("m", "a", 10, 9_970, 0)),
        venue_agrees=False,
        receipts={"x": RequestOutcome.REFUSED},
    ),
    Scenario(
        "a cancel of more than is open is refused",
        (REST, Cancel("x", "a", BUY, 11)),
        (*taken("a", 10), Tr(CANCEL_TR), LOST),
        None,  # no more is asked for than is open
    ),
    Scenario(
        "a cancel of 0 shares is refused where it does not mean all",
        (REST, Cancel("x", "a", BUY)),
        (*taken("a", 10), Tr(CANCEL_TR), LOST),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 10, 0)),  # the service asks for what is open
        venue_agrees=False,
        unknowns={"cancel_qty_zero_is_all": False},
    ),
    Scenario(
        "the remainder of an IOC order is cancelled by the exchange",
        (Place("a", BUY, 1_500, 10_000, time_in_force=TimeInForce.IOC),),
        (
            *taken("a", 1_500, f906="보통IOC"),
            *bought("a", 1_000, 10_000, 500, 1_000),
            Told("a", "취소", 0, fids={911: ""}),
        ),
        (
            accepted("a", 1_500, time_in_force=TimeInForce.IOC),
            filled("a", 1_000, 10_000, 500),
            Fact(OrderCancelled, {"request_id": "", "venue_order_id": "a", "cancelled_qty": 500, "leaves_qty": 0}),
        ),
        kind="real",
    ),
    *(
        Scenario(
            f"a FOK order that cannot trade completely ends, told as {status}",
            (Place("a", BUY, 1_500, 10_000, time_in_force=TimeInForce.FOK),),
            (*taken("a", 1_500, f906="보통FOK"), Told("a", status, 0)),
            (
                accepted("a", 1_500, time_in_force=TimeInForce.FOK),
                Fact(OrderCancelled, {"request_id": "", "venue_order_id": "a", "cancelled_qty": 1_500}),
            ),
            kind="real",
            unknowns={"remainder_status": status},
        )
        for status in ("취소", "확인", "접수")
    ),
    Scenario(
        "a buy without the cash is rejected: a blank number and why",
        (Place("a", BUY, 100_000, 10_000),),
        (Tr(BUY_TR), Msg("00Z999")),
        (rejected("a"),),
    ),
    Scenario(
        "a buy without the cash is rejected by event",
        (Place("a", BUY, 100_000, 10_000),),
        (*taken("a", 100_000), Told("a", "거부", 0, fids={819: "1"})),
        (accepted("a", 100_000), rejected("a")),
        venue_agrees=False,  # the venue gives what it rejects no number
        unknowns={"reject_by_event": True},
    ),
    Scenario(
        "a price off the tick grid is rejected",
        (Place("a", BUY, 10, 9_983),),
        (Tr(BUY_TR), Msg("00Z999")),
        (rejected("a"),),
    ),
    Scenario(
        "a sale of what is not held is rejected",
        (Place("a", SELL, 10, 10_000),),
        (Tr(SELL_TR), Msg("00Z999")),
        (rejected("a"),),
    ),
    Scenario(
        "the mock server takes only limit and market orders",
        (Place("a", BUY, 10, None, OrderKind.BEST_LIMIT),),
        (Tr(BUY_TR), Msg("00Z990")),
        (),
        receipts={"a": RequestOutcome.REFUSED},
    ),
    Scenario(
        "a market order with a price is rejected",
        (Place("a", BUY, 10, told_price=10_000),),
        (Tr(BUY_TR), Msg("00Z237")),
        None,  # the service gives such an order no price
    ),
    Scenario(
        "an order after the close is rejected",
        (Wait(12 * 3_600), Place("a", BUY, 10, 9_980)),
        (Tr(BUY_TR), Msg("00Z218")),
        (rejected("a"),),
    ),
    Scenario(
        "a stock of the other board has TR codes of its own",
        (Place("a", BUY, 10, 49_000, stock="035720"),),
        (*taken("a", 10, "KOA_NORMAL_BUY_KQ_ORD", f9001="A035720"),),
        (accepted("a", 10, symbol="035720"),),
    ),
    Scenario(
        "shares are sold out",
        (TEN, Place("b", SELL, 10)),
        (
            *taken("a", 10),
            *bought("a", 10, 10_000, 0, 10),
            *taken("b", 10, SELL_TR, f905="-매도", f907="1"),
            *bought("b", 10, 9_990, 0, 0),
        ),
        (accepted("a", 10), filled("a", 10, 10_000, 0), accepted("b", 10, side=SELL), filled("b", 10, 9_990, 0)),
    ),
    Scenario(
        "shares are sold out and no balance says so",
        (TEN, Place("b", SELL, 10)),
        (
            *taken("a", 10),
            *bought("a", 10, 10_000, 0, 10),
            *taken("b", 10, SELL_TR),
            Told("b", "체결", 0, (10, 9_990)),
        ),
        (accepted("a", 10), filled("a", 10, 10_000, 0), accepted("b", 10), filled("b", 10, 9_990, 0)),
        unknowns={"balance_when_sold_out": False},
    ),
    Scenario(
        "a sell rests, is modified and cancelled",
        (TEN, Place("b", SELL, 10, 10_100), Modify("m", "b", SELL, 10, 10_050), Cancel("x", "m", SELL, 10)),
        (
            *taken("a", 10),
            *bought("a", 10, 10_000, 0, 10),
            *taken("b", 10, SELL_TR),
            *asked("m", "b", 10, MODIFY_TR),
            Told("m", "확인", 10, fids={905: "-매도정정", 907: "1"}),
            Told("b", "접수", 0),
            *asked("x", "m", 10, CANCEL_TR),
            Told("x", "확인", 0, fids={905: "매도취소", 907: "1"}),
            Told("m", "접수", 0),
        ),
        (
            accepted("a", 10),
            filled("a", 10, 10_000, 0),
            accepted("b", 10),
            received("m", "b"),
            replaced("m", "b", 10, 10_050, 0),
            received("x", "b", "m"),
            cancelled("x", "b", 10, 0, "m"),
        ),
    ),
    Scenario(
        "shares in a sell order are not sellable",
        (TEN, Place("b", SELL, 4, 10_100), Place("c", BUY, 1)),
        (
            *taken("a", 10),
            *bought("a", 10, 10_000, 0, 10),
            *taken("b", 4, SELL_TR),
            *taken("c", 1),
            *bought("c", 1, 10_000, 0, 11, 7),
        ),
        (
            accepted("a", 10),
            filled("a", 10, 10_000, 0),
            accepted("b", 4),
            accepted("c", 1),
            filled("c", 1, 10_000, 0),
        ),
    ),
    Scenario(
        "the quantity of a fill is that of the fill alone",
        (REST, Others(9_970, 4), Others(9_970, 20)),
        (
            *taken("a", 10),
            Told("a", "체결", 6, (4, 9_980), {911: "4"}),
            Balance(4, 4),
            Told("a", "체결", 0, (6, 9_980), {911: "6"}),
            Balance(10, 10),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), filled("a", 6, 9_980, 0)),
        unknowns={"fill_qty_is_cumulative": False},
    ),
    Scenario(
        "the quantity of a fill is the sum of all",
        (REST, Others(9_970, 4), Others(9_970, 20)),
        (
            *taken("a", 10),
            Told("a", "체결", 6, (4, 9_980), {911: "4"}),
            Balance(4, 4),
            Told("a", "체결", 0, (6, 9_980), {911: "10"}),
            Balance(10, 10),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), filled("a", 6, 9_980, 0)),
    ),
    Scenario(
        "events come before the answer",
        (TEN,),
        (Told("a", "접수", 10), *bought("a", 10, 10_000, 0, 10), Tr(BUY_TR, "a"), DONE),
        (accepted("a", 10), filled("a", 10, 10_000, 0)),
        orders={"chejan_first_ppm": ALWAYS},
    ),
    Scenario(
        "events of a cancel come before its answer",
        (REST, Cancel("x", "a", BUY, 10)),
        (
            Told("a", "접수", 10),
            Tr(BUY_TR, "a"),
            DONE,
            Told("x", "접수", 10),
            Told("x", "확인", 0),
            Told("a", "접수", 0),
            Tr(CANCEL_TR, "x"),
            DONE,
        ),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 10, 0)),
        orders={"chejan_first_ppm": ALWAYS},
    ),
    Scenario(
        "a balance comes behind later fills",
        (REST, Others(9_970, 4), Others(9_970, 20)),
        (
            *taken("a", 10),
            Told("a", "체결", 6, (4, 9_980)),
            Told("a", "체결", 0, (6, 9_980)),
            Balance(10, 10),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), filled("a", 6, 9_980, 0)),
        orders={"balance_late_ppm": ALWAYS},
        settles=False,
    ),
    Scenario(
        "events come twice",
        (TEN,),
        (
            Tr(BUY_TR, "a"),
            DONE,
            Told("a", "접수", 10),
            Told("a", "접수", 10),
            Told("a", "체결", 0, (10, 10_000)),
            Told("a", "체결", 0, (10, 10_000)),
            Balance(10, 10),
            Balance(10, 10),
        ),
        (accepted("a", 10), filled("a", 10, 10_000, 0)),
        orders={"chejan_twice_ppm": ALWAYS},
    ),
    Scenario(
        "no event comes: lists tell",
        (TEN, Read()),
        (Tr(BUY_TR, "a"), DONE),
        (accepted("a", 10), filled("a", 10, 10_000, 0)),
        orders={"chejan_lost_ppm": ALWAYS},
    ),
    Scenario(
        "no answer comes: events tell",
        (REST,),
        (Told("a", "접수", 10),),
        (accepted("a", 10),),
        orders={"answer_lost_ppm": ALWAYS},
    ),
    Scenario(
        "neither answer nor event comes, and there is no order",
        (REST,),
        (),
        (),
        orders={"swallowed_ppm": ALWAYS},
    ),
    Scenario(
        "sending fails: the first never arrived, the second did",
        (Place("a", BUY, 10, 9_980, code=-307), Place("b", BUY, 5, 9_970, code=-307)),
        (Told("b", "접수", 5),),
        (accepted("b", 5),),
        receipts={"a": RequestOutcome.IN_DOUBT, "b": RequestOutcome.IN_DOUBT},
        orders={"send_fails_ppm": ALWAYS},
    ),
    Scenario(
        "an order placed elsewhere is heard",
        (Elsewhere("h", BUY, 10),),
        (
            Told("h", "접수", 10, fids={920: "0000"}),
            *bought("h", 10, 10_000, 0, 10),
        ),
        (
            Fact(OrderAccepted, {"client_order_id": "", "venue_order_id": "h", "quantity": 10}),
            Fact(OrderFilled, {"client_order_id": "", "venue_order_id": "h", "last_qty": 10}),
        ),
        venue_agrees=False,  # the venue has an id for it, the service does not know it
    ),
    Scenario(
        "an order placed elsewhere is not heard: lists tell",
        (Elsewhere("h", BUY, 10), Read()),
        (),
        (
            Fact(OrderAccepted, {"client_order_id": "", "venue_order_id": "h", "quantity": 10}),
            Fact(OrderFilled, {"client_order_id": "", "venue_order_id": "h", "last_qty": 10}),
        ),
        venue_agrees=False,
        unknowns={"hts_orders_are_heard": False},
    ),
    Scenario(
        "an order of ours is cancelled elsewhere",
        (REST, CancelElsewhere("a")),
        (
            *taken("a", 10),
            Told("x", "접수", 10, fids={920: "0000", 904: "a"}),
            Told("x", "확인", 0),
            Told("a", "접수", 0),
        ),
        (
            accepted("a", 10),
            Fact(OrderCancelled, {"client_order_id": "a", "venue_order_id": "a", "cancelled_qty": 10, "leaves_qty": 0}),
        ),
        venue_agrees=False,
    ),
    Scenario(
        "an order is filled while the control's process is away: nothing is replayed",
        (REST, Restart((Others(9_970, 4),)), Others(9_970, 20)),
        (
            *taken("a", 10),
            Told("a", "체결", 0, (6, 9_980), {903: "99800", 911: "10", 920: "0000"}),
            Balance(10, 10),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6), filled("a", 6, 9_980, 0)),
    ),
    Scenario(
        "an order is filled while the control's process is away: the day is replayed",
        (REST, Restart((Others(9_970, 4),))),
        (
            *taken("a", 10),
            Told("a", "접수", 10, fids={920: "0000"}),
            *bought("a", 4, 9_980, 6, 4),
        ),
        (accepted("a", 10), filled("a", 4, 9_980, 6)),
        unknowns={"replay_after_reconnect": True},
    ),
    Scenario(
        "an order of an earlier process is cancelled by this one",
        (REST, Restart(), Cancel("x", "a", BUY, 10)),
        (
            *taken("a", 10),
            *asked("x", "a", 10, CANCEL_TR),
            Told("x", "확인", 0),
            Told("a", "접수", 0, fids={920: "0000"}),
        ),
        (accepted("a", 10), received("x", "a"), cancelled("x", "a", 10, 0)),
    ),
    Scenario(
        "a day order expires at the close: no event",
        (REST, Wait(12 * 3_600)),
        (*taken("a", 10),),
        (accepted("a", 10), Fact(OrderExpired, {"venue_order_id": "a", "expired_qty": 10})),
    ),
    Scenario(
        "a partly filled day order expires at the close: no event",
        (REST, Others(9_970, 4), Wait(12 * 3_600)),
        (*taken("a", 10), *bought("a", 4, 9_980, 6, 4)),
        (accepted("a", 10), filled("a", 4, 9_980, 6), Fact(OrderExpired, {"venue_order_id": "a", "expired_qty": 6})),
    ),
)
