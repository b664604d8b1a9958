"""Requests that are refused, rejected without a number, in doubt or slow; a session that ends; what they become."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.port import Guard
from domain.errors import BrokerUnavailable
from domain.messages.orders import ChangeRefused, OrderRejected
from domain.types import Gate, RequestOutcome
from tests.broker_sim.builders import NEVER, a_cancel, a_modify, a_quote, a_submit, at
from tests.broker_sim.faulty_house import MS, FaultyHouse

Make = Callable[..., FaultyHouse]


@pytest.fixture
def a_house(tmp_path: Path) -> Iterator[Make]:
    made: list[FaultyHouse] = []

    def make(plan: str = "") -> FaultyHouse:
        made.append(FaultyHouse(tmp_path, plan))
        return made[-1]

    yield make
    for house in made:
        house.close()


def knobs(**values: object) -> str:
    return "[requests]\n" + "\n".join(f"{name} = {value}" for name, value in values.items()) + "\n"


def test_given_five_a_second_when_a_sixth_comes_then_it_is_refused_and_never_sent(a_house: Make) -> None:
    house = a_house(knobs(order_rate=5))
    said = [house.ask(a_submit(1, 9_900, name=f"c{number}")).receipt for number in range(6)]
    assert [one.outcome for one in said] == [RequestOutcome.SENT] * 5 + [RequestOutcome.REFUSED]
    assert said[-1].code == "ORDER_RATE" and said[-1].text.startswith("-308 주문전송과부하: more than 5")
    assert len(house.true_names) == 5
    house.wait(999)
    assert house.ask(a_submit(1, 9_900, name="c6")).receipt.code == "ORDER_RATE"
    house.wait(1)
    assert house.ask(a_cancel("0000001", name="c0")).receipt.outcome is RequestOutcome.SENT
    assert house.ask(a_submit(1, 9_900, name="c5")).receipt.code == "ORDER_RATE", "its first answer stands"


def test_given_a_blank_number_when_ordered_then_it_is_rejected_with_kiwooms_text_and_never_there(a_house: Make) -> None:
    script = '[[script]]\nwhat = "rejected_blank"\nkind = "submit"\nnth = 2\n'
    house = a_house(knobs(rejected_text='"[00Z217] before the open"') + script)
    for number in (1, 2, 3):
        assert house.ask(a_submit(1, 9_900, name=f"c{number}")).receipt.outcome is RequestOutcome.SENT
    _, rejected, _ = house.told
    assert isinstance(rejected, OrderRejected)
    assert (rejected.client_order_id, rejected.text) == ("c2", "[00Z217] before the open")
    assert len(house.true_names) == 2


@pytest.mark.parametrize("change", [a_cancel("0000001"), a_modify("0000001", 1, 9_800, request="x1")])
def test_given_a_blank_number_when_changed_then_the_order_stands(a_house: Make, change: object) -> None:
    house = a_house('[[script]]\nwhat = "rejected_blank"\nkind = "cancel"\nnth = 1\n' + MODIFY_TOO)
    house.ask(a_submit(10, 9_900))
    house.ask(change)  # type: ignore[arg-type]
    _, refused = house.told
    assert isinstance(refused, ChangeRefused)
    assert (refused.request_id, refused.text[:8]) == ("x1", "[00Z924]")
    assert [one.leaves_qty for one in house.truth.exchange.open_orders()] == [10]


MODIFY_TOO = '[[script]]\nwhat = "rejected_blank"\nkind = "modify"\nnth = 1\n'


@pytest.mark.parametrize("what", ["send_failed", "unanswered"])
@pytest.mark.parametrize("arrives", [0, 1_000_000])
def test_given_an_order_in_doubt_when_asked_then_the_lists_tell_once_it_is_old_enough(
    a_house: Make, what: str, arrives: int
) -> None:
    house = a_house(knobs(**{f"{what}_ppm": 1_000_000, f"{what}_arrives_ppm": arrives}) + LOSES_ALL)
    order = a_submit(10, 9_900)
    answer = house.ask(order)
    assert answer.receipt.outcome is RequestOutcome.IN_DOUBT
    assert answer.delay_ns == (3_000 * MS if what == "unanswered" else 0)
    assert len(house.true_names) == bool(arrives)
    house.wait(1_999)
    assert house.venue.resolve("c1").outcome is RequestOutcome.IN_DOUBT
    house.wait(1)
    found = house.venue.resolve("c1")
    assert (found.outcome, found.code) == (
        (RequestOutcome.SENT, "") if arrives else (RequestOutcome.REFUSED, "SEND_FAILED")
    )
    assert house.names == house.true_names, "what the lists showed was told with it"
    assert house.venue.resolve("c1").outcome is found.outcome


LOSES_ALL = "[messages.all]\nlost_ppm = 1000000\n"


def test_given_an_order_in_doubt_when_a_message_of_it_comes_then_it_is_the_evidence(a_house: Make) -> None:
    house = a_house(knobs(send_failed_ppm=1_000_000, send_failed_arrives_ppm=1_000_000))
    order = a_submit(10, 9_900)
    assert house.ask(order).receipt.outcome is RequestOutcome.IN_DOUBT
    assert house.names == ["OrderAccepted"]
    assert house.outcome(order) == "SENT"


def test_given_an_order_in_doubt_when_the_process_never_looks_then_it_stays_in_doubt(a_house: Make) -> None:
    never = "[repair]\nrecover_after_ms = 0\non_read = false\n"
    house = a_house(never + knobs(send_failed_ppm=1_000_000, send_failed_arrives_ppm=0))
    house.ask(a_submit(10, 9_900))
    house.wait(3_600_000)
    assert house.venue.resolve("c1").outcome is RequestOutcome.IN_DOUBT
    assert house.venue.resolve("never seen").outcome is RequestOutcome.VOID


def test_given_a_process_that_died_on_the_way_when_asked_then_the_lists_tell(a_house: Make) -> None:
    house = a_house()
    order = a_submit(10, 9_900)
    house.ask(order)
    house.venue.journal.begin("c2", "hash")  # it died before it reached the venue
    house.restart()
    assert house.venue.resolve("c1").outcome is RequestOutcome.SENT
    assert house.venue.resolve("c2").code == "SEND_FAILED"


def test_given_the_second_order_is_to_fail_when_restarted_after_one_then_it_is_the_second(a_house: Make) -> None:
    house = a_house('[[script]]\nwhat = "send_failed"\nkind = "submit"\nnth = 2\n')
    outcomes = []
    for number in range(3):
        house.restart()
        outcomes.append(house.ask(a_submit(1, 9_900, name=f"c{number}")).receipt.outcome)
    assert outcomes == [RequestOutcome.SENT, RequestOutcome.IN_DOUBT, RequestOutcome.SENT]


def test_given_slow_answers_when_asked_then_the_receipt_takes_its_time_and_events_do_not(a_house: Make) -> None:
    house = a_house(knobs(slow_ppm=1_000_000, slow_ms="[250, 250]"))
    answer = house.ask(a_submit(10, 10_000))
    assert (answer.receipt.outcome, answer.delay_ns) == (RequestOutcome.SENT, 250 * MS)
    assert house.names == ["OrderAccepted", "OrderFilled"]
    assert house.ask(a_submit(10, 10_000)).delay_ns == 0, "a repeated id is answered by the journal"


def test_given_the_gate_was_shut_at_the_venue_when_faults_are_switched_on_then_the_gate_is_the_process_s(
    a_house: Make,
) -> None:
    house = a_house()
    house.truth.journal.set_gate("before", Gate.CANCELS_ONLY)
    house.restart()
    assert house.ask(a_submit(1, 9_900)).receipt.outcome is RequestOutcome.SENT
    house.venue.journal.set_gate("now", Gate.CANCELS_ONLY)
    assert house.ask(a_submit(1, 9_900, name="c2")).receipt.code == "GATE_CLOSED"


def test_given_a_guard_of_the_venues_journal_when_asked_then_it_is_refused(a_house: Make) -> None:
    house = a_house()
    venue = house.truth.journal
    answer = house.venue.request(a_submit(), Guard(venue.journal_id, venue.epoch, NEVER))
    assert answer.receipt.code == "WRONG_JOURNAL"


# ---- the session with Kiwoom -------------------------------------------------------------------------------------

MAINTENANCE = '[[maintenance]]\nfrom = "10:10"\nuntil = "10:15"\n'


def test_given_maintenance_when_it_begins_then_nothing_passes_until_a_login_after_it(a_house: Make) -> None:
    house = a_house(MAINTENANCE)
    house.ask(a_submit(10, 9_900))
    house.venue_clock(at(10, 10))
    assert not house.venue.line.up and house.venue.line.breaks == 1
    assert house.ask(a_submit(1, 9_900, name="c2")).receipt.code == "NOT_LOGGED_IN"
    with pytest.raises(BrokerUnavailable, match="-101"):
        house.venue.login()
    house.trade(a_quote(9_890, at(10, 12)))
    house.venue_clock(at(10, 15))
    assert not house.venue.line.up, "nobody has logged in"
    assert house.names == ["OrderAccepted"], "Kiwoom filled it, nobody heard"
    house.venue.login()
    assert house.names == ["OrderAccepted", "OrderFilled"], "found in the lists"
    assert house.ask(a_submit(1, 9_900, name="c3")).receipt.outcome is RequestOutcome.SENT


def test_given_maintenance_when_it_begins_then_messages_on_their_way_are_missed(a_house: Make) -> None:
    house = a_house(MAINTENANCE + "[messages.accepted]\nlate_ppm = 1000000\nlate_ms = [500, 500]\n")
    house.ask(a_submit(10, 9_900))
    house.venue_clock(at(10, 10))
    house.wait(60_000)
    assert house.told == []
    house.venue_clock(at(10, 15))
    house.venue.login()
    assert house.names == ["OrderAccepted"]
    house.wait(60_000)
    assert house.names == ["OrderAccepted"]


def test_given_a_process_that_never_looks_when_restarted_after_maintenance_then_what_it_missed_stays_missed(
    a_house: Make,
) -> None:
    house = a_house(MAINTENANCE + "[repair]\nrecover_after_ms = 0\non_read = false\n")
    house.ask(a_submit(10, 9_900))
    house.venue_clock(at(10, 10))
    house.trade(a_quote(9_890, at(10, 12)))
    house.venue_clock(at(10, 15))
    house.restart()
    assert house.venue.line.up
    house.wait(60_000)
    assert house.true_names == ["OrderAccepted", "OrderFilled"]
    assert house.names == ["OrderAccepted"]


def test_given_maintenance_on_other_days_when_the_time_comes_then_nothing_happens(a_house: Make) -> None:
    house = a_house(MAINTENANCE + 'days = ["sat", "sun"]\n')  # 2026-01-13 is a Tuesday
    house.venue_clock(at(10, 12))
    assert house.venue.line.up


def test_given_a_login_that_grows_stale_when_it_has_then_messages_are_missed_and_streams_stand(a_house: Make) -> None:
    house = a_house("[login]\nstale_after_ms = 60000\n[repair]\nrecover_after_ms = 0\n")
    house.ask(a_submit(10, 9_900))
    house.wait(59_999)
    assert house.venue.line.up
    house.wait(1)
    assert not house.venue.line.up and house.venue.line.breaks == 0
    house.trade(a_quote(9_890, at(10, 1)))
    assert house.names == ["OrderAccepted"]
    house.venue.login()
    assert house.names == ["OrderAccepted", "OrderFilled"]
    house.wait(59_999)
    assert house.venue.line.up


def test_given_logins_that_fail_when_tried_again_then_one_succeeds(a_house: Make) -> None:
    house = a_house("[login]\nstale_after_ms = 1000\nfailed_ppm = 500000\n")
    house.wait(1_000)
    failures = 0
    while not house.venue.line.up:
        try:
            house.venue.login()
        except BrokerUnavailable:
            failures += 1
    assert failures == house.counts.get("login failed", 0) < 20
