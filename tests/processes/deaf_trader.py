"""A trader whose orderly stop never comes to an end: it hears the request and forgets it."""

import sys
from typing import Any

import cli.trader_process
from cli.main import run


class DeafStop(cli.trader_process.StopSignal):
    """Takes both signals over, and says that it heard the first."""

    def ask(self, reason: str) -> None:
        """Note the request; do not pass it on."""
        self._asked = True
        sys.stderr.write(f"heard the stop: {reason}\n")


if __name__ == "__main__":
    deaf: Any = DeafStop
    cli.trader_process.StopSignal = deaf  # type: ignore[misc]
    run()
