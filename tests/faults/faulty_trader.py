"""A trader with one planted bug. First argument: which; the rest goes to `hantrade`."""

import sys
from typing import Any

from actors.edges.alert_sender import AlertSender
from actors.roles.risk_manager import RiskManager
from cli.main import run
from domain.messages.orders import OrderStateChanged


def fails_on(kind: type[Any], method: str, heard: type[Any] | None) -> None:
    """Let one method raise, on some messages or on all."""
    sound = getattr(kind, method)

    def fail(self: Any, *args: Any) -> Any:
        if heard is None or isinstance(args[0], heard):
            raise ZeroDivisionError("a bug of ours")
        return sound(self, *args)

    setattr(kind, method, fail)


if __name__ == "__main__":
    match sys.argv.pop(1):
        case "risk-manager":
            fails_on(RiskManager, "evolve", OrderStateChanged)
        case "alerts-start":
            fails_on(AlertSender, "on_start", None)
        case other:
            raise SystemExit(f"unknown fault {other!r}")
    run()
