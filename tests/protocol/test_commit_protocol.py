"""Every history of one order, and of one order with a cancel or a halt, through every crash: docs/commit-protocol.md.

`HANTRADE_PROTOCOL=large .venv/bin/pytest tests/protocol/test_commit_protocol.py -q -rP` goes further and prints more.
"""

import os
import re
from pathlib import Path

import pytest

from actors.core.kernel import Kernel
from domain.types import UnixNanos
from tests.actors.builders import T0
from tests.protocol.explore import Exploration
from tests.protocol.house import Case, a_cancel, a_halt, a_model, a_resume, a_start, an_order, explored, halt_now
from tests.protocol.steps import Model
from tests.protocol.trader import LOG_ID, key_of
from tests.protocol.world import Budget, World

ORDER, CANCEL, HALT, GATES = (an_order,), (an_order, a_cancel), (an_order, a_halt), (halt_now, a_resume, halt_now)
CASES = [
    # script                       simulated crashes, breaks, jumps, doubles, fills, waits
    Case("order", ORDER, True, Budget(2, 1, 0, 0, 1)),
    Case("order", ORDER, True, Budget(1, 0, 1, 1, 1)),
    Case("order", ORDER, False, Budget(2, 0, 0, 0, 1)),
    Case("order", ORDER, False, Budget(1, 1, 0, 0, 1)),
    Case("cancel", CANCEL, True, Budget(2, 0, 0, 0, 1)),
    Case("cancel", CANCEL, False, Budget(1, 0, 0, 0, 1)),
    Case("halt", HALT, True, Budget(1, 0, 0, 0, 0)),
    Case("order", ORDER, True, Budget(0, 1, 1, 0, 1, 1)),
    Case("halt", HALT, True, Budget(0, 1, 0, 0, 0, 1)),
    Case("gates", GATES, True, Budget(0, 1, 0, 0, 0)),
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
    Case("order", ORDER, True, Budget(1, 1, 1, 0, 1, 1)),
    Case("halt", HALT, True, Budget(1, 1, 0, 0, 0, 1)),
    Case("gates", GATES, True, Budget(1, 1, 0, 0, 0)),
]
WANTED = LARGE if os.environ.get("HANTRADE_PROTOCOL") == "large" else CASES


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", WANTED, ids=lambda case: case.title)
def test_for_any_history_nothing_is_lost_doubled_or_sent_by_a_later_run(tmp_path: Path, case: Case) -> None:
    seen = explored(tmp_path, case).figures()
    print(f"{case.title}: {seen}")  # noqa: T201  # the figures, with -rP
    assert seen.ends, "no history comes to an end"
    assert bool(seen.doubts) is not case.simulated, "a doubt stays exactly where the venue outlives the broker"


def ends_of(exploration: Exploration) -> set[str]:
    """Give what trader, journal and venue say at each end, with names for what has one.

    Ids are made of sequences, and a step that is taken alone or together with others shifts those: so each number in an
    id becomes the rank in which it is met. Which ids are the same ids is still told. A digest is of a request with its
    id, so only whether there is one is told. Everything else stays, the words of a denial too.
    """
    trader, broker = exploration.model.trader, exploration.model.broker
    ends = set()
    for world in (exploration.worlds[number] for number in exploration.ends):
        content = broker.content(world.journal)
        requests = [(name, bool(digest), *rest) for name, digest, *rest in content.requests]
        facts = broker.facts(world.journal)
        told = (trader.books[world.kernel], requests, facts, content.gate, content.epoch, world.venue)
        ends.add(with_ranks(repr(told)))
    return ends


def with_ranks(text: str) -> str:
    """Give the text with every number in an id replaced by its rank: L-42-c57-1 is L-#0-c#1-1."""
    ranks: dict[str, str] = {}
    return re.sub(rf"(?<=\b{LOG_ID}-)\d+|(?<=-c)\d+", lambda found: ranks.setdefault(found[0], f"#{len(ranks)}"), text)


FINE = [
    Case("order", ORDER, True, Budget(1, 0, 0, 0, 1), fine=True),
    Case("order", ORDER, True, Budget(0, 1, 0, 0, 1), fine=True),
    Case("cancel", CANCEL, True, Budget(1, 0, 0, 0, 1), fine=True),
    Case("cancel", CANCEL, True, Budget(0, 1, 0, 0, 1), fine=True),
    Case("halt", HALT, True, Budget(0, 0, 0, 0, 1), fine=True),
]


@pytest.mark.parametrize("fine", FINE, ids=lambda case: case.title)
def test_given_the_core_step_by_step_when_explored_then_the_ends_are_those_of_the_short_cut(
    tmp_path: Path, fine: Case
) -> None:
    first = explored(tmp_path / "short", fine._replace(fine=False))
    second = explored(tmp_path / "fine", fine)
    assert len(second.worlds) > len(first.worlds)
    assert ends_of(first) == ends_of(second)


class QuotesAtOnce(Model):
    """Lets the quotes link answer at once, though an order may still come before it does."""

    def _is_awaited(self, world: World) -> bool:
        return False


class LinkAtOnce(Model):
    """Lets the orders link take an effect at once, though the trader may die before it does."""

    def settle(self, world: World) -> World:
        world = super().settle(world)
        while world.inbox and not world.pending:
            world = super().settle(next(self._link(world))[1])
        return world


@pytest.mark.parametrize("hasty", [QuotesAtOnce, LinkAtOnce])
def test_given_a_short_cut_that_goes_too_far_when_explored_then_it_misses_ends(
    tmp_path: Path, hasty: type[Model]
) -> None:
    fine = FINE[0]
    first = explored(tmp_path / "short", fine._replace(fine=False), model=hasty)
    assert ends_of(first) < ends_of(explored(tmp_path / "fine", fine))


def test_given_ids_when_ranked_then_equal_ids_stay_equal_and_others_differ() -> None:
    assert with_ranks("L-42 L-42-c57-1 L-7") == "L-#0 L-#0-c#1-1 L-#2"


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
