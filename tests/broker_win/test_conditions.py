"""Condition searches: listed, run once, watched together, restored."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from broker.port import Condition, ConditionNews
from broker_win.config import LimitsConfig
from broker_win.control import Answer, ConditionFound, ConditionMoved, ConditionsLoaded, RealData
from broker_win.requests.asker import Asker
from broker_win.requests.condition_limits import MOST_LIVE
from broker_win.requests.conditions import MOST_NEWS, Conditions
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable, HantradeError, RequestRefused
from tests.broker_win.query_fakes import FakeBridge, FakeControl, Reply
from tests.broker_win.virtual_time import VirtualClock, run

RISING, FALLING = Condition(0, "급등주"), Condition(3, "급락주")
NAMES = "000^급등주;003^급락주;"


class Rig:
    """Conditions with a control that finds what it is told to find."""

    def __init__(self) -> None:
        self.control = FakeControl(lambda request: Reply(), lambda event: None)
        self.control.answers = {
            "GetConditionLoad": self._load,
            "GetConditionNameList": lambda: self.names,
            "SendCondition": self._send,
        }
        self.names, self.loads, self.load_gives = NAMES, 1, ConditionsLoaded(True, "")
        self.pages: dict[str, list[str]] = {}
        self.gives: Answer = 1
        self.silent = False
        self.screens, clock, limits = Screens(), VirtualClock(), LimitsConfig()
        self.bridge = FakeBridge(self.control)
        self.asker = Asker(self.bridge, clock, limits, self.screens, 5.0)
        self.conditions = Conditions(self.bridge, self.asker, clock, self.screens, limits)

    def _load(self) -> Answer:
        if self.loads:
            asyncio.get_running_loop().call_later(0.05, self.conditions.hear, self.load_gives)
        return self.loads

    def _send(self, screen: str, name: str, index: int, kind: int) -> Answer:
        if self.gives == 1 and not self.silent:
            pages = self.pages.setdefault(name, [""])
            codes = pages.pop(0) if len(pages) > 1 else pages[0]
            found = ConditionFound(screen, codes.rstrip("+"), name, index, codes.endswith("+"))
            asyncio.get_running_loop().call_later(0.2, self.conditions.hear, found)
        return self.gives

    def move(self, kind: str, code: str, condition: Condition = RISING) -> None:
        assert self.conditions.hear(ConditionMoved(code, kind, condition.name, f"{condition.index:03d}"))

    def calls(self, method: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.control.calls if call[0] == method]


def on_rig(work: Callable[[Rig], Coroutine[Any, Any, Any]]) -> Rig:
    async def whole() -> Rig:
        rig = Rig()
        await work(rig)
        await rig.conditions.settled()
        assert not any(rig.screens.in_use().values())
        return rig

    return run(whole())


def refused(work: Callable[[Rig], Coroutine[Any, Any, Any]], error: type[HantradeError], words: str) -> Rig:
    async def whole(rig: Rig) -> None:
        with pytest.raises(error, match=re.escape(words)):
            await work(rig)

    return on_rig(whole)


async def first(watching: AsyncGenerator[ConditionNews, None]) -> ConditionNews:
    async with aclosing(watching):
        return await anext(watching)


def test_given_conditions_of_a_person_when_listed_then_number_and_name_come_in_kiwoom_s_order() -> None:
    async def work(rig: Rig) -> None:
        assert await rig.conditions.list() == [RISING, FALLING]
        rig.names = ""
        assert await rig.conditions.list() == []

    on_rig(work)


def test_given_a_load_that_fails_when_listed_then_it_is_said() -> None:
    async def not_taken(rig: Rig) -> None:
        rig.loads = 0
        await rig.conditions.list()

    async def not_ok(rig: Rig) -> None:
        rig.load_gives = ConditionsLoaded(False, "서버 오류")
        await rig.conditions.list()

    async def odd(rig: Rig) -> None:
        rig.names = "급등주"
        await rig.conditions.list()

    async def never(rig: Rig) -> None:
        rig.control.answers["GetConditionLoad"] = lambda: 1
        await rig.conditions.list()

    refused(not_taken, BrokerUnavailable, "GetConditionLoad gave 0")
    refused(not_ok, BrokerUnavailable, "서버 오류")
    refused(odd, BrokerUnavailable, "expected index^name, was '급등주'")
    refused(never, BrokerUnavailable, "the list of conditions expected within 10 s")


def test_given_a_condition_when_run_then_the_codes_of_all_pages_come_without_prices() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930^000070500;000660;+", "035720;"]
        assert await rig.conditions.run(RISING) == ["005930", "000660", "035720"]
        assert rig.asker.budget().windows[2].used == 2  # each page counts as a query

    rig = on_rig(work)
    assert [(name, index, kind) for _, name, index, kind in rig.calls("SendCondition")] == [
        ("급등주", 0, 0),
        ("급등주", 0, 2),
    ]
    assert not rig.calls("SendConditionStop")


@pytest.mark.parametrize("condition", [Condition(1, "급등주"), Condition(0, "급락주"), Condition(9, "없는조건")])
def test_given_number_and_name_that_do_not_belong_together_when_run_then_it_is_unknown(condition: Condition) -> None:
    rig = refused(lambda rig: rig.conditions.run(condition), RequestRefused, "UNKNOWN_CONDITION")
    assert not rig.calls("SendCondition")


def test_given_a_condition_made_just_now_when_run_then_the_list_is_loaded_anew() -> None:
    async def work(rig: Rig) -> None:
        await rig.conditions.list()
        rig.names += "004^새조건;"
        rig.pages["새조건"] = ["005930"]
        assert await rig.conditions.run(Condition(4, "새조건")) == ["005930"]

    on_rig(work)


def test_given_the_same_condition_within_a_minute_when_run_then_it_is_refused_before_kiwoom_does() -> None:
    async def work(rig: Rig) -> None:
        await rig.conditions.run(RISING)
        await rig.conditions.run(FALLING)
        await asyncio.sleep(59)
        with pytest.raises(RequestRefused, match=r"RATE_LIMITED.*try again in 1 s"):
            await rig.conditions.run(RISING)
        await asyncio.sleep(1)
        await rig.conditions.run(RISING)

    assert len(on_rig(work).calls("SendCondition")) == 3


@pytest.mark.parametrize(
    ("gives", "error", "words"),
    [
        (0, BrokerUnavailable, "SendCondition gave 0"),
        (None, BrokerUnavailable, "SendCondition gave None"),
        (-11, RequestRefused, "UNKNOWN_CONDITION"),
        (-12, RequestRefused, "UNKNOWN_CONDITION"),
        (-13, RequestRefused, "RATE_LIMITED"),
        (-200, RequestRefused, "RATE_LIMITED"),
    ],
)
def test_given_a_code_of_kiwoom_when_run_or_watched_then_it_is_typed(
    gives: Answer, error: type[HantradeError], words: str
) -> None:
    async def ran(rig: Rig) -> None:
        rig.gives = gives
        await rig.conditions.run(RISING)

    async def watched(rig: Rig) -> None:
        rig.gives = gives
        await first(rig.conditions.watch(RISING))

    refused(ran, error, words)
    assert len(refused(watched, error, words).calls("SendConditionStop")) == 1


def test_given_no_answer_when_run_then_it_fails_and_a_late_one_is_dropped() -> None:
    async def work(rig: Rig) -> None:
        rig.silent = True
        with pytest.raises(BrokerUnavailable, match="condition 급등주 expected within 10 s"):
            await rig.conditions.run(RISING)
        [(screen, *_)] = rig.calls("SendCondition")
        assert rig.conditions.hear(ConditionFound(screen, "005930;", "급등주", 0, False))

    on_rig(work)


def test_given_what_is_no_code_when_run_then_it_fails_and_is_never_short() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930;5930"]
        await rig.conditions.run(RISING)

    refused(work, BrokerUnavailable, "no code")


def test_given_a_watched_condition_when_symbols_enter_and_leave_then_each_is_told_once_after_what_fits() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930;000660"]
        watching = rig.conditions.watch(RISING)
        async with aclosing(watching):
            assert (await anext(watching)).symbols == ("005930", "000660")
            for kind, code in [("I", "035720"), ("I", "035720"), ("D", "005930"), ("D", "005930"), ("I", "A005930")]:
                rig.move(kind, code)
            got = [await anext(watching) for _ in range(3)]
            assert [(one.entered, one.left) for one in got] == [("035720", ""), ("", "005930"), ("005930", "")]
            assert not rig.calls("SendConditionStop")
        await rig.conditions.settled()

    rig = on_rig(work)
    [(screen, *_)] = rig.calls("SendCondition")
    assert rig.calls("SendConditionStop") == [(screen, "급등주", 0)]


def test_given_moves_before_the_first_answer_when_watched_then_they_are_in_what_fits() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930;000660"]
        asyncio.get_running_loop().call_later(0.15, rig.move, "I", "035720")
        asyncio.get_running_loop().call_later(0.16, rig.move, "D", "005930")
        assert (await first(rig.conditions.watch(RISING))).symbols == ("000660", "035720")

    on_rig(work)


def test_given_two_watchers_when_one_leaves_then_the_search_goes_on_until_the_other_does() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930"]
        one, other = rig.conditions.watch(RISING), rig.conditions.watch(RISING)
        starts = await asyncio.gather(anext(one), anext(other))
        assert [start.symbols for start in starts] == [("005930",), ("005930",)]
        rig.move("I", "000660")
        await one.aclose()
        assert not rig.calls("SendConditionStop")
        third = rig.conditions.watch(RISING)
        assert (await anext(third)).symbols == ("005930", "000660")
        assert (await anext(other)).entered == "000660"
        await other.aclose()
        await third.aclose()
        await rig.conditions.settled()
        assert len(rig.calls("SendConditionStop")) == 1

    assert len(on_rig(work).calls("SendCondition")) == 1


def test_given_more_than_100_symbols_when_watched_then_it_is_refused_and_stopped() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = [";".join(f"{number:06d}" for number in range(101))]
        await first(rig.conditions.watch(RISING))

    rig = refused(work, RequestRefused, "TOO_MANY_SYMBOLS: condition 급등주 fits 101 symbols")
    assert len(rig.calls("SendConditionStop")) == 1


def test_given_ten_live_when_another_is_watched_then_it_is_refused_but_one_run_still_goes() -> None:
    async def work(rig: Rig) -> None:
        rig.names = ";".join(f"{index:03d}^조건{index}" for index in range(12))
        watchings = [rig.conditions.watch(Condition(index, f"조건{index}")) for index in range(MOST_LIVE)]
        for watching in watchings:
            await anext(watching)
        with pytest.raises(RequestRefused, match="RATE_LIMITED: 10 conditions are live"):
            await first(rig.conditions.watch(Condition(10, "조건10")))
        assert await rig.conditions.run(Condition(11, "조건11")) == []
        await watchings[0].aclose()
        await rig.conditions.settled()
        await first(rig.conditions.watch(Condition(10, "조건10")))
        for watching in watchings[1:]:
            await watching.aclose()

    on_rig(work)


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.3])
def test_given_a_watcher_who_leaves_at_any_moment_when_it_did_then_nothing_is_left(after_s: float) -> None:
    async def work(rig: Rig) -> None:
        async def watch() -> None:
            async with aclosing(rig.conditions.watch(RISING)) as news:
                async for _ in news:
                    pass

        task = asyncio.create_task(watch())
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await rig.conditions.settled()
        assert len(rig.calls("SendConditionStop")) == len(rig.calls("SendCondition"))

    on_rig(work)


def test_given_a_reader_who_never_reads_when_too_much_waits_then_its_stream_ends_with_the_reason() -> None:
    async def work(rig: Rig) -> None:
        watching = rig.conditions.watch(RISING)
        await anext(watching)
        for number in range(MOST_NEWS + 5):
            rig.move("I", f"{number:06d}")
        count = 0
        with pytest.raises(BrokerUnavailable, match="the reader is too slow"):
            async for _ in watching:
                count += 1
        assert count == MOST_NEWS

    on_rig(work)


def test_given_another_log_in_when_restored_then_watchers_hear_what_changed_meanwhile() -> None:
    async def work(rig: Rig) -> None:
        rig.pages["급등주"] = ["005930;000660", "000660;035720"]
        watching = rig.conditions.watch(RISING)
        await anext(watching)
        await rig.conditions.restore()
        got = [await anext(watching), await anext(watching)]
        assert [(one.entered, one.left) for one in got] == [("", "005930"), ("035720", "")]
        assert asyncio.get_running_loop().time() >= 60  # the same condition once a minute
        rig.move("I", "005930")
        assert (await anext(watching)).entered == "005930"
        await watching.aclose()

    rig = on_rig(work)
    assert len(rig.calls("SendCondition")) == 2


def test_given_a_condition_deleted_meanwhile_when_restored_then_its_watchers_are_told() -> None:
    async def work(rig: Rig) -> None:
        watching = rig.conditions.watch(RISING)
        await anext(watching)
        rig.names = "003^급락주;"
        await rig.conditions.restore()
        with pytest.raises(RequestRefused, match="UNKNOWN_CONDITION"):
            await anext(watching)

    on_rig(work)


def test_given_the_last_watcher_leaves_while_it_is_restored_when_done_then_it_is_stopped() -> None:
    async def work(rig: Rig) -> None:
        watching = rig.conditions.watch(RISING)
        await anext(watching)
        await asyncio.sleep(60)
        await rig.conditions.restore()
        await asyncio.sleep(0.1)  # searched again, not answered yet
        await watching.aclose()
        await rig.conditions.settled()
        assert len(rig.calls("SendCondition")) == 2

    assert len(on_rig(work).calls("SendConditionStop")) == 1


def test_given_events_when_heard_then_odd_moves_are_left_out_and_others_left_to_others() -> None:
    async def work(rig: Rig) -> None:
        watching = rig.conditions.watch(RISING)
        await anext(watching)
        rig.move("I", "5930")
        rig.move("I", "005930", FALLING)
        assert rig.conditions.hear(ConditionMoved("005930", "I", "급등주", ""))
        rig.move("I", "000660")
        assert (await anext(watching)).entered == "000660"
        await watching.aclose()
        assert not rig.conditions.hear(RealData("005930", "주식체결", ""))

    on_rig(work)
