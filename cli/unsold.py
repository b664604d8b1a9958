"""What a stop that was to sell everything left in the account, read from the log it ended."""

from pathlib import Path

from cli.compose import codec
from cli.names import labelled
from cli.output import krw
from domain.errors import LogError
from domain.messages.trading import StopReady
from persistence.reader import LogReader


def unsold(log_path: Path, run_id: str) -> list[str]:
    """Give a line for each holding, or part of one, with shares and why.

    Raises LogError when it cannot be read, or the run was cut off.
    """
    with LogReader(log_path, codec()) as reader:
        for record, ready in reader.messages(type=StopReady.__name__, reverse=True):
            if record.run_id != run_id or not isinstance(ready, StopReady):
                break  # of an earlier run
            return [f"{labelled(item.symbol)}, {krw(item.quantity)} shares: {item.reason}" for item in ready.unsold]
    raise LogError("the trader ended before its stop was done")
