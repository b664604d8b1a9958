"""The wire gate on our side: set on the core's thread as part of the release, read at the last step before the wire."""

from domain.types import Gate, Purpose


class WireGate:
    """Holds one level. Assignment of an attribute is atomic, so no lock is needed."""

    def __init__(self, level: Gate = Gate.CANCELS_ONLY) -> None:
        """Start shut; the log's last level opens it."""
        self.level = level
        self.stalled = False  # the core does not move: nobody decides what goes out, so only cancels do

    def passes(self, purpose: Purpose) -> bool:
        """Tell whether a new or changed order of this purpose may go out now."""
        return (Gate.CANCELS_ONLY if self.stalled else self.level).passes(purpose)
