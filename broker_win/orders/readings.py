"""When the lists of the account are read for what stays open: each question a few times, ever later. Pure."""

from collections.abc import Sequence
from typing import Final

from broker_win.orders.flow import Question
from domain.types import NANOS_PER_SECOND

GAP_GRACE_NS: Final = NANOS_PER_SECOND  # events overtake each other by less
MOST_READINGS: Final = 4  # for one question, each after twice the time of the one before


class Readings:
    """How often the lists were read for each question."""

    def __init__(self, answer_timeout_ns: int) -> None:
        """Give an answer so long to come before the lists are asked."""
        self._answer_timeout_ns = answer_timeout_ns
        self._tries: dict[str, tuple[int, int]] = {}  # question -> readings so far, monotonic ns of the newest

    def due(self, questions: Sequence[Question], mono: int) -> list[Question]:
        """Give what the lists are to be read for at a moment (monotonic ns); questions that ended are forgotten."""
        self._tries = {q.key: self._tries[q.key] for q in questions if q.key in self._tries}
        return [question for question in questions if self._is_due(question, mono)]

    def begin(self, due: Sequence[Question], mono: int) -> None:
        """Note that the lists are being read for these."""
        for question in due:
            self._tries[question.key] = (self._tries.get(question.key, (0, 0))[0] + 1, mono)

    def stuck(self, questions: Sequence[Question]) -> list[str]:
        """Say what the lists do not explain. A request that no list shows is none of it: who asked is in doubt."""
        tries = self._tries
        return [q.words for q in questions if not q.is_answer and tries.get(q.key, (0, 0))[0] >= MOST_READINGS]

    def _is_due(self, question: Question, mono: int) -> bool:
        tries, last = self._tries.get(question.key, (0, question.since))
        wait = self._answer_timeout_ns if question.is_answer else GAP_GRACE_NS
        return tries < MOST_READINGS and mono - last >= wait * 2**tries
