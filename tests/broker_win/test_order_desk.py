"""SendOrder of the emulated control: what it refuses, what it limits, when its events come, and every field of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.port import Receipt
from broker_win.emulator.chejan import BALANCE_FIDS, ORDER_FIDS
from broker_win.emulator.order_input import PRICE_TYPES
from broker_win.emulator.parts import Emission
from broker_win.emulator.plan import TimesPlan
from domain.messages.orders import OrderAccepted
from domain.types import RequestOutcome, Side
from tests.broker_win.venue_steps import ACCOUNT, KOSDAQ, SYMBOL, Floor, a_plan, brief, defined_fids


def chejans(events: list[Emission]) -> list[Mapping[int, str]]:
    return [event.data for event in events if isinstance(event.data, dict)]


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": 0},
        {"kind": 7},
        {"quantity": 0},
        {"quantity": -1},
        {"price": -1},
        {"price_type": "99"},
        {"price_type": "0"},
        {"screen": "0000"},
        {"screen": "123"},
        {"kind": 3, "original": ""},
        {"kind": 5, "original": " "},
    ],
)
def test_given_wrong_input_when_sent_then_the_control_refuses_it(floor: Floor, wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"kind": 1, "quantity": 10, "price": 9_980} | wrong
    kind, quantity, price = asked.pop("kind"), asked.pop("quantity"), asked.pop("price")
    assert floor.order(kind, quantity, price, **asked) == -300
    assert floor.take() == []


def test_given_too_few_arguments_or_texts_for_numbers_when_sent_then_the_control_refuses_them(floor: Floor) -> None:
    assert floor.desk.send_order(("rq", "4001", ACCOUNT, 1, SYMBOL, 10, 9_980, "00")) == -300
    assert floor.desk.send_order(("rq", "4001", ACCOUNT, 1, SYMBOL, "10", 9_980, "00", "")) == -300
    assert floor.desk.send_order((1, "4001", ACCOUNT, 1, SYMBOL, 10, 9_980, "00", "")) == -300


def test_given_accounts_codes_and_sizes_when_wrong_then_each_has_its_code(floor: Floor) -> None:
    assert floor.order(1, 10, 9_980, code="999999") == -500
    assert floor.order(1, 200_001, 10_000) == -303
    assert floor.order(1, 500_001, 10_000) == -304
    assert floor.order(1, 200_001, 0, price_type="03") == -303  # at the market: by the latest price
    for code in (-301, -302, -340):
        floor.account_code = code
        assert floor.order(1, 10, 9_980) == code
    assert floor.take() == []


def test_given_shares_listed_when_an_order_is_a_large_part_of_them_then_it_is_refused(floor: Floor) -> None:
    floor.desk._listed = lambda code: 10_000
    assert floor.order(1, 100, 9_980) == 0
    assert floor.order(1, 101, 9_980) == -305
    assert floor.order(1, 301, 9_980) == -306


def test_given_servers_that_are_away_when_sent_then_the_line_is_closed(floor: Floor) -> None:
    floor.house.is_up = False
    assert floor.order(1, 10, 9_980) == -106


def test_given_more_orders_than_a_second_takes_when_sent_then_they_are_refused_until_it_is_over(tmp_path: Path) -> None:
    floor = Floor(tmp_path, a_plan(trs={"orders_per_second": 5}))
    assert [floor.order(1, 1, 9_980) for _ in range(7)] == [0] * 5 + [-308] * 2
    floor.emitter.advance(1_000)
    assert floor.order(1, 1, 9_980) == 0
    assert len(list(floor.house.venue.journal.events(0))) == 6


@pytest.mark.parametrize("price_type", sorted(PRICE_TYPES))
def test_given_a_price_type_when_sent_to_the_real_server_then_the_venue_has_its_kind(
    tmp_path: Path, price_type: str
) -> None:
    floor = Floor(tmp_path, a_plan(kind="real"))
    kind, in_force = PRICE_TYPES[price_type]
    assert floor.order(1, 10, 9_980 if kind.has_limit_price else 0, price_type=price_type) == 0
    fact = next(iter(floor.house.venue.journal.events(0)))
    if price_type in ("61", "62", "81"):  # not at ten o'clock
        assert brief(floor.take()[0])[2] == ""
    else:
        assert isinstance(fact, OrderAccepted)
        assert (fact.kind, fact.time_in_force) == (kind, in_force)


def test_given_the_mock_server_when_sent_other_types_then_it_rejects_with_a_message(floor: Floor) -> None:
    for price_type in sorted(set(PRICE_TYPES) - {"00", "03"}):
        assert floor.order(1, 1, 0, price_type=price_type) == 0
        answer, message = floor.take()
        assert brief(answer) == ("tr", "KOA_NORMAL_BUY_KP_ORD", "")
        assert str(message.arguments[3]).startswith("[00Z990] 모의투자 ")


def test_given_the_real_server_when_it_answers_then_no_word_is_of_the_mock_server(tmp_path: Path) -> None:
    floor = Floor(tmp_path, a_plan(kind="real"))
    floor.order(1, 10, 9_980)
    assert floor.take()[1].arguments[3] == "[00Z112] 정상처리 되었습니다"


def test_given_a_change_of_another_code_or_side_when_sent_then_the_server_rejects_it(floor: Floor) -> None:
    floor.order(1, 10, 9_980)
    floor.take()
    for wrong in ({"kind": 4, "code": SYMBOL}, {"kind": 3, "code": KOSDAQ}, {"kind": 6, "code": SYMBOL}):
        kind = int(str(wrong["kind"]))
        assert floor.order(kind, 10, 9_970 if kind == 6 else 0, original="0000001", code=str(wrong["code"])) == 0
        assert [brief(one) for one in floor.take()][1] == ("msg", "00Z991")
    assert floor.order(3, 10, 0, original="0000077") == 0
    assert [brief(one) for one in floor.take()][1] == ("msg", "00Z991")
    assert len(list(floor.house.venue.journal.events(0))) == 1


def test_given_an_order_when_events_come_then_each_is_at_its_time(tmp_path: Path) -> None:
    times = TimesPlan(order_ms=(10, 10), chejan_ms=(5, 5), message_ms=(2, 2))
    floor = Floor(tmp_path, a_plan(times=times))
    floor.order(1, 10, 9_980)
    came = []
    for ms in range(20):
        came += [(ms, brief(event)[0]) for event in floor.emitter.sent]
        floor.emitter.sent = []
        floor.emitter.advance(1)
    assert came == [(10, "tr"), (12, "msg"), (12, "order")]  # 접수 is behind the message, however quick it is


def test_given_an_order_when_answered_then_screen_and_rqname_are_those_it_was_sent_with(floor: Floor) -> None:
    floor.order(1, 10, 9_980, screen="4007", rqname="order 7")
    answer, message, told = floor.take()
    assert answer.arguments == ("4007", "order 7", "KOA_NORMAL_BUY_KP_ORD", "", "", 0, "", "", "")
    assert message.arguments[:3] == ("4007", "order 7", "KOA_NORMAL_BUY_KP_ORD")
    assert chejans([told])[0][920] == "4007"


def test_given_an_order_event_when_read_then_it_has_every_field_of_the_definition(floor: Floor) -> None:
    floor.order(1, 10, 0, price_type="03")
    received, filled, balance = floor.take()[2:]
    assert received.arguments == ("0", len(ORDER_FIDS), ";".join(map(str, ORDER_FIDS)))
    assert balance.arguments == ("1", len(BALANCE_FIDS), ";".join(map(str, BALANCE_FIDS)))
    first, second, third = chejans([received, filled, balance])
    assert tuple(first) == tuple(second) == ORDER_FIDS
    assert tuple(third) == BALANCE_FIDS
    expected = {
        9201: ACCOUNT,
        9203: "0000001",
        9001: "A005930",
        912: "JJ",
        913: "체결",
        900: "10",
        901: "0",
        902: "0",
        903: "100000",
        904: "0000000",
        905: "+매수",
        906: "시장가",
        907: "2",
        908: "100000",
        909: "000001",
        910: "10000",
        911: "10",
        914: "10000",
        915: "10",
        938: "350",
        939: "0",
        919: "0",
        920: "4001",
        819: "1",
        10: " 10000",
        27: " 10000",
        28: "-9990",
        302: "삼성전자" + " " * 32,
    }
    assert {fid: second[fid] for fid in expected} == expected
    assert (first[909], first[910], first[911], first[914], first[915]) == ("",) * 5
    expected = {
        9001: "A005930",
        930: "10",
        931: "10000",
        932: "100000",
        933: "10",
        945: "10",
        946: "2",
        307: "10000",
        305: "+13000",
        306: "-7000",
        10: " 10000",
        8019: "0.00",
        25: "3",
    }
    assert {fid: third[fid] for fid in expected} == expected


def test_given_the_definitions_when_compared_then_order_events_have_their_fields_in_their_order() -> None:
    assert ORDER_FIDS[:-1] == tuple(defined_fids("주문체결"))
    assert ORDER_FIDS[-1] == 819
    assert len(set(BALANCE_FIDS)) == len(BALANCE_FIDS)


def test_given_a_sale_when_told_then_commission_and_tax_are_those_of_its_number(floor: Floor) -> None:
    floor.order(1, 10, 0, price_type="03")
    floor.order(2, 10, 0, price_type="03")
    told = chejans(floor.take())
    sale = next(one for one in told if one.get(905) == "-매도" and one[913] == "체결")
    assert (sale[938], sale[939]) == ("349", "198")  # of 99,900 won: 0.35 %, and 0.05 % and 0.15 % of tax, each cut
    last = [one for one in told if 930 in one][-1]
    assert (last[930], last[932], last[945], last[946]) == ("0", "0", "0", "1")
    assert last[990] == str(-100 - 350 - 349 - 198)


def test_given_a_receipt_that_refuses_when_it_comes_then_the_order_is_answered_as_rejected(floor: Floor) -> None:
    floor.house.place = lambda request, then: then(  # type: ignore[method-assign]
        Receipt("x", RequestOutcome.REFUSED, "GATE_CLOSED", "the gate is {closed}")
    )
    floor.order(1, 10, 9_980)
    answer, message = floor.take()
    assert brief(answer)[2] == ""
    assert message.arguments[3] == "[00Z999] 모의투자 the gate is (closed)"


def test_given_a_line_that_breaks_when_an_order_is_on_its_way_then_nothing_answers_and_its_events_come(
    floor: Floor,
) -> None:
    real = floor.house.place

    def broken(request: Any, then: Any) -> None:
        then(Receipt("x", RequestOutcome.IN_DOUBT))
        real(request, lambda receipt: None)

    floor.house.place = broken  # type: ignore[method-assign]
    assert floor.order(1, 10, 9_980) == 0
    assert [brief(one) for one in floor.take()] == [("order", "0000001", "접수", "10", "")]


def test_given_two_processes_when_both_send_then_their_ids_differ(tmp_path: Path) -> None:
    floor = Floor(tmp_path, run="")
    floor.order(1, 1, 9_980)
    floor.restart("")
    floor.order(1, 1, 9_980)
    ids = [fact.client_order_id for fact in floor.house.venue.journal.events(0)]
    assert len(set(ids)) == 2
    assert all(name.startswith("kw-") for name in ids)


def test_given_a_new_day_when_facts_come_then_numbers_of_the_old_one_are_gone(floor: Floor) -> None:
    floor.order(1, 10, 9_980)
    floor.take()
    floor.wait(int(timedelta(days=1).total_seconds()))
    floor.house.on_quotes([])
    floor.order(1, 5, 9_980)
    assert [brief(one)[0] for one in floor.take()] == ["tr", "msg", "order"]
    assert [line.number for line in floor.desk.lines] == ["0000002"]


class TestElsewhere:
    """Orders placed by hand."""

    def test_given_a_number_nobody_knows_when_cancelled_by_hand_then_nothing_is_sent(self, floor: Floor) -> None:
        assert not floor.desk.cancel_elsewhere("0000009")
        assert list(floor.house.venue.journal.events(0)) == []

    def test_given_an_order_of_the_hts_when_the_control_cancels_it_then_its_own_events_are_heard_at_least(
        self, tmp_path: Path
    ) -> None:
        floor = Floor(tmp_path, a_plan(unknowns={"hts_orders_are_heard": False}))
        floor.desk.place_elsewhere(SYMBOL, Side.BUY, 10, 9_980)
        assert floor.take() == []
        floor.order(3, 10, 0, original="0000001")
        assert [brief(one)[:3] for one in floor.take()] == [
            ("tr", "KOA_NORMAL_KP_CANCEL", "0000002"),
            ("msg", "00Z112"),
            ("order", "0000002", "접수"),
            ("order", "0000002", "확인"),
        ]


class TestDraws:
    """Faults that happen to some orders happen to the same ones again."""

    PLAN = a_plan(
        orders={
            "chejan_lost_ppm": 200_000,
            "chejan_twice_ppm": 200_000,
            "answer_lost_ppm": 200_000,
            "balance_late_ppm": 300_000,
            "chejan_first_ppm": 300_000,
        },
        times=TimesPlan(),
    )

    def heard(self, folder: Path, seed: int) -> list[tuple[Any, ...]]:
        plan = replace(self.PLAN, server=replace(self.PLAN.server, seed=seed))
        floor = Floor(folder, plan)
        for _ in range(12):
            floor.order(1, 3, 0, price_type="03")
            floor.emitter.advance(7)
        heard = [brief(one) for one in floor.take()]
        floor.house.close()
        return heard

    def test_given_a_seed_when_played_twice_then_the_same_is_heard(self, tmp_path: Path) -> None:
        for name in ("a", "b", "c"):
            (tmp_path / name).mkdir()
        first = self.heard(tmp_path / "a", 1)
        assert first == self.heard(tmp_path / "b", 1)
        assert first != self.heard(tmp_path / "c", 2)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 30), st.sampled_from([0, 9_960, 9_970, 9_980])),
        st.tuples(st.just("sell"), st.integers(1, 30), st.sampled_from([0, 10_020, 10_050])),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.integers(1, 12)),
        st.tuples(st.just("modify"), st.integers(1, 30), st.integers(1, 12)),
        st.tuples(st.just("others"), st.integers(1, 40), st.sampled_from([9_950, 9_970, 10_000, 10_030])),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(ACTS)
def test_for_any_orders_the_events_add_up_to_what_the_venue_booked(acts: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        floor = Floor(Path(folder))
        for what, quantity, more in acts:
            if what == "others":
                floor.trade(more, quantity)
            elif what in ("buy", "sell"):
                kind = 1 if what == "buy" else 2
                floor.order(kind, quantity, more, price_type="00" if more else "03")
            else:
                line = floor.desk.lines.get(f"{more:07d}")
                side = 1 if line is not None and line.side is Side.SELL else 0
                kind = (3 if what == "cancel" else 5) + side
                floor.order(kind, quantity, 0 if what == "cancel" else 9_970, original=f"{more:07d}")
        told = chejans(floor.take())
        orders = [one for one in told if 913 in one]
        balances = [one for one in told if 930 in one]
        fills = list(floor.house.venue.fills)
        assert [(one[909], one[915], one[914]) for one in orders if one[909]] == [
            (fill.trade_id, str(fill.last_qty), str(fill.last_px)) for fill in fills
        ]
        assert len(balances) == len(fills)
        held = {position.symbol: position.quantity for position in floor.house.venue.exchange.positions()}
        if balances:
            assert int(balances[-1][930]) == held[SYMBOL]
        for row in floor.house.venue.exchange.books.day_orders.rows():
            mine = [one for one in orders if one[9203] == row.venue_order_id]
            assert mine[0][913] == "접수"
            if row.action != "CANCEL":
                assert int(mine[-1][902]) == row.leaves_qty
                assert int(mine[-1][903]) == row.filled_notional
        floor.house.close()
