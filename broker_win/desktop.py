"""The PC's desktop as the parent needs it: which windows stand, and pressing a button in one.

`user32` is touched inside functions only, so this module imports on any system. Windows' rules it follows: the title of
a top-level window is kept by the system and read without its process (GetWindowTextW), so that of a hung one as well;
the texts of buttons and labels of another process come by WM_GETTEXT only, with a time-out. A press is the message a
click makes, posted to the button; a window without that button gets WM_CLOSE. The parent needs at least the privileges
of the host, or its messages are dropped (UIPI); the scheduled task starts both alike.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from broker_win.dialogs import SeenWindow

BM_CLICK: Final = 0x00F5
WM_CLOSE: Final = 0x0010
WM_GETTEXT: Final = 0x000D
SMTO_ABORTIFHUNG: Final = 0x0002
PATIENCE_MS: Final = 500  # for one text of another process
LONGEST_TEXT: Final = 1_024  # characters
STARTED_BY_KIWOOM: Final = ("opstarter", "opversionup", "업그레이드 확인")  # programs of their own, not the host's


class Desktop(Protocol):
    """Windows of the desktop."""

    def windows(self, pid: int) -> list[SeenWindow]:
        """Give the visible titled top-level windows of a process, and those of programs that OpenAPI+ starts."""

    def press(self, window: SeenWindow, button: str) -> bool:
        """Press a button of a window, or close it where there is none; tell whether it was still there."""


class NoDesktop:
    """A system without windows: nothing stands, nothing is pressed."""

    def windows(self, pid: int) -> list[SeenWindow]:
        """Give none."""
        return []

    def press(self, window: SeenWindow, button: str) -> bool:
        """Press nothing."""
        return False


class WindowsDesktop:
    """The real one, by user32."""

    def __init__(self, foreign_titles: Iterable[str] = STARTED_BY_KIWOOM) -> None:
        """Take titles that are watched whoever opened them."""
        self._foreign = tuple(title.casefold() for title in foreign_titles)

    def windows(self, pid: int) -> list[SeenWindow]:
        """Give what stands, in the order of the screen, front first."""
        user = _user32()
        found: list[SeenWindow] = []

        def look(handle: int) -> None:
            if not user.IsWindowVisible(handle):
                return
            title = _title(user, handle)
            if title and (_owner(user, handle) == pid or any(one in title.casefold() for one in self._foreign)):
                found.append(SeenWindow(str(handle), title, self._read(user, handle)))

        _each(user.EnumWindows, look)
        return found

    def press(self, window: SeenWindow, button: str) -> bool:
        """Click the button, else ask the window to close."""
        user, handle = _user32(), int(window.handle)
        if not user.IsWindow(handle):
            return False
        buttons: list[int] = []

        def look(child: int) -> None:
            if button and _text(user, child).replace("&", "").strip() == button:
                buttons.append(child)

        _each(lambda callback, extra: user.EnumChildWindows(handle, callback, extra), look)
        # posted, not sent: whoever owns the window may be busy, and its parent must not wait
        return bool(
            user.PostMessageW(buttons[0], BM_CLICK, 0, 0) if buttons else user.PostMessageW(handle, WM_CLOSE, 0, 0)
        )

    def _read(self, user: Any, handle: int) -> str:
        texts: list[str] = []
        _each(
            lambda callback, extra: user.EnumChildWindows(handle, callback, extra),
            lambda child: texts.append(_text(user, child)),
        )
        return " ".join(text for text in texts if text)[:LONGEST_TEXT]


def desktop_here() -> Desktop:
    """Give the desktop of this system."""
    return WindowsDesktop() if sys.platform == "win32" else NoDesktop()


def _user32() -> Any:
    """Give user32 with the types of what is called: handles are pointers, and ints would be cut on 64 bits."""
    import ctypes
    from ctypes import wintypes

    user = getattr(ctypes, "WinDLL")("user32", use_last_error=True)  # noqa: B009  # there on Windows only
    word = ctypes.c_size_t  # DWORD_PTR, WPARAM
    for name, result, arguments in (
        ("GetWindowTextW", ctypes.c_int, (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)),
        ("IsWindow", wintypes.BOOL, (wintypes.HWND,)),
        ("IsWindowVisible", wintypes.BOOL, (wintypes.HWND,)),
        ("GetWindowThreadProcessId", wintypes.DWORD, (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))),
        ("EnumWindows", wintypes.BOOL, (ctypes.c_void_p, wintypes.LPARAM)),
        ("EnumChildWindows", wintypes.BOOL, (wintypes.HWND, ctypes.c_void_p, wintypes.LPARAM)),
        ("PostMessageW", wintypes.BOOL, (wintypes.HWND, wintypes.UINT, word, wintypes.LPARAM)),
        (
            "SendMessageTimeoutW",
            ctypes.c_ssize_t,
            (wintypes.HWND, wintypes.UINT, word, ctypes.c_void_p, wintypes.UINT, wintypes.UINT, ctypes.c_void_p),
        ),
    ):
        function = getattr(user, name)
        function.restype, function.argtypes = result, arguments
    return user


def _each(enumerate_windows: Callable[[Any, int], object], look: Callable[[int], None]) -> None:
    """Call `look` with each handle. The callback object is kept until the enumeration has ended."""
    import ctypes
    from ctypes import wintypes

    def visit(handle: int | None, _extra: int) -> bool:
        if handle:
            look(handle)
        return True  # go on

    kind = getattr(ctypes, "WINFUNCTYPE")(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)  # noqa: B009  # as above
    callback = kind(visit)
    enumerate_windows(ctypes.cast(callback, ctypes.c_void_p), 0)


def _title(user: Any, handle: int) -> str:
    """Give the title of a top-level window."""
    import ctypes

    buffer = ctypes.create_unicode_buffer(LONGEST_TEXT)
    user.GetWindowTextW(handle, buffer, LONGEST_TEXT)
    return buffer.value.strip()


def _text(user: Any, handle: int) -> str:
    """Give the text of a button or label; empty when its process does not answer in time."""
    import ctypes

    buffer = ctypes.create_unicode_buffer(LONGEST_TEXT)
    answered = user.SendMessageTimeoutW(
        handle,
        WM_GETTEXT,
        LONGEST_TEXT,
        ctypes.cast(buffer, ctypes.c_void_p),
        SMTO_ABORTIFHUNG,
        PATIENCE_MS,
        None,
    )
    return buffer.value.strip() if answered else ""


def _owner(user: Any, handle: int) -> int:
    import ctypes
    from ctypes import wintypes

    pid = wintypes.DWORD()
    user.GetWindowThreadProcessId(handle, ctypes.byref(pid))
    return int(pid.value)
