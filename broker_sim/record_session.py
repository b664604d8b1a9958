"""Keeps a recorder fed: connects to a broker, reads its stream, connects again with back-off when it breaks."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from broker_sim.recorder import Recorder
from domain.errors import BrokerUnavailable, ConfigError
from domain.instruments import Instrument
from domain.messages.link import SessionInfo
from domain.quotes import QuoteBatch
from domain.time import kst_date

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 15.0


class Stream(Protocol):
    """Batches of a source, with their bytes."""

    def __iter__(self) -> Iterator[tuple[bytes, QuoteBatch]]:
        """Give batches until the source ends. Raises BrokerUnavailable when the stream breaks."""


class Source(Protocol):
    """What a recorder asks of a broker; `broker.client.BrokerClient` has it."""

    def session(self) -> SessionInfo:
        """Tell where the day is."""

    def instruments(self, symbols: Sequence[str] = ()) -> tuple[list[Instrument], list[str]]:
        """Give known instruments and the symbols not known."""

    def quotes(self, symbols: Sequence[str], *, depth: bool = False) -> Stream:
        """Begin to read."""

    def close(self) -> None:
        """Hang up."""


def record(
    dial: Callable[[], Source],
    recorder: Recorder,
    symbols: Sequence[str],
    *,
    depth: bool,
    wait: Callable[[float], bool],
    say: Callable[[str], None],
) -> None:
    """Record until the source says its data has ended, or `wait(seconds)` says to stop (True).

    The first connection must succeed: raises BrokerUnavailable. Later ones are tried for ever, each wait twice the one
    before, from 0.25 s to 15 s. Raises ConfigError for symbols the broker does not know, RequestRefused, OSError.
    """
    pause = FIRST_WAIT_S
    connected = False
    while True:
        source = dial()
        try:
            served = _served(source, recorder, symbols)
            connected = True
            for _, batch in source.quotes(served, depth=depth):
                pause = FIRST_WAIT_S
                recorder.on_batch(batch)
                if batch.end_of_data:
                    return
            reason = "the broker ended the stream"
        except BrokerUnavailable as error:
            if not connected:
                raise
            reason = str(error)
        finally:
            source.close()
        recorder.on_lost(reason)
        say(f"{reason}; next try in {pause:g} s")
        if wait(pause):
            return
        pause = min(2 * pause, LONGEST_WAIT_S)


def _served(source: Source, recorder: Recorder, symbols: Sequence[str]) -> list[str]:
    instruments, unknown = source.instruments(symbols)
    if unknown:
        raise ConfigError(f"--symbols: codes served by the broker are expected, unknown {', '.join(unknown)}")
    if not instruments:
        raise ConfigError("--from: a broker that serves instruments is expected, it names none")
    recorder.on_instruments(instruments)
    if venue_time := source.session().venue_time:
        recorder.check(kst_date(venue_time))
    return [one.symbol for one in instruments]


class Flusher:
    """Flushes a recorder by the clock, in a thread, so that silence does not hold rows back."""

    def __init__(self, recorder: Recorder, every_s: float) -> None:
        """Start."""
        self._recorder = recorder
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flush", daemon=True)
        self.error: Exception | None = None
        self._thread.start()

    def close(self) -> None:
        """Stop and wait. Raises what a flush failed with."""
        self._stop.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._recorder.flush_if_due()
            except OSError as error:
                self.error = error
                return
