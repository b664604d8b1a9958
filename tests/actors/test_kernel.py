"""The kernel: one order of events, two phases, and what a failing role does to the rest."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.kernel import MAX_REPORTS, Kernel
from actors.core.role import Role
from domain.errors import InvariantError
from domain.messages import Message, Stamp
from domain.messages.operator import PauseRequested, ResumeRequested
from domain.messages.run import ClockTicked, RoleFailed, RunEnded
from domain.messages.trading import GateChanged, NoticeRaised, StrategyBenched
from domain.types import Gate, Severity, UnixNanos
from tests.actors.builders import T0, House, a_run

Answer = Callable[[Any, Stamp], Iterable[Message]]


def tick(n: int = 0) -> ClockTicked:
    return ClockTicked(UnixNanos(n), False)


def note(text: str) -> NoticeRaised:
    return NoticeRaised(Severity.INFO, "t", text)


def benched(text: str) -> StrategyBenched:
    return StrategyBenched(text, "", 0)


def role(
    name: str,
    hears: tuple[type[Message], ...] = (ClockTicked,),
    answer: Answer = lambda message, stamp: (),
    fold: Callable[[Any, Stamp], None] = lambda message, stamp: None,
    journal: list[str] | None = None,
) -> Role:
    """Make a role that counts what it evolved over and writes each phase down."""
    lines = journal if journal is not None else []

    class Made(Role):
        NAME: ClassVar[str] = name
        HEARS: ClassVar[tuple[type[Message], ...]] = hears
        SAYS: ClassVar[tuple[type[Message], ...]] = ()

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[int] = []

        def evolve(self, message: Any, stamp: Stamp) -> None:
            lines.append(f"{name} evolves {stamp.seq}")
            fold(message, stamp)
            self.seen.append(stamp.seq)

        def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
            lines.append(f"{name} decides {stamp.seq}")
            return answer(message, stamp)

    return Made()


def fails(*_: Any) -> Any:
    raise ValueError("boom")


def handle(kernel: Kernel, message: Message) -> list[tuple[int, str, int, str]]:
    numbered = kernel.handle(message, UnixNanos(T0), "edge")
    return [(i.stamp.seq, type(i.message).__name__, i.causation_seq, i.role) for i in numbered]


def test_given_two_hearers_when_a_message_comes_then_all_evolve_before_the_first_decides():
    lines: list[str] = []
    kernel = Kernel([role("a", journal=lines), role("b", journal=lines)], "L")
    handle(kernel, tick())
    assert lines == ["a evolves 1", "b evolves 1", "a decides 1", "b decides 1"]


def test_given_outputs_with_consequences_when_numbered_then_depth_comes_first_and_roles_keep_their_order():
    first = role("a", answer=lambda m, s: [note("1"), note("2")])
    second = role("b", (ClockTicked, NoticeRaised), answer=lambda m, s: [benched("x")])
    assert handle(Kernel([first, second], "L"), tick()) == [
        (1, "ClockTicked", 0, "edge"),
        (2, "NoticeRaised", 1, "a"),
        (3, "StrategyBenched", 2, "b"),
        (4, "NoticeRaised", 1, "a"),
        (5, "StrategyBenched", 4, "b"),
        (6, "StrategyBenched", 1, "b"),
    ]


def test_given_a_speaker_when_it_does_not_hear_its_output_then_it_evolves_once_and_does_not_decide():
    lines: list[str] = []
    kernel = Kernel([role("a", answer=lambda m, s: [note("1")], journal=lines)], "L")
    handle(kernel, tick())
    assert lines == ["a evolves 1", "a decides 1", "a evolves 2"]


def test_given_a_speaker_when_it_hears_its_own_output_then_it_evolves_over_it_once():
    lines: list[str] = []
    answer: Answer = lambda m, s: [note("1")] if isinstance(m, ClockTicked) else []  # noqa: E731
    handle(Kernel([role("a", (ClockTicked, NoticeRaised), answer, journal=lines)], "L"), tick())
    assert lines == ["a evolves 1", "a decides 1", "a evolves 2", "a decides 2"]


def test_given_a_role_that_fails_while_evolving_when_heard_then_it_is_told_first_and_left_out_from_then_on():
    bad, good = role("bad", fold=fails), role("good", answer=lambda m, s: [note("fine")])
    kernel = Kernel([bad, good], "L")
    first, second = handle(kernel, tick()), handle(kernel, tick())
    assert [name for _, name, _, _ in first] == ["ClockTicked", "RoleFailed", "NoticeRaised"]
    assert [name for _, name, _, _ in second] == ["ClockTicked", "NoticeRaised"]
    assert kernel.benched == {"bad": "ValueError: boom (evolving over ClockTicked)"}


def test_given_a_role_that_fails_while_deciding_when_heard_again_then_it_stays_and_is_told_once():
    kernel = Kernel([role("bad", answer=fails)], "L")
    names = [name for _ in range(5) for _, name, _, _ in handle(kernel, tick())]
    assert names.count("RoleFailed") == 1
    assert kernel.benched == {}


def test_given_a_failure_told_before_when_a_person_resumes_then_it_is_told_again():
    kernel = Kernel([role("bad", answer=fails)], "L")
    handle(kernel, tick())
    handle(kernel, ResumeRequested("c", "kim", "looked"))
    assert "RoleFailed" in [name for _, name, _, _ in handle(kernel, tick())]


def test_given_errors_that_differ_each_time_when_a_role_fails_on_and_on_then_the_log_is_not_flooded():
    def answer(message: Any, stamp: Stamp) -> Any:
        raise ValueError(stamp.seq)

    kernel = Kernel([role("bad", answer=answer)], "L")
    names = [name for _ in range(100) for _, name, _, _ in handle(kernel, tick())]
    assert names.count("RoleFailed") == MAX_REPORTS


def test_given_a_role_that_fails_on_the_news_of_its_failure_when_it_fails_then_that_ends():
    kernel = Kernel([role("trading_day", (ClockTicked, RoleFailed), answer=fails)], "L")
    names = [name for _, name, _, _ in handle(kernel, tick())]
    assert names.count("RoleFailed") == 2
    assert names.count("GateChanged") == 2


@pytest.mark.parametrize("way", [{"answer": fails}, {"fold": fails}])
def test_given_a_trading_day_that_fails_when_it_fails_then_the_core_shuts_the_gate(way: dict[str, Any]):
    numbered = Kernel([role("trading_day", **way)], "L").handle(tick(), UnixNanos(T0), "edge")
    [gate] = [item for item in numbered if isinstance(item.message, GateChanged)]
    assert (gate.message.level, gate.role) == (Gate.CANCELS_ONLY, "core")  # type: ignore[attr-defined]


def test_given_a_role_benched_by_the_fold_when_a_run_begins_then_it_is_told_again():
    house = House(role("bad", fold=fails))
    house.hear(tick())
    kernel = house.folded(lambda: [role("bad", fold=fails)])
    numbered = kernel.handle(a_run(), UnixNanos(T0), "system")
    [failed] = [i.message for i in numbered if isinstance(i.message, RoleFailed)]
    assert (failed.role_name, failed.benched) == ("bad", True)


def test_given_roles_that_answer_each_other_when_a_message_comes_then_the_chain_is_ended_loudly():
    one = role("a", (ClockTicked, NoticeRaised), answer=lambda m, s: [benched("x")])
    two = role("b", (StrategyBenched,), answer=lambda m, s: [note("y")])
    with pytest.raises(InvariantError, match="without end"):
        Kernel([one, two], "L").handle(tick(), UnixNanos(T0), "edge")


def test_given_two_roles_of_one_name_when_a_kernel_is_made_then_it_refuses():
    with pytest.raises(ValueError, match="share a name"):
        Kernel([role("a"), role("a")], "L")


# ---- fold equals live ------------------------------------------------------------------------------------------


def moody_roles() -> list[Role]:
    """Make roles that talk to each other and fail on some messages."""

    def fold_b(message: Any, stamp: Stamp) -> None:
        if isinstance(message, PauseRequested) and message.note == "kill b":
            raise ValueError(stamp.seq)

    def answer_a(message: Any, stamp: Stamp) -> Iterable[Message]:
        if isinstance(message, PauseRequested) and message.note == "hurt a":
            raise ValueError("a is hurt")
        return [note("n")] * (stamp.seq % 3)

    return [
        role("a", (ClockTicked, PauseRequested), answer_a),
        role("b", (NoticeRaised, PauseRequested), lambda m, s: [benched("s")], fold_b),
        role("c", (NoticeRaised, StrategyBenched, RoleFailed, RunEnded)),
    ]


INPUTS = st.one_of(
    st.integers(0, 9).map(tick),
    st.sampled_from(["", "kill b", "hurt a"]).map(lambda text: PauseRequested("c", "kim", text)),
    st.just(RunEnded("r", "x")),
    st.just(ResumeRequested("c", "kim", "")),
    st.just(a_run()),
)


@given(st.lists(INPUTS, max_size=30))
def test_for_any_inputs_a_fold_leaves_the_roles_as_the_live_run_did(inputs: list[Message]):
    house = House(*moody_roles())
    house.hear(*inputs)
    live, kernel = house.core.kernel, house.folded(moody_roles)
    assert [r.seen for r in kernel.roles] == [r.seen for r in live.roles]  # type: ignore[attr-defined]
    assert (kernel.benched, kernel._told, kernel.last_seq) == (live.benched, live._told, live.last_seq)


@given(st.lists(INPUTS, max_size=30), st.lists(INPUTS, max_size=5))
def test_for_any_inputs_a_restarted_kernel_goes_on_as_the_live_one_would(inputs: list[Message], more: list[Message]):
    house = House(*moody_roles())
    house.hear(*inputs)
    again = house.folded(moody_roles)
    for message in more:
        assert again.handle(message, UnixNanos(T0), "e") == house.core.kernel.handle(message, UnixNanos(T0), "e")


@given(st.lists(INPUTS, max_size=30))
def test_for_any_inputs_the_sequence_has_no_gap_and_causes_come_first(inputs: list[Message]):
    house = House(*moody_roles())
    house.hear(*inputs)
    assert [item.stamp.seq for item in house.core.history] == list(range(1, len(house.core.history) + 1))
    assert all(item.causation_seq < item.stamp.seq for item in house.core.history)
