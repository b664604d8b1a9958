"""What every machine shares: one table on `transitions`, read through a typed look-up.

Two rules. Everything that decides where a move leads is in the table; code outside only picks the trigger. And a
machine knows no order and no connection: it is model-less, one per table, and callers keep their own state.

The look-up is a dict filled from the `transitions` machine once at import: replaying millions of events must not pay
6 µs a move.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from transitions import Machine

S = TypeVar("S", bound=StrEnum)

Rows = list[list[Any]]  # [trigger, source or sources, destination], as `transitions` reads them


class MachineError(Exception):
    """A trigger is not in the table for this state. Carries machine, state, trigger and what is allowed."""

    def __init__(self, machine: str, state: str, trigger: str, allowed: Sequence[str]) -> None:
        """Keep the four and put them into one line."""
        may = ", ".join(allowed) or "nothing"
        super().__init__(f"{machine}: trigger {trigger!r} is not allowed in {state}, allowed: {may}")
        self.machine = machine
        self.state = state
        self.trigger = trigger
        self.allowed = tuple(allowed)


class Row(NamedTuple):
    """One move of a table, sources spelled out."""

    trigger: str
    source: str
    dest: str


class Table(Generic[S]):
    """A state machine as data. Raises ValueError when two rows share trigger and source."""

    def __init__(
        self, name: str, states: type[S], rows: Rows, *, initial: S, finals: Iterable[S] = (), theory: str | None = ""
    ) -> None:
        """Build the `transitions` machine and read the look-up from it."""
        self.name = name
        self.states = states
        self.initial = initial
        self.finals = frozenset(finals)
        self.theory = (theory or "").strip()
        self._rows = rows
        machine = Machine(model=None, states=states, transitions=rows, initial=initial, auto_transitions=False)
        self._moves: dict[tuple[S, str], S] = {}
        for trigger in machine.events:
            for move in machine.get_transitions(trigger):
                key = (states(str(move.source)), trigger)
                if key in self._moves:  # transitions would silently take the first
                    raise ValueError(f"{name}: two rows for trigger {trigger!r} in {move.source}")
                self._moves[key] = states(str(move.dest))
        self._allowed = {state: tuple(t for s, t in self._moves if s is state) for state in states}

    def next_state(self, state: S, trigger: str) -> S:
        """Look one move up in the table. Raises MachineError when it is not there."""
        dest = self._moves.get((state, trigger))
        if dest is None:
            raise MachineError(self.name, state.value, trigger, self._allowed[state])
        return dest

    def allowed(self, state: S) -> tuple[str, ...]:
        """Give the triggers the table has for a state, in table order."""
        return self._allowed[state]

    def triggers(self) -> tuple[str, ...]:
        """Give every trigger of the table once, in table order."""
        return tuple(dict.fromkeys(trigger for _, trigger in self._moves))

    def rows(self) -> tuple[Row, ...]:
        """Give every move, sources spelled out, in table order."""
        return tuple(Row(trigger, source.value, dest.value) for (source, trigger), dest in self._moves.items())

    def is_final(self, state: S) -> bool:
        """Tell whether nothing is waited for in this state any more."""
        return state in self.finals

    def mermaid(self) -> str:
        """Draw the table as a Mermaid state diagram, made by `transitions` itself."""
        from transitions.extensions import GraphMachine

        drawn = GraphMachine(
            states=self.states,
            transitions=self._rows,
            initial=self.initial,
            auto_transitions=False,
            graph_engine="mermaid",
        )
        source = str(drawn.get_graph(title=f"title: {self.name}").source)
        return "\n".join(line.rstrip() for line in source.strip().splitlines()) + "\n"
