"""Timers of the host. Windows wakes a waiting process every 15.6 ms unless it is asked for more.

A batch of quotes that is to wait 1 ms would wait up to 16. Source: Microsoft, timeBeginPeriod (of the calling process
alone since Windows 10 2004, and given back when it ends).
"""

import sys
from typing import Final

PERIOD_MS: Final = 1
DONE: Final = 0  # TIMERR_NOERROR


def ask_for_fine_timers() -> bool:
    """Let this process be woken to the millisecond; tell whether that was granted. Does nothing on other systems."""
    if sys.platform != "win32":
        return False
    import ctypes

    return int(ctypes.WinDLL("winmm").timeBeginPeriod(PERIOD_MS)) == DONE
