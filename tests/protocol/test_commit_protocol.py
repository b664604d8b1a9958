"""Every history of one order, and of one order with a cancel or a halt, through every crash: docs/commit-protocol.md.

`HANTRADE_PROTOCOL=large .venv/bin/pytest tests/protocol/test_commit_protocol.py -q -rP` goes further and prints more.
"""

import os
from pathlib import Path

import pytest

from actors.core.kernel import Kernel
from domain.types import UnixNanos
from tests.actors.builders import T0
from tests.protocol.explore import Exploration
from tests.protocol.house import Case, a_cancel, a_halt, a_model, a_start, an_order, explored
from tests.protocol.trader import LOG_ID, key_of
from tests.protocol.world import Budget

ORDER, CANCEL, HALT = (an_order,), (an_order, a_cancel), (an_order, a_halt)
CASES = [
    # script                       simulated crashes, breaks, jumps, doubles, fills
    Case("order", ORDER, True, Budget(2, 1, 0, 0, 1)),
    Case("order", ORDER, True, Budget(1, 0, 1, 1, 1)),
    Case("order", ORDER, False, Budget(2, 0, 0, 0, 1)),
    Case("order", ORDER, False, Budget(1, 1, 0, 0, 1)),
    Case("cancel", CANCEL, True, Budget(2, 0, 0, 0, 1)),
    Case("cancel", CANCEL, False, Budget(1, 0, 0, 0, 1)),
    Case("halt", HALT, True, Budget(1, 0, 0, 0, 0)),
]
LARGE = [
    Case("order", ORDER, True, Budget(2, 1, 1, 0, 1)),
    Case("order", ORDER, True, Budget(2, 0, 1, 1, 1)),
    Case("order", ORDER, False, Budget(2, 1, 0, 0, 1)),
    Case("order", ORDER, False, Budget(2, 0, 1, 0, 1)),
    Case("cancel", CANCEL, True, Budget(1, 1, 0, 0, 1)),
    Case("cancel", CANCEL, False, Budget(2, 0, 0, 0, 1)),
    Case("cancel", CANCEL, False, Budget(1, 1, 0, 0, 1)),
    Case("halt", HALT, True, Budget(1, 1, 0, 0, 1)),
]
WANTED = LARGE if os.environ.get("HANTRADE_PROTOCOL") == "large" else CASES


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", WANTED, ids=lambda case: case.title)
def test_for_any_history_nothing_is_lost_doubled_or_sent_by_a_later_run(tmp_path: Path, case: Case) -> None:
    seen = explored(tmp_path, case).figures()
    print(f"{case.title}: {seen}")  # noqa: T201  # the figures, with -rP
    assert seen.ends, "no history comes to an end"
    assert bool(seen.doubts) is not case.simulated, "a doubt stays exactly where the venue outlives the broker"


def ends_of(exploration: Exploration) -> set[object]:
    """Give what trader, journal and venue say at each end."""
    trader, broker = exploration.model.trader, exploration.model.broker
    ended = [exploration.worlds[number] for number in exploration.ends]
    return {(trader.books[w.kernel], broker.content(w.journal), w.venue) for w in ended}


@pytest.mark.parametrize("left", [Budget(1, 0, 0, 0, 1), Budget(0, 1, 0, 0, 1)])
@pytest.mark.parametrize("script", [ORDER, CANCEL], ids=["order", "cancel"])
def test_given_the_core_step_by_step_when_explored_then_the_ends_are_those_of_the_short_cut(
    tmp_path: Path, script: tuple[object, ...], left: Budget
) -> None:
    short = Case("short", script, True, left)  # type: ignore[arg-type]  # commands
    fine = short._replace(name="fine", fine=True)
    first = explored(tmp_path / "short", short)
    second = explored(tmp_path / "fine", fine)
    assert len(second.worlds) > len(first.worlds)
    assert ends_of(first) == ends_of(second)


def test_given_another_sequence_when_an_order_is_made_then_the_state_is_the_same_but_for_the_id(tmp_path: Path) -> None:
    # States are told apart without the sequence; that is sound only if roles do nothing else with it.
    with a_model(tmp_path, CASES[0].rules, atomic=True) as model:
        trader, world = model.trader, a_start(model, Budget())
        asked = an_order(trader.books[world.kernel])
        assert asked is not None
        keys = []
        for shift in (0, 973):
            kernel: Kernel = trader.taken(world.kernel)
            kernel.last_seq += shift
            kernel.handle(asked, UnixNanos(T0), "test")
            first = f"{LOG_ID}-{trader.taken(world.kernel).last_seq + shift + 1}"
            keys.append(key_of(kernel.dump()).replace(first.encode(), b"ID"))
        assert keys[0] == keys[1]
