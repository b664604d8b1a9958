"""The alert edge: for now the terminal and the process log; Telegram and e-mail come with the alerts issue."""

import contextlib
from collections.abc import Callable
from typing import Any

import pykka
import structlog

from domain.messages.trading import NoticeRaised
from domain.types import Severity

logger = structlog.get_logger("notice")
LEVELS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ALERT: "error"}


class AlertSender(pykka.ThreadingActor):
    """Tell a person. After a crash nothing is redone: notices of an earlier run stand in the log."""

    use_daemon_thread = True

    def __init__(self, show: Callable[[NoticeRaised], None] | None = None) -> None:
        """Take where to show notices instead of in the process log, e.g. a display that would be torn."""
        super().__init__()
        self._show = show

    def on_receive(self, message: Any) -> Any:
        """Show one notice."""
        if isinstance(message, NoticeRaised):
            # stderr may be full (OSError) or closed (ValueError); the notice stands in the log all the same
            with contextlib.suppress(OSError, ValueError):
                if self._show is not None:
                    self._show(message)
                else:
                    getattr(logger, LEVELS[message.severity])(message.text, topic=message.topic)
        return "pong"
