"""Asking Kiwoom: pages, time-outs, codes, penalties, screens, callers that leave."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker_win.bridge import ControlHung
from broker_win.config import LimitsConfig
from broker_win.control import RealData, Told, TrAnswer, TrRequest
from broker_win.requests import trs
from broker_win.requests.answers import PasswordMissing
from broker_win.requests.asker import MOST_AT_ONCE, MOST_PAGES, MOST_STANDING, MOST_TRIES, Asker
from broker_win.requests.queue import Weight
from broker_win.requests.trs import TrSpec
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable, HantradeError, InvariantError, RequestRefused
from tests.broker_win.query_fakes import FakeBridge, FakeControl, Reply, page_of
from tests.broker_win.virtual_time import VirtualClock, run

INPUTS = {"계좌번호": "8012345611"}
ROWS = [(f"A{number:06d}", f"{number:012d}") for number in range(1, 8)]
WIDE = LimitsConfig(per_second=1_000, per_minute=10_000, per_hour=100_000, reserve_per_hour=0)


class Rig:
    """An asker with what stands around it."""

    def __init__(self, script: Callable[[TrRequest], Reply], limits: LimitsConfig = WIDE) -> None:
        self.control = FakeControl(script, self.hear)
        self.bridge = FakeBridge(self.control)
        self.screens = Screens()
        self.asker = Asker(self.bridge, VirtualClock(), limits, self.screens, 5.0)

    def hear(self, event: object) -> None:
        assert self.asker.hear(event)  # type: ignore[arg-type]

    @property
    def sent(self) -> list[TrRequest]:
        return [request for _, request in self.control.requests]


def paged(request: TrRequest, state: dict[str, int], size: int = 3) -> Reply:
    state[request.rqname] = page = state[request.rqname] + 1 if request.more else 0
    return Reply(**page_of(ROWS, page, size))


def told(script: Callable[[TrRequest], Reply], work: Callable[[Rig], Coroutine[Any, Any, Any]], **kw: Any) -> Rig:
    """Run work on a rig; afterwards every screen must be free again."""

    async def whole() -> Rig:
        rig = Rig(script, **kw)
        await work(rig)
        await rig.asker.settled()
        assert rig.screens.in_use()["queries"] == ()
        return rig

    return run(whole())


def failing(spec: TrSpec, inputs: dict[str, str], error: type[HantradeError], words: str) -> Callable[[Rig], Any]:
    async def work(rig: Rig) -> None:
        with pytest.raises(error, match=re.escape(words)):
            await rig.asker.ask(spec, inputs, Weight.ACCOUNT)

    return work


def test_given_three_pages_when_asked_then_all_rows_come_and_every_page_repeats_the_inputs_on_its_screen() -> None:
    state: dict[str, int] = {}

    async def work(rig: Rig) -> None:
        table = await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)
        assert [(row["종목코드"], int(row["보유수량"])) for row in table.rows] == [
            (f"A{number:06d}", number) for number in range(1, 8)
        ]
        assert rig.asker.budget().windows[2].used == 3  # every page counts

    rig = told(lambda request: paged(request, state), work)
    assert [request.more for request in rig.sent] == [False, True, True]
    assert len({(request.screen, request.rqname, request.inputs) for request in rig.sent}) == 1
    assert rig.sent[0].inputs == (("계좌번호", "8012345611"),)


def test_given_inputs_in_another_order_when_asked_then_they_go_in_the_order_of_the_definition() -> None:
    inputs = {"조회구분": "1", "비밀번호입력매체구분": "00", "비밀번호": "", "계좌번호": "8012345611"}
    script = lambda _: Reply(single={"총매입금액": "0"})  # noqa: E731
    rig = told(script, lambda rig: rig.asker.ask(trs.balances(), inputs, Weight.ACCOUNT))
    assert [name for name, _ in rig.sent[0].inputs] == ["계좌번호", "비밀번호", "비밀번호입력매체구분", "조회구분"]


def test_given_an_input_too_few_when_asked_then_it_is_our_own_fault_and_nothing_is_sent() -> None:
    rig = told(lambda _: Reply(), failing(trs.balances(), INPUTS, InvariantError, "inputs of opw00018 expected"))
    assert not rig.sent


def test_given_enough_rows_or_a_content_caller_when_asked_then_no_further_page_is_asked_for() -> None:
    state: dict[str, int] = {}

    async def work(rig: Rig) -> None:
        few = await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT, most_rows=4)
        assert len(few.rows) == 4
        content = await rig.asker.ask(
            trs.returns(), INPUTS, Weight.ACCOUNT, until=lambda rows: rows[-1]["종목코드"] == "A000003"
        )
        assert len(content.rows) == 3

    rig = told(lambda request: paged(request, state), work)
    assert len(rig.sent) == 3
    assert len({request.rqname for request in rig.sent}) == 2
    assert not rig.control.forgotten  # both were answered


def test_given_a_lost_page_when_asked_then_the_query_fails_and_is_never_short() -> None:
    def script(request: TrRequest) -> Reply:
        return Reply(ROWS[:3], more=True) if not request.more else Reply(lost=True)

    rig = told(script, failing(trs.returns(), INPUTS, BrokerUnavailable, "answer within 5 s, none came"))
    assert rig.control.forgotten == [rig.sent[0].rqname]


def test_given_an_answer_that_never_came_but_a_text_when_asked_then_the_text_is_told() -> None:
    script = lambda _: Reply(lost=True, texts=("[000001] Fail to parse Request TR",))  # noqa: E731
    told(script, failing(trs.returns(), INPUTS, BrokerUnavailable, "Kiwoom said: [000001] Fail to parse Request TR"))


def test_given_another_page_announced_on_an_empty_one_when_asked_then_the_query_fails() -> None:
    told(lambda _: Reply(more=True), failing(trs.returns(), INPUTS, BrokerUnavailable, "empty page"))


def test_given_pages_without_end_when_asked_then_the_query_gives_up() -> None:
    rig = told(
        lambda _: Reply(ROWS[:1], more=True), failing(trs.returns(), INPUTS, BrokerUnavailable, "goes on and on")
    )
    assert len(rig.sent) == MOST_PAGES


def test_given_an_empty_list_when_the_password_is_spoken_of_then_nothing_is_not_taken_for_nothing() -> None:
    inputs = dict.fromkeys(trs.open_orders().inputs, "0")
    texts = ("[573] 계좌비밀번호 입력창을 통해 등록하십시오",)
    told(lambda _: Reply(texts=texts), failing(trs.open_orders(), inputs, PasswordMissing, "tick AUTO"))

    async def work(rig: Rig) -> None:
        assert (await rig.asker.ask(trs.open_orders(), inputs, Weight.RECOVERY)).rows == []

    told(lambda _: Reply(texts=("[00Z310] 조회할 내역이 없습니다",)), work)


def test_given_an_unreadable_answer_when_asked_then_the_reason_is_told() -> None:
    told(lambda _: Reply(failure="no such record"), failing(trs.returns(), INPUTS, BrokerUnavailable, "no such record"))


def test_given_a_late_answer_when_another_query_is_open_then_it_is_dropped() -> None:
    replies = [Reply(ROWS[:1], after_s=8.0), Reply(ROWS[1:2], after_s=4.0)]

    async def work(rig: Rig) -> None:
        with pytest.raises(BrokerUnavailable):
            await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)
        table = await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)
        assert table.rows == [{"종목코드": "A000002", "보유수량": "000000000002"}]

    told(lambda _: replies.pop(0), work)


def test_given_no_data_when_asked_then_the_table_is_empty_but_a_page_without_data_is_a_failure() -> None:
    async def work(rig: Rig) -> None:
        assert (await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)).rows == []

    told(lambda _: Reply(gave=-203), work)
    script = lambda request: Reply(gave=-203) if request.more else Reply(ROWS[:1], more=True)  # noqa: E731
    told(script, failing(trs.returns(), INPUTS, BrokerUnavailable, "-203"))


@pytest.mark.parametrize(
    ("gave", "error", "words"),
    [
        (-202, RequestRefused, "INVALID_ARGUMENT: opt10085 was refused with -202"),
        (-204, RequestRefused, "too many codes"),
        (-201, BrokerUnavailable, "could not be prepared"),
        (-106, BrokerUnavailable, "the line to Kiwoom is lost"),
        (-301, PasswordMissing, "계좌비밀번호 저장"),
        (-9999, BrokerUnavailable, "no words for this code"),
        (None, BrokerUnavailable, "is OpenAPI+ registered?"),
    ],
)
def test_given_a_code_when_asked_then_it_is_told_in_words_and_not_asked_again(
    gave: int | None, error: type[HantradeError], words: str
) -> None:
    rig = told(lambda _: Reply(gave=gave), failing(trs.returns(), INPUTS, error, words))
    assert len(rig.sent) == 1


def test_given_data_not_received_when_asked_then_it_is_asked_again_within_a_bound() -> None:
    rig = told(lambda _: Reply(gave=-205), failing(trs.returns(), INPUTS, BrokerUnavailable, "-205"))
    assert len(rig.sent) == MOST_TRIES


@pytest.mark.parametrize("gave", [-200, -211])
def test_given_too_many_when_refused_then_nothing_goes_for_17_s_and_it_is_asked_again(gave: int) -> None:
    replies = [Reply(gave=gave), Reply(ROWS[:1]), Reply(ROWS[:1])]

    async def work(rig: Rig) -> None:
        first = asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT))
        await asyncio.sleep(1)
        assert rig.asker.budget().penalty_s == 16.0
        other = asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.RECOVERY))
        assert len((await first).rows) == len((await other).rows) == 1

    rig = told(lambda _: replies.pop(0), work)
    assert [round(at) for at, _ in rig.control.requests] == [0, 17, 17]
    assert rig.asker.relogin_needed() == ""


def test_given_refusals_without_end_when_asked_then_callers_fail_and_another_log_in_is_wanted() -> None:
    async def work(rig: Rig) -> None:
        for _ in range(3):
            with pytest.raises(BrokerUnavailable, match="-200"):
                await rig.asker.ask(trs.returns(), INPUTS, Weight.RECOVERY)

    rig = told(lambda _: Reply(gave=-200), work)
    assert [round(at) for at, _ in rig.control.requests[:7]] == [0, 17, 34, 51, 68, 158, 248]
    assert "another log-in" in rig.asker.relogin_needed()


def test_given_a_blank_where_a_number_must_be_when_asked_then_the_text_behind_it_is_told() -> None:
    inputs = {"계좌번호": "8012345611", "비밀번호": "", "비밀번호입력매체구분": "00", "조회구분": "3"}
    blank = {"예수금": "    "}
    script = lambda _: Reply(single=blank, texts=("[00Z999] 모의투자 조회 오류",))  # noqa: E731
    told(script, failing(trs.deposit(), inputs, BrokerUnavailable, "left 예수금 blank (Kiwoom said: [00Z999]"))
    script = lambda _: Reply(single=blank, texts=("[40] 계좌 비밀번호를 입력하십시오",))  # noqa: E731
    told(script, failing(trs.deposit(), inputs, PasswordMissing, "tick AUTO"))


def test_given_a_quote_when_it_was_answered_then_its_screen_is_freed_of_real_time_data_first() -> None:
    rig = told(lambda _: Reply(), lambda rig: rig.asker.ask(trs.quotes(), {"종목코드": "005930"}, Weight.QUOTE))
    assert rig.control.calls == [("DisconnectRealData", rig.sent[0].screen)]
    assert rig.sent[0].trcode == "OPTKWFID"


@pytest.mark.parametrize("after_s", [0.0, 0.001, 1.0, 20.0])
def test_given_a_caller_who_leaves_when_its_query_waits_or_is_open_then_nothing_is_left(after_s: float) -> None:
    """Waiting for a turn in a full minute, waiting for a place, or waiting for the answer."""

    async def work(rig: Rig) -> None:
        callers = [asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.CHART)) for _ in range(12)]
        await asyncio.sleep(after_s)
        for caller in callers:
            caller.cancel()
        left = await asyncio.gather(*callers, return_exceptions=True)
        assert {type(one) for one in left} <= {asyncio.CancelledError, BrokerUnavailable}
        await rig.asker.settled()
        assert rig.asker.budget().waiting == dict.fromkeys(("RECOVERY", "ACCOUNT", "QUOTE", "CHART"), 0)
        sent = len(rig.sent)
        await asyncio.sleep(120)
        assert len(rig.sent) == sent  # nothing that nobody waits for is sent

    told(lambda _: Reply(lost=True), work, limits=LimitsConfig(per_second=2, per_minute=3))


def test_given_many_charts_under_way_when_recovery_asks_then_it_has_a_screen_and_goes_first() -> None:
    async def work(rig: Rig) -> None:
        charts = [asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.CHART)) for _ in range(40)]
        await asyncio.sleep(0.5)
        assert rig.asker.budget().waiting["CHART"] == 40 - 4
        recovery = asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.RECOVERY))
        await recovery
        assert sum(chart.done() for chart in charts) <= MOST_AT_ONCE
        await asyncio.gather(*charts)

    rig = told(lambda _: Reply(ROWS[:1]), work, limits=LimitsConfig())
    assert round(rig.control.requests[4][0], 1) == 1.0


def test_given_too_many_that_wait_when_another_comes_then_it_is_refused_and_a_weightier_one_is_not() -> None:
    async def work(rig: Rig) -> None:
        most = MOST_AT_ONCE + MOST_STANDING
        charts = [asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.CHART)) for _ in range(most)]
        await asyncio.sleep(0.001)
        with pytest.raises(RequestRefused, match="TOO_MANY_CALLS") as caught:
            await rig.asker.ask(trs.returns(), INPUTS, Weight.CHART)
        assert "chart" in caught.value.text
        await rig.asker.ask(trs.returns(), INPUTS, Weight.QUOTE)
        await asyncio.gather(*charts)

    told(lambda _: Reply(ROWS[:1]), work, limits=LimitsConfig(per_minute=1_000))


def test_given_a_busy_control_when_it_takes_late_then_the_second_counts_from_there() -> None:
    async def work(rig: Rig) -> None:
        rig.bridge.delay_s = 0.4
        await asyncio.gather(*(rig.asker.ask(trs.returns(), INPUTS, Weight.QUOTE) for _ in range(6)))

    rig = told(lambda _: Reply(ROWS[:1]), work, limits=LimitsConfig(per_second=2))
    times = [at for at, _ in rig.control.requests]
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[2:], strict=False))


@pytest.mark.parametrize("started", [True, False])
def test_given_a_hung_control_when_asked_then_it_is_told_and_the_next_one_is_tried(started: bool) -> None:
    async def work(rig: Rig) -> None:
        rig.bridge.fails = ControlHung("the control did not take the job within 5 s", started=started)
        with pytest.raises(ControlHung):
            await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)
        await rig.asker.settled()
        rig.bridge.fails = None
        assert (await rig.asker.ask(trs.returns(), INPUTS, Weight.ACCOUNT)).rows

    told(lambda _: Reply(ROWS[:1]), work)


def test_given_the_process_stops_when_queries_wait_then_they_are_told() -> None:
    async def work(rig: Rig) -> None:
        calls = [asyncio.create_task(rig.asker.ask(trs.returns(), INPUTS, Weight.QUOTE)) for _ in range(5)]
        await asyncio.sleep(0.5)
        await rig.asker.close()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, BrokerUnavailable) for one in ended] == [False, True, True, True, True]
        with pytest.raises(BrokerUnavailable, match="the process is stopping"):
            await rig.asker.ask(trs.returns(), INPUTS, Weight.QUOTE)

    told(lambda _: Reply(ROWS[:1]), work, limits=LimitsConfig(per_second=1, per_minute=1))


def test_given_events_of_others_when_heard_then_they_are_left_to_them() -> None:
    async def work(rig: Rig) -> None:
        assert not rig.asker.hear(RealData("005930", "주식체결", ""))
        assert not rig.asker.hear(TrAnswer("2000", "order:1", "KOA_NORMAL_BUY_KP_ORD", False, {}, ()))
        assert not rig.asker.hear(Told("2000", "order:1", "KOA_NORMAL_BUY_KP_ORD", "[00Z112]"))

    told(lambda _: Reply(), work)


CALLS = st.lists(
    st.tuples(
        st.sampled_from(Weight),
        st.sampled_from([0.0, 0.1, 1.0, 30.0]),  # after the one before
        st.sampled_from([None, 0.0, 0.01, 0.3, 4.0, 60.0]),  # when its caller leaves
        st.sampled_from([0, 1, 2]),  # pages behind the first
        st.sampled_from(["well", "well", "well", "lost", "-205", "-200"]),  # the last page
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(CALLS)
def test_for_any_callers_and_any_trouble_limits_hold_and_nothing_is_left(
    calls: list[tuple[Weight, float, float | None, int, str]],
) -> None:
    limits = LimitsConfig(per_second=3, per_minute=20, per_hour=60, reserve_per_hour=10)

    async def work(rig: Rig) -> None:
        async def call(number: int, weight: Weight) -> int:
            return len((await rig.asker.ask(trs.returns(), {"계좌번호": str(number)}, weight)).rows)

        tasks = []
        for number, (weight, pause, leaves, _, _) in enumerate(calls):
            await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(call(number, weight)))
            if leaves is not None:
                asyncio.get_running_loop().call_later(leaves, tasks[-1].cancel)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(90)  # whoever left has left
        for (_, _, leaves, behind, last), got in zip(calls, ended, strict=True):
            if isinstance(got, int):
                assert got == behind + 1 and last == "well"  # whole
            else:
                assert isinstance(got, BrokerUnavailable) or (leaves is not None and isinstance(got, BaseException))
        assert not any(rig.asker.budget().waiting.values())

    pages: dict[str, int] = {}

    def script(request: TrRequest) -> Reply:
        _, _, _, behind, last = calls[int(dict(request.inputs)["계좌번호"])]
        pages[request.rqname] = page = pages.get(request.rqname, 0) + request.more
        if page < behind:
            return Reply(ROWS[:1], more=True)
        return {"well": Reply(ROWS[:1]), "lost": Reply(lost=True)}.get(last) or Reply(gave=int(last))

    rig = told(script, work, limits=limits)
    times = [at for at, _ in rig.control.requests]
    for length, most in ((1, 3), (60, 20), (3_600, 60)):
        assert all(later - earlier >= length - 1e-6 for earlier, later in zip(times, times[most:], strict=False))
