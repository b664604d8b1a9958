"""The wire gate on our side: set on the core's thread as part of the release, read at the last step before the wire."""

from domain.types import Gate, Purpose


class WireGate:
    """Holds one level. Assignment of an attribute is atomic, so no lock is needed."""

    def __init__(self, level: Gate = Gate.CANCELS_ONLY) -> None:
        """Start shut; the log's last level opens it."""
        self.level = level

    def passes(self, purpose: Purpose) -> bool:
        """Tell whether a new or changed order of this purpose may go out now."""
        return self.level.passes(purpose)
