"""The console window of the parent. A click into it must not stop the broker.

In Windows' quick-edit mode a click selects text, and while something is selected whoever writes to that window waits:
the parent's log would, and behind its pipe the host. Source: Microsoft, SetConsoleMode, ENABLE_QUICK_EDIT_MODE.
"""

import sys
from typing import Final

STD_INPUT_HANDLE: Final = -10
ENABLE_QUICK_EDIT_MODE: Final = 0x0040
ENABLE_EXTENDED_FLAGS: Final = 0x0080  # without it the other is not looked at


def without_quick_edit(bits: int) -> int:
    """Give a console's input mode with quick edit off and the rest as it is."""
    return bits & ~ENABLE_QUICK_EDIT_MODE | ENABLE_EXTENDED_FLAGS


def switch_quick_edit_off() -> bool:
    """Do so for the console of this process; tell whether there was one. Does nothing on other systems."""
    if sys.platform != "win32":
        return False
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.GetStdHandle.restype, kernel.GetStdHandle.argtypes = wintypes.HANDLE, (wintypes.DWORD,)
    kernel.GetConsoleMode.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
    kernel.SetConsoleMode.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    handle = kernel.GetStdHandle(wintypes.DWORD(STD_INPUT_HANDLE))
    mode = wintypes.DWORD()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False  # no console, e.g. input from a file
    return bool(kernel.SetConsoleMode(handle, without_quick_edit(mode.value)))
