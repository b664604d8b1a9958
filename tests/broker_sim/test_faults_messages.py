"""Order messages that are lost, late, doubled or out of order, and how the process finds what it was not told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.journal import OrderJournal
from broker_sim.faulty_venue import FaultyVenue
from domain.errors import InvariantError, LogFull
from domain.messages.orders import ChangeReceived, OrderAccepted, OrderCancelled, OrderFilled, OrderReplaced
from tests.broker_sim.builders import a_cancel, a_modify, a_quote, a_submit, at
from tests.broker_sim.faulty_house import FaultyHouse

Make = Callable[..., FaultyHouse]


@pytest.fixture
def a_house(tmp_path: Path) -> Iterator[Make]:
    made: list[FaultyHouse] = []

    def make(plan: str = "") -> FaultyHouse:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(FaultyHouse(folder, plan))
        return made[-1]

    yield make
    for house in made:
        house.close()


NEVER_REPAIRS = "[repair]\nrecover_after_ms = 0\non_read = false\n"


def scripted(what: str, kind: str, nth: int = 1) -> str:
    return f'[[script]]\nwhat = "{what}"\nkind = "{kind}"\nnth = {nth}\n'


# ---- Kiwoom's own sequences (facts 2.6) --------------------------------------------------------------------------


def test_given_no_faults_when_modified_in_part_and_cancelled_then_numbers_and_shares_go_as_at_kiwoom(
    a_house: Make,
) -> None:
    house = a_house()
    house.ask(a_submit(10, 9_900))
    house.ask(a_modify("0000001", 4, 9_800))
    house.ask(a_cancel("0000001", request="x1"))
    house.trade(a_quote(9_700, at(10, 1)))
    accepted, received, replaced, asked, cancelled, filled = house.told
    assert isinstance(accepted, OrderAccepted) and (accepted.venue_order_id, accepted.quantity) == ("0000001", 10)
    assert isinstance(received, ChangeReceived)
    assert (received.venue_order_id, received.change_venue_order_id) == ("0000001", "0000002")  # its own number
    assert isinstance(replaced, OrderReplaced)
    assert (replaced.venue_order_id, replaced.new_venue_order_id) == ("0000001", "0000002")
    assert (replaced.moved_qty, replaced.leaves_qty) == (4, 6)  # the rest stays under the original number
    assert isinstance(asked, ChangeReceived) and asked.change_venue_order_id == "0000003"
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.venue_order_id, cancelled.cancelled_qty, cancelled.leaves_qty) == ("0000001", 6, 0)
    assert isinstance(filled, OrderFilled) and (filled.venue_order_id, filled.last_qty) == ("0000002", 4)


def test_given_a_fill_that_beat_the_cancel_when_asked_then_it_is_refused_and_gets_no_number(a_house: Make) -> None:
    house = a_house()
    house.ask(a_submit(10, 10_000))
    house.ask(a_cancel("0000001"))
    assert house.names == ["OrderAccepted", "OrderFilled", "ChangeRefused"]


# ---- one knob each -----------------------------------------------------------------------------------------------


def test_given_a_lost_fill_when_the_time_is_over_then_it_is_found_in_the_lists(a_house: Make) -> None:
    house = a_house("[repair]\nrecover_after_ms = 5000\n" + scripted("lost", "filled"))
    house.ask(a_submit(10, 10_000))
    assert house.true_names == ["OrderAccepted", "OrderFilled"]
    house.wait(4_999)
    assert house.names == ["OrderAccepted"]
    house.wait(1)
    assert house.names == ["OrderAccepted", "OrderFilled"]
    assert [fact.event_seq for fact in house.told] == [1, 2]
    assert house.counts == {"filled lost": 1, "filled found in the lists": 1}


def test_given_a_lost_fill_when_the_account_is_read_then_the_answer_and_the_events_agree(a_house: Make) -> None:
    house = a_house("[repair]\nrecover_after_ms = 0\n" + scripted("lost", "filled"))
    house.ask(a_submit(10, 10_000))
    house.wait(3_600_000)
    assert house.names == ["OrderAccepted"]
    house.venue.before_read()
    assert house.names == ["OrderAccepted", "OrderFilled"]


def test_given_a_process_that_never_looks_when_a_fill_is_lost_then_it_is_never_told(a_house: Make) -> None:
    house = a_house(NEVER_REPAIRS + scripted("lost", "filled"))
    house.ask(a_submit(10, 10_000))
    house.venue.before_read()
    house.wait(3_600_000)
    house.restart()
    assert house.names == ["OrderAccepted"]
    assert house.venue.waiting == 1


def test_given_a_late_acceptance_when_its_time_comes_then_it_comes_after_the_fill(a_house: Make) -> None:
    house = a_house("[messages.accepted]\nlate_ppm = 1000000\nlate_ms = [300, 300]\n")
    house.ask(a_submit(10, 10_000))
    house.wait(299)
    assert house.names == ["OrderFilled"]
    house.wait(1)
    assert house.names == ["OrderFilled", "OrderAccepted"]


def test_given_a_late_message_when_the_account_is_read_then_it_comes_first(a_house: Make) -> None:
    house = a_house(NEVER_REPAIRS + "[messages.all]\nlate_ppm = 1000000\n")
    house.ask(a_submit(10, 10_000))
    assert house.told == []
    house.venue.before_read()
    assert house.names == house.true_names
    house.wait(10_000)
    assert house.names == house.true_names


@pytest.mark.parametrize("again_ms", [0, 200])
def test_given_a_doubled_fill_when_it_comes_then_the_second_is_the_same_under_a_number_of_its_own(
    a_house: Make, again_ms: int
) -> None:
    house = a_house(f"[messages.filled]\nduplicated_ppm = 1000000\nduplicated_ms = [{again_ms}, {again_ms}]\n")
    house.ask(a_submit(10, 10_000))
    house.wait(again_ms)
    _, first, second = house.told
    assert isinstance(first, OrderFilled) and isinstance(second, OrderFilled)
    assert (first.event_seq, second.event_seq) == (2, 3)
    assert (first.trade_id, first.last_qty) == (second.trade_id, second.last_qty)
    house.wait(10_000)
    assert len(house.told) == 3


def test_given_a_reordered_acceptance_when_the_next_message_comes_then_it_comes_behind(a_house: Make) -> None:
    house = a_house(scripted("reordered", "accepted"))
    house.ask(a_submit(10, 9_900))
    assert house.told == []
    house.ask(a_submit(10, 9_800, name="c2"))
    assert [fact.client_order_id for fact in house.told] == ["c2", "c1"]


def test_given_a_reordered_message_when_nothing_follows_then_it_comes_after_its_longest_wait(a_house: Make) -> None:
    house = a_house("[messages.accepted]\nhold_ms = 700\n" + scripted("reordered", "accepted"))
    house.ask(a_submit(10, 9_900))
    house.wait(699)
    assert house.told == []
    house.wait(1)
    assert house.names == ["OrderAccepted"]


def test_given_fill_before_ack_when_another_order_goes_on_then_only_its_own_fill_brings_the_acceptance(
    a_house: Make,
) -> None:
    house = a_house(scripted("fill_before_ack", "accepted"))
    house.ask(a_submit(10, 9_900))
    house.ask(a_submit(10, 9_800, name="c2"))
    assert [fact.client_order_id for fact in house.told] == ["c2"]
    house.trade(a_quote(9_890, at(10, 1)))
    assert [(type(fact).__name__, fact.client_order_id) for fact in house.told[1:]] == [
        ("OrderFilled", "c1"),
        ("OrderAccepted", "c1"),
    ]


def test_given_a_script_with_a_time_of_day_when_it_is_over_then_nothing_is_lost(a_house: Make) -> None:
    script = '[[script]]\nwhat = "lost"\nkind = "accepted"\nfrom = "10:00"\nuntil = "10:05"\n'
    house = a_house(NEVER_REPAIRS + script)
    house.ask(a_submit(1, 9_900, name="in"))
    house.trade(a_quote(10_000, at(10, 5)))
    house.ask(a_submit(1, 9_900, name="after"))
    assert [fact.client_order_id for fact in house.told] == ["after"]


# ---- the plan goes on --------------------------------------------------------------------------------------------


def test_given_the_third_fill_is_to_be_lost_when_restarted_after_two_then_it_is_the_third(a_house: Make) -> None:
    house = a_house(NEVER_REPAIRS + scripted("lost", "filled", 3))
    for name in ("a", "b"):
        house.ask(a_submit(1, 10_000, name=name))
    house.restart()
    for name in ("c", "d"):
        house.ask(a_submit(1, 10_000, name=name))
    assert [fact.client_order_id for fact in house.told if isinstance(fact, OrderFilled)] == ["a", "b", "d"]


def test_given_late_messages_when_the_process_dies_then_the_next_one_draws_the_same_fate(a_house: Make) -> None:
    plan = "[messages.filled]\nlate_ppm = 1000000\nlate_ms = [100, 100]\n"
    house = a_house(plan)
    house.ask(a_submit(10, 10_000))
    house.restart()
    assert house.names == ["OrderAccepted"]
    house.wait(100)
    assert house.names == ["OrderAccepted", "OrderFilled"]
    house.restart()
    house.wait(10_000)
    assert house.names == ["OrderAccepted", "OrderFilled"]


def test_given_a_message_the_venue_said_just_before_the_process_died_when_it_is_back_then_it_is_told(
    a_house: Make,
) -> None:
    house = a_house()
    house.ask(a_submit(10, 9_900))
    house.sim.on_batch([a_quote(9_890, at(10, 1))])  # nobody heard it
    assert house.names == ["OrderAccepted"]
    house.restart()
    assert house.names == ["OrderAccepted", "OrderFilled"]


def test_given_a_full_disk_when_a_message_cannot_be_kept_then_it_is_told_once_there_is_space(
    a_house: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = a_house()
    house.ask(a_submit(10, 9_900))
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise LogFull("no space")

        patched.setattr(house.venue.journal, "append", full)
        with pytest.raises(LogFull):
            house.trade(a_quote(9_890, at(10, 1)))
        with pytest.raises(LogFull):
            house.wait(20)
    house.wait(20)
    assert house.names == ["OrderAccepted", "OrderFilled"]


def test_given_a_journal_of_another_venue_when_opened_then_it_is_refused(a_house: Make, tmp_path: Path) -> None:
    house, other = a_house(), a_house()
    journal = OrderJournal(tmp_path / "journal.db", durable=False)
    FaultyVenue(house.truth, journal, house.plan, lambda: 0)
    with pytest.raises(InvariantError, match="messages of"):
        FaultyVenue(other.truth, journal, house.plan, lambda: 0)
    journal.close()


CHANCE = st.sampled_from([0, 0, 150_000, 500_000])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    chances=st.tuples(CHANCE, CHANCE, CHANCE, CHANCE, CHANCE),
    moves=st.lists(st.sampled_from(["buy", "rest", "cancel", "quote", "wait", "restart", "read"]), max_size=14),
)
def test_for_any_faults_every_message_comes_in_the_end_and_only_doubled_ones_twice(
    tmp_path_factory: pytest.TempPathFactory, seed: int, chances: tuple[int, ...], moves: list[str]
) -> None:
    knobs = ("lost_ppm", "late_ppm", "duplicated_ppm", "reordered_ppm", "fill_before_ack_ppm")
    plan = f"seed = {seed}\n[messages.all]\n" + "\n".join(f"{k} = {v}" for k, v in zip(knobs, chances, strict=True))
    house = FaultyHouse(tmp_path_factory.mktemp("any"), plan)
    for number, move in enumerate(moves):
        match move:
            case "buy" | "rest":
                house.ask(a_submit(3, 10_000 if move == "buy" else 9_900, name=f"c{number}"))
            case "cancel":
                house.ask(a_cancel("0000001", name="c0", request=f"x{number}"))
            case "quote":
                house.trade(a_quote(9_900 - number % 3 * 10, at(10, 1, number)))
            case "wait":
                house.wait(400)
            case "restart":
                house.restart()
            case "read":
                house.venue.before_read()
    house.wait(5_000)
    house.wait(5_000)
    numbered = [fact.event_seq for fact in house.told]
    assert numbered == list(range(1, len(numbered) + 1))
    truth = [repr(fact.__class__) + str(house_key(fact)) for fact in house.truth.journal.events()]
    told = [repr(fact.__class__) + str(house_key(fact)) for fact in house.told]
    assert set(told) == set(truth)
    assert len(told) == len(truth) or chances[2], "something came twice that was not doubled"
    assert max((told.count(one) for one in told), default=1) <= 2 or "restart" in moves
    house.close()


def house_key(fact: object) -> dict[str, object]:
    names = fact.__slots__  # type: ignore[attr-defined]
    return {name: getattr(fact, name) for name in names if name not in ("journal_id", "event_seq")}
