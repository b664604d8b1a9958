"""Process logs: structlog lines on stderr and the libraries' warnings, without account numbers and secrets.

Each line is redacted as a whole just before it is written, so that tracebacks and whatever else is rendered late are
seen too; secrets under telling keys go before that, whatever their type. Uncaught exceptions take the same way.
"""

import contextlib
import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from broker.security.redaction import HIDDEN, masked, redacted

SECRET_KEYS = re.compile(
    r"(secret|token|password|passwd|authorization|app_?key|api_?key|private_?key|credential)", re.IGNORECASE
)
ACCOUNT_KEYS = re.compile(r"(^|_)(account|acct)(_?(no|number|id))?$|계좌", re.IGNORECASE)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Black out secrets by key and by text, and account numbers but for their last four digits."""
    for key, value in event.items():
        if SECRET_KEYS.search(key):
            event[key] = HIDDEN
        elif ACCOUNT_KEYS.search(key) and isinstance(value, str | int) and not isinstance(value, bool):
            event[key] = masked(str(value))
        elif isinstance(value, str):
            event[key] = redacted(value)
    return event


class Stderr:
    """Writes lines to whatever stderr is now; a closed or full one takes no line and stops nobody."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            print(redacted(message), file=sys.stderr, flush=True)

    log = debug = info = warning = warn = error = err = critical = exception = fatal = failure = msg


class StderrHandler(logging.Handler):
    """Writes the libraries' records, tracebacks included, as `Stderr` does; none is shown raw, as logging would."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  # arguments that do not fit their text; any of them may be a secret
            line = f"a record of {record.name} could not be formatted: {record.msg}"
        Stderr().msg(line)


def set_up_logging(*, verbose: bool = False) -> None:
    """Send structlog, the libraries' warnings and uncaught exceptions to stderr, redacted."""
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.processors.format_exc_info if not verbose else structlog.dev.set_exc_info,
            redact,
            # Without it `verbose` shows local variables, the headers with an operator's keys among them.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=False,
    )
    handler = StderrHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s [%(name)s] %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread


def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the traceback of an exception nobody caught."""
    Stderr().msg("".join(traceback.format_exception(kind, error, trace)).rstrip())


def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    """Write the traceback of an exception that ended a thread."""
    if args.exc_type is SystemExit or args.exc_value is None:
        return
    Stderr().msg(f"thread {args.thread.name if args.thread else 'unknown'} ended by an exception")
    uncaught(args.exc_type, args.exc_value, args.exc_traceback)
