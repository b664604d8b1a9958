"""The trend edge: fetches search series when asked; what it cannot get stays unknown."""

from collections.abc import Sequence
from typing import Any

import pykka

from actors.edges.post import Post
from actors.edges.trend_worker import PATIENCE_S, TrendWorker
from domain.messages import Message
from domain.messages.market import FetchTrends
from trends.source import TrendSource


class TrendEdge(pykka.ThreadingActor):
    """Ask every source for series, each on a thread of its own; they come as they come.

    About every symbol asked for, every source gives an answer: TrendReceived (AttentionFetched where no series is
    kept) or TrendsMissing. A source that raises, hangs or gives what cannot be is missing, and the others go on. After
    a crash the analyst asks again in the next run.
    """

    use_daemon_thread = True

    def __init__(
        self, post: Post, sources: Sequence[TrendSource], keep_series: bool = True, patience_s: float = PATIENCE_S
    ) -> None:
        """Take the door, the sources in the order of preference, and whether series may be in the log.

        `patience_s` is how long a source may be silent until it is left behind.
        """
        super().__init__()
        self._post = post
        self._workers = [TrendWorker(source, self._say, keep_series, patience_s) for source in sources]

    def on_start(self) -> None:
        """Start a thread for each source."""
        for worker in self._workers:
            worker.start()

    def on_stop(self) -> None:
        """Let the sources go. Not called when the actor fails; their threads end with the process."""
        for worker in self._workers:
            worker.stop()

    def on_receive(self, message: Any) -> Any:
        """Ask for what is wanted."""
        if not isinstance(message, FetchTrends):
            return "pong"
        for worker in self._workers:
            worker.ask(message)
        return None

    def _say(self, message: Message) -> None:
        self._post(message, source="trends")
