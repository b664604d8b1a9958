"""How long requests and answers are under way between the trader and the venue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.messages import Message
from domain.messages.orders import FACTS, RequestAnswered

JUST_AFTER = 1  # ns: behind the rows of that moment


class Travel(Protocol):
    """Says when something arrives."""

    def request(self, now: int) -> int:
        """Give when the next request of the trader reaches the venue (UTC ns, not before `now`)."""

    def answer(self, message: Message, now: int) -> int:
        """Give when a receipt or an order event reaches the trader (UTC ns, not before `now`)."""


@dataclass(frozen=True, slots=True)
class Steady:
    """The same time for everything, each way."""

    delay: int  # ns

    def request(self, now: int) -> int:
        """Give the moment after the delay."""
        return now + self.delay

    def answer(self, message: Message, now: int) -> int:
        """Give the moment after the delay."""
        return now + self.delay


@dataclass(slots=True)
class AsBefore:
    """As long as in another log of the same day, order by order; what that log does not tell takes no time.

    Times are venue times (UTC ns). There the exchange heard a whole batch before a request that came with it, so
    everything arrives just after the rows of its moment.
    """

    requests: Sequence[int]  # when each request reached the venue, in order of their making; 0: not told
    answers: Sequence[int]  # newest row the trader had heard at each receipt, in order
    facts: Mapping[int, int]  # event sequence -> newest row the trader had heard then
    _sent: int = field(default=0)
    _answered: int = field(default=0)

    def request(self, now: int) -> int:
        """Give when the request of the same number arrived."""
        number, self._sent = self._sent, self._sent + 1
        return self._after(self.requests[number] if number < len(self.requests) else 0, now)

    def answer(self, message: Message, now: int) -> int:
        """Give when the receipt of the same number, or the event of the same sequence, was heard."""
        if isinstance(message, RequestAnswered):
            number, self._answered = self._answered, self._answered + 1
            return self._after(self.answers[number] if number < len(self.answers) else 0, now)
        if isinstance(message, FACTS):
            return self._after(self.facts.get(message.event_seq, 0), now)
        return now

    def _after(self, told: int, now: int) -> int:
        return max(now, told + JUST_AFTER) if told else now
