"""The host's sign of life: one line of JSON a second on its stdout, read by its parent. Pure.

What is not told is None or empty and is not judged: a host that says less is not taken for a sick one.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Final

from domain.types import UnixNanos

LARGEST: Final = 1 << 63  # beyond any number a host means
MARK: Final = "beat"  # the key every beat begins with; other lines on the pipe are not ours


@dataclass(frozen=True, slots=True)
class Beat:
    """What one second looked like from inside the host."""

    beat: int  # number, from 1
    pid: int
    address: str = ""  # HOST:PORT once it serves
    qt_age_ms: int | None = None  # since the control's thread last showed a sign of life
    loop_age_ms: int | None = None  # the same of the event loop
    logged_in: bool = False
    state: str = ""  # of the log-in
    trouble: str = ""  # why no orders may go, in words
    in_market: bool = False
    last_event_age_ms: int | None = None  # since the control said anything; None while nothing is asked to be heard
    waiting: int = 0  # queries in the queue
    screens: int = 0  # in use
    rss_mb: int | None = None
    venue_time: UnixNanos | None = None
    run_id: str = ""


def line_of(beat: Beat) -> str:
    """Write a beat as one line, without its end."""
    return json.dumps(asdict(beat), ensure_ascii=False, separators=(",", ":"))


def beat_of(line: str) -> Beat | None:
    """Read a line; None for whatever else was printed, e.g. by a host that went mad. Unknown keys are left out."""
    if not line.startswith('{"' + MARK + '"'):
        return None
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, Mapping):
        return None
    told = {field.name: data[field.name] for field in fields(Beat) if field.name in data}
    if not {"beat", "pid"} <= told.keys() or not all(_fits(value, _DEFAULTS[name]) for name, value in told.items()):
        return None
    return Beat(**told)


_DEFAULTS: Final = {field.name: 0 if field.default is MISSING else field.default for field in fields(Beat)}


def _fits(value: object, default: object) -> bool:
    if value is None and default is None:
        return True
    if type(value) is int and (default is None or type(default) is int):
        return abs(value) < LARGEST
    return type(value) is type(default) and default is not None
