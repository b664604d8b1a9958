"""The desktop: the emulated one both ways, the real one against a user32 played here."""

import ctypes
from pathlib import Path
from typing import Any

import pytest

from broker_win import desktop
from broker_win.desktop import BM_CLICK, WM_CLOSE, NoDesktop, WindowsDesktop, desktop_here
from broker_win.dialogs import SeenWindow
from broker_win.emulator.desktop import FolderDesktop, FolderWindows


def test_given_an_open_window_when_pressed_then_the_host_sees_it_closed(tmp_path: Path) -> None:
    windows, screen = FolderWindows(tmp_path, 42), FolderDesktop(tmp_path)
    first, second = windows.open("KHOpenAPI", "통신 연결이 끊겼습니다"), windows.open("공지", "")
    assert [(one.title, one.text) for one in screen.windows(42)] == [
        ("KHOpenAPI", "통신 연결이 끊겼습니다"),
        ("공지", ""),
    ]
    assert screen.press(screen.windows(42)[0], "확인")
    assert not windows.is_open(first)
    assert windows.is_open(second)
    assert not screen.press(SeenWindow(first, "KHOpenAPI"), "확인")


def test_given_windows_of_two_processes_when_listed_then_each_has_its_own(tmp_path: Path) -> None:
    FolderWindows(tmp_path, 1).open("a", "")
    FolderWindows(tmp_path, 11).open("b", "")
    assert [one.title for one in FolderDesktop(tmp_path).windows(1)] == ["a"]


def test_given_windows_left_by_a_process_of_the_same_number_when_it_starts_then_they_are_gone(tmp_path: Path) -> None:
    FolderWindows(tmp_path, 7).open("old", "")
    again = FolderWindows(tmp_path, 7)
    assert FolderDesktop(tmp_path).windows(7) == []
    assert again.is_open(again.open("new", ""))


def test_given_a_window_that_cannot_be_closed_when_pressed_then_it_stands(tmp_path: Path) -> None:
    window = FolderWindows(tmp_path, 7).open("KHOpenAPI", "")
    screen = FolderDesktop(tmp_path, may_close=lambda one: one.title != "KHOpenAPI")
    assert screen.press(SeenWindow(window, "KHOpenAPI"), "확인")
    assert len(screen.windows(7)) == 1


def test_given_a_system_without_windows_when_asked_then_there_are_none() -> None:
    assert isinstance(desktop_here(), NoDesktop)
    assert NoDesktop().windows(1) == []
    assert not NoDesktop().press(SeenWindow("1", "x"), "확인")


class PlayedUser32:
    """Windows' functions over a small table: handle -> (owner, title, visible, children {handle: text})."""

    def __init__(self, windows: dict[int, tuple[int, str, bool, dict[int, str]]]) -> None:
        self.windows = windows
        self.posted: list[tuple[int, int]] = []
        self.texts = {child: text for _, _, _, children in windows.values() for child, text in children.items()}

    def IsWindow(self, handle: int) -> bool:  # noqa: N802  # Windows' name, here and below
        return handle in self.windows

    def IsWindowVisible(self, handle: int) -> bool:  # noqa: N802
        return self.windows[handle][2]

    def GetWindowTextW(self, handle: int, buffer: Any, size: int) -> int:  # noqa: N802
        buffer.value = self.windows[handle][1]
        return len(buffer.value)

    def GetWindowThreadProcessId(self, handle: int, pid: Any) -> int:  # noqa: N802
        pid._obj.value = self.windows[handle][0]
        return 1

    def EnumWindows(self, callback: Any, _extra: int) -> bool:  # noqa: N802
        return self._visit(callback, self.windows)

    def EnumChildWindows(self, handle: int, callback: Any, _extra: int) -> bool:  # noqa: N802
        return self._visit(callback, self.windows[handle][3])

    def PostMessageW(self, handle: int, message: int, *_rest: int) -> bool:  # noqa: N802
        self.posted.append((handle, message))
        return True

    def SendMessageTimeoutW(self, handle: int, message: int, size: int, buffer: Any, *_rest: Any) -> int:  # noqa: N802
        text = self.texts[handle]
        if text == "hung":
            return 0
        ctypes.memmove(buffer, ctypes.create_unicode_buffer(text), (len(text) + 1) * ctypes.sizeof(ctypes.c_wchar))
        return 1

    def _visit(self, callback: Any, handles: Any) -> bool:
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_ssize_t)
        call = ctypes.cast(callback, kind)
        return all(call(handle, 0) for handle in list(handles))


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> PlayedUser32:
    played = PlayedUser32(
        {
            10: (42, "KHOpenAPI", True, {100: "통신 연결이 끊겼습니다", 101: "확인(&O)", 102: "hung"}),
            11: (42, "", True, {}),
            12: (42, "hidden", False, {}),
            13: (77, "Notepad", True, {}),
            14: (78, "opstarter", True, {140: "&확인"}),
        }
    )
    monkeypatch.setattr(desktop, "_user32", lambda: played)
    monkeypatch.setattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE, raising=False)
    return played


def test_given_windows_of_many_processes_when_listed_then_those_of_the_host_and_of_updaters_are_given(
    user: PlayedUser32,
) -> None:
    found = WindowsDesktop().windows(42)
    assert [(one.handle, one.title) for one in found] == [("10", "KHOpenAPI"), ("14", "opstarter")]
    assert found[0].text == "통신 연결이 끊겼습니다 확인(&O)"


def test_given_a_button_when_pressed_then_it_gets_a_click_and_else_the_window_is_closed(user: PlayedUser32) -> None:
    screen = WindowsDesktop()
    assert screen.press(SeenWindow("14", "opstarter"), "확인")
    assert screen.press(SeenWindow("10", "KHOpenAPI"), "닫기")
    assert not screen.press(SeenWindow("99", "gone"), "확인")
    assert user.posted == [(140, BM_CLICK), (10, WM_CLOSE)]
