"""The history edge: daily bars out of the broker that sends the quotes, one instrument after the other."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from threading import Event
from typing import Any, Final, Protocol

import pykka
import structlog

from actors.edges.post import Post
from broker.port import Candle
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from domain.messages.market import DayBar, FetchHistory, HistoryReceived
from domain.time import from_kst, kst_date
from domain.types import CandleInterval, UnixNanos

PAUSE_S: Final = 0.5  # system time between two instruments: Kiwoom's queries are shared with audits and orders' care
_NEXT: Final = "next"

logger = structlog.get_logger("history")


class CandleSource(Protocol):
    """What the edge needs of a broker's client."""

    def candles(
        self,
        symbol: str,
        since: UnixNanos | None = None,
        until: UnixNanos | None = None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        """Give bars that began in [since, until). Raises RequestRefused, BrokerUnavailable."""


class HistoryEdge(pykka.ThreadingActor):
    """Carry out FetchHistory; what cannot be had is answered with no bars and the reason.

    Prices are adjusted where the broker offers that. Nothing is kept: after a crash the strategist asks again when the
    instruments of the next run are known.
    """

    use_daemon_thread = True

    def __init__(
        self,
        post: Post,
        client_of: Callable[[], CandleSource],
        pause_s: float = PAUSE_S,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Take the door and where the quotes broker's client comes from, asked for anew before each request.

        `client_of` may raise HantradeError; `wait` waits so many seconds.
        """
        super().__init__()
        self._post = post
        self._client_of = client_of
        self._pause_s = pause_s
        self._wait = wait or Event().wait
        self._asked: FetchHistory | None = None
        self._left: deque[str] = deque()  # symbols
        self._adjusted = True  # until the broker says that it has no such prices

    def on_receive(self, message: Any) -> Any:
        """Take a request, or go on with the one at work. A request of another date ends the one before."""
        if isinstance(message, FetchHistory):
            is_idle = not self._left
            if self._asked is not None and self._asked.trading_date != message.trading_date:
                self._left.clear()
            self._asked, self._adjusted = message, True
            self._left.extend(symbol for symbol in message.symbols if symbol not in self._left)
            if is_idle:
                self._go_on()
        elif message == _NEXT:
            self._next()
        else:
            return "pong"
        return None

    def _go_on(self) -> None:
        """Let what came in the meantime, a stop included, have its turn before the next instrument."""
        if self._left:
            self.actor_ref.tell(_NEXT)

    def _next(self) -> None:
        if self._asked is None or not self._left:
            return
        symbol, asked = self._left.popleft(), self._asked
        try:
            bars = self._bars(symbol, asked)
            self._tell(symbol, asked, bars, "" if bars else "the broker has no session before this date")
        except HantradeError as error:
            logger.warning("no daily bars", symbol=symbol, reason=str(error))
            self._tell(symbol, asked, (), str(error))
            if isinstance(error, BrokerUnavailable) or _not_offered(error):
                self._give_up(asked, str(error))
        if self._left:
            self._wait(self._pause_s)
            self._go_on()

    def _give_up(self, asked: FetchHistory, reason: str) -> None:
        """Answer for all that are left what was answered for one: none of them would fare better."""
        for symbol in self._left:
            self._tell(symbol, asked, (), reason)
        self._left.clear()

    def _bars(self, symbol: str, asked: FetchHistory) -> tuple[DayBar, ...]:
        """Ask for the days before the date. Raises HantradeError."""
        day = date.fromisoformat(asked.trading_date)
        until = from_kst(day, 0, 0)
        since = from_kst(day - timedelta(days=_calendar_days(asked.days)), 0, 0)
        found = self._candles(symbol, since, until)
        dated = {kst_date(candle.start): candle for candle in found}
        return tuple(_day_bar(on, dated[on]) for on in sorted(dated) if on < day)[-asked.days :]

    def _candles(self, symbol: str, since: UnixNanos, until: UnixNanos) -> Sequence[Candle]:
        client = self._client_of()
        if self._adjusted:
            try:
                return client.candles(symbol, since, until, CandleInterval.DAY, True)
            except RequestRefused as refused:
                if not _not_offered(refused):
                    raise
                self._adjusted = False  # asked again with the next date
        return client.candles(symbol, since, until, CandleInterval.DAY, False)

    def _tell(self, symbol: str, asked: FetchHistory, bars: tuple[DayBar, ...], reason: str) -> None:
        self._post(HistoryReceived(symbol, asked.trading_date, bars, reason), source="history")


def _not_offered(error: HantradeError) -> bool:
    return isinstance(error, RequestRefused) and error.code == "NOT_OFFERED"


def _calendar_days(sessions: int) -> int:
    """Give calendar days that surely hold so many sessions: five a week, and the longest run of holidays."""
    return sessions * 7 // 5 + sessions // 10 + 14


def _day_bar(on: date, candle: Candle) -> DayBar:
    return DayBar(on.isoformat(), candle.open, candle.high, candle.low, candle.close, candle.volume)
