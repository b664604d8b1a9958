"""What a process sees of the account beside its own messages: the day, orders placed elsewhere, a lost journal."""

from pathlib import Path

import pytest

from broker.port import Guard
from domain.errors import BrokerUnavailable
from domain.messages.orders import OrderAccepted, OrderCancelled, OrderFilled
from domain.types import DayOrderAction, DayOrderState, RequestOutcome, Side
from tests.broker_sim.builders import NEVER, SYMBOL, a_cancel, a_modify, a_quote, a_submit, at
from tests.broker_sim.test_faults_backend import Both, run

NO_REPAIR = "[repair]\nrecover_after_ms = 0\non_read = false\n"
LOST = '[[script]]\nwhat = "lost"\nkind = "{}"\nnth = 1\n'
BY_HAND = """
[[external]]
at = "10:05"
symbol = "120110"
side = "BUY"
quantity = 10
price = 9900
"""


def pass_to(house: Both, hh: int, mm: int, price: int = 10_000) -> None:
    """Let the venue's clock go on with a quote, and the process hear of it."""
    house.sim.on_batch([a_quote(price, at(hh, mm))])
    house.backend.venue.tick()


async def ask(house: Both, request: object) -> RequestOutcome:
    session = await house.backend.session()
    guard = Guard(session.journal_id, session.epoch, NEVER)
    return (await house.backend.request(request, guard)).outcome  # type: ignore[arg-type]  # a request


def told(house: Both) -> list[object]:
    return list(house.backend._journal.events(0))


# ---- the list of the day -------------------------------------------------------------------------------------


def test_given_orders_the_process_was_told_of_when_listed_then_rows_carry_their_ids(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(10, 9_900))
        await ask(house, a_modify("0000001", 10, 9_800))
        await ask(house, a_cancel("0000002"))
        rows, as_of = await house.backend.day_orders()
        assert [(row.venue_order_id, row.client_order_id, row.request_id) for row in rows] == [
            ("0000001", "c1", ""),
            ("0000002", "c1", "m1"),
            ("0000003", "c1", "x1"),
        ]
        assert [row.action for row in rows] == list(DayOrderAction)
        assert [row.state for row in rows[1:]] == [DayOrderState.CONFIRMED, DayOrderState.CONFIRMED]
        assert as_of == house.backend.last_event_seq()

    run(tmp_path, "", play)


def test_given_an_order_the_process_was_never_told_of_when_listed_then_it_could_be_anybodys(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(10, 9_900))
        await ask(house, a_submit(10, 9_800, name="c2"))
        for rows, _ in (await house.backend.day_orders(), await house.backend.open_orders()):
            assert [row.client_order_id for row in rows] == ["", "c2"]

    run(tmp_path, NO_REPAIR + LOST.format("accepted"), play)


@pytest.mark.parametrize("untold", [True, False])
def test_given_a_broker_that_does_not_tell_costs_when_listed_then_they_are_null(tmp_path: Path, untold: bool) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(10, None))
        [row], _ = await house.backend.day_orders()
        assert (row.filled_qty, row.filled_notional, row.leaves_qty) == (10, 100_000, 0)
        assert (row.commission, row.tax) == ((None, None) if untold else (15, 0))

    run(tmp_path, f"[reads]\ncosts_untold = {str(untold).lower()}\n", play)


@pytest.mark.parametrize("what", ["truncated", "page_failed", "unanswered"])
def test_given_faults_of_lists_when_the_day_is_read_then_it_meets_them_as_others_do(tmp_path: Path, what: str) -> None:
    async def play(house: Both) -> None:
        for number in range(3):
            await ask(house, a_submit(1, 9_900 - number * 10, name=f"c{number}"))
        if what == "truncated":
            assert len((await house.backend.day_orders())[0]) == 2
        else:
            with pytest.raises(BrokerUnavailable, match="day_orders"):
                await house.backend.day_orders()
        assert len((await house.backend.day_orders())[0]) == 3, "the second reading is whole"
        assert house.backend.done[f"day_orders {what}"] == 1

    run(tmp_path, f'[reads]\npage_rows = 2\n[[script]]\nwhat = "{what}"\nkind = "day_orders"\nnth = 1\n', play)


# ---- silent loss ---------------------------------------------------------------------------------------------


def test_given_a_lost_fill_and_no_repair_when_read_then_only_the_lists_know_it(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(10, None))
        for _ in range(2):
            house.clock.now += 3_600 * 10**9
            house.backend.venue.tick()
            [row], as_of = await house.backend.day_orders()
            [held], _ = await house.backend.positions()
            assert (row.client_order_id, row.filled_qty, row.filled_notional) == ("c1", 10, 100_000)
            assert (held.quantity, (await house.backend.account()).as_of_seq, as_of) == (10, 1, 1)
            assert [type(fact) for fact in told(house)] == [OrderAccepted]

    run(tmp_path, NO_REPAIR + LOST.format("filled"), play)


def test_given_an_order_in_doubt_and_no_repair_when_resolved_then_it_stays_so_though_the_list_shows_it(
    tmp_path: Path,
) -> None:
    plan = NO_REPAIR + LOST.format("accepted") + '[[script]]\nwhat = "send_failed"\nkind = "submit"\nnth = 1\n'

    async def play(house: Both) -> None:
        assert await ask(house, a_submit(10, 9_900)) is RequestOutcome.IN_DOUBT
        house.clock.now += 60 * 10**9
        assert (await house.backend.resolve("c1")).outcome is RequestOutcome.IN_DOUBT
        [row], _ = await house.backend.day_orders()
        assert (row.client_order_id, row.side, row.quantity, row.limit_price) == ("", Side.BUY, 10, 9_900)

    run(tmp_path, plan + "[requests]\nsend_failed_arrives_ppm = 1000000\n", play)


# ---- orders placed elsewhere ---------------------------------------------------------------------------------


def test_given_an_order_by_hand_when_its_time_comes_then_it_trades_and_has_no_id_of_ours(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        pass_to(house, 10, 4)
        assert await house.backend.open_orders() == ([], 0)
        pass_to(house, 10, 5)
        [order], _ = await house.backend.open_orders()
        assert (order.client_order_id, order.quantity, order.limit_price) == ("", 10, 9_900)
        pass_to(house, 10, 6, price=9_890)
        accepted, filled = told(house)
        assert isinstance(accepted, OrderAccepted) and isinstance(filled, OrderFilled)
        assert {accepted.client_order_id, filled.client_order_id} == {""}
        assert [(one.symbol, one.quantity) for one in (await house.backend.positions())[0]] == [(SYMBOL, 10)]
        [row], _ = await house.backend.day_orders()
        assert (row.client_order_id, row.filled_qty) == ("", 10)
        [fill], _ = await house.backend.fills()
        assert fill.client_order_id == ""
        assert house.backend.done == {"order external": 1}

    run(tmp_path, BY_HAND, play)


def test_given_an_order_by_hand_when_it_is_cancelled_later_then_no_request_of_ours_did_it(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        pass_to(house, 10, 5)
        pass_to(house, 10, 20)
        cancelled = told(house)[-1]
        assert isinstance(cancelled, OrderCancelled)
        assert (cancelled.client_order_id, cancelled.request_id, cancelled.leaves_qty) == ("", "", 0)
        rows, _ = await house.backend.day_orders()
        assert [(row.action, row.client_order_id, row.request_id) for row in rows] == [
            (DayOrderAction.NEW, "", ""),
            (DayOrderAction.CANCEL, "", ""),
        ]
        pass_to(house, 10, 21)
        assert house.backend.done == {"order external": 1, "order external cancelled": 1}

    run(tmp_path, BY_HAND + 'cancel_at = "10:20"\n', play)


def test_given_an_order_by_hand_when_the_process_begins_anew_then_it_is_not_placed_twice(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        pass_to(house, 10, 5)
        house.sim._venue.keep_clock()

    async def again(house: Both) -> None:
        pass_to(house, 10, 30)
        assert [order.quantity for order in (await house.backend.open_orders())[0]] == [10]
        assert len(told(house)) == 1

    run(tmp_path, BY_HAND, play)
    run(tmp_path, BY_HAND, again)


def test_given_an_order_by_hand_the_venue_rejects_when_placed_then_nobody_here_hears_of_it(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        pass_to(house, 10, 5)
        assert told(house) == []
        assert len(list(house.sim._venue.journal.events(0))) == 1

    run(tmp_path, BY_HAND.replace("9900", "9901"), play)


def test_given_orders_of_ours_and_by_hand_when_they_trade_then_each_keeps_its_owner(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(5, 9_900))
        pass_to(house, 10, 5)
        pass_to(house, 10, 6, price=9_890)
        owners = [fact.client_order_id for fact in told(house)]  # type: ignore[attr-defined]  # facts
        assert sorted(owners) == ["", "", "c1", "c1"]

    run(tmp_path, BY_HAND, play)


# ---- a journal that is gone ----------------------------------------------------------------------------------


def test_given_a_journal_that_vanished_when_opened_anew_then_its_orders_go_on_unknown(tmp_path: Path) -> None:
    journals: list[str] = []

    async def play(house: Both) -> None:
        await ask(house, a_submit(10, 9_900))
        journals.append((await house.backend.session()).journal_id)
        house.sim._venue.keep_clock()

    async def anew(house: Both) -> None:
        assert (await house.backend.session()).journal_id not in journals
        assert told(house) == [], "nothing is told again"
        [order], as_of = await house.backend.open_orders()
        assert (order.client_order_id, order.leaves_qty, as_of) == ("", 10, 0)
        assert (await house.backend.resolve("c1")).outcome is RequestOutcome.VOID
        pass_to(house, 10, 30, price=9_890)
        [filled] = told(house)
        assert isinstance(filled, OrderFilled)
        assert (filled.client_order_id, filled.venue_order_id, filled.last_qty) == ("", "0000001", 10)
        [row], _ = await house.backend.day_orders()
        assert (row.client_order_id, row.filled_qty) == ("", 10)
        assert await ask(house, a_submit(1, 9_800, name="c2")) is RequestOutcome.SENT
        assert [order.client_order_id for order in (await house.backend.open_orders())[0]] == ["c2"]

    run(tmp_path, "", play)
    for file in tmp_path.glob("told.db*"):
        file.unlink()
    run(tmp_path, "", anew)


def test_given_a_new_journal_when_opened_once_more_then_it_still_tells_nothing_of_before(tmp_path: Path) -> None:
    async def play(house: Both) -> None:
        await ask(house, a_submit(10, 9_900))
        house.sim._venue.keep_clock()

    async def trade(house: Both) -> None:
        pass_to(house, 10, 30, price=9_890)
        assert len(told(house)) == 1
        house.sim._venue.keep_clock()

    async def look(house: Both) -> None:
        assert len(told(house)) == 1

    run(tmp_path, "", play)
    for file in tmp_path.glob("told.db*"):
        file.unlink()
    run(tmp_path, "", trade)
    run(tmp_path, "", look)
