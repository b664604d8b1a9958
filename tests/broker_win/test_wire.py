"""The last step to Kiwoom: nine arguments, one call, and what its code means."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from broker.port import OrderRequest
from broker_win.config import UnknownsConfig, WinConfig
from broker_win.orders.asks import Ask
from broker_win.orders.known import Leg
from broker_win.orders.wanted import Wanted
from broker_win.orders.wire import REFUSED, SendOrderWire
from domain.errors import BrokerOutcomeUnknown, LogFull, RequestRefused
from domain.messages.orders import CancelOrder, ModifyOrder, SubmitOrder
from domain.types import (
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    ServerKind,
    Side,
    TimeInForce,
    UnixNanos,
    Venue,
    VenueOrderId,
)
from tests.broker_win.order_kit import ACCOUNT, CODE, an_ask
from tests.broker_win.order_venue import FakeBridge, FakeControl
from tests.broker_win.order_venue import Venue as LittleVenue

LATER = UnixNanos(10**18)


def a_submit(
    side: Side = Side.BUY,
    kind: OrderKind = OrderKind.LIMIT,
    force: TimeInForce = TimeInForce.DAY,
    venue: Venue = Venue.KRX,
    quantity: int = 10,
    price: int | None = 10_000,
) -> SubmitOrder:
    limit = None if price is None else Krw(price)
    return SubmitOrder(ClientOrderId("o-1"), CODE, side, kind, Purpose.ENTRY, quantity, limit, LATER, force, venue)


def a_cancel(quantity: int = 0) -> CancelOrder:
    return CancelOrder(RequestId("c-1"), ClientOrderId("o-1"), VenueOrderId("0000101"), quantity, LATER)


def a_modify(quantity: int = 40, price: int = 10_100) -> ModifyOrder:
    number = VenueOrderId("0000101")
    return ModifyOrder(RequestId("m-1"), ClientOrderId("o-1"), number, Purpose.ENTRY, quantity, Krw(price), LATER)


class Wired:
    """A wire with a little memory behind it."""

    def __init__(self, config: WinConfig | None = None, kind: OrderKind = OrderKind.LIMIT, filled: int = 0) -> None:
        config = config or WinConfig(server_kind=ServerKind.REAL)
        self.control = FakeControl(LittleVenue(lambda: 0))
        self.control.reaches = False
        self.control.gubun = "1" if config.server_kind is ServerKind.MOCK else "0"
        self.bridge = FakeBridge(self.control)
        self.ends: list[tuple[str, bool]] = []
        self.order = Leg(
            VenueOrderId("0000101"),
            ClientOrderId("o-1"),
            CODE,
            Side.SELL,
            100,
            Krw(10_000),
            kind,
            TimeInForce.DAY,
            Venue.KRX,
            cancelled=filled,
        )
        self.why = ""
        self.journal_fails = False
        self.refuses: RequestRefused | None = None
        self.wire = SendOrderWire(self.bridge, config, self, lambda: ACCOUNT, lambda: self.why)

    def leg(self, number: str) -> Leg | None:
        return self.order if number == self.order.number else None

    def begin(self, request: OrderRequest, want: Wanted) -> Ask:
        if self.journal_fails:
            raise LogFull("no space is left")
        request_id = "o-1" if isinstance(request, SubmitOrder) else request.request_id
        return an_ask(
            request_id,
            order="o-1",
            action=want.action,
            side=want.side,
            quantity=want.quantity,
            price=want.price,
            original=want.original,
        )

    def end(self, request_id: RequestId, *, is_refused: bool) -> None:
        self.ends.append((request_id, is_refused))

    @contextmanager
    def last_step(self) -> Iterator[None]:
        if self.refuses is not None:
            raise self.refuses
        yield

    def place(self, request: OrderRequest) -> None:
        assert not list(asyncio.run(self.wire.place(request, self.last_step)))

    def refusal(self, request: OrderRequest) -> str:
        with pytest.raises(RequestRefused) as raised:
            self.place(request)
        return raised.value.code


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        (a_submit(), (1, CODE, 10, 10_000, "00", "")),
        (a_submit(Side.SELL), (2, CODE, 10, 10_000, "00", "")),
        (a_submit(kind=OrderKind.MARKET, price=None), (1, CODE, 10, 0, "03", "")),
        (a_submit(kind=OrderKind.CONDITIONAL_LIMIT), (1, CODE, 10, 10_000, "05", "")),
        (a_submit(kind=OrderKind.BEST_LIMIT, force=TimeInForce.FOK, price=None), (1, CODE, 10, 0, "26", "")),
        (a_submit(force=TimeInForce.IOC), (1, CODE, 10, 10_000, "10", "")),
        (a_submit(kind=OrderKind.POST_CLOSE, price=None), (1, CODE, 10, 0, "81", "")),
        (a_cancel(), (4, CODE, 100, 0, "00", "0000101")),
        (a_cancel(30), (4, CODE, 30, 0, "00", "0000101")),
        (a_cancel(300), (4, CODE, 100, 0, "00", "0000101")),
        (a_modify(), (6, CODE, 40, 10_100, "00", "0000101")),
    ],
)
def test_given_a_request_when_sent_then_send_order_has_its_arguments(
    request_: OrderRequest, arguments: tuple[object, ...]
) -> None:
    at = Wired()
    at.place(request_)
    [call] = at.control.calls
    assert call[1:3] == ("2000", ACCOUNT)
    assert call[3:] == arguments
    assert [refused for _, refused in at.ends] == [False]


def test_given_shares_that_are_gone_and_nobody_told_how_when_cancelled_then_only_the_rest_is_asked() -> None:
    at = Wired()
    at.order.show(60)
    at.place(a_cancel())
    assert at.control.calls[0][5] == 60


def test_given_zero_means_all_when_all_is_cancelled_then_zero_is_asked() -> None:
    at = Wired(WinConfig(server_kind=ServerKind.REAL, unknowns=UnknownsConfig(cancel_qty_zero_is_all=True)))
    at.place(a_cancel())
    assert at.control.calls[0][5] == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (a_submit(venue=Venue.NXT), "NOT_OFFERED"),
        (a_submit(kind=OrderKind.MID, price=None), "NOT_OFFERED"),
        (a_submit(kind=OrderKind.FIRST_LIMIT, force=TimeInForce.IOC, price=None), "NOT_OFFERED"),
        (a_submit(quantity=0), "BAD_ORDER"),
        (a_submit(quantity=2**31), "BAD_ORDER"),
        (a_submit(price=0), "BAD_ORDER"),
        (a_submit(price=None), "BAD_ORDER"),
        (a_modify(quantity=0), "BAD_ORDER"),
    ],
)
def test_given_what_send_order_cannot_say_when_asked_then_it_is_refused(request_: OrderRequest, code: str) -> None:
    at = Wired()
    assert at.refusal(request_) == code
    assert (at.control.calls, at.ends) == ([], [])


def test_given_the_mock_server_when_asked_for_more_than_it_takes_then_it_is_refused() -> None:
    at = Wired(WinConfig(server_kind=ServerKind.MOCK))
    assert at.refusal(a_submit(kind=OrderKind.BEST_LIMIT, price=None)) == "NOT_OFFERED"
    assert at.refusal(a_submit(force=TimeInForce.IOC)) == "NOT_OFFERED"
    at.place(a_submit(kind=OrderKind.MARKET, price=None))
    assert len(at.control.calls) == 1


def test_given_an_order_without_a_price_when_modified_then_its_type_may_not_change() -> None:
    assert Wired(kind=OrderKind.MARKET).refusal(a_modify()) == "NOT_OFFERED"


def test_given_nothing_open_or_another_number_when_changed_then_it_is_refused() -> None:
    assert Wired(filled=100).refusal(a_cancel()) == "NOT_OPEN"
    at = Wired()
    at.order.number = VenueOrderId("0000999")
    assert at.refusal(a_modify()) == "UNKNOWN_ORDER"


@pytest.mark.parametrize("flag", ["2", "3", "4", "5", "", "9", None])
def test_given_a_flagged_stock_when_bought_then_it_is_refused_and_a_sale_goes(flag: str | None) -> None:
    at = Wired()
    at.control.warning = flag
    assert at.refusal(a_submit()) == "FLAGGED_STOCK"
    assert at.ends == [("o-1", True)]
    at.place(a_submit(Side.SELL))
    at.place(a_cancel())
    assert len(at.control.calls) == 2


@pytest.mark.parametrize(("gubun", "code"), [("1", "WRONG_SERVER"), (None, "WRONG_SERVER")])
def test_given_another_server_when_sending_then_it_is_refused(gubun: str | None, code: str) -> None:
    at = Wired()
    at.control.gubun = gubun
    assert at.refusal(a_cancel()) == code
    assert at.control.calls == []


def test_given_no_connection_when_sending_then_it_is_refused() -> None:
    at = Wired()
    at.control.state = 0
    assert at.refusal(a_submit()) == "NOT_LOGGED_IN"
    at.why = "not logged in"
    assert at.refusal(a_submit()) == "NOT_READY"
    assert at.control.calls == []


@pytest.mark.parametrize("code", [-308, -311])
def test_given_too_many_orders_when_sent_then_it_is_refused_as_not_sent(code: int) -> None:
    at = Wired()
    at.control.code = code
    assert at.refusal(a_submit()) == "RATE_LIMITED"
    assert at.ends == [("o-1", True)]


@pytest.mark.parametrize("code", REFUSED)
def test_given_a_code_that_says_not_sent_when_sent_then_it_is_refused_with_it(code: int) -> None:
    at = Wired()
    at.control.code = code
    assert at.refusal(a_submit()) == f"KIWOOM{code}"


@pytest.mark.parametrize("code", [-307, -106, None, -1, 1, "0"])
def test_given_any_other_code_when_sent_then_nobody_knows(code: int | str | None) -> None:
    at = Wired()
    at.control.code = code
    with pytest.raises(BrokerOutcomeUnknown):
        at.place(a_submit())
    assert at.ends == [("o-1", False)]
    assert len(at.control.calls) == 1


def test_given_a_control_that_hangs_when_sending_then_only_a_job_that_never_began_is_refused() -> None:
    at = Wired()
    at.bridge.hangs = "before"
    assert at.refusal(a_submit()) == "CONTROL_HANGS"
    at.bridge.hangs = "after"
    with pytest.raises(BrokerOutcomeUnknown):
        at.place(a_submit())
    assert at.ends == [("o-1", True), ("o-1", False)]


def test_given_a_gate_that_shut_when_sending_then_the_last_step_refuses() -> None:
    at = Wired()
    at.refuses = RequestRefused("GATE_CLOSED", "shut")
    assert at.refusal(a_submit()) == "GATE_CLOSED"
    assert (at.control.calls, at.ends) == ([], [("o-1", True)])


def test_given_a_journal_that_cannot_keep_the_request_when_sending_then_it_is_not_sent() -> None:
    at = Wired()
    at.journal_fails = True
    assert at.refusal(a_submit()) == "JOURNAL_FAILED"
    assert at.control.calls == []


@pytest.mark.parametrize(("method", "is_known"), [("KOA_Functions", True), ("SendOrder", False)])
def test_given_a_control_that_raises_when_called_then_it_matters_whether_send_order_was(
    method: str, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, call = Wired(), FakeControl.call

    def fails(self: FakeControl, name: str, *arguments: object) -> object:
        if name == method:
            raise OSError("the control died")
        return call(self, name, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(FakeControl, "call", fails)
    if is_known:
        assert at.refusal(a_submit()) == "CONTROL_FAILED"
    else:
        with pytest.raises(BrokerOutcomeUnknown):
            at.place(a_submit())
