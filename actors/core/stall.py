"""Notices a core that does not move. Nothing can interrupt Python code that hangs; but the wire can be shut."""


class StallWatch:
    """Told now and then what the core is at; for one thread."""

    def __init__(self, patience_s: float) -> None:
        """Take how long one message may take."""
        self._patience_s = patience_s
        self._doing: object = None
        self._since = 0.0
        self._told = False

    def look(self, doing: object, now_s: float) -> str:
        """Give what the core is stuck at, once per message; empty while it moves. Takes monotonic seconds."""
        if doing is None or doing is not self._doing:
            self._doing, self._since, self._told = doing, now_s, False
            return ""
        if self._told or now_s - self._since < self._patience_s:
            return ""
        self._told = True
        return doing if isinstance(doing, str) else type(doing).__name__
