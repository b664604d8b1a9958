"""Core actors: asked from any thread, answered on the core's, without a thread of their own."""

import threading
from collections.abc import Iterator

import pykka
import pytest

from domain.messages.run import ClockTicked
from domain.types import UnixNanos
from tests.actors.test_core import WAIT_S, FakeLog, Rig, Sender, approved, running


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = running(Rig)
    yield made
    made.core.stop(WAIT_S)
    for role in made.roles:
        pykka.ActorRegistry.unregister(role.actor_ref)


def test_given_a_running_core_when_asked_then_the_answer_includes_all_posted_before(rig: Rig):
    rig.post(ClockTicked(UnixNanos(1), False), ClockTicked(UnixNanos(2), False))
    done = threading.Event()
    rig.core.post(ClockTicked(UnixNanos(3), False), source="t", on_committed=done.set)
    assert done.wait(WAIT_S)
    assert rig.roles[0].actor_ref.ask("ticks", timeout=WAIT_S) == 3


def test_given_many_threads_when_they_ask_then_all_are_answered(rig: Rig):
    answers: list[int] = []

    def ask() -> None:
        answers.append(rig.roles[0].actor_ref.ask("ticks", timeout=WAIT_S))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert answers == [0] * 8


def test_given_a_question_that_fails_when_asked_then_the_asker_gets_the_error_and_the_core_goes_on(rig: Rig):
    ref = rig.roles[0].actor_ref
    with pytest.raises(KeyError):
        ref.ask("crash", timeout=WAIT_S)
    with pytest.raises(TypeError, match="sender cannot answer int"):
        ref.ask(1, timeout=WAIT_S)
    assert ref.ask("ticks", timeout=WAIT_S) == 0
    assert rig.failures == []


def test_given_a_core_that_ended_when_asked_then_the_asker_does_not_wait(rig: Rig):
    rig.core.stop(WAIT_S)
    with pytest.raises(pykka.ActorDeadError):
        rig.roles[0].actor_ref.ask("ticks", timeout=WAIT_S)


def test_given_a_core_that_failed_when_a_question_waits_then_the_asker_is_told():
    rig = Rig(Sender(), log=FakeLog(failures=9, reserve=False))
    pykka.ActorRegistry.register(rig.roles[0].actor_ref)
    question = rig.roles[0].actor_ref.ask("ticks", block=False)
    rig.post(approved())
    rig.core.start()
    assert rig.ended.wait(WAIT_S)
    with pytest.raises(pykka.ActorDeadError):
        question.get(timeout=WAIT_S)
    pykka.ActorRegistry.unregister(rig.roles[0].actor_ref)


def test_given_an_actor_that_is_stopped_when_asked_then_it_is_dead(rig: Rig):
    ref = rig.roles[0].actor_ref
    ref.stop(timeout=WAIT_S)
    assert not ref.is_alive()
