"""How the connection supervisor moves a link: the machine's step, said, with what the link is told to do."""

from actors.roles.connection_state import ORDERS, ConnectionState
from actors.roles.link_state import Link
from domain.messages import Message, Stamp
from domain.messages.link import CloseLink, ConnectionChanged, OpenLink, OrdersRouted, SourceChanged
from fsm import connection as fsm
from fsm.connection import State

BUSY = (State.CONNECTING, State.LOGGING_IN, State.RECONCILING)


class ConnectionMoves(ConnectionState):
    """Moves of one link. A move the table does not have gives nothing: what asked for it came too late."""

    def _move(self, link: Link, trigger: str, reason: str, stamp: Stamp) -> list[Message]:
        if trigger not in fsm.MACHINE.allowed(link.state):
            return []  # an answer that came too late, e.g. a failure after the link was given up
        to_state = fsm.MACHINE.next_state(link.state, trigger)
        at = stamp.system_time
        planned = to_state is State.BACKING_OFF and link.is_maintained(at, self.windows)
        return [ConnectionChanged(link.name, link.state.value, to_state.value, trigger, reason, at, planned)]

    def _connect(self, link: Link, trigger: str, reason: str, stamp: Stamp) -> list[Message]:
        moved = self._move(link, trigger, reason, stamp)
        resume = (self.after_seq, self.journal_id) if link.name is ORDERS else (0, "")
        return [*moved, OpenLink(link.name, link.endpoint, link.attempts + 1, *resume)] if moved else []

    def _redirect(
        self, link: Link, told: SourceChanged | OrdersRouted, stamp: Stamp, after_seq: int = 0, journal_id: str = ""
    ) -> list[Message]:
        """Hang up and dial another broker at once."""
        return [
            CloseLink(link.name, told.reason),
            told,
            *self._move(link, "redirect", told.reason, stamp),
            OpenLink(link.name, told.to_endpoint, 1, after_seq, journal_id),
        ]

    def _fail(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        """Hang up and back off, from wherever the link stands: a loss may overtake the opening at the door."""
        moved = self._move(link, "attempt_failed" if link.state in BUSY else "lost", reason, stamp)
        return [*moved, CloseLink(link.name, reason)] if moved else []

    def _end(self, link: Link, reason: str, stamp: Stamp) -> list[Message]:
        return [*self._move(link, "stop", reason, stamp), CloseLink(link.name, reason)]
