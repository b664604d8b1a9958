"""The errors, grouped by what happens next.

HantradeError
├── ConfigError            refuse to start; names field, value and what is allowed (exit 2)
│   └── DataError          a data file cannot be used (exit 2)
├── BrokerUnavailable      retry if the call was idempotent (exit 3)
├── BrokerOutcomeUnknown   a submit or cancel timed out: never resend, ask the broker (exit 4)
├── RequestRefused         final; becomes a rejected order or a refused change (exit 1)
├── LogError               the event log or order journal cannot be read or written
│   ├── LogBusy            another process writes it, or holds it locked
│   ├── LogCorrupt         bytes on disk are not what was written
│   ├── LogFull            no space is left for an append
│   └── LogTooNew          the log was written by a newer version
└── InvariantError         our bug: stop, page a person; never caught and continued
"""


class HantradeError(Exception):
    """Root of everything raised on purpose."""


class ConfigError(HantradeError):
    """A setting or argument is wrong. The message names field, value and what is allowed."""


class DataError(ConfigError):
    """A data file cannot be used."""


class BrokerUnavailable(HantradeError):
    """The broker cannot be reached or does not answer in time."""


class BrokerOutcomeUnknown(HantradeError):
    """Whether a request took effect is not known."""


class RequestRefused(HantradeError):
    """A request was refused before it reached the venue. Final."""

    def __init__(self, code: str, text: str, *, field: str = "", value: str = "", allowed: str = "") -> None:
        """Keep a stable reason code, a text for people, and the field, value and allowed range where they apply."""
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.field = field
        self.value = value
        self.allowed = allowed


class LogError(HantradeError):
    """The event log or an order journal cannot be read or written."""


class LogBusy(LogError):
    """Another process writes this log or journal, or holds it locked."""


class LogCorrupt(LogError):
    """The log's bytes are not what was written. Carries the first bad sequence when it is known."""

    def __init__(self, message: str, first_bad_seq: int | None = None) -> None:
        """Keep the first bad sequence."""
        super().__init__(message)
        self.first_bad_seq = first_bad_seq


class LogFull(LogError):
    """No space is left for an append."""


class LogTooNew(LogError):
    """The log was written by a newer version of hantrade."""


class InvariantError(HantradeError):
    """Our own bug. Stop and page; never catch and continue."""
