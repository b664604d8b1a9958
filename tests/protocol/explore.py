"""Breadth first through every state, each once; the first broken promise has the shortest history."""

from collections import deque
from dataclasses import dataclass

from tests.protocol.promises import check_gates, check_quiet, check_state, in_doubt, is_settled
from tests.protocol.steps import Model
from tests.protocol.world import Violation, World

MAX_CALM = 9  # ticks in a row after which a system that is not settled never will be: half an hour
DOUBT_CALM = 2  # ticks in a row after which a doubt that only evidence can end is an end


class Found(AssertionError):
    """A broken promise with the history that breaks it."""

    def __init__(self, what: str, history: list[str]) -> None:
        self.what, self.history = what, history
        lines = [f"  {number:2} {step}" for number, step in enumerate([*history, "what comes next breaks it"], 1)]
        super().__init__("\n".join([what, *lines]))


@dataclass(frozen=True, slots=True)
class Figures:
    """How much there was to see."""

    states: int
    steps: int
    ends: int  # states in which nothing is under way and all is settled
    doubts: int  # of them, with a fate that only a look at the venue can tell
    histories: int  # different ways from the begin to an end
    longest: int  # steps of the longest of them


class Exploration:
    """Walks a model from one state. Raises Found."""

    def __init__(self, model: Model, start: World) -> None:
        self.model = model
        self.worlds: list[World] = [start]
        self.numbers: dict[World, int] = {start: 0}
        self.came: list[tuple[int, str]] = [(-1, "")]
        self.next: list[tuple[int, ...]] = []
        self.ends: set[int] = set()
        self.doubts = 0

    def run(self, limit: int = 10_000_000) -> "Exploration":
        todo = deque([0])
        while todo:
            number = todo.popleft()
            found: list[int] = []
            world = self.worlds[number]
            try:
                for words, after in self._following(number, world):
                    known = self.numbers.get(after)
                    if known is None:
                        known = self._add(after, number, words)
                        todo.append(known)
                        check_state(self.model.trader, self.model.broker, after)
                    found.append(known)
            except Violation as broken:
                raise Found(str(broken), self.history(number)) from broken
            self.next.append(tuple(dict.fromkeys(found)))
            if len(self.worlds) > limit:
                raise AssertionError(f"more than {limit} states")
        return self

    def _add(self, world: World, before: int, words: str) -> int:
        number = self.numbers[world] = len(self.worlds)
        self.worlds.append(world)
        self.came.append((before, words))
        return number

    def _following(self, number: int, world: World) -> list[tuple[str, World]]:
        model = self.model
        steps = list(model.steps(world))
        if not model.is_quiet(world):
            return steps
        doubts = in_doubt(model.broker, world)
        if is_settled(model.trader, world) or (doubts and world.calm >= DOUBT_CALM):
            check_quiet(model.trader, model.broker, world)
            if model.rules.gates:
                check_gates(model.broker, world)
            self.ends.add(number)
            self.doubts += bool(doubts)
        elif world.calm >= MAX_CALM:
            raise Violation(f"it never settles: {model.trader.books[world.kernel]}")
        else:
            steps.append(("time passes", model.patience(world)))
        return steps

    # ---- figures -----------------------------------------------------------------------------------------------

    def history(self, number: int) -> list[str]:
        words: list[str] = []
        while number > 0:
            number, step = self.came[number]
            words.append(step)
        return words[::-1]

    def figures(self) -> Figures:
        """Count histories by following every step once. Raises AssertionError on a circle, which would never end."""
        ways, depth, left = self._count()
        assert not left, f"{left} states lie on a circle"
        ends = list(self.ends)
        return Figures(
            states=len(self.worlds),
            steps=sum(map(len, self.next)),
            ends=len(ends),
            doubts=self.doubts,
            histories=sum(ways[number] for number in ends),
            longest=max(depth[number] for number in ends),
        )

    def _count(self) -> tuple[list[int], list[int], int]:
        size = len(self.worlds)
        before, ways, depth = [0] * size, [0] * size, [0] * size
        for following in self.next:
            for number in following:
                before[number] += 1
        ways[0], done, todo = 1, 0, [number for number in range(size) if not before[number]]
        while todo:
            number = todo.pop()
            done += 1
            for after in self.next[number]:
                ways[after] += ways[number]
                depth[after] = max(depth[after], depth[number] + 1)
                before[after] -= 1
                if not before[after]:
                    todo.append(after)
        return ways, depth, size - done
