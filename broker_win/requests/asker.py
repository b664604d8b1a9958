"""Asks Kiwoom and waits for the answers: pages, time-outs, another try. Lives on the event loop.

A query is whole or it fails: every page counts as a request of its own, and a page that is lost, late or unreadable
makes the query raise BrokerUnavailable. Nothing is asked twice but what Kiwoom did not take (-200, -211, -205).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import LimitsConfig
from broker_win.control import Answer, Control, Event, Told, TrAnswer, TrRequest
from broker_win.requests.answers import failure_of, no_room, said_in_words, wants_password
from broker_win.requests.queue import Budget, Weight
from broker_win.requests.tables import Row, TrTable
from broker_win.requests.trs import TrSpec
from broker_win.requests.turns import Job, Turns
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable, InvariantError, RequestRefused

PREFIX: Final = "q:"  # of every request's name: an answer to one that nobody waits for any more is still known as ours
MOST_TRIES: Final = 4  # of one page
MOST_AT_ONCE: Final = 8  # queries of one weight: each holds a screen until its last page has come
MOST_STANDING: Final = 64  # queries of one weight that wait for one of them to end
WORDS_S: Final = 0.1  # texts for people come a moment behind a blank answer
MOST_TEXTS: Final = 5  # kept per request
MOST_PAGES: Final = 200  # of one query: all minutes Kiwoom keeps of a share are some 70
NO_DATA: Final = -203
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """A request whose answer is waited for."""

    answer: asyncio.Future[TrAnswer]
    texts: list[str] = field(default_factory=list)


class Asker:
    """All queries of a process go through one of these."""

    def __init__(
        self,
        bridge: Bridge,
        clock: Clock,
        limits: LimitsConfig,
        screens: Screens,
        timeout_s: float,
    ) -> None:
        """Ask within `limits`; wait `timeout_s` for a page."""
        self._bridge, self._clock, self._screens, self._timeout_s = bridge, clock, screens, timeout_s
        self._turns = Turns(bridge, clock, limits)
        self._open: dict[str, _Open] = {}
        self._places = {weight: asyncio.Semaphore(MOST_AT_ONCE) for weight in Weight}
        self._standing = dict.fromkeys(Weight, 0)
        self._tidying: set[asyncio.Task[None]] = set()
        self._number = 0

    async def ask(
        self,
        spec: TrSpec,
        inputs: Mapping[str, str],
        weight: Weight,
        most_rows: int | None = None,
        until: Callable[[Sequence[Row]], bool] | None = None,
    ) -> TrTable:
        """Ask for all pages, or until there are `most_rows` rows or `until` is content with a page's rows.

        Raises BrokerUnavailable in words (PasswordMissing among them), and RequestRefused for a bad question
        (INVALID_ARGUMENT) and when too many wait (TOO_MANY_CALLS).
        """
        single: Mapping[str, str] = {}
        rows: list[Row] = []
        async with aclosing(self.pages(spec, inputs, weight)) as pages:
            async for page in pages:
                single = single or page.single
                rows.extend(page.rows)
                if (most_rows is not None and len(rows) >= most_rows) or (until is not None and until(page.rows)):
                    break
        return TrTable(single, rows[:most_rows])

    async def pages(self, spec: TrSpec, inputs: Mapping[str, str], weight: Weight) -> AsyncGenerator[TrTable, None]:
        """Give page after page; close it when enough was seen (contextlib.aclosing). Raises like `ask`."""
        if set(inputs) != set(spec.inputs):
            raise InvariantError(f"inputs of {spec.trcode} expected {spec.inputs}, was {tuple(inputs)}")
        screen = await self._enter(weight, spec.trcode)
        self._number += 1
        rqname = f"{PREFIX}{spec.trcode}:{self._number}"
        ordered = tuple((name, inputs[name]) for name in spec.inputs)
        request = TrRequest(rqname, spec.trcode, ordered, screen, spec.fields)
        try:
            for _ in range(MOST_PAGES):
                answer = await self._page(request, weight)
                page = _table(spec, answer)
                if not request.more:
                    await self._check(spec, page, rqname)
                yield page
                if not answer.more:
                    return
                request = replace(request, more=True)
            raise BrokerUnavailable(f"{spec.trcode} expected to end within {MOST_PAGES} pages, goes on and on")
        finally:
            self._tidy(request, weight, spec.quote)

    async def send(self, job: Job, weight: Weight, what: str) -> Answer:
        """Let a job have its turn and give what it gave: for what counts as a query and has no table.

        Raises RequestRefused TOO_MANY_CALLS when too many wait, and what `Bridge.run` raises.
        """
        return await self._turns.send(job, weight, what)

    def hear(self, event: Event) -> bool:
        """Take an event if it answers a query; True when it belongs here, also when nobody waits for it any more."""
        if not isinstance(event, TrAnswer | Told) or not event.rqname.startswith(PREFIX):
            return False
        waits = self._open.get(event.rqname)
        if waits is None:
            level = logging.INFO if isinstance(event, TrAnswer) else logging.DEBUG  # messages come behind their answer
            _log.log(level, "an answer to %s came when nobody waited for it any more", event.rqname)
        elif isinstance(event, Told):
            waits.texts = [*waits.texts, event.text.strip()][-MOST_TEXTS:]
        elif not waits.answer.done():
            waits.answer.set_result(event)
        return True

    def budget(self) -> Budget:
        """Give what may still be asked."""
        budget = self._turns.budget()
        waiting = {weight.name: budget.waiting[weight.name] + self._standing[weight] for weight in Weight}
        return replace(budget, waiting=waiting)

    def relogin_needed(self) -> str:
        """Say why another log-in is needed before anything can be asked again; empty when it is not."""
        if not self._turns.relogin_wanted:
            return ""
        return "Kiwoom's limit of queries is used up (-200 again and again): it wants another log-in"

    async def settled(self) -> None:
        """Wait until the screens of queries that ended are free again."""
        while self._tidying:
            await asyncio.gather(*self._tidying)

    async def close(self) -> None:
        """Stop; whoever waits gets BrokerUnavailable."""
        await self._turns.close()
        await self.settled()

    # ---- one page ----------------------------------------------------------------------------------------------

    async def _page(self, request: TrRequest, weight: Weight) -> TrAnswer:
        waits = self._open[request.rqname] = _Open(asyncio.get_running_loop().create_future())
        for left in reversed(range(MOST_TRIES)):
            gave = await self._turns.send(lambda control: control.request(request), weight, request.trcode)
            if gave == 0:
                return await self._answer(request, waits)
            if gave == NO_DATA and not request.more:
                return TrAnswer(request.screen, request.rqname, request.trcode, False, {}, ())
            error, again = failure_of(gave, request.trcode, waits.texts)
            if not (again and left):
                raise error
            _log.warning("%s; it is asked again", error)
        raise AssertionError("the last try raises")  # for the type checker

    async def _answer(self, request: TrRequest, waits: _Open) -> TrAnswer:
        limit = asyncio.ensure_future(self._clock.sleep(self._timeout_s))
        either: set[asyncio.Future[Any]] = {waits.answer, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if not waits.answer.done():
            what = f"{request.trcode} expected an answer within {self._timeout_s:g} s, none came"
            raise failure_of(None, request.trcode, waits.texts, what)[0]
        answer = waits.answer.result()
        if answer.failure:
            said = said_in_words(waits.texts)
            raise BrokerUnavailable(f"the answer of {request.trcode} could not be read: {answer.failure}{said}")
        if answer.more and not answer.rows:
            raise BrokerUnavailable(f"{request.trcode} gave an empty page and says that another follows")
        return answer

    async def _check(self, spec: TrSpec, page: TrTable, rqname: str) -> None:
        """Tell an empty answer from one that was refused: the reason comes as a text, perhaps a moment later."""
        blank = [name for name in spec.must if not page.single.get(name)]
        if not blank and (page.rows or any(page.single.values()) or not spec.account):
            return
        waits = self._open[rqname]
        if not waits.texts:
            await self._clock.sleep(WORDS_S)
        if blank:
            raise failure_of(None, spec.trcode, waits.texts, f"{spec.trcode} left {', '.join(blank)} blank")[0]
        if wants_password(waits.texts):
            raise failure_of(None, spec.trcode, waits.texts)[0]

    # ---- places and screens ------------------------------------------------------------------------------------

    async def _enter(self, weight: Weight, trcode: str) -> str:
        """Wait for a place and give its screen: queries of one weight never take the screens of another."""
        if self._standing[weight] >= MOST_STANDING:
            raise no_room(trcode, self.budget())
        self._standing[weight] += 1
        try:
            await self._places[weight].acquire()
        finally:
            self._standing[weight] -= 1
        try:
            return self._screens.take("queries")
        except RequestRefused:
            self._places[weight].release()
            raise

    def _tidy(self, request: TrRequest, weight: Weight, quote: bool) -> None:
        """Free screen and place, in a task where the control has to do with it: the caller may be cancelled."""
        waits = self._open.pop(request.rqname, None)
        answered = waits is not None and waits.answer.done()
        if answered and not quote:
            self._leave(request.screen, weight)
            return

        def forget(control: Control) -> None:
            control.forget(request.rqname)
            if quote:  # it registered its codes for real-time data by itself
                control.call("DisconnectRealData", request.screen)

        async def tidy() -> None:
            try:
                await self._bridge.run(forget)
            except BrokerUnavailable as error:  # hung: the process is started again before long
                _log.warning("screen %s could not be freed of its data: %s", request.screen, error)
            finally:
                self._leave(request.screen, weight)

        task = asyncio.get_running_loop().create_task(tidy())
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)

    def _leave(self, screen: str, weight: Weight) -> None:
        self._screens.give_back(screen)
        self._places[weight].release()


def _table(spec: TrSpec, answer: TrAnswer) -> TrTable:
    columns = spec.fields.multi
    rows = [dict(zip(columns, (cell.strip() for cell in row), strict=False)) for row in answer.rows]
    return TrTable({name: text.strip() for name, text in answer.single.items()}, rows)
