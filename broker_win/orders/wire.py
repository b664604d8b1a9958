"""The last step to Kiwoom: one SendOrder per request, never again, and what its return code says of it.

0 says that the request left, no more: what became of it comes as events. Source of the codes: kiwoom.md 1.8.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from broker.gateway import LastStep
from broker.port import OrderRequest
from broker_win.bridge import Bridge, ControlHung
from broker_win.config import WinConfig
from broker_win.control import Answer, Control, Value
from broker_win.orders.asks import Ask
from broker_win.orders.known import Leg
from broker_win.orders.notices import Action
from broker_win.orders.price_types import order_type
from broker_win.orders.wanted import Wanted, wanted
from domain.errors import BrokerOutcomeUnknown, LogError, RequestRefused
from domain.messages.orders import OrderFact
from domain.types import RequestId, ServerKind, Side

WARNINGS: Final = {"2": "정리매매", "3": "단기과열", "4": "투자위험", "5": "투자경고"}  # of IsOrderWarningStock
PASSWORD_HELP: Final = "register it: tray icon of OpenAPI+ (right click), 계좌비밀번호 저장, tick AUTO"
TOO_FAST: Final = (-308, -311)
REFUSED: Final = {
    -300: "wrong order input",
    -301: f"the account's password is not registered; {PASSWORD_HELP}",
    -302: "the account belongs to somebody else",
    -303: "an order of more than 2 billion KRW",
    -304: "an order of more than 5 billion KRW",
    -305: "more than 1 % of the listed shares",
    -306: "more than 3 % of the listed shares",
    -309: "more than 300 contracts",
    -310: "more than 500 contracts",
    -340: "no such account information",
    -500: "no such symbol",
}


class Sender(Protocol):
    """The side of the orders that remembers."""

    def leg(self, number: str) -> Leg | None:
        """Give an order number of today."""

    def begin(self, request: OrderRequest, want: Wanted) -> Ask:
        """Give a request a screen and a name nobody else has, and make durable what is about to be asked.

        Raises RequestRefused without a free screen, LogError.
        """

    def end(self, request_id: RequestId, *, is_refused: bool) -> None:
        """Hear how sending ended: surely not sent, or not surely."""


class SendOrderWire:
    """An AwaitedWire over the control."""

    def __init__(
        self,
        bridge: Bridge,
        config: WinConfig,
        sender: Sender,
        account: Callable[[], str],
        may_send: Callable[[], str],
    ) -> None:
        """`may_send` says why no order may go, empty when they may."""
        self._bridge, self._config = bridge, config
        self._sender, self._account, self._may_send = sender, account, may_send

    async def place(self, request: OrderRequest, last_step: LastStep) -> Sequence[OrderFact]:
        """Send one request; its facts come as events. Raises RequestRefused and BrokerOutcomeUnknown."""
        why = self._may_send()
        if why:
            raise RequestRefused("NOT_READY", f"{why}; it was not sent")
        want = wanted(request, self._sender.leg, self._config)
        try:
            ask = self._sender.begin(request, want)
        except LogError as error:
            raise RequestRefused("JOURNAL_FAILED", f"{error}; it was not sent") from error
        is_refused = False
        try:
            job = _Job(self._config.server_kind, ask, want.price_type, self._account(), last_step)
            judge(await self._send(ask, job))
        except RequestRefused:
            is_refused = True
            raise
        finally:
            self._sender.end(ask.request_id, is_refused=is_refused)
        return ()

    async def _send(self, ask: Ask, job: "_Job") -> Answer:
        try:
            return await self._bridge.run(job, self._config.answer_timeout_s)
        except ControlHung as hung:
            if job.handed_over or hung.started:
                raise BrokerOutcomeUnknown(f"{hung} whether {ask.request_id} was sent is not known") from hung
            raise RequestRefused("CONTROL_HANGS", f"{hung} it was not sent") from hung
        except RequestRefused:
            raise
        except Exception as error:
            if job.handed_over:
                raise BrokerOutcomeUnknown(f"SendOrder raised {error!r}: whether it was sent is not known") from error
            raise RequestRefused("CONTROL_FAILED", f"the control failed before SendOrder: {error!r}") from error


class _Job:
    """What runs on the control's thread, in one piece."""

    def __init__(self, server: ServerKind, ask: Ask, price_type: str, account: str, last_step: LastStep) -> None:
        self._server, self._ask, self._price_type, self._account = server, ask, price_type, account
        self._last_step = last_step
        self.handed_over = False  # True from the moment SendOrder may have been called

    def __call__(self, control: Control) -> Answer:
        self._check_session(control)
        ask = self._ask
        if ask.action is Action.NEW and ask.side is Side.BUY:
            _check_warning(control, ask.code)
        arguments: tuple[Value, ...] = (
            ask.rqname,
            ask.screen,
            self._account,
            order_type(ask.action, ask.side),
            ask.code,
            ask.quantity,
            ask.price or 0,
            self._price_type,
            ask.original,
        )
        with self._last_step():
            self.handed_over = True
            return control.call("SendOrder", *arguments)

    def _check_session(self, control: Control) -> None:
        if control.call("GetConnectState") != 1:
            raise RequestRefused("NOT_LOGGED_IN", "the control is not connected with Kiwoom; it was not sent")
        told = control.call("GetLoginInfo", "GetServerGubun")
        if not isinstance(told, str):
            raise RequestRefused("WRONG_SERVER", "the control does not tell which server it is; it was not sent")
        kind = ServerKind.MOCK if told.strip() == "1" else ServerKind.REAL
        if kind is not self._server:
            words = f"the control is logged in to the {kind} server, {self._server} is configured; it was not sent"
            raise RequestRefused("WRONG_SERVER", words, field="server_kind", value=kind, allowed=self._server)


def _check_warning(control: Control, code: str) -> None:
    """Refuse a buy that opens a modal dialog on the PC and blocks the control."""
    told = control.call("KOA_Functions", "IsOrderWarningStock", code)
    flag = told.strip() if isinstance(told, str) else ""
    if flag != "0":
        why = WARNINGS.get(flag, f"Kiwoom says {flag!r}" if flag else "Kiwoom does not tell whether it is flagged")
        words = f"{code} is flagged ({why}): buying it opens a dialog that blocks the control; it was not sent"
        raise RequestRefused("FLAGGED_STOCK", words, field="symbol", value=code, allowed="a stock without a warning")


def judge(code: Answer) -> None:
    """Say what SendOrder's return code means; 0 passes. Raises RequestRefused and BrokerOutcomeUnknown."""
    if code == 0:
        return
    if code in TOO_FAST:
        raise RequestRefused("RATE_LIMITED", f"Kiwoom takes no more orders in this second ({code}); it was not sent")
    if isinstance(code, int) and code in REFUSED:
        raise RequestRefused(f"KIWOOM{code}", f"{REFUSED[code]} ({code}); it was not sent")
    raise BrokerOutcomeUnknown(f"SendOrder gave {code}: whether the order reached Kiwoom is not known")
