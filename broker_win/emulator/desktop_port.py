"""The screen of the emulated PC: modal dialogs that stand until somebody closes them.

A dialog belongs to the process that opened it and is gone when that process ends.
"""

from typing import Protocol


class Desktop(Protocol):
    """Where the control opens its windows."""

    def open(self, title: str, text: str) -> str:
        """Open a modal dialog and give its id."""

    def is_open(self, dialog_id: str) -> bool:
        """Tell whether it still stands."""
