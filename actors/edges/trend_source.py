"""The trend edge: fetches search series when asked; what it cannot get stays unknown."""

from datetime import date
from typing import Any

import pykka
import structlog

from actors.edges.clock import system_now
from actors.edges.post import Post
from domain.errors import HantradeError
from domain.messages.market import FetchTrends
from trends.source import TrendSource

logger = structlog.get_logger("trends")


class TrendEdge(pykka.ThreadingActor):
    """Ask one source for series. After a crash the analyst asks again with the next session."""

    use_daemon_thread = True

    def __init__(self, post: Post, source: TrendSource) -> None:
        """Take the door and the source."""
        super().__init__()
        self._post = post
        self._source = source

    def on_receive(self, message: Any) -> Any:
        """Fetch what was asked for and pass it on as it comes."""
        if not isinstance(message, FetchTrends):
            return "pong"
        trading_date = date.fromisoformat(message.trading_date)
        try:
            for answer in self._source.fetch(message.symbols, trading_date, system_now()):
                self._post(answer, source="trends")
        except HantradeError as error:
            logger.warning("no search series; attention stays unknown", error=str(error))
        return None
