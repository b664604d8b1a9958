"""The clock and timer of signs of life, in the hands of a test."""

import threading
from queue import Queue

from broker.session_pulse import Rhythm
from tests.broker.contract import WAIT_S


class Metronome:
    """The caller's clock and timer: it beats when the test says so."""

    def __init__(self) -> None:
        self.now = 50.0
        self._beats: Queue[None] = Queue()
        self._done: Queue[None] = Queue()
        self._begun = False
        self.rhythm = Rhythm(1.0, lambda: self.now, self._wait)

    def _wait(self, over: threading.Event, _: float) -> bool:
        if self._begun:
            self._done.put(None)
        self._begun = True
        self._beats.get(timeout=WAIT_S)
        return over.is_set()

    def beat(self, seconds: float = 1.0) -> None:
        """Let time pass, and one turn of the timer thread."""
        self.now += seconds
        self._beats.put(None)
        self._done.get(timeout=WAIT_S)

    def last_beat(self, seconds: float) -> None:
        """Let the turn come that ends the thread."""
        self.now += seconds
        self._beats.put(None)
