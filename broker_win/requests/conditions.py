"""Condition searches (조건검색): listed, run once, or watched. Lives on the event loop.

Conditions are made in Kiwoom's HTS only; the control loads and runs them. A live search is shared: the first watcher
starts it, others join and get what fits now, and it is stopped when the last one leaves (facts: kiwoom.md 1.6).
"""

import asyncio
import builtins
import logging
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from broker.port import Condition, ConditionNews
from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import LimitsConfig
from broker_win.control import ConditionFound, ConditionMoved, ConditionsLoaded, Control, Event
from broker_win.requests.asker import Asker
from broker_win.requests.condition_limits import (
    MOST_LIVE,
    MOST_LIVE_SYMBOLS,
    ConditionLimits,
    no_more_live,
    too_many_symbols,
)
from broker_win.requests.condition_search import LIVE, ONCE, ConditionSearches
from broker_win.screens import Screens
from broker_win.text import code
from domain.errors import BrokerUnavailable, RequestRefused
from domain.types import NANOS_PER_SECOND

MOST_NEWS: Final = 10_000  # that wait for one watcher
ENTERED: Final = "I"
News = asyncio.Queue[ConditionNews | Exception]
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Watched:
    """One live search."""

    condition: Condition
    readers: int = 0  # who watch or wait for the start
    screen: str = ""  # empty until it is started
    fits: dict[str, None] = field(default_factory=dict)  # in the order of entering
    early: list[tuple[str, str]] = field(default_factory=list)  # moves that came before the start was told
    watchers: set[News] = field(default_factory=set)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Conditions:
    """The condition searches of the account's owner."""

    def __init__(
        self, bridge: Bridge, asker: Asker, clock: Clock, screens: Screens, limits: LimitsConfig | None = None
    ) -> None:
        """Search through `asker`: a search counts as a query."""
        self._bridge, self._clock, self._screens = bridge, clock, screens
        self._limits = ConditionLimits((limits or LimitsConfig()).conditions_per_minute)
        self._searches = ConditionSearches(bridge, asker, clock, self._limits)
        self._live: dict[Condition, _Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def list(self) -> builtins.list[Condition]:
        """Load the conditions and give them in Kiwoom's order. Raises BrokerUnavailable."""
        return await self._searches.load()

    async def run(self, condition: Condition) -> builtins.list[str]:
        """Give the symbols that fit now.

        Raises RequestRefused UNKNOWN_CONDITION, RATE_LIMITED (the same within a minute); BrokerUnavailable.
        """
        await self._searches.check(condition)
        screen = self._screens.take("queries")  # those for conditions are for live ones
        try:
            return await self._searches.search(condition, screen, ONCE)
        finally:
            self._screens.give_back(screen)

    async def watch(self, condition: Condition) -> AsyncGenerator[ConditionNews, None]:
        """Stream what fits, then what enters and leaves, until the reader closes it.

        Raises RequestRefused UNKNOWN_CONDITION, RATE_LIMITED (10 are live, the same within a minute),
        TOO_MANY_SYMBOLS; BrokerUnavailable, also for a reader that is ten thousand news behind.
        """
        await self._searches.check(condition)
        watched = self._live.get(condition)
        if watched is None:
            if len(self._live) >= MOST_LIVE:
                raise no_more_live(len(self._live))
            watched = self._live[condition] = _Watched(condition)
        watched.readers += 1
        news: News = asyncio.Queue()
        try:
            async with watched.starting:
                if not watched.screen:
                    await self._start(watched)
                # Nothing is awaited between the two: no move is told twice or missed.
                watched.watchers.add(news)
                snapshot = ConditionNews(self._clock.venue(), tuple(watched.fits))
            yield snapshot
            while True:
                one = await news.get()
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            watched.watchers.discard(news)
            watched.readers -= 1
            self._stop_unread(watched)

    async def restore(self) -> None:
        """Begin to search what is watched again after another log-in; watchers hear what entered and left meanwhile.

        A search that cannot go on ends for its watchers with the reason.
        """
        self._searches.forget()
        for watched in self._live.values():
            if watched.screen:
                self._spawn(self._restore(watched))

    def hear(self, event: Event) -> bool:
        """Take an event of a condition search; True when it is one."""
        match event:
            case ConditionsLoaded() | ConditionFound():
                self._searches.hear(event)
            case ConditionMoved():
                self._move(event)
            case _:
                return False
        return True

    async def settled(self) -> None:
        """Wait until searches that nobody watches any more are stopped, and others restored."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # ---- inside ------------------------------------------------------------------------------------------------

    async def _start(self, watched: _Watched) -> None:
        try:
            screen = self._screens.take("conditions")
        except RequestRefused:  # one that nobody watches any more is still being stopped
            raise no_more_live(MOST_LIVE) from None
        watched.early.clear()
        try:
            found = await self._searches.search(watched.condition, screen, LIVE)
            if len(found) > MOST_LIVE_SYMBOLS:
                raise too_many_symbols(watched.condition.name, len(found))
        except BaseException:  # failed or cancelled: whether Kiwoom searches live is not known
            self._stop(watched.condition, screen)
            raise
        watched.fits, watched.screen = dict.fromkeys(found), screen
        for kind, symbol in watched.early:
            _apply(watched, kind, symbol)

    def _stop_unread(self, watched: _Watched) -> None:
        if watched.readers:
            return
        if self._live.get(watched.condition) is watched:
            del self._live[watched.condition]
        if watched.screen:
            screen, watched.screen = watched.screen, ""
            self._stop(watched.condition, screen)

    def _stop(self, condition: Condition, screen: str) -> None:
        """Stop in a task: whoever leaves may be cancelled."""

        def stop(control: Control) -> None:
            control.call("SendConditionStop", screen, condition.name, condition.index)

        async def stopped() -> None:
            try:
                await self._bridge.run(stop)
            except BrokerUnavailable as error:
                _log.warning("condition %s could not be stopped: %s", condition.name, error)
            finally:
                self._screens.give_back(screen)

        self._spawn(stopped())

    async def _restore(self, watched: _Watched) -> None:
        name = watched.condition.name
        try:
            await self._searches.check(watched.condition)
            async with watched.starting:
                now = self._clock.monotonic()
                await self._clock.sleep((self._limits.free_at(name, now) - now) / NANOS_PER_SECOND)
                if not watched.screen:  # nobody watches it any more
                    return
                before, screen = watched.fits, watched.screen
                watched.screen = ""
                self._screens.give_back(screen)  # the log-in before knew it, this one does not
                await self._start(watched)
        except (BrokerUnavailable, RequestRefused) as error:
            _log.error("condition %s is not watched any more: %s", name, error)
            _tell(watched, error)
            return
        at = self._clock.venue()
        for symbol in before:
            if symbol not in watched.fits:
                _tell(watched, ConditionNews(at, left=symbol))
        for symbol in watched.fits:
            if symbol not in before:
                _tell(watched, ConditionNews(at, entered=symbol))
        self._stop_unread(watched)  # the last watcher may have left meanwhile

    def _move(self, event: ConditionMoved) -> None:
        index = event.index.strip()
        watched = self._live.get(Condition(int(index), event.name)) if index.isdecimal() else None
        if watched is None:
            _log.info("condition %s moved when nobody watched it any more", event.name)
            return
        try:
            symbol = code(event.code)
        except ValueError as error:
            _log.warning("a move of condition %s is left out: %s", event.name, error)
            return
        if not watched.screen:
            watched.early.append((event.kind, symbol))
        elif _apply(watched, event.kind, symbol):
            at = self._clock.venue()
            entered = event.kind == ENTERED
            _tell(watched, ConditionNews(at, entered=symbol) if entered else ConditionNews(at, left=symbol))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _apply(watched: _Watched, kind: str, symbol: str) -> bool:
    """Note a move; False when it tells nothing new."""
    if (kind == ENTERED) == (symbol in watched.fits):
        return False
    if kind == ENTERED:
        watched.fits[symbol] = None
    else:
        del watched.fits[symbol]
    return True


def _tell(watched: _Watched, news: ConditionNews | Exception) -> None:
    for watcher in watched.watchers:
        if watcher.qsize() < MOST_NEWS or isinstance(news, Exception):
            watcher.put_nowait(news)
        elif watcher.qsize() == MOST_NEWS:
            watcher.put_nowait(BrokerUnavailable(f"condition {watched.condition.name}: the reader is too slow"))
