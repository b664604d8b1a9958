"""One condition search after the other: the list of them, and what fits one, page by page. Lives on the event loop."""

import asyncio
import logging
from typing import Any, Final

from broker.port import Condition
from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.control import Answer, ConditionFound, ConditionsLoaded, Control
from broker_win.requests.answers import PAUSED
from broker_win.requests.asker import Asker
from broker_win.requests.condition_limits import RATE_LIMITED, ConditionLimits, unknown
from broker_win.requests.queue import Weight
from broker_win.text import code
from domain.errors import BrokerUnavailable, RequestRefused

ONCE: Final = 0
LIVE: Final = 1
NEXT: Final = 2
SUCCESS: Final = 1
NO_SUCH: Final = (-11, -12)
TOO_OFTEN: Final = (-13, *PAUSED)
ANSWER_S: Final = 10.0  # a search runs on Kiwoom's servers and takes longer than a query
_log = logging.getLogger(__name__)


class ConditionSearches:
    """The way to Kiwoom for condition searches."""

    def __init__(self, bridge: Bridge, asker: Asker, clock: Clock, limits: ConditionLimits) -> None:
        """Search through `asker`: a search counts as a query."""
        self._bridge, self._asker, self._clock, self._limits = bridge, asker, clock, limits
        self._loading = asyncio.Lock()
        self._loaded: asyncio.Future[ConditionsLoaded] | None = None
        self._known: list[Condition] | None = None
        self._pages: dict[str, tuple[Condition, asyncio.Future[ConditionFound]]] = {}  # by screen

    async def load(self) -> list[Condition]:
        """Load the conditions and give them in Kiwoom's order. Raises BrokerUnavailable."""
        async with self._loading:
            self._loaded = asyncio.get_running_loop().create_future()
            try:
                gave = await self._bridge.run(lambda control: control.call("GetConditionLoad"))
                if gave != SUCCESS:
                    raise BrokerUnavailable(f"the conditions could not be loaded: GetConditionLoad gave {gave}")
                told: ConditionsLoaded = await self._within(self._loaded, "the list of conditions")
            finally:
                self._loaded = None
            if not told.ok:
                raise BrokerUnavailable(f"the conditions could not be loaded: {told.text}")
            names = await self._bridge.run(lambda control: control.call("GetConditionNameList"))
            self._known = conditions_of(str(names or ""))
            return self._known

    def forget(self) -> None:
        """Load the list anew before the next search."""
        self._known = None

    async def check(self, condition: Condition) -> None:
        """Raise RequestRefused UNKNOWN_CONDITION unless there is one with this number and name."""
        if self._known is not None and condition in self._known:
            return
        if condition not in await self.load():  # it may have been made just now
            raise self._unknown(condition)

    async def search(self, condition: Condition, screen: str, kind: int) -> list[str]:
        """Search once or begin to search live, and give the symbols of every page, each once.

        Raises RequestRefused UNKNOWN_CONDITION or RATE_LIMITED, BrokerUnavailable.
        """
        self._limits.check(condition.name, self._clock.monotonic())
        self._limits.searched(condition.name, self._clock.monotonic())
        found: dict[str, None] = {}
        try:
            while True:
                page: asyncio.Future[ConditionFound] = asyncio.get_running_loop().create_future()
                self._pages[screen] = condition, page
                await self._send(condition, screen, kind)
                told: ConditionFound = await self._within(page, f"condition {condition.name}")
                found |= dict.fromkeys(codes_of(told.codes))
                if not told.more:
                    return [*found]
                kind = NEXT
        finally:
            self._pages.pop(screen, None)

    def hear(self, event: ConditionsLoaded | ConditionFound) -> None:
        """Take what a search was answered."""
        if isinstance(event, ConditionsLoaded):
            if self._loaded is not None and not self._loaded.done():
                self._loaded.set_result(event)
            return
        condition, page = self._pages.get(event.screen, (None, None))
        if page is None or condition != Condition(event.index, event.name):
            _log.info("condition %s was answered when nobody waited for it any more", event.name)
        elif not page.done():
            page.set_result(event)

    async def _send(self, condition: Condition, screen: str, kind: int) -> None:
        def send(control: Control) -> Answer:
            return control.call("SendCondition", screen, condition.name, condition.index, kind)

        gave = await self._asker.send(send, Weight.QUOTE, f"condition {condition.name}")
        if kind != NEXT:
            self._limits.went_out(condition.name, self._clock.monotonic())
        if gave in NO_SUCH:
            refused = self._unknown(condition)
            self.forget()
            raise refused
        if gave in TOO_OFTEN:
            raise RequestRefused(RATE_LIMITED, f"condition {condition.name} was refused by Kiwoom with {gave}")
        if gave != SUCCESS:
            raise BrokerUnavailable(f"condition {condition.name} was not searched: SendCondition gave {gave}")

    def _unknown(self, condition: Condition) -> RequestRefused:
        known = ", ".join(f"{one.index} {one.name}" for one in self._known or ())
        return unknown(condition.name, condition.index, known)

    async def _within(self, waited: "asyncio.Future[Any]", what: str) -> Any:
        limit = asyncio.ensure_future(self._clock.sleep(ANSWER_S))
        either: set[asyncio.Future[Any]] = {waited, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if not waited.done():
            raise BrokerUnavailable(f"{what} expected within {ANSWER_S:g} s, did not come")
        return waited.result()


def codes_of(joined: str) -> list[str]:
    """Read codes joined by `;`; with SetConditionSearchFlag a price stands behind each, after `^`.

    Raises BrokerUnavailable for what is no code.
    """
    try:
        return [code(one.partition("^")[0]) for one in joined.split(";") if one.strip()]
    except ValueError as error:
        raise BrokerUnavailable(f"a condition search gave what is no code: {error}") from None


def conditions_of(names: str) -> list[Condition]:
    """Read `index^name;index^name;…`. Raises BrokerUnavailable for another text."""
    found = []
    for one in names.split(";"):
        index, sep, name = one.partition("^")
        if not one.strip():
            continue
        if not (sep and name and index.strip().isdecimal()):
            raise BrokerUnavailable(f"the list of conditions expected index^name, was {one!r}")
        found.append(Condition(int(index), name))
    return found
