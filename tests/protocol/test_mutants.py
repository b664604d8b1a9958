"""A model that cannot fail proves nothing: plant one defect after the other, and see each found."""

from pathlib import Path

import pytest

from tests.protocol.explore import Found
from tests.protocol.house import Case, explored
from tests.protocol.mutants import MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_given_a_planted_defect_when_explored_then_the_shortest_history_that_shows_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mutant = MUTANTS[name]
    mutant.patch(monkeypatch)
    with pytest.raises(Found) as found:
        explored(tmp_path, mutant.case, core=mutant.core, model=mutant.model)
    assert mutant.finds in found.value.what
    print(f"\n{name}: {found.value}")  # noqa: T201  # the history, with -rP


@pytest.mark.parametrize("case", dict.fromkeys(item.case for item in MUTANTS.values()), ids=lambda case: case.title)
def test_given_no_defect_when_explored_as_far_then_every_promise_holds(tmp_path: Path, case: Case) -> None:
    explored(tmp_path, case)
