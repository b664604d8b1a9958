"""A core that stalls: events wait at the broker, in its journal, and the link still closes at once."""

import threading

import pytest

from actors.edges import conversation
from actors.edges.conversation import Conversation
from tests.actors.link_builders import WAIT_S, an_event
from tests.actors.test_order_link import House, house

__all__ = ["house"]


@pytest.fixture(autouse=True)
def small_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MOST_UNHANDLED", 3)


def test_given_a_core_that_stalls_when_events_come_then_they_wait_unread_and_go_on_one_by_one(house: House) -> None:
    session = house.connect()
    all_heard = threading.Event()

    def hear() -> None:
        for seq in range(1, 11):
            session.event(seq)
        all_heard.set()

    reading = threading.Thread(target=hear)
    reading.start()
    got = [house.door.next().event_seq for _ in range(3)]
    while len(got) < 10:
        assert not all_heard.is_set()
        assert len(house.door.all) == len(got), "no more than the room has"
        house.door.commit()
        got.append(house.door.next().event_seq)
    assert got == list(range(1, 11))
    reading.join(WAIT_S)
    assert all_heard.is_set()


def test_given_an_event_that_waits_for_the_core_when_the_link_closes_then_it_is_let_go_and_not_heard() -> None:
    talk = Conversation(0)
    assert [talk.admit() for _ in range(3)] == [True, True, True]
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(talk.admit()))
    waiting.start()
    talk.end("closed")
    waiting.join(WAIT_S)
    assert answers == [False]
    talk.handled()
    assert not talk.admit(), "it stays over"


def test_given_an_event_of_a_conversation_that_is_over_when_it_comes_then_nobody_hears_it(house: House) -> None:
    session = house.connect()
    session.break_off()
    house.door.forget()
    session.listener["event"](an_event(1))
    assert house.door.all == []
