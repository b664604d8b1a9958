"""The emulated desktop: a folder that host and parent share. A file is a window, removing it closes the window.

The host's side opens windows and sees whether they still stand; the parent's side lists those of one process and
presses their buttons. Windows of a process that is gone are gone with it, as on a real desktop.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from broker_win.dialogs import SeenWindow

ENDING: Final = ".window.json"
WINDOWS: Final = "windows"  # the usual name of the folder, in that of the emulated OpenAPI+


class FolderWindows:
    """The host's side: the engine opens dialogs here."""

    def __init__(self, folder: Path, pid: int | None = None, first: int = 0) -> None:
        """Take the folder, made when missing, and begin with no window of this process.

        Whoever opens windows in the name of another process gives numbers of his own, from behind `first`, and leaves
        those that are there.
        """
        self._folder = folder
        self._pid = os.getpid() if pid is None else pid
        self._opened = first
        folder.mkdir(parents=True, exist_ok=True)
        if not first:
            for left_over in folder.glob(f"{self._pid}-*{ENDING}"):  # of a process that had this number before
                left_over.unlink(missing_ok=True)

    def open(self, title: str, text: str) -> str:
        """Open a window and give its id."""
        self._opened += 1
        window = f"{self._pid}-{self._opened}"
        path = self._path(window)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps({"title": title, "text": text}, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)
        return window

    def is_open(self, dialog_id: str) -> bool:
        """Tell whether nobody has closed it yet."""
        return self._path(dialog_id).exists()

    def _path(self, window: str) -> Path:
        return self._folder / f"{window}{ENDING}"


class FolderDesktop:
    """The parent's side."""

    def __init__(self, folder: Path, may_close: Callable[[SeenWindow], bool] = lambda _window: True) -> None:
        """Take the folder; windows that may not be closed stand whatever is pressed."""
        self._folder, self._may_close = folder, may_close

    def windows(self, pid: int) -> list[SeenWindow]:
        """Give the windows of a process, oldest first."""
        found = []
        for path in sorted(self._folder.glob(f"{pid}-*{ENDING}"), key=_number):
            try:
                data = json.loads(path.read_text(encoding="utf-8"))
            except (FileNotFoundError, json.JSONDecodeError):
                continue  # closed this moment
            found.append(SeenWindow(path.name.removesuffix(ENDING), str(data["title"]), str(data["text"])))
        return found

    def press(self, window: SeenWindow, button: str) -> bool:
        """Close the window; tell whether it was still there."""
        path = self._folder / f"{window.handle}{ENDING}"
        if not self._may_close(window):
            return path.exists()
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True


def _number(path: Path) -> int:
    return int(path.name.removesuffix(ENDING).rpartition("-")[2])
