"""Process logs: structlog lines on stderr, with account numbers and secrets blacked out."""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"(secret|token|password|passwd|app_?key|api_?key|credential)", re.IGNORECASE)
ACCOUNT = re.compile(r"(?<!\d)(\d{4})\d{4}(\d{2})(?!\d)")  # Kiwoom account numbers have ten digits
SECRET_IN_TEXT = re.compile(r"(?i)\b(secret|token|password|app_?key|api_?key)(\s*[=:]\s*)\S+")


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Black out secrets by key and by text, and the middle of account numbers."""
    for key, value in event.items():
        if SECRET_KEYS.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = SECRET_IN_TEXT.sub(r"\1\2***", ACCOUNT.sub(r"\1****\2", value))
    return event


class Stderr:
    """Writes lines to whatever stderr is now; a closed or full one takes no line and stops nobody."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)

    log = debug = info = warning = warn = error = err = critical = exception = fatal = failure = msg


def set_up_logging(*, verbose: bool = False) -> None:
    """Send structlog and the libraries' warnings to stderr, redacted."""
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            redact,
            structlog.processors.format_exc_info if not verbose else structlog.dev.set_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s [%(name)s] %(message)s", force=True
    )
