"""What somebody else's code raised or gave, as a short text that a log can keep, even when it cannot say itself.

A plug-in's `__str__` may raise, too, or exit. An interrupt from the keyboard is nobody's bug and passes.
"""

from typing import Final

MOST: Final = 300  # characters that are kept
PASSES: Final = (KeyboardInterrupt,)


def storable(text: str, most: int = MOST) -> str:
    """Cut a text, and replace half characters, which no log can keep."""
    return text[:most].encode("utf-8", "replace").decode()


def described(error: BaseException) -> str:
    """Give what was raised: its type and what it says."""
    try:
        text = f"{type(error).__name__}: {error}"
    except PASSES:
        raise
    except BaseException:  # noqa: BLE001  # somebody else's code
        text = f"{type(error).__name__}: (it raises when asked what it says)"
    return storable(text)


def described_item(item: object) -> str:
    """Give what something looks like, its type when it cannot be shown."""
    try:
        return storable(f"{item!r:.200}")
    except PASSES:
        raise
    except BaseException:  # noqa: BLE001  # somebody else's code
        return f"a {type(item).__name__}"
