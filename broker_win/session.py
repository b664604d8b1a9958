"""The log-in of Kiwoom's control: asked for, waited for, checked, and what it is worth for orders.

Lives on the event loop. The control says 0 for a log-in and a negative code for anything else, later -106 for a lost
line (facts behind it: kiwoom.md 1.1, 1.8, 4.2); GetConnectState may lag and is only asked when nothing else is known.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from broker_win.bridge import Bridge
from broker_win.config import WinConfig
from broker_win.control import Connected, Control
from domain.accounts import masked
from domain.errors import BrokerUnavailable, HantradeError
from domain.types import ServerKind
from fsm import broker_login
from fsm.broker_login import LOGGED_IN, State

LINE_LOST: Final = -106
ACCOUNT_DIGITS: Final = 10
WORDS: Final = {
    -100: "the exchange of user data failed; try again, or log in by hand once",
    -101: "the server cannot be reached",
    -102: "OpenAPI+ wants a newer version: run `python -m broker_win update` on the PC",
    -103: "the personal firewall of OpenAPI+ failed; a person must look at the PC",
    -104: "the memory protection of OpenAPI+ failed; the process is started again",
    LINE_LOST: "the line to Kiwoom is lost; the process is started again",
}
_log = logging.getLogger(__name__)


class LoginFailed(BrokerUnavailable):
    """The log-in did not come about."""


class WinSession:
    """One log-in for the life of a process."""

    def __init__(
        self,
        bridge: Bridge,
        config: WinConfig,
        prepare: Callable[[bool], Awaitable[None]],
        on_lost: Callable[[int], None] = lambda _code: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep what to do once logged in, and whom to tell of a lost line (its code).

        `prepare` is called with True when orders may go, too.
        """
        self._bridge, self._config = bridge, config
        self._prepare, self._on_lost, self._sleep = prepare, on_lost, sleep
        self._said: asyncio.Future[int] | None = None  # what the control says of the log-in under way
        self._under_way: asyncio.Task[None] | None = None
        self.state = State.OFFLINE
        self.account = ""  # 10 digits, once logged in
        self.accounts: tuple[str, ...] = ()
        self.server_kind = config.server_kind  # as configured until the log-in tells
        self._why = "not logged in yet"
        self._is_checked = False  # server and accounts are those of this log-in

    @property
    def logged_in(self) -> bool:
        """Tell whether the line stands, and which server and accounts are behind it."""
        return self.state in LOGGED_IN and self._is_checked

    @property
    def ready(self) -> bool:
        """Tell whether orders may go."""
        return self.state is State.READY

    def trouble(self) -> str:
        """Say in words why orders may not go; empty when they may."""
        return "" if self.ready else self._why

    def masked(self) -> str:
        """Give the account but for its last four digits; empty when none is known."""
        return masked(self.account)

    async def login(self) -> None:
        """Log in unless that is done or under way. Raises LoginFailed with the reason in words."""
        if self.state is State.LOST:
            raise LoginFailed(self._why)
        if self.state in (State.READY, State.REFUSED):
            return
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().create_task(self._log_in())
        await asyncio.shield(self._under_way)

    def hear(self, event: Connected) -> None:
        """Take what the control says of its line."""
        if self._said is not None and not self._said.done():
            self._said.set_result(event.code)
        elif event.code < 0:
            self._lose(event.code)

    def lost(self, why: str) -> None:
        """Take it that the line is gone, e.g. because the hourly limit demands another log-in."""
        self._lose(LINE_LOST, why)

    async def close(self) -> None:
        """Stop waiting."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    # ---- inside ------------------------------------------------------------------------------------------------

    async def _log_in(self) -> None:
        self._move("ask", "logging in")
        self._is_checked = False
        self._said = asyncio.get_running_loop().create_future()
        try:
            await self._ask()
            self._move("succeed", "logged in; what happened meanwhile is being read")
            await self._check()
            self._is_checked = True
            await self._prepare(self.state is State.PREPARING)
            if self.state is State.PREPARING:  # the line may have been lost meanwhile
                self._move("prepare", "")
        except asyncio.CancelledError:
            self._fail("the log-in was cut off")
            raise
        except HantradeError as error:
            self._fail(str(error))
            raise LoginFailed(self._why) from error
        finally:
            self._said = None
        if self.state is State.LOST:
            raise LoginFailed(self._why)

    async def _ask(self) -> None:
        assert self._said is not None
        if await self._bridge.run(lambda control: control.call("GetConnectState")) == 1:
            return
        code = await self._bridge.run(lambda control: control.call("CommConnect"))
        if code != 0:
            raise LoginFailed(f"CommConnect gave {code}: {_words(code)}")
        waiting = asyncio.ensure_future(self._sleep(self._config.login_timeout_s))
        try:
            both: set[asyncio.Future[Any]] = {self._said, waiting}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not self._said.done():
            limit = f"{self._config.login_timeout_s:.0f} s"
            raise LoginFailed(f"the log-in did not end within {limit}: does a window wait for somebody on the PC?")
        if (said := self._said.result()) != 0:
            raise LoginFailed(f"the log-in failed with {said}: {_words(said)}")

    async def _check(self) -> None:
        """Find out which server and account this is; refuse orders when they are not those configured."""

        def look(control: Control) -> tuple[object, object]:
            return control.call("KOA_Functions", "GetServerGubun", ""), control.call("GetLoginInfo", "ACCNO")

        kind, accounts = await self._bridge.run(look)
        if kind is None or accounts is None:
            raise LoginFailed("the control does not tell server and accounts; is OpenAPI+ registered?")
        self.server_kind = ServerKind.MOCK if str(kind).strip() == "1" else ServerKind.REAL
        self.accounts = tuple(one.strip() for one in str(accounts).split(";") if one.strip())
        expected, wanted = self._config.server_kind, self._config.account
        if self.server_kind is not expected:
            self._refuse(
                f"configured for Kiwoom's {expected} server, logged in to its {self.server_kind} server: no order goes"
            )
        elif wanted and wanted not in self.accounts:
            self._refuse(f"account {masked(wanted)} is not among those of this log-in: {self._list()}")
        elif not wanted and len(self.accounts) != 1:
            self._refuse(f"broker_win.toml must name the account, this log-in has {self._list()}")
        else:
            self.account = wanted or self.accounts[0]

    def _list(self) -> str:
        return ", ".join(masked(one) for one in self.accounts) or "none"

    def _refuse(self, why: str) -> None:
        _log.error("%s", why)
        self._move("refuse", why)

    def _fail(self, why: str) -> None:
        if self.state in (State.LOGGING_IN, State.PREPARING):
            self._move("fail", why)

    def _lose(self, code: int, why: str = "") -> None:
        if self.state is State.LOST:
            return
        self._move("lose", why or f"{code}: {_words(code)}")
        if self._said is not None and not self._said.done():
            self._said.set_result(code)
        _log.error("%s", self._why)
        self._on_lost(code)

    def _move(self, trigger: str, why: str) -> None:
        before, self.state = self.state, broker_login.next_state(self.state, trigger)
        self._why = why
        _log.info("log-in %s -> %s%s", before, self.state, f": {why}" if why else "")


def _words(code: object) -> str:
    return WORDS.get(code, "no words for this code") if isinstance(code, int) else "the control did not answer"
