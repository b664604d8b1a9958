"""How the host says why it ended, so that its parent knows what to do next."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a host's process ends with. Codes below 10 mean the same in every program of ours."""

    ENDED = 0  # asked for
    BUG = 1  # an error nobody expected; its trace is in the log
    CONFIG = 2  # configuration, missing package, control not registered: the same again would end the same way
    BUSY = 9  # the order journal or the port cannot be used now: another process may hold it
    LINE_LOST = 10  # -106: Kiwoom's line is gone for good in this process
    PARENT_GONE = 11  # stdin was closed: nobody watches any more
    STUCK = 12  # asked to end, and a thread did not


def told(code: int | None) -> str:
    """Put an exit code into words, that of a killed process as well."""
    if code is None:
        return "still running"
    if code < 0:
        return f"was killed by signal {-code}"
    try:
        known = ExitCode(code)
    except ValueError:
        return f"ended with {code}"
    return f"ended with {code} ({known.name})"
