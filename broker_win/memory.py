"""How much memory this process takes, by what every system has at hand. Cheap enough for once a second."""

import os
import sys
from pathlib import Path
from typing import Any

BYTES_PER_MB = 1_048_576


def rss_mb() -> int | None:
    """Give the resident memory in MB, rounded down; None where it is not known cheaply."""
    if sys.platform == "win32":
        return _windows_mb()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") // BYTES_PER_MB


def _windows_mb() -> int | None:
    """Ask for PROCESS_MEMORY_COUNTERS (psapi.h)."""
    import ctypes
    from ctypes import wintypes

    size = ctypes.c_size_t

    class Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS."""

        _fields_ = (
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            ("PeakWorkingSetSize", size),
            ("WorkingSetSize", size),
            ("QuotaPeakPagedPoolUsage", size),
            ("QuotaPagedPoolUsage", size),
            ("QuotaPeakNonPagedPoolUsage", size),
            ("QuotaNonPagedPoolUsage", size),
            ("PagefileUsage", size),
            ("PeakPagefileUsage", size),
        )

    kernel: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009  # there on Windows only
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    kernel.K32GetProcessMemoryInfo.argtypes = (wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD)
    kernel.K32GetProcessMemoryInfo.restype = wintypes.BOOL
    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    if not kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
        return None
    return int(counters.WorkingSetSize) // BYTES_PER_MB
