"""What `hantrade doctor --broker` looks at, from this machine through the wire: one finding each, with the remedy.

Later looks need what earlier ones found: without a connection nothing else is asked. The order placed at the end goes
to a simulated or mock server only, at the lowest price of the day, and is cancelled; on a real server it never goes.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import Any, Final

from broker.client import BrokerClient
from broker.port import Diagnosis, DiagnosisState, Guard, Receipt
from broker.security.access import Access, host_of
from broker.transport import is_loopback
from cli.output import krw
from domain.accounts import AccountMark
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.messages.link import SessionInfo
from domain.messages.orders import CancelOrder, OrderAccepted, OrderCancelled, OrderRejected, SubmitOrder
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Gate,
    OrderKind,
    Purpose,
    RequestId,
    RequestOutcome,
    ServerKind,
    Side,
    UnixNanos,
)

OK, WARNING, FAILED, NOT_KNOWN = DiagnosisState
NAME: Final = "doctor"  # of our order session: it fences nobody off
QUOTE_S: Final = 10.0
ANSWER_S: Final = 15.0
MOST_OFFSET_S: Final = 1.0  # requests live 3 s: a clock that is further off than this endangers them
MOST_SYMBOLS: Final = 5
DOCS: Final = "docs/windows.md"

Find = Callable[..., Diagnosis]
ANY_ACCOUNT: Final = AccountMark()


class BrokerDoctor:
    """Looks at one broker."""

    def __init__(
        self,
        endpoint: str,
        access: Access,
        symbols: tuple[str, ...],
        expected: ServerKind | None,
        account: AccountMark = ANY_ACCOUNT,
    ) -> None:
        """Keep whom to look at, what to watch (empty: what it serves), and what it should be.

        `expected` is a kind of server (None: any), `account` where orders must go.
        """
        self._endpoint, self._access, self._symbols, self._expected = endpoint, access, symbols, expected
        self._expected_account = account
        self._client: BrokerClient
        self._session: SessionInfo
        self._offset_s: float | None = None  # of the broker's system clock against ours

    def look(self, *, why_no_order: str) -> Iterator[Diagnosis]:
        """Give each finding as soon as it is there. An order is placed and cancelled unless a reason is given."""
        with self._connected() as reached:
            yield reached
            if reached.state is FAILED:
                return
            yield self._certificate()
            yield from self._own_words()
            kind, account = self._server_kind(), self._account()
            yield kind
            yield account
            yield self._quote()
            yield self._clock()
            yield self._list()
            yield self._deposit()
            if FAILED in (kind.state, account.state):
                yield _skipped("order", "it would go to a server or an account that is not the expected one")
            else:
                yield _skipped("order", why_no_order) if why_no_order else self._order()

    # ---- one look each -----------------------------------------------------------------------------------------

    @contextmanager
    def _connected(self) -> Iterator[Diagnosis]:
        try:
            self._client = BrokerClient(self._endpoint, ANSWER_S, None, self._access)
        except HantradeError as error:
            yield Diagnosis("reachable", FAILED, str(error), "`hantrade certs list` shows the files; docs/security.md")
            return
        try:
            yield self._reached()
        finally:
            self._client.close()

    def _reached(self) -> Diagnosis:
        begun = time.monotonic()
        try:
            self._session = self._client.session()
        except RequestRefused as error:
            remedy = "show a token it knows: HANTRADE_BROKER_TOKEN or the keyring (docs/security.md)"
            return Diagnosis("reachable", FAILED, str(error), remedy)
        except HantradeError as error:
            here = "is one running? `hantrade broker serve sim` starts a simulated one"
            there = f"is the PC on, its task running, the firewall open for this machine ({DOCS})?"
            remedy = here if is_loopback(host_of(self._endpoint)) else there
            return Diagnosis("reachable", FAILED, str(error), remedy)
        took = (time.monotonic() - begun) * 1000
        return Diagnosis("reachable", OK, f"{self._endpoint} answered in {took:.0f} ms")

    def _certificate(self) -> Diagnosis:
        files = self._access.tls
        if files is None:
            if is_loopback(host_of(self._endpoint)):
                return Diagnosis("certificate", OK, "plain text, on this machine only")
            return Diagnosis("certificate", WARNING, "no TLS", "`hantrade certs init`, docs/security.md")
        from cli.authority import SOON_DAYS, days_left

        left = days_left(files.cert)
        if left < SOON_DAYS:
            return Diagnosis(
                "certificate", WARNING, f"ours expires in {left} days", f"`hantrade certs renew {files.cert.stem}`"
            )
        return Diagnosis("certificate", OK, f"both ends proved themselves; ours is good for {left} days")

    def _own_words(self) -> Iterator[Diagnosis]:
        """Give what the broker says of itself; a broker that says nothing is judged by its session."""
        try:
            yield from self._client.diagnose(probe=True)
        except RequestRefused as error:
            if error.code not in ("NOT_OFFERED", "UNIMPLEMENTED"):
                yield Diagnosis("login", NOT_KNOWN, str(error), "the token's role must be operator or more")
                return
            up = self._session.logged_in
            remedy = "" if up else self._session.trouble or "log in at the broker"
            yield Diagnosis("login", OK if up else FAILED, "logged in" if up else "not logged in", remedy)
            yield Diagnosis("accounts", OK, self._session.account or "none")
        except HantradeError as error:
            yield Diagnosis("login", FAILED, str(error), "look at the broker's own output")

    def _server_kind(self) -> Diagnosis:
        with suppress(HantradeError):
            self._session = self._client.session()  # it may have logged in meanwhile
        kind = self._session.server_kind
        if self._expected is None or kind is self._expected:
            return Diagnosis("expected_kind", OK, f"orders would go to a {kind} server")
        remedy = "[broker] server in hantrade.toml says what is expected; the PC's log-in decides what it is"
        return Diagnosis("expected_kind", FAILED, f"expected {self._expected}, is {kind}", remedy)

    def _account(self) -> Diagnosis:
        account, expected = self._session.account, self._expected_account
        if not expected.end:
            return Diagnosis("expected_account", OK, "any: [broker] account in hantrade.toml is empty")
        if self._session.server_kind is ServerKind.SIMULATED:
            return Diagnosis("expected_account", OK, f"a simulated broker has its own: {account}")
        if expected.fits(account, self._session.account_check):
            return Diagnosis("expected_account", OK, f"orders would go to {account}")
        same = ", another one that ends so" if account.endswith(expected.end) else ""
        told = f"expected the one that ends in {expected.end}, is {account or 'none'}{same}"
        return Diagnosis("expected_account", FAILED, told, "[broker] account in hantrade.toml, or `account` on the PC")

    def _quote(self) -> Diagnosis:
        try:
            symbols = self._symbols[:MOST_SYMBOLS] or self._served()
            if not symbols:
                return Diagnosis("quote", WARNING, "it serves no instrument", "is it logged in?")
            return self._first_row(symbols)
        except HantradeError as error:
            return Diagnosis("quote", FAILED, str(error), "the codes must be listed; it must be logged in")

    def _served(self) -> tuple[str, ...]:
        known, _ = self._client.instruments()
        return tuple(one.symbol for one in known if one.tradable)[:MOST_SYMBOLS]

    def _first_row(self, symbols: tuple[str, ...]) -> Diagnosis:
        rows: Queue[Any] = Queue()
        stream = self._client.quotes(symbols)

        def read() -> None:
            try:
                for _, batch in stream:
                    rows.put(batch)
            except HantradeError as error:
                rows.put(error)

        reader = threading.Thread(target=read, name="doctor quotes", daemon=True)
        reader.start()
        try:
            return self._judged(rows.get(timeout=QUOTE_S), symbols)
        except Empty:
            latest = self._client.latest_quotes(symbols)
            if latest:
                last = latest[-1]
                detail = f"nothing live in {QUOTE_S:.0f} s; last known: {last.symbol} at {krw(last.price)} KRW"
                return Diagnosis("quote", WARNING, detail, "normal outside market hours")
            return Diagnosis(
                "quote", WARNING, f"nothing came in {QUOTE_S:.0f} s", "normal outside market hours; else see its log"
            )
        finally:
            stream.close()
            reader.join(QUOTE_S)

    def _judged(self, first: Any, symbols: tuple[str, ...]) -> Diagnosis:
        if isinstance(first, HantradeError):
            raise first
        self._offset_s = (first.sent_at - time.time_ns()) / NANOS_PER_SECOND
        if not first.rows:
            return Diagnosis("quote", WARNING, "the source has no more data today", "")
        row = first.rows[-1]
        return Diagnosis("quote", OK, f"{row.symbol} at {krw(row.price)} KRW, of {len(symbols)} watched")

    def _clock(self) -> Diagnosis:
        is_of_today = self._session.speed_milli is None and self._session.server_kind is not ServerKind.SIMULATED
        if self._offset_s is None and is_of_today:
            with suppress(HantradeError):
                before = time.time_ns()
                told = self._client.session().venue_time
                self._offset_s = (told - (before + time.time_ns()) // 2) / NANOS_PER_SECOND
        if self._offset_s is None:
            return Diagnosis("clock_offset", NOT_KNOWN, "told with the first quote")
        detail = (
            f"the broker's clock is {abs(self._offset_s):.3f} s {'ahead of' if self._offset_s > 0 else 'behind'} ours"
        )
        if abs(self._offset_s) <= MOST_OFFSET_S:
            return Diagnosis("clock_offset", OK, detail)
        remedy = "set both clocks by a time server: orders are refused when they seem too old"
        return Diagnosis("clock_offset", FAILED, detail, remedy)

    def _list(self) -> Diagnosis:
        try:
            orders, _ = self._client.open_orders()
            held, _ = self._client.positions()
        except HantradeError as error:
            return Diagnosis("query", FAILED, str(error), "account_password and requests above tell why")
        return Diagnosis("query", OK, f"{len(orders)} open orders, {len(held)} holdings")

    def _deposit(self) -> Diagnosis:
        try:
            account = self._client.account()
        except HantradeError as error:
            return Diagnosis("deposit", FAILED, str(error), "account_password above tells why")
        return Diagnosis("deposit", OK, f"{krw(account.cash)} KRW, {krw(account.orderable_cash)} KRW orderable")

    def _order(self) -> Diagnosis:
        kind = self._session.server_kind
        if kind is ServerKind.REAL:
            return _skipped("order", "never on a real server")
        if self._session.gate is not Gate.OPEN:
            return _skipped("order", f"the broker's gate is {self._session.gate}; it is opened by a trader")
        try:
            return _FarOrder(self._client, self._session, self._symbols or self._served()).place()
        except HantradeError as error:
            return Diagnosis("order", FAILED, str(error), "`hantrade status` and the broker's log tell more")


class _FarOrder:
    """One share at the lowest price of the day, and its cancel."""

    def __init__(self, client: BrokerClient, session: SessionInfo, symbols: tuple[str, ...]) -> None:
        self._client, self._session = client, session
        self._heard: Queue[Any] = Queue()
        known, _ = client.instruments(symbols[:MOST_SYMBOLS])
        self._stock = next((one for one in known if one.tradable and one.lower_limit and not one.flags), None)

    def place(self) -> Diagnosis:
        """Place, hear of it, cancel, hear of it."""
        if self._stock is None or self._stock.lower_limit is None:
            return _skipped("order", "no instrument with known limits and without a warning")
        put = self._heard.put
        opened: Queue[Any] = Queue()
        after = self._client.open_orders()[1]  # what came before is nobody's business here
        journal = self._session.journal_id if after else ""
        session = self._client.order_session(after, journal, put, put, opened.put, lambda why, _: put(why), NAME)
        try:
            begun = opened.get(timeout=ANSWER_S)
            own = f"doctor-{uuid.uuid4().hex[:12]}"
            session.submit(self._submit(own, self._stock.symbol, self._stock.lower_limit), self._guard(begun))
            accepted: Diagnosis | OrderAccepted = self._until(own, OrderAccepted)
            if isinstance(accepted, Diagnosis):
                return accepted
            session.cancel(
                CancelOrder(RequestId(f"{own}-c"), ClientOrderId(own), accepted.venue_order_id, 0, _soon()),
                self._guard(begun),
            )
            cancelled: Diagnosis | OrderCancelled = self._until(own, OrderCancelled)
            if isinstance(cancelled, Diagnosis):
                return cancelled
        except Empty:
            remedy = "look at open orders in the broker's own program: it may stand there"
            return Diagnosis("order", FAILED, f"nothing was heard of it in {ANSWER_S:.0f} s", remedy)
        finally:
            session.close()
        detail = f"1 {accepted.symbol} at {krw(accepted.limit_price)} KRW was accepted as {accepted.venue_order_id}"
        return Diagnosis("order", OK, f"{detail} and cancelled")

    def _submit(self, own: str, symbol: str, price: Any) -> SubmitOrder:
        return SubmitOrder(ClientOrderId(own), symbol, Side.BUY, OrderKind.LIMIT, Purpose.ENTRY, 1, price, _soon())

    def _guard(self, opened: Any) -> Guard:
        return Guard(opened.journal_id, opened.epoch, _soon())

    def _until(self, own: str, kind: type[Any]) -> Any:
        """Give the fact of this order that is waited for, or the finding that it will not come. Raises Empty."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            said = self._heard.get(timeout=max(0.001, deadline - time.monotonic()))
            if isinstance(said, HantradeError) or said is None:
                raise said or BrokerUnavailable("the order session ended")
            if isinstance(said, Receipt):
                if said.request_id.startswith(own) and said.outcome is not RequestOutcome.SENT:
                    return Diagnosis("order", FAILED, f"{said.outcome} {said.code}: {said.text}", "the text says why")
            elif getattr(said, "client_order_id", "") == own:
                if isinstance(said, OrderRejected):
                    return Diagnosis(
                        "order", WARNING, f"rejected: {said.code} {said.text}", "normal outside market hours"
                    )
                if isinstance(said, kind):
                    return said


def _soon() -> UnixNanos:
    return UnixNanos(time.time_ns() + 5 * NANOS_PER_SECOND)


def _skipped(name: str, why: str) -> Diagnosis:
    return Diagnosis(name, NOT_KNOWN, why)
