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

    def _words(code: object) -> str:
    return WORDS.get(code, "no words for this code") if isinstance(code, int) else "the control did not answer"
